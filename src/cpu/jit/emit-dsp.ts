/** The DSP extension as WebAssembly, as src/cpu/interpreter/dsp.ts does it; 64-bit sums where 32 bits could overflow. Q and GE are in their cell. */
import { CELL } from '../core-registers.ts';
import type { Emitter } from './emit.ts';
import { a, cell, d, long, low, m, n, saturateWhen, setCell, setLong } from './emit-registers.ts';
import type { Generator } from './generator.ts';
import type { Step } from './region.ts';
import { type Code, I32, OP } from './wasm-builder.ts';

/** Puts a half of a register on the stack, sign-extended. */
function half(g: Generator, register: number, top: boolean): Code {
  g.r(register);
  return top ? g.code.i32(16).op(OP.I32_SHR_S) : g.code.op(OP.I32_EXTEND16_S);
}

/** Rd = the 64-bit sum on the stack, Q when it does not fit. */
function accumulated(g: Generator, step: Step): void {
  const { code, local } = g;
  code.tee(local.w).op(OP.I32_WRAP_I64).tee(local.t).op(OP.I64_EXTEND_I32_S).get(local.w).op(OP.I64_NE);
  saturateWhen(g);
  code.get(local.t);
  g.setR(d(step));
}

function addend(g: Generator, step: Step): void {
  g.r(a(step)).op(OP.I64_EXTEND_I32_S, OP.I64_ADD);
}

const halfwordMultiply = (withSum: boolean): Emitter => {
  return (g, step) => {
    half(g, n(step), (step.w3 & 0x20) !== 0);
    half(g, m(step), (step.w3 & 0x10) !== 0).op(OP.I32_MUL);
    if (withSum) {
      g.code.op(OP.I64_EXTEND_I32_S);
      addend(g, step);
      accumulated(g, step);
    } else g.setR(d(step));
  };
};

const wordMultiply = (withSum: boolean): Emitter => {
  return (g, step) => {
    g.r(n(step)).op(OP.I64_EXTEND_I32_S);
    half(g, m(step), (step.w3 & 0x10) !== 0).op(OP.I64_EXTEND_I32_S, OP.I64_MUL).i64(16).op(OP.I64_SHR_S);
    if (withSum) {
      addend(g, step);
      accumulated(g, step);
    } else {
      g.code.op(OP.I32_WRAP_I64);
      g.setR(d(step));
    }
  };
};

/** Puts the sum or difference of the halfword products on the stack, 64-bit; bit 4 of the instruction swaps the halves of Rm. */
function dualProduct(g: Generator, step: Step, subtract: boolean): void {
  const swap = (step.w3 & 0x10) !== 0;
  half(g, n(step), false);
  half(g, m(step), swap).op(OP.I32_MUL, OP.I64_EXTEND_I32_S);
  half(g, n(step), true);
  half(g, m(step), !swap).op(OP.I32_MUL, OP.I64_EXTEND_I32_S, subtract ? OP.I64_SUB : OP.I64_ADD);
}

const dualMultiply = (subtract: boolean, withSum: boolean): Emitter => {
  return (g, step) => {
    dualProduct(g, step, subtract);
    if (withSum) addend(g, step);
    accumulated(g, step);
  };
};

/** RdHi:RdLo += the value that `product` puts on the stack. */
const accumulateLong = (product: (g: Generator, step: Step) => void): Emitter => {
  return (g, step) => {
    product(g, step);
    long(g, low(step), d(step));
    g.code.op(OP.I64_ADD);
    setLong(g, low(step), d(step));
  };
};

const mostSignificant = (withSum: boolean, subtract: boolean): Emitter => {
  return (g, step) => {
    const { code } = g;
    if (withSum) g.r(a(step)).op(OP.I64_EXTEND_I32_S).i64(32).op(OP.I64_SHL);
    g.r(n(step)).op(OP.I64_EXTEND_I32_S);
    g.r(m(step)).op(OP.I64_EXTEND_I32_S, OP.I64_MUL);
    if (withSum) code.op(subtract ? OP.I64_SUB : OP.I64_ADD);
    if ((step.w3 & 0x10) !== 0) code.i32(1 << 31).op(OP.I64_EXTEND_I32_U, OP.I64_ADD);
    code.i64(32).op(OP.I64_SHR_S, OP.I32_WRAP_I64);
    g.setR(d(step));
  };
};

/** Replaces the 64-bit value on the stack by the nearest of 32 bits; Q when they differ. */
function saturateWord(g: Generator): void {
  const { code, local } = g;
  const { w } = local;
  code.tee(w).op(OP.I32_WRAP_I64).tee(local.t).op(OP.I64_EXTEND_I32_S).get(w).op(OP.I64_NE).when();
  code.i32(1);
  saturateWhen(g);
  code.get(w).i64(32).op(OP.I64_SHR_S, OP.I32_WRAP_I64).i32(31).op(OP.I32_SHR_S).i32(0x7fff_ffff).op(OP.I32_XOR).set(local.t).end();
  code.get(local.t);
}

/** QADD and relatives: Rd = sat(Rm op Rn), where QD doubles Rn with saturation first. */
const saturating = (double: boolean, subtract: boolean): Emitter => {
  return (g, step) => {
    const { code, local } = g;
    if (double) {
      g.r(n(step)).op(OP.I64_EXTEND_I32_S).i64(1).op(OP.I64_SHL);
      saturateWord(g);
      code.set(local.u);
    } else g.r(n(step)).set(local.u);
    g.r(m(step)).op(OP.I64_EXTEND_I32_S).get(local.u).op(OP.I64_EXTEND_I32_S, subtract ? OP.I64_SUB : OP.I64_ADD);
    saturateWord(g);
    g.setR(d(step));
  };
};

/** Limits the i32 in local `u` to low..high, on the stack; sets Q when that changed it, if `sticky`. */
function limited(g: Generator, lowest: number, highest: number, sticky: boolean): void {
  const { code, local } = g;
  const { t, u } = local;
  code.get(u).i32(highest).get(u).i32(highest).op(OP.I32_LT_S, OP.SELECT).tee(t);
  code.i32(lowest).get(t).i32(lowest).op(OP.I32_GT_S, OP.SELECT).set(t);
  if (sticky) {
    code.get(t).get(u).op(OP.I32_NE);
    saturateWhen(g);
  }
  code.get(t);
}

const saturate = (signed: boolean): Emitter => {
  return (g, step) => {
    const width = step.w3 & 31;
    g.r(n(step));
    if (step.w2 !== 0) g.code.i32(step.w2).op((step.w3 >>> 21) & 1 ? OP.I32_SHR_S : OP.I32_SHL);
    g.code.set(g.local.u);
    limited(g, signed ? -(2 ** width) : 0, 2 ** width - 1, true);
    g.setR(d(step));
  };
};

const saturateHalves = (signed: boolean): Emitter => {
  return (g, step) => {
    const { code, local } = g;
    const width = step.w3 & 15;
    for (const top of [false, true]) {
      half(g, n(step), top).set(local.u);
      limited(g, signed ? -(2 ** width) : 0, 2 ** width - 1, true);
      if (!top) code.i32(0xffff).op(OP.I32_AND).set(local.b);
    }
    code.i32(16).op(OP.I32_SHL).get(local.b).op(OP.I32_OR);
    g.setR(d(step));
  };
};

/** Parallel addition and subtraction; arguments as those of the handlers. */
function parallel(family: string, bits: 8 | 16, subtract: readonly boolean[], exchange: boolean): Emitter {
  const unsigned = family.startsWith('U');
  const setsGe = family === 'S' || family === 'U';
  const mask = (1 << bits) - 1;
  return (g, step) => {
    const { code, local } = g;
    const lane = (register: number, at: number): void => {
      g.r(register);
      if (unsigned) {
        if (at !== 0) code.i32(at).op(OP.I32_SHR_U);
        if (at + bits < 32) code.i32(mask).op(OP.I32_AND);
      } else {
        if (at + bits < 32) code.i32(32 - bits - at).op(OP.I32_SHL);
        code.i32(32 - bits).op(OP.I32_SHR_S);
      }
    };
    for (const [i, minus] of subtract.entries()) {
      const at = i * bits;
      lane(n(step), at);
      lane(m(step), exchange ? 16 - at : at);
      code.op(minus ? OP.I32_SUB : OP.I32_ADD).set(local.u);
      if (setsGe) {
        // No borrow, a carry out (unsigned sums), or not negative (signed).
        if (unsigned && !minus) code.get(local.u).i32(bits).op(OP.I32_SHR_U);
        else code.get(local.u).i32(0).op(OP.I32_GE_S);
        if (bits === 16) code.i32(3).op(OP.I32_MUL);
        code.i32(16 + (i * bits) / 8).op(OP.I32_SHL);
        if (i > 0) code.get(local.a).op(OP.I32_OR);
        code.set(local.a);
      }
      if (family === 'Q') limited(g, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1, false);
      else if (family === 'UQ') limited(g, 0, mask, false);
      else code.get(local.u);
      if (family.endsWith('H')) code.i32(1).op(OP.I32_SHR_S);
      if (at + bits < 32) code.i32(mask).op(OP.I32_AND);
      if (at !== 0) code.i32(at).op(OP.I32_SHL).get(local.b).op(OP.I32_OR);
      if (at + bits < 32) code.set(local.b);
    }
    g.setR(d(step));
    if (!setsGe) return;
    setCell(g, CELL.APSR, () => cell(g, CELL.APSR).i32(~0x000f_0000).op(OP.I32_AND).get(local.a).op(OP.I32_OR));
  };
}

function parallelFamilies(): [string, Emitter][] {
  return ['S', 'Q', 'SH', 'U', 'UQ', 'UH'].flatMap((family): [string, Emitter][] => [
    [`${family}ADD8`, parallel(family, 8, [false, false, false, false], false)],
    [`${family}SUB8`, parallel(family, 8, [true, true, true, true], false)],
    [`${family}ADD16`, parallel(family, 16, [false, false], false)],
    [`${family}SUB16`, parallel(family, 16, [true, true], false)],
    [`${family}ASX`, parallel(family, 16, [true, false], true)],
    [`${family}SAX`, parallel(family, 16, [false, true], true)],
  ]);
}

const sumOfDifferences = (withSum: boolean): Emitter => {
  return (g, step) => {
    const { code, local } = g;
    if (withSum) g.r(a(step));
    for (let at = 0; at < 32; at += 8) {
      for (const register of [n(step), m(step)]) {
        g.r(register);
        if (at !== 0) code.i32(at).op(OP.I32_SHR_U);
        if (at !== 24) code.i32(0xff).op(OP.I32_AND);
      }
      // |x| as (x ^ s) - s, s being its sign.
      code.op(OP.I32_SUB).tee(local.t).get(local.t).i32(31).op(OP.I32_SHR_S).tee(local.u).op(OP.I32_XOR).get(local.u).op(OP.I32_SUB);
      if (at !== 0 || withSum) code.op(OP.I32_ADD);
    }
    g.setR(d(step));
  };
};

const packHalves: Emitter = (g, step) => {
  const { code } = g;
  const top = (step.w3 & 0x20) !== 0;
  g.r(m(step));
  if (top) code.i32(step.w2 === 0 ? 31 : step.w2).op(OP.I32_SHR_S);
  else if (step.w2 !== 0) code.i32(step.w2).op(OP.I32_SHL);
  code.i32(top ? 0xffff : ~0xffff).op(OP.I32_AND);
  g.r(n(step)).i32(top ? ~0xffff : 0xffff).op(OP.I32_AND, OP.I32_OR);
  g.setR(d(step));
};

const select: Emitter = (g, step) => {
  // The four bits go to the bottom of a byte each, and fill it.
  cell(g, CELL.APSR).i32(16).op(OP.I32_SHR_U).i32(15).op(OP.I32_AND).i32(0x0020_4081).op(OP.I32_MUL).i32(0x0101_0101).op(OP.I32_AND);
  g.code.i32(0xff).op(OP.I32_MUL);
  g.r(n(step));
  g.r(m(step)).op(OP.I32_XOR, OP.I32_AND);
  g.r(m(step)).op(OP.I32_XOR);
  g.setR(d(step));
};

/** SXTB16, SXTAB16, UXTAB16: both halves by themselves. */
const extendHalves = (signed: boolean, withSum: boolean): Emitter => {
  return (g, step) => {
    const { code, local } = g;
    g.r(m(step));
    if (step.w2 !== 0) code.i32(step.w2 * 8).op(OP.I32_ROTR);
    code.set(local.t);
    code.get(local.t);
    if (signed) code.op(OP.I32_EXTEND8_S);
    else code.i32(0xff).op(OP.I32_AND);
    if (withSum) g.r(n(step)).op(OP.I32_ADD);
    code.i32(0xffff).op(OP.I32_AND);
    code.get(local.t).i32(16).op(OP.I32_SHR_U);
    if (signed) code.op(OP.I32_EXTEND8_S);
    else code.i32(0xff).op(OP.I32_AND);
    code.i32(16).op(OP.I32_SHL);
    if (withSum) g.r(n(step)).i32(~0xffff).op(OP.I32_AND, OP.I32_ADD);
    code.op(OP.I32_OR);
    g.setR(d(step));
  };
};

const reverseBits: Emitter = (g, step) => {
  const { code, local } = g;
  g.r(m(step));
  for (const [shift, mask] of [
    [1, 0x5555_5555],
    [2, 0x3333_3333],
    [4, 0x0f0f_0f0f],
    [8, 0x00ff_00ff],
  ] as const) {
    code.tee(local.t).i32(shift).op(OP.I32_SHR_U).i32(mask).op(OP.I32_AND).get(local.t).i32(mask).op(OP.I32_AND).i32(shift);
    code.op(OP.I32_SHL, OP.I32_OR);
  }
  code.i32(16).op(OP.I32_ROTR);
  g.setR(d(step));
};

const reverseSigned: Emitter = (g, step) => {
  g.r(m(step)).i32(8).op(OP.I32_SHL);
  g.r(m(step)).i32(8).op(OP.I32_SHR_U).i32(0xff).op(OP.I32_AND, OP.I32_OR, OP.I32_EXTEND16_S);
  g.setR(d(step));
};

/** ROR (register) with flags. */
const rotateRight: Emitter = (g, step) => {
  const { code, local } = g;
  g.r(m(step)).i32(0xff).op(OP.I32_AND).set(local.t);
  g.r(n(step)).get(local.t).op(OP.I32_ROTR).set(local.u);
  code.get(local.t).when(I32).get(local.u).i32(31).op(OP.I32_SHR_U).else();
  g.flags.anyCarry();
  code.end().set(local.t);
  code.get(local.u);
  g.flags.setNZ();
  code.get(local.t);
  g.flags.setC();
  code.get(local.u);
  g.setR(d(step));
};

const ALL: [string, Emitter][] = [
  ...parallelFamilies(),
  ['QADD', saturating(false, false)],
  ['QSUB', saturating(false, true)],
  ['QDADD', saturating(true, false)],
  ['QDSUB', saturating(true, true)],
  ['SMULXY', halfwordMultiply(false)],
  ['SMLAXY', halfwordMultiply(true)],
  ['SMULWY', wordMultiply(false)],
  ['SMLAWY', wordMultiply(true)],
  ['SMUAD', dualMultiply(false, false)],
  ['SMLAD', dualMultiply(false, true)],
  ['SMUSD', dualMultiply(true, false)],
  ['SMLSD', dualMultiply(true, true)],
  ['SMMUL', mostSignificant(false, false)],
  ['SMMLA', mostSignificant(true, false)],
  ['SMMLS', mostSignificant(true, true)],
  [
    'SMLALXY',
    accumulateLong((g, step) => {
      half(g, n(step), (step.w3 & 0x20) !== 0);
      half(g, m(step), (step.w3 & 0x10) !== 0).op(OP.I32_MUL, OP.I64_EXTEND_I32_S);
    }),
  ],
  ['SMLALD', accumulateLong((g, step) => dualProduct(g, step, false))],
  ['SMLSLD', accumulateLong((g, step) => dualProduct(g, step, true))],
  [
    'UMAAL',
    (g, step) => {
      g.r(n(step)).op(OP.I64_EXTEND_I32_U);
      g.r(m(step)).op(OP.I64_EXTEND_I32_U, OP.I64_MUL);
      g.r(d(step)).op(OP.I64_EXTEND_I32_U, OP.I64_ADD);
      g.r(low(step)).op(OP.I64_EXTEND_I32_U, OP.I64_ADD);
      setLong(g, low(step), d(step));
    },
  ],
  ['USAD8', sumOfDifferences(false)],
  ['USADA8', sumOfDifferences(true)],
  ['SSAT', saturate(true)],
  ['USAT', saturate(false)],
  ['SSAT16', saturateHalves(true)],
  ['USAT16', saturateHalves(false)],
  ['PKH', packHalves],
  ['SEL', select],
  ['SXTB16', extendHalves(true, false)],
  ['SXTAB16', extendHalves(true, true)],
  ['UXTAB16', extendHalves(false, true)],
  ['RBIT', reverseBits],
  ['REVSH', reverseSigned],
  ['RORS_R', rotateRight],
];

/** Emitters by micro-operation. */
export const EMIT_DSP: readonly (readonly [string, Emitter])[] = ALL.map(([name, emit]) => [`${name}()`, emit] as const);
