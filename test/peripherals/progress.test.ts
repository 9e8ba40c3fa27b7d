/** What registers say about how they go on (`progress`), held against what they show later. */
import { describe, expect, it } from 'vitest';
import { DebugUnit } from '../../src/cpu/dwt.ts';
import { SysTick } from '../../src/cpu/systick.ts';
import type { BusDevice } from '../../src/memory/bus.ts';
import type { Scheduler } from '../../src/time/scheduler.ts';
import { Random } from '../support/random-thumb.ts';
import { Bench, put } from './bench.ts';

/** Checks the register at `offset` from now on, at times that `progress` speaks of; returns how often it spoke. */
function follow(scheduler: Scheduler, device: BusDevice, offset: number, random: Random): number {
  let spoke = 0;
  for (let round = 0; round < 200; round++) {
    const progress = device.progress!(offset, 4);
    const from = scheduler.now;
    const value = device.peek(offset, 4);
    let step = 1 + random.below(5000);
    if (progress) {
      spoke++;
      const last = Math.floor((Math.min(progress.until, 2 ** 36) - 1) / progress.cycles);
      const periods = [0, 1, random.below(Math.min(last, 1000) + 1), last].filter((count) => count <= last).sort((a, b) => a - b);
      for (const count of periods) {
        const at = from + count * progress.cycles;
        if (at > scheduler.nextDeadline) break;
        scheduler.advanceTo(at);
        const expected = (value + ((((count * progress.ticks) % 2 ** 32) + 2 ** 32) % 2 ** 32)) % 2 ** 32;
        expect(device.peek(offset, 4), `${count} periods of ${progress.cycles} cycles from ${from}`).toBe(expected);
      }
      if (random.chance(0.5) && progress.until < 2 ** 36) step = Math.max(0, from + progress.until - scheduler.now) + random.below(3);
    }
    const to = scheduler.now + step;
    while (scheduler.nextDeadline <= to) {
      scheduler.advanceTo(scheduler.nextDeadline);
      scheduler.fireDue();
    }
    scheduler.advanceTo(to);
  }
  return spoke;
}

const [CR, PR, IR, OCR1, CNT] = [0x00, 0x04, 0x0c, 0x10, 0x24];

describe('progress', () => {
  it.each([
    ['freely', (1 << 9) | (5 << 6) | (1 << 10) | 1, 0, 0xffff_ffff],
    ['to a compare', (5 << 6) | (1 << 10) | 1, 2, 999],
    ['slowly', (1 << 9) | (4 << 6) | 1, 0, 0xffff_ffff],
    ['not at all', 0, 0, 0xffff_ffff],
  ])('of a GPT that counts %s', (_how, control, prescaler, compare) => {
    const bench = new Bench();
    const { device } = bench.make('GPT1');
    put(device, OCR1, compare);
    put(device, PR, prescaler);
    put(device, IR, 1);
    put(device, CR, control);
    expect(follow(bench.scheduler, device, CNT, new Random(1))).toBe(200);
  });

  it.each([0, 4])('of the system counter, word at %i', (offset) => {
    const bench = new Bench();
    const { device } = bench.make('SYS_CTR');
    put(device, 0x2_0000, 0);
    put(device, 0x2_0008, 0xffff_ff00);
    put(device, 0x2_0000, 1);
    expect(follow(bench.scheduler, device, offset, new Random(2))).toBe(200);
  });

  it('of a PLL that locks', () => {
    const bench = new Bench();
    const { device } = bench.make('CCM_ANALOG');
    const control = device.peek(0, 4);
    put(device, 0, control & ~(1 << 9));
    put(device, 0, control | (1 << 9));
    const before = device.progress!(0, 4)!;
    expect(before.until).toBeGreaterThan(0);
    expect(before.until).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(follow(bench.scheduler, device, 0, new Random(3))).toBe(200);
    expect(device.progress!(0, 4)!.until).toBe(Number.POSITIVE_INFINITY);
  });

  it('of a UART in reset, and with and without something in its FIFO', () => {
    const bench = new Bench();
    const { device, uart } = bench.make('UART4');
    put(device, 0x84, 0);
    expect(device.progress!(0x84, 4)!.until).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(follow(bench.scheduler, device, 0x84, new Random(4))).toBe(200);
    expect(device.progress!(0, 4)).toMatchObject({ ticks: 0, until: Number.POSITIVE_INFINITY });
    put(device, 0x80, 1);
    put(device, 0x84, 0x4027);
    uart!.receive([65]);
    bench.milliseconds(10);
    expect(device.progress!(0, 4)).toBeUndefined();
  });

  it.each([
    ['core clock', 1, undefined, 7],
    ['core clock, polled', 3, undefined, 5],
    ['reference clock', 1, 24_000_000, 3],
  ])('of SysTick by the %s', (_clock, cyclesPerTick, referenceHz, control) => {
    const bench = new Bench();
    const { scheduler, diagnostics } = bench;
    const sysTick = new SysTick({ scheduler, diagnostics, cyclesPerTick, pend: () => {}, ...(referenceHz ? { referenceHz } : {}) });
    sysTick.reset();
    const { registers } = sysTick;
    registers.write(0x14, 12_345, 4);
    registers.write(0x18, 0, 4);
    registers.write(0x10, control, 4);
    expect(follow(scheduler, registers, 0x18, new Random(5))).toBeGreaterThan(0);
    registers.read(0x10, 4);
    expect(follow(scheduler, registers, 0x10, new Random(6))).toBeGreaterThan(0);
  });

  it('of SysTick ends while COUNTFLAG is set', () => {
    const { scheduler, diagnostics } = new Bench();
    const sysTick = new SysTick({ scheduler, diagnostics, cyclesPerTick: 1, pend: () => {} });
    sysTick.reset();
    const { registers } = sysTick;
    registers.write(0x14, 99, 4);
    registers.write(0x10, 5, 4);
    scheduler.advanceTo(50);
    expect(registers.progress(0x10, 4)).toEqual({ ticks: 0, cycles: 1, until: 50 });
    expect(registers.progress(0x18, 4)).toEqual({ ticks: -1, cycles: 1, until: 50 });
    scheduler.advanceTo(130);
    expect(registers.progress(0x10, 4)).toBeUndefined();
    registers.read(0x10, 4);
    expect(registers.progress(0x10, 4)).toEqual({ ticks: 0, cycles: 1, until: 70 });
  });

  it('of CYCCNT', () => {
    const { scheduler, diagnostics } = new Bench();
    const unit = new DebugUnit({
      diagnostics,
      cycles: () => Math.floor(scheduler.now / 2),
      cyclesPerTick: 2,
      monitorPending: () => false,
      setMonitorPending: () => {},
    });
    expect(unit.dwt.progress(4, 4)).toEqual({ ticks: 0, cycles: 2, until: Number.POSITIVE_INFINITY });
    unit.debug.write(0xdfc, 1 << 24, 4);
    unit.dwt.write(0, 1, 4);
    unit.dwt.write(4, 0xffff_fff0, 4);
    expect(follow(scheduler, unit.dwt, 4, new Random(7))).toBe(200);
  });

  it('is unknown for parts of a register, for what is not modelled, and for all else', () => {
    const bench = new Bench();
    const { device } = bench.make('GPT1');
    expect(device.progress!(CNT, 2)).toBeUndefined();
    expect(device.progress!(CNT + 2, 4)).toBeUndefined();
    expect(device.progress!(CR, 4)).toBeUndefined();
    expect(device.progress!(0x28, 4)).toBeUndefined();
  });
});
