/**
 * The three formats, the FPSCR fields that steer an operation, and its cumulative exception flags (ARMv7-M ARM A2.5, B3.2.22 FPDSCR).
 *
 * Nothing traps on this profile: exceptions only set flags.
 */

/** A binary interchange format. Bit patterns are BigInt. */
export interface Format {
  readonly name: 'F16' | 'F32' | 'F64';
  readonly width: number;
  readonly exponentBits: number;
  readonly fractionBits: number;
}

export const F16: Format = { name: 'F16', width: 16, exponentBits: 5, fractionBits: 10 };
export const F32: Format = { name: 'F32', width: 32, exponentBits: 8, fractionBits: 23 };
export const F64: Format = { name: 'F64', width: 64, exponentBits: 11, fractionBits: 52 };

/** FPSCR.RMode, and ties-to-away, which only instructions can ask for. */
export const ROUND = { NEAREST: 0, UP: 1, DOWN: 2, ZERO: 3, AWAY: 4 } as const;

/** Fields of FPSCR. */
export const FPSCR = {
  IOC: 1 << 0,
  DZC: 1 << 1,
  OFC: 1 << 2,
  UFC: 1 << 3,
  IXC: 1 << 4,
  IDC: 1 << 7,
  RMODE: 3 << 22,
  FZ: 1 << 24,
  DN: 1 << 25,
  AHP: 1 << 26,
  /** Everything that software can write on this profile. */
  WRITABLE: 0xf7c0_009f | 0,
} as const;

/** How an operation is to behave, and what it raised. */
export class FloatStatus {
  rounding: number = ROUND.NEAREST;
  flushToZero = false;
  defaultNan = false;
  alternativeHalf = false;
  /** Flags raised so far, in their FPSCR positions. */
  flags = 0;

  /** Takes the modes of an FPSCR value and forgets the flags. */
  begin(fpscr: number): this {
    this.rounding = (fpscr >>> 22) & 3;
    this.flushToZero = (fpscr & FPSCR.FZ) !== 0;
    this.defaultNan = (fpscr & FPSCR.DN) !== 0;
    this.alternativeHalf = (fpscr & FPSCR.AHP) !== 0;
    this.flags = 0;
    return this;
  }

  raise(flag: number): void {
    this.flags |= flag;
  }
}
