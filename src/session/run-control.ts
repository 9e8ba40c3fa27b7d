/**
 * What may stand between a session and its machine: a debugger that lets it stand still, limits how far it goes, and takes the stops that are its own.
 */
import type { StopReason } from '../machine.ts';

/** Whoever controls the course of a run. */
export interface RunControl {
  /** Called before each slice. Undefined: the machine may run. A promise: it stands still until that is fulfilled. */
  ready(): Promise<void> | undefined;
  /** The cycle up to which the next slice may go. */
  readonly limit: number;
  /** Why `Machine.run` returned. True: that was for the debugger, and the run goes on (or stands still until `ready`); false: the session handles it. */
  stopped(stop: StopReason): boolean;
}
