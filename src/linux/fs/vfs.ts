/**
 * The virtual file system of the modelled Linux (fs/namei.c, fs/namespace.c): one tree of nodes, its mounts, and paths through it.
 *
 * Not modelled: mount namespaces, bind mounts, dentry caching. What is mounted is reached through its mount point alone.
 */
import { ERRNO } from '../errno.ts';
import { DirectoryNode, type FsNode, SymlinkNode } from './nodes.ts';

export * from './nodes.ts';

/** Symlinks that a path may go through (`MAXSYMLINKS`), bytes of a name and of a path. */
const MAXSYMLINKS = 40;
const NAME_MAX = 255;
const PATH_MAX = 4096;

/** Where a path leads: `node` is undefined when only the last component is missing. */
export interface Resolved {
  readonly parent: DirectoryNode;
  /** Last component; empty for the root. */
  readonly name: string;
  readonly node: FsNode | undefined;
  /** Absolute and without symlinks, `.` and `..`. */
  readonly path: string;
}

/** A mounted file system, as /proc/mounts lists it. */
export interface Mount {
  readonly source: string;
  /** Absolute and without symlinks. */
  readonly target: string;
  readonly type: string;
  readonly options: string;
  readonly root: DirectoryNode;
  /** What the mount hides. */
  readonly covered: FsNode | undefined;
}

/** Where the last component of a path would be, without a look at it (`filename_parentat`). */
export interface ParentOf {
  readonly directory: DirectoryNode;
  /** Absolute path of the directory. */
  readonly path: string;
  readonly name: string;
  readonly kind: 'normal' | 'dot' | 'dotdot' | 'root';
  /** The path ended with a slash. */
  readonly slash: boolean;
}

/** The tree. */
export class Vfs {
  readonly root: DirectoryNode;
  /** In the order in which they were mounted. */
  readonly mounts: Mount[] = [];
  /** Roots of the file systems that were mounted when the kernel began and of which there is one, by type. */
  readonly singletons = new Map<string, DirectoryNode>();
  private readonly numbers = new WeakMap<FsNode, number>();
  private lastNumber = 0;

  constructor(root: DirectoryNode) {
    this.root = root;
  }

  /** `st_ino`: numbers in the order in which they are asked for. */
  inode(node: FsNode): number {
    let number = this.numbers.get(node);
    if (number === undefined) {
      number = ++this.lastNumber;
      this.numbers.set(node, number);
    }
    return number;
  }

  /** Mounts `root` over the directory at `target`; for the root directory the entry alone. */
  mount(
    target: string,
    root: DirectoryNode,
    { source, type, options = 'rw,relatime' }: { source: string; type: string; options?: string },
  ): void {
    const at = this.parent(target);
    if (typeof at === 'number') throw new Error(`no directory ${target} to mount at`);
    const covered = at.kind === 'root' ? undefined : at.directory.lookup(at.name);
    if (at.kind !== 'root') at.directory.add(at.name, root);
    if (type !== 'tmpfs' && !this.singletons.has(type)) this.singletons.set(type, root);
    this.mounts.push({ source, target: at.kind === 'root' ? '/' : join(at.path, at.name), type, options, root, covered });
  }

  /** `umount` of the last mount at `target`; false when there is none. */
  unmount(target: string): boolean {
    const index = this.mounts.findLastIndex((mount) => mount.target === target);
    const mount = this.mounts[index];
    const at = this.parent(target);
    if (!mount?.covered || typeof at === 'number') return false;
    this.mounts.splice(index, 1);
    at.directory.add(at.name, mount.covered);
    return true;
  }

  /** The mount that a path without symlinks lies in. */
  mountOf(path: string): Mount | undefined {
    let best: Mount | undefined;
    for (const mount of this.mounts) {
      if (isBelow(path, mount.target) && mount.target.length >= (best?.target.length ?? 0)) best = mount;
    }
    return best;
  }

  /** True when something is mounted at the path or below it. */
  holdsMount(path: string): boolean {
    return this.mounts.some(({ target }) => isBelow(target, path));
  }

  /** `filename_parentat`: the directory of a path's last component; a negative errno. */
  parent(path: string, cwd = '/'): ParentOf | number {
    if (path === '') return ERRNO.ENOENT;
    const bare = path.replace(/\/+$/, '');
    const slash = bare.length < path.length;
    if (bare === '') return { directory: this.root, path: '/', name: '', kind: 'root', slash };
    const at = bare.lastIndexOf('/');
    const name = bare.slice(at + 1);
    if (tooLong(name, NAME_MAX)) return ERRNO.ENAMETOOLONG;
    const found = this.resolve(at < 0 ? '.' : bare.slice(0, at + 1), cwd);
    if (typeof found === 'number') return found;
    if (!found.node) return ERRNO.ENOENT;
    if (!(found.node instanceof DirectoryNode)) return ERRNO.ENOTDIR;
    const kind = name === '.' ? 'dot' : name === '..' ? 'dotdot' : 'normal';
    return { directory: found.node, path: found.path, name, kind, slash };
  }

  /** `path_lookupat`: where `path`, relative to the absolute path `cwd`, leads; a negative errno. `follow`: also a symlink at its end. */
  resolve(path: string, cwd = '/', follow = true): Resolved | number {
    if (path === '') return ERRNO.ENOENT;
    if (tooLong(path, PATH_MAX - 1)) return ERRNO.ENAMETOOLONG;
    const todo = components(path.startsWith('/') ? path : `${cwd}/${path}`);
    // A path that ends with `.` or `..` names a directory, though a shell may have come to its own through a symlink.
    let mustBeDirectory = MUST_BE_DIRECTORY.test(path);
    const trail: { readonly name: string; readonly node: DirectoryNode }[] = [];
    let links = 0;
    for (;;) {
      const name = todo.pop();
      const directory = trail.at(-1)?.node ?? this.root;
      if (name === undefined) return this.arrived(trail);
      if (name === '..') {
        trail.pop();
        continue;
      }
      if (tooLong(name, NAME_MAX)) return ERRNO.ENAMETOOLONG;
      const last = todo.length === 0;
      const node = directory.lookup(name);
      if (node instanceof SymlinkNode && (!last || follow || mustBeDirectory)) {
        if (++links > MAXSYMLINKS) return ERRNO.ELOOP;
        const { target } = node;
        if (target === '') return ERRNO.ENOENT;
        if (target.startsWith('/')) trail.length = 0;
        if (last && MUST_BE_DIRECTORY.test(target)) mustBeDirectory = true;
        todo.push(...components(target));
        continue;
      }
      if (node instanceof DirectoryNode) {
        trail.push({ name, node });
        continue;
      }
      if (!last || (mustBeDirectory && node)) return node ? ERRNO.ENOTDIR : ERRNO.ENOENT;
      return { parent: directory, name, node, path: `/${[...trail.map((entry) => entry.name), name].join('/')}` };
    }
  }

  /** The node at `path`, or a negative errno. */
  find(path: string, cwd = '/', follow = true): FsNode | number {
    const found = this.resolve(path, cwd, follow);
    return typeof found === 'number' ? found : (found.node ?? ERRNO.ENOENT);
  }

  /** The directory at `path`, made with its parents where it is missing; for the kernel's own set-up. */
  directory(path: string, make: () => DirectoryNode = () => new DirectoryNode()): DirectoryNode {
    let directory = this.root;
    for (const name of path.split('/').filter(Boolean)) {
      const next = directory.lookup(name);
      directory = next instanceof DirectoryNode ? next : directory.add(name, make());
    }
    return directory;
  }

  private arrived(trail: readonly { readonly name: string; readonly node: DirectoryNode }[]): Resolved {
    const end = trail.at(-1);
    if (!end) return { parent: this.root, name: '', node: this.root, path: '/' };
    return { parent: trail.at(-2)?.node ?? this.root, name: end.name, node: end.node, path: `/${trail.map(({ name }) => name).join('/')}` };
  }
}

/** What a path ends with that leads to a directory or nowhere. */
const MUST_BE_DIRECTORY = /(?:^|\/)\.{0,2}$/;

/** Names of a path, the last first. */
function components(path: string): string[] {
  return path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .reverse();
}

/** A directory's path and a name as one path. */
function join(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

/** True for `directory` itself, too. */
function isBelow(path: string, directory: string): boolean {
  return path === directory || directory === '/' || path.startsWith(`${directory}/`);
}

/** More than `limit` bytes of UTF-8. */
function tooLong(text: string, limit: number): boolean {
  return text.length > limit || (text.length * 3 > limit && new TextEncoder().encode(text).length > limit);
}
