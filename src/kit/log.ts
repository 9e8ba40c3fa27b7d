/**
 * What a simulation remembers of its machine: events, lines, bytes, how far each has been awaited. It is part of a snapshot: a fork goes on with a
 * copy. Plain data throughout; lists share their past with their copies.
 */
import type { EngineDifference } from '../cpu/lockstep/index.ts';
import type { MachineEvent } from '../events.ts';
import type { DeviceInput } from '../session/input.ts';
import type { OutputLine, PartialLine } from '../session/lines.ts';
import { AppendList } from './append-list.ts';

/** How far the lines of a source have been awaited. */
export interface Cursor {
  /** Of the line that is looked at next, in the list of all lines. */
  readonly index: number;
  /** Characters of the line that was matched while it was unfinished: its rest is looked at. */
  readonly column: number;
  /** Whose line that is. */
  readonly source: string;
}

/** How the core or the machine failed. */
export interface Failure {
  readonly kind: 'crashed' | 'fault' | 'system-reset' | 'exit' | 'host-memory' | 'difference';
  readonly text: string;
  readonly report: readonly string[];
  readonly remedy: string;
  /** Of `exit`. */
  readonly status?: number;
  /** Of `difference`. */
  readonly difference?: EngineDifference;
  /** Nothing runs any more, Linux included. */
  readonly final: boolean;
  /** A wait has ended with it. */
  readonly told: boolean;
}

/** Copies of maps whose values are lists. */
function cloneLists<T>(lists: ReadonlyMap<string, AppendList<T>>): Map<string, AppendList<T>> {
  return new Map([...lists].map(([name, list]) => [name, list.clone()]));
}

/** The memory of one simulation. */
export class SimulationLog {
  /** All events. */
  events = new AppendList<MachineEvent>();
  /** Lines of all sources in the order in which they were seen; an unfinished one is followed by what became of it. */
  lines = new AppendList<OutputLine>();
  /** Bytes that each console printed. */
  output = new Map<string, AppendList<number>>();
  /** Unfinished lines, of `LineAssembler`. */
  partials = new Map<string, PartialLine>();
  /** By source. */
  cursors = new Map<string, Cursor>();
  /** Messages of channels that `next` has given, by channel: index in `events`. */
  received = new Map<string, number>();
  /** Cycle in which each console printed or was given something last. */
  lastOutput = new Map<string, number>();
  /** Text that waits until its console is ready. */
  waiting: DeviceInput[] = [];
  /** Cycle of the next look at consoles for which text waits. */
  nextLook = Number.POSITIVE_INFINITY;
  failure: Failure | undefined;
  /** Numbers given to open files and shells so far. */
  handles = 0;

  /** A copy that goes its own way. */
  clone(): SimulationLog {
    const copy = new SimulationLog();
    copy.events = this.events.clone();
    copy.lines = this.lines.clone();
    copy.output = cloneLists(this.output);
    copy.partials = new Map([...this.partials].map(([name, { bytes, cycle, shown }]) => [name, { bytes: [...bytes], cycle, shown }]));
    copy.cursors = new Map(this.cursors);
    copy.received = new Map(this.received);
    copy.lastOutput = new Map(this.lastOutput);
    copy.waiting = [...this.waiting];
    copy.nextLook = this.nextLook;
    copy.failure = this.failure;
    copy.handles = this.handles;
    return copy;
  }
}
