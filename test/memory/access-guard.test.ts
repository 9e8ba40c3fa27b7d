/** Guards of address spaces: what is refused, and to whom that makes no difference. */
import { beforeEach, describe, expect, it } from 'vitest';
import { LinuxMemory } from '../../src/history/linux-memory.ts';
import { Arena } from '../../src/memory/arena.ts';
import { type AccessGuard, AddressSpace, BUS_FAULT, MAY_READ, MAY_WRITE } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { RamWindow } from '../../src/memory/ram-window.ts';

let space: AddressSpace;
let ram: Ram;
let noted: string[];

/** Closes bytes 0x100 to 0x1ff of the RAM at 0x1000 but for `rights`. */
function guard(rights: number, fails = true): AccessGuard {
  return {
    closes: (region) => region.ram === ram,
    rights: (_region, offset, size) => (offset < 0x200 && offset + size > 0x100 ? rights : MAY_READ | MAY_WRITE),
    fails: () => fails,
    note: (_region, offset, size, write) => noted.push(`${write ? 'write' : 'read'} ${size} ${offset.toString(16)}`),
  };
}

beforeEach(() => {
  space = new AddressSpace('test');
  ram = new Ram('RAM', 0x1000, new Arena());
  space.mapRam(0x1000, ram);
  space.mapRam(0x2000, new Ram('other', 0x1000, ram.arena));
  ram.fill(0, 0x55, 0x1000);
  noted = [];
});

describe('the guard of an address space', () => {
  it('refuses reads or writes as bus errors, and says so to who keeps a record', () => {
    space.setGuard(guard(MAY_READ));
    expect([space.read(0x1100, 4), space.write(0x1100, 1, 4), space.write(0x1200, 1, 4)]).toEqual([0x5555_5555, false, true]);
    space.setGuard(guard(MAY_WRITE));
    expect([space.read(0x10fe, 4), space.read(0x10fc, 4), space.write(0x1100, 1, 4)]).toEqual([BUS_FAULT, 0x5555_5555, true]);
    expect(noted).toEqual(['write 4 100', 'read 4 fe']);
  });

  it('gives zeros and loses writes where refusals are no errors', () => {
    space.setGuard(guard(0, false));
    expect([space.read(0x1100, 4), space.write(0x1100, 1, 4), ram.read(0x100, 4)]).toEqual([0, true, 0x5555_5555]);
  });

  it('does not stand in the way of who only looks, and tells who derives something from rights', () => {
    let told = 0;
    space.onGuard(() => told++);
    space.setGuard(guard(0));
    expect([space.peek(0x1100, 4), space.readBytes(0x1100, 1)]).toEqual([0x5555_5555, Uint8Array.of(0x55)]);
    space.setGuard(undefined);
    expect([told, space.read(0x1100, 1), noted]).toEqual([2, 0x55, []]);
  });

  it('judges an access that crosses into another region byte by byte', () => {
    const last = { ...guard(0), rights: (_region: unknown, offset: number) => (offset === 0xfff ? 0 : MAY_READ | MAY_WRITE) };
    space.setGuard(last);
    expect([space.read(0x1ffe, 4), space.read(0x1ffd, 2)]).toEqual([BUS_FAULT, 0x5555]);
  });
});

describe('Linux behind a guard', () => {
  it('copies and fills around what is closed to it', () => {
    const linux = new LinuxMemory(space);
    space.setGuard(guard(0));
    expect(linux.fill(0x10f0, 0xaa, 0x120)).toBe(true);
    expect([0xef, 0xf0, 0xff, 0x100, 0x1ff, 0x200, 0x20f, 0x210].map((at) => ram.read(at, 1))).toEqual([
      0x55, 0xaa, 0xaa, 0x55, 0x55, 0xaa, 0xaa, 0x55,
    ]);
    expect(linux.writeBytes(0x11f8, new Uint8Array(16).fill(0xbb))).toBe(true);
    expect([ram.read(0x1fc, 4), ram.read(0x200, 4)]).toEqual([0x5555_5555, 0xbbbb_bbbb]);
    expect(linux.readBytes(0x11fe, 4)).toEqual(Uint8Array.of(0, 0, 0xbb, 0xbb));
    expect(noted).toEqual(['write 128 100', 'write 128 180', 'write 8 1f8', 'read 2 1fe']);
    expect(linux.writeBytes(0x2ff8, new Uint8Array(16))).toBe(false);
  });

  it('finds its rings by the guard, too', () => {
    const window = new RamWindow(new LinuxMemory(space), 0x1100, 0x100);
    expect(window.read(0x1100, 4)).toBe(0x5555_5555);
    space.setGuard(guard(MAY_READ));
    expect([window.read(0x1100, 4), window.write(0x1100, 1, 4)]).toEqual([0x5555_5555, false]);
    space.setGuard(undefined);
    expect(window.write(0x1100, 1, 4)).toBe(true);
  });
});
