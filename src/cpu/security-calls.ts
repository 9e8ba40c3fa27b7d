/**
 * Calls between the security states (DDI 0553B, B3.16 to B3.18): SG, BXNS, BLXNS and the return of a function that Secure code called.
 *
 * Non-secure code enters Secure memory only at an SG in a Non-secure callable region; its fetch is refused by the memory port, and this is
 * where the refusal turns out to be a call. BLXNS leaves FNC_RETURN in LR and the true return address on the Secure stack.
 */

import { EXECUTE } from './core-memory.ts';
import { CELL } from './core-registers.ts';
import { EXCEPTION } from './exception-numbers.ts';
import { MMFSR, SFSR, UFSR } from './fault-status.ts';
import type { FaultUnit, SecureParts } from './faults-v8m.ts';
import { SFPA } from './fp-context-v8m.ts';
import type { FrameUnit } from './frames-v8m.ts';

/** Both halfwords of SG. */
const SG = 0xe97f;
/** What BLXNS leaves in LR; bit 0 of the value that is branched to does not matter. */
const FNC_RETURN = 0xfeff_ffff;
const STACKED_SFPA = 1 << 20;
/** IPSR that Non-secure code sees when a Secure handler calls it. */
const SOME_HANDLER = 1;

/** True for the values that return from a function that Secure code called with BLXNS. */
export function isFunctionReturn(value: number): boolean {
  return value >>> 1 === FNC_RETURN >>> 1;
}

/** Moves the core between the states without an exception. */
export class SecurityCalls {
  private readonly parts: SecureParts;
  private readonly faults: FaultUnit;
  private readonly frames: FrameUnit;

  constructor(parts: SecureParts, faults: FaultUnit, frames: FrameUnit) {
    this.parts = parts;
    this.faults = faults;
    this.frames = frames;
  }

  /** A fetch by Non-secure code from Secure memory: executes the SG that stands there, or raises a SecureFault. True when it did execute. */
  enterSecure(): boolean {
    const { registers, memory, protection, security } = this.parts;
    const { cells, pc } = registers;
    const halves = [pc, (pc + 2) >>> 0];
    if (cells[CELL.T] === 0 || !halves.every((address) => protection.sau.attribution(address, true).callable)) {
      this.faults.secureFault(SFSR.INVEP);
      return false;
    }
    const privileged = security.privileged(true);
    if (!halves.every((address) => (protection.secureMpu.lookup(address, privileged).rights & EXECUTE) !== 0)) {
      this.parts.scb.noteMemManage(true, MMFSR.IACCVIOL);
      this.faults.raise(EXCEPTION.MEM_MANAGE, true);
      return false;
    }
    if (!halves.every((address) => memory.bus.peek(address, 2) === SG)) {
      this.faults.secureFault(SFSR.INVEP);
      return false;
    }
    cells[CELL.LR]! &= ~1;
    cells[CELL.CONTROL]! &= ~SFPA;
    cells[CELL.ITSTATE] = 0;
    cells[CELL.PC] = pc + 4;
    security.switchTo(true);
    return true;
  }

  /** BXNS to `target`, which is no return value: bit 0 clear changes to Non-secure state. */
  branch(target: number): void {
    const { cells } = this.parts.registers;
    if ((target & 1) === 0) this.leaveSecure();
    cells[CELL.PC] = target & ~1;
    cells[CELL.T] = 1;
    cells[CELL.ITSTATE] = 0;
  }

  /** BLXNS at PC to `target`; false when it faulted. */
  call(target: number): boolean {
    const { registers } = this.parts;
    const { cells } = registers;
    const next = (registers.pc + 2) | 1;
    if ((target & 1) !== 0) {
      cells[CELL.LR] = next;
      this.branch(target);
      return true;
    }
    const sp = (registers.r(CELL.SP) - 8) >>> 0;
    if (sp < cells[CELL.SPLIM]! >>> 0 && !this.frames.ignoresLimit(true)) {
      this.faults.usageFault(UFSR.STKOF, true);
      return false;
    }
    const sfpa = (cells[CELL.CONTROL]! & SFPA) !== 0 ? STACKED_SFPA : 0;
    if (!this.frames.write(sp, [next, cells[CELL.IPSR]! | sfpa], 'data', true, registers.privileged)) return false;
    cells[CELL.SP] = sp;
    cells[CELL.LR] = FNC_RETURN;
    if (registers.handlerMode) cells[CELL.IPSR] = SOME_HANDLER;
    this.branch(target);
    return true;
  }

  /** FunctionReturn(): back to the Secure caller whose address is on the Secure stack; otherwise a fault is pending. */
  functionReturn(value: number): void {
    const { registers, security } = this.parts;
    const { cells } = registers;
    cells[CELL.PC] = value & ~1;
    const stack = security.stackOf(true, registers.handlerMode);
    const frame = security.get(stack, true);
    const words = this.frames.asState(true, () => this.frames.read(frame, 2, 'data', true, security.privileged(true)));
    if (!words) return;
    const [pc, psr] = words as [number, number];
    const exception = psr & 0x1ff;
    const expected = cells[CELL.IPSR] === 0 ? exception === 0 : cells[CELL.IPSR] === SOME_HANDLER && exception !== 0;
    if (!expected) {
      this.faults.usageFault(UFSR.INVPC);
      return;
    }
    security.set(stack, true, (frame + 8) >>> 0);
    security.switchTo(true);
    cells[CELL.IPSR] = exception;
    cells[CELL.CONTROL] = (cells[CELL.CONTROL]! & ~SFPA) | ((psr & STACKED_SFPA) !== 0 ? SFPA : 0);
    cells[CELL.ITSTATE] = 0;
    cells[CELL.PC] = pc & ~1;
    cells[CELL.T] = pc & 1;
  }

  private leaveSecure(): void {
    this.parts.registers.cells[CELL.CONTROL]! &= ~SFPA;
    this.parts.security.switchTo(false);
  }
}
