/**
 * What the interpreter tells while instructions are counted or stacks are watched: each instruction where it begins, and where it turns out
 * not to have been executed.
 */
import { CELL, type CoreRegisters } from '../core-registers.ts';
import type { CountPage } from '../execution-counts.ts';
import type { Instruments } from '../instruments.ts';
import { OPERATION } from './handlers.ts';

const DECODE = OPERATION.get('DECODE')!;
const PAGE_END = OPERATION.get('PAGE_END')!;
const ENTER = OPERATION.get('ENTER')!;
const HOOK = OPERATION.get('HOOK')!;
const TABLE = OPERATION.get('TB')!;
const TABLE_SLOW = OPERATION.get('TABLE_BRANCH()')!;
/** No instruction: addresses are even. */
const NONE = 1;

/** Follows one interpreter. */
export class Observer {
  private readonly instruments: Instruments;
  private readonly registers: CoreRegisters;
  private readonly cells: Int32Array;
  /** True when the instruction at an address moves SP rather than loads it. */
  readonly moves: (pc: number) => boolean;
  /** The instruction that was begun last and what follows it in memory; whether it is TBB or TBH, and its condition failed. */
  private last = NONE;
  private next = 0;
  private table = false;
  private failed = false;
  private pageNumber = -1;
  private page: CountPage | undefined;

  constructor(instruments: Instruments, registers: CoreRegisters, moves: (pc: number) => boolean) {
    this.instruments = instruments;
    this.registers = registers;
    this.cells = registers.cells;
    this.moves = moves;
  }

  /** True when there is something to be told. */
  get wanted(): boolean {
    return this.instruments.counts !== undefined || this.instruments.stacks !== undefined;
  }

  /** A run begins. */
  begin(): void {
    this.last = NONE;
    this.pageNumber = -1;
  }

  /** The instruction before is complete; the one at `pc`, with the first word `w0` of its slot, begins unless `remaining` is 0. */
  reach(pc: number, w0: number, inIt: boolean, remaining: number): void {
    this.end(pc);
    const plain = w0 & 0xfff;
    // In an IT block the second operation of the slot executes, in which ENTER never stands.
    const op = inIt ? w0 >>> 16 : plain;
    if (remaining === 0 || plain === DECODE || plain === PAGE_END || op === ENTER || op === HOOK) return;
    this.last = pc;
    this.next = (pc + ((w0 >>> 11) & 0x1e)) | 0;
    this.table = op === TABLE || op === TABLE_SLOW;
    this.failed = false;
    const { counts } = this.instruments;
    if (!counts) return;
    if (pc >>> 12 !== this.pageNumber) {
      this.pageNumber = pc >>> 12;
      this.page = counts.page(pc);
    }
    this.page!.executed[(pc & 0xfff) >>> 1]!++;
    if (inIt) counts.condition(pc);
  }

  /** The condition of the instruction that was begun failed. */
  fail(): void {
    this.failed = true;
    this.instruments.counts?.fail(this.last, 1);
  }

  /** The instruction that was begun was not executed. */
  undo(): void {
    this.instruments.counts?.execute(this.last, -1);
    this.last = NONE;
  }

  /** The instruction that was begun is complete, and execution goes on at `pc`. */
  end(pc: number): void {
    const { last } = this;
    if (last === NONE) return;
    this.last = NONE;
    const { counts, stacks } = this.instruments;
    if (stacks && !stacks.holds(this.cells[CELL.SP]!)) this.moved(last);
    if (!counts) return;
    if (!this.table) {
      if (pc !== this.next) counts.take(last, 1);
    } else if (!this.failed) counts.takeTable(last, pc, 1);
  }

  /** SP has left its stretch by the instruction at `pc`. */
  moved(pc: number): void {
    const { registers } = this;
    const sp = this.cells[CELL.SP]!;
    if (this.moves(pc)) this.instruments.stacks!.move(sp);
    else this.instruments.stacks!.load(sp, !registers.usesPsp);
  }
}
