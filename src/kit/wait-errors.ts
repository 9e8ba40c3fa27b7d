/**
 * The error of a wait that ended without what was awaited: which class, and in which words.
 */
import { CoreFailed, Deadlock, EnginesDiffer, FirmwareExited, ImxSimError, type Situation, SocReset, WaitTimeout } from '../errors.ts';
import type { Machine } from '../machine.ts';
import type { WaitEnd } from './driver.ts';
import type { Goal } from './goals.ts';
import type { Failure } from './log.ts';
import { optionWords } from './option-words.ts';

/** What an error is made of. */
export interface WaitErrorSources {
  readonly machine: Machine;
  readonly goal: Goal;
  readonly end: WaitEnd;
  /** Virtual time that the wait was given, in ns; may be infinite. */
  readonly within: number;
  readonly situation: Situation;
  /** How the core failed before, of which an earlier wait has told. */
  readonly earlier: Failure | undefined;
}

/** Makes the error. */
export function waitError({ machine, goal, end, within, situation, earlier }: WaitErrorSources): Error {
  const { awaited } = goal;
  const hint = [...(goal.hint?.() ?? []), ...(earlier ? [`the core had failed before: ${earlier.text}`] : [])];
  const whole = withLines(situation, hint);
  if (end === 'timeout') {
    const what = `${awaited}: not within ${seconds(within)} of virtual time`;
    return new WaitTimeout(what, awaited, whole, `${firstCause(situation)}; or give it longer: { within: '${doubled(within)}' }`);
  }
  if (end === 'deadlock') {
    const what = `${awaited}: it never comes, as nothing can happen any more`;
    return new Deadlock(what, awaited, whole, firstCause(situation));
  }
  const what = `${awaited}: ${end.text}`;
  const remedy = optionWords(end.remedy);
  // The report of the failure has them already.
  const known = new Set(machine.cores.flatMap((core) => core.faultReport()));
  const rest = { ...situation, lines: situation.lines.filter((line) => !known.has(line)) };
  const reported = withLines(rest, [...end.report.map(optionWords), ...hint]);
  switch (end.kind) {
    case 'exit':
      return new FirmwareExited(what, awaited, withLines(situation, hint), remedy, end.status ?? 0);
    case 'system-reset':
      return new SocReset(what, awaited, reported, remedy);
    case 'crashed':
    case 'fault':
      return new CoreFailed(what, awaited, reported, remedy, machine.core.faults());
    case 'host-memory':
      return new ImxSimError('E_HOST_MEMORY', `${awaited}: ${end.text}`, remedy, awaited);
    case 'difference':
      return end.difference ? new EnginesDiffer(end.difference, end.report) : new ImxSimError('E_LOCKSTEP', what, remedy, awaited);
  }
}

/** `lines` before what the situation says. */
function withLines(situation: Situation, lines: readonly string[]): Situation {
  return { ...situation, lines: [...lines, ...situation.lines] };
}

/** What holds of every firmware that has no RPMsg, and is no reason to wait. */
const NO_CAUSE = /is running, but has no virtio device/;

/** What to look at first. */
function firstCause({ core, waits, findings, lint }: Situation): string {
  const remedy = lint.find((line) => line.startsWith('  remedy: '));
  if (waits[0]?.startsWith('Linux refused') && remedy) return remedy.slice('  remedy: '.length);
  const linux = waits.find((line) => line.startsWith('linux: ') && !NO_CAUSE.test(line));
  if (linux) return `look at what Linux waits for (${linux.slice(7)})`;
  const loop = waits.findIndex((line) => /^ +loops /.test(line));
  if (loop >= 0) {
    const reads = waits.slice(loop + 1).find((line) => /^ +reads /.test(line));
    return `look at the loop that ${core} is in${reads ? `: it ${reads.trim()}` : ''}`;
  }
  if (findings.length > 0) return 'look at what the models noticed first';
  if (waits.some((line) => line.includes('waits in WF'))) return `look at who should interrupt ${core}, which sleeps`;
  return `look at what ${core} does and who should wake it`;
}

function seconds(ns: number): string {
  if (ns >= 1e9) return `${ns / 1e9} s`;
  if (ns >= 1e6) return `${ns / 1e6} ms`;
  return ns >= 1e3 ? `${ns / 1e3} us` : `${ns} ns`;
}

function doubled(ns: number): string {
  return seconds(2 * ns).replace(' ', '');
}
