/**
 * The `unicorn` engine: native code for the bulk of the instructions, the interpreter for every one that Unicorn cannot do exactly.
 *
 * Unicorn only ever sees plain RAM and instructions it executes as the architecture says (treatment.ts); it leaves before anything
 * else and the interpreter goes on from there, on the same registers and memory. So every stop, fault, device access and count is the
 * interpreter's, and what differs between the engines is speed. Changing over costs a few microseconds; when firmware makes
 * Unicorn leave too often to be worth it, the interpreter keeps it for longer and longer stretches.
 */

import { invariant } from '../../errors.ts';
import { PAGE_SHIFT, PAGE_SIZE, type Ram } from '../../memory/ram.ts';
import { EXECUTE } from '../core-memory.ts';
import { CELL } from '../core-registers.ts';
import { featuresOf } from '../encodings/index.ts';
import { type Engine, type EngineFactory, type EngineHost, STOP, type StopCode } from '../engine.ts';
import { isReturnValue } from '../return-values.ts';
import { CodeTables, type Position } from './code-tables.ts';
import { GuestMemory, type GuestMemoryClient } from './guest-memory.ts';
import { type InstanceCallbacks, UnicornInstance } from './instance.ts';
import { loadUnicorn, UC } from './library.ts';
import { REASON } from './native-code.ts';
import { CONFIGURATIONS, configuration, Treatments } from './treatment.ts';

/** When to change over between Unicorn and the interpreter, in instructions. */
export interface UnicornTuning {
  /** Budgets below this are not worth a start. */
  readonly least: number;
  /** Interpreted after Unicorn left, at first and at most. */
  readonly shortest: number;
  readonly longest: number;
  /** A native stretch shorter than this was not worth it: the next interpreted one doubles. */
  readonly worthwhile: number;
  /** Interpreted after the MPU or the privilege changed, before the mappings follow. */
  readonly afterFlush: number;
}

/** Measured break-even: a change-over costs what the interpreter does in 200 instructions. */
export const DEFAULT_TUNING: UnicornTuning = { least: 128, shortest: 8, longest: 4096, worthwhile: 400, afterFlush: 1024 };

/** A core on libunicorn and the interpreter. */
export class UnicornEngine implements Engine, InstanceCallbacks, GuestMemoryClient {
  readonly name = 'unicorn';
  readonly speed = 250;
  passHook = false;
  detail = 0;
  address = 0;
  /** Instructions that Unicorn executed, and times it was started, since creation; for tests and figures. */
  nativeInstructions = 0;
  nativeStarts = 0;
  private readonly host: EngineHost;
  private readonly interpreter: Engine;
  private readonly tuning: UnicornTuning;
  private readonly instance: UnicornInstance;
  private readonly memory: GuestMemory;
  private readonly tables: CodeTables;
  /** Instructions of this `run` before the interpreter was called last. */
  private before = 0;
  private interpreting = false;
  /** Instructions to interpret before Unicorn is tried again, and the length of the next such stretch. */
  private stretch = 0;
  private nextStretch: number;
  /** The stretch is for the rest of this `run` only. */
  private tail = false;
  /** Pages that the block `scan` refused needs marked as code. */
  private newCode: number[] = [];
  /** A store was refused and the registers, as they were before it, are already in the cells. */
  private storeRefused = false;
  /** Address of code that Unicorn did not find in its memory. */
  private missing: number | undefined;
  /** Something thrown in a callback, to be thrown again outside native code. */
  private failure: unknown;
  /** Starts whose pages were given to `takeWritable`'s caller. */
  private startsTaken = 0;
  private float = true;
  /** The MPU changed and the interpreter has been given some time. */
  private settling = false;

  constructor(host: EngineHost, interpreterFactory: EngineFactory, tuning: UnicornTuning = DEFAULT_TUNING) {
    const library = loadUnicorn();
    this.host = host;
    this.tuning = tuning;
    this.nextStretch = tuning.shortest;
    this.interpreter = interpreterFactory.create(host);
    this.instance = new UnicornInstance(host, library, this);
    const { buffer, tables, uc } = this.instance;
    this.tables = new CodeTables(
      buffer,
      tables,
      new Treatments(featuresOf(host.profile)),
      (address) => this.fetch(address),
      (address) => this.isHooked(address),
    );
    this.memory = new GuestMemory(host, library, uc, this);
    this.instance.setGeneration(this.tables.generation);
    this.selectMap();
  }

  takeWritable(): { ram: Ram; page: number }[] {
    if (this.nativeStarts === this.startsTaken) return [];
    this.startsTaken = this.nativeStarts;
    return this.memory.takeWritable();
  }

  dispose(): void {
    this.memory.dispose();
    this.instance.dispose();
    this.interpreter.dispose();
  }

  get executed(): number {
    return this.interpreting ? this.before + this.interpreter.executed : this.before;
  }

  get pc(): number {
    return this.interpreting ? this.interpreter.pc : this.host.registers.pc;
  }

  get watchMasks(): boolean {
    return this.interpreter.watchMasks;
  }

  set watchMasks(value: boolean) {
    this.interpreter.watchMasks = value;
  }

  get fpTrap(): boolean {
    return this.interpreter.fpTrap;
  }

  set fpTrap(value: boolean) {
    this.interpreter.fpTrap = value;
    this.selectMap();
  }

  get divideTrap(): boolean {
    return this.interpreter.divideTrap;
  }

  set divideTrap(value: boolean) {
    this.interpreter.divideTrap = value;
    this.selectMap();
  }

  get unalignedTrap(): boolean {
    return this.interpreter.unalignedTrap;
  }

  set unalignedTrap(value: boolean) {
    this.interpreter.unalignedTrap = value;
  }

  requestStop(): void {
    this.interpreter.requestStop();
  }

  pull(): void {
    this.interpreter.pull();
  }

  push(): void {
    this.interpreter.push();
  }

  hookChanged(address: number): void {
    this.interpreter.hookChanged?.(address);
    // Blocks that begin before it have marks, too.
    this.rightsChanged();
  }

  run(budget: number): StopCode {
    this.before = 0;
    if (this.passHook) {
      this.passHook = false;
      this.interpreter.passHook = true;
      this.stretch = budget;
      return this.interpret(budget);
    }
    if (this.tail) this.stretch = 0;
    this.tail = false;
    for (;;) {
      const left = budget - this.before;
      if (left <= 0) return STOP.BUDGET;
      const code = this.mayAccelerate(left) ? this.accelerate(left) : this.interpret(left);
      if (code !== STOP.BUDGET) return code;
    }
  }

  scan(pc: number, bytes: number): number {
    try {
      return this.enterBlock(pc, bytes);
    } catch (error) {
      this.failure ??= error;
      return 0;
    }
  }

  mapAround(address: number): boolean {
    try {
      // After a refused store nothing else may happen; what is left of its IT block is about to be undone.
      return !this.storeRefused && this.memory.mapAround(address);
    } catch (error) {
      this.failure ??= error;
      return false;
    }
  }

  missCode(address: number): void {
    this.missing = address;
  }

  refuseStore(): void {
    if (this.storeRefused) return;
    try {
      // Inside an IT block Unicorn goes on with the instruction and its successors; the next one that executes is stopped by this map.
      this.storeRefused = true;
      this.instance.setTables(this.tables.sitesOffset, this.tables.mapOffset(CONFIGURATIONS));
      this.instance.pull(this.float);
    } catch (error) {
      this.failure ??= error;
    }
  }

  codeChanged(start: number, end: number): void {
    this.tables.forgetRange(Math.max(0, start - 2), end);
    this.instance.setGeneration(this.tables.generation);
  }

  rightsChanged(): void {
    this.tables.forget();
    this.instance.setGeneration(this.tables.generation);
  }

  private selectMap(): void {
    this.float = !this.fpTrap && this.host.profile.fpu !== 'none';
    this.instance.setTables(this.tables.sitesOffset, this.tables.mapOffset(configuration(this.fpTrap, this.divideTrap)));
  }

  /** True when Unicorn may take over here; otherwise `stretch` says how long to interpret. */
  private mayAccelerate(left: number): boolean {
    if (this.stretch > 0) return false;
    if (this.watched) {
      // Unicorn tells nothing of the instructions it executes, and asks nobody before it accesses RAM.
      this.tail = true;
      this.stretch = left;
      return false;
    }
    const { cells } = this.host.registers;
    const possible = left >= this.tuning.least && !this.unalignedTrap && cells[CELL.T] === 1 && cells[CELL.ITSTATE] === 0;
    if (!possible) {
      this.tail = left < this.tuning.least || this.unalignedTrap;
      this.stretch = this.tail ? left : 1;
      return false;
    }
    if (!this.memory.needsSync) return true;
    // The interpreter follows the MPU at no cost; another change may come soon.
    this.settling = !this.settling && this.tuning.afterFlush > 0;
    if (this.settling) {
      this.stretch = this.tuning.afterFlush;
      return false;
    }
    this.memory.sync();
    return true;
  }

  private interpret(left: number): StopCode {
    const limit = Math.min(left, this.stretch);
    this.interpreting = true;
    try {
      const code = this.interpreter.run(limit);
      this.interpreter.pull();
      this.detail = this.interpreter.detail;
      this.address = this.interpreter.address;
      return code;
    } finally {
      this.interpreting = false;
      this.before += this.interpreter.executed;
      this.stretch = Math.max(0, this.stretch - Math.max(1, this.interpreter.executed));
    }
  }

  /** Lets Unicorn run; BUDGET when the run goes on. */
  private accelerate(left: number): StopCode {
    const { instance } = this;
    const { registers } = this.host;
    const { cells } = registers;
    this.storeRefused = false;
    this.missing = undefined;
    this.memory.mapAround(registers.pc);
    instance.push(this.float);
    const error = instance.start(registers.pc, left);
    this.nativeStarts++;
    if (this.storeRefused) this.selectMap();
    else instance.pull(this.float);
    this.throwFailure();
    let done = Math.min(left, 0x7fff_ffff) - instance.remaining;
    const { reason } = instance;
    if (reason !== 0 && !this.storeRefused) cells[CELL.PC] = instance.exitPc;
    const position = this.interruptedAt(error, reason);
    if (position) done -= position.after;
    cells[CELL.ITSTATE] = position?.itState ?? 0;
    this.before += done;
    this.nativeInstructions += done;
    this.interpreter.push();
    if (error !== UC.ERR_OK && !position && this.isExceptionReturn()) return STOP.EXC_RETURN;
    if (!this.mapMissing(position)) this.planStretch(reason, done, left - done);
    return STOP.BUDGET;
  }

  /** Maps the code that Unicorn left for, if it left between blocks and there is some. */
  private mapMissing(position: Position | undefined): boolean {
    return this.missing !== undefined && !position && this.memory.mapAround(this.missing);
  }

  /** Where in the last block Unicorn was when it left in the middle of it; undefined when it left between blocks. */
  private interruptedAt(error: number, reason: number): Position | undefined {
    const { instance } = this;
    if (!this.storeRefused && (reason === REASON.BUDGET || reason === REASON.REFUSED)) return undefined;
    const { registers } = this.host;
    // A branch to an even address begins a block of ARM code, counted like any other, whose first instruction Unicorn refuses.
    const inBlock = registers.cells[CELL.T] === 1 || registers.pc === instance.blockPc;
    const position = inBlock ? this.tables.position(instance.blockPc, instance.blockBytes, registers.pc) : undefined;
    const fetched = error === UC.ERR_FETCH_UNMAPPED || error === UC.ERR_EXCEPTION;
    invariant(position || (fetched && !this.storeRefused), `unicorn: error ${error}, reason ${reason} outside the block`);
    return position;
  }

  private isExceptionReturn(): boolean {
    const { registers } = this.host;
    if (!isReturnValue(this.host.profile, registers.handlerMode, registers.pc)) return false;
    if (!this.tables.last(this.instance.blockPc, this.instance.blockBytes)?.returns) return false;
    this.detail = (registers.pc | registers.cells[CELL.T]!) >>> 0;
    registers.cells[CELL.T] = 1;
    return true;
  }

  /** Decides how long the interpreter goes on now. */
  private planStretch(reason: number, done: number, left: number): void {
    if (reason === REASON.BUDGET) {
      this.tail = true;
      this.stretch = left;
      return;
    }
    if (this.newCode.length > 0) {
      for (const address of this.newCode) this.markCode(address);
      this.newCode = [];
      return;
    }
    const { shortest, longest, worthwhile } = this.tuning;
    this.nextStretch = done < worthwhile ? Math.min(longest, this.nextStretch * 2) : shortest;
    this.stretch = this.nextStretch;
  }

  private enterBlock(pc: number, bytes: number): number {
    const { memory, registers } = this.host;
    for (let page = pc >>> PAGE_SHIFT; page <= (pc + bytes - 1) >>> PAGE_SHIFT; page++) {
      const address = Math.max(pc, page * PAGE_SIZE);
      const end = Math.min(pc + bytes, (page + 1) * PAGE_SIZE);
      if ((memory.rights(address, end - address, registers.privileged) & EXECUTE) === 0) return 0;
      const at = memory.ramAt(address);
      if (!at) return 0;
      if (!at.ram.isCode(at.offset >>> PAGE_SHIFT)) this.newCode.push(address);
    }
    return this.newCode.length > 0 ? 0 : this.tables.enter(pc, bytes);
  }

  private markCode(address: number): void {
    const at = this.host.memory.ramAt(address);
    at?.ram.markCode(at.offset >>> PAGE_SHIFT);
  }

  private fetch(address: number): number {
    const at = this.host.memory.ramAt(address >>> 0);
    return at ? at.ram.read(at.offset, 2) : 0;
  }

  private get watched(): boolean {
    const { instruments } = this.host;
    if (instruments === undefined) return false;
    return instruments.counts !== undefined || instruments.stacks !== undefined || instruments.watchpoints.active;
  }

  private isHooked(address: number): boolean {
    return this.host.instruments?.hooks.has(address) ?? false;
  }

  private throwFailure(): void {
    if (this.failure === undefined) return;
    const { failure } = this;
    this.failure = undefined;
    throw failure;
  }
}
