/**
 * Exception frames of ARMv8-M with the Security Extension (DDI 0553B, B3.19 to B3.22): what is stacked, by whom, and what is read back.
 *
 * Beside the basic frame there are the floating-point part (with S16-S31 where FPCCR.TS protects Secure state) and, when Secure code is
 * interrupted by a Non-secure exception, the callee-saved registers under an integrity signature.
 */
import { BUS_FAULT } from '../memory/bus.ts';
import { CELL } from './core-registers.ts';
import { EXCEPTION } from './exception-numbers.ts';
import { SFSR, UFSR } from './fault-status.ts';
import type { AccessKind, FaultUnit, SecureParts } from './faults-v8m.ts';
import { FPCA, FPSCR_MASK } from './fp-context.ts';
import { FPCCR, SFPA } from './fp-context-v8m.ts';

/** EXC_RETURN's fields. */
export const EXC_RETURN = {
  PREFIX: 0xffff_ff80,
  /** The interrupted code is Secure. */
  S: 0x40,
  /** The default rules say whether callee registers are stacked. */
  DCRS: 0x20,
  /** Set: the frame has no floating-point part. */
  FTYPE: 0x10,
  /** Return to Thread mode. */
  MODE: 8,
  /** CONTROL.SPSEL of the state that took the exception. */
  SPSEL: 4,
  RESERVED: 2,
  /** The exception was taken in Secure state. */
  ES: 1,
} as const;

const BASIC = 0x20;
const FLOATS = 0x48;
const MORE_FLOATS = 0x40;
const CALLEE = 0x28;
const SIGNATURE = 0xfefa_125a;
/** Of a stacked xPSR: the frame was padded; CONTROL.SFPA. */
const PADDED = 1 << 9;
const STACKED_SFPA = 1 << 20;

/** What became of a pop: done, or an exception is pending that is to be tail-chained. */
export type PopResult = 'done' | 'fault';

/** Makes and consumes frames. */
export class FrameUnit {
  private readonly parts: SecureParts;
  private readonly faults: FaultUnit;

  constructor(parts: SecureParts, faults: FaultUnit) {
    this.parts = parts;
    this.faults = faults;
  }

  /** PushStack(): a frame for the running code. `excReturn` undoes it, ES and SPSEL aside; not `stacked`: an exception was derived. */
  push(): { readonly excReturn: number; readonly stacked: boolean } {
    const { registers, fp, scb } = this.parts;
    const { cells, secure } = registers;
    const control = cells[CELL.CONTROL]!;
    const active = fp.present && (control & FPCA) !== 0;
    const extended = active && (secure || scb.fpShared);
    const size = BASIC + (extended ? FLOATS + (this.protectsMore(secure) ? MORE_FLOATS : 0) : 0);
    const sp = registers.r(CELL.SP);
    const padded = (sp & 4) !== 0;
    const frame = (sp - (padded ? 4 : 0) - size) >>> 0;
    const limit = cells[CELL.SPLIM]! >>> 0;
    let stacked = true;
    if (frame < limit && !this.ignoresLimit(secure)) {
      this.faults.usageFault(UFSR.STKOF, secure);
      cells[CELL.SP] = limit;
      stacked = false;
    } else {
      cells[CELL.SP] = frame;
      const sfpa = secure && (control & SFPA) !== 0 ? STACKED_SFPA : 0;
      const words = [0, 1, 2, 3, 12, 14, 15].map((index) => registers.r(index));
      words.push(((registers.xpsr & ~(PADDED | STACKED_SFPA)) | (padded ? PADDED : 0) | sfpa) >>> 0);
      stacked = this.write(frame, words, 'stack', secure, registers.privileged);
    }
    if (active) stacked = this.pushFloats(frame + BASIC, stacked);
    const excReturn =
      EXC_RETURN.PREFIX |
      EXC_RETURN.DCRS |
      (secure ? EXC_RETURN.S : 0) |
      (active ? 0 : EXC_RETURN.FTYPE) |
      (registers.handlerMode ? 0 : EXC_RETURN.MODE);
    return { excReturn: excReturn >>> 0, stacked };
  }

  /** PushCalleeStack(): R4-R11 of Secure code below its frame; false when an exception was derived. */
  pushCallee(excReturn: number, tailChained: boolean, ignoreFaults: boolean): boolean {
    const { registers, security } = this.parts;
    const handler = tailChained ? (excReturn & EXC_RETURN.MODE) === 0 : registers.handlerMode;
    const process = tailChained ? !handler && (excReturn & EXC_RETURN.SPSEL) !== 0 : security.stackOf(true, handler) === 'psp';
    const stack = process ? 'psp' : 'msp';
    const frame = (security.get(stack, true) - CALLEE) >>> 0;
    const limit = security.get(process ? 'psplim' : 'msplim', true);
    if (frame < limit && !this.ignoresLimit(true)) {
      if (!ignoreFaults) this.faults.usageFault(UFSR.STKOF, true);
      security.set(stack, true, limit);
      return false;
    }
    security.set(stack, true, frame);
    return this.asState(true, () => {
      const privileged = security.privileged(true, handler);
      const saved = [4, 5, 6, 7, 8, 9, 10, 11].map((index) => registers.r(index));
      return (
        this.write(frame, [this.signature(excReturn)], 'stack', true, privileged, ignoreFaults) &&
        this.write(frame + 8, saved, 'stack', true, privileged, ignoreFaults)
      );
    });
  }

  /** PopStack(): reads the frame back and returns to the code it belongs to. */
  pop(excReturn: number): PopResult {
    const { registers, security } = this.parts;
    const { cells } = registers;
    const toSecure = (excReturn & EXC_RETURN.S) !== 0;
    const toThread = (excReturn & EXC_RETURN.MODE) !== 0;
    security.switchTo(toSecure);
    const stack = security.stackOf(toSecure, !toThread);
    const privileged = security.privileged(toSecure, !toThread);
    let frame = security.get(stack, toSecure);
    if (toSecure && (excReturn & (EXC_RETURN.ES | EXC_RETURN.DCRS)) !== (EXC_RETURN.ES | EXC_RETURN.DCRS)) {
      const callee = this.readCallee(frame, excReturn, privileged);
      if (!callee) return 'fault';
      for (let index = 0; index < 8; index++) cells[4 + index] = callee[index]!;
      frame = (frame + CALLEE) >>> 0;
    }
    const words = this.read(frame, 8, 'unstack', toSecure, privileged);
    if (!words) return 'fault';
    const psr = words[7]!;
    if (toThread !== ((psr & 0x1ff) === 0)) {
      this.faults.usageFault(UFSR.INVPC, toSecure);
      return 'fault';
    }
    const extended = (excReturn & EXC_RETURN.FTYPE) === 0;
    if (extended && !this.popFloats(frame + BASIC, toSecure, privileged)) return 'fault';
    for (const [index, register] of [0, 1, 2, 3, 12, 14].entries()) cells[register] = words[index]!;
    cells[CELL.PC] = words[6]! & ~1;
    const size = BASIC + (extended ? FLOATS + (this.protectsMore(toSecure) ? MORE_FLOATS : 0) : 0);
    const sp = (frame + size) >>> 0;
    security.set(stack, toSecure, (psr & PADDED) !== 0 ? sp | 4 : sp);
    let control = cells[CELL.CONTROL]! & ~FPCA;
    if (extended) control |= FPCA;
    if (toSecure) control = (control & ~SFPA) | ((psr & STACKED_SFPA) !== 0 ? SFPA : 0);
    registers.setMode(psr & 0x1ff, control);
    registers.xpsr = psr & ~(PADDED | STACKED_SFPA);
    return 'done';
  }

  /** PreserveFPState(): writes lazy state where it belongs. False when a fault is to be taken now, so that the instruction must wait. */
  preserveLazyState(): boolean {
    const { fp, scb, registers } = this.parts;
    const secure = fp.ownedBySecure;
    const privileged = !fp.is(FPCCR.USER, secure);
    const more = this.protectsMore(secure);
    const address = fp.lazyAddress(secure);
    let saved = true;
    if (!scb.fpAllowed(secure, privileged)) saved = this.lazyUsageFault(secure);
    else if (!secure && !scb.fpShared) saved = this.lazyUsageFault(true);
    else if (!fp.is(FPCCR.SPLIMVIOL, secure))
      saved = this.asState(secure, () => this.writeFloats(address, 'lazy', secure, privileged, more));
    if (!saved && (this.faults.lockup !== undefined || this.faults.canTake)) return false;
    fp.set(FPCCR.LSPACT, false, secure);
    if (more) this.clearFloats(registers.cells, 32);
    return true;
  }

  /** VLSTM: saves Secure floating-point state before a call of Non-secure code, at once or lazily. False when it faulted. */
  lazyStore(address: number): boolean {
    const { fp, registers, scb } = this.parts;
    const { cells } = registers;
    if (!fp.present || (cells[CELL.CONTROL]! & SFPA) === 0) return true;
    if (!scb.fpAllowed(true, registers.privileged)) return this.refuse(() => this.faults.usageFault(UFSR.NOCP, true));
    if (fp.lazyActive) return this.refuse(() => this.faults.secureFault(SFSR.LSERR));
    if ((address & 7) !== 0) return this.refuse(() => this.faults.usageFault(UFSR.UNALIGNED, true));
    if (fp.is(FPCCR.LSPEN)) this.defer(address, false);
    else {
      const more = this.protectsMore(true);
      if (!this.writeFloats(address, 'data', true, registers.privileged, more)) return false;
      if (more) this.clearFloats(cells, 32);
    }
    cells[CELL.CONTROL]! &= ~FPCA;
    return true;
  }

  /** VLLDM: the counterpart of `lazyStore`. False when it faulted. */
  lazyLoad(address: number): boolean {
    const { fp, registers, scb } = this.parts;
    const { cells } = registers;
    if (!fp.present || (cells[CELL.CONTROL]! & SFPA) === 0) return true;
    if (!scb.fpAllowed(true, registers.privileged)) return this.refuse(() => this.faults.usageFault(UFSR.NOCP, true));
    if (fp.is(FPCCR.LSPACT, true)) fp.set(FPCCR.LSPACT, false, true);
    else {
      if ((address & 7) !== 0) return this.refuse(() => this.faults.usageFault(UFSR.UNALIGNED, true));
      if (!this.readFloats(address, 'data', true, registers.privileged)) return false;
    }
    cells[CELL.CONTROL]! |= FPCA;
    return true;
  }

  /** Clears S0-S15, or S0-S31, and FPSCR. */
  clearFloats(cells: Int32Array, count: 16 | 32): void {
    cells.fill(0, CELL.S0, CELL.S0 + count);
    cells[CELL.FPSCR] = 0;
  }

  /** Reads `count` words as code of the given state; undefined when an exception was derived. */
  read(address: number, count: number, kind: AccessKind, secure: boolean, privileged: boolean): number[] | undefined {
    const { memory } = this.parts;
    const words: number[] = [];
    if (memory.loadWords(address, count, words, privileged)) return words;
    for (let index = 0; index < count; index++) {
      const word = memory.read((address + 4 * index) >>> 0, 4, privileged);
      if (word === BUS_FAULT) {
        this.faults.accessFault(kind, secure);
        return undefined;
      }
      words.push(word);
    }
    return words;
  }

  /** Writes words as code of the given state; false when an exception was derived (or, ignoring faults, none). */
  write(address: number, words: readonly number[], kind: AccessKind, secure: boolean, privileged: boolean, ignore = false): boolean {
    const { memory } = this.parts;
    if (memory.storeWords(address, words, privileged)) return true;
    for (const [index, word] of words.entries()) {
      if (memory.write((address + 4 * index) >>> 0, word >>> 0, 4, privileged)) continue;
      this.faults.accessFault(kind, secure, ignore);
      return false;
    }
    return true;
  }

  /** Does `work` with memory judged as for code of the given state. */
  asState<T>(secure: boolean, work: () => T): T {
    const { memory, protection } = this.parts;
    const before = protection.secure;
    if (before === secure) return work();
    memory.flush();
    protection.secure = secure;
    const result = work();
    protection.secure = before;
    memory.flush();
    return result;
  }

  /** CCR.STKOFHFNMIGN: no stack limit while the state runs at a negative priority. */
  ignoresLimit(secure: boolean): boolean {
    return this.parts.scb.ccr('STKOFHFNMIGN', secure) && this.faults.negative(secure);
  }

  /** The floating-point part of a new frame; false when an exception was derived here or before. */
  private pushFloats(address: number, stacked: boolean): boolean {
    const { registers, fp, scb } = this.parts;
    const { cells, secure, privileged } = registers;
    if (fp.lazyActive) return this.refuse(() => this.faults.secureFault(SFSR.LSERR));
    if (!secure && !scb.fpShared) return this.refuse(() => this.faults.usageFault(UFSR.NOCP, true));
    if (fp.is(FPCCR.LSPEN)) {
      this.defer(address, true);
      return stacked;
    }
    if (!stacked) return false;
    if (!scb.fpAllowed(secure, privileged)) return this.refuse(() => this.faults.usageFault(UFSR.NOCP, secure));
    const more = this.protectsMore(secure);
    const done = this.writeFloats(address, 'stack', secure, privileged, more);
    if (more) this.clearFloats(cells, 32);
    return done;
  }

  /** The floating-point part of a frame that is returned to; false when an exception was derived. */
  private popFloats(address: number, secure: boolean, privileged: boolean): boolean {
    const { fp, scb } = this.parts;
    if (!secure && fp.is(FPCCR.LSPACT, true)) return this.refuse(() => this.faults.secureFault(SFSR.LSERR));
    if (fp.is(FPCCR.LSPACT, secure)) {
      fp.set(FPCCR.LSPACT, false, secure);
      return true;
    }
    if (!scb.fpAllowed(secure, privileged)) return this.refuse(() => this.faults.usageFault(UFSR.NOCP, secure));
    if (!secure && !scb.fpShared) return this.refuse(() => this.faults.usageFault(UFSR.NOCP, true));
    return this.readFloats(address, 'unstack', secure, privileged);
  }

  /** UpdateFPCCR(): notes whose state is still in the floating-point registers, and what could be taken if saving it fails. */
  private defer(address: number, applyLimit: boolean): void {
    const { registers, fp, nvic, monitorEnabled } = this.parts;
    const { secure, cells } = registers;
    fp.setLazyAddress(secure, address);
    if (applyLimit) fp.set(FPCCR.SPLIMVIOL, address - BASIC < cells[CELL.SPLIM]! >>> 0 && !this.ignoresLimit(secure), secure);
    const priority = this.faults.executionPriority();
    const ready = (number: number, state: boolean): boolean => {
      const id = this.faults.idOf(number, state);
      return nvic.isEnabled(id) && nvic.groupPriority(id) < priority;
    };
    fp.set(FPCCR.LSPACT, true, secure);
    fp.set(FPCCR.S, secure);
    fp.set(FPCCR.USER, !registers.privileged, secure);
    fp.set(FPCCR.THREAD, !registers.handlerMode, secure);
    fp.set(FPCCR.HFRDY, ready(EXCEPTION.HARD_FAULT, secure || !this.parts.scb.faultsNonSecure));
    fp.set(FPCCR.BFRDY, ready(EXCEPTION.BUS_FAULT, true));
    fp.set(FPCCR.MMRDY, ready(EXCEPTION.MEM_MANAGE, secure), secure);
    fp.set(FPCCR.UFRDY, ready(EXCEPTION.USAGE_FAULT, false), false);
    fp.set(FPCCR.UFRDY, ready(EXCEPTION.USAGE_FAULT, true), true);
    fp.set(FPCCR.SFRDY, ready(EXCEPTION.SECURE_FAULT, true));
    fp.set(FPCCR.MONRDY, monitorEnabled() && ready(EXCEPTION.DEBUG_MONITOR, true));
  }

  private readCallee(frame: number, excReturn: number, privileged: boolean): number[] | undefined {
    const signature = this.read(frame, 1, 'unstack', true, privileged);
    if (!signature) return undefined;
    if (signature[0] !== this.signature(excReturn)) {
      this.faults.secureFault(SFSR.INVIS);
      return undefined;
    }
    return this.read(frame + 8, 8, 'unstack', true, privileged);
  }

  private signature(excReturn: number): number {
    return this.parts.fp.present && (excReturn & EXC_RETURN.FTYPE) === 0 ? SIGNATURE : SIGNATURE + 1;
  }

  /** FPCCR.TS: S16-S31 of Secure code are stacked and cleared too. */
  private protectsMore(secure: boolean): boolean {
    return secure && this.parts.fp.is(FPCCR.TS);
  }

  private writeFloats(address: number, kind: AccessKind, secure: boolean, privileged: boolean, more: boolean): boolean {
    const { cells } = this.parts.registers;
    const floats = Array.from(cells.subarray(CELL.S0, CELL.S0 + 32));
    const low = [...floats.slice(0, 16), cells[CELL.FPSCR]!];
    if (!this.write(address, low, kind, secure, privileged)) return false;
    return !more || this.write(address + FLOATS, floats.slice(16), kind, secure, privileged);
  }

  private readFloats(address: number, kind: AccessKind, secure: boolean, privileged: boolean): boolean {
    const { cells } = this.parts.registers;
    const more = this.protectsMore(secure);
    const low = this.read(address, 17, kind, secure, privileged);
    const high = low && more ? this.read(address + FLOATS, 16, kind, secure, privileged) : [];
    if (!low || !high) {
      this.clearFloats(cells, more ? 32 : 16);
      return false;
    }
    cells.set(low.slice(0, 16), CELL.S0);
    cells[CELL.FPSCR] = low[16]! & FPSCR_MASK;
    cells.set(high, CELL.S0 + 16);
    return true;
  }

  private lazyUsageFault(secure: boolean): boolean {
    this.parts.scb.noteUsageFault(secure, UFSR.NOCP);
    this.faults.raiseLazily(EXCEPTION.USAGE_FAULT, secure);
    return false;
  }

  private refuse(raise: () => void): false {
    raise();
    return false;
  }
}
