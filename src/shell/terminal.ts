/**
 * The terminal of a shell: what /dev/console is to a login shell on a board's serial line. Keys go in, with the line editing of a cooked tty
 * or without; bytes come out.
 *
 * Not modelled: speeds, flow control, background processes that are stopped when they read.
 */
import { ERRNO } from '../linux/errno.ts';
import { ChrdevNode, type IoctlArgument, O, OpenFile, POLL } from '../linux/fs/vfs.ts';
import { type KernelCode, WaitQueue } from '../linux/kernel.ts';
import { copyTermios, decodeTermios, encodeTermios, type Termios, TTY_STD_TERMIOS } from '../virtio/termios.ts';

const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TCSETSF = 0x5404;
const TIOCGWINSZ = 0x5413;

const CTRL_D = 4;
const BACKSPACES = new Set([8, 127]);
const CTRL_U = 21;
const RETURN = 13;

const encoder = new TextEncoder();

export class Terminal {
  /** Hears what is written. */
  onOutput: (bytes: Uint8Array) => void = () => {};
  /** Ctrl-C of a cooked terminal. */
  onInterrupt: () => void = () => {};
  columns = 80;
  rows = 24;
  termios: Termios = copyTermios(TTY_STD_TERMIOS);
  private readonly readable = new WaitQueue('input of the terminal');
  private readonly node = new ChrdevNode(5, 1, 0o620, () => this.nothing());
  private chunks: Uint8Array[] = [];
  private line: number[] = [];
  private ended = false;

  /** True while every key goes to the program as it is. */
  get raw(): boolean {
    return !this.termios.icanon;
  }

  /** Keys that nobody has read. */
  get unread(): number {
    return this.line.length + this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** Keys from the host. */
  keys(bytes: Uint8Array): void {
    for (const byte of bytes) this.key(byte);
    if (this.chunks.length > 0 || this.ended) this.readable.wakeAll();
  }

  /** There will be no more keys. */
  end(): void {
    this.ended = true;
    this.readable.wakeAll();
  }

  /** Forgets what nobody has read, as after Ctrl-C. */
  flush(): void {
    this.chunks = [];
    this.line = [];
  }

  /** What was typed and nobody has read, for the shell that asks for a line now. */
  take(): Uint8Array {
    const typed = [...this.chunks.flatMap((chunk) => [...chunk]), ...this.line];
    this.flush();
    return Uint8Array.from(typed);
  }

  /** An open file of it, with one reference. */
  open(): OpenFile {
    const file = new OpenFile(this.node, O.RDWR);
    const terminal = this;
    file.ops = {
      *read(_file, count) {
        while (terminal.chunks.length === 0) {
          if (terminal.ended) return new Uint8Array(0);
          if (file.nonblocking) return ERRNO.EAGAIN;
          if ((yield { queue: terminal.readable, interruptible: true }) === 'signal') return ERRNO.ERESTARTSYS;
        }
        const [first] = terminal.chunks;
        const data = first!.subarray(0, count);
        if (data.length === first!.length) terminal.chunks.shift();
        else terminal.chunks[0] = first!.subarray(count);
        return data;
      },
      *write(_file, data) {
        terminal.onOutput(data);
        return data.length;
      },
      poll: () => ({ mask: POLL.OUT | (terminal.chunks.length > 0 || terminal.ended ? POLL.IN : 0), queues: [terminal.readable] }),
      ioctl: (_file, command, argument) => terminal.ioctl(command, argument),
    };
    return file;
  }

  private *nothing(): KernelCode<number> {
    return 0;
  }

  private *ioctl(command: number, argument: IoctlArgument): KernelCode<number> {
    if (typeof argument === 'number') return ERRNO.EFAULT;
    if (command === TCGETS) {
      argument.set(encodeTermios(this.termios).subarray(0, argument.length));
      return 0;
    }
    if (command >= TCSETS && command <= TCSETSF) {
      this.termios = decodeTermios(argument);
      return 0;
    }
    if (command === TIOCGWINSZ) {
      new DataView(argument.buffer, argument.byteOffset).setUint16(0, this.rows, true);
      new DataView(argument.buffer, argument.byteOffset).setUint16(2, this.columns, true);
      return 0;
    }
    return ERRNO.ENOTTY;
  }

  private key(byte: number): void {
    const { icanon, isig, icrnl, echo } = this.termios;
    if (isig && byte === 3) {
      this.echo('^C\n');
      this.flush();
      this.onInterrupt();
      return;
    }
    const mapped = icrnl && byte === RETURN ? 10 : byte;
    if (!icanon) {
      this.chunks.push(Uint8Array.of(mapped));
      if (echo) this.onOutput(Uint8Array.of(mapped));
      return;
    }
    if (BACKSPACES.has(mapped)) {
      if (this.line.pop() !== undefined) this.echo('\b \b');
    } else if (mapped === CTRL_U) {
      this.echo('\b \b'.repeat(this.line.length));
      this.line = [];
    } else if (mapped === CTRL_D) this.give();
    else {
      this.line.push(mapped);
      this.echo(mapped < 32 && mapped !== 10 && mapped !== 9 ? `^${String.fromCharCode(mapped + 64)}` : undefined, mapped);
      if (mapped === 10) this.give();
    }
  }

  private give(): void {
    this.chunks.push(Uint8Array.from(this.line));
    this.line = [];
  }

  private echo(text: string | undefined, byte = 0): void {
    if (this.termios.echo) this.onOutput(text === undefined ? Uint8Array.of(byte) : encoder.encode(text));
  }
}
