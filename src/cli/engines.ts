/**
 * Which engine `--cpu` means.
 */
import type { EngineFactory } from '../cpu/engine.ts';
import { interpreterFactory } from '../cpu/interpreter/index.ts';
import { jitFactory } from '../cpu/jit/index.ts';
import { type LockstepFigures, lockstepFactory } from '../cpu/lockstep/index.ts';
import { unicornFactory } from '../cpu/unicorn/index.ts';
import type { Firmware } from '../remoteproc/elf-loader.ts';
import { type Capstone, type CapstoneHandle, instructionText, thumbHandle } from '../session/disassembler.ts';
import { Symbols } from '../symbols.ts';
import type { Disassembler } from '../view/inspect/context.ts';
import type { EngineName, RunOptions } from './options.ts';

const FACTORIES: Readonly<Record<EngineName, EngineFactory>> = {
  jit: jitFactory,
  interpreter: interpreterFactory,
  unicorn: unicornFactory,
};

/** The engine of that name. */
export function namedEngine(name: EngineName): EngineFactory {
  return FACTORIES[name];
}

/** An engine, and what it has compared when it is lockstep. */
export interface ChosenEngine {
  readonly engine: EngineFactory;
  readonly figures?: LockstepFigures;
}

/** The engine to use for `firmware`; `auto`, kept for old command lines, is the default one. @throws {UsageError} */
export async function chooseEngine({ cpu, lockstep }: Pick<RunOptions, 'cpu' | 'lockstep'>, firmware: Firmware): Promise<ChosenEngine> {
  if (cpu !== 'lockstep') return { engine: FACTORIES[cpu === 'auto' ? 'jit' : cpu] };
  const [first, second] = lockstep;
  const figures: LockstepFigures = { instructions: 0, slices: 0, accesses: 0, pages: 0 };
  const symbols = new Symbols(firmware.symbols);
  const help = { symbolise: (address: number) => symbols.name(address), disassemble: await disassembler(), figures };
  return { engine: lockstepFactory(FACTORIES[first], FACTORIES[second], help), figures };
}

/** What lockstep has compared, for people. */
export function figuresText({ instructions, slices, accesses, pages }: LockstepFigures): string {
  const count = (value: number) => value.toLocaleString('en-US');
  return `lockstep: no difference in ${count(instructions)} instructions, compared at ${count(slices)} places with ${count(accesses)} accesses to devices and ${count(pages)} pages stored to`;
}

/** Loads capstone: only when something is disassembled, as it takes longer than all the rest of the start. */
export async function loadCapstone(): Promise<Capstone> {
  const { default: capstone } = await import('@alexaltea/capstone-js');
  return capstone();
}

/** Instructions of a stretch of code, for the view; capstone is loaded at the first. */
export function instructionReader(): Disassembler {
  let handle: Promise<CapstoneHandle> | undefined;
  return async (bytes, address, limit) => {
    handle ??= loadCapstone().then(thumbHandle);
    try {
      const found = (await handle).disasm(bytes, address, limit);
      return found.map(({ address: at, size, mnemonic, op_str: operands }) => ({ address: Number(at), size, mnemonic, operands }));
    } catch {
      // capstone throws where the first bytes are no instruction.
      return [];
    }
  };
}

/** Text of single instructions; undefined for what is none. */
async function disassembler(): Promise<(address: number, bytes: Uint8Array) => string | undefined> {
  const handle = thumbHandle(await loadCapstone());
  return (address, bytes) => {
    try {
      const [found] = handle.disasm(bytes, address, 1);
      return found && instructionText(found);
    } catch {
      return undefined;
    }
  };
}
