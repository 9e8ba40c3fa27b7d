/** Branches, IT, special registers and hints on paper (ARMv7-M ARM, A7.7 and B5.2). */
import { CELL } from '../core-registers.ts';
import { SYSM, visibleControl } from '../special-registers.ts';
import { type Affine, add, constant, isConstant, scale } from './affine.ts';
import type { Operation } from './alu.ts';
import { BASEPRI, PRIMASK, type RoundState } from './round-state.ts';

/** From here up, a branch may be an exception or function return, and nothing is executable anyway. */
const NO_CODE = 0xe000_0000;

/** BXWritePC to a Thumb address; false for everything else that the value may mean. */
export function branchTo(state: RoundState, target: number): boolean {
  if ((target & 1) === 0 || target >>> 0 >= NO_CODE) return false;
  state.next = (target & ~1) >>> 0;
  return true;
}

function jump(state: RoundState, offset: number): boolean {
  state.next = (state.pc + 4 + offset) >>> 0;
  return true;
}

function compareBranch(nonZero: boolean): Operation {
  return (state, i) => {
    const value = state.read(i.n);
    if (!value) return false;
    const zero = isConstant(value) ? value.c === 0 : state.isZero(value);
    if (zero === undefined) return false;
    return zero === nonZero || jump(state, i.imm);
  };
}

function link(state: RoundState, size: number): boolean {
  return state.write(CELL.LR, constant((state.pc + size) | 1));
}

function viaRegister(links: boolean): Operation {
  return (state, i) => {
    const target = state.read(i.m);
    if (!target || !isConstant(target)) return false;
    return (!links || link(state, i.size)) && branchTo(state, target.c);
  };
}

/** MOV and ADD that may write PC, without interworking. */
function high(adds: boolean): Operation {
  return (state, i) => {
    const m = state.read(i.m);
    const d = adds ? state.read(i.d) : constant(0);
    if (!m || !d) return false;
    const value: Affine = add(m, d, 0);
    if (i.d !== 15) return state.write(i.d, value);
    return isConstant(value) && branchTo(state, value.c | 1);
  };
}

function tableBranch(size: number): Operation {
  return (state, i) => {
    const [base, index] = [state.read(i.n), state.read(i.m)];
    const entry = base && index && state.load(add(base, scale(index, size), 0), size);
    return entry !== undefined && isConstant(entry) && branchTo(state, (state.pc + 4 + 2 * entry.c) | 1);
  };
}

const mrs: Operation = (state, i) => {
  const { privileged } = state;
  switch (i.imm) {
    case SYSM.IPSR:
      return state.write(i.d, constant(state.cell(CELL.IPSR)));
    case SYSM.CONTROL:
      return state.write(i.d, constant(visibleControl(state.cell(CELL.CONTROL), state.cell(CELL.SECURE))));
    case SYSM.FAULTMASK:
      return privileged && state.write(i.d, constant(state.cell(CELL.FAULTMASK)));
    case SYSM.PRIMASK:
    case SYSM.BASEPRI:
    case SYSM.BASEPRI_MAX: {
      const value = state.read(i.imm === SYSM.PRIMASK ? PRIMASK : BASEPRI);
      return privileged && value !== undefined && state.write(i.d, value);
    }
    default:
      return false;
  }
};

const msr: Operation = (state, i) => {
  const value = state.read(i.n);
  if (!value || !isConstant(value) || !state.privileged) return false;
  state.masks = true;
  if (i.imm === SYSM.PRIMASK) return state.write(PRIMASK, constant(value.c & 1));
  const priority = value.c & 0xff & (0xff00 >>> state.host.priorityBits);
  if (i.imm === SYSM.BASEPRI) return state.write(BASEPRI, constant(priority));
  if (i.imm !== SYSM.BASEPRI_MAX) return false;
  const now = state.read(BASEPRI);
  if (!now || !isConstant(now)) return false;
  const raises = priority !== 0 && (now.c === 0 || priority < now.c);
  return !raises || state.write(BASEPRI, constant(priority));
};

const cps: Operation = (state, i) => {
  if (!state.privileged || (i.imm & 1) !== 0) return false;
  state.masks = true;
  return (i.imm & 2) === 0 || state.write(PRIMASK, constant((i.word >>> 4) & 1));
};

const nothing: Operation = () => true;

/** Operations by name. */
export const CONTROL: Readonly<Record<string, Operation>> = {
  B: (state, i) => {
    state.jumped = true;
    return jump(state, i.imm);
  },
  B_COND: (state, i) => {
    const taken = state.passes(i.condition);
    if (taken) jump(state, i.imm);
    state.jumped = taken === true;
    return taken !== undefined;
  },
  BL: (state, i) => link(state, 4) && jump(state, i.imm),
  BX: viaRegister(false),
  BLX: viaRegister(true),
  CBZ: compareBranch(false),
  CBNZ: compareBranch(true),
  MOV_HIGH: high(false),
  ADD_HIGH: high(true),
  TBB: tableBranch(1),
  TBH: tableBranch(2),
  IT: (state, i) => {
    state.it = i.imm;
    return true;
  },
  MRS: mrs,
  MSR: msr,
  CPS: cps,
  NOP: nothing,
  BARRIER: nothing,
  HINT: (_state, i) => i.imm < 2 || i.imm > 4,
};
