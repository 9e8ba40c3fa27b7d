/**
 * Priorities, pending and escalation of exceptions on ARMv8-M with the Security Extension (DDI 0553B, B3.9 to B3.13).
 *
 * A synchronous exception that cannot be taken becomes a HardFault: the Secure one, unless BFHFNMINS is set and the exception was
 * Non-secure. Where that cannot be taken either the core locks up.
 */
import type { CoreMemory } from './core-memory.ts';
import { CELL, type CoreRegisters } from './core-registers.ts';
import { BANKED_EXCEPTIONS, EXCEPTION, exceptionName, isFault, NON_SECURE } from './exception-numbers.ts';
import { BFSR, HFSR, MMFSR, SFSR, type UFSR } from './fault-status.ts';
import { FPCCR, type FpContextV8 } from './fp-context-v8m.ts';
import { LOWEST_PRIORITY, type Nvic } from './nvic.ts';
import type { SecureProtection } from './protection-v8m.ts';
import type { BankedScb } from './scb-v8m.ts';
import type { SecurityState } from './security.ts';

/** What exception handling on ARMv8-M works on. */
export interface SecureParts {
  readonly registers: CoreRegisters;
  readonly memory: CoreMemory;
  readonly nvic: Nvic;
  readonly scb: BankedScb;
  readonly fp: FpContextV8;
  readonly security: SecurityState;
  readonly protection: SecureProtection;
  /** DEMCR.MON_EN. */
  readonly monitorEnabled: () => boolean;
}

/** How memory was accessed: that decides which status bits a refusal sets. */
export type AccessKind = 'data' | 'stack' | 'unstack' | 'lazy';

interface AccessBits {
  readonly mmfsr: number;
  readonly bfsr: number;
  readonly sfsr: (typeof SFSR)[keyof typeof SFSR];
  /** MMFAR and BFAR get the address. */
  readonly precise: boolean;
}

const ACCESS_BITS: Readonly<Record<AccessKind, AccessBits>> = {
  data: { mmfsr: MMFSR.DACCVIOL, bfsr: BFSR.PRECISERR, sfsr: SFSR.AUVIOL, precise: true },
  stack: { mmfsr: MMFSR.MSTKERR, bfsr: BFSR.STKERR, sfsr: SFSR.AUVIOL, precise: false },
  unstack: { mmfsr: MMFSR.MUNSTKERR, bfsr: BFSR.UNSTKERR, sfsr: SFSR.AUVIOL, precise: false },
  lazy: { mmfsr: MMFSR.MLSPERR, bfsr: BFSR.LSPERR, sfsr: SFSR.LSPERR, precise: false },
};

/** What PRIMASK_NS and FAULTMASK_NS reach with PRIS. */
const RESTRICTED_PRIORITY = 0x80;

/** Raises exceptions and knows the execution priority. */
export class FaultUnit {
  /** Why the core is locked up, undefined while it is not. */
  lockup: string | undefined;
  private readonly parts: SecureParts;

  constructor(parts: SecureParts) {
    this.parts = parts;
  }

  /** ExecutionPriority(); `ignorePrimask` as WFI wants it. */
  executionPriority(ignorePrimask = false): number {
    const { nvic, scb, security } = this.parts;
    let boosted = this.boostedPriority;
    if (!ignorePrimask) {
      if (security.get('primask', false) !== 0) boosted = Math.min(boosted, scb.prioritiesRestricted ? RESTRICTED_PRIORITY : 0);
      if (security.get('primask', true) !== 0) boosted = Math.min(boosted, 0);
    }
    return Math.min(boosted, nvic.activePriority);
  }

  /** What BASEPRI and FAULTMASK of both states hold back: priorities at or above this value. */
  get boostedPriority(): number {
    const { nvic, scb, security } = this.parts;
    let boosted = LOWEST_PRIORITY;
    for (const secure of [false, true]) {
      const basepri = security.get('basepri', secure) & nvic.priorityMask;
      if (basepri !== 0) boosted = Math.min(boosted, nvic.group(basepri, !secure));
    }
    if (security.get('faultmask', false) !== 0) {
      boosted = Math.min(boosted, scb.faultsNonSecure ? -1 : scb.prioritiesRestricted ? RESTRICTED_PRIORITY : 0);
    }
    if (security.get('faultmask', true) !== 0) boosted = Math.min(boosted, scb.faultsNonSecure ? -3 : -1);
    return boosted;
  }

  /** True when the pending exception that comes next may be entered now. */
  get canTake(): boolean {
    return this.parts.nvic.nextPriority < this.executionPriority();
  }

  /** IsReqExcPriNeg(): a state runs NMI or HardFault or has FAULTMASK set. */
  negative(secure: boolean): boolean {
    const { nvic, security } = this.parts;
    if (security.get('faultmask', secure) !== 0) return true;
    if (nvic.isActive(EXCEPTION.NMI) && nvic.targetsSecure(EXCEPTION.NMI) === secure) return true;
    return nvic.isActive(EXCEPTION.HARD_FAULT + (secure ? 0 : NON_SECURE));
  }

  /** Id of exception `number` when `secure` code causes it. */
  idOf(number: number, secure: boolean): number {
    return !secure && BANKED_EXCEPTIONS.includes(number) ? number + NON_SECURE : number;
  }

  /** A synchronous exception that `secure` code caused: makes it pending, or a HardFault in its place, or locks the core up. */
  raise(number: number, secure: boolean): void {
    const { nvic } = this.parts;
    const id = this.idOf(number, secure);
    if (nvic.isEnabled(id) && nvic.groupPriority(id) < this.executionPriority()) nvic.setPending(id);
    else this.escalate(id, HFSR.FORCED);
  }

  /** Makes the HardFault pending that stands in for exception `id`, or locks the core up. */
  escalate(id: number, reason: (typeof HFSR)[keyof typeof HFSR], cause = exceptionName(id)): void {
    const { nvic, scb } = this.parts;
    const hardFault = this.hardFaultFor(id);
    if (nvic.groupPriority(hardFault) < this.executionPriority()) {
      scb.noteHardFault(reason);
      nvic.setPending(hardFault);
    } else {
      this.lockUp(cause);
    }
  }

  /**
   * A fault while state is saved lazily: it is escalated by what was possible when the frame was made (the ready bits), and can wait when
   * the code that runs now may not be interrupted.
   */
  raiseLazily(number: number, secure: boolean): void {
    const { fp, nvic, scb } = this.parts;
    const ready: Readonly<Record<number, number>> = {
      [EXCEPTION.MEM_MANAGE]: FPCCR.MMRDY,
      [EXCEPTION.BUS_FAULT]: FPCCR.BFRDY,
      [EXCEPTION.USAGE_FAULT]: FPCCR.UFRDY,
      [EXCEPTION.SECURE_FAULT]: FPCCR.SFRDY,
    };
    const original = this.idOf(number, secure);
    const escalated = !fp.is(ready[number]!, secure);
    const id = escalated ? this.hardFaultFor(original) : original;
    const impossible = !nvic.isEnabled(id) || this.executionPriority() <= nvic.groupPriority(id);
    if (impossible && !fp.is(FPCCR.HFRDY)) {
      this.lockUp('lazy floating-point state preservation');
      return;
    }
    if (escalated) scb.noteHardFault(HFSR.FORCED);
    nvic.setPending(id);
  }

  /** A UsageFault of `secure` code, with its UFSR bit. */
  usageFault(cause: (typeof UFSR)[keyof typeof UFSR], secure = this.parts.registers.secure): void {
    this.parts.scb.noteUsageFault(secure, cause);
    this.raise(EXCEPTION.USAGE_FAULT, secure);
  }

  /** A SecureFault with its SFSR bit. */
  secureFault(cause: (typeof SFSR)[keyof typeof SFSR], address?: number): void {
    this.parts.scb.noteSecureFault(cause, address);
    this.raise(EXCEPTION.SECURE_FAULT, true);
  }

  /** The access that `memory` has just refused, made as code of `secure` state; `ignore` raises nothing. */
  accessFault(kind: AccessKind, secure: boolean, ignore = false): void {
    const { memory, scb, protection } = this.parts;
    if (ignore) return;
    const bits = ACCESS_BITS[kind];
    const raise = (number: number): void => {
      if (kind === 'lazy') this.raiseLazily(number, secure);
      else this.raise(number, secure);
    };
    const address = memory.faultAddress;
    if (memory.fault === 'bus') {
      scb.noteBusFault(bits.bfsr, bits.precise ? address : undefined);
      raise(EXCEPTION.BUS_FAULT);
    } else if (protection.violatesSecurity(address, false)) {
      scb.noteSecureFault(bits.sfsr, address);
      raise(EXCEPTION.SECURE_FAULT);
    } else {
      scb.noteMemManage(secure, bits.mmfsr, bits.precise ? address : undefined);
      raise(EXCEPTION.MEM_MANAGE);
    }
  }

  /** Locks the core up because `cause` happened where nothing can handle it any more. */
  lockUp(cause: string): void {
    const { cells } = this.parts.registers;
    const exception = cells[CELL.IPSR]!;
    this.lockup ??= `${cause} ${cells[CELL.FAULTMASK] !== 0 && !isFault(exception) ? 'with FAULTMASK set' : `in ${exceptionName(exception)}`}`;
  }

  private hardFaultFor(id: number): number {
    const { nvic, scb } = this.parts;
    return EXCEPTION.HARD_FAULT + (nvic.targetsSecure(id) || !scb.faultsNonSecure ? 0 : NON_SECURE);
  }
}
