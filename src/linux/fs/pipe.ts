/**
 * Pipes (fs/pipe.c): 64 KiB between a read end and a write end.
 */
import { ERRNO } from '../errno.ts';
import { type KernelCode, WaitQueue } from '../kernel.ts';
import { type FileOperations, O, OpenableNode, OpenFile, POLL } from './nodes.ts';

/** Bytes in a pipe. */
const PIPE_SIZE = 65_536;

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
