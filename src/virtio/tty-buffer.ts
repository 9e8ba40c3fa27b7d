/**
 * The flip buffer between a tty driver and its line discipline, drivers/tty/tty_buffer.c (6.1), sizes and limit included.
 *
 * What does not fit is not taken, and nobody tells the remote: rpmsg has no flow control.
 */

/** Smallest buffer, and granularity of sizes, in bytes. */
const MIN_TTYB_SIZE = 256;
/** `TTYB_DEFAULT_MEM_LIMIT`, counted in buffer sizes; normal data fills twice that, as its flag half is used for data too. */
export const TTYB_DEFAULT_MEM_LIMIT = 640 * 1024;
/** `TTY_BUFFER_PAGE` with 4 KiB pages: data is inserted in pieces of this size. */
const TTY_BUFFER_PAGE = 1792;

interface Chunk {
  readonly data: Uint8Array;
  readonly size: number;
  used: number;
  commit: number;
  read: number;
}

function createChunk(size: number): Chunk {
  return { data: new Uint8Array(2 * size), size, used: 0, commit: 0, read: 0 };
}

/** A queue of buffers; data becomes visible to the reader with `push`. */
export class TtyBuffer {
  private readonly chunks: Chunk[] = [];
  private readonly limit: number;
  private memUsed = 0;
  private spare = 0;

  constructor(limit = TTYB_DEFAULT_MEM_LIMIT) {
    this.limit = limit;
  }

  /** `tty_insert_flip_string`: the number of bytes taken. */
  insert(data: Uint8Array): number {
    let copied = 0;
    while (copied < data.length) {
      const space = this.prepare(data.subarray(copied, copied + TTY_BUFFER_PAGE));
      if (space === 0) break;
      copied += space;
    }
    return copied;
  }

  /** `tty_prepare_flip_string` and the copy into it: the number of bytes for which one buffer had room. */
  prepare(data: Uint8Array): number {
    let tail = this.chunks.at(-1);
    let space = data.length;
    const left = tail ? tail.data.length - tail.used : 0;
    if (left < space) {
      const chunk = this.allocate(space);
      if (chunk) {
        if (tail) tail.commit = tail.used;
        this.chunks.push(chunk);
        tail = chunk;
      } else {
        space = left;
      }
    }
    if (!tail || space === 0) return 0;
    tail.data.set(data.subarray(0, space), tail.used);
    tail.used += space;
    return space;
  }

  /** The first half of `tty_flip_buffer_push`: what was inserted may be read. */
  push(): void {
    const tail = this.chunks.at(-1);
    if (tail) tail.commit = tail.used;
  }

  /** Bytes that may be read and lie together; empty when there are none. */
  peek(): Uint8Array {
    for (let head = this.chunks[0]; head; head = this.chunks[0]) {
      if (head.commit > head.read) return head.data.subarray(head.read, head.commit);
      if (this.chunks.length === 1) break;
      this.chunks.shift();
      this.memUsed -= head.size;
      if (head.size <= MIN_TTYB_SIZE) this.spare++;
    }
    return new Uint8Array(0);
  }

  /** `tty_buffer_flush`: what was received and not passed on is gone. */
  clear(): void {
    this.chunks.length = 0;
    this.memUsed = 0;
  }

  /** Takes `part`, the first of the bytes that `peek` gave; nothing when they were flushed since. */
  consume(part: Uint8Array): void {
    const head = this.chunks[0];
    if (head?.data.buffer === part.buffer) head.read += part.length;
  }

  private allocate(bytes: number): Chunk | undefined {
    const size = Math.ceil(bytes / MIN_TTYB_SIZE) * MIN_TTYB_SIZE;
    if (size <= MIN_TTYB_SIZE && this.spare > 0) this.spare--;
    else if (this.memUsed > this.limit) return undefined;
    this.memUsed += size;
    return createChunk(size);
  }
}
