/**
 * The branches of a line with how often each was taken, as gcov lists them: those of conditions in the order of their code, and one for each
 * place that a `switch` goes to, whether the compiler searches the case by comparisons or looks it up in a table.
 */
import type { Arc, Block } from './flow-graph.ts';

/** One place that a decision may go to. */
export interface BranchWay {
  readonly count: number;
  /** How often the decision was made at all. */
  readonly reached: number;
}

/** Decisions of the blocks that end with a line, in order of address; each with two ways or more. */
export function decisions(blocks: Iterable<Block>): BranchWay[][] {
  const sorted = [...blocks].filter(({ branches }) => branches).sort((a, b) => a.start - b.start);
  const known = new Set(sorted);
  const steps = new Set<Block>();
  const found: BranchWay[][] = [];
  for (const block of sorted) {
    if (steps.has(block)) continue;
    const ways = new Map<Block | undefined, number>();
    const follow = (arcs: readonly Arc[], depth: number): void => {
      for (const { to, count } of arcs) {
        const further = to && depth < 64 && isStep(to, block, known, steps, depth);
        if (further) follow(to.successors, depth + 1);
        else ways.set(to, (ways.get(to) ?? 0) + count);
      }
    };
    follow(block.successors, 0);
    const list = [...ways].sort(([a], [b]) => (a?.start ?? Number.POSITIVE_INFINITY) - (b?.start ?? Number.POSITIVE_INFINITY));
    if (list.length > 1) found.push(list.map(([, count]) => ({ count, reached: block.count })));
  }
  return found;
}

/** True when `block` only goes on with the search that began in `first`; it is then no decision of its own. */
function isStep(block: Block, first: Block, known: ReadonlySet<Block>, steps: Set<Block>, depth: number): boolean {
  if (block === first || block.isEntry) return false;
  if (!block.instructions.every(({ compares }) => compares)) return false;
  if (block.branches) {
    if (!known.has(block) || !block.predecessors.every(({ from }) => from === first || steps.has(from))) return false;
    steps.add(block);
    return true;
  }
  return depth > 0 && block.instructions.length === 1 && block.instructions[0]!.flow.kind === 'jump' && block.predecessors.length === 1;
}
