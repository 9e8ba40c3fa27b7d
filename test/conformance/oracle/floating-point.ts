/** Floating-point instructions except loads and stores (ARM DDI 0403E, A7.7, FPv5 included). */
import { bit, bits, SInt, UInt } from './bits.ts';
import { FloatUnit, type Rounding, type Width } from './float.ts';
import type { Machine } from './machine.ts';
import type { Instruction, Operation, Operations } from './operation.ts';

type Letter = 'd' | 'n' | 'm';

/** Number of a single: Vx:X; of a double: Vx (X is 0 here). */
const number = (i: Instruction, letter: Letter, width: Width): number =>
  width === 64 ? i.f(letter) : 2 * i.f(letter) + (i.has(letter.toUpperCase()) ? i.f(letter.toUpperCase()) : 0);

function read(m: Machine, i: Instruction, letter: Letter, width: Width): bigint {
  const n = number(i, letter, width);
  return width === 64 ? m.D(n) : BigInt(m.s[n]!);
}

function write(m: Machine, i: Instruction, letter: Letter, width: Width, value: bigint): void {
  const n = number(i, letter, width);
  if (width === 64) m.setD(n, value);
  else m.s[n] = Number(UInt(value));
}

/** Runs `compute` with the machine's FPSCR and keeps the flags it raised. */
function withUnit<T>(m: Machine, compute: (unit: FloatUnit) => T): T {
  const unit = new FloatUnit(m.fpscr);
  const result = compute(unit);
  m.fpscr = unit.fpscr;
  return result;
}

type Compute = (unit: FloatUnit, d: bigint, n: bigint, m: bigint, width: Width, i: Instruction) => bigint;

const neg = FloatUnit.negate;

/** Operations whose result goes to Vd; Vn and Vm are read where the encoding has them. */
const COMPUTES: Readonly<Record<string, Compute>> = {
  VADD: (u, _d, n, m, w) => u.add(n, m, w),
  VSUB: (u, _d, n, m, w) => u.subtract(n, m, w),
  VMUL: (u, _d, n, m, w) => u.multiply(n, m, w),
  VNMUL: (u, _d, n, m, w) => neg(u.multiply(n, m, w), w),
  VDIV: (u, _d, n, m, w) => u.divide(n, m, w),
  VMLA: (u, d, n, m, w) => u.add(d, u.multiply(n, m, w), w),
  VMLS: (u, d, n, m, w) => u.add(d, neg(u.multiply(n, m, w), w), w),
  VNMLA: (u, d, n, m, w) => u.add(neg(d, w), neg(u.multiply(n, m, w), w), w),
  VNMLS: (u, d, n, m, w) => u.add(neg(d, w), u.multiply(n, m, w), w),
  VFMA: (u, d, n, m, w) => u.multiplyAdd(d, n, m, w),
  VFMS: (u, d, n, m, w) => u.multiplyAdd(d, neg(n, w), m, w),
  VFNMA: (u, d, n, m, w) => u.multiplyAdd(neg(d, w), neg(n, w), m, w),
  VFNMS: (u, d, n, m, w) => u.multiplyAdd(neg(d, w), n, m, w),
  VMOV: (_u, _d, _n, m) => m,
  VABS: (_u, _d, _n, m, w) => FloatUnit.absolute(m, w),
  VNEG: (_u, _d, _n, m, w) => neg(m, w),
  VSQRT: (u, _d, _n, m, w) => u.squareRoot(m, w),
  VMAXNM: (u, _d, n, m, w) => u.extremeNumber(n, m, w, true),
  VMINNM: (u, _d, n, m, w) => u.extremeNumber(n, m, w, false),
  VRINTRZ: (u, _d, _n, m, w, i) => u.roundInt(m, w, i.f('e') === 1 ? 'zero' : u.mode, false),
  VRINTX: (u, _d, _n, m, w) => u.roundInt(m, w, u.mode, true),
  VRINT: (u, _d, _n, m, w, i) => u.roundInt(m, w, DIRECTED[i.f('c')]!, false),
};

/** RM of the instructions that name their rounding. */
const DIRECTED: readonly Rounding[] = ['away', 'nearest', 'up', 'down'];

const compute = (name: string, width: Width): Operation => {
  return (m, i) => {
    const operand = (letter: Letter): bigint => (i.has(letter) ? read(m, i, letter, width) : 0n);
    const [d, n, x] = [operand('d'), operand('n'), operand('m')];
    write(
      m,
      i,
      'd',
      width,
      withUnit(m, (unit) => COMPUTES[name]!(unit, d, n, x, width, i)),
    );
  };
};

const compare = (width: Width, zero: boolean): Operation => {
  return (m, i) => {
    const nzcv = withUnit(m, (unit) => unit.compare(read(m, i, 'd', width), zero ? 0n : read(m, i, 'm', width), width, i.f('e') === 1));
    m.fpscr = (m.fpscr % 2 ** 28) + Number.parseInt(nzcv, 2) * 2 ** 28;
  };
};

/** VFPExpandImm. */
function expandImm(imm8: number, width: 32 | 64): bigint {
  const [E, F] = width === 32 ? [8, 23] : [11, 52];
  const b6 = bit(imm8, 6);
  const replicate = b6 ? (1n << BigInt(E - 3)) - 1n : 0n;
  const exponent = ((b6 ? 0n : 1n) << BigInt(E - 1)) | (replicate << 2n) | bits(imm8, 5, 4);
  return (bits(imm8, 7, 7) << BigInt(width - 1)) | (exponent << BigInt(F)) | (bits(imm8, 3, 0) << BigInt(F - 4));
}

const select = (width: Width): Operation => {
  return (m, i) => {
    const holds = [m.z, m.v, m.n === m.v, !m.z && m.n === m.v][i.f('c')]!;
    write(m, i, 'd', width, read(m, i, holds ? 'n' : 'm', width));
  };
};

/** VCVT and VCVTR to an integer in a single register. */
const toInteger = (width: Width, rounding: (m: Machine, i: Instruction) => Rounding, signed: (i: Instruction) => boolean): Operation => {
  return (m, i) => {
    const operand = read(m, i, 'm', width);
    const result = withUnit(m, (unit) => unit.toFixed(operand, width, 32, 0, !signed(i), rounding(m, i)));
    m.s[2 * i.f('d') + i.f('D')] = Number(UInt(result));
  };
};

const fromInteger = (width: Width): Operation => {
  return (m, i) => {
    const operand = m.s[2 * i.f('m') + i.f('M')]!;
    const value = i.f('e') === 1 ? SInt(operand) : UInt(operand);
    write(
      m,
      i,
      'd',
      width,
      withUnit(m, (unit) => unit.fromFixed(value, width, 0, unit.mode)),
    );
  };
};

/** Fixed point: the size from sx, the fraction bits from imm4:i, unsigned from U. */
const fixed = (i: Instruction): { size: 16 | 32; fraction: number; unsigned: boolean } => {
  const size = i.f('e') === 1 ? 32 : 16;
  return { size, fraction: size - (2 * i.f('i') + i.f('j')), unsigned: i.f('x') === 1 };
};

const toFixed = (width: Width): Operation => {
  return (m, i) => {
    const { size, fraction, unsigned } = fixed(i);
    const operand = read(m, i, 'd', width);
    write(
      m,
      i,
      'd',
      width,
      // The result is extended to the width of the register.
      UInt(
        withUnit(m, (unit) => unit.toFixed(operand, width, size, fraction, unsigned, 'zero')),
        width,
      ),
    );
  };
};

const fromFixed = (width: Width): Operation => {
  return (m, i) => {
    const { size, fraction, unsigned } = fixed(i);
    const operand = read(m, i, 'd', width);
    const value = unsigned ? UInt(operand, size) : SInt(operand, size);
    write(
      m,
      i,
      'd',
      width,
      withUnit(m, (unit) => unit.fromFixed(value, width, fraction, 'nearest')),
    );
  };
};

const toHalf = (from: Width): Operation => {
  return (m, i) => {
    const operand = read(m, i, 'm', from);
    const half = withUnit(m, (unit) => unit.convert(operand, from, 16));
    const d = number(i, 'd', 32);
    const old = BigInt(m.s[d]!);
    m.s[d] = Number(i.f('e') === 1 ? (half << 16n) | bits(old, 15, 0) : (bits(old, 31, 16) << 16n) | half);
  };
};

const fromHalf = (to: Width): Operation => {
  return (m, i) => {
    const operand = BigInt(m.s[number(i, 'm', 32)]!);
    const half = i.f('e') === 1 ? bits(operand, 31, 16) : bits(operand, 15, 0);
    write(
      m,
      i,
      'd',
      to,
      withUnit(m, (unit) => unit.convert(half, 16, to)),
    );
  };
};

function both(name: string, make: (width: 32 | 64) => Operation): [string, Operation][] {
  return [
    [`${name}_F32`, make(32)],
    [`${name}_F64`, make(64)],
  ];
}

const first = (i: Instruction): number => 2 * i.f('m') + (i.has('M') ? i.f('M') : 0);
const toPair: Operation = (m, i) => {
  m.s[first(i)] = m.R(i.f('t'));
  m.s[first(i) + 1] = m.R(i.f('u'));
};
const fromPair: Operation = (m, i) => {
  m.setR(i.f('t'), m.s[first(i)]!);
  m.setR(i.f('u'), m.s[first(i) + 1]!);
};

export const FLOATING_POINT: Operations = {
  ...Object.fromEntries(Object.keys(COMPUTES).flatMap((name) => both(name, (width) => compute(name, width)))),
  ...Object.fromEntries([
    ...both('VCMP', (width) => compare(width, false)),
    ...both('VCMPZ', (width) => compare(width, true)),
    ...both('VMOV_IMM', (width) => (m, i) => write(m, i, 'd', width, expandImm(i.imm, width))),
    ...both('VSEL', select),
    ...both('VCVT_TO_INT', (width) =>
      toInteger(
        width,
        (m, i) => (i.f('e') === 1 ? 'zero' : new FloatUnit(m.fpscr).mode),
        (i) => i.f('x') === 1,
      ),
    ),
    ...both('VCVT_ROUND', (width) =>
      toInteger(
        width,
        (_m, i) => DIRECTED[i.f('c')]!,
        (i) => i.f('e') === 1,
      ),
    ),
    ...both('VCVT_FROM_INT', fromInteger),
    ...both('VCVT_TO_FIXED', toFixed),
    ...both('VCVT_FROM_FIXED', fromFixed),
  ]),
  VCVT_F16_F32: toHalf(32),
  VCVT_F16_F64: toHalf(64),
  VCVT_F32_F16: fromHalf(32),
  VCVT_F64_F16: fromHalf(64),
  VCVT_F64_F32: (m, i) => {
    const operand = read(m, i, 'm', 32);
    write(
      m,
      i,
      'd',
      64,
      withUnit(m, (unit) => unit.convert(operand, 32, 64)),
    );
  },
  VCVT_F32_F64: (m, i) => {
    const operand = read(m, i, 'm', 64);
    write(
      m,
      i,
      'd',
      32,
      withUnit(m, (unit) => unit.convert(operand, 64, 32)),
    );
  },
  VMOV_TO_S: (m, i) => {
    m.s[2 * i.f('n') + i.f('N')] = m.R(i.f('t'));
  },
  VMOV_FROM_S: (m, i) => m.setR(i.f('t'), m.s[2 * i.f('n') + i.f('N')]!),
  VMOV_TO_SCALAR: (m, i) => {
    m.s[2 * i.f('n') + i.f('x')] = m.R(i.f('t'));
  },
  VMOV_FROM_SCALAR: (m, i) => m.setR(i.f('t'), m.s[2 * i.f('n') + i.f('x')]!),
  VMOV_TO_SS: toPair,
  VMOV_FROM_SS: fromPair,
  VMOV_TO_D: toPair,
  VMOV_FROM_D: fromPair,
  VMRS: (m, i) => {
    if (i.f('t') === 15) [m.n, m.z, m.c, m.v] = [31, 30, 29, 28].map((at) => bit(m.fpscr, at)) as [boolean, boolean, boolean, boolean];
    else m.setR(i.f('t'), m.fpscr);
  },
  // N, Z, C, V, AHP, DN, FZ, RMode and the cumulative flags; the rest reads as zero.
  VMSR: (m, i) => {
    m.fpscr = Number(UInt(m.R(i.f('t'))) & 0xf7c0_009fn);
  },
};
