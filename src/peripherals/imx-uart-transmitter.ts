/**
 * The transmitter of an i.MX UART: FIFO, shift register, breaks, and the wires from TXD; see `imx-uart.ts`.
 */
import type { RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import type { IMX_UART } from './imx-uart-registers.ts';

/** Shift register: a break is being sent. */
const SENDING_BREAK = -1;

/** What a transmitter needs. */
export interface TransmitterOptions {
  readonly name: string;
  readonly device: RegisterFile<typeof IMX_UART>;
  readonly scheduler: Scheduler;
  /** Cycles of one character as the registers stand. */
  readonly characterCycles: () => number;
  /** The other side does not want to receive. */
  readonly heldBack: () => boolean;
  /** A whole character, or a break, is out. */
  readonly sent: (byte: number | 'break') => void;
}

/** FIFO and shift register. */
export class ImxUartTransmitter {
  private readonly options: TransmitterOptions;
  private readonly timer: Timer;
  /** Bytes that wait behind the shift register. */
  private fifo: number[] = [];
  /** The character in the shift register. */
  private shifting: number | undefined;
  /** The break that UCR1.SNDBRK asks for has been begun. */
  private broken = false;

  constructor(options: TransmitterOptions) {
    this.options = options;
    this.timer = options.scheduler.timer(`${options.name} transmit`, () => this.shifted());
  }

  /** Bytes in the FIFO. */
  get level(): number {
    return this.fifo.length;
  }

  /** True when the shift register is empty, too. */
  get idle(): boolean {
    return this.fifo.length === 0 && this.shifting === undefined;
  }

  /** Adds a byte to the FIFO, which has room. */
  push(byte: number): void {
    this.fifo.push(byte);
    this.shift();
  }

  /** Moves the next byte into the shift register if it is free and the other side lets it go. */
  shift(): void {
    const { device, characterCycles, heldBack } = this.options;
    const breaking = device.field('UCR1', 'SNDBRK') === 1;
    if (!breaking) this.broken = false;
    if (this.shifting !== undefined || (breaking ? this.broken : this.fifo.length === 0 || heldBack())) return;
    const cycles = characterCycles();
    if (!Number.isFinite(cycles)) return;
    this.shifting = breaking ? SENDING_BREAK : this.fifo.shift();
    this.broken = breaking;
    this.timer.armIn(cycles);
  }

  /** Drops what FIFO and shift register hold. */
  flush(): void {
    this.timer.cancel();
    this.fifo = [];
    this.shifting = undefined;
    this.broken = false;
  }

  private shifted(): void {
    const byte = this.shifting!;
    this.shifting = undefined;
    this.shift();
    this.options.sent(byte === SENDING_BREAK ? 'break' : byte);
  }
}
