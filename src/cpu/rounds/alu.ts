/**
 * Data processing on paper (ARMv7-M ARM, A7.7): sums and multiples are followed through the rounds, everything else as long as its
 * operands stay the same.
 */
import { multiplyHigh, multiplyHighSigned, shiftCarry, shiftImmediate } from '../interpreter/integer.ts';
import { type Affine, add, constant, isConstant, not, OPAQUE, scale } from './affine.ts';
import type { Instruction } from './instruction.ts';
import { type RoundState, UNKNOWN } from './round-state.ts';

/** Executes an instruction; false ends the attempt. */
export type Operation = (state: RoundState, instruction: Instruction) => boolean;

/** Second operand of data processing; `carry` is the shifter's: 0, 1, UNKNOWN, or -1 where the flag stays. */
interface Operand {
  readonly value: Affine;
  readonly carry: number;
}

type OperandOf = (state: RoundState, instruction: Instruction) => Operand | undefined;
type Compute = (a: number, b: number) => number;

const ZERO = constant(0);

const immediateOperand: OperandOf = (_state, { imm, carry }) => ({ value: constant(imm), carry });

const registerOperand: OperandOf = (state, { m }) => {
  const value = state.read(m);
  return value && { value, carry: -1 };
};

const shiftedOperand: OperandOf = (state, { m, type, amount }) => {
  const value = state.read(m);
  return value && shift(state, value, type, amount);
};

function shift(state: RoundState, value: Affine, type: number, amount: number): Operand | undefined {
  if (amount === 0 && type === 0) return { value, carry: -1 };
  if (isConstant(value)) {
    const carry = type === 3 && amount === 0 ? state.carry() : 0;
    if (carry === undefined) return undefined;
    return { value: constant(shiftImmediate(value.c, type, amount, carry)), carry: shiftCarry(value.c, type, amount, carry) };
  }
  if (type === 0) return { value: scale(value, 1 << amount), carry: UNKNOWN };
  const settled = type !== 3 && state.horizon.keepsAbove(value, Math.min(amount, 31));
  return { value: settled ? constant(shiftImmediate(value.c, type, amount, 0)) : OPAQUE, carry: UNKNOWN };
}

/** a + b + carry into Rd and the flags, or the flags alone. */
function sum(state: RoundState, i: Instruction, a: Affine, b: Affine, carry: number, compare: boolean): boolean {
  const total = add(a, b, carry);
  if (!compare && !state.write(i.d, total)) return false;
  if (compare || setsFlags(state, i)) state.setSum(a, b, carry, total);
  return true;
}

function setsFlags(state: RoundState, i: Instruction): boolean {
  return state.inIt ? i.flagsInIt : i.flags;
}

const sums: Readonly<Record<string, (state: RoundState, i: Instruction, a: Affine, b: Affine) => boolean>> = {
  ADD: (state, i, a, b) => sum(state, i, a, b, 0, false),
  SUB: (state, i, a, b) => sum(state, i, a, not(b), 1, false),
  RSB: (state, i, a, b) => sum(state, i, not(a), b, 1, false),
  CMP: (state, i, a, b) => sum(state, i, a, not(b), 1, true),
  CMN: (state, i, a, b) => sum(state, i, a, b, 0, true),
  ADC: (state, i, a, b) => withCarry(state, i, a, b),
  SBC: (state, i, a, b) => withCarry(state, i, a, not(b)),
};

function withCarry(state: RoundState, i: Instruction, a: Affine, b: Affine): boolean {
  const carry = state.carry();
  return carry !== undefined && sum(state, i, a, b, carry, false);
}

/** A bitwise operation: its result, and whether 0 as second operand leaves the first as it is. */
const BITWISE: Readonly<Record<string, Compute>> = {
  AND: (a, b) => a & b,
  BIC: (a, b) => a & ~b,
  ORR: (a, b) => a | b,
  ORN: (a, b) => a | ~b,
  EOR: (a, b) => a ^ b,
  TST: (a, b) => a & b,
  TEQ: (a, b) => a ^ b,
};

function bitwise(state: RoundState, kind: string, a: Affine, b: Affine): Affine {
  if (isConstant(a) && isConstant(b)) return constant(BITWISE[kind]!(a.c, b.c));
  if (kind === 'AND' || kind === 'TST') return isConstant(b) ? masked(state, a, b.c) : isConstant(a) ? masked(state, b, a.c) : OPAQUE;
  if (kind === 'BIC') return isConstant(b) ? masked(state, a, ~b.c) : OPAQUE;
  if (kind === 'ORN') return isConstant(b) && b.c === -1 ? a : OPAQUE;
  if (isConstant(b) && b.c === 0) return a;
  return isConstant(a) && a.c === 0 ? b : OPAQUE;
}

/** value & mask: constant while the bits that the mask can see stay, or a function of the round while those that it hides stay. */
function masked(state: RoundState, value: Affine, mask: number): Affine {
  if (mask === 0) return ZERO;
  if (state.horizon.keepsAbove(value, 31 - Math.clz32(mask & -mask))) return constant(value.c & mask);
  if ((mask & (mask + 1)) !== 0 || mask === -1) return mask === -1 ? value : OPAQUE;
  return state.horizon.keepsAbove(value, 32 - Math.clz32(mask)) ? { c: value.c & mask, d: value.d } : OPAQUE;
}

function logical(state: RoundState, i: Instruction, result: Affine, carry: number, compare: boolean): boolean {
  if (!compare && !state.write(i.d, result)) return false;
  if (!compare && !setsFlags(state, i)) return true;
  state.setResult(result);
  if (carry >= 0) state.c = carry;
  return true;
}

/** Data processing with a first operand. */
function dataProcessing(kind: string, second: OperandOf): Operation {
  const summing = sums[kind];
  const compare = kind === 'TST' || kind === 'TEQ';
  return (state, i) => {
    const a = state.read(i.n);
    const b = a && second(state, i);
    if (!b) return false;
    if (summing) return summing(state, i, a, b.value);
    return logical(state, i, bitwise(state, kind, a, b.value), b.carry, compare);
  };
}

/** MOV, MVN and shifts: no first operand. */
function moving(second: OperandOf, inverted = false): Operation {
  return (state, i) => {
    const operand = second(state, i);
    return operand !== undefined && logical(state, i, inverted ? not(operand.value) : operand.value, operand.carry, false);
  };
}

/** An operation that is followed for operands that stay the same only. */
function plain(
  registers: (i: Instruction) => readonly number[],
  compute: (values: readonly number[], i: Instruction) => number,
): Operation {
  return (state, i) => {
    const values: number[] = [];
    let known = true;
    for (const register of registers(i)) {
      const value = state.read(register);
      if (!value) return false;
      known &&= isConstant(value);
      values.push(value.c);
    }
    return logical(state, i, known ? constant(compute(values, i)) : OPAQUE, -1, false);
  };
}

const ofM = (i: Instruction): readonly number[] => [i.m];
const ofN = (i: Instruction): readonly number[] => [i.n];

function rotate(value: number, by: number): number {
  return by === 0 ? value : (value >>> by) | (value << (32 - by));
}

/** Sign- or zero-extension of `bits` bits of Rm, rotated by 8 * imm, with or without Rn added to it. */
function extension(bits: number, signed: boolean, adds: boolean): Operation {
  return (state, i) => {
    const m = state.read(i.m);
    const n = adds ? state.read(i.n) : ZERO;
    if (!m || !n) return false;
    let value: Affine = OPAQUE;
    if (isConstant(m)) {
      const low = rotate(m.c, 8 * i.imm) << (32 - bits);
      value = constant(signed ? low >> (32 - bits) : low >>> (32 - bits));
    } else if (!signed && i.imm === 0) value = masked(state, m, 2 ** bits - 1);
    return state.write(i.d, add(value, n, 0));
  };
}

/** LSL, LSR, ASR, ROR by a register. */
function shiftByRegister(type: number): Operation {
  return (state, i) => {
    const value = state.read(i.n);
    const by = state.read(i.m);
    if (!value || !by) return false;
    if (!isConstant(by)) return logical(state, i, OPAQUE, UNKNOWN, false);
    const amount = by.c & 0xff;
    if (amount === 0) return logical(state, i, value, -1, false);
    if (type === 3) {
      const result = isConstant(value) ? constant(rotate(value.c, amount & 31)) : OPAQUE;
      return logical(state, i, result, result === OPAQUE ? UNKNOWN : result.c >>> 31, false);
    }
    if (amount > 32) {
      const sign = type === 2 ? (isConstant(value) ? constant(value.c >> 31) : OPAQUE) : ZERO;
      return logical(state, i, sign, sign === OPAQUE ? UNKNOWN : sign.c & 1, false);
    }
    if (amount === 32 && type === 0) return logical(state, i, ZERO, isConstant(value) ? value.c & 1 : UNKNOWN, false);
    const shifted = shift(state, value, type, amount);
    return shifted !== undefined && logical(state, i, shifted.value, shifted.carry, false);
  };
}

/** Product of two values of which one at least stays the same. */
function product(a: Affine, b: Affine): Affine {
  if (isConstant(b)) return scale(a, b.c);
  return isConstant(a) ? scale(b, a.c) : OPAQUE;
}

/** MLA and MLS. */
function multiplyAdd(subtracts: boolean): Operation {
  return (state, i) => {
    const [n, m, a] = [state.read(i.n), state.read(i.m), state.read(i.a)];
    if (!n || !m || !a) return false;
    const times = product(n, m);
    return state.write(i.d, subtracts ? add(a, not(times), 1) : add(a, times, 0));
  };
}

/** UMULL and SMULL: RdLo is l, RdHi is d. */
function multiplyLong(high: Compute): Operation {
  return (state, i) => {
    const [n, m] = [state.read(i.n), state.read(i.m)];
    if (!n || !m) return false;
    const known = isConstant(n) && isConstant(m);
    return state.write(i.l, product(n, m)) && state.write(i.d, known ? constant(high(n.c, m.c)) : OPAQUE);
  };
}

/** Division; by zero or by something unknown is left to the engine, as it may trap. */
function divide(quotient: Compute): Operation {
  return (state, i) => {
    const [n, m] = [state.read(i.n), state.read(i.m)];
    if (!n || !m || !isConstant(m) || m.c === 0) return false;
    return state.write(i.d, isConstant(n) ? constant(quotient(n.c, m.c)) : OPAQUE);
  };
}

const bitField: Operation = (state, i) => {
  const value = state.read(i.n);
  if (!value) return false;
  const width = i.w + 1;
  if (isConstant(value)) return state.write(i.d, constant((value.c << (32 - width - i.imm)) >>> (32 - width)));
  if (i.imm === 0) return state.write(i.d, masked(state, value, width === 32 ? -1 : 2 ** width - 1));
  const settled = state.horizon.keepsAbove(value, i.imm);
  return state.write(i.d, settled ? constant((value.c << (32 - width - i.imm)) >>> (32 - width)) : OPAQUE);
};

/** Bits msb:lsb of Rd, which BFI and BFC replace. */
function fieldMask({ w, imm }: Instruction): number {
  return (0xffff_ffff >>> (31 - (w - imm))) << imm;
}

function reverseBits(value: number): number {
  let result = 0;
  for (let bit = 0; bit < 32; bit++) result |= ((value >>> bit) & 1) << (31 - bit);
  return result;
}

const reverse16 = (value: number): number => ((value >>> 8) & 0x00ff_00ff) | ((value & 0x00ff_00ff) << 8);

const address: Operation = (state, i) => state.write(i.d, constant(((state.pc + 4) & ~3) + i.offset));

/** Branches are in control.ts: those forms of MOV and ADD that write PC go there. */
export const ALU: Readonly<Record<string, Operation>> = {
  ...Object.fromEntries(
    [...Object.keys(sums), ...Object.keys(BITWISE)].flatMap((kind) => [
      [`${kind}_IMM`, dataProcessing(kind, immediateOperand)],
      [`${kind}_REG`, dataProcessing(kind, registerOperand)],
      [`${kind}_SHIFT`, dataProcessing(kind, shiftedOperand)],
    ]),
  ),
  MOV_IMM: moving(immediateOperand),
  MOV_REG: moving(registerOperand),
  MVN_IMM: moving(immediateOperand, true),
  MVN_REG: moving(registerOperand, true),
  MVN_SHIFT: moving(shiftedOperand, true),
  LSL_IMM: moving(shiftedOperand),
  LSR_IMM: moving(shiftedOperand),
  ASR_IMM: moving(shiftedOperand),
  ROR_IMM: moving(shiftedOperand),
  LSL_REG: shiftByRegister(0),
  LSR_REG: shiftByRegister(1),
  ASR_REG: shiftByRegister(2),
  ROR_REG: shiftByRegister(3),
  MUL: (state, i) => {
    const [n, m] = [state.read(i.n), state.read(i.m)];
    return n !== undefined && m !== undefined && logical(state, i, product(n, m), -1, false);
  },
  MLA: multiplyAdd(false),
  MLS: multiplyAdd(true),
  UMULL: multiplyLong(multiplyHigh),
  SMULL: multiplyLong(multiplyHighSigned),
  UDIV: divide((n, m) => Math.floor((n >>> 0) / (m >>> 0)) | 0),
  SDIV: divide((n, m) => (n / m) | 0),
  SXTB: extension(8, true, false),
  SXTH: extension(16, true, false),
  UXTB: extension(8, false, false),
  UXTH: extension(16, false, false),
  SXTAB: extension(8, true, true),
  SXTAH: extension(16, true, true),
  UXTAB: extension(8, false, true),
  UXTAH: extension(16, false, true),
  UBFX: bitField,
  SBFX: plain(ofN, ([n], i) => (n! << (31 - i.w - i.imm)) >> (31 - i.w)),
  BFI: plain(
    (i) => [i.d, i.n],
    ([d, n], i) => (d! & ~fieldMask(i)) | ((n! << i.imm) & fieldMask(i)),
  ),
  BFC: plain(
    (i) => [i.d],
    ([d], i) => d! & ~fieldMask(i),
  ),
  MOVT: plain(
    (i) => [i.d],
    ([d], i) => (d! & 0xffff) | (i.imm << 16),
  ),
  CLZ: plain(ofM, ([m]) => Math.clz32(m!)),
  RBIT: plain(ofM, ([m]) => reverseBits(m!)),
  REV: plain(ofM, ([m]) => (reverse16(m!) << 16) | (reverse16(m!) >>> 16)),
  REV16: plain(ofM, ([m]) => reverse16(m!)),
  REVSH: plain(ofM, ([m]) => (reverse16(m!) << 16) >> 16),
  ADR: address,
};
