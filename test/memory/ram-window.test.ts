/** Windows into RAM: the same bytes as the bus gives, wherever they lie, and writes that observers hear of. */
import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { KiB, MiB } from '../../src/memory/bits.ts';
import { AddressSpace, BUS_FAULT } from '../../src/memory/bus.ts';
import { CHUNK_SIZE, Ram } from '../../src/memory/ram.ts';
import { RamWindow } from '../../src/memory/ram-window.ts';

const BASE = 0x8000_0000;

function setUp() {
  const ram = new Ram('DDR', 256 * KiB, new Arena(MiB));
  const space = new AddressSpace('test');
  space.mapRam(BASE, ram);
  return { ram, space };
}

describe('RamWindow', () => {
  it('reads zero from memory that was never touched, and touches none', () => {
    const { ram, space } = setUp();
    const window = new RamWindow(space, BASE + 0x100, 0x100);
    const { used } = ram.arena;
    expect([window.read(BASE + 0x100, 4), window.read(BASE + 0x1fe, 2)]).toEqual([0, 0]);
    expect(ram.arena.used).toBe(used);
  });

  it('shows what others write after it was made, and others see what it writes', () => {
    const { space } = setUp();
    const window = new RamWindow(space, BASE, 0x1000);
    space.write(BASE + 0x10, 0xfedc_ba98, 4);
    expect([window.read(BASE + 0x10, 4), window.read(BASE + 0x12, 2), window.read(BASE + 0x11, 2)]).toEqual([0xfedc_ba98, 0xfedc, 0xdcba]);
    expect(window.write(BASE + 0x21, 0x1_2345, 2)).toBe(true);
    expect(space.read(BASE + 0x20, 4)).toBe(0x0023_4500);
    expect(window.write(BASE + 0xffc, 0xffff_fffe, 4)).toBe(true);
    expect(space.read(BASE + 0xffc, 4)).toBe(0xffff_fffe);
  });

  it('follows its RAM to other contents', () => {
    const { ram, space } = setUp();
    const window = new RamWindow(space, BASE, 0x1000);
    window.write(BASE, 0x1111_1111, 4);
    const contents = ram.contents();
    window.write(BASE, 0x2222_2222, 4);
    ram.back(contents);
    ram.locate(2 * CHUNK_SIZE);
    expect(window.read(BASE, 4)).toBe(0x1111_1111);
    ram.back(new Map());
    expect(window.read(BASE, 4)).toBe(0);
    ram.back(contents);
    window.write(BASE, 3, 2);
    expect(space.read(BASE, 4)).toBe(0x1111_0003);
    expect(contents.get(0)![0]).toBe(0x11);
  });

  it.each([
    ['across two chunks', CHUNK_SIZE - 8, 16],
    ['over the end of the RAM', 256 * KiB - 8, 16],
    ['outside of it', 0x10, 4],
  ])('gives the same as the bus %s', (_, offset, size) => {
    const { space } = setUp();
    const window = new RamWindow(space, BASE + offset, size);
    for (let at = offset - 4; at < offset + size; at++) {
      const written = window.write(BASE + at, 0xa0b0_0000 + at, 4);
      expect(window.read(BASE + at, 4)).toBe(space.read(BASE + at, 4));
      expect(window.read(BASE + at, 4)).toBe(written ? 0xa0b0_0000 + at : BUS_FAULT);
    }
  });

  it('asks a device each time', () => {
    const space = new AddressSpace('test');
    let reads = 0;
    space.mapDevice(BASE, 0x100, { read: () => ++reads, write: () => false, peek: () => 0 }, 'device');
    const window = new RamWindow(space, BASE, 0x10);
    expect([window.read(BASE, 4), window.read(BASE, 4), window.write(BASE, 1, 4)]).toEqual([1, 2, false]);
  });

  it('tells those who cache code that it was overwritten', () => {
    const { ram, space } = setUp();
    const heard: number[][] = [];
    ram.observe({ pageHasCode: () => {}, codeWritten: (_ram, offset, length) => heard.push([offset, length]) });
    const window = new RamWindow(space, BASE + 0x1000, 0x1000);
    window.write(BASE + 0x1004, 1, 2);
    ram.markCode(1);
    window.write(BASE + 0x1008, 1, 4);
    expect(heard).toEqual([[0x1008, 4]]);
  });
});
