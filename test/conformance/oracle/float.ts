/**
 * Floating-point arithmetic of the ARM ARM (DDI 0403E, A2.5 to A2.7) on exact fractions: FPUnpack, FPRound, NaNs, and the operations.
 *
 * Nothing is shared with `src/cpu/float`; float.test.ts holds it against the host's own arithmetic.
 */
import { bit, bits, SatQ } from './bits.ts';

/** A number without error: n / d with d > 0. */
export interface Fraction {
  readonly n: bigint;
  readonly d: bigint;
}

export type Width = 16 | 32 | 64;
export type Rounding = 'nearest' | 'up' | 'down' | 'zero' | 'away';
type Type = 'zero' | 'nonzero' | 'infinity' | 'qnan' | 'snan';

interface Unpacked {
  readonly type: Type;
  readonly negative: boolean;
  readonly value: Fraction;
}

const EXPONENT_BITS = { 16: 5, 32: 8, 64: 11 } as const;
const FRACTION_BITS = { 16: 10, 32: 23, 64: 52 } as const;
const FLAGS = { InvalidOp: 1, DivideByZero: 2, Overflow: 4, Underflow: 8, Inexact: 16, InputDenorm: 128 } as const;
const MODES: readonly Rounding[] = ['nearest', 'up', 'down', 'zero'];

const ZERO: Fraction = { n: 0n, d: 1n };
const power = (exponent: number): Fraction =>
  exponent >= 0 ? { n: 1n << BigInt(exponent), d: 1n } : { n: 1n, d: 1n << BigInt(-exponent) };
export const times = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.n, d: a.d * b.d });
export const plus = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.d + b.n * a.d, d: a.d * b.d });
const minus = (a: Fraction): Fraction => ({ n: -a.n, d: a.d });
const over = (a: Fraction, b: Fraction): Fraction => (b.n < 0n ? { n: -a.n * b.d, d: a.d * -b.n } : { n: a.n * b.d, d: a.d * b.n });
const less = (a: Fraction, b: Fraction): boolean => a.n * b.d < b.n * a.d;
const same = (a: Fraction, b: Fraction): boolean => a.n * b.d === b.n * a.d;

/** Largest integer that is not above `x`, and what is left, in [0, 1). */
function floor(x: Fraction): { whole: bigint; rest: Fraction } {
  let whole = x.n / x.d;
  if (whole * x.d > x.n) whole -= 1n;
  return { whole, rest: { n: x.n - whole * x.d, d: x.d } };
}

/** floor(log2 x) of a positive number. */
function exponentOf(x: Fraction): number {
  let e = x.n.toString(2).length - x.d.toString(2).length;
  if (less(x, power(e))) e--;
  return e;
}

/** True when the rounding mode takes `whole + rest` away from `whole`; `rest` in [0, 1) counts upward. */
function roundsUp(mode: Rounding, odd: boolean, rest: Fraction, negative: boolean): boolean {
  const twice = { n: 2n * rest.n, d: rest.d };
  const one = { n: 1n, d: 1n };
  switch (mode) {
    case 'nearest':
      return less(one, twice) || (same(one, twice) && odd);
    case 'away':
      return !less(twice, one);
    case 'up':
      return rest.n !== 0n && !negative;
    case 'down':
      return rest.n !== 0n && negative;
    default:
      return false;
  }
}

/** The FPSCR of the pseudo-code: its modes, and the flags that accumulate. */
export class FloatUnit {
  fpscr: number;

  constructor(fpscr: number) {
    this.fpscr = fpscr;
  }

  get mode(): Rounding {
    return MODES[Number(bits(this.fpscr, 23, 22))]!;
  }

  private get flushes(): boolean {
    return bit(this.fpscr, 24);
  }

  private get defaultNans(): boolean {
    return bit(this.fpscr, 25);
  }

  private get alternativeHalf(): boolean {
    return bit(this.fpscr, 26);
  }

  private exception(name: keyof typeof FLAGS): void {
    this.fpscr = (this.fpscr | FLAGS[name]) >>> 0;
  }

  unpack(pattern: bigint, width: Width): Unpacked {
    const [E, F] = [EXPONENT_BITS[width], FRACTION_BITS[width]];
    const negative = bit(pattern, width - 1);
    const exponent = Number(bits(pattern, width - 2, F));
    const fraction = bits(pattern, F - 1, 0);
    const bias = 2 ** (E - 1) - 1;
    const signed = (value: Fraction): Fraction => (negative ? minus(value) : value);
    if (exponent === 0) {
      if (fraction !== 0n && width !== 16 && this.flushes) {
        this.exception('InputDenorm');
        return { type: 'zero', negative, value: ZERO };
      }
      if (fraction === 0n) return { type: 'zero', negative, value: ZERO };
      return { type: 'nonzero', negative, value: signed(times({ n: fraction, d: 1n }, power(1 - bias - F))) };
    }
    if (exponent === 2 ** E - 1 && !(width === 16 && this.alternativeHalf)) {
      if (fraction === 0n) return { type: 'infinity', negative, value: ZERO };
      return { type: bit(fraction, F - 1) ? 'qnan' : 'snan', negative, value: ZERO };
    }
    return { type: 'nonzero', negative, value: signed(times({ n: (1n << BigInt(F)) + fraction, d: 1n }, power(exponent - bias - F))) };
  }

  private pack(negative: boolean, exponent: bigint, fraction: bigint, width: Width): bigint {
    return ((negative ? 1n : 0n) << BigInt(width - 1)) | (exponent << BigInt(FRACTION_BITS[width])) | fraction;
  }

  zero(negative: boolean, width: Width): bigint {
    return this.pack(negative, 0n, 0n, width);
  }

  infinity(negative: boolean, width: Width): bigint {
    return this.pack(negative, (1n << BigInt(EXPONENT_BITS[width])) - 1n, 0n, width);
  }

  private largest(negative: boolean, width: Width): bigint {
    return this.pack(negative, (1n << BigInt(EXPONENT_BITS[width])) - 2n, (1n << BigInt(FRACTION_BITS[width])) - 1n, width);
  }

  private defaultNan(width: Width): bigint {
    return this.infinity(false, width) | (1n << BigInt(FRACTION_BITS[width] - 1));
  }

  private invalid(width: Width): bigint {
    this.exception('InvalidOp');
    return this.defaultNan(width);
  }

  /** FPProcessNaN. */
  private processNan(type: Type, operand: bigint, width: Width): bigint {
    if (type === 'snan') this.exception('InvalidOp');
    return this.defaultNans ? this.defaultNan(width) : operand | (1n << BigInt(FRACTION_BITS[width] - 1));
  }

  /** FPProcessNaNs and FPProcessNaNs3: the first signalling operand, else the first quiet one. */
  private nanOf(width: Width, operands: readonly (readonly [Unpacked, bigint])[]): bigint | undefined {
    for (const wanted of ['snan', 'qnan'] as const)
      for (const [{ type }, operand] of operands) if (type === wanted) return this.processNan(type, operand, width);
    return undefined;
  }

  /** FPRound. */
  round(value: Fraction, width: Width, mode: Rounding = this.mode): bigint {
    const [E, F] = [EXPONENT_BITS[width], FRACTION_BITS[width]];
    const minimum = 2 - 2 ** (E - 1);
    const negative = value.n < 0n;
    const mantissa = negative ? minus(value) : value;
    const exponent = exponentOf(mantissa);
    if (width !== 16 && this.flushes && exponent < minimum) {
      this.exception('Underflow');
      return this.zero(negative, width);
    }
    let biased = BigInt(Math.max(exponent - minimum + 1, 0));
    const { whole, rest } = floor(times(mantissa, power(F - Math.max(exponent, minimum))));
    let integer = whole;
    let inexact = rest.n !== 0n;
    if (biased === 0n && inexact) this.exception('Underflow');
    if (roundsUp(mode, bit(integer, 0), rest, negative)) {
      integer += 1n;
      if (integer === 1n << BigInt(F)) biased = 1n;
      if (integer === 1n << BigInt(F + 1)) {
        biased += 1n;
        integer /= 2n;
      }
    }
    let result = this.pack(negative, biased, bits(integer, F - 1, 0), width);
    if (width === 16 && this.alternativeHalf) {
      if (biased >= 1n << BigInt(E)) {
        this.exception('InvalidOp');
        return this.pack(negative, 31n, 0x3ffn, 16);
      }
    } else if (biased >= (1n << BigInt(E)) - 1n) {
      const toInfinity = mode === 'nearest' || mode === 'away' || mode === (negative ? 'down' : 'up');
      result = toInfinity ? this.infinity(negative, width) : this.largest(negative, width);
      this.exception('Overflow');
      inexact = true;
    }
    if (inexact) this.exception('Inexact');
    return result;
  }

  /** A sum that is zero without both operands being equal zeros. */
  private exactZero(width: Width): bigint {
    return this.zero(this.mode === 'down', width);
  }

  static negate(pattern: bigint, width: Width): bigint {
    return pattern ^ (1n << BigInt(width - 1));
  }

  static absolute(pattern: bigint, width: Width): bigint {
    return bits(pattern, width - 2, 0);
  }

  add(a: bigint, b: bigint, width: Width): bigint {
    const [x, y] = [this.unpack(a, width), this.unpack(b, width)];
    const nan = this.nanOf(width, [
      [x, a],
      [y, b],
    ]);
    if (nan !== undefined) return nan;
    if (x.type === 'infinity' && y.type === 'infinity' && x.negative !== y.negative) return this.invalid(width);
    if (x.type === 'infinity') return this.infinity(x.negative, width);
    if (y.type === 'infinity') return this.infinity(y.negative, width);
    if (x.type === 'zero' && y.type === 'zero' && x.negative === y.negative) return this.zero(x.negative, width);
    const sum = plus(x.value, y.value);
    return sum.n === 0n ? this.exactZero(width) : this.round(sum, width);
  }

  /** FPSub is not FPAdd of the negation: a NaN keeps its sign. */
  subtract(a: bigint, b: bigint, width: Width): bigint {
    const [x, y] = [this.unpack(a, width), this.unpack(b, width)];
    const nan = this.nanOf(width, [
      [x, a],
      [y, b],
    ]);
    if (nan !== undefined) return nan;
    if (x.type === 'infinity' && y.type === 'infinity' && x.negative === y.negative) return this.invalid(width);
    if (x.type === 'infinity') return this.infinity(x.negative, width);
    if (y.type === 'infinity') return this.infinity(!y.negative, width);
    if (x.type === 'zero' && y.type === 'zero' && x.negative !== y.negative) return this.zero(x.negative, width);
    const difference = plus(x.value, minus(y.value));
    return difference.n === 0n ? this.exactZero(width) : this.round(difference, width);
  }

  multiply(a: bigint, b: bigint, width: Width): bigint {
    const [x, y] = [this.unpack(a, width), this.unpack(b, width)];
    const nan = this.nanOf(width, [
      [x, a],
      [y, b],
    ]);
    if (nan !== undefined) return nan;
    const negative = x.negative !== y.negative;
    const infinite = x.type === 'infinity' || y.type === 'infinity';
    const zero = x.type === 'zero' || y.type === 'zero';
    if (infinite && zero) return this.invalid(width);
    if (infinite) return this.infinity(negative, width);
    return zero ? this.zero(negative, width) : this.round(times(x.value, y.value), width);
  }

  divide(a: bigint, b: bigint, width: Width): bigint {
    const [x, y] = [this.unpack(a, width), this.unpack(b, width)];
    const nan = this.nanOf(width, [
      [x, a],
      [y, b],
    ]);
    if (nan !== undefined) return nan;
    const negative = x.negative !== y.negative;
    if ((x.type === 'infinity' && y.type === 'infinity') || (x.type === 'zero' && y.type === 'zero')) return this.invalid(width);
    if (x.type === 'infinity' || y.type === 'zero') {
      if (x.type !== 'infinity') this.exception('DivideByZero');
      return this.infinity(negative, width);
    }
    if (x.type === 'zero' || y.type === 'infinity') return this.zero(negative, width);
    return this.round(over(x.value, y.value), width);
  }

  multiplyAdd(addend: bigint, a: bigint, b: bigint, width: Width): bigint {
    const [s, x, y] = [this.unpack(addend, width), this.unpack(a, width), this.unpack(b, width)];
    const infinite = x.type === 'infinity' || y.type === 'infinity';
    const zero = x.type === 'zero' || y.type === 'zero';
    const nan = this.nanOf(width, [
      [s, addend],
      [x, a],
      [y, b],
    ]);
    if (s.type === 'qnan' && infinite && zero) return this.invalid(width);
    if (nan !== undefined) return nan;
    const negative = x.negative !== y.negative;
    if ((infinite && zero) || (s.type === 'infinity' && infinite && s.negative !== negative)) return this.invalid(width);
    if (s.type === 'infinity') return this.infinity(s.negative, width);
    if (infinite) return this.infinity(negative, width);
    if (s.type === 'zero' && zero && s.negative === negative) return this.zero(negative, width);
    const sum = plus(s.value, times(x.value, y.value));
    return sum.n === 0n ? this.exactZero(width) : this.round(sum, width);
  }

  squareRoot(a: bigint, width: Width): bigint {
    const x = this.unpack(a, width);
    if (x.type === 'qnan' || x.type === 'snan') return this.processNan(x.type, a, width);
    if (x.type === 'zero') return this.zero(x.negative, width);
    if (x.negative) return this.invalid(width);
    if (x.type === 'infinity') return this.infinity(false, width);
    // n/d = n*d / d^2, scaled so that the root has far more bits than the result; an inexact root is put between two integers.
    const scaled = (x.value.n * x.value.d) << 512n;
    const root = integerRoot(scaled);
    const exact = root * root === scaled;
    return this.round({ n: 2n * root + (exact ? 0n : 1n), d: (x.value.d << 256n) * 2n }, width);
  }

  /** FPCompare as N, Z, C, V. */
  compare(a: bigint, b: bigint, width: Width, quietNansRaise: boolean): string {
    const [x, y] = [this.unpack(a, width), this.unpack(b, width)];
    const types = [x.type, y.type];
    if (types.includes('snan') || types.includes('qnan')) {
      if (types.includes('snan') || quietNansRaise) this.exception('InvalidOp');
      return '0011';
    }
    const rank = ({ type, negative }: Unpacked): number => (type === 'infinity' ? (negative ? -1 : 1) : 0);
    const [p, q] = [rank(x), rank(y)];
    if (p === q && same(x.value, y.value)) return '0110';
    return p < q || (p === q && less(x.value, y.value)) ? '1000' : '0010';
  }

  /** FPMaxNum and FPMinNum. */
  extremeNumber(a: bigint, b: bigint, width: Width, largest: boolean): bigint {
    const [x, y] = [this.unpack(a, width), this.unpack(b, width)];
    const neutral = this.infinity(largest, width);
    if (x.type === 'qnan' && y.type !== 'qnan') return this.extreme(neutral, b, width, largest);
    if (x.type !== 'qnan' && y.type === 'qnan') return this.extreme(a, neutral, width, largest);
    return this.extreme(a, b, width, largest);
  }

  private extreme(a: bigint, b: bigint, width: Width, largest: boolean): bigint {
    const [x, y] = [this.unpack(a, width), this.unpack(b, width)];
    const nan = this.nanOf(width, [
      [x, a],
      [y, b],
    ]);
    if (nan !== undefined) return nan;
    if (x.type === 'zero' && y.type === 'zero') return this.zero(largest ? x.negative && y.negative : x.negative || y.negative, width);
    const rank = ({ type, negative }: Unpacked): number => (type === 'infinity' ? (negative ? -1 : 1) : 0);
    const greater = rank(x) > rank(y) || (rank(x) === rank(y) && less(y.value, x.value));
    const chosen = greater === largest ? x : y;
    if (chosen.type === 'infinity') return this.infinity(chosen.negative, width);
    return chosen.type === 'zero' ? this.zero(chosen.negative, width) : this.round(chosen.value, width);
  }

  /** FPRoundInt. */
  roundInt(a: bigint, width: Width, mode: Rounding, exact: boolean): bigint {
    const x = this.unpack(a, width);
    if (x.type === 'qnan' || x.type === 'snan') return this.processNan(x.type, a, width);
    if (x.type === 'infinity') return this.infinity(x.negative, width);
    if (x.type === 'zero') return this.zero(x.negative, width);
    const { whole, inexact } = integer(x.value, mode);
    if (exact && inexact) this.exception('Inexact');
    return whole === 0n ? this.zero(x.negative, width) : this.round({ n: whole, d: 1n }, width, 'zero');
  }

  /** FPToFixed: an integer of `to` bits. */
  toFixed(a: bigint, width: Width, to: 16 | 32, fraction: number, unsigned: boolean, mode: Rounding): bigint {
    const x = this.unpack(a, width);
    if (x.type === 'qnan' || x.type === 'snan') {
      this.exception('InvalidOp');
      return 0n;
    }
    if (x.type === 'infinity') {
      this.exception('InvalidOp');
      return SatQ((x.negative ? -1n : 1n) << 100n, to, !unsigned).result;
    }
    const { whole, inexact } = integer(times(x.value, power(fraction)), mode);
    const { result, saturated } = SatQ(whole, to, !unsigned);
    if (saturated) this.exception('InvalidOp');
    else if (inexact) this.exception('Inexact');
    return result;
  }

  /** FixedToFP of an integer that has its sign already. */
  fromFixed(value: bigint, width: Width, fraction: number, mode: Rounding): bigint {
    return value === 0n ? this.zero(false, width) : this.round(times({ n: value, d: 1n }, power(-fraction)), width, mode);
  }

  /** Conversion between formats. */
  convert(a: bigint, from: Width, to: Width): bigint {
    const x = this.unpack(a, from);
    if (x.type === 'qnan' || x.type === 'snan') {
      if (to === 16 && this.alternativeHalf) {
        this.exception('InvalidOp');
        return this.zero(x.negative, 16);
      }
      if (x.type === 'snan') this.exception('InvalidOp');
      if (this.defaultNans) return this.defaultNan(to);
      // The fraction is kept from its upper end, as a quiet NaN.
      const [f, g] = [FRACTION_BITS[from], FRACTION_BITS[to]];
      const fraction = f > g ? bits(a, f - 1, f - g) : bits(a, f - 1, 0) << BigInt(g - f);
      return this.infinity(x.negative, to) | (1n << BigInt(g - 1)) | fraction;
    }
    if (x.type === 'infinity') {
      if (to !== 16 || !this.alternativeHalf) return this.infinity(x.negative, to);
      this.exception('InvalidOp');
      return this.pack(x.negative, 31n, 0x3ffn, 16);
    }
    return x.type === 'zero' ? this.zero(x.negative, to) : this.round(x.value, to);
  }
}

/** A number rounded to an integer. */
function integer(value: Fraction, mode: Rounding): { whole: bigint; inexact: boolean } {
  const negative = value.n < 0n;
  const { whole, rest } = floor(negative ? minus(value) : value);
  const magnitude = whole + (roundsUp(mode, bit(whole, 0), rest, negative) ? 1n : 0n);
  return { whole: negative ? -magnitude : magnitude, inexact: rest.n !== 0n };
}

/** floor(sqrt(x)) by Newton's method. */
function integerRoot(x: bigint): bigint {
  let guess = 1n << BigInt(Math.ceil(x.toString(2).length / 2));
  for (;;) {
    const next = (guess + x / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}
