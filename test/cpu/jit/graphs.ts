/** Regions made by hand: blocks of NOPs by their successors, for tests of what is worked out from a region's shape. */
import { type Block, type Context, type Edge, edges, type Region, type Step } from '../../../src/cpu/jit/region.ts';
import type { Random } from '../../support/random-thumb.ts';

export const ROOT: Context = { id: 0, returns: -1, parent: undefined, entry: 0 };

/** An instruction that says nothing but its name. */
export function step(name = 'NOP', condition = -1): Step {
  return { pc: 0, next: 2, name, w1: 0, w2: 0, w3: 0, it: 0, itNext: 0, condition };
}

/** A block whose address is its number. */
export function block(pc: number, steps: readonly Step[] = [step()]): Block {
  return { id: -1, pc, it: 0, context: ROOT, steps: [...steps], end: { kind: 'interpret', next: undefined } };
}

export function regionOf(blocks: Block[]): Region {
  return { pc: blocks[0]!.pc, blocks, guards: [], pages: [], instructions: blocks.length };
}

/** A region by successors: none leaves, one jumps, two branch, more are a table. Block 0 is the entry. */
export function graph(successors: readonly (readonly number[])[], length: (block: number) => number = () => 1): Region {
  const blocks = successors.map((_, pc) =>
    block(
      pc,
      Array.from({ length: length(pc) }, () => step()),
    ),
  );
  for (const [pc, to] of successors.entries()) {
    const [first, second, ...more] = to.map((target): Edge => ({ block: blocks[target]! }));
    const made = blocks[pc]!;
    if (first && second && more.length > 0) made.end = { kind: 'table', index: 0, targets: [first, second, ...more] };
    else if (first && second) made.end = { kind: 'branch', condition: 0, taken: first, next: second };
    else if (first) made.end = { kind: 'jump', to: first };
  }
  return regionOf(blocks);
}

/** Successors of a block, in the order of `edges`, exits left out. */
export function successorsOf({ end }: Block): Block[] {
  return edges(end).flatMap((edge) => ('block' in edge ? [edge.block] : []));
}

/** A graph of up to `limit` blocks in which anything can go anywhere. */
export function randomGraph(random: Random, limit: number): number[][] {
  const count = 1 + random.below(limit);
  return Array.from({ length: count }, () => {
    const ways = random.pick([0, 1, 1, 2, 2, 2, 3, 5]);
    return Array.from({ length: ways }, () => random.below(count));
  });
}
