/**
 * How far stacks were used: the stretches of memory through which stack pointers have moved.
 *
 * The current stretch begins where SP was loaded from elsewhere (MSR, MOV, a change of stack at an exception) and grows with every PUSH,
 * SUB, exception frame and their opposites; a value loaded within a known stretch continues that one. Engines hold SP against the current
 * stretch, of which two words stand in the arena, and call only when it leaves it.
 */
import type { Arena } from '../memory/arena.ts';

/** Stretches that are kept; beyond, a firmware that loads SP with whatever it finds has the two nearest joined. */
const MOST_STRETCHES = 1024;

/** A stretch of memory that was used as a stack. */
export interface StackLow {
  /** Lowest value of SP. */
  readonly low: number;
  /** Highest value: as a rule that with which the stack began. Its bytes are low .. high - 1. */
  readonly high: number;
  /** It was the main stack: that of exception handlers. */
  readonly exceptionStack: boolean;
}

/** A stretch that is being collected. */
interface Stretch {
  low: number;
  high: number;
  exceptionStack: boolean;
}

/** The watch on the stacks of one core. */
export class StackWatch {
  /** Arena offset of the current stretch: its lowest value, and its length in bytes. */
  readonly offset: number;
  private readonly words: Int32Array;
  /** Disjoint, ascending; the current one is among them. */
  private readonly stretches: Stretch[] = [];
  private current: Stretch | undefined;

  constructor(arena: Arena) {
    this.offset = arena.allocate(8, 'stack watch');
    this.words = new Int32Array(arena.memory.buffer, this.offset, 2);
  }

  /** True when `sp` (i32 or u32) lies in the current stretch: there is nothing to be done. */
  holds(sp: number): boolean {
    return (sp - this.words[0]!) >>> 0 <= this.words[1]! >>> 0;
  }

  /** SP has moved by an instruction that changes it by some amount: the current stretch reaches there. */
  move(sp: number): void {
    const { current } = this;
    if (!current || this.holds(sp)) return;
    const at = sp >>> 0;
    if (at < current.low) current.low = at;
    else current.high = at;
    this.absorb(current);
    this.publish(current);
  }

  /** SP was loaded, or another stack became the active one: a known stretch goes on, or one begins. `main`: it is the main stack. */
  load(sp: number, main: boolean): void {
    const at = sp >>> 0;
    let { current } = this;
    if (!current || !this.holds(sp)) {
      current = this.stretches.find(({ low, high }) => low <= at && at <= high) ?? this.begin(at);
      this.current = current;
    }
    if (main) current.exceptionStack = true;
    this.publish(current);
  }

  /** What was used so far, ascending. */
  lows(): StackLow[] {
    return this.stretches.map((stretch) => ({ ...stretch }));
  }

  /** Forgets everything; the next `load` begins. */
  clear(): void {
    this.stretches.length = 0;
    this.current = undefined;
  }

  private publish({ low, high }: Stretch): void {
    this.words[0] = low;
    this.words[1] = high - low;
  }

  private begin(at: number): Stretch {
    const { stretches } = this;
    const stretch = { low: at, high: at, exceptionStack: false };
    const index = stretches.findIndex(({ low }) => low > at);
    stretches.splice(index < 0 ? stretches.length : index, 0, stretch);
    if (stretches.length > MOST_STRETCHES) this.joinNearest();
    return stretches.find(({ low, high }) => low <= at && at <= high)!;
  }

  /** Takes in what `stretch` overlaps now. */
  private absorb(stretch: Stretch): void {
    for (let index = this.stretches.length - 1; index >= 0; index--) {
      const other = this.stretches[index]!;
      if (other === stretch || other.low >= stretch.high || other.high <= stretch.low) continue;
      this.take(stretch, other);
      this.stretches.splice(index, 1);
    }
  }

  private joinNearest(): void {
    const { stretches } = this;
    let nearest = 1;
    const gap = (index: number): number => stretches[index]!.low - stretches[index - 1]!.high;
    for (let index = 2; index < stretches.length; index++) if (gap(index) < gap(nearest)) nearest = index;
    this.take(stretches[nearest - 1]!, stretches[nearest]!);
    stretches.splice(nearest, 1);
  }

  private take(stretch: Stretch, other: Stretch): void {
    stretch.low = Math.min(stretch.low, other.low);
    stretch.high = Math.max(stretch.high, other.high);
    stretch.exceptionStack ||= other.exceptionStack;
  }
}
