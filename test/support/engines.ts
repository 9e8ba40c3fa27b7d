/** The engines that tests run on: the two built-in ones, and Unicorn where libunicorn can be loaded. */
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { jitFactory } from '../../src/cpu/jit/index.ts';
import { unicornAvailable, unicornFactory } from '../../src/cpu/unicorn/index.ts';

/** Every engine that this host can run, for `describe.each`. */
export const ENGINES: readonly EngineFactory[] = [interpreterFactory, jitFactory, ...(unicornAvailable() ? [unicornFactory] : [])];
