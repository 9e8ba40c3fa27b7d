/**
 * The system calls of a process that name files by their paths, relative to its working directory (fs/namei.c, fs/namespace.c).
 */
import { ERRNO } from './errno.ts';
import * as mounts from './fs/mount.ts';
import * as namei from './fs/namei.ts';
import { DirectoryNode, type FsNode } from './fs/vfs.ts';
import type { Kernel } from './kernel.ts';

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
}
