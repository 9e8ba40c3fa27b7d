/**
 * `vFile` packets: GDB reads the firmware's ELF from us, so that it needs no file of its own. Nothing else can be opened, and nothing of the host's.
 */
import type { GdbTarget } from './target.ts';
import { fromHex, latin, parseHex } from './text.ts';

const ENOENT = 'F-1,2';
const EBADF = 'F-1,9';
const EACCES = 'F-1,d';
const EINVAL = 'F-1,16';
const EMFILE = 'F-1,18';
const FIRST_DESCRIPTOR = 3;
/** Descriptors that may be open; GDB has two or three. */
const MOST_OPEN = 64;
/** O_WRONLY, O_RDWR, O_CREAT, O_TRUNC of File-I/O. */
const WRITING = 0x603;
const LARGEST_READ = 0x2000;
const REGULAR_READABLE = 0o100444;
/** `struct stat` of File-I/O, big-endian: dev ino mode nlink uid gid rdev (4 bytes each), size blksize blocks (8), atime mtime ctime (4). */
const STAT_SIZE = 64;

/** The one file that there is, as often as GDB opens it. */
export class HostFiles {
  private readonly target: GdbTarget;
  /** By descriptor. */
  private readonly open = new Map<number, Uint8Array>();

  constructor(target: GdbTarget) {
    this.target = target;
  }

  /** Its name, for `qXfer:exec-file`; undefined when nobody knows the firmware's ELF. */
  get name(): string | undefined {
    const { machine, core } = this.target;
    if (machine.core.name !== core || !machine.firmwareFile) return undefined;
    const name = (machine.firmware?.name ?? 'firmware.elf').split(/[\\/]/).at(-1);
    return `/imx-sim/${name?.replace(/[^\w.+-]/g, '_') || 'firmware.elf'}`;
  }

  /** Answers what follows `vFile:`. */
  packet(text: string): string {
    const colon = text.indexOf(':');
    const operands = text.slice(colon + 1).split(',');
    switch (text.slice(0, Math.max(0, colon))) {
      case 'setfs':
        return 'F0';
      case 'open':
        return this.openFile(operands);
      case 'fstat':
        return this.stat(operands);
      case 'pread':
        return this.read(operands);
      case 'close':
        return this.close(operands);
      case 'readlink':
        return EINVAL;
      default:
        return '';
    }
  }

  private openFile([name = '', flags]: readonly string[]): string {
    const path = fromHex(name);
    const file = this.target.machine.firmwareFile;
    if (!path || !file || latin(path) !== this.name) return ENOENT;
    if (((parseHex(flags) ?? 0) & WRITING) !== 0) return EACCES;
    if (this.open.size >= MOST_OPEN) return EMFILE;
    let descriptor = FIRST_DESCRIPTOR;
    while (this.open.has(descriptor)) descriptor++;
    this.open.set(descriptor, file);
    return `F${descriptor.toString(16)}`;
  }

  private file([descriptor]: readonly string[]): Uint8Array | undefined {
    return this.open.get(parseHex(descriptor) ?? -1);
  }

  private stat(operands: readonly string[]): string {
    const file = this.file(operands);
    if (!file) return EBADF;
    const view = new DataView(new ArrayBuffer(STAT_SIZE));
    view.setUint32(8, REGULAR_READABLE);
    view.setUint32(12, 1);
    view.setUint32(32, file.length);
    view.setUint32(40, 512);
    return `F${STAT_SIZE.toString(16)};${latin(new Uint8Array(view.buffer))}`;
  }

  private read(operands: readonly string[]): string {
    const count = parseHex(operands[1]);
    const offset = parseHex(operands[2]);
    const file = this.file(operands);
    if (!file) return EBADF;
    if (count === undefined || offset === undefined) return EINVAL;
    const bytes = file.subarray(offset, offset + Math.min(count, LARGEST_READ));
    return `F${bytes.length.toString(16)};${latin(bytes)}`;
  }

  private close([descriptor]: readonly string[]): string {
    return this.open.delete(parseHex(descriptor) ?? -1) ? 'F0' : EBADF;
  }
}
