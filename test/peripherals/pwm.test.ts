import { beforeEach, describe, expect, it } from 'vitest';
import type { BusDevice } from '../../src/memory/bus.ts';
import { Pwm } from '../../src/peripherals/pwm.ts';
import { Bench, get, put } from './bench.ts';

const [CR, SR, IR, SAR, PR, CNR] = [0x00, 0x04, 0x08, 0x0c, 0x10, 0x14];
const EN = 1;
const SWR = 1 << 3;
const LOW = 3 << 16;
const HIGH = 2 << 16;
const [FE, ROV, CMP, FWE] = [1 << 3, 1 << 4, 1 << 5, 1 << 6];
const ALL = FE | ROV | CMP | FWE;
/** Cycles of three ticks of PWM1_CLK_ROOT, which is the 24 MHz crystal after reset. */
const THREE_TICKS = 100;

let bench: Bench;
let device: BusDevice;
let pwm: Pwm;
beforeEach(() => {
  bench = new Bench();
  const peripheral = bench.make('PWM1');
  device = peripheral.device;
  pwm = peripheral.model as Pwm;
});

/** Lets so many ticks of the crystal pass; `ticks` is a multiple of 3. */
const ticks = (count: number): void => bench.advance((count / 3) * THREE_TICKS);

describe('Pwm', () => {
  it('has the documented reset values and stands still', () => {
    expect(pwm).toBeInstanceOf(Pwm);
    bench.milliseconds(10);
    expect([CR, SR, IR, SAR, PR, CNR].map((at) => get(device, at))).toEqual([0, 8, 0, 0, 0xfffe, 0]);
    expect(bench.scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('counts PWMPR + 2 ticks a period from each source', () => {
    put(device, PR, 28);
    put(device, CR, EN | HIGH);
    ticks(27);
    expect(get(device, CNR)).toBe(27);
    ticks(30);
    expect(get(device, CNR)).toBe(27);
    put(device, CR, 0);
    expect(get(device, CNR)).toBe(0);
    put(device, PR, 32_766);
    put(device, CR, EN | LOW);
    bench.milliseconds(500);
    expect(get(device, CNR)).toBe(16_384);
    put(device, CR, EN);
    const { count } = pwm;
    bench.milliseconds(100);
    expect(get(device, CNR)).toBe(count);
  });

  it('divides by its prescaler', () => {
    put(device, CR, EN | (23 << 4) | HIGH);
    bench.milliseconds(1);
    expect(get(device, CNR)).toBe(1000);
  });

  it('takes the largest two periods for the same', () => {
    put(device, PR, 0xffff);
    put(device, CR, EN | HIGH);
    ticks(3 * 21_845 + 1 + 2);
    expect(get(device, CNR)).toBe(2);
  });

  it('is high from the start of a period to the sample, and the other way round with POUTC', () => {
    put(device, PR, 28);
    put(device, SAR, 12);
    const levels = (): boolean[] =>
      Array.from({ length: 10 }, () => {
        const level = pwm.output;
        ticks(3);
        return level;
      });
    put(device, CR, EN | HIGH);
    expect(levels().map(Number).join('')).toBe('1111000000');
    put(device, CR, EN | HIGH | (1 << 18));
    expect(levels().map(Number).join('')).toBe('0000111111');
    put(device, CR, EN | HIGH | (2 << 18));
    expect(levels().map(Number).join('')).toBe('0000000000');
  });

  it('is never high with a sample of 0, and always with one beyond the period', () => {
    put(device, PR, 28);
    put(device, CR, EN | HIGH);
    expect(pwm.output).toBe(false);
    put(device, SAR, 31);
    ticks(30);
    expect([pwm.output, get(device, SR) & CMP]).toEqual([true, CMP]);
    put(device, SR, ALL);
    ticks(57);
    expect([pwm.output, get(device, SR) & CMP]).toEqual([true, 0]);
  });

  it('takes a sample of its FIFO for each period and keeps the last', () => {
    put(device, PR, 28);
    for (const sample of [3, 6, 9, 12]) put(device, SAR, sample);
    expect(get(device, SR)).toBe(FE | 4);
    put(device, SR, FE);
    put(device, SAR, 99);
    expect(get(device, SR)).toBe(FWE | 4);
    put(device, CR, EN | HIGH);
    const seen = Array.from({ length: 6 }, () => {
      const state = [get(device, SAR), get(device, SR) & 7];
      ticks(30);
      return state;
    });
    expect(seen).toEqual([
      [3, 3],
      [6, 2],
      [9, 1],
      [12, 0],
      [12, 0],
      [12, 0],
    ]);
  });

  it.each([0, 1, 2, 3])('uses a sample in 2^%i periods', (repeat) => {
    put(device, PR, 28);
    put(device, SAR, 3);
    put(device, SAR, 6);
    put(device, CR, EN | HIGH | (repeat << 1));
    ticks(30 * 2 ** repeat - 3);
    expect(get(device, SAR)).toBe(3);
    ticks(3);
    expect(get(device, SAR)).toBe(6);
  });

  it('interrupts at its water mark, as the MCUXpresso sample uses it', () => {
    put(device, CR, LOW | (1 << 26));
    put(device, IR, 1);
    for (const sample of [0, 1, 2]) put(device, SAR, sample);
    put(device, SR, ALL);
    put(device, PR, 30);
    expect(bench.line('PWM1')).toBe(false);
    put(device, CR, EN | LOW | (1 << 26));
    let interrupts = 0;
    for (let n = 0; n < 1000; n++) {
      bench.milliseconds(1);
      if (!bench.line('PWM1')) continue;
      interrupts++;
      put(device, SAR, interrupts);
      put(device, SR, FE);
      expect(bench.line('PWM1')).toBe(false);
    }
    // 1024 periods of 32 ticks in a second, of which a poll every millisecond sees one each.
    expect(interrupts).toBe(1000);
    expect(get(device, SAR)).toBeGreaterThan(990);
  });

  it('interrupts at the end of a period and at the sample', () => {
    put(device, PR, 28);
    put(device, SAR, 15);
    put(device, SR, ALL);
    put(device, IR, 4);
    put(device, CR, EN | HIGH | (3 << 26));
    ticks(12);
    expect(bench.line('PWM1')).toBe(false);
    ticks(3);
    expect([bench.line('PWM1'), get(device, SR)]).toEqual([true, FE | CMP]);
    put(device, SR, ALL);
    put(device, IR, 2);
    ticks(12);
    expect(bench.line('PWM1')).toBe(false);
    ticks(3);
    expect([bench.line('PWM1'), get(device, SR) & ROV]).toEqual([true, ROV]);
    put(device, SR, ROV);
    expect(bench.line('PWM1')).toBe(false);
  });

  it('arms no timer when nothing can change', () => {
    put(device, PR, 0);
    put(device, CR, EN | HIGH);
    bench.milliseconds(1);
    expect(get(device, SR)).toBe(FE | ROV | CMP);
    expect(bench.scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('begins a new period when PWMPR changes', () => {
    put(device, PR, 28);
    put(device, CR, EN | HIGH);
    ticks(12);
    put(device, PR, 28);
    expect(get(device, CNR)).toBe(12);
    put(device, PR, 58);
    expect(get(device, CNR)).toBe(0);
  });

  it('takes samples apart as the swap bits say', () => {
    const swapped = [0, 1 << 20, 1 << 21, (1 << 20) | (1 << 21)].map((swap) => {
      put(device, CR, SWR);
      put(device, CR, swap);
      put(device, SAR, 0x1234_5678);
      return get(device, SAR);
    });
    expect(swapped).toEqual([0x5678, 0x1234, 0x7856, 0x3412]);
  });

  it('forgets all but its low-power enables at a software reset', () => {
    put(device, PR, 28);
    put(device, SAR, 5);
    put(device, IR, 7);
    put(device, CR, EN | HIGH | (0xf << 22));
    bench.milliseconds(1);
    expect(bench.line('PWM1')).toBe(true);
    put(device, CR, EN | SWR | (0xf << 22));
    expect([CR, SR, IR, SAR, PR, CNR].map((at) => get(device, at))).toEqual([0xf << 22, 8, 0, 0, 0xfffe, 0]);
    expect(bench.line('PWM1')).toBe(false);
    expect(bench.complaints).toEqual([]);
  });

  it('follows a change of its clock without losing what it has counted', () => {
    const ccm = bench.make('CCM').device;
    put(device, CR, EN | HIGH);
    ticks(2400);
    put(ccm, 0x8000 + 0x80 * 103, 0x1100_0000);
    expect(get(device, CNR)).toBe(2400);
    bench.advance(800);
    expect(get(device, CNR)).toBe(2500);
    bench.make('PWM1').reset();
    expect([get(device, CR), get(device, CNR)]).toEqual([0, 0]);
  });

  it('tells every change of its output to those who watch, and figures to those who ask', () => {
    put(device, PR, 28);
    put(device, SAR, 6);
    put(device, CR, EN | HIGH);
    ticks(3);
    expect([pwm.hz, pwm.duty]).toEqual([800_000, 0.2]);
    const { bank, pin } = bench.pins.find('PWM1_OUT');
    bench.make('GPIO1');
    bench.pins.connect({ bank, pin }, { bank: 'GPIO1', pin: 3 });
    expect(bench.pins.bank('GPIO1').pad(3)).toBe(true);
    ticks(60);
    put(device, CR, 0);
    const edges = bench.pins.bank('GPIO1').history.map(({ level, cycle }) => [Number(level), (cycle * 3) / 100]);
    expect(edges).toEqual([
      [1, 3],
      [0, 6],
      [1, 30],
      [0, 36],
      [1, 60],
      [0, 63],
    ]);
    expect([pwm.hz, pwm.duty]).toEqual([0, 0]);
  });
});
