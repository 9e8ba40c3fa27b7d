import { describe, expect, it } from 'vitest';
import { Bench, get, put } from './bench.ts';

const UNLOCK = 0x3e77_0000;

function fuses(layout: 'imx6sx' | 'imx7d' | 'imx8mq' | 'imx8mp') {
  const bench = new Bench();
  const burnt = { 1: 0x1234_5678, 4: 0x44, 5: 0x55, 6: 0x66, 7: 0x77 };
  const { device } = bench.makeSpec({ kind: 'ocotp', name: 'OCOTP', base: 0x3035_0000, size: 0x1_0000, layout, fuses: burnt });
  return { bench, registers: device };
}

describe.each([
  ['imx6sx', 8, 127],
  ['imx8mq', 8, 255],
  ['imx8mp', 9, 383],
] as const)('Ocotp of %s', (layout, busy, last) => {
  it('shows what the SoC has burnt in its shadows, 0 elsewhere', () => {
    const { bench, registers } = fuses(layout);
    expect([get(registers, 0x410), get(registers, 0x440), get(registers, 0x400), get(registers, 0x400 + 16 * last)]).toEqual([
      0x1234_5678, 0x44, 0, 0,
    ]);
    put(registers, 0x410, 1);
    expect(get(registers, 0x410)).toBe(1);
    put(registers, 0x04, 4 << busy);
    expect([get(registers, 0x00), get(registers, 0x410)]).toEqual([1 << busy, 0x1234_5678]);
    bench.milliseconds(1);
    expect(get(registers, 0x00)).toBe(0);
    expect(bench.complaints).toEqual([]);
  });

  it('reads a fuse by its address and is busy meanwhile', () => {
    const { bench, registers } = fuses(layout);
    put(registers, 0x00, 5);
    put(registers, 0x30, 1);
    expect([get(registers, 0x00), get(registers, 0x40)]).toEqual([5 | (1 << busy), 0x55]);
    put(registers, 0x30, 1);
    expect(bench.complaints).toEqual(['guest-error OCOTP CTRL']);
    bench.milliseconds(0.01);
    expect(get(registers, 0x00)).toBe(5 | (2 << busy));
    put(registers, 0x08, 2 << busy);
    expect(get(registers, 0x00)).toBe(5);
  });

  it('programs bits for ever once it is unlocked, and only then', () => {
    const { bench, registers } = fuses(layout);
    put(registers, 0x00, 1);
    put(registers, 0x20, 0xf);
    expect(get(registers, 0x00)).toBe(1 | (2 << busy));
    put(registers, 0x08, 2 << busy);
    put(registers, 0x00, UNLOCK | 1);
    put(registers, 0x20, 0x8000_0001);
    expect([get(registers, 0x00), get(registers, 0x410)]).toEqual([1 | (1 << busy), 0x1234_5678]);
    bench.milliseconds(1);
    put(registers, 0x04, 4 << busy);
    bench.milliseconds(1);
    expect(get(registers, 0x410)).toBe(0x9234_5679);
    expect(bench.complaints).toEqual(['guest-error OCOTP DATA']);
  });
});

describe('Ocotp of the 7Dual', () => {
  it('reads and programs banks of four words', () => {
    const { bench, registers } = fuses('imx7d');
    put(registers, 0x00, 1);
    put(registers, 0x60, 1);
    expect([0x70, 0x80, 0x90, 0xa0].map((at) => get(registers, at))).toEqual([0x44, 0x55, 0x66, 0x77]);
    bench.milliseconds(1);
    put(registers, 0x00, UNLOCK | 1);
    put(registers, 0x50, 0x8000);
    put(registers, 0x20, 1);
    bench.milliseconds(1);
    put(registers, 0x04, 0x400);
    bench.milliseconds(1);
    expect([0x440, 0x450, 0x470].map((at) => get(registers, at))).toEqual([0x45, 0x55, 0x8077]);
    expect(bench.complaints).toEqual([]);
  });
});
