/**
 * What a row of the Thumb encoding table is.
 *
 * A row is pure data: the decoder, the interpreter's lowering, code generators and generated tests are all driven by it. Semantics are
 * keyed by `op` and live with whoever executes. Letters in `bits` are fields; equal letters are concatenated most significant bit first.
 *
 *   d n m a  Rd Rn Rm Ra        t u  Rt Rt2      l  RdLo (d is then RdHi)    S  set flags     c  condition
 *   i j      immediate parts    k    shift type  w  width, saturation or mask  r  register list (its positions count)
 *   P U W    index, add, write-back              e x y  branch sign, J1, J2 (elsewhere halves, rotation, variants)
 *   D N M    the odd bit of a floating-point register
 */

/**
 * What a core must have for the encoding to exist. `fpsp` any FPU, `fpdp` double precision, `v5` FPv5 in single precision, `v8m` ARMv8-M
 * Mainline. Rows of `v8m` do not hide those of the space they were taken from on a core without it.
 */
export type Feature = 'base' | 'dsp' | 'fpsp' | 'fpdp' | 'v5' | 'v8m';

/** How `imm` is made from the fields: see `immediate` in operands.ts. */
export type ImmediateForm = 'i' | 'i*2' | 'i*4' | 'j:i' | 'expand' | 'sx*2' | 'branch20' | 'branch24' | 'list' | 'push' | 'pop';

/**
 * A condition without which the encoding is UNPREDICTABLE; this emulator executes none of those and takes them as UNDEFINED.
 * `d:r` d is neither SP nor PC; `d:p` d is not PC; `d!u` different registers; `n=m` equal; `c:cond` c is a real condition;
 * `list2` two registers or more; `list1` one or more; `nolist` no write-back of a base in the list; `pclr` not both LR and PC loaded;
 * `onepc` not both n and m are PC; `onehigh` not both n and m are below R8; `noit` not inside an IT block; `lastit` inside an IT block only at its end (for generators: engines
 * execute it anywhere); `itmask` firstcond and mask agree; `field` msb >= lsb; `width` lsb + width within the register; `satshift` ASR by 1 or more;
 * `movsp` not SP on both sides, nor on any side when flags are set; `spshift` SP from a shift of at most 3; `dualwb` no write-back of a transferred register; `vpair` as its manual page says; `vlist` the
 * list of floating-point registers is inside the file and not empty; `fraction` no more fraction bits than the integer has.
 */
export type Constraint = string;

/** When the instruction sets the flags: the S field (default), always, or only outside an IT block. */
export type FlagRule = 'always' | 'outside-it';

/** One encoding of one instruction. */
export interface Encoding {
  /** As the ARM ARM names it, with the encoding's number. */
  readonly name: string;
  /** 16 or 32 of `0`, `1`, `-` (either) and field letters; a space between the halves. */
  readonly bits: string;
  /** Key of the semantics. */
  readonly op: string;
  readonly feature: Feature;
  readonly flags?: FlagRule;
  readonly imm?: ImmediateForm;
  /** Fields that the encoding implies: a constant, or the same as another field. */
  readonly implied?: Readonly<Record<string, number | string>>;
  readonly requires?: readonly Constraint[];
  /** Applies before all rows without it: literal loads, to which the manual refers from every form with Rn = PC. */
  readonly first?: true;
}

type Extra = Partial<Omit<Encoding, 'requires'>> & { readonly requires?: string };

/** Writes a row: name, bits, op and whatever else it has; constraints are separated by spaces. */
export function row(name: string, bits: string, op: string, extra: Extra = {}): Encoding {
  const { requires, ...rest } = extra;
  return { name, bits, op, feature: 'base', ...rest, ...(requires ? { requires: requires.split(' ') } : {}) };
}
