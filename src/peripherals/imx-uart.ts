/**
 * The i.MX UART (IUART, not LPUART) of 6SX, 7D and the 8M family: 32-byte FIFOs, baud-paced transmission and reception, loopback, RTS and CTS.
 *
 * Described in the UART chapter of the reference manuals. A byte counts as sent to the console when UTXD is written, so that nothing is
 * lost in a crash; the flags follow the FIFO and the shift register in virtual time. RTS_B (low until a test says otherwise) and CTS_B are pins
 * (`UART3_RTS_B`), TXD can be wired to the RXD of a UART. Not modelled: IrDA and RS-485 (reported), DTR, DSR, DCD and RI.
 */
import type { Diagnostics } from '../diagnostics.ts';
import type { EventHub } from '../events.ts';
import { type Progress, unchanging } from '../memory/bus.ts';
import { RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';
import { BaudDetection, EscapeDetection } from './imx-uart-detection.ts';
import { interruptLevel, receiveRequest, transmitRequest, type UartBits } from './imx-uart-interrupts.ts';
import { IMX_UART } from './imx-uart-registers.ts';
import { ImxUartTransmitter } from './imx-uart-transmitter.ts';
import type { Pins } from './pins.ts';
import { SignalBank } from './signal-bank.ts';

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

/** Bits per second of the host where it is the host that decides: during automatic detection. */
const HOST_BAUD = 115_200;
/** Rates that differ by more than this part are not understood. */
const BAUD_TOLERANCE = 0.04;
/** Pins in their order. */
const [RTS_B, CTS_B] = [0, 1];

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
  readonly pins: Pins;
  /** Level of a DMA request, called when it changes. */
  readonly dmaRequest?: (direction: 'receive' | 'transmit', level: boolean) => void;
}

/** One UART. */
export class ImxUart {
  readonly name: string;
  readonly device: RegisterFile<typeof IMX_UART>;
  /** When false, the line does not wait for room in the receive FIFO: characters that find it full are lost (USR2.ORE). */
  flowControl = true;
  /** Bits per second of the host, for automatic detection; otherwise it has what firmware has set. */
  hostBaud = HOST_BAUD;
  /** UARTs whose RXD this one's TXD is wired to. */
  private readonly listeners = new Set<ImxUart>();
  private readonly options: ImxUartOptions;
  private readonly transmitter: ImxUartTransmitter;
  private readonly receiveTimer: Timer;
  private readonly agingTimer: Timer;
  private readonly idleTimer: Timer;
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
  private readonly requests = { receive: false, transmit: false };
  private readonly bank: SignalBank;
  private readonly baudDetection: BaudDetection;
  private readonly escapes: EscapeDetection;

  constructor(options: ImxUartOptions) {
    const { name, scheduler, diagnostics } = options;
    this.name = name;
    this.options = options;
    this.receiveTimer = scheduler.timer(`${name} receive`, () => this.received());
    this.agingTimer = scheduler.timer(`${name} aging`, () => this.flag('USR1', 'AGTIM'));
    this.idleTimer = scheduler.timer(`${name} idle`, () => this.flag('USR2', 'IDLE'));
    const changed = (): void => this.settle();
    // A clock that runs again lets go on what stood still.
    options.clocks.onChange(() => {
      this.transmitter.shift();
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
        UCR4: { write: changed },
        UFCR: { write: changed },
        USR1: { value: () => this.status1(), steady: true, write: changed },
        USR2: { value: () => this.status2(), steady: true, write: changed },
        UTS: { value: () => this.test(), progress: untilReset },
        UMCR: { write: (next) => this.report(next & 1, 'UMCR', 'RS-485 mode') },
      },
    });
    this.transmitter = new ImxUartTransmitter({
      name,
      device: this.device,
      scheduler,
      characterCycles: () => this.characterCycles,
      // UCR2.IRTS: RTS_B does not matter.
      heldBack: () => this.bank.pad(RTS_B) && this.device.field('UCR2', 'IRTS') === 0,
      sent: (byte) => this.sent(byte),
    });
    this.bank = new SignalBank({
      name,
      signals: [
        { name: 'RTS_B', direction: 'in' },
        { name: 'CTS_B', direction: 'out' },
      ],
      scheduler,
      pins: options.pins,
      input: (_signal, high) => this.rtsChanged(high),
    });
    this.baudDetection = new BaudDetection({ name, scheduler, device: this.device, changed });
    this.escapes = new EscapeDetection({ scheduler, device: this.device });
    this.bank.drive(CTS_B, this.ctsHigh);
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

  /** Wires TXD to the RXD of another UART, or of this one. */
  wire(to: ImxUart): void {
    this.listeners.add(to);
  }

  /** Takes that wire away. */
  unwire(to: ImxUart): void {
    this.listeners.delete(to);
  }

  /** True when firmware has switched the receiver on. */
  get ready(): boolean {
    return this.receiverOn;
  }

  /** True when firmware has enabled an interrupt that a received character raises, or waits for one to find out the rate: it listens. */
  get interruptsOnReceive(): boolean {
    const interrupts = this.device.field('UCR1', 'RRDYEN') || this.device.field('UCR4', 'DREN') || this.device.field('UCR2', 'ATEN');
    return interrupts === 1 || this.baudDetection.active;
  }

  /** Bits per second, or 0 when the clock stands still. */
  get baud(): number {
    const cycles = this.bitCycles;
    return Number.isFinite(cycles) ? this.options.scheduler.hz / cycles : 0;
  }

  /** Cycles of one bit: 16 clocks of the binary rate multiplier. */
  private get bitCycles(): number {
    const { scheduler } = this.options;
    const hz = this.referenceHz;
    const ratio = (this.device.field('UBMR', 'MOD') + 1) / (this.device.field('UBIR', 'INC') + 1);
    return hz > 0 ? (16 * ratio * scheduler.hz) / hz : Number.POSITIVE_INFINITY;
  }

  /** The module clock after its divider. */
  private get referenceHz(): number {
    const { clocks, clock } = this.options;
    return clocks.hz(clock) / RFDIV[this.device.field('UFCR', 'RFDIV') as 0];
  }

  /** Cycles of one character: start bit, data, parity, stop bits. */
  private get characterCycles(): number {
    return this.characterBits * this.bitCycles;
  }

  private get characterBits(): number {
    const on = (name: 'WS' | 'PREN' | 'STPB'): number => this.device.field('UCR2', name);
    return 1 + 7 + on('WS') + on('PREN') + 1 + on('STPB');
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
    if (this.transmitter.level >= FIFO_SIZE) {
      diagnostics.guestError(this.name, 'UTXD', 'written while the transmit FIFO is full: the byte is lost');
      return;
    }
    events.emit({ type: 'console', cycle: scheduler.now, device, byte });
    this.transmitter.push(byte);
    this.settle();
  }

  /** A character is out: to the host, which has had it since it was written, and to whom TXD is wired. */
  private sent(byte: number | 'break'): void {
    const character = byte === 'break' ? LINE_ERROR.break : byte;
    if (this.device.field('UTS', 'LOOP')) this.loopBack(character);
    else for (const listener of this.listeners) listener.fromWire(character, this.bitCycles);
    this.settle();
  }

  private loopBack(character: number): void {
    const forced = this.device.field('UTS', 'FRCPERR') && this.device.field('UCR2', 'PREN');
    if (this.receiverOn) this.accept(character | (forced ? LINE_ERROR.parity : 0));
  }

  // --- receiver

  /** Begins to take the next character from the line, if the receiver is on, free, and has room. */
  private startReceiving(): void {
    if (this.arriving !== undefined || this.line.length === 0 || !this.receiverOn || this.device.field('UTS', 'LOOP')) return;
    if (this.flowControl && this.receiveFifo.length >= FIFO_SIZE) return;
    if (this.flowControl && this.device.field('UCR2', 'CTSC') && this.ctsHigh) return;
    const bitCycles = this.baudDetection.active ? this.options.scheduler.hz / this.hostBaud : this.bitCycles;
    if (!Number.isFinite(bitCycles)) return;
    this.arriving = this.line.shift();
    if (this.baudDetection.active) this.baudDetection.begin(this.arriving!, bitCycles, this.referenceHz / this.hostBaud);
    this.idleTimer.cancel();
    this.device.setField('USR1', 'AWAKE', 1);
    this.device.setField('USR2', 'WAKE', 1);
    this.receiveTimer.armIn(this.characterBits * bitCycles);
    this.settle();
  }

  /** A character comes from another UART, whose bits took `bitCycles`: it cannot wait. */
  private fromWire(character: number, bitCycles: number): void {
    if (!this.receiverOn || this.device.field('UTS', 'LOOP')) return;
    this.device.setField('USR1', 'AWAKE', 1);
    this.device.setField('USR2', 'WAKE', 1);
    const { active } = this.baudDetection;
    if (active) this.baudDetection.begin(character, bitCycles, (this.referenceHz * bitCycles) / this.options.scheduler.hz);
    const understood = active || Math.abs(this.bitCycles / bitCycles - 1) <= BAUD_TOLERANCE;
    this.accept(understood ? character : LINE_ERROR.framing);
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
    if (this.baudDetection.active) this.baudDetection.end(character, !(character & ERR));
    this.escapes.take(character);
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
    this.idleAfterFrames();
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
    const transmitReady = this.transmitter.level <= this.device.field('UFCR', 'TXTL') ? 1 << 13 : 0;
    const requestToSend = this.bank.pad(RTS_B) ? 0 : 1 << 14;
    return this.device.get('USR1') | receiverIdle | receiveReady | transmitReady | requestToSend;
  }

  private status2(): number {
    const dataReady = this.receiveFifo.length > 0 ? 1 : 0;
    const fifoEmpty = this.transmitter.level === 0;
    const complete = this.transmitter.idle ? 1 << 3 : 0;
    const carrier = 1 << 5;
    return this.device.get('USR2') | dataReady | complete | carrier | (fifoEmpty ? 1 << 14 : 0);
  }

  private test(): number {
    const received = this.receiveFifo.length;
    const transmitting = this.transmitter.level;
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
    this.report(next & (1 << 7), 'UCR1', 'IrDA');
    this.transmitter.shift();
    if ((next ^ previous) & 1) this.listenForIdle();
    this.startReceiving();
    this.settle();
  }

  private control2Written(next: number, previous: number): void {
    this.device.setField('UCR2', 'SRST', 1);
    if (!(next & 1)) this.softReset();
    else if (previous & 2 && !(next & 2)) this.receiveFifo = [];
    this.transmitter.shift();
    if ((next ^ previous) & 2) this.listenForIdle();
    this.startReceiving();
    this.settle();
  }

  /** The receiver was switched on or off: a line on which nothing comes is idle after a while. */
  private listenForIdle(): void {
    if (!this.receiverOn) this.idleTimer.cancel();
    else if (this.arriving === undefined) this.idleAfterFrames();
  }

  private idleAfterFrames(): void {
    this.idleTimer.armIn(IDLE_FRAMES[this.device.field('UCR1', 'ICD') as 0] * this.characterCycles);
  }

  /** An edge on RTS_B: the transmitter stops before the next character, or goes on. */
  private rtsChanged(high: boolean): void {
    this.device.setField('USR1', 'RTSD', 1);
    const edges = this.device.field('UCR2', 'RTEC');
    if (edges > 1 || (edges === 0) === high) this.device.setField('USR2', 'RTSF', 1);
    this.transmitter.shift();
    this.settle();
  }

  /** Level of CTS_B: what UCR2.CTS says, or the receiver itself, when its FIFO has UCR4.CTSTL characters. */
  private get ctsHigh(): boolean {
    if (!this.device.field('UCR2', 'CTSC')) return this.device.field('UCR2', 'CTS') === 0;
    return this.receiveFifo.length >= this.device.field('UCR4', 'CTSTL') || !this.receiverOn;
  }

  /** UCR2.SRST: FIFOs, state machines, USR1, USR2, UBIR, UBMR, UBRC start anew. */
  private softReset(): void {
    const { clocks, clock, scheduler } = this.options;
    this.flush();
    for (const name of ['USR1', 'USR2', 'UBIR', 'UBMR'] as const) this.device.set(name, 0);
    this.device.set('UBRC', this.device.resetValue('UBRC'));
    this.resetUntil = scheduler.now + (RESET_CLOCKS * scheduler.hz) / clocks.hz(clock);
  }

  /** Drops what the FIFOs and shift registers hold. */
  private flush(): void {
    this.transmitter.flush();
    this.baudDetection.cancel();
    this.escapes.cancel();
    this.receiveTimer.cancel();
    this.agingTimer.cancel();
    this.idleTimer.cancel();
    this.receiveFifo = [];
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

  /** Drives the interrupt line, DMA requests and CTS_B from the present state. */
  private settle(): void {
    this.bank.drive(CTS_B, this.ctsHigh);
    const { enabled } = this;
    const bits: UartBits = {
      control1: this.device.get('UCR1'),
      control2: this.device.get('UCR2'),
      control3: this.device.get('UCR3'),
      control4: this.device.get('UCR4'),
      status1: this.status1(),
      status2: this.status2(),
    };
    const { dmaRequest, interrupt } = this.options;
    if (dmaRequest) {
      const levels = { receive: enabled && receiveRequest(bits), transmit: enabled && transmitRequest(bits) };
      for (const direction of ['receive', 'transmit'] as const) {
        if (levels[direction] === this.requests[direction]) continue;
        this.requests[direction] = levels[direction];
        dmaRequest(direction, levels[direction]);
      }
    }
    const level = enabled && interruptLevel(bits);
    if (level === this.level) return;
    this.level = level;
    interrupt(level);
  }
}
