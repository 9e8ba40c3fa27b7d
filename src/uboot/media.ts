/**
 * SD card and eMMC as U-Boot sees them: controllers, partitions, files (drivers/mmc, disk/part_dos.c, fs/).
 *
 * Files are those of the run, by name; there are no blocks behind them. A kernel image has a size and a header, but no contents.
 */

/** A file; of `size` bytes only those of `contents()` are written when it is loaded, the rest stay as they were in memory. */
export interface BootFile {
  readonly size: number;
  contents(): Uint8Array;
}

/** A partition of a card. */
export interface Partition {
  readonly type: 'fat' | 'ext4';
  /** In sectors of 512 bytes. */
  readonly start: number;
  readonly sectors: number;
  /** By path without the leading slash. */
  readonly files: Map<string, BootFile>;
}

/** A card or eMMC; `partitions` begins with number 1. */
export interface BlockDevice {
  readonly kind: 'SD' | 'eMMC';
  readonly manufacturer: number;
  readonly oem: number;
  readonly name: string;
  readonly bytes: number;
  /** Signature of the partition table. */
  readonly signature: number;
  readonly partitions: readonly Partition[];
}

/** A uSDHC controller; without a card `device` is absent. */
export interface MmcSlot {
  readonly number: number;
  readonly device?: BlockDevice;
}

/** A file whose contents are all there. */
export function bytesFile(contents: Uint8Array): BootFile {
  return { size: contents.length, contents: () => contents };
}

/** The path as it is looked up: without a leading slash; FAT does not tell capitals from small letters. */
export function findFile(partition: Partition, path: string): BootFile | undefined {
  const wanted = path.replace(/^\/+/, '');
  const exact = partition.files.get(wanted);
  if (exact || partition.type === 'ext4') return exact;
  const lower = wanted.toLowerCase();
  for (const [name, file] of partition.files) if (name.toLowerCase() === lower) return file;
  return undefined;
}

/** An entry of a directory. */
export interface DirectoryEntry {
  readonly name: string;
  /** Absent for a directory. */
  readonly size?: number;
}

/** What is in a directory, or undefined when there is none of that name. */
export function listDirectory(partition: Partition, path: string): DirectoryEntry[] | undefined {
  const directory = path.replace(/^\/+|\/+$/g, '');
  const prefix = directory === '' ? '' : `${directory}/`;
  const entries = new Map<string, DirectoryEntry>();
  for (const [name, file] of partition.files) {
    if (!name.startsWith(prefix)) continue;
    const [first, ...rest] = name.slice(prefix.length).split('/');
    entries.set(first!, rest.length > 0 ? { name: first! } : { name: first!, size: file.size });
  }
  if (entries.size === 0 && directory !== '') return undefined;
  const dots: DirectoryEntry[] = directory === '' ? [] : [{ name: '.' }, { name: '..' }];
  return [...dots, ...entries.values()];
}

/** Bytes of the header of an arm64 `Image` or an arm `zImage`: all that booti and bootz look at. */
function kernelHeader(kind: 'Image' | 'zImage', size: number): Uint8Array {
  const header = new Uint8Array(64);
  const view = new DataView(header.buffer);
  if (kind === 'Image') {
    // MZ, so that the same file is an EFI application; a branch; little-endian, 4 KiB pages, may lie anywhere.
    view.setUint32(0, 0xfa40_5a4d, true);
    view.setUint32(4, 0x1440_0000, true);
    view.setUint32(16, size, true);
    view.setUint32(24, 0xa, true);
    view.setUint32(56, 0x644d_5241, true);
  } else {
    view.setUint32(0x24, 0x016f_2818, true);
    view.setUint32(0x28, 0, true);
    view.setUint32(0x2c, size, true);
  }
  return header;
}

/** A kernel that is there by name and size. */
export function kernelFile(kind: 'Image' | 'zImage', size: number): BootFile {
  return { size, contents: () => kernelHeader(kind, size) };
}
