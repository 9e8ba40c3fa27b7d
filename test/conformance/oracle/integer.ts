/** Data processing, shifts, bit fields, multiplication and division without the DSP extension (ARM DDI 0403E, A7.7). */
import { STOP } from '../../../src/cpu/engine.ts';
import { AddWithCarry, bit, bits, SatQ, type Shift, Shift_C, SInt, SignExtend, UInt, word } from './bits.ts';
import { type Machine, Stop } from './machine.ts';
import type { Instruction, Operation, Operations } from './operation.ts';

const not = (value: number): number => word(~BigInt(value));

/** Writes a result and, if asked, the flags of it. */
function finish(m: Machine, i: Instruction, result: number, carry: boolean = m.c, overflow: boolean = m.v): void {
  m.setChecked(i.f('d'), result);
  flags(m, i.setflags, result, carry, overflow);
}

function flags(m: Machine, setflags: boolean, result: number, carry: boolean, overflow: boolean = m.v): void {
  if (!setflags) return;
  m.setNZ(result);
  m.c = carry;
  m.v = overflow;
}

const LOGICAL: Readonly<Record<string, (n: number, operand: number) => bigint>> = {
  AND: (n, x) => UInt(n) & UInt(x),
  BIC: (n, x) => UInt(n) & UInt(not(x)),
  ORR: (n, x) => UInt(n) | UInt(x),
  ORN: (n, x) => UInt(n) | UInt(not(x)),
  EOR: (n, x) => UInt(n) ^ UInt(x),
  MOV: (_n, x) => UInt(x),
  MVN: (_n, x) => UInt(not(x)),
};

const ARITHMETIC: Readonly<Record<string, (n: number, operand: number, c: boolean) => ReturnType<typeof AddWithCarry>>> = {
  ADD: (n, x) => AddWithCarry(n, x, false),
  ADC: (n, x, c) => AddWithCarry(n, x, c),
  SUB: (n, x) => AddWithCarry(n, not(x), true),
  SBC: (n, x, c) => AddWithCarry(n, not(x), c),
  RSB: (n, x) => AddWithCarry(not(n), x, true),
};

/** Compares by the operation whose result they drop. */
const COMPARES = { TST: 'AND', TEQ: 'EOR', CMP: 'SUB', CMN: 'ADD' } as const;

function dataProcessing(kind: 'IMM' | 'REG' | 'SHIFT'): [string, Operation][] {
  const logical = Object.entries(LOGICAL).map(([name, compute]): [string, Operation] => [
    `${name}_${kind}`,
    (m, i) => {
      const { result: x, carry } = i.operand(m, kind);
      finish(m, i, word(compute(i.has('n') ? m.R(i.f('n')) : 0, x)), carry);
    },
  ]);
  const arithmetic = Object.entries(ARITHMETIC).map(([name, compute]): [string, Operation] => [
    `${name}_${kind}`,
    (m, i) => {
      const { result, carry, overflow } = compute(m.R(i.f('n')), i.operand(m, kind).result, m.c);
      finish(m, i, result, carry, overflow);
    },
  ]);
  const compares = Object.entries(COMPARES).map(([name, by]): [string, Operation] => [
    `${name}_${kind}`,
    (m, i) => {
      const { result: x, carry } = i.operand(m, kind);
      const n = m.R(i.f('n'));
      if (by === 'AND' || by === 'EOR') return flags(m, true, word(LOGICAL[by]!(n, x)), carry);
      const sum = ARITHMETIC[by]!(n, x, m.c);
      flags(m, true, sum.result, sum.carry, sum.overflow);
    },
  ]);
  return [...logical, ...arithmetic, ...compares];
}

const shiftImmediate = (type: number): Operation => {
  return (m, i) => {
    const { result, carry } = i.shifted(m, type);
    finish(m, i, result, carry);
  };
};

const shiftRegister = (shift: Shift): Operation => {
  return (m, i) => {
    const { result, carry } = i.shiftedByRegister(m, shift);
    finish(m, i, result, carry);
  };
};

/** Rm rotated right by 8 times the rotation field. */
export const rotated = (m: Machine, i: Instruction): number => Shift_C(m.R(i.f('m')), 'ROR', 8 * i.f('i'), m.c).result;

const extend = (width: number, signed: boolean, add: boolean): Operation => {
  return (m, i) => {
    const low = signed ? SInt(rotated(m, i), width) : UInt(rotated(m, i), width);
    m.setR(i.f('d'), word(low + (add ? UInt(m.R(i.f('n'))) : 0n)));
  };
};

const reversed = (value: number, from: readonly number[]): number =>
  word(from.reduce((sum, source, to) => sum | (bits(value, source * 8 + 7, source * 8) << BigInt(to * 8)), 0n));

function divide(m: Machine, i: Instruction, read: (value: number) => bigint): void {
  const divisor = read(m.R(i.f('m')));
  if (divisor === 0n && m.divideTrap) throw new Stop(STOP.DIVIDE_BY_ZERO);
  // BigInt division truncates, which is RoundTowardsZero.
  m.setR(i.f('d'), divisor === 0n ? 0 : word(read(m.R(i.f('n'))) / divisor));
}

const long = (read: (value: number) => bigint, accumulate: boolean): Operation => {
  return (m, i) => {
    const old = accumulate ? (UInt(m.R(i.f('d'))) << 32n) | UInt(m.R(i.f('l'))) : 0n;
    const result = read(m.R(i.f('n'))) * read(m.R(i.f('m'))) + old;
    m.setR(i.f('d'), word(result >> 32n));
    m.setR(i.f('l'), word(result));
  };
};

const saturate = (signed: boolean): Operation => {
  return (m, i) => {
    const operand = SInt(Shift_C(m.R(i.f('n')), i.f('k') === 1 ? 'ASR' : 'LSL', i.f('i'), m.c).result);
    const { result, saturated } = SatQ(operand, i.f('w') + (signed ? 1 : 0), signed);
    m.setR(i.f('d'), word(result));
    if (saturated) m.q = true;
  };
};

const ones = (count: number): bigint => (1n << BigInt(count)) - 1n;

export const INTEGER: Operations = {
  ...Object.fromEntries((['IMM', 'REG', 'SHIFT'] as const).flatMap(dataProcessing)),
  LSL_IMM: shiftImmediate(0),
  LSR_IMM: shiftImmediate(1),
  ASR_IMM: shiftImmediate(2),
  ROR_IMM: shiftImmediate(3),
  RRX: (m, i) => {
    const { result, carry } = Shift_C(m.R(i.f('m')), 'RRX', 1, m.c);
    finish(m, i, result, carry);
  },
  LSL_REG: shiftRegister('LSL'),
  LSR_REG: shiftRegister('LSR'),
  ASR_REG: shiftRegister('ASR'),
  ROR_REG: shiftRegister('ROR'),
  ADD_HIGH: (m, i) => {
    const { result } = AddWithCarry(m.R(i.f('n')), m.R(i.f('m')), false);
    if (i.f('d') === 15) m.branchWritePC(result);
    else m.setChecked(i.f('d'), result);
  },
  MOV_HIGH: (m, i) => {
    if (i.f('d') === 15) m.branchWritePC(m.R(i.f('m')));
    else m.setChecked(i.f('d'), m.R(i.f('m')));
  },
  ADR: (m, i) => m.setR(i.f('d'), word(i.f('U') === 1 ? UInt(m.literalBase) + UInt(i.imm) : UInt(m.literalBase) - UInt(i.imm))),
  MOVT: (m, i) => m.setR(i.f('d'), word((UInt(i.imm) << 16n) | UInt(m.R(i.f('d')), 16))),
  SXTB: extend(8, true, false),
  SXTH: extend(16, true, false),
  UXTB: extend(8, false, false),
  UXTH: extend(16, false, false),
  SXTAB: extend(8, true, true),
  SXTAH: extend(16, true, true),
  UXTAB: extend(8, false, true),
  UXTAH: extend(16, false, true),
  REV: (m, i) => m.setR(i.f('d'), reversed(m.R(i.f('m')), [3, 2, 1, 0])),
  REV16: (m, i) => m.setR(i.f('d'), reversed(m.R(i.f('m')), [1, 0, 3, 2])),
  REVSH: (m, i) => m.setR(i.f('d'), SignExtend(reversed(m.R(i.f('m')), [1, 0]), 16)),
  RBIT: (m, i) => {
    let result = 0n;
    for (let at = 0; at < 32; at++) if (bit(m.R(i.f('m')), at)) result |= 1n << BigInt(31 - at);
    m.setR(i.f('d'), word(result));
  },
  CLZ: (m, i) => m.setR(i.f('d'), 32 - (m.R(i.f('m')) === 0 ? 0 : m.R(i.f('m')).toString(2).length)),
  MUL: (m, i) => {
    const result = word(SInt(m.R(i.f('n'))) * SInt(m.R(i.f('m'))));
    m.setR(i.f('d'), result);
    if (i.setflags) m.setNZ(result);
  },
  MLA: (m, i) => m.setR(i.f('d'), word(SInt(m.R(i.f('n'))) * SInt(m.R(i.f('m'))) + SInt(m.R(i.f('a'))))),
  MLS: (m, i) => m.setR(i.f('d'), word(SInt(m.R(i.f('a'))) - SInt(m.R(i.f('n'))) * SInt(m.R(i.f('m'))))),
  SMULL: long(SInt, false),
  UMULL: long(UInt, false),
  SMLAL: long(SInt, true),
  UMLAL: long(UInt, true),
  SDIV: (m, i) => divide(m, i, SInt),
  UDIV: (m, i) => divide(m, i, UInt),
  SSAT: saturate(true),
  USAT: saturate(false),
  SBFX: (m, i) => {
    const [lsb, width] = [i.f('i'), i.f('w') + 1];
    m.setR(i.f('d'), word(SInt(bits(m.R(i.f('n')), lsb + width - 1, lsb), width)));
  },
  UBFX: (m, i) => m.setR(i.f('d'), word(bits(m.R(i.f('n')), i.f('i') + i.f('w'), i.f('i')))),
  BFI: (m, i) => {
    const [lsb, msb] = [i.f('i'), i.f('w')];
    const mask = ones(msb - lsb + 1) << BigInt(lsb);
    m.setR(i.f('d'), word((UInt(m.R(i.f('d'))) & ~mask) | ((UInt(m.R(i.f('n'))) << BigInt(lsb)) & mask)));
  },
  BFC: (m, i) => m.setR(i.f('d'), word(UInt(m.R(i.f('d'))) & ~(ones(i.f('w') - i.f('i') + 1) << BigInt(i.f('i'))))),
};
