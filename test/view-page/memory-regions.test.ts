import { describe, expect, it } from 'vitest';
import type { MemoryRegion } from '../../src/view/protocol.ts';
import { MemoryCache } from '../../view/src/panes/memory/cache.ts';
import { aliases, condensed, ramWithin, stretchAt, stretches, strip } from '../../view/src/panes/memory/regions.ts';

const ram = (name: string, base: number, size: number, offset?: number): MemoryRegion => ({
  name,
  base,
  size,
  kind: 'ram',
  ...(offset === undefined ? {} : { offset }),
});
const device = (name: string, base: number, size = 0x1_0000): MemoryRegion => ({ name, base, size, kind: 'device' });

const M7 = [
  ram('ITCM', 0, 0x2_0000),
  ram('DTCM', 0x2000_0000, 0x2_0000),
  device('UART4', 0x30a6_0000),
  device('MU1', 0x30ab_0000),
  ram('DDR', 0x1000_0000, 0x0ffe_0000),
  ram('DDR', 0x4000_0000, 0xa000_0000),
];
const LINUX = [ram('ITCM', 0x007e_0000, 0x2_0000), ram('DTCM', 0x0080_0000, 0x2_0000), ram('DDR', 0x4000_0000, 0xc000_0000)];

describe('regions of a view', () => {
  it('cover the whole address space', () => {
    const pieces = stretches(M7);
    expect(pieces[0]).toMatchObject({ kind: 'ram', from: 0, to: 0x2_0000 });
    expect(pieces[1]).toMatchObject({ kind: 'hole', from: 0x2_0000, to: 0x1000_0000, next: { name: 'DDR' } });
    expect(pieces.at(-1)).toMatchObject({ kind: 'hole', to: 2 ** 32 });
    for (const [index, piece] of pieces.entries()) expect(piece.from).toBe(index === 0 ? 0 : pieces[index - 1]!.to);
    expect(stretches([])).toEqual([{ kind: 'hole', from: 0, to: 2 ** 32 }]);
    expect(stretchAt(pieces, 0x30a6_1234)).toMatchObject({ kind: 'device', region: { name: 'UART4' } });
    expect(stretchAt(pieces, 0x3000_0000)).toMatchObject({ kind: 'hole' });
    expect(stretchAt(pieces, 0xffff_ffff)).toMatchObject({ kind: 'hole' });
  });

  it('overlapping ones do not break that', () => {
    const pieces = stretches([ram('A', 0x1000, 0x1000), ram('B', 0x1800, 0x1000), ram('C', 0x1900, 0x10)]);
    expect(pieces.map(({ from, to }) => [from, to])).toEqual([
      [0, 0x1000],
      [0x1000, 0x2000],
      [0x2000, 0x2800],
      [0x2800, 2 ** 32],
    ]);
  });

  it('tell what may be read: never a device', () => {
    const pieces = stretches(M7);
    expect(ramWithin(pieces, 0x1fff_f000, 0x2000_1000)).toEqual([{ from: 0x2000_0000, to: 0x2000_1000 }]);
    expect(ramWithin(pieces, 0x30a6_0000, 0x30ac_0000)).toEqual([]);
    expect(ramWithin(stretches([ram('A', 0, 16), ram('B', 16, 16)]), 8, 24)).toEqual([{ from: 8, to: 24 }]);
  });

  it('are seen elsewhere by other names', () => {
    const memory = { m7: M7, linux: LINUX };
    expect(aliases(memory, 'm7', 0x10)).toMatchObject([{ view: 'linux', address: 0x007e_0010 }]);
    expect(aliases(memory, 'm7', 0x1000_0100)).toMatchObject([
      { view: 'm7', address: 0x4000_0100 },
      { view: 'linux', address: 0x4000_0100 },
    ]);
    // Beyond the first window of the core.
    expect(aliases(memory, 'linux', 0x5500_0000)).toMatchObject([{ view: 'm7', address: 0x5500_0000 }]);
    expect(aliases(memory, 'linux', 0xf000_0000)).toEqual([]);
    expect(aliases(memory, 'm7', 0x30a6_0000)).toEqual([]);
    const shifted = { a: [ram('DDR', 0x8000_0000, 0x1000, 0x4000)], b: [ram('DDR', 0, 0x1_0000)] };
    expect(aliases(shifted, 'a', 0x8000_0010)).toMatchObject([{ view: 'b', address: 0x4010 }]);
    expect(aliases(shifted, 'b', 0x10)).toEqual([]);
  });

  it('lie on the strip in proportion, in order, none over another, all within it', () => {
    const many = [...M7, ...Array.from({ length: 40 }, (_, index) => device(`D${index}`, 0xfff0_0000 + index * 0x1000, 0x1000))];
    const parts = strip(many, 0.004);
    for (const [index, part] of parts.entries()) {
      expect(part.width).toBeGreaterThanOrEqual(0.004);
      if (index > 0) expect(part.start).toBeGreaterThanOrEqual(parts[index - 1]!.start + parts[index - 1]!.width - 1e-12);
      expect(part.start + part.width).toBeLessThanOrEqual(1 + 1e-12);
    }
    expect(parts.find(({ region }) => region.base === 0x4000_0000)!.width).toBeCloseTo(0.625);
    expect(condensed(M7).map(({ name }) => name)).toEqual(['ITCM', 'DDR', 'DTCM', 'UART4 … MU1', 'DDR']);
    expect(condensed(M7).find(({ name }) => name.startsWith('UART4'))).toMatchObject({ base: 0x30a6_0000, size: 0x6_0000 });
  });
});

describe('bytes that were read', () => {
  it('are compared with those of the moment before', () => {
    const cache = new MemoryCache();
    cache.put('1', 0x1fe, Uint8Array.of(1, 2, 3, 4));
    expect([0x1fd, 0x1fe, 0x201, 0x202].map((address) => cache.byte(address))).toEqual([undefined, 1, 4, undefined]);
    expect(cache.before(0x1fe)).toBeUndefined();
    cache.put('2', 0x1fe, Uint8Array.of(1, 9, 3, 8));
    expect([0x1fe, 0x1ff, 0x200, 0x201].map((address) => cache.before(address))).toEqual([undefined, 2, undefined, 4]);
    // The same moment again: the user wrote.
    cache.put('2', 0x200, Uint8Array.of(7));
    expect(cache.before(0x200)).toBe(3);
    cache.put('3', 0x1fe, Uint8Array.of(1, 9, 7, 8));
    expect(cache.before(0x1ff)).toBeUndefined();
    expect([...cache.run(0x1fe, 8)]).toEqual([1, 9, 7, 8]);
    cache.clear();
    expect(cache.byte(0x1fe)).toBeUndefined();
  });

  it('are bounded', () => {
    const cache = new MemoryCache();
    for (let block = 0; block < 2000; block += 1) cache.put('1', block * 512, Uint8Array.of(block & 0xff));
    expect(cache.byte(0)).toBeUndefined();
    expect(cache.byte(1999 * 512)).toBe(1999 & 0xff);
    expect([...cache.run(0xffff_fffe, 8)]).toEqual([]);
    cache.put('1', 0xffff_fffe, Uint8Array.of(5, 6));
    expect([...cache.run(0xffff_fffe, 8)]).toEqual([5, 6]);
  });
});
