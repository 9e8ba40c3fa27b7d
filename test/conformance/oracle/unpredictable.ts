/**
 * Which words of an encoding the ARM ARM calls UNPREDICTABLE (DDI 0403E, A7.7), written from the manual's pages and not from the
 * encoding table's constraints, which conformance tests hold against it.
 *
 * Keyed by `op` where all forms of an instruction agree, with the form's name looked at where they do not.
 */
import { BitCount, bit, ThumbExpandImm_C } from './bits.ts';
import type { Instruction } from './operation.ts';

type Rule = (i: Instruction) => boolean;

/** SP or PC: what the manual writes as `IN {13,15}`. */
const bad = (register: number): boolean => register === 13 || register === 15;
/** One of the fields is SP or PC. */
const anyBad =
  (...letters: readonly string[]): Rule =>
  (i) =>
    letters.some((letter) => i.has(letter) && bad(i.f(letter)));
const pc =
  (...letters: readonly string[]): Rule =>
  (i) =>
    letters.some((letter) => i.has(letter) && i.f(letter) === 15);
const either =
  (...rules: readonly Rule[]): Rule =>
  (i) =>
    rules.some((rule) => rule(i));
const never: Rule = () => false;
const wback: Rule = (i) => i.f('W') === 1;
const sp = (i: Instruction): boolean => /\(SP/.test(i.compiled.encoding.name);

const expand: Rule = (i) => i.compiled.encoding.imm === 'expand' && ThumbExpandImm_C(i.f('i'), false).unpredictable;

/** ADD and SUB with Rn = SP may have Rd = SP, the register forms only without a shift that could be more than 3. */
const addToSp: Rule = (i) => i.f('d') === 15 || (i.has('m') && (bad(i.f('m')) || (i.f('d') === 13 && (i.f('k') !== 0 || i.f('i') > 3))));

const dataProcessing = (name: string): Rule => {
  if (name === 'CMP' || name === 'CMN') return either(pc('n'), anyBad('m'), expand);
  if (name === 'ADD' || name === 'SUB') return (i) => expand(i) || (sp(i) ? addToSp(i) : anyBad('d', 'n', 'm')(i));
  return either(anyBad('d', 'n', 'm'), expand);
};

const NAMES = 'AND BIC ORR ORN EOR MOV MVN ADD ADC SUB SBC RSB TST TEQ CMP CMN'.split(' ');

/** LDRB and smaller never load SP or PC, stores never store PC, nothing is indexed by SP or PC. */
const access = (name: string): [string, Rule][] => {
  const t: Rule = name === 'LDR' ? never : name === 'STR' ? pc('t') : anyBad('t');
  const n: Rule = name.startsWith('STR') ? pc('n') : never;
  return [
    [`${name}_IMM`, either(t, n)],
    [`${name}_LIT`, t],
    [`${name}_REG`, either(t, n, anyBad('m'))],
    [`${name}_WB`, either(t, pc('n'), (i) => i.f('n') === i.f('t'))],
    [`${name}T`, either(anyBad('t'), n)],
  ];
};

const list: Rule = (i) => {
  const registers = i.imm;
  if (i.compiled.size === 2) return BitCount(registers) < 1;
  const load = bit(i.word, 20);
  return (
    i.f('n') === 15 ||
    BitCount(registers) < 2 ||
    (load && bit(registers, 15) && bit(registers, 14)) ||
    (wback(i) && bit(registers, i.f('n')))
  );
};

const dual = (load: boolean): Rule =>
  either(
    anyBad('t', 'u'),
    (i) => wback(i) && (i.f('n') === i.f('t') || i.f('n') === i.f('u')),
    (i) => load && i.f('t') === i.f('u'),
    (i) => i.f('n') === 15 && (!load || wback(i)),
  );

const storeExclusive = either(anyBad('d', 't'), pc('n'), (i) => i.f('d') === i.f('n') || i.f('d') === i.f('t'));

const floatList = (double: boolean): Rule => {
  return (i) => {
    if (i.f('n') === 15) return true;
    if (double) {
      const registers = Math.floor(i.f('i') / 2);
      return registers === 0 || registers > 16 || i.f('d') + registers > 16;
    }
    return i.f('i') === 0 || 2 * i.f('d') + i.f('D') + i.f('i') > 32;
  };
};

const longMultiply = either(anyBad('d', 'l', 'n', 'm'), (i) => i.f('d') === i.f('l'));
const reversal = either(anyBad('d', 'm'), (i) => i.compiled.size === 4 && i.f('n') !== i.f('m'));
const saturate = either(anyBad('d', 'n'), (i) => i.f('k') === 1 && i.f('i') === 0);
const bitField = either(anyBad('d', 'n'), (i) => i.f('i') + i.f('w') > 31);
const fractionBits: Rule = (i) => 2 * i.f('i') + i.f('j') > (i.f('e') === 1 ? 32 : 16);

const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(NAMES.flatMap((name) => ['IMM', 'REG', 'SHIFT'].map((kind) => [`${name}_${kind}`, dataProcessing(name)]))),
  ...Object.fromEntries(['LDR', 'LDRH', 'LDRB', 'LDRSH', 'LDRSB', 'STR', 'STRH', 'STRB'].flatMap(access)),
  CMP_REG: (i) => pc('n', 'm')(i) || (i.compiled.encoding.name === 'CMP (register) T2' && i.f('n') < 8 && i.f('m') < 8),
  // T3 only: setflags takes neither SP nor PC, a plain copy not both SP.
  MOV_REG: (i) => i.compiled.size === 4 && (i.f('S') === 1 ? anyBad('d', 'm')(i) : pc('d', 'm')(i) || (i.f('d') === 13 && i.f('m') === 13)),
  ADD_HIGH: (i) => i.f('n') === 15 && i.f('m') === 15,
  MOV_HIGH: never,
  BLX: pc('m'),
  BX: never,
  IT: (i) => i.imm >> 4 === 15 || (i.imm >> 4 === 14 && BitCount(i.imm & 15) !== 1),
  SMLAL: longMultiply,
  UMLAL: longMultiply,
  SMULL: longMultiply,
  UMULL: longMultiply,
  SMLALXY: longMultiply,
  SMLALD: longMultiply,
  SMLSLD: longMultiply,
  UMAAL: longMultiply,
  REV: reversal,
  REV16: reversal,
  REVSH: reversal,
  RBIT: reversal,
  CLZ: reversal,
  SSAT: saturate,
  USAT: saturate,
  SBFX: bitField,
  UBFX: bitField,
  BFI: either(anyBad('d', 'n'), (i) => i.f('w') < i.f('i')),
  BFC: either(anyBad('d'), (i) => i.f('w') < i.f('i')),
  LDM: list,
  LDMDB: list,
  STM: list,
  STMDB: list,
  LDRD: dual(true),
  STRD: dual(false),
  LDREX: either(anyBad('t'), pc('n')),
  LDREXB: either(anyBad('t'), pc('n')),
  LDREXH: either(anyBad('t'), pc('n')),
  STREX: storeExclusive,
  STREXB: storeExclusive,
  STREXH: storeExclusive,
  ...Object.fromEntries(
    ['LDA', 'LDAH', 'LDAB', 'LDAEX', 'LDAEXH', 'LDAEXB', 'STL', 'STLH', 'STLB'].map((op) => [op, either(anyBad('t'), pc('n'))]),
  ),
  STLEX: storeExclusive,
  STLEXH: storeExclusive,
  STLEXB: storeExclusive,
  ...Object.fromEntries(['TT', 'TTT', 'TTA', 'TTAT'].map((op) => [op, either(anyBad('d'), pc('n'))])),
  BXNS: anyBad('m'),
  BLXNS: anyBad('m'),
  VLSTM: pc('n'),
  VLLDM: pc('n'),
  TBB: (i) => i.f('n') === 13 || bad(i.f('m')),
  TBH: (i) => i.f('n') === 13 || bad(i.f('m')),
  B_COND: (i) => i.f('c') >= 14,
  NOP: anyBad('m'),
  VLDR_F32: never,
  VLDR_F64: never,
  VSTR_F32: pc('n'),
  VSTR_F64: pc('n'),
  VLDM_F32: floatList(false),
  VLDM_F64: floatList(true),
  VSTM_F32: floatList(false),
  VSTM_F64: floatList(true),
  VMOV_TO_S: anyBad('t'),
  VMOV_FROM_S: anyBad('t'),
  VMOV_TO_SCALAR: anyBad('t'),
  VMOV_FROM_SCALAR: anyBad('t'),
  VMOV_TO_SS: either(anyBad('t', 'u'), (i) => 2 * i.f('m') + i.f('M') === 31),
  VMOV_FROM_SS: either(
    anyBad('t', 'u'),
    (i) => i.f('t') === i.f('u'),
    (i) => 2 * i.f('m') + i.f('M') === 31,
  ),
  VMOV_TO_D: anyBad('t', 'u'),
  VMOV_FROM_D: either(anyBad('t', 'u'), (i) => i.f('t') === i.f('u')),
  VMRS: (i) => i.f('t') === 13,
  VMSR: anyBad('t'),
  VCVT_TO_FIXED_F32: fractionBits,
  VCVT_TO_FIXED_F64: fractionBits,
  VCVT_FROM_FIXED_F32: fractionBits,
  VCVT_FROM_FIXED_F64: fractionBits,
};

/** 16-bit encodings that name registers above r7 or have a rule of their own; all others are always predictable. */
const SHORT_WITH_RULES = /^(ADD|CMP) \(register\) T2|^MOV \(register\) T1|^BLX|^BXNS|^IT |^PUSH|^POP|^STM|^LDM/;

/** True when the manual calls the word UNPREDICTABLE wherever it stands. */
export function unpredictable(i: Instruction): boolean {
  const { name, op } = i.compiled.encoding;
  if (i.compiled.size === 2 && !SHORT_WITH_RULES.test(name)) return false;
  const rule = RULES[op];
  if (rule) return rule(i);
  // Every register of floating point is one; of the others none may be SP or PC.
  return !op.startsWith('V') && anyBad('d', 'n', 'm', 'a', 't', 'l')(i);
}

/** UNPREDICTABLE inside any IT block: instructions with a condition or a block of their own, CPS, and the FPv5 forms without condition. */
const NOT_IN_IT = /^(B_COND|CBN?Z|IT|CPS|VSEL_F..|VMAXNM_F..|VMINNM_F..|VRINT_F..|VCVT_ROUND_F..)$/;

/** True when the manual calls the instruction UNPREDICTABLE in an IT block, wherever in the block. */
export function unpredictableInIt(i: Instruction): boolean {
  return NOT_IN_IT.test(i.compiled.encoding.op) || i.compiled.encoding.name === 'MOV (register) T2';
}

/** True when the manual permits the instruction in an IT block only at its end: whatever writes the PC. */
export function lastInItOnly(i: Instruction): boolean {
  const { op } = i.compiled.encoding;
  if (/^(B|BL|BX|BLX|BXNS|BLXNS|TBB|TBH)$/.test(op)) return true;
  if (op === 'ADD_HIGH' || op === 'MOV_HIGH') return i.f('d') === 15;
  if (/^LDR_/.test(op)) return i.f('t') === 15;
  return /^LDM/.test(op) && bit(i.imm, 15);
}
