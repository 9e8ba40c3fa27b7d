/** What fast-forward spends where nothing can be taken in one step, and that it still finds what can be after a long time of that. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CortexM } from '../../../src/cpu/cortex-m.ts';
import { jitFactory } from '../../../src/cpu/jit/index.ts';
import { RoundFinder } from '../../../src/cpu/rounds/find-round.ts';
import type { Rig } from '../../support/core-harness.ts';
import { CS, loopRig, NE, stateOf, T } from '../../support/loop-firmware.ts';

/** Instructions on paper, by search. */
let costs: number[] = [];
let rigs: Rig[] = [];

beforeEach(() => {
  const { find } = RoundFinder.prototype;
  vi.spyOn(RoundFinder.prototype, 'find').mockImplementation(function (this: RoundFinder, ...parameters) {
    const found = find.apply(this, parameters);
    costs.push(this.cost);
    return found;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const rig of rigs) rig.core.dispose();
  [costs, rigs] = [[], []];
});

function rigOf(code: readonly number[], fastForward = true): Rig {
  const rig = loopRig(jitFactory, code, { fastForward });
  rigs.push(rig);
  return rig;
}

const total = (): number => costs.reduce((sum, cost) => sum + cost, 0);

/** lsls r2, r0, #13; eors r0, r2; lsrs r2, r0, #17; eors r0, r2; lsls r2, r0, #5; eors r0, r2: nothing that can be followed. */
const GENERATOR = [0x0342, 0x4050, 0x0c42, 0x4050, 0x0142, 0x4050];
/** movs r1, #1; lsls r1, r1, #27: rounds. */
const MANY = [T.movs(1, 1), T.lsls(1, 1, 27)];

describe('a program without anything to take in one step', () => {
  it('is searched for less and less', () => {
    const rig = rigOf([T.movs(0, 1), ...GENERATOR, T.b(-8)]);
    rig.run(30_000_000);
    const first = total();
    expect(costs.length).toBeGreaterThan(2);
    expect(first).toBeLessThan(12_000);
    costs = [];
    rig.run(100_000_000);
    // A hundredth of the time, at a thousand instructions per microsecond and one on paper in each, is 1000.
    expect(total()).toBeLessThan(3000);
    expect(rig.core.skipped).toBe(0);
  });

  it('does not hide the countdown behind it', () => {
    // The generator, 2^22 rounds of it; a countdown; the same again.
    const busy = [T.movs(3, 1), T.lsls(3, 3, 22), ...GENERATOR, T.subs(3, 1), T.bCond(NE, -9)];
    const countdown = [...MANY, T.subs(1, 1), T.bCond(NE, -3)];
    const code = [T.movs(0, 1), ...busy, ...countdown];
    const rig = rigOf([...code, T.b(-code.length - 1)]);
    rig.run(33_554_432 + 20_000_000);
    expect(rig.core.skipped).toBeGreaterThan(15_000_000);
    const before = rig.core.skipped;
    rig.run(2 ** 28);
    expect(rig.core.skipped - before, 'in the rest of it').toBeGreaterThan(230_000_000);
  });
});

describe('a loop that is found again and again', () => {
  it('is left alone while it is too short, and taken when it is long again', () => {
    // R4 rounds of a countdown, then a store to a device, which ends the engine's run in the middle of things: 1000 times 200, then 2^24.
    const code = [
      ...[T.movs(5, 250), T.lsls(5, 5, 2), T.movs(2, 0x40), T.lsls(2, 2, 24)],
      ...[T.movs(4, 200), T.subs(4, 1), T.bCond(NE, -3), T.str(5, 2, 0), T.subs(5, 1), T.bCond(NE, -7)],
      ...[T.movs(4, 1), T.lsls(4, 4, 24), T.subs(4, 1), T.bCond(NE, -3), T.nop, T.b(-3)],
    ];
    const quick = rigOf(code);
    quick.run(500_000);
    expect(quick.trace.length).toBe(1000);
    expect(total()).toBeLessThan(20_000);
    quick.run(30_000_000);
    const slow = rigOf(code, false);
    slow.run(500_000);
    slow.run(30_000_000);
    expect(stateOf(quick)).toEqual(stateOf(slow));
    expect(quick.core.skipped).toBeGreaterThan(25_000_000);
  });
});

describe('an engine that may stop a little early for a look', () => {
  it('uses up what it is given wherever that matters', () => {
    const code = [T.movs(0, 1), ...GENERATOR, T.adds(3, 1), T.cmp(3, 0), T.bCond(CS, -10)];
    const [quick, slow] = [rigOf(code), rigOf(code, false)];
    const core: CortexM = quick.core;
    for (const cycles of [1, 2, 1000, 5_000_000, 7, 999, 1024, 3_333_333]) {
      quick.run(cycles);
      slow.run(cycles);
      expect(core.instructions).toBe(slow.core.instructions);
      expect(stateOf(quick)).toEqual(stateOf(slow));
    }
  });
});
