/**
 * Semihosting: `BKPT 0xAB` with an operation number in R0 (Arm "Semihosting for AArch32 and AArch64", release 2024Q3).
 *
 * Only the console (`:tt`) and `:semihosting-features` can be opened; firmware never reaches the host's files. Time is virtual. Pointers
 * are taken as a debugger takes them: physical RAM, without the MPU; a bad one fails the call.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { hex } from '../memory/bits.ts';
import type { AddressSpace } from '../memory/bus.ts';
import type { Scheduler } from '../time/scheduler.ts';

/** The console behind the calls; supplied from outside. */
export interface SemihostingHost {
  /** Takes output: `fd` 1 is standard output, 2 standard error. */
  write(fd: 1 | 2, bytes: Uint8Array): void;
  /** At most `max` bytes of input; empty at its end, undefined when there are none yet (the core then waits). */
  read(max: number): Uint8Array | undefined;
  /** False when `read` would return undefined. */
  readonly readable: boolean;
  /** What SYS_GET_CMDLINE gives; empty unless set. */
  readonly commandLine?: string;
}

/** What a call led to. */
export type SemihostingResult =
  /** It is done; `value` goes into R0. */
  | { readonly kind: 'done'; readonly value: number }
  /** It needs input that is not there yet: the instruction is executed again later. */
  | { readonly kind: 'wait' }
  /** The firmware ended the run. */
  | { readonly kind: 'exit'; readonly status: number };

/** Immediate of the BKPT that is a call. */
export const SEMIHOSTING_BKPT = 0xab;

const SYS = {
  OPEN: 0x01,
  CLOSE: 0x02,
  WRITEC: 0x03,
  WRITE0: 0x04,
  WRITE: 0x05,
  READ: 0x06,
  READC: 0x07,
  ISERROR: 0x08,
  ISTTY: 0x09,
  SEEK: 0x0a,
  FLEN: 0x0c,
  CLOCK: 0x10,
  TIME: 0x11,
  ERRNO: 0x13,
  GET_CMDLINE: 0x15,
  HEAPINFO: 0x16,
  EXIT: 0x18,
  EXIT_EXTENDED: 0x20,
  ELAPSED: 0x30,
  TICKFREQ: 0x31,
} as const;

const ERRNO = { ENOENT: 2, EBADF: 9, EFAULT: 14, EINVAL: 22, ENOSYS: 38 } as const;
const ADP_STOPPED_APPLICATION_EXIT = 0x2_0026;
const FAILED = 0xffff_ffff;
/** Handles; 0 is none, so that firmware which tests for it works. */
const STDIN = 1;
const STDOUT = 2;
const STDERR = 3;
const FEATURES = 4;
/** "SHFB", then: EXIT_EXTENDED and separate stderr are supported. */
const FEATURE_BYTES = Uint8Array.of(0x53, 0x48, 0x46, 0x42, 0x03);
/** Longest string or block that one call may move, in bytes. */
const LIMIT = 1 << 16;

/** Executes semihosting calls for one core. */
export class Semihosting {
  private readonly host: SemihostingHost;
  private readonly bus: AddressSpace;
  private readonly scheduler: Scheduler;
  private readonly diagnostics: Diagnostics;
  private errno = 0;
  private featuresAt = 0;

  constructor(host: SemihostingHost, bus: AddressSpace, scheduler: Scheduler, diagnostics: Diagnostics) {
    this.host = host;
    this.bus = bus;
    this.scheduler = scheduler;
    this.diagnostics = diagnostics;
  }

  /** True when a call that had to wait for input can go on. */
  get ready(): boolean {
    return this.host.readable;
  }

  /** Performs `operation` (R0) with `parameter` (R1). */
  call(operation: number, parameter: number): SemihostingResult {
    switch (operation) {
      case SYS.EXIT:
        return { kind: 'exit', status: parameter === ADP_STOPPED_APPLICATION_EXIT ? 0 : 1 };
      case SYS.EXIT_EXTENDED: {
        const block = this.words(parameter, 2);
        return { kind: 'exit', status: block && block[0] === ADP_STOPPED_APPLICATION_EXIT ? block[1]! & 0xff : 1 };
      }
      case SYS.READ:
        return this.read(parameter);
      case SYS.READC: {
        const bytes = this.host.read(1);
        return bytes ? { kind: 'done', value: bytes[0] ?? FAILED } : { kind: 'wait' };
      }
      default:
        return { kind: 'done', value: this.simple(operation, parameter) >>> 0 };
    }
  }

  private simple(operation: number, parameter: number): number {
    switch (operation) {
      case SYS.OPEN:
        return this.open(parameter);
      case SYS.CLOSE:
        return this.withHandle(parameter, () => 0);
      case SYS.WRITEC:
        return this.put(STDOUT, this.bus.readBytes(parameter, 1));
      case SYS.WRITE0:
        return this.put(STDOUT, this.string(parameter));
      case SYS.WRITE:
        return this.write(parameter);
      case SYS.ISERROR:
        return ((this.words(parameter, 1)?.[0] ?? FAILED) | 0) < 0 ? 1 : 0;
      case SYS.ISTTY:
        return this.withHandle(parameter, (handle) => (handle === FEATURES ? 0 : 1));
      case SYS.SEEK:
        return this.seek(parameter);
      case SYS.FLEN:
        return this.withHandle(parameter, (handle) => (handle === FEATURES ? FEATURE_BYTES.length : 0));
      case SYS.CLOCK:
        return Math.floor(this.scheduler.seconds * 100);
      case SYS.TIME:
        return Math.floor(this.scheduler.seconds);
      case SYS.ERRNO:
        return this.errno;
      case SYS.GET_CMDLINE:
        return this.commandLine(parameter);
      case SYS.HEAPINFO:
        return this.heapInfo(parameter);
      case SYS.ELAPSED:
        return this.store(parameter, [this.scheduler.now % 2 ** 32, Math.floor(this.scheduler.now / 2 ** 32)]);
      case SYS.TICKFREQ:
        return this.scheduler.hz;
      default:
        this.diagnostics.unimplemented('semihosting', hex(operation), 'operation is not supported; it returned -1');
        return this.fail(ERRNO.ENOSYS);
    }
  }

  private open(block: number): number {
    const words = this.words(block, 3);
    const name = words && words[2]! <= 256 ? this.bus.readBytes(words[0]!, words[2]!) : undefined;
    if (!words || !name) return this.fail(ERRNO.EFAULT);
    const text = String.fromCharCode(...name);
    const mode = words[1]!;
    if (text === ':semihosting-features' && mode <= 1) {
      this.featuresAt = 0;
      return FEATURES;
    }
    if (mode > 11) return this.fail(ERRNO.EINVAL);
    if (text !== ':tt') return this.fail(ERRNO.ENOENT);
    return mode < 4 ? STDIN : mode < 8 ? STDOUT : STDERR;
  }

  private write(block: number): number {
    const words = this.words(block, 3);
    if (!words) return this.fail(ERRNO.EFAULT);
    const [handle, address, length] = words as [number, number, number];
    if (handle !== STDOUT && handle !== STDERR) {
      this.fail(ERRNO.EBADF);
      return length;
    }
    const part = Math.min(length, LIMIT);
    const bytes = this.bus.readBytes(address, part);
    if (!bytes) {
      this.fail(ERRNO.EFAULT);
      return length;
    }
    this.put(handle, bytes);
    return length - part;
  }

  private read(block: number): SemihostingResult {
    const words = this.words(block, 3);
    if (!words) return { kind: 'done', value: this.fail(ERRNO.EFAULT) };
    const [handle, address, length] = words as [number, number, number];
    const part = Math.min(length, LIMIT);
    if (!this.bus.isRam(address, part)) {
      this.fail(ERRNO.EFAULT);
      return { kind: 'done', value: length };
    }
    let bytes: Uint8Array | undefined;
    if (handle === STDIN) bytes = part === 0 ? new Uint8Array() : this.host.read(part);
    else if (handle === FEATURES) {
      bytes = FEATURE_BYTES.slice(this.featuresAt, this.featuresAt + part);
      this.featuresAt += bytes.length;
    } else {
      this.fail(ERRNO.EBADF);
      return { kind: 'done', value: length };
    }
    if (!bytes) return { kind: 'wait' };
    this.bus.writeBytes(address, bytes.subarray(0, part));
    return { kind: 'done', value: length - Math.min(bytes.length, part) };
  }

  private seek(block: number): number {
    const words = this.words(block, 2);
    if (!words) return this.fail(ERRNO.EFAULT);
    if (words[0] !== FEATURES || words[1]! > FEATURE_BYTES.length) return this.fail(ERRNO.EINVAL);
    this.featuresAt = words[1]!;
    return 0;
  }

  private commandLine(block: number): number {
    const words = this.words(block, 2);
    const line = new TextEncoder().encode(`${this.host.commandLine ?? ''}\0`);
    if (!words || line.length > words[1]! || !this.bus.writeBytes(words[0]!, line)) return this.fail(ERRNO.EFAULT);
    return this.store(block + 4, [line.length - 1]);
  }

  /** All zero: the firmware's own linker script decides. */
  private heapInfo(block: number): number {
    const words = this.words(block, 1);
    return words ? this.store(words[0]!, [0, 0, 0, 0]) : this.fail(ERRNO.EFAULT);
  }

  private withHandle(block: number, action: (handle: number) => number): number {
    const handle = this.words(block, 1)?.[0];
    if (handle === undefined) return this.fail(ERRNO.EFAULT);
    return handle >= STDIN && handle <= FEATURES ? action(handle) : this.fail(ERRNO.EBADF);
  }

  private put(handle: typeof STDOUT | typeof STDERR, bytes: Uint8Array | undefined): number {
    if (!bytes) return this.fail(ERRNO.EFAULT);
    if (bytes.length > 0) this.host.write(handle === STDERR ? 2 : 1, bytes);
    return 0;
  }

  /** The zero-terminated string at `address`, cut at `LIMIT`; undefined when it starts outside RAM. */
  private string(address: number): Uint8Array | undefined {
    const bytes: number[] = [];
    for (let at = address; bytes.length < LIMIT && this.bus.isRam(at, 1); at++) {
      const byte = this.bus.peek(at, 1);
      if (byte === 0) return Uint8Array.from(bytes);
      bytes.push(byte);
    }
    return bytes.length === 0 ? undefined : Uint8Array.from(bytes);
  }

  private words(address: number, count: number): number[] | undefined {
    const bytes = this.bus.readBytes(address, 4 * count);
    if (!bytes) return undefined;
    const view = new DataView(bytes.buffer);
    return Array.from({ length: count }, (_, index) => view.getUint32(4 * index, true));
  }

  private store(address: number, words: readonly number[]): number {
    const view = new DataView(new ArrayBuffer(4 * words.length));
    for (const [index, word] of words.entries()) view.setUint32(4 * index, word, true);
    return this.bus.writeBytes(address >>> 0, new Uint8Array(view.buffer)) ? 0 : this.fail(ERRNO.EFAULT);
  }

  private fail(errno: number): number {
    this.errno = errno;
    return FAILED;
  }
}
