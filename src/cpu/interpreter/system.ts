/** System instructions: MRS, MSR, CPS, hints, SVC, BKPT, exclusives' CLREX, coprocessors (ARMv7-M ARM B5.2, ARMv8-M ARM D1.1). */
import { CELL } from '../core-registers.ts';
import { STOP } from '../engine.ts';
import { SFPA, SYSM, visibleControl } from '../special-registers.ts';
import { type Context, DONE, type Handler } from './context.ts';

/** SYSm of a Non-secure register; Secure code only. */
const NON_SECURE = 0x80;
const FPCA = 4;

/** MRS's value for `sysm`; what unprivileged code may not see reads as zero. */
function readSpecial(context: Context, sysm: number): number {
  const { cells, registers } = context;
  if (sysm < 8) return (sysm & 1 ? cells[CELL.IPSR]! : 0) | (sysm & 4 ? 0 : cells[CELL.APSR]!);
  if (sysm === SYSM.CONTROL) return visibleControl(cells[CELL.CONTROL]!, cells[CELL.SECURE]!);
  if (!registers.privileged && sysm !== SYSM.CONTROL_NS) return 0;
  if ((sysm & NON_SECURE) !== 0) return cells[CELL.SECURE] === 0 ? 0 : (context.banked?.read(sysm) ?? 0);
  switch (sysm) {
    case SYSM.MSP:
      return registers.msp;
    case SYSM.PSP:
      return registers.psp;
    case SYSM.MSPLIM:
      return registers.msplim;
    case SYSM.PSPLIM:
      return registers.psplim;
    case SYSM.PRIMASK:
      return cells[CELL.PRIMASK]!;
    case SYSM.BASEPRI:
    case SYSM.BASEPRI_MAX:
      return cells[CELL.BASEPRI]!;
    case SYSM.FAULTMASK:
      return cells[CELL.FAULTMASK]!;
    default:
      return 0;
  }
}

/** FAULTMASK can be set only where the execution priority is above -1: not in NMI and HardFault. */
function setFaultMask({ cells }: Context, value: number): void {
  const handler = cells[CELL.IPSR];
  if (value === 0 || (handler !== 2 && handler !== 3)) cells[CELL.FAULTMASK] = value;
}

/** ARMv8-M: SPSEL in Handler mode too, SFPA in Secure state whatever the privilege, FPCA where that state has floating point. */
function writeControlV8(context: Context, value: number): void {
  const { cells, registers, profile, memory, banked } = context;
  const secure = cells[CELL.SECURE] !== 0;
  let writable = registers.privileged ? 3 : 0;
  if (profile.fpu !== 'none') {
    if (registers.privileged && (secure || (banked?.nonSecureFloat?.() ?? true))) writable |= FPCA;
    if (secure) writable |= SFPA;
  }
  registers.setMode(cells[CELL.IPSR]!, (cells[CELL.CONTROL]! & ~writable) | (value & writable));
  memory.setPrivileged(registers.privileged);
}

function writeControl(context: Context, value: number): void {
  const { cells, registers, profile, memory } = context;
  let control = (cells[CELL.CONTROL]! & ~1) | (value & 1);
  if (!registers.handlerMode) control = (control & ~2) | (value & 2);
  if (profile.fpu !== 'none') control = (control & ~4) | (value & 4);
  registers.setMode(cells[CELL.IPSR]!, control);
  memory.setPrivileged(registers.privileged);
}

/** False when a stack limit is against it. */
function writeSpecial(context: Context, sysm: number, mask: number, value: number): boolean {
  const { cells, registers, profile } = context;
  if (sysm < 8) {
    if (sysm >= 4) return true;
    const writable = (mask & 2 ? 0xf800_0000 : 0) | (mask & 1 ? 0x000f_0000 : 0);
    cells[CELL.APSR] = (cells[CELL.APSR]! & ~writable) | (value & writable);
    return true;
  }
  const v8 = profile.architecture === 'armv8-m';
  if (v8 && sysm === SYSM.CONTROL) writeControlV8(context, value);
  if (!registers.privileged) return true;
  if ((sysm & NON_SECURE) !== 0) return cells[CELL.SECURE] === 0 || context.banked?.write(sysm, value) !== false;
  const priority = value & 0xff & (0xff00 >>> profile.priorityBits);
  switch (sysm) {
    case SYSM.MSP:
      registers.msp = value;
      break;
    case SYSM.PSP:
      registers.psp = value;
      break;
    case SYSM.MSPLIM:
      if (v8) registers.msplim = value;
      break;
    case SYSM.PSPLIM:
      if (v8) registers.psplim = value;
      break;
    case SYSM.PRIMASK:
      cells[CELL.PRIMASK] = value & 1;
      break;
    case SYSM.BASEPRI:
      cells[CELL.BASEPRI] = priority;
      break;
    case SYSM.BASEPRI_MAX: {
      const now = cells[CELL.BASEPRI]!;
      if (priority !== 0 && (now === 0 || priority < now)) cells[CELL.BASEPRI] = priority;
      break;
    }
    case SYSM.FAULTMASK:
      setFaultMask(context, value & 1);
      break;
    case SYSM.CONTROL:
      if (!v8) writeControl(context, value);
      break;
    default:
      break;
  }
  return true;
}

const masks = (context: Context): number => (context.watchMasks ? context.finish(STOP.MASKS) : DONE);

/** Handlers by micro-operation name. */
export const SYSTEM: Readonly<Record<string, Handler>> = {
  MRS: (context, w1, w2) => {
    context.cells[w1 & 15] = readSpecial(context, w2);
    return DONE;
  },
  MSR: (context, w1, w2, w3) => {
    if (!writeSpecial(context, w2, (w3 >>> 10) & 3, context.cells[(w1 >> 4) & 15]!)) return context.fail(STOP.STACK_LIMIT);
    if (w2 === SYSM.FAULTMASK || w2 === SYSM.CONTROL || (w2 >= NON_SECURE && context.banked)) return context.finish(STOP.MASKS);
    return w2 >= SYSM.PRIMASK ? masks(context) : DONE;
  },
  CPS: (context, _w1, w2, w3) => {
    if (!context.registers.privileged) return DONE;
    const value = (w3 >>> 4) & 1;
    if ((w2 & 2) !== 0) context.cells[CELL.PRIMASK] = value;
    if ((w2 & 1) === 0) return masks(context);
    setFaultMask(context, value);
    return context.finish(STOP.MASKS);
  },
  HINT: (context, _w1, w2) => {
    const { cells } = context;
    switch (w2) {
      case 2:
        if (cells[CELL.EVENT] === 0) return context.finish(STOP.WFE);
        cells[CELL.EVENT] = 0;
        return DONE;
      case 3:
        return context.finish(STOP.WFI);
      case 4:
        return context.finish(STOP.SEV);
      default:
        return DONE;
    }
  },
  SVC: (context, _w1, w2) => context.finish(STOP.SVC, w2),
  BKPT: (context, _w1, w2) => context.fail(STOP.BKPT, w2),
  CLREX: ({ cells }) => {
    cells[CELL.EXCLUSIVE] = 0;
    return DONE;
  },
  COPROCESSOR: (context, _w1, _w2, w3) => {
    const coprocessor = (w3 >>> 8) & 15;
    if (coprocessor !== 10 && coprocessor !== 11) return context.fail(STOP.NO_COPROCESSOR, coprocessor);
    if (context.profile.fpu === 'none') return context.fail(STOP.NO_COPROCESSOR, coprocessor);
    return context.fail(context.fpTrap ? STOP.FP_ACCESS : STOP.UNDEFINED);
  },
};
