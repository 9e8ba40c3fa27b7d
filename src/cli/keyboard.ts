/**
 * Standard input as a console's keyboard.
 *
 * A terminal is switched to raw mode and each key goes to the console as it is typed; Ctrl-] ends the run. Piped input is read to its
 * end first and then sent like `--send`, so that such a run is as deterministic as any other. A pipe that nobody writes to, as CI leaves
 * it, holds nothing up unless a console was named: it is given a moment, and what comes later is said to be ignored.
 */

/** Ctrl-]. */
const LEAVE = 0x1d;
/** Ctrl-C; raw mode delivers it as a byte, and the firmware's shell may want it. Twice in a row ends the run. */
const INTERRUPT = 0x03;

/** Where keys go while a run lasts. */
export class Keyboard {
  private readonly stdin: NodeJS.ReadStream;
  private readonly give: (bytes: Uint8Array) => void;
  private readonly leave: () => void;
  private lastByte = 0;
  private readonly listener = (data: Buffer): void => this.keys(data);

  private constructor(give: (bytes: Uint8Array) => void, leave: () => void) {
    this.give = give;
    this.leave = leave;
    this.stdin = process.stdin;
    this.stdin.setRawMode(true);
    this.stdin.on('data', this.listener);
  }

  /** Connects the terminal's keyboard; `give` gets the keys as they are typed, `leave` is told when the user asks to leave. */
  static interactive(give: (bytes: Uint8Array) => void, leave: () => void): Keyboard {
    return new Keyboard(give, leave);
  }

  /** Gives the terminal back. */
  close(): void {
    this.stdin.off('data', this.listener);
    this.stdin.setRawMode(false);
    this.stdin.pause();
  }

  private keys(data: Buffer): void {
    for (const byte of data) {
      if (byte === LEAVE || (byte === INTERRUPT && this.lastByte === INTERRUPT)) {
        this.leave();
        return;
      }
      this.lastByte = byte;
    }
    this.give(new Uint8Array(data));
  }
}

/** Host time that piped input has for its first byte when no console was named, in ms: a pipe that is written to has it at once. */
const FIRST_BYTE_MS = 150;

/** Piped standard input, for a run. */
export class PipedInput {
  private readonly stdin = process.stdin;
  private readonly note: (text: string) => void;
  private readonly parts: Buffer[] = [];
  private ended = false;
  private late = false;
  private wake: () => void = () => {};
  private readonly onData = (part: Buffer): void => {
    if (this.late) this.ignore();
    else this.parts.push(part);
    this.wake();
  };
  private readonly onEnd = (): void => {
    this.ended = true;
    this.wake();
  };

  constructor(note: (text: string) => void) {
    this.note = note;
  }

  /** All of the input, read to its end. Unless `wait`, nothing when none has come by now. */
  async read(wait: boolean): Promise<Uint8Array> {
    this.stdin.on('data', this.onData).on('end', this.onEnd).on('close', this.onEnd).on('error', this.onEnd);
    const deadline = performance.now() + FIRST_BYTE_MS;
    let told = false;
    while (!this.ended) {
      const left = deadline - performance.now();
      const open = left <= 0;
      if (open && this.parts.length === 0 && !wait) {
        this.late = true;
        break;
      }
      if (open && !told) {
        told = true;
        this.note('standard input is read to its end before the run begins');
      }
      await this.something(told ? undefined : left);
    }
    return new Uint8Array(Buffer.concat(this.parts));
  }

  /** Says that the run went without, if somebody may still have had something to write. */
  reportMissing(): void {
    if (this.late && !this.ended) this.note('nothing was written to standard input in time: with --console the run waits for all of it');
  }

  /** Lets go of standard input, so that the process can end. */
  close(): void {
    const { stdin } = this;
    stdin.off('data', this.onData).off('end', this.onEnd).off('close', this.onEnd).off('error', this.onEnd);
    if (this.late) stdin.on('error', () => {}).destroy();
  }

  private ignore(): void {
    this.stdin.off('data', this.onData).pause();
    this.ended = true;
    this.note('standard input came too late and is ignored: with --console the run waits for all of it');
  }

  /** Waits until there is input or its end, or `ms` have passed; what the pipe has by then is in, however late the timer fires. */
  private something(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => setImmediate(resolve), Math.max(1, ms));
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
