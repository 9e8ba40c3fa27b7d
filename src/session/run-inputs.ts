/**
 * What reaches a run from outside, as inputs that can be recorded and done again: text, keys, what clients of bridges do, what a debugger changes, and
 * that the user ended it.
 */
import type { Core } from '../cpu/core.ts';
import { SnapshotError } from '../errors.ts';
import { type InputEntry, type InputKind, InputLog, type InputValue } from '../history/inputs.ts';
import type { Machine } from '../machine.ts';
import { writeView } from './debug-access.ts';
import { runShell } from './run-shell.ts';
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
  apply: (host: RunHost, ...args: A) => unknown,
): InputKind<RunHost> {
  return {
    side: 'hardware',
    apply(host, ...args) {
      if (!fits(...args)) throw new SnapshotError('E_SNAPSHOT_DAMAGED', 'an input of the recording makes no sense', 'make it again');
      return apply(host, ...(args as unknown as A));
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
  /** Keys for the shell on the run's Linux, which the first of them opens. */
  'shell.keys': kind(
    (bytes) => bytes instanceof Uint8Array,
    ({ session }, bytes: Uint8Array) => runShell(session.machine).keys(bytes),
  ),
  'shell.resize': kind(
    (columns, rows) => Number.isInteger(columns) && Number.isInteger(rows),
    ({ session }, columns: number, rows: number) => runShell(session.machine).resize(columns, rows),
  ),
  /** A debugger writes a register of a core. */
  'debug.register': kind(
    (core, register, value) => typeof core === 'string' && typeof register === 'string' && typeof value === 'number',
    ({ session }, core: string, register: string, value: number) => coreOf(session, core).writeRegister(register, value >>> 0),
  ),
  /** It writes memory or registers of blocks, as a core or `linux` sees them; false where that is not possible. */
  'debug.memory': kind(
    (view, address, bytes) => typeof view === 'string' && typeof address === 'number' && bytes instanceof Uint8Array,
    ({ session }, view: string, address: number, bytes: Uint8Array) => {
      const space = session.machine.spaces.get(view);
      if (!space) throw damaged(`memory as ${view} sees it`);
      return writeView(space, address, bytes);
    },
  ),
  /** It lets a core stand still while the rest goes on, or ends that. */
  'debug.pause': kind(
    (core, paused) => typeof core === 'string' && typeof paused === 'boolean',
    ({ session }, core: string, paused: boolean) => session.machine.freezeCore(coreOf(session, core), paused),
  ),
  stop: kind(
    (status, report) => Number.isInteger(status) && typeof report === 'boolean',
    ({ session }, status: number, report: boolean) => session.stop(status & 0xff, report),
  ),
};

function known({ machine }: RunHost['session'], device: string): string {
  if (machine.hasConsole(device)) return device;
  throw damaged(`text for ${device}`);
}

function coreOf({ machine }: RunHost['session'], name: string): Core {
  const core = machine.cores.find((each) => each.name === name);
  if (core) return core;
  throw damaged(`a write to ${name}`);
}

function damaged(what: string): SnapshotError {
  return new SnapshotError('E_SNAPSHOT_DAMAGED', `the recording has ${what}, which its machine has not`, 'make it again');
}

/** The door of a run. */
export function runInputs(host: RunHost): InputLog<RunHost> {
  const { machine } = host.session;
  return new InputLog(host, RUN_INPUTS, () => {
    const { scheduler, linuxTurns, core } = machine;
    return { cycle: scheduler.now, fired: linuxTurns, entries: core.entries, inSlice: scheduler.inSlice };
  });
}

/**
 * Whether the moment of `entry` has come. Exceptions of the core that come before it and are pending are entered, until it has entered `most` since
 * power-on.
 */
export function isDue(machine: Machine, { cycle, fired, entries = 0 }: InputEntry, most = Number.POSITIVE_INFINITY): boolean {
  const { now } = machine.scheduler;
  if (cycle > now || (cycle === now && fired > machine.linuxTurns)) return false;
  return cycle < now || entries <= machine.core.entries || (entries <= most && enterExceptions(machine, entries));
}

/**
 * Lets the core that runs the firmware enter exceptions, without an instruction that is completed, until it has entered so many since power-on; false when
 * it does not get there.
 */
export function enterExceptions(machine: Machine, entries: number): boolean {
  const { core, scheduler } = machine;
  if (core.entries >= entries) return true;
  const { instructions } = core;
  core.stopAt(instructions, entries);
  machine.run(scheduler.now + 1);
  core.stopAt(undefined);
  // What is left is entered by an instruction that fails.
  const end = core.onException(() => machine.requestStop());
  while (core.entries < entries && core.instructions === instructions) if (machine.run(scheduler.now + 1).kind !== 'requested') break;
  end();
  return core.entries === entries && core.instructions === instructions;
}

/** Looks at a script without anything coming nearer, after which a replay has lost its way. */
const MOST_TRIES = 1000;

/** The inputs of a recorded run, each to be done at its moment. */
export class RunScript {
  private readonly inputs: InputLog<RunHost>;
  private readonly host: RunHost;
  private entries: readonly InputEntry[];
  private readonly end: number;
  private next = 0;
  private lastCycle = -1;
  private tries = 0;

  /** How many of them were done; to be put back with the machine. */
  get position(): number {
    return this.next;
  }

  set position(done: number) {
    this.next = done;
    this.lastCycle = -1;
  }

  /** What is still to come does not come any more: somebody does something else instead. */
  cut(): void {
    this.entries = this.entries.slice(0, this.next);
  }

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
      if (!isDue(machine, entry)) return Math.min(entry.cycle, this.end);
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
