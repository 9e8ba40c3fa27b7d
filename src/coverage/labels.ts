/**
 * Lines of C and C++ that hold nothing but a label: `case RED:`, `default:`, `out:`. gcov counts them; a line table has no rows for them.
 */

const LABEL = /^\s*(?:case\b[^;?{]*|default\s*|[A-Za-z_]\w*\s*):\s*\{?\s*$/;
/** Names that a colon follows without making them labels. */
const ACCESS = /^\s*(?:public|private|protected|signals|slots)\b/;

/** Numbers of those lines, ascending. */
export function labelLines(source: string): number[] {
  const found: number[] = [];
  for (const [index, line] of withoutComments(source).split('\n').entries()) {
    if (LABEL.test(line) && !ACCESS.test(line) && !/::\s*\{?\s*$/.test(line)) found.push(index + 1);
  }
  return found;
}

/** The text with comments, strings and characters blank; its lines stay where they are. */
function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (text) => {
    const blank = text.replace(/[^\n]/g, ' ');
    return text.startsWith("'") ? `0${blank.slice(1)}` : blank;
  });
}
