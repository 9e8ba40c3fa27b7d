/**
 * Coverage as an object: what `m.coverage()` returns and files are written from.
 */
import { type SourceReader, withoutMarked, withoutSources } from './exclusions.ts';
import { htmlReport } from './html/html-report.ts';
import { type LcovOptions, parseLcov, toLcov } from './lcov.ts';
import { mergeReports } from './merge.ts';
import { addTotals, type CoverageReport, type FileCoverage, type FunctionCoverage, type Totals, totalsOf } from './report.ts';

/** Coverage as plain data, for files and other programs. */
export interface CoverageJson {
  readonly version: 1;
  readonly tests: readonly string[];
  readonly builds: readonly { readonly name: string; readonly id: string }[];
  readonly totals: Totals;
  readonly files: readonly {
    readonly path: string;
    readonly totals: Totals;
    /** Pairs of line and count. */
    readonly lines: readonly (readonly [number, number])[];
    readonly functions: readonly FunctionCoverage[];
    /** Ways of each decision on a line; null where it was not reached. */
    readonly branches: readonly { readonly line: number; readonly decisions: readonly (readonly (number | null)[])[] }[];
  }[];
}

/** A function with its source. */
export interface FunctionInFile extends FunctionCoverage {
  readonly file: string;
}

/** Coverage of one run or of many; nothing changes it. */
export class Coverage implements CoverageReport {
  readonly files: readonly FileCoverage[];
  readonly tests: readonly string[];
  readonly builds: CoverageReport['builds'];
  private readonly source: SourceReader;

  constructor({ files, tests, builds }: CoverageReport, source: SourceReader = () => undefined) {
    this.files = files;
    this.tests = tests;
    this.builds = builds;
    this.source = source;
  }

  /** Reads an lcov tracefile; `name` is for messages. @throws {CoverageError} */
  static fromLcov(text: string, name: string, source?: SourceReader): Coverage {
    return new Coverage(parseLcov(text, name), source);
  }

  /** Lines, functions and branches of all sources. */
  get totals(): Totals {
    return addTotals(this.files.map(totalsOf));
  }

  /** With what another one has: counts add up. @throws {CoverageError} when they are of different builds of one program */
  add(other: CoverageReport): Coverage {
    return new Coverage(mergeReports([this, other]), this.source);
  }

  /** Without the sources that match a pattern (`zephyr/**`, `*_test.c`), or with only those that match one of `include`. */
  filter({ exclude = [], include = [] }: { readonly exclude?: readonly string[]; readonly include?: readonly string[] }): Coverage {
    return new Coverage(withoutSources(this, exclude, include), this.source);
  }

  /** With paths below `root` made relative to it. */
  relativeTo(root: string): Coverage {
    const base = root.endsWith('/') ? root : `${root}/`;
    const files = this.files.map((file) => (file.path.startsWith(base) ? { ...file, path: file.path.slice(base.length) } : file));
    const source: SourceReader = (path) => this.source(path) ?? this.source(base + path);
    return new Coverage(mergeReports([{ ...this, files }]), source);
  }

  /** The counts of the lines of a source: its path or the end of it. Undefined when it is not there, or there twice. */
  lines(file: string): ReadonlyMap<number, number> | undefined {
    return this.file(file)?.lines;
  }

  /** A source by its path or the end of it; undefined when it is not there, or there twice. */
  file(file: string): FileCoverage | undefined {
    const exact = this.files.find(({ path }) => path === file);
    if (exact) return exact;
    const ends = this.files.filter(({ path }) => path.endsWith(`/${file}`));
    return ends.length === 1 ? ends[0] : undefined;
  }

  /** All functions with their counts, by source and line. */
  functions(): FunctionInFile[] {
    return this.files.flatMap(({ path, functions }) => functions.map((one) => ({ ...one, file: path })));
  }

  /** As an lcov tracefile. */
  toLcov(options?: LcovOptions): string {
    return toLcov(this, options);
  }

  /** As pages: names of files to their contents, `index.html` among them. No file refers to anything outside of them. */
  toHtml({ title = 'Coverage' }: { readonly title?: string } = {}): Map<string, string> {
    return htmlReport(this, { title, source: this.source });
  }

  /** As plain data. */
  toJson(): CoverageJson {
    return {
      version: 1,
      tests: this.tests,
      builds: this.builds,
      totals: this.totals,
      files: this.files.map((file) => ({
        path: file.path,
        totals: totalsOf(file),
        lines: [...file.lines],
        functions: file.functions,
        branches: [...file.decisions].map(([line, decisions]) => ({
          line,
          decisions: decisions.map(({ ways }) => ways.map((way) => way ?? null)),
        })),
      })),
    };
  }
}

/** `report` without the lines that comments exclude, as an object. */
export function coverageOf(report: CoverageReport, source: SourceReader): Coverage {
  return new Coverage(withoutMarked(report, source), source);
}
