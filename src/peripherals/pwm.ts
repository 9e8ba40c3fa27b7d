/**
 * PWM of the i.MX family: 16-bit prescaled counter, a FIFO of four samples, roll-over, compare and water mark interrupts.
 *
 * Described in the PWM chapter of the reference manuals. A period has PWMPR + 2 ticks; its sample is the oldest of the FIFO, or the last one once
 * that is empty. The counter is computed from the clock, and a timer is armed only while a flag can be set or a sample be taken.
 * Not modelled: low-power and debug modes (DBGEN, WAITEN, DOZEN, STOPEN).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { type Progress, unchanging } from '../memory/bus.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { ClockRatio } from './clock-ratio.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';
import type { Pins } from './pins.ts';
import { SignalBank } from './signal-bank.ts';

/** Registers in manual order. */
export const PWM = defineRegisters({
  PWMCR: {
    offset: 0x00,
    access: 'ro',
    fields: {
      EN: bit(0),
      REPEAT: field(1, 2),
      SWR: bit(3),
      PRESCALER: field(4, 12),
      CLKSRC: field(16, 2),
      POUTC: field(18, 2),
      HCTR: bit(20),
      BCTR: bit(21),
      DBGEN: bit(22),
      WAITEN: bit(23),
      DOZEN: bit(24),
      STOPEN: bit(25),
      FWM: field(26, 2),
    },
  },
  PWMSR: {
    offset: 0x04,
    access: 'ro',
    reset: 0x8,
    fields: { FIFOAV: field(0, 3, 'ro'), FE: bit(3, 'w1c'), ROV: bit(4, 'w1c'), CMP: bit(5, 'w1c'), FWE: bit(6, 'w1c') },
  },
  PWMIR: { offset: 0x08, access: 'ro', fields: { FIE: bit(0), RIE: bit(1), CIE: bit(2) } },
  PWMSAR: { offset: 0x0c },
  PWMPR: { offset: 0x10, access: 'ro', reset: 0xfffe, fields: { PERIOD: field(0, 16) } },
  PWMCNR: { offset: 0x14, access: 'ro' },
});

/** CLKSRC: the input clocks of a timer; one that stands still has the rate 0. */
export interface TimerClocks {
  /** 1: peripheral clock. */
  readonly peripheral: ClockSource;
  /** 2: high-frequency reference. */
  readonly highFrequency: ClockSource;
  /** 3: 32 kHz. */
  readonly lowFrequency: ClockSource;
}

const EN = 1;
const SWR = 1 << 3;
/** PWMCR bits that survive PWMCR.SWR: DBGEN, WAITEN, DOZEN, STOPEN. */
const KEPT_BY_SWR = 0x03c0_0000;
/** PWMCR bits whose change re-times the counter: PRESCALER, CLKSRC. */
const RETIMES = 0x3_fff0;
const FE = 1 << 3;
const ROV = 1 << 4;
const CMP = 1 << 5;
const FWE = 1 << 6;
const FIFO = 4;

/** What a `Pwm` needs. */
export interface PwmOptions {
  readonly name: string;
  readonly clocks: ClockTree;
  readonly sources: TimerClocks;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  readonly pins: Pins;
  readonly interrupt: (level: boolean) => void;
}

/** One PWM. */
export class Pwm {
  readonly device: RegisterFile<typeof PWM>;
  private readonly options: PwmOptions;
  private readonly timer: Timer;
  /** The output (`PWM1_OUT`); its changes are told while somebody watches. */
  private readonly bank: SignalBank;
  private fifo: number[] = [];
  /** The sample in use; it was taken at tick 0. */
  private sample = 0;
  /** The counter had run for `anchorTicks` at cycle `anchor` and follows `ratio` since. */
  private anchor = 0;
  private anchorTicks = 0;
  private ratio: ClockRatio;
  /** Ticks at which the period ends and at which the sample is reached next; Infinity where nobody asks. */
  private boundary = Number.POSITIVE_INFINITY;
  private match = Number.POSITIVE_INFINITY;
  private level = false;

  constructor(options: PwmOptions) {
    const { name, scheduler, diagnostics, clocks } = options;
    this.options = options;
    this.ratio = new ClockRatio(0, 1, scheduler.hz);
    this.timer = scheduler.timer(name, () => this.due());
    this.bank = new SignalBank({
      name,
      signals: [{ name: 'OUT', direction: 'out' }],
      scheduler,
      pins: options.pins,
      level: () => this.output,
      watched: () => this.settle(),
    });
    const changed = (): void => this.settle();
    this.device = new RegisterFile(PWM, {
      name,
      diagnostics,
      behaviour: {
        PWMCR: { write: (next, previous) => this.control(next, previous) },
        PWMSR: { value: () => this.device.get('PWMSR') | this.fifo.length, steady: true, write: changed },
        PWMIR: { write: changed },
        PWMSAR: {
          value: () => (this.enabled ? this.sample : (this.fifo[0] ?? this.sample)),
          steady: true,
          write: (_next, _previous, _index, written) => this.push(written),
        },
        PWMPR: { write: (next, previous) => this.periodWritten(next, previous) },
        PWMCNR: { value: () => this.count, progress: () => this.progress() },
      },
    });
    clocks.onChange(() => this.retime());
  }

  /** Reset of the SoC. */
  reset(): void {
    this.device.reset();
    this.clear();
  }

  /** Present value of the counter. */
  get count(): number {
    return this.enabled ? this.ticks % this.period : 0;
  }

  /** Level of the output PWMO: POUTC says at which end of the period it is high; a disconnected one is low. */
  get output(): boolean {
    const polarity = this.device.field('PWMCR', 'POUTC');
    if (!this.enabled || polarity > 1) return false;
    return this.count < this.sample === (polarity === 0);
  }

  /** Periods per second; 0 while it stands still. */
  get hz(): number {
    const { scheduler } = this.options;
    return this.ratio.stopped ? 0 : (scheduler.hz * this.ratio.numerator) / this.ratio.denominator / this.period;
  }

  /** Part of the period in which the output is high, 0 to 1. */
  get duty(): number {
    const polarity = this.device.field('PWMCR', 'POUTC');
    if (!this.enabled || polarity > 1) return 0;
    const high = Math.min(this.sample / this.period, 1);
    return polarity === 0 ? high : 1 - high;
  }

  private get enabled(): boolean {
    return (this.device.get('PWMCR') & EN) !== 0;
  }

  /** Ticks of a period; the largest two values of PWMPR are the same. */
  private get period(): number {
    return Math.min(this.device.get('PWMPR'), 0xfffe) + 2;
  }

  /** Ticks since the sample in use was taken. */
  private get ticks(): number {
    return this.anchorTicks + this.ratio.ticks(this.options.scheduler.now - this.anchor);
  }

  private progress(): Progress | undefined {
    if (this.ratio.stopped) return unchanging();
    const { anchor, anchorTicks, ratio } = this;
    const end = this.ticks + this.period - this.count;
    return {
      ticks: ratio.numerator,
      cycles: ratio.denominator,
      until: anchor + ratio.cycles(end - anchorTicks) - this.options.scheduler.now,
    };
  }

  private control(next: number, previous: number): void {
    if (next & SWR) {
      this.device.reset();
      this.device.set('PWMCR', next & KEPT_BY_SWR);
      this.clear();
      return;
    }
    if ((next ^ previous) & EN) {
      if (next & EN) this.begin();
      this.restart(0);
    } else if ((next ^ previous) & RETIMES) this.retime();
    else this.settle();
  }

  /** A new period begins where the length changes. */
  private periodWritten(next: number, previous: number): void {
    if (next === previous) return;
    if (this.enabled) this.begin();
    this.restart(0);
  }

  /** A word for the sample register, which the swap bits take apart. */
  private push(word: number): void {
    const control = this.device.get('PWMCR');
    let sample = (control & (1 << 20) ? word >>> 16 : word) & 0xffff;
    if (control & (1 << 21)) sample = ((sample & 0xff) << 8) | (sample >>> 8);
    if (this.fifo.length < FIFO) this.fifo.push(sample);
    else this.device.set('PWMSR', this.device.get('PWMSR') | FWE);
    this.settle();
  }

  /** Start of a period that takes a sample if there is one. */
  private begin(): void {
    this.sample = this.fifo.shift() ?? this.sample;
    this.noteLevel();
  }

  /** FE: FWM + 1 words or more of the FIFO are empty. */
  private noteLevel(): void {
    if (FIFO - this.fifo.length > this.device.field('PWMCR', 'FWM')) this.device.set('PWMSR', this.device.get('PWMSR') | FE);
  }

  private clear(): void {
    this.fifo = [];
    this.sample = 0;
    this.restart(0);
  }

  /** Goes on from the present count at the present rate of the clock. */
  private retime(): void {
    this.restart(this.ticks);
  }

  private restart(ticks: number): void {
    const { clocks, scheduler } = this.options;
    this.anchor = scheduler.now;
    this.anchorTicks = ticks;
    const source = this.enabled ? this.source : undefined;
    const divider = this.device.field('PWMCR', 'PRESCALER') + 1;
    this.ratio = new ClockRatio(source === undefined ? 0 : clocks.hz(source), divider, scheduler.hz);
    this.settle();
  }

  private get source(): ClockSource | undefined {
    const { peripheral, highFrequency, lowFrequency } = this.options.sources;
    return [undefined, peripheral, highFrequency, lowFrequency][this.device.field('PWMCR', 'CLKSRC')];
  }

  /** Drives the line and arms the timer for what comes next, if it changes anything. */
  private settle(): void {
    const status = this.device.get('PWMSR');
    // FIE, RIE, CIE stand in the order of FE, ROV, CMP.
    const level = ((status >>> 3) & this.device.get('PWMIR')) !== 0;
    if (level !== this.level) {
      this.level = level;
      this.options.interrupt(level);
    }
    const watched = this.bank.isWatched(0);
    if (watched) this.bank.drive(0, this.output);
    this.boundary = Number.POSITIVE_INFINITY;
    this.match = Number.POSITIVE_INFINITY;
    if (this.ratio.stopped) {
      this.timer.cancel();
      return;
    }
    const { period, sample, ticks } = this;
    const start = ticks - (ticks % period);
    if (watched || this.fifo.length > 0 || (status & (FE | ROV)) !== (FE | ROV)) this.boundary = start + period;
    if ((watched || !(status & CMP)) && sample < period) this.match = start + sample > ticks ? start + sample : start + sample + period;
    const next = Math.min(this.boundary, this.match);
    if (Number.isFinite(next)) this.timer.armAt(this.anchor + this.ratio.cycles(next - this.anchorTicks));
    else this.timer.cancel();
  }

  /** The timer fired: a period has ended, or the counter has reached the sample. */
  private due(): void {
    const { ticks, boundary } = this;
    if (this.match <= ticks) this.device.set('PWMSR', this.device.get('PWMSR') | CMP);
    if (boundary <= ticks) this.rollOver(boundary);
    this.settle();
  }

  /** Each sample lasts for 1, 2, 4 or 8 periods, and for longer while there is no other. */
  private rollOver(boundary: number): void {
    this.device.set('PWMSR', this.device.get('PWMSR') | ROV);
    const repeats = 1 << this.device.field('PWMCR', 'REPEAT');
    if (boundary / this.period < repeats || this.fifo.length === 0) {
      this.noteLevel();
      return;
    }
    this.begin();
    this.anchorTicks -= boundary;
  }
}
