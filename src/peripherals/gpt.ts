/**
 * GPT, the 32-bit general-purpose timer of the i.MX family: prescaled up-counter, three compares, two captures.
 *
 * Described in the GPT chapter of the reference manuals. The counter is computed from the clock, so that it is exact at every read; a
 * timer is armed only for a flag that is clear. Not modelled: output pins (OMn, FOn) and low-power modes (WAITEN, STOPEN, DOZEEN).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { type Progress, unchanging } from '../memory/bus.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { ClockRatio } from './clock-ratio.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';

const FLAGS = {
  OF1: bit(0, 'w1c'),
  OF2: bit(1, 'w1c'),
  OF3: bit(2, 'w1c'),
  IF1: bit(3, 'w1c'),
  IF2: bit(4, 'w1c'),
  ROV: bit(5, 'w1c'),
} as const;

/** Registers in manual order. */
export const GPT = defineRegisters({
  CR: {
    offset: 0x00,
    access: 'ro',
    fields: {
      EN: bit(0),
      ENMOD: bit(1),
      DBGEN: bit(2),
      WAITEN: bit(3),
      DOZEEN: bit(4),
      STOPEN: bit(5),
      CLKSRC: field(6, 3),
      FRR: bit(9),
      EN_24M: bit(10),
      SWR: bit(15),
      IM1: field(16, 2),
      IM2: field(18, 2),
      OM1: field(20, 3),
      OM2: field(23, 3),
      OM3: field(26, 3),
      FO: field(29, 3, 'wo'),
    },
  },
  PR: { offset: 0x04, access: 'ro', fields: { PRESCALER: field(0, 12), PRESCALER24M: field(12, 4) } },
  SR: { offset: 0x08, access: 'ro', fields: FLAGS },
  IR: { offset: 0x0c, access: 'ro', fields: { ENABLES: field(0, 6) } },
  OCR: { offset: 0x10, count: 3, reset: 0xffff_ffff },
  ICR: { offset: 0x1c, count: 2, access: 'ro' },
  CNT: { offset: 0x24, access: 'ro' },
});

/** CR.CLKSRC: the timer's input clocks; a missing one stands still. */
export interface GptClocks {
  /** 1: peripheral clock. */
  readonly peripheral: ClockSource;
  /** 2: high-frequency reference. */
  readonly highFrequency: ClockSource;
  /** 4: 32 kHz. */
  readonly lowFrequency: ClockSource;
  /** 5: crystal. */
  readonly crystal: ClockSource;
}

const WRAP = 2 ** 32;
/** CR bits that survive CR.SWR: EN, ENMOD, DBGEN, WAITEN, STOPEN. */
const KEPT_BY_SWR = 0x2f;
/** CR bits whose change moves or re-times the counter: EN, CLKSRC, FRR, EN_24M. */
const RETIMES = 0x7c1;
const EN = 1;
const ENMOD = 1 << 1;
const FRR = 1 << 9;
const EN_24M = 1 << 10;
const SWR = 1 << 15;
const ROV = 1 << 5;

/** One timer. */
export class Gpt {
  readonly device: RegisterFile<typeof GPT>;
  private readonly name: string;
  private readonly options: {
    clocks: ClockTree;
    sources: GptClocks;
    scheduler: Scheduler;
    diagnostics: Diagnostics;
    interrupt: (level: boolean) => void;
  };
  private readonly timer: Timer;
  /** The counter had the value `anchorCount` at cycle `anchor` and follows `ratio` since. */
  private anchor = 0;
  private anchorCount = 0;
  private ratio: ClockRatio;
  private readonly inputs = [false, false];
  private level = false;
  /** Ticks since the anchor at which each clear flag comes. */
  private deadlines: { flag: number; ticks: number }[] = [];

  constructor(options: {
    name: string;
    clocks: ClockTree;
    sources: GptClocks;
    scheduler: Scheduler;
    diagnostics: Diagnostics;
    interrupt: (level: boolean) => void;
  }) {
    const { name, scheduler, diagnostics, clocks } = options;
    this.name = name;
    this.options = options;
    this.ratio = new ClockRatio(0, 1, scheduler.hz);
    this.timer = scheduler.timer(name, () => this.due());
    this.device = new RegisterFile(GPT, {
      name,
      diagnostics,
      behaviour: {
        CR: { write: (next, previous) => this.control(next, previous) },
        PR: { write: () => this.retime() },
        SR: { write: () => this.settle() },
        IR: { write: () => this.settle() },
        OCR: { write: (next, previous, index) => this.compareWritten(next, previous, index) },
        CNT: { value: () => this.count, progress: () => this.progress() },
      },
    });
    clocks.onChange(() => this.retime());
  }

  /** Reset of the SoC. */
  reset(): void {
    this.device.reset();
    this.restart(0);
  }

  /** Level of capture input 1 or 2, from outside. */
  setInput(channel: 1 | 2, level: boolean): void {
    const index = channel - 1;
    if (this.inputs[index] === level) return;
    this.inputs[index] = level;
    const mode = this.device.field('CR', channel === 1 ? 'IM1' : 'IM2');
    const edge = level ? 1 : 2;
    if (!(mode & edge) || !(this.device.get('CR') & EN)) return;
    this.device.set('ICR', this.count, index);
    this.device.setField('SR', channel === 1 ? 'IF1' : 'IF2', 1);
    this.settle();
  }

  /** Present value of the counter. */
  get count(): number {
    return this.countAfter(this.ratio.ticks(this.options.scheduler.now - this.anchor));
  }

  /** How the counter goes on until it next wraps or restarts. */
  private progress(): Progress | undefined {
    const { ratio, anchor } = this;
    if (ratio.stopped) return unchanging();
    const { now } = this.options.scheduler;
    const elapsed = ratio.ticks(now - anchor);
    const count = this.countAfter(elapsed);
    const compare = this.device.get('OCR', 0);
    const left = this.device.get('CR') & FRR || count > compare ? WRAP - count : compare + 1 - count;
    return { ticks: ratio.numerator, cycles: ratio.denominator, until: anchor + ratio.cycles(elapsed + left) - now };
  }

  /** Value of the counter `ticks` after the anchor. */
  private countAfter(ticks: number): number {
    const sum = this.anchorCount + ticks;
    if (this.device.get('CR') & FRR) return sum % WRAP;
    const period = this.device.get('OCR', 0) + 1;
    if (this.anchorCount < period) return sum % period;
    return sum < WRAP ? sum : (sum - WRAP) % period;
  }

  private control(next: number, previous: number): void {
    if (next & SWR) {
      const kept = next & KEPT_BY_SWR;
      this.device.reset();
      this.device.set('CR', kept);
      this.restart(0);
      return;
    }
    const outputs = (next >>> 20) & 0x1ff;
    if (outputs || next >>> 29) this.options.diagnostics.unimplemented(this.name, 'CR', 'output compare pins are not modelled');
    this.device.set('CR', (next & 0x1fff_ffff) >>> 0);
    if (!((next ^ previous) & RETIMES)) {
      this.settle();
      return;
    }
    // The count so far belongs to the previous settings.
    this.device.set('CR', previous);
    const { count } = this;
    this.device.set('CR', (next & 0x1fff_ffff) >>> 0);
    const starts = next & EN && !(previous & EN);
    this.restart(starts && next & ENMOD ? 0 : count);
  }

  /** CR.SWR aside, only OCR1 in restart mode moves the counter: it starts anew. */
  private compareWritten(next: number, previous: number, index: number): void {
    if (index === 0 && !(this.device.get('CR') & FRR)) {
      this.restart(0);
      return;
    }
    if (next !== previous) this.settle();
  }

  /** Goes on from the present count at the present rate of the clock. */
  private retime(): void {
    this.restart(this.count);
  }

  /** Starts counting from `count` now. */
  private restart(count: number): void {
    const { clocks, scheduler } = this.options;
    this.anchor = scheduler.now;
    this.anchorCount = count;
    const { source, divider } = this.input();
    this.ratio = new ClockRatio(source === undefined ? 0 : clocks.hz(source), divider, scheduler.hz);
    this.settle();
  }

  /** The clock that drives the counter and its divider, by CR and PR. */
  private input(): { source: ClockSource | undefined; divider: number } {
    const { sources } = this.options;
    const control = this.device.get('CR');
    const prescaler = this.device.field('PR', 'PRESCALER') + 1;
    if (!(control & EN)) return { source: undefined, divider: 1 };
    switch (this.device.field('CR', 'CLKSRC')) {
      case 1:
        return { source: sources.peripheral, divider: prescaler };
      case 2:
        return { source: sources.highFrequency, divider: prescaler };
      case 4:
        return { source: sources.lowFrequency, divider: prescaler };
      case 5: {
        const divider = prescaler * (this.device.field('PR', 'PRESCALER24M') + 1);
        return { source: control & EN_24M ? sources.crystal : undefined, divider };
      }
      default:
        return { source: undefined, divider: 1 };
    }
  }

  /** Ticks from `count` until the counter next becomes `target` (at least 1), or Infinity. */
  private ticksUntil(target: number, count: number): number {
    const forward = target > count ? target - count : target - count + WRAP;
    if (this.device.get('CR') & FRR) return forward;
    const compare = this.device.get('OCR', 0);
    if (count > compare) return target > count || target <= compare ? forward : Number.POSITIVE_INFINITY;
    if (target > compare) return Number.POSITIVE_INFINITY;
    return target > count ? target - count : target - count + compare + 1;
  }

  /** The compare flags and the roll-over, with the ticks until each comes. */
  private upcoming(count: number): { flag: number; ticks: number }[] {
    const events = [0, 1, 2].map((index) => ({ flag: 1 << index, ticks: this.ticksUntil(this.device.get('OCR', index), count) }));
    const rollsOver = this.device.get('CR') & FRR || count > this.device.get('OCR', 0);
    events.push({ flag: ROV, ticks: rollsOver ? WRAP - count : Number.POSITIVE_INFINITY });
    return events;
  }

  /** Drives the line and arms the timer for the next flag that is still clear. */
  private settle(): void {
    const level = (this.device.get('SR') & this.device.get('IR')) !== 0;
    if (level !== this.level) {
      this.level = level;
      this.options.interrupt(level);
    }
    this.timer.cancel();
    if (this.ratio.stopped) return;
    const elapsed = this.ratio.ticks(this.options.scheduler.now - this.anchor);
    const status = this.device.get('SR');
    this.deadlines = this.upcoming(this.countAfter(elapsed))
      .filter(({ flag, ticks }) => !(status & flag) && Number.isFinite(ticks))
      .map(({ flag, ticks }) => ({ flag, ticks: elapsed + ticks }));
    const next = Math.min(...this.deadlines.map(({ ticks }) => ticks));
    if (Number.isFinite(next)) this.timer.armAt(this.anchor + this.ratio.cycles(next));
  }

  /** The timer fired: sets every flag whose moment has come. */
  private due(): void {
    const elapsed = this.ratio.ticks(this.options.scheduler.now - this.anchor);
    let flags = 0;
    for (const { flag, ticks } of this.deadlines) if (ticks <= elapsed) flags |= flag;
    this.device.set('SR', this.device.get('SR') | flags);
    this.settle();
  }
}
