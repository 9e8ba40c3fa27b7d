/**
 * FlexCAN of the i.MX family: 64 message buffers, masks, receive FIFO, loopback, error counters, interrupts; frames take their bits.
 *
 * Described in the FlexCAN chapters of the reference manuals. Stuff bits are not counted, other controllers and the outside world are on a bus (`can-bus.ts`).
 * A frame that nobody acknowledges is sent again until somebody does. Not modelled, and reported: CAN FD, error correction's injection, CRCR. Silently
 * ignored: wake-up (SLF_WAK), glitch filter, sampling, BOFF_REC, as no bus errors occur.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { RegisterFile, type RegisterMap } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { arbitration, type CanBuses, type CanFrame, type CanNode, frameBits } from './can-bus.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';
import { countError, errorStatus, interruptLevel, PASSIVE } from './flexcan-errors.ts';
import { CODE, codeOf, frameOf, withCode } from './flexcan-match.ts';
import { FlexcanReceiver } from './flexcan-receiver.ts';
import { FLEXCAN_LAYOUTS, type FlexcanLayoutName } from './flexcan-registers.ts';
import { FlexcanTimer } from './flexcan-timer.ts';

const MDIS = 1 << 31;
const FRZ = 1 << 30;
const RFEN = 1 << 29;
const HALT = 1 << 28;
const NOT_RDY = 1 << 27;
const SOFT_RST = 1 << 25;
const FRZ_ACK = 1 << 24;
const LPM_ACK = 1 << 20;
const SRX_DIS = 1 << 17;
const LPRIO_EN = 1 << 13;
const AEN = 1 << 12;
/** Bits of MCR that only freeze mode lets change: RFEN, IRMQ, SRX_DIS, LPRIO_EN, AEN, IDAM, MAXMB. */
const FROZEN_MCR = RFEN | (1 << 16) | SRX_DIS | LPRIO_EN | AEN | (3 << 8) | 0x7f;
/** Bits of CTRL1 that can always be changed: BOFF_REC and the interrupt enables. */
const LIVE_CTRL1 = 0x0000_cc40;
const LPB = 1 << 12;
const LBUF = 1 << 4;
const LOM = 1 << 3;
const ACK_ERR = 1 << 13;

/** What a `Flexcan` needs. */
export interface FlexcanOptions {
  readonly name: string;
  readonly layout: FlexcanLayoutName;
  readonly clock: ClockSource;
  readonly clocks: ClockTree;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  readonly buses: CanBuses;
  readonly interrupt: (level: boolean) => void;
}

/** One controller. */
export class Flexcan implements CanNode {
  readonly name: string;
  readonly device: RegisterFile<RegisterMap>;
  readonly buses: CanBuses;
  readonly wire: Timer;
  private readonly options: FlexcanOptions;
  private readonly receiver: FlexcanReceiver;
  private readonly timer: FlexcanTimer;
  /** Ends a frame in loopback. */
  private readonly loop: Timer;
  /** Message buffer whose frame is being sent. */
  private sending: number | undefined;
  private level = false;

  constructor(options: FlexcanOptions) {
    const { name, layout, clock, clocks, scheduler, diagnostics, buses } = options;
    this.name = name;
    this.options = options;
    this.buses = buses;
    this.loop = scheduler.timer(`${name} loop`, () => this.looped());
    const interrupts = (): void => this.settle();
    const frozen = (register: string) => ({
      write: (_next: number, previous: number, index: number) => this.onlyFrozen(register, previous, index),
    });
    this.device = new RegisterFile<RegisterMap>(FLEXCAN_LAYOUTS[layout], {
      name,
      diagnostics,
      behaviour: {
        MCR: { value: () => this.moduleConfiguration(), steady: true, write: (next, previous) => this.configure(next, previous) },
        CTRL1: { write: (next, previous) => this.control1(next, previous) },
        TIMER: { value: () => this.timer.value, read: () => this.receiver.unlock(), write: () => this.timer.restart() },
        RXMGMASK: frozen('RXMGMASK'),
        RX14MASK: frozen('RX14MASK'),
        RX15MASK: frozen('RX15MASK'),
        ECR: frozen('ECR'),
        ESR1: { value: () => this.errorStatus(), read: () => this.clearErrors(), write: interrupts },
        IMASK2: { write: interrupts },
        IMASK1: { write: interrupts },
        IFLAG2: { write: interrupts },
        IFLAG1: { write: (next, previous) => this.flagsCleared(previous & ~next) },
        RXFGMASK: frozen('RXFGMASK'),
        CS: { read: (index) => this.receiver.lock(index), write: (next, previous, index) => this.coded(next, previous, index) },
        RXIMR: frozen('RXIMR'),
      },
    });
    this.timer = new FlexcanTimer({ device: this.device, clock, clocks, scheduler });
    this.receiver = new FlexcanReceiver(this.device, {
      flag: (buffer) => this.flag(buffer),
      stamp: (buffer) => this.stamp(buffer),
      changed: () => this.go(),
    });
    this.wire = scheduler.timer(`${name} bus`, () => buses.over(name));
    buses.join(this);
    clocks.onChange(() => this.clockChanged());
  }

  /** Reset of the SoC. */
  reset(): void {
    this.device.reset();
    this.receiver.reset();
    this.timer.reset();
    this.loop.cancel();
    this.sending = undefined;
    this.settle();
  }

  // --- modes

  private get disabled(): boolean {
    return (this.device.get('MCR') & MDIS) !== 0;
  }

  /** Freeze mode is entered between two frames. */
  private get frozen(): boolean {
    const mcr = this.device.get('MCR');
    return !(mcr & MDIS) && (mcr & (FRZ | HALT)) === (FRZ | HALT) && this.sending === undefined;
  }

  private get runs(): boolean {
    const mcr = this.device.get('MCR');
    return !(mcr & MDIS) && (mcr & (FRZ | HALT)) !== (FRZ | HALT);
  }

  private get loopback(): boolean {
    return (this.device.get('CTRL1') & LPB) !== 0;
  }

  private moduleConfiguration(): number {
    const mcr = this.device.get('MCR') & ~(LPM_ACK | FRZ_ACK | NOT_RDY);
    if (this.disabled) return (mcr | LPM_ACK | NOT_RDY) >>> 0;
    return (this.frozen ? mcr | FRZ_ACK | NOT_RDY : mcr) >>> 0;
  }

  private configure(next: number, previous: number): void {
    if (next & SOFT_RST) {
      this.softReset();
      return;
    }
    const modes = FRZ | HALT | MDIS;
    const wasFrozen = !(previous & MDIS) && (previous & (FRZ | HALT)) === (FRZ | HALT) && this.sending === undefined;
    let kept = next;
    if (!wasFrozen && ((next ^ previous) & FROZEN_MCR) !== 0) {
      this.refused('MCR');
      kept = ((next & ~FROZEN_MCR) | (previous & FROZEN_MCR)) >>> 0;
    }
    this.device.set('MCR', kept);
    if ((kept ^ previous) & RFEN) this.receiver.reset();
    if ((kept ^ previous) & modes) this.modeChanged();
    this.settle();
  }

  /** MCR.SOFT_RST: all but the control registers, masks and message buffers; freeze mode follows. */
  private softReset(): void {
    const { device } = this;
    const disabled = device.get('MCR') & MDIS;
    for (const name of ['TIMER', 'ECR', 'ESR1', 'ESR2', 'IMASK1', 'IMASK2', 'IFLAG1', 'IFLAG2', 'CRCR'])
      device.set(name, device.resetValue(name));
    device.set('MCR', ((device.resetValue('MCR') & ~MDIS) | disabled) >>> 0);
    this.loop.cancel();
    this.sending = undefined;
    this.receiver.reset();
    this.modeChanged();
    this.settle();
  }

  private modeChanged(): void {
    if (!this.runs) {
      this.timer.stop();
      return;
    }
    this.timer.start();
    this.go();
  }

  private control1(next: number, previous: number): void {
    if (((next ^ previous) & ~LIVE_CTRL1) !== 0 && !this.frozen && !this.disabled) {
      this.refused('CTRL1');
      this.device.set('CTRL1', ((next & LIVE_CTRL1) | (previous & ~LIVE_CTRL1)) >>> 0);
    }
    this.settle();
  }

  private onlyFrozen(register: string, previous: number, index: number): void {
    if (this.frozen) return;
    this.device.set(register, previous, index);
    this.refused(register);
  }

  private refused(register: string): void {
    this.options.diagnostics.guestError(this.name, register, 'written outside of freeze mode; ignored');
  }

  // --- time

  bitCycles(): number {
    return this.timer.bitCycles;
  }

  /** What goes on by the clock stands still with it: TIMER, and the frame that is being sent, which begins anew afterwards. */
  private clockChanged(): void {
    this.timer.clockChanged();
    this.buses.clockChanged();
    if (!this.loops) return;
    const cycles = this.loopCycles();
    if (!Number.isFinite(cycles)) this.loop.cancel();
    else if (!this.loop.armed) this.loop.armIn(cycles);
  }

  /** Time stamp for a buffer; with TSYN a frame in the first one starts the timer anew. */
  private stamp(buffer: number): number {
    const now = this.timer.value;
    if (buffer === 0 && this.device.get('CTRL1') & (1 << 5)) {
      this.device.set('TIMER', 0);
      this.timer.restart();
    }
    return now;
  }

  // --- transmission

  /** A CS word was written. */
  private coded(next: number, previous: number, index: number): void {
    this.receiver.rewritten(index);
    const code = codeOf(next);
    if (code === CODE.TX_ABORT && this.device.get('MCR') & AEN) {
      const active = codeOf(previous) === CODE.TX_DATA || codeOf(previous) === CODE.TX_TANSWER;
      if (active && this.sending === index) this.device.set('CS', withCode(next, codeOf(previous)), index);
      else if (active) this.flag(index);
    }
    this.go();
  }

  /** Number of the buffer that is to be sent next. */
  private get next(): number | undefined {
    const { device } = this;
    const mcr = device.get('MCR');
    const lowest = (device.get('CTRL1') & LBUF) !== 0;
    let best: number | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let index = this.receiver.firstMailbox; index <= this.receiver.lastMailbox; index++) {
      const code = codeOf(device.get('CS', index));
      if (code !== CODE.TX_DATA && code !== CODE.TX_TANSWER) continue;
      if (lowest) return index;
      const priority = mcr & LPRIO_EN ? device.get('ID', index) >>> 29 : 0;
      const rank = priority * 2 ** 33 + arbitration(this.frame(index));
      if (rank >= least) continue;
      best = index;
      least = rank;
    }
    return best;
  }

  private frame(index: number): CanFrame {
    const { device } = this;
    const frame = frameOf({
      cs: device.get('CS', index),
      id: device.get('ID', index),
      word0: device.get('WORD0', index),
      word1: device.get('WORD1', index),
    });
    // An answer to a remote frame is data.
    return codeOf(device.get('CS', index)) === CODE.TX_TANSWER ? { ...frame, remote: false } : frame;
  }

  private get mayTransmit(): boolean {
    return this.runs && this.sending === undefined && (this.device.get('CTRL1') & LOM) === 0;
  }

  pending(): CanFrame | undefined {
    if (!this.mayTransmit || this.loopback) return undefined;
    const index = this.next;
    return index === undefined ? undefined : this.frame(index);
  }

  began(): void {
    this.sending = this.next;
  }

  /** Sends what there is to be sent, when that is possible. */
  private go(): void {
    if (!this.loopback) {
      this.buses.kick(this.name);
      return;
    }
    const index = this.mayTransmit ? this.next : undefined;
    if (index === undefined) return;
    this.sending = index;
    this.loop.armIn(this.loopCycles());
  }

  /** A frame is on its way back to the controller. */
  private get loops(): boolean {
    return this.sending !== undefined && !this.buses.sends(this.name);
  }

  private loopCycles(): number {
    return this.bitCycles() * frameBits(this.frame(this.sending!));
  }

  /** In loopback, a frame is acknowledged by the controller itself. */
  private looped(): void {
    if (this.sending !== undefined) this.sent(this.frame(this.sending), true);
    if (this.loopback) this.go();
  }

  sent(frame: CanFrame, acknowledged: boolean): void {
    const index = this.sending;
    this.sending = undefined;
    if (index === undefined) return;
    if (acknowledged) {
      countError(this.device, 'transmit', -1);
      this.complete(index, frame);
      if (!(this.device.get('MCR') & SRX_DIS)) this.receiver.receive(frame, index);
    } else {
      // A passive controller does not count missing acknowledgements: it would go off the bus when it is alone.
      if ((this.device.get('ECR') & 0xff) < PASSIVE) countError(this.device, 'transmit', 8);
      this.device.set('ESR1', this.device.get('ESR1') | ACK_ERR | 2);
    }
    this.settle();
  }

  private complete(index: number, frame: CanFrame): void {
    const { device } = this;
    const cs = device.get('CS', index);
    const code = codeOf(cs);
    if (code !== CODE.TX_DATA && code !== CODE.TX_TANSWER) return;
    const after = code === CODE.TX_TANSWER ? CODE.RX_RANSWER : frame.remote ? CODE.RX_EMPTY : CODE.TX_INACTIVE;
    device.set('CS', ((withCode(cs, after) & 0xffff_0000) | this.stamp(index)) >>> 0, index);
    this.flag(index);
  }

  // --- reception

  listens(): boolean {
    return this.runs && !this.loopback && this.timer.clocked && (this.device.get('CTRL1') & LOM) === 0;
  }

  received(frame: CanFrame): void {
    countError(this.device, 'receive', -1);
    this.receiver.receive(frame);
    this.settle();
  }

  // --- errors and interrupts

  private errorStatus(): number {
    const sending = this.sending !== undefined;
    return errorStatus(this.device, { runs: this.runs, sending, busy: sending || this.buses.busy(this.name) });
  }

  /** The bits that tell errors apart are cleared by a read. */
  private clearErrors(): void {
    this.device.set('ESR1', this.device.get('ESR1') & ~0xfc00);
  }

  private flag(buffer: number): void {
    const register = buffer < 32 ? 'IFLAG1' : 'IFLAG2';
    this.device.set(register, (this.device.get(register) | (1 << (buffer % 32))) >>> 0);
    this.settle();
  }

  /** IFLAG1 bits were cleared: that of the FIFO's frame asks for the next one. */
  private flagsCleared(cleared: number): void {
    this.receiver.flagsCleared(cleared);
    this.settle();
  }

  /** Drives the interrupt line from the present state. */
  private settle(): void {
    const level = interruptLevel(this.device);
    if (level === this.level) return;
    this.level = level;
    this.options.interrupt(level);
  }
}
