/**
 * What may stand between a session and its machine: a debugger that lets it stand still, limits how far it goes, and takes the stops that are its own.
 */
import type { StopReason } from '../machine.ts';

/** An end that the run has come to: as its status will say, and the stop of the machine that led to it, if one did. */
export interface RunEnd {
  /** The word for it, as in `--json`: `crashed`, `fault`, `exit`, `deadlock` ... */
  readonly reason: string;
  readonly status: number;
  /** What the user will be told. */
  readonly report: readonly string[];
  readonly stop?: StopReason;
}

/** Whoever controls the course of a run. */
export interface RunControl {
  /** Called before each slice. Undefined: the machine may run. A promise: it stands still until that is fulfilled. */
  ready(): Promise<void> | undefined;
  /** Called when the machine is going to run: does what is due, and gives the cycle up to which the next slice may go. */
  due(): number;
  /** Runs the machine, as `Machine.run`, and keeps stops that are its own to itself: those are `requested` for the session. */
  run(limit: number): StopReason;
  /** The run is over. True: it is not to end yet; it ends when `ready` lets it go on, unless it was put somewhere else meanwhile. */
  keeps(end: RunEnd): boolean;
  /** The run is going to end, as the user wants: whatever is done with the machine ends first. */
  calm(): Promise<void> | undefined;
  /** The run has ended for good. */
  over(stop: StopReason): void;
}
