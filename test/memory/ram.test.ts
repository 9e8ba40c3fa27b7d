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

  it('shows what stands behind it, and copies a chunk when it is first touched', () => {
    const { arena, ram } = make();
    const behind = Uint8Array.from({ length: CHUNK_SIZE }, (_, index) => index);
    const before = arena.used;
    ram.back(
      new Map([
        [1, behind],
        [3, behind],
      ]),
    );
    expect(arena.used).toBe(before);
    expect(ram.locateIfTouched(0)).toBe(0);
    expect(ram.read(CHUNK_SIZE + 0x10, 4)).toBe(0x1312_1110);
    expect(arena.used).toBe(before + CHUNK_SIZE);
    ram.write(3 * CHUNK_SIZE, 0xff, 1);
    expect(ram.readBytes(3 * CHUNK_SIZE - 1, 3)).toEqual(Uint8Array.of(0, 0xff, 1));
    expect(behind[0]).toBe(0);
    expect(ram.read(2 * CHUNK_SIZE, 4)).toBe(0);
  });

  it('gives its contents away as they were taken over, where nobody has changed them', () => {
    const { ram } = make();
    const behind = new Map([0, 1, 2].map((index) => [index, new Uint8Array(CHUNK_SIZE).fill(index + 1)]));
    ram.back(behind);
    ram.read(CHUNK_SIZE, 4);
    ram.write(2 * CHUNK_SIZE, 9, 1);
    const contents = ram.contents();
    expect([...contents.keys()]).toEqual([0, 1, 2]);
    expect(contents.get(0)).toBe(behind.get(0));
    expect(contents.get(1)).toBe(behind.get(1));
    expect(contents.get(2)).not.toBe(behind.get(2));
    expect(contents.get(2)!.subarray(0, 2)).toEqual(Uint8Array.of(9, 3));
    ram.write(0, 5, 1);
    expect(ram.contents().get(2)).toBe(contents.get(2));
    expect(contents.get(0)![0]).toBe(1);
    expect(behind.get(2)![0]).toBe(3);
  });

  it('knows a chunk of zeros that was touched from one that nobody has touched', () => {
    const { ram } = make();
    ram.locate(CHUNK_SIZE);
    const contents = ram.contents();
    const { ram: other } = make();
    other.back(contents);
    expect([other.locateIfTouched(0), other.locateIfTouched(CHUNK_SIZE) !== 0, other.read(CHUNK_SIZE, 4)]).toEqual([0, true, 0]);
    ram.locate(2 * CHUNK_SIZE);
    expect(ram.contents().get(2)).toBe(contents.get(1));
  });

  it('uses its place in host memory again, however often its contents are replaced', () => {
    const { arena, ram } = make(4 * CHUNK_SIZE + 4096);
    const full = new Map([0, 1, 2, 3, 4].map((index) => [index, new Uint8Array(ram.chunkLength(index)).fill(index + 1)]));
    ram.fill(0, 0xaa, ram.size);
    const { used } = arena;
    for (let round = 0; round < 100; round++) {
      ram.back(round % 2 === 0 ? full : new Map());
      expect(ram.readBytes(4 * CHUNK_SIZE, 2)).toEqual(round % 2 === 0 ? Uint8Array.of(5, 5) : new Uint8Array(2));
      ram.write((round % 5) * CHUNK_SIZE, 0x77, 1);
      if (round % 2 === 1) expect(ram.read((round % 5) * CHUNK_SIZE, 4)).toBe(0x77);
    }
    expect(arena.used).toBe(used);
  });

  it('leaves code in its place when its contents are replaced, and tells of the pages that are other than before', () => {
    const { ram } = make();
    const watcher = new Watcher();
    const moved: number[] = [];
    ram.observe({
      pageHasCode: () => {},
      codeWritten: (...args) => watcher.codeWritten(...args),
      moved: (_ram, offset) => moved.push(offset),
    });
    ram.write(0x1000, 0x4770, 2);
    ram.write(0x2000, 0x4770, 2);
    ram.write(CHUNK_SIZE, 1, 1);
    for (const page of [1, 2]) ram.markCode(page);
    const place = ram.locate(0);
    const contents = ram.contents();
    ram.write(0x2004, 1, 1);
    ram.write(0x3000, 1, 1);
    watcher.writes.length = 0;
    ram.back(contents);
    expect(ram.locate(0)).toBe(place);
    expect(watcher.writes).toEqual([[0x2000, 0x1000]]);
    expect(moved).toEqual([CHUNK_SIZE]);
    expect([ram.read(0x2004, 1), ram.read(0x3000, 1), ram.read(0x1000, 2)]).toEqual([0, 0, 0x4770]);
    ram.back(new Map());
    expect(watcher.writes.slice(1)).toEqual([[0, CHUNK_SIZE]]);
    expect(moved.at(-1)).toBe(0);
    expect(ram.locateIfTouched(0)).toBe(0);
  });

  it('tells those who hear of every write what it holds now', () => {
    const { ram } = make();
    const heard: [number, number][] = [];
    ram.observe({ pageHasCode: () => {}, codeWritten: () => {}, written: (_ram, offset, length) => heard.push([offset, length]) });
    ram.back(new Map([[1, new Uint8Array(CHUNK_SIZE).fill(1)]]));
    expect(heard).toEqual([[CHUNK_SIZE, CHUNK_SIZE]]);
  });
});
