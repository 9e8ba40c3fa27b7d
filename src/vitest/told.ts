/** Machines whose situation a message has told already, at which cycle: a failed test does not tell it twice. */
import type { Simulation } from '../kit/simulation.ts';

const told = new WeakMap<Simulation, number>();

/** Notes that a message has the situation of `m` as it is now. */
export function noteTold(m: Simulation): void {
  told.set(m, m.cycle);
}

/** True when nothing has happened since it was told. */
export function wasTold(m: Simulation): boolean {
  return told.get(m) === m.cycle;
}
