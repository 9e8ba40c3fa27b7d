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
  const reported = withLines(situation, [...end.report.map(optionWords), ...hint]);
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

/** `lines` before what the situation says; a line that both have is said once. */
function withLines(situation: Situation, lines: readonly string[]): Situation {
  const said = new Set(lines);
  return { ...situation, lines: [...lines, ...situation.lines.filter((line) => !said.has(line))] };
}

/** What to look at first. */
function firstCause({ waits, findings }: Situation): string {
  const linux = waits.find((line) => line.startsWith('linux: '));
  if (linux) return `look at what Linux waits for (${linux.slice(7)})`;
  if (findings.length > 0) return 'look at what the models noticed first';
  return 'look at what the core does and who should wake it';
}

function seconds(ns: number): string {
  if (ns >= 1e9) return `${ns / 1e9} s`;
  if (ns >= 1e6) return `${ns / 1e6} ms`;
  return ns >= 1e3 ? `${ns / 1e3} us` : `${ns} ns`;
}

function doubled(ns: number): string {
  return seconds(2 * ns).replace(' ', '');
}
