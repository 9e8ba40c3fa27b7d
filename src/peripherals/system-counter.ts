/**
 * SYS_CTR: the 56-bit counter behind the A cluster's generic timers, with its read, compare and control frames 64 KiB apart.
 *
 * Described in the system counter chapter of the reference manuals and in Linux's timer-imx-sysctr.c. It counts a third of the
 * crystal. Compare 0 drives line one, compare 1 line two. Not modelled: the slow modes (CNTFID1, CNTFID2) and CNTCR.HDBG.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { type Progress, unchanging } from '../memory/bus.ts';
import { bit, defineRegisters, RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { ClockRatio } from './clock-ratio.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';

/** The three frames, in address order. */
export const SYSTEM_COUNTER = defineRegisters({
  READ_CNTCV: { offset: 0x0_0000, count: 2, access: 'ro' },
  READ_CNTID0: { offset: 0x0_0fd0, access: 'ro' },
  CMPCV0: { offset: 0x1_0020, count: 2 },
  CMPCR0: { offset: 0x1_002c, access: 'ro', fields: { EN: bit(0), IMASK: bit(1), ISTAT: bit(2, 'ro') } },
  CMPCV1: { offset: 0x1_0120, count: 2 },
  CMPCR1: { offset: 0x1_012c, access: 'ro', fields: { EN: bit(0), IMASK: bit(1), ISTAT: bit(2, 'ro') } },
  COMPARE_CNTID0: { offset: 0x1_0fd0, access: 'ro' },
  CNTCR: { offset: 0x2_0000, reset: 0x0000_0101, fields: { EN: bit(0), HDBG: bit(1) } },
  CNTSR: { offset: 0x2_0004, access: 'ro', reset: 0x0000_0100 },
  CNTCV: { offset: 0x2_0008, count: 2 },
  CNTFID0: { offset: 0x2_0020, access: 'ro' },
  CNTFID1: { offset: 0x2_0024, access: 'ro', reset: 512 },
  CNTFID2: { offset: 0x2_0028, access: 'ro' },
  CNTID0: { offset: 0x2_0fd0, access: 'ro' },
});

const WRAP_LOW = 2 ** 32;
const WRAP = 2 ** 53;
/** Divider of the crystal. */
const DIVIDER = 3;
const UNITS = [
  ['CMPCV0', 'CMPCR0'],
  ['CMPCV1', 'CMPCR1'],
] as const;

/** The block. */
export class SystemCounter {
  readonly device: RegisterFile<typeof SYSTEM_COUNTER>;
  private readonly scheduler: Scheduler;
  private readonly ratio: ClockRatio;
  private readonly lines: readonly [(level: boolean) => void, (level: boolean) => void];
  private readonly timer: Timer;
  private readonly levels = [false, false];
  private anchor = 0;
  private base = 0;

  constructor(options: {
    name: string;
    scheduler: Scheduler;
    clocks: ClockTree;
    /** The crystal; its rate is taken once. */
    clock: ClockSource;
    diagnostics: Diagnostics;
    interrupt: (level: boolean) => void;
    highInterrupt: (level: boolean) => void;
  }) {
    const { name, scheduler, diagnostics } = options;
    this.scheduler = scheduler;
    const hz = options.clocks.hz(options.clock);
    this.ratio = new ClockRatio(hz, DIVIDER, scheduler.hz);
    this.lines = [options.interrupt, options.highInterrupt];
    this.timer = scheduler.timer(`${name} compare`, () => this.settle());
    const word = (index: number): number => (index === 0 ? this.value % WRAP_LOW : Math.floor(this.value / WRAP_LOW));
    const progress = (index: number): Progress => this.progress(index);
    const changed = { write: () => this.settle() };
    this.device = new RegisterFile(SYSTEM_COUNTER, {
      name,
      diagnostics,
      resets: { CNTFID0: Math.floor(hz / DIVIDER) },
      behaviour: {
        READ_CNTCV: { value: word, progress },
        CNTCV: { value: word, progress, write: (next, _previous, index) => this.load(next, index) },
        CNTCR: { write: (_next, previous) => this.controlWritten(previous) },
        CMPCV0: changed,
        CMPCV1: changed,
        CMPCR0: { value: () => this.compareStatus(0), write: () => this.settle() },
        CMPCR1: { value: () => this.compareStatus(1), write: () => this.settle() },
      },
    });
  }

  /** Reset of the SoC, after which the boot loader switches it on. */
  reset(): void {
    this.device.reset();
    this.base = 0;
    this.anchor = this.scheduler.now;
    this.settle();
  }

  /** Present count. */
  get value(): number {
    if (!this.device.field('CNTCR', 'EN')) return this.base;
    return (this.base + this.ratio.ticks(this.scheduler.now - this.anchor)) % WRAP;
  }

  /** How the low (0) or high (1) word goes on until the low word wraps. */
  private progress(index: number): Progress {
    const { ratio, anchor, base } = this;
    if (!this.device.field('CNTCR', 'EN') || ratio.stopped) return unchanging();
    const { now } = this.scheduler;
    const elapsed = ratio.ticks(now - anchor);
    const wrap = anchor + ratio.cycles(elapsed + WRAP_LOW - ((base + elapsed) % WRAP_LOW));
    return { ticks: index === 0 ? ratio.numerator : 0, cycles: ratio.denominator, until: wrap - now };
  }

  private load(next: number, index: number): void {
    const { value } = this;
    this.base = index === 0 ? Math.floor(value / WRAP_LOW) * WRAP_LOW + next : (next & 0x1f_ffff) * WRAP_LOW + (value % WRAP_LOW);
    this.anchor = this.scheduler.now;
    this.settle();
  }

  private controlWritten(previous: number): void {
    if (previous & 1) this.base = (this.base + this.ratio.ticks(this.scheduler.now - this.anchor)) % WRAP;
    this.anchor = this.scheduler.now;
    this.settle();
  }

  private target(unit: 0 | 1): number {
    const [value] = UNITS[unit];
    return this.device.get(value, 1) * WRAP_LOW + this.device.get(value, 0);
  }

  /** CMPCRn with its live ISTAT: the count has reached the compare value. */
  private compareStatus(unit: 0 | 1): number {
    const control = this.device.get(UNITS[unit][1]) & 3;
    return control & 1 && this.value >= this.target(unit) ? control | 4 : control;
  }

  /** Drives both lines and arms the timer for the next compare. */
  private settle(): void {
    let next = Number.POSITIVE_INFINITY;
    for (const unit of [0, 1] as const) {
      const status = this.compareStatus(unit);
      const level = (status & 7) === 5;
      if (level !== this.levels[unit]) {
        this.levels[unit] = level;
        this.lines[unit](level);
      }
      if ((status & 7) === 1) next = Math.min(next, this.target(unit));
    }
    if (this.device.field('CNTCR', 'EN') && next < WRAP) this.timer.armAt(this.anchor + this.ratio.cycles(next - this.base));
    else this.timer.cancel();
  }
}
