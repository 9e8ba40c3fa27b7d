/**
 * `toMatchTrace`: what the machine said and did is what stands in a file beside the test. vitest writes the file when there is none and updates it
 * with `-u`, as it does its own snapshots; a difference is shown at its first places, with times.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { expect } from 'vitest';
import { UsageError } from '../../errors.ts';
import type { Simulation } from '../../kit/simulation.ts';
import { fileName } from '../file-name.ts';
import { lineDifference } from '../line-difference.ts';
import { noted } from '../pending.ts';
import { asSimulation, traceSource } from '../simulations.ts';
import { type TraceLine, type TraceOptions, traceOf } from '../trace-lines.ts';
import { hint, type MatcherOutcome, type Matching, written } from './result.ts';

/** Where the file is, and what stands in it. */
export interface TraceMatch extends TraceOptions {
  /** Name of the file in `__traces__`; test file and test name unless given. */
  readonly name?: string;
}

/** Directory beside the test file. */
const DIRECTORY = '__traces__';

/** What vitest tells a matcher of its test. */
export interface InTest extends Matching {
  readonly testPath?: string | undefined;
  readonly currentTestName?: string | undefined;
  readonly task?: { readonly context?: { readonly expect?: typeof expect } } | undefined;
}

/** How often a test has used each name: two traces of one test have two files. */
const used = new WeakMap<object, Map<string, number>>();

function numbered(test: object | undefined, name: string): string {
  if (!test) return name;
  const names = used.get(test) ?? new Map<string, number>();
  used.set(test, names);
  const count = (names.get(name) ?? 0) + 1;
  names.set(name, count);
  return count === 1 ? name : `${name}-${count}`;
}

function pathOf({ testPath, currentTestName, task }: InTest, name: string | undefined): string {
  if (!testPath) throw new UsageError('toMatchTrace outside of a test', 'call it in a test, so that its file has a name', 'toMatchTrace');
  const own = name ?? numbered(task, `${basename(testPath).replace(/\.[cm]?[jt]sx?$/, '')}-${currentTestName ?? ''}`);
  return join(dirname(testPath), DIRECTORY, `${fileName(own)}.trace`);
}

function readLines(path: string): string[] | undefined {
  try {
    return readFileSync(path, 'utf8')
      .replace(/\r?\n$/, '')
      .split(/\r?\n/);
  } catch {
    return undefined;
  }
}

const when = (seconds: number): string => `${seconds.toFixed(6).padStart(10)} s  `;

/** The message for a trace that is not that of the file. */
function differing(head: string, file: string, expected: readonly string[] | undefined, trace: readonly TraceLine[]): string {
  if (!expected) return `${head}\n\n${file} does not exist: vitest -u writes it (vitest run in CI never does)`;
  const texts = trace.map(({ text }) => text);
  const difference = lineDifference(expected, texts, (line) => when(trace[line]?.seconds ?? 0));
  return `${head}\n\n- ${file} (${expected.length} lines)\n+ this run (${texts.length} lines)\n\n${difference.join('\n')}\n\nvitest -u takes this run as the right one`;
}

/** The trace of `m` is that of the file. @throws {UsageError} outside of a test */
export function toMatchTrace(this: InTest, received: unknown, match: TraceMatch | string = {}): Promise<MatcherOutcome> {
  const m = asSimulation('toMatchTrace', received);
  return noted(m, 'toMatchTrace', compare(this, m, typeof match === 'string' ? { name: match } : match));
}

async function compare(matching: InTest, m: Simulation, { name, ...options }: TraceMatch): Promise<MatcherOutcome> {
  const trace = traceOf(traceSource(m), options);
  const path = pathOf(matching, name);
  const expected = readLines(path);
  const text = trace.map((line) => line.text);
  const head = hint(matching, 'toMatchTrace', 'm', name === undefined ? '' : written(name));
  const file = relative(process.cwd(), path);
  const equal = expected !== undefined && expected.length === text.length && expected.every((line, index) => line === text[index]);
  const message = (): string => (equal ? `${head}\n\nthe trace is that of ${file}` : differing(head, file, expected, trace));
  if (matching.isNot) return { pass: equal, message };
  try {
    // vitest's own: it writes, updates, counts, and knows what CI may not.
    await (matching.task?.context?.expect ?? expect)(`${text.join('\n')}\n`).toMatchFileSnapshot(path);
    return { pass: true, message };
  } catch {
    return { pass: false, message };
  }
}
