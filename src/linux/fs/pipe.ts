/**
 * Pipes and FIFOs (fs/pipe.c): 64 KiB between a read end and a write end.
 *
 * Not modelled: packet mode, changing the size, splicing.
 */
import { ERRNO } from '../errno.ts';
import { type KernelCode, WaitQueue } from '../tasks.ts';
import { type FileOperations, O, OpenableNode, OpenFile, POLL } from './nodes.ts';

/** Bytes in a pipe. */
const PIPE_SIZE = 65_536;
/** Bytes that a write puts in at once or not at all. */
const PIPE_BUF = 4096;

/** `struct pipe_inode_info`. */
class Pipe {
  readonly changed = new WaitQueue('a pipe');
  readers = 0;
  writers = 0;
  /** Ends that were ever opened, so that an open sees one that has come and gone. */
  readersSeen = 0;
  writersSeen = 0;
  private chunks: Uint8Array[] = [];
  private held = 0;

  /** The operations of an end, which counts from now on. */
  end(file: OpenFile): FileOperations {
    const { readable, writable } = file;
    if (readable) {
      this.readers++;
      this.readersSeen++;
    }
    if (writable) {
      this.writers++;
      this.writersSeen++;
    }
    this.changed.wakeAll();
    return {
      read: (open, count) => this.read(open, count),
      write: (open, data) => this.write(open, data),
      poll: () => ({ mask: (readable ? this.readMask : 0) | (writable ? this.writeMask : 0), queues: [this.changed] }),
      release: () => this.release(readable, writable),
    };
  }

  private get readMask(): number {
    return (this.held > 0 ? POLL.IN : 0) | (this.writers === 0 && this.writersSeen > 0 ? POLL.HUP : 0);
  }

  private get writeMask(): number {
    return (PIPE_SIZE - this.held >= PIPE_BUF ? POLL.OUT : 0) | (this.readers === 0 ? POLL.ERR : 0);
  }

  /** `pipe_read`: empty once all writers are gone. */
  private *read(file: OpenFile, count: number): KernelCode<Uint8Array | number> {
    if (count === 0) return new Uint8Array(0);
    while (this.held === 0 && this.writers > 0) {
      if (file.nonblocking) return ERRNO.EAGAIN;
      if ((yield { queue: this.changed, interruptible: true }) === 'signal') return ERRNO.ERESTARTSYS;
    }
    return this.take(count);
  }

  /** `pipe_write`: sleeps until all is in, up to PIPE_BUF in one piece; -EPIPE without a reader. */
  private *write(file: OpenFile, data: Uint8Array): KernelCode<number> {
    let written = 0;
    while (written < data.length) {
      if (this.readers === 0) return written || ERRNO.EPIPE;
      const room = PIPE_SIZE - this.held;
      if (room > 0 && (room >= data.length || data.length > PIPE_BUF)) {
        const part = data.slice(written, written + room);
        this.chunks.push(part);
        this.held += part.length;
        written += part.length;
        this.changed.wakeAll();
      } else if (file.nonblocking) return written || ERRNO.EAGAIN;
      else if ((yield { queue: this.changed, interruptible: true }) === 'signal') return written || ERRNO.ERESTARTSYS;
    }
    return written;
  }

  private *release(readable: boolean, writable: boolean): KernelCode {
    if (readable) this.readers--;
    if (writable) this.writers--;
    if (this.readers === 0 && this.writers === 0) {
      this.chunks = [];
      this.held = 0;
    }
    this.changed.wakeAll();
  }

  private take(count: number): Uint8Array {
    const data = new Uint8Array(Math.min(count, this.held));
    let at = 0;
    let used = 0;
    while (at < data.length) {
      const chunk = this.chunks[used]!;
      const part = chunk.subarray(0, data.length - at);
      data.set(part, at);
      at += part.length;
      if (part.length === chunk.length) used++;
      else this.chunks[used] = chunk.subarray(part.length);
    }
    this.chunks.splice(0, used);
    this.held -= data.length;
    this.changed.wakeAll();
    return data;
  }
}

/** A pipe without a name: it cannot be opened. */
class PipeNode extends OpenableNode {
  readonly type = 'fifo';

  constructor() {
    super(0o600);
  }

  *open(): KernelCode<number> {
    return ERRNO.ENXIO;
  }
}

/** A named pipe. */
export class FifoNode extends OpenableNode {
  readonly type = 'fifo';
  private readonly pipe = new Pipe();

  /** `fifo_open`: sleeps until there is somebody at the other end, unless both are opened; without waiting a writer gets -ENXIO. */
  *open(file: OpenFile): KernelCode<number> {
    const { pipe } = this;
    const { readable, writable, nonblocking } = file;
    if (writable && !readable && nonblocking && pipe.readers === 0) return ERRNO.ENXIO;
    const [readersBefore, writersBefore] = [pipe.readersSeen, pipe.writersSeen];
    const ops = pipe.end(file);
    const alone = (): boolean =>
      readable ? pipe.writers === 0 && pipe.writersSeen === writersBefore : pipe.readers === 0 && pipe.readersSeen === readersBefore;
    while (readable !== writable && !nonblocking && alone()) {
      if ((yield { queue: pipe.changed, interruptible: true }) !== 'signal') continue;
      yield* ops.release!(file);
      return ERRNO.ERESTARTSYS;
    }
    file.ops = ops;
    return 0;
  }
}

/** `create_pipe_files`: the read end and the write end. */
export function makePipe(): readonly [OpenFile, OpenFile] {
  const node = new PipeNode();
  const pipe = new Pipe();
  const reader = new OpenFile(node, O.RDONLY);
  const writer = new OpenFile(node, O.WRONLY);
  reader.ops = pipe.end(reader);
  writer.ops = pipe.end(writer);
  return [reader, writer];
}
