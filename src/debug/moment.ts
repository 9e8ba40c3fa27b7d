/**
 * Moments of a run, exact to what lies between two instructions: the cycle, and of the core that runs the firmware the instructions that it has executed
 * and the exceptions that it has entered. All timers that are due have fired.
 */
import type { Core } from '../cpu/core.ts';
import type { Machine } from '../machine.ts';

/** A moment of a run. */
export interface Moment {
  readonly cycle: number;
  readonly instructions: number;
  readonly entries: number;
}

/** The one in which `machine` is; also in the middle of a slice. */
export function momentOf({ scheduler, core }: Machine): Moment {
  const { instructions, entries } = core;
  return { cycle: scheduler.now, instructions, entries };
}

/** True when `a` comes before `b`. */
export function isBefore(a: Moment, b: Moment): boolean {
  if (a.cycle !== b.cycle) return a.cycle < b.cycle;
  return a.instructions === b.instructions ? a.entries < b.entries : a.instructions < b.instructions;
}

/** True when they are the same. */
export function isSame(a: Moment, b: Moment): boolean {
  return a.cycle === b.cycle && a.instructions === b.instructions && a.entries === b.entries;
}

/**
 * Has the next instruction begin anew, hooks, watchpoints and pending exceptions first, also where a hook has stopped before it: as it does in a run in which
 * nothing has stopped there.
 */
export function beginAnew(core: Core): void {
  const pc = core.readRegister('pc');
  core.writeRegister('pc', pc ^ 2);
  core.writeRegister('pc', pc);
}
