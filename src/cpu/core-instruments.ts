/**
 * The instruments of a Cortex-M core as its host uses them: hooks, watchpoints, exact stops, counts, the watch on stacks, listeners to exceptions.
 *
 * The core asks between its steps what is on (`attended`, `hooks`, `counts`, `stacks`) and calls what is; execution itself is none of this file's business. Of
 * what is kept here only what an instruction that is about to begin has been told belongs to the machine; the rest is that of whoever looks.
 */
import { invariant } from '../errors.ts';
import type { Arena } from '../memory/arena.ts';
import type { Core, CoreStop } from './core.ts';
import type { CoreMemory } from './core-memory.ts';
import { CELL, type CoreRegisters } from './core-registers.ts';
import type { CoreSystem } from './core-system.ts';
import { featuresOf } from './encodings/index.ts';
import type { Engine } from './engine.ts';
import { type ExceptionEvent, exceptionEvent } from './exception-table.ts';
import { type BranchCount, type ExecutionCount, ExecutionCounts } from './execution-counts.ts';
import { type HookHandler, Hooks } from './hooks.ts';
import type { Instruments } from './instruments.ts';
import type { CoreProfile } from './profile.ts';
import { type StackLow, StackWatch } from './stack-watch.ts';
import { type SeenAccess, WATCH_MODE, type WatchArea, type WatchHandler, Watchpoints } from './watchpoints.ts';

/** What the instruments see of their core. */
export interface InstrumentedCore extends Core {
  readonly profile: CoreProfile;
  readonly registers: CoreRegisters;
  readonly memory: CoreMemory;
  readonly engine: Engine;
  readonly system: CoreSystem;
  /** True in the middle of an instruction. */
  readonly executing: boolean;
  /** `registers` were changed since the engine was last told. */
  dirty: boolean;
  /** Brings `registers` up to date. */
  sync(): void;
  /** What was learned about repetitions of the code does not hold any more. */
  forgetRounds(): void;
}

const STEP: CoreStop = { kind: 'step' };

/** An instruction that is about to begin: its address, when so many instructions were complete and exceptions taken. */
class Beginning {
  private address = -1;
  private instructions = 0;
  private entries = 0;

  /** It is the one at `address`, now; -1: there is none. */
  note({ instructions, entries }: Core, address: number): void {
    this.address = address;
    this.instructions = instructions;
    this.entries = entries;
  }

  forget(): void {
    this.address = -1;
  }

  /** True for the instruction at `pc` that begins now. */
  is(core: Core, pc: number): boolean {
    return this.address === pc && this.instructions === core.instructions && this.entries === core.entries;
  }
}

/** The instruments of one core. */
export class CoreInstruments implements Instruments {
  /** What a snapshot keeps: an instruction whose hooks have run is executed without them after a load, too. */
  static readonly state = ['passed', 'passFirst'];
  readonly hooks = new Hooks((address) => this.hookChanged(address));
  readonly watchpoints = new Watchpoints(() => this.watchpointsChanged());
  counts: ExecutionCounts | undefined;
  stacks: StackWatch | undefined;
  /** Somebody watches memory or wants a stop at an instruction; while nobody does the rest of this is not looked at. */
  attended = false;
  private readonly core: InstrumentedCore;
  private readonly arena: Arena;
  /** The hooks of this instruction have run and let it execute. */
  private readonly passed = new Beginning();
  /** The watchpoints that this instruction hits have been told. */
  private readonly watched = new Beginning();
  /** That instruction comes before whatever has become pending since. */
  private passFirst = false;
  /** `stopAt`. */
  private stopInstructions = Number.POSITIVE_INFINITY;
  private stopEntries = 0;
  /** What was counted and watched last. */
  private lastCounts: ExecutionCounts | undefined;
  private lastStacks: StackWatch | undefined;
  /** The stack that was the active one when the watch was told last: 1 for the process stack, 2 for a Secure one. */
  private stack = 0;
  /** Ends each of the listeners that `onException` has added. */
  private readonly listeners = new Set<() => void>();

  constructor(core: InstrumentedCore, arena: Arena) {
    this.core = core;
    this.arena = arena;
  }

  // ---- for the host

  addHook(address: number, handler: HookHandler): () => void {
    const { engine } = this.core;
    invariant(engine.passHook !== undefined, `engine ${engine.name} knows no hooks`);
    return this.hooks.add(address, handler);
  }

  addWatchpoint(area: WatchArea, handler: WatchHandler): () => void {
    return this.watchpoints.add(area, handler);
  }

  stopAt(instructions: number | undefined, entries = 0): void {
    this.stopInstructions = instructions ?? Number.POSITIVE_INFINITY;
    this.stopEntries = entries;
    this.attend();
  }

  onException(listener: (event: ExceptionEvent) => void): () => void {
    const { nvic } = this.core.system;
    const end = nvic.listen((phase, id) => {
      if (phase === 'entered' || phase === 'left') listener(exceptionEvent(nvic, phase, id));
    });
    this.listeners.add(end);
    return () => {
      end();
      this.listeners.delete(end);
    };
  }

  count(on: boolean): void {
    if (on === (this.counts !== undefined)) return;
    if (on) this.lastCounts = new ExecutionCounts();
    else this.core.engine.collectCounts?.();
    this.counts = on ? this.lastCounts : undefined;
    this.changed();
  }

  executionCounts(): Iterable<ExecutionCount> {
    if (this.counts) this.core.engine.collectCounts?.();
    return this.lastCounts?.executions() ?? [];
  }

  branchCounts(): Iterable<BranchCount> {
    const { engine, memory, profile } = this.core;
    if (this.counts) engine.collectCounts?.();
    return this.lastCounts?.branches(memory.bus, featuresOf(profile)) ?? [];
  }

  trackStacks(on: boolean): boolean {
    if (on === (this.stacks !== undefined)) return false;
    if (on) this.lastStacks = new StackWatch(this.arena);
    this.stacks = on ? this.lastStacks : undefined;
    this.changed();
    return true;
  }

  stackLows(): readonly StackLow[] {
    return this.lastStacks?.lows() ?? [];
  }

  /** Takes everything away and forgets what was counted. */
  clear(): void {
    this.hooks.clear();
    this.watchpoints.clear();
    this.stopAt(undefined);
    for (const end of this.listeners) end();
    this.listeners.clear();
    this.count(false);
    this.trackStacks(false);
    this.lastCounts = undefined;
    this.lastStacks = undefined;
  }

  // ---- for the core: what is about to begin

  /** True when the hooks or watchpoints of the next instruction have run. */
  get passing(): boolean {
    const { pc } = this.core.registers;
    return (this.hooks.has(pc) && this.mayPass(pc)) || this.mayAccess(pc);
  }

  /** True when the next instruction comes before whatever is pending, because its hooks or watchpoints have run. */
  get goesFirst(): boolean {
    return this.passFirst && this.passing;
  }

  /** True when the hooks at `pc` have run for the instruction that is about to begin. */
  mayPass(pc: number): boolean {
    return this.passed.is(this.core, pc);
  }

  /** True when the watchpoints that the instruction at `pc` hits have been told. */
  mayAccess(pc: number): boolean {
    return this.watched.is(this.core, pc);
  }

  /** The hooks of the next instruction have run, and it comes before whatever has become pending since; false: it begins anew. */
  pass(on: boolean): void {
    this.passed.note(this.core, on ? this.core.registers.pc : -1);
    if (!on) this.watched.forget();
    this.passFirst = true;
  }

  /** The instruction that has gone first begins. */
  begun(): void {
    this.passFirst = false;
  }

  /** The core was reset. */
  reset(): void {
    this.passed.forget();
    this.watched.forget();
  }

  /** The core was put into another state, that of a snapshot. */
  moved(): void {
    this.watched.forget();
    this.stackLoaded();
  }

  // ---- for the core: stops, hooks and watchpoints

  /** Of `budget` instructions those before the one at which somebody wants a stop. */
  allowed(budget: number): number {
    return Math.min(budget, this.stopInstructions - this.core.instructions);
  }

  /** A stop where somebody who looks wants one. `attention`: an exception may be pending. */
  arrived(attention: boolean): CoreStop | undefined {
    const { core } = this;
    if (core.memory.watch) {
      const noted = this.tellNoted();
      if (noted) return noted;
    }
    if (core.instructions < this.stopInstructions || core.halted) return undefined;
    return attention && !this.goesFirst && core.entries < this.stopEntries ? undefined : STEP;
  }

  /** Runs the hooks at PC; a stop, when one asks for it. */
  runHooks(): CoreStop | undefined {
    const { core, watchpoints } = this;
    const { pc } = core.registers;
    // What hooks do with memory is no access of the core's.
    watchpoints.mode = WATCH_MODE.IGNORE;
    const action = this.hooks.run(core, pc, core.instructions);
    watchpoints.mode = WATCH_MODE.NOTE;
    core.dirty = true;
    if (core.registers.pc === pc) this.pass(true);
    // Whether somebody has stopped here makes no difference to what is next.
    if (action === 'stop') this.passFirst = false;
    return action === 'stop' ? { kind: 'hook', address: pc } : undefined;
  }

  /** The engine is about to execute from `pc` on. */
  watchFrom(pc: number): void {
    this.watchpoints.mode = this.mayAccess(pc) ? WATCH_MODE.PASS : WATCH_MODE.REFUSE;
  }

  /** The engine has stopped: what is accessed now the core itself does. */
  watchCore(): void {
    this.watchpoints.mode = WATCH_MODE.NOTE;
  }

  /** Tells the watchpoints that the instruction at PC hits; a stop, when one asks for it. */
  tellWatched(): CoreStop | undefined {
    const { core } = this;
    const { pc } = core.registers;
    this.watched.note(core, pc);
    const stop = this.tell(core.memory.watch?.take() ?? [], pc);
    this.passFirst = stop === undefined;
    return stop;
  }

  /** Tells of what the core itself has accessed; a stop, when a handler asks for it. */
  private tellNoted(): CoreStop | undefined {
    const seen = this.core.memory.watch!.take();
    if (seen.length === 0) return undefined;
    this.core.sync();
    return this.tell(seen, undefined);
  }

  private tell(seen: readonly SeenAccess[], pc: number | undefined): CoreStop | undefined {
    const { core, watchpoints } = this;
    watchpoints.mode = WATCH_MODE.IGNORE;
    const stop = watchpoints.tell(core, seen, pc);
    watchpoints.mode = WATCH_MODE.NOTE;
    core.dirty = true;
    return stop && { kind: 'watch', ...stop };
  }

  // ---- for the core: stacks

  /** The active stack pointer was set from outside. */
  stackLoaded(): void {
    const { stacks, core } = this;
    if (!stacks) return;
    core.sync();
    const { registers } = core;
    this.stack = stackNumber(registers);
    stacks.load(registers.r(CELL.SP), !registers.usesPsp);
  }

  /** While stacks are watched: the core may have pushed or popped a frame, and another stack pointer may be the active one. */
  noteStack(): void {
    const { core, stack } = this;
    const stacks = this.stacks!;
    core.sync();
    const { registers } = core;
    this.stack = stackNumber(registers);
    if (this.stack === stack) stacks.move(registers.r(CELL.SP));
    else {
      // After MSR CONTROL the engine has noted the new one already, and the current stretch is no longer that of the old one.
      if (!stacks.holds(registers.r(CELL.SP))) stacks.move(core.system.stackPointer((stack & 1) !== 0 ? 'psp' : 'msp', (stack & 2) !== 0));
      stacks.load(registers.r(CELL.SP), !registers.usesPsp);
    }
  }

  // ---- what came or went

  private attend(): void {
    this.attended = this.watchpoints.active || this.stopInstructions !== Number.POSITIVE_INFINITY;
  }

  /** An address got its first hook, or lost its last. */
  private hookChanged(address: number): void {
    this.core.engine.hookChanged?.(address);
    this.core.forgetRounds();
  }

  /** A watchpoint was added, or taken away. */
  private watchpointsChanged(): void {
    const { core } = this;
    invariant(!core.executing, 'watchpoints come and go between instructions');
    core.forgetRounds();
    core.memory.setWatchpoints(this.watchpoints);
    this.attend();
    core.engine.watchpointsChanged?.();
  }

  /** Counting or the watch on stacks began or ended. */
  private changed(): void {
    const { core } = this;
    invariant(!core.executing, 'counting begins and ends between instructions');
    core.forgetRounds();
    core.engine.instrumentsChanged?.();
    this.stackLoaded();
  }
}

/** Which stack is the active one. */
function stackNumber({ usesPsp, secure }: CoreRegisters): number {
  return (usesPsp ? 1 : 0) | (secure ? 2 : 0);
}
