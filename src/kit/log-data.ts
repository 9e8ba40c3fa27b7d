/**
 * The log of a simulation as plain data, for files.
 */
import { SnapshotError } from '../errors.ts';
import type { MachineEvent } from '../events.ts';
import type { OutputLine } from '../session/lines.ts';
import { AppendList } from './append-list.ts';
import { type Failure, SimulationLog } from './log.ts';

/** Everything that a log holds, with arrays for its lists and pairs for its maps. */
export function encodeLog(log: SimulationLog): Record<string, unknown> {
  const { events, lines, output, partials, cursors, received, lastOutput, waiting, nextLook, failure, handles } = log;
  return {
    events: [...events],
    lines: [...lines],
    output: [...output].map(([device, bytes]) => [device, Uint8Array.from(bytes)]),
    partials: [...partials],
    cursors: [...cursors],
    received: [...received],
    lastOutput: [...lastOutput],
    waiting,
    nextLook,
    failure,
    handles,
  };
}

/** The log that `encodeLog` made `data` of. @throws {SnapshotError} when it is none */
export function decodeLog(data: unknown): SimulationLog {
  const log = new SimulationLog();
  if (typeof data !== 'object' || data === null) throw damaged('it');
  const { events, lines, output, partials, cursors, received, lastOutput, waiting, nextLook, failure, handles } = data as Record<
    string,
    unknown
  >;
  log.events = AppendList.of(items<MachineEvent>(events, 'events'));
  log.lines = AppendList.of(items<OutputLine>(lines, 'lines'));
  log.output = new Map(items<[string, Uint8Array]>(output, 'output').map(([device, bytes]) => [device, AppendList.of(bytes)]));
  log.partials = new Map(items(partials, 'partials'));
  log.cursors = new Map(items(cursors, 'cursors'));
  log.received = new Map(items(received, 'received'));
  log.lastOutput = new Map(items(lastOutput, 'lastOutput'));
  log.waiting = items(waiting, 'waiting');
  if (typeof nextLook !== 'number' || typeof handles !== 'number') throw damaged('a number');
  log.nextLook = nextLook;
  log.handles = handles;
  log.failure = failure as Failure | undefined;
  return log;
}

function items<T>(value: unknown, what: string): T[] {
  if (!Array.isArray(value)) throw damaged(what);
  return value as T[];
}

function damaged(what: string): SnapshotError {
  return new SnapshotError(
    'E_SNAPSHOT_DAMAGED',
    `the log in the snapshot is damaged: ${what} is not in it`,
    'make the snapshot again',
    'log',
  );
}
