/**
 * System calls that change names (fs/namei.c): mkdir, rmdir, unlink, rename, symlink, link, and what `truncate` and `chmod` do to a node.
 *
 * Each gives 0 or the negative errno that the kernel's function would; `cwd` is absolute. Everything runs as root, so that nothing fails with
 * -EACCES for want of a permission.
 */
import { ERRNO } from '../errno.ts';
import { type Creation, DirectoryNode, type FsNode, OpenableNode, SymlinkNode } from './nodes.ts';
import { TmpfsFile } from './tmpfs.ts';
import type { ParentOf, Vfs } from './vfs.ts';

/** Longest target of a symlink, with its NUL. */
const PATH_MAX = 4096;

/** `filename_create` and what makes the entry. */
function makeEntry(vfs: Vfs, path: string, cwd: string, make: Creation, mode: number): number {
  const at = vfs.parent(path, cwd);
  if (typeof at === 'number') return at;
  if (at.kind !== 'normal' || at.directory.lookup(at.name)) return ERRNO.EEXIST;
  if (at.slash && make !== 'directory') return ERRNO.ENOENT;
  const made = at.directory.create(at.name, make, mode & 0o7777);
  return typeof made === 'number' ? made : 0;
}

/** `mkdir(2)`; `mode` is less the umask. */
export function mkdir(vfs: Vfs, path: string, cwd = '/', mode = 0o755): number {
  return makeEntry(vfs, path, cwd, 'directory', mode);
}

/** `mknod(2)` of a FIFO; `mode` is less the umask. */
export function mkfifo(vfs: Vfs, path: string, cwd = '/', mode = 0o644): number {
  return makeEntry(vfs, path, cwd, 'fifo', mode);
}

/** `symlink(2)`. */
export function symlink(vfs: Vfs, target: string, path: string, cwd = '/'): number {
  if (target === '') return ERRNO.ENOENT;
  if (target.length >= PATH_MAX) return ERRNO.ENAMETOOLONG;
  return makeEntry(vfs, path, cwd, { target }, 0o777);
}

/** `link(2)`. */
export function link(vfs: Vfs, from: string, to: string, cwd = '/'): number {
  const source = vfs.resolve(from, cwd, false);
  if (typeof source === 'number') return source;
  if (!source.node) return ERRNO.ENOENT;
  const at = vfs.parent(to, cwd);
  if (typeof at === 'number') return at;
  if (at.kind !== 'normal' || at.directory.lookup(at.name)) return ERRNO.EEXIST;
  if (vfs.mountOf(source.path) !== vfs.mountOf(at.path)) return ERRNO.EXDEV;
  if (source.node instanceof DirectoryNode) return ERRNO.EPERM;
  return makeEntry(vfs, to, cwd, source.node, 0);
}

/** `readlink(2)`: the target; -EINVAL of anything but a symlink. */
export function readlink(vfs: Vfs, path: string, cwd = '/'): string | number {
  const node = vfs.find(path, cwd, false);
  if (typeof node === 'number') return node;
  return node instanceof SymlinkNode ? node.target : ERRNO.EINVAL;
}

/** `do_unlinkat`. */
export function unlink(vfs: Vfs, path: string, cwd = '/'): number {
  const at = vfs.parent(path, cwd);
  if (typeof at === 'number') return at;
  if (at.kind !== 'normal') return ERRNO.EISDIR;
  const node = at.directory.lookup(at.name);
  if (!node) return ERRNO.ENOENT;
  if (node instanceof DirectoryNode) return ERRNO.EISDIR;
  if (at.slash) return ERRNO.ENOTDIR;
  return at.directory.remove(at.name);
}

/** `do_rmdir`. */
export function rmdir(vfs: Vfs, path: string, cwd = '/'): number {
  const at = vfs.parent(path, cwd);
  if (typeof at === 'number') return at;
  if (at.kind === 'dotdot') return ERRNO.ENOTEMPTY;
  if (at.kind === 'dot') return ERRNO.EINVAL;
  if (at.kind === 'root') return ERRNO.EBUSY;
  const node = at.directory.lookup(at.name);
  if (!node) return ERRNO.ENOENT;
  if (!(node instanceof DirectoryNode)) return ERRNO.ENOTDIR;
  if (vfs.holdsMount(pathOf(at))) return ERRNO.EBUSY;
  return at.directory.remove(at.name);
}

/** `do_renameat2` and `vfs_rename`, without flags. */
export function rename(vfs: Vfs, from: string, to: string, cwd = '/'): number {
  const old = vfs.parent(from, cwd);
  if (typeof old === 'number') return old;
  const next = vfs.parent(to, cwd);
  if (typeof next === 'number') return next;
  if (vfs.mountOf(old.path) !== vfs.mountOf(next.path)) return ERRNO.EXDEV;
  if (old.kind !== 'normal' || next.kind !== 'normal') return ERRNO.EBUSY;
  const source = old.directory.lookup(old.name);
  if (!source) return ERRNO.ENOENT;
  const target = next.directory.lookup(next.name);
  const isDirectory = source instanceof DirectoryNode;
  if (!isDirectory && (old.slash || next.slash)) return ERRNO.ENOTDIR;
  const [oldPath, newPath] = [pathOf(old), pathOf(next)];
  if (newPath.startsWith(`${oldPath}/`)) return ERRNO.EINVAL;
  if (oldPath.startsWith(`${newPath}/`)) return ERRNO.ENOTEMPTY;
  if (source === target) return 0;
  // `may_delete` of what is replaced.
  if (target && isDirectory && !(target instanceof DirectoryNode)) return ERRNO.ENOTDIR;
  if (target && !isDirectory && target instanceof DirectoryNode) return ERRNO.EISDIR;
  if (vfs.holdsMount(oldPath) || vfs.holdsMount(newPath)) return ERRNO.EBUSY;
  return old.directory.rename(old.name, next.directory, next.name);
}

/** `truncate(2)`: -EINVAL of anything but a regular file. */
export function truncate(node: FsNode, length: number): number {
  if (node instanceof DirectoryNode) return ERRNO.EISDIR;
  if (!Number.isSafeInteger(length) || length < 0) return ERRNO.EINVAL;
  if (node instanceof TmpfsFile) return node.truncate(length);
  // Files of the kernel take any new size and keep their own.
  return node instanceof OpenableNode && node.type === 'file' ? 0 : ERRNO.EINVAL;
}

function pathOf({ path, name }: ParentOf): string {
  return path === '/' ? `/${name}` : `${path}/${name}`;
}
