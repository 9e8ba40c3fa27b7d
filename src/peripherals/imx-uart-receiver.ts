/**
 * The receiver of an i.MX UART: the line from the host or from another UART, FIFO, errors, aging and idle timers; see `imx-uart.ts`.
 */
import type { RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { BaudDetection, EscapeDetection } from './imx-uart-detection.ts';
import type { ImxUartFrame } from './imx-uart-frame.ts';
import type { IMX_UART } from './imx-uart-registers.ts';

/** Entries of each FIFO. */
export const FIFO_SIZE = 32;
/** Error bits of URXD, kept with each received byte. */
const PRERR = 1 << 10;
const BRK = 1 << 11;
const FRMERR = 1 << 12;
const OVRRUN = 1 << 13;
const ERR = 1 << 14;
const CHARRDY = 1 << 15;
/** Idle frames before USR2.IDLE, by UCR1.ICD. */
const IDLE_FRAMES = [4, 8, 16, 32] as const;
/** Characters of silence after which AGTIM comes. */
const AGING_CHARACTERS = 8;
/** Bits per second of the host where it is the host that decides: during automatic detection. */
const HOST_BAUD = 115_200;
/** Rates that differ by more than this part are not understood. */
const BAUD_TOLERANCE = 0.04;

/** What is wrong with a character on the line. */
export type LineError = 'none' | 'parity' | 'framing' | 'break';

/** Characters with their error bits, as URXD shows them. */
export const LINE_ERROR: Record<LineError, number> = {
  none: 0,
  parity: PRERR | ERR,
  framing: FRMERR | ERR,
  break: BRK | FRMERR | ERR,
};

/** What a receiver needs. */
export interface ReceiverOptions {
  readonly name: string;
  readonly device: RegisterFile<typeof IMX_UART>;
  readonly scheduler: Scheduler;
  readonly frame: ImxUartFrame;
  /** A flag or the FIFO has changed. */
  readonly changed: () => void;
}

/** FIFO, shift register and line. */
export class ImxUartReceiver {
  /** When false, the line does not wait for room: characters that find the FIFO full are lost (USR2.ORE). */
  flowControl = true;
  /** Bits per second of the host, for automatic detection; otherwise it has what firmware has set. */
  hostBaud = HOST_BAUD;
  readonly detection: BaudDetection;
  private readonly options: ReceiverOptions;
  private readonly escapes: EscapeDetection;
  private readonly timer: Timer;
  private readonly agingTimer: Timer;
  private readonly idleTimer: Timer;
  /** Characters with their error bits. */
  private fifo: number[] = [];
  /** What the host has sent and the receiver has not taken yet. */
  private line: number[] = [];
  /** The character that is arriving. */
  private arriving: number | undefined;
  private lastReceived = 0;
  private overrun = false;

  constructor(options: ReceiverOptions) {
    const { name, scheduler, device, changed } = options;
    this.options = options;
    this.timer = scheduler.timer(`${name} receive`, () => this.received());
    this.agingTimer = scheduler.timer(`${name} aging`, () => this.flag('USR1', 'AGTIM'));
    this.idleTimer = scheduler.timer(`${name} idle`, () => this.flag('USR2', 'IDLE'));
    this.detection = new BaudDetection({ name, scheduler, device, changed });
    this.escapes = new EscapeDetection({ scheduler, device });
  }

  /** True while it is switched on. */
  get on(): boolean {
    const { device } = this.options;
    return device.field('UCR1', 'UARTEN') === 1 && device.field('UCR2', 'RXEN') === 1;
  }

  /** Characters in the FIFO. */
  get level(): number {
    return this.fifo.length;
  }

  /** True when no character is arriving. */
  get idle(): boolean {
    return this.arriving === undefined;
  }

  /** Characters that the host has sent and the receiver has not begun to take. */
  get waiting(): number {
    return this.line.length;
  }

  /** The receiver itself wants a pause (UCR2.CTSC): its FIFO has UCR4.CTSTL characters. */
  get pausing(): boolean {
    return this.fifo.length >= this.options.device.field('UCR4', 'CTSTL') || !this.on;
  }

  /** The host sends a character, which arrives when those before it have, and there is room. */
  send(character: number): void {
    this.line.push(character);
  }

  /** Begins to take the next character from the line, if the receiver is on, free, and has room. */
  start(): void {
    const { device, frame, scheduler, changed } = this.options;
    if (this.arriving !== undefined || this.line.length === 0 || !this.on || device.field('UTS', 'LOOP')) return;
    if (this.flowControl && (this.fifo.length >= FIFO_SIZE || (device.field('UCR2', 'CTSC') && this.pausing))) return;
    const { active } = this.detection;
    const bitCycles = active ? scheduler.hz / this.hostBaud : frame.bitCycles;
    if (!Number.isFinite(bitCycles)) return;
    this.arriving = this.line.shift()!;
    if (active) this.detection.begin(this.arriving, bitCycles, frame.referenceHz / this.hostBaud);
    this.idleTimer.cancel();
    this.wake();
    this.timer.armIn(frame.characterBits * bitCycles);
    changed();
  }

  /** A character comes from another UART, whose bits took `bitCycles`: it cannot wait. */
  fromWire(character: number, bitCycles: number): void {
    const { device, frame, scheduler } = this.options;
    if (!this.on || device.field('UTS', 'LOOP')) return;
    this.wake();
    const { active } = this.detection;
    if (active) this.detection.begin(character, bitCycles, (frame.referenceHz * bitCycles) / scheduler.hz);
    const understood = active || Math.abs(frame.bitCycles / bitCycles - 1) <= BAUD_TOLERANCE;
    this.accept(understood ? character : LINE_ERROR.framing);
  }

  /** Puts a whole character into the FIFO. */
  accept(character: number): void {
    const { device, changed } = this.options;
    if (this.detection.active) this.detection.end(character, !(character & ERR));
    this.escapes.take(character);
    if (this.fifo.length >= FIFO_SIZE) {
      device.setField('USR2', 'ORE', 1);
      this.overrun = true;
    } else {
      this.fifo.push(character | (this.overrun ? OVRRUN | ERR : 0));
      this.overrun = false;
    }
    if (character & PRERR) device.setField('USR1', 'PARITYERR', 1);
    if (character & FRMERR) device.setField('USR1', 'FRAMERR', 1);
    if (character & BRK) device.setField('USR2', 'BRCD', 1);
    this.idleAfterFrames();
    this.age();
    changed();
  }

  /** URXD: the oldest character; of an empty FIFO the last one again. */
  get top(): number {
    const first = this.fifo[0];
    return first === undefined ? this.lastReceived : first | CHARRDY;
  }

  /** URXD was read. */
  pop(): void {
    const first = this.fifo.shift();
    if (first === undefined) return;
    this.lastReceived = first & 0xff;
    this.age();
    this.start();
    this.options.changed();
  }

  /** The receiver was switched on or off: a line on which nothing comes is idle after a while. */
  listenForIdle(): void {
    if (!this.on) this.idleTimer.cancel();
    else if (this.arriving === undefined) this.idleAfterFrames();
  }

  /** The receiver was switched off: its FIFO is empty. */
  clear(): void {
    this.fifo = [];
  }

  /** Drops what FIFO and shift register hold. */
  flush(): void {
    for (const timer of [this.timer, this.agingTimer, this.idleTimer]) timer.cancel();
    this.detection.cancel();
    this.escapes.cancel();
    this.fifo = [];
    this.arriving = undefined;
    this.overrun = false;
    this.lastReceived = 0;
  }

  private received(): void {
    const character = this.arriving!;
    this.arriving = undefined;
    this.accept(character);
    this.start();
    this.options.changed();
  }

  private wake(): void {
    this.options.device.setField('USR1', 'AWAKE', 1);
    this.options.device.setField('USR2', 'WAKE', 1);
  }

  /** Restarts the aging timer, which runs while there is data below the trigger level. */
  private age(): void {
    const { device, frame } = this.options;
    const level = this.fifo.length;
    if (level > 0 && level < device.field('UFCR', 'RXTL')) this.agingTimer.armIn(AGING_CHARACTERS * frame.characterCycles);
    else this.agingTimer.cancel();
  }

  private idleAfterFrames(): void {
    const { device, frame } = this.options;
    this.idleTimer.armIn(IDLE_FRAMES[device.field('UCR1', 'ICD') as 0] * frame.characterCycles);
  }

  private flag<R extends 'USR1' | 'USR2'>(register: R, name: keyof (typeof IMX_UART)[R]['fields'] & string): void {
    this.options.device.setField(register, name, 1);
    this.options.changed();
  }
}
