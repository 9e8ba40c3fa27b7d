/**
 * What is left out of a report: sources by pattern, lines by the markers of lcov and gcovr in comments (LCOV_EXCL_LINE, LCOV_EXCL_START to
 * LCOV_EXCL_STOP, the same with BR_ for branches alone, GCOV_ and GCOVR_ instead of LCOV_).
 */
import type { CoverageReport, FileCoverage } from './report.ts';

/** Where the text of a source comes from; undefined when it cannot be had. */
export type SourceReader = (path: string) => string | undefined;

/** Lines that markers exclude. */
export interface MarkedLines {
  readonly lines: ReadonlySet<number>;
  readonly branches: ReadonlySet<number>;
}

const MARKER = /\b(?:LCOV|GCOVR?)_EXCL_(BR_)?(LINE|START|STOP)\b/g;

/** Finds the markers in a source. A START without STOP excludes the rest. */
export function markedLines(source: string): MarkedLines {
  const lines = new Set<number>();
  const branches = new Set<number>();
  if (!source.includes('_EXCL_')) return { lines, branches };
  let [off, branchesOff] = [false, false];
  for (const [index, text] of source.split('\n').entries()) {
    let [whole, onlyBranches] = [off, branchesOff];
    for (const [, branch, kind] of text.matchAll(MARKER)) {
      if (branch) {
        onlyBranches = true;
        if (kind !== 'LINE') branchesOff = kind === 'START';
      } else {
        whole = true;
        if (kind !== 'LINE') off = kind === 'START';
      }
    }
    if (whole) lines.add(index + 1);
    if (whole || onlyBranches) branches.add(index + 1);
  }
  return { lines, branches };
}

/** Leaves out what the markers in the sources exclude. */
export function withoutMarked(report: CoverageReport, source: SourceReader): CoverageReport {
  const files = report.files.map((file): FileCoverage => {
    const text = source(file.path);
    const marked = text === undefined ? undefined : markedLines(text);
    if (!marked || marked.branches.size === 0) return file;
    return {
      path: file.path,
      lines: new Map([...file.lines].filter(([line]) => !marked.lines.has(line))),
      functions: file.functions.filter(({ line }) => !marked.lines.has(line)),
      decisions: new Map([...file.decisions].filter(([line]) => !marked.branches.has(line))),
    };
  });
  return { ...report, files: files.filter(({ lines }) => lines.size > 0) };
}

/** Leaves out sources: those that match one of `exclude`, and, if there are any in `include`, those that match none of them. */
export function withoutSources(report: CoverageReport, exclude: readonly string[], include: readonly string[] = []): CoverageReport {
  const out = exclude.map(globPattern);
  const wanted = include.map(globPattern);
  const keep = (path: string): boolean =>
    !out.some((glob) => glob.test(path)) && (wanted.length === 0 || wanted.some((glob) => glob.test(path)));
  return { ...report, files: report.files.filter(({ path }) => keep(path)) };
}

/** `*` and `?` within a name, `**` across directories; a pattern that does not begin with `/` may begin at any directory. */
export function globPattern(glob: string): RegExp {
  const body = glob.replace(/\*\*\/|\*\*|[*?]|[.+^${}()|[\]\\]/g, (found) => {
    if (found === '**/') return '(?:.*/)?';
    if (found === '**') return '.*';
    if (found === '*') return '[^/]*';
    return found === '?' ? '[^/]' : `\\${found}`;
  });
  return new RegExp(`${glob.startsWith('/') ? '^' : '(?:^|/)'}${body.endsWith('/') ? `${body}.*` : body}$`);
}
