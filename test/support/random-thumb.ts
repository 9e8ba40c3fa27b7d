/**
 * Random Thumb-2 programs that make sense: valid encodings out of the table, addresses that mostly hit RAM, IT blocks, loops, branches.
 *
 * Conventions inside a program: r7 and r10 are base addresses, r6 and r11 small indices, r9 counts loops, SP is a stack. All other
 * registers hold anything. A program ends with BKPT. The same seed gives the same program for ever.
 */

import { FLOATING_POINT } from '../../src/cpu/encodings/floating-point.ts';
import {
  COMPILED,
  type CompiledEncoding,
  decode,
  ENCODINGS,
  type Feature,
  field,
  isWide,
  refusedInIt,
} from '../../src/cpu/encodings/index.ts';

/** Seeded generator (mulberry32); every draw is a u32 function of the seed and the number of draws. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  u32(): number {
    this.state = (this.state + 0x6d2b_79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** 0 .. limit-1. */
  below(limit: number): number {
    return this.u32() % limit;
  }

  chance(probability: number): boolean {
    return this.u32() < probability * 2 ** 32;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/** Registers that instructions of a random program may overwrite. */
const FREE = [0, 1, 2, 3, 4, 5, 8, 12, 14] as const;
const FREE_LIST = 0x513f;
const BASES = { low: 7, high: 10 } as const;
const INDICES = { low: 6, high: 11 } as const;

const FLOAT_OPS: ReadonlySet<string> = new Set(FLOATING_POINT.map(({ op }) => op));
/** Written by hand below, or not for random programs. */
const EXCLUDED: ReadonlySet<string> = new Set('B B_COND BL BLX BX BXNS BLXNS CBZ CBNZ TBB TBH IT BKPT UDF COPROCESSOR HINT'.split(' '));

function isAccess(op: string): boolean {
  return /^V?(LD|ST)/.test(op) && !op.endsWith('_LIT');
}

const rows = (keep: (op: string, encoding: CompiledEncoding) => boolean) =>
  COMPILED.filter((c) => !EXCLUDED.has(c.encoding.op) && keep(c.encoding.op, c));
const SYSTEM_OPS: ReadonlySet<string> = new Set('CPS MSR MRS SVC CLREX BARRIER'.split(' '));

/** Rows by kind; a kind is drawn first, so that the many rows of one kind do not crowd out the others. */
const KINDS = {
  integer16: rows((op, c) => c.size === 2 && !isAccess(op) && !SYSTEM_OPS.has(op)),
  integer32: rows((op, c) => c.size === 4 && !isAccess(op) && !FLOAT_OPS.has(op) && !SYSTEM_OPS.has(op) && c.encoding.feature === 'base'),
  dsp: rows((_op, c) => c.encoding.feature === 'dsp'),
  access: rows((op) => isAccess(op) && !FLOAT_OPS.has(op)),
  float: rows((op) => FLOAT_OPS.has(op) && !isAccess(op)),
  floatAccess: rows((op) => FLOAT_OPS.has(op) && isAccess(op)),
  system: rows((op) => SYSTEM_OPS.has(op)),
} as const;

/** Kinds of instructions. */
export type Kind = keyof typeof KINDS;

/** How often each kind is drawn, relative to the others. */
export type Weights = Readonly<Record<Kind, number>>;

export const DEFAULT_WEIGHTS: Weights = { integer16: 6, integer32: 6, dsp: 3, access: 6, float: 4, floatAccess: 2, system: 0.3 };

function setField(compiled: CompiledEncoding, word: number, letter: string, value: number): number {
  const segments = compiled.fields.get(letter);
  if (!segments) return word;
  let rest = value;
  let result = word;
  for (const { lsb, width } of [...segments].reverse()) {
    const mask = 2 ** width - 1;
    result = ((result & ~(mask << lsb)) | ((rest & mask) << lsb)) >>> 0;
    rest = Math.floor(rest / 2 ** width);
  }
  return result;
}

function widthOf(compiled: CompiledEncoding, letter: string): number {
  return compiled.fields.get(letter)?.reduce((sum, { width }) => sum + width, 0) ?? 0;
}

/** An instruction of a program. */
export interface RandomInstruction {
  readonly name: string;
  readonly size: 2 | 4;
  word: number;
}

/** Rows to draw from, each kind as often as its weight says. */
export type RandomTable = readonly (readonly CompiledEncoding[])[];

/** Makes the table of a core with `features`. */
export function randomTable(features: ReadonlySet<Feature>, weights: Weights = DEFAULT_WEIGHTS): RandomTable {
  return (Object.keys(KINDS) as Kind[]).flatMap((kind) => {
    const usable = KINDS[kind].filter((c) => features.has(c.encoding.feature));
    return usable.length === 0 ? [] : Array.from({ length: Math.round(weights[kind] * 10) }, () => usable);
  });
}

/** Makes programs. */
export class RandomThumb {
  private readonly random: Random;
  private readonly features: ReadonlySet<Feature>;
  private readonly table: RandomTable;

  constructor(random: Random, features: ReadonlySet<Feature>, table: RandomTable = randomTable(features)) {
    this.random = random;
    this.features = features;
    this.table = table;
  }

  /** About `length` instructions and a BKPT. */
  program(length: number): RandomInstruction[] {
    const { random } = this;
    const out: RandomInstruction[] = [];
    while (out.length < length) {
      const draw = random.below(20);
      if (draw < 3) this.itBlock(out);
      else if (draw === 3) this.skip(out);
      else if (draw === 4) this.loop(out);
      else if (draw === 5) this.call(out);
      else if (draw === 6 && random.chance(0.3)) this.stack(out);
      else if (draw === 7 && random.chance(0.5)) this.tableBranch(out);
      else out.push(this.instruction(false));
    }
    out.push({ name: 'BKPT', size: 2, word: 0xbe00 });
    return out;
  }

  /** One instruction that neither branches nor ends the program. */
  instruction(inIt: boolean): RandomInstruction {
    for (;;) {
      const compiled = this.random.pick(this.random.pick(this.table));
      if (inIt && refusedInIt(compiled.encoding)) continue;
      const word = this.fill(compiled);
      if (word === undefined) continue;
      if (decode(word, compiled.size, this.features) !== compiled) continue;
      return { name: compiled.encoding.name, size: compiled.size, word };
    }
  }

  private fill(compiled: CompiledEncoding): number | undefined {
    const { random } = this;
    const { op } = compiled.encoding;
    let word = ((compiled.value | (random.u32() & ~compiled.mask)) >>> 0) & (compiled.size === 2 ? 0xffff : 0xffff_ffff);
    word >>>= 0;
    const register = (letter: string) => {
      const width = widthOf(compiled, letter);
      if (width === 3 || width === 4) word = setField(compiled, word, letter, random.pick(width === 3 ? FREE.filter((r) => r < 8) : FREE));
    };
    const float = FLOAT_OPS.has(op);
    register('t');
    register('u');
    if (!float) {
      register('d');
      register('l');
    }
    if (isAccess(op)) {
      word = setField(compiled, word, 'n', widthOf(compiled, 'n') === 3 ? BASES.low : random.chance(0.2) ? 13 : BASES.high);
      if (!float) word = setField(compiled, word, 'm', widthOf(compiled, 'm') === 3 ? INDICES.low : INDICES.high);
      if (widthOf(compiled, 'r') > 0) word = this.listOf(compiled, word);
    }
    if (op === 'MSR') return this.msr(compiled, word);
    // A destination that is not a field of its own (ADD (SP plus immediate) writes SP) would lose the stack.
    if (!float && compiled.encoding.implied?.['d'] === 13) return undefined;
    if (op === 'VMRS' && random.chance(0.3)) word = setField(compiled, word, 't', 15);
    return word;
  }

  private listOf(compiled: CompiledEncoding, word: number): number {
    if (compiled.size === 4) return ((word & 0xffff_0000) | (word & FREE_LIST)) >>> 0;
    return compiled.encoding.name.startsWith('P') ? word & ~0x01c0 : word & ~0x00c0;
  }

  /** MSR to APSR, PRIMASK, BASEPRI or BASEPRI_MAX: the others change the stack or stop on purpose. */
  private msr(compiled: CompiledEncoding, word: number): number {
    return setField(compiled, setField(compiled, word, 'i', this.random.pick([0, 16, 17, 18])), 'w', this.random.pick([1, 2, 3]));
  }

  private itBlock(out: RandomInstruction[]): void {
    const { random } = this;
    const word = 0xbf00 | (random.below(14) << 4) | (1 + random.below(15));
    const count = 4 - Math.log2(word & -word & 15);
    out.push({ name: 'IT', size: 2, word });
    for (let i = 0; i < count; i++) {
      if (i === count - 1 && random.chance(0.1)) this.skip(out, true);
      else out.push(this.instruction(true));
    }
  }

  /** A forward branch over some instructions. */
  private skip(out: RandomInstruction[], unconditional = false): void {
    const { random } = this;
    const over = Array.from({ length: 1 + random.below(3) }, () => this.instruction(false));
    const bytes = over.reduce((sum, { size }) => sum + size, 0);
    const draw = unconditional ? 0 : random.below(3);
    if (draw === 0) out.push({ name: 'B', size: 2, word: 0xe000 | ((bytes - 2) >> 1) });
    else if (draw === 1) out.push({ name: 'B<c>', size: 2, word: 0xd000 | (random.below(14) << 8) | ((bytes - 2) >> 1) });
    else if (bytes >= 2)
      out.push({ name: 'CB{N}Z', size: 2, word: 0xb100 | (random.below(2) << 11) | (((bytes - 2) >> 1) << 3) | random.below(6) });
    out.push(...over);
  }

  /** MOVS r9, #k; body; SUBS r9, r9, #1 (32 bits); BNE. */
  private loop(out: RandomInstruction[]): void {
    const { random } = this;
    out.push({ name: 'MOVS r9', size: 4, word: (0xf05f_0900 | (1 + random.below(6))) >>> 0 });
    const body = Array.from({ length: 1 + random.below(5) }, () => this.instruction(false));
    const bytes = body.reduce((sum, { size }) => sum + size, 0);
    out.push(...body);
    out.push({ name: 'SUBS r9', size: 4, word: 0xf1b9_0901 });
    out.push({ name: 'BNE', size: 2, word: 0xd100 | ((-(bytes + 4 + 4) >> 1) & 0xff) });
  }

  /** BL to a function behind the next branch, which returns through LR or PC. */
  private call(out: RandomInstruction[]): void {
    const { random } = this;
    const body = Array.from({ length: 1 + random.below(3) }, () => this.instruction(false)).filter(
      ({ name }) => !/LDM|LDR|VMOV/.test(name),
    );
    const bytes = body.reduce((sum, { size }) => sum + size, 0);
    const saves = random.chance(0.5);
    out.push({ name: 'BL', size: 4, word: 0xf000_f801 });
    out.push({ name: 'B', size: 2, word: 0xe000 | ((bytes + (saves ? 4 : 6) - 2) >> 1) });
    if (saves) out.push({ name: 'PUSH {LR}', size: 2, word: 0xb500 }, ...body, { name: 'POP {PC}', size: 2, word: 0xbd00 });
    // LR survives in r14 only if the body leaves it alone, so the function keeps it in a register that nothing else writes.
    else
      out.push(
        { name: 'MOV r9, LR', size: 2, word: 0x46f1 },
        ...body,
        { name: 'MOV LR, r9', size: 2, word: 0x46ce },
        { name: 'BX LR', size: 2, word: 0x4770 },
      );
  }

  /** Moves SP: by an immediate, or to a base address, aligned or not. */
  private stack(out: RandomInstruction[]): void {
    const { random } = this;
    const word = random.pick([0xb000 | random.below(16), 0xb080 | random.below(16), 0x46d5]);
    out.push({ name: 'SP', size: 2, word });
  }

  /** MOVS r5, #k; TBB [PC, r5]; a table of two; one or two instructions to land on. */
  private tableBranch(out: RandomInstruction[]): void {
    const first = this.instruction(false);
    out.push({ name: 'MOVS r5', size: 2, word: 0x2500 | this.random.below(2) });
    out.push({ name: 'TBB', size: 4, word: 0xe8df_f005 });
    out.push({ name: '(table)', size: 2, word: 0x0001 | ((1 + first.size / 2) << 8) });
    out.push(first, this.instruction(false));
  }
}

/** The halfwords of a program. */
export function halfwordsOf(program: readonly RandomInstruction[]): number[] {
  return program.flatMap(({ word, size }) => (size === 2 ? [word] : [word >>> 16, word & 0xffff]));
}

/** A register value that tends to be interesting. */
export function interestingWord(random: Random): number {
  if (random.chance(0.5)) return random.u32();
  return random.pick([
    0,
    1,
    2,
    0xffff_ffff,
    0x8000_0000,
    0x7fff_ffff,
    0x8000,
    0x7fff,
    0xffff_8000,
    0x80,
    0x7f80_7f80,
    0x0001_ffff,
    random.below(64),
  ]);
}

/** Bits of a single that tend to be interesting: zeros, denormals, infinities, NaNs, small integers, halves. */
export function interestingSingle(random: Random): number {
  const sign = (random.below(2) << 31) >>> 0;
  const plain = [
    0, 1, 0x007f_ffff, 0x0080_0000, 0x7f80_0000, 0x7f80_0001, 0x7fc0_0000, 0x7fff_ffff, 0x3f80_0000, 0x3f00_0000, 0x4f00_0000, 0x7f7f_ffff,
  ];
  if (random.chance(0.4)) return (sign | random.pick(plain)) >>> 0;
  if (random.chance(0.5)) return (sign | ((120 + random.below(40)) << 23) | random.below(1 << 23)) >>> 0;
  return random.u32();
}

/** Bits of a double, low word first. */
export function interestingDouble(random: Random): [number, number] {
  const sign = (random.below(2) << 31) >>> 0;
  const high = [
    0, 0x000f_ffff, 0x0010_0000, 0x7ff0_0000, 0x7ff8_0000, 0x7ff0_0001, 0x3ff0_0000, 0x3fe0_0000, 0x41e0_0000, 0x7fef_ffff, 0x3690_0000,
    0x3800_0000,
  ];
  if (random.chance(0.4)) return [random.pick([0, 1, 0xffff_ffff]), (sign | random.pick(high)) >>> 0];
  if (random.chance(0.5)) return [random.u32(), (sign | ((1000 + random.below(60)) << 20) | random.below(1 << 20)) >>> 0];
  return [random.u32(), random.u32()];
}

/** Names of the table's encodings that random programs can contain, for coverage counts. */
export const RANDOM_NAMES: ReadonlySet<string> = new Set(ENCODINGS.filter(({ op }) => !EXCLUDED.has(op)).map(({ name }) => name));

/** Reads one instruction back from memory. */
export function instructionAt(read: (address: number) => number, address: number): { word: number; size: 2 | 4 } {
  const first = read(address);
  return isWide(first) ? { word: ((first << 16) | read(address + 2)) >>> 0, size: 4 } : { word: first, size: 2 };
}

/** The value of a field, for tests that look into an instruction. */
export const fieldOf = field;
