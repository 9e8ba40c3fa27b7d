/**
 * A Cortex-M core (ARMv7E-M, ARMv8-M Mainline): everything around the execution of instructions, which an `Engine` does.
 *
 * Owns the registers, the system of its architecture (`core-system.ts`, `secure-system.ts`) and the debug blocks, and runs the engine in slices that end at
 * exactly the instruction after which something has to happen, so that every engine gives the same trace. Exception entry and return
 * take no time. What a host asks beside that is `hosted-core.ts`. Not modelled: halting debug.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { invariant } from '../errors.ts';
import { BUS_FAULT } from '../memory/bus.ts';
import type { Scheduler } from '../time/scheduler.ts';
import { cacheRegisters } from './cache.ts';
import type { CoreStop } from './core.ts';
import { CoreInstruments, type InstrumentedCore } from './core-instruments.ts';
import type { CoreMemory } from './core-memory.ts';
import { CELL, CoreRegisters } from './core-registers.ts';
import { type CoreSystem, plainSystem, type SystemHost } from './core-system.ts';
import type { CortexMOptions } from './cortex-m-options.ts';
import { DebugUnit } from './dwt.ts';
import { featuresOf } from './encodings/index.ts';
import { type Engine, STOP, type StopCode } from './engine.ts';
import { EXCEPTION, exceptionName, isFault } from './exception-numbers.ts';
import type { Completion, ContextSnapshot, ExceptionModel } from './exceptions.ts';
import { FastForward } from './fast-forward.ts';
import { type FaultRecord, reportCrash } from './fault-report.ts';
import { UFSR } from './fault-status.ts';
import { HostedCore } from './hosted-core.ts';
import { isEndlessLoop, skipInstruction } from './instruction-stream.ts';
import { LMEM_OFFSET, Lmem } from './lmem.ts';
import type { Nvic } from './nvic.ts';
import { PPB_BASE, PPB_SIZE, PrivateBus } from './private-bus.ts';
import type { CoreProfile } from './profile.ts';
import { isReturnValue } from './return-values.ts';
import { RoundHost } from './rounds/round-host.ts';
import type { SystemControl } from './scb.ts';
import { secureSystem } from './secure-system.ts';
import { SEMIHOSTING_BKPT, Semihosting } from './semihosting.ts';

export type { CortexMOptions };

/** A core that can get no further by itself. */
export interface StuckLoop {
  /** Exception that it is in, 0 in Thread mode. */
  readonly exception: number;
  readonly inFault: boolean;
  readonly pc: number;
}

const SLICE: CoreStop = { kind: 'slice' };
const ASLEEP: CoreStop = { kind: 'asleep' };
const FAULT_LOG_LENGTH = 32;
/** SYST, NVIC, SCB: one page at 0xE000_E000. ITM, DWT, FPB and TPIU have a page each. */
const ITM_OFFSET = 0x0_0000;
const DWT_OFFSET = 0x0_1000;
const FPB_OFFSET = 0x0_2000;
const TPIU_OFFSET = 0x4_0000;
const PAGE = 0x1000;

/** Instructions below which a look for repetitions costs more than it could save. */
const WORTH_PROBING = 512;
/** Most instructions that an engine is given at once: counts beyond 2^30 are objects to V8, which it allocates wherever one is kept. */
const LONGEST_RUN = 1 << 28;

/** A core, held in reset until `start`. */
export class CortexM extends HostedCore implements InstrumentedCore {
  /** Fields that a snapshot leaves out: what the core was built with, what lasts for a slice, and what tells the engine to look again. */
  static readonly wiring = [
    'name',
    'engine',
    'paper',
    'forward',
    'skipped',
    'consumed',
    'ahead',
    'inEngine',
    'stale',
    'dirty',
    'moved',
    'attention',
    'reconfigure',
    'protectionChanged',
    'begun',
  ];
  readonly name: string;
  readonly profile: CoreProfile;
  readonly registers: CoreRegisters;
  readonly memory: CoreMemory;
  readonly engine: Engine;
  readonly nvic: Nvic;
  readonly scb: SystemControl;
  readonly debug: DebugUnit;
  readonly exceptions: ExceptionModel;
  readonly symbolise: (address: number) => string | undefined;
  readonly disassemble: (address: number, bytes: Uint8Array) => string | undefined;
  /** The last fault exceptions taken since `start`, oldest first; `faultsTaken` counts them all. */
  readonly faultLog: FaultRecord[] = [];
  faultsTaken = 0;
  skipped = 0;
  halted = true;
  sleep: HostedCore['sleep'] = 'none';
  /** What watches execution. */
  readonly instruments: CoreInstruments;
  /** Executes code on paper, for fast-forward and reports. */
  readonly paper: RoundHost;
  /** Absent when every instruction is to be executed. */
  private readonly forward: FastForward | undefined;
  readonly system: CoreSystem;
  private readonly caches: ReturnType<typeof cacheRegisters>;
  private readonly lmem: Lmem | undefined;
  private readonly cpi: number;
  private readonly scheduler: Scheduler;
  private readonly diagnostics: Diagnostics;
  private readonly semihosting: Semihosting | undefined;
  private readonly onSendEvent: () => void;
  private readonly onResetRequest: () => void;
  /** Core cycles of this slice that earlier engine runs (or the core itself) have used. */
  private consumed = 0;
  private completed = 0;
  /** Instructions by which the clock is ahead, while somebody wants to know what a device would give then. */
  private ahead = 0;
  private inEngine = false;
  /** The engine has run since the registers were last pulled; the registers were changed since they were last pushed. */
  private stale = false;
  dirty = false;
  /** A timer was armed for an earlier time: end the slice. */
  private moved = false;
  /** What is pending, or what masks it, may have changed. */
  private attention = false;
  /** Traps or privilege have to be passed to the engine again. */
  private reconfigure = false;
  private protectionChanged = false;
  private resetRequested = false;
  private restart: number | undefined;
  private crash: CoreStop | undefined;
  /** The instruction that an engine has left to the core. */
  private begun = 0;

  constructor(options: CortexMOptions) {
    super();
    const { profile, bus, scheduler, diagnostics } = options;
    invariant(Number.isSafeInteger(options.cyclesPerInstruction) && options.cyclesPerInstruction > 0, 'cycles per instruction');
    this.name = options.name;
    this.instruments = new CoreInstruments(this, options.arena);
    this.profile = profile;
    this.cpi = options.cyclesPerInstruction;
    this.scheduler = scheduler;
    this.diagnostics = diagnostics;
    this.symbolise = options.symbolise ?? (() => undefined);
    this.disassemble = options.disassemble ?? (() => undefined);
    this.onSendEvent = options.onSendEvent ?? (() => {});
    this.onResetRequest = options.onResetRequest ?? (() => {});
    this.registers = new CoreRegisters(options.arena, `${options.name} registers`);
    const systemHost = this.systemHost(options);
    this.system = profile.security ? secureSystem(systemHost, profile.security) : plainSystem(systemHost);
    const { nvic, scb, exceptions, memory } = this.system;
    this.nvic = nvic;
    this.scb = scb;
    this.exceptions = exceptions;
    this.memory = memory;
    memory.bitBand = profile.bitBand ?? false;
    this.debug = new DebugUnit({
      diagnostics,
      cycles: () => Math.floor(scheduler.now / this.cpi),
      cyclesPerTick: this.cpi,
      monitorPending: () => this.nvic.isPending(EXCEPTION.DEBUG_MONITOR),
      setMonitorPending: (on) => (on ? this.nvic.setPending(EXCEPTION.DEBUG_MONITOR) : this.nvic.clearPending(EXCEPTION.DEBUG_MONITOR)),
    });
    this.caches = cacheRegisters(profile, diagnostics);
    this.lmem = profile.lmem && new Lmem({ diagnostics, now: () => scheduler.now, cyclesPerTick: this.cpi });
    bus.onGuard(() => this.rightsChanged());
    bus.mapDevice(PPB_BASE, PPB_SIZE, this.privateBus(options), 'PPB');
    this.semihosting = options.semihosting && new Semihosting(options.semihosting, bus, scheduler, diagnostics);
    this.paper = this.roundHost(options);
    const { banked } = this.system;
    const { instruments } = this;
    this.engine = options.engine.create({ profile, registers: this.registers, memory, instruments, ...(banked ? { banked } : {}) });
    this.forward = options.fastForward === false ? undefined : new FastForward(this.paper, this.engine.speed, instruments);
    this.memory.onUntouchedFetch = () => {
      if (this.inEngine) this.engine.requestStop();
    };
    this.nvic.onChange = () => this.pendingChanged();
    this.nvic.onPended = (id) => {
      if (this.scb.wakesOnPend(id)) this.registers.cells[CELL.EVENT] = 1;
    };
  }

  /** Core clock in Hz. */
  get hz(): number {
    return this.scheduler.hz / this.cpi;
  }

  get asleep(): boolean {
    return !this.halted && this.sleep !== 'none' && !this.wakes();
  }

  get instructions(): number {
    return this.completed + (this.inEngine ? this.engine.executed : 0);
  }

  get entries(): number {
    return this.exceptions.taken;
  }

  get pc(): number {
    return this.inEngine ? this.engine.pc : this.registers.pc;
  }

  /** Base-clock cycles since the slice began. */
  elapsed(): number {
    return (this.consumed + this.ahead + (this.inEngine ? this.engine.executed : 0)) * this.cpi;
  }

  deadlineMoved(): void {
    this.moved = true;
    if (this.inEngine) this.engine.requestStop();
  }

  setInterrupt(line: number, level: boolean): void {
    this.nvic.setLevel(line, level);
  }

  /** Sets the event register, as SEV on another core does. */
  signalEvent(): void {
    this.registers.cells[CELL.EVENT] = 1;
  }

  halt(): void {
    this.halted = true;
    for (const { counter } of this.system.sysTicks) counter.reset();
    if (this.inEngine) this.engine.requestStop();
  }

  start(vectors: number): void {
    if (this.inEngine) {
      this.restart = vectors;
      this.engine.requestStop();
      return;
    }
    this.reset(vectors);
    const sp = this.memory.bus.read(vectors >>> 0, 4);
    const entry = this.memory.bus.read((vectors + 4) >>> 0, 4);
    if (sp === BUS_FAULT || entry === BUS_FAULT) {
      this.exceptions.lockup = 'unreadable vector table at reset';
      return;
    }
    const { cells } = this.registers;
    cells[CELL.SP] = sp & ~3;
    cells[CELL.PC] = entry & ~1;
    cells[CELL.T] = entry & 1;
    this.instruments.stackLoaded();
  }

  /**
   * Executes for at most `cycles` base-clock cycles, rounded up to whole core cycles. A pending exception is taken before the first
   * instruction that has not begun; with the budget used up that is the next call's business, so that timers due by then come first.
   */
  run(cycles: number): CoreStop {
    const { instruments } = this;
    // What was accessed since the last run is no doing of the core's.
    if (instruments.attended) this.memory.watch?.take();
    this.consumed = 0;
    this.moved = false;
    const limit = Math.ceil(cycles / this.cpi);
    for (;;) {
      const stop = (instruments.attended ? instruments.arrived(this.attention) : undefined) ?? this.settle();
      if (stop) return stop;
      if (this.moved || this.consumed >= limit) return SLICE;
      if (this.attention && !instruments.goesFirst) {
        this.takePending();
        continue;
      }
      this.configure();
      const left = limit - this.consumed;
      const exit = this.dispatch(this.execute(instruments.attended ? instruments.allowed(left) : left));
      if (exit) return exit;
    }
  }

  branch(target: number): void {
    this.sync();
    const { cells, handlerMode } = this.registers;
    cells[CELL.PC] = target & ~1;
    cells[CELL.ITSTATE] = 0;
    if (isReturnValue(this.profile, handlerMode, target >>> 0)) {
      if (this.exceptions.exceptionReturn(target >>> 0)) this.sleep = 'wfi';
    } else cells[CELL.T] = target & 1;
    this.instruments.pass(false);
    this.modeChanged();
  }

  get executing(): boolean {
    return this.inEngine;
  }

  sync(): void {
    if (!this.stale) return;
    this.engine.pull();
    this.stale = false;
  }

  forgetRounds(): void {
    this.forward?.forget();
  }

  /** After a snapshot was loaded: what the engine was told, and what was made of memory, is that of another time. */
  restored(): void {
    this.stale = false;
    this.dirty = true;
    this.moved = false;
    this.attention = true;
    this.reconfigure = true;
    this.protectionChanged = true;
    this.skipped = 0;
    this.instruments.moved();
  }

  registersChanged(): void {
    this.instruments.stackLoaded();
    this.modeChanged();
  }

  /** The endless loop that the core is in, if nothing that is enabled can get it out again or it is inside a fault handler. */
  stuckLoop(): StuckLoop | undefined {
    if (this.halted || this.crash) return undefined;
    const exception = this.registers.cells[CELL.IPSR]!;
    const inFault = isFault(exception);
    const { pc } = this.registers;
    const result = { exception, inFault, pc };
    if (this.sleep !== 'none') return inFault && this.sleep !== 'semihosting' && this.asleep ? result : undefined;
    this.sync();
    const priority = this.exceptions.executionPriority();
    const ticks = this.system.sysTicks.some(
      ({ id, counter }) => counter.nextDeadline !== Number.POSITIVE_INFINITY && this.nvic.groupPriority(id) < priority,
    );
    if (!inFault && (ticks || this.nvic.mayPreempt(priority))) return undefined;
    return isEndlessLoop(this.memory.bus, pc) ? result : undefined;
  }

  dispose(): void {
    for (const { counter } of this.system.sysTicks) counter.reset();
    this.engine.dispose();
    this.memory.dispose();
  }

  private systemHost(options: CortexMOptions): SystemHost {
    return {
      profile: options.profile,
      registers: this.registers,
      bus: options.bus,
      scheduler: options.scheduler,
      diagnostics: options.diagnostics,
      cyclesPerTick: options.cyclesPerInstruction,
      sysTickReferenceHz: options.sysTickReferenceHz,
      monitorEnabled: () => this.debug.monitorEnabled,
      protectionChanged: () => this.rightsChanged(),
      noteFault: (id, context) => this.noteFault(id, context),
      currentException: () => this.registers.cells[CELL.IPSR]!,
      vectPending: () => {
        if (this.inEngine) this.engine.pull();
        else this.sync();
        return this.nvic.nextPriority < this.exceptions.boostedPriority ? this.nvic.next : 0;
      },
      configurationChanged: () => this.configurationChanged(),
      systemReset: () => {
        this.resetRequested = true;
        this.onResetRequest();
        if (this.inEngine) this.engine.requestStop();
      },
    };
  }

  private roundHost({ profile, arena }: CortexMOptions): RoundHost {
    return new RoundHost({
      registers: this.registers,
      memory: this.memory,
      arena,
      features: featuresOf(profile),
      priorityBits: profile.priorityBits,
      cyclesPerInstruction: this.cpi,
      lookAhead: (instructions) => {
        this.ahead = instructions;
      },
    });
  }

  private privateBus(options: CortexMOptions): PrivateBus {
    const { debug, caches, lmem } = this;
    const common = caches ? [debug.debug, caches] : [debug.debug];
    const { blocks, nonSecureBlocks } = this.system;
    return new PrivateBus({
      diagnostics: options.diagnostics,
      systemControl: [...blocks, ...common],
      nonSecure: nonSecureBlocks && [...nonSecureBlocks, ...common],
      secure: () => this.registers.secure,
      devices: [
        { offset: ITM_OFFSET, size: PAGE, device: debug.itm },
        { offset: DWT_OFFSET, size: PAGE, device: debug.dwt },
        { offset: FPB_OFFSET, size: PAGE, device: debug.fpb },
        { offset: TPIU_OFFSET, size: PAGE, device: debug.tpiu },
        ...(lmem ? [{ offset: LMEM_OFFSET, size: PAGE, device: lmem.registers }] : []),
        ...(options.privateDevices ?? []),
      ],
      privileged: () => this.memory.accessPrivileged,
      userMayTrigger: () => this.scb.ccr('USERSETMPEND'),
    });
  }

  private reset(vectors: number): void {
    this.registers.cells.fill(0);
    this.registers.cells[CELL.LR] = 0xffff_ffff;
    this.system.reset(vectors);
    this.debug.reset();
    this.lmem?.reset();
    this.memory.setPrivileged(true);
    this.memory.flush();
    this.halted = false;
    this.sleep = 'none';
    this.crash = undefined;
    this.resetRequested = false;
    this.restart = undefined;
    this.instruments.reset();
    this.stale = false;
    this.dirty = true;
    this.attention = true;
    this.reconfigure = true;
    this.protectionChanged = false;
    this.faultLog.length = 0;
    this.faultsTaken = 0;
  }

  /** Ends the slice if the core cannot or must not go on; otherwise ends a sleep that is over. */
  private settle(): CoreStop | undefined {
    if (this.restart !== undefined) this.start(this.restart);
    if (this.halted) return ASLEEP;
    if (this.exceptions.lockup !== undefined) return this.crashed(this.exceptions.lockup);
    if (this.resetRequested) {
      this.resetRequested = false;
      return { kind: 'reset-request' };
    }
    if (this.sleep === 'none') return undefined;
    this.sync();
    if (!this.wakes()) return ASLEEP;
    // The event that ends a WFE is used up by it, as when the register had been set before.
    if (this.sleep === 'wfe') this.registers.cells[CELL.EVENT] = 0;
    this.sleep = 'none';
    return undefined;
  }

  private wakes(): boolean {
    switch (this.sleep) {
      case 'wfi':
        return this.nvic.nextPriority < this.exceptions.executionPriority(true);
      case 'wfe':
        return this.registers.cells[CELL.EVENT] !== 0 || this.exceptions.canTake;
      case 'semihosting':
        return this.semihosting?.ready ?? true;
      default:
        return true;
    }
  }

  /** Enters what is pending and not masked; otherwise has the engine watch the masks. */
  private takePending(): void {
    this.sync();
    this.attention = false;
    if (this.exceptions.canTake) {
      this.exceptions.takePending();
      this.modeChanged();
    } else {
      this.engine.watchMasks = this.nvic.next !== 0 && this.nvic.nextPriority < this.nvic.activePriority;
    }
  }

  /** After anything that may have changed mode, privilege, masks or FPCA. */
  private modeChanged(): void {
    this.memory.setPrivileged(this.registers.privileged);
    this.dirty = true;
    this.attention = true;
    this.masksChanged();
    if (this.instruments.stacks) this.instruments.noteStack();
  }

  private masksChanged(): void {
    this.attention = true;
    this.reconfigure = true;
    if (this.exceptions.applyPriority()) this.protectionChanged = true;
  }

  /** What any address allows may have changed. */
  private rightsChanged(): void {
    this.protectionChanged = true;
    this.configurationChanged();
  }

  private configurationChanged(): void {
    this.reconfigure = true;
    if (this.inEngine) this.engine.requestStop();
  }

  private pendingChanged(): void {
    this.attention = true;
    if (this.inEngine && this.nvic.nextPriority < this.nvic.activePriority) this.engine.requestStop();
  }

  /** Passes to the engine what it needs to know before it runs. */
  private configure(): void {
    if (this.protectionChanged) {
      this.protectionChanged = false;
      this.memory.flush();
    }
    if (this.reconfigure) {
      this.sync();
      this.reconfigure = false;
      const { engine } = this;
      engine.divideTrap = this.scb.ccr('DIV_0_TRP');
      engine.unalignedTrap = this.scb.ccr('UNALIGN_TRP');
      engine.fpTrap = this.exceptions.trapsFloatingPoint;
    }
    if (!this.dirty) return;
    this.dirty = false;
    this.engine.push();
  }

  /** Lets the engine run for at most `budget` instructions, and jumps over what would only repeat itself. */
  private execute(budget: number): StopCode {
    const { pc } = this.registers;
    const { instruments, forward } = this;
    if (instruments.hooks.has(pc)) return instruments.mayPass(pc) ? this.runFirst() : STOP.HOOK;
    if (instruments.mayAccess(pc)) return this.runFirst();
    const zeros = this.memory.untouchedCode(pc);
    if (zeros > 0) return this.runAway(Math.min(budget, zeros));
    if (!forward) return this.runEngine(budget);
    if (budget < WORTH_PROBING) return this.runNoted(forward, budget);
    const lead = forward.lead(this.registers.pc);
    if (lead > 0) return this.runNoted(forward, Math.min(budget, lead));
    if (lead === 0 || forward.due === 0) {
      this.sync();
      const jumped = forward.jump(budget, !this.engine.watchMasks);
      if (jumped > 0) {
        this.dirty = true;
        this.skipped += jumped;
        this.account(jumped);
        return STOP.BUDGET;
      }
    }
    const due = Math.max(1, forward.due);
    if (due >= budget) return this.runNoted(forward, budget);
    // The next look may as well come a little earlier.
    const code = this.runNoted(forward, due, true);
    if (code === STOP.BUDGET) forward.expire();
    return code;
  }

  /** Executes the next instruction, whose hooks or watchpoints have run. */
  private runFirst(): StopCode {
    this.instruments.begun();
    return this.runEngine(1);
  }

  private runNoted(forward: FastForward, budget: number, loose = false): StopCode {
    const before = this.consumed;
    const code = this.runEngine(budget, loose);
    forward.note(this.consumed - before);
    return code;
  }

  /**
   * Executes `count` zero halfwords of memory that was never written: each is MOVS R0, R0. A core that has run away would otherwise have
   * gigabytes of zeros allocated and decoded for it.
   */
  private runAway(count: number): StopCode {
    this.sync();
    const { cells } = this.registers;
    if (cells[CELL.T] === 0 || cells[CELL.ITSTATE] !== 0) return this.runEngine(1);
    this.diagnostics.guestError(this.name, 'PC', 'executes memory that was never written: the core has run away');
    const value = cells[CELL.R0]!;
    cells[CELL.APSR] = (cells[CELL.APSR]! & 0x3fff_ffff) | (value < 0 ? 1 << 31 : 0) | (value === 0 ? 1 << 30 : 0);
    const from = this.registers.pc;
    const length = this.instruments.hooks.halfwordsBefore(from, count);
    this.instruments.counts?.executeStretch(from, length);
    cells[CELL.PC] = from + 2 * length;
    this.dirty = true;
    this.account(length);
    return STOP.BUDGET;
  }

  private runEngine(budget: number, loose = false, unstoppable = false): StopCode {
    const { engine, instruments } = this;
    if (engine.loose !== undefined) engine.loose = loose;
    const from = this.registers.pc;
    if (instruments.hooks.has(from)) engine.passHook = true;
    if (instruments.attended && !unstoppable) instruments.watchFrom(from);
    this.inEngine = true;
    try {
      return engine.run(budget < LONGEST_RUN ? budget : LONGEST_RUN);
    } finally {
      this.inEngine = false;
      if (instruments.attended) instruments.watchCore();
      this.stale = true;
      this.account(engine.executed);
    }
  }

  /** `executed` instructions have gone by. */
  private account(executed: number): void {
    this.consumed += executed;
    this.completed += executed;
  }

  private dispatch(code: StopCode): CoreStop | undefined {
    if (code === STOP.BUDGET || code === STOP.REQUESTED) return undefined;
    this.sync();
    const { instruments } = this;
    const { pc } = this.registers;
    this.begun = pc;
    switch (code) {
      case STOP.HOOK:
        return instruments.runHooks();
      case STOP.MASKS:
        this.memory.setPrivileged(this.registers.privileged);
        this.masksChanged();
        if (instruments.stacks) instruments.noteStack();
        return undefined;
      case STOP.WFI:
        this.sleep = 'wfi';
        return undefined;
      case STOP.WFE:
        this.sleep = 'wfe';
        return undefined;
      case STOP.SEV:
        this.signalEvent();
        this.onSendEvent();
        return undefined;
      case STOP.EXC_RETURN:
        if (this.exceptions.exceptionReturn(this.engine.detail)) this.sleep = 'wfi';
        this.modeChanged();
        return undefined;
      case STOP.BKPT:
        return this.breakpoint(this.engine.detail);
      case STOP.FETCH_FAULT:
      case STOP.INVALID_STATE:
        // An instruction that cannot even be fetched begins with its hooks, too.
        if (instruments.hooks.has(pc) && !instruments.mayPass(pc)) return instruments.runHooks();
        this.fault(code);
        return undefined;
      case STOP.DATA_FAULT:
        if (this.memory.fault === 'watch') return instruments.tellWatched();
        this.fault(code);
        return undefined;
      default:
        this.fault(code);
        return undefined;
    }
  }

  /** Stops that raise an exception, or repair something so that the instruction can be executed. */
  private fault(code: StopCode): void {
    const { exceptions, engine } = this;
    switch (code) {
      case STOP.SVC:
        exceptions.supervisorCall();
        break;
      case STOP.UNDEFINED:
        exceptions.usageFault(UFSR.UNDEFINSTR);
        break;
      case STOP.INVALID_STATE:
        exceptions.usageFault(UFSR.INVSTATE);
        break;
      case STOP.UNALIGNED:
        exceptions.usageFault(UFSR.UNALIGNED);
        break;
      case STOP.DIVIDE_BY_ZERO:
        exceptions.usageFault(UFSR.DIVBYZERO);
        break;
      case STOP.NO_COPROCESSOR:
        exceptions.usageFault(UFSR.NOCP);
        break;
      case STOP.FP_ACCESS:
        invariant(engine.fpTrap, `engine ${engine.name} stopped for floating point unasked`);
        exceptions.floatingPointAccess();
        break;
      case STOP.FETCH_FAULT:
        if (this.memory.fault === 'bus') this.memory.noteFetch(engine.address);
        this.complete(exceptions.fetchFault(engine.address));
        break;
      case STOP.DATA_FAULT:
        this.complete(exceptions.dataFault(engine.address));
        break;
      default: {
        const completion = exceptions.securityStop(code, engine.detail, engine.address);
        invariant(completion, `engine ${engine.name} stopped with code ${code}`);
        this.complete(completion);
      }
    }
    this.modeChanged();
  }

  /** Does what an exception model leaves to do. */
  private complete(completion: Completion): void {
    switch (completion) {
      case 'nothing':
        return;
      case 'count':
      case 'count and sleep':
        this.countOne();
        if (completion === 'count and sleep') this.sleep = 'wfi';
        return;
      case 'step over':
        this.skip();
        return;
      case 'execute unlimited':
        this.executeUnlimited();
    }
  }

  /** Executes one instruction as if there were no stack limit (CCR.STKOFHFNMIGN); it has just been refused, so it is a plain one. */
  private executeUnlimited(): void {
    const { cells } = this.registers;
    const limit = cells[CELL.SPLIM]!;
    cells[CELL.SPLIM] = 0;
    this.engine.push();
    const code = this.runEngine(1, false, true);
    this.sync();
    cells[CELL.SPLIM] = limit;
    if (code !== STOP.BUDGET && code !== STOP.REQUESTED) this.fault(code);
  }

  private breakpoint(immediate: number): CoreStop | undefined {
    if (immediate !== SEMIHOSTING_BKPT || !this.semihosting) {
      this.exceptions.breakpoint();
      this.modeChanged();
      return undefined;
    }
    const { registers } = this;
    const result = this.semihosting.call(registers.r(0), registers.r(1));
    if (result.kind === 'wait') {
      this.sleep = 'semihosting';
      return ASLEEP;
    }
    if (result.kind === 'done') registers.setR(0, result.value);
    this.skip();
    return result.kind === 'exit' ? result : undefined;
  }

  /** Completes the instruction at PC in the engine's place; it counts as one. */
  private skip(): void {
    skipInstruction(this.registers, this.memory.bus);
    this.countOne();
  }

  /** One instruction was completed by the core itself. */
  private countOne(): void {
    this.dirty = true;
    this.consumed++;
    this.completed++;
    this.instruments.counts?.execute(this.begun, 1);
  }

  private noteFault(id: number, context: ContextSnapshot): void {
    this.faultsTaken++;
    if (this.faultLog.length === FAULT_LOG_LENGTH) this.faultLog.shift();
    this.faultLog.push({ exception: id, name: exceptionName(id), cycle: this.scheduler.now, ...this.scb.status, context });
  }

  private crashed(reason: string): CoreStop {
    this.sync();
    this.crash ??= Object.freeze({
      kind: 'crashed',
      reason: `lockup: ${reason}`,
      report: reportCrash(this, `lockup: ${reason}`),
    } satisfies CoreStop);
    return this.crash;
  }
}
