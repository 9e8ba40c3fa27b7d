/**
 * What host code can do in the modelled Linux: open files, read and write them whole, look at directories, start programs; as promises that
 * are kept in virtual time. `Linux` has these as its own methods.
 */
import { UsageError } from '../errors.ts';
import { ERRNO } from './errno.ts';
import { DirectoryNode, type FsNode, O, type OpenFile } from './fs/vfs.ts';
import type { KernelCode } from './kernel.ts';
import { check, LinuxFile, linuxError, readAll, writeAll } from './linux-file.ts';
import { Process, type Program } from './process.ts';
import type { CallOptions, UserSpace } from './user-space.ts';

/** How a file is opened: flags of open(2) (`O`), or a mode of fopen(3). */
export type OpenMode = number | 'r' | 'r+' | 'w' | 'w+' | 'a' | 'a+';

const MODES: Readonly<Record<string, number>> = {
  r: O.RDONLY,
  'r+': O.RDWR,
  w: O.WRONLY | O.CREAT | O.TRUNC,
  'w+': O.RDWR | O.CREAT | O.TRUNC,
  a: O.WRONLY | O.CREAT | O.APPEND,
  'a+': O.RDWR | O.CREAT | O.APPEND,
};

/** Virtual time between two looks for a file that is not there yet, in ns. */
const LOOK_NS = 1_000_000;

/** What `stat` tells. */
export interface FileStatus {
  readonly type: FsNode['type'];
  /** Permission bits. */
  readonly mode: number;
  readonly size: number;
  readonly links: number;
  readonly inode: number;
  /** In ns of virtual time. */
  readonly mtimeNs: number;
}

/** How a program is started. */
export interface SpawnOptions {
  /** Files that become the descriptors 0, 1, 2 ...; each gets one reference more. */
  readonly fds?: readonly (OpenFile | undefined)[];
  readonly cwd?: string;
  readonly env?: ReadonlyMap<string, string>;
}

/** A program that was started. */
export class LinuxProcess {
  readonly process: Process;
  private readonly userSpace: UserSpace;

  /** @internal Programs are started by `linux.spawn`. */
  constructor(userSpace: UserSpace, process: Process) {
    this.userSpace = userSpace;
    this.process = process;
  }

  get pid(): number {
    return this.process.pid;
  }

  /** Its exit status, 128 + signal when a signal ended it. Rejects with what its program threw. */
  wait(options?: CallOptions): Promise<number> {
    const { process } = this;
    return this.userSpace.call(
      `wait for ${process.name}`,
      (function* (): KernelCode<number> {
        while (process.status === undefined) if ((yield { queue: process.ended, interruptible: true }) === 'signal') return ERRNO.EINTR;
        if (process.failure !== undefined) throw process.failure;
        return process.status;
      })(),
      options,
    );
  }

  /** Sends a signal (`SIGNAL`). */
  kill(signal: number): void {
    this.process.kill(signal);
  }
}

/** The calls, made by one process that stands for the host. */
export class LinuxApi {
  private readonly userSpace: UserSpace;
  private self: Process | undefined;

  constructor(userSpace: UserSpace) {
    this.userSpace = userSpace;
  }

  /** `open(2)`: rejects with `LinuxError`, or with `UsageError` for a mode that does not exist. */
  async open(path: string, mode: OpenMode = 'r', options?: CallOptions): Promise<LinuxFile> {
    const { process } = this;
    const fd = await this.call(`open ${path}`, process.open(path, flagsOf(mode)), options);
    return new LinuxFile(this.userSpace, process, path, fd);
  }

  /** All bytes of a file. */
  readFile(path: string, options?: CallOptions): Promise<Uint8Array> {
    const { process } = this;
    return this.call<Uint8Array>(
      `read ${path}`,
      withFile(process, path, O.RDONLY, (fd) => readAll(process, fd)),
      options,
    );
  }

  /** All of a file, as UTF-8 text. */
  async readText(path: string, options?: CallOptions): Promise<string> {
    return new TextDecoder().decode(await this.readFile(path, options));
  }

  /** Writes to a file as a shell's `printf > path` does: made or emptied first, unless `mode` says otherwise. */
  async writeFile(path: string, data: Uint8Array | string, mode: OpenMode = 'w', options?: CallOptions): Promise<void> {
    const { process } = this;
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    await this.call(
      `write ${path}`,
      withFile(process, path, flagsOf(mode), (fd) => writeAll(process, fd, bytes)),
      options,
    );
  }

  /** True when there is a file of that name now. */
  async exists(path: string): Promise<boolean> {
    return typeof (await this.look(path)) !== 'number';
  }

  /** Waits until there is a file of that name. */
  async waitFor(path: string, options?: CallOptions): Promise<void> {
    const { process } = this;
    await this.userSpace.call(
      `wait for ${path}`,
      (function* (): KernelCode {
        while (typeof process.stat(path) === 'number') if ((yield* process.sleep(LOOK_NS)) < 0) return;
      })(),
      { process, ...options },
    );
  }

  /** Names in a directory, sorted. */
  async readdir(path: string): Promise<string[]> {
    const node = check(`opendir ${path}`, await this.look(path));
    if (!(node instanceof DirectoryNode)) throw linuxError(`opendir ${path}`, ERRNO.ENOTDIR);
    return [...node.names()].sort();
  }

  /** `stat(2)`, or `lstat(2)` without `follow`. */
  async stat(path: string, follow = true): Promise<FileStatus> {
    const node = check<FsNode>(`stat ${path}`, await this.look(path, follow));
    const { type, mode, size, links, mtimeNs } = node;
    return { type, mode, size, links, mtimeNs, inode: this.userSpace.kernel.vfs.inode(node) };
  }

  /** Starts a program in a process of its own. */
  spawn(program: Program, argv: readonly string[], { fds = [], cwd, env }: SpawnOptions = {}): LinuxProcess {
    const process = new Process(this.userSpace.kernel, { name: argv[0] ?? 'a.out', ...(cwd ? { cwd } : {}), ...(env ? { env } : {}) });
    for (const [fd, file] of fds.entries()) {
      if (!file) continue;
      file.references++;
      process.install(file, fd);
    }
    process.start(program, argv);
    return new LinuxProcess(this.userSpace, process);
  }

  /** The process in whose name host code makes its calls. */
  get process(): Process {
    this.self ??= new Process(this.userSpace.kernel, { name: 'host', cwd: '/root' });
    return this.self;
  }

  private look(path: string, follow = true): Promise<FsNode | number> {
    const { process } = this;
    return this.userSpace.call(
      `stat ${path}`,
      (function* (): KernelCode<FsNode | number> {
        return process.stat(path, follow);
      })(),
      { process },
    );
  }

  private async call<T = number>(what: string, code: KernelCode<T | number>, options?: CallOptions): Promise<T> {
    return check(what, await this.userSpace.call<T | number>(what, code, { process: this.process, ...options }));
  }
}

function flagsOf(mode: OpenMode): number {
  const flags = typeof mode === 'number' ? mode : MODES[mode];
  if (flags === undefined)
    throw new UsageError(`no mode ${mode} to open a file`, `give flags (O), or one of ${Object.keys(MODES).join(', ')}`, 'mode');
  return flags;
}

/** What `use` gives of the open file, which is closed behind it; or the negative errno of the open. */
function* withFile<T>(process: Process, path: string, flags: number, use: (fd: number) => KernelCode<T | number>): KernelCode<T | number> {
  const fd = yield* process.open(path, flags);
  if (fd < 0) return fd;
  const result = yield* use(fd);
  const err = yield* process.close(fd);
  return err < 0 ? err : result;
}
