/**
 * tmpfs (mm/shmem.c): files and directories that users make, in memory, with limits on pages and inodes as `size=` and `nr_inodes=` set them.
 *
 * The limits keep whatever runs in the guest from eating the host's memory: -ENOSPC. Not modelled: holes (what lies before a write far behind the
 * end is charged, too), swap, quotas, extended attributes.
 */
import { ERRNO } from '../errno.ts';
import type { KernelCode } from '../kernel.ts';
import { type Creation, DirectoryNode, type FileOperations, FsNode, O, OpenableNode, type OpenFile, SymlinkNode } from './nodes.ts';
import { FifoNode } from './pipe.ts';

const PAGE = 4096;
/** `BOGO_DIRENT_SIZE`: what `ls` shows for each entry of a directory. */
const DIRENT = 20;
/** Bytes of a file's memory below which it is not made smaller. */
const KEEP = 65_536;

const NOTHING = new Uint8Array(0);

/** What `statfs` tells. */
export interface FsUsage {
  readonly blockSize: number;
  readonly blocks: number;
  readonly free: number;
  readonly inodes: number;
  readonly freeInodes: number;
}

/** One file system (`struct shmem_sb_info`). */
export class Tmpfs {
  readonly root: TmpfsDirectory;
  /** Virtual time in ns. */
  readonly now: () => number;
  private readonly maxPages: number;
  private readonly maxInodes: number;
  private pages = 0;
  private inodes = 0;

  constructor(now: () => number, options: { readonly bytes?: number; readonly inodes?: number; readonly mode?: number } = {}) {
    this.now = now;
    this.maxPages = Math.floor((options.bytes ?? 256 * 1024 * 1024) / PAGE);
    this.maxInodes = options.inodes ?? 65_536;
    this.root = new TmpfsDirectory(this, options.mode ?? 0o755);
  }

  get usage(): FsUsage {
    const { maxPages, maxInodes, pages, inodes } = this;
    return { blockSize: PAGE, blocks: maxPages, free: maxPages - pages, inodes: maxInodes, freeInodes: maxInodes - inodes };
  }

  /** `shmem_reserve_inode`: false when there is none left. */
  reserveInode(): boolean {
    if (this.inodes >= this.maxInodes) return false;
    this.inodes++;
    return true;
  }

  freeInode(): void {
    this.inodes--;
  }

  /** The size nearest to `bytes` to which a file of `held` bytes can go; its pages are charged or given back. */
  charge(held: number, bytes: number): number {
    const before = Math.ceil(held / PAGE);
    const after = Math.min(Math.ceil(bytes / PAGE), before + this.maxPages - this.pages);
    this.pages += after - before;
    return Math.min(bytes, after * PAGE);
  }
}

/** A regular file. */
export class TmpfsFile extends OpenableNode {
  readonly type = 'file';
  private readonly fs: Tmpfs;
  /** Its bytes in front, then zeros. Memory of others until the first change. */
  private memory: Uint8Array = NOTHING;
  private borrowed = true;
  private length = 0;
  private names = 1;
  private opened = 0;
  private writers = 0;

  constructor(fs: Tmpfs, mode: number) {
    super(mode);
    this.fs = fs;
    this.mtimeNs = fs.now();
  }

  override get size(): number {
    return this.length;
  }

  override get links(): number {
    return this.names;
  }

  /** All bytes, to look at and not to change. */
  get bytes(): Uint8Array {
    return this.memory.subarray(0, this.length);
  }

  /** All bytes as they are now; later writes go to memory of their own. */
  share(): Uint8Array {
    this.borrowed = true;
    return this.bytes;
  }

  /** The kernel fills it with `data`, which is not copied; false when the file system is full. */
  fill(data: Uint8Array): boolean {
    this.truncate(0);
    const fits = this.fs.charge(0, data.length);
    if (fits < data.length) {
      this.fs.charge(fits, 0);
      return false;
    }
    this.memory = data;
    this.borrowed = true;
    this.length = data.length;
    return true;
  }

  /** `ftruncate`: 0, or -ENOSPC when it does not fit. */
  truncate(length: number): number {
    const fits = this.fs.charge(this.length, length);
    if (fits < length) {
      this.fs.charge(fits, this.length);
      return ERRNO.ENOSPC;
    }
    if (length < this.length) {
      if (length === 0 && this.memory.length > KEEP) this.memory = NOTHING;
      else {
        this.own(this.length);
        this.memory.fill(0, length, this.length);
      }
    } else this.own(length);
    this.length = length;
    this.mtimeNs = this.fs.now();
    return 0;
  }

  /** A name more or less; without name and user its memory is free. */
  link(by: 1 | -1): void {
    this.names += by;
    this.evict();
  }

  /** Somebody has it open for writing (`deny_write_access` fails with -ETXTBSY). */
  get beingWritten(): boolean {
    return this.writers > 0;
  }

  *open(file: OpenFile): KernelCode<number> {
    this.opened++;
    if (file.writable) this.writers++;
    file.ops = this.operations;
    return 0;
  }

  private readonly operations: FileOperations = {
    seekable: true,
    read: (file, count) => this.read(file, count),
    write: (file, data) => this.write(file, data),
    release: (file) => this.release(file),
  };

  private *read(file: OpenFile, count: number): KernelCode<Uint8Array> {
    const data = this.bytes.slice(file.pos, file.pos + count);
    file.pos += data.length;
    return data;
  }

  /** `generic_file_write_iter`: what fits of `data`, -ENOSPC when nothing does. */
  private *write(file: OpenFile, data: Uint8Array): KernelCode<number> {
    const from = file.flags & O.APPEND ? this.length : file.pos;
    if (data.length === 0) return 0;
    const wanted = Math.max(this.length, from + data.length);
    const size = this.fs.charge(this.length, wanted);
    const count = Math.min(data.length, size - from);
    if (count <= 0) {
      this.fs.charge(size, this.length);
      return ERRNO.ENOSPC;
    }
    this.own(size);
    this.memory.set(data.subarray(0, count), from);
    this.length = size;
    this.mtimeNs = this.fs.now();
    file.pos = from + count;
    return count;
  }

  private *release(file: OpenFile): KernelCode {
    this.opened--;
    if (file.writable) this.writers--;
    this.evict();
  }

  private evict(): void {
    if (this.names > 0 || this.opened > 0) return;
    this.truncate(0);
    this.memory = NOTHING;
    this.fs.freeInode();
  }

  /** Makes `memory` its own, with room for `size` bytes. */
  private own(size: number): void {
    if (!this.borrowed && size <= this.memory.length) return;
    const room = size <= this.length ? size : Math.max(size, Math.min(2 * this.length, size + 16 * 1024 * 1024), 256);
    const memory = new Uint8Array(room);
    memory.set(this.bytes);
    this.memory = memory;
    this.borrowed = false;
  }
}

/** A directory that users write in. */
export class TmpfsDirectory extends DirectoryNode {
  readonly fs: Tmpfs;

  constructor(fs: Tmpfs, mode: number) {
    super(mode);
    this.fs = fs;
    this.mtimeNs = fs.now();
  }

  override get size(): number {
    return 2 * DIRENT + this.children.size * DIRENT;
  }

  /** `shmem_mknod`, `shmem_mkdir`, `shmem_symlink`, `shmem_link`. */
  override create(name: string, make: Creation, mode: number): FsNode | number {
    const { fs } = this;
    if (make instanceof FsNode) return this.hardLink(name, make);
    if (!fs.reserveInode()) return ERRNO.ENOSPC;
    const node = this.make(make, mode);
    node.mtimeNs = fs.now();
    this.touch();
    return this.add(name, node);
  }

  private make(make: Exclude<Creation, FsNode>, mode: number): FsNode {
    if (make === 'file') return new TmpfsFile(this.fs, mode);
    if (make === 'directory') return new TmpfsDirectory(this.fs, mode);
    return make === 'fifo' ? new FifoNode(mode) : new SymlinkNode(make.target);
  }

  override remove(name: string): number {
    const node = this.children.get(name);
    if (node instanceof DirectoryNode && node.children.size > 0) return ERRNO.ENOTEMPTY;
    this.children.delete(name);
    if (node instanceof TmpfsFile) node.link(-1);
    else if (node instanceof TmpfsDirectory || node instanceof SymlinkNode || node instanceof FifoNode) this.fs.freeInode();
    this.touch();
    return 0;
  }

  override rename(name: string, to: DirectoryNode, newName: string): number {
    const node = this.children.get(name);
    if (!node || !(to instanceof TmpfsDirectory) || to.fs !== this.fs) return ERRNO.EXDEV;
    if (to.children.has(newName)) {
      const err = to.remove(newName);
      if (err) return err;
    }
    this.children.delete(name);
    to.add(newName, node);
    this.touch();
    to.touch();
    return 0;
  }

  /** The file at `name`, made or emptied by the kernel; undefined where something else is there or the file system is full. */
  file(name: string, mode = 0o644): TmpfsFile | undefined {
    const there = this.children.get(name) ?? this.create(name, 'file', mode);
    return there instanceof TmpfsFile ? there : undefined;
  }

  private hardLink(name: string, node: FsNode): FsNode | number {
    if (!(node instanceof TmpfsFile)) return ERRNO.EPERM;
    node.link(1);
    this.touch();
    return this.add(name, node);
  }

  private touch(): void {
    this.mtimeNs = this.fs.now();
  }
}
