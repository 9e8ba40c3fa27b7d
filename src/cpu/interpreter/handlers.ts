/** All handlers and their numbers, after those of the main switch. Floating point is last: the main loop tells it by number. */
import type { Handler } from './context.ts';
import { DSP } from './dsp.ts';
import { FLOAT_ARITHMETIC } from './float-arithmetic.ts';
import { FLOAT_TRANSFERS } from './float-transfers.ts';
import { INTEGER } from './integer.ts';
import { HOT, HOT_NUMBER } from './micro-ops.ts';
import { SECURITY } from './security.ts';
import { SYSTEM } from './system.ts';
import { TRANSFERS } from './transfers.ts';

const PLAIN = Object.entries({ ...INTEGER, ...TRANSFERS, ...SYSTEM, ...SECURITY, ...DSP });
const FLOAT = Object.entries({ ...FLOAT_TRANSFERS, ...FLOAT_ARITHMETIC });

/** Number of the first operation that a handler executes. */
export const FIRST_HANDLER = HOT.length;
/** Number of the first floating-point operation. */
export const FIRST_FLOAT = FIRST_HANDLER + PLAIN.length;
/** Handlers by number less `FIRST_HANDLER`. */
export const HANDLERS: readonly Handler[] = [...PLAIN, ...FLOAT].map(([, handler]) => handler);
/** Numbers of all operations, hot or not. */
export const OPERATION: ReadonlyMap<string, number> = new Map([
  ...HOT_NUMBER,
  ...[...PLAIN, ...FLOAT].map(([name], index): [string, number] => [`${name}()`, FIRST_HANDLER + index]),
]);
