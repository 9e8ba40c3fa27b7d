/**
 * A user-space process as the kernel sees it: descriptors, working directory, signals, and the system calls on files (fs/open.c,
 * fs/read_write.c, fs/select.c, fs/pipe.c).
 *
 * Programs of the modelled Linux (`Program`) are kernel code over these calls, so they run on the machine's clock. Results below zero are
 * negative errnos. Not modelled: memory, users, process groups beyond what the shell's jobs need.
 */
import { ERRNO } from './errno.ts';
import { openFile, release } from './fs/open.ts';
import { makePipe } from './fs/pipe.ts';
import { DirectoryNode, type IoctlArgument, type MemoryMapping, O, type OpenFile, POLL, type PollState } from './fs/vfs.ts';
import { type Kernel, type KernelCode, type Task, WaitQueue } from './kernel.ts';
import { LATENCY } from './latencies.ts';
import { PathCalls } from './path-calls.ts';

export { openFile, release } from './fs/open.ts';
export { makePipe } from './fs/pipe.ts';

/** A program: `main` with its arguments, the name first; the exit status. */
export type Program = (process: Process, argv: readonly string[]) => KernelCode<number>;

/** Signals that programs here can get. */
export const SIGNAL = { HUP: 1, INT: 2, QUIT: 3, ABRT: 6, KILL: 9, PIPE: 13, TERM: 15 } as const;

/** Time that the processor takes for a call, and for each byte that it copies, in ns; what is below the quantum is owed. */
const CALL_NS = 500;
const BYTE_NS = 0.25;
const QUANTUM_NS = 50_000;

/** Most descriptors of a process (`RLIMIT_NOFILE`). */
const NR_OPEN = 1024;

const ALWAYS: PollState = { mask: POLL.IN | POLL.OUT, queues: [] };

/** One process. */
export class Process extends PathCalls {
  readonly pid: number;
  readonly name: string;
  readonly env: Map<string, string>;
  /** Its controlling terminal, which /dev/tty opens. */
  terminal: OpenFile | undefined;
  /** Of the program that it runs. */
  argv: readonly string[] = [];
  /** Signal that ended it or is about to. */
  killedBy: number | undefined;
  /** 0..255 once it has ended; 128 + signal when one ended it. */
  status: number | undefined;
  /** What its program threw, if it did. */
  failure: unknown;
  /** Woken when it ends. */
  readonly ended: WaitQueue;
  private readonly files: (OpenFile | undefined)[] = [];
  private task: Task | undefined;
  /** Processor time of calls that has not passed yet, in ns. */
  private owed = 0;

  /** Takes the next free number unless one is given. */
  constructor(kernel: Kernel, options: { pid?: number; name: string; cwd?: string; env?: ReadonlyMap<string, string> }) {
    super(kernel, options.cwd ?? '/');
    this.pid = options.pid ?? kernel.allocatePid();
    kernel.processes.set(this.pid, this);
    this.name = options.name;
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
    let status = 0;
    try {
      if (this.killedBy === undefined) status = yield* program(this, argv);
    } catch (error) {
      // A mistake in a program is its author's to see, and ends nobody else.
      this.failure = error;
      this.killedBy ??= SIGNAL.ABRT;
    }
    yield* this.exit(status);
  }

  /** `do_exit`, also of a process that has no program of its own: all files are closed, which the signal that ended it does not interrupt. */
  *exit(status: number): KernelCode {
    const result = this.killedBy === undefined ? status & 0xff : 128 + this.killedBy;
    // PF_EXITING: no signal is for it any more.
    this.task?.clearSignal();
    this.task = undefined;
    for (const fd of this.files.keys()) yield* this.close(fd);
    this.status = result;
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

  /** A call takes time: without it, a loop of calls that never sleep would stop the host. */
  private *pay(bytes = 0): KernelCode {
    this.owed += CALL_NS + BYTE_NS * bytes;
    if (this.owed < QUANTUM_NS) return;
    const timeoutNs = this.owed;
    this.owed = 0;
    yield { timeoutNs };
  }

  /** `open(2)`. */
  *open(path: string, flags: number = O.RDONLY, mode = 0o666): KernelCode<number> {
    yield* this.pay();
    const device = flags & O.CREAT ? this.missingDevice(path) : undefined;
    const file = yield* openFile(this.kernel, path, flags, { cwd: this.cwd, mode: mode & ~this.umask });
    if (typeof file === 'number') return file === ERRNO.ERESTARTSYS ? ERRNO.EINTR : file;
    if (device !== undefined && file.node.type === 'file')
      this.kernel.onFinding(`made a plain file ${device}: there is no such device yet`);
    const fd = this.install(file);
    if (fd < 0) yield* release(file);
    return fd;
  }

  /** The path of a file in /dev that is not there: one that is created takes the name of the device that was meant. */
  private missingDevice(path: string): string | undefined {
    const found = this.kernel.vfs.resolve(path, this.cwd);
    return typeof found !== 'number' && !found.node && /^\/dev\/[^/]+$/.test(found.path) ? found.path : undefined;
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
    if (!file || !Number.isInteger(to) || to < 0 || to >= NR_OPEN) return ERRNO.EBADF;
    if (from === to) return to;
    file.references++;
    if (this.files[to]) yield* this.close(to);
    return this.install(file, to);
  }

  /** `read(2)`: empty at the end of the file. */
  *read(fd: number, count: number): KernelCode<Uint8Array | number> {
    const file = this.files[fd];
    if (!file?.readable) return ERRNO.EBADF;
    if (!Number.isSafeInteger(count) || count < 0) return ERRNO.EINVAL;
    if (this.dying) return ERRNO.EINTR;
    if (file.node instanceof DirectoryNode) return ERRNO.EISDIR;
    const result = file.ops.read ? yield* file.ops.read(file, count) : ERRNO.EINVAL;
    yield* this.pay(typeof result === 'number' ? 0 : result.length);
    return result === ERRNO.ERESTARTSYS && this.interrupted ? ERRNO.EINTR : result;
  }

  /** `write(2)`: bytes taken. A pipe without reader sends SIGPIPE, too. */
  *write(fd: number, data: Uint8Array): KernelCode<number> {
    const file = this.files[fd];
    if (!file?.writable) return ERRNO.EBADF;
    if (this.dying) return ERRNO.EINTR;
    const result = file.ops.write ? yield* file.ops.write(file, data) : ERRNO.EINVAL;
    yield* this.pay(Math.max(0, result));
    if (result === ERRNO.EPIPE && file.node.type === 'fifo') this.kill(SIGNAL.PIPE);
    return result === ERRNO.ERESTARTSYS && this.interrupted ? ERRNO.EINTR : result;
  }

  /** `ioctl(2)`. */
  *ioctl(fd: number, command: number, argument: IoctlArgument = 0): KernelCode<number> {
    const file = this.files[fd];
    if (!file) return ERRNO.EBADF;
    yield* this.pay();
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
    yield* this.pay();
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
      const timeout = Number.isFinite(left) ? { timeoutNs: scheduler.nsFromCycles(left) } : {};
      if ((yield { queues, interruptible: true, ...timeout }) === 'signal') return ERRNO.EINTR;
    }
  }

  /** `lseek(2)` from the start. */
  seek(fd: number, pos: number): number {
    const file = this.files[fd];
    if (!file) return ERRNO.EBADF;
    if (!file.ops.seekable) return ERRNO.ESPIPE;
    if (!Number.isSafeInteger(pos) || pos < 0) return ERRNO.EINVAL;
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

  /** Sleeps until `other` has ended; its status, or -EINTR. */
  *wait(other: Process): KernelCode<number> {
    while (other.status === undefined) {
      if ((yield { queue: other.ended, interruptible: true }) === 'signal') return ERRNO.EINTR;
    }
    return other.status;
  }
}
