/**
 * Double-precision arithmetic, quick where that is provably exact, by soft-float.ts elsewhere.
 *
 * Operands and result pass through `words` (low word first): X 0, Y 1, ADDEND 2, RESULT 3, so that NaN payloads never become JavaScript
 * numbers. Quick means: round to nearest, operands zero or normal, result well inside the normal range; the host's double arithmetic is
 * then the architecture's. Whether a result was inexact is found with error-free transformations (Knuth's two-sum, Dekker's product),
 * and need not be found once FPSCR.IXC is set.
 */
import { CELL } from '../core-registers.ts';
import { F64, FloatStatus, FPSCR } from './format.ts';
import * as soft from './soft-float.ts';

/** Slots of `words` and of the number view. */
export const X = 0;
export const Y = 1;
export const ADDEND = 2;
export const RESULT = 3;

/** Operands and result of the operations below. */
export const words = new Int32Array(8);
const numbers = new Float64Array(words.buffer);
const oddWords = new Int32Array(2);
const odd = new Float64Array(oddWords.buffer);
const status = new FloatStatus();

const SMALL = 2 ** -1021;
/** Within these, Dekker's product of two numbers is exact: no part of it underflows or overflows. */
const PRODUCT_SMALL = 2 ** -960;
const PRODUCT_LARGE = 2 ** 990;
const SPLITTER = 2 ** 27 + 1;

function plain(slot: number): boolean {
  const high = words[slot * 2 + 1]!;
  const exponent = high & 0x7ff0_0000;
  return exponent !== 0x7ff0_0000 && (exponent !== 0 || (high << 1 === 0 && words[slot * 2] === 0));
}

const quick = (cells: Int32Array): boolean => (cells[CELL.FPSCR]! & FPSCR.RMODE) === 0;
const inexactKnown = (cells: Int32Array): boolean => (cells[CELL.FPSCR]! & FPSCR.IXC) !== 0;
const normal = (size: number): boolean => size >= SMALL && size <= Number.MAX_VALUE;
const safe = (size: number): boolean => size >= PRODUCT_SMALL && size <= PRODUCT_LARGE;

/** A slot's bit pattern. */
export function pattern(slot: number): bigint {
  return (BigInt(words[slot * 2 + 1]! >>> 0) << 32n) | BigInt(words[slot * 2]! >>> 0);
}

/** Puts a bit pattern into a slot. */
export function setPattern(slot: number, bits: bigint): void {
  words[slot * 2] = Number(BigInt.asIntN(32, bits));
  words[slot * 2 + 1] = Number(BigInt.asIntN(32, bits >> 32n));
}

function slow(cells: Int32Array, operation: (status: FloatStatus) => bigint): void {
  const result = operation(status.begin(cells[CELL.FPSCR]!));
  cells[CELL.FPSCR]! |= status.flags;
  setPattern(RESULT, result);
}

/** x + y - fl(x + y), exactly. */
function sumError(x: number, y: number, sum: number): number {
  const part = sum - x;
  return x - (sum - part) + (y - part);
}

/** x * y - fl(x * y), exactly, where all three are `safe` in size. */
function productError(x: number, y: number, product: number): number {
  const sx = SPLITTER * x;
  const xh = sx - (sx - x);
  const xl = x - xh;
  const sy = SPLITTER * y;
  const yh = sy - (sy - y);
  const yl = y - yh;
  return xl * yl - (product - xh * yh - xl * yh - xh * yl);
}

/** RESULT = X + Y, or X - Y. */
export function add64(cells: Int32Array, subtract: boolean): void {
  if (plain(X) && plain(Y) && quick(cells)) {
    const x = numbers[X]!;
    const y = subtract ? -numbers[Y]! : numbers[Y]!;
    const sum = x + y;
    if (normal(Math.abs(sum)) || sum === 0) {
      if (!inexactKnown(cells) && sumError(x, y, sum) !== 0) cells[CELL.FPSCR]! |= FPSCR.IXC;
      numbers[RESULT] = sum;
      return;
    }
  }
  slow(cells, (s) => soft.add(pattern(X), pattern(Y), F64, s, subtract));
}

/** RESULT = X * Y. */
export function multiply64(cells: Int32Array): void {
  if (plain(X) && plain(Y) && quick(cells)) {
    const x = numbers[X]!;
    const y = numbers[Y]!;
    const product = x * y;
    const known = inexactKnown(cells);
    if (x === 0 || y === 0 || (known && normal(Math.abs(product)))) {
      numbers[RESULT] = product;
      return;
    }
    if (safe(Math.abs(product)) && Math.abs(x) <= PRODUCT_LARGE && Math.abs(y) <= PRODUCT_LARGE) {
      if (productError(x, y, product) !== 0) cells[CELL.FPSCR]! |= FPSCR.IXC;
      numbers[RESULT] = product;
      return;
    }
  }
  slow(cells, (s) => soft.multiply(pattern(X), pattern(Y), F64, s));
}

/** RESULT = X / Y. */
export function divide64(cells: Int32Array): void {
  if (plain(X) && plain(Y) && quick(cells)) {
    const x = numbers[X]!;
    const y = numbers[Y]!;
    const quotient = x / y;
    const size = Math.abs(quotient);
    const usable = inexactKnown(cells) ? normal(size) : safe(size) && safe(Math.abs(x)) && safe(Math.abs(y));
    if (usable) {
      if (!inexactKnown(cells)) {
        const product = quotient * y;
        if (product !== x || productError(quotient, y, product) !== 0) cells[CELL.FPSCR]! |= FPSCR.IXC;
      }
      numbers[RESULT] = quotient;
      return;
    }
  }
  slow(cells, (s) => soft.divide(pattern(X), pattern(Y), F64, s));
}

/** RESULT = square root of X. */
export function squareRoot64(cells: Int32Array): void {
  if (plain(X) && words[1]! > 0 && quick(cells)) {
    const x = numbers[X]!;
    const root = Math.sqrt(x);
    if (inexactKnown(cells) || safe(x)) {
      if (!inexactKnown(cells)) {
        const product = root * root;
        if (product !== x || productError(root, root, product) !== 0) cells[CELL.FPSCR]! |= FPSCR.IXC;
      }
      numbers[RESULT] = root;
      return;
    }
  }
  slow(cells, (s) => soft.squareRoot(pattern(X), F64, s));
}

/** The sum of two numbers whose rounding error is `error`, rounded to odd instead of to nearest. */
function toOdd(sum: number, error: number): number {
  if (error === 0) return sum;
  odd[0] = sum;
  if ((oddWords[0]! & 1) !== 0) return sum;
  if (error > 0 === sum > 0) oddWords[0]! |= 1;
  else {
    if (oddWords[0] === 0) oddWords[1]!--;
    oddWords[0]!--;
  }
  return odd[0]!;
}

/**
 * RESULT = ADDEND + X * Y, rounded once: Boldo and Melquiond, "Emulation of FMA and correctly rounded sums" (2008), where no part can
 * underflow or overflow.
 */
export function multiplyAdd64(cells: Int32Array): void {
  if (plain(X) && plain(Y) && plain(ADDEND) && quick(cells)) {
    const x = numbers[X]!;
    const y = numbers[Y]!;
    const c = numbers[ADDEND]!;
    const product = x * y;
    if (x === 0 || y === 0) {
      // An exact product: the sum is exact as well.
      numbers[RESULT] = product + c;
      return;
    }
    const sizes = safe(Math.abs(product)) && Math.abs(x) <= PRODUCT_LARGE && Math.abs(y) <= PRODUCT_LARGE;
    if (sizes && (c === 0 || safe(Math.abs(c)))) {
      const low = productError(x, y, product);
      const middle = c + low;
      const middleError = sumError(c, low, middle);
      const high = product + middle;
      const highError = sumError(product, middle, high);
      const rest = middleError + highError;
      const restError = sumError(middleError, highError, rest);
      const tail = toOdd(rest, restError);
      const result = high + tail;
      const inexact = inexactKnown(cells) || (restError === 0 && sumError(high, tail, result) !== 0);
      if (normal(Math.abs(result)) && (inexact || restError === 0)) {
        if (inexact) cells[CELL.FPSCR]! |= FPSCR.IXC;
        numbers[RESULT] = result;
        return;
      }
    }
  }
  slow(cells, (s) => soft.multiplyAdd(pattern(ADDEND), pattern(X), pattern(Y), F64, s));
}
