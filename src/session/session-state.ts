/**
 * A session as data: what it remembers of its run, beside its machine.
 */
import type { MachineEvent } from '../events.ts';
import type { SystemState } from '../snapshot/system-state.ts';
import type { ArmedTimer } from '../time/scheduler.ts';
import type { InputState } from './input.ts';
import type { PartialLine } from './lines.ts';
import type { Counts } from './statistics.ts';
import type { TraceState } from './trace-hash.ts';

/** Events kept for a report. */
export const HISTORY = 20;

/** How a run ended: the status and the word for it in `--json`, and what to tell the user. */
export interface Ending {
  readonly status: number;
  readonly reason: string;
  readonly report: readonly string[];
}

/** A session at one moment: its machine, and what it remembers of the run so far. Plain data. */
export interface SessionState {
  readonly system: SystemState;
  readonly trace: TraceState | undefined;
  readonly counts: Counts;
  readonly partials: readonly (readonly [string, PartialLine])[];
  readonly input: InputState;
  /** The last events, for reports. */
  readonly history: readonly MachineEvent[];
  /** What happened behind the line that ended the run. */
  readonly late: readonly MachineEvent[];
}

/** A session at one moment of its own run, to which it may be put back. */
export interface SessionMark extends SessionState {
  readonly failed: Ending | undefined;
  readonly events: number;
  /** Its own timers, as they were armed. */
  readonly timers: readonly Pick<ArmedTimer, 'deadline' | 'sequence'>[];
  /** How far the script of a recorded run was. */
  readonly script: number | undefined;
}
