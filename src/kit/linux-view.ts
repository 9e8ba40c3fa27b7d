/**
 * Linux as a test uses it: `Linux` and its API (docs/linux-api.md), where every call runs the machine until it is done, and is an input that
 * recordings and snapshots know of.
 */
import { LinuxTimeout, UsageError } from '../errors.ts';
import type { InputValue } from '../history/inputs.ts';
import type { Dmesg } from '../linux/dmesg.ts';
import type { Command, Linux } from '../linux/linux.ts';
import type { FileStatus, OpenMode } from '../linux/linux-api.ts';
import { linuxError } from '../linux/linux-file.ts';
import type { SleepState } from '../linux/suspend.ts';
import type { ShellResult } from '../shell/api.ts';
import { type Duration, nanoseconds } from '../time/duration.ts';
import { loadShell } from './shell-loader.ts';

/** How long a call may take. */
export interface CallLimit {
  /** Virtual time after which it is interrupted; 10 s unless given. */
  readonly within?: Duration;
}

/** What a command line may take. */
export interface ExecLimit extends CallLimit {
  /** Bytes of output; 64 MiB unless given. */
  readonly maxBytes?: number;
}

/** What the views of Linux need of their simulation. */
export interface LinuxHost {
  readonly linux: Linux | undefined;
  /** Resolves when the machine is there: a fork may have to live through its past first. */
  ready(): Promise<void>;
  /** What `ttyReader` was given. */
  readonly ttyReader: string;
  /** Performs an input and runs the machine until the promise that it gives is kept. */
  call<T>(awaited: string, kind: string, ...args: readonly InputValue[]): Promise<T>;
  /** Performs an input. */
  input(kind: string, ...args: readonly InputValue[]): unknown;
  /** Runs the machine until `condition` gives something. */
  condition<T>(name: string, condition: () => T | undefined, within: Duration | undefined): Promise<T>;
  /** Time stands still meanwhile. */
  hold<T>(work: () => Promise<T>): Promise<T>;
  newHandle(): number;
}

function limit({ within }: CallLimit = {}): { timeoutNs?: number } | undefined {
  return within === undefined ? undefined : { timeoutNs: nanoseconds(within, 'within') };
}

function execLimit(options: ExecLimit = {}): { timeoutNs?: number; maxBytes?: number } {
  return { ...limit(options), ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }) };
}

/** An open file. Each method is the system call of its name, and runs the machine until that is done. */
export class FileView {
  readonly path: string;
  /** By which forks know it: `fork.linux.file(file.handle)`. */
  readonly handle: number;
  readonly #host: LinuxHost;

  /** @internal Files come from `LinuxView.open`. */
  constructor(host: LinuxHost, handle: number, path: string) {
    this.#host = host;
    this.handle = handle;
    this.path = path;
  }

  /** At most `count` bytes, as soon as there are any; none at the end of the file. */
  async read(count?: number, options?: CallLimit): Promise<Uint8Array> {
    try {
      return await this.call<Uint8Array>('read', count, limit(options));
    } catch (error) {
      throw this.explained(error);
    }
  }

  /** As `read`, as UTF-8 text. */
  async readText(count?: number, options?: CallLimit): Promise<string> {
    return new TextDecoder().decode(await this.read(count, options));
  }

  /** Bytes taken of `data`; text is UTF-8. */
  write(data: Uint8Array | string, options?: CallLimit): Promise<number> {
    return this.call('write', data, limit(options));
  }

  /** All of `data`, in as many writes as it takes. */
  writeAll(data: Uint8Array | string, options?: CallLimit): Promise<void> {
    return this.call('writeAll', data, limit(options));
  }

  /** The events of `events` (`POLL`) that hold, and errors; 0 when `wait` is over. */
  poll(events: number, wait?: Duration): Promise<number> {
    return this.call('poll', events, wait === undefined ? undefined : nanoseconds(wait, 'wait'));
  }

  /** `argument` is the caller's struct, read and filled in place, or a number. */
  ioctl(command: number, argument?: Uint8Array | number, options?: CallLimit): Promise<number> {
    return this.call('ioctl', command, argument, limit(options));
  }

  seek(position: number): Promise<number> {
    return this.call('seek', position);
  }

  /** All that there is up to the end of the file. */
  bytes(options?: CallLimit): Promise<Uint8Array> {
    return this.call('bytes', limit(options));
  }

  /** As `bytes`, as UTF-8 text. */
  async text(options?: CallLimit): Promise<string> {
    return new TextDecoder().decode(await this.bytes(options));
  }

  close(options?: CallLimit): Promise<void> {
    return this.call('close', limit(options));
  }

  private call<T>(name: string, ...args: readonly InputValue[]): Promise<T> {
    return this.#host.call(`${name} ${this.path}`, `file.${name}`, this.handle, ...args);
  }

  /** With the remedy, where a reader of imx-sim's own takes what a test wants to read. */
  private explained(error: unknown): unknown {
    const { ttyReader } = this.#host;
    if (!(error instanceof LinuxTimeout) || ttyReader === 'none' || !/^\/dev\/tty/.test(this.path)) return error;
    return Object.assign(error, {
      message: `${error.message}; a program of imx-sim reads this tty, too: give createMachine ttyReader: 'none'`,
    });
  }
}

/** A bash that keeps its variables, directory and jobs from one command line to the next. */
export class ShellView {
  readonly handle: number;
  readonly #host: LinuxHost;

  /** @internal Shells come from `LinuxView.shell`. */
  constructor(host: LinuxHost, handle: number) {
    this.#host = host;
    this.handle = handle;
  }

  /** Executes command lines. */
  exec(text: string, options?: ExecLimit): Promise<ShellResult> {
    return this.#host.call(`exec ${text}`, 'shell.exec', this.handle, text, execLimit(options));
  }

  /** Ends it; its status. */
  close(): Promise<number> {
    return this.#host.call('the end of the shell', 'shell.close', this.handle);
  }
}

/** The modelled Linux of a simulation. */
export class LinuxView {
  readonly #host: LinuxHost;

  /** @internal It comes from `Simulation.linux`. */
  constructor(host: LinuxHost) {
    this.#host = host;
  }

  /** The kernel log; as text, what dmesg prints. */
  get dmesg(): Dmesg {
    return this.linux.dmesg;
  }

  /** What Linux waits for, in plain words. */
  get waitingFor(): readonly string[] {
    return this.linux.waitingFor();
  }

  /** State of a remoteproc (`running`, `offline` ...); undefined before its driver has found it. */
  state(index = 0): string | undefined {
    return this.linux.remoteprocs[index]?.rproc.state;
  }

  /** Executes command lines of bash in a shell of their own. */
  async exec(text: string, options?: ExecLimit): Promise<ShellResult> {
    await this.prepareShell();
    return this.#host.call(`exec ${text}`, 'linux.exec', text, execLimit(options));
  }

  /** Starts a shell that keeps its state. */
  async shell(): Promise<ShellView> {
    await this.prepareShell();
    const handle = this.#host.newHandle();
    await this.#host.call('a shell', 'linux.shell', handle);
    return new ShellView(this.#host, handle);
  }

  async open(path: string, mode: OpenMode = 'r', options?: CallLimit): Promise<FileView> {
    const handle = this.#host.newHandle();
    await this.call(`open ${path}`, 'open', handle, path, mode, limit(options));
    return new FileView(this.#host, handle, path);
  }

  /** In a fork: the file that was opened before it, by its handle or as it was there. */
  file(file: number | FileView, path = typeof file === 'number' ? `file ${file}` : file.path): FileView {
    return new FileView(this.#host, typeof file === 'number' ? file : file.handle, path);
  }

  readFile(path: string, options?: CallLimit): Promise<Uint8Array> {
    return this.call(`read ${path}`, 'readFile', path, limit(options));
  }

  async readText(path: string, options?: CallLimit): Promise<string> {
    return new TextDecoder().decode(await this.readFile(path, options));
  }

  /** Writes to a file as a shell's `printf > path` does. */
  writeFile(
    path: string,
    data: Uint8Array | string,
    { mode = 'w', ...options }: CallLimit & { readonly mode?: OpenMode } = {},
  ): Promise<void> {
    return this.call(`write ${path}`, 'writeFile', path, data, mode, limit(options));
  }

  exists(path: string): Promise<boolean> {
    return this.call(`stat ${path}`, 'exists', path);
  }

  /** Waits until there is a file of that name. */
  waitFor(path: string, options?: CallLimit): Promise<void> {
    return this.call(`wait for ${path}`, 'waitFor', path, limit(options));
  }

  readdir(path: string): Promise<string[]> {
    return this.call(`readdir ${path}`, 'readdir', path);
  }

  stat(path: string, follow = true): Promise<FileStatus> {
    return this.call(`stat ${path}`, 'stat', path, follow);
  }

  /** Puts a file into /lib/firmware. */
  addFirmware(name: string, bytes: Uint8Array): void {
    this.input('addFirmware', name, bytes);
  }

  /** `echo start > /sys/class/remoteproc/remoteprocN/state`, after `echo firmware > .../firmware` when one is named. */
  start({
    remoteproc = 0,
    firmware,
    within,
  }: CallLimit & { readonly remoteproc?: number; readonly firmware?: string } = {}): Promise<void> {
    return this.command('start', within, remoteproc, firmware);
  }

  /** `echo stop > /sys/class/remoteproc/remoteprocN/state`. */
  stop({ remoteproc = 0, within }: CallLimit & { readonly remoteproc?: number } = {}): Promise<void> {
    return this.command('stop', within, remoteproc);
  }

  /** `echo mem > /sys/power/state`: until Linux sleeps. */
  async suspend(state: SleepState = 'mem', { within }: CallLimit = {}): Promise<void> {
    await this.#host.ready();
    const { linux } = this;
    const command = this.input('suspend', state) as Command;
    await this.#host.condition(`suspend to ${state}`, () => linux.kernel.pm.sleeping || command.result !== undefined, within);
    if (command.result !== undefined && command.result < 0) throw linuxError(command.text, command.result);
  }

  /** Somebody presses the power key: until Linux is awake. */
  async resume({ within }: CallLimit = {}): Promise<void> {
    await this.#host.ready();
    const { linux } = this;
    this.input('resume');
    const awake = (): boolean => {
      const last = linux.kernel.log.findLast(({ text }) => /^PM: suspend (entry|exit)/.test(text));
      return !linux.kernel.pm.sleeping && !last?.text.includes('entry');
    };
    await this.#host.condition('resume of Linux', awake, within);
  }

  private async command(name: 'start' | 'stop', within: Duration | undefined, ...args: readonly InputValue[]): Promise<void> {
    await this.#host.ready();
    const command = this.input(name, ...args) as Command;
    const result = await this.#host.condition(
      command.text,
      () => (command.result === undefined ? undefined : { err: command.result }),
      within,
    );
    if (result.err < 0) throw linuxError(command.text, result.err);
  }

  private async prepareShell(): Promise<void> {
    await this.#host.ready();
    void this.linux;
    await this.#host.hold(loadShell);
  }

  private async call<T>(awaited: string, name: string, ...args: readonly InputValue[]): Promise<T> {
    await this.#host.ready();
    void this.linux;
    return this.#host.call(awaited, `linux.${name}`, ...args);
  }

  private input(name: string, ...args: readonly InputValue[]): unknown {
    void this.linux;
    return this.#host.input(`linux.${name}`, ...args);
  }

  /** @throws {UsageError} when the machine has none */
  private get linux(): Linux {
    const { linux } = this.#host;
    if (!linux) throw new UsageError('this machine has no Linux', 'leave out linux: false, and choose a SoC that has one', 'linux');
    return linux;
  }
}
