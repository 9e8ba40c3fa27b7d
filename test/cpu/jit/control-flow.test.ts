/** Order, dominators, loops and merge points of regions, by hand and held against brute force; irreducible ones go through a hub. */
import { describe, expect, it } from 'vitest';
import { type Structure, structure } from '../../../src/cpu/jit/control-flow.ts';
import type { Block } from '../../../src/cpu/jit/region.ts';
import { Random } from '../../support/random-thumb.ts';
import { graph, randomGraph, successorsOf } from './graphs.ts';

/** The structure of a graph, in terms of the numbers with which it was made. */
function shape(successors: readonly (readonly number[])[]) {
  const { order, children, loops, merges } = structure(graph(successors));
  const name = (id: number): number => order[id]!.pc;
  return {
    order: order.map(({ pc }) => pc),
    parents: Object.fromEntries(children.flatMap((list, id) => list.map((child) => [name(child), name(id)]))),
    loops: [...loops].map(name).sort(),
    merges: [...merges].map(name).sort(),
  };
}

describe('structure', () => {
  it('of a diamond has one merge point, dominated by the branch', () => {
    expect(shape([[1, 2], [3], [3], []])).toEqual({ order: [0, 1, 2, 3], parents: { 1: 0, 2: 0, 3: 0 }, loops: [], merges: [3] });
  });

  it('of a loop keeps its body before what follows', () => {
    // 0, 1, 2: body, which begins again when the branch of 2 is taken; 3: behind it.
    expect(shape([[1], [2], [0, 3], []])).toEqual({ order: [0, 1, 2, 3], parents: { 1: 0, 2: 1, 3: 2 }, loops: [0], merges: [] });
  });

  it('of a loop that is left at its head is the same whichever way the branch goes', () => {
    for (const head of [
      [3, 1],
      [1, 3],
    ])
      expect(shape([head, [2], [0], []])).toMatchObject({ parents: { 1: 0, 2: 1, 3: 0 }, loops: [0], merges: [] });
  });

  it('of nested loops has both heads', () => {
    const { loops, parents } = shape([[1], [2], [2, 3], [1, 4], []]);
    expect(loops).toEqual([1, 2]);
    expect(parents).toEqual({ 1: 0, 2: 1, 3: 2, 4: 3 });
  });

  it('of a block that goes to itself is a loop', () => {
    expect(shape([[0, 1], []])).toMatchObject({ loops: [0], merges: [] });
  });

  it('gives all targets of a table a label, those that are reached once, too', () => {
    expect(shape([[1, 2, 3], [], [3], []])).toMatchObject({ merges: [1, 2, 3] });
  });

  it('leaves out what cannot be reached', () => {
    expect(shape([[2], [2], []]).order).toEqual([0, 2]);
  });

  it('of two entries into a loop has a hub that knows both', () => {
    const { order } = structure(graph([[1, 2], [2], [1, 3], []]));
    const hub = order[0]!.end;
    expect(hub.kind).toBe('hub');
    const targets = successorsOf(order[0]!);
    // The region's beginning first: that is where it is entered with a way of 0.
    expect(targets[0]!.pc).toBe(0);
    expect(targets).toHaveLength(2);
    expect(order.filter(({ end }) => end.kind === 'enter')).toHaveLength(1);
    expect(order[0]!.steps).toEqual([]);
  });

  it('of a reducible region has no hub', () => {
    expect(structure(graph([[1], [2], [2, 3], [1, 4], []])).order.map(({ end }) => end.kind)).not.toContain('hub');
  });
});

/** Blocks that can be reached from the entry without passing `without`. */
function reachable({ order }: Structure, without?: Block): Set<Block> {
  const seen = new Set<Block>();
  const todo = order[0] === without ? [] : [order[0]!];
  for (let next = todo.pop(); next; next = todo.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    todo.push(...successorsOf(next).filter((block) => block !== without));
  }
  return seen;
}

/** The block that a walker comes to by choice `way` from `from`, through hub and back. */
function walk(from: Block, way: number): Block | undefined {
  let at = successorsOf(from)[way];
  while (at?.end.kind === 'enter') {
    const { index, to } = at.end;
    if (!('block' in to) || to.block.end.kind !== 'hub') throw new Error('an enter that does not lead to the hub');
    at = successorsOf(to.block)[index];
  }
  return at;
}

describe('structure of random graphs', () => {
  const seeds = Array.from({ length: 150 }, (_, seed) => seed);
  let irreducible = 0;

  it.each([5, 12, 30])('of up to %i blocks', (limit) => {
    for (const seed of seeds) {
      const successors = randomGraph(new Random(seed), limit);
      const made = structure(graph(successors));
      const { order, children, loops, merges } = made;
      const text = `seed ${seed}: ${JSON.stringify(successors)}`;
      expect(
        order.map(({ id }) => id),
        text,
      ).toEqual(order.map((_, id) => id));
      expect(new Set(order), text).toEqual(reachable(made));

      const dominators = new Map<number, Set<number>>(order.map(({ id }) => [id, new Set([id])]));
      for (const block of order) {
        const without = reachable(made, block);
        for (const other of order) if (!without.has(other)) dominators.get(other.id)!.add(block.id);
      }
      // The immediate dominator is the one that all others dominate: with dominators numbered before what they dominate, the last.
      const parents = order.slice(1).map(({ id }) => Math.max(...[...dominators.get(id)!].filter((other) => other !== id)));
      const found: number[] = [];
      for (const [id, list] of children.entries()) for (const child of list) found[child - 1] = id;
      expect(found, text).toEqual(parents);

      const forward = order.map(() => 0);
      for (const block of order) {
        const many = block.end.kind === 'table' || block.end.kind === 'hub';
        for (const { id } of successorsOf(block)) {
          if (id > block.id) forward[id]! += many ? 2 : 1;
          else {
            expect(dominators.get(block.id)!.has(id), `${text}: ${block.id} goes back to ${id}`).toBe(true);
            expect(loops.has(id), text).toBe(true);
          }
        }
      }
      expect(
        [...merges].toSorted((a, b) => a - b),
        text,
      ).toEqual(forward.flatMap((count, id) => (count > 1 ? [id] : [])));
      if (order[0]!.end.kind === 'hub') irreducible++;

      // Whoever walks comes to the same blocks as before.
      const random = new Random(seed);
      let at = order[0]!.end.kind === 'hub' ? successorsOf(order[0]!)[0]! : order[0]!;
      const came = [at.pc];
      const expected = [0];
      for (let steps = 0; steps < 200; steps++) {
        const ways = successors[expected.at(-1)!]!;
        if (ways.length === 0) break;
        const way = random.below(ways.length);
        at = walk(at, way)!;
        came.push(at.pc);
        expected.push(ways[way]!);
      }
      expect(came, text).toEqual(expected);
    }
  });

  it('were irreducible often', () => {
    expect(irreducible).toBeGreaterThan(seeds.length / 3);
  });
});
