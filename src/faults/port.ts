/**
 * Where a machine keeps what there is to know of its faults (faults.ts): plain data and one timer, so that a snapshot of the hardware has them.
 */
import type { Doorbell } from '../mu/messaging-unit.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import type { Fault } from './grammar.ts';

/** Data of a step on the agenda. */
export type StepData = Readonly<Record<string, string | number | boolean>>;

/** Something that was done to the machine. */
export interface Injection {
  readonly cycle: number;
  readonly fault: string;
  readonly text: string;
}

/** One fault with what is known of it. */
export interface FaultEntry {
  readonly fault: Fault;
  /** Occurrences of what it waits for, so far. */
  seen: number;
  /** How often it is still to happen; -1: for ever. */
  left: number;
  /** Its moment has come, and it waits for a doorbell. */
  active: boolean;
  /** Numbers that it had of the seed. */
  draws: number;
  /** The line that is being printed has counted already. */
  counted: boolean;
  /** What it did is for good. */
  lasting: boolean;
}

/** Something that is to be done at `cycle`. */
export interface FaultTask {
  readonly cycle: number;
  readonly entry: number;
  readonly step: string;
  readonly data: StepData;
}

/** The faults of one machine, as data. */
export class FaultPort {
  /** Decides what no parameter says. */
  seed = 1;
  entries: FaultEntry[] = [];
  /** In the order of their cycles. */
  agenda: FaultTask[] = [];
  injections: Injection[] = [];
  /** Unfinished lines of consoles. */
  lines: Record<string, string> = {};
  /** Linux was stopped for good. */
  linuxDead = false;
  /** What Linux rang last, and the number of the unit. */
  last: { readonly unit: number; readonly doorbell: Doorbell } | undefined;
  /** For the first task of the agenda. */
  readonly timer: Timer;
  /** Whoever does what is to be done: the timer has fired; the data are those of another machine; somebody else does it from now on. */
  onDue: (() => void) | undefined;
  onRestored: (() => void) | undefined;
  onTakeover: (() => void) | undefined;

  constructor(scheduler: Scheduler) {
    this.timer = scheduler.timer('faults', () => this.onDue?.());
  }

  /** Called when a snapshot was loaded. */
  restored(): void {
    this.onRestored?.();
  }
}
