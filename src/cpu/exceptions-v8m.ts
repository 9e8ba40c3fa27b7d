/**
 * Exception entry and return on ARMv8-M with the Security Extension (DDI 0553B, B3.18 to B3.25), as the architecture's pseudocode has them.
 *
 * As on ARMv7-M (`exceptions.ts`) entry and return take no time, and what is entered is chosen after stacking. An exception that goes from
 * Secure code to Non-secure state stacks and clears the callee registers too; tail-chaining from one state to the other decides
 * by EXC_RETURN.DCRS whether they are on the stack already. Where registers become UNKNOWN they keep their values.
 */
import { BUS_FAULT } from '../memory/bus.ts';
import { CELL } from './core-registers.ts';
import { STOP, type StopCode } from './engine.ts';
import { EXCEPTION, exceptionName, isFault, NON_SECURE, numberOf } from './exception-numbers.ts';
import type { Completion, ContextSnapshot, ExceptionModel } from './exceptions.ts';
import { BFSR, DFSR, HFSR, MMFSR, SFSR, UFSR } from './fault-status.ts';
import { FaultUnit, type SecureParts } from './faults-v8m.ts';
import { FPCA } from './fp-context.ts';
import { FPCCR, SFPA } from './fp-context-v8m.ts';
import { EXC_RETURN, FrameUnit } from './frames-v8m.ts';
import { isFunctionReturn, SecurityCalls } from './security-calls.ts';

/** Moves a core with two security states between Thread mode and its handlers. */
export class SecureExceptionUnit implements ExceptionModel {
  taken = 0;
  private readonly parts: SecureParts;
  private readonly onFault: (id: number, context: ContextSnapshot) => void;
  private readonly faults: FaultUnit;
  private readonly frames: FrameUnit;
  private readonly calls: SecurityCalls;
  /** R0 to R15, xPSR and security of the code that an exception interrupts: kept for each, looked at for faults only. */
  private readonly kept = new Uint32Array(18);

  constructor(parts: SecureParts, onFault: (id: number, context: ContextSnapshot) => void) {
    this.parts = parts;
    this.onFault = onFault;
    this.faults = new FaultUnit(parts);
    this.frames = new FrameUnit(parts, this.faults);
    this.calls = new SecurityCalls(parts, this.faults, this.frames);
  }

  get lockup(): string | undefined {
    return this.faults.lockup;
  }

  set lockup(cause: string | undefined) {
    this.faults.lockup = cause;
  }

  reset(): void {
    this.faults.lockup = undefined;
  }

  executionPriority(ignorePrimask = false): number {
    return this.faults.executionPriority(ignorePrimask);
  }

  get boostedPriority(): number {
    return this.faults.boostedPriority;
  }

  get canTake(): boolean {
    return this.faults.canTake;
  }

  get trapsFloatingPoint(): boolean {
    const { fp, registers, scb } = this.parts;
    const { secure } = registers;
    if (!scb.fpAllowed(secure, registers.privileged) || (!secure && !scb.fpShared)) return true;
    return fp.lazyActive || fp.ownedBySecure !== secure || fp.startsContext(secure, registers.cells[CELL.CONTROL]!);
  }

  applyPriority(): boolean {
    return this.parts.protection.setNegativePriority(this.faults.negative(true), this.faults.negative(false));
  }

  takePending(): void {
    const { nvic } = this.parts;
    const original = nvic.next;
    this.keep();
    const { excReturn, stacked } = this.frames.push();
    this.enter(excReturn, false, !stacked, original);
  }

  supervisorCall(): void {
    this.faults.raise(EXCEPTION.SV_CALL, this.parts.registers.secure);
  }

  usageFault(cause: (typeof UFSR)[keyof typeof UFSR]): void {
    const { protection, registers } = this.parts;
    // An instruction is fetched before EPSR.T is looked at.
    if (cause === UFSR.INVSTATE && protection.violatesSecurity(registers.pc, true)) {
      this.faults.secureFault(registers.secure ? SFSR.INVTRAN : SFSR.INVEP);
    } else this.faults.usageFault(cause);
  }

  fetchFault(address: number): Completion {
    const { memory, protection, registers, scb } = this.parts;
    const { secure } = registers;
    if (memory.fault === 'bus') {
      scb.noteBusFault(BFSR.IBUSERR);
      this.faults.raise(EXCEPTION.BUS_FAULT, secure);
    } else if (!protection.violatesSecurity(address, true)) {
      scb.noteMemManage(secure, MMFSR.IACCVIOL);
      this.faults.raise(EXCEPTION.MEM_MANAGE, secure);
    } else if (secure) this.faults.secureFault(SFSR.INVTRAN);
    else if (this.calls.enterSecure()) return 'count';
    return 'nothing';
  }

  dataFault(address: number): Completion {
    const { memory, registers, scb } = this.parts;
    if (memory.fault === 'unaligned') this.faults.usageFault(UFSR.UNALIGNED);
    else if (memory.fault === 'bus' && scb.ccr('BFHFNMIGN') && this.executionPriority() < 0) {
      scb.noteBusFault(BFSR.PRECISERR, address);
      return 'step over';
    } else this.faults.accessFault('data', registers.secure);
    return 'nothing';
  }

  breakpoint(): void {
    const { nvic, scb, monitorEnabled } = this.parts;
    scb.noteDebugEvent(DFSR.BKPT);
    if (monitorEnabled() && nvic.groupPriority(EXCEPTION.DEBUG_MONITOR) < this.executionPriority()) {
      nvic.setPending(EXCEPTION.DEBUG_MONITOR);
    } else {
      this.faults.escalate(EXCEPTION.DEBUG_MONITOR, HFSR.DEBUGEVT, 'BKPT');
    }
  }

  floatingPointAccess(): void {
    const { fp, registers, scb } = this.parts;
    const { secure } = registers;
    if (!scb.fpAllowed(secure, registers.privileged)) this.faults.usageFault(UFSR.NOCP, secure);
    else if (!secure && !scb.fpShared) this.faults.usageFault(UFSR.NOCP, true);
    else {
      if (fp.lazyActive && !this.frames.preserveLazyState()) return;
      fp.set(FPCCR.S, secure);
      if (fp.startsContext(secure, registers.cells[CELL.CONTROL]!)) fp.begin(registers);
    }
  }

  securityStop(code: StopCode, detail: number, address: number): Completion | undefined {
    const { registers } = this.parts;
    switch (code) {
      case STOP.STACK_LIMIT:
        if (this.frames.ignoresLimit(registers.secure)) return 'execute unlimited';
        this.faults.usageFault(UFSR.STKOF);
        return 'nothing';
      case STOP.SECURITY_BRANCH:
        if (address !== 0) return this.calls.call(detail) ? 'count' : 'nothing';
        if (this.isReturn(detail)) return this.exceptionReturn(detail) ? 'count and sleep' : 'count';
        this.calls.branch(detail);
        return 'count';
      case STOP.LAZY_STORE:
        return this.frames.lazyStore(detail) ? 'step over' : 'nothing';
      case STOP.LAZY_LOAD:
        return this.frames.lazyLoad(detail) ? 'step over' : 'nothing';
      default:
        return undefined;
    }
  }

  exceptionReturn(value: number): boolean {
    if (isFunctionReturn(value)) {
      this.calls.functionReturn(value);
      return false;
    }
    const { fp, nvic, registers, scb, security } = this.parts;
    const { cells } = registers;
    let excReturn = value;
    // Non-secure code may not return from a Secure exception, nor say where callee registers are.
    const forged = !registers.secure && (value & (EXC_RETURN.ES | EXC_RETURN.DCRS)) !== EXC_RETURN.DCRS;
    if (forged) excReturn = (excReturn & ~EXC_RETURN.ES) >>> 0;
    const exceptionSecure = (excReturn & EXC_RETURN.ES) !== 0;
    const nested = nvic.activeCount;
    if (cells[CELL.IPSR] !== EXCEPTION.NMI && nvic.activePriority >= 0) security.set('faultmask', exceptionSecure, 0);
    const legal = this.deactivate(cells[CELL.IPSR]!, exceptionSecure) && (excReturn & EXC_RETURN.RESERVED) === 0;
    security.selectStack(exceptionSecure, (excReturn & EXC_RETURN.SPSEL) !== 0);
    if (fp.is(FPCCR.CLRONRET) && (cells[CELL.CONTROL]! & FPCA) !== 0) {
      if (fp.is(FPCCR.LSPACT, true)) return this.failReturn(excReturn, () => this.faults.secureFault(SFSR.LSERR));
      this.frames.clearFloats(cells, 16);
    }
    if (forged) return this.failReturn(excReturn, () => this.faults.secureFault(SFSR.INVER));
    if (!legal) return this.failReturn(excReturn, () => this.faults.usageFault(UFSR.INVPC));
    if (this.canTake) {
      this.enter(excReturn, true, false, nvic.next);
      return false;
    }
    if (this.frames.pop(excReturn) === 'fault') return this.failReturn(excReturn, () => {});
    cells[CELL.EXCLUSIVE] = 0;
    cells[CELL.EVENT] = 1;
    return (excReturn & EXC_RETURN.MODE) !== 0 && nested === 1 && scb.sleepOnExit(exceptionSecure);
  }

  /** True for a value that BXNS hands to exception or function return. */
  private isReturn(value: number): boolean {
    return isFunctionReturn(value) || (this.parts.registers.handlerMode && value >>> 24 === 0xff);
  }

  /**
   * DeActivate(): false when exception `number` cannot be returned from in the state that EXC_RETURN.ES names. At a negative priority the
   * HardFault or NMI that is the cause ends whatever IPSR says.
   */
  private deactivate(number: number, secure: boolean): boolean {
    const { nvic, scb } = this.parts;
    const id = this.faults.idOf(number, secure);
    const legal = nvic.isActive(id) && nvic.targetsSecure(id) === secure;
    let ends = legal ? id : undefined;
    switch (nvic.activePriority) {
      case -1:
        ends = scb.faultsNonSecure ? NON_SECURE + EXCEPTION.HARD_FAULT : EXCEPTION.HARD_FAULT;
        break;
      case -2:
        ends = EXCEPTION.NMI;
        break;
      case -3:
        ends = EXCEPTION.HARD_FAULT;
        break;
    }
    if (ends !== undefined) nvic.deactivate(ends);
    return legal;
  }

  /** An exception return that cannot be: what `raise` makes pending is tail-chained with the same EXC_RETURN. */
  private failReturn(excReturn: number, raise: () => void): false {
    raise();
    this.enter(excReturn, true, false, this.parts.nvic.next);
    return false;
  }

  /** ExceptionTaken() of whatever is pending and comes first by now; unless it is `chained`, the code that ran before is in `kept`. */
  private enter(initial: number, chained: boolean, ignored: boolean, fallback: number): void {
    const { nvic, scb, memory, protection } = this.parts;
    let excReturn = initial;
    let tailChained = chained;
    let ignoreFaults = ignored;
    while (this.lockup === undefined) {
      const id = this.canTake ? nvic.next : fallback;
      const secure = nvic.targetsSecure(id);
      const entry = this.prepare(excReturn, secure, tailChained, ignoreFaults);
      excReturn = entry.excReturn;
      tailChained = true;
      if (!entry.stacked && !ignoreFaults) {
        ignoreFaults = true;
        continue;
      }
      ignoreFaults = true;
      // Vectors are read through the default memory map, whatever the MPU says, but Non-secure vectors from Non-secure memory only.
      const address = (scb.vectorTable(secure) + 4 * numberOf(id)) >>> 0;
      const attribution = protection.sau.attribution(address);
      const hidden = !secure && !attribution.nonSecure && !attribution.exempt;
      const vector = hidden ? BUS_FAULT : memory.bus.read(address, 4);
      if (vector !== BUS_FAULT) {
        this.commit(id, secure, vector, excReturn, chained);
        return;
      }
      scb.noteHardFault(HFSR.VECTTBL);
      const hardFault = hidden || !scb.faultsNonSecure ? EXCEPTION.HARD_FAULT : NON_SECURE + EXCEPTION.HARD_FAULT;
      scb.noteHardFault(HFSR.FORCED);
      if (nvic.priority(id) <= nvic.priority(hardFault)) this.lockup = `unreadable vector of ${exceptionName(id)}`;
      else nvic.setPending(hardFault);
    }
  }

  /** The part of ExceptionTaken() that depends on who is interrupted by whom: callee registers, EXC_RETURN, what must not be seen. */
  private prepare(
    initial: number,
    secure: boolean,
    tailChained: boolean,
    ignoreFaults: boolean,
  ): { readonly excReturn: number; readonly stacked: boolean } {
    const { registers, security } = this.parts;
    const { cells } = registers;
    const fromSecure = (initial & EXC_RETURN.S) !== 0;
    // A Non-secure exception that interrupted Secure code has stacked the callee registers.
    const alreadyStacked = tailChained && (initial & EXC_RETURN.ES) === 0;
    let excReturn = initial | 0xff00_0000;
    let stacked = true;
    if (fromSecure && secure) {
      if (alreadyStacked) excReturn &= ~EXC_RETURN.DCRS;
    } else if (fromSecure) {
      if ((excReturn & EXC_RETURN.DCRS) !== 0 && !alreadyStacked) {
        stacked = this.frames.pushCallee(excReturn, tailChained, ignoreFaults);
      }
      excReturn |= EXC_RETURN.DCRS;
      for (let register = 0; register <= 12; register++) cells[register] = 0;
      cells[CELL.APSR] = 0;
    }
    excReturn &= ~(EXC_RETURN.ES | EXC_RETURN.SPSEL);
    if (secure) excReturn |= EXC_RETURN.ES;
    if (security.get('control', secure) & 2) excReturn |= EXC_RETURN.SPSEL;
    return { excReturn: excReturn >>> 0, stacked };
  }

  private commit(id: number, secure: boolean, vector: number, excReturn: number, chained: boolean): void {
    const { nvic, registers, security, memory } = this.parts;
    const { cells } = registers;
    const origin = isFault(id) ? (chained ? this.stackedContext(excReturn) : this.keptContext()) : undefined;
    nvic.activate(id);
    registers.setMode(numberOf(id), cells[CELL.CONTROL]! & ~(FPCA | SFPA));
    security.switchTo(secure);
    security.selectStack(secure, false);
    cells[CELL.LR] = excReturn;
    cells[CELL.PC] = vector & ~1;
    cells[CELL.T] = vector & 1;
    cells[CELL.ITSTATE] = 0;
    cells[CELL.EXCLUSIVE] = 0;
    cells[CELL.EVENT] = 1;
    memory.setPrivileged(true);
    this.taken++;
    if (origin) this.onFault(id, origin);
  }

  private keep(): void {
    const { kept } = this;
    const { registers } = this.parts;
    const { cells } = registers;
    for (let index = 0; index < 16; index++) kept[index] = cells[index]!;
    kept[16] = registers.xpsr;
    kept[17] = cells[CELL.SECURE]!;
  }

  private keptContext(): ContextSnapshot {
    return { r: Array.from(this.kept.subarray(0, 16)), xpsr: this.kept[16]!, secure: this.kept[17] !== 0 };
  }

  /** The registers of the code that runs now. */
  private snapshot(): ContextSnapshot {
    const { registers } = this.parts;
    return { r: Array.from({ length: 16 }, (_, index) => registers.r(index)), xpsr: registers.xpsr, secure: registers.secure };
  }

  /** The context in the frame that `excReturn` would restore, as far as it can be read. */
  private stackedContext(excReturn: number): ContextSnapshot {
    const { memory, security } = this.parts;
    const secure = (excReturn & EXC_RETURN.S) !== 0;
    const now = this.snapshot();
    const lowest = security.get(security.stackOf(secure, (excReturn & EXC_RETURN.MODE) === 0), secure);
    const word = (address: number) => Math.max(0, memory.bus.peek(address >>> 0, 4));
    const callee = secure && (excReturn & (EXC_RETURN.ES | EXC_RETURN.DCRS)) !== (EXC_RETURN.ES | EXC_RETURN.DCRS);
    const frame = lowest + (callee ? 0x28 : 0);
    const saved = callee ? [4, 5, 6, 7, 8, 9, 10, 11].map((index) => word(lowest + 4 * (index - 2))) : now.r.slice(4, 12);
    const xpsr = word(frame + 28);
    const extended = (excReturn & EXC_RETURN.FTYPE) === 0;
    const sp = (frame + (extended ? 0x68 : 0x20) + ((xpsr & 0x200) !== 0 ? 4 : 0)) >>> 0;
    const low = [0, 4, 8, 12].map((offset) => word(frame + offset));
    return { r: [...low, ...saved, word(frame + 16), sp, word(frame + 20), word(frame + 24)], xpsr, secure };
  }
}
