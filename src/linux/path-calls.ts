/**
 * The system calls of a process that name files by their paths, relative to its working directory (fs/namei.c, fs/namespace.c).
 */
import { ERRNO } from './errno.ts';
import * as mounts from './fs/mount.ts';
import * as namei from './fs/namei.ts';
import { type FsUsage, TmpfsDirectory } from './fs/tmpfs.ts';
import { DirectoryNode, type FsNode } from './fs/vfs.ts';
import type { Kernel } from './kernel.ts';

/** A mounted file system, as `df` shows it. */
export interface FsStatus {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly usage: FsUsage;
}

const NO_ROOM: FsUsage = { blockSize: 4096, blocks: 0, free: 0, inodes: 0, freeInodes: 0 };

/** What of a process paths are looked up with. Each call gives 0 or a negative errno unless it says otherwise. */
export class PathCalls {
  readonly kernel: Kernel;
  /** Absolute. */
  cwd: string;
  umask = 0o022;

  constructor(kernel: Kernel, cwd: string) {
    this.kernel = kernel;
    this.cwd = cwd;
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

  /** `mknod(2)` of a FIFO. */
  mkfifo(path: string, mode = 0o666): number {
    return namei.mkfifo(this.kernel.vfs, path, this.cwd, mode & ~this.umask);
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

  /** `utimensat(2)` of the time of the last change, in ns of virtual time; now unless given. */
  utimes(path: string, mtimeNs = this.kernel.now): number {
    const node = this.stat(path);
    if (typeof node === 'number') return node;
    node.mtimeNs = mtimeNs;
    return 0;
  }

  /** `statfs(2)`: what is mounted there, and its room where it has a limit; or a negative errno. */
  statfs(path: string): FsStatus | number {
    const found = this.kernel.vfs.resolve(path, this.cwd);
    if (typeof found === 'number') return found;
    const mount = found.node && this.kernel.vfs.mountOf(found.path);
    if (!mount) return ERRNO.ENOENT;
    const { source, target, type, root } = mount;
    return { source, target, type, usage: root instanceof TmpfsDirectory ? root.fs.usage : NO_ROOM };
  }
}
