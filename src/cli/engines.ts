/**
 * Which engine `--cpu` means.
 */
import type { EngineFactory } from '../cpu/engine.ts';
import { interpreterFactory } from '../cpu/interpreter/index.ts';
import { jitFactory } from '../cpu/jit/index.ts';
import { unicornFactory } from '../cpu/unicorn/index.ts';
import type { RunOptions } from './options.ts';

const FACTORIES = { jit: jitFactory, auto: jitFactory, interpreter: interpreterFactory, unicorn: unicornFactory } as const;

/** The engine to use; `auto`, kept for old command lines, is the default one. */
export function chooseEngine(name: RunOptions['cpu']): EngineFactory {
  return FACTORIES[name];
}
