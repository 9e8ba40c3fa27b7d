/**
 * What a file system is made of (include/linux/fs.h): nodes, and the files that are open on them.
 *
 * What a file does is its `FileOperations`, kernel code like a driver's. Not modelled: users and permissions beyond the mode bits (everything
 * runs as root), file locks, access times.
 */
import { ERRNO } from '../errno.ts';
import type { KernelCode, WaitQueue } from '../kernel.ts';

/** `open(2)` flags with the numbers of arm64. */
export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  ACCMODE: 3,
  CREAT: 0o100,
  EXCL: 0o200,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  DIRECTORY: 0o40000,
} as const;

/** Events of `poll(2)`. */
export const POLL = { IN: 1, PRI: 2, OUT: 4, ERR: 8, HUP: 0x10, NVAL: 0x20 } as const;

/** What `poll` of a file gives: the events that hold now, and the queues that are woken when that changes. */
export interface PollState {
  readonly mask: number;
  readonly queues: readonly WaitQueue[];
}

/** Memory of the caller that an ioctl reads or fills, or its plain number. */
export type IoctlArgument = Uint8Array | number;

/** Memory that `mmap(2)` mapped: accesses of 1, 2 or 4 bytes; -EFAULT where a program would get SIGBUS. */
export interface MemoryMapping {
  readonly length: number;
  read(at: number, size: number): number;
  write(at: number, value: number, size: number): number;
}

/**
 * `struct file_operations` of an open file; results below zero are negative errnos. What is absent fails as the kernel says: read and write
 * with -EINVAL, ioctl with -ENOTTY; poll is always ready.
 */
export interface FileOperations {
  /** At most `count` bytes from `file.pos` on, which it moves; none at the end of the file. */
  read?(file: OpenFile, count: number): KernelCode<Uint8Array | number>;
  /** Bytes taken of `data`. */
  write?(file: OpenFile, data: Uint8Array): KernelCode<number>;
  poll?(file: OpenFile): PollState;
  ioctl?(file: OpenFile, command: number, argument: IoctlArgument): KernelCode<number>;
  /** A window on the file; a negative errno. What is absent fails with -ENODEV. */
  mmap?(file: OpenFile, offset: number, length: number): MemoryMapping | number;
  /** The last reference is gone. */
  release?(file: OpenFile): KernelCode;
  /** `lseek` is allowed. */
  readonly seekable?: boolean;
}

/** `struct file`: one open file, shared by the descriptors that `dup` and `fork` made of it. */
export class OpenFile {
  readonly node: FsNode;
  /** `O.*`. */
  flags: number;
  pos = 0;
  /** By which it was opened, absolute; undefined for pipes. */
  path: string | undefined;
  /** Set by whoever opened the node. */
  ops: FileOperations = {};
  /** Descriptors that refer to it. */
  references = 1;

  constructor(node: FsNode, flags: number) {
    this.node = node;
    this.flags = flags;
  }

  get readable(): boolean {
    return (this.flags & O.ACCMODE) !== O.WRONLY;
  }

  get writable(): boolean {
    return (this.flags & O.ACCMODE) !== O.RDONLY;
  }

  get nonblocking(): boolean {
    return (this.flags & O.NONBLOCK) !== 0;
  }
}

/** What every entry of a directory is. */
export abstract class FsNode {
  abstract readonly type: 'file' | 'directory' | 'symlink' | 'chrdev' | 'fifo';
  // Assigned, not defined as fields: V8 takes the slow way to define those of a class with many subclasses, and a boot makes thousands of nodes.
  /** Permission bits. */
  declare mode: number;
  /** Time of the last change, in ns of virtual time. */
  declare mtimeNs: number;

  constructor(mode: number) {
    this.mode = mode;
    this.mtimeNs = 0;
  }

  /** `st_size`. */
  get size(): number {
    return 0;
  }

  get links(): number {
    return 1;
  }
}

/** What a user makes in a directory. */
export type Creation = 'file' | 'directory' | 'fifo' | { readonly target: string } | FsNode;

/** A directory; what users may do in it is its file system's affair. */
export class DirectoryNode extends FsNode {
  readonly type = 'directory';
  readonly children = new Map<string, FsNode>();

  constructor(mode = 0o755) {
    super(mode);
  }

  override get links(): number {
    let links = 2;
    for (const child of this.children.values()) if (child.type === 'directory') links++;
    return links;
  }

  /** The entry of that name. */
  lookup(name: string): FsNode | undefined {
    return this.children.get(name);
  }

  /** Names of all entries in the order in which `readdir` gives them. */
  names(): readonly string[] {
    return [...this.children.keys()];
  }

  /**
   * A user makes a file (`O_CREAT`), a directory, a symlink, or links a node that exists; a negative errno where that is not possible: in a file
   * system without `create`, -EACCES of `lookup_open` for files, -EPERM of `vfs_mkdir`, `vfs_symlink` and `vfs_link` for the rest.
   */
  create(_name: string, make: Creation, _mode: number): FsNode | number {
    return make === 'file' ? ERRNO.EACCES : ERRNO.EPERM;
  }

  /** A user removes an entry, which exists and is of the right kind; 0 or a negative errno. */
  remove(_name: string): number {
    return ERRNO.EPERM;
  }

  /** A user moves the entry `name` to `to`, a directory of the same file system, over what may be there; 0 or a negative errno. */
  rename(_name: string, _to: DirectoryNode, _newName: string): number {
    return ERRNO.EPERM;
  }

  /** The kernel adds an entry, replacing none. */
  add<T extends FsNode>(name: string, node: T): T {
    this.children.set(name, node);
    return node;
  }

  /** The kernel removes an entry. */
  drop(name: string): void {
    this.children.delete(name);
  }
}

/** A symbolic link. */
export class SymlinkNode extends FsNode {
  readonly type = 'symlink';
  private readonly to: string | (() => string);

  /** A function is asked at each use: `/proc/self`. */
  constructor(target: string | (() => string)) {
    super(0o777);
    this.to = target;
  }

  get target(): string {
    return typeof this.to === 'string' ? this.to : this.to();
  }

  override get size(): number {
    return this.target.length;
  }
}

/** A file or a device that can be opened. */
export abstract class OpenableNode extends FsNode {
  abstract override readonly type: 'file' | 'chrdev' | 'fifo';
  /** The kernel took it away: files of sysfs and debugfs that are still open fail. */
  declare protected removed: boolean;

  constructor(mode: number) {
    super(mode);
    this.removed = false;
  }

  /** `kernfs_remove`, `debugfs_remove`. */
  remove(): void {
    this.removed = true;
  }

  /** Gives the open file its operations; 0 or a negative errno. */
  abstract open(file: OpenFile): KernelCode<number>;
}

/** A character device node: `open` is its driver's. */
export class ChrdevNode extends OpenableNode {
  readonly type = 'chrdev';
  readonly major: number;
  readonly minor: number;
  private readonly opener: (file: OpenFile) => KernelCode<number>;

  constructor(major: number, minor: number, mode: number, opener: (file: OpenFile) => KernelCode<number>) {
    super(mode);
    this.major = major;
    this.minor = minor;
    this.opener = opener;
  }

  open(file: OpenFile): KernelCode<number> {
    return this.opener(file);
  }
}
