/**
 * What coverage says of sources: lines, functions and branches with their counts, by path. Plain data; lcov.ts, json.ts and html/ write it.
 */

/** A function; the same name twice in one file are two instances (templates, statics of headers are one). */
export interface FunctionCoverage {
  readonly name: string;
  /** Where it is declared. */
  readonly line: number;
  readonly count: number;
}

/** A decision on a line: how often each of its ways was taken, in the order of the code; undefined where it was never reached. */
export interface Decision {
  readonly ways: readonly (number | undefined)[];
}

/** One source file. */
export interface FileCoverage {
  readonly path: string;
  /** Lines with code: number to count. */
  readonly lines: ReadonlyMap<number, number>;
  readonly functions: readonly FunctionCoverage[];
  /** Decisions by line. */
  readonly decisions: ReadonlyMap<number, readonly Decision[]>;
}

/** Coverage of a program, or of several. */
export interface CoverageReport {
  /** Sorted by path. */
  readonly files: readonly FileCoverage[];
  /** Names of the tests that were run, if any were given. */
  readonly tests: readonly string[];
  /** The builds that were run: what tells one ELF from another, and its name. */
  readonly builds: readonly BuildId[];
}

/** A build of a program. */
export interface BuildId {
  readonly name: string;
  /** GNU build id, or SHA-256 of the file. */
  readonly id: string;
}

/** How many there are, and how many were executed. */
export interface Ratio {
  readonly found: number;
  readonly hit: number;
}

/** The sums of one file or of many. */
export interface Totals {
  readonly lines: Ratio;
  readonly functions: Ratio;
  readonly branches: Ratio;
}

const ratio = (counts: readonly (number | undefined)[]): Ratio => ({
  found: counts.length,
  hit: counts.filter((count) => count !== undefined && count > 0).length,
});

/** The sums of a file. */
export function totalsOf(file: FileCoverage): Totals {
  return {
    lines: ratio([...file.lines.values()]),
    functions: ratio(file.functions.map(({ count }) => count)),
    branches: ratio([...file.decisions.values()].flat().flatMap(({ ways }) => ways)),
  };
}

/** The sums of several. */
export function addTotals(all: readonly Totals[]): Totals {
  const sum = (key: keyof Totals): Ratio => ({
    found: all.reduce((total, { [key]: { found } }) => total + found, 0),
    hit: all.reduce((total, { [key]: { hit } }) => total + hit, 0),
  });
  return { lines: sum('lines'), functions: sum('functions'), branches: sum('branches') };
}

/** `87.5 %`, rounded so that only all of them are 100 and none 0. */
export function percent({ found, hit }: Ratio): string {
  if (found === 0) return '-';
  if (hit === found) return '100 %';
  const tenths = Math.floor((hit / found) * 1000);
  return `${(hit > 0 ? Math.max(tenths, 1) : 0) / 10} %`;
}
