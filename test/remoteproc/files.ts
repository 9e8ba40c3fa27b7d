/** What a user does with files of the modelled Linux: `cat`, `echo`, open descriptors. */
import { type FsNode, O } from '../../src/linux/fs/vfs.ts';
import type { KernelCode } from '../../src/linux/kernel.ts';
import { Process } from '../../src/linux/process.ts';
import type { Board } from '../linux/board-fixture.ts';

export function files(board: Board) {
  const process = new Process(board.kernel, { pid: 2, name: 'test' });
  function* wholeFile(path: string): KernelCode<Uint8Array | number> {
    const fd = yield* process.open(path);
    if (fd < 0) return fd;
    const parts: number[] = [];
    for (;;) {
      const part = yield* process.read(fd, 65_536);
      if (typeof part === 'number' || part.length === 0) {
        yield* process.close(fd);
        return typeof part === 'number' ? part : Uint8Array.from(parts);
      }
      for (const byte of part) parts.push(byte);
    }
  }
  function* writeOnce(path: string, text: string): KernelCode<number> {
    const fd = yield* process.open(path, O.WRONLY);
    if (fd < 0) return fd;
    const result = yield* process.write(
      fd,
      Uint8Array.from(text, (c) => c.charCodeAt(0)),
    );
    yield* process.close(fd);
    return result;
  }
  const bytes = (path: string): Uint8Array | number | undefined => board.run(wholeFile(path), 0.2);
  return {
    process,
    wholeFile,
    writeOnce,
    bytes,
    /** `cat path`: the text, or a negative errno. */
    cat(path: string): string | number | undefined {
      const result = bytes(path);
      return typeof result === 'object' ? new TextDecoder().decode(result) : result;
    },
    /** One `write` of `text`: bytes taken, or a negative errno; undefined while it has not returned. */
    echo: (path: string, text: string, seconds = 0.5): number | undefined => board.run(writeOnce(path, text), seconds),
    exists: (path: string): boolean => typeof board.kernel.vfs.find(path, '/', false) !== 'number',
    node(path: string): FsNode {
      const node = board.kernel.vfs.find(path, '/', false);
      if (typeof node === 'number') throw new Error(`${path}: ${node}`);
      return node;
    },
    names(path: string): readonly string[] {
      const node = board.kernel.vfs.find(path);
      return typeof node === 'object' && node.type === 'directory'
        ? [...(node as { names(): readonly string[] } & FsNode).names()].sort()
        : [];
    },
    resolved(path: string): string | number {
      const found = board.kernel.vfs.resolve(path);
      return typeof found === 'number' ? found : found.path;
    },
  };
}
