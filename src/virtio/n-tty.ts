/**
 * The line discipline N_TTY, drivers/tty/n_tty.c (6.1): what happens to bytes between a tty driver and the programs that use it.
 *
 * Line editing, signals' characters, flow-control characters, echo and output processing are modelled, because on an RPMsg tty they
 * decide which messages the core gets: "Toradex!\n" leaves a cooked tty as "Toradex!" and "\r\n", and an echoing tty sends back what it
 * receives, byte by byte. Not modelled: job control (there is no process group to signal), parity marks, UTF-8 columns, packet mode;
 * erasing a tab echoes one backspace.
 */
import type { KernelCode } from '../linux/kernel.ts';
import { Mutex, WaitQueue } from '../linux/kernel.ts';
import { CC, type Termios } from './termios.ts';

/** Bytes that wait for a reader at most, and echoes that wait for room. */
export const N_TTY_BUF_SIZE = 4096;

/** The driver below. */
export interface TtyOperations {
  /** Bytes sent, or a negative errno. */
  write(data: Uint8Array): KernelCode<number>;
  writeRoom(): number;
}

/** Marks of entries in the read buffer: the last byte of a line, and an end of file that is no byte. */
const LINE_END = 0x100;
const END_OF_FILE = 0x200;
/** Echo of `^X` for a control character; plain bytes are echoed as they are. */
const ECHO_CONTROL = 0x100;

const NL = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const BS = 0x08;

function iscntrl(byte: number): boolean {
  return byte < 0x20 || byte === 0x7f;
}

/** State of one open tty (`struct n_tty_data`). */
export class NTty {
  readonly readWait: WaitQueue;
  private readonly ops: TtyOperations;
  private readonly termios: Termios;
  private readonly outputLock: Mutex;
  /** Told about a byte that does not reach the reader as the core sent it. */
  private readonly altered: (byte: number, how: string) => void;
  private readonly queue: number[] = [];
  private line: number[] = [];
  private echoes: number[] = [];
  private literalNext = false;
  private column = 0;

  constructor(name: string, ops: TtyOperations, termios: Termios, altered: (byte: number, how: string) => void) {
    this.readWait = new WaitQueue(`input on ${name}`);
    this.outputLock = new Mutex(`output_lock of ${name}`);
    this.ops = ops;
    this.termios = termios;
    this.altered = altered;
  }

  /** True when a read would not sleep (`input_available_p`). */
  get readable(): boolean {
    return this.termios.icanon ? this.queue.some((entry) => entry >= LINE_END) : this.queue.length > 0;
  }

  /** `n_tty_set_termios`, for the one change that touches buffered data. */
  modeChanged(wasCanonical: boolean): void {
    const { icanon } = this.termios;
    if (wasCanonical === icanon) return;
    if (icanon) {
      const last = this.queue.pop();
      if (last !== undefined) this.queue.push(last | LINE_END);
    } else {
      const bytes = this.queue.filter((entry) => entry < END_OF_FILE).map((entry) => entry & 0xff);
      this.queue.splice(0, this.queue.length, ...bytes, ...this.line);
      this.line = [];
      this.readWait.wakeAll();
    }
  }

  /** `n_tty_receive_buf_common`: takes as much of `data` as there is room for and echoes; the number of bytes taken. */
  *receiveBuf(data: Uint8Array): KernelCode<number> {
    let taken = 0;
    for (const byte of data) {
      if (this.full && !this.overflow) break;
      this.receiveChar(byte);
      taken++;
    }
    yield* this.processEchoes();
    if (this.readable) this.readWait.wakeAll();
    return taken;
  }

  /** `n_tty_read` without the sleep: at most `count` bytes, in canonical mode at most one line; empty at an end of file. */
  take(count: number): Uint8Array {
    const bytes: number[] = [];
    while (bytes.length < count) {
      const entry = this.queue.shift();
      if (entry === undefined || entry >= END_OF_FILE) break;
      bytes.push(entry & 0xff);
      if (this.termios.icanon && entry & LINE_END) break;
    }
    return Uint8Array.from(bytes);
  }

  /** `n_tty_write`: the number of bytes written, or a negative errno. */
  *write(data: Uint8Array): KernelCode<number> {
    yield* this.processEchoes();
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
    const { onlcr, ocrnl } = this.termios;
    if (byte === NL) return onlcr;
    if (byte === CR) {
      if (ocrnl) return true;
      this.column = 0;
    } else if (byte === TAB) {
      return true;
    } else if (byte === BS) {
      if (this.column > 0) this.column--;
    } else if (!iscntrl(byte)) {
      this.column++;
    }
    return false;
  }

  /** `do_output_char`; what the driver answers is ignored, as in the kernel. */
  private *outputChar(byte: number): KernelCode {
    const { onlcr, ocrnl } = this.termios;
    if (byte === NL && onlcr) {
      this.column = 0;
      yield* this.ops.write(Uint8Array.of(CR, NL));
      return;
    }
    if (byte === TAB) this.column += 8 - (this.column & 7);
    else if (byte === CR && !ocrnl) this.column = 0;
    else if (byte === BS) this.column = Math.max(0, this.column - 1);
    else if (!iscntrl(byte)) this.column++;
    yield* this.ops.write(Uint8Array.of(byte === CR && ocrnl ? NL : byte));
  }

  private get full(): boolean {
    return this.queue.length + this.line.length >= N_TTY_BUF_SIZE - 1;
  }

  /** A canonical line longer than the buffer: further bytes are taken and lost. */
  private get overflow(): boolean {
    return this.termios.icanon && this.queue.length === 0;
  }

  /** `n_tty_receive_char` and `n_tty_receive_char_special`. */
  private receiveChar(received: number): void {
    const { termios } = this;
    let byte = termios.istrip ? received & 0x7f : received;
    if (byte !== received) this.altered(received, 'loses its top bit (istrip)');
    if (this.literalNext) {
      this.literalNext = false;
      this.put(byte);
      return;
    }
    if (termios.ixon && (byte === CC.start || byte === CC.stop)) {
      this.altered(byte, `is taken as ${byte === CC.start ? 'START' : 'STOP'} (ixon)`);
      return;
    }
    if (termios.isig && (byte === CC.intr || byte === CC.quit || byte === CC.susp)) {
      this.altered(byte, 'becomes a signal and empties the input buffer (isig)');
      this.queue.length = 0;
      this.line = [];
      this.echoes = [];
      if (termios.echo) this.echoChar(byte);
      return;
    }
    if (byte === CR) {
      if (termios.igncr) {
        this.altered(byte, 'is dropped (igncr)');
        return;
      }
      if (termios.icrnl) {
        this.altered(byte, 'becomes 0x0a (icrnl)');
        byte = NL;
      }
    } else if (byte === NL && termios.inlcr) {
      this.altered(byte, 'becomes 0x0d (inlcr)');
      byte = CR;
    }
    if (termios.icanon && this.receiveCanonical(byte)) return;
    this.put(byte);
  }

  private put(byte: number): void {
    if (this.termios.echo) {
      if (byte === NL) this.echoes.push(NL);
      else this.echoChar(byte);
    }
    if (this.full) this.altered(byte, 'is lost: the line is longer than 4095 bytes (icanon)');
    else if (this.termios.icanon) this.line.push(byte);
    else this.queue.push(byte);
  }

  /** `n_tty_receive_char_canon`: true when the byte was a command of the line editor or ended the line. */
  private receiveCanonical(byte: number): boolean {
    const { echo, echonl, echoctl, iexten } = this.termios;
    if (byte === CC.erase || byte === CC.kill || (byte === CC.werase && iexten)) {
      this.altered(byte, 'edits the line (icanon)');
      this.eraser(byte);
      return true;
    }
    if (byte === CC.lnext && iexten) {
      this.altered(byte, 'quotes the next byte (icanon)');
      this.literalNext = true;
      if (echo && echoctl) this.echoes.push(0x5e, BS);
      return true;
    }
    if (byte === CC.reprint && echo && iexten) {
      this.altered(byte, 'repeats the line (icanon)');
      this.echoChar(byte);
      this.echoes.push(NL);
      for (const each of this.line) this.echoChar(each);
      return true;
    }
    if (byte === NL) {
      if (echo || echonl) this.echoes.push(NL);
      this.endLine(NL | LINE_END);
      return true;
    }
    if (byte === CC.eof) {
      this.altered(byte, 'is an end of file (icanon)');
      this.endLine(END_OF_FILE);
      return true;
    }
    return false;
  }

  private endLine(entry: number): void {
    // With bytes before it, an end of file only ends the line.
    const last = entry === END_OF_FILE ? this.line.pop() : undefined;
    this.queue.push(...this.line, last === undefined ? entry : last | LINE_END);
    this.line = [];
  }

  private eraser(byte: number): void {
    const { echo, echoe, echok, echoke } = this.termios;
    const kill = byte === CC.kill;
    if (this.line.length === 0) return;
    if (kill && !(echo && echok && echoke && echoe)) {
      this.line = [];
      if (!echo) return;
      this.echoChar(CC.kill);
      if (echok) this.echoes.push(NL);
      return;
    }
    let inWord = false;
    for (let last = this.line.at(-1); last !== undefined; last = this.line.at(-1)) {
      if (byte === CC.werase) {
        const alphanumeric = /[0-9A-Za-z_]/.test(String.fromCharCode(last));
        if (inWord && !alphanumeric) break;
        inWord ||= alphanumeric;
      }
      this.line.pop();
      if (echo) this.echoErased(last, byte === CC.erase);
      if (byte === CC.erase) break;
    }
  }

  private echoErased(erased: number, single: boolean): void {
    const { echoe, echoctl } = this.termios;
    if (single && !echoe) {
      this.echoChar(CC.erase);
      return;
    }
    const width = erased === TAB || !iscntrl(erased) ? 1 : echoctl ? 2 : 0;
    for (let i = 0; i < width; i++) this.echoes.push(BS, 0x20, BS);
  }

  /** `echo_char`. */
  private echoChar(byte: number): void {
    this.echoes.push(this.termios.echoctl && iscntrl(byte) && byte !== TAB ? byte | ECHO_CONTROL : byte);
    if (this.echoes.length > N_TTY_BUF_SIZE) this.echoes.splice(0, this.echoes.length - N_TTY_BUF_SIZE);
  }

  /** `process_echoes`: one driver call per byte, for as much as the driver has room; the rest waits for the next time. */
  private *processEchoes(): KernelCode {
    if (this.echoes.length === 0) return;
    yield* this.outputLock.lock();
    for (let room = this.ops.writeRoom(); room > 0; room--) {
      const echo = this.echoes.shift();
      if (echo === undefined) break;
      if (echo & ECHO_CONTROL) {
        yield* this.ops.write(Uint8Array.of(0x5e));
        yield* this.ops.write(Uint8Array.of((echo & 0xff) ^ 0x40));
        this.column += 2;
        room--;
      } else if (this.termios.opost) {
        yield* this.outputChar(echo);
      } else {
        yield* this.ops.write(Uint8Array.of(echo));
      }
    }
    this.outputLock.unlock();
  }
}
