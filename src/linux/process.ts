/**
 * A user-space process as the kernel sees it: descriptors, working directory, signals, and the system calls on files (fs/open.c,
 * fs/read_write.c, fs/select.c, fs/pipe.c).
 *
 * Programs of the modelled Linux (`Program`) are kernel code over these calls, so they run on the machine's clock. Results below zero are
 * negative errnos. Not modelled: memory, users, process groups beyond what the shell's jobs need.
 */
import { ERRNO } from './errno.ts';
import {
  DirectoryNode,
  type FileOperations,
  type FsNode,
  type IoctlArgument,
  O,
  OpenableNode,
  OpenFile,
  POLL,
  type PollState,
} from './fs/vfs.ts';
import { type Kernel, type KernelCode, type Task, WaitQueue } from './kernel.ts';
import { LATENCY } from './latencies.ts';

/** A program: `main` with its arguments, the name first; the exit status. */
export type Program = (process: Process, argv: readonly string[]) => KernelCode<number>;

/** Signals that programs here can get. */
export const SIGNAL = { HUP: 1, INT: 2, QUIT: 3, KILL: 9, PIPE: 13, TERM: 15 } as const;

/** Most descriptors of a process (`RLIMIT_NOFILE`). */
const NR_OPEN = 1024;
/** Bytes in a pipe. */
const PIPE_SIZE = 65_536;

const ALWAYS: PollState = { mask: POLL.IN | POLL.OUT, queues: [] };

/** One process. */
export class Process {
  readonly kernel: Kernel;
  readonly pid: number;
  readonly name: string;
  /** Absolute. */
  cwd: string;
  readonly env: Map<string, string>;
  /** Signal that ended it or is about to. */
  killedBy: number | undefined;
  /** 0..255 once it has ended; 128 + signal when one ended it. */
  status: number | undefined;
  /** Woken when it ends. */
  readonly ended: WaitQueue;
  private readonly files: (OpenFile | undefined)[] = [];
  private task: Task | undefined;

  constructor(kernel: Kernel, options: { pid: number; name: string; cwd?: string; env?: ReadonlyMap<string, string> }) {
    this.kernel = kernel;
    this.pid = options.pid;
    this.name = options.name;
    this.cwd = options.cwd ?? '/';
    this.env = new Map(options.env ?? []);
    this.ended = new WaitQueue(`the end of ${this.name}`);
  }

  /** `execve`, as a task of its own: runs `program` and closes all files at its end. */
  start(program: Program, argv: readonly string[], latencyNs: number = LATENCY.user): void {
    this.task = this.kernel.spawn(this.name, this.life(program, argv), latencyNs);
  }

  private *life(program: Program, argv: readonly string[]): KernelCode {
    const status = this.killedBy === undefined ? yield* program(this, argv) : 0;
    for (const fd of this.files.keys()) yield* this.close(fd);
    this.status = this.killedBy === undefined ? status & 0xff : 128 + this.killedBy;
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
    const file = yield* openFile(this.kernel, path, flags, { cwd: this.cwd, mode });
    return typeof file === 'number' ? file : this.install(file);
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
    return result === ERRNO.ERESTARTSYS ? ERRNO.EINTR : result;
  }

  /** `write(2)`: bytes taken. A pipe without reader sends SIGPIPE, too. */
  *write(fd: number, data: Uint8Array): KernelCode<number> {
    const file = this.files[fd];
    if (!file?.writable) return ERRNO.EBADF;
    if (this.dying) return ERRNO.EINTR;
    const result = file.ops.write ? yield* file.ops.write(file, data) : ERRNO.EINVAL;
    if (result === ERRNO.EPIPE && file.node.type === 'fifo') this.kill(SIGNAL.PIPE);
    return result === ERRNO.ERESTARTSYS ? ERRNO.EINTR : result;
  }

  /** `ioctl(2)`. */
  *ioctl(fd: number, command: number, argument: IoctlArgument = 0): KernelCode<number> {
    const file = this.files[fd];
    if (!file) return ERRNO.EBADF;
    return file.ops.ioctl ? yield* file.ops.ioctl(file, command, argument) : ERRNO.ENOTTY;
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
  *pipe(): KernelCode<readonly [number, number]> {
    const [reader, writer] = makePipe();
    return [this.install(reader), this.install(writer)];
  }

  /** `stat(2)` and `lstat(2)`: the node, or a negative errno. */
  stat(path: string, follow = true): FsNode | number {
    return this.kernel.vfs.find(path, this.cwd, follow);
  }

  /** Sleeps until `other` has ended; its status, or -EINTR. */
  *wait(other: Process): KernelCode<number> {
    while (other.status === undefined) {
      if ((yield { queue: other.ended, interruptible: true }) === 'signal') return ERRNO.EINTR;
    }
    return other.status;
  }
}

/** `do_filp_open`: an open file with one reference, or a negative errno. */
export function* openFile(
  kernel: Kernel,
  path: string,
  flags: number,
  { cwd = '/', mode = 0o666 }: { readonly cwd?: string; readonly mode?: number } = {},
): KernelCode<OpenFile | number> {
  const found = kernel.vfs.resolve(path, cwd);
  if (typeof found === 'number') return found;
  let { node } = found;
  if (node && flags & O.CREAT && flags & O.EXCL) return ERRNO.EEXIST;
  if (!node) {
    if (!(flags & O.CREAT)) return ERRNO.ENOENT;
    const made = found.parent.create(found.name, 'file', mode);
    if (typeof made === 'number') return made;
    node = made;
  }
  const file = new OpenFile(node, flags);
  if (node instanceof DirectoryNode) return file.writable ? ERRNO.EISDIR : file;
  if (flags & O.DIRECTORY) return ERRNO.ENOTDIR;
  if (!(node instanceof OpenableNode)) return ERRNO.ELOOP;
  const err = yield* node.open(file);
  return err < 0 ? err : file;
}

/** `fput`: one reference less. */
export function* release(file: OpenFile): KernelCode {
  if (--file.references === 0) yield* file.ops.release?.(file) ?? nothing();
}

function* nothing(): KernelCode {}

class PipeNode extends OpenableNode {
  readonly type = 'fifo';

  constructor() {
    super(0o600);
  }

  *open(): KernelCode<number> {
    return ERRNO.ENXIO;
  }
}

/** `create_pipe_files`: the read end and the write end. */
export function makePipe(): readonly [OpenFile, OpenFile] {
  const node = new PipeNode();
  const changed = new WaitQueue('a pipe');
  let chunks: Uint8Array[] = [];
  let held = 0;
  let readers = 1;
  let writers = 1;
  const take = (count: number): Uint8Array => {
    const data = new Uint8Array(Math.min(count, held));
    let at = 0;
    while (at < data.length) {
      const chunk = chunks[0]!;
      const part = chunk.subarray(0, data.length - at);
      data.set(part, at);
      at += part.length;
      if (part.length === chunk.length) chunks = chunks.slice(1);
      else chunks[0] = chunk.subarray(part.length);
    }
    held -= data.length;
    changed.wakeAll();
    return data;
  };
  const readOps: FileOperations = {
    *read(file, count) {
      while (held === 0 && writers > 0) {
        if (file.nonblocking) return ERRNO.EAGAIN;
        if ((yield { queue: changed, interruptible: true }) === 'signal') return ERRNO.ERESTARTSYS;
      }
      return take(count);
    },
    poll: () => ({ mask: (held > 0 ? POLL.IN : 0) | (writers === 0 ? POLL.HUP : 0), queues: [changed] }),
    *release() {
      readers--;
      changed.wakeAll();
    },
  };
  const writeOps: FileOperations = {
    *write(file, data) {
      let written = 0;
      while (written < data.length) {
        if (readers === 0) return written || ERRNO.EPIPE;
        const part = data.slice(written, written + PIPE_SIZE - held);
        if (part.length > 0) {
          chunks.push(part);
          held += part.length;
          written += part.length;
          changed.wakeAll();
        } else if (file.nonblocking) return written || ERRNO.EAGAIN;
        else if ((yield { queue: changed, interruptible: true }) === 'signal') return written || ERRNO.ERESTARTSYS;
      }
      return written;
    },
    poll: () => ({ mask: (held < PIPE_SIZE ? POLL.OUT : 0) | (readers === 0 ? POLL.ERR : 0), queues: [changed] }),
    *release() {
      writers--;
      changed.wakeAll();
    },
  };
  const reader = new OpenFile(node, O.RDONLY);
  const writer = new OpenFile(node, O.WRONLY);
  reader.ops = readOps;
  writer.ops = writeOps;
  return [reader, writer];
}
