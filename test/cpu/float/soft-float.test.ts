/** The reference arithmetic on operands whose results the ARM ARM states: NaNs, infinities, flushing, directed rounding, halves. */
import { describe, expect, it } from 'vitest';
import { convert, fromFixed, roundInt, roundIntegral, toFixed } from '../../../src/cpu/float/conversions.ts';
import { F16, F32, F64, FloatStatus, FPSCR, ROUND } from '../../../src/cpu/float/format.ts';
import { add, compare, divide, maximumNumber, multiply, multiplyAdd, squareRoot } from '../../../src/cpu/float/soft-float.ts';

const { IOC, DZC, OFC, UFC, IXC, IDC, FZ, DN, AHP } = FPSCR;
const rounding = (mode: number): number => mode << 22;
const ONE = 0x3f80_0000n;
const MIN = 0x0080_0000n;
const MAX = 0x7f7f_ffffn;
const INF = 0x7f80_0000n;
const QNAN = 0x7fc1_2345n;
const SNAN = 0x7f81_2345n;
const NEG = 0x8000_0000n;

/** Result and flags of a single-precision operation under `fpscr`. */
function under(fpscr: number, operation: (status: FloatStatus) => bigint | number): [string, number] {
  const status = new FloatStatus().begin(fpscr);
  const result = operation(status);
  return [result.toString(16), status.flags];
}

const hex = (value: bigint): string => value.toString(16);

describe('NaNs', () => {
  it.each([
    ['signalling first operand', SNAN, ONE, SNAN | 0x40_0000n, IOC],
    ['signalling second operand before a quiet first', QNAN, SNAN, SNAN | 0x40_0000n, IOC],
    ['quiet operands in order', QNAN, QNAN | 1n | NEG, QNAN, 0],
  ] as const)('%s', (_name, a, b, result, flags) => {
    expect(under(0, (s) => add(a, b, F32, s))).toEqual([hex(result), flags]);
    expect(under(DN, (s) => add(a, b, F32, s))).toEqual(['7fc00000', flags]);
  });

  it('come from invalid operations', () => {
    expect(under(0, (s) => add(INF, INF, F32, s, true))).toEqual(['7fc00000', IOC]);
    expect(under(0, (s) => multiply(INF, 0n, F32, s))).toEqual(['7fc00000', IOC]);
    expect(under(0, (s) => divide(0n, NEG, F32, s))).toEqual(['7fc00000', IOC]);
    expect(under(0, (s) => squareRoot(ONE | NEG, F32, s))).toEqual(['7fc00000', IOC]);
    expect(under(0, (s) => multiplyAdd(QNAN, INF, 0n, F32, s))).toEqual(['7fc00000', IOC]);
    expect(under(0, (s) => multiplyAdd(INF | NEG, INF, ONE, F32, s))).toEqual(['7fc00000', IOC]);
  });

  it('compare unordered; only E or a signalling one is invalid', () => {
    expect(under(0, (s) => compare(QNAN, ONE, F32, false, s))).toEqual(['30000000', 0]);
    expect(under(0, (s) => compare(QNAN, ONE, F32, true, s))).toEqual(['30000000', IOC]);
    expect(under(0, (s) => compare(ONE, SNAN, F32, false, s))).toEqual(['30000000', IOC]);
    expect(under(0, (s) => compare(0n, NEG, F32, true, s))).toEqual(['60000000', 0]);
    expect(under(0, (s) => compare(INF | NEG, MAX, F32, true, s))).toEqual(['-80000000', 0]);
  });

  it('lose against numbers in VMAXNM and VMINNM when they are quiet', () => {
    expect(under(0, (s) => maximumNumber(QNAN, ONE | NEG, F32, true, s))).toEqual([hex(ONE | NEG), 0]);
    expect(under(0, (s) => maximumNumber(ONE, QNAN, F32, false, s))).toEqual([hex(ONE), 0]);
    expect(under(0, (s) => maximumNumber(ONE, SNAN, F32, false, s))).toEqual([hex(SNAN | 0x40_0000n), IOC]);
    expect(under(0, (s) => maximumNumber(NEG, 0n, F32, true, s))).toEqual(['0', 0]);
    expect(under(0, (s) => maximumNumber(0n, NEG, F32, false, s))).toEqual([hex(NEG), 0]);
  });
});

describe('rounding', () => {
  const third = [
    [ROUND.NEAREST, '3eaaaaab'],
    [ROUND.UP, '3eaaaaab'],
    [ROUND.DOWN, '3eaaaaaa'],
    [ROUND.ZERO, '3eaaaaaa'],
  ] as const;
  it.each(third)('mode %i of 1/3', (mode, expected) => {
    expect(under(rounding(mode), (s) => divide(ONE, 0x4040_0000n, F32, s))).toEqual([expected, IXC]);
  });

  it('overflows to infinity or to the largest number, by mode and sign', () => {
    const results = [ROUND.NEAREST, ROUND.UP, ROUND.DOWN, ROUND.ZERO].map((mode) =>
      [MAX, MAX | NEG].map((a) => under(rounding(mode), (s) => multiply(a, MAX, F32, s))),
    );
    const both = OFC | IXC;
    expect(results).toEqual([
      [
        ['7f800000', both],
        ['ff800000', both],
      ],
      [
        ['7f800000', both],
        ['ff7fffff', both],
      ],
      [
        ['7f7fffff', both],
        ['ff800000', both],
      ],
      [
        ['7f7fffff', both],
        ['ff7fffff', both],
      ],
    ]);
  });

  it('gives minus zero for an exact difference only when rounding down', () => {
    expect(under(0, (s) => add(ONE, ONE, F32, s, true))).toEqual(['0', 0]);
    expect(under(rounding(ROUND.DOWN), (s) => add(ONE, ONE, F32, s, true))).toEqual(['80000000', 0]);
    expect(under(rounding(ROUND.DOWN), (s) => add(0n, 0n, F32, s))).toEqual(['0', 0]);
  });
});

describe('subnormals', () => {
  it('are exact, or raise UFC with IXC', () => {
    expect(under(0, (s) => multiply(MIN, 0x3f00_0000n, F32, s))).toEqual(['400000', 0]);
    expect(under(0, (s) => multiply(MIN | 1n, 0x3f00_0000n, F32, s))).toEqual(['400000', UFC | IXC]);
    // Tiny before rounding, though it rounds to the smallest normal number.
    expect(under(0, (s) => multiply(0x007f_ffffn, 0x3f80_0001n, F32, s))).toEqual(['800000', UFC | IXC]);
  });

  it('are flushed under FZ: operands with IDC, results with UFC alone', () => {
    expect(under(FZ, (s) => add(1n, ONE, F32, s))).toEqual([hex(ONE), IDC]);
    expect(under(FZ, (s) => multiply(MIN | 1n | NEG, 0x3f00_0000n, F32, s))).toEqual(['80000000', UFC]);
    expect(under(FZ, (s) => divide(ONE, 1n, F32, s))).toEqual(['7f800000', IDC | DZC]);
  });
});

describe('halves', () => {
  it('convert both ways', () => {
    expect(under(0, (s) => convert(0x3c00n, F16, F32, s))).toEqual([hex(ONE), 0]);
    expect(under(0, (s) => convert(0x0001n, F16, F64, s))).toEqual(['3e70000000000000', 0]);
    expect(under(0, (s) => convert(0x477f_f000n, F32, F16, s))).toEqual(['7c00', OFC | IXC]);
    expect(under(0, (s) => convert(0x3380_0000n, F32, F16, s))).toEqual(['1', 0]);
    expect(under(FZ, (s) => convert(0x0001n, F16, F32, s))).toEqual(['33800000', 0]);
  });

  it('have no infinities and NaNs in the alternative format', () => {
    expect(under(AHP, (s) => convert(0x7c00n, F16, F32, s))).toEqual(['47800000', 0]);
    expect(under(AHP, (s) => convert(INF, F32, F16, s))).toEqual(['7fff', IOC]);
    expect(under(AHP, (s) => convert(QNAN | NEG, F32, F16, s))).toEqual(['8000', IOC]);
    expect(under(AHP, (s) => convert(MAX, F32, F16, s))).toEqual(['7fff', IOC]);
  });
});

describe('integers', () => {
  it.each([
    [2.5, [2, 3, 2, 2, 3]],
    [-2.5, [-2, -2, -3, -2, -3]],
    [-0.49999999999999994, [-0, -0, -1, -0, -0]],
    [0.49999999999999994, [0, 1, 0, 0, 0]],
    [2251799813685249.5, [2251799813685250, 2251799813685250, 2251799813685249, 2251799813685249, 2251799813685250]],
  ])('rounds %d in every mode', (value, expected) => {
    expect([ROUND.NEAREST, ROUND.UP, ROUND.DOWN, ROUND.ZERO, ROUND.AWAY].map((mode) => roundIntegral(value, mode))).toEqual(expected);
  });

  it('saturates with IOC and without IXC', () => {
    const to = (value: number, signed: boolean, width = 32) => under(0, (s) => toFixed(value, 0, width, signed, ROUND.ZERO, s) >>> 0);
    expect(to(2147483648, true)).toEqual(['7fffffff', IOC]);
    expect(to(-2147483648.5, true)).toEqual(['80000000', IXC]);
    expect(to(-2147483649, true)).toEqual(['80000000', IOC]);
    expect(to(-1, false)).toEqual(['0', IOC]);
    expect(to(-0.5, false)).toEqual(['0', IXC]);
    expect(to(Number.NaN, true)).toEqual(['0', IOC]);
    expect(to(Number.POSITIVE_INFINITY, false)).toEqual(['ffffffff', IOC]);
    expect(to(40000, true, 16)).toEqual(['7fff', IOC]);
  });

  it('become floats with one rounding', () => {
    expect(under(0, (s) => fromFixed(0x0100_0001, 0, F32, s))).toEqual(['4b800000', IXC]);
    expect(under(rounding(ROUND.UP), (s) => fromFixed(0x0100_0001, 0, F32, s))).toEqual(['4b800001', IXC]);
    expect(under(0, (s) => fromFixed(-1, 16, F32, s))).toEqual(['b7800000', 0]);
  });

  it('VRINT keeps the sign of zero, and only X is inexact', () => {
    expect(under(0, (s) => roundInt(0xbe80_0000n, F32, ROUND.NEAREST, true, s))).toEqual(['80000000', IXC]);
    expect(under(0, (s) => roundInt(0x4020_0000n, F32, ROUND.AWAY, false, s))).toEqual(['40400000', 0]);
    expect(under(0, (s) => roundInt(0x7fff_0000_0000_0000n, F64, ROUND.ZERO, false, s))).toEqual(['7fff000000000000', 0]);
  });
});
