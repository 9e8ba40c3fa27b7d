/**
 * Cases for every row of the encoding table: words that reach every value of every small field and the edges of the large ones, and
 * what the core begins with: edge operands, flags, addresses of every kind, privilege and traps.
 */
import { CELL, CELL_COUNT } from '../../src/cpu/core-registers.ts';
import { type CompiledEncoding, match, predictable } from '../../src/cpu/encodings/index.ts';
import { DATA_BASE, DEVICE_BASE } from '../differential/bare-core.ts';
import { interestingDouble, interestingSingle, type Random } from '../support/random-thumb.ts';
import { DATA_END, type Setup } from './bench.ts';
import { Instruction } from './oracle/operation.ts';
import { unpredictable } from './oracle/unpredictable.ts';

/** Operands of integer arithmetic. */
const EDGES = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x0001_0000, 0x7fff_7fff, 0x8000_8000, 0x7fff_ffff, 0x8000_0000, 0x8000_0001,
  0xffff_fffe, 0xffff_ffff, 0x5555_5555, 0xaaaa_aaaa,
];
/** Amounts of a shift by register; only the low byte counts. */
const AMOUNTS = [0, 1, 2, 15, 16, 30, 31, 32, 33, 63, 64, 127, 128, 255, 256, 257, 0x1f20, 0xffff_ff00, 0xffff_ffff];
const SINGLES = [
  0, 1, 0x0000_0100, 0x007f_ffff, 0x0080_0000, 0x0080_0001, 0x3380_0000, 0x3f00_0000, 0x3f7f_ffff, 0x3f80_0000, 0x3f80_0001, 0x3fc0_0000,
  0x4020_0000, 0x477f_f000, 0x4b00_0001, 0x4eff_ffff, 0x4f00_0000, 0x4f7f_ffff, 0x4f80_0000, 0x7f7f_ffff, 0x7f80_0000, 0x7f80_0001,
  0x7fa5_5555, 0x7fc0_0000, 0x7fff_ffff,
];
const DOUBLES: readonly (readonly [low: number, high: number])[] = [
  [0, 0],
  [1, 0],
  [0xffff_ffff, 0x000f_ffff],
  [0, 0x0010_0000],
  [0, 0x3690_0000],
  [1, 0x3690_0000],
  [0, 0x3800_0000],
  [0xe000_0000, 0x380f_ffff],
  [0, 0x3fe0_0000],
  [0xffff_ffff, 0x3fef_ffff],
  [0, 0x3ff0_0000],
  [0x1000_0000, 0x3ff0_0000],
  [0, 0x3ff8_0000],
  [0, 0x4004_0000],
  [0xffc0_0000, 0x41df_ffff],
  [0, 0x41e0_0000],
  [0xffe0_0000, 0x41ef_ffff],
  [0, 0x41f0_0000],
  [0xefff_ffff, 0x47ef_ffff],
  [0xf000_0000, 0x47ef_ffff],
  [0xffff_ffff, 0x7fef_ffff],
  [0, 0x7ff0_0000],
  [1, 0x7ff0_0000],
  [0x1234_5678, 0x7ff4_5678],
  [0, 0x7ff8_0000],
  [0xffff_ffff, 0x7fff_ffff],
];

const SMALL = 4;
const REGISTERS = ['d', 'n', 'm', 'a', 't', 'u', 'l'] as const;
/** System registers that MRS and MSR know (B5.1.1). */
const SYSM = [0, 1, 2, 3, 5, 6, 7, 8, 9, 16, 17, 18, 19, 20] as const;
const SYSM_V8M = [...SYSM, 10, 11] as const;

const widthOf = (c: CompiledEncoding, letter: string): number => c.fields.get(letter)?.reduce((sum, { width }) => sum + width, 0) ?? 0;

/** Puts `value` into a field. */
export function setField(compiled: CompiledEncoding, word: number, letter: string, value: number): number {
  let result = BigInt(word);
  let rest = BigInt(value);
  for (const { lsb, width } of [...(compiled.fields.get(letter) ?? [])].reverse()) {
    const mask = ((1n << BigInt(width)) - 1n) << BigInt(lsb);
    result = (result & ~mask) | ((rest << BigInt(lsb)) & mask);
    rest >>= BigInt(width);
  }
  return Number(result);
}

/** Any word of the encoding. */
function anyWord(compiled: CompiledEncoding, random: Random, v8m: boolean): number {
  const word = ((compiled.value | (random.u32() & ~compiled.mask)) >>> 0) % 2 ** (8 * compiled.size);
  const { op } = compiled.encoding;
  if (op !== 'MRS' && op !== 'MSR') return word;
  // SYSm and mask that the architecture does not define are UNPREDICTABLE; implementations, and the engines, read zero and ignore.
  const sysm = random.pick(v8m ? SYSM_V8M : SYSM);
  return setField(compiled, setField(compiled, word, 'i', sysm), 'w', sysm < 4 ? random.pick([1, 2, 3]) : 2);
}

/** Values of a field that each get a word of their own. */
function valuesOf(compiled: CompiledEncoding, letter: string): readonly number[] {
  const width = widthOf(compiled, letter);
  const { op } = compiled.encoding;
  if ((op === 'MRS' || op === 'MSR') && letter !== 'd' && letter !== 'n') return [];
  if (width <= SMALL) return Array.from({ length: 2 ** width }, (_, value) => value);
  const bits = Array.from({ length: width }, (_, at) => 2 ** at);
  const modified = compiled.encoding.imm === 'expand' && letter === 'i' ? [0x0ff, 0x1a5, 0x2a5, 0x3a5, 0x4ff, 0x87f, 0xf80] : [];
  return [0, ...bits, 2 ** width - 1, 2 ** width - 2, ...modified];
}

/** Words of a row: predictable ones, and such as the manual calls UNPREDICTABLE. */
export interface Words {
  readonly good: readonly number[];
  readonly refused: readonly number[];
  /** Words on which the table and the manual do not agree. */
  readonly disputed: readonly number[];
}

/** Draws the words of a row. */
export function wordsOf(compiled: CompiledEncoding, random: Random, v8m = false): Words {
  const good = new Set<number>();
  const refused = new Set<number>();
  const disputed = new Set<number>();
  const consider = (make: () => number, want: Set<number>): void => {
    for (let tries = 0; tries < 24; tries++) {
      const word = make();
      if (match(word, compiled.size) !== compiled) continue;
      const bad = unpredictable(new Instruction(compiled, word, false));
      if (predictable(compiled, word) === bad) disputed.add(word);
      const into = bad ? refused : good;
      into.add(word);
      if (into === want) return;
    }
  };
  for (const letter of compiled.fields.keys())
    for (const value of valuesOf(compiled, letter)) consider(() => setField(compiled, anyWord(compiled, random, v8m), letter, value), good);
  // The same register twice.
  for (const a of REGISTERS) {
    for (const b of REGISTERS) {
      if (a >= b || widthOf(compiled, a) < 3 || widthOf(compiled, b) < 3) continue;
      const same = (): number => {
        const value = random.below(2 ** Math.min(widthOf(compiled, a), widthOf(compiled, b)));
        return setField(compiled, setField(compiled, anyWord(compiled, random, v8m), a, value), b, value);
      };
      for (let k = 0; k < 3; k++) consider(same, good);
    }
  }
  for (let k = 0; k < 6; k++) consider(() => anyWord(compiled, random, v8m), good);
  for (const letter of REGISTERS)
    for (const value of widthOf(compiled, letter) === 4 ? [13, 15] : []) {
      consider(() => setField(compiled, anyWord(compiled, random, v8m), letter, value), refused);
    }
  consider(() => anyWord(compiled, random, v8m), refused);
  return { good: [...good], refused: [...refused], disputed: [...disputed] };
}

/** Counts through pairs of operands, so that every pair of edges comes in the course of a row. */
export class Operands {
  private count = 0;

  pair<T>(values: readonly T[], others: readonly T[] = values): readonly [T, T] {
    const at = this.count++;
    return [values[at % values.length]!, others[Math.floor(at / values.length) % others.length]!];
  }
}

const isAccess = (op: string): boolean => /^(V?(LD|ST)|TB[BH])/.test(op);

/** Addresses of accesses: aligned and not, across pages, into the device and past its end, over the end of RAM, into holes. */
function address(random: Random, words: number): number {
  const data = DATA_BASE + 0x200 + 4 * random.below(0x200);
  const choice = random.below(16);
  if (choice < 6) return data;
  if (choice < 8) return data + random.below(4);
  if (choice === 8) return DATA_BASE + 0x1000 - 1 - random.below(3);
  if (choice === 9) return DATA_BASE + 0x2000 - 4 * (1 + random.below(Math.max(1, words - 1)));
  if (choice === 10) return DEVICE_BASE + 4 * random.below(8);
  if (choice === 11) return DEVICE_BASE + random.below(32);
  if (choice === 12) return DEVICE_BASE + 0x100 - 4 * random.below(words + 1);
  if (choice === 13) return DATA_END - 4 * random.below(words + 1);
  if (choice === 14) return random.pick([0x5000_0000, 0x9000_0000, 0x5000_0002, 0x9000_0001]);
  return data;
}

/** A place to branch to, Thumb bit set. */
const codeAddress = (random: Random): number => (0x1000 + 4 * random.below(0x400)) | 1;

/** Something that a branch to a register may find there. */
function branchTarget(random: Random, handler: boolean): number {
  if (handler && random.chance(0.4)) return random.pick([0xffff_fff1, 0xffff_fff9, 0xffff_fffd, 0xffff_ffe9, 0xffff_ffed]);
  if (random.chance(0.05)) return random.pick([0xfeff_ffff, 0xfeff_fffe, 0xf000_0001, 0xff00_0001]);
  if (random.chance(0.15)) return codeAddress(random) & ~1;
  return codeAddress(random) | 1;
}

/** Makes the starting state for `word`, to execute at `pc`. */
export function setupFor(compiled: CompiledEncoding, word: number, pc: number, random: Random, operands: Operands, v8m = false): Setup {
  const cells = new Int32Array(CELL_COUNT);
  const i = new Instruction(compiled, word, false);
  const { op } = compiled.encoding;
  const handler = random.chance(0.2);
  for (let r = 0; r < 13; r++) cells[r] = random.chance(0.5) ? random.pick(EDGES) : random.u32();
  cells[CELL.LR] = codeAddress(random);
  cells[CELL.SP] = DATA_BASE + 0x1800 + 4 * random.below(16);
  cells[CELL.PC] = pc;
  cells[CELL.T] = 1;
  cells[CELL.APSR] = random.u32() & 0xf80f_0000;
  cells[CELL.IPSR] = handler ? random.pick([2, 3, 11, 15, 16]) : 0;
  cells[CELL.CONTROL] = handler ? random.pick([0, 1, 4]) : random.pick([0, 0, 1, 2, 3, 4, 6]);
  cells[CELL.BANKED_SP] = DATA_BASE + 0x2800;
  if (random.chance(0.3)) {
    cells[CELL.PRIMASK] = random.below(2);
    cells[CELL.BASEPRI] = random.pick([0, 0x10, 0x80, 0xf0]);
    cells[CELL.FAULTMASK] = random.below(2);
  }
  if (v8m) {
    cells[CELL.SECURE] = random.below(2);
    // Limits that are far away, just met, or passed by instructions that move SP.
    if (random.chance(0.3)) cells[CELL.SPLIM] = (cells[CELL.SP]! - 8 * random.below(6)) & ~7;
    cells[CELL.BANKED_SPLIM] = random.pick([0, DATA_BASE + 0x2800]);
    if (cells[CELL.SECURE] === 1) cells[CELL.CONTROL]! |= 8 * random.below(2);
  }
  cells[CELL.EVENT] = random.below(2);
  cells[CELL.FPSCR] = random.chance(0.3) ? 0 : (random.u32() & 0xf7c0_009f) | 0;
  floatOperands(cells, i, random, operands);
  const put = (letter: string, value: number): void => {
    // LR and below: the operand registers of an instruction. SP keeps to words.
    const r = i.has(letter) ? i.f(letter) : 15;
    if (r < 15) cells[r] = r === 13 ? value & ~3 : value;
  };
  const [n, m] = operands.pair(EDGES, /^(LSL|LSR|ASR|ROR)_REG/.test(op) ? AMOUNTS : EDGES);
  if (!op.startsWith('V') && !isAccess(op)) {
    put('n', n);
    put('m', m);
  }
  if (/^BL?X(NS)?$/.test(op) || (/^(MOV|ADD)_HIGH/.test(op) && i.f('d') === 15)) put('m', branchTarget(random, handler));
  const words: [number, number][] = [];
  if (isAccess(op)) prepareAccess(cells, i, random, handler, words, put);
  return {
    cells,
    words,
    fpTrap: random.chance(0.04),
    divideTrap: random.chance(0.5),
    unalignedTrap: random.chance(0.1),
    watchMasks: random.chance(0.5),
  };
}

function floatOperands(cells: Int32Array, i: Instruction, random: Random, operands: Operands): void {
  for (let k = 0; k < 32; k++) cells[CELL.S0 + k] = interestingSingle(random);
  const { op } = i.compiled.encoding;
  if (!op.startsWith('V') || isAccess(op)) return;
  const signed = (high: number): number => (random.chance(0.5) ? high : high ^ 0x8000_0000);
  if (op.includes('F64') || /_D$|SCALAR/.test(op)) {
    for (let k = 0; k < 32; k += 2) {
      const [low, high] = random.chance(0.5) ? random.pick(DOUBLES) : interestingDouble(random);
      [cells[CELL.S0 + k], cells[CELL.S0 + k + 1]] = [low, signed(high)];
    }
    const [x, y] = operands.pair(DOUBLES);
    for (const [letter, [low, high]] of [
      ['n', x],
      ['m', y],
    ] as const) {
      if (!i.has(letter)) continue;
      [cells[CELL.S0 + 2 * i.f(letter)], cells[CELL.S0 + 2 * i.f(letter) + 1]] = [low, signed(high)];
    }
    if (!i.has('n') && !i.has('m')) [cells[CELL.S0 + 2 * i.f('d')], cells[CELL.S0 + 2 * i.f('d') + 1]] = [x[0], signed(x[1])];
  }
  if (!op.includes('F32') && !op.includes('F16')) return;
  const [x, y] = operands.pair(SINGLES);
  const single = (letter: 'd' | 'n' | 'm', value: number): void => {
    if (i.has(letter)) cells[CELL.S0 + ((2 * i.f(letter) + i.f(letter.toUpperCase())) & 31)] = signed(value);
  };
  if (!op.endsWith('F64')) {
    single('d', random.chance(0.5) ? random.pick(SINGLES) : interestingSingle(random));
    single('n', x);
    single('m', y);
    if (!i.has('n') && !i.has('m')) single('d', x);
  }
}

/** Gives the base register a value that leads to an address worth trying. */
function prepareAccess(
  cells: Int32Array,
  i: Instruction,
  random: Random,
  handler: boolean,
  words: [number, number][],
  put: (letter: string, value: number) => void,
): void {
  const { op } = i.compiled.encoding;
  const list = /^(LDM|STM)/.test(op) ? i.imm : 0;
  const count = list ? list.toString(2).replaceAll('0', '').length : /^V(LD|ST)M/.test(op) ? i.f('i') : /D$|F64$/.test(op) ? 2 : 1;
  const n = i.has('n') ? i.f('n') : 15;
  const m = /_REG$|^TB/.test(op) ? i.f('m') : 15;
  const scale = op === 'TBH' ? 2 : op === 'TBB' ? 1 : 2 ** i.f('i');
  let at = address(random, count);
  // The stack pointer is a multiple of four, so with it the offset alone decides.
  const post = i.has('P') && i.f('P') === 0;
  const imm = op.endsWith('_LIT') ? 0 : i.imm;
  const down = i.has('U') && i.f('U') === 0;
  let offset = post || list ? 0 : down ? -imm : imm;
  if (/DB$/.test(op)) offset = -4 * count;
  if (/^V(LD|ST)M/.test(op)) offset = down ? -4 * count : 0;
  if (m !== 15) {
    const index = m === 13 ? cells[13]! : random.pick([0, 1, 2, 4, 8, 0xffff_fffc, 0xffff_ffff, 0x100, random.u32()]);
    if (m === n) {
      // Rn + scale * Rn: move the address to what can be reached.
      const base = Math.ceil(at / (1 + scale));
      put('n', base);
      at = base * (1 + scale);
    } else {
      put('m', index);
      offset = cells[m]! * scale;
      put('n', (at - offset) | 0);
    }
  } else put('n', (at - offset) | 0);
  if (n === 13) at = ((cells[13]! >>> 0) + offset) % 2 ** 32;
  // A word that only begins in RAM would need a rule for its first bytes.
  if (n !== 15 && at % 4 !== 0 && at >= DATA_END - 4 && at < DATA_END) cells[n]! -= 64;
  if (/^(LD|ST)REX/.test(op) || op.startsWith('STREX')) {
    cells[CELL.EXCLUSIVE] = random.chance(0.7) ? 1 : 0;
    cells[CELL.EXCLUSIVE_ADDRESS] = random.chance(0.8) ? at : at + 4;
  }
  // What is loaded into the PC should be code.
  const toPc = (/^LDR_/.test(op) && i.f('t') === 15) || (list & 0x8000) !== 0;
  const slot = list ? at + 4 * (count - 1) : at;
  if (toPc && slot >= DATA_BASE && slot < DATA_BASE + 0x2f00 && slot % 4 === 0 && n !== 15)
    words.push([slot, branchTarget(random, handler)]);
}
