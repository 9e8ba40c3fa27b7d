/**
 * Which instructions Unicorn executes exactly as the architecture and the `Engine` contract say, and which it must hand over.
 *
 * Handed over are all that stop the core or read and write its system state (CPS, MSR, MRS, SVC, BKPT, WFI, ...), the exclusive
 * accesses (QEMU compares values where the architecture has a monitor), unprivileged accesses, and everything that is undefined or
 * unpredictable. Some are handed over only when a register says so: multiple and double accesses at an unaligned address, which
 * QEMU performs, division by zero while it traps, and on ARMv8-M what would take SP below its limit. All that only ARMv8-M has is handed over.
 */

import { FLOATING_POINT } from '../encodings/floating-point.ts';
import { type CompiledEncoding, decode, type Feature, field, hasField, immediate, refusedInIt } from '../encodings/index.ts';
import { MARK } from './native-code.ts';

/** What to do with an instruction in each configuration; see `configuration`. */
export interface Treatment {
  /** One of MARK for each configuration. */
  readonly marks: readonly [number, number, number, number];
  /** Register that a conditional mark looks at, and the bits of interest. */
  readonly register: number;
  readonly mask: number;
  /** May not stand in an IT block. */
  readonly refusedInIt: boolean;
  /** The IT instruction's first condition and mask, 0 for all others. */
  readonly it: number;
  /** May load an EXC_RETURN value into the PC. */
  readonly returns: boolean;
}

/** Number of the configuration in which floating point stops and division by zero traps, as the two flags say. */
export function configuration(fpTrap: boolean, divideTrap: boolean): number {
  return (fpTrap ? 1 : 0) | (divideTrap ? 2 : 0);
}

/** Configurations that `configuration` tells apart. */
export const CONFIGURATIONS = 4;

const FLOAT_OPS: ReadonlySet<string> = new Set(FLOATING_POINT.map(({ op }) => op));
const HANDED_OVER: ReadonlySet<string> = new Set(
  (
    'CPS BKPT UDF SVC MSR MRS CLREX COPROCESSOR LDREX LDREXB LDREXH STREX STREXB STREXH ' +
    'LDRT LDRBT LDRHT LDRSBT LDRSHT STRT STRBT STRHT'
  ).split(' '),
);
const WORD_ALIGNED: ReadonlySet<string> = new Set(
  'LDM LDMDB STM STMDB LDRD STRD VLDR_F32 VLDR_F64 VSTR_F32 VSTR_F64 VLDM_F32 VLDM_F64 VSTM_F32 VSTM_F64'.split(' '),
);

const PLAIN: Treatment = { marks: [0, 0, 0, 0], register: 0, mask: 0, refusedInIt: false, it: 0, returns: false };
const HAND_OVER: Treatment = { ...PLAIN, marks: [MARK.ALWAYS, MARK.ALWAYS, MARK.ALWAYS, MARK.ALWAYS] };

/**
 * What the instruction may put into SP, whose two low bits are always zero while QEMU writes what was computed: a value of which nothing
 * is known, a sum with an immediate, or a sum with Rm. Multiple loads and stores and LDRD keep SP aligned.
 */
function writesSp(compiled: CompiledEncoding, word: number): 'anything' | 'immediate' | 'register' | undefined {
  const { op } = compiled.encoding;
  const get = (letter: string) => field(compiled, word, letter);
  if (op.startsWith('LDR') && op !== 'LDRD' && get('t') === 13) return 'anything';
  if (op.endsWith('_WB') ? get('n') !== 13 : !hasField(compiled, 'd') || get('d') !== 13) return undefined;
  return hasField(compiled, 'm') ? 'register' : 'immediate';
}

/** Bytes of memory that a multiple load or store covers. */
function bytesOf(compiled: CompiledEncoding, word: number): number {
  const list = immediate(compiled, word);
  if (compiled.encoding.op.startsWith('V')) return list * 4;
  let count = 0;
  for (let rest = list; rest !== 0; rest &= rest - 1) count++;
  return count * 4;
}

/**
 * Where an instruction that moves SP reaches down to, on a core with stack limits: a register and what is added to it. `unknown` when that is
 * no constant; undefined for an instruction that does not move SP, or is not against the limit.
 */
function reach(compiled: CompiledEncoding, word: number): { register: number; offset: number } | 'unknown' | undefined {
  const { op } = compiled.encoding;
  const get = (letter: string) => field(compiled, word, letter);
  const offset = immediate(compiled, word);
  if (op.endsWith('_WB') || ((op === 'LDRD' || op === 'STRD') && get('W') === 1)) {
    return get('n') === 13 ? { register: 13, offset: get('U') ? 0 : -offset } : undefined;
  }
  if (/^(V?LDM|V?STM)/.test(op)) {
    if (get('n') !== 13 || get('W') === 0) return undefined;
    const down = op.endsWith('DB') || (op.startsWith('V') && get('U') === 0);
    return { register: 13, offset: down ? -bytesOf(compiled, word) : 0 };
  }
  if (FLOAT_OPS.has(op) || !hasField(compiled, 'd') || get('d') !== 13) return undefined;
  if (op === 'ADD_IMM') return { register: 13, offset };
  if (op === 'SUB_IMM') return { register: 13, offset: -offset };
  return /^MOV_(REG|HIGH)$/.test(op) ? { register: get('m'), offset: 0 } : 'unknown';
}

/** The treatment of an instruction that decodes to `compiled` (undefined: no such instruction on this core); `limits`: SP has one. */
function treat(compiled: CompiledEncoding | undefined, word: number, limits: boolean): Treatment {
  if (!compiled || compiled.encoding.feature === 'v8m') return HAND_OVER;
  const { op } = compiled.encoding;
  const get = (letter: string) => field(compiled, word, letter);
  if (HANDED_OVER.has(op) || (op === 'HINT' && get('i') !== 0)) return HAND_OVER;
  if (op === 'IT') return { ...PLAIN, refusedInIt: true, it: word & 0xff };
  const outside = refusedInIt(compiled.encoding);
  const float = FLOAT_OPS.has(op);
  const base = get('n');
  // QEMU 5.0 rounds a conversion from fixed point as FPSCR says; it is always to nearest (DDI 0403E, A7.7.228).
  if (op.startsWith('VCVT_FROM_FIXED')) return HAND_OVER;
  // ASR #0 does not exist: the manual's "SEE SSAT16" with its bits that should be zero set.
  if ((op === 'SSAT' || op === 'USAT') && get('k') === 1 && get('i') === 0) return HAND_OVER;
  // QEMU 5.0 sets Q when the sum of the products does not fit, though that of all three may (DDI 0403E, A7.7.148): all are -32768 squared.
  if (op === 'SMLAD') {
    const marks = [MARK.IF_EQUAL, MARK.IF_EQUAL, MARK.IF_EQUAL, MARK.IF_EQUAL] as const;
    return { ...PLAIN, marks, register: base, mask: 0x8000_8000 };
  }
  // When the second word of LDRD faults, its first is already in a register: should that be the base, the instruction cannot be repeated.
  if (op === 'LDRD' && base === get('t')) return HAND_OVER;
  let mark: number = MARK.NONE;
  let register = 0;
  let mask = 0;
  // SP is always word-aligned, and a PC-relative address is made so.
  if (WORD_ALIGNED.has(op) && base !== 13 && base !== 15) {
    mark = MARK.IF_MASKED_BITS;
    register = base;
    mask = 3;
  }
  const stack = float ? undefined : writesSp(compiled, word);
  if (stack === 'anything' || (stack === 'immediate' && (immediate(compiled, word) & 3) !== 0)) return HAND_OVER;
  if (stack === 'register' && get('m') === 15) return HAND_OVER;
  if (stack === 'register') {
    mark = MARK.IF_MASKED_BITS;
    register = get('m');
    mask = 3;
  }
  const limited = limits ? reach(compiled, word) : undefined;
  if (limited === 'unknown') return HAND_OVER;
  if (limited) {
    mark = MARK.IF_NO_STACK;
    register = limited.register;
    mask = limited.offset >>> 0;
  }
  if (op === 'BX' && get('m') === 15) return HAND_OVER;
  if (op.startsWith('LDR') && op !== 'LDRD' && get('t') === 15) {
    // The PC is only loaded from aligned addresses; QEMU loads it from any.
    const index = hasField(compiled, 'm')
      ? get('i') === 2
      : (immediate(compiled, word) & 3) === 0 || (hasField(compiled, 'P') && get('P') === 0);
    if (!index) return HAND_OVER;
    if (base !== 13 && base !== 15 && hasField(compiled, 'n')) [mark, register, mask] = [MARK.IF_MASKED_BITS, base, 3];
  }
  if (op === 'SDIV' || op === 'UDIV') return { ...PLAIN, marks: [0, 0, MARK.IF_ZERO, MARK.IF_ZERO], register: get('m') };
  const withFpTrap = float ? MARK.ALWAYS : mark;
  const returns = op === 'BX' || op.startsWith('LDM') || op.startsWith('LDR');
  return { marks: [mark, withFpTrap, mark, withFpTrap], register, mask, refusedInIt: outside, it: 0, returns };
}

/** Treatments by instruction word, worked out once each. */
export class Treatments {
  private readonly features: ReadonlySet<Feature>;
  private readonly known = new Map<number, Treatment>();

  constructor(features: ReadonlySet<Feature>) {
    this.features = features;
  }

  /** The treatment of `word` (16 bits, or 32 with the first half on top). */
  of(word: number, size: 2 | 4): Treatment {
    let treatment = this.known.get(word);
    if (!treatment) {
      treatment = treat(decode(word, size, this.features), word, this.features.has('v8m'));
      this.known.set(word, treatment);
    }
    return treatment;
  }
}
