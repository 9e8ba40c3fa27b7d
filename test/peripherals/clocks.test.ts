import { beforeEach, describe, expect, it } from 'vitest';
import { SocDescriptionError } from '../../src/errors.ts';
import type { BusDevice } from '../../src/memory/bus.ts';
import { ClockRatio } from '../../src/peripherals/clock-ratio.ts';
import { ClockTree } from '../../src/peripherals/clock-tree.ts';
import { Bench, get, put } from './bench.ts';

describe('ClockRatio', () => {
  const BASE = 800_000_000;

  it.each([
    [24_000_000, 1],
    [32_768, 1],
    [800_000_000 / 12, 1],
    [100_000_000, 4],
    [800_000_000, 1],
    [1_000_000_000, 3],
  ])('converts %d Hz / %d there and back without a tick of error', (hz, divider) => {
    const ratio = new ClockRatio(hz, divider, BASE);
    for (const ticks of [0, 1, 2, 3, 1000, 123_457, 2 ** 32 - 1, 2 ** 32]) {
      const cycles = ratio.cycles(ticks);
      expect(ratio.ticks(cycles)).toBe(ticks);
      if (ticks > 0) expect(ratio.ticks(cycles - 1)).toBe(ticks - 1);
    }
  });

  it('does not drift in a day', () => {
    const day = 86_400;
    expect(new ClockRatio(32_768, 1, BASE).ticks(BASE * day)).toBe(32_768 * day);
    expect(new ClockRatio(800_000_000 / 12, 1, BASE).ticks(BASE * day * 3)).toBe(200_000_000 * day);
  });

  it('stands still at 0 Hz', () => {
    const ratio = new ClockRatio(0, 1, BASE);
    expect([ratio.stopped, ratio.ticks(1e12), ratio.cycles(0), ratio.cycles(1)]).toEqual([true, 0, 0, Number.POSITIVE_INFINITY]);
  });

  it('approximates a fractional PLL to better than a tick in a second', () => {
    const hz = 393_215_996.484_375;
    const ratio = new ClockRatio(hz, 1, BASE);
    expect(Math.abs(ratio.ticks(BASE) - hz)).toBeLessThan(1);
    expect(ratio.ticks(ratio.cycles(1e9))).toBe(1e9);
  });
});

describe('ClockTree', () => {
  it('answers fixed rates and names, and refuses unknown and double names', () => {
    const clocks = new ClockTree();
    clocks.define('OSC', () => 24e6);
    expect([clocks.hz('OSC'), clocks.hz(5), clocks.has('OSC'), clocks.has('X'), clocks.has(1)]).toEqual([24e6, 5, true, false, true]);
    expect(clocks.names).toEqual(['OSC']);
    expect(() => clocks.hz('X')).toThrow(SocDescriptionError);
    expect(() => clocks.define('OSC', () => 0)).toThrow(SocDescriptionError);
  });
});

describe('CCM_ANALOG', () => {
  let bench: Bench;
  let device: BusDevice;
  beforeEach(() => {
    bench = new Bench();
    device = bench.make('CCM_ANALOG').device;
  });

  it('stands as the boot loader leaves it: system PLLs locked at 800, 1000 and 600 MHz', () => {
    const rates = ['SYS_PLL1', 'SYS_PLL2', 'SYS_PLL3', 'SYS_PLL1_DIV10', 'SYS_PLL2_DIV3', 'ARM_PLL'].map((name) => bench.clocks.hz(name));
    expect(rates).toEqual([800e6, 1000e6, 600e6, 80e6, 1000e6 / 3, 1600e6]);
    for (const offset of [0x94, 0x104, 0x114]) {
      expect(get(device, offset) >>> 31).toBe(1);
      expect(get(device, offset) & 0x10).toBe(0);
    }
    expect([get(device, 0x98), get(device, 0x108), get(device, 0x118)]).toEqual([0x0019_0032, 0x000f_a031, 0x0012_c032]);
  });

  it('locks an audio PLL some time after it leaves reset, at the fractional rate', () => {
    // AUDIO_PLL1 at 393.216 MHz as NXP's samples set it: m 262, p 2, s 3, k 9437.
    put(device, 0x00, 0x2000);
    expect(bench.clocks.hz('AUDIO_PLL1')).toBe(0);
    put(device, 0x04, (262 << 12) | (2 << 4) | 3);
    put(device, 0x08, 9437);
    put(device, 0x00, 0x2200);
    expect(get(device, 0x00)).toBe(0x2200);
    bench.milliseconds(0.04);
    expect(get(device, 0x00) >>> 31).toBe(0);
    bench.milliseconds(0.01);
    expect(get(device, 0x00)).toBe(0x8000_2200);
    expect(bench.clocks.hz('AUDIO_PLL1')).toBeCloseTo(393_215_995.79, 1);
    put(device, 0x00, 0x2000);
    expect(get(device, 0x00)).toBe(0x2000);
  });

  it('takes a negative DSM', () => {
    put(device, 0x04, (200 << 12) | (3 << 4) | 2);
    put(device, 0x08, 0x8000);
    put(device, 0x00, 0x2200);
    expect(bench.clocks.hz('AUDIO_PLL1')).toBe((24e6 * 199.5) / 3 / 4);
  });

  it('passes the crystal through in bypass, and nothing when the output is gated', () => {
    put(device, 0x94, get(device, 0x94) | 0x10);
    expect([bench.clocks.hz('SYS_PLL1'), bench.clocks.hz('SYS_PLL1_DIV2')]).toEqual([24e6, 12e6]);
    put(device, 0x94, get(device, 0x94) & ~(1 << 11) & ~(1 << 25));
    expect([bench.clocks.hz('SYS_PLL1'), bench.clocks.hz('SYS_PLL1_DIV10'), bench.clocks.hz('SYS_PLL1_DIV8')]).toEqual([0, 0, 3e6]);
  });

  it('loses its lock while dividers change, and has no rate for a divider of 0', () => {
    put(device, 0x118, 0x0012_c033);
    expect(get(device, 0x114) >>> 31).toBe(1);
    expect(bench.clocks.hz('SYS_PLL3')).toBe(300e6);
    put(device, 0x118, 0x000c_8033);
    expect(get(device, 0x114) >>> 31).toBe(0);
    bench.milliseconds(1);
    expect(get(device, 0x114) >>> 31).toBe(1);
    put(device, 0x118, 0x000c_8003);
    expect(bench.clocks.hz('SYS_PLL3')).toBe(0);
  });

  it('tells subscribers of changes and only of changes', () => {
    let calls = 0;
    bench.clocks.onChange(() => calls++);
    put(device, 0x98, 0x0019_0032);
    expect(calls).toBe(0);
    put(device, 0x98, 0x0019_0033);
    put(device, 0x08, 7);
    put(device, 0x94, 0);
    expect(calls).toBe(3);
    bench.make('CCM_ANALOG').reset();
    expect(bench.clocks.hz('SYS_PLL1')).toBe(800e6);
  });

  it('names the chip', () => {
    expect(get(device, 0x800)).toBe(0x0082_4311);
    expect(bench.complaints).toEqual([]);
  });
});

describe('CCM', () => {
  const ROOT = (index: number): number => 0x8000 + 0x80 * index;
  let bench: Bench;
  let device: BusDevice;
  beforeEach(() => {
    bench = new Bench();
    bench.make('CCM_ANALOG');
    device = bench.make('CCM').device;
  });

  it('starts with the core at 800 MHz, AHB at 133 MHz, IPG at half of it, UARTs on the crystal', () => {
    const hz = (name: string): number => Math.round(bench.clocks.hz(name));
    expect([hz('ARM_M7_CLK_ROOT'), hz('AHB_CLK_ROOT'), hz('IPG_CLK_ROOT'), hz('UART4_CLK_ROOT')]).toEqual([
      800_000_000, 133_333_333, 66_666_667, 24_000_000,
    ]);
  });

  it('switches UART4 to SYS_PLL1 / 10 as firmware does: clear MUX, set it', () => {
    put(device, ROOT(97) + 0x8, 0x0700_0000);
    put(device, ROOT(97) + 0x4, 0x0100_0000);
    expect(get(device, 0xb080)).toBe(0x1100_0000);
    expect(bench.clocks.hz('UART4_CLK_ROOT')).toBe(80e6);
    put(device, ROOT(97), 0x1103_0004);
    expect(bench.clocks.hz('UART4_CLK_ROOT')).toBe(80e6 / 4 / 5);
    put(device, ROOT(97) + 0xc, 0x1000_0000);
    expect(bench.clocks.hz('UART4_CLK_ROOT')).toBe(0);
  });

  it('shows one setting through TARGET_ROOT, PRE and POST', () => {
    put(device, ROOT(107), 0x1205_000a);
    expect([get(device, ROOT(107) + 0x20), get(device, ROOT(107) + 0x30)]).toEqual([0x0a, 0x1205_0000]);
    put(device, ROOT(107) + 0x20, 3);
    put(device, ROOT(107) + 0x30, 0x1101_0000);
    expect(get(device, ROOT(107))).toBe(0x1101_0003);
    put(device, ROOT(107) + 0x34, 0x0002_0000);
    expect(get(device, ROOT(107))).toBe(0x1103_0003);
    expect(bench.clocks.hz('GPT1_CLK_ROOT')).toBe(100e6 / 4 / 4);
  });

  it('has no clock from an input that is not fitted', () => {
    put(device, ROOT(97), 0x1500_0000);
    expect(bench.clocks.hz('UART4_CLK_ROOT')).toBe(0);
  });

  it('stores clock gates with their set and clear views', () => {
    put(device, 0x4214, 0x3333);
    expect(get(device, 0x4210)).toBe(0x3333);
    put(device, 0x4218, 0x0030);
    expect(get(device, 0x4210)).toBe(0x3303);
    put(device, 0x0994, 0x3333);
    expect(get(device, 0x0990)).toBe(0x3333);
    expect(bench.complaints).toEqual([]);
  });

  it('reports a root that does not exist', () => {
    put(device, ROOT(60), 0x1000_0000);
    expect(bench.complaints).toEqual(['guest-error CCM TARGET_ROOT[60]']);
  });
});

describe('AUDIOMIX', () => {
  it('locks the SAI PLL, which MCUXpresso 2.9 waits for', () => {
    const bench = new Bench();
    const { device } = bench.make('AUDIOMIX');
    put(device, 0x400, 0);
    put(device, 0x404, (361 << 12) | (3 << 4) | 3);
    put(device, 0x408, 17_511);
    put(device, 0x400, 0x2200);
    expect(get(device, 0x400)).toBe(0x2200);
    bench.milliseconds(0.05);
    expect(get(device, 0x400)).toBe(0x8000_2200);
    expect(bench.clocks.hz('SAI_PLL')).toBeCloseTo(361_267_196.66, 1);
    expect(bench.complaints).toEqual([]);
    bench.make('AUDIOMIX').reset();
    expect(get(device, 0x400)).toBe(0x10);
  });
});
