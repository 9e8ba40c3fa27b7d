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

  it('has lines of single pins besides the combined one', () => {
    const first = bench.make('GPIO1');
    put(first.device, ICR1, 2 << 4);
    put(first.device, IMR, 1 << 2);
    first.gpio!.setInput(2, true);
    expect([bench.line('GPIO1'), bench.line('GPIO1 pin 2'), bench.line('GPIO1 pin 3')]).toEqual([true, true, false]);
    put(first.device, ISR, 1 << 2);
    expect([bench.line('GPIO1'), bench.line('GPIO1 pin 2')]).toEqual([false, false]);
  });

  it('gives pins that nobody drives their pull', () => {
    gpio.pull(3, true);
    expect(gpio.pad(3)).toBe(true);
    gpio.setInput(3, false);
    expect(gpio.pad(3)).toBe(false);
    gpio.release(3);
    expect(gpio.pad(3)).toBe(true);
    bench.make('GPIO3').reset();
    expect(gpio.pad(3)).toBe(true);
    gpio.pull(3, false);
    expect(gpio.pad(3)).toBe(false);
  });

  it('is driven with pulses in virtual time, on several pins at once, until another level comes', () => {
    put(device, ICR1, 2 << 2);
    bench.advance(1000);
    gpio.pulse(1, { first: true, high: 100, low: 50, count: 2 });
    gpio.pulse(20, { first: false, high: 10, low: 40, count: Number.POSITIVE_INFINITY });
    bench.advance(300);
    gpio.setInput(20, true);
    bench.advance(300);
    const changes = (wanted: number): string[] =>
      gpio.history.filter(({ pin }) => pin === wanted).map(({ level, cycle }) => `${level ? 1 : 0}@${cycle}`);
    expect(changes(1)).toEqual(['1@1000', '0@1100', '1@1150', '0@1250']);
    const cycles = [1040, 1050, 1090, 1100, 1140, 1150, 1190, 1200, 1240, 1250, 1290, 1300, 1300];
    expect(changes(20)).toEqual(cycles.map((cycle, index) => `${(index + 1) % 2}@${cycle}`));
    expect([bench.scheduler.pending, (get(device, ISR) >>> 1) & 1]).toEqual([0, 1]);
    gpio.pulse(1, { first: true, high: 100, low: 100, count: 5 });
    gpio.release(1);
    expect([gpio.pad(1), bench.scheduler.nextDeadline]).toEqual([false, bench.scheduler.now + 100]);
    bench.advance(1000);
    expect(changes(1)).toHaveLength(6);
  });

  it('is wired to other pins, of other banks, too, and wires may form a ring', () => {
    const other = bench.make('GPIO4').gpio!;
    put(device, GDIR, 1 << 16);
    put(device, DR, 1 << 16);
    bench.pins.connect({ bank: 'GPIO3', pin: 16 }, { bank: 'GPIO4', pin: 2 });
    bench.pins.connect({ bank: 'GPIO4', pin: 2 }, { bank: 'GPIO3', pin: 5 });
    bench.pins.connect({ bank: 'GPIO3', pin: 5 }, { bank: 'GPIO3', pin: 16 });
    expect([other.pad(2), gpio.pad(5)]).toEqual([true, true]);
    put(device, DR, 0);
    expect([other.pad(2), gpio.pad(5)]).toEqual([false, false]);
    bench.pins.disconnect({ bank: 'GPIO3', pin: 16 }, { bank: 'GPIO4', pin: 2 });
    put(device, DR, 1 << 16);
    expect([other.pad(2), gpio.pad(5)]).toEqual([false, false]);
    expect(() => bench.pins.connect({ bank: 'GPIO3', pin: 1 }, { bank: 'GPIO8', pin: 1 })).toThrow('no GPIO bank is called GPIO8');
  });

  it('keeps the last changes of many', () => {
    for (let n = 1; n <= 20_001; n++) gpio.setInput(0, n % 2 === 1);
    const { history } = gpio;
    expect(history.length).toBeGreaterThanOrEqual(4096);
    expect(history.length).toBeLessThanOrEqual(8192);
    expect(history.at(-1)).toMatchObject({ pin: 0, level: true });
  });
});
