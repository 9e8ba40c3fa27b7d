/**
 * Runs a firmware with many seeded plans of faults, tells which runs fail and how, and makes each kind of failure as small as it gets.
 *
 * A plan is a function of its seed and of the run without faults, and so is what comes out; who runs the trials, how many at once and in which order
 * they end, has no part in it.
 */
import { UsageError } from '../errors.ts';
import { FAULT_NAMES, faultSpec } from './catalogue.ts';
import { type FaultTemplate, generatePlan, parseTemplates } from './generate.ts';
import { type FailureKind, judge, USUAL_FAILURES } from './judge.ts';
import { shrinkPlan } from './shrink.ts';
import type { TrialResult } from './trial.ts';

/** The faults that are chosen from when none are named: those that firmware can get over, and a stop and start of the core. */
export const GENERAL_FAULTS = FAULT_NAMES.filter((name) => faultSpec(name).excuses === 'nothing' || name === 'core-restart').join(',');

/** What is explored, and how far. */
export interface ExploreOptions {
  /** As `--faults` has them; what is not said of a fault the seeds decide. */
  readonly faults?: string;
  readonly seeds: number;
  /** The first seed; 1 unless given. */
  readonly firstSeed?: number;
  /** Faults in one run, at most; 3 unless given. */
  readonly maxFaults?: number;
  readonly failOn?: readonly FailureKind[];
  /** Runs the firmware with a plan. Any number at once, if it can. */
  readonly trial: (plan: readonly string[], seed: number) => Promise<TrialResult>;
  /** Hears of each run that has ended. */
  readonly onProgress?: (progress: Progress) => void;
}

/** How far it is. */
export interface Progress {
  readonly phase: 'exploring' | 'shrinking';
  readonly done: number;
  readonly of: number;
  /** Runs that failed so far. */
  readonly failed: number;
}

/** A way to fail. */
export interface Found {
  readonly kind: FailureKind;
  readonly text: string;
  /** Seeds whose runs failed in this way, ascending. */
  readonly seeds: readonly number[];
  /** The first of the smallest plans among them, and its seed. */
  readonly original: readonly string[];
  readonly seed: number;
  /** What is left of it. */
  readonly plan: readonly string[];
  /** The run with that. */
  readonly result: TrialResult;
  /** Runs that making it smaller took. */
  readonly runs: number;
}

/** What came out. */
export interface Exploration {
  /** The run without faults. */
  readonly baseline: TrialResult;
  readonly seeds: number;
  readonly found: readonly Found[];
}

interface Failed {
  readonly seed: number;
  readonly plan: readonly string[];
  readonly kind: FailureKind;
  readonly text: string;
  readonly signature: string;
}

/** Explores. @throws {UsageError} when there is nothing to compare with, or for faults that are none */
export async function explore(options: ExploreOptions): Promise<Exploration> {
  const { seeds, firstSeed = 1, maxFaults = 3, failOn = USUAL_FAILURES, trial } = options;
  const templates = parseTemplates(options.faults ?? GENERAL_FAULTS);
  const baseline = await trial([], firstSeed);
  if (baseline.status !== 0 && baseline.reason !== 'timeout' && baseline.reason !== 'deadlock')
    throw new UsageError(`the run without faults fails already: ${baseline.report[0] ?? baseline.reason}`, 'mend that first', 'elf');
  const numbers = Array.from({ length: seeds }, (_, index) => firstSeed + index);
  const failures = await runAll(numbers, templates, { ...options, maxFaults, failOn }, baseline);
  const groups = new Map<string, Failed[]>();
  for (const failure of failures) groups.set(failure.signature, [...(groups.get(failure.signature) ?? []), failure]);
  let shrunk = 0;
  const of = groups.size;
  options.onProgress?.({ phase: 'shrinking', done: 0, of, failed: failures.length });
  const found = await Promise.all(
    [...groups.values()].map(async (group) => {
      const made = await smallest(group, baseline, failOn, trial);
      options.onProgress?.({ phase: 'shrinking', done: ++shrunk, of, failed: failures.length });
      return made;
    }),
  );
  return { baseline, seeds, found: merge(found) };
}

async function runAll(
  numbers: readonly number[],
  templates: readonly FaultTemplate[],
  { trial, maxFaults, failOn, onProgress }: ExploreOptions & { readonly maxFaults: number; readonly failOn: readonly FailureKind[] },
  baseline: TrialResult,
): Promise<Failed[]> {
  let done = 0;
  let failed = 0;
  const all = await Promise.all(
    numbers.map(async (seed) => {
      const plan = generatePlan(templates, seed, maxFaults, baseline);
      const failure = judge(baseline, await trial(plan, seed), plan, failOn);
      if (failure) failed++;
      onProgress?.({ phase: 'exploring', done: ++done, of: numbers.length, failed });
      return failure && { seed, plan, ...failure };
    }),
  );
  return all.filter((each) => each !== undefined);
}

/** Makes the smallest plan of those that failed in one way smaller still. */
async function smallest(
  group: readonly Failed[],
  baseline: TrialResult,
  failOn: readonly FailureKind[],
  trial: ExploreOptions['trial'],
): Promise<Found> {
  const first = group.reduce((best, each) => (each.plan.length < best.plan.length ? each : best));
  const { kind, seed } = first;
  const { plan, runs } = await shrinkPlan(first.plan, async (candidate) => {
    const failure = judge(baseline, await trial(candidate, seed), candidate, failOn);
    return failure?.kind === kind;
  });
  const result = await trial(plan, seed);
  const text = judge(baseline, result, plan, failOn)?.text ?? first.text;
  return { kind, text, seeds: group.map((each) => each.seed), original: first.plan, seed, plan, result, runs };
}

/** What became the same plan is the same failure. */
function merge(found: readonly Found[]): Found[] {
  const merged = new Map<string, Found>();
  for (const each of found) {
    const key = `${each.kind}\n${each.plan.join('\n')}`;
    const other = merged.get(key);
    const seeds = [...new Set([...(other?.seeds ?? []), ...each.seeds])].sort((a, b) => a - b);
    merged.set(key, { ...(other ?? each), seeds });
  }
  return [...merged.values()].sort((a, b) => b.seeds.length - a.seeds.length || a.seeds[0]! - b.seeds[0]!);
}
