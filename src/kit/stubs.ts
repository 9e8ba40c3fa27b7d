/**
 * Functions of TypeScript that stand for functions of the firmware, or watch them; their calls are kept.
 */
import type { Core } from '../cpu/core.ts';
import type { HookAction, HookHandler } from '../cpu/hooks.ts';
import type { VariableValue } from '../dwarf/values.ts';
import { UsageError } from '../errors.ts';
import { argumentKinds, decodeArguments, encode, isBuffer, resultBytes } from './arguments.ts';
import type { Prototype } from './debug.ts';

/** A call of a function that has a stub. */
export interface StubCall {
  /** By the prototype, or r0 to r3 without debug information. Pointers are addresses. */
  readonly args: readonly VariableValue[];
  /** What the stub gave; undefined for a spy, too. */
  readonly returned: VariableValue | null;
  readonly cycle: number;
}

/** What is done in place of the function: gets its arguments, then the simulation, and gives what it returns. It runs in the middle of a run: it must not wait. */
// biome-ignore lint/suspicious/noExplicitAny: arguments are what the function's prototype says, which TypeScript does not know
export type StubFunction = (...args: any[]) => unknown;

/** A stub, and what it has seen. */
export class Stub {
  readonly prototype: Prototype;
  /** True for one that only watches. */
  readonly spy: boolean;
  /** Calls so far, oldest first; forks go on with a copy. */
  readonly calls: StubCall[];
  private readonly remove: () => void;

  /** @internal Made by `Simulation.stub` and `spy`. */
  constructor(prototype: Prototype, spy: boolean, remove: () => void, calls: readonly StubCall[] = []) {
    this.prototype = prototype;
    this.spy = spy;
    this.remove = remove;
    this.calls = [...calls];
  }

  get name(): string {
    return this.prototype.name;
  }

  /** Lets the function itself do its work again. */
  restore(): void {
    this.remove();
  }
}

/** What a hook at the function does: `machine` is handed to `work` behind the arguments; without `work` it only watches. */
export function stubHandler(options: {
  readonly stub: Stub;
  readonly machine: unknown;
  readonly work: StubFunction | undefined;
  readonly hardFloat: boolean;
  readonly cycle: () => number;
  /** Hears what `work` threw; the core then stops at the function. */
  readonly threw: (error: unknown) => void;
  readonly write: (address: number, bytes: Uint8Array) => void;
}): HookHandler {
  const { stub, machine, work, hardFloat, cycle, write } = options;
  const { prototype } = stub;
  const kinds = argumentKinds(prototype);
  const run = (core: Core): HookAction => {
    const raw = core.functionArguments(kinds, { hardFloat });
    const args = decodeArguments(prototype, raw);
    if (!work) {
      stub.calls.push({ args, returned: undefined, cycle: cycle() });
      return 'continue';
    }
    const returned: unknown = work(...args, machine);
    if (returned instanceof Promise)
      throw new UsageError(
        `${stub.name}: the stub gives a promise`,
        'the core waits for it in the middle of an instruction: give a value',
        stub.name,
      );
    stub.calls.push({ args, returned: returned as VariableValue, cycle: cycle() });
    giveBack(core, prototype, returned, hardFloat, raw[0], write);
    return 'redirected';
  };
  return (core) => {
    try {
      return run(core);
    } catch (error) {
      options.threw(error);
      return 'stop';
    }
  };
}

/** Returns from the function with a value of its type. */
function giveBack(
  core: Core,
  prototype: Prototype,
  value: unknown,
  hardFloat: boolean,
  first: number | bigint | undefined,
  write: (address: number, bytes: Uint8Array) => void,
): void {
  const { returnType, name } = prototype;
  const place = `${name}: what the stub returns`;
  if (value === undefined || value === null || returnType?.kind === 'void') {
    core.stubReturn(undefined, { hardFloat });
    return;
  }
  if (!returnType) {
    const words = { boolean: () => Number(value), number: () => value as number, bigint: () => value as bigint };
    const word = words[typeof value as keyof typeof words];
    if (!word) throw new UsageError(`${place}: ${String(value)} is no word`, 'give a number, a bigint or a boolean', name);
    core.stubReturn(word(), { hardFloat });
    return;
  }
  if (resultBytes(prototype) > 0) {
    const words = encode(returnType, value, place, false) as (number | bigint)[];
    const bytes = new Uint8Array(words.reduce<number>((sum, word) => sum + (typeof word === 'bigint' ? 8 : 4), 0));
    const view = new DataView(bytes.buffer);
    let at = 0;
    for (const word of words) {
      if (typeof word === 'bigint') view.setBigUint64(at, word, true);
      else view.setUint32(at, word, true);
      at += typeof word === 'bigint' ? 8 : 4;
    }
    write(Number(first), bytes.subarray(0, resultBytes(prototype)));
    core.stubReturn(Number(first), { hardFloat });
    return;
  }
  const [result] = encode(returnType, value, place, hardFloat);
  if (result === undefined || isBuffer(result))
    throw new UsageError(`${place}: it has no memory of the firmware`, 'return an address, such as that of a variable', name);
  core.stubReturn(result, { hardFloat });
}
