/**
 * Integer instructions that are too rare for the main switch: data processing with every shift and flag, extensions, long multiplication.
 *
 * Default packing of word 1 (see lowering.ts): Rd 3:0, Rn 7:4, Rm 11:8, Ra 15:12, Rt 19:16, Rt2 23:20, RdLo 27:24; word 2 is the
 * immediate and word 3 the instruction. `ALU` has a packing of its own.
 */
import { CELL } from '../core-registers.ts';
import { type Context, DONE, FAULT, type Handler } from './context.ts';
import { ALU_KIND } from './micro-ops.ts';

const N = 1 << 31;
const Z = 1 << 30;
const C = 1 << 29;
const V = 1 << 28;

/** Word 1 of `ALU`: Rd 3:0, Rn 7:4, Rm 11:8, kind 15:12, then these. */
export const ALU_FLAGS = 1 << 16;
export const ALU_IMMEDIATE = 1 << 17;
/** With ALU_IMMEDIATE: the carry out is 0 or 1 rather than the carry flag. */
export const ALU_CARRY_CLEAR = 1 << 18;
export const ALU_CARRY_SET = 1 << 19;

/** The shifter's result for an immediate shift; `carry` is the carry flag. Amounts are 0..32, ROR by 0 is RRX. */
export function shiftImmediate(value: number, type: number, amount: number, carry: number): number {
  if (type === 0) return value << amount;
  if (type === 1) return amount === 32 ? 0 : value >>> amount;
  if (type === 2) return value >> (amount === 32 ? 31 : amount);
  return amount === 0 ? (carry << 31) | (value >>> 1) : (value >>> amount) | (value << (32 - amount));
}

/** The shifter's carry out for an immediate shift. */
export function shiftCarry(value: number, type: number, amount: number, carry: number): number {
  if (type === 0) return amount === 0 ? carry : (value >>> (32 - amount)) & 1;
  if (type === 3 && amount === 0) return value & 1;
  return (value >>> (amount - 1)) & 1;
}

/** High word of the unsigned product, i32. */
export function multiplyHigh(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const low = (al * bl) >>> 16;
  const middle = ah * bl + low;
  const other = (middle % 65536) + al * bh;
  return (ah * bh + Math.floor(middle / 65536) + Math.floor(other / 65536)) | 0;
}

/** High word of the signed product, i32. */
export function multiplyHighSigned(a: number, b: number): number {
  return (multiplyHigh(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0)) | 0;
}

/** Writes `value` to Rd; SP keeps its low bits zero. */
function write(cells: Int32Array, d: number, value: number): void {
  cells[d] = d === 13 ? value & ~3 : value;
}

/** a + b + carry with its flags; the N, Z, C and V of the sum are left in `additionFlags`. */
let additionFlags = 0;
function add(a: number, b: number, carry: number): number {
  const sum = (a + b + carry) | 0;
  const wide = (a >>> 0) + (b >>> 0) + carry;
  additionFlags = (sum & N) | (sum === 0 ? Z : 0) | (wide > 0xffff_ffff ? C : 0) | (((a ^ sum) & (b ^ sum)) < 0 ? V : 0);
  return sum;
}

const ALU: Handler = (context, w1, w2, w3) => {
  const { cells } = context;
  const apsr = cells[CELL.APSR]!;
  const carryIn = (apsr >>> 29) & 1;
  const n = cells[(w1 >> 4) & 15]!;
  let operand = w2;
  let carry = carryIn;
  if ((w1 & ALU_IMMEDIATE) !== 0) {
    if ((w1 & ALU_CARRY_SET) !== 0) carry = 1;
    else if ((w1 & ALU_CARRY_CLEAR) !== 0) carry = 0;
  } else {
    const m = cells[(w1 >> 8) & 15]!;
    operand = shiftImmediate(m, w3 & 3, w3 >> 2, carryIn);
    carry = shiftCarry(m, w3 & 3, w3 >> 2, carryIn);
  }
  const kind = (w1 >> 12) & 15;
  const result = compute(kind, n, operand, carryIn);
  if (kind < ALU_KIND.TST) {
    if ((w1 & 15) === 13 && context.checkLimit(result) !== DONE) return FAULT;
    write(cells, w1 & 15, result);
  }
  if ((w1 & ALU_FLAGS) !== 0) {
    const logical = kind < ALU_KIND.ADD || (kind >= ALU_KIND.MOV && kind <= ALU_KIND.TEQ);
    const flags = logical ? (result & N) | (result === 0 ? Z : 0) | (carry << 29) | (apsr & V) : additionFlags;
    cells[CELL.APSR] = (apsr & 0x0fff_ffff) | flags;
  }
  return DONE;
};

function compute(kind: number, n: number, operand: number, carry: number): number {
  switch (kind) {
    case ALU_KIND.AND:
    case ALU_KIND.TST:
      return n & operand;
    case ALU_KIND.BIC:
      return n & ~operand;
    case ALU_KIND.ORR:
      return n | operand;
    case ALU_KIND.ORN:
      return n | ~operand;
    case ALU_KIND.EOR:
    case ALU_KIND.TEQ:
      return n ^ operand;
    case ALU_KIND.ADD:
    case ALU_KIND.CMN:
      return add(n, operand, 0);
    case ALU_KIND.ADC:
      return add(n, operand, carry);
    case ALU_KIND.SBC:
      return add(n, ~operand, carry);
    case ALU_KIND.SUB:
    case ALU_KIND.CMP:
      return add(n, ~operand, 1);
    case ALU_KIND.RSB:
      return add(~n, operand, 1);
    case ALU_KIND.MVN:
      return ~operand;
    default:
      return operand;
  }
}

/** ROR (register), with or without flags. */
const rotateRight = (flags: boolean): Handler => {
  return ({ cells }, w1) => {
    const value = cells[(w1 >> 4) & 15]!;
    const amount = cells[(w1 >> 8) & 15]! & 0xff;
    const by = amount & 31;
    const result = by === 0 ? value : (value >>> by) | (value << (32 - by));
    cells[w1 & 15] = result;
    if (flags) {
      const apsr = cells[CELL.APSR]!;
      const carry = amount === 0 ? apsr & C : result < 0 ? C : 0;
      cells[CELL.APSR] = (apsr & 0x1fff_ffff) | (result & N) | (result === 0 ? Z : 0) | carry;
    }
    return DONE;
  };
};

const rotated = (cells: Int32Array, w1: number, w2: number): number => {
  const m = cells[(w1 >> 8) & 15]!;
  return w2 === 0 ? m : (m >>> (w2 * 8)) | (m << (32 - w2 * 8));
};
const plus = (a: number, b: number): number => ((a & 0xffff0000) + (b & 0xffff0000)) | ((a + b) & 0xffff);
const extend = (operation: (value: number, n: number) => number): Handler => {
  return ({ cells }, w1, w2) => {
    cells[w1 & 15] = operation(rotated(cells, w1, w2), cells[(w1 >> 4) & 15]!);
    return DONE;
  };
};
const bytesSigned = (value: number): number => (((value << 24) >> 24) & 0xffff) | (((value << 8) >> 24) << 16);

/** RdHi:RdLo = the 64-bit product, plus the old value when it accumulates. */
function accumulate(cells: Int32Array, w1: number, low: number, high: number): number {
  const d = w1 & 15;
  const l = (w1 >> 24) & 15;
  const sum = (cells[l]! >>> 0) + (low >>> 0);
  cells[d] = cells[d]! + high + (sum > 0xffff_ffff ? 1 : 0);
  cells[l] = sum;
  return DONE;
}

function reverseBits(value: number): number {
  let v = ((value >>> 1) & 0x5555_5555) | ((value & 0x5555_5555) << 1);
  v = ((v >>> 2) & 0x3333_3333) | ((v & 0x3333_3333) << 2);
  v = ((v >>> 4) & 0x0f0f_0f0f) | ((v & 0x0f0f_0f0f) << 4);
  v = ((v >>> 8) & 0x00ff_00ff) | ((v & 0x00ff_00ff) << 8);
  return (v >>> 16) | (v << 16);
}

const saturateTo = (signed: boolean): Handler => {
  return (context, w1, w2, w3) => {
    const { cells } = context;
    const arithmetic = ((w3 >>> 21) & 1) !== 0;
    const n = cells[(w1 >> 4) & 15]!;
    const width = w3 & 31;
    const operand = arithmetic ? n >> w2 : n << w2;
    const high = 2 ** width - 1;
    const low = signed ? -(2 ** width) : 0;
    const result = Math.max(Math.min(operand, high), low);
    if (result !== operand) context.saturate();
    cells[w1 & 15] = result;
    return DONE;
  };
};

/** SP = PC + `n`. */
function movePc(context: Context, n: number): number {
  const { cells } = context;
  const sp = (cells[CELL.PC]! + 4 + n) & ~3;
  if (context.checkLimit(sp) !== DONE) return FAULT;
  cells[13] = sp;
  return DONE;
}

/** Handlers by micro-operation name. */
export const INTEGER: Readonly<Record<string, Handler>> = {
  ALU,
  ADD_SP_PC: (context) => movePc(context, context.cells[13]!),
  MOV_SP_PC: (context) => movePc(context, 0),
  ROR_R: rotateRight(false),
  RORS_R: rotateRight(true),
  SXTB: extend((value) => (value << 24) >> 24),
  SXTH: extend((value) => (value << 16) >> 16),
  UXTB: extend((value) => value & 0xff),
  UXTH: extend((value) => value & 0xffff),
  SXTB16: extend(bytesSigned),
  UXTB16: extend((value) => value & 0x00ff_00ff),
  SXTAB: extend((value, n) => n + ((value << 24) >> 24)),
  SXTAH: extend((value, n) => n + ((value << 16) >> 16)),
  UXTAB: extend((value, n) => n + (value & 0xff)),
  UXTAH: extend((value, n) => n + (value & 0xffff)),
  SXTAB16: extend((value, n) => plus(n, bytesSigned(value))),
  UXTAB16: extend((value, n) => plus(n, value & 0x00ff_00ff)),
  SMLAL: ({ cells }, w1) => {
    const n = cells[(w1 >> 4) & 15]!;
    const m = cells[(w1 >> 8) & 15]!;
    return accumulate(cells, w1, Math.imul(n, m), multiplyHighSigned(n, m));
  },
  UMLAL: ({ cells }, w1) => {
    const n = cells[(w1 >> 4) & 15]!;
    const m = cells[(w1 >> 8) & 15]!;
    return accumulate(cells, w1, Math.imul(n, m), multiplyHigh(n, m));
  },
  REV16: ({ cells }, w1) => {
    const m = cells[(w1 >> 8) & 15]!;
    cells[w1 & 15] = ((m >>> 8) & 0x00ff_00ff) | ((m & 0x00ff_00ff) << 8);
    return DONE;
  },
  REVSH: ({ cells }, w1) => {
    const m = cells[(w1 >> 8) & 15]!;
    cells[w1 & 15] = ((m << 24) >> 16) | ((m >>> 8) & 0xff);
    return DONE;
  },
  RBIT: ({ cells }, w1) => {
    cells[w1 & 15] = reverseBits(cells[(w1 >> 8) & 15]!);
    return DONE;
  },
  SSAT: saturateTo(true),
  USAT: saturateTo(false),
};
