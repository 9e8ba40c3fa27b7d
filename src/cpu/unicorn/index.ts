/** The `unicorn` engine: native libunicorn 2, where it is installed, with the interpreter for what it cannot do exactly. */
import { EngineUnavailable } from '../../errors.ts';
import { Arena, WASM_PAGE } from '../../memory/arena.ts';
import { CoreRegisters } from '../core-registers.ts';
import type { EngineFactory } from '../engine.ts';
import { interpreterFactory } from '../interpreter/index.ts';
import { CORTEX_M7 } from '../profile.ts';
import { UnicornEngine } from './engine.ts';
import { UnicornInstance } from './instance.ts';
import { loadUnicorn } from './library.ts';

/** Builds engines on libunicorn; `create` throws EngineUnavailable with the remedy where it cannot. */
export const unicornFactory: EngineFactory = {
  name: 'unicorn',
  create: (host) => new UnicornEngine(host, interpreterFactory),
};

let usable: boolean | undefined;

/** True when libunicorn 2 and koffi are installed and work on this host; tried once, with a CPU of its own. */
export function unicornAvailable(): boolean {
  usable ??= tryUnicorn();
  return usable;
}

function tryUnicorn(): boolean {
  const registers = new CoreRegisters(new Arena(2 * WASM_PAGE), 'probe');
  try {
    new UnicornInstance({ profile: CORTEX_M7, registers }, loadUnicorn(), {
      scan: () => 0,
      mapAround: () => false,
      missCode: () => {},
      refuseStore: () => {},
    }).dispose();
    return true;
  } catch (error) {
    if (error instanceof EngineUnavailable) return false;
    throw error;
  }
}
