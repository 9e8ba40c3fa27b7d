/**
 * Programs whose control flow is hard to translate: loops with several entries, threaded state machines, calls nested deeper than translated
 * code nests, returns to somewhere else. On the translating engine against the interpreter at every cut.
 */
import { describe, expect, it } from 'vitest';
import { CUTS, compareHot, HotPrograms, VARIANTS } from '../engines/hot-programs.ts';

const programs = new HotPrograms('jit-control');
const TRANSLATING = VARIANTS.filter(({ name }) => name.startsWith('jit'));
/** Every length of a run from 1 to 200, in warm and in cold code: they add up to 20,100 instructions. */
const EVERY = Array.from({ length: 200 }, (_, i) => i + 1);

/** Steps a random number in R1 and leaves some of its bits in R2; R10 counts. */
const draw = (bits: number): string => `
  add r10, #1
  eor r1, r1, r1, lsl #13
  eor r1, r1, r1, lsr #17
  eor r1, r1, r1, lsl #5
  ubfx r2, r1, #3, #${bits}`;

/** Two loops that are entered at their heads and in their middles. */
const TWO_ENTRIES = `
  ldr r1, =0x12345678
  mov r10, #0
  movs r3, #0
  movs r4, #0
outer:
  adds r0, #1
  str r3, [r7, r4]
  ${draw(2)}
  cmp r2, #1
  beq middle
  bhi inner
top:
  adds r3, #3
  eors r3, r4
middle:
  adds r4, #4
  and r4, r4, #0xfc
  tst r4, #0x1c
  bne top
  b outer
inner:
  subs r3, #1
  lsls r5, r1, #1
  bcs middle
  it mi
  addmi r3, #7
  lsrs r5, r3, #3
  bcc inner
  b outer
`;

/** A state machine as compilers thread it: each state goes on to the next by itself, into loops and out of them. */
const THREADED = (() => {
  const next = `
  ${draw(2)}
  cmp r2, #2
  blo s0
  beq s1
  lsls r5, r1, #3
  bcs s2
  b s3`;
  return `
  ldr r1, =0x9e3779b9
  mov r10, #0
  movs r3, #0
  movs r4, #0
again:
  adds r0, #1
  ${draw(2)}
  cmp r2, #3
  bhi done
  tbb [pc, r2]
table:
  .byte (s0 - table) / 2, (s1 - table) / 2, (s2 - table) / 2, (s3 - table) / 2
s0:
  adds r3, r1
  adcs r4, r3
  movs r5, #3
loop0:
  eors r3, r5
  subs r5, #1
  bne loop0
  ${next}
s1:
  subs r3, r2
  sbcs r4, r1
  bmi s3
  ${next}
s2:
  str r3, [r7, #4]
  ldrb r5, [r7, #5]
  adds r4, r5
  bvs s0
  ${next}
s3:
  movs r5, #5
loop3:
  ror r4, r4, r5
  subs r5, #1
  beq again
  lsrs r2, r4, #1
  bcs loop3
  lsls r2, r4, #7
  bpl s1
  ${next}
done:
  b again
`;
})();

/** Calls itself R0 deep, with a frame of 12 bytes, and adds up; every other level by way of a pointer. */
const recursion = (depth: number): string => `
  movs r8, #0
outer:
  ldr r0, =${depth}
  movs r1, #0
  bl down
  add r8, #1
  str r1, [r7]
  b outer
down:
  push {r0, r4, lr}
  adds r1, r0
  subs r4, r0, #1
  beq bottom
  mov r0, r4
  lsls r4, #31
  ldr r4, =down + 1
  bcs pointer
  bl down
  b up
pointer:
  blx r4
up:
  eors r1, r0
bottom:
  pop {r0, r4, pc}
  .ltorg
`;

/** Some 900 blocks each of which dominates the next. */
const CHAIN = `
  ldr r3, =leaf + 1
again:
  movs r0, #0
  ${'blx r3\n'.repeat(450)}
  ${'bl leaf\n'.repeat(450)}
  adds r4, #1
  str r4, [r7]
  b.w again
  .thumb_func
leaf:
  bx lr
  .ltorg
`;

/** A branch table that begins with an instruction, for its first entry leads to itself; another of its entries changes. */
const EXECUTED_TABLE = `
  movs r4, #0
  movs r5, #0
outer:
  movs r1, #0
inner:
  and r0, r1, #7
  tbb [pc, r0]
table:
  .byte 0, 0xe0, (a - table) / 2, 0xe0, (a - table) / 2, 0xe0, (a - table) / 2, 0xe0
a:
  nop
  nop
  nop
  nop
  adds r4, #1
  b next
b:
  adds r5, #1
next:
  adds r1, #2
  cmp r1, #200
  blo inner
  ldr r2, =table
  ldrb r3, [r2, #6]
  eor r3, r3, #((a - table) / 2) ^ ((b - table) / 2)
  strb r3, [r2, #6]
  b outer
  .ltorg
`;

/** A callee that returns to its caller's caller, and one that returns behind the next instruction. */
const ELSEWHERE = `
  movs r4, #0
outer:
  movs r3, #100
  bl first
  adds r4, #1
  str r4, [r7]
  b outer
first:
  push {r5, lr}
loop:
  bl skips
  adds r4, #100
  adds r4, #2
  subs r3, #1
  bl leaves
  b loop
skips:
  adds r5, #1
  mul r5, r5, r3
  ${'eor r5, r5, r3, lsl #2\n'.repeat(50)}
  add lr, #2
  bx lr
leaves:
  cmp r3, #0
  beq.w away
  ${'add r5, r5, r3, lsr #1\n'.repeat(50)}
  bx lr
away:
  pop {r5, pc}
`;

describe.each(TRANSLATING)('on $name', (variant) => {
  it.each([
    ['loops with two entries', TWO_ENTRIES],
    ['a threaded state machine', THREADED],
  ])('%s: runs of every length from 1 to 200, cold and warm', (_, source) => {
    const rig = compareHot(variant, programs.get(source), {
      cuts: [...EVERY, 60_000, ...EVERY.filter((length) => length % 5 === 1)],
      share: 0.5,
    });
    expect(rig.r(10)).toBeGreaterThan(1000);
  });

  it.each([
    ['loops with two entries', TWO_ENTRIES],
    ['a threaded state machine', THREADED],
  ])('%s: from reset, a run of every length from 1 to 200', (_, source) => {
    const cuts = [20_000, ...EVERY];
    compareHot(variant, programs.get(source), { cuts, act: (rig, index) => index > 0 && rig.core.start(0) });
  });

  it.each([50, 97, 150, 1_000])('calls %i deep', (depth) => {
    const rig = compareHot(variant, programs.get(recursion(depth)), { cuts: CUTS, share: 0.3 });
    expect(rig.r(8)).toBeGreaterThan(1);
  });

  it('calls 20,000 deep', () => {
    const rig = compareHot(variant, programs.get(recursion(20_000)), {
      cuts: [100_000, 1, 60_000, 1, 2, 3, 400_000, 200_000, 1],
      share: 0.3,
    });
    expect(rig.r(8)).toBe(3);
  });

  it('returns to the caller of the caller, and behind the next instruction', () => {
    const rig = compareHot(variant, programs.get(ELSEWHERE), { cuts: [400_000, ...CUTS], share: 0.3 });
    expect(rig.r(4)).toBeGreaterThan(500);
  });

  it('hundreds of calls in a row', () => {
    const rig = compareHot(variant, programs.get(CHAIN), { cuts: [400_000, ...CUTS], share: 0.3 });
    expect(rig.r(4)).toBeGreaterThan(150);
  });

  it('a branch table that is executed, and of which an entry changes', () => {
    const rig = compareHot(variant, programs.get(EXECUTED_TABLE), { cuts: [...CUTS, 50_000, 50_000, 50_000] });
    expect(rig.r(5)).toBeGreaterThan(500);
  });
});
