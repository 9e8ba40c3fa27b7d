import { describe, expect, it } from 'vitest';
import { EXCEPTION } from '../../src/cpu/exception-numbers.ts';
import { LOWEST_PRIORITY, Nvic } from '../../src/cpu/nvic.ts';
import { CORTEX_M7 } from '../../src/cpu/profile.ts';
import { Diagnostics } from '../../src/diagnostics.ts';

const ISER = 0x100;
const ICER = 0x180;
const ISPR = 0x200;
const ICPR = 0x280;
const IABR = 0x300;
const IPR = 0x400;

function create(profile = CORTEX_M7) {
  return new Nvic(profile, new Diagnostics({ now: () => 0, pc: () => undefined }));
}

describe('NVIC registers', () => {
  it('sets and clears enables through ISER and ICER, bit by bit, up to line 239', () => {
    const nvic = create();
    nvic.registers.write(ISER, 0x8000_0001, 4);
    nvic.registers.write(ISER + 4, 0x10, 4);
    nvic.registers.write(ISER + 28, 0xffff_ffff, 4);
    expect(nvic.registers.read(ISER, 4)).toBe(0x8000_0001);
    expect(nvic.registers.read(ICER + 4, 4)).toBe(0x10);
    expect(nvic.registers.read(ISER + 28, 4)).toBe(0xffff);
    nvic.registers.write(ICER, 1, 4);
    expect(nvic.registers.read(ISER, 4)).toBe(0x8000_0000);
    expect(nvic.isEnabled(EXCEPTION.EXTERNAL + 31)).toBe(true);
    expect(nvic.isEnabled(EXCEPTION.EXTERNAL + 36)).toBe(true);
    expect(nvic.isEnabled(EXCEPTION.EXTERNAL + 239)).toBe(true);
  });

  it('pends and unpends through ISPR and ICPR, and by STIR', () => {
    const nvic = create();
    nvic.registers.write(ISPR + 4, 1 << 7, 4);
    expect(nvic.pendingNumbers()).toEqual([EXCEPTION.EXTERNAL + 39]);
    nvic.registers.write(0xf00, 239, 4);
    expect(nvic.registers.read(ISPR + 28, 4)).toBe(0x8000);
    nvic.registers.write(ICPR + 4, 0xffff_ffff, 4);
    expect(nvic.pendingNumbers()).toEqual([EXCEPTION.EXTERNAL + 239]);
    expect(nvic.externalPending).toBe(true);
  });

  it('keeps only implemented priority bits, byte by byte', () => {
    const nvic = create();
    nvic.registers.write(IPR, 0xff, 1);
    expect(nvic.registers.read(IPR, 1)).toBe(0xf0);
    nvic.registers.write(IPR + 4, 0x1234_5678, 4);
    expect(nvic.registers.read(IPR + 4, 4)).toBe(0x1030_5070);
    expect(nvic.priority(EXCEPTION.EXTERNAL + 6)).toBe(0x30);
    nvic.registers.write(IPR + 6, 0xa0, 1);
    expect(nvic.registers.read(IPR + 4, 4)).toBe(0x10a0_5070);
  });

  it('has as many lines as the profile says and ignores the rest', () => {
    const nvic = create({ ...CORTEX_M7, interrupts: 40 });
    expect(nvic.registers.read(4, 4)).toBe(1);
    nvic.registers.write(ISER, 0xffff_ffff, 4);
    nvic.registers.write(ISER + 4, 0xffff_ffff, 4);
    nvic.registers.write(ISPR + 4, 0xffff_ff00, 4);
    nvic.registers.write(IPR + 40, 0xff, 1);
    nvic.registers.write(0xf00, 40, 4);
    nvic.setLevel(40, true);
    nvic.setLevel(-1, true);
    expect(nvic.registers.read(ISER, 4)).toBe(0xffff_ffff);
    expect(nvic.registers.read(ISER + 4, 4)).toBe(0xff);
    expect(nvic.registers.read(IPR + 40, 1)).toBe(0);
    expect(nvic.pendingNumbers()).toEqual([]);
  });
});

describe('NVIC arbitration', () => {
  it('prefers the lower priority value, then the lower number', () => {
    const nvic = create();
    nvic.registers.write(ISER, 0xff, 4);
    nvic.registers.write(IPR, 0x4040_2080, 4);
    nvic.registers.write(ISPR, 0x0d, 4);
    expect(nvic.next).toBe(EXCEPTION.EXTERNAL + 2);
    nvic.setLevel(1, true);
    expect(nvic.next).toBe(EXCEPTION.EXTERNAL + 1);
    nvic.setPending(EXCEPTION.NMI);
    expect(nvic.next).toBe(EXCEPTION.NMI);
    expect(nvic.nextPriority).toBe(-2);
  });

  it('lets the subpriority order pending exceptions but not preempt', () => {
    const nvic = create();
    nvic.setPriorityGrouping(5);
    nvic.registers.write(ISER, 3, 4);
    nvic.registers.write(IPR, 0x5060, 2);
    nvic.setPending(EXCEPTION.EXTERNAL);
    expect(nvic.nextPriority).toBe(0x40);
    nvic.activate(EXCEPTION.EXTERNAL);
    nvic.setPending(EXCEPTION.EXTERNAL + 1);
    expect(nvic.priority(nvic.next)).toBe(0x50);
    expect(nvic.nextPriority).toBe(0x40);
    expect(nvic.activePriority).toBe(0x40);
    nvic.setPriorityGrouping(3);
    expect(nvic.nextPriority).toBeLessThan(nvic.activePriority);
  });

  it('groups nothing with PRIGROUP 7', () => {
    const nvic = create();
    nvic.setPriorityGrouping(7);
    nvic.setPriority(EXCEPTION.SV_CALL, 0xf0);
    expect(nvic.groupPriority(EXCEPTION.SV_CALL)).toBe(0);
    expect(nvic.groupPriority(EXCEPTION.HARD_FAULT)).toBe(-1);
  });

  it('computes the execution priority from active exceptions and masks', () => {
    const nvic = create();
    expect(nvic.executionPriority(false, 0, false)).toBe(LOWEST_PRIORITY);
    expect(nvic.executionPriority(false, 0x30, false)).toBe(0x30);
    expect(nvic.executionPriority(true, 0x30, false)).toBe(0);
    expect(nvic.executionPriority(true, 0x30, true)).toBe(-1);
    nvic.setPriority(EXCEPTION.PEND_SV, 0x20);
    nvic.activate(EXCEPTION.PEND_SV);
    expect(nvic.executionPriority(false, 0x30, false)).toBe(0x20);
    nvic.activate(EXCEPTION.NMI);
    expect(nvic.executionPriority(false, 0, true)).toBe(-2);
    nvic.setPriorityGrouping(4);
    nvic.deactivate(EXCEPTION.NMI);
    nvic.deactivate(EXCEPTION.PEND_SV);
    expect(nvic.executionPriority(false, 0x30, false)).toBe(0x20);
  });

  it('does not offer a disabled exception', () => {
    const nvic = create();
    nvic.setPending(EXCEPTION.EXTERNAL + 3);
    nvic.setPending(EXCEPTION.BUS_FAULT);
    expect(nvic.next).toBe(0);
    nvic.setEnabled(EXCEPTION.BUS_FAULT, true);
    expect(nvic.next).toBe(EXCEPTION.BUS_FAULT);
    nvic.registers.write(ISER, 8, 4);
    expect(nvic.mayPreempt(256)).toBe(true);
    expect(nvic.mayPreempt(0)).toBe(false);
  });
});

describe('NVIC inputs', () => {
  it('latches a rising line and keeps it pending when the line falls', () => {
    const nvic = create();
    nvic.setLevel(5, true);
    nvic.setLevel(5, false);
    expect(nvic.isPending(EXCEPTION.EXTERNAL + 5)).toBe(true);
    nvic.registers.write(ICPR, 1 << 5, 4);
    expect(nvic.isPending(EXCEPTION.EXTERNAL + 5)).toBe(false);
  });

  it('cannot be unpended while the line is high', () => {
    const nvic = create();
    nvic.setLevel(5, true);
    nvic.registers.write(ICPR, 1 << 5, 4);
    expect(nvic.isPending(EXCEPTION.EXTERNAL + 5)).toBe(true);
  });

  it('pends again on return only while the line is still high', () => {
    const nvic = create();
    const number = EXCEPTION.EXTERNAL + 5;
    nvic.setLevel(5, true);
    nvic.activate(number);
    expect(nvic.isPending(number)).toBe(false);
    expect(nvic.registers.read(IABR, 4)).toBe(1 << 5);
    nvic.deactivate(number);
    expect(nvic.isPending(number)).toBe(true);
    nvic.activate(number);
    nvic.setLevel(5, false);
    nvic.deactivate(number);
    expect(nvic.isPending(number)).toBe(false);
    nvic.activate(number);
    nvic.setLevel(5, true);
    nvic.setLevel(5, false);
    expect(nvic.isPending(number)).toBe(true);
  });

  it('is pending after reset when its line is high', () => {
    const nvic = create();
    nvic.setLevel(9, true);
    nvic.setLevel(10, true);
    nvic.setLevel(10, false);
    nvic.registers.write(ISER, 0xffff_ffff, 4);
    nvic.reset();
    expect(nvic.pendingNumbers()).toEqual([EXCEPTION.EXTERNAL + 9]);
    expect(nvic.next).toBe(0);
  });
});
