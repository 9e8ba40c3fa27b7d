/**
 * EPIT of the i.MX 6 family: 32-bit prescaled down-counter with a load value and one compare.
 *
 * Described in the EPIT chapter of the reference manuals. With RLD the counter starts again from EPITLR after 0, otherwise from 0xffffffff. It is
 * computed from the clock; a timer is armed only while OCIF is clear. Not modelled: low-power and debug modes (DBGEN, WAITEN, STOPEN).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { type Progress, unchanging } from '../memory/bus.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { ClockRatio } from './clock-ratio.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';
import type { Pins } from './pins.ts';
import type { TimerClocks } from './pwm.ts';
import { SignalBank } from './signal-bank.ts';

/** Registers in manual order. */
export const EPIT = defineRegisters({
  EPITCR: {
    offset: 0x00,
    access: 'ro',
    fields: {
      EN: bit(0),
      ENMOD: bit(1),
      OCIEN: bit(2),
      RLD: bit(3),
      PRESCALAR: field(4, 12),
      SWR: bit(16),
      IOVW: bit(17),
      DBGEN: bit(18),
      WAITEN: bit(19),
      STOPEN: bit(21),
      OM: field(22, 2),
      CLKSRC: field(24, 2),
    },
  },
  EPITSR: { offset: 0x04, access: 'ro', fields: { OCIF: bit(0, 'w1c') } },
  EPITLR: { offset: 0x08, reset: 0xffff_ffff },
  EPITCMPR: { offset: 0x0c },
  EPITCNR: { offset: 0x10, access: 'ro' },
});

const TOP = 0xffff_ffff;
const EN = 1;
const ENMOD = 1 << 1;
const OCIEN = 1 << 2;
const RLD = 1 << 3;
const SWR = 1 << 16;
const IOVW = 1 << 17;
/** EPITCR bits that survive EPITCR.SWR: EN, ENMOD, DBGEN, WAITEN, STOPEN. */
const KEPT_BY_SWR = 0x002c_0003;
/** EPITCR bits whose change moves or re-times the counter: EN, RLD, PRESCALAR, CLKSRC. */
const RETIMES = 0x0300_fff9;

/** What an `Epit` needs. */
export interface EpitOptions {
  readonly name: string;
  readonly clocks: ClockTree;
  readonly sources: TimerClocks;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  readonly pins: Pins;
  readonly interrupt: (level: boolean) => void;
}

/** One timer. */
export class Epit {
  readonly device: RegisterFile<typeof EPIT>;
  private readonly options: EpitOptions;
  private readonly timer: Timer;
  /** The counter had the value `anchorCount` at cycle `anchor` and follows `ratio` since. */
  private anchor = 0;
  private anchorCount = TOP;
  private ratio: ClockRatio;
  /** The output EPITO (`EPIT1_OUT`). */
  private readonly bank: SignalBank;
  private level = false;

  constructor(options: EpitOptions) {
    const { name, scheduler, diagnostics, clocks } = options;
    this.options = options;
    this.ratio = new ClockRatio(0, 1, scheduler.hz);
    this.timer = scheduler.timer(name, () => this.compare());
    this.bank = new SignalBank({ name, signals: [{ name: 'OUT', direction: 'out' }], scheduler, pins: options.pins });
    this.device = new RegisterFile(EPIT, {
      name,
      diagnostics,
      behaviour: {
        EPITCR: { write: (next, previous) => this.control(next, previous) },
        EPITSR: { write: () => this.settle() },
        EPITLR: { write: (next, previous) => this.loadWritten(next, previous) },
        EPITCMPR: { write: () => this.settle() },
        EPITCNR: { value: () => this.count, progress: () => this.progress() },
      },
    });
    clocks.onChange(() => this.restart(this.count));
  }

  /** Reset of the SoC. */
  reset(): void {
    this.device.reset();
    this.bank.drive(0, false);
    this.restart(TOP);
  }

  /** Level of the output EPITO. */
  get output(): boolean {
    return this.bank.pad(0);
  }

  /** Present value of the counter. */
  get count(): number {
    return this.countAfter(this.ratio.ticks(this.options.scheduler.now - this.anchor));
  }

  /** What follows 0. */
  private get top(): number {
    return this.device.get('EPITCR') & RLD ? this.device.get('EPITLR') : TOP;
  }

  private countAfter(ticks: number): number {
    if (ticks <= this.anchorCount) return this.anchorCount - ticks;
    const { top } = this;
    return top - ((ticks - this.anchorCount - 1) % (top + 1));
  }

  private progress(): Progress | undefined {
    const { ratio, anchor } = this;
    if (ratio.stopped) return unchanging();
    const { now } = this.options.scheduler;
    const elapsed = ratio.ticks(now - anchor);
    const end = elapsed + this.countAfter(elapsed) + 1;
    return { ticks: -ratio.numerator, cycles: ratio.denominator, until: anchor + ratio.cycles(end) - now };
  }

  private control(next: number, previous: number): void {
    if (next & SWR) {
      this.device.reset();
      this.device.set('EPITCR', next & KEPT_BY_SWR);
      this.restart(TOP);
      return;
    }
    if (!((next ^ previous) & RETIMES)) {
      this.settle();
      return;
    }
    // The count so far belongs to the previous settings.
    this.device.set('EPITCR', previous);
    const { count } = this;
    this.device.set('EPITCR', next);
    const starts = next & EN && !(previous & EN);
    this.restart(starts && next & ENMOD ? this.top : count);
  }

  private loadWritten(next: number, previous: number): void {
    this.device.set('EPITLR', previous);
    const { count } = this;
    this.device.set('EPITLR', next);
    this.restart(this.device.get('EPITCR') & IOVW ? next : count);
  }

  /** Starts counting down from `count` now. */
  private restart(count: number): void {
    const { clocks, scheduler } = this.options;
    this.anchor = scheduler.now;
    this.anchorCount = count;
    const { source } = this;
    const divider = this.device.field('EPITCR', 'PRESCALAR') + 1;
    this.ratio = new ClockRatio(source === undefined ? 0 : clocks.hz(source), divider, scheduler.hz);
    this.settle();
  }

  private get source(): ClockSource | undefined {
    if (!(this.device.get('EPITCR') & EN)) return undefined;
    const { peripheral, highFrequency, lowFrequency } = this.options.sources;
    return [undefined, peripheral, highFrequency, lowFrequency][this.device.field('EPITCR', 'CLKSRC')];
  }

  /** Ticks until the counter, which is at `count`, next becomes EPITCMPR (at least 1); Infinity where it never does. */
  private ticksUntilCompare(count: number): number {
    const target = this.device.get('EPITCMPR');
    if (target < count) return count - target;
    const { top } = this;
    return target <= top ? count + 1 + top - target : Number.POSITIVE_INFINITY;
  }

  /** Drives the line and arms the timer for the next compare that changes something. */
  private settle(): void {
    const control = this.device.get('EPITCR');
    const status = this.device.get('EPITSR');
    const level = (control & OCIEN) !== 0 && status !== 0;
    if (level !== this.level) {
      this.level = level;
      this.options.interrupt(level);
    }
    this.timer.cancel();
    if (this.ratio.stopped || (status && !this.changesOutput)) return;
    const elapsed = this.ratio.ticks(this.options.scheduler.now - this.anchor);
    const ticks = this.ticksUntilCompare(this.countAfter(elapsed));
    if (Number.isFinite(ticks)) this.timer.armAt(this.anchor + this.ratio.cycles(elapsed + ticks));
  }

  /** The counter has reached EPITCMPR. */
  private compare(): void {
    this.device.set('EPITSR', 1);
    if (this.changesOutput) this.bank.drive(0, !this.output);
    this.settle();
  }

  /** OM: a compare toggles (1), clears (2) or sets (3) the output. */
  private get changesOutput(): boolean {
    const mode = this.device.field('EPITCR', 'OM');
    return mode === 1 || (mode !== 0 && this.output !== (mode === 3));
  }
}
