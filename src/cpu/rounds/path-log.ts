/**
 * Which instructions an execution on paper went through, for those who count instructions or watch stacks: rounds that are taken in one step
 * are told to them as if they had been executed.
 */
import type { Instruments } from '../instruments.ts';

/** TBB and TBH. */
const TABLE_MASK = 0xfff0_ffe0 | 0;
const TABLE = 0xe8d0_f000 | 0;
const IN_IT = 1;
const FAILED = 2;
const BRANCHED = 4;
const TABLE_BRANCH = 8;

/** A path: for each instruction its address, where it went, what became of it, SP behind it. */
export class PathLog {
  private readonly pcs: number[] = [];
  private readonly nexts: number[] = [];
  private readonly kinds: number[] = [];
  private readonly sps: number[] = [];

  /** Begins anew. */
  clear(): void {
    this.pcs.length = this.nexts.length = this.kinds.length = this.sps.length = 0;
  }

  /** The instruction `word` at `pc` was executed, in an IT block or not, its condition held or not; `behind` it in memory, then at `next`. */
  note(pc: number, word: number, behind: number, next: number, inIt: boolean, held: boolean, sp: number): void {
    this.pcs.push(pc);
    this.nexts.push(next);
    this.sps.push(sp);
    const table = held && (word & TABLE_MASK) === TABLE;
    this.kinds.push((inIt ? IN_IT : 0) | (held ? 0 : FAILED) | (table ? TABLE_BRANCH : next === behind ? 0 : BRANCHED));
  }

  /** A copy that stays. */
  copy(): PathLog {
    const log = new PathLog();
    for (const name of ['pcs', 'nexts', 'kinds', 'sps'] as const) log[name].push(...this[name]);
    return log;
  }

  /** Tells the instruments of `times` times this path. `moves`: the instruction at an address moves SP; `main`: SP is the main stack's. */
  replay({ counts, stacks }: Instruments, times: number, moves: (pc: number) => boolean, main: boolean): void {
    for (const [index, pc] of this.pcs.entries()) {
      const kind = this.kinds[index]!;
      if (counts) {
        counts.execute(pc, times);
        if ((kind & IN_IT) !== 0) counts.condition(pc);
        if ((kind & FAILED) !== 0) counts.fail(pc, times);
        if ((kind & BRANCHED) !== 0) counts.take(pc, times);
        if ((kind & TABLE_BRANCH) !== 0) counts.takeTable(pc, this.nexts[index]!, times);
      }
      if (!stacks) continue;
      const sp = this.sps[index]!;
      if (stacks.holds(sp)) continue;
      if (moves(pc)) stacks.move(sp);
      else stacks.load(sp, main);
    }
  }
}
