/**
 * Single-precision arithmetic on bit patterns (i32), quick where that is provably exact, by soft-float.ts elsewhere.
 *
 * Quick means: round to nearest, operands zero or normal, and a result well inside the normal range. A double then holds the sum or
 * product of two singles exactly or rounds it innocuously (53 >= 2 * 24 + 2), and whether it was exact can be told from the double.
 */
import { CELL } from '../core-registers.ts';
import { F32, FloatStatus, FPSCR } from './format.ts';
import * as soft from './soft-float.ts';

const bits = new Int32Array(1);
const value = new Float32Array(bits.buffer);
const wideBits = new Int32Array(2);
const wide = new Float64Array(wideBits.buffer);
const status = new FloatStatus();

/** Twice the smallest normal number: below it, rounding could have hidden an underflow. */
const SMALL = 2 ** -125;
const LARGE = 3.4028234663852886e38;

/** True for zeros and normal numbers. */
function plain(a: number): boolean {
  const exponent = a & 0x7f80_0000;
  return exponent !== 0x7f80_0000 && (exponent !== 0 || a << 1 === 0);
}

function toNumber(a: number): number {
  bits[0] = a;
  return value[0]!;
}

function toBits(a: number): number {
  value[0] = a;
  return bits[0]!;
}

const nearest = (cells: Int32Array): boolean => (cells[CELL.FPSCR]! & FPSCR.RMODE) === 0;

function slow(cells: Int32Array, operation: (status: FloatStatus) => bigint): number {
  const result = operation(status.begin(cells[CELL.FPSCR]!));
  cells[CELL.FPSCR]! |= status.flags;
  return Number(BigInt.asIntN(32, result));
}

const big = (a: number): bigint => BigInt(a >>> 0);

/** a + b, or a - b. */
export function add32(cells: Int32Array, a: number, b: number, subtract: boolean): number {
  if (plain(a) && plain(b) && nearest(cells)) {
    const x = toNumber(a);
    const y = subtract ? -toNumber(b) : toNumber(b);
    const sum = x + y;
    const result = Math.fround(sum);
    const size = Math.abs(result);
    if ((size >= SMALL && size <= LARGE) || sum === 0) {
      const part = sum - x;
      if (result !== sum || x - (sum - part) + (y - part) !== 0) cells[CELL.FPSCR]! |= FPSCR.IXC;
      return toBits(result);
    }
  }
  return slow(cells, (s) => soft.add(big(a), big(b), F32, s, subtract));
}

/** a * b. */
export function multiply32(cells: Int32Array, a: number, b: number): number {
  if (plain(a) && plain(b) && nearest(cells)) {
    const x = toNumber(a);
    const y = toNumber(b);
    const product = x * y;
    const result = Math.fround(product);
    const size = Math.abs(result);
    if ((size >= SMALL && size <= LARGE) || product === 0) {
      if (result !== product) cells[CELL.FPSCR]! |= FPSCR.IXC;
      return toBits(result);
    }
  }
  return slow(cells, (s) => soft.multiply(big(a), big(b), F32, s));
}

/** a / b. */
export function divide32(cells: Int32Array, a: number, b: number): number {
  if (plain(a) && plain(b) && nearest(cells)) {
    const x = toNumber(a);
    const y = toNumber(b);
    const result = Math.fround(x / y);
    const size = Math.abs(result);
    if (size >= SMALL && size <= LARGE) {
      if (result * y !== x) cells[CELL.FPSCR]! |= FPSCR.IXC;
      return toBits(result);
    }
  }
  return slow(cells, (s) => soft.divide(big(a), big(b), F32, s));
}

/** Square root. */
export function squareRoot32(cells: Int32Array, a: number): number {
  if (plain(a) && a > 0 && nearest(cells)) {
    const x = toNumber(a);
    const result = Math.fround(Math.sqrt(x));
    if (result * result !== x) cells[CELL.FPSCR]! |= FPSCR.IXC;
    return toBits(result);
  }
  return slow(cells, (s) => soft.squareRoot(big(a), F32, s));
}

/** addend + a * b, rounded once. */
export function multiplyAdd32(cells: Int32Array, addend: number, a: number, b: number): number {
  if (plain(a) && plain(b) && plain(addend) && nearest(cells)) {
    const product = toNumber(a) * toNumber(b);
    const c = toNumber(addend);
    let sum = product + c;
    const part = sum - product;
    const error = product - (sum - part) + (c - part);
    if (error !== 0) {
      // Round the sum to odd, so that rounding it again cannot go wrong.
      wide[0] = sum;
      if ((wideBits[0]! & 1) === 0) {
        if (error > 0 === sum > 0) wideBits[0]! |= 1;
        else {
          if (wideBits[0] === 0) wideBits[1]!--;
          wideBits[0]!--;
        }
        sum = wide[0]!;
      }
    }
    const result = Math.fround(sum);
    const size = Math.abs(result);
    if ((size >= SMALL && size <= LARGE) || (sum === 0 && error === 0)) {
      if (result !== sum || error !== 0) cells[CELL.FPSCR]! |= FPSCR.IXC;
      return toBits(result);
    }
  }
  return slow(cells, (s) => soft.multiplyAdd(big(addend), big(a), big(b), F32, s));
}
