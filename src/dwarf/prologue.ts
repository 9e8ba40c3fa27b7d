/**
 * What a function has pushed where no call frame information says so: assembly, libraries built without -g.
 *
 * Thumb instructions from the function's symbol to the pc, read in a line; branches are not followed, and a return in the middle of a
 * function is taken as if it had not been there.
 */
import type { RegisterFile } from './frame-rules.ts';

/** Longest way from a symbol to a pc, in bytes. */
const FARTHEST = 512;

const SP = 13;
const LR = 14;
const PC = 15;

/** The stack of a function at a pc: how far the caller's stack pointer is, and where registers were saved. */
export interface PrologueState {
  /** Bytes from the stack pointer to what it was in the caller. */
  readonly depth: number;
  /** Register to distance below the caller's stack pointer. */
  readonly saved: ReadonlyMap<number, number>;
}

class Prologue {
  depth = 0;
  readonly saved = new Map<number, number>();

  private push(list: number): void {
    for (let register = PC; register >= 0; register--) {
      if ((list & (1 << register)) === 0) continue;
      this.depth += 4;
      if (!this.saved.has(register)) this.saved.set(register, this.depth);
    }
  }

  private pop(list: number): void {
    if (list & (1 << PC)) return;
    for (let register = 0; register < PC; register++) {
      if ((list & (1 << register)) === 0) continue;
      if (this.saved.get(register) === this.depth) this.saved.delete(register);
      this.depth -= 4;
    }
  }

  /** A 16-bit instruction. */
  narrow(first: number): void {
    if ((first & 0xfe00) === 0xb400) this.push((first & 0xff) | (first & 0x100 ? 1 << LR : 0));
    else if ((first & 0xfe00) === 0xbc00) this.pop((first & 0xff) | (first & 0x100 ? 1 << PC : 0));
    else if ((first & 0xff80) === 0xb080) this.depth += (first & 0x7f) * 4;
  }

  /** A 32-bit instruction. */
  wide(first: number, second: number): void {
    if (first === 0xe92d) this.push(second);
    else if (first === 0xe8bd) this.pop(second);
    else if (first === 0xf84d && (second & 0x0fff) === 0x0d04) this.push(1 << (second >>> 12));
    else if (first === 0xf85d && (second & 0x0fff) === 0x0b04) this.pop(1 << (second >>> 12));
    else if ((first & 0xffbf) === 0xed2d && (second & 0x0e00) === 0x0a00) this.depth += (second & 0xff) * 4;
    // SUB.W sp, sp, #imm: the plain 12-bit form, and modified constants that are one byte.
    else if ((first === 0xf2ad || (first === 0xf1ad && (second & 0x7000) === 0)) && ((second >>> 8) & 0xf) === SP) {
      this.depth += (second & 0xff) | (first === 0xf2ad ? (second >>> 4) & 0x700 : 0);
    }
  }
}

/** Reads the code from `start` to `pc`; undefined when it is too long, or not in memory. */
export function readPrologue(start: number, pc: number, frame: Pick<RegisterFile, 'read'>): PrologueState | undefined {
  const length = pc - start;
  if (length < 0 || length > FARTHEST) return undefined;
  const code = length === 0 ? new Uint8Array() : frame.read(start, length);
  if (code === undefined || code.length < length) return undefined;
  const prologue = new Prologue();
  for (let at = 0; at + 2 <= length; ) {
    const first = code[at]! | (code[at + 1]! << 8);
    const isWide = first >= 0xe800;
    if (isWide && at + 4 <= length) prologue.wide(first, code[at + 2]! | (code[at + 3]! << 8));
    else if (!isWide) prologue.narrow(first);
    at += isWide ? 4 : 2;
  }
  return prologue.depth < 0 ? undefined : prologue;
}
