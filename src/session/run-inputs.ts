/**
 * What reaches a run from outside, as inputs that can be recorded and done again: text, keys, what clients of bridges do, and that the user ended it.
 */
import { SnapshotError } from '../errors.ts';
import { type InputEntry, type InputKind, InputLog, type InputValue } from '../history/inputs.ts';
import type { Session } from './session.ts';

/** What inputs of a run act on. */
export interface RunHost {
  readonly session: Pick<Session, 'machine' | 'input' | 'stop'>;
  /** Does to a bridge what a client did; a run whose clients are there hears of it from them. */
  bridge?(source: string, kind: string, bytes: Uint8Array | undefined, count: number | undefined): void;
}

/** A kind whose arguments are checked, as they may come from a file. */
function kind<A extends readonly InputValue[]>(
  fits: (...args: readonly InputValue[]) => boolean,
  apply: (host: RunHost, ...args: A) => void,
): InputKind<RunHost> {
  return {
    side: 'hardware',
    apply(host, ...args) {
      if (!fits(...args)) throw new SnapshotError('E_SNAPSHOT_DAMAGED', 'an input of the recording makes no sense', 'make it again');
      apply(host, ...(args as unknown as A));
    },
  };
}

const deviceAndBytes = (device: InputValue, bytes: InputValue): boolean => typeof device === 'string' && bytes instanceof Uint8Array;

/** All kinds, by name. */
const RUN_INPUTS: Readonly<Record<string, InputKind<RunHost>>> = {
  /** Text for a console, which gets it once it is ready. */
  'console.queue': kind(deviceAndBytes, ({ session }, device: string, bytes: Uint8Array) =>
    session.input.send(known(session, device), bytes),
  ),
  /** Keys, as they were typed. */
  'console.send': kind(deviceAndBytes, ({ session }, device: string, bytes: Uint8Array) =>
    session.machine.send(known(session, device), bytes),
  ),
  bridge: kind(
    (source, what, bytes, count) =>
      typeof source === 'string' &&
      typeof what === 'string' &&
      (bytes === undefined || bytes instanceof Uint8Array) &&
      (count === undefined || typeof count === 'number'),
    (host, source: string, what: string, bytes: Uint8Array | undefined, count: number | undefined) =>
      host.bridge?.(source, what, bytes, count),
  ),
  stop: kind(
    (status, report) => Number.isInteger(status) && typeof report === 'boolean',
    ({ session }, status: number, report: boolean) => session.stop(status & 0xff, report),
  ),
};

function known({ machine }: RunHost['session'], device: string): string {
  if (machine.hasConsole(device)) return device;
  throw new SnapshotError('E_SNAPSHOT_DAMAGED', `the recording has text for ${device}, which its machine has not`, 'make it again');
}

/** The door of a run. */
export function runInputs(host: RunHost): InputLog<RunHost> {
  const { machine } = host.session;
  return new InputLog(host, RUN_INPUTS, () => {
    const { scheduler, linuxTurns } = machine;
    return { cycle: scheduler.now, fired: linuxTurns, inSlice: scheduler.inSlice };
  });
}

/** Looks at a script without anything coming nearer, after which a replay has lost its way. */
const MOST_TRIES = 1000;

/** The inputs of a recorded run, each to be done at its moment. */
export class RunScript {
  private readonly inputs: InputLog<RunHost>;
  private readonly host: RunHost;
  private readonly entries: readonly InputEntry[];
  private readonly end: number;
  private next = 0;
  private lastCycle = -1;
  private tries = 0;

  /** `end` is the cycle beyond which the run does not go; Infinity when it may. */
  constructor(host: RunHost, entries: readonly InputEntry[], end: number) {
    this.host = host;
    this.inputs = runInputs(host);
    this.entries = entries;
    this.end = end;
  }

  /** Does what is due; the cycle at which the machine has to stop next. @throws {SnapshotError} when a moment was missed */
  due(): number {
    const { machine } = this.host.session;
    const { now } = machine.scheduler;
    this.tries = now === this.lastCycle ? this.tries + 1 : 0;
    this.lastCycle = now;
    if (this.tries > MOST_TRIES) throw this.lost();
    for (let entry = this.entries[this.next]; entry; entry = this.entries[this.next]) {
      if (entry.cycle > now || (entry.cycle === now && entry.fired > machine.linuxTurns)) return Math.min(entry.cycle, this.end);
      if (entry.cycle < now) throw this.lost();
      this.next++;
      this.inputs.apply(entry.kind, entry.args);
    }
    if (now > this.end) throw this.lost();
    return this.end;
  }

  private lost(): SnapshotError {
    const { now } = this.host.session.machine.scheduler;
    const entry = this.entries[this.next];
    const what = entry
      ? `the next input (${entry.kind}) came at cycle ${entry.cycle} there, and it is at ${now}`
      : `that ended at cycle ${this.end}, and this one goes on`;
    const remedy = 'the recording is of another version of imx-sim: replay it with that one, or record the run again';
    return new SnapshotError('E_SNAPSHOT_DIVERGED', `this is not the run that was recorded: ${what}`, remedy, 'the recording');
  }
}
