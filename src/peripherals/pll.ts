/**
 * One PLL of the i.MX 8M family: its rate, its output gate and the time that it takes to lock, by the rules of its kind (pll-kinds.ts).
 */
import { bits } from '../memory/bits.ts';
import { type Progress, unchanging } from '../memory/bus.ts';
import { PLL_METHODS, type PllKind, type PllMethod } from './pll-kinds.ts';

/** From leaving reset to LOCK, in nanoseconds; the data sheets state 50 to 70 µs. */
export const PLL_LOCK_NS = 50_000;

const LOCK = 0x8000_0000;

/** One PLL: its frequency and its lock, from the registers as they stand. */
export class Pll {
  static readonly wiring = ['method', 'word', 'now', 'lockCycles'];
  private readonly method: PllMethod;
  private readonly word: (register: number) => number;
  private readonly now: () => number;
  private readonly lockCycles: number;
  private lockedAt = 0;

  /** `word` reads the stored value of a register by its place in the kind's list. */
  constructor(kind: PllKind, word: (register: number) => number, now: () => number, lockCycles: number) {
    this.method = PLL_METHODS[kind];
    this.word = word;
    this.now = now;
    this.lockCycles = lockCycles;
  }

  /** After a reset of the block: PLLs that the boot loader left running are locked. */
  reset(): void {
    this.lockedAt = 0;
  }

  /** To be called after one of its registers was written. */
  written(register: number, next: number, previous: number): void {
    const { method } = this;
    const control = this.word(0);
    if (!method.running(control)) return;
    const started = register === 0 && !method.running(previous);
    if (started || (next ^ previous) & method.relock[register]!) this.lockedAt = this.now() + this.lockCycles;
  }

  /** The first register with the live LOCK bit, and the one that acknowledges new dividers. */
  get control(): number {
    const stored = this.word(0);
    const { acknowledge = 0 } = this.method;
    const live = (LOCK | acknowledge) >>> 0;
    const locked = this.method.running(stored) && this.now() >= this.lockedAt;
    return (locked ? stored | live : stored & ~live) >>> 0;
  }

  /** How long `control` stays as it is. */
  get progress(): Progress {
    return unchanging(this.lockedAt - this.now());
  }

  /** Value of the field that selects the reference clock. */
  get reference(): number {
    const { lsb, width } = this.method.reference;
    return bits(this.word(0), lsb, width);
  }

  /** Frequency before the output gate, in Hz, from a reference of `reference` Hz. */
  frequency(reference: number): number {
    const control = this.word(0);
    if (this.method.bypassed(control)) return reference;
    return this.method.running(control) ? this.method.hz(this.word, reference) : 0;
  }

  /** Rate of the output in Hz: 0 while `gate` (that of the kind unless given) is closed. */
  output(reference: number, gate = this.method.gate): number {
    return this.word(0) & gate ? this.frequency(reference) : 0;
  }
}
