/** The A core's view in U-Boot: nothing is behind 4 GiB, and nothing wraps around to the start. */
import { expect, it } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { KiB } from '../../src/memory/bits.ts';
import { AddressSpace } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { DataAbort, PhysicalMemory } from '../../src/uboot/memory-access.ts';

it('ends at 4 GiB', () => {
  const space = new AddressSpace('a53');
  const ram = new Ram('DDR', 64 * KiB, new Arena(1024 * KiB));
  space.mapRam(0, ram);
  space.mapRam(0xffff_f000, ram, 0, 4 * KiB, 'top');
  const memory = new PhysicalMemory(space);
  expect(memory.isRam(0xffff_f000, 4 * KiB)).toBe(true);
  expect(memory.isRam(0xffff_f000, 4 * KiB + 1)).toBe(false);
  expect(memory.isRam(2 ** 32, 4)).toBe(false);
  expect(memory.isRam(2 ** 32 + 16, 4)).toBe(false);
  expect(() => memory.put(0xffff_fffc, new Uint8Array(8).fill(1))).toThrow(DataAbort);
  expect(memory.word(0)).toBe(0);
});
