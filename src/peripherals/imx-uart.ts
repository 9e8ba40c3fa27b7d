/**
 * The i.MX UART (IUART, not LPUART) of 6SX, 7D and the 8M family: 32-byte FIFOs, baud-paced transmission and reception, loopback.
 *
 * Described in the UART chapter of the reference manuals. A byte counts as sent to the console when UTXD is written, so that nothing is
 * lost in a crash; the flags follow the FIFO and the shift register in virtual time. Not modelled, and reported when switched on: DMA
 * requests, IrDA, RS-485, automatic baud detection, escape sequences, sending a break. Modem lines are not connected (RTS is asserted).
 */
import type { Diagnostics } from '../diagnostics.ts';
import type { EventHub } from '../events.ts';
import { type Progress, unchanging } from '../memory/bus.ts';
import { RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';
import { IMX_UART } from './imx-uart-registers.ts';

/** Entries of each FIFO. */
const FIFO_SIZE = 32;
/** Error bits of URXD, kept with each received byte. */
const PRERR = 1 << 10;
const BRK = 1 << 11;
const FRMERR = 1 << 12;
const OVRRUN = 1 << 13;
const ERR = 1 << 14;
const CHARRDY = 1 << 15;
/** Divider of the reference clock by UFCR.RFDIV; 7 is reserved. */
const RFDIV = [6, 5, 4, 3, 2, 1, 7, 6] as const;
/** Idle frames before USR2.IDLE, by UCR1.ICD. */
const IDLE_FRAMES = [4, 8, 16, 32] as const;
/** Module clocks that a software reset takes. */
const RESET_CLOCKS = 4;
/** Characters of silence after which AGTIM comes. */
const AGING_CHARACTERS = 8;

/** What is wrong with a character on the line. */
export type LineError = 'none' | 'parity' | 'framing' | 'break';

const LINE_ERROR: Record<LineError, number> = { none: 0, parity: PRERR | ERR, framing: FRMERR | ERR, break: BRK | FRMERR | ERR };

/** What an `ImxUart` needs. */
export interface ImxUartOptions {
  /** Name in diagnostics (`UART4`). */
  readonly name: string;
  /** Name in console events (`uart4`). */
  readonly device: string;
  readonly clock: ClockSource;
  readonly clocks: ClockTree;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  readonly events: EventHub;
  /** Level of the interrupt line, called when it changes. */
  readonly interrupt: (level: boolean) => void;
}

/** One UART. */
export class ImxUart {
  readonly name: string;
  readonly device: RegisterFile<typeof IMX_UART>;
  /** When false, the line does not wait for room in the receive FIFO: characters that find it full are lost (USR2.ORE). */
  flowControl = true;
  private readonly options: ImxUartOptions;
  private readonly transmitTimer: Timer;
  private readonly receiveTimer: Timer;
  private readonly agingTimer: Timer;
  private readonly idleTimer: Timer;
  /** Bytes that wait behind the shift register. */
  private transmitFifo: number[] = [];
  /** The character in the shift register. */
  private shifting: number | undefined;
  /** Characters with their error bits. */
  private receiveFifo: number[] = [];
  /** What the host has sent and the receiver has not taken yet. */
  private line: number[] = [];
  /** The character that is arriving. */
  private arriving: number | undefined;
  private lastReceived = 0;
  private overrun = false;
  private resetUntil = 0;
  private level = false;

  constructor(options: ImxUartOptions) {
    const { name, scheduler, diagnostics } = options;
    this.name = name;
    this.options = options;
    this.transmitTimer = scheduler.timer(`${name} transmit`, () => this.transmitted());
    this.receiveTimer = scheduler.timer(`${name} receive`, () => this.received());
    this.agingTimer = scheduler.timer(`${name} aging`, () => this.flag('USR1', 'AGTIM'));
    this.idleTimer = scheduler.timer(`${name} idle`, () => this.flag('USR2', 'IDLE'));
    const changed = (): void => this.settle();
    // A clock that runs again lets go on what stood still.
    options.clocks.onChange(() => {
      this.shift();
      this.startReceiving();
    });
    const untilReset = (): Progress => unchanging(this.resetUntil - scheduler.now);
    this.device = new RegisterFile(IMX_UART, {
      name,
      diagnostics,
      behaviour: {
        // An empty FIFO has nothing to lose: a read gives the last byte until a new one arrives.
        URXD: {
          value: () => this.top(),
          read: () => this.pop(),
          progress: () => (this.receiveFifo.length === 0 ? unchanging() : undefined),
        },
        UTXD: { write: (next) => this.transmit(next & 0xff) },
        UCR1: { write: (next, previous) => this.control1(next, previous) },
        UCR2: { value: () => this.control2(), progress: untilReset, write: (next, previous) => this.control2Written(next, previous) },
        UCR3: { write: changed },
        UCR4: { write: (next) => this.control4(next) },
        UFCR: { write: changed },
        USR1: { value: () => this.status1(), steady: true, write: changed },
        USR2: { value: () => this.status2(), steady: true, write: changed },
        UTS: { value: () => this.test(), progress: untilReset },
        UMCR: { write: (next) => this.report(next & 1, 'UMCR', 'RS-485 mode') },
      },
    });
  }

  /** Reset of the SoC. Bytes on the host's line stay there. */
  reset(): void {
    this.device.reset();
    this.flush();
    this.resetUntil = 0;
    this.settle();
  }

  /** Sends bytes from the host: they arrive one character time apart, once the receiver is on and has room. */
  receive(bytes: Iterable<number>): void {
    for (const byte of bytes) this.line.push(byte & 0xff);
    this.startReceiving();
  }

  /** Sends one character with an error from the host; a break carries the byte 0. */
  receiveWithError(byte: number, error: LineError): void {
    this.line.push((error === 'break' ? 0 : byte & 0xff) | LINE_ERROR[error]);
    this.startReceiving();
  }

  /** Bytes that the host has sent and the receiver has not begun to take. */
  get waiting(): number {
    return this.line.length;
  }

  /** True when firmware has switched the receiver on. */
  get ready(): boolean {
    return this.receiverOn;
  }

  /** True when firmware has enabled an interrupt that a received character raises: it listens. */
  get interruptsOnReceive(): boolean {
    return this.device.field('UCR1', 'RRDYEN') === 1 || this.device.field('UCR4', 'DREN') === 1 || this.device.field('UCR2', 'ATEN') === 1;
  }

  /** Bits per second, or 0 when the clock stands still. */
  get baud(): number {
    const cycles = this.bitCycles;
    return Number.isFinite(cycles) ? this.options.scheduler.hz / cycles : 0;
  }

  /** Cycles of one bit: 16 clocks of the binary rate multiplier. */
  private get bitCycles(): number {
    const { clocks, clock, scheduler } = this.options;
    const hz = clocks.hz(clock) / RFDIV[this.device.field('UFCR', 'RFDIV') as 0];
    const ratio = (this.device.field('UBMR', 'MOD') + 1) / (this.device.field('UBIR', 'INC') + 1);
    return hz > 0 ? (16 * ratio * scheduler.hz) / hz : Number.POSITIVE_INFINITY;
  }

  /** Cycles of one character: start bit, data, parity, stop bits. */
  private get characterCycles(): number {
    const on = (name: 'WS' | 'PREN' | 'STPB'): number => this.device.field('UCR2', name);
    return (1 + 7 + on('WS') + on('PREN') + 1 + on('STPB')) * this.bitCycles;
  }

  private get enabled(): boolean {
    return this.device.field('UCR1', 'UARTEN') === 1;
  }

  private get receiverOn(): boolean {
    return this.enabled && this.device.field('UCR2', 'RXEN') === 1;
  }

  // --- transmitter

  private transmit(byte: number): void {
    const { diagnostics, events, scheduler, device } = this.options;
    if (!this.enabled || !this.device.field('UCR2', 'TXEN')) {
      diagnostics.guestError(this.name, 'UTXD', 'written while the transmitter is off: the byte is lost');
      return;
    }
    if (this.transmitFifo.length >= FIFO_SIZE) {
      diagnostics.guestError(this.name, 'UTXD', 'written while the transmit FIFO is full: the byte is lost');
      return;
    }
    events.emit({ type: 'console', cycle: scheduler.now, device, byte });
    this.transmitFifo.push(byte);
    this.shift();
    this.settle();
  }

  /** Moves the next byte into the shift register if it is free. */
  private shift(): void {
    if (this.shifting !== undefined || this.transmitFifo.length === 0) return;
    const cycles = this.characterCycles;
    if (!Number.isFinite(cycles)) return;
    this.shifting = this.transmitFifo.shift();
    this.transmitTimer.armIn(cycles);
  }

  private transmitted(): void {
    const byte = this.shifting!;
    this.shifting = undefined;
    if (this.device.field('UTS', 'LOOP')) this.loopBack(byte);
    this.shift();
    this.settle();
  }

  private loopBack(byte: number): void {
    const forced = this.device.field('UTS', 'FRCPERR') && this.device.field('UCR2', 'PREN');
    if (this.receiverOn) this.accept(byte | (forced ? LINE_ERROR.parity : 0));
  }

  // --- receiver

  /** Begins to take the next character from the line, if the receiver is on, free, and has room. */
  private startReceiving(): void {
    if (this.arriving !== undefined || this.line.length === 0 || !this.receiverOn || this.device.field('UTS', 'LOOP')) return;
    if (this.flowControl && this.receiveFifo.length >= FIFO_SIZE) return;
    const cycles = this.characterCycles;
    if (!Number.isFinite(cycles)) return;
    this.arriving = this.line.shift();
    this.idleTimer.cancel();
    this.device.setField('USR1', 'AWAKE', 1);
    this.device.setField('USR2', 'WAKE', 1);
    this.receiveTimer.armIn(cycles);
    this.settle();
  }

  private received(): void {
    const character = this.arriving!;
    this.arriving = undefined;
    this.accept(character);
    this.startReceiving();
    this.settle();
  }

  /** Puts a whole character into the receive FIFO. */
  private accept(character: number): void {
    if (this.receiveFifo.length >= FIFO_SIZE) {
      this.device.setField('USR2', 'ORE', 1);
      this.overrun = true;
    } else {
      this.receiveFifo.push(character | (this.overrun ? OVRRUN | ERR : 0));
      this.overrun = false;
    }
    if (character & PRERR) this.device.setField('USR1', 'PARITYERR', 1);
    if (character & FRMERR) this.device.setField('USR1', 'FRAMERR', 1);
    if (character & BRK) this.device.setField('USR2', 'BRCD', 1);
    this.idleTimer.armIn(IDLE_FRAMES[this.device.field('UCR1', 'ICD') as 0] * this.characterCycles);
    this.age();
    this.settle();
  }

  /** Restarts the aging timer, which runs while there is data below the trigger level. */
  private age(): void {
    const level = this.receiveFifo.length;
    if (level > 0 && level < this.device.field('UFCR', 'RXTL')) this.agingTimer.armIn(AGING_CHARACTERS * this.characterCycles);
    else this.agingTimer.cancel();
  }

  private top(): number {
    const first = this.receiveFifo[0];
    return first === undefined ? this.lastReceived : first | CHARRDY;
  }

  private pop(): void {
    const first = this.receiveFifo.shift();
    if (first === undefined) return;
    this.lastReceived = first & 0xff;
    this.age();
    this.startReceiving();
    this.settle();
  }

  // --- registers

  private status1(): number {
    const level = this.receiveFifo.length;
    const trigger = this.device.field('UFCR', 'RXTL');
    const receiverIdle = this.arriving === undefined ? 1 << 6 : 0;
    const receiveReady = trigger > 0 && level >= trigger ? 1 << 9 : 0;
    const transmitReady = this.transmitFifo.length <= this.device.field('UFCR', 'TXTL') ? 1 << 13 : 0;
    const requestToSend = 1 << 14;
    return this.device.get('USR1') | receiverIdle | receiveReady | transmitReady | requestToSend;
  }

  private status2(): number {
    const dataReady = this.receiveFifo.length > 0 ? 1 : 0;
    const fifoEmpty = this.transmitFifo.length === 0;
    const complete = fifoEmpty && this.shifting === undefined ? 1 << 3 : 0;
    const carrier = 1 << 5;
    return this.device.get('USR2') | dataReady | complete | carrier | (fifoEmpty ? 1 << 14 : 0);
  }

  private test(): number {
    const received = this.receiveFifo.length;
    const transmitting = this.transmitFifo.length;
    return (
      this.device.get('UTS') |
      (this.inReset ? 1 : 0) |
      (received >= FIFO_SIZE ? 1 << 3 : 0) |
      (transmitting >= FIFO_SIZE ? 1 << 4 : 0) |
      (received === 0 ? 1 << 5 : 0) |
      (transmitting === 0 ? 1 << 6 : 0)
    );
  }

  private get inReset(): boolean {
    return this.options.scheduler.now < this.resetUntil;
  }

  private control2(): number {
    return (this.device.get('UCR2') & ~1) | (this.inReset ? 0 : 1);
  }

  private control1(next: number, previous: number): void {
    if (previous & 1 && !(next & 1)) this.flush();
    this.report(next & 0x10c, 'UCR1', 'DMA requests');
    this.report(next & (1 << 4), 'UCR1', 'sending a break');
    this.report(next & (1 << 7), 'UCR1', 'IrDA');
    this.report(next & (1 << 14), 'UCR1', 'automatic baud detection');
    this.startReceiving();
    this.settle();
  }

  private control2Written(next: number, previous: number): void {
    this.device.setField('UCR2', 'SRST', 1);
    if (!(next & 1)) this.softReset();
    else if (previous & 2 && !(next & 2)) this.receiveFifo = [];
    this.report(next & (1 << 11), 'UCR2', 'escape sequences');
    this.startReceiving();
    this.settle();
  }

  private control4(next: number): void {
    this.report(next & (1 << 6), 'UCR4', 'DMA requests');
    this.settle();
  }

  /** UCR2.SRST: FIFOs, state machines, USR1, USR2, UBIR, UBMR, UBRC start anew. */
  private softReset(): void {
    const { clocks, clock, scheduler } = this.options;
    this.flush();
    for (const name of ['USR1', 'USR2', 'UBIR', 'UBMR'] as const) this.device.set(name, 0);
    this.resetUntil = scheduler.now + (RESET_CLOCKS * scheduler.hz) / clocks.hz(clock);
  }

  /** Drops what the FIFOs and shift registers hold. */
  private flush(): void {
    this.transmitTimer.cancel();
    this.receiveTimer.cancel();
    this.agingTimer.cancel();
    this.idleTimer.cancel();
    this.transmitFifo = [];
    this.receiveFifo = [];
    this.shifting = undefined;
    this.arriving = undefined;
    this.overrun = false;
    this.lastReceived = 0;
  }

  private flag<R extends 'USR1' | 'USR2'>(register: R, name: keyof (typeof IMX_UART)[R]['fields'] & string): void {
    this.device.setField(register, name, 1);
    this.settle();
  }

  private report(on: number, register: string, what: string): void {
    if (on) this.options.diagnostics.unimplemented(this.name, register, `${what} is not modelled`);
  }

  /** Drives the interrupt line from the present state. */
  private settle(): void {
    const level = this.interruptLevel();
    if (level === this.level) return;
    this.level = level;
    this.options.interrupt(level);
  }

  private interruptLevel(): boolean {
    if (!this.enabled) return false;
    const control1 = this.device.get('UCR1');
    const control2 = this.device.get('UCR2');
    const control3 = this.device.get('UCR3');
    const control4 = this.device.get('UCR4');
    const status1 = this.status1();
    const status2 = this.status2();
    // UCR1: RTSDEN 5, TXMPTYEN 6, RRDYEN 9, IDEN 12, TRDYEN 13.
    const one = (control1 >>> 5) & (status1 >>> 12) & 1;
    const empty = (control1 >>> 6) & (status2 >>> 14) & 1;
    const rrdy = (control1 >>> 9) & (status1 >>> 9) & 1;
    const idle = (control1 >>> 12) & (status2 >>> 12) & 1;
    const trdy = (control1 >>> 13) & (status1 >>> 13) & 1;
    const aging = (control2 >>> 3) & (status1 >>> 8) & 1;
    // UCR3: AWAKEN 4, RXDSEN 6, FRAERREN 11 and PARERREN 12 against USR1's 4, 6, 10 and 15.
    const awake = (control3 & status1 & 0x50) !== 0;
    const framing = (control3 >>> 11) & (status1 >>> 10) & 1;
    const parity = (control3 >>> 12) & (status1 >>> 15) & 1;
    // UCR4: DREN 0, OREN 1, BKEN 2, TCEN 3, WKEN 7 stand at the same bits of USR2.
    const data = (control4 & status2 & 0x8f) !== 0;
    return awake || data || (one | empty | rrdy | idle | trdy | aging | framing | parity) !== 0;
  }
}
