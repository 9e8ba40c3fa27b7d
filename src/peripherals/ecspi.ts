/**
 * ECSPI of the i.MX family: 64-word FIFOs, bursts of 1 to 4096 bits, chip selects, loopback, interrupts; words take their time.
 *
 * Described in the ECSPI chapter of the reference manuals. A chip select is active from the first to the last bit of a burst. A word is
 * exchanged with the device when its last bit is over. Clearing CONREG.EN resets everything but CONREG. In slave mode a master of a test shifts
 * (`ecspi-slave.ts`). Not modelled, and reported when used: SPI_RDY (DRCTL), HT mode and MSGDATA. Data shifted out is not seen outside in loopback.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import type { SpiContext, SpiDevice } from './attached/attached-device.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';
import { ECSPI } from './ecspi-registers.ts';
import { OutsideSpiMaster } from './ecspi-slave.ts';
import type { Pins } from './pins.ts';
import { SpiBus } from './spi-bus.ts';

/** Words of each FIFO. */
const FIFO_SIZE = 64;
const EN = 1;
const HT = 1 << 1;
const XCH = 1 << 2;
const SMC = 1 << 3;
const DRCTL = 3 << 16;
/** DMAREG's enables of DMA requests: TEDEN, RXDEN, RXTDEN. */
const TEDEN = 1 << 7;
const RXDEN = 1 << 23;
const RXTDEN = 1 << 31;
/** STATREG: flags that make DMA requests. */
const TDR = 1 << 1;
const RDR = 1 << 4;
/** Bits of STATREG that INTREG can enable. */
const FLAGS = 0xff;
const LOW_FREQUENCY_HZ = 32_768;

/** What an `Ecspi` needs. */
export interface EcspiOptions {
  readonly name: string;
  readonly clock: ClockSource;
  readonly clocks: ClockTree;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  /** GPIOs, which may be chip selects. */
  readonly pins: Pins;
  /** The device that a name stands for. */
  readonly definition: (id: string) => SpiDevice;
  readonly interrupt: (level: boolean) => void;
  /** Level of a DMA request, called when it changes. */
  readonly dmaRequest?: (direction: 'receive' | 'transmit', level: boolean) => void;
}

/** One controller with its devices. */
export class Ecspi {
  readonly device: RegisterFile<typeof ECSPI>;
  readonly bus: SpiBus;
  /** The master of a test, for slave mode. */
  readonly outside: OutsideSpiMaster;
  private readonly options: EcspiOptions;
  private readonly timer: Timer;
  /** `gap`: before a burst; `word`: in the shift register; `starved`: a burst waits for TXDATA. */
  private phase: 'idle' | 'gap' | 'word' | 'starved' = 'idle';
  private transmitFifo: number[] = [];
  private receiveFifo: number[] = [];
  private shifting = 0;
  /** Bits of the word in the shift register. */
  private shiftingBits = 0;
  /** Bits of the burst that have not been shifted. */
  private bitsLeft = 0;
  /** Chip select of the burst. */
  private channel = 0;
  private level = false;
  private readonly requests = { receive: false, transmit: false };

  constructor(options: EcspiOptions) {
    const { name, scheduler, diagnostics, definition, pins } = options;
    this.options = options;
    this.timer = scheduler.timer(name, () => this.due());
    this.bus = new SpiBus({ name, diagnostics, definition, context: () => this.context() });
    pins.listen((bank, pin, level) => this.bus.pinChanged(bank, pin, level));
    this.outside = new OutsideSpiMaster({ name, scheduler, target: this.slaveSide() });
    const changed = (): void => this.settle();
    this.device = new RegisterFile(ECSPI, {
      name,
      diagnostics,
      behaviour: {
        RXDATA: { value: () => this.receiveFifo[0] ?? 0, read: () => this.pop() },
        TXDATA: { write: (next) => this.push(next) },
        CONREG: { steady: true, write: (next, previous) => this.control(next, previous) },
        CONFIGREG: { write: changed },
        INTREG: { write: changed },
        DMAREG: { write: changed },
        STATREG: { value: () => this.status(), steady: true, write: changed },
        TESTREG: { value: () => this.test(), steady: true },
        MSGDATA: { write: () => this.report('MSGDATA', 'HT mode') },
      },
    });
  }

  /** Reset of the SoC; what is attached stays so. */
  reset(): void {
    this.softReset();
    this.device.reset();
    this.settle();
  }

  /** Rate of SCLK by CONREG's dividers and the module's clock. */
  get hz(): number {
    const { clocks, clock } = this.options;
    return clocks.hz(clock) / (this.device.field('CONREG', 'PRE_DIVIDER') + 1) / 2 ** this.device.field('CONREG', 'POST_DIVIDER');
  }

  // --- registers

  private status(): number {
    const transmit = this.transmitFifo.length;
    const receive = this.receiveFifo.length;
    return (
      (this.device.get('STATREG') & ~0x3f) |
      (transmit === 0 ? 1 : 0) |
      (transmit <= this.device.field('DMAREG', 'TX_THRESHOLD') ? 1 << 1 : 0) |
      (transmit >= FIFO_SIZE ? 1 << 2 : 0) |
      (receive > 0 ? 1 << 3 : 0) |
      (receive > this.device.field('DMAREG', 'RX_THRESHOLD') ? 1 << 4 : 0) |
      (receive >= FIFO_SIZE ? 1 << 5 : 0)
    );
  }

  private test(): number {
    return (this.device.get('TESTREG') | (this.receiveFifo.length << 8) | this.transmitFifo.length) >>> 0;
  }

  private control(next: number, previous: number): void {
    if (!(next & EN)) {
      this.device.set('CONREG', next & ~XCH);
      if (previous & EN) this.softReset();
      this.settle();
      return;
    }
    if (next & HT) this.report('CONREG', 'HT mode');
    if (next & DRCTL) this.report('CONREG', 'SPI_RDY');
    // XCH is cleared by the block alone.
    if (previous & XCH) this.device.set('CONREG', (next | XCH) >>> 0);
    this.begin();
    this.settle();
  }

  private push(word: number): void {
    const { diagnostics, name } = this.options;
    if (!this.device.field('CONREG', 'EN')) {
      diagnostics.guestError(name, 'TXDATA', 'written while the block is disabled: the word is lost');
      return;
    }
    if (this.transmitFifo.length >= FIFO_SIZE) {
      diagnostics.guestError(name, 'TXDATA', 'written while TXFIFO is full: the word is lost');
      return;
    }
    this.transmitFifo.push(word);
    if (this.phase === 'starved') this.shift();
    else this.begin();
    this.settle();
  }

  private pop(): void {
    if (this.receiveFifo.length === 0)
      this.options.diagnostics.guestError(this.options.name, 'RXDATA', 'read while RXFIFO is empty: the value means nothing');
    this.receiveFifo.shift();
    this.settle();
  }

  private get master(): boolean {
    return ((this.device.field('CONREG', 'CHANNEL_MODE') >>> this.device.field('CONREG', 'CHANNEL_SELECT')) & 1) === 1;
  }

  private report(register: string, what: string): void {
    this.options.diagnostics.unimplemented(this.options.name, register, `${what} is not modelled`);
  }

  /** CONREG.EN is the reset of everything but CONREG. */
  private softReset(): void {
    const control = this.device.get('CONREG');
    this.timer.cancel();
    if (this.phase === 'word' || this.phase === 'starved') this.bus.drive(this.channel, false);
    this.phase = 'idle';
    this.transmitFifo = [];
    this.receiveFifo = [];
    this.bitsLeft = 0;
    this.outside.clear();
    this.device.reset();
    this.device.set('CONREG', (control & ~XCH) >>> 0);
  }

  // --- bursts

  /** Begins a burst if there is one to begin. */
  private begin(): void {
    if (this.phase !== 'idle' || !this.master) return;
    const control = this.device.get('CONREG');
    if (!(control & (XCH | SMC))) return;
    if (this.transmitFifo.length === 0) {
      this.device.set('CONREG', (control & ~XCH) >>> 0);
      return;
    }
    this.gap(this.device.field('PERIODREG', 'CSD_CTL'), this.hz);
  }

  /** Waits for so many periods of a clock before the first bit of a burst. */
  private gap(periods: number, hz: number): void {
    this.phase = 'gap';
    if (periods > 0) this.arm(periods, hz);
    else this.burst();
  }

  private burst(): void {
    this.channel = this.device.field('CONREG', 'CHANNEL_SELECT');
    this.bitsLeft = this.device.field('CONREG', 'BURST_LENGTH') + 1;
    if (!this.loopback) this.bus.drive(this.channel, true);
    this.shift();
  }

  /** Moves the next word into the shift register. The first word of a burst holds what is left over by whole words. */
  private shift(): void {
    if (this.transmitFifo.length === 0) {
      this.phase = 'starved';
      return;
    }
    this.shifting = this.transmitFifo.shift()!;
    this.shiftingBits = this.bitsLeft % 32 || 32;
    this.phase = 'word';
    this.arm(this.shiftingBits, this.hz);
  }

  private arm(periods: number, hz: number): void {
    this.timer.armIn((periods * this.options.scheduler.hz) / hz);
  }

  private due(): void {
    if (this.phase === 'gap') this.burst();
    else {
      this.received(this.exchange());
      this.bitsLeft -= this.shiftingBits;
      if (this.bitsLeft > 0) this.shift();
      else this.burstOver();
    }
    this.settle();
  }

  private exchange(): number {
    const bits = this.shiftingBits;
    const word = bits === 32 ? this.shifting : this.shifting & ((1 << bits) - 1);
    return this.loopback ? word : this.bus.exchange(this.channel, word, bits);
  }

  private received(word: number): void {
    if (this.receiveFifo.length >= FIFO_SIZE) this.device.setField('STATREG', 'RO', 1);
    else this.receiveFifo.push(word);
  }

  private burstOver(): void {
    this.phase = 'idle';
    if (!this.loopback) this.bus.drive(this.channel, false);
    const control = this.device.get('CONREG');
    const several = control & SMC || (this.device.field('CONFIGREG', 'SS_CTL') >>> this.channel) & 1;
    if (several && this.transmitFifo.length > 0) {
      const hz = this.device.field('PERIODREG', 'CSRC') ? LOW_FREQUENCY_HZ : this.hz;
      this.gap(this.device.field('PERIODREG', 'SAMPLE_PERIOD'), hz);
      return;
    }
    this.device.set('CONREG', (control & ~XCH) >>> 0);
    this.device.setField('STATREG', 'TC', 1);
  }

  private get loopback(): boolean {
    return this.device.field('TESTREG', 'LBC') === 1;
  }

  private context(): SpiContext {
    const { scheduler } = this.options;
    const phase = (this.device.field('CONFIGREG', 'SCLK_PHA') >>> this.channel) & 1;
    const polarity = (this.device.field('CONFIGREG', 'SCLK_POL') >>> this.channel) & 1;
    return { now: scheduler.nsFromCycles(scheduler.now), mode: 2 * polarity + phase, hz: this.hz };
  }

  /** What a master outside sees. A word longer than 32 bits comes in parts. */
  private slaveSide(): ConstructorParameters<typeof OutsideSpiMaster>[0]['target'] {
    const wordBits = (): number | undefined => {
      if (!this.device.field('CONREG', 'EN') || this.master) return undefined;
      return Math.min(this.device.field('CONREG', 'BURST_LENGTH') + 1, 32);
    };
    return {
      get wordBits() {
        return wordBits();
      },
      fetch: () => {
        const word = this.transmitFifo.shift() ?? 0;
        this.settle();
        return word;
      },
      arrived: (word) => {
        this.received(word);
        this.settle();
      },
      released: (rest, bits) => {
        // SS_CTL: the burst ends with SS, and not with its last bit.
        const endsWithSelect = (this.device.field('CONFIGREG', 'SS_CTL') >>> this.device.field('CONREG', 'CHANNEL_SELECT')) & 1;
        if (endsWithSelect && bits > 0) this.received(rest);
        this.device.setField('STATREG', 'TC', 1);
        this.settle();
      },
    };
  }

  /** Drives DMA requests and the interrupt line from the present state. */
  private settle(): void {
    const enabled = this.device.field('CONREG', 'EN') === 1;
    const status = this.status();
    const { dmaRequest, interrupt } = this.options;
    if (dmaRequest) {
      const enables = this.device.get('DMAREG');
      // The tail of a transfer is what lies below the threshold when a burst is over.
      const tail = (enables & RXTDEN) !== 0 && this.phase === 'idle' && this.receiveFifo.length > 0;
      this.request('receive', enabled && (tail || ((enables & RXDEN) !== 0 && (status & RDR) !== 0)));
      this.request('transmit', enabled && (enables & TEDEN) !== 0 && (status & TDR) !== 0);
    }
    const level = enabled && (status & this.device.get('INTREG') & FLAGS) !== 0;
    if (level === this.level) return;
    this.level = level;
    interrupt(level);
  }

  private request(direction: 'receive' | 'transmit', level: boolean): void {
    if (level === this.requests[direction]) return;
    this.requests[direction] = level;
    this.options.dmaRequest?.(direction, level);
  }
}
