import { beforeEach, describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import type { Gpio } from '../../src/peripherals/gpio.ts';
import { Bench, get, put } from './bench.ts';

const [DR, GDIR, PSR, ICR1, ICR2, IMR, ISR, EDGE_SEL] = [0x00, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c];

let bench: Bench;
let device: BusDevice;
let gpio: Gpio;
beforeEach(() => {
  bench = new Bench();
  const peripheral = bench.make('GPIO3');
  device = peripheral.device;
  gpio = peripheral.gpio!;
});

const low = (): boolean => bench.line('GPIO3');
const high = (): boolean => bench.line('GPIO3 high');

describe('Gpio', () => {
  it('drives outputs, reads inputs, and lets neither write the other', () => {
    gpio.setInput(0, true);
    put(device, GDIR, 0x0003_0000);
    put(device, DR, 0x0001_0002);
    expect([get(device, DR), get(device, PSR)]).toEqual([0x0001_0001, 0x0001_0001]);
    gpio.setInput(16, false);
    expect(gpio.pad(16)).toBe(true);
    put(device, GDIR, 0);
    expect(get(device, DR)).toBe(1);
    put(device, GDIR, 2);
    expect(get(device, DR)).toBe(3);
  });

  it('keeps read-modify-write of one pin from disturbing others', () => {
    put(device, GDIR, (1 << 16) | (1 << 17));
    for (let n = 0; n < 4; n++) {
      put(device, DR, get(device, DR) ^ (1 << 16));
      if (n % 2) put(device, DR, get(device, DR) ^ (1 << 17));
    }
    expect([gpio.pad(16), gpio.pad(17)]).toEqual([false, false]);
  });

  it('tells a listener of outputs that change, and only of those', () => {
    const seen: string[] = [];
    gpio.onOutput = (pin, level) => seen.push(`${pin}=${level}`);
    put(device, GDIR, 1 << 16);
    put(device, DR, 1 << 16);
    put(device, DR, 1 << 16);
    gpio.setInput(3, true);
    put(device, DR, 0);
    expect(seen).toEqual(['16=true', '16=false']);
  });

  it('latches the edge that a pin is set for', () => {
    // Pins 0 rising, 1 falling, 17 rising, 18 falling.
    put(device, ICR1, 2 | (3 << 2));
    put(device, ICR2, (2 << 2) | (3 << 4));
    put(device, IMR, 0x0006_0003);
    for (const pin of [0, 1, 17, 18]) gpio.setInput(pin, true);
    expect(get(device, ISR) & 0x0006_0003).toBe(0x0002_0001);
    expect([low(), high()]).toEqual([true, true]);
    put(device, ISR, 0x0002_0001);
    expect([low(), high()]).toEqual([false, false]);
    for (const pin of [0, 1, 17, 18]) gpio.setInput(pin, false);
    expect(get(device, ISR) & 0x0006_0003).toBe(0x0004_0002);
    expect([low(), high()]).toEqual([true, true]);
  });

  it('keeps a level that interrupts until it is cleared, which it cannot be while it lasts', () => {
    put(device, ICR1, 1);
    put(device, IMR, 1);
    expect(low()).toBe(false);
    gpio.setInput(0, true);
    expect(low()).toBe(true);
    put(device, ISR, 1);
    expect([get(device, ISR) & 1, low()]).toEqual([1, true]);
    gpio.setInput(0, false);
    expect([get(device, ISR) & 1, low()]).toEqual([1, true]);
    put(device, ISR, 1);
    expect([get(device, ISR) & 1, low()]).toEqual([0, false]);
    put(device, ICR1, 0);
    expect(low()).toBe(true);
  });

  it('shows a masked level for as long as it lasts', () => {
    expect(get(device, ISR)).toBe(0xffff_ffff);
    gpio.setInput(7, true);
    expect((get(device, ISR) >>> 7) & 1).toBe(0);
    gpio.setInput(7, false);
    expect((get(device, ISR) >>> 7) & 1).toBe(1);
  });

  it('takes both edges where EDGE_SEL says so, whatever ICR holds', () => {
    put(device, EDGE_SEL, 1 << 31);
    put(device, IMR, 0x8000_0000);
    expect(high()).toBe(false);
    gpio.setInput(31, true);
    expect(get(device, ISR) >>> 31).toBe(1);
    put(device, ISR, 0x8000_0000);
    expect(high()).toBe(false);
    gpio.setInput(31, false);
    expect(high()).toBe(true);
  });

  it('latches while masked and interrupts when unmasked', () => {
    put(device, ICR1, 2 << 10);
    gpio.setInput(5, true);
    expect(low()).toBe(false);
    put(device, IMR, 1 << 5);
    expect(low()).toBe(true);
  });

  it('starts over with the SoC while the outside keeps driving', () => {
    gpio.setInput(4, true);
    put(device, GDIR, 1);
    put(device, DR, 1);
    bench.make('GPIO3').reset();
    expect([get(device, GDIR), get(device, PSR)]).toEqual([0, 0x10]);
    expect(bench.complaints).toEqual([]);
  });
});
