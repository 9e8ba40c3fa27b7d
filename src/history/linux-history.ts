/**
 * What reached the modelled Linux (and U-Boot) from outside, in order: its timers, interrupts, what it read from the hardware, what users did.
 *
 * Linux consists of suspended functions, which cannot be written to a file. But it is a function of this history: a new one that is given the same
 * again comes to the same state, while its own writes go nowhere, as the hardware has them already. Byte logs: `entries` is what
 * made Linux run, `data` what it got while it ran, in the order in which it asked, `refused` which of its writes to RAM failed.
 */
import { invariant, SnapshotError } from '../errors.ts';
import { ByteLog, ByteLogReader } from './byte-log.ts';
import type { InputValue } from './inputs.ts';

/** Kinds of entries; numbers, as they are in files. */
const ENTRY = { fire: 1, interrupt: 2, crash: 3, send: 4, call: 5, turn: 6, begin: 7, hold: 8 } as const;

const KINDS = 16;

/** A history, as data. */
export interface RecordedHistory {
  readonly entries: readonly Uint8Array[];
  readonly data: readonly Uint8Array[];
  /** Numbers of the writes to RAM that were refused, counted from 1; absent while none was. */
  readonly refused?: readonly Uint8Array[];
  /** Calls of users: kind and arguments. */
  readonly calls: readonly (readonly InputValue[])[];
  /** Host code ran as part of Linux (a shell): giving it its history again takes turns of the host's event loop. */
  readonly asynchronous: boolean;
}

/** What a history is given to again. */
export interface HistoryTarget {
  /** The clock is set to this cycle; nothing else runs. */
  moveTo(cycle: number): void;
  /** The next timer of Linux fires. */
  fire(): void;
  reportCrash(core: number, type: number): void;
  send(device: string, bytes: Uint8Array): void;
  hold(held: boolean): void;
  call(kind: string, args: readonly InputValue[]): void;
  /** A call ended, and whoever awaits it has not got on. */
  unsettled(): boolean;
  /** Host code that stands for programs of Linux gets on, until it waits. */
  quiet(): Promise<void>;
  /** The calls that it made begin; `count` of them. */
  begin(count: number): Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The history of one Linux: written while it runs, or read while it is brought to where another one was. */
export class LinuxHistory {
  /** Linux is being given a history again: what it writes goes nowhere. */
  replaying = false;
  /** Drives an interrupt of Linux, when a history says so. */
  setInterrupt: (line: number, level: boolean) => void = () => {};
  private readonly now: () => number;
  private entries = new ByteLog();
  private data = new ByteLog();
  private reader: ByteLogReader | undefined;
  /** Writes to RAM so far, those that were refused, and, in a history, the next of these. */
  private stores = 0;
  private refused: ByteLog | undefined;
  private refusals: ByteLogReader | undefined;
  private nextRefusal = 0;
  private calls: (readonly InputValue[])[] = [];
  private asynchronous = false;
  private last = 0;
  /** Linux is in the middle of an access to the hardware, or of a call to who controls the cores. */
  private accessing = false;
  /** Interrupts that were driven meanwhile. */
  private readonly driven: number[] = [];

  constructor(now: () => number) {
    this.now = now;
  }

  /** The history so far. */
  get recorded(): RecordedHistory {
    const { entries, data, refused, calls, asynchronous } = this;
    return {
      entries: entries.share(),
      data: data.share(),
      ...(refused ? { refused: refused.share() } : {}),
      calls: [...calls],
      asynchronous,
    };
  }

  private entry(kind: number): ByteLog | undefined {
    if (this.replaying) return undefined;
    const now = this.now();
    // Cores that run one after the other over the same stretch of time take it back now and then.
    const delta = now - this.last;
    this.entries.number((delta < 0 ? -2 * delta - 1 : 2 * delta) * KINDS + kind);
    this.last = now;
    return this.entries;
  }

  /** A timer of Linux fires. */
  fire(): void {
    this.entry(ENTRY.fire);
  }

  /** The SoC drives an interrupt of Linux; also while Linux accesses a device, which then is a part of what the access gives. */
  interrupt(line: number, level: boolean): void {
    const value = 2 * line + Number(level);
    if (this.accessing) this.driven.push(value);
    else this.entry(ENTRY.interrupt)?.number(value);
  }

  /** Linux is told that a core crashed: number of the core, and of the type in `RPROC_CRASH_TYPES`. */
  crash(core: number, type: number): void {
    const entry = this.entry(ENTRY.crash);
    entry?.number(core);
    entry?.number(type);
  }

  /** Somebody types. */
  send(device: string, bytes: Uint8Array): void {
    const entry = this.entry(ENTRY.send);
    if (!entry) return;
    const name = encoder.encode(device);
    entry.number(name.length);
    entry.bytes(name);
    entry.number(bytes.length);
    entry.bytes(bytes);
  }

  /** A user does something that has a name. */
  call(kind: string, args: readonly InputValue[]): void {
    if (!this.entry(ENTRY.call)) return;
    this.calls.push([kind, ...args]);
  }

  /** Linux stands still from now on, or goes on. */
  hold(held: boolean): void {
    this.entry(ENTRY.hold)?.number(Number(held));
  }

  /** Host code that stands for programs gets a turn. */
  turn(): void {
    if (this.entry(ENTRY.turn)) this.asynchronous = true;
  }

  /** `count` calls of such code begin. */
  begin(count: number): void {
    this.entry(ENTRY.begin)?.number(count);
    if (!this.replaying) this.asynchronous = true;
  }

  /** What Linux gets: a value from the hardware, or the one that it got then. -1 (a bus fault) and up. */
  value(read: () => number): number {
    if (this.reader) return this.valueAgain(this.reader);
    if (this.accessing) return read();
    this.accessing = true;
    let value: number;
    try {
      value = read();
    } finally {
      this.accessing = false;
    }
    const { data, driven } = this;
    if (driven.length === 0) {
      data.number((value + 1) * 2);
      return value;
    }
    data.number((value + 1) * 2 + 1);
    data.number(driven.length);
    for (const each of driven) data.number(each);
    driven.length = 0;
    return value;
  }

  private valueAgain(reader: ByteLogReader): number {
    const code = reader.number();
    if (code % 2 === 1) {
      for (let left = reader.number(); left > 0; left--) {
        const value = reader.number();
        this.setInterrupt(Math.floor(value / 2), value % 2 === 1);
      }
    }
    return Math.floor(code / 2) - 1;
  }

  /** The same for bytes, of which undefined is a bus fault. */
  bytes(length: number, read: () => Uint8Array | undefined): Uint8Array | undefined {
    if (this.reader) return this.reader.number() === 0 ? undefined : this.reader.bytes(length);
    if (this.accessing) return read();
    const bytes = read();
    this.data.number(bytes ? 1 : 0);
    if (bytes) this.data.bytes(bytes);
    return bytes;
  }

  /** Linux has written to RAM, which was `done` or refused. It nearly always is done, so only what is not is noted. */
  stored(done: boolean): boolean {
    this.stores++;
    if (!done) {
      this.refused ??= new ByteLog();
      this.refused.number(this.stores);
    }
    return done;
  }

  /** Whether RAM took that write when it was made. */
  storedAgain(): boolean {
    if (++this.stores !== this.nextRefusal) return true;
    this.takeRefusal();
    return false;
  }

  private takeRefusal(): void {
    const { refusals } = this;
    this.nextRefusal = !refusals || refusals.ended ? 0 : refusals.number();
  }

  /** From now on Linux gets what it got in `recorded`; `replay` follows. */
  open(recorded: RecordedHistory): void {
    this.reader = new ByteLogReader(recorded.data, 'what Linux read');
    this.refusals = new ByteLogReader(recorded.refused ?? [], 'what Linux could not write');
    this.takeRefusal();
    this.replaying = true;
  }

  /** Gives `target` a recorded history again without leaving the turn. @throws {SnapshotError} when it does not lead where it led */
  replay(recorded: RecordedHistory, target: HistoryTarget): void {
    invariant(!recorded.asynchronous, 'a history with turns of host code');
    const steps = this.steps(recorded, target);
    while (!steps.next().done);
  }

  /** Gives `target` a recorded history again. */
  async replayInTurns(recorded: RecordedHistory, target: HistoryTarget): Promise<void> {
    for (const turn of this.steps(recorded, target)) await turn();
  }

  /** The entries, one after the other; what is yielded is to be awaited. */
  private *steps(recorded: RecordedHistory, target: HistoryTarget): Generator<() => Promise<void>, void> {
    const entries = new ByteLogReader(recorded.entries, 'the history of Linux');
    invariant(this.reader, 'a history that was opened');
    let cycle = 0;
    let call = 0;
    try {
      while (!entries.ended) {
        const code = entries.number();
        const kind = code % KINDS;
        const delta = (code - kind) / KINDS;
        cycle += delta % 2 === 0 ? delta / 2 : -(delta + 1) / 2;
        target.moveTo(cycle);
        if (kind === ENTRY.fire) target.fire();
        else if (kind === ENTRY.turn) yield () => target.quiet();
        else if (kind === ENTRY.begin) {
          const count = entries.number();
          yield () => target.begin(count);
        } else if (kind === ENTRY.call) {
          // Who makes it may have awaited another one.
          if (target.unsettled()) yield () => target.quiet();
          const [name, ...args] = recorded.calls[call++] ?? [];
          if (typeof name !== 'string') throw diverged('a call is missing');
          target.call(name, args);
        } else this.step(kind, entries, target);
      }
      if (!this.reader.ended) throw diverged('Linux read less than it had');
      if (this.nextRefusal !== 0) throw diverged('Linux wrote less than it had');
    } finally {
      this.refusals = undefined;
      this.reader = undefined;
      this.replaying = false;
    }
    this.entries = new ByteLog(recorded.entries);
    this.data = new ByteLog(recorded.data);
    this.refused = recorded.refused && new ByteLog(recorded.refused);
    this.calls = [...recorded.calls];
    this.asynchronous = recorded.asynchronous;
    this.last = cycle;
  }

  private step(kind: number, entries: ByteLogReader, target: HistoryTarget): void {
    switch (kind) {
      case ENTRY.interrupt: {
        const value = entries.number();
        this.setInterrupt(Math.floor(value / 2), value % 2 === 1);
        return;
      }
      case ENTRY.crash:
        target.reportCrash(entries.number(), entries.number());
        return;
      case ENTRY.send: {
        const device = decoder.decode(entries.bytes(entries.number()));
        target.send(device, entries.bytes(entries.number()));
        return;
      }
      case ENTRY.hold:
        target.hold(entries.number() === 1);
        return;
      default:
        throw diverged(`there is an entry of kind ${kind}`);
    }
  }
}

/** The error of a history that does not lead to the state that it led to. */
export function diverged(what: string): SnapshotError {
  return new SnapshotError(
    'E_SNAPSHOT_DIVERGED',
    `given its history again, Linux does not get where it was: ${what}`,
    'the snapshot is damaged or of another version of imx-sim; make it again',
    'the history of Linux',
  );
}
