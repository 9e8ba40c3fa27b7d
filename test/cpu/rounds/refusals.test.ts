/** Places that are passed over oftener and oftener. */
import { describe, expect, it } from 'vitest';
import { Refusals } from '../../../src/cpu/rounds/refusals.ts';

/** How often `place` is passed over in a row. */
function row(refusals: Refusals, place: number): number {
  let count = 0;
  while (refusals.passesOver(place)) count++;
  return count;
}

describe('Refusals', () => {
  it('passes a refused place over once, then twice, four times and so on, up to 256 times', () => {
    const refusals = new Refusals();
    expect(row(refusals, 0x1234)).toBe(0);
    const rows = Array.from({ length: 11 }, () => {
      refusals.refuse(0x1234);
      return row(refusals, 0x1234);
    });
    expect(rows).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256]);
    refusals.forgive(0x1234);
    expect(row(refusals, 0x1234)).toBe(0);
    refusals.refuse(0x1234);
    expect(row(refusals, 0x1234)).toBe(2);
  });

  it('waits until a place is seen again, where that is wanted', () => {
    const refusals = new Refusals(2);
    expect(row(refusals, 7)).toBe(2);
    expect(row(refusals, 8)).toBe(2);
    refusals.refuse(7);
    expect(row(refusals, 7)).toBe(2);
    expect(row(refusals, 8)).toBe(0);
  });

  it('keeps places apart and forgets those that others displace', () => {
    const refusals = new Refusals();
    for (let place = 0; place < 512; place++) refusals.refuse(place);
    for (let place = 0; place < 512; place++) expect(refusals.passesOver(place)).toBe(true);
    refusals.refuse(5);
    // 5 + 512 * 512 has the same index: 5 ^ (5 >>> 9) and (5 + 2^18) ^ ((5 + 2^18) >>> 9), which is 5 + 512.
    refusals.refuse(5 + (1 << 18));
    expect(refusals.passesOver(5)).toBe(false);
    refusals.forgive(5);
    expect(refusals.passesOver(5 + (1 << 18))).toBe(true);
  });

  it('takes addresses of the upper half', () => {
    const refusals = new Refusals();
    refusals.refuse(0x8020_1000);
    expect(refusals.passesOver(0x8020_1000)).toBe(true);
    expect(refusals.passesOver(0x8020_1000)).toBe(false);
  });
});
