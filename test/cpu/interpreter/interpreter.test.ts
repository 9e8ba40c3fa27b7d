/**
 * What the interpreter owes its core: exact counts and stops, precise faults, IT blocks, exclusives, privilege, code that changes.
 * The results of the instructions themselves are in conformance.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { EXECUTE, READ, WRITE } from '../../../src/cpu/core-memory.ts';
import { CORTEX_M4, CORTEX_M7 } from '../../../src/cpu/profile.ts';
import { KiB } from '../../../src/memory/bits.ts';
import { BUS_FAULT } from '../../../src/memory/bus.ts';
import { Ram } from '../../../src/memory/ram.ts';
import { ThumbPrograms } from '../../support/thumb.ts';
import { CELL, DATA, DEVICE, Rig, STOP } from './rig.ts';

const programs = new ThumbPrograms('interpreter', (source) => `.syntax unified\n.thumb\n.cpu cortex-m7\n.fpu fpv5-d16\n.text\n${source}\n`);

/** A rig with `source` at 0. */
function rigWith(source: string, rig = new Rig()): Rig {
  const { code } = programs.get(source);
  rig.code.writeBytes(0, code);
  rig.registers.setR(CELL.PC, 0);
  rig.engine.push();
  return rig;
}

/** Runs `source` from 0 until it stops. */
function run(source: string, setUp: (rig: Rig) => void = () => {}, budget = 1000): { rig: Rig; stop: number } {
  const rig = rigWith(source);
  setUp(rig);
  rig.engine.push();
  return { rig, stop: rig.engine.run(budget) };
}

const state = ({ registers, memory: _memory }: Rig) => [...registers.cells.subarray(0, 29)];

describe('budget and counts', () => {
  it('stops after exactly the budget, between any two instructions', () => {
    const source = 'movs r0, #1; adds r0, #2; lsls r0, r0, #3; b .';
    for (let budget = 1; budget <= 6; budget++) {
      const { rig, stop } = run(source, undefined, budget);
      expect(stop).toBe(STOP.BUDGET);
      expect(rig.engine.executed).toBe(budget);
      expect(rig.r(0)).toBe([0, 1, 3, 24, 24, 24, 24][budget]);
      expect(rig.engine.pc).toBe(Math.min(budget * 2, 6));
    }
  });

  it('stops inside an IT block and goes on in it, skipped instructions counted', () => {
    const source = 'cmp r0, #0; ittee eq; moveq r1, #1; moveq r2, #2; movne r3, #3; movne r4, #4; nop; b .';
    for (const equal of [0, 1]) {
      const whole = run(source, (rig) => rig.set({ 0: equal }), 7).rig;
      const { rig } = run(source, (r) => r.set({ 0: equal }), 1);
      const states: number[] = [];
      for (let i = 1; i < 7; i++) {
        expect(rig.engine.run(1)).toBe(STOP.BUDGET);
        expect(rig.engine.executed).toBe(1);
        states.push(rig.registers.cells[CELL.ITSTATE]!);
      }
      expect(states).toEqual([0x07, 0x0e, 0x1c, 0x18, 0, 0]);
      expect(state(rig)).toEqual(state(whole));
      expect([1, 2, 3, 4].map((r) => rig.r(r))).toEqual(equal === 0 ? [1, 2, 0, 0] : [0, 0, 3, 4]);
    }
  });

  it('gives executed and pc exactly inside a bus callback, and stops after the instruction when asked', () => {
    const seen: [number, number][] = [];
    const { rig, stop } = run('movs r1, #7; nop; str r1, [r0, #4]; nop; ldr r2, [r0]; adds r2, #1; b .', (r) => {
      r.set({ 0: DEVICE });
      r.onWrite = (offset, value) => {
        seen.push([r.engine.executed, r.engine.pc]);
        expect([offset, value]).toEqual([4, 7]);
        return true;
      };
      r.onRead = () => {
        seen.push([r.engine.executed, r.engine.pc]);
        r.engine.requestStop();
        return 41;
      };
    });
    expect(seen).toEqual([
      [2, 4],
      [4, 8],
    ]);
    expect(stop).toBe(STOP.REQUESTED);
    expect([rig.engine.executed, rig.engine.pc, rig.r(2)]).toEqual([5, 10, 41]);
    expect(rig.engine.run(1)).toBe(STOP.BUDGET);
    expect(rig.r(2)).toBe(42);
  });

  it('stops after a POP that loaded PC from a device when that was asked', () => {
    const { rig, stop } = run('mov r7, sp; mov sp, r0; pop {r1, pc}; .align 2; nop; nop; nop', (r) => {
      r.set({ 0: DEVICE });
      r.onRead = (offset) => {
        if (offset === 4) r.engine.requestStop();
        return offset === 4 ? 0x0d : 5;
      };
    });
    expect([stop, rig.engine.executed, rig.engine.pc, rig.r(1), rig.r(13)]).toEqual([STOP.REQUESTED, 3, 0x0c, 5, DEVICE + 8]);
  });
});

describe('stops', () => {
  it.each([
    ['svc #0x2a', STOP.SVC, 0x2a, 1, 2],
    ['bkpt #0xab', STOP.BKPT, 0xab, 0, 0],
    ['wfi', STOP.WFI, undefined, 1, 2],
    ['wfe', STOP.WFE, undefined, 1, 2],
    ['sev', STOP.SEV, undefined, 1, 2],
    ['wfi.w', STOP.WFI, undefined, 1, 4],
    ['udf #1', STOP.UNDEFINED, undefined, 0, 0],
    ['udf.w #1', STOP.UNDEFINED, undefined, 0, 0],
    ['mrc p15, #0, r0, c0, c0, #0', STOP.NO_COPROCESSOR, 15, 0, 0],
    ['.hword 0xee11, 0x0e10', STOP.NO_COPROCESSOR, 14, 0, 0],
    ['.hword 0xeea0, 0x0a90', STOP.UNDEFINED, undefined, 0, 0],
  ] as const)('%s', (source, expected, detail, executed, pc) => {
    const { rig, stop } = run(`${source}; nop; nop`);
    expect([stop, rig.engine.executed, rig.engine.pc]).toEqual([expected, executed, pc]);
    if (detail !== undefined) expect(rig.engine.detail).toBe(detail);
  });

  it('advances ITSTATE over SVC, and executes BKPT in an IT block whatever the condition', () => {
    const { rig, stop } = run('cmp r0, r0; itt eq; svceq #3; moveq r1, #1; b .');
    expect([stop, rig.engine.pc, rig.registers.cells[CELL.ITSTATE]]).toEqual([STOP.SVC, 6, 0x08]);
    const other = run('cmp r0, r0; it ne; bkpt #1; b .');
    expect([other.stop, other.rig.engine.pc, other.rig.registers.cells[CELL.ITSTATE]]).toEqual([STOP.BKPT, 4, 0x18]);
  });

  it('skips an undefined instruction whose condition fails', () => {
    const { rig, stop } = run('cmp r0, r0; it ne; udfne #1; movs r1, #9; svc #0');
    expect([stop, rig.r(1)]).toEqual([STOP.SVC, 9]);
  });

  it('clears the event register by WFE without stopping', () => {
    const { rig, stop } = run('wfe; svc #0', (r) => {
      r.registers.cells[CELL.EVENT] = 1;
    });
    expect([stop, rig.registers.cells[CELL.EVENT]]).toEqual([STOP.SVC, 0]);
  });

  it.each(['sdiv r0, r1, r2', 'udiv r0, r1, r2'])('%s by zero gives 0, or stops with the trap', (source) => {
    const plain = run(`${source}; svc #0`, (r) => r.set({ 0: 5, 1: 9, 2: 0 }));
    expect([plain.stop, plain.rig.r(0)]).toEqual([STOP.SVC, 0]);
    const trapped = run(`${source}; svc #0`, (r) => {
      r.set({ 0: 5, 1: 9, 2: 0 });
      r.engine.divideTrap = true;
    });
    expect([trapped.stop, trapped.rig.r(0), trapped.rig.engine.executed, trapped.rig.engine.pc]).toEqual([STOP.DIVIDE_BY_ZERO, 5, 0, 0]);
  });
});

describe('branches and states', () => {
  it.each(['bx r0', 'blx r0', 'pop {pc}', 'ldr pc, [sp]', 'ldm sp, {r1, pc}'])(
    '%s to an even address stops before the next one',
    (source) => {
      const { rig, stop } = run(`nop; ${source}; nop`, (r) => {
        r.set({ 0: 0x40 });
        r.data.write(0x8000, 0x40, 4);
        r.data.write(0x8004, 0x40, 4);
      });
      expect([stop, rig.engine.executed, rig.engine.pc, rig.registers.cells[CELL.T]]).toEqual([STOP.INVALID_STATE, 2, 0x40, 0]);
    },
  );

  it.each(['bx lr', 'pop {pc}', 'ldr pc, [sp], #4', 'ldmia sp!, {r1, pc}'])(
    '%s with EXC_RETURN leaves Handler mode, and only that',
    (source) => {
      const setUp = (r: Rig): void => {
        r.set({ 14: 0xffff_fff9 });
        for (const at of [0x8000, 0x8004]) r.data.write(at, 0xffff_fff9, 4);
      };
      const handler = run(source, (r) => {
        setUp(r);
        r.registers.setMode(11, 0);
      });
      expect([handler.stop, handler.rig.engine.executed, handler.rig.engine.detail]).toEqual([STOP.EXC_RETURN, 1, 0xffff_fff9]);
      const thread = run(source, setUp);
      expect([thread.stop, thread.rig.engine.executed, thread.rig.engine.pc]).toEqual([STOP.FETCH_FAULT, 1, 0xffff_fff8]);
    },
  );

  it('does not take BLX or MOV PC for an exception return', () => {
    for (const source of ['blx r0', 'mov pc, r0']) {
      const { stop } = run(source, (r) => {
        r.set({ 0: 0xffff_fff9 });
        r.registers.setMode(11, 0);
      });
      expect(stop).toBe(STOP.FETCH_FAULT);
    }
  });

  it('reads PC as the address plus 4, word-aligned where the instruction says so', () => {
    const { rig } = run('nop; mov r0, pc; add r1, pc; adr r2, 1f; ldr r3, 1f; svc #0; .align 2; 1: .word 0x12345678', (r) =>
      r.set({ 1: 0x100 }),
    );
    expect([0, 1, 2, 3].map((i) => rig.r(i))).toEqual([6, 0x108, 0x0c, 0x1234_5678]);
  });

  it('branches through tables in bytes and halfwords, in and out of the page', () => {
    const source =
      'tbb [pc, r0]; .byte 2, 3; .hword 0x1234; movs r1, #2; movs r1, #3; 1: tbh [r2, r0, lsl #1]; .hword 0; svc #1; .align 2; nop; svc #2';
    const { rig, stop } = run(source, (r) => {
      r.set({ 0: 1, 2: DATA + 0x1000 });
      r.data.write(0x1002, 2, 2);
    });
    expect([stop, rig.r(1)]).toEqual([STOP.SVC, 3]);
    const far = rigWith('tbh [r2, r0, lsl #1]');
    far.set({ 0: 0, 2: DATA });
    far.data.write(0, 0x1000, 2);
    far.load([0xdf07], 0x2004);
    expect(far.engine.run(10)).toBe(STOP.SVC);
    expect([far.engine.detail, far.engine.pc]).toEqual([7, 0x2006]);
  });

  it('calls and returns over pages, conditionally and by every far form', () => {
    const rig = rigWith(
      'bl far; cbnz r0, 1f; svc #9; 1: cmp r0, #5; beq.w far2; svc #8; .org 0xffa; far3: movs r3, #3; b.w far4; .org 0x2000; far: movs r0, #5; bx lr; far2: movs r2, #1; b.w far3; .org 0x3000; far4: svc #1',
    );
    expect(rig.engine.run(100)).toBe(STOP.SVC);
    expect([rig.engine.detail, rig.r(0), rig.r(2), rig.r(3), rig.r(14)]).toEqual([1, 5, 1, 3, 5]);
  });
});

describe('faults', () => {
  const HOLE = 0x6000_0000;

  it.each([
    'ldr r1, [r0, #4]',
    'str r1, [r0, #4]',
    'ldrb r1, [r0, #4]!',
    'strh r1, [r0], #8',
    'ldrd r1, r2, [r0, #4]',
    'strd r1, r2, [r0, #4]!',
    'ldmia r0!, {r1, r2}',
    'stmdb r0!, {r1, r2}',
    'ldrex r1, [r0, #4]',
    'vldr s0, [r0, #4]',
    'vstmia r0!, {d0-d1}',
    'ldrsht r1, [r0, #4]',
  ])('%s in a hole leaves everything as it was', (source) => {
    const rig = rigWith(`nop; ${source}; nop`);
    rig.set({ 0: HOLE, 1: 11, 2: 22 }).setFlags('nc');
    const before = state(rig);
    expect(rig.engine.run(10)).toBe(STOP.DATA_FAULT);
    expect([rig.engine.executed, rig.engine.pc]).toEqual([1, 2]);
    expect(rig.memory.fault).toBe('bus');
    expect(rig.engine.address - HOLE).toBe(source.includes('#4') ? 4 : source.startsWith('stmdb') ? -8 : 0);
    before[CELL.PC] = 2;
    expect(state(rig)).toEqual(before);
  });

  it('keeps ITSTATE, so that the instruction can be executed again', () => {
    const rig = rigWith('cmp r0, r0; itt eq; moveq r1, #1; ldreq r2, [r3]; nop; b .');
    rig.set({ 3: HOLE });
    expect(rig.engine.run(10)).toBe(STOP.DATA_FAULT);
    expect([rig.engine.pc, rig.registers.cells[CELL.ITSTATE]]).toEqual([6, 0x08]);
    rig.set({ 3: DATA });
    rig.data.write(0, 77, 4);
    rig.engine.push();
    expect(rig.engine.run(1)).toBe(STOP.BUDGET);
    expect([rig.r(2), rig.registers.cells[CELL.ITSTATE]]).toEqual([77, 0]);
  });

  it('keeps what an LDM loaded before the fault, but not the base', () => {
    const rig = rigWith('ldmia r3!, {r0, r1, r2, r4}');
    const base = DATA + 0x1_0000 - 8;
    rig.set({ 3: base, 2: 2, 4: 4 });
    rig.data.write(0xfff8, 100, 4);
    rig.data.write(0xfffc, 101, 4);
    expect(rig.engine.run(1)).toBe(STOP.DATA_FAULT);
    expect([0, 1, 2, 3, 4].map((r) => rig.r(r))).toEqual([100, 101, 2, base, 4]);
    expect(rig.engine.address).toBe(DATA + 0x1_0000);
  });

  it.each([
    ['ldrd r1, r2, [r0]', 2],
    ['ldmia r0, {r1, r2}', 2],
    ['stmia r0, {r1, r2}', 1],
    ['ldrex r1, [r0]', 2],
    ['ldrexh r1, [r0]', 1],
    ['strex r3, r1, [r0]', 2],
    ['vldr s0, [r0]', 2],
    ['vstr d0, [r0]', 1],
    ['ldr pc, [r0]', 2],
  ] as const)('%s must be aligned', (source, by) => {
    const { rig, stop } = run(source, (r) => r.set({ 0: DATA + by }));
    expect([stop, rig.engine.address, rig.engine.executed]).toEqual([STOP.UNALIGNED, DATA + by, 0]);
  });

  it.each(['ldr r1, [r0]', 'ldrh r1, [r0]', 'str r1, [r0]', 'strh r1, [r0], #1', 'ldrsh r1, [r0, #1]!'])(
    '%s may be unaligned, without the trap and Device',
    (source) => {
      const at = source.includes('#1]') ? DATA : DATA + 1;
      const allowed = run(`${source}; svc #0`, (r) => r.set({ 0: at }));
      expect(allowed.stop).toBe(STOP.SVC);
      const trapped = run(source, (r) => {
        r.set({ 0: at });
        r.engine.unalignedTrap = true;
      });
      expect([trapped.stop, trapped.rig.engine.address]).toEqual([STOP.UNALIGNED, DATA + 1]);
      const device = run(source, (r) => r.set({ 0: at - DATA + DEVICE }));
      expect([device.stop, device.rig.engine.address]).toEqual([STOP.UNALIGNED, DEVICE + 1]);
    },
  );

  it('accesses over page ends and over the 4 GiB wrap', () => {
    const { rig } = run('str r1, [r0]; ldr r2, [r0]; svc #0', (r) => r.set({ 0: DATA + 0xffe, 1: 0x1234_5678 }));
    expect(rig.r(2)).toBe(0x1234_5678);
    expect(rig.data.read(0x1000, 2)).toBe(0x1234);
    const top = run('str r1, [r0]; ldr r2, [r0]; svc #0; .org 0x100; svc #1', (r) => {
      r.space.mapRam(0xffff_f000, new Ram('top', 4 * KiB, r.arena));
      r.set({ 0: 0xffff_fffe, 1: 0xdf05_5678 });
    });
    // The upper half lands on address 0, where this very program stands.
    expect([top.stop, top.rig.r(2), top.rig.code.read(0, 2)]).toEqual([STOP.SVC, 0xdf05_5678, 0xdf05]);
    expect(top.rig.space.read(0xffff_fffe, 2)).toBe(0x5678);
  });

  it('fetches: outside memory, without the right, and with the second half refused', () => {
    const hole = rigWith('ldr r0, =0x60000001; bx r0; .ltorg');
    expect(hole.engine.run(10)).toBe(STOP.FETCH_FAULT);
    expect([hole.engine.executed, hole.engine.pc, hole.engine.address]).toEqual([2, HOLE, HOLE]);
    const rig = rigWith('b.w 1f; .org 0xffe; 1: mov.w r0, #1; svc #0');
    rig.protection.rule = (address) => (address >= 0x1000 && address < 0x2000 ? READ | WRITE : READ | WRITE | EXECUTE);
    expect(rig.engine.run(10)).toBe(STOP.FETCH_FAULT);
    expect([rig.engine.executed, rig.engine.pc, rig.engine.address, rig.memory.fault]).toEqual([1, 0xffe, 0x1000, 'protection']);
    rig.protection.rule = () => READ | WRITE | EXECUTE;
    rig.memory.flush();
    expect(rig.engine.run(10)).toBe(STOP.SVC);
    rig.protection.rule = (address) => (address >= 0x1000 && address < 0x2000 ? READ | WRITE : READ | WRITE | EXECUTE);
    rig.memory.flush();
    rig.registers.setR(CELL.PC, 0);
    expect(rig.engine.run(10)).toBe(STOP.FETCH_FAULT);
  });

  it('checks every instruction of a page whose rights differ within it', () => {
    const rig = rigWith('movs r0, #1; movs r0, #2; movs r0, #3; movs r0, #4; b .');
    rig.protection.uniformRule = () => false;
    rig.protection.rule = (address) => (address < 6 ? READ | EXECUTE : READ);
    expect(rig.engine.run(10)).toBe(STOP.FETCH_FAULT);
    expect([rig.engine.executed, rig.engine.pc, rig.r(0)]).toEqual([3, 6, 3]);
  });
});

describe('code that changes', () => {
  it('executes what it has stored, in the page it runs in and in the next one', () => {
    const rig = rigWith(
      'movs r4, #0; 1: movs r0, #1; adds r4, r4, r0; strh r1, [r2]; strh r1, [r3]; cmp r5, #0; mov r5, #1; beq 2f; svc #0; 2: b 1b',
      new Rig(),
    );
    rig.set({ 1: 0x2007, 2: 2, 3: 0x2000 });
    expect(rig.engine.run(100)).toBe(STOP.SVC);
    expect([rig.r(4), rig.code.read(0x2000, 2)]).toEqual([8, 0x2007]);
  });

  it('sees the host reload code, and the second half of an instruction over two pages', () => {
    const rig = rigWith('b.w 1f; .org 0xffe; 1: movw r0, #0x11; svc #0');
    expect(rig.engine.run(10)).toBe(STOP.SVC);
    expect(rig.r(0)).toBe(0x11);
    rig.code.write(0x1000, 0x0022, 2);
    rig.registers.setR(CELL.PC, 0);
    rig.engine.push();
    expect(rig.engine.run(10)).toBe(STOP.SVC);
    expect(rig.r(0)).toBe(0x22);
    rig.code.writeBytes(0, programs.get('movs r0, #5; svc #7').code);
    rig.registers.setR(CELL.PC, 0);
    rig.engine.push();
    expect(rig.engine.run(10)).toBe(STOP.SVC);
    expect([rig.r(0), rig.engine.detail]).toEqual([5, 7]);
  });
});

describe('a load over several chunks of RAM', () => {
  it('drops code in each of them, wherever they are in the arena', () => {
    const rig = new Rig();
    const { code } = programs.get('movs r0, #5; svc #7');
    rig.code.writeBytes(0x2_0000, code);
    rig.code.writeBytes(0x1_0000, code);
    const start = (): number => {
      rig.registers.setR(CELL.PC, 0x2_0000);
      rig.engine.push();
      return rig.engine.run(10);
    };
    expect([start(), rig.r(0)]).toEqual([STOP.SVC, 5]);
    rig.registers.setR(CELL.PC, 0x1_0000);
    rig.engine.run(10);
    const image = new Uint8Array(0x2_0000);
    image.set(programs.get('movs r0, #6; svc #7').code, 0x1_8000);
    rig.code.writeBytes(0x8000, image);
    expect([start(), rig.r(0)]).toEqual([STOP.SVC, 6]);
  });
});

describe('exclusives', () => {
  const body = 'ldrex r1, [r0]; adds r1, #1; strex r2, r1, [r0]; strex r3, r1, [r0]';

  it('store once after a load', () => {
    const { rig } = run(`${body}; svc #0`, (r) => {
      r.set({ 0: DATA, 3: 9 });
      r.data.write(0, 41, 4);
    });
    expect([rig.r(2), rig.r(3), rig.data.read(0, 4)]).toEqual([0, 1, 42]);
  });

  it.each([
    ['clrex; strexb r2, r1, [r0]', 1],
    ['strexb r2, r1, [r0]', 0],
    ['strexh r2, r1, [r4]', 1],
  ] as const)('after LDREXB: %s gives %i', (source, result) => {
    const { rig, stop } = run(`ldrexb r1, [r0]; ${source}; svc #0`, (r) => r.set({ 0: DATA + 3, 4: DATA + 8, 2: 7 }));
    expect([stop, rig.r(2), rig.registers.cells[CELL.EXCLUSIVE]]).toEqual([STOP.SVC, result, 0]);
  });
});

describe('special registers', () => {
  const unprivileged = (rig: Rig): void => {
    rig.registers.setMode(0, 1);
    rig.memory.setPrivileged(false);
  };

  it('are banked, masked and read back', () => {
    const { rig } = run(
      'msr psp, r0; mrs r1, psp; mrs r2, msp; msr basepri, r3; mrs r4, basepri; msr basepri_max, r5; mrs r6, basepri; msr basepri_max, r7; mrs r7, basepri; svc #0',
      (r) => r.set({ 0: DATA + 0x103, 3: 0xff, 5: 0x45, 7: 0x81 }),
    );
    expect([rig.r(1), rig.r(2), rig.r(4), rig.r(6), rig.r(7)]).toEqual([DATA + 0x100, DATA + 0x8000, 0xf0, 0x40, 0x40]);
  });

  it('CONTROL switches the stack in Thread mode only, and always stops', () => {
    const thread = run('msr psp, r0; msr control, r1; mov r2, sp; svc #0', (r) => r.set({ 0: DATA + 0x100, 1: 2 }));
    expect([thread.stop, thread.rig.engine.executed, thread.rig.r(13)]).toEqual([STOP.MASKS, 2, DATA + 0x100]);
    expect([thread.rig.registers.msp, thread.rig.registers.psp]).toEqual([DATA + 0x8000, DATA + 0x100]);
    const handler = run('msr control, r1; mrs r2, control; svc #0', (r) => {
      r.set({ 1: 3 });
      r.registers.setMode(15, 0);
    });
    expect([handler.stop, handler.rig.registers.cells[CELL.CONTROL]]).toEqual([STOP.MASKS, 1]);
    const soft = new Rig({ ...CORTEX_M4, fpu: 'none' });
    rigWith('msr control, r1; svc #0', soft).set({ 1: 4 });
    soft.engine.run(1);
    expect(soft.registers.cells[CELL.CONTROL]).toBe(0);
  });

  it('drops privilege for the memory as well', () => {
    const rig = rigWith('msr control, r1; ldr r2, [r0]; svc #0');
    rig.protection.differsByPrivilege = true;
    rig.protection.rule = (address, privileged) => (privileged || address < DATA ? READ | WRITE | EXECUTE : 0);
    rig.set({ 0: DATA, 1: 1 });
    expect(rig.engine.run(1)).toBe(STOP.MASKS);
    expect(rig.engine.run(10)).toBe(STOP.DATA_FAULT);
    expect(rig.memory.fault).toBe('protection');
  });

  it('unprivileged loads and stores use unprivileged rights', () => {
    for (const source of ['ldrt r1, [r0, #4]', 'strbt r1, [r0, #4]']) {
      const rig = rigWith(source);
      rig.protection.rule = (address, privileged) => (privileged || address < DATA ? READ | WRITE | EXECUTE : 0);
      rig.set({ 0: DATA });
      expect(rig.engine.run(1)).toBe(STOP.DATA_FAULT);
      expect(rig.engine.address).toBe(DATA + 4);
    }
  });

  it('are out of reach of unprivileged code', () => {
    const { rig, stop } = run(
      'msr primask, r0; msr basepri, r0; msr msp, r0; msr control, r2; cpsid i; cpsid f; mrs r1, msp; mrs r3, basepri; mrs r4, control; mrs r5, ipsr; msr apsr_nzcvq, r0; svc #0',
      (r) => {
        r.set({ 0: 0xf800_00f1, 1: 5, 2: 0, 3: 5, 5: 5 });
        r.registers.cells[CELL.BASEPRI] = 0x40;
        unprivileged(r);
      },
    );
    let code = stop;
    while (code === STOP.MASKS) code = rig.engine.run(100) as typeof stop;
    expect(code).toBe(STOP.SVC);
    const { cells } = rig.registers;
    expect([cells[CELL.PRIMASK], cells[CELL.FAULTMASK], cells[CELL.BASEPRI], rig.r(13)]).toEqual([0, 0, 0x40, DATA + 0x8000]);
    expect([1, 3, 4, 5].map((r) => rig.r(r))).toEqual([0, 0, 1, 0]);
    expect(rig.flags).toBe('nzcvq');
  });

  it.each([
    ['cpsie i', true, STOP.MASKS],
    ['cpsie i', false, STOP.SVC],
    ['msr basepri, r0', true, STOP.MASKS],
    ['msr primask, r0', false, STOP.SVC],
    ['cpsid f', false, STOP.MASKS],
    ['msr faultmask, r0', false, STOP.MASKS],
    ['msr psp, r0', true, STOP.SVC],
  ] as const)('%s with watchMasks %s', (source, watch, expected) => {
    const { rig, stop } = run(`${source}; svc #0`, (r) => {
      r.engine.watchMasks = watch;
    });
    expect(stop).toBe(expected);
    expect(rig.engine.executed).toBe(expected === STOP.SVC ? 2 : 1);
  });

  it('FAULTMASK cannot be set in HardFault and NMI', () => {
    for (const [ipsr, expected] of [
      [2, 0],
      [3, 0],
      [11, 1],
    ] as const) {
      const { rig } = run('cpsid f', (r) => r.registers.setMode(ipsr, 0), 1);
      expect(rig.registers.cells[CELL.FAULTMASK]).toBe(expected);
    }
  });

  it('SP keeps its low bits zero', () => {
    const { rig } = run(
      'mov sp, r0; mov r1, sp; add sp, r2; mov r3, sp; addw sp, sp, #7; mov r4, sp; ldr sp, [r5]; mov r6, sp; svc #0',
      (r) => {
        r.set({ 0: DATA + 0x103, 2: 6, 5: DATA });
        r.data.write(0, DATA + 0x203, 4);
      },
    );
    expect([rig.r(1), rig.r(3), rig.r(4), rig.r(6)]).toEqual([DATA + 0x100, DATA + 0x104, DATA + 0x108, DATA + 0x200]);
  });
});

describe('floating point access', () => {
  it('stops before the instruction while fpTrap is set, transfers included', () => {
    for (const source of ['vadd.f32 s0, s1, s2', 'vldr d0, [r0]', 'vmrs r0, fpscr', 'vpush {s0}', '.hword 0xeea0, 0x0a90']) {
      const { rig, stop } = run(`nop; ${source}; svc #0`, (r) => {
        r.set({ 0: DATA });
        r.engine.fpTrap = true;
      });
      expect([source, stop, rig.engine.executed, rig.engine.pc]).toEqual([source, STOP.FP_ACCESS, 1, 2]);
    }
  });

  it('is a missing coprocessor without an FPU, and double precision undefined on FPv4-SP', () => {
    const none = rigWith('vadd.f32 s0, s1, s2', new Rig({ ...CORTEX_M7, fpu: 'none' }));
    expect(none.engine.run(1)).toBe(STOP.NO_COPROCESSOR);
    expect(none.engine.detail).toBe(10);
    for (const source of ['vadd.f64 d0, d1, d2', 'vseleq.f32 s0, s1, s2', 'vrinta.f32 s0, s1']) {
      expect(rigWith(source, new Rig(CORTEX_M4)).engine.run(1)).toBe(STOP.UNDEFINED);
    }
    const moves = rigWith('vmov d0, r0, r1; vpush {d0}; vldr d1, [sp]; vmov r2, r3, d1; svc #0', new Rig(CORTEX_M4)).set({ 0: 3, 1: 4 });
    expect(moves.engine.run(10)).toBe(STOP.SVC);
    expect([moves.r(2), moves.r(3)]).toEqual([3, 4]);
  });
});

describe('a device', () => {
  it('may refuse: a bus fault at its address, precise', () => {
    const { rig, stop } = run('ldr r1, [r0, #8]', (r) => {
      r.set({ 0: DEVICE, 1: 3 });
      r.onRead = () => BUS_FAULT;
    });
    expect([stop, rig.engine.address, rig.r(1), rig.memory.fault]).toEqual([STOP.DATA_FAULT, DEVICE + 8, 3, 'bus']);
  });

  it('sees width, value and order of what is stored', () => {
    const log: [number, number, number][] = [];
    run('strb r1, [r0]; strh r1, [r0, #2]; str r1, [r0, #4]; strd r1, r2, [r0, #8]; stmia r0!, {r1, r2}; svc #0', (r) => {
      r.set({ 0: DEVICE, 1: 0xffee_ddcc, 2: 0x8000_0001 });
      r.onWrite = (...access) => {
        log.push(access);
        return true;
      };
    });
    expect(log).toEqual([
      [0, 0xcc, 1],
      [2, 0xddcc, 2],
      [4, 0xffee_ddcc, 4],
      [8, 0xffee_ddcc, 4],
      [12, 0x8000_0001, 4],
      [0, 0xffee_ddcc, 4],
      [4, 0x8000_0001, 4],
    ]);
  });
});
