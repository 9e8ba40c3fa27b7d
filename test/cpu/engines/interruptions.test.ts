/** Exceptions at every instruction of hot code, raised from outside, by a device access and by SysTick, and runs of every length. */
import { describe, expect, it } from 'vitest';
import { CORTEX_M4, CORTEX_M33 } from '../../../src/cpu/profile.ts';
import { type Rig, SRAM } from '../../support/core-harness.ts';
import { compareHot, type HotOptions, HotPrograms, VARIANTS } from './hot-programs.ts';

const programs = new HotPrograms('interruptions');

/**
 * One of everything that has a state in its middle, or flags that nobody has stored yet: IT blocks, flags across branches, LDM and STM, PUSH and
 * POP with PC, table branches, divisions, long products, exclusives, floating point. 90 instructions a round, more or less.
 */
const ROUND = `
  movs r0, #0
  movs r2, #0
  add r9, r7, #0x400
  vmov s0, r0
  vmov.f32 s1, #1.25
loop:
  adds r0, #1
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
  eor r2, r2, r5, ror #9
  adds r3, r2, r0
  adcs r4, r4, r2
  sbcs r5, r5, r3
  bl work
  bvs 1f
  adds r2, #7
1:
  and r3, r0, #3
  tbb [pc, r3]
2:
  .byte (3f - 2b) / 2, (4f - 2b) / 2, (5f - 2b) / 2, (6f - 2b) / 2
3:
  adds r2, #1
4:
  umull r3, r4, r2, r0
  eors r2, r4
5:
  orr r4, r0, #1
  udiv r3, r2, r4
  mls r2, r3, r4, r2
6:
  cbz r3, 7f
  ldrexh r4, [r9]
  adds r4, #1
  strexh r3, r4, [r9]
  str r3, [r7, #8]
7:
  vadd.f32 s0, s0, s1
  vcmp.f32 s0, s1
  vmrs APSR_nzcv, fpscr
  it gt
  vmovgt.f32 s2, s0
  vstr s2, [r7, #12]
  ldrd r3, r4, [r7, #8]
  strd r4, r3, [r9, #8]
  strb r2, [r9, #17]!
  ldrsb r3, [r9], #-17
  bfi r2, r3, #4, #9
  ssat r3, #9, r2
  usat r4, #7, r2
  str r2, [r7, #4]
  b loop
work:
  push {r0, r4, r5, lr}
  cmp r0, r2
  ite hi
  subhi r4, r0, r2
  subls r4, r2, r0
  cmn r4, r0
  pop {r0, r4, r5, pc}
`;
const FLOAT = `
  put SCB + 0x88, 0x00f00000
  dsb
  isb
`;
/** Counts, and adds up what was stacked, ITSTATE and flags included, so that no wrong bit goes unseen. */
const HANDLER = `
  ldr r1, [r7, #16]
  adds r1, #1
  str r1, [r7, #16]
  ldr r1, [r7, #20]
  ldm sp, {r0, r2, r3, r12}
  add r1, r1, r0
  eor r1, r2, r1, ror #5
  eor r1, r3, r1, ror #3
  ldr r3, [sp, #20]
  add r1, r3, r1, ror #7
  ldr r3, [sp, #24]
  add r1, r3, r1, ror #11
  ldr r3, [sp, #28]
  add r1, r3, r1, ror #1
  str r1, [r7, #20]
  clrex
  bx lr
  .ltorg
`;
const TAKEN = SRAM + 16;

/** Runs of 1 to 50 instructions in an order that comes by every length before and after every instruction. */
function turns(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 1 + ((i * 37) % 50));
}

describe.each(VARIANTS)('hot code that is interrupted, on $name', (variant) => {
  const same = (source: string, options: HotOptions = {}): Rig => compareHot(variant, programs.get(source), options);

  it('between any two instructions, by PendSV', () => {
    const rig = same(`${FLOAT}${ROUND}\npendsv:${HANDLER}`, {
      // 61 is no divisor of the length of a round: every instruction has its turn.
      cuts: [6000, ...Array.from({ length: 250 }, (_, i) => 61 + (i & 1)), 2000],
      act: (r, index) => void (index > 0 && r.write(0xe000_ed04, 1 << 28)),
    });
    expect(rig.peek(TAKEN)).toBe(251);
  });

  it('by SysTick with every period from 40 to 160', () => {
    const rig = same(
      `${FLOAT}
  put 0xe000e014, 39
  put 0xe000e010, 7
  ldr r10, =0xe000e014
${ROUND}
systick:
  ldr r1, [r7, #16]
  tst r1, #7
  bne 1f
  ldr r3, [r10]
  adds r3, #1
  cmp r3, #160
  it hi
  movhi r3, #39
  str r3, [r10]
1:${HANDLER}`,
      { cuts: [3000, 1, 2, 3, 20_000, 5, 50, 49, 40_000] },
    );
    expect(rig.peek(TAKEN)).toBeGreaterThan(400);
  });

  it('at the end of runs of 1 to 50 instructions', () => {
    const rig = same(`${FLOAT}${ROUND}\npendsv:${HANDLER}`, {
      cuts: [20_000, ...turns(250), 5000, ...turns(50)],
      act: (r, index) => void (index % 7 === 3 && r.write(0xe000_ed04, 1 << 28)),
    });
    expect(rig.peek(TAKEN)).toBeGreaterThan(30);
  });

  it.each([CORTEX_M4, CORTEX_M33])('as $name', (profile) => {
    const rig = same(`${FLOAT}${ROUND}\npendsv:${HANDLER}`, {
      profile,
      cuts: [20_000, ...turns(120), 5000],
      act: (r, index) => void (index % 3 === 1 && r.write(0xe000_ed04, 1 << 28)),
    });
    expect(rig.peek(TAKEN)).toBeGreaterThan(30);
  });

  it('by a device that it writes to: at once, before the next instruction', () => {
    const rig = same(
      `
  put 0xe000e100, 3
  movs r0, #0
  movs r2, #0
  movs r3, #0
  movs r5, #1
loop:
  adds r0, #1
  lsls r4, r0, #31
  itt mi
  strmi r3, [r6, #4]
  addmi r2, #1
  stmia r6, {r0, r5}
  eor r2, r2, r0, ror #4
  strd r0, r3, [r6]
  adds r2, #5
  str r2, [r7, #4]
  tst r0, #15
  bne loop
  cpsid i
  str r3, [r6, #4]
  adds r2, #1
  cpsie i
  adds r2, #1
  movs r4, #1
  msr primask, r4
  str r5, [r6, #4]
  adds r2, #3
  msr primask, r3
  adds r2, #4
  b loop
irq0:
  movs r1, #0
  str r1, [r6, #8]
  ldr r1, [r7, #16]
  adds r1, #1
  str r1, [r7, #16]
  ldr r1, [sp, #24]
  str r1, [r6]
  bx lr
irq1:
  movs r1, #1
  str r1, [r6, #8]
  ldr r1, [r7, #20]
  adds r1, #1
  str r1, [r7, #20]
  ldr r1, [sp, #24]
  str r1, [r6]
  bx lr`,
      { cuts: [7, 3000, 1, 1, 1, 5, 6000, ...turns(40), 2000] },
    );
    expect(rig.peek(TAKEN)).toBeGreaterThan(300);
    expect(rig.peek(TAKEN + 4)).toBeGreaterThan(200);
  });

  it('by interrupts that it unmasks with CPS, MSR and BASEPRI, while one is pending', () => {
    const rig = same(
      `
  put SCB + 0x20, 0x00400000
  movs r0, #0
  movs r2, #0
  movs r3, #0
  mov r9, #0x40
  ldr r10, =SCB
  mov r11, #0x10000000
loop:
  adds r0, #1
  cpsid i
  str r11, [r10, #4]
  adds r2, #1
  cpsie i
  eor r2, r2, r0
  msr basepri, r9
  str r11, [r10, #4]
  adds r2, #3
  tst r0, #1
  it eq
  msreq basepri, r3
  adds r2, #5
  msr basepri, r3
  eor r2, r2, r0, lsl #2
  cpsid f
  str r11, [r10, #4]
  adds r2, #1
  cpsie f
  str r2, [r7, #4]
  b loop
pendsv:${HANDLER}`,
      { cuts: [5, 4000, 1, 2, 3, 1, 1, ...turns(60), 8000] },
    );
    expect(rig.peek(TAKEN)).toBeGreaterThan(500);
  });
});
