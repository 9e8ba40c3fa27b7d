/**
 * Opening and closing files (fs/open.c, `do_open` and `lookup_open` of fs/namei.c, fs/file_table.c).
 */
import { ERRNO } from '../errno.ts';
import type { Kernel, KernelCode } from '../kernel.ts';
import { DirectoryNode, O, OpenableNode, OpenFile } from './nodes.ts';
import { TmpfsFile } from './tmpfs.ts';

/** `do_filp_open`: an open file with one reference, or a negative errno. `mode` is that of a new file, less the umask. */
export function* openFile(
  kernel: Kernel,
  path: string,
  flags: number,
  { cwd = '/', mode = 0o644 }: { readonly cwd?: string; readonly mode?: number } = {},
): KernelCode<OpenFile | number> {
  const creating = (flags & O.CREAT) !== 0;
  const exclusive = creating && (flags & O.EXCL) !== 0;
  const found = kernel.vfs.resolve(path, cwd, !exclusive);
  if (typeof found === 'number') return found;
  let { node } = found;
  if (node && exclusive) return ERRNO.EEXIST;
  const made = node === undefined;
  if (!node) {
    if (!creating) return ERRNO.ENOENT;
    // `open_last_lookups`: a name with a slash behind it cannot become a file.
    if (path.endsWith('/')) return ERRNO.EISDIR;
    const result = found.parent.create(found.name, 'file', mode & 0o7777);
    if (typeof result === 'number') return result;
    node = result;
  }
  const file = new OpenFile(node, flags);
  file.path = found.path;
  if (node instanceof DirectoryNode) return creating || file.writable ? ERRNO.EISDIR : file;
  if (flags & O.DIRECTORY) return ERRNO.ENOTDIR;
  if (!(node instanceof OpenableNode)) return ERRNO.ELOOP;
  const err = yield* node.open(file);
  if (err < 0) return err;
  if (!made && flags & O.TRUNC && node instanceof TmpfsFile) node.truncate(0);
  return file;
}

/** `fput`: one reference less. */
export function* release(file: OpenFile): KernelCode {
  if (--file.references === 0 && file.ops.release) yield* file.ops.release(file);
}
