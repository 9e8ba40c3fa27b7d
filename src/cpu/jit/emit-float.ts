/**
 * What floating-point instructions do, as WebAssembly. S and D registers stay in their cells.
 *
 * An operation is done with one WebAssembly instruction where FPSCR says round to nearest, no flushing and IXC set already (`floatMode`)
 * and the result is well inside the normal range: then it is the architecture's and raises nothing new. Otherwise float-runtime.ts is
 * asked, which follows src/cpu/float's quick paths, and where that proves nothing the interpreter's handler.
 * Packing of word 1: see float-transfers.ts.
 */
import { READ, WRITE } from '../core-memory.ts';
import { CELL } from '../core-registers.ts';
import { FPSCR } from '../float/format.ts';
import type { Emitter } from './emit.ts';
import {
  FLOAT_FUNCTIONS,
  type FloatFunction,
  INFINITY32,
  INFINITY64,
  NORMAL32,
  NORMAL64,
  resultType,
  SMALL32,
  SMALL64,
} from './float-runtime.ts';
import type { Generator } from './generator.ts';
import { ARITHMETIC } from './layout.ts';
import type { Step } from './region.ts';
import { type Code, type Label, OP } from './wasm-builder.ts';

const SIGN = 1 << 31;
const vd = ({ w1 }: Step): number => w1 & 31;
const vn = ({ w1 }: Step): number => (w1 >> 5) & 31;
const vm = ({ w1 }: Step): number => (w1 >> 10) & 31;
const rt = ({ w1 }: Step): number => (w1 >> 15) & 15;
const rt2 = ({ w1 }: Step): number => (w1 >> 19) & 15;
const rn = ({ w1 }: Step): number => (w1 >> 23) & 15;

/** What differs between single and double precision. */
interface Precision {
  readonly suffix: 'F32' | 'F64';
  readonly load: number;
  readonly store: number;
  readonly abs: number;
  readonly neg: number;
  readonly eq: number;
  readonly gt: number;
  readonly lt: number;
  /** Locals of this type. */
  readonly result: 'fr' | 'dr';
  readonly product: 'fp' | 'dp';
  zero(code: Code): Code;
}

const SINGLE: Precision = {
  suffix: 'F32', load: OP.F32_LOAD, store: OP.F32_STORE, abs: OP.F32_ABS, neg: OP.F32_NEG, eq: OP.F32_EQ, gt: OP.F32_GT, lt: OP.F32_LT,
  result: 'fr', product: 'fp', zero: (code) => code.f32(0),
}; // biome-ignore format: a table
const DOUBLE: Precision = {
  suffix: 'F64', load: OP.F64_LOAD, store: OP.F64_STORE, abs: OP.F64_ABS, neg: OP.F64_NEG, eq: OP.F64_EQ, gt: OP.F64_GT, lt: OP.F64_LT,
  result: 'dr', product: 'dp', zero: (code) => code.f64(0),
}; // biome-ignore format: a table

/** Arena offset of single register `n`. */
const s = (g: Generator, n: number): number => g.cell(CELL.S0 + n);
const fpscr = (g: Generator): Code => g.code.i32(0).memory(OP.I32_LOAD, g.cell(CELL.FPSCR));
const value = (g: Generator, p: Precision, n: number): Code => g.code.i32(0).memory(p.load, s(g, n));

/** Stores local `from` to register `n`. */
function put(g: Generator, p: Precision, n: number, from: number): void {
  g.code.i32(0).get(from).memory(p.store, s(g, n));
}

/** Puts the magnitude of local `from` on the stack, or the upper word of it. */
function magnitude(g: Generator, p: Precision, from: number): Code {
  g.code.get(from);
  if (p === SINGLE) g.code.op(OP.I32_REINTERPRET_F32);
  else g.code.op(OP.I64_REINTERPRET_F64).i64(32).op(OP.I64_SHR_U, OP.I32_WRAP_I64);
  return g.code.i32(0x7fff_ffff).op(OP.I32_AND);
}

/** Puts 1 on the stack when the quick mode holds (`moded`) and local `from` is well inside the normal range. */
function inside(g: Generator, p: Precision, from: number, moded = true): Code {
  const [small, infinity] = p === SINGLE ? [SMALL32, INFINITY32] : [SMALL64, INFINITY64];
  magnitude(g, p, from).i32(small).op(OP.I32_SUB);
  if (moded) g.floatMode().op(OP.I32_OR);
  return g.code.i32(infinity - small).op(OP.I32_LT_U);
}

/** Calls a function of float-runtime.ts; its operands are on the stack. */
function call(g: Generator, name: FloatFunction): Code {
  return g.code.call(g.import(name, FLOAT_FUNCTIONS[name], [resultType(name)]));
}

/** An instruction that FP_TRAP stops. */
const float = (emit: Emitter): Emitter => {
  return (g, step) => {
    g.trapFloat();
    emit(g, step);
  };
};

/**
 * `quick` leaves the result in the local and 1 on the stack when it holds; `careful` puts the result on the stack, or a NaN when the
 * handler has to do it.
 */
function attempt(g: Generator, step: Step, p: Precision, quick: () => void, careful: (() => void) | undefined): void {
  const { code, local } = g;
  const result = local[p.result];
  const done = code.block();
  quick();
  code.when();
  put(g, p, vd(step), result);
  code.br(done).end();
  if (careful) {
    careful();
    code.tee(result).get(result).op(p.eq).when();
    put(g, p, vd(step), result);
    g.readFloatMode();
    code.br(done).end();
  }
  g.quietHandler(step.name);
  g.readFloatMode();
  code.end();
}

/** VADD, VSUB, VMUL, VNMUL, VDIV: one operation; `second` changes the sign of its second operand for the careful way, `result` that of the result. */
function binary(p: Precision, op: number, careful: FloatFunction, second = false, negate = false): Emitter {
  return (g, step) => {
    const { code, local } = g;
    attempt(
      g,
      step,
      p,
      () => {
        value(g, p, vn(step));
        value(g, p, vm(step)).op(op);
        if (negate) code.op(p.neg);
        code.set(local[p.result]);
        inside(g, p, local[p.result]);
      },
      () => {
        value(g, p, vn(step));
        value(g, p, vm(step));
        if (second) code.op(p.neg);
        call(g, careful);
        if (negate) code.op(p.neg);
      },
    );
  };
}

function squareRoot(p: Precision): Emitter {
  return (g, step) => {
    const { code, local } = g;
    attempt(
      g,
      step,
      p,
      () => {
        value(g, p, vm(step)).op(p === SINGLE ? OP.F32_SQRT : OP.F64_SQRT);
        code.set(local[p.result]);
        inside(g, p, local[p.result]);
      },
      () => {
        value(g, p, vm(step));
        call(g, p === SINGLE ? 'root32' : 'root64');
      },
    );
  };
}

/** VMLA and relatives: two roundings. */
function accumulate(p: Precision, negateSum: boolean, negateProduct: boolean): Emitter {
  const single = p === SINGLE;
  return (g, step) => {
    const { code, local } = g;
    const product = local[p.product];
    const result = local[p.result];
    const addend = (): void => {
      value(g, p, vd(step));
      if (negateSum) code.op(p.neg);
    };
    const signed = (): void => {
      if (negateProduct) code.op(p.neg);
    };
    attempt(
      g,
      step,
      p,
      () => {
        value(g, p, vn(step));
        value(g, p, vm(step)).op(single ? OP.F32_MUL : OP.F64_MUL);
        signed();
        code.set(product);
        addend();
        code
          .get(product)
          .op(single ? OP.F32_ADD : OP.F64_ADD)
          .set(result);
        inside(g, p, product);
        inside(g, p, result, false).op(OP.I32_AND);
      },
      () => {
        // The sum with a NaN is a NaN.
        addend();
        value(g, p, vn(step));
        value(g, p, vm(step));
        call(g, single ? 'multiply32' : 'multiply64');
        signed();
        call(g, single ? 'add32' : 'add64');
      },
    );
  };
}

/** VFMA and relatives: one rounding. */
function fused(p: Precision, negateSum: boolean, negateFactor: boolean): Emitter {
  return (g, step) => {
    const { code, local } = g;
    const operands = (wide: boolean): void => {
      value(g, p, vn(step));
      if (negateFactor) code.op(p.neg);
      if (wide) code.op(OP.F64_PROMOTE_F32);
      value(g, p, vm(step));
      if (wide) code.op(OP.F64_PROMOTE_F32, OP.F64_MUL);
      value(g, p, vd(step));
      if (negateSum) code.op(p.neg);
      if (wide) code.op(OP.F64_PROMOTE_F32, OP.F64_ADD);
    };
    const quick = (): void => {
      // The product is exact in double precision. Rounding the sum twice goes wrong only where it is halfway between two singles.
      operands(true);
      code.tee(local.dr).op(OP.F32_DEMOTE_F64).set(local.fr);
      inside(g, p, local.fr);
      code.get(local.dr).op(OP.I64_REINTERPRET_F64, OP.I32_WRAP_I64).i32(0x1fff_ffff).op(OP.I32_AND);
      code.i32(0x1000_0000).op(OP.I32_NE, OP.I32_AND);
    };
    const careful = (): void => {
      operands(false);
      call(g, p === SINGLE ? 'fused32' : 'fused64');
    };
    if (p === SINGLE) attempt(g, step, p, quick, careful);
    else
      attempt(
        g,
        step,
        p,
        () => {
          careful();
          code.tee(local.dr).get(local.dr).op(OP.F64_EQ);
        },
        undefined,
      );
  };
}

/** VMOV, VABS, VNEG between registers; `high` is applied to the word with the sign. */
function move(p: Precision, high: (code: Code) => void): Emitter {
  return (g, step) => {
    const { code } = g;
    const sign = p === SINGLE ? 0 : 1;
    code
      .i32(0)
      .i32(0)
      .memory(OP.I32_LOAD, s(g, vm(step) + sign));
    high(code);
    if (sign === 1)
      code
        .i32(0)
        .i32(0)
        .memory(OP.I32_LOAD, s(g, vm(step)))
        .memory(OP.I32_STORE, s(g, vd(step)));
    code.memory(OP.I32_STORE, s(g, vd(step) + sign));
  };
}

/** VFPExpandImm: the upper word of a double, or the single. */
function expand(imm8: number, exponentBits: number): number {
  const inverted = (imm8 & 0x40) === 0;
  const replicated = inverted ? 0 : (1 << (exponentBits - 3)) - 1;
  const exponent = ((inverted ? 1 : 0) << (exponentBits - 1)) | (replicated << 2) | ((imm8 >> 4) & 3);
  return ((imm8 & 0x80) << 24) | (exponent << (31 - exponentBits)) | ((imm8 & 15) << (31 - exponentBits - 4));
}

const word = (g: Generator, n: number, bits: number): Code => g.code.i32(0).i32(bits).memory(OP.I32_STORE, s(g, n));

/** VCMP, VCMPE, with a register or with zero. */
function comparison(p: Precision, withZero: boolean): Emitter {
  return (g, step) => {
    const { code, local } = g;
    const { e, t, fa, fb } = local;
    const x = local[p.result];
    const y = local[p.product];
    const store = (): Code => code.memory(OP.I32_STORE, g.cell(CELL.FPSCR));
    value(g, p, vd(step)).set(x);
    if (withZero) p.zero(code);
    else value(g, p, vm(step));
    code.set(y);
    code.get(x).get(y).op(p.gt).tee(fa).get(x).get(y).op(p.lt).tee(fb).op(OP.I32_OR).get(x).get(y).op(p.eq).tee(t).op(OP.I32_OR);
    fpscr(g).tee(e).i32(FPSCR.FZ).op(OP.I32_AND, OP.I32_EQZ, OP.I32_AND).when();
    code.i32(0).get(e).i32(0x0fff_ffff).op(OP.I32_AND).get(fb).i32(31).op(OP.I32_SHL, OP.I32_OR);
    code.get(fb).op(OP.I32_EQZ).i32(29).op(OP.I32_SHL, OP.I32_OR).get(t).i32(30).op(OP.I32_SHL, OP.I32_OR);
    store().else();
    g.quietHandler(step.name);
    g.readFloatMode();
    // Unordered: 0x8000_0000 - 1 overflows.
    fpscr(g).tee(e).i32(28).op(OP.I32_SHR_U).i32(1).op(OP.I32_AND).tee(t).get(e).i32(31).op(OP.I32_SHR_U, OP.I32_OR).set(fb);
    code.i32(SIGN).get(e).i32(29).op(OP.I32_SHR_U).i32(1).op(OP.I32_AND).get(e).i32(30).op(OP.I32_SHR_U).i32(-1);
    code.op(OP.I32_XOR, OP.I32_AND).get(t).op(OP.SELECT).set(fa).end();
    if (step.condition < 0) g.compared = true;
  };
}

/** VMRS; to APSR the flags of a comparison stay operands. */
const readStatus: Emitter = (g, step) => {
  const { code, local } = g;
  if (rt(step) !== 15) {
    fpscr(g);
    g.setR(rt(step));
    return;
  }
  if (!g.compared) {
    g.flags.load(() => fpscr(g));
    return;
  }
  code.get(local.fa).set(local.ca).get(local.fb).set(local.cb);
  g.flags.setArithmetic(ARITHMETIC.CMP);
};

const writeStatus: Emitter = (g, step) => {
  g.code.i32(0);
  g.r(rt(step)).i32(FPSCR.WRITABLE).op(OP.I32_AND).memory(OP.I32_STORE, g.cell(CELL.FPSCR));
  g.compared = false;
  g.readFloatMode();
};

/** VSEL: EQ, VS, GE, GT. */
function select(p: Precision): Emitter {
  return (g, step) => {
    const { code } = g;
    code.i32(0);
    value(g, p, vn(step));
    value(g, p, vm(step));
    g.flags.condition([0, 6, 10, 12][(step.w3 >>> 20) & 3]!);
    code.op(OP.SELECT).memory(p.store, s(g, vd(step)));
  };
}

/** VMAXNM, VMINNM of numbers. */
function extreme(p: Precision, op: number): Emitter {
  return (g, step) => {
    const result = g.local[p.result];
    attempt(
      g,
      step,
      p,
      () => {
        value(g, p, vn(step));
        value(g, p, vm(step)).op(op).tee(result).get(result).op(p.eq);
        fpscr(g).i32(FPSCR.FZ).op(OP.I32_AND, OP.I32_EQZ, OP.I32_AND);
      },
      undefined,
    );
  };
}

/** VRINT: by WebAssembly where there is such a rounding; `exact` is VRINTX. */
function integral(p: Precision, rounding: (step: Step) => number | undefined, current: boolean): Emitter {
  return (g, step) => {
    const op = rounding(step);
    if (op === undefined) {
      g.handler(step.name);
      return;
    }
    const { code, local } = g;
    const result = local[p.result];
    attempt(
      g,
      step,
      p,
      () => {
        value(g, p, vm(step)).tee(result).op(op).set(local[p.product]);
        const [normal, infinity] = p === SINGLE ? [NORMAL32, INFINITY32] : [NORMAL64, INFINITY64];
        magnitude(g, p, result).i32(normal).op(OP.I32_SUB);
        if (current) g.floatMode().op(OP.I32_OR);
        code.i32(infinity - normal).op(OP.I32_LT_U);
        p.zero(code.get(result)).op(p.eq, OP.I32_OR);
        code.get(local[p.product]).set(result);
      },
      undefined,
    );
  };
}

/**
 * Leaves the double or single in local `x` as an integer of `width` bits in local `t`, rounded towards zero; branches to `slow` where it does
 * not fit, or is inexact and that might be news.
 */
function truncate(g: Generator, p: Precision, x: number, width: number, signed: boolean, slow: Label): void {
  const { code, local } = g;
  const single = p === SINGLE;
  const constant = (limit: number): Code => (single ? code.f32(limit) : code.f64(limit));
  const low = signed ? -(2 ** (width - 1)) : 0;
  // -2 ** 31 - 1 is no single.
  const including = signed && single && width === 32;
  code.get(x);
  constant(including ? low : low - 1).op(including ? OP.F32_GE : p.gt, OP.I32_EQZ).brIf(slow);
  code.get(x);
  constant(signed ? 2 ** (width - 1) : 2 ** width).op(p.lt, OP.I32_EQZ).brIf(slow);
  const truncation = single ? (signed ? OP.I32_TRUNC_F32_S : OP.I32_TRUNC_F32_U) : signed ? OP.I32_TRUNC_F64_S : OP.I32_TRUNC_F64_U;
  code.get(x).op(truncation).set(local.t);
  const back = single ? (signed ? OP.F32_CONVERT_I32_S : OP.F32_CONVERT_I32_U) : signed ? OP.F64_CONVERT_I32_S : OP.F64_CONVERT_I32_U;
  g.floatMode().when();
  code.get(local.t).op(back).get(x).op(p.eq, OP.I32_EQZ).brIf(slow).end();
}

/** VCVT to an integer, towards zero. */
function toInteger(p: Precision): Emitter {
  return (g, step) => {
    if ((step.w3 & 0x80) === 0) {
      g.handler(step.name);
      return;
    }
    const { code, local } = g;
    const x = local[p.result];
    const done = code.block();
    const slow = code.block();
    value(g, p, vm(step)).set(x);
    truncate(g, p, x, 32, (step.w3 & 0x1_0000) !== 0, slow);
    code.i32(0).get(local.t).memory(OP.I32_STORE, s(g, vd(step))).br(done).end();
    g.quietHandler(step.name);
    g.readFloatMode();
    code.end();
  };
}

/** Fraction bits and width of a fixed-point VCVT, as the handlers find them. */
function fixedPoint({ w3 }: Step): { width: number; fraction: number; signed: boolean } {
  const width = (w3 & 0x80) !== 0 ? 32 : 16;
  return { width, fraction: width - (((w3 & 15) << 1) | ((w3 >>> 5) & 1)), signed: (w3 & 0x0001_0000) === 0 };
}

function toFixedPoint(p: Precision): Emitter {
  return (g, step) => {
    const { code, local } = g;
    const { width, fraction, signed } = fixedPoint(step);
    const done = code.block();
    const slow = code.block();
    // Scaling is exact in double precision, except where it overflows.
    value(g, p, vd(step));
    if (p === SINGLE) code.op(OP.F64_PROMOTE_F32);
    code.f64(2 ** fraction).op(OP.F64_MUL).set(local.dr);
    truncate(g, DOUBLE, local.dr, width, signed, slow);
    code.i32(0).get(local.t).memory(OP.I32_STORE, s(g, vd(step)));
    if (p === DOUBLE) {
      code.i32(0);
      if (signed) code.get(local.t).i32(31).op(OP.I32_SHR_S);
      else code.i32(0);
      code.memory(OP.I32_STORE, s(g, vd(step) + 1));
    }
    code.br(done).end();
    g.quietHandler(step.name);
    g.readFloatMode();
    code.end();
  };
}

/** Always rounds to nearest; 32 bits fit a double. */
function fromFixedPoint(p: Precision): Emitter {
  return (g, step) => {
    const { code, local } = g;
    const { width, fraction, signed } = fixedPoint(step);
    const load = width === 32 ? OP.I32_LOAD : signed ? OP.I32_LOAD16_S : OP.I32_LOAD16_U;
    code.i32(0).memory(load, s(g, vd(step))).op(signed ? OP.F64_CONVERT_I32_S : OP.F64_CONVERT_I32_U);
    code.f64(2 ** -fraction).op(OP.F64_MUL).set(local.dr);
    if (p === DOUBLE) {
      put(g, p, vd(step), local.dr);
      return;
    }
    const quick = (): void => {
      code.get(local.dr).op(OP.F32_DEMOTE_F64).tee(local.fr).op(OP.F64_PROMOTE_F32).get(local.dr).op(OP.F64_EQ);
      g.floatMode().op(OP.I32_EQZ, OP.I32_OR);
    };
    attempt(g, step, p, quick, undefined);
  };
}

/** VCVT from an integer. */
function fromInteger(p: Precision): Emitter {
  return (g, step) => {
    const { code, local } = g;
    const signed = (step.w3 & 0x80) !== 0;
    const integer = (): Code => code.i32(0).memory(OP.I32_LOAD, s(g, vm(step)));
    if (p === DOUBLE) {
      code.i32(0);
      integer()
        .op(signed ? OP.F64_CONVERT_I32_S : OP.F64_CONVERT_I32_U)
        .memory(OP.F64_STORE, s(g, vd(step)));
      return;
    }
    attempt(
      g,
      step,
      p,
      () => {
        integer()
          .op(signed ? OP.F32_CONVERT_I32_S : OP.F32_CONVERT_I32_U)
          .set(local.fr);
        g.floatMode().op(OP.I32_EQZ);
      },
      () => {
        // Every such integer is a double, and 0 or above 1 in magnitude.
        integer().op(signed ? OP.F64_CONVERT_I32_S : OP.F64_CONVERT_I32_U);
        call(g, 'demote');
      },
    );
  };
}

const toDouble: Emitter = (g, step) => {
  const { code, local } = g;
  attempt(
    g,
    step,
    DOUBLE,
    () => {
      value(g, SINGLE, vm(step)).tee(local.fr).op(OP.F64_PROMOTE_F32).set(local.dr);
      magnitude(g, SINGLE, local.fr)
        .tee(local.t)
        .i32(NORMAL32)
        .op(OP.I32_SUB)
        .i32(INFINITY32 - NORMAL32)
        .op(OP.I32_LT_U);
      code.get(local.t).op(OP.I32_EQZ, OP.I32_OR);
    },
    undefined,
  );
};

const toSingle: Emitter = (g, step) => {
  const { local } = g;
  attempt(
    g,
    step,
    SINGLE,
    () => {
      value(g, DOUBLE, vm(step)).op(OP.F32_DEMOTE_F64).set(local.fr);
      inside(g, SINGLE, local.fr);
    },
    () => {
      value(g, DOUBLE, vm(step));
      call(g, 'demote');
    },
  );
};

// ---- transfers

const ADDS = 0x0080_0000;
const WRITE_BACK = 0x0020_0000;

/** Copies `count` words between memory at local `b` and registers from `first`. */
function copy(g: Generator, loads: boolean, first: number, count: number): void {
  const { code, local } = g;
  let i = 0;
  // Pairs as 64 bits: a bit pattern, whatever it means.
  for (; i + 1 < count; i += 2) {
    if (loads)
      code
        .i32(0)
        .get(local.b)
        .memory(OP.I64_LOAD, i * 4)
        .memory(OP.I64_STORE, s(g, first + i));
    else
      code
        .get(local.b)
        .i32(0)
        .memory(OP.I64_LOAD, s(g, first + i))
        .memory(OP.I64_STORE, i * 4);
  }
  if (i === count) return;
  if (loads)
    code
      .i32(0)
      .get(local.b)
      .memory(OP.I32_LOAD, i * 4)
      .memory(OP.I32_STORE, s(g, first + i));
  else
    code
      .get(local.b)
      .i32(0)
      .memory(OP.I32_LOAD, s(g, first + i))
      .memory(OP.I32_STORE, i * 4);
}

/** VLDR, VSTR. */
function transfer(loads: boolean, count: number): Emitter {
  return (g, step) => {
    const { code, local } = g;
    const n = rn(step);
    const offset = (step.w3 & ADDS) !== 0 ? step.w2 : -step.w2 | 0;
    if (n === 15) {
      const at = (((step.pc + 4) & ~3) + offset) | 0;
      const literals = loads ? Array.from({ length: count }, (_, i) => g.surroundings.literal(g.region, (at + i * 4) | 0)) : [undefined];
      if (literals.every((literal) => literal !== undefined)) {
        for (const [i, literal] of literals.entries()) word(g, vd(step) + i, literal);
        return;
      }
      code.i32(at).set(local.a);
    } else {
      g.r(n);
      if (offset !== 0) code.i32(offset).op(OP.I32_ADD);
      code.set(local.a);
    }
    g.memory.reach(
      n,
      loads ? READ : WRITE,
      count * 4,
      4,
      (at) => {
        at().set(local.b);
        copy(g, loads, vd(step), count);
      },
      () => g.quietHandler(step.name, true),
      true,
    );
  };
}

/** VLDM, VSTM, VPUSH, VPOP. */
function multiple(loads: boolean, double: boolean): Emitter {
  return (g, step) => {
    const { code, local } = g;
    const n = rn(step);
    const up = (step.w3 & ADDS) !== 0;
    const writeBack = (step.w3 & WRITE_BACK) !== 0;
    const count = double ? step.w2 & ~1 : step.w2;
    const bytes = step.w2 * 4;
    if (n === 15 || count === 0 || vd(step) + count > 32) {
      g.handler(step.name);
      return;
    }
    g.r(n);
    if (!up) code.i32(bytes).op(OP.I32_SUB);
    code.set(local.a);
    if (writeBack && n === 13) g.limit(local.a);
    const finish = (): void => {
      if (!writeBack) return;
      g.r(n)
        .i32(up ? bytes : -bytes)
        .op(OP.I32_ADD);
      g.setR(n);
    };
    g.memory.reach(
      n,
      loads ? READ : WRITE,
      count * 4,
      4,
      (at) => {
        at().set(local.b);
        copy(g, loads, vd(step), count);
        finish();
      },
      () => (writeBack ? g.slowHandler(step.name) : g.quietHandler(step.name, true)),
      true,
    );
  };
}

/** A core register to a cell, and back. */
function fromCore(register: (step: Step) => number, core: (step: Step) => number): Emitter {
  return (g, step) => {
    g.code.i32(0);
    g.r(core(step)).memory(OP.I32_STORE, s(g, register(step)));
  };
}

function toCore(register: (step: Step) => number, core: (step: Step) => number): Emitter {
  return (g, step) => {
    g.code.i32(0).memory(OP.I32_LOAD, s(g, register(step)));
    g.setR(core(step));
  };
}

const both = (first: Emitter, second: Emitter): Emitter => {
  return (g, step) => {
    first(g, step);
    second(g, step);
  };
};
const scalar = (step: Step): number => vn(step) + ((step.w3 >>> 21) & 1);
const next = (step: Step): number => vm(step) + 1;
const twoFromCore = both(fromCore(vm, rt), fromCore(next, rt2));
const twoToCore = both(toCore(vm, rt), toCore(next, rt2));

/** Operations in both precisions. */
function arithmetic(p: Precision): [string, Emitter][] {
  const single = p === SINGLE;
  const [add, sub, mul, div] = single ? [OP.F32_ADD, OP.F32_SUB, OP.F32_MUL, OP.F32_DIV] : [OP.F64_ADD, OP.F64_SUB, OP.F64_MUL, OP.F64_DIV];
  const [ceil, floor, trunc, nearest] = single
    ? [OP.F32_CEIL, OP.F32_FLOOR, OP.F32_TRUNC, OP.F32_NEAREST]
    : [OP.F64_CEIL, OP.F64_FLOOR, OP.F64_TRUNC, OP.F64_NEAREST];
  const bits = single ? 32 : 64;
  const list: [string, Emitter][] = [
    ['VADD', binary(p, add, `add${bits}`)],
    ['VSUB', binary(p, sub, `add${bits}`, true)],
    ['VMUL', binary(p, mul, `multiply${bits}`)],
    ['VNMUL', binary(p, mul, `multiply${bits}`, false, true)],
    ['VDIV', binary(p, div, `divide${bits}`)],
    ['VSQRT', squareRoot(p)],
    ['VMLA', accumulate(p, false, false)],
    ['VMLS', accumulate(p, false, true)],
    ['VNMLA', accumulate(p, true, true)],
    ['VNMLS', accumulate(p, true, false)],
    ['VFMA', fused(p, false, false)],
    ['VFMS', fused(p, false, true)],
    ['VFNMA', fused(p, true, true)],
    ['VFNMS', fused(p, true, false)],
    ['VMOV', move(p, () => {})],
    ['VABS', move(p, (code) => code.i32(~SIGN).op(OP.I32_AND))],
    ['VNEG', move(p, (code) => code.i32(SIGN).op(OP.I32_XOR))],
    ['VCMP', comparison(p, false)],
    ['VCMPZ', comparison(p, true)],
    ['VSEL', select(p)],
    ['VMAXNM', extreme(p, single ? OP.F32_MAX : OP.F64_MAX)],
    ['VMINNM', extreme(p, single ? OP.F32_MIN : OP.F64_MIN)],
    ['VRINTRZ', integral(p, ({ w3 }) => ((w3 & 0x80) !== 0 ? trunc : undefined), false)],
    ['VRINTX', integral(p, () => nearest, true)],
    ['VRINT', integral(p, ({ w3 }) => [undefined, nearest, ceil, floor][(w3 >>> 16) & 3], false)],
    ['VCVT_TO_INT', toInteger(p)],
    ['VCVT_FROM_INT', fromInteger(p)],
    ['VCVT_TO_FIXED', toFixedPoint(p)],
    ['VCVT_FROM_FIXED', fromFixedPoint(p)],
  ];
  return list.map(([name, emit]) => [`${name}_${p.suffix}`, emit]);
}

const ALL: [string, Emitter][] = [
  ...arithmetic(SINGLE),
  ...arithmetic(DOUBLE),
  ['VMOV_IMM_F32', (g, step) => void word(g, vd(step), expand(step.w2, 8))],
  [
    'VMOV_IMM_F64',
    both(
      (g, step) => void word(g, vd(step), 0),
      (g, step) => void word(g, vd(step) + 1, expand(step.w2, 11)),
    ),
  ],
  ['VCVT_F64_F32', toDouble],
  ['VCVT_F32_F64', toSingle],
  ['VLDR_F32', transfer(true, 1)],
  ['VLDR_F64', transfer(true, 2)],
  ['VSTR_F32', transfer(false, 1)],
  ['VSTR_F64', transfer(false, 2)],
  ['VLDM_F32', multiple(true, false)],
  ['VLDM_F64', multiple(true, true)],
  ['VSTM_F32', multiple(false, false)],
  ['VSTM_F64', multiple(false, true)],
  ['VMOV_TO_S', fromCore(vn, rt)],
  ['VMOV_FROM_S', toCore(vn, rt)],
  ['VMOV_TO_SCALAR', fromCore(scalar, rt)],
  ['VMOV_FROM_SCALAR', toCore(scalar, rt)],
  ['VMOV_TO_SS', twoFromCore],
  ['VMOV_TO_D', twoFromCore],
  ['VMOV_FROM_SS', twoToCore],
  ['VMOV_FROM_D', twoToCore],
  ['VMRS', readStatus],
  ['VMSR', writeStatus],
];

/** Emitters by micro-operation. */
export const EMIT_FLOAT: readonly (readonly [string, Emitter])[] = ALL.map(([name, emit]) => [`${name}()`, float(emit)] as const);
