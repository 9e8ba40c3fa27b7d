/**
 * The one door through which a machine is changed from outside, once it runs: what was done, with which arguments, at which moment.
 *
 * A run is a function of image, SoC, options, seed and of this list: who keeps it can give a run the same input again (record and replay), and a
 * snapshot needs the part of it that reached Linux. What is done is named by a kind from a table, never a closure, so that it can be written down.
 */
import { UsageError } from '../errors.ts';

/** What an argument may be: whatever can be written to a file. */
export type InputValue =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly InputValue[]
  | { readonly [key: string]: InputValue };

/** One kind of input. `side` says whom it reaches: Linux (or U-Boot) does it again when a snapshot is restored, of hardware the state is kept. */
export interface InputKind<Host> {
  readonly side: 'linux' | 'hardware';
  /** Does it to the machine; what it gives back goes to whoever performs it. */
  apply(host: Host, ...args: readonly InputValue[]): unknown;
}

/** Something that was done. */
export interface InputEntry {
  /** Cycle of the base clock. */
  readonly cycle: number;
  /** Timers of Linux that had fired by then, which tells moments of one cycle apart. */
  readonly fired: number;
  /** Exceptions that the core had entered by then, which tells moments between two of its instructions apart. */
  readonly entries?: number;
  readonly kind: string;
  readonly args: readonly InputValue[];
  /** Code of the test did it in the middle of a slice, for the first time: no replay can do that without the code. */
  readonly byCode?: true;
}

/** The present moment, and who hears of inputs for Linux. */
export interface InputClock {
  readonly cycle: number;
  readonly fired: number;
  /** Absent where inputs come at the ends of slices only. */
  readonly entries?: number;
  /** A core is in the middle of a slice. */
  readonly inSlice: boolean;
}

/** The door of one machine; `Host` is what the kinds act on. */
export class InputLog<Host> {
  private readonly host: Host;
  private readonly kinds: Readonly<Record<string, InputKind<Host>>>;
  private readonly clock: () => InputClock;
  /** Hears of every input that reaches Linux, before Linux does. */
  onLinux: ((kind: string, args: readonly InputValue[]) => void) | undefined;
  /**
   * Asked before something is done, and whether it may be; `forgets` says that the machine was put back into its past, and what followed there is going
   * to be forgotten.
   */
  onPerform: ((kind: string, args: readonly InputValue[], forgets: boolean) => boolean) | undefined;
  private list: InputEntry[] = [];
  /** How many of them lie behind the machine. */
  private behind = 0;
  /** Kinds that code of the test has done in the middle of a slice. */
  private readonly byCode = new Set<string>();

  constructor(host: Host, kinds: Readonly<Record<string, InputKind<Host>>>, clock: () => InputClock) {
    this.host = host;
    this.kinds = kinds;
    this.clock = clock;
  }

  /** All that was done so far, oldest first. */
  get entries(): readonly InputEntry[] {
    return this.list;
  }

  /** How many of them the machine has behind it; fewer than there are once it was put back into its past. */
  get done(): number {
    return this.behind;
  }

  /** The next one of a machine that was put back into its past. */
  get next(): InputEntry | undefined {
    return this.list[this.behind];
  }

  /** The machine was put where it had `done` of them behind it: the others follow again (`repeat`), unless something else is done before. */
  rewind(done: number): void {
    this.behind = done;
  }

  /** Does `next` again. */
  repeat(): void {
    const { next } = this;
    if (!next) return;
    this.behind++;
    if (this.kind(next.kind).side === 'linux') this.onLinux?.(next.kind, next.args);
    this.apply(next.kind, next.args);
  }

  /** Forgets those that follow. */
  forget(): void {
    this.list.length = this.behind;
  }

  /** Continues the list of another run, from which this one was forked. */
  continue(entries: readonly InputEntry[]): void {
    this.list = [...entries];
    this.behind = this.list.length;
    this.byCode.clear();
    for (const { kind, byCode } of entries) if (byCode) this.byCode.add(kind);
  }

  /** Does something to the machine and notes it. Arguments are copied. @throws {UsageError} for Linux in the middle of a core's slice */
  perform(kind: string, ...args: readonly InputValue[]): unknown {
    const { side } = this.kind(kind);
    if (this.onPerform?.(kind, args, this.behind < this.list.length) === false) return undefined;
    this.forget();
    const { inSlice, ...moment } = this.clock();
    // From a stub, a hook or a watcher it is part of the run itself, and happens again where that is.
    if (inSlice && side === 'hardware') {
      if (!this.byCode.has(kind)) this.note({ ...moment, kind, args: [], byCode: true });
      this.byCode.add(kind);
      return this.apply(kind, args);
    }
    if (inSlice) {
      throw new UsageError(
        `${kind} while a core executes (in a stub, a hook or an event listener)`,
        'note there what is to be done, and do it when until(), advance() or call() has returned',
      );
    }
    const kept = args.map(copyOf);
    this.note({ ...moment, kind, args: kept });
    if (side === 'linux') this.onLinux?.(kind, kept);
    return this.apply(kind, args);
  }

  private note(entry: InputEntry): void {
    this.list.push(entry);
    this.behind = this.list.length;
  }

  /** Does it without noting it: for a replay. */
  apply(kind: string, args: readonly InputValue[]): unknown {
    return this.kind(kind).apply(this.host, ...args);
  }

  private kind(name: string): InputKind<Host> {
    const kind = Object.hasOwn(this.kinds, name) ? this.kinds[name] : undefined;
    if (!kind) throw new UsageError(`no input of kind ${name}`, 'the recording is of another version of imx-sim; record it again');
    return kind;
  }
}

/** A copy that nobody else can change. @throws {UsageError} for what cannot be written to a file */
export function copyOf(value: InputValue): InputValue {
  if (value === undefined || value === null) return value;
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value === 'object') {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null)
      throw new UsageError(`an input cannot hold a ${value.constructor.name}`, 'give numbers, strings, bytes, arrays or plain objects');
    return Object.fromEntries(Object.entries(value as Readonly<Record<string, InputValue>>).map(([key, each]) => [key, copyOf(each)]));
  }
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new UsageError('an input cannot hold a function', 'give numbers, strings, bytes, arrays or plain objects');
  return value;
}
