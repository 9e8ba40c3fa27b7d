/**
 * SysTick, the core's 24-bit down counter (DDI 0403E, B3.3).
 *
 * Nothing counts: the value is computed from the clock at each access, and a timer stands at the next zero only while TICKINT
 * wants it. Counting goes on in deep sleep, where an implementation may stop the core clock.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { invariant } from '../errors.ts';
import { type Progress, unchanging } from '../memory/bus.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';

/** Offsets are from 0xE000_E000. */
const SYST = defineRegisters({
  CSR: {
    offset: 0x10,
    access: 'ro',
    fields: { ENABLE: bit(0), TICKINT: bit(1), CLKSOURCE: bit(2), COUNTFLAG: bit(16, 'ro') },
  },
  RVR: { offset: 0x14, access: 'ro', fields: { RELOAD: field(0, 24) } },
  CVR: { offset: 0x18 },
  CALIB: { offset: 0x1c, access: 'ro' },
});

const ENABLE = 1;
const TICKINT = 2;
const CLKSOURCE = 4;
const COUNTFLAG = 1 << 16;
const NOREF = 2 ** 31;

/** What a `SysTick` needs. */
export interface SysTickOptions {
  /** Its name; ARMv8-M has one for each security state. */
  readonly name?: string;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  /** Base-clock cycles of one core cycle, integer. */
  readonly cyclesPerTick: number;
  /** Frequency of the external reference clock in Hz; absent when the SoC connects none (CLKSOURCE then reads as one). */
  readonly referenceHz?: number;
  /** Pends the SysTick exception. */
  readonly pend: () => void;
}

/** Length of a tick as a fraction of base-clock cycles; the counter works in units of 1/`denominator` cycle, so that no rounding adds up. */
interface TickLength {
  readonly numerator: number;
  readonly denominator: number;
}

/** The counter and its registers. */
export class SysTick {
  /** The lengths of a tick, which it was built with. */
  static readonly wiring = ['core', 'reference'];
  readonly registers: RegisterFile<typeof SYST>;
  private readonly scheduler: Scheduler;
  private readonly timer: Timer;
  private readonly pend: () => void;
  private readonly core: TickLength;
  private readonly reference: TickLength | undefined;
  /** Counter value at `origin`, and `origin` itself: a time in units, on a tick. */
  private count = 0;
  private origin = 0;
  private countFlag = false;

  constructor(options: SysTickOptions) {
    const { scheduler, cyclesPerTick, referenceHz } = options;
    this.scheduler = scheduler;
    this.pend = options.pend;
    this.core = { numerator: cyclesPerTick, denominator: 1 };
    if (referenceHz !== undefined) {
      invariant(Number.isSafeInteger(referenceHz) && referenceHz > 0, `SysTick reference clock of ${referenceHz} Hz`);
      const divisor = greatestCommonDivisor(scheduler.hz, referenceHz);
      this.reference = { numerator: scheduler.hz / divisor, denominator: referenceHz / divisor };
    }
    this.timer = scheduler.timer(options.name ?? 'SysTick', () => this.advance());
    const tenMs = referenceHz === undefined ? 0 : Math.round(referenceHz / 100) - 1;
    this.registers = new RegisterFile(SYST, {
      name: options.name ?? 'SysTick',
      diagnostics: options.diagnostics,
      fullName: (name) => `SYST_${name}`,
      resets: { CALIB: referenceHz === undefined ? NOREF : tenMs & 0xff_ffff, CSR: referenceHz === undefined ? CLKSOURCE : 0 },
      behaviour: {
        CSR: {
          value: () => this.control(),
          read: () => this.readControl(),
          progress: () => this.progress(0),
          write: (next, previous) => this.writeControl(next, previous),
        },
        RVR: { write: (next, previous) => this.writeReload(next, previous) },
        CVR: { value: () => this.value(), progress: () => this.progress(-1), write: () => this.writeValue() },
      },
    });
  }

  /** Stops the counter and puts its registers to their reset values. */
  reset(): void {
    this.registers.reset();
    this.timer.cancel();
    this.count = 0;
    this.countFlag = false;
  }

  /** Cycle at which SysTick next pends its exception, Infinity when it will not. */
  get nextDeadline(): number {
    return this.timer.deadline;
  }

  private get tick(): TickLength {
    return this.reference && (this.registers.get('CSR') & CLKSOURCE) === 0 ? this.reference : this.core;
  }

  private get enabled(): boolean {
    return (this.registers.get('CSR') & ENABLE) !== 0;
  }

  /** Whole ticks since `origin`. */
  private ticks(): number {
    const { numerator, denominator } = this.tick;
    return Math.floor((this.scheduler.now * denominator - this.origin) / numerator);
  }

  /** Counter value without side effects. */
  private value(): number {
    if (!this.enabled) return this.count;
    const ticks = this.ticks();
    if (this.count > 0 && ticks <= this.count) return this.count - ticks;
    const reload = this.registers.get('RVR');
    if (reload === 0) return 0;
    const sinceZero = (ticks - this.count) % (reload + 1);
    return sinceZero === 0 ? 0 : reload + 1 - sinceZero;
  }

  /** Ticks from `origin` to the next time the counter reaches 0, Infinity when it never does. */
  private ticksToZero(): number {
    if (this.count > 0) return this.count;
    const reload = this.registers.get('RVR');
    return reload === 0 ? Number.POSITIVE_INFINITY : reload + 1;
  }

  /** How CVR (`step` -1) or CSR (0) goes on until the counter next reaches 0; undefined while COUNTFLAG is set. */
  private progress(step: number): Progress | undefined {
    if (!this.enabled) return this.countFlag ? undefined : unchanging();
    const ticks = this.ticksToZero();
    if ((this.control() & COUNTFLAG) !== 0 || ticks === Number.POSITIVE_INFINITY || this.value() === 0) return undefined;
    const { numerator, denominator } = this.tick;
    const zero = Math.ceil((this.origin + ticks * numerator) / denominator);
    return { ticks: step * denominator, cycles: numerator, until: zero - this.scheduler.now };
  }

  private control(): number {
    const stored = this.registers.get('CSR');
    const flag = this.countFlag || (this.enabled && this.ticks() >= this.ticksToZero());
    return flag ? stored | COUNTFLAG : stored;
  }

  private readControl(): void {
    this.advance();
    this.countFlag = false;
  }

  private writeControl(next: number, previous: number): void {
    const wanted = this.reference ? next : next | CLKSOURCE;
    this.registers.set('CSR', previous);
    this.advance();
    if (((previous ^ wanted) & (ENABLE | CLKSOURCE)) !== 0) {
      this.count = this.value();
      this.registers.set('CSR', wanted);
      this.origin = this.scheduler.now * this.tick.denominator;
    } else {
      this.registers.set('CSR', wanted);
    }
    this.arm();
  }

  private writeReload(next: number, previous: number): void {
    this.registers.set('RVR', previous);
    this.advance();
    this.registers.set('RVR', next);
    this.arm();
  }

  /** Any write clears the counter and COUNTFLAG, and pends nothing; the next tick reloads. */
  private writeValue(): void {
    this.advance();
    this.count = 0;
    this.countFlag = false;
    this.origin = this.scheduler.now * this.tick.denominator;
    this.arm();
  }

  /** Moves `origin` to the last tick that has passed; notes whether the counter reached 0 on the way. */
  private advance(): void {
    if (!this.enabled) return;
    const ticks = this.ticks();
    const reachedZero = ticks >= this.ticksToZero();
    this.count = this.value();
    this.origin += ticks * this.tick.numerator;
    if (!reachedZero) return;
    this.countFlag = true;
    this.arm();
    if ((this.registers.get('CSR') & TICKINT) !== 0) this.pend();
  }

  private arm(): void {
    const ticks = this.ticksToZero();
    const wanted = (this.registers.get('CSR') & (ENABLE | TICKINT)) === (ENABLE | TICKINT) && ticks !== Number.POSITIVE_INFINITY;
    if (!wanted) {
      this.timer.cancel();
      return;
    }
    const { numerator, denominator } = this.tick;
    const cycle = Math.ceil((this.origin + ticks * numerator) / denominator);
    if (this.timer.deadline !== cycle) this.timer.armAt(cycle);
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
