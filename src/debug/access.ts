/**
 * What a debugger reads and writes: memory as one of the masters sees it, registers of a core. A look changes nothing; what is written is an input of the run.
 */
import type { Core } from '../cpu/core.ts';
import { UsageError } from '../errors.ts';
import type { InputLog } from '../history/inputs.ts';
import type { Machine } from '../machine.ts';
import type { AddressSpace } from '../memory/bus.ts';
import type { RunHost } from '../session/run-inputs.ts';
import { peekBytes } from './memory.ts';

/** Memory and registers of one machine. */
export class DebugAccess {
  private readonly machine: Machine;
  private readonly inputs: InputLog<RunHost>;
  /** Called before a write. @throws {DebuggerRefusal} when nothing can be written now */
  private readonly check: () => void;

  constructor(machine: Machine, inputs: InputLog<RunHost>, check: () => void) {
    this.machine = machine;
    this.inputs = inputs;
    this.check = check;
  }

  /** @throws {UsageError} for a name that none has */
  core(name: string): Core {
    const { cores } = this.machine;
    const core = cores.find((each) => each.name === name);
    if (core) return core;
    throw new UsageError(`no core ${name}`, `its cores: ${cores.map((each) => each.name).join(', ')}`);
  }

  /** As `DebuggerApi.readMemory`. */
  readMemory(view: string, address: number, length: number): Uint8Array {
    return peekBytes(this.view(view), address, length);
  }

  /** As `DebuggerApi.writeMemory`. */
  writeMemory(view: string, address: number, bytes: Uint8Array): boolean {
    this.view(view);
    this.check();
    return this.inputs.perform('debug.memory', view, address, bytes) === true;
  }

  /** As `DebuggerApi.writeRegister`. */
  writeRegister(name: string, register: string, value: number): void {
    // One that there is not is no input.
    this.core(name).readRegister(register);
    this.check();
    this.inputs.perform('debug.register', name, register, value >>> 0);
  }

  private view(name: string): AddressSpace {
    const { spaces } = this.machine;
    const view = spaces.get(name);
    if (view) return view;
    throw new UsageError(`nobody called ${name} sees memory`, `there are ${[...spaces.keys()].join(', ')}`);
  }
}
