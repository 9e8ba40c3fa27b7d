/**
 * Exception entry, return and escalation (DDI 0403E, B1.5.6 to B1.5.15), as the architecture's pseudocode has them.
 *
 * Entry and return take no time: one instruction is one cycle and nothing else is. Late arrival therefore only shows where stacking
 * itself makes something pending (a derived exception, a device under the stack); the choice of what to enter is made after it.
 * On return a pending exception that can be taken is tail-chained: the frame stays and is not read.
 */
import { BUS_FAULT } from '../memory/bus.ts';
import type { CoreMemory } from './core-memory.ts';
import { CELL, type CoreRegisters } from './core-registers.ts';
import type { StopCode } from './engine.ts';
import { EXCEPTION, exceptionName, isFault } from './exception-numbers.ts';
import { BFSR, DFSR, HFSR, MMFSR, UFSR } from './fault-status.ts';
import { FPCA, FPSCR_MASK, type FpContext } from './fp-context.ts';
import type { Mpu } from './mpu.ts';
import { LOWEST_PRIORITY, type Nvic } from './nvic.ts';
import type { SystemControlBlock } from './scb.ts';

const BASIC_FRAME = 0x20;
const EXTENDED_FRAME = 0x68;
/** EXC_RETURN bit that is clear when the frame is an extended one. */
const BASIC_FRAME_FLAG = 0x10;

/** R0-R15 and xPSR of interrupted code. */
export interface ContextSnapshot {
  readonly r: readonly number[];
  readonly xpsr: number;
  /** Its security state, on cores that have two. */
  readonly secure?: boolean;
}

/** What an `ExceptionUnit` works on. */
export interface ExceptionParts {
  readonly registers: CoreRegisters;
  readonly memory: CoreMemory;
  readonly nvic: Nvic;
  readonly scb: SystemControlBlock;
  readonly fp: FpContext;
  readonly mpu: Mpu;
  /** DEMCR.MON_EN. */
  readonly monitorEnabled: () => boolean;
  /** A HardFault, MemManage, BusFault or UsageFault was entered, from `context`. */
  readonly onFault: (number: number, context: ContextSnapshot) => void;
}

/**
 * What is left to the core after an exception model has dealt with an engine's stop: nothing; to count one instruction, which the model
 * completed (and to sleep as SLEEPONEXIT wants); to step over the instruction and count it; to let the engine execute it once without a
 * stack limit.
 */
export type Completion = 'nothing' | 'count' | 'count and sleep' | 'step over' | 'execute unlimited';

/** Moves a core between Thread mode and its handlers. The registers must be in step with the engine around every call. */
export interface ExceptionModel {
  /** Why the core is locked up, undefined while it is not. */
  lockup: string | undefined;
  /** Exceptions entered so far. */
  readonly taken: number;
  /** Forgets a lockup. */
  reset(): void;
  /** ExecutionPriority(); `ignorePrimask` as WFI wants it. */
  executionPriority(ignorePrimask?: boolean): number;
  /** What BASEPRI and FAULTMASK alone hold back: priorities at or above this value. */
  readonly boostedPriority: number;
  /** True when the pending exception that comes next may be entered now. */
  readonly canTake: boolean;
  /** True when the next floating-point instruction must be shown to `floatingPointAccess` first. */
  readonly trapsFloatingPoint: boolean;
  /** Tells the MPU whether the execution priority is negative; true when that changed what it does. */
  applyPriority(): boolean;
  /** Enters the pending exception; call when `canTake`. */
  takePending(): void;
  /** SVC. */
  supervisorCall(): void;
  /** A UsageFault with its UFSR bit. */
  usageFault(cause: (typeof UFSR)[keyof typeof UFSR]): void;
  /** An instruction fetch at `address` that was refused. */
  fetchFault(address: number): Completion;
  /** A data access at `address` that was refused. */
  dataFault(address: number): Completion;
  /** BKPT with no debugger. */
  breakpoint(): void;
  /** A floating-point instruction is about to execute. A fault may be pending after it. */
  floatingPointAccess(): void;
  /** A branch to EXC_RETURN (or FNC_RETURN) `value`. True when SCR.SLEEPONEXIT puts the core to sleep now. */
  exceptionReturn(value: number): boolean;
  /** A stop that only ARMv8-M has; undefined for all others. */
  securityStop(code: StopCode, detail: number, address: number): Completion | undefined;
}

/** Exception handling of ARMv7-M, where there is one security state. */
export class ExceptionUnit implements ExceptionModel {
  lockup: string | undefined;
  taken = 0;
  private readonly parts: ExceptionParts;
  /** R0 to R15 and xPSR of the code that an exception interrupts: kept for each, looked at for faults only. */
  private readonly kept = new Uint32Array(17);

  constructor(parts: ExceptionParts) {
    this.parts = parts;
  }

  reset(): void {
    this.lockup = undefined;
  }

  executionPriority(ignorePrimask = false): number {
    const { cells } = this.parts.registers;
    const primask = !ignorePrimask && cells[CELL.PRIMASK] !== 0;
    return this.parts.nvic.executionPriority(primask, cells[CELL.BASEPRI]! & this.parts.nvic.priorityMask, cells[CELL.FAULTMASK] !== 0);
  }

  get boostedPriority(): number {
    const { cells } = this.parts.registers;
    if (cells[CELL.FAULTMASK] !== 0) return -1;
    const basepri = cells[CELL.BASEPRI]! & this.parts.nvic.priorityMask;
    return basepri === 0 ? LOWEST_PRIORITY : this.parts.nvic.group(basepri);
  }

  get canTake(): boolean {
    return this.parts.nvic.nextPriority < this.executionPriority();
  }

  get trapsFloatingPoint(): boolean {
    const { fp, registers, scb } = this.parts;
    return fp.mustTrap(scb.fpAllowed(registers.privileged), registers.cells[CELL.CONTROL]!);
  }

  applyPriority(): boolean {
    return this.parts.mpu.setNegativePriority(this.executionPriority() < 0);
  }

  takePending(): void {
    const original = this.parts.nvic.next;
    this.keep();
    const excReturn = this.push();
    this.enter(excReturn, true, original);
  }

  /** A synchronous exception: makes it pending, or HardFault in its place, or locks the core up. */
  raise(number: number): void {
    const { nvic, scb } = this.parts;
    const priority = this.executionPriority();
    if (nvic.isEnabled(number) && nvic.groupPriority(number) < priority) {
      nvic.setPending(number);
    } else if (priority > -1) {
      scb.noteHardFault(HFSR.FORCED);
      nvic.setPending(EXCEPTION.HARD_FAULT);
    } else {
      this.lockUp(exceptionName(number));
    }
  }

  supervisorCall(): void {
    this.raise(EXCEPTION.SV_CALL);
  }

  usageFault(cause: (typeof UFSR)[keyof typeof UFSR]): void {
    this.parts.scb.noteUsageFault(cause);
    this.raise(EXCEPTION.USAGE_FAULT);
  }

  fetchFault(): Completion {
    const { memory, scb } = this.parts;
    if (memory.fault === 'protection') scb.noteMemManage(MMFSR.IACCVIOL);
    else scb.noteBusFault(BFSR.IBUSERR);
    this.raise(memory.fault === 'protection' ? EXCEPTION.MEM_MANAGE : EXCEPTION.BUS_FAULT);
    return 'nothing';
  }

  dataFault(address: number): Completion {
    const { memory, scb } = this.parts;
    if (memory.fault === 'unaligned') {
      this.usageFault(UFSR.UNALIGNED);
    } else if (memory.fault === 'protection') {
      scb.noteMemManage(MMFSR.DACCVIOL, address);
      this.raise(EXCEPTION.MEM_MANAGE);
    } else {
      scb.noteBusFault(BFSR.PRECISERR, address);
      if (this.executionPriority() < 0 && scb.ccr('BFHFNMIGN')) return 'step over';
      this.raise(EXCEPTION.BUS_FAULT);
    }
    return 'nothing';
  }

  securityStop(): undefined {
    return undefined;
  }

  /** BKPT with no debugger: DebugMonitor when that is enabled and can be taken, else HardFault. */
  breakpoint(): void {
    const { nvic, scb, monitorEnabled } = this.parts;
    const priority = this.executionPriority();
    scb.noteDebugEvent(DFSR.BKPT);
    if (monitorEnabled() && nvic.groupPriority(EXCEPTION.DEBUG_MONITOR) < priority) {
      nvic.setPending(EXCEPTION.DEBUG_MONITOR);
    } else if (priority > -1) {
      scb.noteHardFault(HFSR.DEBUGEVT);
      nvic.setPending(EXCEPTION.HARD_FAULT);
    } else {
      this.lockUp('BKPT');
    }
  }

  /** Checks access, saves lazy state, starts a context. */
  floatingPointAccess(): void {
    const { fp, registers, scb } = this.parts;
    if (!scb.fpAllowed(registers.privileged)) {
      this.usageFault(UFSR.NOCP);
      return;
    }
    if (fp.lazyActive && !this.preserveLazyState()) return;
    if (fp.automatic && (registers.cells[CELL.CONTROL]! & FPCA) === 0) fp.begin(registers);
  }

  exceptionReturn(value: number): boolean {
    const { nvic, registers, scb } = this.parts;
    const { cells } = registers;
    const number = cells[CELL.IPSR]!;
    const nested = nvic.activeCount;
    const wasActive = nvic.isActive(number);
    nvic.deactivate(number);
    if (number !== EXCEPTION.NMI) cells[CELL.FAULTMASK] = 0;
    const toThread = (value & 8) !== 0;
    const nestingWrong = toThread && nested !== 1 && !scb.ccr('NONBASETHRDENA');
    if (!wasActive || !this.isLegalReturn(value) || nestingWrong) {
      this.failReturn(value, UFSR.INVPC);
      return false;
    }
    if (this.canTake) {
      this.enter(value, false, nvic.next);
      return false;
    }
    if (!this.pop(value)) return false;
    cells[CELL.EXCLUSIVE] = 0;
    cells[CELL.EVENT] = 1;
    return toThread && nested === 1 && scb.sleepOnExit;
  }

  private keep(): void {
    const { kept } = this;
    const { registers } = this.parts;
    const { cells } = registers;
    for (let index = 0; index < 16; index++) kept[index] = cells[index]!;
    kept[16] = registers.xpsr;
  }

  private keptContext(): ContextSnapshot {
    return { r: Array.from(this.kept.subarray(0, 16)), xpsr: this.kept[16]! };
  }

  /** The registers of the code that runs now. */
  snapshot(): ContextSnapshot {
    const { registers } = this.parts;
    return { r: Array.from({ length: 16 }, (_, index) => registers.r(index)), xpsr: registers.xpsr };
  }

  /** Locks the core up because `cause` happened where nothing can handle it any more. */
  private lockUp(cause: string): void {
    const { cells } = this.parts.registers;
    const where =
      cells[CELL.FAULTMASK] !== 0 && !isFault(cells[CELL.IPSR]!) ? 'with FAULTMASK set' : `in ${exceptionName(cells[CELL.IPSR]!)}`;
    this.lockup ??= `${cause} ${where}`;
  }

  private isLegalReturn(value: number): boolean {
    const low = value & 0xf;
    if (low !== 1 && low !== 9 && low !== 0xd) return false;
    return this.parts.fp.present ? value >>> 5 === 0x7ff_ffff : value >>> 4 === 0xfff_ffff;
  }

  /** PushStack(): makes a frame for the running code and returns the EXC_RETURN value that undoes it. */
  private push(): number {
    const { registers, scb, fp } = this.parts;
    const { cells } = registers;
    const extended = fp.present && (cells[CELL.CONTROL]! & FPCA) !== 0;
    const align = extended || scb.ccr('STKALIGN');
    const sp = registers.r(CELL.SP);
    const lowered = (sp - (extended ? EXTENDED_FRAME : BASIC_FRAME)) >>> 0;
    const frame = align ? (lowered & ~4) >>> 0 : lowered;
    const padded = align && (sp & 4) !== 0;
    cells[CELL.SP] = frame;
    const xpsr = ((registers.xpsr & ~0x200) | (padded ? 0x200 : 0)) >>> 0;
    const words = [cells[0]!, cells[1]!, cells[2]!, cells[3]!, cells[12]!, cells[CELL.LR]!, cells[CELL.PC]!, xpsr];
    const stacked = this.writeFrame(frame, words);
    if (extended && stacked) this.pushFloats(frame + BASIC_FRAME);
    const handler = registers.handlerMode;
    const mode = handler ? 0x1 : registers.usesPsp ? 0xd : 0x9;
    return (0xffff_ffe0 | (extended ? 0 : BASIC_FRAME_FLAG) | mode) >>> 0;
  }

  /** Saves S0-S15 and FPSCR at `address`, or only notes that they belong there. */
  private pushFloats(address: number): void {
    const { fp, nvic, registers, scb } = this.parts;
    if (fp.lazy) {
      const priority = this.executionPriority();
      const ready = (number: number) => nvic.isEnabled(number) && nvic.groupPriority(number) < priority;
      fp.defer({
        address,
        privileged: registers.privileged,
        thread: !registers.handlerMode,
        hardFaultReady: priority > -1,
        memManageReady: ready(EXCEPTION.MEM_MANAGE),
        busFaultReady: ready(EXCEPTION.BUS_FAULT),
        monitorReady: this.parts.monitorEnabled() && ready(EXCEPTION.DEBUG_MONITOR),
      });
    } else if (!scb.fpAllowed(registers.privileged)) {
      this.usageFault(UFSR.NOCP);
    } else {
      this.writeFrame(address, this.floatWords());
    }
  }

  private floatWords(): number[] {
    const { cells } = this.parts.registers;
    const words = Array.from({ length: 16 }, (_, index) => cells[CELL.S0 + index]!);
    words.push(cells[CELL.FPSCR]!);
    return words;
  }

  /** Stacks `words` with the privilege of the running code; a refusal becomes a derived exception. */
  private writeFrame(address: number, words: readonly number[]): boolean {
    const { memory, registers, scb } = this.parts;
    const { privileged } = registers;
    if (memory.storeWords(address, words, privileged)) return true;
    for (const [index, word] of words.entries()) {
      if (memory.write((address + 4 * index) >>> 0, word >>> 0, 4, privileged)) continue;
      if (memory.fault === 'bus') scb.noteBusFault(BFSR.STKERR);
      else scb.noteMemManage(MMFSR.MSTKERR);
      this.raise(memory.fault === 'bus' ? EXCEPTION.BUS_FAULT : EXCEPTION.MEM_MANAGE);
      return false;
    }
    return true;
  }

  /** ExceptionTaken() of whatever is pending and comes first by now; `stacked` says that the code that ran before is in `kept`: it is not tail-chained. */
  private enter(excReturn: number, stacked: boolean, fallback: number): void {
    const { nvic, scb, memory } = this.parts;
    while (this.lockup === undefined) {
      const number = this.canTake ? nvic.next : fallback;
      // Vectors are read through the default memory map, whatever the MPU says.
      const vector = memory.bus.read(scb.vectorTable + 4 * number, 4);
      if (vector !== BUS_FAULT) {
        this.commitEntry(number, vector, excReturn, stacked);
        return;
      }
      scb.noteHardFault(HFSR.VECTTBL);
      if (nvic.priority(number) < 0) this.lockup = `unreadable vector of ${exceptionName(number)}`;
      else nvic.setPending(EXCEPTION.HARD_FAULT);
    }
  }

  private commitEntry(number: number, vector: number, excReturn: number, stacked: boolean): void {
    const { nvic, registers, memory, onFault } = this.parts;
    const { cells } = registers;
    const origin = isFault(number) ? (stacked ? this.keptContext() : this.stackedContext(excReturn)) : undefined;
    nvic.activate(number);
    registers.setMode(number, cells[CELL.CONTROL]! & 1);
    cells[CELL.LR] = excReturn;
    cells[CELL.PC] = vector & ~1;
    cells[CELL.T] = vector & 1;
    cells[CELL.ITSTATE] = 0;
    cells[CELL.EXCLUSIVE] = 0;
    cells[CELL.EVENT] = 1;
    memory.setPrivileged(true);
    this.taken++;
    if (origin) onFault(number, origin);
  }

  /** The context in the frame that `excReturn` would restore, as far as it can be read. */
  stackedContext(excReturn: number): ContextSnapshot {
    const { registers, memory } = this.parts;
    const now = this.snapshot();
    const frame = (excReturn & 4) !== 0 ? registers.psp : registers.msp;
    const word = (index: number) => Math.max(0, memory.bus.peek((frame + 4 * index) >>> 0, 4));
    const xpsr = word(7);
    const size = (excReturn & BASIC_FRAME_FLAG) !== 0 ? BASIC_FRAME : EXTENDED_FRAME;
    const sp = (frame + size + ((xpsr & 0x200) !== 0 ? 4 : 0)) >>> 0;
    return { r: [word(0), word(1), word(2), word(3), ...now.r.slice(4, 12), word(4), sp, word(5), word(6)], xpsr };
  }

  /** An exception return that cannot be: UsageFault, tail-chained with the same EXC_RETURN. */
  private failReturn(excReturn: number, cause: (typeof UFSR)[keyof typeof UFSR]): false {
    this.usageFault(cause);
    this.enter(excReturn, false, this.parts.nvic.next);
    return false;
  }

  /** PopStack() and the change of mode; false when a derived exception was entered instead. */
  private pop(excReturn: number): boolean {
    const { registers, memory, scb, fp } = this.parts;
    const { cells } = registers;
    const toThread = (excReturn & 8) !== 0;
    const process = (excReturn & 4) !== 0;
    const extended = (excReturn & BASIC_FRAME_FLAG) === 0;
    const privileged = !toThread || (cells[CELL.CONTROL]! & 1) === 0;
    const frame = process ? registers.psp : registers.msp;
    const words = this.readFrame(frame, 8, privileged, excReturn);
    if (!words) return false;
    const psr = words[7]!;
    if (toThread !== ((psr & 0x1ff) === 0)) return this.failReturn(excReturn, UFSR.INVPC);
    if (extended && !fp.lazyActive) {
      if (!scb.fpAllowed(privileged)) return this.failReturn(excReturn, UFSR.NOCP);
      const floats = this.readFrame(frame + BASIC_FRAME, 17, privileged, excReturn);
      if (!floats) return false;
      cells.set(floats.slice(0, 16), CELL.S0);
      cells[CELL.FPSCR] = floats[16]! & FPSCR_MASK;
    } else if (extended) {
      fp.lazyActive = false;
    }
    const align = extended || scb.ccr('STKALIGN');
    const sp = frame + (extended ? EXTENDED_FRAME : BASIC_FRAME);
    const restored = align && (psr & 0x200) !== 0 ? sp | 4 : sp;
    if (process) registers.psp = restored;
    else registers.msp = restored;
    for (let index = 0; index < 4; index++) cells[index] = words[index]!;
    cells[12] = words[4]!;
    cells[CELL.LR] = words[5]!;
    cells[CELL.PC] = words[6]! & ~1;
    const control = (cells[CELL.CONTROL]! & 1) | (process ? 2 : 0) | (extended ? FPCA : 0);
    registers.setMode(psr & 0x1ff, control);
    registers.xpsr = psr;
    memory.setPrivileged(registers.privileged);
    return true;
  }

  /** Reads `count` words of a frame; undefined when a derived exception was entered instead. */
  private readFrame(address: number, count: number, privileged: boolean, excReturn: number): number[] | undefined {
    const { memory, scb } = this.parts;
    const words: number[] = [];
    if (memory.loadWords(address, count, words, privileged)) return words;
    for (let index = 0; index < count; index++) {
      const word = memory.read((address + 4 * index) >>> 0, 4, privileged);
      if (word === BUS_FAULT) {
        if (memory.fault === 'bus') scb.noteBusFault(BFSR.UNSTKERR);
        else scb.noteMemManage(MMFSR.MUNSTKERR);
        this.raise(memory.fault === 'bus' ? EXCEPTION.BUS_FAULT : EXCEPTION.MEM_MANAGE);
        this.enter(excReturn, false, this.parts.nvic.next);
        return undefined;
      }
      words.push(word);
    }
    return words;
  }

  /**
   * PreserveFPState(): writes S0-S15 and FPSCR where FPCAR says. A fault there was judged when the frame was made (the ready bits). False
   * when that fault can be taken now, so that the instruction must wait.
   */
  private preserveLazyState(): boolean {
    const { fp, memory, nvic, scb } = this.parts;
    const address = fp.lazyAddress;
    for (const [index, word] of this.floatWords().entries()) {
      if (memory.write((address + 4 * index) >>> 0, word >>> 0, 4, fp.lazyPrivileged)) continue;
      const bus = memory.fault === 'bus';
      if (bus) scb.noteBusFault(BFSR.LSPERR);
      else scb.noteMemManage(MMFSR.MLSPERR);
      if (fp.ready(bus ? 'BFRDY' : 'MMRDY')) {
        nvic.setPending(bus ? EXCEPTION.BUS_FAULT : EXCEPTION.MEM_MANAGE);
      } else if (fp.ready('HFRDY')) {
        scb.noteHardFault(HFSR.FORCED);
        nvic.setPending(EXCEPTION.HARD_FAULT);
      } else {
        this.lockUp('lazy floating-point state preservation');
        return false;
      }
      if (this.canTake) return false;
      break;
    }
    fp.lazyActive = false;
    return true;
  }
}
