/** Lockstep: engines that agree change nothing, and every planted difference is found at its instruction. */
import { describe, expect, it } from 'vitest';
import { CELL } from '../../../src/cpu/core-registers.ts';
import { type EngineFactory, STOP } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { jitFactory } from '../../../src/cpu/jit/index.ts';
import type { EngineDifference, LockstepFigures, LockstepOptions } from '../../../src/cpu/lockstep/index.ts';
import { lockstepFactory } from '../../../src/cpu/lockstep/index.ts';
import { unicornAvailable, unicornFactory } from '../../../src/cpu/unicorn/index.ts';
import { EnginesDiffer, UsageError } from '../../../src/errors.ts';
import type { Ram } from '../../../src/memory/ram.ts';
import { Rig, SRAM } from '../../support/core-harness.ts';
import { ThumbPrograms } from '../../support/thumb.ts';
import { type Plot, type Saboteur, saboteurFactory } from './saboteur.ts';

const programs = new ThumbPrograms(
  'lockstep',
  (source) => `
  .syntax unified
  .cpu cortex-m7
  .fpu fpv5-d16
  .thumb
  .word 0x20100000, reset + 1
  .org 0x3c
  .word tick + 1
  .org 0x100
${source}`,
);

/** Computes, stores, calls, talks to a device every 256 rounds, takes an interrupt every 1,999 cycles, rewrites its own code every 4,096 rounds. */
const PROGRAM = programs.get(`
reset:
  ldr r0, =0xe000ed88
  ldr r1, =0x00f00000
  str r1, [r0]
  ldr r7, =0x20000000
  ldr r6, =0x40000000
  ldr r0, =0xe000e010
  ldr r1, =1999
  str r1, [r0, #4]
  movs r1, #7
  str r1, [r0]
  movs r0, #0
  movs r2, #0
  vmov s0, r2
  vmov.f32 s1, #1.0
loop:
  adds r0, #1
flags:
  lsls r1, r0, #3
  eors r2, r1
  adds r3, r2, r0
store:
  str r3, [r7, #64]
  vadd.f32 s0, s0, s1
  bl work
  uxtb r4, r0
  cmp r4, #0
  bne loop
  str r0, [r6]
read:
  ldr r5, [r6, #4]
  lsls r4, r0, #20
  bne loop
  adr r1, patched
  ldrh r3, [r1]
  eor r3, r3, #4
rewrite:
  strh r3, [r1]
  dsb
  isb
  svc #5
  b loop
  .align 2
patched:
  adds r2, #1
  bx lr
work:
  push {r0, r2, lr}
  add r4, r7, r0, lsl #2
  bfc r4, #12, #4
  str r2, [r4, #128]
  bl patched
  pop {r0, r2, pc}
tick:
  ldr r12, [r7]
  add r12, r12, #1
inTick:
  str r12, [r7]
  bx lr
  .ltorg
`);

const { symbols } = PROGRAM;
const at = (name: string): number => symbols[name]!;

function rigOf(engine: EngineFactory): Rig {
  const rig = new Rig(engine);
  rig.bus.writeBytes(0, PROGRAM.code);
  // SVCall leads to the code of the tick.
  rig.bus.write(0x2c, at('tick') + 1, 4);
  rig.core.start(0);
  return rig;
}

function state(rig: Rig) {
  rig.core.sync();
  const memory = rig.bus.readBytes(SRAM, 0x2_0000)!;
  return { cells: [...rig.core.registers.cells], trace: rig.trace, now: rig.scheduler.now, count: rig.core.instructions, memory };
}

const CYCLES = 300_000;

describe('engines that agree', () => {
  const pairs: [EngineFactory, EngineFactory][] = [
    [interpreterFactory, jitFactory],
    [jitFactory, interpreterFactory],
    ...(unicornAvailable()
      ? ([
          [interpreterFactory, unicornFactory],
          [unicornFactory, interpreterFactory],
        ] as [EngineFactory, EngineFactory][])
      : []),
  ];

  it.each(pairs.map(([a, b]) => ({ name: `${a.name},${b.name}`, pair: [a, b] as const })))('$name: the same as alone', ({ pair }) => {
    const alone = rigOf(interpreterFactory);
    alone.run(CYCLES);
    const figures: LockstepFigures = { instructions: 0, slices: 0, accesses: 0, pages: 0 };
    const both = rigOf(lockstepFactory(...pair, { figures, slice: 700 }));
    both.run(CYCLES);
    expect(state(both)).toEqual(state(alone));
    expect(both.trace.length).toBeGreaterThan(50);
    expect(figures.instructions).toBe(both.core.instructions);
    expect(figures.slices).toBeGreaterThan(CYCLES / 700);
    expect(figures.accesses).toBeGreaterThan(100);
    expect(figures.pages).toBeGreaterThan(200);
    both.core.dispose();
  });

  it('what others write between slices reaches both', () => {
    const rig = rigOf(lockstepFactory(interpreterFactory, jitFactory, { slice: 500 }));
    for (let i = 0; i < 20; i++) {
      rig.run(3000);
      // Data it reads, and code it executes.
      rig.bus.write(SRAM, 0x1000 * i, 4);
      rig.bus.write(at('patched'), 0x3201 + i, 2);
      rig.bus.fill(SRAM + 0x100, i, 0x100);
    }
    rig.run(3000);
    expect(rig.peek(SRAM)).toBeGreaterThan(0x1000 * 19);
  });
});

/** Runs until the difference; with the saboteur first or second. */
function find(plot: Plot, first: boolean, options: LockstepOptions = {}): { found: EngineDifference; report: string; saboteur: Saboteur } {
  const factory = saboteurFactory(plot);
  const rig = rigOf(first ? lockstepFactory(factory, interpreterFactory, options) : lockstepFactory(interpreterFactory, factory, options));
  try {
    rig.run(CYCLES);
  } catch (error) {
    if (!(error instanceof EnginesDiffer)) throw error;
    expect(error.code).toBe('E_LOCKSTEP');
    return { found: error.difference, report: error.report.join('\n'), saboteur: factory.made! };
  }
  throw new Error('no difference was found');
}

const R0 = 5000;

describe.each([
  { where: 'first', first: true },
  { where: 'second', first: false },
])('the $where engine is wrong', ({ first }) => {
  const wrong = (found: EngineDifference) => (first ? found.first : found.second);
  const right = (found: EngineDifference) => (first ? found.second : found.first);

  function expectPlace(plot: Plot, { found, saboteur }: ReturnType<typeof find>): void {
    expect(found.precision).toBe('instruction');
    expect(found.address).toBe(plot.pc);
    expect(found.before[0]).toBe(plot.r0);
    // The rig's core was executed by the saboteur alone or by both, so that its count is that of the core.
    expect(found.count).toBe(saboteur.deedAt);
    expect(found.history).toHaveLength(32);
    expect(wrong(found).engine).toBe('saboteur');
    expect(right(found).engine).toBe('interpreter');
  }

  it('a flag', () => {
    const plot: Plot = {
      pc: at('flags'),
      r0: R0,
      deed: (host, _engine, proceed) => {
        const stop = proceed();
        host.registers.cells[CELL.APSR]! ^= 1 << 29;
        return stop;
      },
    };
    // Flags live for a few instructions: the comparison has to come upon them.
    const result = find(plot, first, { slice: 1 });
    expectPlace(plot, result);
    expect(result.found.cells).toEqual([CELL.APSR]);
    expect(result.found.memory).toEqual([]);
    expect(result.report).toMatch(/^\* APSR .*nzcvq.*nzCvq|nzCvq.*nzcvq/m);
  });

  it('a register', () => {
    const plot: Plot = {
      pc: at('flags'),
      r0: R0,
      deed: (host, _engine, proceed) => {
        const stop = proceed();
        host.registers.cells[2]! += 1;
        return stop;
      },
    };
    const result = find(plot, first);
    expectPlace(plot, result);
    expect(result.found.cells).toEqual([2]);
    expect(wrong(result.found).cells[2]).toBe(right(result.found).cells[2]! + 1);
    expect(result.report).toMatch(/^\* r2 /m);
    expect(result.report).not.toMatch(/^\* r3 /m);
    const history = result.found.history.map(({ address }) => address);
    expect(history.at(-1)).toBe(at('loop'));
    expect(history).toContain(at('work'));
  });

  it('a floating-point register', () => {
    const plot: Plot = {
      pc: at('store') + 2,
      r0: R0,
      deed: (host, _engine, proceed) => {
        const stop = proceed();
        host.registers.cells[CELL.S0]! ^= 1;
        return stop;
      },
    };
    const result = find(plot, first);
    expectPlace(plot, result);
    expect(result.found.cells).toEqual([CELL.S0]);
    expect(result.report).toMatch(/^\* s0 /m);
  });

  it('a store of something else', () => {
    const plot: Plot = {
      pc: at('store'),
      r0: R0,
      deed: ({ registers, memory }, engine) => {
        memory.write((registers.r(7) + 64) >>> 0, registers.r(3) ^ 0x100, 4);
        return engine.leaveOut(2);
      },
    };
    const result = find(plot, first, { slice: 5 });
    expectPlace(plot, result);
    expect(result.found.cells).toEqual([]);
    expect(result.found.memory).toHaveLength(1);
    const [word] = result.found.memory;
    expect(word!.address).toBe(SRAM + 64);
    expect(word!.first ^ word!.second).toBe(0x100);
    expect(result.report).toMatch(/^\* 0x20000040 +0x[0-9a-f]{8} +0x[0-9a-f]{8}$/m);
  });

  it('a store to somewhere else, which nobody stores to', () => {
    const plot: Plot = {
      pc: at('store'),
      r0: R0,
      deed: ({ memory }, _engine, proceed) => {
        memory.write(SRAM + 0x8_0000, 0x55, 1);
        return proceed();
      },
    };
    const result = find(plot, first);
    expectPlace(plot, result);
    expect(result.found.memory).toEqual([{ address: SRAM + 0x8_0000, first: first ? 0x55 : 0, second: first ? 0 : 0x55 }]);
  });

  it('a store that is left out', () => {
    const plot: Plot = { pc: at('store'), r0: R0, deed: (_host, engine) => engine.leaveOut(2) };
    const result = find(plot, first, { slice: 7 });
    expectPlace(plot, result);
    expect(result.found.memory.map(({ address }) => address)).toEqual([SRAM + 64]);
  });

  it('a store past the port', () => {
    let ram: Ram | undefined;
    const page = 0x9_0000 >>> 12;
    const plot: Plot = {
      pc: at('store'),
      r0: R0,
      deed: ({ memory }, _engine, proceed) => {
        const place = memory.ramAt(SRAM + 0x9_0000)!;
        ram = place.ram;
        ram.arena.u8[ram.locate(place.offset + 3)]! = 0x77;
        return proceed();
      },
      writable: () => (ram ? [{ ram, page }] : []),
    };
    const result = find(plot, first);
    expectPlace(plot, result);
    expect(result.found.memory.map(({ address }) => address)).toEqual([SRAM + 0x9_0000]);
  });

  it('code that is rewritten otherwise', () => {
    const plot: Plot = {
      pc: at('rewrite'),
      r0: 8192,
      deed: ({ registers, memory }, engine) => {
        memory.write(registers.r(1), registers.r(3) ^ 1, 2);
        return engine.leaveOut(2);
      },
    };
    const result = find(plot, first);
    expectPlace(plot, result);
    expect(result.found.memory.map(({ address }) => address)).toEqual([at('patched')]);
  });

  it('in an exception handler', () => {
    const ticks = 30;
    const plot: Plot = {
      pc: at('inTick'),
      r0: -1,
      deed: ({ registers }, _engine, proceed) => {
        registers.cells[12]! += 1;
        return proceed();
      },
    };
    // The handler is found by its count, not by r0: find out what r0 is there first.
    const probe = rigOf(interpreterFactory);
    while (probe.peek(SRAM) < ticks - 1 || probe.core.pc !== at('inTick')) probe.step();
    const r0 = probe.r(0);
    const result = find({ ...plot, r0 }, first);
    expect(result.found).toMatchObject({ precision: 'instruction', address: at('inTick'), exception: 15, count: result.saboteur.deedAt });
    expect(result.found.cells).toEqual([12]);
    expect(result.report).toMatch(/^=> 0x[0-9a-f]{8} .*\[SysTick\]$/m);
    expect(result.found.history.some(({ exception }) => exception === 0)).toBe(true);
  });

  it('an instruction too many, or too few', () => {
    for (const miscount of [1, -1]) {
      const plot: Plot = {
        pc: at('flags'),
        r0: R0,
        deed: (_host, engine, proceed) => {
          const stop = proceed();
          engine.miscount += miscount;
          return stop;
        },
      };
      const result = find(plot, first);
      expect(result.found).toMatchObject({ precision: 'instruction', address: plot.pc, count: result.saboteur.deedAt });
    }
  });

  it('a device that is read once more', () => {
    const plot: Plot = {
      pc: at('flags'),
      r0: R0,
      deed: ({ memory }, _engine, proceed) => {
        memory.read(0x4000_0020, 2);
        return proceed();
      },
    };
    const result = find(plot, first);
    expectPlace(plot, result);
    expect(wrong(result.found).accesses).toMatchObject([{ kind: 'read', address: 0x4000_0020, size: 2 }]);
    expect(right(result.found).accesses).toEqual([]);
    expect(result.report).toMatch(/^\* saboteur +read 0x40000020, 2 bytes/m);
    expect(result.report).toMatch(/^\* interpreter +none$/m);
  });

  it('a device that is written otherwise, or not at all', () => {
    const pc = at('read') - 2;
    const other: Plot = {
      pc,
      r0: 0x1400,
      deed: ({ memory, registers }, engine) => {
        memory.write(0x4000_0000, registers.r(0) + 1, 4);
        return engine.leaveOut(2);
      },
    };
    const result = find(other, first);
    expectPlace(other, result);
    expect(wrong(result.found).accesses).toMatchObject([{ kind: 'write', address: 0x4000_0000, value: 0x1401 }]);
    expect(right(result.found).accesses).toMatchObject([{ kind: 'write', address: 0x4000_0000, value: 0x1400 }]);
    const none: Plot = { pc, r0: 0x1400, deed: (_host, engine) => engine.leaveOut(2) };
    const missing = find(none, first);
    expectPlace(none, missing);
    expect(wrong(missing.found).accesses).toEqual([]);
  });

  it('a stop that there is not', () => {
    const plot: Plot = { pc: at('flags'), r0: R0, deed: () => STOP.UNDEFINED };
    const result = find(plot, first);
    expectPlace(plot, result);
    expect(wrong(result.found).outcome.stop).toBe(STOP.UNDEFINED);
    expect(right(result.found).outcome.stop).toBe(STOP.BUDGET);
    expect(result.report).toMatch(/^ {2}saboteur +UNDEFINED/m);
  });

  it('a stop that is missing', () => {
    const plot: Plot = { pc: at('rewrite') + 10, r0: 8192, deed: (_host, engine) => engine.leaveOut(2) };
    const result = find(plot, first);
    expectPlace(plot, result);
    expect(right(result.found).outcome).toMatchObject({ stop: STOP.SVC, detail: 5 });
  });
});

describe('what cannot be told to the instruction', () => {
  const wrongRegister: Plot['deed'] = (host, _engine, proceed) => {
    const stop = proceed();
    host.registers.cells[2]! += 1;
    return stop;
  };

  it('an engine that errs in long runs only: the stretch', () => {
    const { found, report } = find({ pc: at('flags'), r0: R0, deed: wrongRegister, budget: 100 }, true);
    expect(found.precision).toBe('stretch');
    expect(report).toMatch(/one by one they agree, so the cause is in the stretch of code that ends here/);
  });

  // Once; and when the slice is executed again, but no more when the instruction is looked for.
  it.each([1, 2])('an engine that errs %i times: the slice', (times) => {
    const { found, report } = find({ pc: at('flags'), r0: R0, deed: wrongRegister, times }, true, { slice: 1000 });
    expect(found).toMatchObject({ precision: 'slice', cells: expect.arrayContaining([2]) });
    expect(found.slice).toBeLessThanOrEqual(1000);
    expect(report).toMatch(/in the [\d,]+ instructions from instruction [\d,]+ on; executed again they agree/);
    expect(report).toMatch(/^\* r2 /m);
  });
});

describe('the factory', () => {
  it('refuses an engine with itself', () => {
    expect(() => lockstepFactory(jitFactory, jitFactory)).toThrow(UsageError);
  });

  it('names both', () => {
    expect(lockstepFactory(jitFactory, interpreterFactory).name).toBe('lockstep of jit and interpreter');
  });
});
