/** The HPRTC of SNVS: periodic interrupt, synchronization; the rest of the block is in system-blocks.test.ts. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import { Bench, get, put } from './bench.ts';

const [HPCR, HPSR, HPRTCLR, LPCR, LPSRTCMR, LPSRTCLR] = [0x08, 0x14, 0x28, 0x38, 0x50, 0x54];
const [RTC_EN, PI_EN, HP_TS] = [1, 1 << 3, 1 << 16];
const PI = 1 << 1;
/** Cycles of 32 ticks of 32.768 kHz. */
const TICKS_32 = 781_250;

let bench: Bench;
let device: BusDevice;
beforeEach(() => {
  bench = new Bench();
  device = bench.make('SNVS').device;
});

describe('SNVS HPRTC', () => {
  it.each([
    [5, 1],
    [6, 2],
    [15, 1024],
  ])('interrupts at every transition of bit %i', (frequency, steps) => {
    put(device, HPCR, RTC_EN | PI_EN | (frequency << 4));
    for (let times = 0; times < 3; times++) {
      bench.advance(steps * TICKS_32 - 1);
      expect([bench.line('SNVS'), get(device, HPSR) & PI]).toEqual([false, 0]);
      bench.advance(1);
      expect([bench.line('SNVS'), get(device, HPSR) & PI, get(device, HPRTCLR)]).toEqual([true, PI, (times + 1) * 32 * steps]);
      put(device, HPSR, PI);
      expect(bench.line('SNVS')).toBe(false);
    }
  });

  it('does not interrupt while it stands still or nobody asks', () => {
    put(device, HPCR, PI_EN);
    bench.milliseconds(2000);
    expect(get(device, HPSR) & PI).toBe(0);
    put(device, HPCR, RTC_EN);
    bench.milliseconds(2000);
    expect([get(device, HPSR) & PI, bench.line('SNVS')]).toEqual([0, false]);
    expect(bench.scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes the time of the SRTC with HP_TS', () => {
    put(device, LPSRTCMR, 1);
    put(device, LPSRTCLR, 5);
    put(device, LPCR, 0x21);
    put(device, HPCR, RTC_EN | HP_TS);
    expect([get(device, 0x24), get(device, HPRTCLR), get(device, HPCR)]).toEqual([1, 5, RTC_EN]);
    bench.advance(TICKS_32);
    put(device, HPCR, RTC_EN);
    expect([get(device, HPRTCLR), get(device, LPSRTCLR)]).toEqual([37, 37]);
  });
});
