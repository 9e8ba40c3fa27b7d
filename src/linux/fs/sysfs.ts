/**
 * sysfs and kernfs (fs/sysfs/file.c, fs/kernfs/file.c): directories that only the kernel changes, and attribute files of at most a page.
 */
import { ERRNO } from '../errno.ts';
import type { KernelCode } from '../kernel.ts';
import type { Attribute } from './device-model.ts';
import { DirectoryNode, type FileOperations, O, OpenableNode, type OpenFile } from './vfs.ts';

/** Bytes that an attribute shows or takes at most. */
export const PAGE_SIZE = 4096;

/** A directory in which users can make and remove nothing. */
export function sysfsDirectory(): DirectoryNode {
  return new DirectoryNode();
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An attribute file: `show` runs at the first read of an open file, `store` at each write. */
export class AttributeNode extends OpenableNode {
  readonly type = 'file';
  private readonly attribute: Attribute;

  constructor(attribute: Attribute) {
    super(attribute.mode ?? (attribute.show ? (attribute.store ? 0o644 : 0o444) : 0o200));
    this.attribute = attribute;
  }

  override get size(): number {
    return PAGE_SIZE;
  }

  /** `kernfs_fop_open`: -EACCES where the direction is not there, for root, too. */
  *open(file: OpenFile): KernelCode<number> {
    const { show, store } = this.attribute;
    if (file.writable && (!store || (this.mode & 0o222) === 0)) return ERRNO.EACCES;
    if (file.readable && (file.flags & O.ACCMODE) === O.RDONLY && (!show || (this.mode & 0o444) === 0)) return ERRNO.EACCES;
    file.ops = this.operations();
    return 0;
  }

  private operations(): FileOperations {
    const { show, store } = this.attribute;
    let shown: Uint8Array | undefined;
    return {
      seekable: true,
      *read(file, count) {
        if (!show) return ERRNO.EIO;
        if (shown === undefined || file.pos === 0) {
          const value = yield* show();
          if (typeof value === 'number') return value;
          shown = encoder.encode(value).subarray(0, PAGE_SIZE);
        }
        const data = shown.subarray(file.pos, file.pos + count);
        file.pos += data.length;
        return data;
      },
      *write(file, data) {
        if (!store) return ERRNO.EIO;
        const part = data.subarray(0, PAGE_SIZE);
        if (part.length === 0) return 0;
        const taken = yield* store(decoder.decode(part));
        if (taken > 0) file.pos += taken;
        return taken;
      },
    };
  }
}
