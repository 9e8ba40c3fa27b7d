/**
 * Files and directories that the kernel makes up as they are looked at (fs/seq_file.c, fs/libfs.c, fs/proc/generic.c), for proc, debugfs and
 * the binary files of sysfs.
 */
import { ERRNO } from '../errno.ts';
import type { KernelCode } from '../kernel.ts';
import { type Creation, DirectoryNode, type FileOperations, type FsNode, OpenableNode, type OpenFile } from './nodes.ts';

/** What a file holds at one moment, or a negative errno. */
export type Contents = string | Uint8Array | number;

/** What a `KernelFile` does. */
export interface KernelFileOptions {
  /** Permission bits. */
  readonly mode: number;
  /** Asked when a read begins at the start of the file; it may sleep. */
  readonly show?: () => Contents | KernelCode<Contents>;
  /** 0 when all of `data` is taken, or a negative errno; it may sleep. */
  readonly store?: (data: Uint8Array) => number | KernelCode<number>;
  /** Errno of a direction that is missing: -EIO in proc (`proc_reg_read`, `proc_reg_write`), -EINVAL in debugfs (`vfs_read`, `vfs_write`). */
  readonly missing?: number;
  /** A file without the mode's bit cannot be opened in that direction, by root neither: sysfs, /proc/sys. */
  readonly strict?: boolean;
  /** `st_size`; 0 unless given. */
  readonly size?: () => number;
}

const encoder = new TextEncoder();

/** A file whose contents are made when it is read. */
export class KernelFile extends OpenableNode {
  readonly type = 'file';
  private readonly options: KernelFileOptions;

  constructor(options: KernelFileOptions) {
    super(options.mode);
    this.options = options;
  }

  override get size(): number {
    return this.options.size?.() ?? 0;
  }

  *open(file: OpenFile): KernelCode<number> {
    const { strict } = this.options;
    if (strict && ((file.readable && !(this.mode & 0o444)) || (file.writable && !(this.mode & 0o222)))) return ERRNO.EACCES;
    file.ops = this.operations();
    return 0;
  }

  private operations(): FileOperations {
    const { show, store, missing = ERRNO.EINVAL } = this.options;
    let shown: Uint8Array | undefined;
    return {
      seekable: true,
      *read(file, count) {
        if (!show) return missing;
        if (shown === undefined || file.pos === 0) {
          const made = show();
          const contents = typeof made === 'object' && 'next' in made ? yield* made : made;
          if (typeof contents === 'number') return contents;
          shown = typeof contents === 'string' ? encoder.encode(contents) : contents;
        }
        const data = shown.slice(file.pos, file.pos + count);
        file.pos += data.length;
        return data;
      },
      *write(file, data) {
        if (!store) return missing;
        const made = store(data);
        const err = typeof made === 'number' ? made : yield* made;
        if (err < 0) return err;
        file.pos += data.length;
        return data.length;
      },
    };
  }
}

/** A file of debugfs. */
export function debugfsFile(options: Omit<KernelFileOptions, 'missing' | 'strict'>): KernelFile {
  return new KernelFile(options);
}

/** A file of proc. */
export function procFile(show: () => Contents, mode = 0o444): KernelFile {
  return new KernelFile({ mode, show, missing: ERRNO.EIO });
}

/** A binary file of sysfs (`bin_attribute`). */
export function binaryAttribute(show: () => Uint8Array, mode = 0o444): KernelFile {
  return new KernelFile({ mode, show, strict: true, missing: ERRNO.EIO, size: () => show().length });
}

/** A directory that is filled when somebody first looks into it. */
export class LazyDirectory extends DirectoryNode {
  private populate: ((directory: LazyDirectory) => void) | undefined;

  constructor(mode: number, populate: (directory: LazyDirectory) => void) {
    super(mode);
    this.populate = populate;
  }

  override get links(): number {
    this.fill();
    return super.links;
  }

  override lookup(name: string): FsNode | undefined {
    this.fill();
    return super.lookup(name);
  }

  override names(): readonly string[] {
    this.fill();
    return super.names();
  }

  private fill(): void {
    const { populate } = this;
    this.populate = undefined;
    populate?.(this);
  }
}

/** A directory of proc: names that are not there are not there for whoever would make them, either (`proc_lookup` gives -ENOENT). */
export class ProcDirectory extends LazyDirectory {
  constructor(populate: (directory: LazyDirectory) => void, mode = 0o555) {
    super(mode, populate);
  }

  override create(_name: string, _make: Creation, _mode: number): FsNode | number {
    return ERRNO.ENOENT;
  }
}
