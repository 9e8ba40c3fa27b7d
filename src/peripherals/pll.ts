/**
 * The PLLs of the i.MX 8M family (PLL14xx): integer and fractional, with their reset, bypass, clock enable and lock.
 *
 * Described in the CCM chapter of the reference manual (CCM_ANALOG); the SAI PLL of the 8M Plus' AUDIOMIX is the same. Not modelled:
 * spread spectrum (SSCG), the frequency calibration (MNIT), the pad reference clocks.
 */

import { bits } from '../memory/bits.ts';
import { type Progress, unchanging } from '../memory/bus.ts';
import { bit, type FieldSpec, field } from '../memory/registers.ts';

/** Which of the two kinds; they place their enable and lock bits differently. */
export type PllKind = 'integer' | 'fractional';

/** From leaving reset to LOCK, in nanoseconds; the data sheets state 50 to 70 µs. */
export const PLL_LOCK_NS = 50_000;

const COMMON = {
  PLL_REF_CLK_SEL: field(0, 2),
  PAD_CLK_SEL: field(2, 2),
  PLL_BYPASS: bit(4),
  PLL_RST_OVERRIDE: bit(8),
  /** Active low: 0 holds the PLL in reset. */
  PLL_RST: bit(9),
  PLL_LOCK: bit(31, 'ro'),
} satisfies Record<string, FieldSpec>;

/** Fields of GEN_CTRL of a fractional PLL. */
export const FRACTIONAL_GEN_CTRL = {
  ...COMMON,
  PLL_CLKE_OVERRIDE: bit(12),
  PLL_CLKE: bit(13),
  PLL_EXT_BYPASS: bit(16),
} satisfies Record<string, FieldSpec>;

/** Fields of GEN_CTRL of an integer PLL with one output. */
export const INTEGER_GEN_CTRL = {
  ...COMMON,
  PLL_CLKE_OVERRIDE: bit(10),
  PLL_CLKE: bit(11),
  PLL_EXT_BYPASS: bit(28),
  PLL_LOCK_SEL: bit(29),
} satisfies Record<string, FieldSpec>;

/** Fields of FDIV_CTL0. */
export const FDIV_CTL0 = {
  PLL_POST_DIV: field(0, 3),
  PLL_PRE_DIV: field(4, 6),
  PLL_MAIN_DIV: field(12, 10),
} satisfies Record<string, FieldSpec>;

const BYPASS = 1 << 4;
const RST = 1 << 9;
const LOCK = 0x8000_0000;
const CLKE: Record<PllKind, number> = { fractional: 1 << 13, integer: 1 << 11 };
const EXT_BYPASS: Record<PllKind, number> = { fractional: 1 << 16, integer: 1 << 28 };
/** Bits whose change makes a running PLL lock anew: PRE_DIV and MAIN_DIV. */
const RELOCK = 0x003f_f3f0;

/** Where a `Pll` reads its registers. */
export interface PllRegisters {
  control(): number;
  dividers(): number;
  /** FDIV_CTL1.PLL_DSM; always 0 for an integer PLL. */
  fraction(): number;
}

/** One PLL: its frequency and its lock, from the registers as they stand. */
export class Pll {
  private readonly kind: PllKind;
  private readonly registers: PllRegisters;
  private readonly now: () => number;
  private readonly lockCycles: number;
  private lockedAt = 0;

  constructor(kind: PllKind, registers: PllRegisters, now: () => number, lockCycles: number) {
    this.kind = kind;
    this.registers = registers;
    this.now = now;
    this.lockCycles = lockCycles;
  }

  /** After a reset of the block: PLLs that the boot loader left running are locked. */
  reset(): void {
    this.lockedAt = 0;
  }

  /** To be called after GEN_CTRL was written. */
  controlWritten(next: number, previous: number): void {
    if (next & RST && !(previous & RST)) this.lockedAt = this.now() + this.lockCycles;
  }

  /** To be called after FDIV_CTL0 was written. */
  dividersWritten(next: number, previous: number): void {
    if (this.registers.control() & RST && (next ^ previous) & RELOCK) this.lockedAt = this.now() + this.lockCycles;
  }

  /** GEN_CTRL with the live LOCK bit. */
  get control(): number {
    const control = this.registers.control() & ~LOCK;
    const locked = control & RST && this.now() >= this.lockedAt;
    return (locked ? control | LOCK : control) >>> 0;
  }

  /** How long `control` stays as it is. */
  get progress(): Progress {
    return unchanging(this.lockedAt - this.now());
  }

  /** Frequency before the output gate, in Hz, from a reference of `reference` Hz. */
  frequency(reference: number): number {
    const control = this.registers.control();
    if (control & (BYPASS | EXT_BYPASS[this.kind])) return reference;
    if (!(control & RST)) return 0;
    const dividers = this.registers.dividers();
    const main = bits(dividers, 12, 10);
    const pre = bits(dividers, 4, 6);
    const post = bits(dividers, 0, 3);
    if (pre === 0) return 0;
    // DSM is a signed 16-bit fraction of 65536.
    const fraction = this.kind === 'fractional' ? ((this.registers.fraction() << 16) >> 16) / 65_536 : 0;
    return (reference * (main + fraction)) / pre / 2 ** post;
  }

  /** Rate of the output in Hz: 0 while it is gated. */
  output(reference: number): number {
    return this.registers.control() & CLKE[this.kind] ? this.frequency(reference) : 0;
  }
}
