/** Programs for the tests of hooks, counts and stacks, and the engines they run on. */
import type { EngineFactory } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { jitFactory } from '../../../src/cpu/jit/index.ts';
import { jitWith } from '../../../src/cpu/jit/jit.ts';
import { lockstepFactory } from '../../../src/cpu/lockstep/index.ts';
import { unicornAvailable, unicornFactory } from '../../../src/cpu/unicorn/index.ts';
import { Rig, type RigOptions } from '../../support/core-harness.ts';
import { HotPrograms } from '../engines/hot-programs.ts';

/** An engine under a name that tells it from others. */
export interface Subject {
  readonly name: string;
  readonly factory: EngineFactory;
}

/** Every engine, and the translating one driven to extremes. */
export const SUBJECTS: readonly Subject[] = [
  { name: 'interpreter', factory: interpreterFactory },
  { name: 'jit', factory: jitFactory },
  { name: 'jit, translating at once', factory: jitWith({ threshold: 1 }) },
  { name: 'jit, translating everything', factory: jitWith({ threshold: 0 }) },
  { name: 'lockstep', factory: lockstepFactory(jitWith({ threshold: 1 }), interpreterFactory) },
  ...(unicornAvailable() ? [{ name: 'unicorn', factory: unicornFactory }] : []),
];

/** Sources of the tests in this directory. */
export const programs = new HotPrograms('instruments');

/**
 * Loops within loops, calls that are copied into their callers and calls that are not, IT blocks that branch, return and fault nowhere, tables,
 * LDM and STM, floating point, exclusives, an interrupt that a device raises; it counts rounds in r8 and goes on for ever.
 */
export const MIXTURE = `
  put SCB + 0x88, 0x00f00000
  dsb
  isb
  put 0xe000e100, 3
  movs r0, #0
  mov r8, r0
  add r9, r7, #0x400
  vmov.f32 s1, #1.25
loop:
  adds r0, #1
  and r2, r2, #0x7f
  lsls r3, r0, #29
  itete mi
  addmi r2, #3
  subpl r2, #5
  movmi r4, r2
  mvnpl r4, r2
  it cs
  addcs r4, #1
  stmia r9!, {r0, r2, r3, r4}
  ldmdb r9!, {r4, r5, r12, lr}
  bl leaf
  bl work
  and r3, r0, #3
  tbb [pc, r3]
2:
  .byte (3f - 2b) / 2, (4f - 2b) / 2, (5f - 2b) / 2, (6f - 2b) / 2
3:
  adds r2, #1
4:
  umull r3, r4, r2, r0
5:
  orr r4, r0, #1
  udiv r3, r2, r4
6:
  cbz r3, 7f
  ldrexh r4, [r9]
  strexh r3, r4, [r9]
7:
  vcmp.f32 s0, s1
  vmrs APSR_nzcv, fpscr
  ittt gt
  vmovgt.f32 s2, s0
  addgt r2, #1
  bgt 8f
  vadd.f32 s0, s0, s1
8:
  movs r5, #6
inner:
  subs r5, #1
  tst r5, #1
  beq 9f
  eor r2, r2, r5, ror #9
9:
  cmp r5, #0
  bne inner
  ands r3, r0, #15
  bne 10f
  movs r3, #1
  str r3, [r6, #4]
10:
  cmp r0, #200
  bls loop
  movs r0, #0
  add r8, r8, #1
  b loop
leaf:
  cmp r2, #0
  it lt
  rsblt r2, r2, #0
  cmp r2, #77
  it hi
  bxhi lr
  adds r2, #2
  bx lr
work:
  push {r0, r4, r5, lr}
  sub sp, #24
  cmp r0, r2
  ite hi
  subhi r4, r0, r2
  subls r4, r2, r0
  str r4, [sp, #8]
  bl deep
  add sp, #24
  pop {r0, r4, r5, pc}
deep:
  push {r7, lr}
  tst r0, #4
  beq 1f
  movs r4, #0
  push {r4, r5}
  pop {r4, r5}
1:
  pop {r7, pc}
irq1:
  push {r4, lr}
  movs r1, #1
  str r1, [r6, #8]
  ldr r4, [r7, #16]
  adds r4, #1
  str r4, [r7, #16]
  pop {r4, pc}
`;

/** A rig with the program at 0, reset. */
export function rigOf(
  factory: EngineFactory,
  source: string,
  options: RigOptions = {},
): { rig: Rig; symbols: Readonly<Record<string, number>> } {
  const program = programs.get(source);
  const rig = new Rig(factory, options);
  rig.bus.writeBytes(0, program.code);
  rig.core.start(0);
  return { rig, symbols: program.symbols };
}

/** Registers, time and what the program told the probe. */
export function stateOf({ core, scheduler, trace }: Rig): unknown {
  core.sync();
  return { cells: [...core.registers.cells].slice(0, 26), trace, now: scheduler.now, instructions: core.instructions };
}
