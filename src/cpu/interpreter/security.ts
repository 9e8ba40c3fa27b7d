/**
 * The Security Extension's instructions (ARMv8-M ARM DDI 0553B, C2.4): TT, BXNS, BLXNS, VLSTM, VLLDM. SG is in the main switch.
 *
 * An engine knows of security what CELL.SECURE says. Changing the state, and saving or restoring floating-point registers for it, are
 * the core's business: these instructions stop. Without the Security Extension CELL.SECURE is 0, and all but TT and TTT are UNDEFINED.
 */
import { CELL } from '../core-registers.ts';
import { STOP } from '../engine.ts';
import { BRANCH, DONE, type Handler } from './context.ts';

const testTarget = (alternate: boolean, unprivileged: boolean): Handler => {
  return (context, w1) => {
    const { cells, memory } = context;
    if (alternate && cells[CELL.SECURE] === 0) return context.fail(STOP.UNDEFINED);
    const address = cells[(w1 >> 4) & 15]! >>> 0;
    cells[w1 & 15] = memory.protection.testTarget?.(address, { alternate, unprivileged }) ?? 0;
    return DONE;
  };
};

/** VLSTM and VLLDM do nothing on a core without floating point. */
const lazy = (stop: typeof STOP.LAZY_STORE | typeof STOP.LAZY_LOAD): Handler => {
  return (context, w1) => {
    const { cells, profile } = context;
    if (cells[CELL.SECURE] === 0) return context.fail(STOP.UNDEFINED);
    return profile.fpu === 'none' ? DONE : context.fail(stop, cells[(w1 >> 4) & 15]!);
  };
};

/** Handlers by micro-operation name. */
export const SECURITY: Readonly<Record<string, Handler>> = {
  TT: testTarget(false, false),
  TTT: testTarget(false, true),
  TTA: testTarget(true, false),
  TTAT: testTarget(true, true),
  BXNS: (context, w1) => {
    const { cells } = context;
    if (cells[CELL.SECURE] === 0) return context.fail(STOP.UNDEFINED);
    const target = cells[(w1 >> 8) & 15]!;
    // Bit 0 says Secure; the state stays, and a return value goes the way of every other branch to one.
    if ((target & 1) === 0 && !(target >>> 28 === 15 && context.isReturn(target))) return context.securityBranch(target, false);
    context.target = target;
    return BRANCH;
  },
  BLXNS: (context, w1) => {
    const { cells } = context;
    if (cells[CELL.SECURE] === 0) return context.fail(STOP.UNDEFINED);
    return context.securityBranch(cells[(w1 >> 8) & 15]!, true);
  },
  VLSTM: lazy(STOP.LAZY_STORE),
  VLLDM: lazy(STOP.LAZY_LOAD),
};
