/**
 * How often the lines of a source were executed, as gcov counts: a line is entered from other lines, and goes round within itself.
 *
 * Neither the largest nor the sum of what its instructions count: `for (i = 0; i < n; i++) f(i);` counts n + 1. A block belongs to the line it ends
 * with; the graph of a line's blocks is entered by the ways from blocks of other lines, and each of its cycles counts as often as it can
 * be walked. A line with which no block ends counts as often as the blocks that go through it.
 */
import type { Arc, Block } from './flow-graph.ts';

/** What is known of a line, of all functions that have code on it. */
export class LineBlocks {
  /** Blocks that end with this line. */
  readonly ending = new Set<Block>();
  private passing = 0;
  private firstBlock: Block | undefined;
  private firstRank = 1;

  /** A block goes through the line, ending with it or not. */
  pass(block: Block): void {
    this.passing += block.count;
  }

  /** `block` comes to the line as the `index`-th of its lines. */
  begins(block: Block, index: number): void {
    const rank = index === 0 ? 0 : 1;
    if (rank > this.firstRank || (rank === this.firstRank && this.firstBlock && block.start > this.firstBlock.start)) return;
    this.firstBlock = block;
    this.firstRank = rank;
  }

  /** The first block that begins with the line, or else goes through it. */
  get first(): Block | undefined {
    return this.firstBlock;
  }

  /** How often the line was executed. */
  get count(): number {
    if (this.ending.size === 0) return this.passing;
    let entries = 0;
    for (const block of this.ending) for (const { from, count } of block.predecessors) if (!this.ending.has(from)) entries += count;
    return entries + cycleCount(this.ending) + this.functionEntries();
  }

  /** Entries of functions have no arc. */
  private functionEntries(): number {
    let entries = 0;
    for (const block of this.ending) {
      const known = block.predecessors.reduce((sum, { count }) => sum + count, 0);
      if (block.isEntry) entries += Math.max(0, block.count - known);
    }
    return entries;
  }
}

/** The sum of the cycles within `blocks`: each is taken as often as its rarest arc allows, which is then used up. */
function cycleCount(blocks: ReadonlySet<Block>): number {
  const left = new Map<Arc, number>();
  for (const block of blocks)
    for (const arc of block.successors) if (arc.count > 0 && arc.to && blocks.has(arc.to)) left.set(arc, arc.count);
  let sum = 0;
  for (const start of [...blocks].sort((a, b) => a.start - b.start)) {
    for (let cycle = findCycle(start, left); cycle; cycle = findCycle(start, left)) {
      const rarest = Math.min(...cycle.map((arc) => left.get(arc)!));
      for (const arc of cycle) {
        const rest = left.get(arc)! - rarest;
        if (rest > 0) left.set(arc, rest);
        else left.delete(arc);
      }
      sum += rarest;
    }
  }
  return sum;
}

/** The first cycle through `start`, depth first, that uses no block before it. */
function findCycle(start: Block, left: ReadonlyMap<Arc, number>): Arc[] | undefined {
  const visited = new Set<Block>();
  const path: { readonly block: Block; next: number; readonly by: Arc | undefined }[] = [{ block: start, next: 0, by: undefined }];
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const arc = top.block.successors[top.next++];
    if (!arc) {
      path.pop();
      continue;
    }
    const { to } = arc;
    if (!to || to.start < start.start || !left.has(arc)) continue;
    if (to === start) return [...path.flatMap(({ by }) => by ?? []), arc];
    if (visited.has(to)) continue;
    visited.add(to);
    path.push({ block: to, next: 0, by: arc });
  }
  return undefined;
}
