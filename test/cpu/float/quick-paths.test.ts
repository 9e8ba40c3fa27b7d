/**
 * The quick paths of single.ts and double.ts against soft-float.ts, bits and flags, on seeded operands chosen to sit near ties,
 * cancellation, overflow and underflow. soft-float.ts itself is checked against QEMU (test/cpu/interpreter/conformance) and below.
 */
import { describe, expect, it } from 'vitest';
import { CELL } from '../../../src/cpu/core-registers.ts';
import {
  ADDEND,
  add64,
  divide64,
  multiply64,
  multiplyAdd64,
  pattern,
  RESULT,
  setPattern,
  squareRoot64,
  X,
  Y,
} from '../../../src/cpu/float/double.ts';
import { F32, F64, FloatStatus, type Format, FPSCR } from '../../../src/cpu/float/format.ts';
import { add32, divide32, multiply32, multiplyAdd32, squareRoot32 } from '../../../src/cpu/float/single.ts';
import * as soft from '../../../src/cpu/float/soft-float.ts';

const SEED = 0x5eed_0001;
const cells = new Int32Array(64);

class Operands {
  private state = SEED;

  bits(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return this.state >>> 0;
  }

  /** Sparse significands make ties and exact results, exponents within `spread` of one make cancellation and long alignment. */
  value(format: Format, spread: number): bigint {
    const fractionBits = BigInt(format.fractionBits);
    let fraction = ((BigInt(this.bits()) << 32n) | BigInt(this.bits())) & ((1n << fractionBits) - 1n);
    const kind = this.bits() & 7;
    if (kind < 3) fraction &= ~((1n << (fractionBits / 2n)) - 1n);
    if (kind === 3) fraction = 0n;
    if (kind === 4) fraction = (1n << fractionBits) - 1n;
    if (kind === 5) fraction = 1n << BigInt(this.bits() % format.fractionBits);
    if (kind === 6) fraction &= 3n;
    const bias = 2 ** (format.exponentBits - 1) - 1;
    let exponent = bias + (this.bits() % (2 * spread + 1)) - spread;
    if ((this.bits() & 63) === 0) exponent = this.bits() % (2 * bias + 2);
    exponent = Math.min(Math.max(exponent, 0), 2 * bias + 1);
    const sign = BigInt(this.bits() & 1) << BigInt(format.width - 1);
    return sign | (BigInt(exponent) << fractionBits) | fraction;
  }
}

/** Runs `quick` and `slow` on the same operands, with IXC clear and set, and reports what differs. */
function compare(
  format: Format,
  count: number,
  spread: number,
  quick: (a: bigint, b: bigint, c: bigint) => bigint,
  slow: (a: bigint, b: bigint, c: bigint, status: FloatStatus) => bigint,
): string[] {
  const operands = new Operands();
  const wrong: string[] = [];
  for (let i = 0; i < count; i++) {
    const [a, b, c] = [operands.value(format, spread), operands.value(format, spread), operands.value(format, spread)];
    const before = i & 1 ? FPSCR.IXC : 0;
    cells[CELL.FPSCR] = before;
    const result = quick(a, b, c);
    const status = new FloatStatus();
    const expected = slow(a, b, c, status.begin(before));
    if (result !== expected || cells[CELL.FPSCR] !== (before | status.flags)) {
      wrong.push([a, b, c, result, expected].map((value) => value.toString(16)).join(' '));
    }
  }
  return wrong.slice(0, 5);
}

const i32 = (bits: bigint): number => Number(BigInt.asIntN(32, bits));
const u32 = (bits: number): bigint => BigInt(bits >>> 0);

function double(operation: () => void): (a: bigint, b: bigint, c: bigint) => bigint {
  return (a, b, c) => {
    setPattern(X, a);
    setPattern(Y, b);
    setPattern(ADDEND, c);
    operation();
    return pattern(RESULT);
  };
}

describe.each([3, 30, 100])('single precision, exponents within %i', (spread) => {
  const COUNT = 8000;
  it('add', () => {
    expect(
      compare(
        F32,
        COUNT,
        spread,
        (a, b) => u32(add32(cells, i32(a), i32(b), false)),
        (a, b, _c, s) => soft.add(a, b, F32, s),
      ),
    ).toEqual([]);
  });
  it('subtract', () => {
    expect(
      compare(
        F32,
        COUNT,
        spread,
        (a, b) => u32(add32(cells, i32(a), i32(b), true)),
        (a, b, _c, s) => soft.add(a, b, F32, s, true),
      ),
    ).toEqual([]);
  });
  it('multiply', () => {
    expect(
      compare(
        F32,
        COUNT,
        spread,
        (a, b) => u32(multiply32(cells, i32(a), i32(b))),
        (a, b, _c, s) => soft.multiply(a, b, F32, s),
      ),
    ).toEqual([]);
  });
  it('divide', () => {
    expect(
      compare(
        F32,
        COUNT,
        spread,
        (a, b) => u32(divide32(cells, i32(a), i32(b))),
        (a, b, _c, s) => soft.divide(a, b, F32, s),
      ),
    ).toEqual([]);
  });
  it('square root', () => {
    expect(
      compare(
        F32,
        COUNT,
        spread,
        (a) => u32(squareRoot32(cells, i32(a))),
        (a, _b, _c, s) => soft.squareRoot(a, F32, s),
      ),
    ).toEqual([]);
  });
  it('multiply and add', () => {
    const quick = (a: bigint, b: bigint, c: bigint) => u32(multiplyAdd32(cells, i32(c), i32(a), i32(b)));
    expect(compare(F32, COUNT * 2, spread, quick, (a, b, c, s) => soft.multiplyAdd(c, a, b, F32, s))).toEqual([]);
  });
});

describe.each([3, 60, 900])('double precision, exponents within %i', (spread) => {
  const COUNT = 5000;
  it('add', () => {
    expect(
      compare(
        F64,
        COUNT,
        spread,
        double(() => add64(cells, false)),
        (a, b, _c, s) => soft.add(a, b, F64, s),
      ),
    ).toEqual([]);
  });
  it('subtract', () => {
    expect(
      compare(
        F64,
        COUNT,
        spread,
        double(() => add64(cells, true)),
        (a, b, _c, s) => soft.add(a, b, F64, s, true),
      ),
    ).toEqual([]);
  });
  it('multiply', () => {
    expect(
      compare(
        F64,
        COUNT,
        spread,
        double(() => multiply64(cells)),
        (a, b, _c, s) => soft.multiply(a, b, F64, s),
      ),
    ).toEqual([]);
  });
  it('divide', () => {
    expect(
      compare(
        F64,
        COUNT,
        spread,
        double(() => divide64(cells)),
        (a, b, _c, s) => soft.divide(a, b, F64, s),
      ),
    ).toEqual([]);
  });
  it('square root', () => {
    expect(
      compare(
        F64,
        COUNT,
        spread,
        double(() => squareRoot64(cells)),
        (a, _b, _c, s) => soft.squareRoot(a, F64, s),
      ),
    ).toEqual([]);
  });
  it('multiply and add', () => {
    expect(
      compare(
        F64,
        COUNT * 3,
        spread,
        double(() => multiplyAdd64(cells)),
        (a, b, c, s) => soft.multiplyAdd(c, a, b, F64, s),
      ),
    ).toEqual([]);
  });
});

describe('multiply and add with a near-cancelling addend', () => {
  /** c = -(a * b) rounded, moved by up to three units: the exact remainder is what counts. */
  function near(format: Format, a: bigint, b: bigint, nudge: number): bigint {
    const product = soft.multiply(a, b, format, new FloatStatus());
    return (product ^ (1n << BigInt(format.width - 1))) + BigInt(nudge);
  }

  it('single', () => {
    const operands = new Operands();
    for (let i = 0; i < 4000; i++) {
      const [a, b] = [operands.value(F32, 10), operands.value(F32, 10)];
      const c = BigInt.asUintN(32, near(F32, a, b, (i % 7) - 3));
      const status = new FloatStatus();
      cells[CELL.FPSCR] = 0;
      expect(u32(multiplyAdd32(cells, i32(c), i32(a), i32(b)))).toBe(soft.multiplyAdd(c, a, b, F32, status));
      expect(cells[CELL.FPSCR]).toBe(status.flags);
    }
  });

  it('double', () => {
    const operands = new Operands();
    for (let i = 0; i < 4000; i++) {
      const [a, b] = [operands.value(F64, 100), operands.value(F64, 100)];
      const c = BigInt.asUintN(64, near(F64, a, b, (i % 7) - 3));
      const status = new FloatStatus();
      cells[CELL.FPSCR] = i & 8 ? FPSCR.IXC : 0;
      const before = cells[CELL.FPSCR]!;
      expect(double(() => multiplyAdd64(cells))(a, b, c)).toBe(soft.multiplyAdd(c, a, b, F64, status));
      expect(cells[CELL.FPSCR]).toBe(before | status.flags);
    }
  });
});
