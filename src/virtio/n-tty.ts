/**
 * The line discipline N_TTY, drivers/tty/n_tty.c (6.1): what happens to bytes between a tty driver and the programs that use it.
 *
 * Line editing, signals' characters, flow-control characters, echo and output processing are modelled, because on an RPMsg tty they
 * decide which messages the core gets: "Toradex!\n" leaves a cooked tty as "Toradex!" and "\r\n", and an echoing tty sends back what it
 * receives, byte by byte. A signal's character reaches the process that the tty controls (TIOCSCTTY), if there is one. Not modelled: job
 * control beyond that, packet mode, EXTPROC.
 */
import type { KernelCode } from '../linux/kernel.ts';
import { ERRNO, Mutex, WaitQueue } from '../linux/kernel.ts';
import { isalnum, isContinuation, iscntrl, lowerCase, N_TTY_BUF_SIZE, NTtyOutput, type TtyOperations } from './n-tty-output.ts';
import { CC_INDEX, type Termios } from './termios.ts';

/** Mark of the last byte of a line in the read buffer (`read_flags`). */
const LINE_END = 0x100;

/** Bytes that one pass of a read moves (`kernel_buf` of iterate_tty_read); a larger VMIN does not make a read wait for more. */
const KERNEL_BUF = 64;
/** Signals that characters send. */
const SIGINT = 2;
const SIGQUIT = 3;
const SIGTSTP = 20;
/** `__DISABLED_CHAR`: no character; at the end of a line, an end of file, which lies in the buffer as this byte. */
const DISABLED = 0;
const END_OF_FILE = LINE_END | DISABLED;

const NL = 0x0a;
const CR = 0x0d;
const BS = 0x08;
const TAB = 0x09;

/** Who reads: what of `struct file` matters. */
export interface TtyReadFile {
  readonly nonblocking: boolean;
  /** `tty_hung_up_p`. */
  readonly hungUp: boolean;
  /** Virtual time in ns, for VTIME. */
  now(): number;
}

/** State of one open tty (`struct n_tty_data`). */
export class NTty {
  readonly readWait: WaitQueue;
  private readonly termios: Termios;
  private readonly output: NTtyOutput;
  /** Told about a byte that does not reach the reader as the core sent it. */
  private readonly altered: (byte: number, how: string) => void;
  /** A signal for the process that the tty controls. */
  private readonly signal: (signal: number) => void;
  private readonly readLock: Mutex;
  private readonly queue: number[] = [];
  /** Entries of `queue` that end a line. */
  private lineEnds = 0;
  private line: number[] = [];
  private literalNext = false;
  /** In the middle of `\\cba/`, which echoprt makes of what is erased. */
  private erasing = false;

  constructor(
    name: string,
    ops: TtyOperations,
    termios: Termios,
    altered: (byte: number, how: string) => void,
    signal: (signal: number) => void = () => {},
  ) {
    this.signal = signal;
    this.readLock = new Mutex(`atomic_read_lock of ${name}`);
    this.readWait = new WaitQueue(`input on ${name}`);
    this.output = new NTtyOutput(name, ops, termios);
    this.termios = termios;
    this.altered = altered;
  }

  /** True while what goes to the driver is an echo. */
  get echoing(): boolean {
    return this.output.echoing;
  }

  /** True when a read would find something (`input_available_p`). */
  get readable(): boolean {
    return this.termios.icanon ? this.lineEnds > 0 : this.queue.length > 0;
  }

  /** True when poll says POLLIN: without VTIME, VMIN bytes must be there. */
  get pollable(): boolean {
    const { icanon, cc } = this.termios;
    const [time = 0, min = 0] = [cc[CC_INDEX.time], cc[CC_INDEX.min]];
    return icanon ? this.readable : this.queue.length >= (time === 0 && min > 0 ? min : 1);
  }

  /** `TIOCINQ`: bytes of whole lines, or all bytes. */
  get inputQueued(): number {
    if (!this.termios.icanon) return this.queue.length;
    const last = this.queue.findLastIndex((entry) => entry >= LINE_END);
    return this.queue.slice(0, last + 1).filter((entry) => entry !== END_OF_FILE).length;
  }

  /** True while a reader is in `n_tty_read`. */
  get reading(): boolean {
    return this.readLock.locked;
  }

  /** `n_tty_set_termios`: what a change means for buffered data, and for who sleeps. */
  modeChanged(wasCanonical: boolean): void {
    const { icanon } = this.termios;
    if (wasCanonical === icanon) {
      this.readWait.wakeAll();
      return;
    }
    this.erasing = false;
    this.literalNext = false;
    if (icanon) {
      const last = this.queue.pop();
      if (last !== undefined) this.queue.push(last | LINE_END);
      this.lineEnds = last === undefined ? 0 : 1;
    } else {
      // An end of file is a byte 0 from now on.
      this.queue.splice(0, this.queue.length, ...this.queue.map((entry) => entry & 0xff), ...this.line);
      this.line = [];
      this.lineEnds = 0;
    }
    this.readWait.wakeAll();
  }

  /** `n_tty_flush_buffer`. */
  flushBuffer(): void {
    this.queue.length = 0;
    this.line = [];
    this.output.dropEchoes();
    this.lineEnds = 0;
  }

  /** `n_tty_receive_buf_common`: takes as much of `data` as there is room for and echoes; the number of bytes taken. */
  *receiveBuf(data: Uint8Array): KernelCode<number> {
    let taken = this.raw ? this.receiveRaw(data) : 0;
    for (const byte of this.raw ? [] : data) {
      if (this.full && !this.overflow) break;
      this.receiveChar(byte);
      taken++;
    }
    yield* this.output.processEchoes();
    if (this.readable) this.readWait.wakeAll();
    return taken;
  }

  /** The copying of `n_tty_read`: at most `count` bytes, in canonical mode at most one line; empty at an end of file. */
  take(count: number): Uint8Array {
    if (!this.termios.icanon) return Uint8Array.from(this.queue.splice(0, count));
    const end = this.queue.findIndex((entry) => entry >= LINE_END);
    const whole = end >= 0 && end < count;
    const entries = this.queue.splice(0, whole ? end + 1 : count);
    if (whole) this.lineEnds--;
    if (entries.at(-1) === END_OF_FILE) entries.pop();
    // canon_skip_eof: one that a full buffer has left over would read as a second end.
    if (!whole && this.queue[0] === END_OF_FILE) {
      this.queue.shift();
      this.lineEnds--;
    }
    // The marks are above the eight bits that stay.
    return Uint8Array.from(entries);
  }

  /**
   * `n_tty_read` and the loop around it: at most `count` bytes; empty at an end of file, after VTIME, and when the tty was hung up. -EAGAIN,
   * or -ERESTARTSYS when a signal came before any byte.
   */
  *read(file: TtyReadFile, count: number): KernelCode<Uint8Array | number> {
    if (file.nonblocking) {
      if (!this.readLock.tryLock()) return ERRNO.EAGAIN;
    } else if (!(yield* this.readLock.lockInterruptible())) {
      return ERRNO.ERESTARTSYS;
    }
    const result = yield* this.readLocked(file, count);
    this.readLock.unlock();
    return result;
  }

  private *readLocked(file: TtyReadFile, count: number): KernelCode<Uint8Array | number> {
    const { icanon, cc } = this.termios;
    const min = icanon ? 0 : cc[CC_INDEX.min]!;
    const tenths = icanon ? 0 : cc[CC_INDEX.time]! * 1e8;
    const minimum = icanon ? 0 : min || 1;
    // Between bytes with VMIN, for the whole without.
    let timeoutNs = !icanon && min === 0 ? tenths : Number.POSITIVE_INFINITY;
    const room = Math.min(count, KERNEL_BUF);
    let data: Uint8Array = new Uint8Array(0);
    while (data.length < room) {
      if (!this.readable) {
        if (file.hungUp || timeoutNs <= 0) break;
        if (file.nonblocking) return data.length > 0 ? data : ERRNO.EAGAIN;
        const before = file.now();
        const wake = yield { queue: this.readWait, interruptible: true, ...(Number.isFinite(timeoutNs) ? { timeoutNs } : {}) };
        if (wake === 'signal') return data.length > 0 ? data : ERRNO.ERESTARTSYS;
        // wait_woken gives what is left of the time.
        timeoutNs = wake === 'timeout' ? 0 : timeoutNs - (file.now() - before);
        continue;
      }
      data = join(data, this.take((this.termios.icanon ? count : room) - data.length));
      if (data.length >= minimum) {
        // The passes that follow the first copy what is there and wait no more.
        if (!this.termios.icanon) data = join(data, this.take(count - data.length));
        break;
      }
      if (min > 0 && tenths > 0) timeoutNs = tenths;
    }
    return data;
  }

  /** `ldata->raw`: no byte is looked at. */
  private get raw(): boolean {
    const { istrip, iuclc, igncr, icrnl, inlcr, icanon, ixon, isig, echo, parmrk } = this.termios;
    return !(istrip || iuclc || igncr || icrnl || inlcr || icanon || ixon || isig || echo || parmrk);
  }

  /** `n_tty_receive_buf_real_raw`. */
  private receiveRaw(data: Uint8Array): number {
    const taken = Math.min(data.length, Math.max(0, N_TTY_BUF_SIZE - 1 - this.queue.length));
    for (let i = 0; i < taken; i++) this.queue.push(data[i]!);
    return taken;
  }

  /** `n_tty_write`: the number of bytes written, or a negative errno. */
  write(data: Uint8Array, hungUp: () => boolean = () => false): KernelCode<number> {
    return this.output.write(data, hungUp);
  }

  private get full(): boolean {
    return this.queue.length + this.line.length >= N_TTY_BUF_SIZE - 1;
  }

  /** A canonical line longer than the buffer: further bytes are taken and lost. */
  private get overflow(): boolean {
    return this.termios.icanon && this.lineEnds === 0;
  }

  /** Is `byte` the special character `name`? */
  private isChar(byte: number, name: keyof typeof CC_INDEX): boolean {
    return byte !== DISABLED && byte === this.termios.cc[CC_INDEX[name]];
  }

  /** `n_tty_receive_char` and `n_tty_receive_char_special`. */
  private receiveChar(received: number): void {
    const { termios } = this;
    let byte = termios.istrip ? received & 0x7f : received;
    if (byte !== received) this.altered(received, 'loses its top bit (istrip)');
    if (termios.iuclc && termios.iexten && lowerCase(byte) !== byte) {
      this.altered(byte, 'becomes lower case (iuclc)');
      byte = lowerCase(byte);
    }
    if (this.literalNext) {
      this.literalNext = false;
      this.put(byte, false);
      return;
    }
    if (termios.ixon && (this.isChar(byte, 'start') || this.isChar(byte, 'stop'))) {
      this.altered(byte, `is taken as ${this.isChar(byte, 'start') ? 'START' : 'STOP'} (ixon)`);
      return;
    }
    if (termios.isig && this.receiveSignal(byte)) return;
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
    // A newline that was sent as one is no special character unless lines are edited, and is echoed as any other.
    this.put(byte, received !== NL || termios.inlcr);
  }

  /** `n_tty_receive_signal_char` and `isig`: true for a signal's character. */
  private receiveSignal(byte: number): boolean {
    const signal = this.isChar(byte, 'intr') ? SIGINT : this.isChar(byte, 'quit') ? SIGQUIT : this.isChar(byte, 'susp') ? SIGTSTP : 0;
    if (signal === 0) return false;
    const { noflsh, echo } = this.termios;
    this.altered(byte, noflsh ? 'becomes a signal (isig)' : 'becomes a signal and empties the input buffer (isig)');
    this.signal(signal);
    if (!noflsh) this.flushBuffer();
    if (echo) this.output.echoChar(byte);
    return true;
  }

  private put(byte: number, special: boolean): void {
    const { echo, parmrk } = this.termios;
    if (echo) {
      this.finishErasing();
      if (byte === NL && special) this.output.echo(NL);
      else this.echoFirst(byte);
    }
    if (byte === 0xff && parmrk) this.store(byte);
    this.store(byte);
  }

  /** `echo_char`, after where the line begins for its first one. */
  private echoFirst(byte: number): void {
    if (this.line.length === 0) this.output.setCanonColumn();
    this.output.echoChar(byte);
  }

  /** `finish_erasing`. */
  private finishErasing(): void {
    if (this.erasing) this.output.echo(0x2f);
    this.erasing = false;
  }

  private store(byte: number): void {
    if (this.full) this.altered(byte, 'is lost: the line is longer than 4095 bytes (icanon)');
    else if (this.termios.icanon) this.line.push(byte);
    else this.queue.push(byte);
  }

  /** `n_tty_receive_char_canon`: true when the byte was a command of the line editor or ended the line. */
  private receiveCanonical(byte: number): boolean {
    const { echo, echonl, echoctl, iexten } = this.termios;
    if (this.isChar(byte, 'erase') || this.isChar(byte, 'kill') || (iexten && this.isChar(byte, 'werase'))) {
      this.altered(byte, 'edits the line (icanon)');
      this.eraser(byte);
      return true;
    }
    if (iexten && this.isChar(byte, 'lnext')) {
      this.altered(byte, 'quotes the next byte (icanon)');
      this.literalNext = true;
      if (echo) this.finishErasing();
      if (echo && echoctl) this.output.echo(0x5e, BS);
      return true;
    }
    if (echo && iexten && this.isChar(byte, 'reprint')) {
      this.altered(byte, 'repeats the line (icanon)');
      this.finishErasing();
      this.output.echoChar(byte);
      this.output.echo(NL);
      for (const each of this.line) this.output.echoChar(each);
      return true;
    }
    if (byte === NL) {
      if (echo || echonl) this.output.echo(NL);
      this.endLine(NL | LINE_END);
      return true;
    }
    if (this.isChar(byte, 'eof')) {
      this.altered(byte, 'is an end of file (icanon)');
      this.endLine(END_OF_FILE);
      return true;
    }
    if (this.isChar(byte, 'eol') || (iexten && this.isChar(byte, 'eol2'))) {
      if (echo) this.echoFirst(byte);
      if (byte === 0xff && this.termios.parmrk) this.store(byte);
      this.endLine(byte | LINE_END);
      return true;
    }
    return false;
  }

  private endLine(entry: number): void {
    this.queue.push(...this.line, entry);
    this.lineEnds++;
    this.line = [];
  }

  private eraser(byte: number): void {
    const { echo, echoe, echok, echoke } = this.termios;
    if (this.line.length === 0) return;
    const how = this.isChar(byte, 'erase') ? 'erase' : this.termios.iexten && this.isChar(byte, 'werase') ? 'werase' : 'kill';
    if (how === 'kill' && !(echo && echok && echoke && echoe)) {
      this.line = [];
      if (!echo) return;
      this.finishErasing();
      this.output.echoChar(this.termios.cc[CC_INDEX.kill]!);
      if (echok) this.output.echo(NL);
      return;
    }
    let inWord = false;
    while (this.line.length > 0) {
      const start = this.line.findLastIndex((each) => !isContinuation(each, this.termios));
      if (start < 0) break;
      const first = this.line[start]!;
      if (how === 'werase') {
        const alphanumeric = isalnum(first) || first === 0x5f;
        if (inWord && !alphanumeric) break;
        inWord ||= alphanumeric;
      }
      const erased = this.line.splice(start);
      if (echo) this.echoErased(erased, how === 'erase');
      if (how === 'erase') break;
    }
    if (this.line.length === 0 && echo) this.finishErasing();
  }

  /** The echo of one character, of several bytes in UTF-8, that is erased. */
  private echoErased(erased: readonly number[], single: boolean): void {
    const { echoe, echoctl, echoprt, cc } = this.termios;
    const first = erased[0]!;
    if (echoprt) {
      if (!this.erasing) this.output.echo(0x5c);
      this.erasing = true;
      this.output.echoChar(first);
      for (const byte of erased.slice(1)) this.output.echoContinuation(byte);
    } else if (single && !echoe) {
      this.output.echoChar(cc[CC_INDEX.erase]!);
    } else if (first === TAB) {
      const tab = this.line.lastIndexOf(TAB);
      let columns = 0;
      for (const byte of this.line.slice(tab + 1)) {
        if (iscntrl(byte)) columns += echoctl ? 2 : 0;
        else if (!isContinuation(byte, this.termios)) columns++;
      }
      this.output.eraseTab(columns, tab >= 0);
    } else {
      if (iscntrl(first) && echoctl) this.output.echo(BS, 0x20, BS);
      if (!iscntrl(first) || echoctl) this.output.echo(BS, 0x20, BS);
    }
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
