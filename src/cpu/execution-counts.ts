/**
 * How often each instruction was executed, and which way its branches went.
 *
 * Engines and fast-forward add to it by address, as the core saw it; whoever asks gets instructions and branches. Counts belong to
 * addresses: where other code came to stand at the same address they are of both, and a branch is that which stands there when it is asked.
 */
import type { AddressSpace } from '../memory/bus.ts';
import { PAGE_SHIFT } from '../memory/ram.ts';
import type { Feature } from './encodings/encoding.ts';
import { decode, immediate, isWide } from './encodings/index.ts';

/** Instructions of a page of 4 KiB by the number of their first halfword. */
const SLOTS = 2048;

/** One instruction that was reached. */
export interface ExecutionCount {
  readonly address: number;
  /** Times that it was executed, those included in which its condition failed. */
  readonly executed: number;
  /** Times that it stood in an IT block and its condition failed. */
  readonly failed: number;
}

/** One branch with more than one way out: B<c>, CBZ, CBNZ, a B in an IT block, TBB, TBH. */
export interface BranchCount {
  readonly address: number;
  readonly kind: 'conditional' | 'table';
  /** Where execution goes on when it is not taken, and how often it did. */
  readonly next: number;
  readonly notTaken: number;
  /** Ascending by address. A conditional branch has one target, a table those that were reached. */
  readonly targets: readonly { readonly address: number; readonly count: number }[];
}

/** Counts of one page. */
export interface CountPage {
  readonly executed: Float64Array;
  /** Absent until one is needed. */
  failed: Float64Array | undefined;
  /** Times that the next instruction was not the one behind; of branches of which that is asked, at least. */
  taken: Float64Array | undefined;
  /** 1 for instructions that were executed in an IT block. */
  conditional: Uint8Array | undefined;
}

/** The counts of one core. */
export class ExecutionCounts {
  private readonly pages = new Map<number, CountPage>();
  /** Table branches: by address, how often each target was reached. */
  private readonly tables = new Map<number, Map<number, number>>();
  /** Stretches of halfwords that are an instruction each: `first * SLOTS + length`, and how often they were executed as a whole. */
  private readonly stretches = new Map<number, number>();

  /** The page of `pc`. */
  page(pc: number): CountPage {
    const number = pc >>> PAGE_SHIFT;
    let page = this.pages.get(number);
    if (!page) {
      page = { executed: new Float64Array(SLOTS), failed: undefined, taken: undefined, conditional: undefined };
      this.pages.set(number, page);
    }
    return page;
  }

  /** The instruction at `pc` was executed `times` times more. */
  execute(pc: number, times: number): void {
    this.page(pc).executed[slotOf(pc)]! += times;
  }

  /** Of those, its condition failed `times` times. */
  fail(pc: number, times: number): void {
    const page = this.page(pc);
    page.failed ??= new Float64Array(SLOTS);
    page.failed[slotOf(pc)]! += times;
  }

  /** Of those, it went elsewhere than to the instruction behind `times` times. */
  take(pc: number, times: number): void {
    const page = this.page(pc);
    page.taken ??= new Float64Array(SLOTS);
    page.taken[slotOf(pc)]! += times;
  }

  /** The instruction at `pc` stands in an IT block. */
  condition(pc: number): void {
    const page = this.page(pc);
    page.conditional ??= new Uint8Array(SLOTS);
    page.conditional[slotOf(pc)] = 1;
  }

  /** The TBB or TBH at `pc` went to `target` `times` times more. */
  takeTable(pc: number, target: number, times: number): void {
    let targets = this.tables.get(pc >>> 0);
    if (!targets) {
      targets = new Map();
      this.tables.set(pc >>> 0, targets);
    }
    targets.set(target >>> 0, (targets.get(target >>> 0) ?? 0) + times);
  }

  /** The `length` (at most 2048) halfwords from `pc` on, all in one page, were executed as an instruction each. */
  executeStretch(pc: number, length: number): void {
    const key = (pc >>> 0) * SLOTS + length - 1;
    this.stretches.set(key, (this.stretches.get(key) ?? 0) + 1);
  }

  /** Every instruction that was executed, ascending. */
  *executions(): Generator<ExecutionCount> {
    const stretches = new Map<number, [number, number][]>();
    for (const entry of this.stretches) {
      const number = Math.floor(entry[0] / SLOTS) >>> PAGE_SHIFT;
      stretches.set(number, [...(stretches.get(number) ?? []), entry]);
    }
    const numbers = new Set([...this.pages.keys(), ...stretches.keys()]);
    for (const number of [...numbers].toSorted((a, b) => a - b)) {
      const page = this.pages.get(number);
      const executed = page?.executed.slice() ?? new Float64Array(SLOTS);
      for (const [key, times] of stretches.get(number) ?? []) {
        const first = slotOf(Math.floor(key / SLOTS));
        for (let slot = first; slot <= first + (key % SLOTS); slot++) executed[slot]! += times;
      }
      for (let slot = 0; slot < SLOTS; slot++) {
        if (executed[slot] === 0) continue;
        yield { address: number * 2 ** PAGE_SHIFT + slot * 2, executed: executed[slot]!, failed: page?.failed?.[slot] ?? 0 };
      }
    }
  }

  /** Every branch that was executed, ascending; what stands at an address is read from `bus` now. */
  *branches(bus: AddressSpace, features: ReadonlySet<Feature>): Generator<BranchCount> {
    for (const { address, executed, failed } of this.executions()) {
      const page = this.pages.get(address >>> PAGE_SHIFT);
      const table = this.tables.get(address);
      const way = wayOut(bus, features, address, page?.conditional?.[slotOf(address)] === 1 || table !== undefined);
      if (!way) continue;
      const { next, target } = way;
      if (target === undefined) {
        const targets = [...(table ?? [])].map(([to, count]) => ({ address: to, count })).toSorted((a, b) => a.address - b.address);
        yield { address, kind: 'table', next, notTaken: failed, targets };
        continue;
      }
      const count = page?.taken?.[slotOf(address)] ?? 0;
      yield { address, kind: 'conditional', next, notTaken: executed - count, targets: [{ address: target, count }] };
    }
  }
}

/** Where the branch at `address` leads, target undefined for TBB and TBH; undefined for what is none. `inIt`: B is one, too. */
function wayOut(
  bus: AddressSpace,
  features: ReadonlySet<Feature>,
  address: number,
  inIt: boolean,
): { next: number; target?: number } | undefined {
  const first = bus.peek(address, 2);
  if (first < 0) return undefined;
  const size = isWide(first) ? 4 : 2;
  const word = size === 2 ? first : ((first << 16) | (bus.peek(address + 2, 2) & 0xffff)) >>> 0;
  const compiled = decode(word, size, features);
  if (!compiled) return undefined;
  const { op } = compiled.encoding;
  const next = (address + size) >>> 0;
  if (op === 'TBB' || op === 'TBH') return { next };
  if (op !== 'B_COND' && op !== 'CBZ' && op !== 'CBNZ' && !(op === 'B' && inIt)) return undefined;
  return { next, target: (address + 4 + immediate(compiled, word)) >>> 0 };
}

function slotOf(pc: number): number {
  return (pc & 0xfff) >>> 1;
}
