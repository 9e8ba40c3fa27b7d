/** Makes Unicorn execute everything it can, whatever it costs: for tests that compare it with the interpreter. */
import type { UnicornTuning } from '../../src/cpu/unicorn/engine.ts';

export const NATIVE_TUNING: UnicornTuning = { least: 1, shortest: 1, longest: 1, worthwhile: 0, afterFlush: 0 };
