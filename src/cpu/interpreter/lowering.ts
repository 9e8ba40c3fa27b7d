/**
 * Turns one decoded instruction into one micro-operation: picks the operation that is quickest for its operands.
 *
 * Whatever has no rule here is executed by the handler named like its `op`, with the default packing: Rd 3:0, Rn 7:4, Rm 11:8, Ra 15:12,
 * Rt 19:16, Rt2 23:20, RdLo 27:24 in word 1, the immediate in word 2, the instruction in word 3.
 */
import { type CompiledEncoding, expandCarry, field, immediate, refusedInIt, shiftAmount } from '../encodings/index.ts';
import { OPERATION } from './handlers.ts';
import { ALU_CARRY_CLEAR, ALU_CARRY_SET, ALU_FLAGS, ALU_IMMEDIATE } from './integer.ts';
import { ACCESS, ALU_KIND, SLOT } from './micro-ops.ts';
import { TRANSFER_LITERAL, TRANSFER_PRE, TRANSFER_REGISTER, TRANSFER_WRITE_BACK } from './transfers.ts';

/** One instruction on its way to a micro-operation. */
class Instruction {
  readonly compiled: CompiledEncoding;
  readonly word: number;
  /** Byte offset within its page. */
  readonly at: number;
  readonly inIt: boolean;
  /** The core has stack limits. */
  readonly limits: boolean;
  readonly flags: boolean;
  readonly d: number;
  readonly n: number;
  readonly m: number;
  readonly t: number;
  readonly imm: number;
  readonly out: Int32Array;

  constructor(compiled: CompiledEncoding, word: number, at: number, inIt: boolean, limits: boolean, out: Int32Array) {
    this.compiled = compiled;
    this.word = word;
    this.at = at;
    this.inIt = inIt;
    this.limits = limits;
    this.out = out;
    const rule = compiled.encoding.flags;
    this.flags = rule === 'always' || (rule === 'outside-it' && !inIt) || this.get('S') !== 0;
    this.d = this.get('d');
    this.n = this.get('n');
    this.m = this.get('m');
    this.t = this.get('t');
    this.imm = immediate(compiled, word) | 0;
  }

  get(letter: string): number {
    return field(this.compiled, this.word, letter);
  }

  /** Carry out of a modified immediate: 0, 1, or -1 for unchanged. */
  get carry(): number {
    return this.compiled.encoding.imm === 'expand' ? expandCarry(this.get('i')) : -1;
  }

  emit(name: string, w1 = 0, w2 = 0, w3 = 0): void {
    const operation = OPERATION.get(name);
    if (operation === undefined) throw new RangeError(`no micro-operation ${name}`);
    this.out[0] = operation;
    this.out[1] = w1;
    this.out[2] = w2;
    this.out[3] = w3;
  }

  /** Emits the handler `name` with the default packing. */
  handler(name: string, w2 = this.imm, w3 = this.word): void {
    const { d, n, m, t } = this;
    const w1 = d | (n << 4) | (m << 8) | (this.get('a') << 12) | (t << 16) | (this.get('u') << 20) | (this.get('l') << 24);
    this.emit(`${name}()`, w1, w2, w3);
  }

  /** Emits the floating-point handler `name` with the packing that float-transfers.ts describes. */
  float(name: string): void {
    const register = (number: string, odd: string): number => ((this.get(number) << 1) | this.get(odd)) & 31;
    const registers = register('d', 'D') | (register('n', 'N') << 5) | (register('m', 'M') << 10);
    this.emit(`${name}()`, registers | (this.t << 15) | (this.get('u') << 19) | (this.n << 23), this.imm, this.word);
  }

  /** Emits the general data-processing handler. */
  alu(kind: keyof typeof ALU_KIND, flags: boolean, operand: { imm: number; carry: number } | { type: number; amount: number }): void {
    let w1 = this.d | (this.n << 4) | (this.m << 8) | (ALU_KIND[kind] << 12) | (flags ? ALU_FLAGS : 0);
    if ('imm' in operand) {
      w1 |= ALU_IMMEDIATE | (operand.carry === 1 ? ALU_CARRY_SET : operand.carry === 0 ? ALU_CARRY_CLEAR : 0);
      this.emit('ALU()', w1, operand.imm);
    } else this.emit('ALU()', w1, 0, operand.type | (operand.amount << 2));
  }

  /** Slot of the instruction at `offset` from this one's PC (address + 4), or -1 when it is in another page. */
  slot(offset: number): number {
    const at = this.at + 4 + offset;
    return at >= 0 && at < 4096 ? (at >>> 1) * SLOT : -1;
  }
}

type Rule = (i: Instruction) => void;
type Kind = keyof typeof ALU_KIND;

const COMPARES: readonly Kind[] = ['TST', 'TEQ', 'CMP', 'CMN'];

/** Operations with an immediate that the main switch has: without flags, with flags. */
function aluImmediate(kind: Kind): Rule {
  return (i) => {
    const { d, n, imm, carry } = i;
    const flags = i.flags || COMPARES.includes(kind);
    const dn = d | (n << 4);
    const general = () => i.alu(kind, flags, { imm, carry });
    if (d === 13 && !COMPARES.includes(kind)) {
      // SP keeps its low bits zero by itself when a multiple of four is added to it.
      if (n !== 13 || flags || (imm & 3) !== 0 || (kind !== 'ADD' && kind !== 'SUB')) return general();
      return i.emit(i.limits ? 'ADD_SP' : 'ADD_I', dn, kind === 'ADD' ? imm : -imm | 0);
    }
    switch (kind) {
      case 'MOV':
        return flags ? i.emit('MOVS_I', d, imm, carry) : i.emit('MOV_I', d, imm, carry);
      case 'MVN':
        return flags ? i.emit('MOVS_I', d, ~imm, carry) : i.emit('MOV_I', d, ~imm);
      case 'ADD':
        return i.emit(flags ? 'ADDS_I' : 'ADD_I', dn, imm);
      case 'SUB':
        return i.emit(flags ? 'SUBS_I' : 'ADD_I', dn, -imm | 0);
      case 'RSB':
        return i.emit(flags ? 'RSBS_I' : 'RSB_I', dn, imm);
      case 'CMP':
        return i.emit('CMP_I', n << 4, imm);
      case 'TST':
        return i.emit('TST_I', n << 4, imm, carry);
      case 'AND':
        return i.emit(flags ? 'ANDS_I' : 'AND_I', dn, imm, carry);
      case 'BIC':
        return i.emit(flags ? 'ANDS_I' : 'AND_I', dn, ~imm, carry);
      case 'ORR':
        return i.emit(flags ? 'ORRS_I' : 'ORR_I', dn, imm, carry);
      case 'ORN':
        return i.emit(flags ? 'ORRS_I' : 'ORR_I', dn, ~imm, carry);
      case 'EOR':
        return i.emit(flags ? 'EORS_I' : 'EOR_I', dn, imm, carry);
      default:
        return general();
    }
  };
}

const REGISTER_FORMS: ReadonlySet<string> = new Set([
  ...['ADD', 'SUB', 'AND', 'ORR', 'EOR', 'BIC', 'ADC', 'SBC'].flatMap((kind) => [`${kind}_R`, `${kind}S_R`]),
  ...['MOV_R', 'MOVS_R', 'MVN_R', 'MVNS_R', 'CMP_R', 'CMN_R', 'TST_R'],
]);
const SHIFTED_FORMS: ReadonlySet<string> = new Set(['MOV', 'ADD', 'SUB', 'RSB', 'AND', 'ORR', 'EOR', 'CMP'].map((kind) => `${kind}_X`));

/** Operations with a shifted register; LSL by 0 is a plain one. */
function aluShifted(kind: Kind, shift?: { type: number }): Rule {
  return (i) => {
    const compare = COMPARES.includes(kind);
    const flags = i.flags || compare;
    const type = shift?.type ?? i.get('k');
    const plain = i.compiled.encoding.op.endsWith('_REG') && shift === undefined;
    const amount = plain ? 0 : shiftAmount(type, i.get('i'));
    const w1 = i.d | (i.n << 4) | (i.m << 8);
    if (i.d === 13 && !compare) return i.alu(kind, flags, { type, amount });
    if (type === 0 && amount === 0) {
      const name = `${kind}${flags && !compare ? 'S' : ''}_R`;
      if (REGISTER_FORMS.has(name)) return i.emit(name, w1);
    } else if ((!flags || compare) && SHIFTED_FORMS.has(`${kind}_X`)) return i.emit(`${kind}_X`, w1, 0, type | (amount << 2));
    return i.alu(kind, flags, { type, amount });
  };
}

/** LSL, LSR, ASR by an immediate. */
function shiftByImmediate(name: 'LSL' | 'LSR' | 'ASR', type: number): Rule {
  return (i) => {
    const amount = shiftAmount(type, i.imm);
    const w1 = i.d | (i.m << 8);
    if (amount === 0) return i.emit(i.flags ? 'MOVS_R' : 'MOV_R', w1);
    if (i.flags) return i.emit(`${name}S_I`, w1, amount);
    return i.emit(`${name}_I`, w1, amount);
  };
}

const shiftByRegister = (name: string): Rule => {
  return (i) => i.emit(`${name}${i.flags ? 'S' : ''}_R`, i.d | (i.n << 4) | (i.m << 8));
};

/** Single load or store at Rn plus an immediate. */
function transferImmediate(kind: keyof typeof ACCESS): Rule {
  return (i) => {
    const offset = i.compiled.encoding.implied?.['U'] === 0 ? -i.imm : i.imm;
    const w1 = i.t | (i.n << 4);
    if (i.t === 15 || i.t === 13) return i.emit('TRANSFER()', w1, offset, ACCESS[kind] | TRANSFER_PRE);
    i.emit(`${kind}_I`, w1, offset);
  };
}

function transferRegister(kind: keyof typeof ACCESS): Rule {
  return (i) => {
    const w1 = i.t | (i.n << 4) | (i.m << 8);
    if (i.t !== 15 && i.t !== 13) return i.emit(`${kind}_R`, w1, i.imm);
    i.emit('TRANSFER()', w1, 0, ACCESS[kind] | TRANSFER_PRE | TRANSFER_REGISTER | (i.imm << 8));
  };
}

function transferLiteral(kind: keyof typeof ACCESS): Rule {
  return (i) => {
    const offset = i.get('U') ? i.imm : -i.imm;
    if (kind === 'LDR' && i.t !== 15 && i.t !== 13) return i.emit('LDR_L', i.t, offset);
    i.emit('TRANSFER()', i.t, offset, ACCESS[kind] | TRANSFER_PRE | TRANSFER_LITERAL);
  };
}

function transferWriteBack(kind: keyof typeof ACCESS): Rule {
  return (i) => {
    const offset = i.get('U') ? i.imm : -i.imm;
    const w1 = i.t | (i.n << 4);
    const w3 = ACCESS[kind] | TRANSFER_WRITE_BACK | (i.get('P') ? TRANSFER_PRE : 0);
    if (i.t === 15 || i.t === 13 || (i.limits && i.n === 13)) return i.emit('TRANSFER()', w1, offset, w3);
    i.emit(kind.startsWith('LDR') ? 'LDR_WB' : 'STR_WB', w1, offset, w3);
  };
}

const dual = (load: boolean): Rule => {
  return (i) => {
    const offset = i.get('U') ? i.imm : -i.imm;
    const w1 = i.t | (i.n << 4) | (i.get('u') << 8);
    const w3 = (load ? 1 : 0) | (i.get('W') ? TRANSFER_WRITE_BACK : 0) | (i.get('P') ? TRANSFER_PRE : 0);
    if (i.n === 15 || i.get('W')) i.emit('DUAL()', w1, offset, w3);
    else i.emit(load ? 'LDRD' : 'STRD', w1, offset, w3);
  };
};

const multiple = (load: boolean, down: boolean): Rule => {
  return (i) => {
    let count = 0;
    for (let rest = i.imm & 0xffff; rest !== 0; rest &= rest - 1) count++;
    const base = 1 << i.n;
    const w1 = (i.n << 4) | (i.get('W') ? 0x100 : 0) | (down ? 0x200 : 0);
    const unusual = (i.imm & 0x2000) !== 0 || (!load && i.get('W') !== 0 && (i.imm & base) !== 0);
    if (unusual) i.emit(load ? 'LDM_SLOW()' : 'STM_SLOW()', w1, i.imm, count * 4);
    else {
      const limited = i.limits && i.n === 13 && i.get('W') !== 0 ? '_SP' : '';
      i.emit(`${load ? 'LDM' : 'STM'}${limited}`, w1, i.imm, count * 4);
    }
  };
};

const CONDITIONS = ['EQ', 'NE', 'CS', 'CC', 'MI', 'PL', 'VS', 'VC', 'HI', 'LS', 'GE', 'LT', 'GT', 'LE'] as const;

const inPageOr = (near: string, far: string): Rule => {
  return (i) => {
    const slot = i.slot(i.imm);
    if (slot >= 0) i.emit(near, slot);
    else i.emit(far, 0, i.imm);
  };
};

const compareBranch = (name: 'CBZ' | 'CBNZ'): Rule => {
  return (i) => {
    const slot = i.slot(i.imm);
    if (slot >= 0) i.emit(name, i.n, slot);
    else i.emit('CB_FAR', i.n | (name === 'CBNZ' ? 0x100 : 0), i.imm);
  };
};

const extension = (name: string): Rule => {
  return (i) => (i.imm === 0 ? i.emit(name, i.d | (i.m << 8)) : i.handler(name));
};

const moveHigh: Rule = (i) => {
  if (i.d === 15) return i.m === 15 ? i.emit('B_FAR', 0, 0) : i.emit('JUMP', i.m << 8, 0, 0);
  if (i.m === 15) return i.limits && i.d === 13 ? i.emit('MOV_SP_PC()') : i.emit('ADR', i.d, 0, i.d === 13 ? -4 : -1);
  return i.d === 13 ? i.alu('MOV', false, { type: 0, amount: 0 }) : i.emit('MOV_R', i.d | (i.m << 8));
};

const addHigh: Rule = (i) => {
  if (i.d === 15) return i.emit('JUMP', i.m << 8, 0, 1);
  if (i.m === 15) return i.d === 13 ? i.emit('ADD_SP_PC()') : i.emit('ADD_PC', i.d);
  return i.d === 13 ? i.alu('ADD', false, { type: 0, amount: 0 }) : i.emit('ADD_R', i.d | (i.n << 4) | (i.m << 8));
};

const KINDS = ['AND', 'BIC', 'ORR', 'ORN', 'EOR', 'ADD', 'ADC', 'SBC', 'SUB', 'RSB', 'MOV', 'MVN', 'TST', 'TEQ', 'CMP', 'CMN'] as const;
const SINGLES = ['LDR', 'LDRH', 'LDRB', 'LDRSH', 'LDRSB', 'STR', 'STRH', 'STRB'] as const;

/** Rules by `op`. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...KINDS.flatMap((kind): [string, Rule][] => [
    [`${kind}_IMM`, aluImmediate(kind)],
    [`${kind}_REG`, aluShifted(kind)],
    [`${kind}_SHIFT`, aluShifted(kind)],
  ]),
  ...SINGLES.flatMap((kind): [string, Rule][] => [
    [`${kind}_IMM`, transferImmediate(kind)],
    [`${kind}_REG`, transferRegister(kind)],
    [`${kind}_LIT`, transferLiteral(kind)],
    [`${kind}_WB`, transferWriteBack(kind)],
  ]),
  ['LSL_IMM', shiftByImmediate('LSL', 0)],
  ['LSR_IMM', shiftByImmediate('LSR', 1)],
  ['ASR_IMM', shiftByImmediate('ASR', 2)],
  ['ROR_IMM', aluShifted('MOV', { type: 3 })],
  ['RRX', aluShifted('MOV', { type: 3 })],
  ['LSL_REG', shiftByRegister('LSL')],
  ['LSR_REG', shiftByRegister('LSR')],
  ['ASR_REG', shiftByRegister('ASR')],
  ['ROR_REG', (i) => i.handler(i.flags ? 'RORS_R' : 'ROR_R')],
  ['MOV_HIGH', moveHigh],
  ['ADD_HIGH', addHigh],
  ['MUL', (i) => i.emit(i.flags ? 'MULS' : 'MUL', i.d | (i.n << 4) | (i.m << 8))],
  ...['MLA', 'MLS'].map((op): [string, Rule] => [op, (i) => i.emit(op, i.d | (i.n << 4) | (i.m << 8) | (i.get('a') << 12))]),
  ...['UMULL', 'SMULL'].map((op): [string, Rule] => [op, (i) => i.emit(op, i.d | (i.n << 4) | (i.m << 8) | (i.get('l') << 12))]),
  ...['SDIV', 'UDIV'].map((op): [string, Rule] => [op, (i) => i.emit(op, i.d | (i.n << 4) | (i.m << 8))]),
  ...['SXTB', 'SXTH', 'UXTB', 'UXTH'].map((op): [string, Rule] => [op, extension(op)]),
  ...['CLZ', 'REV'].map((op): [string, Rule] => [op, (i) => i.emit(op, i.d | (i.m << 8))]),
  ['UBFX', (i) => i.emit('UBFX', i.d | (i.n << 4), i.imm, 0xffff_ffff >>> (31 - i.get('w')))],
  ['SBFX', (i) => i.emit('SBFX', i.d | (i.n << 4), 31 - i.get('w') - i.imm, 31 - i.get('w'))],
  ['BFI', (i) => i.emit('BFI', i.d | (i.n << 4), i.imm, (0xffff_ffff >>> (31 - (i.get('w') - i.imm))) << i.imm)],
  ['BFC', (i) => i.emit('AND_I', i.d | (i.d << 4), ~((0xffff_ffff >>> (31 - (i.get('w') - i.imm))) << i.imm))],
  ['MOVT', (i) => i.emit('MOVT', i.d, i.imm << 16)],
  ['ADR', (i) => i.emit('ADR', i.d, i.get('U') ? i.imm : -i.imm, -4)],
  ['B', inPageOr('B', 'B_FAR')],
  ['BL', inPageOr('BL', 'BL_FAR')],
  [
    'B_COND',
    (i) => {
      const slot = i.slot(i.imm);
      const condition = i.get('c');
      if (slot >= 0) i.emit(`B_${CONDITIONS[condition]}`, slot);
      else i.emit('B_COND_FAR', condition, i.imm);
    },
  ],
  ['BX', (i) => (i.m === 15 ? i.emit('JUMP', 0, 0, 2) : i.emit('BX', i.m << 8))],
  ['BLX', (i) => i.emit('BLX', i.m << 8)],
  ['CBZ', compareBranch('CBZ')],
  ['CBNZ', compareBranch('CBNZ')],
  ['TBB', (i) => i.emit('TB', (i.n << 4) | (i.m << 8), 0, 0)],
  ['TBH', (i) => i.emit('TB', (i.n << 4) | (i.m << 8), 0, 1)],
  ['LDRD', dual(true)],
  ['STRD', dual(false)],
  ['LDM', multiple(true, false)],
  ['LDMDB', multiple(true, true)],
  ['STM', multiple(false, false)],
  ['STMDB', multiple(false, true)],
  ['SG', (i) => i.emit('SG')],
  ['NOP', (i) => i.emit('NOP')],
  ['BARRIER', (i) => i.emit('NOP')],
  ['HINT', (i) => (i.imm >= 2 && i.imm <= 4 ? i.handler('HINT') : i.emit('NOP'))],
  ['UDF', (i) => i.emit('UNDEFINED')],
  ['IT', (i) => i.emit('IT', 0, i.imm)],
]);

/** Features whose instructions have the default packing. */
const INTEGER_FEATURES: ReadonlySet<string> = new Set(['base', 'dsp', 'v8m']);

/** Where `Instruction` writes. */
const variant = new Int32Array(SLOT);

/** True when `op` has a rule or a handler. */
export function isExecutable(op: string): boolean {
  return RULES.has(op) || OPERATION.has(`${op}()`);
}

/**
 * Writes the micro-operation of an instruction into `slots` at `index`. `at` is its byte offset in its page; `compiled` is undefined for
 * an UNDEFINED word. `limits`: the core has stack limits (ARMv8-M).
 */
export function lower(
  compiled: CompiledEncoding | undefined,
  word: number,
  size: 2 | 4,
  at: number,
  slots: Int32Array,
  index: number,
  limits = false,
): void {
  const halfwords = (size >>> 1) << 12;
  const undefinedOp = OPERATION.get('UNDEFINED')!;
  if (!compiled) {
    slots[index] = undefinedOp | halfwords | (undefinedOp << 16);
    return;
  }
  const one = (inIt: boolean): number => {
    const instruction = new Instruction(compiled, word, at, inIt, limits, variant);
    const rule = RULES.get(compiled.encoding.op);
    if (rule) rule(instruction);
    else if (INTEGER_FEATURES.has(compiled.encoding.feature)) instruction.handler(compiled.encoding.op);
    else instruction.float(compiled.encoding.op);
    return variant[0]!;
  };
  const outside = one(false);
  let inside = refusedInIt(compiled.encoding) ? undefinedOp : outside;
  if (compiled.encoding.flags === 'outside-it') {
    const [, w1, w2, w3] = variant;
    inside = one(true);
    // One slot serves both: only the operation may depend on the IT block.
    if (variant[1] !== w1 || variant[2] !== w2 || variant[3] !== w3) {
      throw new RangeError(`${compiled.encoding.name}: operands depend on the IT block`);
    }
  }
  slots[index] = outside | halfwords | (inside << 16);
  slots[index + 1] = variant[1]!;
  slots[index + 2] = variant[2]!;
  slots[index + 3] = variant[3]!;
}
