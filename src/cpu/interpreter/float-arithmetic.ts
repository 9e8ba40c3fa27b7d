/**
 * Floating-point data processing (ARMv7-M ARM A6.4, and FPv5). Packing as in float-transfers.ts.
 *
 * Signs are changed on bit patterns, NaNs included, as FPNeg and FPAbs do.
 */
import { CELL } from '../core-registers.ts';
import { convert, fromFixed, roundInt, roundIntegral, toFixed } from '../float/conversions.ts';
import {
  ADDEND,
  add64,
  divide64,
  multiply64,
  multiplyAdd64,
  pattern,
  RESULT,
  setPattern,
  squareRoot64,
  words,
  X,
  Y,
} from '../float/double.ts';
import { F16, F32, F64, FloatStatus, type Format, FPSCR, ROUND } from '../float/format.ts';
import { add32, divide32, multiply32, multiplyAdd32, squareRoot32 } from '../float/single.ts';
import { compare, maximumNumber } from '../float/soft-float.ts';
import { DONE, type Handler } from './context.ts';

const S = CELL.S0;
const SIGN = 1 << 31;
const vd = (w1: number): number => S + (w1 & 31);
const vn = (w1: number): number => S + ((w1 >> 5) & 31);
const vm = (w1: number): number => S + ((w1 >> 10) & 31);

const status = new FloatStatus();
const number64 = new Float64Array(words.buffer);

const singleBits = new Int32Array(1);
const singleValue = new Float32Array(singleBits.buffer);
function single(bits: number): number {
  singleBits[0] = bits;
  return singleValue[0]!;
}

function fetch64(cells: Int32Array, slot: number, at: number, negate = 0): void {
  words[slot * 2] = cells[at]!;
  words[slot * 2 + 1] = cells[at + 1]! ^ negate;
}

function put64(cells: Int32Array, at: number, negate = 0): number {
  cells[at] = words[RESULT * 2]!;
  cells[at + 1] = words[RESULT * 2 + 1]! ^ negate;
  return DONE;
}

/** The bit pattern of a register of `format` (F16: its low half). */
function read(cells: Int32Array, format: Format, at: number): bigint {
  if (format !== F64) return BigInt(cells[at]! >>> 0);
  return (BigInt(cells[at + 1]! >>> 0) << 32n) | BigInt(cells[at]! >>> 0);
}

function write(cells: Int32Array, format: Format, at: number, bits: bigint): number {
  cells[at] = Number(BigInt.asIntN(32, bits));
  if (format === F64) cells[at + 1] = Number(BigInt.asIntN(32, bits >> 32n));
  return DONE;
}

/** Runs a reference operation with the modes of FPSCR and adds its flags to it. */
function withStatus<T>(cells: Int32Array, operation: (status: FloatStatus) => T): T {
  const result = operation(status.begin(cells[CELL.FPSCR]!));
  cells[CELL.FPSCR]! |= status.flags;
  return result;
}

/** Multiply and add with two roundings: the signs of the accumulator and of the product are changed first. */
function multiplyAccumulate(negateSum: boolean, negateProduct: boolean): [Handler, Handler] {
  const sumSign = negateSum ? SIGN : 0;
  const productSign = negateProduct ? SIGN : 0;
  return [
    ({ cells }, w1) => {
      const product = multiply32(cells, cells[vn(w1)]!, cells[vm(w1)]!) ^ productSign;
      cells[vd(w1)] = add32(cells, cells[vd(w1)]! ^ sumSign, product, false);
      return DONE;
    },
    ({ cells }, w1) => {
      fetch64(cells, X, vn(w1));
      fetch64(cells, Y, vm(w1));
      multiply64(cells);
      words[Y * 2] = words[RESULT * 2]!;
      words[Y * 2 + 1] = words[RESULT * 2 + 1]! ^ productSign;
      fetch64(cells, X, vd(w1), sumSign);
      add64(cells, false);
      return put64(cells, vd(w1));
    },
  ];
}

/** Multiply and add with one rounding. */
function fused(negateSum: boolean, negateFactor: boolean): [Handler, Handler] {
  const sumSign = negateSum ? SIGN : 0;
  const factorSign = negateFactor ? SIGN : 0;
  return [
    ({ cells }, w1) => {
      cells[vd(w1)] = multiplyAdd32(cells, cells[vd(w1)]! ^ sumSign, cells[vn(w1)]! ^ factorSign, cells[vm(w1)]!);
      return DONE;
    },
    ({ cells }, w1) => {
      fetch64(cells, ADDEND, vd(w1), sumSign);
      fetch64(cells, X, vn(w1), factorSign);
      fetch64(cells, Y, vm(w1));
      multiplyAdd64(cells);
      return put64(cells, vd(w1));
    },
  ];
}

/** Addition, subtraction. */
function additive(subtract: boolean): [Handler, Handler] {
  return [
    ({ cells }, w1) => {
      cells[vd(w1)] = add32(cells, cells[vn(w1)]!, cells[vm(w1)]!, subtract);
      return DONE;
    },
    ({ cells }, w1) => {
      fetch64(cells, X, vn(w1));
      fetch64(cells, Y, vm(w1));
      add64(cells, subtract);
      return put64(cells, vd(w1));
    },
  ];
}

/** VMUL, VNMUL. */
function product(sign: number): [Handler, Handler] {
  return [
    ({ cells }, w1) => {
      cells[vd(w1)] = multiply32(cells, cells[vn(w1)]!, cells[vm(w1)]!) ^ sign;
      return DONE;
    },
    ({ cells }, w1) => {
      fetch64(cells, X, vn(w1));
      fetch64(cells, Y, vm(w1));
      multiply64(cells);
      return put64(cells, vd(w1), sign);
    },
  ];
}

/** Copies with the sign changed: and-mask, then exclusive-or. */
function signs(keep: number, flip: number): [Handler, Handler] {
  return [
    ({ cells }, w1) => {
      cells[vd(w1)] = (cells[vm(w1)]! & keep) ^ flip;
      return DONE;
    },
    ({ cells }, w1) => {
      const high = (cells[vm(w1) + 1]! & keep) ^ flip;
      cells[vd(w1)] = cells[vm(w1)]!;
      cells[vd(w1) + 1] = high;
      return DONE;
    },
  ];
}

/** VFPExpandImm: the upper word of a double, or the single. */
function expand(imm8: number, exponentBits: number): number {
  const inverted = (imm8 & 0x40) === 0;
  const replicated = inverted ? 0 : (1 << (exponentBits - 3)) - 1;
  const exponent = ((inverted ? 1 : 0) << (exponentBits - 1)) | (replicated << 2) | ((imm8 >> 4) & 3);
  return ((imm8 & 0x80) << 24) | (exponent << (31 - exponentBits)) | ((imm8 & 15) << (31 - exponentBits - 4));
}

function plainPair(a: number, b: number): boolean {
  const ea = a & 0x7f80_0000;
  const eb = b & 0x7f80_0000;
  return ea !== 0x7f80_0000 && eb !== 0x7f80_0000 && (ea !== 0 || a << 1 === 0) && (eb !== 0 || b << 1 === 0);
}

/** True for zeros and normal doubles. */
function plain64(cells: Int32Array, at: number): boolean {
  const high = cells[at + 1]!;
  const exponent = high & 0x7ff0_0000;
  return exponent !== 0x7ff0_0000 && (exponent !== 0 || (high << 1 === 0 && cells[at] === 0));
}

/** FPSCR's N, Z, C, V for two numbers that are no NaNs. */
function order(a: number, b: number): number {
  return a === b ? 0x6000_0000 : a < b ? SIGN : 0x2000_0000;
}

/** VCMP, VCMPE (E is bit 7). */
function comparison(format: Format, withZero: boolean): Handler {
  return (context, w1, _w2, w3) => {
    const { cells } = context;
    let flags: number;
    if (format === F32 && plainPair(cells[vd(w1)]!, withZero ? 0 : cells[vm(w1)]!)) {
      flags = order(context.floats[w1 & 31]!, withZero ? 0 : context.floats[(w1 >> 10) & 31]!);
    } else if (format === F64 && plain64(cells, vd(w1)) && (withZero || plain64(cells, vm(w1)))) {
      flags = order(context.doubles[(w1 & 31) >> 1]!, withZero ? 0 : context.doubles[((w1 >> 10) & 31) >> 1]!);
    } else {
      const a = read(cells, format, vd(w1));
      const b = withZero ? 0n : read(cells, format, vm(w1));
      flags = withStatus(cells, (s) => compare(a, b, format, (w3 & 0x80) !== 0, s));
    }
    cells[CELL.FPSCR] = (cells[CELL.FPSCR]! & 0x0fff_ffff) | flags;
    return DONE;
  };
}

/** The condition of VSEL: EQ, VS, GE, GT. */
function selects(apsr: number, condition: number): boolean {
  const n = (apsr >>> 31) & 1;
  const v = (apsr >>> 28) & 1;
  const z = (apsr >>> 30) & 1;
  switch (condition) {
    case 0:
      return z !== 0;
    case 1:
      return v !== 0;
    case 2:
      return n === v;
    default:
      return z === 0 && n === v;
  }
}

function select(count: 1 | 2): Handler {
  return ({ cells }, w1, _w2, w3) => {
    const from = selects(cells[CELL.APSR]!, (w3 >>> 20) & 3) ? vn(w1) : vm(w1);
    for (let i = 0; i < count; i++) cells[vd(w1) + i] = cells[from + i]!;
    return DONE;
  };
}

/** VMAXNM, VMINNM. */
function extreme(format: Format, wantLargest: boolean): Handler {
  return ({ cells }, w1) => {
    const a = read(cells, format, vn(w1));
    const b = read(cells, format, vm(w1));
    return write(
      cells,
      format,
      vd(w1),
      withStatus(cells, (s) => maximumNumber(a, b, format, wantLargest, s)),
    );
  };
}

/** RM of VRINTx and VCVTx: A, N, P, M. */
const DIRECTED = [ROUND.AWAY, ROUND.NEAREST, ROUND.UP, ROUND.DOWN] as const;
const current = (cells: Int32Array): number => (cells[CELL.FPSCR]! >>> 22) & 3;

function integral(format: Format, rounding: (cells: Int32Array, w3: number) => number, exact: boolean): Handler {
  return ({ cells, floats, doubles }, w1, _w2, w3) => {
    const from = (w1 >> 10) & 31;
    if (format === F64 ? plain64(cells, vm(w1)) : plainPair(cells[vm(w1)]!, 0)) {
      const value = format === F64 ? doubles[from >> 1]! : floats[from]!;
      const rounded = roundIntegral(value, rounding(cells, w3));
      // The sign of a zero result is that of the operand.
      const result = rounded === 0 && (value < 0 || Object.is(value, -0)) ? -0 : Math.abs(rounded) * (value < 0 ? -1 : 1);
      if (exact && result !== value) cells[CELL.FPSCR]! |= FPSCR.IXC;
      if (format === F64) doubles[(w1 & 31) >> 1] = result;
      else floats[w1 & 31] = result;
      return DONE;
    }
    const bits = read(cells, format, vm(w1));
    return write(
      cells,
      format,
      vd(w1),
      withStatus(cells, (s) => roundInt(bits, format, rounding(cells, w3), exact, s)),
    );
  };
}

/** The register as a number for conversion to an integer; a subnormal is zero under FZ, with IDC. */
function numeric(cells: Int32Array, format: Format, at: number): number {
  const double = format === F64;
  const high = double ? cells[at + 1]! : cells[at]!;
  const exponent = high & (double ? 0x7ff0_0000 : 0x7f80_0000);
  const fraction = double ? (high & 0x000f_ffff) | cells[at]! : high & 0x007f_ffff;
  if (exponent === 0 && fraction !== 0 && (cells[CELL.FPSCR]! & FPSCR.FZ) !== 0) {
    cells[CELL.FPSCR]! |= FPSCR.IDC;
    return 0;
  }
  if (!double) return single(high);
  fetch64(cells, X, at);
  return number64[X]!;
}

/** VCVT to an integer: `signedBit` of the instruction says signed, `rounding` how. */
function toInteger(format: Format, signedBit: number, rounding: (cells: Int32Array, w3: number) => number): Handler {
  return ({ cells }, w1, _w2, w3) => {
    const value = numeric(cells, format, vm(w1));
    const signed = ((w3 >>> signedBit) & 1) !== 0;
    const integer = roundIntegral(value, rounding(cells, w3));
    if (signed ? integer >= -0x8000_0000 && integer <= 0x7fff_ffff : integer >= 0 && integer <= 0xffff_ffff) {
      if (integer !== value) cells[CELL.FPSCR]! |= FPSCR.IXC;
      cells[vd(w1)] = integer;
      return DONE;
    }
    cells[vd(w1)] = withStatus(cells, (s) => toFixed(value, 0, 32, signed, rounding(cells, w3), s));
    return DONE;
  };
}

/** VCVT from an integer: signed when bit 7 is set; rounds as FPSCR says. */
function fromInteger(format: Format): Handler {
  return ({ cells }, w1, _w2, w3) => {
    const raw = cells[vm(w1)]!;
    const integer = (w3 & 0x80) !== 0 ? raw : raw >>> 0;
    if (format === F64) {
      number64[RESULT] = integer;
      return put64(cells, vd(w1));
    }
    if (current(cells) === ROUND.NEAREST) {
      singleValue[0] = integer;
      if (singleValue[0] !== integer) cells[CELL.FPSCR]! |= FPSCR.IXC;
      cells[vd(w1)] = singleBits[0]!;
      return DONE;
    }
    return write(
      cells,
      format,
      vd(w1),
      withStatus(cells, (s) => fromFixed(integer, 0, format, s)),
    );
  };
}

/** Fraction bits and width of a fixed-point VCVT: sx is bit 7, imm4:i the fraction counted down from the width. */
function fixedPoint(w3: number): { width: number; fraction: number; unsigned: boolean } {
  const width = (w3 & 0x80) !== 0 ? 32 : 16;
  return { width, fraction: width - (((w3 & 15) << 1) | ((w3 >>> 5) & 1)), unsigned: (w3 & 0x0001_0000) !== 0 };
}

function toFixedPoint(format: Format): Handler {
  return ({ cells }, w1, _w2, w3) => {
    const { width, fraction, unsigned } = fixedPoint(w3);
    const value = numeric(cells, format, vd(w1));
    const result = withStatus(cells, (s) => toFixed(value, fraction, width, !unsigned, ROUND.ZERO, s));
    cells[vd(w1)] = result;
    if (format === F64) cells[vd(w1) + 1] = unsigned ? 0 : result >> 31;
    return DONE;
  };
}

function fromFixedPoint(format: Format): Handler {
  return ({ cells }, w1, _w2, w3) => {
    const { width, fraction, unsigned } = fixedPoint(w3);
    const raw = cells[vd(w1)]!;
    const shift = 32 - width;
    const integer = unsigned ? (raw << shift) >>> shift : (raw << shift) >> shift;
    const bits = withStatus(cells, (s) => {
      s.rounding = ROUND.NEAREST;
      return fromFixed(integer, fraction, format, s);
    });
    return write(cells, format, vd(w1), bits);
  };
}

/** VCVTB, VCVTT to half precision: bit 7 is T; the other half of Sd stays. */
function toHalf(format: Format): Handler {
  return ({ cells }, w1, _w2, w3) => {
    const bits = read(cells, format, vm(w1));
    const half = Number(withStatus(cells, (s) => convert(bits, format, F16, s)));
    const old = cells[vd(w1)]!;
    cells[vd(w1)] = (w3 & 0x80) !== 0 ? (old & 0xffff) | (half << 16) : (old & ~0xffff) | half;
    return DONE;
  };
}

function fromHalf(format: Format): Handler {
  return ({ cells }, w1, _w2, w3) => {
    const pair = cells[vm(w1)]!;
    const half = BigInt((w3 & 0x80) !== 0 ? pair >>> 16 : pair & 0xffff);
    return write(
      cells,
      format,
      vd(w1),
      withStatus(cells, (s) => convert(half, F16, format, s)),
    );
  };
}

const [VADD_F32, VADD_F64] = additive(false);
const [VSUB_F32, VSUB_F64] = additive(true);
const [VMUL_F32, VMUL_F64] = product(0);
const [VNMUL_F32, VNMUL_F64] = product(SIGN);
const [VMLA_F32, VMLA_F64] = multiplyAccumulate(false, false);
const [VMLS_F32, VMLS_F64] = multiplyAccumulate(false, true);
const [VNMLA_F32, VNMLA_F64] = multiplyAccumulate(true, true);
const [VNMLS_F32, VNMLS_F64] = multiplyAccumulate(true, false);
const [VFMA_F32, VFMA_F64] = fused(false, false);
const [VFMS_F32, VFMS_F64] = fused(false, true);
const [VFNMA_F32, VFNMA_F64] = fused(true, true);
const [VFNMS_F32, VFNMS_F64] = fused(true, false);
const [VMOV_F32, VMOV_F64] = signs(-1, 0);
const [VABS_F32, VABS_F64] = signs(~SIGN, 0);
const [VNEG_F32, VNEG_F64] = signs(-1, SIGN);
const roundingRZ = (cells: Int32Array, w3: number): number => ((w3 & 0x80) !== 0 ? ROUND.ZERO : current(cells));
const directed = (_cells: Int32Array, w3: number): number => DIRECTED[(w3 >>> 16) & 3]!;

/** Handlers by micro-operation name. */
export const FLOAT_ARITHMETIC: Readonly<Record<string, Handler>> = {
  ...{ VADD_F32, VADD_F64, VSUB_F32, VSUB_F64, VMUL_F32, VMUL_F64, VNMUL_F32, VNMUL_F64 },
  ...{ VMLA_F32, VMLA_F64, VMLS_F32, VMLS_F64, VNMLA_F32, VNMLA_F64, VNMLS_F32, VNMLS_F64 },
  ...{ VFMA_F32, VFMA_F64, VFMS_F32, VFMS_F64, VFNMA_F32, VFNMA_F64, VFNMS_F32, VFNMS_F64 },
  ...{ VMOV_F32, VMOV_F64, VABS_F32, VABS_F64, VNEG_F32, VNEG_F64 },
  VDIV_F32: ({ cells }, w1) => {
    cells[vd(w1)] = divide32(cells, cells[vn(w1)]!, cells[vm(w1)]!);
    return DONE;
  },
  VDIV_F64: ({ cells }, w1) => {
    fetch64(cells, X, vn(w1));
    fetch64(cells, Y, vm(w1));
    divide64(cells);
    return put64(cells, vd(w1));
  },
  VSQRT_F32: ({ cells }, w1) => {
    cells[vd(w1)] = squareRoot32(cells, cells[vm(w1)]!);
    return DONE;
  },
  VSQRT_F64: ({ cells }, w1) => {
    fetch64(cells, X, vm(w1));
    squareRoot64(cells);
    return put64(cells, vd(w1));
  },
  VMOV_IMM_F32: ({ cells }, w1, w2) => {
    cells[vd(w1)] = expand(w2, 8);
    return DONE;
  },
  VMOV_IMM_F64: ({ cells }, w1, w2) => {
    cells[vd(w1)] = 0;
    cells[vd(w1) + 1] = expand(w2, 11);
    return DONE;
  },
  VCMP_F32: comparison(F32, false),
  VCMP_F64: comparison(F64, false),
  VCMPZ_F32: comparison(F32, true),
  VCMPZ_F64: comparison(F64, true),
  VSEL_F32: select(1),
  VSEL_F64: select(2),
  VMAXNM_F32: extreme(F32, true),
  VMAXNM_F64: extreme(F64, true),
  VMINNM_F32: extreme(F32, false),
  VMINNM_F64: extreme(F64, false),
  VRINTRZ_F32: integral(F32, roundingRZ, false),
  VRINTRZ_F64: integral(F64, roundingRZ, false),
  VRINTX_F32: integral(F32, current, true),
  VRINTX_F64: integral(F64, current, true),
  VRINT_F32: integral(F32, directed, false),
  VRINT_F64: integral(F64, directed, false),
  VCVT_TO_INT_F32: toInteger(F32, 16, roundingRZ),
  VCVT_TO_INT_F64: toInteger(F64, 16, roundingRZ),
  VCVT_ROUND_F32: toInteger(F32, 7, directed),
  VCVT_ROUND_F64: toInteger(F64, 7, directed),
  VCVT_FROM_INT_F32: fromInteger(F32),
  VCVT_FROM_INT_F64: fromInteger(F64),
  VCVT_TO_FIXED_F32: toFixedPoint(F32),
  VCVT_TO_FIXED_F64: toFixedPoint(F64),
  VCVT_FROM_FIXED_F32: fromFixedPoint(F32),
  VCVT_FROM_FIXED_F64: fromFixedPoint(F64),
  VCVT_F16_F32: toHalf(F32),
  VCVT_F16_F64: toHalf(F64),
  VCVT_F32_F16: fromHalf(F32),
  VCVT_F64_F16: fromHalf(F64),
  VCVT_F64_F32: ({ cells }, w1) => {
    const bits = cells[vm(w1)]!;
    if (plainPair(bits, 0)) {
      number64[RESULT] = single(bits);
      return put64(cells, vd(w1));
    }
    setPattern(
      RESULT,
      withStatus(cells, (s) => convert(BigInt(bits >>> 0), F32, F64, s)),
    );
    return put64(cells, vd(w1));
  },
  VCVT_F32_F64: ({ cells }, w1) => {
    fetch64(cells, X, vm(w1));
    const size = Math.abs(number64[X]!);
    if (size >= 2 ** -125 && size < 2 ** 127 && current(cells) === ROUND.NEAREST) {
      singleValue[0] = number64[X]!;
      if (singleValue[0] !== number64[X]) cells[CELL.FPSCR]! |= FPSCR.IXC;
      cells[vd(w1)] = singleBits[0]!;
      return DONE;
    }
    return write(
      cells,
      F32,
      vd(w1),
      withStatus(cells, (s) => convert(pattern(X), F64, F32, s)),
    );
  },
};
