/**
 * Machines for forks: those that are not needed any more are used again, since another state can be put into a machine in less time than it takes to make one.
 */
import type { Machine } from '../machine.ts';

/** Machines that are kept for later, at most. */
const MOST_KEPT = 8;

/** Machines that are all alike. */
export class MachinePool {
  private readonly make: () => Machine;
  private readonly free: Machine[] = [];

  /** `make` makes one more like that whose states are put into others. */
  constructor(make: () => Machine) {
    this.make = make;
  }

  /** A machine in any state: one is to be put into it. */
  take(): Machine {
    return this.free.pop() ?? this.make();
  }

  /** Nobody uses `machine` any more. `sound`: it may be used again. */
  give(machine: Machine, sound = true): void {
    if (!sound || this.free.length >= MOST_KEPT) {
      machine.dispose();
      return;
    }
    // What is left of hooks would answer to addresses and stack pointers of the next one, too: of a function that has not returned, above all.
    for (const core of machine.cores) core.clearInstruments();
    machine.events.clear();
    for (const timer of machine.watchers.armed()) timer.cancel();
    machine.diagnostics.onFirst = undefined;
    this.free.push(machine);
  }

  /** Disposes of the machines that nobody uses. */
  clear(): void {
    for (const machine of this.free.splice(0)) machine.dispose();
  }
}
