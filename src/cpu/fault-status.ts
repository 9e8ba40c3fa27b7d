/**
 * The bits of the fault status registers by name (DDI 0403E B3.2.15-17, DDI 0553B D1.2.218), with one line each on what they say to a programmer.
 */

/** MemManage Fault Status Register, CFSR[7:0]. */
export const MMFSR = {
  IACCVIOL: 1 << 0,
  DACCVIOL: 1 << 1,
  MUNSTKERR: 1 << 3,
  MSTKERR: 1 << 4,
  MLSPERR: 1 << 5,
  MMARVALID: 1 << 7,
} as const;

/** BusFault Status Register, CFSR[15:8], in place. */
export const BFSR = {
  IBUSERR: 1 << 8,
  PRECISERR: 1 << 9,
  IMPRECISERR: 1 << 10,
  UNSTKERR: 1 << 11,
  STKERR: 1 << 12,
  LSPERR: 1 << 13,
  BFARVALID: 1 << 15,
} as const;

/** UsageFault Status Register, CFSR[31:16], in place. */
export const UFSR = {
  UNDEFINSTR: 1 << 16,
  INVSTATE: 1 << 17,
  INVPC: 1 << 18,
  NOCP: 1 << 19,
  /** ARMv8-M. */
  STKOF: 1 << 20,
  UNALIGNED: 1 << 24,
  DIVBYZERO: 1 << 25,
} as const;

/** HardFault Status Register; u32 values. */
export const HFSR = { VECTTBL: 2, FORCED: 0x4000_0000, DEBUGEVT: 0x8000_0000 } as const;

/** SecureFault Status Register (ARMv8-M with the Security Extension). */
export const SFSR = {
  INVEP: 1 << 0,
  INVIS: 1 << 1,
  INVER: 1 << 2,
  AUVIOL: 1 << 3,
  INVTRAN: 1 << 4,
  LSPERR: 1 << 5,
  SFARVALID: 1 << 6,
  LSERR: 1 << 7,
} as const;

/** Debug Fault Status Register. */
export const DFSR = { BKPT: 2 } as const;

/** The fault status registers as they stand; on ARMv8-M CFSR and MMFAR are Secure state's and those of Non-secure state stand beside. */
export interface FaultStatus {
  readonly cfsr: number;
  readonly hfsr: number;
  readonly mmfar: number;
  readonly bfar: number;
  readonly nonSecure?: { readonly cfsr: number; readonly mmfar: number };
  readonly sfsr?: number;
  readonly sfar?: number;
}

/** One bit of a status register as reports show it. */
export interface StatusBit {
  readonly mask: number;
  readonly name: string;
  readonly meaning: string;
}

const CFSR_BITS: readonly StatusBit[] = [
  { mask: MMFSR.IACCVIOL, name: 'IACCVIOL', meaning: 'instruction fetch from memory that the MPU or the memory map forbids to execute' },
  { mask: MMFSR.DACCVIOL, name: 'DACCVIOL', meaning: 'load or store that the MPU forbids' },
  { mask: MMFSR.MUNSTKERR, name: 'MUNSTKERR', meaning: 'MPU violation while unstacking on exception return' },
  { mask: MMFSR.MSTKERR, name: 'MSTKERR', meaning: 'MPU violation while stacking on exception entry (stack overflow?)' },
  { mask: MMFSR.MLSPERR, name: 'MLSPERR', meaning: 'MPU violation while saving floating-point state lazily' },
  { mask: MMFSR.MMARVALID, name: 'MMARVALID', meaning: 'MMFAR holds the address' },
  { mask: BFSR.IBUSERR, name: 'IBUSERR', meaning: 'nothing executable answers at the address of the instruction' },
  { mask: BFSR.PRECISERR, name: 'PRECISERR', meaning: 'nothing answers at the address of a load or store' },
  { mask: BFSR.IMPRECISERR, name: 'IMPRECISERR', meaning: 'a buffered store failed; the stacked PC is later than the store' },
  { mask: BFSR.UNSTKERR, name: 'UNSTKERR', meaning: 'bus error while unstacking on exception return (bad stack pointer?)' },
  { mask: BFSR.STKERR, name: 'STKERR', meaning: 'bus error while stacking on exception entry (bad stack pointer?)' },
  { mask: BFSR.LSPERR, name: 'LSPERR', meaning: 'bus error while saving floating-point state lazily' },
  { mask: BFSR.BFARVALID, name: 'BFARVALID', meaning: 'BFAR holds the address' },
  { mask: UFSR.UNDEFINSTR, name: 'UNDEFINSTR', meaning: 'undefined instruction' },
  { mask: UFSR.INVSTATE, name: 'INVSTATE', meaning: 'branch to an even address (no Thumb bit), or a corrupt vector or return address' },
  { mask: UFSR.INVPC, name: 'INVPC', meaning: 'exception return with an invalid EXC_RETURN value or a corrupt stacked xPSR' },
  { mask: UFSR.NOCP, name: 'NOCP', meaning: 'coprocessor or FPU instruction while CPACR denies it' },
  { mask: UFSR.STKOF, name: 'STKOF', meaning: 'the stack pointer would go below MSPLIM or PSPLIM (stack overflow)' },
  { mask: UFSR.UNALIGNED, name: 'UNALIGNED', meaning: 'unaligned access that the instruction, the memory type or CCR.UNALIGN_TRP forbids' },
  { mask: UFSR.DIVBYZERO, name: 'DIVBYZERO', meaning: 'division by zero with CCR.DIV_0_TRP set' },
];

const HFSR_BITS: readonly StatusBit[] = [
  { mask: HFSR.VECTTBL, name: 'VECTTBL', meaning: 'the vector table could not be read' },
  {
    mask: HFSR.FORCED,
    name: 'FORCED',
    meaning: 'a configurable fault could not be taken (disabled or masked by priority) and became HardFault',
  },
  { mask: HFSR.DEBUGEVT, name: 'DEBUGEVT', meaning: 'BKPT without a debugger' },
];

const SFSR_BITS: readonly StatusBit[] = [
  {
    mask: SFSR.INVEP,
    name: 'INVEP',
    meaning: 'Non-secure code branched to Secure memory elsewhere than to an SG in a Non-secure callable region',
  },
  { mask: SFSR.INVIS, name: 'INVIS', meaning: 'the integrity signature of the exception frame is wrong on return to Secure state' },
  { mask: SFSR.INVER, name: 'INVER', meaning: 'exception return with an EXC_RETURN that the Non-secure state must not use (ES or DCRS)' },
  { mask: SFSR.AUVIOL, name: 'AUVIOL', meaning: 'Non-secure access to Secure memory' },
  { mask: SFSR.INVTRAN, name: 'INVTRAN', meaning: 'Secure code ran or branched into Non-secure memory without BXNS or BLXNS' },
  { mask: SFSR.LSPERR, name: 'LSPERR', meaning: 'Secure memory refused while saving floating-point state lazily' },
  { mask: SFSR.SFARVALID, name: 'SFARVALID', meaning: 'SFAR holds the address' },
  { mask: SFSR.LSERR, name: 'LSERR', meaning: 'lazy floating-point state of Secure code where there must be none' },
];

/** The bits that are set in an SFSR value. */
export function decodeSfsr(sfsr: number): StatusBit[] {
  return SFSR_BITS.filter(({ mask }) => (sfsr & mask) !== 0);
}

/** The bits that are set in a CFSR value. */
export function decodeCfsr(cfsr: number): StatusBit[] {
  return CFSR_BITS.filter(({ mask }) => (cfsr & mask) !== 0);
}

/** The bits that are set in an HFSR value. */
export function decodeHfsr(hfsr: number): StatusBit[] {
  return HFSR_BITS.filter(({ mask }) => (hfsr & mask) !== 0);
}
