/**
 * Instructions prepared for execution on paper: fields read out once, and the function that executes them.
 *
 * Floating point, exclusives, unprivileged accesses, whatever stops an engine and whatever the architecture refuses have no function.
 */
import type { Feature } from '../encodings/encoding.ts';
import { type CompiledEncoding, decode, expandCarry, field, immediate, refusedInIt, shiftAmount } from '../encodings/index.ts';
import { ALU, type Operation } from './alu.ts';
import { CONTROL } from './control.ts';
import { TRANSFERS } from './transfers.ts';

/** A decoded instruction. */
export interface Instruction {
  readonly word: number;
  readonly size: 2 | 4;
  /** Arena offsets of its halves; the same for one of 16 bits. */
  readonly at: number;
  readonly second: number;
  /** Undefined when it cannot be followed. It returns false when it could not be this time. */
  readonly execute: Operation | undefined;
  /** Sets the flags outside an IT block, and inside one. */
  readonly flags: boolean;
  readonly flagsInIt: boolean;
  readonly refusedInIt: boolean;
  readonly d: number;
  readonly n: number;
  readonly m: number;
  readonly a: number;
  readonly t: number;
  readonly u: number;
  readonly l: number;
  readonly w: number;
  readonly condition: number;
  readonly imm: number;
  /** Carry out of a modified immediate: 0, 1, or -1 for unchanged. */
  readonly carry: number;
  readonly type: number;
  readonly amount: number;
  /** The encoding's own field `i`, unsigned. */
  readonly offset: number;
  readonly index: boolean;
  readonly up: boolean;
  readonly writeBack: boolean;
}

const OPERATIONS: Readonly<Record<string, Operation>> = { ...ALU, ...CONTROL, ...TRANSFERS };

/** Decodes `word`, which was found at arena offsets `at` and `second`. */
export function prepare(word: number, size: 2 | 4, features: ReadonlySet<Feature>, at: number, second: number): Instruction {
  const compiled = decode(word, size, features);
  const get = (letter: string): number => (compiled ? field(compiled, word, letter) : 0);
  const imm = compiled ? immediate(compiled, word) | 0 : 0;
  const rule = compiled?.encoding.flags;
  const type = SHIFTS[compiled?.encoding.op ?? ''] ?? get('k');
  return {
    word,
    size,
    at,
    second,
    execute: compiled && OPERATIONS[compiled.encoding.op],
    flags: rule !== undefined || get('S') !== 0,
    flagsInIt: rule === 'always' || get('S') !== 0,
    refusedInIt: compiled !== undefined && refusedInIt(compiled.encoding),
    d: get('d'),
    n: get('n'),
    m: get('m'),
    a: get('a'),
    t: get('t'),
    u: get('u'),
    l: get('l'),
    w: get('w'),
    condition: get('c'),
    imm,
    carry: compiled?.encoding.imm === 'expand' ? expandCarry(get('i')) : -1,
    type,
    amount: shiftAmount(type, get('i')),
    offset: signedOffset(compiled, imm, get),
    index: get('P') !== 0,
    up: get('U') !== 0,
    writeBack: get('W') !== 0,
  };
}

/** Shift types that the operation's name says. */
const SHIFTS: Readonly<Record<string, number>> = { LSL_IMM: 0, LSR_IMM: 1, ASR_IMM: 2, ROR_IMM: 3 };

/** Offset of a load or store; U is a field, implied to be 0, or absent for what only adds. */
function signedOffset(compiled: CompiledEncoding | undefined, imm: number, get: (letter: string) => number): number {
  if (!compiled) return 0;
  const given = compiled.fields.has('U') || compiled.encoding.implied?.['U'] !== undefined;
  return given && get('U') === 0 ? -imm | 0 : imm;
}
