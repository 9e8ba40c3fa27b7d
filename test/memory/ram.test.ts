import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { GiB, KiB } from '../../src/memory/bits.ts';
import { CHUNK_SIZE, Ram, type RamObserver } from '../../src/memory/ram.ts';

const make = (size = 256 * KiB) => {
  const arena = new Arena(4 * 1024 * KiB);
  return { arena, ram: new Ram('OCRAM', size, arena) };
};

class Watcher implements RamObserver {
  readonly pages: number[] = [];
  readonly writes: [number, number][] = [];
  pageHasCode(_ram: Ram, page: number): void {
    this.pages.push(page);
  }
  codeWritten(_ram: Ram, offset: number, length: number): void {
    this.writes.push([offset, length]);
  }
}

describe('Ram', () => {
  it('reads as zero and takes no host memory until it is written', () => {
    const { arena, ram } = make();
    const before = arena.used;
    expect(ram.read(0x1234, 4)).toBe(0);
    expect(ram.readBytes(0, 16)).toEqual(new Uint8Array(16));
    expect(ram.locateIfTouched(0)).toBe(0);
    ram.fill(0, 0, ram.size);
    expect(arena.used).toBe(before);
    ram.write(0x1234, 1, 1);
    expect(arena.used).toBe(before + CHUNK_SIZE);
  });

  it('is little-endian at every width and alignment', () => {
    const { ram } = make();
    ram.write(1, 0x8877_6655, 4);
    expect(ram.read(1, 4)).toBe(0x8877_6655);
    expect(ram.read(2, 2)).toBe(0x7766);
    expect(ram.read(4, 1)).toBe(0x88);
    ram.write(3, 0xabcd, 2);
    expect(ram.read(1, 4)).toBe(0xabcd_6655);
  });

  it('joins chunks that lie apart in host memory', () => {
    const { ram } = make();
    ram.write(3 * CHUNK_SIZE, 1, 1);
    ram.write(CHUNK_SIZE - 2, 0xdead_beef, 4);
    expect(ram.read(CHUNK_SIZE - 2, 4)).toBe(0xdead_beef);
    expect(ram.read(CHUNK_SIZE, 2)).toBe(0xdead);
    const data = Uint8Array.from({ length: 3 * CHUNK_SIZE }, (_, index) => index * 7);
    ram.writeBytes(100, data);
    expect(ram.readBytes(100, data.length)).toEqual(data);
    ram.fill(CHUNK_SIZE - 1, 0x5a, 2);
    expect(ram.read(CHUNK_SIZE - 2, 4)).toBe((data[CHUNK_SIZE - 102]! | 0x5a_5a00 | (data[CHUNK_SIZE - 99]! << 24)) >>> 0);
  });

  it('holds 3 GiB of address space for a few chunks of host memory', () => {
    const { arena, ram } = make(3 * GiB);
    ram.write(3 * GiB - 4, 0x1234_5678, 4);
    expect(ram.read(3 * GiB - 4, 4)).toBe(0x1234_5678);
    expect(arena.used).toBeLessThan(200 * KiB);
  });

  it('tells observers of writes to code, whichever way they come, and of nothing else', () => {
    const { ram } = make();
    const watcher = new Watcher();
    ram.observe(watcher);
    ram.markCode(2);
    ram.markCode(2);
    expect(watcher.pages).toEqual([2]);
    expect([ram.isCode(1), ram.isCode(2)]).toEqual([false, true]);
    ram.write(0x1ffc, 1, 4);
    expect(watcher.writes).toEqual([]);
    ram.write(0x2004, 1, 4);
    ram.writeBytes(0x1ff0, new Uint8Array(32));
    ram.fill(0x2fff, 1, 4);
    expect(watcher.writes).toEqual([
      [0x2004, 4],
      [0x1ff0, 32],
      [0x2fff, 4],
    ]);
    ram.unobserve(watcher);
    ram.write(0x2004, 2, 4);
    expect(watcher.writes).toHaveLength(3);
  });

  it('tells nobody who caches code that the same bytes were copied over it, but those who hear of every write', () => {
    const { ram } = make();
    const heard: [number, number][] = [];
    const watcher = new Watcher();
    ram.observe(watcher);
    ram.observe({ pageHasCode: () => {}, codeWritten: () => {}, written: (_ram, offset, length) => heard.push([offset, length]) });
    const code = new Uint8Array(3 * CHUNK_SIZE).map((_, i) => 5 * i);
    const start = CHUNK_SIZE / 2;
    ram.writeBytes(start, code.subarray(0, 2 * CHUNK_SIZE));
    ram.markCode(start >>> 12);
    ram.markCode((3 * CHUNK_SIZE) >>> 12);
    heard.length = 0;
    ram.writeBytes(start, code.subarray(0, 2 * CHUNK_SIZE));
    expect([watcher.writes, heard]).toEqual([[], [[start, 2 * CHUNK_SIZE]]]);
    // What was never touched is zero, too.
    ram.writeBytes(3 * CHUNK_SIZE + 0x100, new Uint8Array(16));
    ram.writeBytes(start, new Uint8Array(0));
    ram.writeBytes(0, new Uint8Array(0));
    expect(watcher.writes).toEqual([]);
    const other = code.slice(0, 2 * CHUNK_SIZE);
    other[other.length - 1]! ^= 1;
    ram.writeBytes(start, other);
    expect(watcher.writes).toEqual([[start, 2 * CHUNK_SIZE]]);
    expect(ram.readBytes(start, 2 * CHUNK_SIZE)).toEqual(other);
  });
});
