/** The core around the engine: where slices end, that nothing livelocks, what sleeps. Instructions are closures. */
import { describe, expect, it } from 'vitest';
import { CELL } from '../../src/cpu/core-registers.ts';
import { STOP } from '../../src/cpu/engine.ts';
import { PROBE, type Rig, type ScriptedInstruction, scriptedRig } from '../support/core-harness.ts';

const ICSR = 0xe000_ed04;
const ISER = 0xe000_e100;
const PENDSVSET = 1 << 28;

const store =
  (address: number, value: number, size = 4): ScriptedInstruction =>
  ({ memory }, engine) => {
    if (memory.write(address, value, size)) return undefined;
    engine.address = memory.faultAddress;
    return STOP.DATA_FAULT;
  };
const stop =
  (code: (typeof STOP)[keyof typeof STOP], detail = 0): ScriptedInstruction =>
  (_host, engine) => {
    engine.detail = detail;
    return code;
  };
const returnFrom: ScriptedInstruction = ({ registers }, engine) => {
  engine.detail = registers.r(14);
  return STOP.EXC_RETURN;
};
const setMask =
  (cell: number, value: number): ScriptedInstruction =>
  ({ registers }, engine) => {
    registers.cells[cell] = value;
    return engine.watchMasks ? STOP.MASKS : undefined;
  };

function rigWith(script: Record<number, ScriptedInstruction>, options = {}): Rig {
  return scriptedRig(new Map(Object.entries(script).map(([pc, instruction]) => [Number(pc), instruction])), options);
}

describe('run', () => {
  it('executes exactly the budget and follows the clock', () => {
    const rig = rigWith({});
    expect(rig.run(10)).toEqual({ kind: 'slice' });
    expect(rig.core.pc).toBe(0x1000 + 40);
    expect(rig.scheduler.now).toBe(10);
    expect(rig.core.instructions).toBe(10);
  });

  it('rounds up to whole core cycles when its clock is slower than the base clock', () => {
    const rig = rigWith({}, { cyclesPerInstruction: 3 });
    rig.run(10);
    expect(rig.core.instructions).toBe(4);
    expect(rig.scheduler.now).toBe(12);
    expect(rig.core.hz).toBe(rig.scheduler.hz / 3);
  });

  it('shows the exact cycle inside a bus access', () => {
    const rig = rigWith({ 4104: store(PROBE.CYCLE, 0) });
    rig.run(100);
    expect(rig.trace).toEqual([2]);
  });

  it('ends the slice after the instruction that arms an earlier timer', () => {
    const rig = rigWith({
      4104: () => {
        timer.armIn(5);
        return undefined;
      },
    });
    const fired: number[] = [];
    const timer = rig.scheduler.timer('t', () => fired.push(rig.core.instructions, rig.scheduler.now));
    rig.run(100);
    expect(fired).toEqual([7, 7]);
  });

  it('takes an exception right after the instruction that pends it', () => {
    const rig = rigWith({
      4104: store(ICSR, PENDSVSET),
      [0xe000]: store(PROBE.TRACE, 1),
      [0xe004]: returnFrom,
      [0x100c]: store(PROBE.TRACE, 2),
    });
    rig.run(4);
    expect(rig.trace).toEqual([1]);
    expect(rig.core.pc).toBe(0xe004);
    rig.run(2);
    expect(rig.trace).toEqual([1, 2]);
  });

  it('lets timers due at the end of a slice come before an exception pended by its last instruction', () => {
    const rig = rigWith({ 4104: store(ICSR, PENDSVSET) });
    rig.write(ISER, 1);
    rig.scheduler.timer('irq', () => rig.core.setInterrupt(0, true)).armAt(3);
    rig.run(4);
    expect(rig.core.registers.cells[CELL.IPSR]).toBe(14);
    expect(rig.core.nvic.isPending(16)).toBe(true);
    rig.write(0xe000_ed20, 0x00ff_0000);
    const late = rigWith({ 4104: store(ICSR, PENDSVSET) });
    late.write(ISER, 1);
    late.write(0xe000_ed20, 0x00ff_0000);
    late.scheduler.timer('irq', () => late.core.setInterrupt(0, true)).armAt(3);
    late.run(4);
    expect(late.core.registers.cells[CELL.IPSR]).toBe(16);
    expect(late.core.nvic.isPending(14)).toBe(true);
    expect(late.core.nvic.activeNumbers()).toEqual([16]);
  });

  it('watches masks only while something pending is held back by them, and takes it after the instruction that unmasks', () => {
    const rig = rigWith({
      4096: setMask(CELL.PRIMASK, 1),
      4100: store(ICSR, PENDSVSET),
      4112: setMask(CELL.PRIMASK, 0),
      [0xe000]: store(PROBE.TRACE, 1),
    });
    rig.run(2);
    expect(rig.core.engine.watchMasks).toBe(false);
    rig.run(1);
    expect(rig.core.engine.watchMasks).toBe(true);
    rig.run(2);
    expect(rig.trace).toEqual([]);
    rig.run(1);
    expect(rig.trace).toEqual([1]);
    expect(rig.peek(rig.core.registers.msp + 0x18)).toBe(4116);
    expect(rig.core.engine.watchMasks).toBe(false);
  });

  it('applies a change of CCR to the engine before the next instruction', () => {
    const seen: boolean[] = [];
    const note: ScriptedInstruction = (_host, engine) => {
      seen.push(engine.divideTrap, engine.unalignedTrap);
      return undefined;
    };
    const rig = rigWith({ 4096: note, 4100: store(0xe000_ed14, 0x18), 4104: note });
    rig.run(10);
    expect(seen).toEqual([false, false, true, true]);
  });

  it('drops page-table entries after a change of the MPU, before the next instruction', () => {
    const rig = rigWith({
      4096: store(0xe000_ed9c, 0x2000_0010),
      4100: store(0xe000_eda0, 0x0600_0027),
      4104: store(0x2000_0100, 7),
      4108: store(0xe000_ed94, 5),
      4112: store(0x2000_0100, 8),
    });
    rig.run(4);
    expect(rig.core.memory.pages[0x2_0000]).not.toBe(0);
    rig.run(1);
    expect(rig.core.memory.pages[0x2_0000]).toBe(0);
    rig.run(1);
    expect(rig.peek(0x2000_0100)).toBe(7);
    expect(rig.core.faultLog[0]).toMatchObject({ name: 'HardFault', mmfar: 0x2000_0100 });
  });
});

describe('livelock', () => {
  it('ends in lockup when every handler faults at once', () => {
    const rig = rigWith({ 4096: stop(STOP.UNDEFINED), [0x3000]: stop(STOP.UNDEFINED) });
    const result = rig.run(1000);
    expect(result).toMatchObject({ kind: 'crashed', reason: 'lockup: UsageFault in HardFault' });
    expect(rig.core.instructions).toBe(0);
    expect(rig.run(1000)).toBe(result);
  });

  it('ends in lockup when the vector table cannot be read', () => {
    const rig = rigWith({ 4096: stop(STOP.UNDEFINED) });
    rig.write(0xe000_ed08, 0x7000_0000);
    expect(rig.run(10)).toMatchObject({ kind: 'crashed', reason: 'lockup: unreadable vector of HardFault' });
    const unmapped = rigWith({});
    unmapped.core.start(0x7000_0000);
    expect(unmapped.run(10)).toMatchObject({ kind: 'crashed', reason: 'lockup: unreadable vector table at reset' });
  });

  it('survives a stack that is nowhere, and one in the interrupt controller itself', () => {
    for (const sp of [0x7000_0000, 0, 0xffff_fffc, 0xe000_e200, 0xe000_ed30]) {
      const rig = rigWith({ 4096: stop(STOP.SVC) });
      rig.core.registers.cells[CELL.SP] = sp;
      rig.core.registersChanged();
      expect(['slice', 'crashed', 'asleep', 'reset-request']).toContain(rig.run(100).kind);
    }
  });
});

describe('sleep', () => {
  it('returns asleep at once and costs no instructions', () => {
    const rig = rigWith({ 4100: stop(STOP.WFI) });
    expect(rig.run(1000)).toEqual({ kind: 'asleep' });
    expect(rig.core.asleep).toBe(true);
    expect(rig.core.instructions).toBe(2);
    expect(rig.core.run(1000)).toEqual({ kind: 'asleep' });
    expect(rig.core.elapsed()).toBe(0);
    rig.core.setInterrupt(3, true);
    expect(rig.core.asleep).toBe(true);
    rig.write(ISER, 8);
    expect(rig.core.asleep).toBe(false);
  });

  it('does not sleep in WFI when something that PRIMASK holds back is pending', () => {
    const rig = rigWith({
      4096: setMask(CELL.PRIMASK, 1),
      4100: store(ICSR, PENDSVSET),
      4104: stop(STOP.WFI),
      4108: store(PROBE.TRACE, 1),
    });
    rig.run(10);
    expect(rig.trace).toEqual([1]);
  });

  it('stays asleep in WFI when BASEPRI holds back what is pending', () => {
    const rig = rigWith({
      4096: setMask(CELL.BASEPRI, 0x10),
      4100: store(0xe000_ed20, 0x0010_0000),
      4104: store(ICSR, PENDSVSET),
      4108: stop(STOP.WFI),
    });
    expect(rig.run(10)).toEqual({ kind: 'asleep' });
  });

  it('wakes from WFE by an event from another core, which is used up', () => {
    const rig = rigWith({ 4096: stop(STOP.WFE), 4100: store(PROBE.TRACE, 1), 4104: stop(STOP.WFE) });
    expect(rig.run(10)).toEqual({ kind: 'asleep' });
    rig.core.signalEvent();
    expect(rig.run(10)).toEqual({ kind: 'asleep' });
    expect(rig.trace).toEqual([1]);
    expect(rig.core.pc).toBe(4108);
  });

  it('tells the machine about SEV', () => {
    let events = 0;
    const rig = rigWith({ 4096: stop(STOP.SEV) }, { onSendEvent: () => events++ });
    rig.run(3);
    expect(events).toBe(1);
    expect(rig.core.registers.cells[CELL.EVENT]).toBe(1);
  });
});

describe('reset', () => {
  it('returns reset-request after the instruction that asks for it', () => {
    let requests = 0;
    const rig = rigWith({ 4100: store(0xe000_ed0c, 0x05fa_0004) }, { onResetRequest: () => requests++ });
    expect(rig.run(10)).toEqual({ kind: 'reset-request' });
    expect(requests).toBe(1);
    expect(rig.core.instructions).toBe(2);
    expect(rig.core.pc).toBe(4104);
  });

  it('starts from the vector table with everything at its reset value', () => {
    const rig = rigWith({
      4096: store(0xe000_e014, 99),
      4100: store(0xe000_e010, 7),
      4104: store(ISER, 1),
      4108: store(0xe000_ed14, 0x10),
    });
    rig.run(20);
    rig.bus.write(0x100, 0x2000_8000, 4);
    rig.bus.write(0x104, 0x5001, 4);
    rig.core.start(0x100);
    expect(rig.r(13)).toBe(0x2000_8000);
    expect(rig.core.pc).toBe(0x5000);
    expect(rig.r(14)).toBe(0xffff_ffff);
    expect(rig.read(0xe000_ed08)).toBe(0x100);
    expect([rig.read(0xe000_e010), rig.read(ISER), rig.read(0xe000_ed14)]).toEqual([4, 0, 0x4_0200]);
    expect(rig.scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(rig.core.instructions).toBe(20);
  });

  it('stays in reset after halt until it is started again', () => {
    const rig = rigWith({ 4104: (_host, _engine) => void rig.core.halt() });
    rig.run(10);
    expect(rig.core.instructions).toBe(3);
    expect(rig.core.halted).toBe(true);
    expect(rig.core.run(10)).toEqual({ kind: 'asleep' });
    expect(rig.core.describe()).toEqual(['cm7: held in reset after 3 instructions']);
    rig.core.start(0);
    expect(rig.core.pc).toBe(0x1000);
  });

  it('can be restarted from inside a bus access', () => {
    const rig = rigWith({ 4104: () => void rig.core.start(0) });
    rig.run(7);
    expect(rig.core.pc).toBe(0x1000 + 4);
    expect(rig.core.instructions).toBe(7);
  });
});

describe('private peripheral bus', () => {
  it('identifies the core', () => {
    const rig = rigWith({});
    expect(rig.read(0xe000_ed00)).toBe(0x411f_c272);
    expect(rig.read(0xe000_ef40)).toBe(0x1011_0221);
    expect([0xd78, 0xd7c, 0xd80].map((offset) => rig.read(0xe000_e000 + offset))).toEqual([0x0900_0003, 0x8303_c003, 0xf00f_e019]);
    rig.write(0xe000_ed84, 1);
    expect(rig.read(0xe000_ed80)).toBe(0xf01f_e009);
    expect(rig.read(0xe000_ed90)).toBe(0x1000);
    expect(rig.read(0xe000_edf0)).toBe(0);
    expect(rig.diagnostics.all).toEqual([]);
  });

  it('accepts cache maintenance and the M7 control registers silently', () => {
    const rig = rigWith({});
    for (const offset of [0xf50, 0xf58, 0xf5c, 0xf60, 0xf64, 0xf68, 0xf6c, 0xf70, 0xf74, 0xf78])
      rig.write(0xe000_e000 + offset, 0x2000_0000);
    rig.write(0xe000_ef9c, 7);
    expect(rig.read(0xe000_ef9c)).toBe(7);
    rig.write(0xe000_ed14, 0x3_0200);
    expect(rig.read(0xe000_ed14)).toBe(0x7_0200);
    expect(rig.diagnostics.all).toEqual([]);
  });

  it('reports an address without register once and reads it as 0', () => {
    const rig = rigWith({});
    expect(rig.read(0xe000_e800)).toBe(0);
    expect(rig.read(0xe000_e800)).toBe(0);
    expect(rig.read(0xe008_2000)).toBe(0);
    expect(rig.diagnostics.all).toMatchObject([
      { kind: 'guest-error', block: 'PPB', register: '0xe000e800', count: 2 },
      { kind: 'guest-error', block: 'PPB', register: '0xe0082000', count: 1 },
    ]);
  });

  it('refuses unprivileged accesses, except STIR when USERSETMPEND', () => {
    const rig = rigWith({});
    expect(rig.core.memory.read(0xe000_ed00, 4, false)).toBe(-1);
    expect(rig.core.memory.fault).toBe('bus');
    expect(rig.core.memory.write(0xe000_ef00, 5, 4, false)).toBe(false);
    rig.write(0xe000_ed14, 2);
    expect(rig.core.memory.write(0xe000_ef00, 5, 4, false)).toBe(true);
    expect(rig.core.nvic.isPending(21)).toBe(true);
    expect(rig.core.memory.write(0xe000_e100, 5, 4, false)).toBe(false);
  });

  it('takes blocks of the SoC', () => {
    const lmem = { read: (offset: number) => offset + 1, peek: () => 0, write: () => true };
    const rig = rigWith({}, { privateDevices: [{ offset: 0x8_2000, size: 0x1000, device: lmem }] });
    expect(rig.read(0xe008_2010)).toBe(0x11);
  });

  it('guards AIRCR by its key and keeps PRIGROUP', () => {
    const rig = rigWith({});
    rig.write(0xe000_ed0c, 0x05fa_0500);
    expect(rig.read(0xe000_ed0c)).toBe(0xfa05_0500);
    rig.write(0xe000_ed0c, 0x1234_0304);
    expect(rig.read(0xe000_ed0c)).toBe(0xfa05_0500);
    rig.write(0xe000_ed0c, 0x05fa_0502);
    expect(rig.diagnostics.all).toMatchObject([{ register: 'AIRCR' }, { register: 'AIRCR' }]);
    expect(rig.run(3)).toEqual({ kind: 'slice' });
  });

  it('has CYCCNT behind DEMCR.TRCENA and CTRL.CYCCNTENA', () => {
    const rig = rigWith({});
    rig.write(0xe000_1000, 1);
    rig.run(10);
    expect(rig.read(0xe000_1004)).toBe(0);
    rig.write(0xe000_edfc, 1 << 24);
    rig.run(10);
    expect(rig.read(0xe000_1004)).toBe(10);
    rig.write(0xe000_1004, 0xffff_fffe);
    rig.run(5);
    expect(rig.read(0xe000_1004)).toBe(3);
    rig.write(0xe000_1000, 0);
    rig.run(5);
    expect(rig.read(0xe000_1004)).toBe(3);
    expect(rig.read(0xe000_1000) >>> 28).toBe(4);
    expect(rig.diagnostics.all).toEqual([]);
  });

  it('lets ITM output through without effect and says so once', () => {
    const rig = rigWith({});
    rig.write(0xe000_0000, 0x41, 1);
    expect(rig.diagnostics.all).toEqual([]);
    rig.write(0xe000_edfc, 1 << 24);
    rig.write(0xe000_0e80, 1);
    rig.write(0xe000_0e00, 1);
    expect(rig.read(0xe000_0000)).toBe(1);
    rig.write(0xe000_0000, 0x41, 1);
    rig.write(0xe000_0000, 0x42, 1);
    expect(rig.diagnostics.all).toMatchObject([{ kind: 'unimplemented', block: 'ITM', count: 2 }]);
  });
});
