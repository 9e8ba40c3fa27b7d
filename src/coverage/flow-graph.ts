/**
 * The control flow graph of a function's machine code, with how often each block and each way between two was taken.
 *
 * Code is found by following it from the entry and from where lines begin, so that tables and literals between it are not taken for
 * instructions. A block ends behind a call too, as gcov's do: what follows may be reached less often.
 */
import type { ProgramCounts } from './counts.ts';
import { type CodeInstruction, type CodeReader, CodeWalker } from './instructions.ts';

/** A way from one block to another. */
export interface Arc {
  readonly from: Block;
  /** Undefined: out of the function. */
  readonly to: Block | undefined;
  readonly count: number;
  readonly kind: 'fall' | 'jump' | 'taken' | 'table';
}

/** Instructions that are executed one after the other. */
export interface Block {
  readonly start: number;
  readonly instructions: readonly CodeInstruction[];
  /** How often it was begun. */
  readonly count: number;
  readonly successors: readonly Arc[];
  readonly predecessors: readonly Arc[];
  /** It ends with a conditional branch or a table. */
  readonly branches: boolean;
  /** The function begins here. */
  readonly isEntry: boolean;
}

/** What a graph is made from. */
export interface CodeSource {
  readonly ranges: readonly { readonly low: number; readonly high: number }[];
  readonly entry: number;
  /** Where else code is known to begin: rows of the line table. */
  readonly starts: Iterable<number>;
  readonly read: CodeReader;
  /** True when a call of `target` is one that the compiler makes by itself: it always returns and does not end a block. */
  readonly isHelper: (target: number) => boolean;
}

/** Most entries that a table is searched for. */
const LONGEST_TABLE = 4096;

interface Draft {
  start: number;
  instructions: CodeInstruction[];
  count: number;
  successors: Arc[];
  predecessors: Arc[];
  branches: boolean;
  isEntry: boolean;
}

/** Builds the graph; blocks are sorted by address. */
export function flowGraph(source: CodeSource, counts: ProgramCounts): Block[] {
  const code = findCode(source);
  const leaders = findLeaders(source, code);
  const blocks = new Map<number, Draft>();
  let current: Draft | undefined;
  for (const instruction of [...code.found.values()].sort((a, b) => a.address - b.address)) {
    const { address } = instruction;
    const before = current?.instructions.at(-1);
    const follows = before !== undefined && before.address + before.size === address;
    if (!current || !follows || leaders.has(address)) {
      const count = counts.executed(address);
      const isEntry = address === source.entry;
      current = { start: address, instructions: [], count, successors: [], predecessors: [], branches: false, isEntry };
      blocks.set(address, current);
    }
    current.instructions.push(instruction);
  }
  connect(blocks, code, counts);
  return [...blocks.values()];
}

interface Code {
  readonly found: ReadonlyMap<number, CodeInstruction>;
  /** Targets of table branches, by the address of the branch. */
  readonly tables: ReadonlyMap<number, readonly number[]>;
}

function findCode(source: CodeSource): Code {
  const inside = (address: number) => source.ranges.some(({ low, high }) => address >= low && address < high);
  const found = new Map<number, CodeInstruction>();
  const tables = new Map<number, number[]>();
  const queue = [source.entry, ...source.starts].filter(inside);
  for (let start = queue.shift(); start !== undefined; start = queue.shift()) {
    const walker = new CodeWalker(source.read);
    for (let at = start; inside(at) && !found.has(at); ) {
      const instruction = walker.next(at);
      const { flow, conditional } = instruction;
      if (flow.kind === 'undefined') break;
      found.set(at, instruction);
      if (flow.kind === 'jump' || flow.kind === 'branch') {
        if (inside(flow.target)) queue.push(flow.target);
      } else if (flow.kind === 'table') {
        const targets = readTable(source.read, instruction, flow.width, inside);
        tables.set(at, targets);
        queue.push(...targets);
      }
      const goesOn = flow.kind === 'next' || flow.kind === 'call' || flow.kind === 'branch' || conditional;
      if (!goesOn) break;
      at += instruction.size;
    }
  }
  return { found, tables };
}

/** The table behind a branch ends, at the latest, where the first of its targets begins. */
function readTable(read: CodeReader, { address }: CodeInstruction, width: 1 | 2 | 4, inside: (address: number) => boolean): number[] {
  const base = address + 4;
  const start = width === 4 ? (base + 3) & ~3 : base;
  const targets = new Set<number>();
  let end = Number.POSITIVE_INFINITY;
  for (let index = 0; index < LONGEST_TABLE && start + index * width < end; index++) {
    const bytes = read(start + index * width, width);
    if (!bytes) break;
    const entry = bytes.reduceRight((value, byte) => value * 256 + byte, 0);
    if (width === 4 && (entry & 1) === 0) break;
    const target = width === 4 ? entry - 1 : base + entry * 2;
    if (!inside(target)) break;
    targets.add(target);
    if (target > address) end = Math.min(end, target);
  }
  return [...targets];
}

function findLeaders({ entry, isHelper }: CodeSource, { found, tables }: Code): Set<number> {
  const leaders = new Set([entry, ...[...tables.values()].flat()]);
  for (const { address, size, flow, conditional } of found.values()) {
    if (flow.kind === 'jump' || flow.kind === 'branch') leaders.add(flow.target);
    const helper = flow.kind === 'call' && flow.target !== undefined && isHelper(flow.target);
    if (flow.kind !== 'next' && !helper && !(conditional && flow.kind === 'call')) leaders.add(address + size);
  }
  return leaders;
}

/** Makes the arcs: first those whose counts are known, then those of which is left what the others do not explain. */
function connect(blocks: ReadonlyMap<number, Draft>, { tables }: Code, counts: ProgramCounts): void {
  const link = (from: Draft, target: number | undefined, count: number, kind: Arc['kind']): void => {
    const to = target === undefined ? undefined : blocks.get(target);
    const arc: Arc = { from, to, count: Math.max(0, count), kind };
    from.successors.push(arc);
    to?.predecessors.push(arc);
  };
  const rest = (target: number): number => {
    const to = blocks.get(target);
    return to ? to.count - to.predecessors.reduce((sum, { count }) => sum + count, 0) : 0;
  };
  const calls: Draft[] = [];
  const lookups: Draft[] = [];
  for (const block of blocks.values()) {
    const { address, size, flow, conditional } = block.instructions.at(-1)!;
    const executed = counts.executed(address);
    const behind = address + size;
    block.branches = flow.kind === 'branch' || flow.kind === 'table' || (conditional && flow.kind === 'jump');
    if (flow.kind === 'branch') link(block, flow.target, counts.taken(address), 'taken');
    else if (flow.kind === 'jump') link(block, flow.target, executed - counts.failed(address), conditional ? 'taken' : 'jump');
    else if (flow.kind === 'table') lookups.push(block);
    else if (flow.kind === 'call') calls.push(block);
    if (flow.kind === 'next') link(block, behind, executed, 'fall');
    else if (flow.kind === 'branch') link(block, behind, executed - counts.taken(address), 'fall');
    else if (conditional && flow.kind !== 'call') link(block, behind, counts.failed(address), 'fall');
  }
  for (const block of calls) {
    const { address, size } = block.instructions.at(-1)!;
    link(block, address + size, Math.min(counts.executed(address), rest(address + size)), 'fall');
  }
  for (const block of lookups) {
    const { address } = block.instructions.at(-1)!;
    const counted = new Map(counts.targets(address));
    for (const target of tables.get(address) ?? [])
      link(block, target, counted.size > 0 ? (counted.get(target) ?? 0) : rest(target), 'table');
  }
  const start = ({ to }: Arc): number => to?.start ?? Number.POSITIVE_INFINITY;
  for (const block of blocks.values()) block.successors.sort((a, b) => start(a) - start(b));
}
