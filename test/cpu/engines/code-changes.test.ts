/** Code that changes while it is hot: rewritten by itself, by the host, through another address, as data beside it, as an overlay. */
import { describe, expect, it } from 'vitest';
import { type Rig, SRAM } from '../../support/core-harness.ts';
import { ALIAS, CUTS, compareHot, HotPrograms, VARIANTS } from './hot-programs.ts';

const programs = new HotPrograms('code-changes');

/** A loop of 100 rounds that calls `work`; after it R0 rounds were completed, and `rewrite` gets its turn. R8 is the code's address for writes. */
const caller = (rewrite: string, more = '', base = 0) => `
  movs r0, #0
  movs r2, #0
  ldr r8, =${base}
outer:
  movs r1, #0
inner:
  adds r1, #1
  bl work
  cmp r1, #100
  bne inner
  adds r0, #1
  str r2, [r7]
  and r5, r0, #7
  ${rewrite}
  b outer
  .balign 4
work:
patched:
  adds r2, #1
  eor r2, r2, r1, lsl #3
  bx lr
  ${more}
`;
/** Makes the first instruction of `work` ADDS R2, #(r0 & 7). */
const HALFWORD = `
  ldr r3, =patched
  add r3, r8
  ldrh r4, [r3]
  bic r4, r4, #7
  orr r4, r4, r5
  strh r4, [r3]`;
const BARRIERS = `
  dsb
  isb`;

describe.each(VARIANTS)('code that changes, on $name', (variant) => {
  const same = (source: string, options = {}) => compareHot(variant, programs.get(source), options);

  it('rewrites a function that it calls', () => {
    const rig = same(caller(HALFWORD + BARRIERS));
    expect(rig.r(0)).toBeGreaterThan(100);
  });

  it('rewrites a function that it calls, without barriers', () => {
    same(caller(HALFWORD));
  });

  it('rewrites it through another address', () => {
    same(caller(HALFWORD + BARRIERS, '', ALIAS));
  });

  it('calls it through another address', () => {
    const source = caller(HALFWORD + BARRIERS)
      .replace('bl work', 'blx r9')
      .replace('outer:', 'ldr r9, =work + ALIAS + 1\nouter:');
    same(source);
  });

  it('calls it through both addresses and rewrites it through either', () => {
    same(`
  movs r0, #0
  movs r2, #0
  ldr r9, =work + 1
  ldr r10, =work + ALIAS + 1
  movs r8, #0
outer:
  movs r1, #0
inner:
  adds r1, #1
  blx r9
  adds r2, #1
  blx r10
  cmp r1, #60
  bne inner
  adds r0, #1
  str r2, [r7]
  and r5, r0, #7
  eor r8, r8, #ALIAS
  ${HALFWORD + BARRIERS}
  b outer
  .balign 4
work:
patched:
  adds r2, #1
  eor r2, r2, r1, lsl #3
  bx lr`);
  });

  it('rewrites the second halfword of an instruction, a literal, a branch', () => {
    const rig = same(`
  movs r0, #0
  movs r2, #0
outer:
  movs r1, #0
inner:
  adds r1, #1
patched:
  add.w r2, r2, #1
branch:
  b first
  adds r2, #9
first:
  adds r2, #3
  ldr r3, literal
  eors r2, r3
  cmp r1, #90
  bne inner
  adds r0, #1
  str r2, [r7]
  ldr r3, =patched
  strb r0, [r3, #2]
  adr r4, literal
  str r2, [r4]
  ldr r3, =branch
  ldrh r4, [r3]
  eor r4, r4, #1
  tst r0, #3
  it eq
  strheq r4, [r3]
  dsb
  isb
  b outer
  .balign 4
literal: .word 0x12345678`);
    expect(rig.r(0)).toBeGreaterThan(60);
  });

  it('rewrites the very next instruction, in every round and now and then', () => {
    for (const often of ['nop', 'tst r0, #63\n  bne next'])
      same(`
  ldr r3, =next
  movs r0, #0
  movs r2, #0
loop:
  adds r0, #1
  lsrs r4, r0, #5
  and r4, r4, #7
  add r4, r4, #0x3200
  ${often}
  strh r4, [r3]
next:
  adds r2, #1
  eor r2, r2, r0, ror #7
  b loop`);
  });

  it('stores to data in the page of the code it is, and with the same instruction to code', () => {
    const rig = same(`
  ldr r10, =patched
  ldr r11, =data
  movs r0, #0
  movs r2, #0
loop:
  adds r0, #1
  mov r3, r11
  lsrs r4, r0, #4
  and r4, r4, #7
  add r4, r4, #0x3200
  tst r0, #255
  it eq
  moveq r3, r10
  strh r4, [r3]
patched:
  adds r2, #1
  adds r2, r2, r0
  b loop
  .balign 4
data: .word 0`);
    expect(rig.r(0)).toBeGreaterThan(5_000);
  });

  it('rewrites itself with STM, PUSH, STRD and VSTM', () => {
    const code = 'adds r2, #1\n  eors r2, r0\n  adds r2, #2\n  eors r2, r1\n  adds r2, #3\n  eors r2, r4\n  adds r2, #4\n  nop\n';
    for (const store of [
      'stmia r3!, {r4, r5}',
      'mov r12, sp\n  adds r3, #8\n  mov sp, r3\n  push {r4, r5}\n  mov sp, r12',
      'strd r4, r5, [r3]',
      'vmov s0, s1, r4, r5\n  vstmia r3!, {s0-s1}',
    ])
      same(`
  put 0xe000ed88, 0x00f00000
  dsb
  isb
  movs r0, #0
  movs r1, #0
  movs r2, #0
loop:
  adds r0, #1
  tst r0, #127
  bne 1f
  ldr r3, =patched
  lsrs r1, r0, #7
  and r1, r1, #3
  ldr r4, =0x40423201          @ adds r2, #1; eors r2, r0
  ldr r5, =0x404a3202          @ adds r2, #2; eors r2, r1
  add r4, r4, r1
  add r5, r5, r1
  ${store}
  dsb
  isb
  b 1f
  .ltorg
  .balign 4
1:
patched:
  ${code}
  str r2, [r7]
  b loop`);
  });

  it('stores across the boundary of two pages into the first instruction of the second', () => {
    same(`
  ldr r3, =patched - 2
  movs r0, #0
  movs r2, #0
  b loop
  .org 0xffe
  nop
patched:
  adds r2, #1
  eor r2, r2, r0, ror #3
  bx lr
loop:
  adds r0, #1
  bl patched
  tst r0, #127
  bne loop
  lsrs r4, r0, #7
  and r4, r4, #7
  add r4, r4, #0x3200
  lsls r4, r4, #16
  add r4, r4, #0xbf00
  str r4, [r3]
  isb
  b loop`);
  });

  it('executes overlays: the same place holds one routine after the other', () => {
    const rig = same(`
  movs r0, #0
  movs r2, #0
  ldr r9, =0x20004000
  add r10, r9, #1
outer:
  adds r0, #1
  and r3, r0, #3
  ldr r4, =routines
  add r3, r4, r3, lsl #4
  ldmia r3, {r1, r4, r5, r12}
  stmia r9, {r1, r4, r5, r12}
  dsb
  isb
  movs r1, #200
inner:
  blx r10
  subs r1, #1
  bne inner
  str r2, [r7, #4]
  b outer
  .balign 16
routines:
  adds r2, #1
  eor r2, r2, r1, ror #3
  bx lr
  .balign 16
  movs r3, r1
  mul r2, r2, r3
  adds r2, #7
  bx lr
  .balign 16
  lsls r3, r2, #5
  lsrs r2, r2, #27
  orrs r2, r3
  bx lr
  .balign 16
  tst r1, #1
  ite eq
  addeq r2, #3
  subne r2, #5
  bx lr
  .balign 16`);
    expect(rig.r(0)).toBeGreaterThan(40);
    expect(rig.peek(SRAM + 0x4000)).not.toBe(0);
  });

  it('is rewritten by the host between runs, in place and through another address', () => {
    for (const base of [0, ALIAS])
      same(caller('nop'), {
        cuts: [...CUTS, ...CUTS],
        act: (rig: Rig, index: number, symbols: Record<string, number>) =>
          void rig.bus.write(base + symbols['patched']!, 0x3200 + (index % 5), 2),
      });
  });

  it('meets breakpoints that the host sets and takes away', () => {
    const rig = same(
      caller(
        'nop',
        `
hardfault:
  ldr r1, [r7, #16]
  adds r1, #1
  str r1, [r7, #16]
  ldr r1, [sp, #24]
  str r1, [r6]
  adds r1, #2
  str r1, [sp, #24]
  ldr r1, =0xe000ed2c
  ldr r3, [r1]
  str r3, [r1]
  bx lr`,
      ),
      {
        cuts: [...CUTS, ...CUTS],
        act: (r: Rig, index: number, symbols: Record<string, number>) =>
          void r.bus.write(symbols['patched']!, index % 3 === 1 ? 0xbe00 : 0x3201, 2),
      },
    );
    expect(rig.peek(SRAM + 16)).toBeGreaterThan(1000);
  });

  it('is reloaded: other code at the same addresses, and the core starts anew', () => {
    const others = [caller('nop'), caller(HALFWORD + BARRIERS), caller('nop').replace('#3', '#5')].map((source) => programs.get(source));
    const rig = same(caller('nop'), {
      cuts: Array.from({ length: 24 }, (_, i) => 9_001 + 977 * i),
      act: (r: Rig, index: number) => {
        if (index === 0) return;
        r.core.halt();
        r.bus.writeBytes(0, others[index % 3]!.code);
        r.core.start(0);
      },
    });
    expect(rig.core.instructions).toBeGreaterThan(400_000);
  });
});
