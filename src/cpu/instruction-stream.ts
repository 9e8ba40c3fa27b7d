/**
 * The little that has to be known of Thumb code outside the engines: lengths, calls, endless loops, and how to step over an instruction.
 *
 * DDI 0403E, A5.1 (length), A7.7.12 (B), A7.7.18 (BL), A7.7.19 (BLX).
 */
import type { AddressSpace } from '../memory/bus.ts';
import { CELL, type CoreRegisters } from './core-registers.ts';

const NOP = 0xbf00;
const WFE = 0xbf20;
const WFI = 0xbf30;
/** Instructions that an endless loop may consist of, at most. */
const LOOP_LIMIT = 8;

/** True when `halfword` is the first of a 32-bit instruction. */
export function isWide(halfword: number): boolean {
  return halfword >>> 11 >= 0b11101;
}

/** Advances ITSTATE as the end of an instruction does. */
export function advanceItState(state: number): number {
  return (state & 7) === 0 ? 0 : (state & 0xe0) | ((state << 1) & 0x1f);
}

/** Moves PC behind the instruction at it, without executing it. */
export function skipInstruction({ cells }: CoreRegisters, bus: AddressSpace): void {
  const pc = cells[CELL.PC]! >>> 0;
  cells[CELL.PC] = pc + (isWide(bus.peek(pc, 2)) ? 4 : 2);
  cells[CELL.ITSTATE] = advanceItState(cells[CELL.ITSTATE]!);
}

/** True when the code at `pc` can only loop: unconditional branches, hints and barriers that lead back to where they were. */
export function isEndlessLoop(bus: AddressSpace, pc: number): boolean {
  const visited = new Set<number>();
  let at = pc;
  for (let count = 0; count < LOOP_LIMIT; count++) {
    if (visited.has(at)) return true;
    visited.add(at);
    const next = successor(bus, at);
    if (next === undefined) return false;
    at = next;
  }
  return false;
}

/** Where control goes from `at`, if its instruction does nothing else. */
function successor(bus: AddressSpace, at: number): number | undefined {
  const first = bus.peek(at, 2);
  if (first === NOP || first === WFE || first === WFI) return at + 2;
  if (first >>> 11 === 0b11100) return (at + 4 + (((first & 0x7ff) << 21) >> 20)) >>> 0;
  if (first < 0 || !isWide(first)) return undefined;
  const second = bus.peek(at + 2, 2);
  if (first === 0xf3bf && (second & 0xff00) === 0x8f00) return at + 4;
  if ((first & 0xf800) !== 0xf000 || (second & 0xd000) !== 0x9000) return undefined;
  const s = (first >>> 10) & 1;
  const i1 = ~((second >>> 13) ^ s) & 1;
  const i2 = ~((second >>> 11) ^ s) & 1;
  const offset = (s ? -(2 ** 24) : 0) + i1 * 2 ** 23 + i2 * 2 ** 22 + (first & 0x3ff) * 2 ** 12 + (second & 0x7ff) * 2;
  return (at + 4 + offset) >>> 0;
}

/** Address of the BL or BLX that would have left `returnAddress` (bit 0 set) in LR; undefined when none stands there. */
export function callBefore(bus: AddressSpace, returnAddress: number): number | undefined {
  if ((returnAddress & 1) === 0 || returnAddress < 6) return undefined;
  const after = returnAddress - 1;
  if (!bus.isRam(after - 4, 4)) return undefined;
  const first = bus.peek(after - 4, 2);
  const second = bus.peek(after - 2, 2);
  if ((first & 0xf800) === 0xf000 && (second & 0xd000) === 0xd000) return after - 4;
  return (second & 0xff87) === 0x4780 ? after - 2 : undefined;
}
