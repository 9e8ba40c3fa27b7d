/**
 * Whether a run with faults failed, and whose doing that is: compared with the run without them, and with what the faults excuse.
 */
import { FAULTS, faultSpec } from './catalogue.ts';
import { type Fault, parseFaults } from './grammar.ts';
import type { TrialResult } from './trial.ts';

/** What can be wrong with a run, in the order in which it is looked for. */
export const FAILURES = {
  crash: 'the core fails (lockup, a fault handler that never returns, a watchdog), or the firmware exits with another status',
  hang: 'the line of --until does not come any more, although the faults are over or leave a way',
  'guest-error': 'the firmware does something to a block that the manual forbids, and does not do it without faults',
  ring: 'the core breaks a rule of the vrings or of RPMsg, and does not break it without faults',
  message: 'the run ends well, but messages that are echoed without faults came twice, or not at all',
  'kernel-error': 'Linux prints an error that it does not print without faults',
  stuck: 'the line of --until does not come, whatever the faults excuse',
} as const;

/** One of them. */
export type FailureKind = keyof typeof FAILURES;

/** Those that count unless said otherwise: what Linux prints of a fault is no mistake of the firmware. */
export const USUAL_FAILURES: readonly FailureKind[] = ['crash', 'hang', 'guest-error', 'ring', 'message'];

/** A run that failed. */
export interface Failure {
  readonly kind: FailureKind;
  /** What happened, in a sentence. */
  readonly text: string;
  /** The same for runs that failed in the same way. */
  readonly signature: string;
}

const ENDED_BADLY = new Set(['crashed', 'fault', 'system-reset', 'exit']);
const NEVER_CAME = new Set(['timeout', 'deadlock']);
/** Finding of a model about what a user has sent. */
const USERS = /bytes of input are lost/;
/** Messages on their way that may be missing at the end. */
const ON_THEIR_WAY = 8;

/** Numbers differ from run to run. */
const family = (text: string): string => text.replaceAll(/0x[0-9a-f]+|\d+/g, '#');

/** How `result` failed in a way that `failOn` has; undefined when it did not. `baseline` is the run without faults. */
export function judge(
  baseline: TrialResult,
  result: TrialResult,
  plan: readonly string[],
  failOn: readonly FailureKind[] = USUAL_FAILURES,
): Failure | undefined {
  const faults = plan.flatMap((each) => parseFaults(each));
  const excuses = new Set(faults.map(({ name }) => faultSpec(name).excuses));
  for (const kind of Object.keys(FAILURES) as FailureKind[]) {
    if (!failOn.includes(kind)) continue;
    const excused = kind !== 'stuck' && (excuses.has('all') || (kind === 'hang' && excuses.has('hang')));
    const text = excused ? undefined : LOOK[kind](baseline, result, faults);
    if (text === undefined) continue;
    const where = kind === 'hang' || kind === 'stuck' ? ` in ${result.place}` : '';
    return { kind, text, signature: `${kind}: ${family(text)}${where}` };
  }
  return undefined;
}

type Look = (baseline: TrialResult, result: TrialResult, faults: readonly Fault[]) => string | undefined;

const never: Look = (baseline, result) => {
  if (NEVER_CAME.has(baseline.reason) || !NEVER_CAME.has(result.reason)) return undefined;
  return result.reason === 'deadlock' ? 'both sides wait for ever' : 'the line that ends the run does not come';
};

/** The first finding that is new, and not the fault's own. */
function fresh(before: readonly string[], now: readonly string[], faults: readonly Fault[]): string | undefined {
  const known = new Set(before.map(family));
  const provoked = faults.flatMap(({ name }) => faultSpec(name).provokes ?? []);
  return now.find((text) => !known.has(family(text)) && !USERS.test(text) && !provoked.some((each) => each.test(text)));
}

const isRing = (text: string): boolean => text.startsWith('Linux ');

const LOOK: Readonly<Record<FailureKind, Look>> = {
  crash: (baseline, result) => {
    if (!ENDED_BADLY.has(result.reason) || (baseline.reason === result.reason && baseline.status === result.status)) return undefined;
    return result.report[0] ?? `the firmware ended with status ${result.status}`;
  },
  hang: never,
  'guest-error': (baseline, result, faults) =>
    fresh(
      baseline.findings,
      result.findings.filter((text) => !isRing(text)),
      faults,
    ),
  ring: (baseline, result, faults) => fresh(baseline.findings, result.findings.filter(isRing), faults),
  message: (baseline, result, faults) => {
    const disturbed = faults.some(({ name }) => name === 'core-restart' || FAULTS[name].excuses !== 'nothing');
    if (disturbed || result.reason !== baseline.reason) return undefined;
    // Only where every payload comes back without faults.
    const before = Object.values(baseline.traffic).filter(({ tx }) => tx > 0);
    if (before.length === 0 || before.some(({ tx, rx }) => rx > tx || tx - rx > ON_THEIR_WAY)) return undefined;
    for (const { tx, rx } of Object.values(result.traffic)) {
      if (tx > 0 && rx > tx) return `of ${tx} messages ${rx} came back: ${rx - tx} came twice`;
      if (tx - rx > ON_THEIR_WAY) return `of ${tx} messages only ${rx} came back`;
    }
    return undefined;
  },
  'kernel-error': (baseline, result, faults) => fresh(baseline.kernelErrors, result.kernelErrors, faults),
  stuck: never,
};
