/**
 * What ARMv8-M Mainline adds to the interpreter: load-acquire and store-release, stack limits, the Security Extension's instructions,
 * its special registers, and the values of PC that are returns. Expected values are from DDI 0553B.
 */
import { describe, expect, it } from 'vitest';
import { EXECUTE, READ } from '../../../src/cpu/core-memory.ts';
import type { BankedRegisters } from '../../../src/cpu/engine.ts';
import { CORTEX_M7, CORTEX_M33, type CoreProfile } from '../../../src/cpu/profile.ts';
import { ThumbPrograms } from '../../support/thumb.ts';
import { CELL, DATA, DEVICE, Rig, STOP } from './rig.ts';

const programs = new ThumbPrograms('armv8m', (source) => `.syntax unified\n.thumb\n.cpu cortex-m33\n.fpu fpv5-sp-d16\n.text\n${source}\n`);

const { security: _security, ...OPEN } = CORTEX_M33;
/** A Cortex-M33 without the Security Extension, and one without floating point. */
const M33_OPEN: CoreProfile = OPEN;
const M33_INTEGER: CoreProfile = { ...CORTEX_M33, fpu: 'none' };
const STACK = DATA + 0x8000;

interface Setting {
  readonly profile?: CoreProfile;
  readonly banked?: BankedRegisters;
  readonly budget?: number;
}

/** Runs `source` from 0 until it stops. */
function run(source: string, setUp: (rig: Rig) => void = () => {}, { profile = CORTEX_M33, banked, budget = 1000 }: Setting = {}) {
  const rig = new Rig(profile, banked);
  rig.code.writeBytes(0, programs.get(source).code);
  rig.registers.cells[CELL.SECURE] = profile.security ? 1 : 0;
  setUp(rig);
  rig.engine.push();
  return { rig, stop: rig.engine.run(budget) };
}

const nonSecure = (rig: Rig): void => {
  rig.registers.cells[CELL.SECURE] = 0;
};
const where = ({ rig, stop }: { rig: Rig; stop: number }) => [stop, rig.engine.executed, rig.engine.pc];

describe('load-acquire and store-release', () => {
  it.each([
    ['lda', 0x8899_aabb],
    ['ldah', 0xaabb],
    ['ldab', 0xbb],
    ['ldaex', 0x8899_aabb],
    ['ldaexh', 0xaabb],
    ['ldaexb', 0xbb],
  ])('%s loads, zero-extended', (name, expected) => {
    const { rig } = run(`${name} r1, [r0]; svc #0`, (r) => {
      r.set({ 0: DATA + 0x10, 1: 0x5555_5555 });
      r.data.write(0x10, 0x8899_aabb, 4);
    });
    expect(rig.r(1)).toBe(expected);
    expect(rig.registers.cells[CELL.EXCLUSIVE]).toBe(name.includes('ex') ? 1 : 0);
  });

  it.each([
    ['stl', 0x1122_3344],
    ['stlh', 0xffff_3344],
    ['stlb', 0xffff_ff44],
  ])('%s stores', (name, expected) => {
    const { rig } = run(`${name} r1, [r0]; svc #0`, (r) => {
      r.set({ 0: DATA + 0x10, 1: 0x1122_3344 });
      r.data.write(0x10, 0xffff_ffff, 4);
    });
    expect(rig.data.read(0x10, 4)).toBe(expected);
  });

  it.each([
    ['ldaex', 'stlex', 0x0000_0007],
    ['ldaexh', 'stlexh', 0x5555_0007],
    ['ldaexb', 'stlexb', 0x5555_5507],
    ['ldaex', 'strex', 0x0000_0007],
    ['ldrex', 'stlex', 0x0000_0007],
  ])('%s and %s are a pair that succeeds once', (load, store, expected) => {
    const { rig } = run(`${load} r1, [r0]; ${store} r3, r2, [r0]; ${store} r4, r2, [r0]; svc #0`, (r) => {
      r.set({ 0: DATA + 0x10, 2: 7, 3: 9, 4: 9 });
      r.data.write(0x10, 0x5555_5555, 4);
    });
    expect([rig.r(3), rig.r(4), rig.data.read(0x10, 4)]).toEqual([0, 1, expected]);
  });

  it.each(['lda', 'ldah', 'ldaex', 'ldaexh', 'stl', 'stlh'])('%s faults at an unaligned address whatever CCR says', (name) => {
    const result = run(`nop; ${name} r1, [r0]; svc #0`, (r) => r.set({ 0: DATA + 0x11, 1: 5 }));
    expect(where(result)).toEqual([STOP.UNALIGNED, 1, 2]);
    expect([result.rig.engine.address, result.rig.r(1)]).toEqual([DATA + 0x11, 5]);
  });

  it('stlex faults at an unaligned address even when it would not store', () => {
    const result = run('stlex r2, r1, [r0]; svc #0', (r) => r.set({ 0: DATA + 0x12 }));
    expect(where(result)).toEqual([STOP.UNALIGNED, 0, 0]);
  });

  it.each(['ldab r1, [r0]', 'stlb r1, [r0]'])('%s goes to a device, and reports a refused access', (source) => {
    const seen: number[] = [];
    const done = run(`${source}; svc #0`, (r) => {
      r.set({ 0: DEVICE + 3, 1: 0x1ff });
      r.onRead = (offset, size) => {
        seen.push(offset, size);
        return 0x42;
      };
      r.onWrite = (offset, value, size) => {
        seen.push(offset, value, size);
        return true;
      };
    });
    expect(done.stop).toBe(STOP.SVC);
    expect(seen).toEqual(source.startsWith('ld') ? [3, 1] : [3, 0xff, 1]);
    const refused = run(`${source}; svc #0`, (r) => r.set({ 0: 0x9000_0000 }));
    expect(where(refused)).toEqual([STOP.DATA_FAULT, 0, 0]);
    expect(refused.rig.engine.address).toBe(0x9000_0000);
  });

  it.each(['lda r1, [r0]', 'stlexb r2, r1, [r0]', 'tt r1, r0', 'sg', 'bxns lr', 'blxns r3'])('%s is UNDEFINED on ARMv7-M', (source) => {
    const result = run(`nop; ${source}; svc #0`, (r) => r.set({ 0: DATA }), { profile: CORTEX_M7 });
    expect(where(result)).toEqual([STOP.UNDEFINED, 1, 2]);
  });

  it('vlldm and vlstm are a coprocessor instruction on ARMv7-M, with and without access', () => {
    for (const source of ['vlldm r0', 'vlstm r0']) {
      expect(run(`${source}; svc #0`, undefined, { profile: CORTEX_M7 }).stop).toBe(STOP.UNDEFINED);
      const trap = (r: Rig): void => {
        r.engine.fpTrap = true;
      };
      expect(run(`${source}; svc #0`, trap, { profile: CORTEX_M7 }).stop).toBe(STOP.FP_ACCESS);
    }
  });
});

describe('stack limit', () => {
  /** Each moves SP to (or, the last column, touches) exactly `lowest` below the stack pointer. */
  const MOVES: readonly (readonly [source: string, lowest: number])[] = [
    ['sub sp, #16', 16],
    ['sub.w sp, sp, #16', 16],
    ['subs.w sp, sp, #16', 16],
    ['subw sp, sp, #18', 20],
    ['sub.w sp, sp, r1', 16],
    ['mov sp, r2', 16],
    ['mov.w sp, r2', 16],
    ['add sp, r3', 16],
    ['add.w sp, sp, r3', 16],
    ['push {r4}', 4],
    ['push {r4-r7, lr}', 20],
    ['push.w {r4-r11}', 32],
    ['stmdb sp!, {r0, r9}', 8],
    ['str r4, [sp, #-8]!', 8],
    ['str r4, [sp], #-8', 8],
    ['strb r4, [sp, #-8]!', 8],
    ['ldr r4, [sp, #-8]!', 8],
    ['ldrh r4, [sp], #-8', 8],
    ['strd r4, r5, [sp, #-16]!', 16],
    ['ldrd r4, r5, [sp], #-16', 16],
    ['vpush {s0-s3}', 16],
    ['vpush {d0-d3}', 32],
    ['vldmdb sp!, {s4-s5}', 8],
    ['ldmdb sp!, {r4-r5}', 8],
    ['pop {r4}', 0],
    ['pop {r4-r5, pc}', 0],
    ['pop.w {r4, r9}', 0],
    ['ldr r4, [sp], #8', 0],
    ['strh r4, [sp, #8]!', 0],
    ['ldrd r4, r5, [sp], #8', 0],
    ['vpop {s0-s1}', 0],
  ];

  const limited = (source: string, limit: number, profile?: CoreProfile) =>
    run(
      `nop; ${source}; svc #0; .balign 16; svc #1`,
      (r) => {
        r.set({ 1: 16, 2: STACK - 16, 3: -16 >>> 0, 4: 0x44, 5: 0x55 });
        for (let at = -32; at < 32; at += 4) r.data.write(0x8000 + at, 0x11, 4);
        r.registers.cells[CELL.SPLIM] = limit;
      },
      profile ? { profile } : {},
    );

  it.each(MOVES)('%s reaches the limit but not below', (source, lowest) => {
    const fits = limited(source, STACK - lowest);
    expect(fits.stop).toBe(STOP.SVC);
    const free = limited(source, 0);
    expect([...fits.rig.registers.cells.subarray(0, 29)]).toEqual([...free.rig.registers.cells.subarray(0, 29)]);
  });

  it.each(MOVES)('%s stops at the limit with everything as before it', (source, lowest) => {
    const before = limited('nop', 0).rig;
    const result = limited(source, STACK - lowest + 4);
    expect(where(result)).toEqual([STOP.STACK_LIMIT, 1, 2]);
    const { cells } = result.rig.registers;
    expect([...cells.subarray(0, 15)]).toEqual([...before.registers.cells.subarray(0, 15)]);
    expect([...cells.subarray(CELL.S0)]).toEqual([...before.registers.cells.subarray(CELL.S0)]);
    expect(cells[CELL.APSR]).toBe(0);
    for (let at = -32; at < 32; at += 4) expect(result.rig.data.read(0x8000 + at, 4)).toBe(0x11);
  });

  it.each([
    'add sp, #8',
    'mov sp, r0',
    'ldr sp, [r0]',
    'str r4, [sp, #-16]',
    'ldr r4, [sp, #-16]',
    'stmdb r0!, {r4, r5}',
    'strd r4, r5, [sp, #-16]',
    'msr msp, r3',
  ])('%s is not against it', (source) => {
    const { rig, stop } = run(`${source}; svc #0`, (r) => {
      r.set({ 0: STACK + 0x10, 3: DATA + 0x40 });
      r.data.write(0x8010, DATA + 0x20, 4);
      r.registers.cells[CELL.SPLIM] = STACK;
    });
    expect(stop).toBe(STOP.SVC);
    expect(rig.engine.executed).toBe(2);
  });

  it('compares unsigned, and over the end of the address space', () => {
    const high = run('sub sp, #16; svc #0', (r) => {
      r.set({ 13: 0x9000_0008 });
      r.registers.cells[CELL.SPLIM] = 0x9000_0000 | 0;
    });
    expect(high.stop).toBe(STOP.STACK_LIMIT);
    const wrapped = run('sub sp, #16; svc #0', (r) => {
      r.set({ 13: 8 });
      r.registers.cells[CELL.SPLIM] = 8;
    });
    // 8 - 16 is a large address, and no lower than the limit.
    expect([wrapped.stop, wrapped.rig.r(13)]).toEqual([STOP.SVC, 0xffff_fff8]);
  });

  it('is held against PC as well', () => {
    for (const [source, sp, expected] of [
      ['mov sp, pc; svc #0', STACK, 4],
      ['add sp, pc; svc #0', STACK, STACK + 4],
    ] as const) {
      const at = (limit: number) =>
        run(source, (r) => {
          r.set({ 13: sp });
          r.registers.cells[CELL.SPLIM] = limit;
        });
      const fits = at(expected);
      expect([fits.stop, fits.rig.r(13)]).toEqual([STOP.SVC, expected]);
      const refused = at(expected + 4);
      expect([...where(refused), refused.rig.r(13)]).toEqual([STOP.STACK_LIMIT, 0, 0, sp]);
    }
  });

  it('is kept in an IT block, where the instruction can be executed again', () => {
    const result = run('cmp r0, r0; itt eq; pusheq {r1}; moveq r2, #1; svc #0', (r) => {
      r.registers.cells[CELL.SPLIM] = STACK;
    });
    expect([...where(result), result.rig.registers.cells[CELL.ITSTATE]]).toEqual([STOP.STACK_LIMIT, 2, 4, 0x04]);
    result.rig.registers.cells[CELL.SPLIM] = STACK - 4;
    expect(result.rig.engine.run(10)).toBe(STOP.SVC);
    expect([result.rig.r(2), result.rig.r(13)]).toEqual([1, STACK - 4]);
  });

  it('comes before an access that would be refused', () => {
    const source = 'push {r4, r5}; svc #0';
    const readOnly = (limit: number) => (r: Rig) => {
      r.protection.rule = (address) => (address < DATA ? READ | EXECUTE : READ);
      r.registers.cells[CELL.SPLIM] = limit;
    };
    expect(run(source, readOnly(STACK - 4)).stop).toBe(STOP.STACK_LIMIT);
    expect(run(source, readOnly(STACK - 8)).stop).toBe(STOP.DATA_FAULT);
  });

  it('is the limit of the stack pointer in use', () => {
    const { rig, stop } = run('msr msplim, r0; msr psplim, r1; msr psp, r2; movs r3, #2; msr control, r3; push {r0}; push {r0}', (r) =>
      r.set({ 0: STACK - 6, 1: DATA + 0x103, 2: DATA + 0x104 }),
    );
    expect(stop).toBe(STOP.MASKS);
    expect([rig.registers.msplim, rig.registers.psplim]).toEqual([STACK - 8, DATA + 0x100]);
    expect(rig.engine.run(10)).toBe(STOP.STACK_LIMIT);
    expect([rig.r(13), rig.engine.executed]).toEqual([DATA + 0x100, 1]);
  });
});

describe('test target', () => {
  it.each([
    ['tt', { alternate: false, unprivileged: false }],
    ['ttt', { alternate: false, unprivileged: true }],
    ['tta', { alternate: true, unprivileged: false }],
    ['ttat', { alternate: true, unprivileged: true }],
  ])('%s asks the protection unit', (name, options) => {
    const asked: unknown[] = [];
    const setUp = (r: Rig): void => {
      r.set({ 1: 0xdead_beef });
      r.protection.testTarget = (address, how) => {
        asked.push(address, how);
        return 0x804d_0007;
      };
    };
    const { rig, stop } = run(`${name} r2, r1; svc #0`, setUp);
    expect([stop, rig.r(2)]).toEqual([STOP.SVC, 0x804d_0007]);
    expect(asked).toEqual([0xdead_beef, options]);
    const outside = run(`${name} r2, r1; svc #0`, (r) => {
      setUp(r);
      nonSecure(r);
    });
    expect(outside.stop).toBe(options.alternate ? STOP.UNDEFINED : STOP.SVC);
  });
});

describe('the Security Extension', () => {
  it('SG does nothing, in either state', () => {
    for (const state of [() => {}, nonSecure]) {
      const { rig, stop } = run('sg; movs r0, #1; svc #0', state);
      expect([stop, rig.r(0), rig.engine.executed]).toEqual([STOP.SVC, 1, 3]);
    }
  });

  it('SG ends an IT block in Secure state, whatever the condition', () => {
    // As halfwords: the assembler does not put SG into an IT block.
    const source = 'cmp r0, r0; .hword 0xbf1e; .hword 0xe97f, 0xe97f; movs r1, #1; movs r2, #2; svc #0';
    const secure = run(source);
    expect([secure.rig.r(1), secure.rig.r(2), secure.rig.engine.executed]).toEqual([1, 2, 6]);
    const other = run(source, nonSecure);
    expect([other.rig.r(1), other.rig.r(2), other.rig.engine.executed]).toEqual([0, 0, 6]);
  });

  it.each([
    ['bxns r3', 0],
    ['blxns r3', 1],
  ])('%s with bit 0 clear is left to the core, nothing changed', (source, address) => {
    const result = run(`nop; ${source}; svc #0`, (r) => r.set({ 3: 0x1234_5678, 14: 0x55 }));
    expect(where(result)).toEqual([STOP.SECURITY_BRANCH, 1, 2]);
    expect([result.rig.engine.detail, result.rig.engine.address, result.rig.r(14)]).toEqual([0x1234_5678, address, 0x55]);
  });

  it('BXNS with bit 0 set is a plain branch', () => {
    const { rig, stop } = run('bxns r3; svc #0; .balign 4; movs r0, #4; svc #1', (r) => r.set({ 3: 5 }));
    expect([stop, rig.r(0), rig.engine.executed]).toEqual([STOP.SVC, 4, 3]);
  });

  it('BLXNS with bit 0 set is left to the core as well', () => {
    const result = run('blxns r3', (r) => r.set({ 3: 0x101 }));
    expect([result.stop, result.rig.engine.detail, result.rig.engine.address]).toEqual([STOP.SECURITY_BRANCH, 0x101, 1]);
  });

  it.each([
    ['vlstm r3', STOP.LAZY_STORE],
    ['vlldm r3', STOP.LAZY_LOAD],
  ])('%s is left to the core, whatever fpTrap says', (source, expected) => {
    for (const trap of [false, true]) {
      const result = run(`nop; ${source}; svc #0`, (r) => {
        r.set({ 3: DATA + 0x40 });
        r.engine.fpTrap = trap;
      });
      expect(where(result)).toEqual([expected, 1, 2]);
      expect(result.rig.engine.detail).toBe(DATA + 0x40);
    }
    expect(run(`${source}; svc #0`, undefined, { profile: M33_INTEGER }).stop).toBe(STOP.SVC);
  });

  it.each(['bxns r3', 'blxns r3', 'vlstm r3', 'vlldm r3', 'tta r0, r3', 'ttat r0, r3'])('%s is UNDEFINED in Non-secure state', (source) => {
    for (const profile of [CORTEX_M33, M33_OPEN]) {
      expect(where(run(`nop; ${source}; svc #0`, nonSecure, { profile }))).toEqual([STOP.UNDEFINED, 1, 2]);
    }
    const skipped = run(`cmp r0, r0; it ne; ${source.replace(' ', 'ne ')}; svc #0`, nonSecure);
    expect(skipped.stop).toBe(STOP.SVC);
  });

  it('advances ITSTATE over a BXNS that branches, and keeps it where the core goes on', () => {
    const done = run('cmp r0, r0; it eq; bxnseq r3; svc #0', (r) => r.set({ 3: 7 }));
    expect([done.stop, done.rig.registers.cells[CELL.ITSTATE], done.rig.engine.pc]).toEqual([STOP.SVC, 0, 8]);
    const left = run('cmp r0, r0; it eq; bxnseq r3; svc #0', (r) => r.set({ 3: 0x40 }));
    expect([left.stop, left.rig.registers.cells[CELL.ITSTATE], left.rig.engine.pc]).toEqual([STOP.SECURITY_BRANCH, 0x08, 4]);
  });
});

describe('returns', () => {
  const SOURCES = ['bx lr', 'pop {pc}', 'ldr pc, [sp], #4', 'ldmia sp!, {r1, pc}', 'bxns lr'] as const;
  const branch = (source: string, value: number, handler: boolean, profile: CoreProfile, secure = true) =>
    run(
      source,
      (r) => {
        r.set({ 14: value });
        for (const at of [0x8000, 0x8004]) r.data.write(at, value, 4);
        if (handler) r.registers.setMode(11, 0);
        r.registers.cells[CELL.SECURE] = secure && profile.security ? 1 : 0;
      },
      { profile },
    );

  it.each(SOURCES)('%s takes EXC_RETURN in Handler mode, 0xff00_0000 and up', (source) => {
    for (const value of [0xffff_ffbc, 0xffff_fff9, 0xff00_0001, 0xffff_ffbd]) {
      const { rig, stop } = branch(source, value, true, CORTEX_M33);
      expect([stop, rig.engine.executed, rig.engine.detail]).toEqual([STOP.EXC_RETURN, 1, value]);
    }
    expect(branch(source, 0xfe00_0001, true, CORTEX_M33).stop).toBe(STOP.FETCH_FAULT);
    expect(branch(source, 0xffff_fff9, false, CORTEX_M33).stop).toBe(STOP.FETCH_FAULT);
  });

  it.each(SOURCES)('%s takes FNC_RETURN in both modes', (source) => {
    for (const handler of [false, true]) {
      for (const value of [0xfeff_fffe, 0xfeff_ffff]) {
        const { rig, stop } = branch(source, value, handler, CORTEX_M33);
        expect([stop, rig.engine.executed, rig.engine.detail]).toEqual([STOP.EXC_RETURN, 1, value]);
      }
      expect(branch(source, 0xfeff_fffd, handler, CORTEX_M33).stop).toBe(STOP.FETCH_FAULT);
    }
  });

  it('takes FNC_RETURN in Non-secure state too, and never without the Security Extension', () => {
    expect(branch('bx lr', 0xfeff_ffff, false, CORTEX_M33, false).stop).toBe(STOP.EXC_RETURN);
    expect(branch('bx lr', 0xfeff_ffff, false, M33_OPEN).stop).toBe(STOP.FETCH_FAULT);
    expect(branch('bx lr', 0xfeff_ffff, true, M33_OPEN).stop).toBe(STOP.FETCH_FAULT);
    expect(branch('bx lr', 0xffff_ffbc, true, M33_OPEN).stop).toBe(STOP.EXC_RETURN);
    expect(branch('bx lr', 0xfeff_ffff, true, CORTEX_M7).stop).toBe(STOP.EXC_RETURN);
    expect(branch('bx lr', 0xf000_0001, true, CORTEX_M7).stop).toBe(STOP.EXC_RETURN);
  });

  it('is neither BLX nor MOV PC', () => {
    for (const source of ['blx lr', 'mov pc, lr'])
      for (const value of [0xfeff_ffff, 0xffff_fff9]) expect(branch(source, value, true, CORTEX_M33).stop).toBe(STOP.FETCH_FAULT);
  });

  it('BX to an even address is an invalid state, Secure or not', () => {
    for (const secure of [true, false]) expect(branch('bx lr', 0x40, false, CORTEX_M33, secure).stop).toBe(STOP.INVALID_STATE);
  });
});

describe('special registers', () => {
  /** The other state's registers as a list of writes, `fails` for SP_NS. */
  const other = (fails = false, nonSecureFloat = true) => {
    const writes: [number, number][] = [];
    const banked: BankedRegisters = {
      read: (sysm) => 0x1000 + sysm,
      write: (sysm, value) => {
        writes.push([sysm, value]);
        return !fails;
      },
      nonSecureFloat: () => nonSecureFloat,
    };
    return { writes, banked };
  };
  const NAMES = ['msp_ns', 'psp_ns', 'msplim_ns', 'psplim_ns', 'primask_ns', 'basepri_ns', 'faultmask_ns', 'control_ns', 'sp_ns'] as const;
  const SYSM = [0x88, 0x89, 0x8a, 0x8b, 0x90, 0x91, 0x93, 0x94, 0x98];

  it('limits are written without their low bits and read back, privileged only', () => {
    const { rig } = run('msr msplim, r0; msr psplim, r1; mrs r2, msplim; mrs r3, psplim; svc #0', (r) =>
      r.set({ 0: 0x2000_1007, 1: 0x2000_200f }),
    );
    expect([rig.r(2), rig.r(3)]).toEqual([0x2000_1000, 0x2000_2008]);
    const user = run('msr msplim, r0; mrs r2, msplim; svc #0', (r) => {
      r.set({ 0: 0x2000_1000, 2: 5 });
      r.registers.setMode(0, 1);
    });
    expect([user.rig.r(2), user.rig.registers.msplim]).toEqual([0, 0]);
  });

  it('limits do not exist on ARMv7-M', () => {
    const { rig } = run('msr msplim, r0; msr psplim, r0; mrs r2, msplim; push {r0}; svc #0', (r) => r.set({ 0: STACK, 2: 5 }), {
      profile: CORTEX_M7,
    });
    expect([rig.r(2), rig.r(13), rig.registers.cells[CELL.SPLIM], rig.registers.cells[CELL.BANKED_SPLIM]]).toEqual([0, STACK - 4, 0, 0]);
  });

  it.each(NAMES.map((name, index) => [name, SYSM[index]!] as const))('%s goes to the other state from Secure code', (name, sysm) => {
    const { banked, writes } = other();
    const read = run(`mrs r2, ${name}; svc #0`, undefined, { banked });
    expect([read.stop, read.rig.r(2)]).toEqual([STOP.SVC, 0x1000 + sysm]);
    const written = run(`msr ${name}, r0; svc #0`, (r) => r.set({ 0: 0x8765_4321 }), { banked });
    expect(where(written)).toEqual([STOP.MASKS, 1, 4]);
    expect(writes).toEqual([[sysm, 0x8765_4321 | 0]]);
  });

  it.each(NAMES)('%s is zero, and stays, for Non-secure code', (name) => {
    const { banked, writes } = other();
    const { rig } = run(`mrs r2, ${name}; svc #0`, (r) => {
      r.set({ 2: 9 });
      nonSecure(r);
    }, { banked }); // biome-ignore format: one call
    expect(rig.r(2)).toBe(0);
    run(`msr ${name}, r0; svc #0`, nonSecure, { banked });
    expect(writes).toEqual([]);
  });

  it('only CONTROL_NS can be read by unprivileged Secure code, and none written', () => {
    for (const [index, name] of NAMES.entries()) {
      const { banked, writes } = other();
      const user = (r: Rig): void => r.registers.setMode(0, 1);
      const { rig } = run(`mrs r2, ${name}; msr ${name}, r0; svc #0`, user, { banked });
      expect(rig.r(2)).toBe(name === 'control_ns' ? 0x1000 + SYSM[index]! : 0);
      expect(writes).toEqual([]);
    }
  });

  it('SP_NS below its limit stops', () => {
    const { banked } = other(true);
    expect(where(run('nop; msr sp_ns, r0', undefined, { banked }))).toEqual([STOP.STACK_LIMIT, 1, 2]);
  });

  const control = (value: number, setUp: (rig: Rig) => void, setting: Setting = {}): [number, number] => {
    const { rig, stop } = run('msr control, r0; mrs r1, control; svc #0', (r) => {
      r.set({ 0: value });
      setUp(r);
    }, setting); // biome-ignore format: one call
    expect(stop).toBe(STOP.MASKS);
    rig.engine.run(1);
    return [rig.registers.cells[CELL.CONTROL]!, rig.r(1)];
  };

  it('CONTROL has SFPA in Secure state, and SPSEL in Handler mode too', () => {
    expect(control(0xff, () => {})).toEqual([15, 15]);
    expect(control(0xff, (r) => r.registers.setMode(11, 0))).toEqual([15, 15]);
    expect(control(0xff, () => {}, { profile: M33_INTEGER })).toEqual([3, 3]);
    expect(control(0xff, nonSecure)).toEqual([7, 7]);
    expect(control(0, (r) => r.registers.setMode(0, 14))).toEqual([0, 0]);
  });

  it('keeps the stack pointer in Handler mode, whatever SPSEL says', () => {
    const { rig } = run('msr control, r0; push {r0}; svc #0', (r) => {
      r.set({ 0: 2 });
      r.registers.setMode(11, 0);
    });
    expect(rig.registers.usesPsp).toBe(false);
    expect(rig.registers.msp).toBe(STACK);
  });

  it('unprivileged code writes SFPA only, and Non-secure code does not see it', () => {
    expect(control(0xff, (r) => r.registers.setMode(0, 1))).toEqual([9, 9]);
    const hidden = control(0, (r) => {
      r.registers.setMode(0, 9);
      nonSecure(r);
    });
    expect(hidden).toEqual([9, 1]);
  });

  it("FPCA is Non-secure code's when NSACR gives it floating point", () => {
    for (const float of [true, false]) {
      const { banked } = other(false, float);
      expect(control(4, nonSecure, { banked })[1]).toBe(float ? 4 : 0);
      expect(control(4, () => {}, { banked })[1]).toBe(4);
    }
  });

  it('BASEPRI, PRIMASK and FAULTMASK are those of the current state', () => {
    const { rig } = run('msr basepri, r0; cpsid i; mrs r1, basepri; mrs r2, primask; svc #0', (r) => {
      r.set({ 0: 0xff });
      nonSecure(r);
    });
    expect([rig.r(1), rig.r(2)]).toEqual([0xf0, 1]);
  });
});
