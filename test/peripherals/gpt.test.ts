import { beforeEach, describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import { Bench, get, put } from './bench.ts';

const [CR, PR, SR, IR, OCR1, OCR2, OCR3, ICR1, ICR2, CNT] = [0x00, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x24];
const EN = 1;
const ENMOD = 2;
const FRR = 1 << 9;
const EN_24M = 1 << 10;
const SWR = 1 << 15;
const CRYSTAL = (5 << 6) | EN_24M;
const LOW = 4 << 6;
const PERIPHERAL = 1 << 6;
/** Cycles of one tick of the 24 MHz crystal, times 3. */
const THREE_TICKS = 100;

let bench: Bench;
let device: BusDevice;
beforeEach(() => {
  bench = new Bench();
  device = bench.make('GPT1').device;
});

describe('Gpt', () => {
  it('has the documented reset values and stands still', () => {
    bench.milliseconds(10);
    expect([CR, PR, SR, IR, OCR1, OCR2, OCR3, ICR1, ICR2, CNT].map((at) => get(device, at))).toEqual([
      0, 0, 0, 0, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0, 0, 0,
    ]);
  });

  it('counts every clock source exactly', () => {
    put(device, CR, EN | FRR | CRYSTAL);
    bench.milliseconds(1000);
    expect(get(device, CNT)).toBe(24_000_000);
    bench.advance(33);
    expect(get(device, CNT)).toBe(24_000_000);
    bench.advance(1);
    expect(get(device, CNT)).toBe(24_000_001);

    put(device, CR, SWR);
    put(device, CR, EN | FRR | LOW);
    bench.milliseconds(500);
    expect(get(device, CNT)).toBe(16_384);

    put(device, CR, SWR);
    put(bench.make('CCM').device, 0x8000 + 0x80 * 107, 0x1201_0001);
    put(device, CR, EN | FRR | PERIPHERAL);
    bench.milliseconds(1);
    expect(get(device, CNT)).toBe(100_000);

    put(device, CR, SWR);
    put(device, CR, EN | FRR | (2 << 6));
    bench.milliseconds(1);
    expect(get(device, CNT)).toBe(100_000);
  });

  it.each([
    ['no clock', EN | FRR],
    ['an external clock that is not fitted', EN | FRR | (3 << 6)],
    ['the crystal without EN_24M', EN | FRR | (5 << 6)],
  ])('stands still with %s', (_what, control) => {
    put(device, CR, control);
    bench.milliseconds(10);
    expect(get(device, CNT)).toBe(0);
  });

  it('divides by both prescalers', () => {
    put(device, PR, (2 << 12) | 99);
    put(device, CR, EN | FRR | CRYSTAL);
    bench.milliseconds(1);
    expect(get(device, CNT)).toBe(80);
    put(device, PR, 23);
    bench.milliseconds(1);
    expect(get(device, CNT)).toBe(80 + 1000);
  });

  it('follows a change of its clock without losing what it has counted', () => {
    const ccm = bench.make('CCM').device;
    put(device, CR, EN | FRR | PERIPHERAL);
    bench.milliseconds(1);
    expect(get(device, CNT)).toBe(24_000);
    put(ccm, 0x8000 + 0x80 * 107, 0x1100_0000);
    bench.milliseconds(1);
    expect(get(device, CNT)).toBe(124_000);
  });

  it('starts over at OCR1 in restart mode and interrupts each time', () => {
    put(device, OCR1, 999);
    put(device, IR, 1);
    put(device, CR, EN | ENMOD | CRYSTAL);
    bench.advance(THREE_TICKS * 333 - 1);
    expect([bench.line('GPT1'), get(device, CNT)]).toEqual([false, 998]);
    bench.advance(1);
    expect([bench.line('GPT1'), get(device, SR), get(device, CNT)]).toEqual([true, 1, 999]);
    bench.advance(34);
    expect(get(device, CNT)).toBe(0);
    put(device, SR, 1);
    expect(bench.line('GPT1')).toBe(false);
    bench.advance(THREE_TICKS * 333);
    expect(bench.line('GPT1')).toBe(true);
  });

  it('gives one interrupt a second, as the MCUXpresso sample does', () => {
    put(bench.make('CCM').device, 0x8000 + 0x80 * 107, 0x1203_0000);
    put(device, OCR1, 100_000_000);
    put(device, IR, 1);
    put(device, CR, EN | ENMOD | PERIPHERAL);
    let interrupts = 0;
    for (let n = 0; n < 3100; n++) {
      bench.milliseconds(1);
      if (bench.line('GPT1')) {
        interrupts++;
        put(device, SR, 1);
      }
    }
    expect(interrupts).toBe(3);
  });

  it('compares all three in free-run mode', () => {
    put(device, OCR1, 300);
    put(device, OCR2, 600);
    put(device, OCR3, 900);
    put(device, CR, EN | FRR | CRYSTAL);
    const flags = [];
    for (let n = 0; n < 4; n++) {
      flags.push(get(device, SR));
      bench.advance(THREE_TICKS * 100);
    }
    expect(flags).toEqual([0, 1, 3, 7]);
    put(device, SR, 2);
    expect(get(device, SR)).toBe(5);
    expect(get(device, CNT)).toBe(1200);
    expect(bench.line('GPT1')).toBe(false);
  });

  it('never reaches OCR2 above OCR1 in restart mode', () => {
    put(device, OCR1, 99);
    put(device, OCR2, 50);
    put(device, OCR3, 100);
    put(device, CR, EN | CRYSTAL);
    bench.milliseconds(1);
    expect(get(device, SR)).toBe(3);
  });

  it('rolls over at 2^32', () => {
    put(device, IR, 1 << 5);
    put(device, CR, EN | FRR | CRYSTAL);
    bench.advance(THREE_TICKS * 1_431_655_765);
    expect([get(device, CNT), bench.line('GPT1')]).toEqual([0xffff_ffff, false]);
    bench.advance(34);
    expect([get(device, CNT), bench.line('GPT1')]).toEqual([0, true]);
    put(device, SR, 0x3f);
    expect(bench.line('GPT1')).toBe(false);
  });

  it('freezes when disabled; ENMOD decides whether it starts from 0', () => {
    put(device, CR, EN | FRR | CRYSTAL);
    bench.advance(300);
    put(device, CR, FRR | CRYSTAL);
    bench.milliseconds(1);
    expect(get(device, CNT)).toBe(9);
    put(device, CR, EN | FRR | CRYSTAL);
    bench.advance(300);
    expect(get(device, CNT)).toBe(18);
    put(device, CR, ENMOD | FRR | CRYSTAL);
    put(device, CR, EN | ENMOD | FRR | CRYSTAL);
    bench.advance(300);
    expect(get(device, CNT)).toBe(9);
  });

  it('forgets all but its enables at a software reset', () => {
    put(device, OCR1, 5);
    put(device, PR, 7);
    put(device, CR, EN | ENMOD | FRR | CRYSTAL);
    bench.milliseconds(1);
    put(device, CR, EN | ENMOD | FRR | CRYSTAL | SWR);
    expect([CR, PR, SR, OCR1, CNT].map((at) => get(device, at))).toEqual([EN | ENMOD, 0, 0, 0xffff_ffff, 0]);
  });

  it('restarts when OCR1 is written in restart mode, and runs on in free-run mode', () => {
    put(device, CR, EN | CRYSTAL);
    bench.milliseconds(1);
    put(device, OCR1, 500);
    expect(get(device, CNT)).toBe(0);
    put(device, CR, EN | FRR | CRYSTAL);
    bench.advance(300);
    put(device, OCR1, 10_000);
    expect(get(device, CNT)).toBe(9);
  });

  it('captures the counter at the edges it is told', () => {
    put(device, IR, 0x18);
    put(device, CR, EN | FRR | CRYSTAL | (1 << 16) | (3 << 18));
    bench.advance(100);
    bench.pins.bank('GPT1').setInput(0, true);
    expect([get(device, ICR1), get(device, SR), bench.line('GPT1')]).toEqual([3, 8, true]);
    bench.advance(100);
    bench.pins.bank('GPT1').setInput(0, false);
    expect(get(device, ICR1)).toBe(3);
    bench.pins.bank('GPT1').setInput(1, true);
    expect(get(device, ICR2)).toBe(6);
    bench.advance(100);
    bench.pins.bank('GPT1').setInput(1, false);
    bench.pins.bank('GPT1').setInput(1, false);
    expect([get(device, ICR2), get(device, SR)]).toEqual([9, 0x18]);
    put(device, SR, 0x18);
    expect(bench.line('GPT1')).toBe(false);
  });

  it.each([
    ['toggle', 1, '010101'],
    ['clear', 2, '000000'],
    ['set', 3, '011111'],
  ])('lets a compare %s its output', (_what, mode, levels) => {
    put(device, OCR1, 29);
    put(device, OCR2, 11);
    put(device, CR, EN | CRYSTAL | (mode << 23));
    const { bank, pin } = bench.pins.find('GPT1_COMPARE2');
    const seen = [...levels].map(() => {
      const level = bench.pins.bank(bank).pad(pin);
      bench.advance(10 * THREE_TICKS);
      return Number(level);
    });
    expect(seen.join('')).toBe(levels);
    expect(bench.complaints).toEqual([]);
  });

  it('pulses an output while somebody watches, and forces one without a compare', () => {
    const { bank, pin } = bench.pins.find('gpt1_compare1');
    bench.pins.bank(bank).watch!(pin);
    put(device, OCR1, 29);
    put(device, CR, EN | CRYSTAL | (4 << 20));
    bench.advance(3000);
    expect(bench.pins.bank(bank).history.map(({ level, cycle }) => [level, cycle])).toEqual([
      [true, 1001],
      [false, 1967],
      [true, 2001],
      [false, 2967],
    ]);
    put(device, CR, EN | CRYSTAL | (3 << 20) | (1 << 29));
    expect([bench.pins.bank(bank).pad(pin), get(device, SR), get(device, CR) >>> 29]).toEqual([true, 1, 0]);
  });

  it('counts edges of its external clock', () => {
    const clk = bench.pins.find('GPT1_CLK');
    put(device, OCR1, 9);
    put(device, PR, 1);
    put(device, IR, 1);
    put(device, CR, EN | (3 << 6));
    bench.pins.bank('GPT1').pulse(clk.pin, { first: true, high: 10, low: 30, count: 19 });
    bench.advance(10_000);
    expect([get(device, CNT), bench.line('GPT1')]).toEqual([9, true]);
    bench.pins.bank('GPT1').pulse(clk.pin, { first: true, high: 10, low: 30, count: 2 });
    bench.advance(1000);
    expect(get(device, CNT)).toBe(0);
  });

  it('arms no timer for flags that are set, however short the period', () => {
    put(device, OCR1, 0);
    put(device, CR, EN | CRYSTAL);
    bench.milliseconds(1);
    expect(get(device, SR) & 1).toBe(1);
    expect(bench.scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    bench.make('GPT1').reset();
    expect([get(device, SR), get(device, CR)]).toEqual([0, 0]);
  });

  it('keeps counting where OCR1 falls below the counter while it is free', () => {
    put(device, CR, EN | FRR | CRYSTAL);
    put(device, OCR1, 100);
    bench.advance(THREE_TICKS * 100);
    put(device, SR, 0x3f);
    put(device, CR, EN | CRYSTAL);
    bench.advance(THREE_TICKS);
    expect(get(device, CNT)).toBe(303);
    bench.advance(THREE_TICKS * 1_431_655_765);
    // Past the wrap it restarts at OCR1 like any other.
    expect(get(device, SR) & 0x21).toBe(0x21);
    expect(get(device, CNT)).toBeLessThanOrEqual(100);
  });
});
