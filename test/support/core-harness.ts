/**
 * A bare Cortex-M core for tests: RAM at 0 and at 0x2000_0000, a probe device at 0x4000_0000, and whatever engine is asked for. A core with
 * two security states has its RAM where MPS2 AN505 has some too.
 *
 * The probe is how test code is observed and how it acts on the world: see `PROBE`. `ScriptedEngine` stands in for an engine where a
 * test is about the core around it and not about instructions.
 */

import type { CoreStop } from '../../src/cpu/core.ts';
import { CELL } from '../../src/cpu/core-registers.ts';
import { CortexM, type CortexMOptions } from '../../src/cpu/cortex-m.ts';
import { type Engine, type EngineFactory, type EngineHost, STOP, type StopCode } from '../../src/cpu/engine.ts';
import { CORTEX_M7 } from '../../src/cpu/profile.ts';
import type { SemihostingHost } from '../../src/cpu/semihosting.ts';
import { Diagnostics } from '../../src/diagnostics.ts';
import { Arena } from '../../src/memory/arena.ts';
import { MiB } from '../../src/memory/bits.ts';
import { AddressSpace, type BusDevice } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { Scheduler } from '../../src/time/scheduler.ts';

/** Registers of the probe device, as addresses. */
export const PROBE = {
  /** Written values are appended to `rig.trace`. */
  TRACE: 0x4000_0000,
  /** Drives the interrupt line of that number high, low. */
  RAISE: 0x4000_0004,
  LOWER: 0x4000_0008,
  /** Any value but 0 ends `rig.run` after the instruction. */
  STOP: 0x4000_000c,
  /** Appends the cycle of the access to `rig.trace`. */
  CYCLE: 0x4000_0010,
} as const;

/** Base of the second RAM; its end is the usual initial stack pointer. */
export const SRAM = 0x2000_0000;
/** Bytes of each RAM. */
export const RAM_SIZE = MiB;

/** Options of a rig beside the engine. */
export type RigOptions = Partial<Omit<CortexMOptions, 'bus' | 'arena' | 'scheduler' | 'diagnostics' | 'engine'>> & {
  readonly hz?: number;
  /** Where the second RAM is seen, too. */
  readonly alias?: number;
};

/** A core and its surroundings. */
export class Rig {
  readonly scheduler: Scheduler;
  readonly bus = new AddressSpace('core');
  readonly arena = new Arena(16 * MiB);
  readonly diagnostics: Diagnostics;
  readonly core: CortexM;
  /** What the code wrote to PROBE.TRACE, and cycles from PROBE.CYCLE. */
  readonly trace: number[] = [];
  private stopped = false;

  constructor(engine: EngineFactory, options: RigOptions = {}) {
    this.scheduler = new Scheduler(options.hz ?? 100_000_000);
    this.diagnostics = new Diagnostics({ now: () => this.scheduler.now, pc: () => this.core.pc });
    const code = new Ram('code', RAM_SIZE, this.arena);
    const sram = new Ram('sram', RAM_SIZE, this.arena);
    this.bus.mapRam(0, code);
    this.bus.mapRam(SRAM, sram);
    if (options.alias !== undefined) this.bus.mapRam(options.alias, sram);
    if (options.profile?.security)
      for (const [base, ram] of [
        [0x1000_0000, code],
        [0x2800_0000, sram],
        [0x3800_0000, sram],
      ] as const)
        this.bus.mapRam(base, ram);
    this.bus.mapDevice(PROBE.TRACE, 0x1000, this.probe(), 'probe');
    this.core = new CortexM({
      name: 'cm7',
      profile: CORTEX_M7,
      cyclesPerInstruction: 1,
      ...options,
      bus: this.bus,
      arena: this.arena,
      scheduler: this.scheduler,
      diagnostics: this.diagnostics,
      engine,
    });
  }

  /** Runs for at most `cycles`, as a machine does, until PROBE.STOP or anything but the end of a slice. A sleeping core lets the clock jump. */
  run(cycles = 100_000): CoreStop {
    const { scheduler, core } = this;
    const end = scheduler.now + cycles;
    this.stopped = false;
    while (scheduler.now < end) {
      scheduler.fireDue();
      const until = Math.min(end, scheduler.nextDeadline);
      if (core.asleep || core.halted) {
        if (until === end) return { kind: 'asleep' };
        scheduler.advanceTo(until);
        continue;
      }
      let stop = { kind: 'slice' } as CoreStop;
      const start = scheduler.now;
      const elapsed = scheduler.runSlice(core, until, () => {
        stop = core.run(until - start);
      });
      scheduler.advanceTo(start + elapsed);
      if (this.stopped || (stop.kind !== 'slice' && stop.kind !== 'asleep')) return stop;
    }
    return { kind: 'slice' };
  }

  /** Executes exactly `count` instructions (or less, if something ends the run). */
  step(count = 1): CoreStop {
    return this.run(count * (this.scheduler.hz / this.core.hz));
  }

  /** Register `index` as u32. */
  r(index: number): number {
    this.core.sync();
    return this.core.registers.r(index);
  }

  /** A word as the core's privileged code would read it, with side effects. */
  read(address: number, size = 4): number {
    return this.core.memory.read(address, size, true);
  }

  /** Writes as the core's privileged code would. */
  write(address: number, value: number, size = 4): boolean {
    return this.core.memory.write(address, value, size, true);
  }

  /** The word at `address`, without side effects. */
  peek(address: number): number {
    return this.bus.peek(address, 4);
  }

  private probe(): BusDevice {
    const { trace } = this;
    return {
      read: () => 0,
      peek: () => 0,
      write: (offset, value) => {
        if (offset === 0) trace.push(value);
        else if (offset === 4) this.core.setInterrupt(value, true);
        else if (offset === 8) this.core.setInterrupt(value, false);
        else if (offset === 0xc && value !== 0) {
          this.stopped = true;
          this.core.deadlineMoved();
        } else if (offset === 0x10) trace.push(this.scheduler.now);
        return true;
      },
    };
  }
}

/** One instruction of a `ScriptedEngine`: does something through the engine's host and says how it ended (undefined: normally). */
export type ScriptedInstruction = (host: EngineHost, engine: ScriptedEngine) => StopCode | undefined;

/** "Executes" closures by address, four bytes each; every other address holds a no-op. */
export class ScriptedEngine implements Engine {
  readonly name = 'scripted';
  executed = 0;
  detail = 0;
  address = 0;
  watchMasks = false;
  fpTrap = false;
  divideTrap = false;
  unalignedTrap = false;
  readonly script: Map<number, ScriptedInstruction>;
  private requested = false;
  private readonly host: EngineHost;

  constructor(host: EngineHost, script: Map<number, ScriptedInstruction>) {
    this.host = host;
    this.script = script;
  }

  get pc(): number {
    return this.host.registers.pc;
  }

  run(budget: number): StopCode {
    this.executed = 0;
    this.requested = false;
    const { cells } = this.host.registers;
    while (this.executed < budget) {
      const pc = this.pc;
      const stop = this.script.get(pc)?.(this.host, this);
      const notExecuted = stop !== undefined && (stop >= STOP.UNDEFINED || stop === STOP.BKPT);
      if (!notExecuted) {
        if (this.pc === pc) cells[CELL.PC] = pc + 4;
        this.executed++;
      }
      if (stop !== undefined) return stop;
      if (this.requested) return STOP.REQUESTED;
    }
    return STOP.BUDGET;
  }

  requestStop(): void {
    this.requested = true;
  }

  pull(): void {}

  push(): void {}

  dispose(): void {}
}

/** A rig whose instructions are closures; the vector table at 0 sends exception n to 0x1000 * n, reset to 0x1000. */
export function scriptedRig(script: Map<number, ScriptedInstruction>, options: RigOptions = {}): Rig {
  const rig = new Rig({ name: 'scripted', create: (host) => new ScriptedEngine(host, script) }, options);
  rig.bus.writeBytes(
    0,
    vectorTable(64, (number) => 0x1000 * number + 1),
  );
  rig.core.start(0);
  return rig;
}

/** A vector table: initial SP at the end of SRAM, then what `entry` says for each exception number. */
export function vectorTable(length: number, entry: (number: number) => number): Uint8Array {
  const words = new Uint32Array(length);
  words[0] = SRAM + RAM_SIZE;
  for (let number = 1; number < length; number++) words[number] = entry(number);
  return new Uint8Array(words.buffer);
}

/** A semihosting console that collects output and serves prepared input; input that is not there yet is `undefined`. */
export class TestConsole implements SemihostingHost {
  output = '';
  errors = '';
  input: (string | undefined)[] = [];
  commandLine = 'firmware --flag';

  get readable(): boolean {
    return this.input[0] !== undefined || this.input.length === 0;
  }

  write(fd: 1 | 2, bytes: Uint8Array): void {
    const text = String.fromCharCode(...bytes);
    if (fd === 1) this.output += text;
    else this.errors += text;
  }

  read(max: number): Uint8Array | undefined {
    if (this.input.length === 0) return new Uint8Array();
    const next = this.input[0];
    if (next === undefined) return undefined;
    this.input.shift();
    if (next.length > max) this.input.unshift(next.slice(max));
    return Uint8Array.from(next.slice(0, max), (char) => char.charCodeAt(0));
  }
}
