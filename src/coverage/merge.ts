/**
 * Adds results of several runs: counts of the same lines, functions and ways add up; sources of different programs stand beside each other.
 */
import { CoverageError } from '../errors.ts';
import type { BuildId, CoverageReport, Decision, FileCoverage, FunctionCoverage } from './report.ts';

/** The sum of `reports`. @throws {CoverageError} when two are of different builds of one program */
export function mergeReports(reports: readonly CoverageReport[]): CoverageReport {
  const files = new Map<string, FileCoverage>();
  for (const report of reports) {
    for (const file of report.files) {
      const known = files.get(file.path);
      files.set(file.path, known ? mergeFiles(known, file) : file);
    }
  }
  return {
    files: [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    tests: [...new Set(reports.flatMap(({ tests }) => tests))].sort(),
    builds: mergeBuilds(reports.flatMap(({ builds }) => builds)),
  };
}

/** Every build once. @throws {CoverageError} when a program is there in two builds */
export function mergeBuilds(builds: readonly BuildId[]): BuildId[] {
  const known = new Map<string, BuildId>();
  for (const build of builds) {
    const other = known.get(build.name);
    if (other && other.id !== build.id) {
      throw new CoverageError(
        'E_COVERAGE_BUILD',
        `${build.name} was measured in two builds, ${other.id.slice(0, 12)} and ${build.id.slice(0, 12)}: their lines do not belong together`,
        'measure all tests with the same ELF; give different programs different names',
        build.name,
      );
    }
    known.set(build.name, build);
  }
  return [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function mergeFiles(a: FileCoverage, b: FileCoverage): FileCoverage {
  const lines = new Map(a.lines);
  for (const [line, count] of b.lines) lines.set(line, (lines.get(line) ?? 0) + count);
  const functions = new Map<string, FunctionCoverage>(a.functions.map((one) => [`${one.name}:${one.line}`, one]));
  for (const one of b.functions) {
    const key = `${one.name}:${one.line}`;
    functions.set(key, { ...one, count: one.count + (functions.get(key)?.count ?? 0) });
  }
  const decisions = new Map<number, readonly Decision[]>(a.decisions);
  for (const [line, list] of b.decisions) decisions.set(line, mergeDecisions(decisions.get(line) ?? [], list));
  const byLine = <T>([x]: readonly [number, T], [y]: readonly [number, T]): number => x - y;
  return {
    path: a.path,
    lines: new Map([...lines].sort(byLine)),
    functions: [...functions.values()].sort((x, y) => x.line - y.line || (x.name < y.name ? -1 : 1)),
    decisions: new Map([...decisions].sort(byLine)),
  };
}

/** Decisions and ways are told apart by their place in the list, as lcov does. */
function mergeDecisions(a: readonly Decision[], b: readonly Decision[]): Decision[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, index) => {
    const [one, other] = [a[index]?.ways ?? [], b[index]?.ways ?? []];
    return { ways: Array.from({ length: Math.max(one.length, other.length) }, (_, way) => plus(one[way], other[way])) };
  });
}

const plus = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
