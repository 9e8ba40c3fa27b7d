import { describe, expect, it } from 'vitest';
import { SysTick } from '../../src/cpu/systick.ts';
import { Diagnostics } from '../../src/diagnostics.ts';
import { Scheduler } from '../../src/time/scheduler.ts';

const CSR = 0x10;
const RVR = 0x14;
const CVR = 0x18;
const CALIB = 0x1c;
const COUNTFLAG = 0x1_0000;

function create(options: { hz?: number; cyclesPerTick?: number; referenceHz?: number } = {}) {
  const scheduler = new Scheduler(options.hz ?? 100_000_000);
  const pended: number[] = [];
  const sysTick = new SysTick({
    scheduler,
    diagnostics: new Diagnostics({ now: () => scheduler.now, pc: () => undefined }),
    cyclesPerTick: options.cyclesPerTick ?? 1,
    ...(options.referenceHz === undefined ? {} : { referenceHz: options.referenceHz }),
    pend: () => pended.push(scheduler.now),
  });
  sysTick.reset();
  const { registers } = sysTick;
  return {
    sysTick,
    scheduler,
    pended,
    read: (offset: number) => registers.read(offset, 4),
    peek: (offset: number) => registers.peek(offset, 4),
    write: (offset: number, value: number) => registers.write(offset, value, 4),
    to(cycle: number) {
      while (scheduler.nextDeadline <= cycle) {
        scheduler.advanceTo(scheduler.nextDeadline);
        scheduler.fireDue();
      }
      scheduler.advanceTo(cycle);
    },
  };
}

describe('SysTick', () => {
  it('counts LOAD+1 cycles per period and pends at each zero', () => {
    const t = create();
    t.write(RVR, 9);
    t.write(CVR, 123);
    t.write(CSR, 7);
    expect(t.read(CVR)).toBe(0);
    t.to(1);
    expect(t.read(CVR)).toBe(9);
    t.to(9);
    expect(t.read(CVR)).toBe(1);
    t.to(10);
    expect(t.read(CVR)).toBe(0);
    t.to(11);
    expect(t.read(CVR)).toBe(9);
    t.to(35);
    expect(t.pended).toEqual([10, 20, 30]);
  });

  it('sets COUNTFLAG at zero; reading CTRL clears it, a debugger peek does not', () => {
    const t = create();
    t.write(RVR, 99);
    t.write(CVR, 0);
    t.write(CSR, 5);
    t.to(99);
    expect(t.read(CSR)).toBe(5);
    t.to(100);
    expect(t.peek(CSR)).toBe(5 | COUNTFLAG);
    expect(t.peek(CSR)).toBe(5 | COUNTFLAG);
    expect(t.read(CSR)).toBe(5 | COUNTFLAG);
    expect(t.read(CSR)).toBe(5);
    expect(t.pended).toEqual([]);
    expect(t.sysTick.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    t.to(450);
    expect(t.read(CSR)).toBe(5 | COUNTFLAG);
  });

  it('clears COUNTFLAG and restarts the period on a write to VAL, without pending', () => {
    const t = create();
    t.write(RVR, 99);
    t.write(CVR, 0);
    t.write(CSR, 7);
    t.to(150);
    t.write(CVR, 0x55);
    expect(t.read(CSR)).toBe(7);
    expect(t.read(CVR)).toBe(0);
    t.to(249);
    expect(t.pended).toEqual([100]);
    t.to(250);
    expect(t.pended).toEqual([100, 250]);
  });

  it('takes a new LOAD only at the next reload', () => {
    const t = create();
    t.write(RVR, 99);
    t.write(CVR, 0);
    t.write(CSR, 7);
    t.to(50);
    t.write(RVR, 9);
    expect(t.read(CVR)).toBe(50);
    t.to(130);
    expect(t.pended).toEqual([100, 110, 120, 130]);
  });

  it('stops after the next zero when LOAD becomes 0, and never starts with LOAD 0', () => {
    const t = create();
    t.write(CSR, 7);
    t.to(1000);
    expect(t.pended).toEqual([]);
    t.write(CSR, 0);
    t.write(RVR, 9);
    t.write(CVR, 0);
    t.write(CSR, 7);
    t.to(1005);
    t.write(RVR, 0);
    t.to(2000);
    expect(t.pended).toEqual([1010]);
    expect(t.read(CVR)).toBe(0);
    expect(t.read(CSR)).toBe(7 | COUNTFLAG);
  });

  it('freezes while disabled and goes on from there', () => {
    const t = create();
    t.write(RVR, 99);
    t.write(CVR, 0);
    t.write(CSR, 7);
    t.to(40);
    t.write(CSR, 6);
    t.to(1000);
    expect(t.read(CVR)).toBe(60);
    t.write(CSR, 7);
    t.to(1060);
    expect(t.pended).toEqual([1060]);
  });

  it('pends when TICKINT is set in the middle of a period', () => {
    const t = create();
    t.write(RVR, 99);
    t.write(CVR, 0);
    t.write(CSR, 5);
    t.to(250);
    t.write(CSR, 7);
    t.to(300);
    expect(t.pended).toEqual([300]);
  });

  it('keeps 24 bits of LOAD', () => {
    const t = create();
    t.write(RVR, 0xff12_3456);
    expect(t.read(RVR)).toBe(0x12_3456);
  });

  it('counts core cycles on a machine with a faster base clock', () => {
    const t = create({ cyclesPerTick: 3 });
    t.write(RVR, 9);
    t.write(CVR, 0);
    t.write(CSR, 7);
    t.to(29);
    expect(t.read(CVR)).toBe(1);
    t.to(60);
    expect(t.pended).toEqual([30, 60]);
  });

  it('has no reference clock unless the SoC connects one: CLKSOURCE reads as one, CALIB.NOREF is set', () => {
    const t = create();
    expect(t.read(CSR)).toBe(4);
    t.write(CSR, 0);
    expect(t.read(CSR)).toBe(4);
    expect(t.read(CALIB)).toBe(0x8000_0000);
  });

  it('counts an external reference of a fractional ratio without drift', () => {
    const t = create({ hz: 800_000_000, referenceHz: 24_000_000 });
    expect(t.read(CALIB)).toBe(239_999);
    t.write(RVR, 23_999);
    t.write(CVR, 0);
    t.write(CSR, 3);
    expect(t.read(CSR)).toBe(3);
    t.to(800_000);
    expect(t.pended).toEqual([800_000]);
    t.to(800_000 * 1000);
    expect(t.pended).toHaveLength(1000);
    expect(t.pended.at(-1)).toBe(800_000_000);
    t.to(800_000 * 1000 + 34);
    expect(t.read(CVR)).toBe(23_999);
  });

  it('stands still after reset', () => {
    const t = create();
    t.write(RVR, 9);
    t.write(CSR, 7);
    t.to(5);
    t.sysTick.reset();
    t.to(100);
    expect(t.pended).toEqual([]);
    expect([t.read(CSR), t.read(RVR), t.read(CVR)]).toEqual([4, 0, 0]);
  });
});
