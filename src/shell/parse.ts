/**
 * Text to syntax tree, with bash's words for what is wrong and whether further lines may mend it.
 */
import type { Bash, ParseResult } from './just-bash.ts';
import type { HereDoc, Script, Statement, SyntaxNode } from './syntax.ts';

interface ParserError {
  readonly name: string;
  readonly message: string;
  readonly line?: number;
  readonly token?: { readonly type: string; readonly value: string; readonly start?: number };
}

/** Parses with just-bash's parser. One `Bash` serves for all: nothing is executed. */
export class Parser {
  private readonly bash: Bash;
  private tree: Script | undefined;

  constructor(bash: Bash) {
    this.bash = bash;
    bash.registerTransformPlugin({
      name: 'parse only',
      transform: ({ ast }) => {
        this.tree = ast;
        return { ast: { type: 'Script', statements: [] } };
      },
    });
  }

  parse(text: string): ParseResult {
    this.tree = undefined;
    let quoted = text;
    for (;;) {
      try {
        this.bash.transform(quoted);
        break;
      } catch (error) {
        const { message, token } = error as ParserError;
        // just-bash takes a word with = for no word behind an operator, unless something in it is quoted.
        if (!/Expected redirection target/.test(message) || token?.type !== 'ASSIGNMENT_WORD' || token.start === undefined)
          return explain(error as ParserError, text);
        quoted = `${quoted.slice(0, token.start)}''${quoted.slice(token.start)}`;
      }
    }
    const statements = [...((this.tree as Script | undefined)?.statements ?? [])];
    const bad = statements.find(({ deferredError }) => deferredError);
    if (bad) return { kind: 'error', message: bad.deferredError!.message, line: bad.line ?? lineOf(bad) ?? 1 };
    if (continues(text) || hasOpenHereDoc(statements)) return { kind: 'incomplete', message: 'syntax error: unexpected end of file' };
    return { kind: 'ok', statements };
  }
}

/** The line ends with an operator or a backslash: just-bash takes that for complete. */
function continues(text: string): boolean {
  const last = text.replace(/\n+$/, '').split('\n').at(-1) ?? '';
  if (/(^|[^\\])(\\\\)*\\$/.test(last)) return true;
  if (/\$\(\((?![\s\S]*\)\))/.test(text)) return true;
  return /(?:&&|\|\||\|&?)\s*$/.test(last) && !/(^|\s)#/.test(last);
}

function hasOpenHereDoc(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(hasOpenHereDoc);
  if (node === null || typeof node !== 'object') return false;
  if ((node as SyntaxNode).type === 'HereDoc' && (node as HereDoc).terminated === false) return true;
  return Object.values(node).some((value) => typeof value === 'object' && hasOpenHereDoc(value));
}

function lineOf({ pipelines }: Statement): number | undefined {
  return pipelines[0]?.commands[0]?.line;
}

/** `if then`, at the end of a line. */
const EMPTY_CONDITION = /(?:^|[;&|({\n]|\b(?:then|do|else))\s*(?:if|elif|while|until)\s+(then|do)\s*$/m;

function explain({ name, message, line = 1, token }: ParserError, text: string): ParseResult {
  const quote = /matching [`']?(.)['`]?/.exec(message)?.[1];
  if (/unexpected EOF while looking for/.test(message))
    return { kind: 'incomplete', message: `unexpected EOF while looking for matching \`${quote ?? '"'}'` };
  // A here document that has not ended, in a command that has not either.
  if (/HEREDOC_CONTENT/.test(message)) return { kind: 'incomplete', message: 'syntax error: unexpected end of file' };
  const atEnd = token?.type === 'EOF' || (name === 'ParseException' && /got EOF/.test(message));
  const unexpected = /Expected redirection target|Expected variable name/.test(message);
  if (atEnd && unexpected) return { kind: 'error', message: "syntax error near unexpected token `newline'", line: Math.max(1, line) };
  // Nothing that could follow would mend a condition without commands.
  const empty = atEnd ? EMPTY_CONDITION.exec(text) : undefined;
  if (empty) {
    const upTo = text.slice(0, empty.index + empty[0].length).trimEnd();
    return { kind: 'error', message: `syntax error near unexpected token \`${empty[1]}'`, line: upTo.split('\n').length };
  }
  if (atEnd) return { kind: 'incomplete', message: 'syntax error: unexpected end of file' };
  const last = text.split('\n').length;
  const word = token ? (token.type === 'NEWLINE' ? 'newline' : token.value) : /token `(.*)'/.exec(message)?.[1];
  const said = word ? `syntax error near unexpected token \`${word}'` : message.replace(/^Parse error at \d+:\d+: /, '');
  return { kind: 'error', message: said, line: Math.min(Math.max(1, line), last) };
}
