/** Branches and system instructions (ARM DDI 0403E, A7.7 and B5.2), and where the `Engine` contract says that they stop. */
import { STOP } from '../../../src/cpu/engine.ts';
import { Align, bit, bits, word } from './bits.ts';
import { type Machine, Stop } from './machine.ts';
import type { Instruction, Operation, Operations } from './operation.ts';

const target = (m: Machine, i: Instruction): number => word(BigInt(m.R(15)) + BigInt(i.imm));

/** Return address of BL and BLX, with the Thumb bit. */
const returnTo = (m: Machine, size: number): number => m.pc + size + 1;

/** The executed instruction may have changed what is masked. */
function masksChanged(m: Machine, always: boolean): void {
  if (always || m.watchMasks) throw new Stop(STOP.MASKS);
}

/** FAULTMASK is set only where the priority is above -1; clearing it is always possible, or code that set it could not go on. */
function setFaultMask(m: Machine, value: boolean): void {
  const priority = m.ipsr === 2 ? -2 : m.ipsr === 3 || m.faultmask === 1 ? -1 : 0;
  if (!value) m.faultmask = 0;
  else if (priority > -1) m.faultmask = 1;
}

function readSpecial(m: Machine, sysm: number): number {
  const msp = m.usesPsp ? m.bankedSp : m.R(13);
  const psp = m.usesPsp ? m.R(13) : m.bankedSp;
  if (sysm < 8) {
    const flags = [m.n, m.z, m.c, m.v, m.q].reduce((sum, flag, k) => sum + (flag ? 2 ** (31 - k) : 0), m.ge * 2 ** 16);
    return (bit(sysm, 2) ? 0 : flags) + (bit(sysm, 0) ? m.ipsr : 0);
  }
  // SFPA is the Secure state's.
  if (sysm === 20) return m.secure || !m.v8m ? m.control : m.control % 8;
  if (!m.privileged) return 0;
  const [msplim, psplim] = m.usesPsp ? [m.bankedSplim, m.splim] : [m.splim, m.bankedSplim];
  if (m.v8m && (sysm === 10 || sysm === 11)) return sysm === 10 ? msplim : psplim;
  const values: Readonly<Record<number, number>> = { 8: msp, 9: psp, 16: m.primask, 17: m.basepri, 18: m.basepri, 19: m.faultmask };
  return values[sysm] ?? 0;
}

function writeStack(m: Machine, process: boolean, value: number): void {
  if (process === m.usesPsp) m.setR(13, value);
  else m.bankedSp = value - (value % 4);
}

function writeControl(m: Machine, value: number): void {
  const before = m.usesPsp;
  if (m.v8m) {
    // nPRIV, SPSEL (in Handler mode too) and FPCA are for privileged code, SFPA for Secure code of any privilege.
    const writable = (m.privileged ? (m.hasFpu ? 7 : 3) : 0) + (m.secure && m.hasFpu ? 8 : 0);
    m.control = (m.control & ~writable) | (value & writable);
    swapStacks(m, before);
    return;
  }
  const kept = m.handlerMode ? m.control & 2 : value & 2;
  m.control = (value & 1) | kept | (m.hasFpu ? value & 4 : 0);
  swapStacks(m, before);
}

function swapStacks(m: Machine, before: boolean): void {
  if (m.usesPsp === before) return;
  const active = m.R(13);
  m.setR(13, m.bankedSp);
  m.bankedSp = active;
  [m.splim, m.bankedSplim] = [m.bankedSplim, m.splim];
}

function writeSpecial(m: Machine, sysm: number, mask: number, value: number): void {
  if (sysm < 4) {
    if (bit(mask, 1)) [m.n, m.z, m.c, m.v, m.q] = [bit(value, 31), bit(value, 30), bit(value, 29), bit(value, 28), bit(value, 27)];
    if (bit(mask, 0)) m.ge = Number(bits(value, 19, 16));
    return;
  }
  if (m.v8m && sysm === 20) writeControl(m, value);
  if (!m.privileged || sysm < 8) return;
  const priority = Number(bits(value, 7, 8 - m.priorityBits)) * 2 ** (8 - m.priorityBits);
  if (sysm === 8 || sysm === 9) writeStack(m, sysm === 9, value);
  else if (m.v8m && (sysm === 10 || sysm === 11)) {
    if ((sysm === 11) === m.usesPsp) m.splim = Align(value, 8);
    else m.bankedSplim = Align(value, 8);
  } else if (sysm === 16) m.primask = value % 2;
  else if (sysm === 17) m.basepri = priority;
  else if (sysm === 18) m.basepri = priority !== 0 && (priority < m.basepri || m.basepri === 0) ? priority : m.basepri;
  else if (sysm === 19) setFaultMask(m, bit(value, 0));
  else if (sysm === 20 && !m.v8m) writeControl(m, value);
}

const compareBranch = (nonzero: boolean): Operation => {
  return (m, i) => {
    if ((m.R(i.f('n')) === 0) !== nonzero) m.branchWritePC(target(m, i));
  };
};

const nothing: Operation = () => {};

export const CONTROL: Operations = {
  B: (m, i) => m.branchWritePC(target(m, i)),
  // The condition is checked before every operation.
  B_COND: (m, i) => m.branchWritePC(target(m, i)),
  BL: (m, i) => {
    const to = target(m, i);
    m.setR(14, returnTo(m, 4));
    m.branchWritePC(to);
  },
  BX: (m, i) => m.bxWritePC(m.R(i.f('m'))),
  BLX: (m, i) => {
    const to = m.R(i.f('m'));
    m.setR(14, returnTo(m, 2));
    m.blxWritePC(to);
  },
  CBZ: compareBranch(false),
  CBNZ: compareBranch(true),
  IT: (m, i) => {
    m.it = i.imm;
  },
  NOP: nothing,
  BARRIER: nothing,
  HINT: (m, i) => {
    if (i.imm === 2) {
      if (m.event === 0) throw new Stop(STOP.WFE);
      m.event = 0;
    } else if (i.imm === 3) throw new Stop(STOP.WFI);
    else if (i.imm === 4) throw new Stop(STOP.SEV);
  },
  CLREX: (m) => {
    m.exclusive = undefined;
  },
  SVC: (_m, i) => {
    throw new Stop(STOP.SVC, { detail: i.imm });
  },
  BKPT: (_m, i) => {
    throw new Stop(STOP.BKPT, { detail: i.imm });
  },
  UDF: () => {
    throw new Stop(STOP.UNDEFINED);
  },
  CPS: (m, i) => {
    if (!m.privileged) return;
    const disable = bit(i.word, 4);
    if (bit(i.imm, 1)) m.primask = disable ? 1 : 0;
    if (bit(i.imm, 0)) setFaultMask(m, disable);
    masksChanged(m, bit(i.imm, 0));
  },
  MRS: (m, i) => m.setR(i.f('d'), readSpecial(m, i.imm)),
  MSR: (m, i) => {
    writeSpecial(m, i.imm, i.f('w'), m.R(i.f('n')));
    if (i.imm >= 16) masksChanged(m, i.imm >= 19);
  },
  COPROCESSOR: (m, i) => {
    const number = i.f('w');
    if ((number !== 10 && number !== 11) || !m.hasFpu) throw new Stop(STOP.NO_COPROCESSOR, { detail: number });
    throw new Stop(m.fpTrap ? STOP.FP_ACCESS : STOP.UNDEFINED);
  },
};
