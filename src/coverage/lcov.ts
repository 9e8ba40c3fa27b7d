/**
 * lcov tracefiles (geninfo(1), "TRACEFILE FORMAT"), as genhtml, Codecov, Coveralls and editors read them: written and read.
 *
 * Which builds were measured stands in comments, `#imx-sim build <id> <name>`, so that files of different builds are not merged. Both forms of
 * function records are read (FN and FNDA; FNL and FNA of lcov 2.2); checksums, versions and MC/DC records are passed over.
 */
import { CoverageError } from '../errors.ts';
import { mergeReports } from './merge.ts';
import type { BuildId, CoverageReport, Decision, FileCoverage, FunctionCoverage } from './report.ts';
import { type Ratio, totalsOf } from './report.ts';

const BUILD = '#imx-sim build ';
/** What lcov lets a test's name consist of. */
const NAME = /\W/g;

/** How a tracefile is written. */
export interface LcovOptions {
  /** `FNL`: function records of lcov 2.2, which older readers do not know. */
  readonly functionRecords?: 'FN' | 'FNL';
}

/** The report as a tracefile. */
export function toLcov(report: CoverageReport, { functionRecords = 'FN' }: LcovOptions = {}): string {
  const test = report.tests.length === 1 ? report.tests[0]!.replace(NAME, '_') : '';
  const out = report.builds.map(({ id, name }) => `${BUILD}${id} ${name}`);
  for (const file of report.files) {
    const { lines, functions, branches } = totalsOf(file);
    out.push(`TN:${test}`, `SF:${file.path}`);
    out.push(...(functionRecords === 'FN' ? plainFunctions(file.functions) : indexedFunctions(file.functions)), ...sums('FN', functions));
    for (const [line, decisions] of file.decisions) {
      for (const [block, { ways }] of decisions.entries()) {
        for (const [branch, count] of ways.entries()) out.push(`BRDA:${line},${block},${branch},${count ?? '-'}`);
      }
    }
    out.push(...sums('BR', branches));
    for (const [line, count] of file.lines) out.push(`DA:${line},${count}`);
    out.push(...sums('L', lines), 'end_of_record');
  }
  return out.length === 0 ? '' : `${out.join('\n')}\n`;
}

const sums = (kind: string, { found, hit }: Ratio): string[] => [`${kind}F:${found}`, `${kind}H:${hit}`];

/** Names tell functions apart in these records: a name that is there twice has its line with it. */
function plainFunctions(functions: readonly FunctionCoverage[]): string[] {
  const times = new Map<string, number>();
  for (const { name } of functions) times.set(name, (times.get(name) ?? 0) + 1);
  const named = functions.map((one) => ({ ...one, name: times.get(one.name)! > 1 ? `${one.name}:${one.line}` : one.name }));
  return [...named.map(({ name, line }) => `FN:${line},${name}`), ...named.map(({ name, count }) => `FNDA:${count},${name}`)];
}

function indexedFunctions(functions: readonly FunctionCoverage[]): string[] {
  return functions.flatMap(({ name, line, count }, index) => [`FNL:${index},${line}`, `FNA:${index},${count},${name}`]);
}

/** What is being read of a file. */
class FileReader {
  readonly lines = new Map<number, number>();
  readonly starts = new Map<string, number>();
  readonly calls = new Map<string, number>();
  readonly indexed = new Map<number, { line: number; names: [string, number][] }>();
  readonly decisions = new Map<number, Map<number, (number | undefined)[]>>();

  finish(path: string): FileCoverage {
    const functions: FunctionCoverage[] = [...this.starts].map(([name, line]) => ({ name, line, count: this.calls.get(name) ?? 0 }));
    for (const { line, names } of this.indexed.values()) functions.push(...names.map(([name, count]) => ({ name, line, count })));
    const decisions = new Map<number, Decision[]>();
    for (const [line, blocks] of [...this.decisions].sort(([a], [b]) => a - b)) {
      const sorted = [...blocks].sort(([a], [b]) => a - b).map(([, ways]) => ({ ways: Array.from(ways, (count) => count) }));
      decisions.set(line, sorted);
    }
    const lines = new Map([...this.lines].sort(([a], [b]) => a - b));
    return { path, lines, functions: functions.sort((a, b) => a.line - b.line || (a.name < b.name ? -1 : 1)), decisions };
  }
}

/** Most ways that a decision is read with: a file may claim any number. */
const MOST_WAYS = 4096;

/** Reads a tracefile; sections of one source are added. `name` is for messages. @throws {CoverageError} */
export function parseLcov(text: string, name: string): CoverageReport {
  const sections: CoverageReport[] = [];
  const builds: BuildId[] = [];
  const tests = new Set<string>();
  let path: string | undefined;
  let reader = new FileReader();
  const wrong = (number: number, line: string): CoverageError => {
    const message = `${name}:${number + 1}: ${line === '' ? 'the file ends within a section' : `no record of a tracefile: ${line.slice(0, 60)}`}`;
    return new CoverageError('E_COVERAGE_FORMAT', message, 'give a tracefile: what --coverage, imx-sim coverage merge or lcov wrote', name);
  };
  const all = text.split(/\r?\n/);
  for (const [number, line] of all.entries()) {
    const build = line.startsWith(BUILD) ? /^(\S+) (.+)$/.exec(line.slice(BUILD.length)) : null;
    if (build) builds.push({ id: build[1]!, name: build[2]! });
    if (line.trim() === '' || line.startsWith('#')) continue;
    if (line === 'end_of_record') {
      if (path === undefined) throw wrong(number, line);
      sections.push({ files: [reader.finish(path)], tests: [], builds: [] });
      path = undefined;
      reader = new FileReader();
      continue;
    }
    const [, key, value] = /^([A-Z]+):(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) throw wrong(number, line);
    if (key === 'TN') {
      if (value !== '') tests.add(value);
    } else if (key === 'SF') path = value;
    else if (path === undefined || !readRecord(reader, key, value)) throw wrong(number, line);
  }
  if (path !== undefined) throw wrong(all.length - 1, '');
  if (sections.length === 0 && text.trim() !== '' && builds.length === 0) throw wrong(0, all[0]!);
  return { ...mergeReports(sections), tests: [...tests], builds };
}

const WHOLE = /^-?\d+$/;

/** Takes a record; false when it is none. Records without meaning here are taken as well. */
function readRecord(reader: FileReader, key: string, value: string): boolean {
  const parts = value.split(',');
  const numbers = parts.map((part) => (WHOLE.test(part) ? Math.max(0, Number(part)) : Number.NaN));
  const [first = Number.NaN, second = Number.NaN, third = Number.NaN] = numbers;
  switch (key) {
    case 'DA':
      reader.lines.set(first, (reader.lines.get(first) ?? 0) + second);
      return first > 0 && !Number.isNaN(second);
    case 'FN': {
      // lcov 2 has the function's last line between.
      const named = Number.isNaN(second) || parts.length === 2 ? 1 : 2;
      reader.starts.set(parts.slice(named).join(','), first);
      return parts.length >= 2 && !Number.isNaN(first);
    }
    case 'FNDA': {
      const called = parts.slice(1).join(',');
      reader.calls.set(called, (reader.calls.get(called) ?? 0) + first);
      return parts.length >= 2 && !Number.isNaN(first);
    }
    case 'FNL':
      reader.indexed.set(first, { line: second, names: [] });
      return !Number.isNaN(first) && !Number.isNaN(second);
    case 'FNA':
      reader.indexed.get(first)?.names.push([parts.slice(2).join(','), second]);
      return reader.indexed.has(first) && !Number.isNaN(second);
    case 'BRDA':
      return readBranch(reader, first, parts[1] ?? '', third, parts.at(-1)!);
    default:
      return /^(?:FN|BR|L|MC)[FH]$|^VER$|^MCDC$|^BRDA$/.test(key);
  }
}

function readBranch(reader: FileReader, line: number, block: string, way: number, count: string): boolean {
  const number = Number(block.replace(/^e/, ''));
  const taken = count === '-' ? undefined : Number(count);
  if (!(line > 0) || Number.isNaN(number) || Number.isNaN(taken)) return false;
  const blocks = reader.decisions.get(line) ?? new Map<number, (number | undefined)[]>();
  reader.decisions.set(line, blocks);
  const ways = blocks.get(number) ?? [];
  blocks.set(number, ways);
  // lcov 2 may name ways by their condition; they then count in the order in which they come.
  const index = Number.isNaN(way) ? ways.length : way;
  if (index >= MOST_WAYS) return false;
  ways[index] = taken === undefined ? ways[index] : (ways[index] ?? 0) + taken;
  return true;
}
