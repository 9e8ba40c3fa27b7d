/**
 * Floating point as the ARM ARM's pseudocode defines it (ARMv7-M ARM A2.5, FPUnpack, FPRound, FPProcessNaN, FPAdd and so on), for any
 * format and rounding mode.
 *
 * This is the reference that the quick paths in the interpreter fall back to: exact integers (BigInt), one rounding at the end. It runs
 * for NaNs, infinities, subnormals, directed rounding and wherever a quick path cannot prove its result, so its cost does not matter.
 */
import { F16, type FloatStatus, type Format, FPSCR, ROUND } from './format.ts';

/** A value taken apart: a finite one is `significand * 2 ** exponent`. */
export interface Unpacked {
  readonly type: 'zero' | 'finite' | 'infinity' | 'quiet' | 'signalling';
  readonly negative: boolean;
  readonly significand: bigint;
  readonly exponent: number;
}

const bit = (at: number): bigint => 1n << BigInt(at);

/** Number of bits of a positive value. */
export function bitLength(value: bigint): number {
  const text = value.toString(16);
  return (text.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(text[0]!, 16)));
}

function signBit(format: Format, negative: boolean): bigint {
  return negative ? bit(format.width - 1) : 0n;
}

/** Zero with a sign. */
export function zero(format: Format, negative: boolean): bigint {
  return signBit(format, negative);
}

/** Infinity with a sign. */
export function infinity(format: Format, negative: boolean): bigint {
  return signBit(format, negative) | ((bit(format.exponentBits) - 1n) << BigInt(format.fractionBits));
}

/** The NaN that operations produce: positive, quiet, no payload. */
export function defaultNan(format: Format): bigint {
  return infinity(format, false) | bit(format.fractionBits - 1);
}

function largest(format: Format, negative: boolean): bigint {
  return infinity(format, negative) - 1n;
}

/** FPUnpack: flushes subnormals under FZ (not in half precision) and raises IDC for it. */
export function unpack(bits: bigint, format: Format, status: FloatStatus): Unpacked {
  const { fractionBits, exponentBits, width } = format;
  const negative = ((bits >> BigInt(width - 1)) & 1n) !== 0n;
  const biased = Number((bits >> BigInt(fractionBits)) & (bit(exponentBits) - 1n));
  const fraction = bits & (bit(fractionBits) - 1n);
  const bias = 2 ** (exponentBits - 1) - 1;
  const half = format === F16;
  if (biased === 0) {
    const flushed = fraction !== 0n && status.flushToZero && !half;
    if (flushed) status.raise(FPSCR.IDC);
    if (fraction === 0n || flushed) return { type: 'zero', negative, significand: 0n, exponent: 0 };
    return { type: 'finite', negative, significand: fraction, exponent: 1 - bias - fractionBits };
  }
  if (biased === 2 ** exponentBits - 1 && !(half && status.alternativeHalf)) {
    if (fraction === 0n) return { type: 'infinity', negative, significand: 0n, exponent: 0 };
    const quiet = (fraction & bit(fractionBits - 1)) !== 0n;
    return { type: quiet ? 'quiet' : 'signalling', negative, significand: fraction, exponent: 0 };
  }
  return { type: 'finite', negative, significand: fraction | bit(fractionBits), exponent: biased - bias - fractionBits };
}

/** True when the discarded part makes the magnitude `whole` go up by one; `rest` is compared with half of `unit`. */
export function roundsUp(rounding: number, negative: boolean, odd: boolean, rest: bigint, unit: bigint): boolean {
  switch (rounding) {
    case ROUND.NEAREST:
      return rest * 2n > unit || (rest * 2n === unit && odd);
    case ROUND.AWAY:
      return rest * 2n >= unit;
    case ROUND.UP:
      return rest !== 0n && !negative;
    case ROUND.DOWN:
      return rest !== 0n && negative;
    default:
      return false;
  }
}

/** FPRound: the value `significand * 2 ** exponent`, which is not zero. A sticky bit may be appended below it by the caller. */
export function round(negative: boolean, significand: bigint, exponent: number, format: Format, status: FloatStatus): bigint {
  const { fractionBits, exponentBits } = format;
  const minimum = 2 - 2 ** (exponentBits - 1);
  const magnitude = bitLength(significand) - 1 + exponent;
  const half = format === F16;
  if (status.flushToZero && !half && magnitude < minimum) {
    status.raise(FPSCR.UFC);
    return zero(format, negative);
  }
  let biased = Math.max(magnitude - minimum + 1, 0);
  const quantum = Math.max(magnitude, minimum) - fractionBits;
  let whole: bigint;
  let rest = 0n;
  let unit = 1n;
  if (quantum <= exponent) whole = significand << BigInt(exponent - quantum);
  else {
    const shift = BigInt(quantum - exponent);
    unit = 1n << shift;
    whole = significand >> shift;
    rest = significand & (unit - 1n);
  }
  const inexact = rest !== 0n;
  if (biased === 0 && inexact) status.raise(FPSCR.UFC);
  if (roundsUp(status.rounding, negative, (whole & 1n) !== 0n, rest, unit)) {
    whole += 1n;
    if (whole === bit(fractionBits)) biased = 1;
    if (whole === bit(fractionBits + 1)) {
      biased += 1;
      whole >>= 1n;
    }
  }
  const top = 2 ** exponentBits;
  if (half && status.alternativeHalf) {
    if (biased >= top) {
      status.raise(FPSCR.IOC);
      return signBit(format, negative) | 0x7fffn;
    }
  } else if (biased >= top - 1) {
    status.raise(FPSCR.OFC | FPSCR.IXC);
    const toInfinity =
      status.rounding === ROUND.NEAREST ||
      status.rounding === ROUND.AWAY ||
      (status.rounding === ROUND.UP && !negative) ||
      (status.rounding === ROUND.DOWN && negative);
    return toInfinity ? infinity(format, negative) : largest(format, negative);
  }
  if (inexact) status.raise(FPSCR.IXC);
  return signBit(format, negative) | (BigInt(biased) << BigInt(fractionBits)) | (whole & (bit(fractionBits) - 1n));
}

/** FPProcessNaN: the operand made quiet, or the default NaN. */
export function processNan(bits: bigint, value: Unpacked, format: Format, status: FloatStatus): bigint {
  if (value.type === 'signalling') status.raise(FPSCR.IOC);
  return status.defaultNan ? defaultNan(format) : bits | bit(format.fractionBits - 1);
}

/** FPProcessNaNs of any number of operands: signalling ones first, then in order; undefined when none is a NaN. */
function processNans(operands: readonly [bigint, Unpacked][], format: Format, status: FloatStatus): bigint | undefined {
  for (const type of ['signalling', 'quiet'] as const) {
    for (const [bits, value] of operands) if (value.type === type) return processNan(bits, value, format, status);
  }
  return undefined;
}

function invalid(format: Format, status: FloatStatus): bigint {
  status.raise(FPSCR.IOC);
  return defaultNan(format);
}

/** The exact sum of two finite values or zeros, rounded once. */
function roundedSum(a: Unpacked, b: Unpacked, format: Format, status: FloatStatus): bigint {
  const exponent = Math.min(a.significand === 0n ? b.exponent : a.exponent, b.significand === 0n ? a.exponent : b.exponent);
  const signed = (value: Unpacked): bigint => {
    if (value.significand === 0n) return 0n;
    const shifted = value.significand << BigInt(value.exponent - exponent);
    return value.negative ? -shifted : shifted;
  };
  const sum = signed(a) + signed(b);
  if (sum === 0n) {
    const alike = isZero(a) && isZero(b) && a.negative === b.negative;
    return zero(format, alike ? a.negative : status.rounding === ROUND.DOWN);
  }
  return round(sum < 0n, sum < 0n ? -sum : sum, exponent, format, status);
}

const isZero = (value: Unpacked): boolean => value.type === 'zero';

/** FPAdd. FPSub is FPAdd of the operand with its sign changed only where it is no NaN, so it is here. */
export function add(op1: bigint, op2: bigint, format: Format, status: FloatStatus, subtract = false): bigint {
  const a = unpack(op1, format, status);
  const second = unpack(op2, format, status);
  const nan = processNans(
    [
      [op1, a],
      [op2, second],
    ],
    format,
    status,
  );
  if (nan !== undefined) return nan;
  const b = subtract ? { ...second, negative: !second.negative } : second;
  if (a.type === 'infinity' || b.type === 'infinity') {
    if (a.type === b.type && a.negative !== b.negative) return invalid(format, status);
    return infinity(format, a.type === 'infinity' ? a.negative : b.negative);
  }
  return roundedSum(a, b, format, status);
}

/** FPMul. */
export function multiply(op1: bigint, op2: bigint, format: Format, status: FloatStatus): bigint {
  const a = unpack(op1, format, status);
  const b = unpack(op2, format, status);
  const nan = processNans(
    [
      [op1, a],
      [op2, b],
    ],
    format,
    status,
  );
  if (nan !== undefined) return nan;
  const negative = a.negative !== b.negative;
  if (a.type === 'infinity' || b.type === 'infinity') {
    return isZero(a) || isZero(b) ? invalid(format, status) : infinity(format, negative);
  }
  if (isZero(a) || isZero(b)) return zero(format, negative);
  return round(negative, a.significand * b.significand, a.exponent + b.exponent, format, status);
}

/** FPDiv. */
export function divide(op1: bigint, op2: bigint, format: Format, status: FloatStatus): bigint {
  const a = unpack(op1, format, status);
  const b = unpack(op2, format, status);
  const nan = processNans(
    [
      [op1, a],
      [op2, b],
    ],
    format,
    status,
  );
  if (nan !== undefined) return nan;
  const negative = a.negative !== b.negative;
  if (a.type === b.type && (a.type === 'infinity' || a.type === 'zero')) return invalid(format, status);
  if (a.type === 'infinity') return infinity(format, negative);
  if (isZero(b)) {
    status.raise(FPSCR.DZC);
    return infinity(format, negative);
  }
  if (isZero(a) || b.type === 'infinity') return zero(format, negative);
  // Enough quotient bits for any format whatever the operands, then a sticky bit for the remainder.
  const shift = format.fractionBits + 4 + bitLength(b.significand);
  const dividend = a.significand << BigInt(shift);
  const quotient = dividend / b.significand;
  const sticky = dividend % b.significand === 0n ? 0n : 1n;
  return round(negative, (quotient << 1n) | sticky, a.exponent - b.exponent - shift - 1, format, status);
}

/** Integer square root of a positive value. */
function integerRoot(value: bigint): bigint {
  let root = bit((bitLength(value) + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** FPSqrt. */
export function squareRoot(op: bigint, format: Format, status: FloatStatus): bigint {
  const a = unpack(op, format, status);
  if (a.type === 'quiet' || a.type === 'signalling') return processNan(op, a, format, status);
  if (isZero(a)) return zero(format, a.negative);
  if (a.negative) return invalid(format, status);
  if (a.type === 'infinity') return infinity(format, false);
  let shift = 2 * (format.fractionBits + 4);
  if (((a.exponent - shift) & 1) !== 0) shift++;
  const radicand = a.significand << BigInt(shift);
  const root = integerRoot(radicand);
  const sticky = root * root === radicand ? 0n : 1n;
  return round(false, (root << 1n) | sticky, (a.exponent - shift) / 2 - 1, format, status);
}

/** FPMulAdd: addend + op1 * op2 with one rounding. */
export function multiplyAdd(addend: bigint, op1: bigint, op2: bigint, format: Format, status: FloatStatus): bigint {
  const c = unpack(addend, format, status);
  const a = unpack(op1, format, status);
  const b = unpack(op2, format, status);
  const infinityTimesZero = (a.type === 'infinity' && isZero(b)) || (isZero(a) && b.type === 'infinity');
  const nan = processNans(
    [
      [addend, c],
      [op1, a],
      [op2, b],
    ],
    format,
    status,
  );
  if (c.type === 'quiet' && infinityTimesZero) return invalid(format, status);
  if (nan !== undefined) return nan;
  const negative = a.negative !== b.negative;
  const productInfinite = a.type === 'infinity' || b.type === 'infinity';
  if (infinityTimesZero || (c.type === 'infinity' && productInfinite && c.negative !== negative)) return invalid(format, status);
  if (c.type === 'infinity') return infinity(format, c.negative);
  if (productInfinite) return infinity(format, negative);
  const product: Unpacked =
    isZero(a) || isZero(b)
      ? { type: 'zero', negative, significand: 0n, exponent: 0 }
      : { type: 'finite', negative, significand: a.significand * b.significand, exponent: a.exponent + b.exponent };
  return roundedSum(c, product, format, status);
}

/** FPCompare as the N, Z, C, V bits of FPSCR. */
export function compare(op1: bigint, op2: bigint, format: Format, quietNanInvalid: boolean, status: FloatStatus): number {
  const a = unpack(op1, format, status);
  const b = unpack(op2, format, status);
  const types = [a.type, b.type];
  if (types.includes('signalling') || types.includes('quiet')) {
    if (types.includes('signalling') || quietNanInvalid) status.raise(FPSCR.IOC);
    return 0x3000_0000;
  }
  const difference = order(a, b);
  return difference === 0 ? 0x6000_0000 : difference < 0 ? 0x8000_0000 | 0 : 0x2000_0000;
}

/** Sign of a - b for values that are no NaNs. */
function order(a: Unpacked, b: Unpacked): number {
  const rank = (value: Unpacked): number => (value.type === 'zero' ? 0 : (value.negative ? -1 : 1) * (value.type === 'infinity' ? 2 : 1));
  const first = rank(a);
  const second = rank(b);
  if (first !== second || first === 0 || Math.abs(first) === 2) return first - second;
  const exponent = Math.min(a.exponent, b.exponent);
  const difference = (a.significand << BigInt(a.exponent - exponent)) - (b.significand << BigInt(b.exponent - exponent));
  return difference === 0n ? 0 : difference > 0n ? first : -first;
}

function isQuietNan(bits: bigint, format: Format): boolean {
  const quiet = defaultNan(format);
  return (bits & quiet) === quiet;
}

/** FPMaxNum (`wantLargest`) or FPMinNum: a quiet NaN loses against a number. */
export function maximumNumber(op1: bigint, op2: bigint, format: Format, wantLargest: boolean, status: FloatStatus): bigint {
  let first = op1;
  let second = op2;
  const firstQuiet = isQuietNan(op1, format);
  const secondQuiet = isQuietNan(op2, format);
  if (firstQuiet && !secondQuiet) first = infinity(format, wantLargest);
  else if (secondQuiet && !firstQuiet) second = infinity(format, wantLargest);
  const a = unpack(first, format, status);
  const b = unpack(second, format, status);
  const nan = processNans(
    [
      [first, a],
      [second, b],
    ],
    format,
    status,
  );
  if (nan !== undefined) return nan;
  const takeFirst = wantLargest ? order(a, b) > 0 : order(a, b) < 0;
  const winner = takeFirst ? a : b;
  if (isZero(winner)) return zero(format, wantLargest ? a.negative && b.negative : a.negative || b.negative);
  return winner.type === 'infinity' ? infinity(format, winner.negative) : takeFirst ? first : second;
}
