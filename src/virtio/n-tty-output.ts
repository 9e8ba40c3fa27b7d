/**
 * The output half of N_TTY (drivers/tty/n_tty.c, 6.1): processing of what programs write, and the echo of what they type.
 *
 * Each step of it is a call of the driver, and so a message on an RPMsg tty: see `n-tty.ts`.
 */
import { ERRNO, type KernelCode, Mutex } from '../linux/kernel.ts';
import { TABDLY, type Termios } from './termios.ts';

/** Bytes that wait for a reader at most, and echoes that wait for room. */
export const N_TTY_BUF_SIZE = 4096;

/** The driver below. */
export interface TtyOperations {
  /** Bytes sent, or a negative errno. */
  write(data: Uint8Array): KernelCode<number>;
  writeRoom(): number;
}

/** Echo of `^X` for a control character; plain bytes are echoed as they are. */
const ECHO_CONTROL = 0x100;
/** The byte that begins an operation in the kernel's echo buffer. */
const ECHO_OP_START = 0xff;
/** Steps back over a tab: the columns of other characters in its area, and whether these come after another tab. */
const ECHO_OP_ERASE_TAB = 0x200;
const AFTER_TAB = 0x80;
/** The byte before takes no column of its own. */
const ECHO_OP_MOVE_BACK_COL = 0x800;
/** Here the line begins that is being typed. */
const ECHO_OP_SET_CANON_COL = 0x400;

const NL = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const BS = 0x08;

/** Is it a control character? */
export function iscntrl(byte: number): boolean {
  return byte < 0x20 || byte === 0x7f;
}

/** Output and echo of one open tty. */
export class NTtyOutput {
  private readonly ops: TtyOperations;
  private readonly termios: Readonly<Termios>;
  private readonly outputLock: Mutex;
  private echoes: number[] = [];
  private column = 0;
  /** Column in which the line that is being typed began. */
  private canonColumn = 0;
  private echoLocked = false;

  constructor(name: string, ops: TtyOperations, termios: Readonly<Termios>) {
    this.outputLock = new Mutex(`output_lock of ${name}`);
    this.ops = ops;
    this.termios = termios;
  }

  /** True while what goes to the driver is an echo. */
  get echoing(): boolean {
    return this.echoLocked;
  }

  /** `echo_char_raw`. */
  echo(...bytes: readonly number[]): void {
    this.add(...bytes);
  }

  /** `echo_char_raw` and `echo_move_back_col`: a byte of a character that is not its first. */
  echoContinuation(byte: number): void {
    this.add(byte, ECHO_OP_MOVE_BACK_COL);
  }

  /** `echo_set_canon_col`. */
  setCanonColumn(): void {
    this.add(ECHO_OP_SET_CANON_COL);
  }

  /** `echo_erase_tab`. */
  eraseTab(columns: number, afterTab: boolean): void {
    this.add(ECHO_OP_ERASE_TAB | (columns & 7) | (afterTab ? AFTER_TAB : 0));
  }

  /** Forgets what was not echoed yet. */
  dropEchoes(): void {
    this.echoes = [];
  }

  /** `n_tty_write`: the number of bytes written, or a negative errno. */
  *write(data: Uint8Array, hungUp: () => boolean = () => false): KernelCode<number> {
    yield* this.processEchoes();
    if (hungUp()) return ERRNO.EIO;
    let done = 0;
    while (done < data.length) {
      const count = yield* this.writePart(data.subarray(done));
      if (count < 0) return done || count;
      // A driver without room would make the writer sleep; the rpmsg drivers always have room or fail.
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  private *writePart(data: Uint8Array): KernelCode<number> {
    yield* this.outputLock.lock();
    const count = this.termios.opost ? yield* this.processOutput(data) : yield* this.ops.write(data);
    this.outputLock.unlock();
    return count;
  }

  /** `process_output_block` up to the first byte that needs work, then `process_output` of that byte. */
  private *processOutput(data: Uint8Array): KernelCode<number> {
    const room = this.ops.writeRoom();
    if (room <= 0) return room;
    const block = data.subarray(0, room);
    const special = block.findIndex((byte) => this.needsOutputProcessing(byte));
    const plain = special < 0 ? block : block.subarray(0, special);
    // The kernel calls the driver for an empty block too: a newline alone costs imx_rpmsg_tty an empty message.
    const written = yield* this.ops.write(plain);
    if (written < plain.length || written < 0 || special < 0) return written;
    yield* this.outputChar(block[special]!);
    return written + 1;
  }

  private needsOutputProcessing(byte: number): boolean {
    const { onlcr, ocrnl, onocr, onlret, olcuc } = this.termios;
    if (byte === NL) {
      if (onlret) this.column = 0;
      if (!onlcr) this.canonColumn = this.column;
      return onlcr;
    }
    if (byte === CR) {
      if (ocrnl || (onocr && this.column === 0)) return true;
      this.column = 0;
      this.canonColumn = 0;
    } else if (byte === TAB) {
      return true;
    } else if (byte === BS) {
      if (this.column > 0) this.column--;
    } else if (!iscntrl(byte)) {
      if (olcuc) return true;
      if (!isContinuation(byte, this.termios)) this.column++;
    }
    return false;
  }

  /** `do_output_char`; what the driver answers is ignored, as in the kernel. */
  private *outputChar(byte: number): KernelCode {
    const { onlcr, ocrnl, onocr, onlret, olcuc, delays } = this.termios;
    if (byte === NL && onlcr) {
      this.column = 0;
      this.canonColumn = 0;
      yield* this.ops.write(Uint8Array.of(CR, NL));
      return;
    }
    let written = byte;
    if (byte === TAB) {
      const spaces = 8 - (this.column & 7);
      this.column += spaces;
      if ((delays & TABDLY) === TABDLY) {
        yield* this.ops.write(new Uint8Array(spaces).fill(0x20));
        return;
      }
    } else if (byte === NL) {
      if (onlret) this.column = 0;
      this.canonColumn = this.column;
    } else if (byte === CR) {
      if (onocr && this.column === 0) return;
      if (ocrnl) written = NL;
      if (!ocrnl || onlret) {
        this.column = 0;
        this.canonColumn = 0;
      }
    } else if (byte === BS) this.column = Math.max(0, this.column - 1);
    else if (!iscntrl(byte)) {
      if (olcuc) written = upperCase(byte);
      if (!isContinuation(written, this.termios)) this.column++;
    }
    yield* this.ops.write(Uint8Array.of(written));
  }

  /** `echo_char`. */
  echoChar(byte: number): void {
    this.add(this.termios.echoctl && iscntrl(byte) && byte !== TAB ? byte | ECHO_CONTROL : byte);
  }

  /** `add_echo_byte`: the ring holds so many; the oldest make room. */
  private add(...echoes: readonly number[]): void {
    this.echoes.push(...echoes);
    if (this.echoes.length > N_TTY_BUF_SIZE) this.echoes.splice(0, this.echoes.length - N_TTY_BUF_SIZE);
  }

  /** `process_echoes`: one driver call per byte, for as much as the driver has room; the rest waits for the next time. */
  *processEchoes(): KernelCode {
    if (this.echoes.length === 0) return;
    yield* this.outputLock.lock();
    this.echoLocked = true;
    for (let room = this.ops.writeRoom(); room > 0; room--) {
      const echo = this.echoes.shift();
      if (echo === undefined) break;
      if (echo & ECHO_OP_SET_CANON_COL) {
        this.canonColumn = this.column;
        room++;
      } else if (echo & ECHO_OP_MOVE_BACK_COL) {
        if (this.column > 0) this.column--;
        room++;
      } else if (echo & ECHO_OP_ERASE_TAB) {
        const columns = echo & AFTER_TAB ? echo & 7 : (echo & 7) + this.canonColumn;
        const steps = 8 - (columns & 7);
        if (steps > room) {
          this.echoes.unshift(echo);
          break;
        }
        for (let i = 0; i < steps; i++) yield* this.ops.write(Uint8Array.of(BS));
        this.column = Math.max(0, this.column - steps);
        room -= steps - 1;
      } else if (echo & ECHO_CONTROL) {
        yield* this.ops.write(Uint8Array.of(0x5e));
        yield* this.ops.write(Uint8Array.of((echo & 0xff) ^ 0x40));
        this.column += 2;
        room--;
      } else if (echo === ECHO_OP_START) {
        // Escaped in the kernel's buffer, it is not processed.
        yield* this.ops.write(Uint8Array.of(echo));
        this.column++;
      } else if (this.termios.opost) {
        yield* this.outputChar(echo);
      } else {
        yield* this.ops.write(Uint8Array.of(echo));
      }
    }
    this.echoLocked = false;
    this.outputLock.unlock();
  }
}

/** `is_continuation`: a byte of a UTF-8 character that is not its first, with iutf8. */
export function isContinuation(byte: number, { iutf8 }: Readonly<Termios>): boolean {
  return iutf8 && (byte & 0xc0) === 0x80;
}

/** `tolower` of the kernel, which knows Latin-1. */
export function lowerCase(byte: number): number {
  const upper = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0xc0 && byte <= 0xde && byte !== 0xd7);
  return upper ? byte + 0x20 : byte;
}

/** `isalnum` of the kernel. */
export function isalnum(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || upperCase(byte) !== byte || lowerCase(byte) !== byte;
}

/** `toupper` of the kernel, which knows Latin-1, and takes 0x20 from letters that have no capital there, too. */
function upperCase(byte: number): number {
  const lower = (byte >= 0x61 && byte <= 0x7a) || (byte >= 0xdf && byte !== 0xf7);
  return lower ? byte - 0x20 : byte;
}
