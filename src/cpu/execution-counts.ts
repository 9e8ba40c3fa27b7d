/**
 * How often each instruction was executed, and which way its branches went.
 *
 * Engines and fast-forward add to it by address, as the core saw it; whoever asks gets instructions and branches. Counts belong to
 * addresses: where other code came to stand at the same address, they are of both (`rewritten` says where).
 */
import { PAGE_SHIFT } from '../memory/ram.ts';

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

/** One branch with more than one way out: B<c>, CBZ, CBNZ, a branch in an IT block, TBB, TBH. */
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
  readonly failed: Float64Array;
  /** Times that the next instruction was not the one behind. */
  readonly taken: Float64Array;
}

/** The counts of one core. */
export class ExecutionCounts {
  private readonly pages = new Map<number, CountPage>();
  /** Table branches: by address, how often each target was reached. */
  private readonly tables = new Map<number, Map<number, number>>();

  /** The page of `pc`. */
  page(pc: number): CountPage {
    const number = pc >>> PAGE_SHIFT;
    let page = this.pages.get(number);
    if (!page) {
      page = { executed: new Float64Array(SLOTS), failed: new Float64Array(SLOTS), taken: new Float64Array(SLOTS) };
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
    this.page(pc).failed[slotOf(pc)]! += times;
  }

  /** Of those, it went elsewhere than to the instruction behind `times` times. */
  take(pc: number, times: number): void {
    this.page(pc).taken[slotOf(pc)]! += times;
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

  /** Forgets everything. */
  clear(): void {
    this.pages.clear();
    this.tables.clear();
  }

  /** Every instruction that was executed, ascending. */
  *executions(): Generator<ExecutionCount> {
    for (const [number, { executed, failed }] of [...this.pages].toSorted((a, b) => a[0] - b[0])) {
      for (let slot = 0; slot < SLOTS; slot++) {
        if (executed[slot] === 0) continue;
        yield { address: number * 2 ** PAGE_SHIFT + slot * 2, executed: executed[slot]!, failed: failed[slot]! };
      }
    }
  }

  /** Times that the instruction at `address` went elsewhere than to the instruction behind, and where, if it is a table. */
  ways(address: number): { readonly taken: number; readonly table: ReadonlyMap<number, number> | undefined } {
    return { taken: this.pages.get(address >>> PAGE_SHIFT)?.taken[slotOf(address)] ?? 0, table: this.tables.get(address >>> 0) };
  }
}

function slotOf(pc: number): number {
  return (pc & 0xfff) >>> 1;
}
