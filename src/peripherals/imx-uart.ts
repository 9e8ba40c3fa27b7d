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
import type { Scheduler } from '../time/scheduler.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';
import { ImxUartFrame } from './imx-uart-frame.ts';
import { interruptLevel, receiveRequest, transmitRequest, type UartBits } from './imx-uart-interrupts.ts';
import { FIFO_SIZE, ImxUartReceiver, LINE_ERROR, type LineError } from './imx-uart-receiver.ts';
import { IMX_UART } from './imx-uart-registers.ts';
import { ImxUartTransmitter } from './imx-uart-transmitter.ts';
import type { Pins } from './pins.ts';
import { SignalBank } from './signal-bank.ts';

/** Module clocks that a software reset takes. */
const RESET_CLOCKS = 4;
/** Pins in their order. */
const [RTS_B, CTS_B] = [0, 1];

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
  /** UARTs whose RXD this one's TXD is wired to. */
  private readonly listeners = new Set<ImxUart>();
  private readonly options: ImxUartOptions;
  private readonly transmitter: ImxUartTransmitter;
  private readonly receiver: ImxUartReceiver;
  private readonly frame: ImxUartFrame;
  private resetUntil = 0;
  private level = false;
  private readonly requests = { receive: false, transmit: false };
  private readonly bank: SignalBank;

  constructor(options: ImxUartOptions) {
    const { name, scheduler, diagnostics } = options;
    this.name = name;
    this.options = options;
    const changed = (): void => this.settle();
    // A clock that runs again lets go on what stood still.
    options.clocks.onChange(() => {
      this.transmitter.shift();
      this.receiver.start();
    });
    const untilReset = (): Progress => unchanging(this.resetUntil - scheduler.now);
    this.device = new RegisterFile(IMX_UART, {
      name,
      diagnostics,
      behaviour: {
        // An empty FIFO has nothing to lose: a read gives the last byte until a new one arrives.
        URXD: {
          value: () => this.receiver.top,
          read: () => this.receiver.pop(),
          progress: () => (this.receiver.level === 0 ? unchanging() : undefined),
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
    const { device } = this;
    this.frame = new ImxUartFrame({ device, clock: options.clock, clocks: options.clocks, scheduler });
    this.receiver = new ImxUartReceiver({ name, device, scheduler, frame: this.frame, changed });
    this.transmitter = new ImxUartTransmitter({
      name,
      device,
      scheduler,
      characterCycles: () => this.frame.characterCycles,
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
    for (const byte of bytes) this.receiver.send(byte & 0xff);
    this.receiver.start();
  }

  /** Sends one character with an error from the host; a break carries the byte 0. */
  receiveWithError(byte: number, error: LineError): void {
    this.receiver.send((error === 'break' ? 0 : byte & 0xff) | LINE_ERROR[error]);
    this.receiver.start();
  }

  /** Bytes that the host has sent and the receiver has not begun to take. */
  get waiting(): number {
    return this.receiver.waiting;
  }

  /** When false, the line does not wait for room in the receive FIFO: characters that find it full are lost (USR2.ORE). */
  set flowControl(on: boolean) {
    this.receiver.flowControl = on;
  }

  /** Bits per second of the host, for automatic detection; otherwise it has what firmware has set. */
  set hostBaud(baud: number) {
    this.receiver.hostBaud = baud;
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
    return this.receiver.on;
  }

  /** True when firmware has enabled an interrupt that a received character raises, or waits for one to find out the rate: it listens. */
  get interruptsOnReceive(): boolean {
    const interrupts = this.device.field('UCR1', 'RRDYEN') || this.device.field('UCR4', 'DREN') || this.device.field('UCR2', 'ATEN');
    return interrupts === 1 || this.receiver.detection.active;
  }

  /** Bits per second, or 0 when the clock stands still. */
  get baud(): number {
    return this.frame.baud;
  }

  private get enabled(): boolean {
    return this.device.field('UCR1', 'UARTEN') === 1;
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
    else for (const listener of this.listeners) listener.receiver.fromWire(character, this.frame.bitCycles);
    this.settle();
  }

  private loopBack(character: number): void {
    const forced = this.device.field('UTS', 'FRCPERR') && this.device.field('UCR2', 'PREN');
    if (this.receiver.on) this.receiver.accept(character | (forced ? LINE_ERROR.parity : 0));
  }

  // --- registers

  private status1(): number {
    const level = this.receiver.level;
    const trigger = this.device.field('UFCR', 'RXTL');
    const receiverIdle = this.receiver.idle ? 1 << 6 : 0;
    const receiveReady = trigger > 0 && level >= trigger ? 1 << 9 : 0;
    const transmitReady = this.transmitter.level <= this.device.field('UFCR', 'TXTL') ? 1 << 13 : 0;
    const requestToSend = this.bank.pad(RTS_B) ? 0 : 1 << 14;
    return this.device.get('USR1') | receiverIdle | receiveReady | transmitReady | requestToSend;
  }

  private status2(): number {
    const dataReady = this.receiver.level > 0 ? 1 : 0;
    const fifoEmpty = this.transmitter.level === 0;
    const complete = this.transmitter.idle ? 1 << 3 : 0;
    const carrier = 1 << 5;
    return this.device.get('USR2') | dataReady | complete | carrier | (fifoEmpty ? 1 << 14 : 0);
  }

  private test(): number {
    const received = this.receiver.level;
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
    if ((next ^ previous) & 1) this.receiver.listenForIdle();
    this.receiver.start();
    this.settle();
  }

  private control2Written(next: number, previous: number): void {
    this.device.setField('UCR2', 'SRST', 1);
    if (!(next & 1)) this.softReset();
    else if (previous & 2 && !(next & 2)) this.receiver.clear();
    this.transmitter.shift();
    if ((next ^ previous) & 2) this.receiver.listenForIdle();
    this.receiver.start();
    this.settle();
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
    return this.receiver.pausing;
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
    this.receiver.flush();
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
