import { describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import type { Tmu } from '../../src/peripherals/tmu.ts';
import { Bench, get, put } from './bench.ts';

const EN = 0x8000_0000;

function unit(layout: 'imx8mm' | 'imx8mp' | 'imx8mq'): { bench: Bench; registers: BusDevice; tmu: Tmu } {
  const bench = new Bench();
  const { device, tmu } = bench.makeSpec({ kind: 'tmu', name: 'TMU', base: 0x3026_0000, size: 0x1_0000, layout });
  return { bench, registers: device, tmu: tmu! };
}

describe('Tmu of the 8M Plus', () => {
  const [TER, TPS, TIER, TIDR, TMHTITR, TMHTATR, TRITSR, TRATSR] = [0x00, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x20, 0x24];

  it('measures both probes 100 us after it was enabled, as Linux and fsl_tmu do it', () => {
    const { bench, registers, tmu } = unit('imx8mp');
    tmu.setTemperature(-12, 1);
    put(registers, TPS, 0xc000_0000);
    put(registers, TER, EN);
    expect(get(registers, TRITSR)).toBe(0);
    bench.milliseconds(0.101);
    expect([get(registers, TRITSR), get(registers, TRATSR)]).toEqual([0xc08c_0023, 0xc08c_0023]);
    put(registers, TER, 0x4000_0000);
    put(registers, TPS, 0);
    put(registers, TER, EN);
    bench.milliseconds(1);
    expect(get(registers, TRITSR)).toBe(0x4000_0023);
    expect(bench.scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(bench.complaints).toEqual([]);
  });

  it('lets the average follow by ALPF, and interrupts when it exceeds its threshold until it is cooler and cleared', () => {
    const { bench, registers, tmu } = unit('imx8mp');
    put(registers, TER, EN | 1);
    put(registers, TMHTATR, 0x4000_0000 | 50);
    put(registers, TIER, 1 << 26);
    bench.milliseconds(1);
    expect([get(registers, TIDR), bench.line('TMU')]).toEqual([0, false]);
    tmu.setTemperature(55);
    bench.milliseconds(0.101);
    expect([get(registers, TRITSR) & 0xff, get(registers, TRATSR) & 0xff, bench.line('TMU')]).toEqual([55, 45, false]);
    bench.milliseconds(2);
    expect([get(registers, TRATSR) & 0xff, get(registers, TIDR), bench.line('TMU')]).toEqual([55, 1 << 26, true]);
    put(registers, TIDR, 1 << 26);
    expect([get(registers, TIDR), bench.line('TMU')]).toEqual([1 << 26, true]);
    tmu.setTemperature(40);
    bench.milliseconds(5);
    expect(bench.line('TMU')).toBe(true);
    put(registers, TIDR, 1 << 26);
    expect([get(registers, TIDR), bench.line('TMU')]).toEqual([0, false]);
  });

  it('compares negative thresholds, and says what is out of range', () => {
    const { bench, registers, tmu } = unit('imx8mp');
    put(registers, TER, EN);
    bench.milliseconds(1);
    tmu.setTemperature(-15);
    bench.milliseconds(1);
    put(registers, TMHTITR, 0x4000_0000 | 0x80 | 10);
    expect(get(registers, TIDR)).toBe(0);
    tmu.setTemperature(-5);
    bench.milliseconds(1);
    expect([get(registers, TIDR), get(registers, TRITSR)]).toEqual([1 << 27, 0x4000_0085]);
    tmu.setTemperature(126);
    bench.milliseconds(1);
    expect(get(registers, TRITSR)).toBe(0);
  });
});

describe('Tmu of the 8M Mini and Nano', () => {
  it("has the offset of NXP's examples and flags a bit below those of TIER", () => {
    const { bench, registers } = unit('imx8mm');
    put(registers, 0x00, EN | 1);
    expect([get(registers, 0x20), get(registers, 0x24)]).toEqual([(EN | 56) >>> 0, (EN | 56) >>> 0]);
    put(registers, 0x14, EN | 50);
    put(registers, 0x08, 0x4000_0000);
    expect([get(registers, 0x0c), bench.line('TMU')]).toEqual([0x2000_0000, true]);
    put(registers, 0x14, 0);
    put(registers, 0x0c, 0x2000_0000);
    expect([get(registers, 0x0c), bench.line('TMU')]).toEqual([0, false]);
  });
});

describe('Tmu of the 8M Quad', () => {
  it('interrupts after each interval for the sites that are too warm, and keeps the extremes', () => {
    const { bench, registers, tmu } = unit('imx8mq');
    tmu.setTemperature(60, 1);
    put(registers, 0x08, 3);
    put(registers, 0x50, EN | 50);
    put(registers, 0x20, EN);
    put(registers, 0x00, EN | 0xc000);
    bench.milliseconds(1);
    expect([get(registers, 0x100), get(registers, 0x110), get(registers, 0x120)]).toEqual([(EN | 35) >>> 0, (EN | 60) >>> 0, 0]);
    expect([get(registers, 0x24), get(registers, 0x28), bench.line('TMU')]).toEqual([EN, 0x4000_0000, true]);
    put(registers, 0x24, EN);
    put(registers, 0x28, 0);
    expect(bench.line('TMU')).toBe(false);
    bench.milliseconds(127);
    expect(bench.line('TMU')).toBe(false);
    bench.milliseconds(2);
    expect([bench.line('TMU'), get(registers, 0x28)]).toEqual([true, 0x4000_0000]);
    expect([get(registers, 0x40), get(registers, 0x44)]).toEqual([(EN | 60) >>> 0, (EN | 35) >>> 0]);
    tmu.setTemperature(-3, 0);
    bench.milliseconds(200);
    expect([get(registers, 0x04), get(registers, 0x100)]).toEqual([1 << 29, 0]);
  });

  it('measures site 0 when none is selected, and takes the translation table', () => {
    const { bench, registers } = unit('imx8mq');
    for (const [offset, value] of [
      [0x80, 0x3_0003],
      [0x84, 0x55],
      [0xf1c, 0x3_0066],
    ] as const) {
      put(registers, offset, value);
      expect(get(registers, offset)).toBe(value);
    }
    put(registers, 0x00, EN);
    bench.milliseconds(1);
    expect([get(registers, 0x100), get(registers, 0x110)]).toEqual([(EN | 35) >>> 0, 0]);
    expect(bench.complaints).toEqual([]);
  });
});
