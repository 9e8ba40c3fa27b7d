/**
 * Engines for tests that want an instruction executed as machine code or WebAssembly and not by the interpreter underneath: Unicorn with
 * nothing held back, and the translating engine told to translate a place now.
 */
import type { Engine, EngineHost } from '../../src/cpu/engine.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { Jit } from '../../src/cpu/jit/jit.ts';
import type { UnicornTuning } from '../../src/cpu/unicorn/engine.ts';
import { UnicornEngine } from '../../src/cpu/unicorn/engine.ts';
import { unicornAvailable } from '../../src/cpu/unicorn/index.ts';

/** Makes Unicorn execute everything it can, whatever it costs. */
export const NATIVE_TUNING: UnicornTuning = { least: 1, shortest: 1, longest: 1, worthwhile: 0, afterFlush: 0 };

/** An engine that says what it executed by itself. */
export interface AcceleratedEngine {
  readonly engine: Engine;
  /** Makes the code at `address` ready; false where the engine leaves it to the interpreter. */
  prepare(address: number): boolean;
  /** Instructions executed as machine code or WebAssembly since creation; the interpreter counts all of its own. */
  accelerated(): number;
}

/** How to make one, and what it is called. */
export interface AcceleratedKind {
  readonly name: string;
  /** `prepare` costs a compilation. */
  readonly compiles: boolean;
  create(host: EngineHost): AcceleratedEngine;
}

const interpreter: AcceleratedKind = {
  name: 'interpreter',
  compiles: false,
  create: (host) => ({ engine: interpreterFactory.create(host), prepare: () => true, accelerated: () => 0 }),
};

/** What `Translations` offers, as far as tests use it. */
interface Translator {
  at(pc: number): unknown;
  translate(pc: number): unknown;
}

const jit: AcceleratedKind = {
  name: 'jit',
  compiles: true,
  create: (host) => {
    const engine = new Jit(host, { threshold: 1 });
    const { translations } = engine as unknown as { readonly translations: Translator };
    return {
      engine,
      prepare: (address) => translations.at(address) !== undefined || translations.translate(address) !== undefined,
      accelerated: () => engine.statistics.executed,
    };
  },
};

const unicorn: AcceleratedKind = {
  name: 'unicorn',
  compiles: false,
  create: (host) => {
    const engine = new UnicornEngine(host, interpreterFactory, NATIVE_TUNING);
    return { engine, prepare: () => true, accelerated: () => engine.nativeInstructions };
  },
};

/** All that this host can run; the interpreter first. */
export const ACCELERATED: readonly AcceleratedKind[] = [interpreter, jit, ...(unicornAvailable() ? [unicorn] : [])];
