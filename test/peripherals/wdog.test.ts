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

  it('interrupts once in a countdown, however often WTIS is cleared', () => {
    put(WICR, 0x8000 | 4);
    put(WCR, IDLE | WDE | (15 << 8));
    for (let countdown = 0; countdown < 3; countdown++) {
      bench.milliseconds(5999);
      expect(bench.line('WDOG3')).toBe(false);
      bench.milliseconds(1);
      expect(bench.line('WDOG3')).toBe(true);
      for (let n = 0; n < 3; n++) {
        put(WICR, get(WICR) | 0x4000);
        expect([bench.line('WDOG3'), get(WICR)]).toEqual([false, 0x8004]);
        bench.milliseconds(500);
        expect([bench.line('WDOG3'), get(WICR)]).toEqual([false, 0x8004]);
      }
      service();
    }
    expect(bench.resets).toEqual([]);
  });

  it('keeps the interrupt through a service until WTIS is cleared', () => {
    put(WICR, 0x8000 | 1);
    put(WCR, IDLE | WDE | (1 << 8));
    bench.milliseconds(500);
    service();
    bench.milliseconds(499);
    expect([bench.line('WDOG3'), get(WICR)]).toEqual([true, 0xc001]);
    put(WICR, 0x4000);
    expect([bench.line('WDOG3'), get(WICR)]).toEqual([false, 0x8001]);
    bench.milliseconds(1);
    expect(bench.line('WDOG3')).toBe(true);
  });

  it('does not interrupt in a countdown that was behind WICT when it was enabled', () => {
    put(WCR, IDLE | WDE | (3 << 8));
    bench.milliseconds(1500);
    put(WICR, 0x8000 | 2);
    bench.milliseconds(400);
    expect([bench.line('WDOG3'), get(WICR)]).toEqual([false, 0x8002]);
    service();
    bench.milliseconds(1000);
    expect(bench.line('WDOG3')).toBe(true);
  });

  it('takes WIE and WICT from the first write only, even one that enables nothing', () => {
    put(WICR, 0x4003);
    put(WICR, 0x8001);
    put(WCR, IDLE | WDE | (3 << 8));
    bench.milliseconds(1999);
    expect([bench.line('WDOG3'), get(WICR)]).toEqual([false, 0x0003]);
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
