/**
 * A core's registers by name or number, as a debugger names them (R0 to R15, xPSR is 16; the rest by name only).
 */
import { UsageError } from '../errors.ts';
import { CELL, type CoreRegisters } from './core-registers.ts';
import type { CoreProfile } from './profile.ts';
import type { BankedName, SecurityState } from './security.ts';

/** Number of xPSR. */
const XPSR = 16;
/** Masks of what there is in a register, and bits that SP and PC do not have. */
const SP_BITS = ~3;
const PC_BITS = ~1;
/** CONTROL: nPRIV, SPSEL; FPCA; SFPA. */
const CONTROL_BITS = 3;
const CONTROL_FPCA = 4;
const CONTROL_SFPA = 8;

/** How a register is read and written. */
export interface Access {
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
  ['faultmask', cell(CELL.FAULTMASK, 1)],
]);

const LIMITS: ReadonlyMap<string, Access> = new Map(
  (['msplim', 'psplim'] as const).map((name): [string, Access] => [
    name,
    {
      read: (registers) => registers[name],
      write: (registers, value) => {
        registers[name] = value;
      },
    },
  ]),
);

function control({ fpu, security }: CoreProfile): Access {
  const mask = CONTROL_BITS | (fpu === 'none' ? 0 : CONTROL_FPCA | (security ? CONTROL_SFPA : 0));
  return {
    read: ({ cells }) => cells[CELL.CONTROL]! >>> 0,
    write: (registers, value) => registers.setMode(registers.cells[CELL.IPSR]!, value & mask),
  };
}

/** Bits of a register that is banked by security. */
const BANKED: Readonly<Record<BankedName, number>> = {
  msp: SP_BITS,
  psp: SP_BITS,
  msplim: ~7,
  psplim: ~7,
  control: CONTROL_BITS,
  primask: 1,
  basepri: 0xff,
  faultmask: 1,
};

/** `msp_ns`, `control_s` ... */
function banked(name: string, profile: CoreProfile, security: SecurityState): Access | undefined {
  const [, register, state] = /^([a-z]+)_(s|ns)$/.exec(name) ?? [];
  if (!register || !Object.hasOwn(BANKED, register)) return undefined;
  const key = register as BankedName;
  const mask = key === 'basepri' ? priorityBits(profile) : BANKED[key];
  return {
    read: () => security.get(key, state === 's') >>> 0,
    write: (_registers, value) => security.set(key, state === 's', (value & mask) >>> 0),
  };
}

function priorityBits(profile: CoreProfile): number {
  return (0xff00 >>> profile.priorityBits) & 0xff;
}

const FLOATING_POINT: ReadonlyMap<string, Access> = new Map<string, Access>([
  ['fpscr', cell(CELL.FPSCR)],
  ...Array.from({ length: 32 }, (_, index): [string, Access] => [`s${index}`, cell(CELL.S0 + index)]),
]);

/**
 * How to get at `register` of a core of `profile`, whose security states are `security` where it has them.
 * @throws {UsageError} for one that it has not
 */
export function registerAccess(profile: CoreProfile, register: string | number, security?: SecurityState): Access {
  const name = typeof register === 'string' ? register.toLowerCase() : register === XPSR ? 'xpsr' : `r${register}`;
  const access =
    PLAIN.get(name) ??
    (name === 'control' ? control(profile) : undefined) ??
    (name === 'basepri' ? cell(CELL.BASEPRI, priorityBits(profile)) : undefined) ??
    (profile.architecture === 'armv8-m' ? LIMITS.get(name) : undefined) ??
    (profile.fpu === 'none' ? undefined : FLOATING_POINT.get(name)) ??
    (security && banked(name, profile, security));
  if (access) return access;
  const more = security ? ', msplim, psplim, and msp_s, msp_ns ...' : profile.architecture === 'armv8-m' ? ', msplim, psplim' : '';
  throw new UsageError(
    `the core has no register '${register}'`,
    `r0 to r12, sp, lr, pc, xpsr, msp, psp, primask, basepri, faultmask, control, fpscr, s0 to s31${more}`,
  );
}
