/**
 * The free-running TIMER of a FlexCAN, which counts bits, and how long a bit takes.
 *
 * Described in the FlexCAN chapters of the reference manuals. It stands still with the controller, and with its clock.
 */
import type { RegisterFile, RegisterMap } from '../memory/registers.ts';
import type { Scheduler } from '../time/scheduler.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';

/** What a `FlexcanTimer` needs. */
export interface FlexcanTimerOptions {
  readonly device: RegisterFile<RegisterMap>;
  readonly clock: ClockSource;
  readonly clocks: ClockTree;
  readonly scheduler: Scheduler;
}

/** Bits of one controller, counted. */
export class FlexcanTimer {
  private readonly options: FlexcanTimerOptions;
  /** Cycle since which TIMER counts from its stored value; undefined while the controller stands still. */
  private since: number | undefined;
  /** Rate of the clock since then. */
  private hz = 0;

  constructor(options: FlexcanTimerOptions) {
    this.options = options;
  }

  /** Cycles of the base clock that a bit takes, by CTRL1; Infinity while the clock stands still. */
  get bitCycles(): number {
    return this.bitCyclesAt(this.clockRate);
  }

  /** True while there is a clock. */
  get clocked(): boolean {
    return this.clockRate > 0;
  }

  /** TIMER as it is now. */
  get value(): number {
    const { device, scheduler } = this.options;
    const stored = device.get('TIMER');
    if (this.since === undefined) return stored & 0xffff;
    return (stored + Math.floor((scheduler.now - this.since) / this.bitCyclesAt(this.hz))) & 0xffff;
  }

  /** The controller runs now. */
  start(): void {
    if (this.since === undefined) this.countFromNow();
  }

  /** The controller stands still now. */
  stop(): void {
    this.options.device.set('TIMER', this.value);
    this.since = undefined;
  }

  /** TIMER was stored: it counts from there on. */
  restart(): void {
    const { device } = this.options;
    device.set('TIMER', device.get('TIMER') & 0xffff);
    if (this.since !== undefined) this.countFromNow();
  }

  /** Reset of the SoC. */
  reset(): void {
    this.since = undefined;
  }

  /** The rate of a clock has changed, perhaps this one's. */
  clockChanged(): void {
    if (this.since === undefined || this.clockRate === this.hz) return;
    this.options.device.set('TIMER', this.value);
    this.countFromNow();
  }

  private countFromNow(): void {
    this.since = this.options.scheduler.now;
    this.hz = this.clockRate;
  }

  private get clockRate(): number {
    return this.options.clocks.hz(this.options.clock);
  }

  private bitCyclesAt(hz: number): number {
    const { device, scheduler } = this.options;
    const control = device.get('CTRL1');
    const quanta = 4 + (control & 7) + ((control >>> 16) & 7) + ((control >>> 19) & 7);
    return (quanta * ((control >>> 24) + 1) * scheduler.hz) / hz;
  }
}
