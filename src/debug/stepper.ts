/**
 * Steps of a core: one instruction, or until the PC has left a stretch of code. An exception that is entered is a step of its own, which ends before the
 * handler's first instruction; a core that sleeps is stepped when it wakes.
 */
import type { Core } from '../cpu/core.ts';
import type { Machine, StopReason } from '../machine.ts';

/** Steps that are made before the host gets a turn. */
const MOST_AT_ONCE = 2000;

/** A stretch of code, `to` excluded. */
export interface CodeRange {
  readonly from: number;
  readonly to: number;
}

/** A step that is under way. */
interface Plan {
  readonly core: Core;
  readonly range: CodeRange | undefined;
  /** Instructions and exception entries at its beginning. */
  instructions: number;
  entries: number;
  readonly end: () => void;
}

/** Runs a machine, or steps it. */
export class Stepper {
  /** The step that was planned is done. */
  arrived = false;
  private readonly machine: Machine;
  private steps: Plan | undefined;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** Name of the core that is stepped. */
  get core(): string {
    return this.steps?.core.name ?? this.machine.core.name;
  }

  /** The next `run` is a step of `core`. */
  plan(core: Core, range?: CodeRange): void {
    this.end();
    const { instructions, entries } = core;
    const end = core.onException(({ phase }) => {
      if (phase === 'enter') this.machine.requestStop();
    });
    this.steps = { core, range, instructions, entries, end };
  }

  /** There is no step any more. */
  end(): void {
    this.arrived = false;
    this.steps?.core.stopAt(undefined);
    this.steps?.end();
    this.steps = undefined;
  }

  /** As `Machine.run`; when the step is done, `arrived` is set. */
  run(limit: number): StopReason {
    const { machine, steps } = this;
    if (!steps) return machine.run(limit);
    const { core, range } = steps;
    // An exception was entered on the way to an input that is done again.
    this.arrived = core.entries !== steps.entries && core.instructions === steps.instructions;
    if (this.arrived) return { kind: 'requested' };
    for (let made = 0; ; ) {
      core.stopAt(steps.instructions + 1);
      const stop = machine.run(limit);
      const moved = core.instructions !== steps.instructions || core.entries !== steps.entries;
      if (stop.kind !== 'step' && !(stop.kind === 'requested' && moved)) return stop;
      // WFI: it stands behind it when the core wakes.
      if (core.asleep) {
        if (machine.scheduler.now >= limit) return { kind: 'limit' };
        continue;
      }
      const { pc } = core;
      if (!range || pc < range.from || pc >= range.to) {
        this.arrived = true;
        return stop;
      }
      steps.instructions = core.instructions;
      steps.entries = core.entries;
      if (++made >= MOST_AT_ONCE) return { kind: 'requested' };
    }
  }
}
