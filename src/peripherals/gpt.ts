/**
 * GPT, the 32-bit general-purpose timer of the i.MX family: prescaled up-counter, three compares, two captures.
 *
 * Described in the GPT chapter of the reference manuals. The counter is computed from the clock, so that it is exact at every read; a
 * timer is armed only for a flag that is clear or an output that is to change. Its pins are signals by name (`GPT1_CAPTURE1`, `GPT1_CLK`,
 * `GPT1_COMPARE1`). Not modelled: low-power modes (WAITEN, STOPEN, DOZEEN).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { type Progress, unchanging } from '../memory/bus.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { ClockRatio } from './clock-ratio.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';
import { ComparePin } from './gpt-compare-pins.ts';
import type { Pins } from './pins.ts';
import { SignalBank } from './signal-bank.ts';

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

/** Pins in the order of `SIGNALS`. */
const [CLK, COMPARE1] = [2, 3];
const SIGNALS = [
  ...['CAPTURE1', 'CAPTURE2', 'CLK'].map((name) => ({ name, direction: 'in' as const })),
  ...['COMPARE1', 'COMPARE2', 'COMPARE3'].map((name) => ({ name, direction: 'out' as const })),
];

/** CR.CLKSRC: the timer's input clocks; 3 is the pin CLK. */
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

/** What a `Gpt` needs. */
export interface GptOptions {
  readonly name: string;
  readonly clocks: ClockTree;
  readonly sources: GptClocks;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  readonly pins: Pins;
  readonly interrupt: (level: boolean) => void;
}

/** One timer. */
export class Gpt {
  readonly device: RegisterFile<typeof GPT>;
  private readonly options: GptOptions;
  private readonly timer: Timer;
  /** The counter had the value `anchorCount` at cycle `anchor` and follows `ratio` since. */
  private anchor = 0;
  private anchorCount = 0;
  private ratio: ClockRatio;
  private readonly bank: SignalBank;
  private readonly outputs: readonly ComparePin[];
  /** Edges of CLK that the prescaler has counted. */
  private edges = 0;
  private level = false;
  /** Ticks since the anchor at which each flag comes that is clear or changes an output. */
  private deadlines: { flag: number; ticks: number }[] = [];

  constructor(options: GptOptions) {
    const { name, scheduler, diagnostics, clocks } = options;
    this.options = options;
    this.ratio = new ClockRatio(0, 1, scheduler.hz);
    this.timer = scheduler.timer(name, () => this.due());
    this.bank = new SignalBank({
      name,
      signals: SIGNALS,
      scheduler,
      pins: options.pins,
      input: (signal, level) => this.input(signal, level),
      watched: () => this.settle(),
    });
    this.outputs = [0, 1, 2].map(
      (channel) => new ComparePin({ name: `${name} COMPARE${channel + 1}`, scheduler, bank: this.bank, signal: COMPARE1 + channel }),
    );
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
    for (const output of this.outputs) output.reset();
    this.restart(0);
  }

  private input(signal: number, level: boolean): void {
    if (!(this.device.get('CR') & EN)) return;
    if (signal !== CLK) this.capture(signal, level);
    else if (level && this.device.field('CR', 'CLKSRC') === 3) this.countEdge();
  }

  /** An edge on a capture input. */
  private capture(index: number, level: boolean): void {
    const mode = this.device.field('CR', index === 0 ? 'IM1' : 'IM2');
    if (!(mode & (level ? 1 : 2))) return;
    this.device.set('ICR', this.count, index);
    this.device.setField('SR', index === 0 ? 'IF1' : 'IF2', 1);
    this.settle();
  }

  /** A rising edge of the external clock. */
  private countEdge(): void {
    if (++this.edges <= this.device.field('PR', 'PRESCALER')) return;
    this.edges = 0;
    const next = this.upcoming(this.anchorCount).filter(({ ticks }) => ticks === 1);
    this.anchorCount = this.countAfter(1);
    this.reached(next.map(({ flag }) => flag));
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
    this.device.set('CR', (next & 0x1fff_ffff) >>> 0);
    // FOn makes the change of an output without a compare.
    for (const [channel, output] of this.outputs.entries()) if (next & (1 << (29 + channel))) output.compare(this.outputMode(channel), 1);
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
    this.edges = 0;
    this.anchor = scheduler.now;
    this.anchorCount = count;
    const { source, divider } = this.clock();
    this.ratio = new ClockRatio(source === undefined ? 0 : clocks.hz(source), divider, scheduler.hz);
    this.settle();
  }

  /** The clock that drives the counter and its divider, by CR and PR. */
  private clock(): { source: ClockSource | undefined; divider: number } {
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
      .filter(({ flag, ticks }) => (!(status & flag) || this.changesOutput(flag)) && Number.isFinite(ticks))
      .map(({ flag, ticks }) => ({ flag, ticks: elapsed + ticks }));
    const next = Math.min(...this.deadlines.map(({ ticks }) => ticks));
    if (Number.isFinite(next)) this.timer.armAt(this.anchor + this.ratio.cycles(next));
  }

  /** The timer fired: sets every flag whose moment has come. */
  private due(): void {
    const elapsed = this.ratio.ticks(this.options.scheduler.now - this.anchor);
    this.reached(this.deadlines.filter(({ ticks }) => ticks <= elapsed).map(({ flag }) => flag));
    this.settle();
  }

  private reached(flags: readonly number[]): void {
    for (const flag of flags) {
      this.device.set('SR', this.device.get('SR') | flag);
      if (flag < ROV) {
        const channel = Math.log2(flag);
        this.outputs[channel]!.compare(this.outputMode(channel), this.ratio.stopped ? 1 : this.ratio.cycles(1));
      }
    }
  }

  private outputMode(channel: number): number {
    return (this.device.get('CR') >>> (20 + 3 * channel)) & 7;
  }

  /** True when a compare changes an output, whatever the flag says. */
  private changesOutput(flag: number): boolean {
    if (flag >= ROV) return false;
    const channel = Math.log2(flag);
    return this.outputs[channel]!.changes(this.outputMode(channel));
  }
}
