/** What `Horizon` says about functions of the round, held against the numbers themselves. */
import { describe, expect, it } from 'vitest';
import { type Affine, add, constant, Horizon, not, OPAQUE, scale } from '../../../src/cpu/rounds/affine.ts';
import { Random } from '../../support/random-thumb.ts';

const at = ({ c, d }: Affine, k: number): number => (c + Math.imul(d, k)) | 0;

/** Values around those where something happens. */
function value(random: Random): Affine {
  const c = random.pick([0, 1, -1, 5, 1000, 0x7fff_ffff, -0x8000_0000, 0x4000_0000, random.u32() | 0, random.below(5000)]) | 0;
  const d = random.pick([0, 0, 1, -1, 2, -3, 7, 16, -4096, 0x1000_0000, -0x8000_0000, random.u32() | 0, random.below(100) - 50]) | 0;
  return { c, d };
}

/** Rounds to look at: all of the first ones, and those around the last that is allowed. */
function rounds(horizon: Horizon): number[] {
  const last = Math.min(horizon.rounds, 2 ** 33) - 1;
  const list: number[] = [];
  for (let k = 0; k <= Math.min(last, 300); k++) list.push(k);
  for (let k = Math.max(0, last - 300); k <= last; k++) list.push(k);
  for (let part = 1; part < 16; part++) list.push(Math.floor((last * part) / 16));
  return list;
}

const CASES = 4000;

describe('a decision holds for all rounds that Horizon allows', () => {
  type Decision = (horizon: Horizon, a: Affine, b: Affine) => boolean;
  type Truth = (a: number, b: number) => boolean;
  const carry = (a: number, b: number, c: number): boolean => (a >>> 0) + (b >>> 0) + c >= 2 ** 32;
  const overflow = (a: number, b: number): boolean => a + b !== ((a + b) | 0);
  const decisions: readonly (readonly [string, Decision, Truth])[] = [
    ['zero', (h, a) => h.zero(a), (a) => a === 0],
    ['equality', (h, a, b) => h.zero(add(a, not(b), 1)), (a, b) => a === b],
    ['sign', (h, a) => h.negative(a), (a) => a < 0],
    ['carry', (h, a, b) => h.carries(a, b, 0), (a, b) => carry(a, b, 0)],
    ['not below', (h, a, b) => h.carries(a, not(b), 1), (a, b) => a >>> 0 >= b >>> 0],
    ['overflow', (h, a, b) => h.overflows(a, b, add(a, b, 0)), overflow],
  ];

  it.each(decisions)('%s', (_name, decide, truth) => {
    const random = new Random(1);
    let long = 0;
    for (let count = 0; count < CASES; count++) {
      const [a, b] = [value(random), value(random)];
      const horizon = new Horizon();
      const decided = decide(horizon, a, b);
      expect(horizon.rounds).toBeGreaterThan(0);
      for (const k of rounds(horizon)) {
        if (truth(at(a, k), at(b, k)) !== decided) expect.fail(`a ${a.c}+${a.d}k, b ${b.c}+${b.d}k: not ${decided} in round ${k}`);
      }
      if (horizon.rounds > 10) long++;
    }
    expect(long).toBeGreaterThan(CASES / 20);
  });

  it('the bits above a shift', () => {
    const random = new Random(2);
    for (let count = 0; count < CASES; count++) {
      const a = value(random);
      const shift = random.below(32);
      const horizon = new Horizon();
      if (!horizon.keepsAbove(a, shift)) continue;
      expect(rounds(horizon).filter((k) => at(a, k) >>> shift !== a.c >>> shift)).toEqual([]);
    }
  });
});

describe('the first round in which a value is zero', () => {
  it.each([
    [10, -1, 10],
    [10, -3, 2_863_311_534],
    [12, -4, 3],
    [-8, 2, 4],
    [1, 2, Number.POSITIVE_INFINITY],
    [0x8000_0000 | 0, 0x8000_0000 | 0, 1],
    [5, 0, Number.POSITIVE_INFINITY],
    [0, 1, 1],
    [0, 0, Number.POSITIVE_INFINITY],
  ])('%i + %i * k', (c, d, rounds) => {
    const horizon = new Horizon();
    horizon.zero({ c, d });
    expect(horizon.rounds).toBe(rounds);
  });
});

describe('sums and multiples', () => {
  it('are those of every round', () => {
    const random = new Random(3);
    for (let count = 0; count < CASES; count++) {
      const [a, b] = [value(random), value(random)];
      const k = random.u32();
      expect(at(add(a, b, 1), k)).toBe((at(a, k) + at(b, k) + 1) | 0);
      expect(at(not(a), k)).toBe(~at(a, k));
      expect(at(scale(a, b.c), k)).toBe(Math.imul(at(a, k), b.c));
    }
  });

  it('of what is not followed are not followed', () => {
    expect(add(OPAQUE, constant(1), 0)).toBe(OPAQUE);
    expect(not(OPAQUE)).toBe(OPAQUE);
    expect(scale(OPAQUE, 0)).toBe(OPAQUE);
  });
});
