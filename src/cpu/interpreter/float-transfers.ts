/**
 * Loads, stores and moves of the floating-point registers (ARMv7-M ARM A6.5 to A6.7).
 *
 * Packing of floating-point operations (see lowering.ts): word 1 holds Vd 4:0, Vn 9:5, Vm 14:10, each the number of the single register
 * (of the low half, for a double), Rt 18:15, Rt2 22:19, Rn 26:23; word 2 is the immediate, word 3 the instruction.
 */
import { CELL } from '../core-registers.ts';
import { FPSCR } from '../float/format.ts';
import { type Context, DONE, FAULT, type Handler } from './context.ts';

const S = CELL.S0;
const vd = (w1: number): number => S + (w1 & 31);
const vn = (w1: number): number => S + ((w1 >> 5) & 31);
const vm = (w1: number): number => S + ((w1 >> 10) & 31);
const rt = (w1: number): number => (w1 >> 15) & 15;
const rt2 = (w1: number): number => (w1 >> 19) & 15;
const rn = (w1: number): number => (w1 >> 23) & 15;

/** Rn plus or minus the immediate; PC is the word-aligned address of the instruction plus 4. */
function address({ cells }: Context, w1: number, w2: number, w3: number): number {
  const n = rn(w1);
  const base = n === 15 ? (cells[CELL.PC]! + 4) & ~3 : cells[n]!;
  return (w3 & 0x0080_0000) !== 0 ? base + w2 : base - w2;
}

/** The words of `count` single registers from Vd on. */
function floats({ cells }: Context, w1: number, count: number): number[] {
  return Array.from(cells.subarray(vd(w1), vd(w1) + count));
}

const load = (count: number): Handler => {
  return (context, w1, w2, w3) => {
    const at = address(context, w1, w2, w3);
    if (count === 2 && context.memory.watch && context.lookAhead(at, 2) !== DONE) return FAULT;
    if (context.loadAligned(at) !== DONE) return FAULT;
    const low = context.loaded;
    if (count === 2) {
      if (context.loadAligned(at + 4) !== DONE) return FAULT;
      context.cells[vd(w1) + 1] = context.loaded;
    }
    context.cells[vd(w1)] = low;
    return DONE;
  };
};

const store = (count: number): Handler => {
  return (context, w1, w2, w3) => {
    const at = address(context, w1, w2, w3);
    if (count === 2 && context.memory.watch && context.lookAhead(at, 2, floats(context, w1, 2)) !== DONE) return FAULT;
    for (let i = 0; i < count; i++) if (context.storeAligned(at + i * 4, context.cells[vd(w1) + i]!) !== DONE) return FAULT;
    return DONE;
  };
};

/** VLDM, VSTM: an odd count in double precision (FLDMX, FSTMX) moves one register less but counts in the write-back. */
const multiple = (loads: boolean, double: boolean): Handler => {
  return (context, w1, w2, w3) => {
    const { cells } = context;
    const n = rn(w1);
    const base = n === 15 ? (cells[CELL.PC]! + 4) & ~3 : cells[n]!;
    const up = (w3 & 0x0080_0000) !== 0;
    const at = up ? base : base - w2 * 4;
    const count = double ? w2 & ~1 : w2;
    const writeBack = (w3 & 0x0020_0000) !== 0;
    if (writeBack && n === 13 && context.checkLimit(at) !== DONE) return FAULT;
    if (context.memory.watch && context.lookAhead(at, count, loads ? undefined : floats(context, w1, count)) !== DONE) return FAULT;
    for (let i = 0; i < count; i++) {
      if (loads) {
        if (context.loadAligned(at + i * 4) !== DONE) return FAULT;
        cells[vd(w1) + i] = context.loaded;
      } else if (context.storeAligned(at + i * 4, cells[vd(w1) + i]!) !== DONE) return FAULT;
    }
    if (writeBack) cells[n] = up ? base + w2 * 4 : base - w2 * 4;
    return DONE;
  };
};

/** Handlers by micro-operation name. */
export const FLOAT_TRANSFERS: Readonly<Record<string, Handler>> = {
  VLDR_F32: load(1),
  VLDR_F64: load(2),
  VSTR_F32: store(1),
  VSTR_F64: store(2),
  VLDM_F32: multiple(true, false),
  VLDM_F64: multiple(true, true),
  VSTM_F32: multiple(false, false),
  VSTM_F64: multiple(false, true),
  VMOV_TO_S: ({ cells }, w1) => {
    cells[vn(w1)] = cells[rt(w1)]!;
    return DONE;
  },
  VMOV_FROM_S: ({ cells }, w1) => {
    cells[rt(w1)] = cells[vn(w1)]!;
    return DONE;
  },
  VMOV_TO_SCALAR: ({ cells }, w1, _w2, w3) => {
    cells[vn(w1) + ((w3 >>> 21) & 1)] = cells[rt(w1)]!;
    return DONE;
  },
  VMOV_FROM_SCALAR: ({ cells }, w1, _w2, w3) => {
    cells[rt(w1)] = cells[vn(w1) + ((w3 >>> 21) & 1)]!;
    return DONE;
  },
  VMOV_TO_SS: twoToFloat,
  VMOV_FROM_SS: twoToCore,
  VMOV_TO_D: twoToFloat,
  VMOV_FROM_D: twoToCore,
  VMRS: ({ cells }, w1) => {
    const fpscr = cells[CELL.FPSCR]!;
    if (rt(w1) === 15) cells[CELL.APSR] = (cells[CELL.APSR]! & 0x0fff_ffff) | (fpscr & 0xf000_0000);
    else cells[rt(w1)] = fpscr;
    return DONE;
  },
  VMSR: ({ cells }, w1) => {
    cells[CELL.FPSCR] = cells[rt(w1)]! & FPSCR.WRITABLE;
    return DONE;
  },
};

function twoToFloat({ cells }: Context, w1: number): number {
  cells[vm(w1)] = cells[rt(w1)]!;
  cells[vm(w1) + 1] = cells[rt2(w1)]!;
  return DONE;
}

function twoToCore({ cells }: Context, w1: number): number {
  cells[rt(w1)] = cells[vm(w1)]!;
  cells[rt2(w1)] = cells[vm(w1) + 1]!;
  return DONE;
}
