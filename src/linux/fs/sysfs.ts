/**
 * sysfs and kernfs (fs/sysfs/file.c, fs/kernfs/file.c): directories that only the kernel changes, and attribute files of at most a page.
 *
 * Text of users that is not UTF-8 reaches a driver with replacement characters. Not modelled: `sysfs_notify`, memory mapping.
 */
import { ERRNO } from '../errno.ts';
import type { KernelCode } from '../kernel.ts';
import type { Attribute } from './device-model.ts';
import { DirectoryNode, type FileOperations, OpenableNode, type OpenFile } from './vfs.ts';

/** Bytes that an attribute shows or takes at most. */
export const PAGE_SIZE = 4096;

/** A directory in which users can make and remove nothing. */
export function sysfsDirectory(): DirectoryNode {
  return new DirectoryNode();
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An attribute file: `show` runs when a read begins at the start of the file, `store` at each write. */
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
    if (file.readable && (!show || (this.mode & 0o444) === 0)) return ERRNO.EACCES;
    file.ops = this.operations();
    return 0;
  }

  private operations(): FileOperations {
    const node = this;
    const { show, store } = this.attribute;
    let shown: Uint8Array | undefined;
    return {
      seekable: true,
      *read(file, count) {
        if (!show) return ERRNO.EIO;
        if (shown === undefined || file.pos === 0) {
          if (node.removed) return ERRNO.ENODEV;
          const value = yield* show();
          if (typeof value === 'number') return value;
          // `sysfs_kf_seq_show`: a driver that fills the page has done something wrong, and the last byte is lost.
          shown = encoder.encode(value).subarray(0, PAGE_SIZE - 1);
        }
        const data = shown.slice(file.pos, file.pos + count);
        file.pos += data.length;
        return data;
      },
      *write(file, data) {
        if (!store) return ERRNO.EIO;
        const part = data.subarray(0, PAGE_SIZE);
        if (node.removed) return ERRNO.ENODEV;
        if (part.length === 0) return 0;
        const text = decoder.decode(part);
        const taken = yield* store(text);
        if (taken < 0) return taken;
        // Drivers count characters, users bytes.
        const bytes = taken >= text.length ? part.length : encoder.encode(text.slice(0, taken)).length;
        file.pos += bytes;
        return bytes;
      },
    };
  }
}

/** What was in a directory that is gone is gone for those who have it open, too: -ENODEV in sysfs, -EIO in debugfs. */
export function removeFiles(directory: DirectoryNode): void {
  for (const child of directory.children.values()) {
    if (child instanceof OpenableNode) child.remove();
    else if (child instanceof DirectoryNode) removeFiles(child);
  }
}
