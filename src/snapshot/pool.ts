/**
 * Machines for forks: those that are not needed any more are used again, since another state can be put into a machine in less time than it takes to make one.
 */
import { Machine, type MachineOptions } from '../machine.ts';

/** Machines that are kept for later, at most. */
const MOST_KEPT = 8;

/** Machines with the same options. */
export class MachinePool {
  readonly options: MachineOptions;
  private readonly free: Machine[] = [];

  /** `options` are those of the machine whose states are put into others. */
  constructor(options: MachineOptions) {
    this.options = options;
  }

  /** A machine in any state: one is to be put into it. */
  take(): Machine {
    return this.free.pop() ?? new Machine(this.options);
  }

  /** Nobody uses `machine` any more. `sound`: it may be used again. */
  give(machine: Machine, sound = true): void {
    if (!sound || this.free.length >= MOST_KEPT) {
      machine.dispose();
      return;
    }
    machine.events.clear();
    machine.diagnostics.onFirst = undefined;
    this.free.push(machine);
  }

  /** Disposes of the machines that nobody uses. */
  clear(): void {
    for (const machine of this.free.splice(0)) machine.dispose();
  }
}
