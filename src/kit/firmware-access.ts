/**
 * The firmware in the hands of a test: its memory, variables, functions.
 */
import { type Coverage, CoverageCollector } from '../coverage/index.ts';
import type { Dwarf } from '../dwarf/dwarf.ts';
import { type Variable, Variables, type VariableValue } from '../dwarf/variables.ts';
import { UsageError } from '../errors.ts';
import type { InputValue } from '../history/inputs.ts';
import type { Machine } from '../machine.ts';
import { hex32 } from '../memory/bits.ts';
import { Profiler, type ProfilerOptions } from '../profile/index.ts';
import type { Firmware } from '../remoteproc/elf-loader.ts';
import { type Debug, debugOf } from './debug.ts';
import { type FunctionName, Functions, type FunctionsHost } from './functions.ts';
import type { InputHost } from './inputs.ts';
import type { Configuration } from './options.ts';
import type { Stub, StubFunction } from './stubs.ts';
import { Waiting, type WaitOptions } from './waiting.ts';

/** A simulation, as far as its firmware goes. */
export abstract class FirmwareAccess extends Waiting {
  abstract readonly configuration: Configuration;
  private readonly profilers: Profiler[] = [];
  protected readonly functions: Functions = new Functions(this.functionsHost());

  /** @internal Everything from outside goes through here: see src/kit/inputs.ts. */
  abstract input(kind: string, ...args: readonly InputValue[]): unknown;
  protected abstract get inputHost(): InputHost;

  /** Bytes of memory as the firmware's core sees it. @throws {UsageError} where there is none */
  read(address: number, length: number): Uint8Array {
    const { machine } = this;
    const bytes = machine.view(machine.core.name).readBytes(address >>> 0, length);
    if (bytes) return bytes;
    throw new UsageError(
      `${hex32(address)}, ${length} bytes: no memory of ${machine.core.name}`,
      'look at the memory map: imx-sim socs',
      'read',
    );
  }

  /** Writes to memory as the firmware's core sees it. @throws {UsageError} where there is none */
  write(address: number, bytes: Uint8Array): void {
    const { core, soc } = this.machine;
    if (this.input('memory.write', core.name, address >>> 0, bytes) !== false) return;
    throw new UsageError(
      `${hex32(address)}, ${bytes.length} bytes: no memory of ${core.name}`,
      `look at the memory map of ${soc.name}: imx-sim socs`,
      'write',
    );
  }

  /**
   * A variable of the firmware by name: `state`, `main.c:state`, `pool.items[3].name`, `*head`. Its value is read at each use. Without debug information
   * it has what the symbol table knows. @throws {SymbolError} when there is none, or several: the message lists them
   */
  symbol(name: string): Variable {
    return this.variables.find(name);
  }

  /** Memory at any address as a variable of a type of the firmware (`struct queue`, `uint16_t`). @throws {SymbolError} */
  at(address: number, type: string): Variable {
    return this.variables.at(address, type);
  }

  /**
   * Calls a function of the firmware, in between of what its core does, and gives what it returns: `await m.call('crc16', bytes, bytes.length)`. Text,
   * bytes, arrays and objects for pointers are put on the stack; what the function makes of them is read back. To give it other than 10 s of virtual
   * time: `m.call({ function: 'crc16', within: '1ms' }, ...)`.
   */
  async call(name: FunctionName, ...args: readonly unknown[]): Promise<VariableValue> {
    await this.ready();
    return this.functions.call(name, args);
  }

  /**
   * Lets a function of TypeScript stand for one of the firmware: it gets the arguments, then the simulation (in a fork, that one), and what it gives is
   * returned, in no time. Forks inherit it. It must not wait.
   */
  stub(name: string | number, work: StubFunction): Stub {
    return this.functions.install(name, work);
  }

  /** Watches the calls of a function, which does its work as ever. */
  spy(name: string | number): Stub {
    return this.functions.install(name, undefined);
  }

  /** The stub or spy of a function: in a fork, its own. @throws {UsageError} when it has none */
  stubbed(name: string | number): Stub {
    return this.functions.installed(name);
  }

  /** Runs until the core comes to a function; the arguments of that call. */
  async untilCalled(name: string | number, { within }: WaitOptions = {}): Promise<readonly VariableValue[]> {
    await this.ready();
    return this.functions.untilCalled(name, within);
  }

  /**
   * Lines, branches and functions of the firmware that this machine has executed since it was made or forked, as gcov counts them (docs/coverage.md);
   * made with `coverage: true`. @throws {UsageError | CoverageError}
   */
  coverage(): Coverage {
    const { firmware } = this;
    if (!this.configuration.options.coverage) throw new UsageError('nothing was counted', 'give createMachine coverage: true', 'coverage');
    const collector = new CoverageCollector();
    collector.addCore(firmware, this.machine.core);
    return collector.report();
  }

  /** Watches from now on where time and stacks go: interrupt latency, load, call stacks (docs/coverage.md). Its run is the same. */
  profile(options: ProfilerOptions = {}): Profiler {
    const dwarf = this.debugInformation();
    const profiler = new Profiler(this.machine, this.firmware, { ...(dwarf ? { dwarf } : {}), ...options });
    profiler.start();
    this.profilers.push(profiler);
    return profiler;
  }

  /** The machine begins to serve this simulation, or ends it. */
  protected measure(machine: Machine, on: boolean): void {
    if (this.configuration.options.coverage) {
      machine.core.count(false);
      machine.core.count(on);
    }
    if (!on) for (const profiler of this.profilers.splice(0)) profiler.stop();
  }

  /** @throws {UsageError} when there is none */
  private get firmware(): Firmware {
    const { firmware } = this.configuration;
    if (!firmware) throw new UsageError('this machine has no firmware', 'give it one', 'firmware');
    return firmware;
  }

  /** @internal Debug information of the firmware that the core runs, if it has any. */
  debugInformation(): Dwarf | undefined {
    return this.debug?.dwarf;
  }

  private get debug(): Debug | undefined {
    const file = this.machine.firmwareFile;
    return file && debugOf(file);
  }

  private get variables(): Variables {
    const { debug } = this;
    const { core } = this.machine;
    const memory = {
      read: (address: number, length: number) => this.machine.view(core.name).readBytes(address, length),
      write: (address: number, bytes: Uint8Array) => this.input('memory.write', core.name, address, bytes) !== false,
    };
    return new Variables(debug?.dwarf, debug?.symbols ?? [], memory);
  }

  private functionsHost(): FunctionsHost {
    const simulation = this;
    return {
      simulation,
      get machine() {
        return simulation.machine;
      },
      get inputHost() {
        return simulation.inputHost;
      },
      debug: () => this.debug,
      input: (kind, ...args) => this.input(kind, ...args),
      read: (address, length) => this.read(address, length),
      deadline: (within) => this.deadline(within === undefined ? {} : { within }),
      wait: (goal, within) => this.wait(goal, within === undefined ? {} : { within }),
      condition: (name, condition, within, every) => this.until(condition, { name, every, ...(within === undefined ? {} : { within }) }),
    };
  }
}
