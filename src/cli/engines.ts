/**
 * Which engine `--cpu` means on this host.
 */
import type { EngineFactory } from '../cpu/engine.ts';
import { interpreterFactory } from '../cpu/interpreter/index.ts';
import { unicornAvailable, unicornFactory } from '../cpu/unicorn/index.ts';
import type { RunOptions } from './options.ts';

/** The engine to use; `auto` is the fastest that works here. */
export function chooseEngine(name: RunOptions['cpu']): EngineFactory {
  if (name === 'interpreter') return interpreterFactory;
  if (name === 'unicorn') return unicornFactory;
  return unicornAvailable() ? unicornFactory : interpreterFactory;
}
