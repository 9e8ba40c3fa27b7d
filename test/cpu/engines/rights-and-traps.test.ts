/** What hot code may do changes: memory protection, traps, floating point, privilege, the vector table, a stack limit. */
import { describe, expect, it } from 'vitest';
import { CORTEX_M33 } from '../../../src/cpu/profile.ts';
import { SRAM } from '../../support/core-harness.ts';
import { compareHot, type HotOptions, HotPrograms, VARIANTS } from './hot-programs.ts';

const programs = new HotPrograms('rights-and-traps');
/** Words in which handlers count. */
const COUNT = SRAM + 16;

/** Regions 0 to 2: code, the probe, all of SRAM; full access. */
const OPEN_MPU = `
  .macro region number, base, rasr
    put SCB + 0x9c, \\base + 0x10 + \\number
    put SCB + 0xa0, \\rasr
  .endm
  region 0, 0x00000000, 0x03000027
  region 1, 0x40000000, 0x13050017
  region 2, 0x20000000, 0x0300002b
  put SCB + 0x24, 0x70000
  put SCB + 0x94, 1
  dsb
  isb
`;
/** Counts at COUNT and traces the address of the instruction; R1 is SCB. */
const NOTE = `
  ldr r1, [r7, #16]
  adds r1, #1
  str r1, [r7, #16]
  ldr r1, [sp, #24]
  str r1, [r6]
  ldr r1, =SCB`;
/** Clears CFSR. */
const CLEAR = `
  mov r3, #-1
  str r3, [r1, #0x28]
  dsb
  isb
  bx lr
  .ltorg`;

describe.each(VARIANTS)('hot code, on $name', (variant) => {
  const same = (source: string, options: HotOptions = {}) => compareHot(variant, programs.get(source), options);
  const faultsOf = (source: string, options: HotOptions = {}) => same(source, options).peek(COUNT);

  it('is told to execute no more by its own page, and its handler allows it again', () => {
    const faults = faultsOf(`${OPEN_MPU}
  movs r0, #0
  movs r2, #0
loop:
  adds r0, #1
  bl work
  tst r0, #255
  bne loop
  region 3, 0x00001000, 0x13000017
  b loop
memmanage:${NOTE}
  movs r3, #3
  str r3, [r1, #0x98]
  movs r3, #0
  str r3, [r1, #0xa0]
  ${CLEAR}
  .org 0x1000
work:
  adds r2, #1
  eor r2, r2, r0, lsl #3
  bx lr`);
    expect(faults).toBeGreaterThan(10);
  });

  it('makes itself not executable by a store in the middle of a loop', () => {
    for (const barrier of ['', 'dsb\n  isb'])
      expect(
        faultsOf(`${OPEN_MPU}
  ldr r9, =SCB
  ldr r10, =0x1000 + 0x10 + 3
  ldr r11, =0x13000017
  movs r0, #0
  movs r2, #0
  b loop
  .ltorg
memmanage:${NOTE}
  movs r3, #3
  str r3, [r1, #0x98]
  movs r3, #0
  str r3, [r1, #0xa0]
  ${CLEAR}
  .org 0x1000
loop:
  adds r0, #1
  eor r2, r2, r0, lsl #3
  ands r3, r0, #127
  ite eq
  moveq r4, r11
  movne r4, #0
  str r10, [r9, #0x9c]
  str r4, [r9, #0xa0]
  ${barrier}
  adds r2, #1
  adds r2, r2, r0
  b loop`),
      ).toBeGreaterThan(10);
  });

  it('loses access to its data, in pages and in parts of them', () => {
    for (const [base, size] of [
      [0x2000_1000, 0x16],
      [0x2000_1020, 0x08],
    ])
      expect(
        faultsOf(`${OPEN_MPU}
  ldr r9, =${base}
  movs r0, #0
  movs r2, #0
loop:
  adds r0, #1
  ldr r3, [r9]
  adds r3, r3, r0
  str r3, [r9]
  eor r2, r2, r3
  tst r0, #255
  bne loop
  lsrs r3, r0, #8
  and r3, r3, #3
  ldr r4, =rights
  ldr r3, [r4, r3, lsl #2]
  ldr r4, =SCB
  ldr r5, =${base} + 0x13
  str r5, [r4, #0x9c]
  str r3, [r4, #0xa0]
  b loop
  .balign 4
rights: .word 0, 0x10000001 + ${size}, 0x16000001 + ${size}, 0x13000001 + ${size}
memmanage:${NOTE}
  ldr r3, [r1, #0x34]
  str r3, [r6]
  movs r3, #3
  str r3, [r1, #0x98]
  movs r3, #0
  str r3, [r1, #0xa0]
  ${CLEAR}`),
      ).toBeGreaterThan(5);
  });

  it('turns protection on and off around what is forbidden', () => {
    expect(
      faultsOf(`${OPEN_MPU}
  region 4, 0x20001000, 0x10000017
  ldr r9, =0x20001000
  ldr r10, =SCB
  movs r0, #0
loop:
  adds r0, #1
  and r3, r0, #127
  cmp r3, #1
  beq 1f
  movs r3, #0
1:
  str r3, [r10, #0x94]
  ldr r3, [r9]
  adds r3, #1
  str r3, [r9]
  b loop
memmanage:${NOTE}
  movs r3, #0
  str r3, [r1, #0x94]
  ${CLEAR}`),
    ).toBeGreaterThan(10);
  });

  it('is privileged and is not', () => {
    expect(
      faultsOf(`${OPEN_MPU}
  region 4, 0x20001000, 0x11000017
  ldr r9, =0x20001000
  movs r0, #0
loop:
  adds r0, #1
  mov r3, #0
  tst r0, #127
  it eq
  moveq r3, #1
  msr control, r3
  ldr r3, [r9]
  adds r3, #1
  str r3, [r9]
  b loop
memmanage:${NOTE}
  movs r3, #0
  msr control, r3
  ${CLEAR}`),
    ).toBeGreaterThan(10);
  });

  it('traps unaligned accesses and divisions by zero, or does not', () => {
    expect(
      faultsOf(`
  put SCB + 0x24, 0x70000
  ldr r9, =0x20001000
  ldr r10, =SCB
  movs r0, #0
  movs r2, #0
loop:
  adds r0, #1
  and r4, r0, #3
  add r3, r9, r4
  ldr r5, [r3, #64]
  strh r0, [r3, #65]
  eors r2, r5
  udiv r5, r0, r4
  eors r2, r5
  sdiv r5, r2, r4
  adds r2, r5
  tst r0, #63
  bne loop
  lsrs r3, r0, #6
  and r3, r3, #3
  lsls r3, r3, #3
  orr r3, r3, #0x200
  str r3, [r10, #0x14]
  b loop
usagefault:${NOTE}
  ldr r3, [r1, #0x28]
  str r3, [r6]
  mov r3, #0x200
  str r3, [r1, #0x14]
  ${CLEAR}`),
    ).toBeGreaterThan(20);
  });

  it('loses the floating-point unit and gets it back', () => {
    for (const deny of [0, 0x0050_0000])
      expect(
        faultsOf(`
  put SCB + 0x24, 0x70000
  put SCB + 0x88, 0x00f00000
  dsb
  isb
  ldr r10, =SCB
  ldr r11, =${deny}
  movs r0, #0
  vmov s0, r0
  vmov.f32 s1, #1.5
loop:
  adds r0, #1
  vadd.f32 s0, s0, s1
  vcvt.u32.f32 s2, s0
  vstr s2, [r7, #32]
  tst r0, #63
  bne loop
  movs r3, #0
  tst r0, #64
  itt eq
  streq r11, [r10, #0x88]
  moveq r3, #1
  msr control, r3
  isb
  vmul.f32 s3, s0, s1
  b loop
usagefault:${NOTE}
  mov r3, #0x00f00000
  str r3, [r1, #0x88]
  movs r3, #0
  msr control, r3
  ${CLEAR}`),
      ).toBeGreaterThan(10);
  });

  it('saves floating-point state lazily, eagerly or not at all, when a handler uses it', () => {
    for (const fpccr of [0xc000_0000, 0x8000_0000, 0])
      expect(
        faultsOf(`
  put SCB + 0x88, 0x00f00000
  dsb
  isb
  put 0xe000ef34, ${fpccr}
  put 0xe000e014, 611
  put 0xe000e010, 7
  movs r0, #0
  vmov s0, r0
  vmov.f32 s1, #1.5
  vmov.f32 s17, #2.5
loop:
  adds r0, #1
  vadd.f32 s0, s0, s1
  vmla.f32 s16, s0, s17
  vcvt.u32.f32 s2, s0
  vstr s2, [r7, #32]
  b loop
systick:
  ldr r1, [r7, #16]
  adds r1, #1
  str r1, [r7, #16]
  tst r1, #3
  beq 1f
  vmov s4, r1
  vcvt.f32.u32 s4, s4
  vmul.f32 s0, s4, s4
  vstr s0, [r7, #36]
  vmrs r3, fpscr
  str r3, [r7, #40]
1:
  mov r3, sp
  str r3, [r6]
  bx lr`),
      ).toBeGreaterThan(50);
  });

  it('moves its vector table', () => {
    const rig = same(`
  ldr r3, =0x20002000
  movs r0, #0
1:
  ldr r4, [r0]
  str r4, [r3, r0]
  adds r0, #4
  cmp r0, #0x60
  bne 1b
  ldr r4, =second + 1
  str r4, [r3, #60]
  str r4, [r3, #44]
  put 0xe000e014, 487
  put 0xe000e010, 7
  ldr r10, =SCB
  movs r0, #0
loop:
  adds r0, #1
  eor r2, r2, r0
  tst r0, #127
  bne loop
  svc #1
  tst r0, #128
  ite eq
  ldreq r3, =0x20002000
  movne r3, #0
  str r3, [r10, #8]
  dsb
  b loop
  .ltorg
systick:
svcall:
  ldr r1, [r7, #16]
  adds r1, #1
  str r1, [r7, #16]
  bx lr
second:
  ldr r1, [r7, #20]
  adds r1, #1
  str r1, [r7, #20]
  bx lr`);
    expect(rig.peek(COUNT)).toBeGreaterThan(100);
    expect(rig.peek(COUNT + 4)).toBeGreaterThan(100);
  });

  it('faults in the middle of LDM and STM, with and without write-back, at the end of a region', () => {
    for (const access of [
      'ldmia r3, {r4, r5, r8, r9}',
      'stmia r3, {r0, r2, r8, r9}',
      'ldmia r3!, {r4, r5, r8, r9}',
      'stmia r3!, {r0, r2, r8, r9}',
      'ldrd r4, r5, [r3, #4]!',
      'strd r0, r2, [r3], #8',
      'vldmia r3!, {s0-s3}',
      'vstmia r3!, {s0-s3}',
    ])
      expect(
        faultsOf(
          `${OPEN_MPU}
  put SCB + 0x88, 0x00f00000
  dsb
  isb
  region 4, 0x20001020, 0x10000009
  ldr r10, =0x20001000
  movs r0, #0
  movs r2, #0
loop:
  adds r0, #1
  lsrs r4, r0, #5
  and r4, r4, #7
  add r3, r10, r4, lsl #2
  ${access}
next:
  eor r2, r2, r3
  b loop
memmanage:${NOTE}
  ldr r3, [r1, #0x34]
  str r3, [r6]
  ldr r3, =next
  str r3, [sp, #24]
  ${CLEAR}`,
          { cuts: [5, 500, 1, 3000, 1, 2, 3, 4, 3000] },
        ),
      ).toBeGreaterThan(20);
  });
});

describe.each(VARIANTS)('hot code on a Cortex-M33, on $name', (variant) => {
  it('moves its stack limit', () => {
    const source = `
  put SCB + 0x24, 0x70000
  ldr r9, =0x200ff000
  ldr r10, =0x20100000
  movs r0, #0
loop:
  adds r0, #1
  push {r0, r2, r4, lr}
  sub sp, #256
  str r0, [sp]
  bl work
  add sp, #256
  pop {r0, r2, r4, lr}
  tst r0, #127
  bne loop
  sub r3, r10, #128      @ room for a frame
  .word 0x880af383          @ msr msplim, r3
  b loop
work:
  push {r4, r5, r6, lr}
  eor r2, r2, r0
  pop {r4, r5, r6, pc}
usagefault:
  movs r3, #0
  .word 0x880af383${NOTE}
  ldr r3, [r1, #0x28]
  str r3, [r6]
  ${CLEAR}`;
    const rig = compareHot(variant, programs.get(source), { profile: CORTEX_M33 });
    expect(rig.peek(COUNT)).toBeGreaterThan(10);
  });
});
