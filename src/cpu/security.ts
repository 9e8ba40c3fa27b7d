/**
 * The registers of which each security state of an ARMv8-M core has its own (DDI 0553B, B3.4): stack pointers and their limits, CONTROL's
 * nPRIV and SPSEL, PRIMASK, BASEPRI, FAULTMASK.
 *
 * Those of the current state are in the core's cells, where engines work on them; those of the other one are here. A change of state swaps
 * them. CONTROL.FPCA and SFPA belong to both states and stay in the cells.
 */
import { CELL, type CoreRegisters } from './core-registers.ts';
import type { BankedRegisters } from './engine.ts';
import type { CoreProfile } from './profile.ts';

/** A register that is banked by security. `control` is nPRIV and SPSEL. */
export type BankedName = 'msp' | 'psp' | 'msplim' | 'psplim' | 'control' | 'primask' | 'basepri' | 'faultmask';

/** CONTROL's banked bits, and SPSEL alone. */
const CONTROL_BANKED = 3;
const SPSEL = 2;
/** CONTROL.FPCA. */
const FPCA = 4;

/** MRS and MSR's SYSm of the Non-secure registers. */
const SYSM: Readonly<Record<number, BankedName>> = {
  136: 'msp',
  137: 'psp',
  138: 'msplim',
  139: 'psplim',
  144: 'primask',
  145: 'basepri',
  147: 'faultmask',
};
const CONTROL_NS = 0x94;
const SP_NS = 0x98;

/** The banked registers of both states. The registers must be in step with the engine around every call. */
export class SecurityState implements BankedRegisters {
  /** NSACR.CP10: Non-secure code may use the floating-point unit, so FPCA is its to write. */
  floatingPointShared: () => boolean = () => true;
  /** Called after a change of state. */
  onChange: () => void = () => {};
  private readonly registers: CoreRegisters;
  private readonly priorityMask: number;
  private readonly other: Record<BankedName, number> = emptyBank();

  constructor(registers: CoreRegisters, { priorityBits }: CoreProfile) {
    this.registers = registers;
    this.priorityMask = (0xff00 >>> priorityBits) & 0xff;
  }

  /** Reset: Secure state, and a Non-secure bank of zeros. */
  reset(): void {
    Object.assign(this.other, emptyBank());
    this.registers.cells[CELL.SECURE] = 1;
  }

  /** A banked register of the given state, u32. */
  get(name: BankedName, secure: boolean): number {
    const { registers } = this;
    if (secure !== registers.secure) return this.other[name];
    switch (name) {
      case 'control':
        return registers.cells[CELL.CONTROL]! & CONTROL_BANKED;
      case 'primask':
        return registers.cells[CELL.PRIMASK]!;
      case 'basepri':
        return registers.cells[CELL.BASEPRI]!;
      case 'faultmask':
        return registers.cells[CELL.FAULTMASK]!;
      default:
        return registers[name];
    }
  }

  /** Writes a banked register of the given state; a new CONTROL may change the active stack pointer. */
  set(name: BankedName, secure: boolean, value: number): void {
    const { registers } = this;
    const { cells } = registers;
    if (secure !== registers.secure) {
      this.other[name] = (name === 'msp' || name === 'psp' ? value & ~3 : value) >>> 0;
      return;
    }
    if (name === 'control') registers.setMode(cells[CELL.IPSR]!, (cells[CELL.CONTROL]! & ~CONTROL_BANKED) | (value & CONTROL_BANKED));
    else if (name === 'primask') cells[CELL.PRIMASK] = value;
    else if (name === 'basepri') cells[CELL.BASEPRI] = value;
    else if (name === 'faultmask') cells[CELL.FAULTMASK] = value;
    else registers[name] = value;
  }

  /** Makes `secure` the current state. */
  switchTo(secure: boolean): void {
    const { registers, other } = this;
    if (secure === registers.secure) return;
    const { cells } = registers;
    const { msp, psp, msplim, psplim, control, primask, basepri, faultmask } = other;
    other.msp = registers.msp;
    other.psp = registers.psp;
    other.msplim = registers.msplim;
    other.psplim = registers.psplim;
    other.control = cells[CELL.CONTROL]! & CONTROL_BANKED;
    other.primask = cells[CELL.PRIMASK]!;
    other.basepri = cells[CELL.BASEPRI]!;
    other.faultmask = cells[CELL.FAULTMASK]!;
    cells[CELL.SECURE] = secure ? 1 : 0;
    // CONTROL first: it decides which cells hold MSP and PSP.
    registers.setMode(cells[CELL.IPSR]!, (cells[CELL.CONTROL]! & ~CONTROL_BANKED) | control);
    registers.msp = msp;
    registers.psp = psp;
    registers.msplim = msplim;
    registers.psplim = psplim;
    cells[CELL.PRIMASK] = primask;
    cells[CELL.BASEPRI] = basepri;
    cells[CELL.FAULTMASK] = faultmask;
    this.onChange();
  }

  /** True when code of `secure` state, in Thread or Handler mode as now, would be privileged. */
  privileged(secure: boolean, handler = this.registers.handlerMode): boolean {
    return handler || (this.get('control', secure) & 1) === 0;
  }

  /** Which stack pointer code of `secure` state uses in the given mode. */
  stackOf(secure: boolean, handler: boolean): 'msp' | 'psp' {
    return !handler && (this.get('control', secure) & SPSEL) !== 0 ? 'psp' : 'msp';
  }

  /** Sets CONTROL.SPSEL of a state. */
  selectStack(secure: boolean, process: boolean): void {
    this.set('control', secure, (this.get('control', secure) & ~SPSEL) | (process ? SPSEL : 0));
  }

  read(sysm: number): number {
    if (sysm === CONTROL_NS) return (this.get('control', false) | (this.registers.cells[CELL.CONTROL]! & FPCA)) >>> 0;
    if (sysm === SP_NS) return this.get(this.stackOf(false, this.registers.handlerMode), false);
    const name = SYSM[sysm];
    return name ? this.get(name, false) : 0;
  }

  write(sysm: number, value: number): boolean {
    const { cells } = this.registers;
    if (sysm === CONTROL_NS) {
      this.set('control', false, value & CONTROL_BANKED);
      if (this.floatingPointShared()) cells[CELL.CONTROL] = (cells[CELL.CONTROL]! & ~FPCA) | (value & FPCA);
      return true;
    }
    if (sysm === SP_NS) {
      const stack = this.stackOf(false, this.registers.handlerMode);
      if (value >>> 0 < this.get(stack === 'psp' ? 'psplim' : 'msplim', false)) return false;
      this.set(stack, false, value);
      return true;
    }
    const name = SYSM[sysm];
    if (name) this.set(name, false, this.masked(name, value));
    return true;
  }

  private masked(name: BankedName, value: number): number {
    switch (name) {
      case 'msplim':
      case 'psplim':
        return (value & ~7) >>> 0;
      case 'basepri':
        return value & this.priorityMask;
      case 'primask':
      case 'faultmask':
        return value & 1;
      default:
        return value;
    }
  }
}

function emptyBank(): Record<BankedName, number> {
  return { msp: 0, psp: 0, msplim: 0, psplim: 0, control: 0, primask: 0, basepri: 0, faultmask: 0 };
}
