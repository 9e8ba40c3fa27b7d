/**
 * What all shells of one machine share: the kernel, the programs in /usr/bin, the syntax trees that shells hand to each other, and just-bash.
 */
import type { Kernel, KernelCode } from '../linux/kernel.ts';
import { WaitQueue } from '../linux/kernel.ts';
import type { Process, Program } from '../linux/process.ts';
import type { Flow, UserSpace } from '../linux/user-space.ts';
import type { JustBash, ParseResult } from './just-bash.ts';
import type { Parser } from './parse.ts';
import type { Shell } from './shell.ts';
import type { Kept } from './transform.ts';

/** Calls of a shell wait as long as the program runs. */
export const FOR_EVER = { timeoutNs: Number.POSITIVE_INFINITY } as const;

/** What `UserLand` is made of. */
export interface UserLandOptions {
  readonly kernel: Kernel;
  readonly userSpace: UserSpace;
  /** Lets the machine pause, so that host code which begins now is heard at once. */
  readonly requestStop: () => void;
  readonly justBash: JustBash;
  readonly parser: Parser;
  readonly hostName: string;
  /** Messages of a lower level than `loglevel` appear on the console. */
  readonly console: { readonly loglevel: number };
  /** Programs of ours by name. */
  readonly programs: ReadonlyMap<string, Program>;
  /** just-bash's commands that run as programs: they read all of their input, then write. */
  readonly filters: ReadonlySet<string>;
}

/** A shell that a program starts. */
export interface NewShell {
  readonly process: Process;
  readonly flow: Flow;
  /** `$0`, and before the text of errors. */
  readonly name: string;
  /** `$1` and so on. */
  readonly positional: readonly string[];
}

/** The user space of one machine. */
export class UserLand {
  readonly kernel: Kernel;
  readonly userSpace: UserSpace;
  readonly justBash: JustBash;
  readonly hostName: string;
  readonly console: { readonly loglevel: number };
  readonly programs: ReadonlyMap<string, Program>;
  readonly filters: ReadonlySet<string>;
  /** Makes a shell on a process; set by whoever knows shells. */
  newShell: (options: NewShell) => Shell = () => {
    throw new Error('no shell');
  };
  /** The machine is gone: shells that still run get no further. */
  closed = false;
  private readonly parser: Parser;
  private readonly requestStop: () => void;
  private readonly kept = new Map<string, Kept>();
  private keptCount = 0;
  private seed = 1;

  constructor(options: UserLandOptions) {
    this.kernel = options.kernel;
    this.userSpace = options.userSpace;
    this.justBash = options.justBash;
    this.parser = options.parser;
    this.hostName = options.hostName;
    this.console = options.console;
    this.programs = options.programs;
    this.filters = options.filters;
    this.requestStop = options.requestStop;
  }

  isProgram(name: string): boolean {
    return this.programs.has(name) || this.filters.has(name);
  }

  parse(text: string): ParseResult {
    return this.parser.parse(text);
  }

  /** Trees that are kept now. */
  get keptTrees(): number {
    return this.kept.size;
  }

  /** Keeps a tree until it is dropped by its name. */
  keep(tree: Kept): string {
    const id = String(++this.keptCount);
    this.kept.set(id, tree);
    return id;
  }

  drop(id: string): void {
    this.kept.delete(id);
  }

  fetch(id: string): Kept {
    const tree = this.kept.get(id);
    if (!tree) throw new Error(`no tree ${id}`);
    return tree;
  }

  /** `$RANDOM`: 0 to 32767, the same numbers in every run (the generator of POSIX's example). */
  random(): number {
    this.seed = (Math.imul(this.seed, 1_103_515_245) + 12_345) >>> 0;
    return (this.seed >>> 16) & 0x7fff;
  }

  /** A flow of host code that begins now, in the middle of a run of the machine. */
  enter(name: string): Flow {
    this.requestStop();
    return this.userSpace.enter(name);
  }
}

/** Host code that runs as a program: `work` in a flow of its own; `interrupt` is called when a signal comes. */
export function hostProgram(
  land: UserLand,
  process: Process,
  work: (flow: Flow) => Promise<number>,
  interrupt: (signal: number) => void = () => {},
): KernelCode<number> {
  return (function* () {
    const done = new WaitQueue(`the end of ${process.name}`);
    let status: number | undefined;
    let failure: unknown;
    const flow = land.enter(process.name);
    work(flow)
      .then(
        (value) => {
          status = value;
        },
        (error: unknown) => {
          failure = error;
          status = 1;
        },
      )
      .finally(() => {
        done.wakeAll();
        flow.leave();
      });
    let told = false;
    while (status === undefined) {
      const woken = yield { queue: done, interruptible: !told };
      if (woken !== 'signal' || told) continue;
      told = true;
      interrupt(process.killedBy ?? 0);
    }
    if (failure !== undefined && !land.closed) throw failure;
    return status;
  })();
}
