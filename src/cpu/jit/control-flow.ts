/**
 * Order and structure of a region's blocks: what WebAssembly's nested blocks and loops need to know.
 *
 * After Ramsey, "Beyond Relooper" (ICFP 2022): reverse postorder, dominators, loop headers, merge points. Where edges make the graph
 * irreducible (state machines that compilers thread), a hub becomes the entry; such edges go through it.
 */
import { type Block, type Edge, edges, type Region } from './region.ts';

/** A region's blocks in order. Blocks are identified by their position in `order`. */
export interface Structure {
  /** Reverse postorder; `block.id` is the position. */
  readonly order: readonly Block[];
  /** Children in the dominator tree, ascending. */
  readonly children: readonly (readonly number[])[];
  /** Blocks that a later one jumps back to. */
  readonly loops: ReadonlySet<number>;
  /** Blocks that need a label: reached by several forward edges, or by a branch table. */
  readonly merges: ReadonlySet<number>;
  /** About how deep calls nest that follow the dominator tree. */
  readonly depth: number;
}

/** Works out the structure; puts a hub before the blocks, and redirects edges to it, where the graph is irreducible. */
export function structure(region: Region): Structure {
  const hub = new Hub(region.blocks[0]!);
  for (;;) {
    const order = reversePostorder(hub.entry);
    for (const [id, block] of order.entries()) block.id = id;
    const dominators = immediateDominators(order);
    if (!hub.redirect(order, dominators)) return finish(order, dominators);
  }
}

/** A block before all others from which every target of an irreducible edge can be reached, and so is dominated by it only. */
class Hub {
  entry: Block;
  private readonly first: Block;
  private readonly targets: Edge[] = [];
  private readonly ways = new Map<Block, Block>();

  constructor(first: Block) {
    this.entry = first;
    this.first = first;
  }

  /** Redirects backward edges to blocks that do not dominate their source; true when there was one. */
  redirect(order: readonly Block[], dominators: Int32Array): boolean {
    let found = false;
    for (const block of order)
      replaceEdges(block, (edge) => {
        if (!('block' in edge) || edge.block.id > block.id || dominates(dominators, edge.block.id, block.id)) return edge;
        found = true;
        return { block: this.wayTo(edge.block) };
      });
    return found;
  }

  private wayTo(target: Block): Block {
    const known = this.ways.get(target);
    if (known) return known;
    if (this.entry === this.first) {
      this.entry = empty(this.first, { kind: 'hub', targets: this.targets });
      this.targets.push({ block: this.first });
    }
    const way = empty(target, { kind: 'enter', index: this.targets.length, to: { block: this.entry } });
    this.targets.push({ block: target });
    this.ways.set(target, way);
    return way;
  }
}

function empty({ pc, it, context }: Block, end: Block['end']): Block {
  return { id: 0, pc, it, context, steps: [], end };
}

function targets(block: Block): Block[] {
  return edges(block.end).flatMap((edge) => ('block' in edge ? [edge.block] : []));
}

function reversePostorder(entry: Block): Block[] {
  const seen = new Set<Block>([entry]);
  const order: Block[] = [];
  const stack: { block: Block; rest: Block[] }[] = [{ block: entry, rest: targets(entry) }];
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    // The last successor first: it then comes last in the order, and a loop's body stays before what follows the loop.
    const next = top.rest.pop();
    if (!next) {
      order.push(top.block);
      stack.pop();
    } else if (!seen.has(next)) {
      seen.add(next);
      stack.push({ block: next, rest: targets(next) });
    }
  }
  return order.reverse();
}

/** Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm". */
function immediateDominators(order: readonly Block[]): Int32Array {
  const predecessors: number[][] = order.map(() => []);
  for (const block of order) for (const target of targets(block)) predecessors[target.id]!.push(block.id);
  const dominators = new Int32Array(order.length).fill(-1);
  dominators[0] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (let id = 1; id < order.length; id++) {
      let dominator = -1;
      for (const predecessor of predecessors[id]!) {
        if (dominators[predecessor] === -1) continue;
        dominator = dominator === -1 ? predecessor : intersect(dominators, dominator, predecessor);
      }
      if (dominators[id] === dominator) continue;
      dominators[id] = dominator;
      changed = true;
    }
  }
  return dominators;
}

function intersect(dominators: Int32Array, first: number, second: number): number {
  let a = first;
  let b = second;
  while (a !== b) {
    while (a > b) a = dominators[a]!;
    while (b > a) b = dominators[b]!;
  }
  return a;
}

function dominates(dominators: Int32Array, a: number, b: number): boolean {
  let at = b;
  while (at > a) at = dominators[at]!;
  return at === a;
}

function replaceEdges({ end }: Block, replace: (edge: Edge) => Edge): void {
  switch (end.kind) {
    case 'jump':
      end.to = replace(end.to);
      break;
    case 'branch':
    case 'compare':
      end.taken = replace(end.taken);
      end.next = replace(end.next);
      break;
    case 'call':
    case 'call-register':
      end.next = replace(end.next);
      break;
    case 'table':
      for (const [i, edge] of end.targets.entries()) end.targets[i] = replace(edge);
      break;
    case 'dynamic':
      if (end.back) end.back = replace(end.back);
      if (end.next) end.next = replace(end.next);
      break;
    case 'interpret':
    case 'hub':
    case 'enter':
      break;
  }
}

function finish(order: readonly Block[], dominators: Int32Array): Structure {
  const children: number[][] = order.map(() => []);
  for (let id = 1; id < order.length; id++) children[dominators[id]!]!.push(id);
  const loops = new Set<number>();
  const merges = new Set<number>();
  const seen = new Set<number>();
  for (const block of order) {
    for (const target of targets(block)) {
      if (target.id <= block.id) loops.add(target.id);
      else if (seen.has(target.id) || block.end.kind === 'table' || block.end.kind === 'hub') merges.add(target.id);
      else seen.add(target.id);
    }
  }
  return { order, children, loops, merges, depth: depth(children, merges) };
}

/** Calls of the generator that a block behind a branch, and one behind a merge point, cost. */
const BRANCH_CALLS = 9;
const MERGE_CALLS = 2;

/** How deep the generator's calls nest, which follow the dominator tree. */
function depth(children: readonly (readonly number[])[], merges: ReadonlySet<number>): number {
  const depths = children.map(() => 0);
  let deepest = 0;
  // A block comes after its dominator.
  for (const [id, dominated] of children.entries()) {
    const here = depths[id]! + dominated.filter((child) => merges.has(child)).length;
    deepest = Math.max(deepest, here);
    for (const child of dominated) depths[child] = here + (merges.has(child) ? MERGE_CALLS : BRANCH_CALLS);
  }
  return deepest;
}
