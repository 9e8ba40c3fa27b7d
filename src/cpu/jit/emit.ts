/**
 * What single instructions do, as WebAssembly: one emitter for each micro-operation of the interpreter; what has none is executed by the
 * interpreter's handler. The semantics are those of interpreter.ts and its handlers, case by case.
 */
import { EMIT_DSP } from './emit-dsp.ts';
import { EMIT_FLOAT } from './emit-float.ts';
import { EMIT_INTEGER } from './emit-integer.ts';
import { EMIT_SYSTEM } from './emit-system.ts';
import { EMIT_TRANSFERS } from './emit-transfers.ts';
import type { Generator } from './generator.ts';
import type { Step } from './region.ts';

/** Emits one instruction. */
export type Emitter = (g: Generator, step: Step) => void;

/** Handlers that do the rare cases of operations that have an emitter. */
export const HANDLER_OF: Readonly<Record<string, string>> = {
  LDM: 'LDM_SLOW()', STM: 'STM_SLOW()', LDRD: 'DUAL()', STRD: 'DUAL()', TB: 'TABLE_BRANCH()', 'TRANSFER()': 'TRANSFER()',
}; // biome-ignore format: a table

/** Emitters by micro-operation. */
export const EMIT: ReadonlyMap<string, Emitter> = new Map<string, Emitter>([
  ...EMIT_INTEGER,
  ...EMIT_TRANSFERS,
  ...EMIT_DSP,
  ...EMIT_FLOAT,
  ...EMIT_SYSTEM,
]);
