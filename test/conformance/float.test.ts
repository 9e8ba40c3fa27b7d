/** The oracle's floating-point arithmetic against the host's, which is IEEE 754 to nearest, and against itself where the host has nothing. */
import { describe, expect, it } from 'vitest';
import { interestingDouble, interestingSingle, Random } from '../support/random-thumb.ts';
import { FloatUnit, type Width } from './oracle/float.ts';

const view = new DataView(new ArrayBuffer(8));

function numberOf(pattern: bigint, width: Width): number {
  if (width === 64) view.setBigUint64(0, pattern);
  else view.setUint32(0, Number(pattern));
  return width === 64 ? view.getFloat64(0) : view.getFloat32(0);
}

function patternOf(value: number, width: Width): bigint {
  if (width === 64) view.setFloat64(0, value);
  else view.setFloat32(0, value);
  return width === 64 ? view.getBigUint64(0) : BigInt(view.getUint32(0));
}

function operand(random: Random, width: Width): bigint {
  if (width === 32) return BigInt(interestingSingle(random));
  const [low, high] = interestingDouble(random);
  return (BigInt(high) << 32n) | BigInt(low);
}

type Binary = (unit: FloatUnit, a: bigint, b: bigint, width: Width) => bigint;
const OPERATIONS: readonly (readonly [string, Binary, (a: number, b: number) => number])[] = [
  ['add', (u, a, b, w) => u.add(a, b, w), (a, b) => a + b],
  ['subtract', (u, a, b, w) => u.subtract(a, b, w), (a, b) => a - b],
  ['multiply', (u, a, b, w) => u.multiply(a, b, w), (a, b) => a * b],
  ['divide', (u, a, b, w) => u.divide(a, b, w), (a, b) => a / b],
  ['square root', (u, a, _b, w) => u.squareRoot(a, w), (a) => Math.sqrt(a)],
];

// Rounding a double's sum, product, quotient or root of singles to single once more changes nothing: 53 >= 2 * 24 + 2.
describe.each([32, 64] as const)('%i bits', (width) => {
  it.each(OPERATIONS)('%s', (_name, ours, theirs) => {
    const random = new Random(width);
    for (let k = 0; k < 4000; k++) {
      const [a, b] = [operand(random, width), operand(random, width)];
      const expected = theirs(numberOf(a, width), numberOf(b, width));
      const result = ours(new FloatUnit(0), a, b, width);
      if (Number.isNaN(expected)) expect(numberOf(result, width)).toBeNaN();
      else expect(result.toString(16)).toBe(patternOf(expected, width).toString(16));
    }
  });

  it('compares', () => {
    const random = new Random(width + 1);
    for (let k = 0; k < 2000; k++) {
      const [a, b] = [operand(random, width), random.chance(0.2) ? 0n : operand(random, width)];
      const [x, y] = [numberOf(a, width), numberOf(b, width)];
      const expected = x === y ? '0110' : x < y ? '1000' : x > y ? '0010' : '0011';
      expect(new FloatUnit(0).compare(a, b, width, false)).toBe(expected);
    }
  });

  it('rounds to integers', () => {
    const random = new Random(width + 2);
    for (let k = 0; k < 2000; k++) {
      const a = operand(random, width);
      const x = numberOf(a, width);
      if (!Number.isFinite(x)) continue;
      for (const [mode, round] of [
        ['down', Math.floor],
        ['up', Math.ceil],
        ['zero', Math.trunc],
      ] as const) {
        expect(new FloatUnit(0).roundInt(a, width, mode, false)).toBe(patternOf(round(x), width));
      }
    }
  });

  it('brackets the exact result between the directed modes', () => {
    const random = new Random(width + 3);
    const under = (mode: number, a: bigint, b: bigint): number => numberOf(new FloatUnit(mode << 22).divide(a, b, width), width);
    for (let k = 0; k < 2000; k++) {
      const [a, b] = [operand(random, width), operand(random, width)];
      const [nearest, up, down, zero] = [0, 1, 2, 3].map((mode) => under(mode, a, b)) as [number, number, number, number];
      if (Number.isNaN(nearest)) continue;
      expect(down <= up && down <= nearest && nearest <= up).toBe(true);
      expect(zero).toBe(numberOf(a, width) < 0 !== numberOf(b, width) < 0 ? up : down);
    }
  });
});

it('converts singles to doubles and back as the host does', () => {
  const random = new Random(5);
  for (let k = 0; k < 4000; k++) {
    const a = BigInt(interestingSingle(random));
    const x = numberOf(a, 32);
    if (!Number.isNaN(x)) expect(new FloatUnit(0).convert(a, 32, 64)).toBe(patternOf(x, 64));
    const b = operand(random, 64);
    const y = numberOf(b, 64);
    if (!Number.isNaN(y)) expect(new FloatUnit(0).convert(b, 64, 32)).toBe(patternOf(y, 32));
  }
});
