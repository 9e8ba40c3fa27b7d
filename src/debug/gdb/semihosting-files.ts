/**
 * Semihosting calls about files, the clock and commands of the host, carried out by GDB (File-I/O, GDB manual, appendix E.13) when the user asks for it:
 * firmware then reads and writes files where GDB runs. All other calls stay with the run.
 *
 * A call is a breakpoint on each `BKPT 0xAB` of the ELF's code, so code that the firmware copies elsewhere is not seen. What GDB answers enters the machine
 * as writes of the debugger, which are inputs: the past is lived through again without GDB being asked.
 */
import { parseFirmware } from '../../remoteproc/elf-loader.ts';
import type { HaltReason } from '../types.ts';
import type { MemoryPackets } from './memory-packets.ts';
import { type GdbTarget, wordAt } from './target.ts';

/** `BKPT 0xAB`, little-endian. */
const CALL_LOW = 0xab;
const CALL_HIGH = 0xbe;
const CALL_SIZE = 2;
const MOST_CALLS = 4096;

const SYS = {
  OPEN: 0x01, CLOSE: 0x02, WRITEC: 0x03, WRITE0: 0x04, WRITE: 0x05, READ: 0x06, READC: 0x07, ISTTY: 0x09, SEEK: 0x0a, FLEN: 0x0c,
  REMOVE: 0x0e, RENAME: 0x0f, TIME: 0x11, SYSTEM: 0x12, ERRNO: 0x13,
} as const; // biome-ignore format: a table

const O = { RDONLY: 0, WRONLY: 1, RDWR: 2, APPEND: 8, CREAT: 0x200, TRUNC: 0x400 } as const;
/** fopen's modes by number: r, r+, w, w+, a, a+; each text and binary. */
const MODES = [
  O.RDONLY,
  O.RDWR,
  O.WRONLY | O.CREAT | O.TRUNC,
  O.RDWR | O.CREAT | O.TRUNC,
  O.WRONLY | O.CREAT | O.APPEND,
  O.RDWR | O.CREAT | O.APPEND,
];
const NEW_FILE_MODE = '1a4';
const SEEK_SET = 0;
const SEEK_CURRENT = 1;
const SEEK_END = 2;
const FAILED = 0xffff_ffff;
const EINVAL = 22;
const EFAULT = 14;
const EIO = 5;
/** `struct timeval` of File-I/O: seconds (4 bytes), microseconds (8), big-endian. */
const TIMEVAL_SIZE = 12;
/** Longest string that is looked for its end. */
const LONGEST_STRING = 4096;
const CONSOLE = ':tt';
/** GDB's console. */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
/** Handles of the firmware are GDB's, plus this: 0 is none. */
const FIRST_HANDLE = 1;

/** A result of GDB: what the call returned, and errno when that is -1. */
interface Result {
  readonly value: number;
  readonly errno: number;
}

/** A call that is being carried out: yields requests, is given results, and returns what goes into R0. */
type Call = Generator<string, number, Result>;

/** How a call begins: with a request for GDB; it is done already; the core executes the instruction itself. */
export type CallStart = { readonly kind: 'request'; readonly request: string } | { readonly kind: 'done' } | { readonly kind: 'native' };

/** Semihosting through one GDB. */
export class SemihostingFiles {
  private readonly target: GdbTarget;
  private readonly owner: string;
  private readonly memory: MemoryPackets;
  private file: Uint8Array | undefined;
  private readonly points = new Set<number>();
  private call: Call | undefined;
  private errno = 0;
  private on = false;

  constructor(target: GdbTarget, owner: string, memory: MemoryPackets) {
    this.target = target;
    this.owner = owner;
    this.memory = memory;
  }

  get enabled(): boolean {
    return this.on;
  }

  /** Has GDB carry out calls from now on, or the run as before. */
  enable(on: boolean): void {
    this.on = on;
    this.call = undefined;
    this.memory.window = undefined;
    if (!on) this.clear();
  }

  /** Runs the machine with the calls watched, but not in its past, where all is done already. */
  async within(backward: boolean, run: () => Promise<HaltReason>): Promise<HaltReason> {
    if (this.on && !backward && this.target.debugger.present === undefined) this.place();
    else this.clear();
    return run();
  }

  /** True when the core stands at a call that GDB is to carry out. */
  get atCall(): boolean {
    const { debugger: api, core } = this.target;
    return this.on && api.present === undefined && this.isCall(api.readRegister(core, 'pc'));
  }

  /** Begins the call at which the machine has stopped; undefined when there is none. */
  begin(reason: HaltReason): CallStart | undefined {
    const ours = reason.kind === 'breakpoint' && reason.ids.some((id) => this.points.has(id));
    if (!ours && !(reason.kind === 'step' && this.atCall)) return undefined;
    const { debugger: api, core } = this.target;
    const call = this.start(api.readRegister(core, 'r0'), api.readRegister(core, 'r1'));
    if (!call) return { kind: 'native' };
    this.call = call;
    const request = this.proceed();
    return request === null ? { kind: 'done' } : { kind: 'request', request };
  }

  /** What GDB has answered: the next request, or null when the call is done. */
  answered(text: string): { readonly next: string | null; readonly interrupted: boolean } {
    const [value = '', errno = '0', ...rest] = text.split(',');
    const number = Number.parseInt(value, 16);
    const result = { value: Number.isNaN(number) ? -1 : number, errno: Number.parseInt(errno, 16) || 0 };
    return { next: this.call ? this.proceed(result) : null, interrupted: rest.includes('C') || errno === 'C' };
  }

  private proceed(result: Result = { value: 0, errno: 0 }): string | null {
    const { debugger: api, core } = this.target;
    const { done, value } = this.call!.next(result);
    if (!done) return value;
    this.call = undefined;
    this.memory.window = undefined;
    api.writeRegister(core, 'r0', value >>> 0);
    api.writeRegister(core, 'pc', (api.readRegister(core, 'pc') + CALL_SIZE) >>> 0);
    return null;
  }

  private start(operation: number, parameter: number): Call | undefined {
    switch (operation) {
      case SYS.OPEN:
        return this.open(parameter);
      case SYS.CLOSE:
        return this.simple(parameter, 1, ([handle]) => `Fclose,${this.descriptor(handle!)}`);
      case SYS.WRITEC:
        return this.print(parameter, 1);
      case SYS.WRITE0:
        return this.print(parameter, this.length(parameter));
      case SYS.WRITE:
        return this.transfer('Fwrite', parameter);
      case SYS.READ:
        return this.transfer('Fread', parameter);
      case SYS.READC:
        return this.character();
      case SYS.ISTTY:
        return this.simple(parameter, 1, ([handle]) => `Fisatty,${this.descriptor(handle!)}`);
      case SYS.SEEK:
        return this.seek(parameter);
      case SYS.FLEN:
        return this.fileLength(parameter);
      case SYS.REMOVE:
        return this.simple(parameter, 2, ([name, length]) => `Funlink,${string(name!, length!)}`);
      case SYS.RENAME:
        return this.simple(parameter, 4, ([from, length, to, other]) => `Frename,${string(from!, length!)},${string(to!, other!)}`);
      case SYS.SYSTEM:
        return this.simple(parameter, 2, ([command, length]) => `Fsystem,${string(command!, length!)}`);
      case SYS.TIME:
        return this.time();
      case SYS.ERRNO:
        return this.lastError();
      default:
        return undefined;
    }
  }

  // --- calls

  private *simple(block: number, count: number, request: (words: readonly number[]) => string): Call {
    const words = this.words(block, count);
    return words ? this.checked(yield request(words)) : this.fail(EFAULT);
  }

  private *open(block: number): Call {
    const words = this.words(block, 3);
    if (!words) return this.fail(EFAULT);
    const [name, mode, length] = words as [number, number, number];
    if (mode > 11) return this.fail(EINVAL);
    if (this.text(name, length) === CONSOLE) return (mode < 4 ? STDIN : mode < 8 ? STDOUT : STDERR) + FIRST_HANDLE;
    const descriptor = this.checked(yield `Fopen,${string(name, length)},${MODES[mode >> 1]!.toString(16)},${NEW_FILE_MODE}`);
    return descriptor === FAILED ? FAILED : descriptor + FIRST_HANDLE;
  }

  private *print(address: number, length: number): Call {
    if (length > 0) this.checked(yield `Fwrite,${STDOUT},${hex(address)},${hex(length)}`);
    return 0;
  }

  /** READ and WRITE: how many bytes were not transferred. */
  private *transfer(name: 'Fread' | 'Fwrite', block: number): Call {
    const words = this.words(block, 3);
    if (!words) return this.fail(EFAULT);
    const [handle, address, length] = words as [number, number, number];
    if (length === 0) return 0;
    const done = this.checked(yield `${name},${this.descriptor(handle)},${hex(address)},${hex(length)}`);
    return done === FAILED ? length : Math.max(0, length - done);
  }

  private *character(): Call {
    const at = this.scratch(1);
    const count = this.checked(yield `Fread,${STDIN},${hex(at)},1`);
    return count === 1 ? this.memory.window!.bytes[0]! : FAILED;
  }

  private *seek(block: number): Call {
    const words = this.words(block, 2);
    if (!words) return this.fail(EFAULT);
    return this.checked(yield `Flseek,${this.descriptor(words[0]!)},${hex(words[1]!)},${SEEK_SET}`) === FAILED ? FAILED : 0;
  }

  /** By going to the end and back: Ffstat says the same, in a struct. */
  private *fileLength(block: number): Call {
    const handle = this.words(block, 1)?.[0];
    if (handle === undefined) return this.fail(EFAULT);
    const descriptor = this.descriptor(handle);
    const at = this.checked(yield `Flseek,${descriptor},0,${SEEK_CURRENT}`);
    if (at === FAILED) return FAILED;
    const end = this.checked(yield `Flseek,${descriptor},0,${SEEK_END}`);
    this.checked(yield `Flseek,${descriptor},${hex(at)},${SEEK_SET}`);
    return end;
  }

  private *time(): Call {
    const at = this.scratch(TIMEVAL_SIZE);
    if (this.checked(yield `Fgettimeofday,${hex(at)},0`) === FAILED) return FAILED;
    const { bytes } = this.memory.window!;
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  }

  private *lastError(): Call {
    return this.errno;
  }

  // --- parts

  private checked({ value, errno }: Result): number {
    return value < 0 ? this.fail(errno || EIO) : value >>> 0;
  }

  private fail(errno: number): number {
    this.errno = errno;
    return FAILED;
  }

  private descriptor(handle: number): string {
    return hex(Math.max(0, handle - FIRST_HANDLE));
  }

  /** Bytes that GDB writes its answer to: at an address of the machine's memory, but not in it. */
  private scratch(size: number): number {
    const { debugger: api, core } = this.target;
    const address = (api.readRegister(core, 'sp') & ~7) >>> 0;
    this.memory.window = { address, bytes: new Uint8Array(size) };
    return address;
  }

  private words(block: number, count: number): number[] | undefined {
    const words = Array.from({ length: count }, (_, index) => wordAt(this.target, block + 4 * index));
    return words.every((word) => word !== undefined) ? words : undefined;
  }

  private text(address: number, length: number): string {
    if (length > LONGEST_STRING) return '';
    return String.fromCharCode(...this.target.debugger.readMemory(this.target.core, address, length));
  }

  private length(address: number): number {
    const bytes = this.target.debugger.readMemory(this.target.core, address, LONGEST_STRING);
    const end = bytes.indexOf(0);
    return end < 0 ? bytes.length : end;
  }

  // --- where calls are

  private place(): void {
    const { machine, debugger: api, core } = this.target;
    const file = machine.firmwareFile;
    if (file === this.file && this.points.size > 0) return;
    this.clear();
    this.file = file;
    for (const address of file ? callsIn(file) : []) this.points.add(api.add({ kind: 'breakpoint', core, address }, this.owner));
  }

  private clear(): void {
    this.target.debugger.removeAll(this.owner);
    this.points.clear();
  }

  private isCall(address: number): boolean {
    const [low, high] = this.target.debugger.readMemory(this.target.core, address, CALL_SIZE);
    return low === CALL_LOW && high === CALL_HIGH;
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16);
}

/** A string with its NUL, as File-I/O wants it. */
function string(address: number, length: number): string {
  return `${hex(address)}/${hex(length + 1)}`;
}

/** Addresses at which the ELF has the instruction, or data that looks like it. */
function callsIn(file: Uint8Array): number[] {
  const found: number[] = [];
  try {
    for (const { da, data } of parseFirmware(file, 'firmware').segments) {
      for (let at = da % 2; at + 1 < data.length && found.length < MOST_CALLS; at += 2) {
        if (data[at] === CALL_LOW && data[at + 1] === CALL_HIGH) found.push((da + at) >>> 0);
      }
    }
  } catch {
    // A file that only Linux can read.
  }
  return found;
}
