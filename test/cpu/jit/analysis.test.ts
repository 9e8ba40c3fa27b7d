/** Where the budget is checked, and which registers are dirty where: by hand, and against all ways through random graphs. */
import { describe, expect, it } from 'vitest';
import { planBudget, registerUse } from '../../../src/cpu/jit/analysis.ts';
import { structure } from '../../../src/cpu/jit/control-flow.ts';
import type { Step } from '../../../src/cpu/jit/region.ts';
import { Random } from '../../support/random-thumb.ts';
import { block, graph, randomGraph, regionOf, step, successorsOf } from './graphs.ts';

describe('planBudget', () => {
  it('asks once for the longest way through a region without loops', () => {
    const { needs, checks, first } = planBudget(structure(graph([[1, 2], [3], [3], []], (n) => [5, 20, 3, 7][n]!)));
    expect([...checks]).toEqual([0]);
    expect(needs[first]).toBe(32);
  });

  it('checks where loops begin, for one round', () => {
    const shape = structure(graph([[1], [2], [1, 3], []], (n) => [4, 10, 6, 2][n]!));
    const { needs, checks } = planBudget(shape);
    expect([...checks].sort()).toEqual([0, 1]);
    expect([needs[0], needs[1]]).toEqual([4, 18]);
  });

  it('checks behind calls: the callee has used up an unknown part', () => {
    const [caller, after] = [block(0, [step(), step()]), block(1, [step()])];
    caller.end = { kind: 'call', condition: -1, target: 100, returns: 1, next: { block: after } };
    const { needs, checks } = planBudget(structure(regionOf([caller, after])));
    expect([...checks]).toEqual([0, 1]);
    expect(needs).toEqual([2, 1]);
  });

  it('checks on a way that is longer than a caller would like to ask for', () => {
    const { needs, checks } = planBudget(structure(graph([[1], [2], [3], []], () => 60)));
    expect(checks.size).toBeGreaterThan(1);
    expect(Math.max(...needs)).toBeLessThanOrEqual(60 + 96);
  });

  it('begins, with a hub, at the first target, and checks at all', () => {
    const { needs, checks, first } = planBudget(structure(graph([[1, 2], [2], [1, 3], []], (n) => n + 1)));
    expect(first).not.toBe(0);
    expect(checks.has(first)).toBe(true);
    expect(needs[first]).toBeGreaterThan(0);
  });

  it('never lets a way to the next check be longer than was asked for', () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = new Random(seed);
      const successors = randomGraph(random, 30);
      const shape = structure(graph(successors, () => 1 + random.below(70)));
      const { needs, checks } = planBudget(shape);
      const text = `seed ${seed}: ${JSON.stringify(successors)}`;
      const longest = (id: number, depth: number): number => {
        if (depth > shape.order.length) expect.fail(`${text}: a loop without a check at ${id}`);
        const ahead = successorsOf(shape.order[id]!).map((next) => (checks.has(next.id) ? 0 : longest(next.id, depth + 1)));
        return shape.order[id]!.steps.length + Math.max(0, ...ahead);
      };
      // The hub only hands on.
      for (const id of checks) if (shape.order[id]!.steps.length > 0) expect(longest(id, 0), text).toBeLessThanOrEqual(needs[id]!);
    }
  });
});

describe('registerUse', () => {
  /** `w1` are registers read, `w2` written; `()` is a handler. */
  const effectOf = (_: unknown, { name, w1, w2 }: Step) => (name.endsWith('()') ? undefined : { reads: w1, writes: w2 });
  const moves = (reads: number, writes: number): Step => ({ ...step('MOV'), w1: reads, w2: writes });

  it('collects what is read and written anywhere', () => {
    const shape = structure(regionOf([block(0, [moves(0b1, 0b10), moves(0b100, 0b1000)])]));
    expect(registerUse(shape, effectOf)).toEqual({ used: 0b1111, written: 0b1010, dirty: [0] });
  });

  it('hands dirty registers round a loop', () => {
    const made = graph([[1], [2], [1, 3], []]);
    made.blocks[1]!.steps.push(moves(0, 0b10));
    made.blocks[2]!.steps.push(moves(0, 0b100));
    const shape = structure(made);
    expect(registerUse(shape, effectOf).dirty).toEqual([0, 0b110, 0b110, 0b110]);
  });

  it('is clean behind a handler, but not behind one that may be skipped', () => {
    for (const [condition, expected] of [
      [-1, 0],
      [0, 0b10],
    ] as const) {
      const made = graph([[1], []]);
      made.blocks[0]!.steps.push(moves(0, 0b10), step('SVC()', condition));
      expect(registerUse(structure(made), effectOf).dirty[1]).toBe(expected);
    }
  });

  it('is clean behind a call, which finds all registers in their cells', () => {
    for (const [condition, expected] of [
      [-1, 0],
      [3, 0b10],
    ] as const) {
      const [caller, after] = [block(0, [moves(0, 0b10)]), block(1)];
      caller.end = { kind: 'call', condition, target: 100, returns: 1, next: { block: after } };
      expect(registerUse(structure(regionOf([caller, after])), effectOf).dirty[1]).toBe(expected);
    }
  });

  it('has LR dirty in a callee that was taken in, and used where calls are', () => {
    const made = graph([[1], []]);
    made.blocks[0]!.steps.push(step('BL'));
    expect(registerUse(structure(made), effectOf)).toEqual({ used: 1 << 14, written: 1 << 14, dirty: [0, 1 << 14] });
  });

  it('uses the registers of ends of blocks', () => {
    const [first, second, third] = [block(0), block(1), block(2)];
    first.end = { kind: 'compare', register: 3, nonZero: true, taken: { block: second }, next: { exit: 10 } };
    second.end = { kind: 'call-register', condition: -1, register: 5, returns: 4, next: { block: third } };
    third.end = { kind: 'table', index: 7, targets: [{ exit: 1 }] };
    expect(registerUse(structure(regionOf([first, second, third])), effectOf).used).toBe((1 << 3) | (1 << 5) | (1 << 7) | (1 << 14));
  });
});
