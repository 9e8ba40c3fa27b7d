/**
 * Counters of one translated region: where they stand, and what they say of its instructions.
 *
 * Few are counted up by the code: where a loop or the region begins, what comes behind calls and tables, and one side of each branch. The rest
 * is worked out, as what leads to a block is what begins it. Ways out in the middle of a block, and before it for want of budget, are counted
 * by the engine at their sites. Counters have 64 bits.
 */
import type { ExecutionCounts } from '../execution-counts.ts';
import type { Structure } from './control-flow.ts';
import type { Site } from './layout.ts';
import { type Block, type Edge, edges, type Step } from './region.ts';

/** Bytes of a counter. */
export const COUNTER = 8;

/** A way from one block to another. */
interface Way {
  readonly from: Block;
  readonly by: 'jump' | 'taken' | 'next';
}

/** How often a block was begun: by its own counter, or as the sum of the ways to it. */
type Source = { readonly counter: number } | { readonly ways: readonly Way[] };

/** Steps of a block that have the same condition, and the counter of how often it held. */
interface Group {
  readonly block: Block;
  readonly first: number;
  last: number;
  readonly counter: number;
}

/** The counters of a region. */
export class RegionCounts {
  /** Arena offset of the first. */
  readonly at: number;
  private readonly order: readonly Block[];
  private readonly sources: Source[] = [];
  /** By block that ends in a branch: how often it was taken, as a counter or as the block that only this way leads to. */
  private readonly taken = new Map<Block, { readonly counter: number } | { readonly begins: Block } | { readonly unless: Block }>();
  private readonly groups: Group[] = [];
  /** By block that ends in something conditional other than a branch: how often its condition failed. */
  private readonly failed = new Map<Block, number>();
  /** By block that ends in a table: the counter of its first entry. */
  private readonly tables = new Map<Block, number>();
  private used = 0;

  /** `allocate` gives room for so many counters, all 0. */
  constructor({ order, loops }: Structure, allocate: (counters: number) => number) {
    this.order = order;
    this.place(loops);
    const conditional = order.reduce((sum, { steps }) => sum + steps.filter(({ condition }) => condition >= 0).length, 0);
    this.capacity = this.used + conditional;
    this.at = allocate(this.capacity);
  }

  /** Counters for which there is room. */
  readonly capacity: number;

  /** Counter that `block` counts up when it begins; -1 for none. */
  ofBlock(block: Block): number {
    const source = this.sources[block.id]!;
    return 'counter' in source ? source.counter : -1;
  }

  /** Counter of the taken side of the branch that ends `block`; -1 for none. */
  ofTaken(block: Block): number {
    const way = this.taken.get(block);
    return way && 'counter' in way ? way.counter : -1;
  }

  /** First counter of the table that ends `block`. */
  ofTable(block: Block): number {
    return this.tables.get(block)!;
  }

  /** Makes a counter for the steps from `first` on, which have one condition. */
  addGroup(block: Block, first: number): Group {
    const group = { block, first, last: first, counter: this.used++ };
    this.groups.push(group);
    return group;
  }

  /** Makes a counter for the condition of the last instruction of `block` failing. */
  addFailed(block: Block): number {
    const counter = this.used++;
    this.failed.set(block, counter);
    return counter;
  }

  /** Adds what was counted since the last time to `counts`. */
  harvest(i32: Int32Array, sites: readonly Site[], counts: ExecutionCounts): void {
    const take = (counter: number): number => {
      const word = (this.at >>> 2) + 2 * counter;
      const value = (i32[word]! >>> 0) + (i32[word + 1]! >>> 0) * 2 ** 32;
      i32[word] = 0;
      i32[word + 1] = 0;
      return value;
    };
    const short = new Map<Block, number>();
    const gone = new Map<Block, number>();
    const lost = this.lostSteps(sites, short, gone);
    const begun = this.sources.map((source) => ('counter' in source ? take(source.counter) : 0));
    const counted = new Map<Block, number>();
    for (const [block, way] of this.taken) if ('counter' in way) counted.set(block, take(way.counter));
    const complete = (block: Block): number => begun[block.id]! - (gone.get(block) ?? 0);
    const reached = (block: Block): number => begun[block.id]! + (short.get(block) ?? 0);
    const taken = (block: Block): number => {
      const way = this.taken.get(block)!;
      if ('counter' in way) return counted.get(block)!;
      return 'begins' in way ? reached(way.begins) : complete(block) - reached(way.unless);
    };
    // What leads to a block without a counter comes before it.
    for (const [id, source] of this.sources.entries()) {
      if ('counter' in source) continue;
      begun[id] = -(short.get(this.order[id]!) ?? 0);
      for (const { from, by } of source.ways)
        begun[id]! += by === 'taken' ? taken(from) : complete(from) - (by === 'next' ? taken(from) : 0);
    }
    const passed = this.passes(take);
    for (const block of this.order) this.add(block, begun, lost.get(block), passed, counts);
    for (const block of this.taken.keys()) this.addTaken(block, taken(block), complete(block), counts);
    for (const [block, counter] of this.failed) {
      const count = take(counter);
      if (count > 0) counts.fail(block.steps.at(-1)!.pc, count);
    }
    for (const [block, first] of this.tables) {
      const { end } = block;
      if (end.kind !== 'table') continue;
      for (const [index, edge] of end.targets.entries()) {
        const count = take(first + index);
        if (count > 0) counts.takeTable(block.steps.at(-1)!.pc, 'block' in edge ? edge.block.pc : edge.exit, count);
      }
    }
  }

  private place(loops: ReadonlySet<number>): void {
    const { order } = this;
    const ways = order.map((): Way[] => []);
    /** Blocks that are entered in other ways, too, or are counted because a branch is known by them. */
    const own = new Set<number>([0, ...loops]);
    for (const block of order) {
      const { end } = block;
      const known = end.kind === 'jump' || end.kind === 'branch' || end.kind === 'compare';
      for (const [index, edge] of edges(end).entries()) {
        if (!('block' in edge)) continue;
        const { id } = edge.block;
        ways[id]!.push({ from: block, by: end.kind === 'jump' ? 'jump' : index === 0 ? 'taken' : 'next' });
        if (!known) own.add(id);
      }
    }
    const single = (edge: Edge): edge is { block: Block } => 'block' in edge && ways[edge.block.id]!.length === 1 && edge.block.id !== 0;
    for (const block of order) {
      const { end } = block;
      if (end.kind === 'table') {
        this.tables.set(block, this.used);
        this.used += end.targets.length;
      } else if (end.kind === 'branch' || end.kind === 'compare') {
        const { taken, next } = end;
        const side = single(taken) ? { begins: taken.block } : single(next) ? { unless: next.block } : { counter: this.used++ };
        this.taken.set(block, side);
        const counted = side.begins ?? side.unless;
        if (counted) own.add(counted.id);
      }
    }
    for (const [id, to] of ways.entries()) this.sources.push(own.has(id) ? { counter: this.used++ } : { ways: to });
  }

  /**
   * By block: how many times each step that was counted with its block was not executed; `short`: times that it was reached and, for want of
   * budget, not begun; `gone`: times that it was left before its end, or by way of the engine there.
   */
  private lostSteps(sites: readonly Site[], short: Map<Block, number>, gone: Map<Block, number>): Map<Block, number[]> {
    const lost = new Map<Block, number[]>();
    for (const site of sites) {
      const { block, counted, done, notDone } = site;
      if (done + notDone === 0) continue;
      site.done = 0;
      site.notDone = 0;
      if (counted === 0) {
        short.set(block, (short.get(block) ?? 0) + notDone);
        continue;
      }
      gone.set(block, (gone.get(block) ?? 0) + done + notDone);
      const { length } = block.steps;
      let steps = lost.get(block);
      if (!steps) {
        steps = new Array<number>(length).fill(0);
        lost.set(block, steps);
      }
      const position = length - counted;
      for (let i = position; i < length; i++) steps[i]! += i === position ? notDone : done + notDone;
      this.lostIn(site.step, block, position, done, notDone);
    }
    return lost;
  }

  /** Steps of a group that were not executed although its condition held. */
  private readonly lostInGroups = new Map<Group, number[]>();

  private lostIn(step: Step, block: Block, position: number, done: number, notDone: number): void {
    if (step.condition < 0) return;
    const group = this.groups.find((other) => other.block === block && other.first <= position && position <= other.last);
    if (!group) return;
    let steps = this.lostInGroups.get(group);
    if (!steps) {
      steps = new Array<number>(group.last - group.first + 1).fill(0);
      this.lostInGroups.set(group, steps);
    }
    for (let i = position; i <= group.last; i++) steps[i - group.first]! += i === position ? notDone : done + notDone;
  }

  /** By step in a group: how often its condition held. */
  private passes(take: (counter: number) => number): Map<Step, number> {
    const passed = new Map<Step, number>();
    for (const group of this.groups) {
      const held = take(group.counter);
      const lost = this.lostInGroups.get(group);
      for (let i = group.first; i <= group.last; i++) passed.set(group.block.steps[i]!, held - (lost?.[i - group.first] ?? 0));
    }
    this.lostInGroups.clear();
    return passed;
  }

  private add(
    block: Block,
    begun: readonly number[],
    lost: readonly number[] | undefined,
    passed: ReadonlyMap<Step, number>,
    counts: ExecutionCounts,
  ): void {
    for (const [index, step] of block.steps.entries()) {
      const count = begun[block.id]! - (lost?.[index] ?? 0);
      if (count === 0) continue;
      counts.execute(step.pc, count);
      if (step.it !== 0) counts.condition(step.pc);
      const held = passed.get(step);
      if (held !== undefined && held !== count) counts.fail(step.pc, count - held);
    }
  }

  private addTaken({ end, steps }: Block, count: number, complete: number, counts: ExecutionCounts): void {
    if (end.kind !== 'branch' && end.kind !== 'compare') return;
    const step = steps.at(-1)!;
    if (step.condition >= 0 && complete > count) counts.fail(step.pc, complete - count);
    const target = 'block' in end.taken ? end.taken.block.pc : end.taken.exit;
    if (count > 0 && target !== step.next) counts.take(step.pc, count);
  }
}
