/**
 * A user-space process as the kernel sees it: descriptors, working directory, signals, and the system calls on files (fs/open.c,
 * fs/read_write.c, fs/select.c, fs/pipe.c).
 *
 * Programs of the modelled Linux (`Program`) are kernel code over these calls, so they run on the machine's clock. Results below zero are
 * negative errnos. Not modelled: memory, users, process groups beyond what the shell's jobs need.
 */
import { ERRNO } from './errno.ts';
import * as mounts from './fs/mount.ts';
import * as namei from './fs/namei.ts';
import { openFile, release } from './fs/open.ts';
import { makePipe } from './fs/pipe.ts';
import { DirectoryNode, type FsNode, type IoctlArgument, type MemoryMapping, O, type OpenFile, POLL, type PollState } from './fs/vfs.ts';
import { type Kernel, type KernelCode, type Task, WaitQueue } from './kernel.ts';
import { LATENCY } from './latencies.ts';

export { openFile, release } from './fs/open.ts';
export { makePipe } from './fs/pipe.ts';

/** A program: `main` with its arguments, the name first; the exit status. */
export type Program = (process: Process, argv: readonly string[]) => KernelCode<number>;

/** Signals that programs here can get. */
export const SIGNAL = { HUP: 1, INT: 2, QUIT: 3, KILL: 9, PIPE: 13, TERM: 15 } as const;

/** Most descriptors of a process (`RLIMIT_NOFILE`). */
const NR_OPEN = 1024;

const ALWAYS: PollState = { mask: POLL.IN | POLL.OUT, queues: [] };

/** One process. */
export class Process {
  readonly kernel: Kernel;
  readonly pid: number;
  readonly name: string;
  /** Absolute. */
  cwd: string;
  readonly env: Map<string, string>;
  umask = 0o022;
  /** Its controlling terminal, which /dev/tty opens. */
  terminal: OpenFile | undefined;
  /** Of the program that it runs. */
  argv: readonly string[] = [];
  /** Signal that ended it or is about to. */
  killedBy: number | undefined;
  /** 0..255 once it has ended; 128 + signal when one ended it. */
  status: number | undefined;
  /** Woken when it ends. */
  readonly ended: WaitQueue;
  private readonly files: (OpenFile | undefined)[] = [];
  private task: Task | undefined;

  /** Takes the next free number unless one is given. */
  constructor(kernel: Kernel, options: { pid?: number; name: string; cwd?: string; env?: ReadonlyMap<string, string> }) {
    this.kernel = kernel;
    this.pid = options.pid ?? kernel.allocatePid();
    kernel.processes.set(this.pid, this);
    this.name = options.name;
    this.cwd = options.cwd ?? '/';
    this.env = new Map(options.env ?? []);
    this.ended = new WaitQueue(`the end of ${this.name}`);
  }

  /** `execve`, as a task of its own: runs `program` and closes all files at its end. */
  start(program: Program, argv: readonly string[], latencyNs: number = LATENCY.user): void {
    this.argv = argv;
    this.task = this.kernel.spawn(this.name, this.life(program, argv), latencyNs);
    this.task.process = this;
  }

  private *life(program: Program, argv: readonly string[]): KernelCode {
    yield* this.exit(this.killedBy === undefined ? yield* program(this, argv) : 0);
  }

  /** `do_exit`, also of a process that has no program of its own: all files are closed. */
  *exit(status: number): KernelCode {
    for (const fd of this.files.keys()) yield* this.close(fd);
    this.status = this.killedBy === undefined ? status & 0xff : 128 + this.killedBy;
    if (this.kernel.processes.get(this.pid) === this) this.kernel.processes.delete(this.pid);
    this.ended.wakeAll();
  }

  /** `kill`: ends the sleep that it is in; every further call that may sleep returns -EINTR, so that the program comes to its end. */
  kill(signal: number): void {
    if (this.status !== undefined) return;
    this.killedBy ??= signal;
    this.task?.signal();
  }

  /** True once a signal wants it to end: loops of programs that make no calls look at it. */
  get dying(): boolean {
    return this.killedBy !== undefined;
  }

  /** A signal is pending: only then -ERESTARTSYS becomes -EINTR; a driver that gives it for another reason shows users -512. */
  private get interrupted(): boolean {
    return this.dying || (this.kernel.current?.signalPending ?? false);
  }

  /** Descriptors that are open, with their files. */
  *descriptors(): Iterable<readonly [number, OpenFile]> {
    for (const [fd, file] of this.files.entries()) if (file) yield [fd, file];
  }

  /** The open file behind a descriptor. */
  file(fd: number): OpenFile | undefined {
    return this.files[fd];
  }

  /** Gives `file` the descriptor `fd`, or the lowest free one; -EMFILE. The reference becomes the process's. */
  install(file: OpenFile, fd?: number): number {
    let at = fd ?? 0;
    if (fd === undefined) while (this.files[at]) at++;
    if (at >= NR_OPEN) return ERRNO.EMFILE;
    this.files[at] = file;
    return at;
  }

  /** `open(2)`. */
  *open(path: string, flags: number = O.RDONLY, mode = 0o666): KernelCode<number> {
    const file = yield* openFile(this.kernel, path, flags, { cwd: this.cwd, mode: mode & ~this.umask });
    if (typeof file === 'number') return file === ERRNO.ERESTARTSYS ? ERRNO.EINTR : file;
    const fd = this.install(file);
    if (fd < 0) yield* release(file);
    return fd;
  }

  /** `close(2)`. */
  *close(fd: number): KernelCode<number> {
    const file = this.files[fd];
    if (!file) return ERRNO.EBADF;
    this.files[fd] = undefined;
    yield* release(file);
    return 0;
  }

  /** `dup2(2)`. */
  *dup2(from: number, to: number): KernelCode<number> {
    const file = this.files[from];
    if (!file) return ERRNO.EBADF;
    if (from === to) return to;
    file.references++;
    if (this.files[to]) yield* this.close(to);
    return this.install(file, to);
  }

  /** `read(2)`: empty at the end of the file. */
  *read(fd: number, count: number): KernelCode<Uint8Array | number> {
    const file = this.files[fd];
    if (!file?.readable) return ERRNO.EBADF;
    if (this.dying) return ERRNO.EINTR;
    if (file.node instanceof DirectoryNode) return ERRNO.EISDIR;
    const result = file.ops.read ? yield* file.ops.read(file, count) : ERRNO.EINVAL;
    return result === ERRNO.ERESTARTSYS && this.interrupted ? ERRNO.EINTR : result;
  }

  /** `write(2)`: bytes taken. A pipe without reader sends SIGPIPE, too. */
  *write(fd: number, data: Uint8Array): KernelCode<number> {
    const file = this.files[fd];
    if (!file?.writable) return ERRNO.EBADF;
    if (this.dying) return ERRNO.EINTR;
    const result = file.ops.write ? yield* file.ops.write(file, data) : ERRNO.EINVAL;
    if (result === ERRNO.EPIPE && file.node.type === 'fifo') this.kill(SIGNAL.PIPE);
    return result === ERRNO.ERESTARTSYS && this.interrupted ? ERRNO.EINTR : result;
  }

  /** `ioctl(2)`. */
  *ioctl(fd: number, command: number, argument: IoctlArgument = 0): KernelCode<number> {
    const file = this.files[fd];
    if (!file) return ERRNO.EBADF;
    return file.ops.ioctl ? yield* file.ops.ioctl(file, command, argument) : ERRNO.ENOTTY;
  }

  /** `mmap(2)` of a whole file or device, shared: a window, or a negative errno. */
  mmap(fd: number, length: number, offset = 0): MemoryMapping | number {
    const file = this.files[fd];
    if (!file) return ERRNO.EBADF;
    if (!file.readable) return ERRNO.EACCES;
    return file.ops.mmap?.(file, offset, length) ?? ERRNO.ENODEV;
  }

  /** `poll(2)`: the events of each descriptor, after at most `timeoutNs`; -EINTR. */
  *poll(wanted: readonly { readonly fd: number; readonly events: number }[], timeoutNs?: number): KernelCode<readonly number[] | number> {
    const { scheduler } = this.kernel;
    const deadline = timeoutNs === undefined ? Number.POSITIVE_INFINITY : scheduler.now + scheduler.cyclesFromNs(timeoutNs);
    for (;;) {
      if (this.dying) return ERRNO.EINTR;
      const queues: WaitQueue[] = [];
      const revents = wanted.map(({ fd, events }) => {
        const file = this.files[fd];
        if (!file) return POLL.NVAL;
        const state = file.ops.poll?.(file) ?? ALWAYS;
        queues.push(...state.queues);
        return state.mask & (events | POLL.ERR | POLL.HUP);
      });
      const left = deadline - scheduler.now;
      if (left <= 0 || revents.some((mask) => mask !== 0)) return revents;
      yield { queues, interruptible: true, ...(Number.isFinite(left) ? { timeoutNs: scheduler.nsFromCycles(left) } : {}) };
    }
  }

  /** `lseek(2)` from the start. */
  seek(fd: number, pos: number): number {
    const file = this.files[fd];
    if (!file) return ERRNO.EBADF;
    if (!file.ops.seekable) return ERRNO.ESPIPE;
    if (pos < 0) return ERRNO.EINVAL;
    file.pos = pos;
    return pos;
  }

  /** `nanosleep(2)`: -EINTR when a signal came. */
  *sleep(ns: number): KernelCode<number> {
    if (this.dying) return ERRNO.EINTR;
    return (yield { timeoutNs: ns, interruptible: true }) === 'signal' ? ERRNO.EINTR : 0;
  }

  /** `pipe(2)`: descriptors of the read and the write end. */
  *pipe(): KernelCode<readonly [number, number] | number> {
    const [reader, writer] = makePipe();
    const ends = [this.install(reader), this.install(writer)] as const;
    if (ends[1] >= 0) return ends;
    // Both or none, as `create_pipe_files` with `get_unused_fd_flags`.
    if (ends[0] >= 0) yield* this.close(ends[0]);
    else yield* release(reader);
    yield* release(writer);
    return ERRNO.EMFILE;
  }

  /** `stat(2)` and `lstat(2)`: the node, or a negative errno. */
  stat(path: string, follow = true): FsNode | number {
    return this.kernel.vfs.find(path, this.cwd, follow);
  }

  /** `chdir(2)`. */
  chdir(path: string): number {
    const found = this.kernel.vfs.resolve(path, this.cwd);
    if (typeof found === 'number') return found;
    if (!found.node) return ERRNO.ENOENT;
    if (!(found.node instanceof DirectoryNode)) return ERRNO.ENOTDIR;
    this.cwd = found.path;
    return 0;
  }

  /** `mkdir(2)`. */
  mkdir(path: string, mode = 0o777): number {
    return namei.mkdir(this.kernel.vfs, path, this.cwd, mode & ~this.umask);
  }

  /** `rmdir(2)`. */
  rmdir(path: string): number {
    return namei.rmdir(this.kernel.vfs, path, this.cwd);
  }

  /** `unlink(2)`. */
  unlink(path: string): number {
    return namei.unlink(this.kernel.vfs, path, this.cwd);
  }

  /** `rename(2)`. */
  rename(from: string, to: string): number {
    return namei.rename(this.kernel.vfs, from, to, this.cwd);
  }

  /** `symlink(2)`. */
  symlink(target: string, path: string): number {
    return namei.symlink(this.kernel.vfs, target, path, this.cwd);
  }

  /** `link(2)`. */
  link(from: string, to: string): number {
    return namei.link(this.kernel.vfs, from, to, this.cwd);
  }

  /** `readlink(2)`: the target, or a negative errno. */
  readlink(path: string): string | number {
    return namei.readlink(this.kernel.vfs, path, this.cwd);
  }

  /** `truncate(2)`. */
  truncate(path: string, length: number): number {
    const node = this.stat(path);
    return typeof node === 'number' ? node : namei.truncate(node, length);
  }

  /** `chmod(2)`. */
  chmod(path: string, mode: number): number {
    const node = this.stat(path);
    if (typeof node === 'number') return node;
    node.mode = mode & 0o7777;
    return 0;
  }

  /** `mount(2)`. */
  mount(source: string, target: string, type: string, options = ''): number {
    return mounts.mount(this.kernel, source, target, type, options, this.cwd);
  }

  /** `umount(2)`. */
  umount(target: string): number {
    return mounts.umount(this.kernel, target, this.cwd);
  }

  /** Sleeps until `other` has ended; its status, or -EINTR. */
  *wait(other: Process): KernelCode<number> {
    while (other.status === undefined) {
      if ((yield { queue: other.ended, interruptible: true }) === 'signal') return ERRNO.EINTR;
    }
    return other.status;
  }
}
