/** Watchpoints, on every engine: every access to a watched byte and no other, before it is done, with no trace in the run. */
import { afterAll, describe, expect, it } from 'vitest';
import type { EngineFactory } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import type { WatchArea } from '../../../src/cpu/watchpoints.ts';
import { RAM_SIZE, type Rig, type RigOptions, SRAM } from '../../support/core-harness.ts';
import { Random } from '../../support/random-thumb.ts';
import { type Access, type Hit, hitsOf, noteAccesses } from './access-oracle.ts';
import { MIXTURE, rigOf, SUBJECTS, stateOf } from './programs.ts';
import { RandomRig } from './random-rig.ts';

/** Where the second RAM is seen again. */
const ALIAS = 0x3000_0000;
const CYCLES = [1, 999, 3000, 1, 3000];

/** Every kind of access, over and over, some of them through the alias, over the edges of pages and of the RAM's 64 KiB; a table and a literal are data, too. */
const ACCESSES = `
  put SCB + 0x88, 0x00f00000
  dsb
  isb
  put 0xe000e100, 3
  put 0xe000ef34, 0xc0000000
  movs r0, #0
  ldr r9, =0x20000ffe
  ldr r10, =0x30000ff8
  ldr r11, =0x2000fffe
loop:
  adds r0, #1
  str r0, [r7, #4]
  strh r0, [r7, #9]
  strb r0, [r7, #12]
  ldr r1, [r7, #5]
  ldrsh r1, [r7, #11]
  ldrsb r1, [r7, #12]
  str r0, [r9]
  ldr r1, [r9]
  strh r0, [r11, #1]
  str r0, [r11]
  ldr r1, [r11]
  strd r0, r1, [r10, #4]
  ldrd r2, r3, [r10, #4]
  stmia r10, {r0, r1, r2, r3}
  ldmia r10, {r2, r3, r4, r5}
  str r0, [r10, #4]!
  ldr r1, [r10], #-4
  ldrex r1, [r7, #4]
  strex r2, r0, [r7, #4]
  strex r2, r0, [r7, #4]
  ldrexb r1, [r7]
  clrex
  strexb r2, r0, [r7]
  strt r0, [r7, #8]
  ldrbt r1, [r7, #9]
  vldr s0, [r7, #4]
  vldr d1, [r10, #4]
  vadd.f32 s1, s0, s2
  vstr s1, [r7, #16]
  vstr d1, [r10, #8]
  vstmia r10, {s0-s5}
  vldmia r10, {d4-d6}
  vpush {d0-d1}
  vpop {d2-d3}
  mrs r3, control
  bl work
  and r3, r0, #3
  tbb [pc, r3]
table:
  .byte (3f - table) / 2, (4f - table) / 2, (5f - table) / 2, (6f - table) / 2
3:
  nop
4:
  nop
5:
  nop
6:
  ldr r1, literal
  adr r2, literal
  ldr r1, [r2]
  ldrh r1, [r2, #2]
  ands r3, r0, #7
  bne 7f
  movs r3, #1
  str r3, [r6, #4]
  nop
7:
  ldr r1, [r6, #0x20]
  itt eq
  streq r0, [r7, #20]
  ldreq r1, [r7, #20]
  cmp r0, #150
  bls loop
  movs r0, #0
  add r8, r8, #1
  b loop
  .align 2
literal:
  .word 0x12345678
work:
  push {r0, r4, r5, lr}
  sub sp, #24
  str r0, [sp, #8]
  ldr r4, [sp, #8]
  add sp, #24
  pop {r0, r4, r5, pc}
irq1:
  push {r4, lr}
  movs r1, #1
  str r1, [r6, #8]
  vmov.f32 s3, #2.0
  ldr r4, [r7, #24]
  adds r4, #1
  str r4, [r7, #24]
  pop {r4, pc}
`;

function canonical(address: number): number {
  return address >= ALIAS && address < ALIAS + RAM_SIZE ? address - ALIAS + SRAM : address;
}

function rigWith(factory: EngineFactory, source: string, options: RigOptions = {}): ReturnType<typeof rigOf> {
  return rigOf(factory, source, { alias: ALIAS, ...options });
}

interface Reference {
  readonly accesses: readonly Access[];
  readonly states: readonly unknown[];
  readonly symbols: Readonly<Record<string, number>>;
}

function reference(source: string): Reference {
  const { rig, symbols } = rigWith(interpreterFactory, source, { fastForward: false });
  const accesses = noteAccesses(rig);
  const states = CYCLES.map((cycles) => {
    rig.run(cycles);
    return stateOf(rig);
  });
  return { accesses, states, symbols };
}

const PROGRAMS = { MIXTURE, ACCESSES };
const REFERENCES = { MIXTURE: reference(MIXTURE), ACCESSES: reference(ACCESSES) };

/** Watches `area`, and keeps what the handler is told. */
function keep(rig: Rig, area: WatchArea, action: 'continue' | 'stop' = 'continue'): Hit[] {
  const hits: Hit[] = [];
  rig.core.addWatchpoint(area, (core, hit) => {
    if (hit.pc !== undefined && core.readRegister('pc') !== hit.pc) throw new Error(`the PC is 0x${core.readRegister('pc').toString(16)}`);
    hits.push({ ...hit, instructions: core.instructions, now: rig.scheduler.now });
    return action;
  });
  return hits;
}

/** Random programs for each engine; translating everything of each takes its time. */
const RANDOM: Readonly<Record<string, number>> = { interpreter: 150, jit: 100, 'jit, translating everything': 15 };

const KINDS = ['read', 'write', 'access'] as const;

/** Areas around bytes that are accessed, so that most of them have hits. */
function areas(accesses: readonly Access[], count: number, random: Random, aliased = false): WatchArea[] {
  return Array.from({ length: count }, () => {
    const { address, size } = random.pick(accesses);
    const from = address + random.below(size + 2) - 1;
    const alias =
      canonical(from) !== from
        ? from
        : aliased && from >= SRAM && from < SRAM + RAM_SIZE - 64 && random.chance(0.3)
          ? from - SRAM + ALIAS
          : from;
    return { address: alias >>> 0, size: random.pick([1, 1, 2, 4, 4, 8, 33]), access: random.pick(KINDS) };
  });
}

let seen = 0;
afterAll(() => expect(seen, 'hits').toBeGreaterThan(10_000));

describe.each(SUBJECTS)('watchpoints on $name', ({ name, factory }) => {
  it.each([
    ['MIXTURE', 1],
    ['ACCESSES', 2],
    ['ACCESSES', 3],
  ] as const)('see every access of %s and no other, and leave no trace (%i)', (program, seed) => {
    const { accesses, states } = REFERENCES[program];
    const { rig } = rigWith(factory, PROGRAMS[program]);
    const random = new Random(seed);
    const watched = areas(accesses, 6, random, true).map((area) => ({ area, hits: keep(rig, area) }));
    for (const [index, cycles] of CYCLES.entries()) {
      rig.run(cycles);
      expect(stateOf(rig), `after run ${index}`).toEqual(states[index]);
    }
    for (const { area, hits } of watched) {
      seen += hits.length;
      expect(hits.map(text), JSON.stringify(area)).toEqual(hitsOf(accesses, area, canonical).map(text));
    }
    rig.core.dispose();
  });

  it(`see what ${RANDOM[name] ?? 60} random programs access`, () => {
    const tested = new RandomRig(factory);
    const noted = new RandomRig(interpreterFactory);
    const accesses = noteAccesses(noted.rig);
    const random = new Random(9);
    for (let seed = 1; seed <= (RANDOM[name] ?? 60); seed++) {
      const starts = [tested, noted].map((side) => {
        side.load(seed);
        return { cycle: side.rig.scheduler.now, instructions: side.rig.core.instructions };
      });
      accesses.length = 0;
      noted.rig.run(150);
      // The SysTick counts on where the program before has left it.
      expect(starts[0]).toEqual(starts[1]);
      const watched = areas(accesses, accesses.length > 0 ? 3 : 0, random).map((area) => ({ area, hits: keep(tested.rig, area) }));
      tested.rig.run(150);
      for (const { area, hits } of watched) {
        seen += hits.length;
        const expected = hitsOf(accesses, area);
        if (hits.map(text).join() !== expected.map(text).join()) {
          expect(hits.map(text), `seed ${seed}, ${JSON.stringify(area)}`).toEqual(expected.map(text));
        }
      }
      tested.rig.core.clearInstruments();
      const [a, b] = [tested.state(starts[0]!), noted.state(starts[1]!)];
      if (a !== b) expect(JSON.parse(a), `seed ${seed}`).toEqual(JSON.parse(b));
    }
    tested.rig.core.dispose();
  });

  it('stop before the access, with everything as before the instruction, and execute it when the core is run again', () => {
    const { accesses } = REFERENCES.ACCESSES;
    const end = 700;
    const { rig } = rigWith(factory, ACCESSES);
    const { rig: other } = rigWith(interpreterFactory, ACCESSES);
    // R10's stretch is what LDRD, STM and VLDM reach in their middle; the alias, and the stack.
    const area: WatchArea = { address: SRAM + 0xffc, size: 8, access: 'access' };
    const expected = hitsOf(accesses, area, canonical);
    rig.core.addWatchpoint(area, () => 'stop');
    let at = 0;
    while (rig.scheduler.now < end) {
      const stop = rig.run(end - rig.scheduler.now);
      if (stop.kind !== 'watch') break;
      const { instructions, pc } = expected[at]!;
      expect(stop).toMatchObject({ address: expected[at]!.address, access: expected[at]!.access, pc });
      // One stop for an instruction, however much of it is watched.
      while (expected[at]?.instructions === instructions) at++;
      other.core.stopAt(instructions);
      expect(other.run()).toEqual({ kind: 'step' });
      expect(JSON.stringify(stateOf(rig))).toBe(JSON.stringify(stateOf(other)));
      expect(Buffer.compare(rig.bus.readBytes(SRAM, 0x1100)!, other.bus.readBytes(SRAM, 0x1100)!)).toBe(0);
    }
    expect(at).toBe(expected.filter(({ now }) => now < end).length);
    expect(at).toBeGreaterThan(100);
    rig.core.dispose();
  });
});

function text({ address, size, access, value, instructions, now, pc }: Hit): string {
  const hex = (number: number | undefined) => number?.toString(16) ?? '-';
  return `${now} ${instructions} ${hex(pc)}: ${access} ${size} at ${hex(address)} ${hex(value)}`;
}
