/** The `unicorn` engine: native libunicorn 2, where it is installed, with the interpreter for what it cannot do exactly. */
import { EngineUnavailable } from '../../errors.ts';
import type { EngineFactory } from '../engine.ts';
import { interpreterFactory } from '../interpreter/index.ts';
import { UnicornEngine } from './engine.ts';
import { loadUnicorn } from './library.ts';

/** Builds engines on libunicorn; `create` throws EngineUnavailable with the remedy where it cannot. */
export const unicornFactory: EngineFactory = {
  name: 'unicorn',
  create: (host) => new UnicornEngine(host, interpreterFactory),
};

/** True when libunicorn 2 and koffi are installed and usable on this host. */
export function unicornAvailable(): boolean {
  try {
    loadUnicorn();
    return true;
  } catch (error) {
    if (error instanceof EngineUnavailable) return false;
    throw error;
  }
}
