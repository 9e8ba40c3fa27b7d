/**
 * What is known of a region before its code is generated: the registers that it uses, which of them differ from their cells where a block
 * begins, and where the budget is checked.
 *
 * A block subtracts its instructions from the budget when it begins. Where a loop or a long path begins, the budget must suffice for the
 * way to the next such place, else the region is left and the interpreter does the rest to the exact instruction.
 */
import type { Structure } from './control-flow.ts';
import { type Block, edges, type Step } from './region.ts';

/** Longest way, in instructions, from one check of the budget to the next. */
const LONGEST_WAY = 96;
const LR = 1 << 14;

/** Registers, as bits, that an instruction reads and writes. */
export interface Effect {
  readonly reads: number;
  readonly writes: number;
}

/** Registers, as bits. */
export interface RegisterUse {
  /** Read or written anywhere. */
  readonly used: number;
  readonly written: number;
  /** By block: may differ from their cells when it begins. */
  readonly dirty: readonly number[];
}

/** Where the budget is checked. */
export interface BudgetPlan {
  /** By block: instructions from its beginning to the next check, at most. */
  readonly needs: readonly number[];
  /** Blocks that check. */
  readonly checks: ReadonlySet<number>;
  /** The block in which the region begins. */
  readonly first: number;
}

/**
 * Finds the registers of a region. `effectOf` says what a step does; undefined for one that a handler executes, which leaves all registers
 * in their cells.
 */
export function registerUse({ order }: Structure, effectOf: (block: Block, step: Step) => Effect | undefined): RegisterUse {
  let used = 0;
  let written = 0;
  const outcomes = order.map((block) => {
    let dirty = 0;
    let clean = false;
    for (const step of block.steps) {
      const effect = effectOf(block, step);
      if (!effect) {
        if (step.condition >= 0) continue;
        clean = true;
        dirty = 0;
        continue;
      }
      used |= effect.reads | effect.writes;
      written |= effect.writes;
      dirty |= effect.writes;
    }
    const { end } = block;
    if (end.kind === 'compare' || end.kind === 'call-register') used |= 1 << end.register;
    if (end.kind === 'table') used |= 1 << end.index;
    if (end.kind === 'jump' && linksInto(block)) dirty |= LR;
    if (end.kind === 'call' || end.kind === 'call-register') {
      clean = end.condition < 0;
      if (clean) dirty = 0;
    }
    return { dirty, clean };
  });
  const calls = order.some(({ steps, end }) => isCall(end) || steps.some(({ name }) => name.startsWith('BL')));
  if (calls) {
    used |= LR;
    written |= LR;
  }
  return { used, written, dirty: dirtyAtEntry(order, outcomes) };
}

/** Hands on what is dirty where blocks end to those behind them. */
function dirtyAtEntry(order: readonly Block[], outcomes: readonly { readonly dirty: number; readonly clean: boolean }[]): number[] {
  const entry = order.map(() => 0);
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of order) {
      const { dirty, clean } = outcomes[block.id]!;
      const out = clean ? dirty : dirty | entry[block.id]!;
      for (const edge of edges(block.end)) {
        if (!('block' in edge) || (entry[edge.block.id]! | out) === entry[edge.block.id]) continue;
        entry[edge.block.id]! |= out;
        changed = true;
      }
    }
  }
  return entry;
}

/** Decides where the budget is checked, and what each check asks for. */
export function planBudget({ order, loops }: Structure): BudgetPlan {
  const checks = new Set<number>();
  let first = 0;
  const { end } = order[0]!;
  // The hub itself, not knowing the address, checks nothing.
  if (end.kind === 'hub') {
    for (const edge of end.targets) if ('block' in edge) checks.add(edge.block.id);
    if ('block' in end.targets[0]!) first = end.targets[0].block.id;
  }
  checks.add(0);
  for (const id of loops) checks.add(id);
  for (const block of order) if (isCall(block.end) && 'block' in block.end.next) checks.add(block.end.next.block.id);
  const needs = order.map(() => 0);
  for (let id = order.length - 1; id >= 0; id--) {
    const block = order[id]!;
    const ahead = edges(block.end).flatMap((edge) => ('block' in edge && edge.block.id > id ? [edge.block.id] : []));
    let longest = 0;
    for (const next of ahead) if (!checks.has(next)) longest = Math.max(longest, needs[next]!);
    if (longest > LONGEST_WAY) {
      for (const next of ahead) checks.add(next);
      longest = 0;
    }
    needs[id] = block.steps.length + longest;
  }
  return { needs, checks, first };
}

function isCall(end: Block['end']): end is Extract<Block['end'], { kind: 'call' | 'call-register' }> {
  return end.kind === 'call' || end.kind === 'call-register';
}

/** True for a block that ends in a call of a function that was taken in. */
function linksInto({ steps }: Block): boolean {
  return steps.at(-1)?.name.startsWith('BL') ?? false;
}
