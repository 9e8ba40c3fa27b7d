/**
 * Functions of the firmware in the hands of a test: called, replaced, watched, awaited.
 *
 * A call interrupts what the core does between two instructions, as a debugger's would, and takes virtual time; afterwards the core is where it was.
 */
import type { VariableValue } from '../dwarf/values.ts';
import { UsageError } from '../errors.ts';
import type { InputValue } from '../history/inputs.ts';
import type { Machine } from '../machine.ts';
import { hex32 } from '../memory/bits.ts';
import type { Duration } from '../time/duration.ts';
import { argumentKinds, decodeArguments, decodeResult, encodeArguments, isBuffer, resultBytes } from './arguments.ts';
import { type Debug, findFunction, type Prototype } from './debug.ts';
import type { Goal } from './goals.ts';
import type { InputHost, OpenCall } from './inputs.ts';
import { Stub, type StubCall, type StubFunction, stubHandler } from './stubs.ts';

/** Which function: its name (`file.c:name` tells statics apart) or address, and how long it may take in virtual time. */
export type FunctionName = string | number | { readonly function: string | number; readonly within?: Duration };

/** What functions need of their simulation. */
export interface FunctionsHost {
  readonly simulation: unknown;
  readonly machine: Machine;
  readonly inputHost: InputHost;
  debug(): Debug | undefined;
  input(kind: string, ...args: readonly InputValue[]): unknown;
  condition<T>(name: string, condition: () => T, within: Duration | undefined, every: Duration): Promise<NonNullable<T>>;
  deadline(within: Duration | undefined): number;
  wait<T>(goal: Goal<T>, within: Duration | undefined): Promise<T>;
  read(address: number, length: number): Uint8Array;
}

/** A stub, and the code of the test that it runs. */
interface Installed {
  readonly stub: Stub;
  readonly work: StubFunction | undefined;
}

/** A stub that a fork takes with it. */
export interface Inherited {
  readonly prototype: Prototype;
  readonly work: StubFunction | undefined;
  readonly calls: readonly StubCall[];
}

/** The functions of one simulation. */
export class Functions {
  private readonly host: FunctionsHost;
  private readonly stubs = new Map<string, Installed>();
  /** Stubs of the simulation that this one was forked from, until there is a machine. */
  private inherited: readonly Inherited[] = [];
  private calls = 0;
  /** What a stub threw. */
  private thrown: { readonly error: unknown } | undefined;
  /** Calls that nobody awaits any more. */
  private readonly abandoned = new Set<number>();

  constructor(host: FunctionsHost) {
    this.host = host;
  }

  /** Calls a function and gives what it returns. */
  async call(which: FunctionName, values: readonly unknown[]): Promise<VariableValue> {
    const { function: name, within } = typeof which === 'object' ? which : { function: which, within: undefined };
    const { host } = this;
    const debug = host.debug();
    const prototype = findFunction(debug, name);
    const hardFloat = debug?.hardFloat ?? false;
    const passed = encodeArguments(prototype, values, hardFloat);
    const room = resultBytes(prototype);
    if (room > 0) passed.unshift({ bytes: new Uint8Array(room) });
    if (host.inputHost.calls.size > 0)
      throw new UsageError(
        `${prototype.name}: another call has not returned`,
        'await it first; fork() before a call that may not return',
        prototype.name,
      );
    await this.callable(prototype.name, within);
    const id = this.calls++;
    const args = passed.map((each) => (isBuffer(each) ? each.bytes : each));
    const { call, buffers } = host.input('core.call', id, prototype.address, args, hardFloat) as OpenCall;
    try {
      const awaited = `the return of ${prototype.name}()`;
      await host.wait(
        { awaited, deadline: host.deadline(within), kind: 'firmware', check: () => (call.returned ? { value: true } : undefined) },
        within,
      );
    } catch (error) {
      this.abandoned.add(id);
      throw error;
    }
    for (const [n, buffer] of passed.filter(isBuffer).entries()) buffer.back?.(host.read(buffers[n]!, buffer.bytes.length));
    const memory = room > 0 ? host.read(buffers[0]!, room) : undefined;
    const value = decodeResult(prototype, call.result, memory);
    host.input('core.return', id);
    return value;
  }

  /** Exception handlers cannot be interrupted by a call: they get on first. */
  private async callable(name: string, within: Duration | undefined): Promise<void> {
    const { machine } = this.host;
    const ready = (): boolean => machine.core.halted || machine.core.readRegister('ipsr') === 0;
    if (!ready())
      await this.host.condition(`the end of the exception handler that the core is in, to call ${name}()`, ready, within, '1us');
  }

  /**
   * A hook has stopped the core. Functions that return when nobody awaits them any more are cleaned up after, so that the core goes on where it was.
   * @throws what a stub has thrown
   */
  hooked(): void {
    const { thrown } = this;
    this.thrown = undefined;
    if (thrown) throw thrown.error;
    for (const id of this.abandoned) {
      if (!this.host.inputHost.calls.get(id)?.call.returned) continue;
      this.abandoned.delete(id);
      this.host.input('core.return', id);
    }
  }

  /** Runs until the core comes to a function; its arguments. */
  async untilCalled(which: string | number, within: Duration | undefined): Promise<readonly VariableValue[]> {
    const { host } = this;
    const debug = host.debug();
    const prototype = findFunction(debug, which);
    let args: readonly VariableValue[] | undefined;
    const remove = host.machine.core.addHook(prototype.address, (core) => {
      if (args) return 'continue';
      args = decodeArguments(prototype, core.functionArguments(argumentKinds(prototype), { hardFloat: debug?.hardFloat ?? false }));
      return 'stop';
    });
    try {
      const check = () => args && { value: args };
      return await host.wait(
        { awaited: `a call of ${prototype.name}()`, deadline: host.deadline(within), kind: 'firmware', check },
        within,
      );
    } finally {
      remove();
    }
  }

  /** Lets `work` stand for a function from now on; without it, only watches. */
  install(which: string | number, work: StubFunction | undefined): Stub {
    const prototype = findFunction(this.host.debug(), which);
    this.put(this.host.inputHost, { prototype, work, calls: [] });
    const { name, address } = prototype;
    // Who only watches changes nothing, and is in no recording.
    if (work) this.host.input('core.stub', keyOf(prototype), address);
    else this.host.inputHost.setStub(keyOf(prototype), address);
    const installed = this.stubs.get(keyOf(prototype));
    if (!installed) throw new UsageError(`${name}: no stub`, 'put it on again', name);
    return installed.stub;
  }

  /** The stub or spy of a function. @throws {UsageError} when it has none */
  installed(which: string | number): Stub {
    const found = this.stubs.get(keyOf(findFunction(this.host.debug(), which)));
    if (found) return found.stub;
    const names = [...this.stubs.values()].map(({ stub }) => stub.name).join(', ');
    throw new UsageError(`${which} has no stub`, names ? `there are stubs for ${names}` : 'put one on with stub() or spy()', String(which));
  }

  private put(inputHost: InputHost, { prototype, work, calls }: Inherited): void {
    const { host } = this;
    const key = keyOf(prototype);
    const remove = (): void => {
      if (!this.stubs.delete(key)) return;
      if (work) host.input('core.stub', key, undefined);
      else host.inputHost.setStub(key, undefined);
    };
    const stub = new Stub(prototype, work === undefined, remove, calls);
    this.stubs.set(key, { stub, work });
    this.prepare(inputHost, key);
  }

  /** Makes what the hook of a stub does. */
  private prepare(inputHost: InputHost, key: string): void {
    const { host } = this;
    const { stub, work } = this.stubs.get(key)!;
    const { machine } = inputHost;
    const handler = stubHandler({
      stub,
      machine: host.simulation,
      work,
      hardFloat: host.debug()?.hardFloat ?? false,
      cycle: () => machine.scheduler.now,
      threw: (error) => {
        this.thrown = { error };
      },
      write: (address, bytes) => {
        machine.view(machine.core.name).writeBytes(address, bytes);
      },
    });
    inputHost.stubs.set(key, handler);
  }

  /** What a fork takes with it. */
  copy(): readonly Inherited[] {
    return [...this.stubs.values()].map(({ stub, work }) => ({ prototype: stub.prototype, work, calls: [...stub.calls] }));
  }

  /** Takes over what `copy` of the simulation gave from which this one was forked. */
  inherit(stubs: readonly Inherited[]): void {
    this.inherited = stubs;
  }

  /** Puts the stubs that it has inherited onto its machine. */
  connect(inputHost: InputHost): void {
    const { inherited } = this;
    this.inherited = [];
    for (const each of inherited) {
      this.put(inputHost, each);
      inputHost.setStub(keyOf(each.prototype), each.prototype.address);
    }
  }
}

function keyOf({ name, address }: Prototype): string {
  return `${name} at ${hex32(address)}`;
}
