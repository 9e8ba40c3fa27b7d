import { describe, expect, it } from 'vitest';
import { bits, GiB, hex, hex32, insertBits, KiB, MiB, mask } from '../../src/memory/bits.ts';

describe('bits', () => {
  it('masks every width, 0 and 32 included', () => {
    expect([0, 1, 8, 31, 32].map(mask)).toEqual([0, 1, 0xff, 0x7fff_ffff, 0xffff_ffff]);
  });

  it('takes fields out as unsigned numbers', () => {
    expect(bits(0x8000_0000, 31, 1)).toBe(1);
    expect(bits(0xdead_beef, 16, 16)).toBe(0xdead);
    expect(bits(0xdead_beef, 0, 32)).toBe(0xdead_beef);
    expect(bits(-1, 4, 28)).toBe(0x0fff_ffff);
  });

  it('puts fields in without touching their neighbours', () => {
    expect(insertBits(0xffff_ffff, 8, 8, 0)).toBe(0xffff_00ff);
    expect(insertBits(0, 28, 4, 0xf)).toBe(0xf000_0000);
    expect(insertBits(0x1234_5678, 0, 32, 0x9abc_def0)).toBe(0x9abc_def0);
    expect(insertBits(0, 4, 4, 0x123)).toBe(0x30);
  });

  it('writes hexadecimal as the kernel does', () => {
    expect(hex32(0xb8)).toBe('0x000000b8');
    expect(hex32(-1)).toBe('0xffffffff');
    expect(hex(0)).toBe('0x0');
    expect(hex(0x5500_0000)).toBe('0x55000000');
  });

  it('knows its sizes', () => {
    expect([KiB, MiB, GiB]).toEqual([2 ** 10, 2 ** 20, 2 ** 30]);
  });
});
