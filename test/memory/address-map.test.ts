import { describe, expect, it } from 'vitest';
import { translateDa } from '../../src/memory/address-map.ts';

const TABLE = [
  { da: 0x0000_0000, sa: 0x007e_0000, size: 0x2_0000 },
  { da: 0x0018_0000, sa: 0x008f_8000, size: 0x4000 },
  { da: 0x0018_0000, sa: 0x008f_c000, size: 0x8000 },
  { da: 0x8000_0000, sa: 0x8000_0000, size: 0x6000_0000 },
];

describe('translateDa', () => {
  it('adds the offset within the row', () => {
    expect(translateDa(TABLE, 0x1_0004, 16)).toBe(0x007f_0004);
    expect(translateDa(TABLE, 0xdfff_0000, 0x100)).toBe(0xdfff_0000);
  });

  it('wants the end strictly below the end of the row, as Linux does', () => {
    expect(translateDa(TABLE, 0, 0x1_ffff)).toBe(0x007e_0000);
    expect(translateDa(TABLE, 0, 0x2_0000)).toBeUndefined();
    expect(translateDa(TABLE, 0x1_ffff, 0)).toBe(0x007f_ffff);
    expect(translateDa(TABLE, 0x1_ffff, 1)).toBeUndefined();
  });

  it('takes the first row that fits', () => {
    expect(translateDa(TABLE, 0x0018_0000, 0x100)).toBe(0x008f_8000);
    expect(translateDa(TABLE, 0x0018_0000, 0x5000)).toBe(0x008f_c000);
  });

  it('fails outside of all rows', () => {
    expect(translateDa(TABLE, 0x2000_0000, 4)).toBeUndefined();
    expect(translateDa([], 0, 1)).toBeUndefined();
  });
});
