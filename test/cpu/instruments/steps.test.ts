/** `Core.stopAt`, on every engine: exactly there and nowhere else, one instruction at a time if need be, with no trace in the run. */
import { describe, expect, it } from 'vitest';
import type { CoreStop } from '../../../src/cpu/core.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import type { Rig } from '../../support/core-harness.ts';
import { Random } from '../../support/random-thumb.ts';
import { MIXTURE, rigOf, SUBJECTS, stateOf } from './programs.ts';
import { RandomRig } from './random-rig.ts';

const STEP: CoreStop = { kind: 'step' };
/** Random programs for each engine: 1,000 in all. Translating everything of each takes its time. */
const PROGRAMS: Readonly<Record<string, number>> = {
  interpreter: 360,
  jit: 240,
  'jit, translating everything': 20,
  lockstep: 140,
  unicorn: 100,
};
const OTHERS = 140;

/** A loop on nothing and one that polls, which need not be executed round by round; then it sleeps until a device wakes it. */
const LOOPS = `
  put 0xe000e100, 3
  mov r8, #0
again:
  ldr r0, =100000
1:
  subs r0, #1
  bne 1b
  add r8, r8, #1
  str r8, [r7, #4]
  wfi
  b again
irq0:
  movs r1, #0
  str r1, [r6, #8]
  ldr r2, [r7, #8]
  adds r2, #1
  str r2, [r7, #8]
  bx lr
`;

function stepTo(rig: Rig, instructions: number): void {
  rig.core.stopAt(instructions);
  expect(rig.run(10_000_000)).toEqual(STEP);
  expect(rig.core.instructions).toBe(instructions);
}

describe.each(SUBJECTS)('stopAt on $name', ({ name, factory }) => {
  const programs = PROGRAMS[name] ?? OTHERS;

  it('stops exactly there, in strides of any length, as if nobody had stopped', () => {
    const { rig } = rigOf(factory, MIXTURE);
    const { rig: other } = rigOf(interpreterFactory, MIXTURE);
    const random = new Random(11);
    while (rig.core.instructions < 12_000) {
      stepTo(rig, rig.core.instructions + random.pick([1, 1, 1, 2, 3, 17, 250, 1999]));
      other.run(rig.scheduler.now - other.scheduler.now);
      expect(JSON.stringify(stateOf(rig))).toBe(JSON.stringify(stateOf(other)));
    }
    rig.core.stopAt(undefined);
    expect(rig.run(500).kind).toBe('slice');
    other.run(500);
    expect(stateOf(rig)).toEqual(stateOf(other));
    rig.core.dispose();
  });

  it('stops at once, without progress, where the core is there already or beyond', () => {
    const { rig } = rigOf(factory, MIXTURE);
    rig.run(1234);
    const before = JSON.stringify(stateOf(rig));
    for (const instructions of [0, 1000, rig.core.instructions]) {
      rig.core.stopAt(instructions);
      expect(rig.run()).toEqual(STEP);
      expect(JSON.stringify(stateOf(rig))).toBe(before);
    }
    rig.core.dispose();
  });

  it('does not go beyond in loops that are not executed, nor in sleep', () => {
    const { rig, symbols } = rigOf(factory, LOOPS);
    const { rig: plain } = rigOf(interpreterFactory, LOOPS, { fastForward: false });
    rig.run(20);
    for (const stride of [77_777, 1, 2, 99_999, 3]) {
      stepTo(rig, rig.core.instructions + stride);
      plain.core.stopAt(rig.core.instructions);
      while (plain.run(10_000_000).kind === 'asleep') plain.core.setInterrupt(0, true);
      expect(stateOf(rig)).toEqual(stateOf(plain));
    }
    rig.core.stopAt(undefined);
    expect(rig.run(10_000_000)).toEqual({ kind: 'asleep' });
    const at = rig.core.instructions;
    rig.core.stopAt(at + 1);
    expect(rig.run(100)).toEqual({ kind: 'asleep' });
    expect(rig.core.instructions).toBe(at);
    rig.core.setInterrupt(0, true);
    expect(rig.run(100)).toEqual(STEP);
    // The exception was entered before the instruction, which was the handler's first.
    expect([rig.core.instructions, rig.core.pc]).toEqual([at + 1, symbols['irq0']! + 2]);
    rig.core.dispose();
  });

  it('tells the moments before and after an exception is entered apart', () => {
    const { rig, symbols } = rigOf(factory, MIXTURE);
    const { core } = rig;
    rig.run(3000);
    const at = core.instructions;
    const { pc, entries } = core;
    core.setInterrupt(1, true);
    core.stopAt(at);
    expect(rig.run()).toEqual(STEP);
    expect([core.pc, core.entries]).toEqual([pc, entries]);
    core.stopAt(at, entries + 1);
    expect(rig.run()).toEqual(STEP);
    expect([core.pc, core.entries, core.instructions]).toEqual([symbols['irq1'], entries + 1, at]);
    // As many as there will never be: whatever can be entered is, and that is all.
    core.stopAt(at, entries + 100);
    expect(rig.run()).toEqual(STEP);
    expect([core.pc, core.entries, core.instructions]).toEqual([symbols['irq1'], entries + 1, at]);
    stepTo(rig, at + 1);
    expect(core.pc).toBe(symbols['irq1']! + 2);
    core.dispose();
  });

  it(`steps through ${programs} random programs as it runs through them`, () => {
    const stepped = new RandomRig(factory);
    const whole = new RandomRig(interpreterFactory);
    const random = new Random(5);
    for (let seed = 1; seed <= programs; seed++) {
      const starts = [stepped, whole].map((side) => {
        side.load(seed);
        return { cycle: side.rig.scheduler.now, instructions: side.rig.core.instructions };
      });
      const { core, scheduler } = stepped.rig;
      const end = scheduler.now + 150;
      while (scheduler.now < end) {
        const before = core.instructions;
        const stride = Math.min(random.pick([1, 1, 1, 1, 30]), end - scheduler.now);
        core.stopAt(before + stride);
        const stop = stepped.rig.run(end - scheduler.now);
        if (stop.kind !== 'step') break;
        if (core.instructions !== before + stride) throw new Error(`seed ${seed}: ${core.instructions - before} in the place of ${stride}`);
      }
      whole.rig.run(150);
      const [a, b] = [stepped.state(starts[0]!), whole.state(starts[1]!)];
      if (a !== b) expect(JSON.parse(a), `seed ${seed}`).toEqual(JSON.parse(b));
    }
    stepped.rig.core.dispose();
  });
});
