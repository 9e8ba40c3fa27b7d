import { beforeEach, describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import { Bench } from './bench.ts';

const [WCR, WSR, WRSR, WICR, WMCR] = [0x0, 0x2, 0x4, 0x6, 0x8];
const WDE = 1 << 2;
const IDLE = 0x0030;

let bench: Bench;
let device: BusDevice;
const get = (offset: number): number => device.read(offset, 2);
const put = (offset: number, value: number): boolean => device.write(offset, value, 2);
const service = (): void => {
  put(WSR, 0x5555);
  put(WSR, 0xaaaa);
};

beforeEach(() => {
  bench = new Bench();
  device = bench.make('WDOG3').device;
});

describe('Wdog', () => {
  it('has the documented reset values', () => {
    expect([WCR, WSR, WRSR, WICR, WMCR].map(get)).toEqual([0x30, 0, 0x10, 4, 1]);
    bench.milliseconds(200_000);
    expect(bench.resets).toEqual([]);
  });

  it('resets the system (WT + 1) half seconds after it was enabled', () => {
    put(WCR, IDLE | WDE | (3 << 8));
    bench.milliseconds(1999);
    expect(bench.resets).toEqual([]);
    bench.milliseconds(1);
    expect(bench.resets).toEqual(['WDOG3 timeout']);
    bench.make('WDOG3').reset();
    expect([get(WRSR), get(WCR)]).toEqual([2, 0x30]);
    bench.make('WDOG3').reset();
    expect(get(WRSR)).toBe(0x10);
  });

  it('is serviced by 0x5555 and 0xAAAA in this order only', () => {
    put(WCR, IDLE | WDE | (1 << 8));
    for (let n = 0; n < 5; n++) {
      bench.milliseconds(900);
      service();
    }
    expect(bench.resets).toEqual([]);
    bench.milliseconds(900);
    put(WSR, 0xaaaa);
    put(WSR, 0x5555);
    put(WSR, 0x1234);
    put(WSR, 0xaaaa);
    bench.milliseconds(100);
    expect(bench.resets).toEqual(['WDOG3 timeout']);
  });

  it('takes a new WT with the next service', () => {
    put(WCR, IDLE | WDE | (1 << 8));
    put(WCR, IDLE | WDE | (9 << 8));
    service();
    bench.milliseconds(4999);
    expect(bench.resets).toEqual([]);
    bench.milliseconds(1);
    expect(bench.resets).toHaveLength(1);
  });

  it('cannot be switched off again', () => {
    put(WCR, IDLE | WDE);
    put(WCR, IDLE);
    expect(get(WCR) & WDE).toBe(WDE);
    bench.milliseconds(500);
    expect(bench.resets).toHaveLength(1);
  });

  it('resets at once by SRS', () => {
    put(WCR, 0x20);
    expect(bench.resets).toEqual(['WDOG3 software reset (WCR.SRS)']);
    expect(get(WCR) & 0x10).toBe(0x10);
    bench.make('WDOG3').reset();
    expect(get(WRSR)).toBe(1);
  });

  it('interrupts WICT half seconds before the timeout', () => {
    put(WICR, 0x8000 | 2);
    put(WCR, IDLE | WDE | (3 << 8));
    bench.milliseconds(999);
    expect(bench.line('WDOG3')).toBe(false);
    bench.milliseconds(1);
    expect([bench.line('WDOG3'), get(WICR)]).toEqual([true, 0xc002]);
    put(WICR, 0xc000);
    expect([bench.line('WDOG3'), get(WICR)]).toEqual([false, 0x8002]);
    service();
    bench.milliseconds(1000);
    expect(bench.line('WDOG3')).toBe(true);
    expect(bench.resets).toEqual([]);
  });

  it('keeps WIE and WICT once written, and PDE once cleared', () => {
    put(WICR, 0x8005);
    put(WICR, 0x0001);
    expect(get(WICR)).toBe(0x8005);
    put(WMCR, 0);
    put(WMCR, 1);
    expect(get(WMCR)).toBe(0);
    expect(bench.complaints).toEqual([]);
  });

  it('says when its pin would have been asserted too', () => {
    put(WCR, IDLE | WDE | 8);
    bench.milliseconds(500);
    expect(bench.resets).toEqual(['WDOG3 timeout (WDOG_B asserted)']);
  });
});
