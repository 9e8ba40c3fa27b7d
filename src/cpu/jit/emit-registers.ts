/** Operands of the default packing (lowering.ts), and what emitters of several files do with core registers. */
import { CELL } from '../core-registers.ts';
import type { Generator } from './generator.ts';
import type { Step } from './region.ts';
import { OP } from './wasm-builder.ts';

export const d = ({ w1 }: Step): number => w1 & 15;
export const n = ({ w1 }: Step): number => (w1 >> 4) & 15;
export const m = ({ w1 }: Step): number => (w1 >> 8) & 15;
export const a = ({ w1 }: Step): number => (w1 >> 12) & 15;
export const t = ({ w1 }: Step): number => (w1 >> 16) & 15;
export const low = ({ w1 }: Step): number => (w1 >> 24) & 15;

/** Writes the 64-bit value on the stack to RdHi:RdLo. */
export function setLong(g: Generator, lowRegister: number, highRegister: number): void {
  const { code, local } = g;
  code.set(local.w).get(local.w).op(OP.I32_WRAP_I64);
  g.setR(lowRegister);
  code.get(local.w).i64(32).op(OP.I64_SHR_U, OP.I32_WRAP_I64);
  g.setR(highRegister);
}

/** Puts the 64-bit RdHi:RdLo on the stack. */
export function long(g: Generator, lowRegister: number, highRegister: number): void {
  g.r(lowRegister).op(OP.I64_EXTEND_I32_U);
  g.r(highRegister).op(OP.I64_EXTEND_I32_U).i64(32).op(OP.I64_SHL, OP.I64_OR);
}

/** Puts a word of the core's state on the stack. */
export function cell(g: Generator, number: number): Generator['code'] {
  return g.code.i32(0).memory(OP.I32_LOAD, g.cell(number));
}

/** Sets a word of the core's state to what `value` puts on the stack. */
export function setCell(g: Generator, number: number, value: () => void): void {
  g.code.i32(0);
  value();
  g.code.memory(OP.I32_STORE, g.cell(number));
}

/** Sets APSR.Q when the i32 on the stack is not 0. */
export function saturateWhen(g: Generator): void {
  g.code.when();
  setCell(g, CELL.APSR, () => cell(g, CELL.APSR).i32(1 << 27).op(OP.I32_OR));
  g.code.end();
}
