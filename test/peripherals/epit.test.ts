import { beforeEach, describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import type { Epit } from '../../src/peripherals/epit.ts';
import { Bench, get, put } from './bench.ts';

const [CR, SR, LR, CMPR, CNR] = [0x00, 0x04, 0x08, 0x0c, 0x10];
const EN = 1;
const ENMOD = 1 << 1;
const OCIEN = 1 << 2;
const RLD = 1 << 3;
const SWR = 1 << 16;
const IOVW = 1 << 17;
/** The peripheral clock is 80 MHz here: ten cycles a tick. */
const PERIPHERAL = 1 << 24;
const HIGH = 2 << 24;
const LOW = 3 << 24;

let bench: Bench;
let device: BusDevice;
let epit: Epit;
let reset: () => void;
beforeEach(() => {
  bench = new Bench();
  const clocks = { peripheral: 80_000_000, highFrequency: 8_000_000, lowFrequency: 32_768 };
  const peripheral = bench.makeSpec({ kind: 'epit', name: 'EPIT1', base: 0x020d_0000, size: 0x4000, clocks });
  device = peripheral.device;
  epit = peripheral.model as Epit;
  reset = () => peripheral.reset();
});

const ticks = (count: number): void => bench.advance(10 * count);

describe('Epit', () => {
  it('has the documented reset values and stands still', () => {
    bench.milliseconds(10);
    expect([CR, SR, LR, CMPR, CNR].map((at) => get(device, at))).toEqual([0, 0, 0xffff_ffff, 0, 0xffff_ffff]);
    put(device, CR, EN);
    bench.milliseconds(10);
    expect(get(device, CNR)).toBe(0xffff_ffff);
  });

  it.each([
    ['peripheral', PERIPHERAL, 80_000],
    ['high-frequency', HIGH, 8_000],
    ['32 kHz', LOW, 32],
    ['divided peripheral', PERIPHERAL | (79 << 4), 1_000],
  ])('counts down with the %s clock', (_name, source, perMillisecond) => {
    put(device, CR, EN | source);
    bench.milliseconds(1);
    expect(get(device, CNR)).toBe(0xffff_ffff - perMillisecond);
  });

  it('starts again from its load value and interrupts at the compare', () => {
    put(device, CR, ENMOD | OCIEN | RLD | IOVW | PERIPHERAL);
    put(device, LR, 99);
    put(device, CMPR, 40);
    put(device, CR, EN | ENMOD | OCIEN | RLD | IOVW | PERIPHERAL);
    expect(get(device, CNR)).toBe(99);
    ticks(58);
    expect([bench.line('EPIT1'), get(device, CNR)]).toEqual([false, 41]);
    ticks(1);
    expect([bench.line('EPIT1'), get(device, SR), get(device, CNR)]).toEqual([true, 1, 40]);
    ticks(40);
    expect(get(device, CNR)).toBe(0);
    ticks(1);
    expect(get(device, CNR)).toBe(99);
    put(device, SR, 1);
    expect(bench.line('EPIT1')).toBe(false);
    ticks(59);
    expect(bench.line('EPIT1')).toBe(true);
  });

  it('runs from 0xffffffff without RLD, and never reaches a compare above its load value with it', () => {
    put(device, LR, 10);
    put(device, CR, EN | ENMOD | PERIPHERAL);
    ticks(0xffff_ffff);
    expect([get(device, CNR), get(device, SR)]).toEqual([0, 1]);
    ticks(1);
    expect(get(device, CNR)).toBe(0xffff_ffff);
    put(device, CR, 0);
    put(device, SR, 1);
    put(device, CMPR, 11);
    put(device, CR, EN | ENMOD | RLD | PERIPHERAL);
    ticks(1000);
    expect(get(device, SR)).toBe(0);
    expect(bench.scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes a load value at once with IOVW, at the next reload without', () => {
    put(device, LR, 99);
    put(device, CR, EN | ENMOD | RLD | PERIPHERAL);
    ticks(10);
    put(device, LR, 49);
    expect(get(device, CNR)).toBe(89);
    ticks(90);
    expect(get(device, CNR)).toBe(49);
    put(device, CR, EN | ENMOD | RLD | IOVW | PERIPHERAL);
    put(device, LR, 1000);
    expect(get(device, CNR)).toBe(1000);
  });

  it('goes on where it stood without ENMOD', () => {
    put(device, CR, EN | PERIPHERAL);
    ticks(5);
    put(device, CR, PERIPHERAL);
    ticks(100);
    put(device, CR, EN | PERIPHERAL);
    ticks(5);
    expect(get(device, CNR)).toBe(0xffff_ffff - 10);
  });

  it('keeps its count when prescaler or clock change on the way', () => {
    put(device, CR, EN | PERIPHERAL);
    ticks(100);
    put(device, CR, EN | PERIPHERAL | (9 << 4));
    ticks(100);
    put(device, CR, EN | HIGH);
    ticks(100);
    expect(0xffff_ffff - get(device, CNR)).toBe(120);
  });

  it.each([
    [1, [true, false, true]],
    [2, [false, false, false]],
    [3, [true, true, true]],
  ])('drives its output at the compare with OM %i', (mode, levels) => {
    put(device, LR, 9);
    put(device, CR, EN | ENMOD | RLD | IOVW | PERIPHERAL | (mode << 22));
    const seen = levels.map(() => {
      ticks(10);
      return epit.output;
    });
    expect(seen).toEqual(levels);
  });

  it('forgets all but its enables at a software reset', () => {
    put(device, LR, 9);
    put(device, CMPR, 5);
    put(device, CR, EN | ENMOD | OCIEN | RLD | IOVW | PERIPHERAL);
    ticks(20);
    expect(bench.line('EPIT1')).toBe(true);
    put(device, CR, EN | ENMOD | SWR | (0xb << 18));
    expect([CR, SR, LR, CMPR, CNR].map((at) => get(device, at))).toEqual([EN | ENMOD | (0xb << 18), 0, 0xffff_ffff, 0, 0xffff_ffff]);
    expect(bench.line('EPIT1')).toBe(false);
    expect(bench.complaints).toEqual([]);
  });

  it('is as new after a reset of the SoC', () => {
    put(device, CR, EN | OCIEN | PERIPHERAL | (3 << 22));
    put(device, CMPR, 0xffff_fff0);
    ticks(100);
    expect([bench.line('EPIT1'), epit.output]).toEqual([true, true]);
    reset();
    expect([bench.line('EPIT1'), epit.output, get(device, CNR)]).toEqual([false, false, 0xffff_ffff]);
  });
});
