/**
 * `imx-sim coverage merge` and `report`: adds tracefiles of several runs, writes them as lcov, HTML or JSON, and says what is not covered.
 */
import { readFileSync } from 'node:fs';
import { Coverage, percent, type Totals, totalsOf } from '../../coverage/index.ts';
import { UsageError } from '../../errors.ts';
import { EXIT } from '../../session/exit.ts';
import { writeOutput, writePages } from '../output-files.ts';
import { type SourceMapping, sourceFiles } from '../source-files.ts';

/** Options of both. */
export interface CoverageOptions {
  readonly output?: string;
  readonly html?: string;
  readonly data?: string;
  readonly exclude: readonly string[];
  readonly include: readonly string[];
  readonly sourceMap: readonly SourceMapping[];
  readonly title?: string;
  readonly missing?: boolean;
  /** Percent of lines below which the status is 1. */
  readonly failUnder?: number;
}

/** Adds tracefiles; writes what was asked for, and the sums. @throws {CoverageError | UsageError} */
export function coverageMerge(paths: readonly string[], options: CoverageOptions): number {
  const { output, html, data } = options;
  if (output === undefined && html === undefined && data === undefined) {
    throw new UsageError('nothing to write', 'name a file with -o, or a directory with --html', '-o');
  }
  const coverage = read(paths, options);
  write(coverage, options);
  process.stdout.write(`${sums(coverage.totals)}\n`);
  return enough(coverage, options);
}

/** Says what is covered, by source; with `missing` what is not, by line. @throws {CoverageError | UsageError} */
export function coverageReport(paths: readonly string[], options: CoverageOptions): number {
  const coverage = read(paths, options);
  write(coverage, options);
  const rows = coverage.files.map((file) => {
    const { lines, functions, branches } = totalsOf(file);
    return [file.path, percent(lines), percent(functions), percent(branches), options.missing ? ranges(file.lines) : ''];
  });
  const { lines, functions, branches } = coverage.totals;
  const heads = ['source', 'lines', 'functions', 'branches', options.missing ? 'not executed' : ''];
  const all = [heads, ...rows, ['all', percent(lines), percent(functions), percent(branches), '']];
  const widths = heads.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  for (const row of all) {
    const text = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : column === 4 ? cell : cell.padStart(widths[column]!)));
    process.stdout.write(`${text.join('  ').trimEnd()}\n`);
  }
  return enough(coverage, options);
}

function read(paths: readonly string[], { exclude, include, sourceMap }: CoverageOptions): Coverage {
  const source = sourceFiles(sourceMap);
  const all = paths.map((path) => Coverage.fromLcov(readTrace(path), path, source));
  return all.reduce((sum, one) => sum.add(one), new Coverage({ files: [], tests: [], builds: [] }, source)).filter({ exclude, include });
}

function readTrace(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`, 'give the path of a tracefile, as --coverage writes them', path);
  }
}

function write(coverage: Coverage, { output, html, data, title }: CoverageOptions): void {
  if (output !== undefined) writeOutput(output, coverage.toLcov(), '-o');
  if (html !== undefined) writePages(html, coverage.toHtml(title === undefined ? {} : { title }), '--html');
  if (data !== undefined) writeOutput(data, `${JSON.stringify(coverage.toJson())}\n`, '--data');
}

const sums = ({ lines, functions, branches }: Totals): string =>
  [`lines ${percent(lines)} (${lines.hit} of ${lines.found})`, `functions ${percent(functions)}`, `branches ${percent(branches)}`].join(
    ', ',
  );

function enough({ totals: { lines } }: Coverage, { failUnder }: CoverageOptions): number {
  if (failUnder === undefined || lines.hit * 100 >= failUnder * lines.found) return EXIT.OK;
  process.stderr.write(`imx-sim: ${percent(lines)} of the lines are covered, less than ${failUnder} %\n`);
  return EXIT.FIRMWARE;
}

/** Lines that were not executed, as `12, 30-34`; what lies between them has no code or was not executed either. */
function ranges(lines: ReadonlyMap<number, number>): string {
  const parts: string[] = [];
  let first: number | undefined;
  let last = 0;
  const close = (): void => {
    if (first !== undefined) parts.push(first === last ? String(first) : `${first}-${last}`);
    first = undefined;
  };
  for (const [line, count] of lines) {
    if (count > 0) close();
    else {
      first ??= line;
      last = line;
    }
  }
  close();
  return parts.join(', ');
}
