import { beforeEach, describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import type { AnalogInputs } from '../../src/peripherals/analog-inputs.ts';
import { Bench, get, put } from './bench.ts';

let bench: Bench;
let adc: BusDevice;
let inputs: AnalogInputs;

function make(kind: 'imx7d-adc' | 'vf610-adc', clock: number): void {
  bench = new Bench();
  const made = bench.makeSpec({ kind, name: 'ADC1', base: 0, size: 0x1_0000, clock });
  adc = made.device;
  inputs = made.analog!;
}

describe('Imx7dAdc', () => {
  const [A1, A2, C1, SW, TIMER_UNIT, INT_SIG_EN, INT_EN, INT_STATUS] = [0x00, 0x10, 0x40, 0x80, 0x90, 0xc0, 0xd0, 0xe0];
  const [RESULT_AB, RESULT_CD, RESULT_SW, ADC_CFG] = [0xf0, 0x100, 0x110, 0x130];
  const [EN, SINGLE, AVG_EN] = [0x8000_0000, 0x4000_0000, 0x2000_0000];

  beforeEach(() => make('imx7d-adc', 24_000_000));

  it('converts once, with the samples of the average, and interrupts as Linux expects it', () => {
    inputs.set(3, 0.9);
    put(adc, INT_EN, 0xf00);
    put(adc, INT_SIG_EN, 0xf00);
    put(adc, A2, 0x8000 | (3 << 12));
    // 24 MHz / 4 / (6 * 10): 100,000 samples in a second.
    put(adc, TIMER_UNIT, 9);
    put(adc, A1, (EN | SINGLE | AVG_EN | (3 << 24)) >>> 0);
    bench.milliseconds(0.319);
    expect([bench.line('ADC1'), get(adc, INT_STATUS)]).toEqual([false, 0]);
    bench.milliseconds(0.002);
    expect([bench.line('ADC1'), get(adc, INT_STATUS), get(adc, RESULT_AB), get(adc, A1) >>> 31]).toEqual([true, 0x100, 2048, 0]);
    put(adc, INT_STATUS, get(adc, INT_STATUS) & ~0x100);
    expect([bench.line('ADC1'), get(adc, INT_STATUS)]).toEqual([false, 0]);
    bench.milliseconds(5);
    expect(get(adc, INT_STATUS)).toBe(0);
    expect(bench.complaints).toEqual([]);
  });

  it('goes on converting at the rate of the channel, until it is disabled or the power is down', () => {
    inputs.set(0, 1.8);
    put(adc, INT_EN, 0x400);
    put(adc, TIMER_UNIT, 9);
    put(adc, C1, EN | 100);
    const results: number[] = [];
    for (let n = 0; n < 3; n++) {
      bench.milliseconds(1.0001);
      results.push(get(adc, RESULT_CD), get(adc, INT_STATUS));
      put(adc, INT_STATUS, 0);
      inputs.set(0, 0.45 * n);
    }
    expect(results).toEqual([4095, 0x400, 0, 0x400, 1024, 0x400]);
    put(adc, ADC_CFG, 3);
    expect(get(adc, ADC_CFG)).toBe(0x83);
    bench.milliseconds(2);
    expect(get(adc, INT_STATUS)).toBe(0);
    put(adc, ADC_CFG, 1);
    bench.milliseconds(2);
    expect([get(adc, ADC_CFG), get(adc, INT_STATUS)]).toEqual([1, 0x400]);
    put(adc, C1, 100);
    expect(bench.scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    [1, 0x300, true],
    [2, 0x300, false],
    [3, 0x500, true],
    [3, 0x900, false],
    [5, 0x900, true],
    [6, 0x500, true],
    [7, 0x500, false],
    [7, 0x900, true],
  ])('compares by mode %i', (mode, value, hit) => {
    inputs.set(0, (1.8 * value) / 4095);
    put(adc, INT_EN, 0xf);
    put(adc, A2, ((mode << 29) | (0x800 << 16) | 0x8000 | 0x200) >>> 0);
    put(adc, A1, EN | 4);
    bench.milliseconds(1);
    expect([get(adc, INT_STATUS), get(adc, A1) >>> 31]).toEqual(hit ? [1, 0] : [0, 1]);
  });

  it('converts for software, which waits for START_CONV', () => {
    inputs.set(9, 5);
    put(adc, SW, (EN | (9 << 24)) >>> 0);
    put(adc, SW, 9 << 24);
    expect(get(adc, SW) >>> 31).toBe(1);
    bench.milliseconds(1);
    expect([get(adc, SW) >>> 31, get(adc, RESULT_SW)]).toEqual([0, 4095]);
    put(adc, 0xa0, 0x10f);
    expect(bench.complaints).toEqual(['unimplemented ADC1 DMA_FIFO']);
  });
});

describe('Vf610Adc', () => {
  const [HC0, HC1, HS, R0, CFG, GC, GS, CV, OFS] = [0x00, 0x04, 0x08, 0x0c, 0x14, 0x18, 0x1c, 0x20, 0x24];

  beforeEach(() => make('vf610-adc', 66_000_000));

  it('converts after the time of its clocks, interrupts, and is ready again once the result was read', () => {
    inputs.set(2, 1.65);
    expect([HC0, HC1, CFG].map((at) => get(adc, at))).toEqual([0x1f, 0x1f, 0x200]);
    put(adc, CFG, 0x200 | (2 << 2) | (2 << 5));
    put(adc, HC0, 0x80 | 2);
    // 6 + 25 + 7 clocks of 66 MHz / 4.
    const cycles = (38 * 4 * bench.scheduler.hz) / 66_000_000;
    bench.advance(cycles - 10);
    expect([get(adc, HS), get(adc, GS), bench.line('ADC1')]).toEqual([0, 1, false]);
    bench.advance(12);
    expect([get(adc, HS), get(adc, GS), bench.line('ADC1'), adc.peek(R0, 4)]).toEqual([1, 0, true, 2048]);
    expect([get(adc, R0), get(adc, HS), bench.line('ADC1')]).toEqual([2048, 0, false]);
    put(adc, CFG, 0x200);
    put(adc, HC0, 2);
    bench.milliseconds(1);
    expect(get(adc, R0)).toBe(128);
    expect(bench.complaints).toEqual([]);
  });

  it('converts again and again, and overwrites a result only where it may', () => {
    put(adc, CFG, 0x208);
    put(adc, GC, 0x40);
    put(adc, HC0, 0);
    bench.milliseconds(1);
    inputs.set(0, 3.3);
    bench.milliseconds(1);
    expect(adc.peek(R0, 4)).toBe(0);
    put(adc, CFG, 0x1_0208);
    bench.milliseconds(1);
    expect(adc.peek(R0, 4)).toBe(4095);
    put(adc, HC0, 0x1f);
    expect(bench.scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('calibrates: CAL clears itself, COCO0 tells of it, CALF only when software breaks it off', () => {
    put(adc, HC0, 0x80 | 0x1f);
    put(adc, GC, 0xa0);
    expect([get(adc, GC), get(adc, GS)]).toEqual([0xa0, 1]);
    bench.milliseconds(1);
    expect([get(adc, GC), get(adc, GS), get(adc, HS), bench.line('ADC1')]).toEqual([0x20, 0, 1, true]);
    get(adc, R0);
    put(adc, GC, 0x80);
    put(adc, GC, 0);
    expect(get(adc, GS)).toBe(2);
    put(adc, GS, 2);
    expect(get(adc, GS)).toBe(0);
  });

  it('corrects by the offset, and tells only of results that compare', () => {
    const converts = (volts: number, control: number, low: number, high = 0): boolean => {
      inputs.set(0, volts);
      put(adc, CFG, 0x208);
      put(adc, CV, (high << 16) | low);
      put(adc, GC, control);
      put(adc, HC0, 0);
      bench.milliseconds(1);
      return (get(adc, HS) & 1) === 1;
    };
    const volts = (value: number): number => (3.3 * value) / 4095;
    expect([converts(volts(100), 0x10, 101), converts(volts(101), 0x10, 101), converts(volts(101), 0x18, 101)]).toEqual([
      true,
      false,
      true,
    ]);
    expect([50, 150, 250].map((value) => converts(volts(value), 0x1c, 100, 200))).toEqual([false, true, false]);
    expect([50, 150, 250].map((value) => converts(volts(value), 0x1c, 200, 100))).toEqual([true, false, true]);
    expect([50, 150, 250].map((value) => converts(volts(value), 0x14, 100, 200))).toEqual([true, false, true]);
    expect([50, 150, 250].map((value) => converts(volts(value), 0x14, 200, 100))).toEqual([false, true, false]);
    put(adc, OFS, 0x1005);
    expect([converts(volts(100), 0, 0), get(adc, R0)]).toEqual([true, 95]);
    put(adc, OFS, 0x5);
    expect([converts(volts(100), 0, 0), get(adc, R0)]).toEqual([true, 105]);
    put(adc, HC1, 3);
    expect(bench.complaints).toEqual(['unimplemented ADC1 HC1']);
  });
});
