/**
 * A core's registers by name or number, as a debugger names them (R0 to R15, xPSR is 16; the rest by name only).
 */
import { UsageError } from '../errors.ts';
import { CELL, type CoreRegisters } from './core-registers.ts';
import type { CoreProfile } from './profile.ts';

/** Number of xPSR. */
const XPSR = 16;
/** Masks of what there is in a register, and bits that SP and PC do not have. */
const SP_BITS = ~3;
const PC_BITS = ~1;

interface Access {
  read(registers: CoreRegisters): number;
  write(registers: CoreRegisters, value: number): void;
}

function cell(index: number, mask = -1): Access {
  return {
    read: ({ cells }) => cells[index]! >>> 0,
    write: ({ cells }, value) => {
      cells[index] = value & mask;
    },
  };
}

const PLAIN: ReadonlyMap<string, Access> = new Map<string, Access>([
  ...Array.from({ length: 13 }, (_, index): [string, Access] => [`r${index}`, cell(index)]),
  ...['sp', 'r13'].map((name): [string, Access] => [name, cell(CELL.SP, SP_BITS)]),
  ...['lr', 'r14'].map((name): [string, Access] => [name, cell(CELL.LR)]),
  ...['pc', 'r15'].map((name): [string, Access] => [name, cell(CELL.PC, PC_BITS)]),
  [
    'xpsr',
    {
      read: (registers) => registers.xpsr,
      // The exception number is the core's: it changes by entering and leaving exceptions only.
      write: (registers, value) => {
        registers.xpsr = (value & ~0x1ff) | registers.cells[CELL.IPSR]!;
      },
    },
  ],
  ['apsr', cell(CELL.APSR, 0xf80f_0000)],
  ['ipsr', { read: ({ cells }) => cells[CELL.IPSR]! >>> 0, write: () => {} }],
  [
    'msp',
    {
      read: (registers) => registers.msp,
      write: (registers, value) => {
        registers.msp = value;
      },
    },
  ],
  [
    'psp',
    {
      read: (registers) => registers.psp,
      write: (registers, value) => {
        registers.psp = value;
      },
    },
  ],
  ['primask', cell(CELL.PRIMASK, 1)],
  ['basepri', cell(CELL.BASEPRI, 0xff)],
  ['faultmask', cell(CELL.FAULTMASK, 1)],
  [
    'control',
    {
      read: ({ cells }) => cells[CELL.CONTROL]! >>> 0,
      write: (registers, value) => registers.setMode(registers.cells[CELL.IPSR]!, value & 15),
    },
  ],
]);

const FLOATING_POINT: ReadonlyMap<string, Access> = new Map<string, Access>([
  ['fpscr', cell(CELL.FPSCR)],
  ...Array.from({ length: 32 }, (_, index): [string, Access] => [`s${index}`, cell(CELL.S0 + index)]),
]);

/** How to get at `register` of a core of `profile`. @throws {UsageError} for one that it has not */
export function registerAccess(profile: CoreProfile, register: string | number): Access {
  const name = typeof register === 'string' ? register.toLowerCase() : register === XPSR ? 'xpsr' : `r${register}`;
  const access = PLAIN.get(name) ?? (profile.fpu === 'none' ? undefined : FLOATING_POINT.get(name));
  if (access) return access;
  throw new UsageError(
    `the core has no register '${register}'`,
    'r0 to r12, sp, lr, pc, xpsr, msp, psp, primask, basepri, faultmask, control, fpscr, s0 to s31',
  );
}
