/** What an operation of the oracle gets: the machine, and the instruction's fields under the letters of the encoding table. */
import { type CompiledEncoding, field, hasField, immediate } from '../../../src/cpu/encodings/index.ts';
import { Align, DecodeImmShift, type Shift, Shift_C, ThumbExpandImm_C } from './bits.ts';
import type { Machine } from './machine.ts';

/** 16-bit data processing that never sets flags: the forms with high registers and those that add to SP or PC. */
const NEVER_SETS = /^(ADD \(register\) T2|MOV \(register\) T1|ADD \(SP|SUB \(SP|ADR|SXT|UXT|REV)/;

/** One instruction, taken apart. */
export class Instruction {
  readonly compiled: CompiledEncoding;
  readonly word: number;
  readonly setflags: boolean;

  constructor(compiled: CompiledEncoding, instruction: number, inItBlock: boolean) {
    this.compiled = compiled;
    this.word = instruction;
    const { name } = compiled.encoding;
    // A7.7: in 16-bit encodings `setflags = !InITBlock()`, save those that never set and MOV (register) T2, which always does.
    if (compiled.size === 4) this.setflags = this.f('S') === 1;
    else this.setflags = name === 'MOV (register) T2' || (!NEVER_SETS.test(name) && !inItBlock);
  }

  /** A field by its letter. */
  f(letter: string): number {
    return field(this.compiled, this.word, letter);
  }

  has(letter: string): boolean {
    return hasField(this.compiled, letter);
  }

  /** The immediate in the form that the encoding gives it (not `expand`, whose carry counts: see `operand`). */
  get imm(): number {
    return immediate(this.compiled, this.word);
  }

  /** The second operand of data processing with its carry. */
  operand(m: Machine, kind: 'IMM' | 'REG' | 'SHIFT'): { result: number; carry: boolean } {
    if (kind === 'REG') return { result: m.R(this.f('m')), carry: m.c };
    if (kind === 'SHIFT') {
      const { shift, amount } = DecodeImmShift(this.f('k'), this.f('i'));
      return Shift_C(m.R(this.f('m')), shift, amount, m.c);
    }
    if (this.compiled.encoding.imm === 'expand') return ThumbExpandImm_C(this.f('i'), m.c);
    return { result: this.imm, carry: m.c };
  }

  /** Rm shifted by a fixed kind and the 5-bit immediate. */
  shifted(m: Machine, type: number): { result: number; carry: boolean } {
    const { shift, amount } = DecodeImmShift(type, this.f('i'));
    return Shift_C(m.R(this.f('m')), shift, amount, m.c);
  }

  shiftedByRegister(m: Machine, shift: Shift): { result: number; carry: boolean } {
    return Shift_C(m.R(this.f('n')), shift, m.R(this.f('m')) % 256, m.c);
  }

  /** Rn plus or minus the immediate (PC as the word-aligned literal base): offset address and base. */
  indexed(m: Machine, add: boolean, imm = this.imm): { base: number; offset: number } {
    const n = this.f('n');
    const base = n === 15 ? m.literalBase : m.R(n);
    return { base, offset: (base + (add ? imm : -imm) + 2 ** 33) % 2 ** 32 };
  }
}

/** Executes one instruction that has passed its condition. */
export type Operation = (m: Machine, i: Instruction) => void;

/** Operations by the `op` of the table. */
export type Operations = Readonly<Record<string, Operation>>;

export { Align };
