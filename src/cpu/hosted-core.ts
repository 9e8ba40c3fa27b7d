/**
 * What a host asks of a Cortex-M core beside running it: instruments, registers by name, calls into the firmware, exceptions as a table, reports.
 *
 * Parts answer (`core-instruments.ts`, `register-access.ts`, `aapcs.ts`, `exception-table.ts`, `fault-report.ts`), between instructions. Execution, which
 * knows nothing of who asks, is `cortex-m.ts`.
 */
import { type Argument, type ArgumentKind, type CallOptions, type CoreCall, GuestCall, readArguments, stubReturn } from './aapcs.ts';
import type { FaultFacts } from './core.ts';
import type { CoreInstruments } from './core-instruments.ts';
import type { CoreMemory } from './core-memory.ts';
import type { CoreRegisters } from './core-registers.ts';
import type { CoreSystem } from './core-system.ts';
import { type ExceptionEvent, type ExceptionRow, exceptionRows } from './exception-table.ts';
import type { ExceptionModel } from './exceptions.ts';
import type { BranchCount, ExecutionCount } from './execution-counts.ts';
import { type CoreView, describeCore, type FaultRecord, faultFacts, reportFaults } from './fault-report.ts';
import type { HookHandler } from './hooks.ts';
import type { Nvic } from './nvic.ts';
import type { CoreProfile } from './profile.ts';
import { registerAccess } from './register-access.ts';
import { type RegisterGroup, registerGroups } from './register-groups.ts';
import type { RoundHost } from './rounds/round-host.ts';
import type { SystemControl } from './scb.ts';
import type { StackLow } from './stack-watch.ts';
import type { WatchArea, WatchHandler } from './watchpoints.ts';

/** The side of a core that its host sees. */
export abstract class HostedCore implements CoreView {
  abstract readonly name: string;
  abstract readonly profile: CoreProfile;
  abstract readonly registers: CoreRegisters;
  abstract readonly memory: CoreMemory;
  abstract readonly system: CoreSystem;
  abstract readonly nvic: Nvic;
  abstract readonly scb: SystemControl;
  abstract readonly exceptions: ExceptionModel;
  abstract readonly instruments: CoreInstruments;
  abstract readonly paper: RoundHost;
  abstract readonly symbolise: (address: number) => string | undefined;
  abstract readonly disassemble: (address: number, bytes: Uint8Array) => string | undefined;
  abstract readonly faultLog: readonly FaultRecord[];
  abstract readonly faultsTaken: number;
  abstract readonly halted: boolean;
  abstract readonly instructions: number;
  /** Instruction whose completion the core waits for: WFI, WFE, or a semihosting call that needs input. */
  abstract sleep: 'none' | 'wfi' | 'wfe' | 'semihosting';
  /** True in the middle of an instruction. */
  abstract readonly executing: boolean;
  /** Brings `registers` up to date; for debuggers and reports, between slices. */
  abstract sync(): void;
  /** Tells the core that `registers` (or CONTROL, masks, IPSR in them) were changed from outside, between slices. */
  abstract registersChanged(): void;
  abstract branch(target: number): void;

  addHook(address: number, handler: HookHandler): () => void {
    return this.instruments.addHook(address, handler);
  }

  addWatchpoint(area: WatchArea, handler: WatchHandler): () => void {
    return this.instruments.addWatchpoint(area, handler);
  }

  stopAt(instructions: number | undefined, entries = 0): void {
    this.instruments.stopAt(instructions, entries);
  }

  onException(listener: (event: ExceptionEvent) => void): () => void {
    return this.instruments.onException(listener);
  }

  count(on: boolean): void {
    this.instruments.count(on);
  }

  executionCounts(): Iterable<ExecutionCount> {
    return this.instruments.executionCounts();
  }

  branchCounts(): Iterable<BranchCount> {
    return this.instruments.branchCounts();
  }

  trackStacks(on: boolean): boolean {
    return this.instruments.trackStacks(on);
  }

  stackLows(): readonly StackLow[] {
    return this.instruments.stackLows();
  }

  clearInstruments(): void {
    this.instruments.clear();
  }

  registerGroups(): readonly RegisterGroup[] {
    return registerGroups(this.profile);
  }

  registerValues(): readonly number[] {
    this.sync();
    const { registers } = this;
    return [...Array.from({ length: 16 }, (_, index) => registers.r(index)), registers.xpsr >>> 0];
  }

  readRegister(register: string | number): number {
    const access = registerAccess(this.profile, register, this.system.security);
    this.sync();
    return access.read(this.registers);
  }

  writeRegister(register: string | number, value: number): void {
    const access = registerAccess(this.profile, register, this.system.security);
    this.sync();
    const { pc } = this.registers;
    access.write(this.registers, value);
    if (this.registers.pc !== pc) this.instruments.pass(false);
    this.registersChanged();
  }

  beginCall(address: number, args: readonly Argument[] = [], options: CallOptions = {}): CoreCall {
    return new GuestCall(this, address, args, options);
  }

  functionArguments(kinds: readonly ArgumentKind[], options: CallOptions = {}): (number | bigint)[] {
    return readArguments(this, kinds, options);
  }

  stubReturn(value?: Argument, options: CallOptions = {}): void {
    stubReturn(this, value, options);
  }

  exceptionTable(): readonly ExceptionRow[] {
    return exceptionRows({ nvic: this.nvic, bus: this.memory.bus, vectorTable: (secure) => this.system.vectorTable(secure) });
  }

  describe(): string[] {
    this.sync();
    return describeCore(this);
  }

  faultReport(): string[] {
    this.sync();
    return reportFaults(this);
  }

  faults(): readonly FaultFacts[] {
    this.sync();
    return faultFacts(this);
  }
}
