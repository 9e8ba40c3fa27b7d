/** How far stacks are used: every engine against stack pointers that the test itself has looked at around each instruction. */
import { describe, expect, it } from 'vitest';
import { StackWatch } from '../../../src/cpu/stack-watch.ts';
import { Arena } from '../../../src/memory/arena.ts';
import { RAM_SIZE, type Rig, SRAM } from '../../support/core-harness.ts';
import { MIXTURE, rigOf, SUBJECTS, stateOf } from './programs.ts';
import { stepperFactory } from './stepper.ts';

/** Two threads, whose stacks lie side by side, and the main stack at the end of the RAM. */
const STACKS = {
  a: [SRAM + 0x1000, SRAM + 0x1400],
  b: [SRAM + 0x1400, SRAM + 0x1800],
  main: [SRAM + RAM_SIZE - 0x1000, SRAM + RAM_SIZE],
} as const;

/**
 * PendSV switches threads as an RTOS does; a device's interrupt, nested in nothing, pushes too. Thread a recurses with floating point in its
 * frames, b takes a stretch with SUB of a register, and gives it back with MOV SP.
 */
const THREADS = `
  put SCB + 0x88, 0x00f00000
  dsb
  isb
  put 0xe000e100, 3
  ldr r4, =0x200017c0
  ldr r5, =thread_b + 1
  str r5, [r4, #24]
  ldr r5, =0x01000000
  str r5, [r4, #28]
  sub r4, #32
  ldr r5, =0xfffffffd
  str r5, [r4, #0]
  add r4, #0
  str r4, [r7, #4]
  ldr r4, =0x20001400
  msr psp, r4
  movs r4, #2
  msr control, r4
  isb
  movs r8, #0
thread_a:
  add r8, r8, #1
  and r0, r8, #7
  bl recurse
  bl yield
  b thread_a
recurse:
  push {r4, lr}
  vpush {s16, s17}
  sub sp, #8
  cbz r0, 1f
  subs r0, #1
  bl recurse
1:
  cmp r8, #11
  itt eq
  moveq r4, #1
  streq r4, [r6, #4]
  add sp, #8
  vpop {s16, s17}
  pop {r4, pc}
yield:
  put SCB + 4, 0x10000000
  dsb
  isb
  bx lr
  .ltorg
thread_b:
  ldr r7, =0x20000000
  ldr r6, =0x40000000
2:
  push {r7, lr}
  mov r10, sp
  ldr r3, [r7, #64]
  adds r3, #24
  and r3, r3, #0x1f8
  str r3, [r7, #64]
  sub sp, sp, r3
  movs r4, #0
3:
  push {r4}
  pop {r4}
  adds r4, #1
  cmp r4, #20
  bne 3b
  mov sp, r10
  pop {r7, lr}
  bl yield
  b 2b
  .ltorg
irq1:
  push {r4-r7, lr}
  movs r1, #1
  str r1, [r6, #8]
  sub sp, #40
  add sp, #40
  pop {r4-r7, pc}
pendsv:
  mrs r0, psp
  tst lr, #16
  it eq
  vstmdbeq r0!, {s16-s31}
  stmdb r0!, {r4-r11, lr}
  ldr r1, =0x20000000
  ldr r2, [r1, #4]
  str r0, [r1, #4]
  ldr r3, [r2]
  cmn r3, #3
  bne 1f
  mov lr, r3
  add r2, #32
  b 2f
1:
  ldmia r2!, {r4-r11, lr}
  tst lr, #16
  it eq
  vldmiaeq r2!, {s16-s31}
2:
  msr psp, r2
  isb
  bx lr
  .ltorg
`;

const CYCLES = [1, 2, 3, 500, 5000, 1, 20_000, 7];

/** Lowest stack pointer within each stack, seen before and behind every instruction, and the states in between. */
function reference(source: string): { lows: Record<string, number>; states: unknown[] } {
  const lows: Record<string, number> = {};
  const look = ({ registers }: { registers: Rig['core']['registers'] }): void => {
    for (const sp of [registers.msp, registers.psp]) {
      for (const [name, [low, high]] of Object.entries(STACKS)) {
        // Where one stack ends, the next begins: there it is the lower one, and empty.
        if (sp > low && sp <= high) lows[name] = Math.min(lows[name] ?? high, sp);
      }
    }
  };
  const { rig } = rigOf(
    stepperFactory((_pc, _failed, host) => look(host), look),
    source,
    { fastForward: false },
  );
  const states = CYCLES.map((cycles) => {
    rig.run(cycles);
    return stateOf(rig);
  });
  return { lows, states };
}

const EXPECTED = reference(THREADS);

describe.each(SUBJECTS)('stacks on $name', ({ factory }) => {
  it('of threads and handlers are known to the lowest word', () => {
    const { rig } = rigOf(factory, THREADS);
    rig.core.trackStacks(true);
    for (const [index, cycles] of CYCLES.entries()) {
      rig.run(cycles);
      expect(stateOf(rig), `after run ${index}`).toEqual(EXPECTED.states[index]);
    }
    const found = rig.core.stackLows();
    expect(found).toEqual([...found].toSorted((a, b) => a.low - b.low));
    for (const [name, [low, high]] of Object.entries(STACKS)) {
      const inside = found.filter((stretch) => stretch.low < high && stretch.high > low && stretch.low >= low);
      expect(inside[0]?.low, name).toBe(EXPECTED.lows[name]);
      expect(inside.at(-1)!.high, name).toBeLessThanOrEqual(high);
      expect(
        inside.some(({ exceptionStack }) => exceptionStack),
        name,
      ).toBe(name === 'main');
    }
    rig.core.dispose();
  });

  it('are watched together with counts, from any time on', () => {
    const { rig } = rigOf(factory, MIXTURE);
    rig.run(3000);
    rig.core.trackStacks(true);
    rig.core.count(true);
    rig.run(30_000);
    const top = SRAM + RAM_SIZE;
    // An interrupt's frame with room for floating-point state, and what its handler pushes.
    expect(rig.core.stackLows()).toEqual([{ low: top - 0x68 - 8, high: top, exceptionStack: true }]);
    rig.core.trackStacks(false);
    rig.run(1000);
    expect(rig.core.stackLows()).toHaveLength(1);
    rig.core.dispose();
  });
});

describe('the watch on stacks', () => {
  const watch = (): StackWatch => new StackWatch(new Arena(1 << 20));

  it('keeps stacks apart that lie side by side, and joins those that run into each other', () => {
    const w = watch();
    w.load(0x2000, false);
    w.move(0x1f00);
    w.load(0x1f00 - 0x100, true);
    w.move(0x1d00);
    w.move(0x1e10);
    expect(w.lows()).toEqual([
      { low: 0x1d00, high: 0x1e10, exceptionStack: true },
      { low: 0x1f00, high: 0x2000, exceptionStack: false },
    ]);
    w.load(0x1f00, false);
    w.move(0x1e00);
    expect(w.lows()).toEqual([{ low: 0x1d00, high: 0x2000, exceptionStack: true }]);
  });

  it('goes on with a stretch that is known', () => {
    const w = watch();
    w.load(0x9000_0000, false);
    w.move(0x8fff_ff00);
    w.load(0x100, false);
    w.load(0x8fff_ff80, false);
    w.move(0x8fff_fe00);
    expect(w.lows()).toEqual([
      { low: 0x100, high: 0x100, exceptionStack: false },
      { low: 0x8fff_fe00, high: 0x9000_0000, exceptionStack: false },
    ]);
  });

  it('is bounded, whatever a firmware loads', () => {
    const w = watch();
    for (let i = 0; i < 5000; i++) w.load(((i * 2_654_435_761) & ~3) >>> 0, false);
    expect(w.lows().length).toBeLessThanOrEqual(1024);
  });
});
