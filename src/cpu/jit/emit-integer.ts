/**
 * Integer data processing as WebAssembly: moves, arithmetic, logic, shifts, multiplication, division, bit fields. As interpreter.ts and
 * integer.ts do it; flags stay operands (lazy-flags.ts).
 */
import { ALU_CARRY_CLEAR, ALU_CARRY_SET, ALU_FLAGS, ALU_IMMEDIATE } from '../interpreter/integer.ts';
import { ALU_KIND } from '../interpreter/micro-ops.ts';
import type { Emitter } from './emit.ts';
import { a, d, low, m, n, setLong } from './emit-registers.ts';
import type { Generator } from './generator.ts';
import { ARITHMETIC, EXIT, Untranslatable } from './layout.ts';
import type { Step } from './region.ts';
import { I32, OP } from './wasm-builder.ts';

/** Writes the value on the stack to Rd, and to N and Z. */
function result(g: Generator, step: Step, flags: boolean): void {
  if (flags) {
    g.flags.setNZ();
    g.code.get(g.local.nz);
  }
  g.setR(d(step));
}

/** The shifter: Rm by a constant amount, on the stack. LSL 0, LSR 1, ASR 2, ROR 3; ROR by 0 is RRX. */
function shifted(g: Generator, register: number, type: number, amount: number): void {
  if (type === 3 && amount === 0) {
    g.flags.anyCarry();
    g.code.i32(31).op(OP.I32_SHL);
    g.r(register).i32(1).op(OP.I32_SHR_U, OP.I32_OR);
    return;
  }
  const { code } = g;
  g.r(register);
  if (type === 0) {
    if (amount !== 0) code.i32(amount).op(OP.I32_SHL);
  } else if (type === 1) {
    if (amount === 32) code.op(OP.DROP).i32(0);
    else code.i32(amount).op(OP.I32_SHR_U);
  } else if (type === 2) code.i32(amount === 32 ? 31 : amount).op(OP.I32_SHR_S);
  else code.i32(amount).op(OP.I32_ROTR);
}

/** The shifter's carry out on the stack; false, with nothing emitted, where C stays. */
function shifterCarry(g: Generator, register: number, type: number, amount: number): boolean {
  if (type === 0 && amount === 0) return false;
  const bit = type === 0 ? 32 - amount : type === 3 && amount === 0 ? 0 : amount - 1;
  g.r(register).i32(bit).op(OP.I32_SHR_U).i32(1).op(OP.I32_AND);
  return true;
}

type Operand = (g: Generator, step: Step) => void;
const immediate: Operand = (g, { w2 }) => {
  g.code.i32(w2);
};
const registerM: Operand = (g, step) => {
  g.r(m(step));
};
const shiftedM: Operand = (g, step) => shifted(g, m(step), step.w3 & 3, step.w3 >> 2);

const binary = (op: number, operand: Operand, flags: boolean, carry = false): Emitter => {
  return (g, step) => {
    g.r(n(step));
    operand(g, step);
    g.code.op(op);
    result(g, step, flags);
    if (carry && step.w3 >= 0) {
      g.code.i32(step.w3);
      g.flags.setC();
    }
  };
};

/**
 * a + b or a - b with all flags; both operands are pushed by the arguments. `keep`: writes Rd, and the flags are known from the result and
 * b; else from a and b.
 */
function arithmeticFlags(g: Generator, step: Step, first: () => void, second: () => void, keep: boolean, op: number, kind: number): void {
  const { code, local } = g;
  second();
  code.set(local.t);
  first();
  if (keep) code.get(local.t).op(op);
  code.set(local.ca).get(local.t).set(local.cb);
  g.flags.setArithmetic(kind);
  if (!keep) return;
  code.get(local.ca);
  g.setR(d(step));
}

function addition(g: Generator, step: Step, first: () => void, second: () => void, keep: boolean): void {
  arithmeticFlags(g, step, first, second, keep, OP.I32_ADD, keep ? ARITHMETIC.ADD : ARITHMETIC.CMN);
}

function subtraction(g: Generator, step: Step, first: () => void, second: () => void, keep: boolean): void {
  arithmeticFlags(g, step, first, second, keep, OP.I32_SUB, keep ? ARITHMETIC.SUB : ARITHMETIC.CMP);
}

/** a + b + C with or without flags; the second operand may be inverted for a subtraction. */
function withCarry(g: Generator, step: Step, first: () => void, second: () => void, flags: boolean): void {
  const { code, local } = g;
  g.flags.anyCarry();
  code.set(local.e);
  second();
  code.set(local.t);
  first();
  code.set(local.u);
  code.get(local.u).get(local.t).op(OP.I32_ADD).get(local.e).op(OP.I32_ADD);
  if (!flags) {
    g.setR(d(step));
    return;
  }
  g.flags.setNZ();
  const { nz, t, u } = local;
  // The majority of both operands and the inverted sum, in bit 31.
  code.get(u).get(t).op(OP.I32_AND).get(u).get(t).op(OP.I32_OR).get(nz).i32(-1).op(OP.I32_XOR, OP.I32_AND, OP.I32_OR);
  code.i32(31).op(OP.I32_SHR_U);
  g.flags.setC();
  code.get(u).get(nz).op(OP.I32_XOR).get(t).get(nz).op(OP.I32_XOR, OP.I32_AND);
  g.flags.setV();
  code.get(nz);
  g.setR(d(step));
}

const mvn: Emitter = (g, step) => {
  g.r(m(step)).i32(-1).op(OP.I32_XOR);
  result(g, step, step.name === 'MVNS_R');
};

const shiftImmediate = (type: number, flags: boolean): Emitter => {
  return (g, step) => {
    if (flags) {
      shifterCarry(g, m(step), type, step.w2);
      g.flags.setC();
    }
    shifted(g, m(step), type, step.w2);
    result(g, step, flags);
  };
};

const shiftRegister = (type: number, flags: boolean): Emitter => {
  return (g, step) => {
    const { code, local } = g;
    const { t, u, nz } = local;
    g.r(m(step)).i32(0xff).op(OP.I32_AND).set(t);
    g.r(n(step)).set(u);
    if (flags) {
      // C: unchanged for 0; the last bit shifted out, which is 0 beyond 32 (ASR: the sign).
      code.get(t).op(OP.I32_EQZ).when(I32);
      g.flags.anyCarry();
      code.else();
      if (type === 2) {
        code.get(u).get(t).i32(1).op(OP.I32_SUB).tee(nz).i32(31).get(nz).i32(31).op(OP.I32_LT_U, OP.SELECT, OP.I32_SHR_S);
        code.i32(1).op(OP.I32_AND);
      } else {
        code.get(u);
        if (type === 0) code.i32(32).get(t).op(OP.I32_SUB, OP.I32_SHR_U);
        else code.get(t).i32(1).op(OP.I32_SUB, OP.I32_SHR_U);
        code.i32(1).op(OP.I32_AND).i32(0).get(t).i32(32).op(OP.I32_LE_U, OP.SELECT);
      }
      code.end();
      g.flags.setC();
    }
    code.get(u);
    if (type === 2) code.get(t).i32(31).get(t).i32(31).op(OP.I32_LT_U, OP.SELECT, OP.I32_SHR_S);
    else code.get(t).op(type === 0 ? OP.I32_SHL : OP.I32_SHR_U).i32(0).get(t).i32(32).op(OP.I32_LT_U, OP.SELECT);
    result(g, step, flags);
  };
};

const multiplyAdd = (op: number): Emitter => {
  return (g, step) => {
    g.r(a(step));
    g.r(n(step));
    g.r(m(step)).op(OP.I32_MUL, op);
    g.setR(d(step));
  };
};

const multiplyLong = (extend: number): Emitter => {
  return (g, step) => {
    g.r(n(step)).op(extend);
    g.r(m(step)).op(extend, OP.I64_MUL);
    setLong(g, a(step), d(step));
  };
};

const multiplyAddLong = (extend: number): Emitter => {
  return (g, step) => {
    g.r(n(step)).op(extend);
    g.r(m(step)).op(extend, OP.I64_MUL);
    g.r(low(step)).op(OP.I64_EXTEND_I32_U);
    g.r(d(step)).op(OP.I64_EXTEND_I32_U).i64(32).op(OP.I64_SHL, OP.I64_OR, OP.I64_ADD);
    setLong(g, low(step), d(step));
  };
};

const divide = (signed: boolean): Emitter => {
  return (g, step) => {
    const { code, local } = g;
    g.r(m(step)).set(local.t);
    code.get(local.t).op(OP.I32_EQZ).when();
    g.exit(EXIT.INTERPRET);
    code.end();
    if (signed) {
      // WebAssembly traps where ARM gives 0x8000_0000.
      code.get(local.t).i32(-1).op(OP.I32_EQ).when(I32).i32(0);
      g.r(n(step)).op(OP.I32_SUB).else();
      g.r(n(step)).get(local.t).op(OP.I32_DIV_S).end();
    } else g.r(n(step)).get(local.t).op(OP.I32_DIV_U);
    g.setR(d(step));
  };
};

/** Rm rotated by the handler's `w2` bytes, then extended. */
const extendHandler = (extend: readonly number[], mask: number, add: boolean): Emitter => {
  return (g, step) => {
    const { code } = g;
    if (add) g.r(n(step));
    g.r(m(step));
    if (step.w2 !== 0) code.i32(step.w2 * 8).op(OP.I32_ROTR);
    if (mask !== 0) code.i32(mask).op(OP.I32_AND);
    for (const op of extend) code.op(op);
    if (add) code.op(OP.I32_ADD);
    g.setR(d(step));
  };
};

const extend = (codes: readonly number[], mask = 0): Emitter => {
  return (g, step) => {
    g.r(m(step));
    if (mask !== 0) g.code.i32(mask).op(OP.I32_AND);
    for (const op of codes) g.code.op(op);
    g.setR(d(step));
  };
};

/** The general data-processing operation. */
const alu: Emitter = (g, step) => {
  const { w1, w2, w3 } = step;
  const kind = (w1 >> 12) & 15;
  const flags = (w1 & ALU_FLAGS) !== 0;
  const plain = (w1 & ALU_IMMEDIATE) !== 0;
  const first = (): void => {
    g.r(n(step));
  };
  const second = (): void => {
    if (plain) g.code.i32(w2);
    else shifted(g, m(step), w3 & 3, w3 >> 2);
  };
  const inverted = (operand: () => void) => (): void => {
    operand();
    g.code.i32(-1).op(OP.I32_XOR);
  };
  const K = ALU_KIND;
  if (kind === K.CMP) return subtraction(g, step, first, second, false);
  if (kind === K.CMN) return addition(g, step, first, second, false);
  const intoSp = d(step) === 13 && kind < K.TST;
  if (flags && intoSp) throw new Untranslatable('flags with SP');
  if (flags) {
    if (kind === K.ADD) return addition(g, step, first, second, true);
    if (kind === K.SUB) return subtraction(g, step, first, second, true);
    if (kind === K.RSB) return subtraction(g, step, second, first, true);
  }
  if (kind === K.ADC) return withCarry(g, step, first, second, flags);
  if (kind === K.SBC) return withCarry(g, step, first, inverted(second), flags);
  if (flags) {
    // The carry out is that of the operands before Rd is written.
    if (plain) {
      if (w1 & (ALU_CARRY_SET | ALU_CARRY_CLEAR)) g.code.i32(w1 & ALU_CARRY_SET ? 1 : 0).set(g.local.e);
    } else if (shifterCarry(g, m(step), w3 & 3, w3 >> 2)) g.code.set(g.local.e);
  }
  switch (kind) {
    case K.MOV:
      second();
      break;
    case K.MVN:
      inverted(second)();
      break;
    case K.RSB:
      second();
      first();
      g.code.op(OP.I32_SUB);
      break;
    default: {
      first();
      if (kind === K.BIC || kind === K.ORN) inverted(second)();
      else second();
      const ops: Readonly<Record<number, number>> = {
        [K.AND]: OP.I32_AND, [K.TST]: OP.I32_AND, [K.BIC]: OP.I32_AND, [K.ORR]: OP.I32_OR, [K.ORN]: OP.I32_OR,
        [K.EOR]: OP.I32_XOR, [K.TEQ]: OP.I32_XOR, [K.ADD]: OP.I32_ADD, [K.SUB]: OP.I32_SUB,
      }; // biome-ignore format: a table
      g.code.op(ops[kind]!);
    }
  }
  if (flags) {
    g.flags.setNZ();
    const changes = plain ? (w1 & (ALU_CARRY_SET | ALU_CARRY_CLEAR)) !== 0 : (w3 & 3) !== 0 || w3 >> 2 !== 0;
    if (changes) {
      g.code.get(g.local.e);
      g.flags.setC();
    }
    if (kind >= K.TST) return;
    g.code.get(g.local.nz);
  }
  if (intoSp) {
    g.code.set(g.local.a);
    g.limit(g.local.a);
    g.code.get(g.local.a).i32(-4).op(OP.I32_AND);
  }
  g.setR(d(step));
};

const arithmetic = (operation: typeof addition, operand: Operand, keep: boolean, reversed = false): Emitter => {
  return (g, step) => {
    const first = (): void => {
      g.r(n(step));
    };
    const second = (): void => operand(g, step);
    operation(g, step, reversed ? second : first, reversed ? first : second, keep);
  };
};

const negated: Operand = (g, { w2 }) => {
  g.code.i32(-w2 | 0);
};

const ALL: [string, Emitter][] = [
  ['MOV_I', (g, step) => { immediate(g, step); g.setR(d(step)); }],
  [
    'MOVS_I',
    (g, step) => {
      immediate(g, step);
      result(g, step, true);
      if (step.w3 < 0) return;
      g.code.i32(step.w3);
      g.flags.setC();
    },
  ],
  ['MOV_R', (g, step) => { g.r(m(step)); g.setR(d(step)); }],
  ['MOVS_R', (g, step) => { g.r(m(step)); result(g, step, true); }],
  ['MVN_R', mvn],
  ['MVNS_R', mvn],
  ['ADD_I', binary(OP.I32_ADD, immediate, false)],
  ['ADDS_I', arithmetic(addition, immediate, true)],
  ['SUBS_I', arithmetic(subtraction, negated, true)],
  ['ADD_R', binary(OP.I32_ADD, registerM, false)],
  ['ADDS_R', arithmetic(addition, registerM, true)],
  ['SUB_R', binary(OP.I32_SUB, registerM, false)],
  ['SUBS_R', arithmetic(subtraction, registerM, true)],
  ['RSB_I', (g, step) => { immediate(g, step); g.r(n(step)).op(OP.I32_SUB); g.setR(d(step)); }],
  ['RSBS_I', arithmetic(subtraction, immediate, true, true)],
  ['CMP_I', arithmetic(subtraction, immediate, false)],
  ['CMP_R', arithmetic(subtraction, registerM, false)],
  ['CMP_X', arithmetic(subtraction, shiftedM, false)],
  ['CMN_R', arithmetic(addition, registerM, false)],
  [
    'TST_I',
    (g, step) => {
      g.r(n(step)).i32(step.w2).op(OP.I32_AND);
      g.flags.setNZ();
      if (step.w3 < 0) return;
      g.code.i32(step.w3);
      g.flags.setC();
    },
  ],
  ['TST_R', (g, step) => { g.r(n(step)); g.r(m(step)).op(OP.I32_AND); g.flags.setNZ(); }],
  ['AND_I', binary(OP.I32_AND, immediate, false)],
  ['ORR_I', binary(OP.I32_OR, immediate, false)],
  ['EOR_I', binary(OP.I32_XOR, immediate, false)],
  ['ANDS_I', binary(OP.I32_AND, immediate, true, true)],
  ['ORRS_I', binary(OP.I32_OR, immediate, true, true)],
  ['EORS_I', binary(OP.I32_XOR, immediate, true, true)],
  ['AND_R', binary(OP.I32_AND, registerM, false)],
  ['ORR_R', binary(OP.I32_OR, registerM, false)],
  ['EOR_R', binary(OP.I32_XOR, registerM, false)],
  ['ANDS_R', binary(OP.I32_AND, registerM, true)],
  ['ORRS_R', binary(OP.I32_OR, registerM, true)],
  ['EORS_R', binary(OP.I32_XOR, registerM, true)],
  ...(['BIC_R', 'BICS_R'] as const).map((name): [string, Emitter] => [
    name,
    (g, step) => { g.r(n(step)); g.r(m(step)).i32(-1).op(OP.I32_XOR, OP.I32_AND); result(g, step, name === 'BICS_R'); },
  ]),
  ...(['ADC_R', 'SBC_R', 'ADCS_R', 'SBCS_R'] as const).map((name): [string, Emitter] => [
    name,
    (g, step) => {
      const second = (): void => {
        g.r(m(step));
        if (name.startsWith('SBC')) g.code.i32(-1).op(OP.I32_XOR);
      };
      withCarry(g, step, () => g.r(n(step)), second, name.includes('S_'));
    },
  ]),
  ['MOV_X', (g, step) => { shiftedM(g, step); g.setR(d(step)); }],
  ['ADD_X', binary(OP.I32_ADD, shiftedM, false)],
  ['SUB_X', binary(OP.I32_SUB, shiftedM, false)],
  ['RSB_X', (g, step) => { shiftedM(g, step); g.r(n(step)).op(OP.I32_SUB); g.setR(d(step)); }],
  ['AND_X', binary(OP.I32_AND, shiftedM, false)],
  ['ORR_X', binary(OP.I32_OR, shiftedM, false)],
  ['EOR_X', binary(OP.I32_XOR, shiftedM, false)],
  ...(['LSL', 'LSR', 'ASR'] as const).flatMap((name, type): [string, Emitter][] => [
    [`${name}_I`, shiftImmediate(type, false)],
    [`${name}S_I`, shiftImmediate(type, true)],
    [`${name}_R`, shiftRegister(type, false)],
    [`${name}S_R`, shiftRegister(type, true)],
  ]),
  ['ROR_R()', (g, step) => { g.r(n(step)); g.r(m(step)).op(OP.I32_ROTR); g.setR(d(step)); }],
  ['MUL', binary(OP.I32_MUL, registerM, false)],
  ['MULS', binary(OP.I32_MUL, registerM, true)],
  ['MLA', multiplyAdd(OP.I32_ADD)],
  ['MLS', multiplyAdd(OP.I32_SUB)],
  ['UMULL', multiplyLong(OP.I64_EXTEND_I32_U)],
  ['SMULL', multiplyLong(OP.I64_EXTEND_I32_S)],
  ['UMLAL()', multiplyAddLong(OP.I64_EXTEND_I32_U)],
  ['SMLAL()', multiplyAddLong(OP.I64_EXTEND_I32_S)],
  ['SDIV', divide(true)],
  ['UDIV', divide(false)],
  ['SXTB', extend([OP.I32_EXTEND8_S])],
  ['SXTH', extend([OP.I32_EXTEND16_S])],
  ['UXTB', extend([], 0xff)],
  ['UXTH', extend([], 0xffff)],
  ['SXTB()', extendHandler([OP.I32_EXTEND8_S], 0, false)],
  ['SXTH()', extendHandler([OP.I32_EXTEND16_S], 0, false)],
  ['UXTB()', extendHandler([], 0xff, false)],
  ['UXTH()', extendHandler([], 0xffff, false)],
  ['UXTB16()', extendHandler([], 0x00ff_00ff, false)],
  ['SXTAB()', extendHandler([OP.I32_EXTEND8_S], 0, true)],
  ['SXTAH()', extendHandler([OP.I32_EXTEND16_S], 0, true)],
  ['UXTAB()', extendHandler([], 0xff, true)],
  ['UXTAH()', extendHandler([], 0xffff, true)],
  ['UBFX', (g, step) => { g.r(n(step)).i32(step.w2).op(OP.I32_SHR_U).i32(step.w3).op(OP.I32_AND); g.setR(d(step)); }],
  ['SBFX', (g, step) => { g.r(n(step)).i32(step.w2).op(OP.I32_SHL).i32(step.w3).op(OP.I32_SHR_S); g.setR(d(step)); }],
  [
    'BFI',
    (g, step) => {
      g.r(d(step)).i32(~step.w3).op(OP.I32_AND);
      g.r(n(step)).i32(step.w2).op(OP.I32_SHL).i32(step.w3).op(OP.I32_AND, OP.I32_OR);
      g.setR(d(step));
    },
  ],
  ['CLZ', (g, step) => { g.r(m(step)).op(OP.I32_CLZ); g.setR(d(step)); }],
  [
    'REV',
    (g, step) => {
      g.r(m(step)).i32(8).op(OP.I32_ROTR).i32(0xff00_ff00).op(OP.I32_AND);
      g.r(m(step)).i32(8).op(OP.I32_ROTL).i32(0x00ff_00ff).op(OP.I32_AND, OP.I32_OR);
      g.setR(d(step));
    },
  ],
  [
    'REV16()',
    (g, step) => {
      g.r(m(step)).i32(8).op(OP.I32_SHR_U).i32(0x00ff_00ff).op(OP.I32_AND);
      g.r(m(step)).i32(0x00ff_00ff).op(OP.I32_AND).i32(8).op(OP.I32_SHL, OP.I32_OR);
      g.setR(d(step));
    },
  ],
  ['MOVT', (g, step) => { g.r(d(step)).i32(0xffff).op(OP.I32_AND).i32(step.w2).op(OP.I32_OR); g.setR(d(step)); }],
  ['ADR', (g, step) => { g.code.i32((((step.pc + 4) & step.w3) + step.w2) | 0); g.setR(d(step)); }],
  ['ADD_PC', (g, step) => { g.r(d(step)).i32((step.pc + 4) | 0).op(OP.I32_ADD); g.setR(d(step)); }],
  ['ALU()', alu],
];

/** Emitters by micro-operation. */
export const EMIT_INTEGER: readonly (readonly [string, Emitter])[] = ALL;
