/**
 * Floating-point arithmetic that translated code calls where its own quick path does not do: src/cpu/float's quick paths as WebAssembly.
 *
 * A function returns the result, having set FPSCR.IXC when it is inexact, or a NaN: then nothing is proved, and the interpreter's handler
 * has to do it. That covers rounding to nearest with operands that are zero or normal and results that are zero or well inside the normal range.
 */
import { CELL } from '../core-registers.ts';
import { FPSCR } from '../float/format.ts';
import { Code, F32, F64, I64, ModuleBuilder, OP } from './wasm-builder.ts';

/** Bits of the magnitude of 2 ** -125, of infinity and of the smallest normal number; upper words for doubles. */
export const SMALL32 = 0x0100_0000;
export const INFINITY32 = 0x7f80_0000;
export const NORMAL32 = 0x0080_0000;
export const SMALL64 = 0x0020_0000;
export const INFINITY64 = 0x7ff0_0000;
export const NORMAL64 = 0x0010_0000;

const PRODUCT_SMALL = 2 ** -960;
const PRODUCT_LARGE = 2 ** 990;
const SPLITTER = 2 ** 27 + 1;

/** Parameters and result of each function: operands, and the addend last. */
export const FLOAT_FUNCTIONS = {
  add32: [F32, F32], multiply32: [F32, F32], divide32: [F32, F32], root32: [F32], fused32: [F32, F32, F32], demote: [F64],
  add64: [F64, F64], multiply64: [F64, F64], divide64: [F64, F64], root64: [F64], fused64: [F64, F64, F64],
} as const; // biome-ignore format: a table

/** Name of a function of this module. */
export type FloatFunction = keyof typeof FLOAT_FUNCTIONS;

/** Type of the result of a function. */
export function resultType(name: FloatFunction): number {
  return name === 'demote' ? F32 : FLOAT_FUNCTIONS[name][0];
}

/** One function being written. */
class Body {
  readonly code: Code;
  private readonly fpscr: number;
  private readonly single: boolean;

  constructor(params: number, single: boolean, fpscr: number) {
    this.code = new Code(params);
    this.single = single;
    this.fpscr = fpscr;
  }

  /** Returns NaN when the i32 on the stack is not 0. */
  give(): void {
    const { code } = this;
    code.when();
    if (this.single) code.f32(Number.NaN);
    else code.f64(Number.NaN);
    code.op(OP.RETURN).end();
  }

  /** Gives up unless FPSCR says round to nearest. */
  nearest(): void {
    this.code.i32(0).memory(OP.I32_LOAD, this.fpscr).i32(FPSCR.RMODE).op(OP.I32_AND);
    this.give();
  }

  /** Puts 1 on the stack when IXC is set. */
  known(): Code {
    return this.code.i32(0).memory(OP.I32_LOAD, this.fpscr).i32(4).op(OP.I32_SHR_U).i32(1).op(OP.I32_AND);
  }

  /** Sets IXC when the i32 on the stack (0 or 1) says so. */
  raise(): void {
    const { code } = this;
    code.when();
    code.i32(0).i32(0).memory(OP.I32_LOAD, this.fpscr).i32(FPSCR.IXC).op(OP.I32_OR).memory(OP.I32_STORE, this.fpscr).end();
  }

  /** Gives up unless single `x` is zero or normal. */
  plain32(x: number): void {
    const { code } = this;
    const magnitude = (): Code => code.get(x).op(OP.I32_REINTERPRET_F32).i32(0x7fff_ffff).op(OP.I32_AND);
    magnitude()
      .i32(NORMAL32)
      .op(OP.I32_SUB)
      .i32(INFINITY32 - NORMAL32)
      .op(OP.I32_GE_U);
    magnitude().i32(0).op(OP.I32_NE, OP.I32_AND);
    this.give();
  }

  plain64(x: number): void {
    const { code } = this;
    this.upper(x)
      .i32(NORMAL64)
      .op(OP.I32_SUB)
      .i32(INFINITY64 - NORMAL64)
      .op(OP.I32_GE_U);
    code.get(x).f64(0).op(OP.F64_NE, OP.I32_AND);
    this.give();
  }

  /** Puts the upper word of the magnitude of double `x` on the stack. */
  upper(x: number): Code {
    return this.code.get(x).op(OP.I64_REINTERPRET_F64).i64(32).op(OP.I64_SHR_U, OP.I32_WRAP_I64).i32(0x7fff_ffff).op(OP.I32_AND);
  }

  /** Puts 1 on the stack when single `x` is well inside the normal range. */
  inside32(x: number): Code {
    const { code } = this;
    code.get(x).op(OP.I32_REINTERPRET_F32).i32(0x7fff_ffff).op(OP.I32_AND).i32(SMALL32).op(OP.I32_SUB);
    return code.i32(INFINITY32 - SMALL32).op(OP.I32_LT_U);
  }

  inside64(x: number): Code {
    return this.upper(x)
      .i32(SMALL64)
      .op(OP.I32_SUB)
      .i32(INFINITY64 - SMALL64)
      .op(OP.I32_LT_U);
  }

  /** Puts 1 on the stack when the magnitude of double `x` lets Dekker's product be exact; `least` 0 leaves small ones out. */
  safe(x: number, least = PRODUCT_SMALL): Code {
    const { code } = this;
    code.get(x).op(OP.F64_ABS).f64(PRODUCT_LARGE).op(OP.F64_LE);
    if (least !== 0) code.get(x).op(OP.F64_ABS).f64(least).op(OP.F64_GE, OP.I32_AND);
    return code;
  }

  /** Puts x + y - sum on the stack, exactly (Knuth). */
  sumError(x: number, y: number, sum: number): Code {
    const { code } = this;
    const part = code.local(F64);
    code.get(sum).get(x).op(OP.F64_SUB).set(part);
    code.get(x).get(sum).get(part).op(OP.F64_SUB, OP.F64_SUB);
    return code.get(y).get(part).op(OP.F64_SUB, OP.F64_ADD);
  }

  /** Puts x * y - product on the stack, exactly where all three are `safe` (Dekker). */
  productError(x: number, y: number, product: number): Code {
    const { code } = this;
    const split = (value: number): [number, number] => {
      const scaled = code.local(F64);
      const high = code.local(F64);
      const low = code.local(F64);
      code.f64(SPLITTER).get(value).op(OP.F64_MUL).tee(scaled).get(scaled).get(value).op(OP.F64_SUB, OP.F64_SUB).set(high);
      code.get(value).get(high).op(OP.F64_SUB).set(low);
      return [high, low];
    };
    const [xh, xl] = split(x);
    const [yh, yl] = split(y);
    code.get(xl).get(yl).op(OP.F64_MUL).get(product);
    code.get(xh).get(yh).op(OP.F64_MUL, OP.F64_SUB);
    code.get(xl).get(yh).op(OP.F64_MUL, OP.F64_SUB);
    code.get(xh).get(yl).op(OP.F64_MUL, OP.F64_SUB);
    return code.op(OP.F64_SUB);
  }

  /** Puts `sum`, whose rounding error is `error`, on the stack, rounded to odd instead of to nearest. */
  toOdd(sum: number, error: number): Code {
    const { code } = this;
    const bits = code.local(I64);
    code.get(sum).op(OP.I64_REINTERPRET_F64).set(bits);
    code.get(error).f64(0).op(OP.F64_NE);
    code.get(bits).op(OP.I32_WRAP_I64).i32(1).op(OP.I32_AND, OP.I32_EQZ, OP.I32_AND).when();
    code.get(bits).i64(1).op(OP.I64_OR);
    code.get(bits).i64(1).op(OP.I64_SUB);
    code.get(error).f64(0).op(OP.F64_GT).get(sum).f64(0).op(OP.F64_GT, OP.I32_EQ, OP.SELECT).set(bits).end();
    return code.get(bits).op(OP.F64_REINTERPRET_I64);
  }
}

type Writer = (body: Body) => void;

/** A single operation whose double `wide` is exact or innocuously rounded; `error` adds whether `wide` itself is inexact. */
function narrow(body: Body, wide: number, zero: () => Code, inexact: (result: number) => Code): void {
  const { code } = body;
  const result = code.local(F32);
  code.get(wide).op(OP.F32_DEMOTE_F64).set(result);
  body.inside32(result).op(OP.I32_EQZ);
  zero().op(OP.I32_EQZ, OP.I32_AND);
  body.give();
  inexact(result);
  body.raise();
  code.get(result);
}

const promoted = (body: Body, x: number): number => {
  const local = body.code.local(F64);
  body.plain32(x);
  body.code.get(x).op(OP.F64_PROMOTE_F32).set(local);
  return local;
};

const isZero = (body: Body, x: number): Code => body.code.get(x).f64(0).op(OP.F64_EQ);
const differs = (body: Body, result: number, wide: number): Code => body.code.get(result).op(OP.F64_PROMOTE_F32).get(wide).op(OP.F64_NE);

const add32: Writer = (body) => {
  const { code } = body;
  const [x, y] = [promoted(body, 0), promoted(body, 1)];
  const sum = code.local(F64);
  code.get(x).get(y).op(OP.F64_ADD).set(sum);
  narrow(
    body,
    sum,
    () => isZero(body, sum),
    (result) => {
      differs(body, result, sum);
      return body.sumError(x, y, sum).f64(0).op(OP.F64_NE, OP.I32_OR);
    },
  );
};

const multiply32: Writer = (body) => {
  const { code } = body;
  const [x, y] = [promoted(body, 0), promoted(body, 1)];
  const product = code.local(F64);
  code.get(x).get(y).op(OP.F64_MUL).set(product);
  narrow(
    body,
    product,
    () => isZero(body, product),
    (result) => differs(body, result, product),
  );
};

const divide32: Writer = (body) => {
  const { code } = body;
  const [x, y] = [promoted(body, 0), promoted(body, 1)];
  const quotient = code.local(F64);
  code.get(x).get(y).op(OP.F64_DIV).set(quotient);
  narrow(
    body,
    quotient,
    // 0 / 0 is a NaN.
    () => isZero(body, quotient),
    (result) => code.get(result).op(OP.F64_PROMOTE_F32).get(y).op(OP.F64_MUL).get(x).op(OP.F64_NE),
  );
};

const root32: Writer = (body) => {
  const { code } = body;
  const x = promoted(body, 0);
  const root = code.local(F64);
  code.get(x).op(OP.F64_SQRT).set(root);
  narrow(
    body,
    root,
    () => isZero(body, root),
    (result) => code.get(result).op(OP.F64_PROMOTE_F32).get(result).op(OP.F64_PROMOTE_F32, OP.F64_MUL).get(x).op(OP.F64_NE),
  );
};

const fused32: Writer = (body) => {
  const { code } = body;
  const [x, y, c] = [promoted(body, 0), promoted(body, 1), promoted(body, 2)];
  const [product, sum, error, odd] = [code.local(F64), code.local(F64), code.local(F64), code.local(F64)];
  code.get(x).get(y).op(OP.F64_MUL).tee(product).get(c).op(OP.F64_ADD).set(sum);
  body.sumError(product, c, sum).set(error);
  // Rounded to odd, so that rounding it again cannot go wrong.
  body.toOdd(sum, error).set(odd);
  narrow(
    body,
    odd,
    () => {
      isZero(body, odd);
      return isZero(body, error).op(OP.I32_AND);
    },
    (result) => {
      differs(body, result, odd);
      return code.get(error).f64(0).op(OP.F64_NE, OP.I32_OR);
    },
  );
};

const demote: Writer = (body) => {
  body.plain64(0);
  narrow(
    body,
    0,
    () => isZero(body, 0),
    (result) => differs(body, result, 0),
  );
};

const add64: Writer = (body) => {
  const { code } = body;
  const sum = code.local(F64);
  body.plain64(0);
  body.plain64(1);
  code.get(0).get(1).op(OP.F64_ADD).set(sum);
  body.inside64(sum).op(OP.I32_EQZ);
  code.get(sum).f64(0).op(OP.F64_NE, OP.I32_AND);
  body.give();
  body.sumError(0, 1, sum).f64(0).op(OP.F64_NE);
  body.raise();
  code.get(sum);
};

/** Raises IXC unless `product` = x * y is exact and equals `expected`; all have to be safe. */
function raiseUnless(body: Body, x: number, y: number, product: number, expected: number): void {
  body.code.get(product).get(expected).op(OP.F64_NE);
  body.productError(x, y, product).f64(0).op(OP.F64_NE, OP.I32_OR);
  body.raise();
}

const multiply64: Writer = (body) => {
  const { code } = body;
  const product = code.local(F64);
  body.plain64(0);
  body.plain64(1);
  code.get(0).get(1).op(OP.F64_MUL).set(product);
  code.get(0).f64(0).op(OP.F64_EQ).get(1).f64(0).op(OP.F64_EQ, OP.I32_OR).when().get(product).op(OP.RETURN).end();
  body.known();
  body.inside64(product).op(OP.I32_AND).when().get(product).op(OP.RETURN).end();
  body.safe(product);
  body.safe(0, 0).op(OP.I32_AND);
  body.safe(1, 0).op(OP.I32_AND, OP.I32_EQZ);
  body.give();
  raiseUnless(body, 0, 1, product, product);
  code.get(product);
};

const divide64: Writer = (body) => {
  const { code } = body;
  const quotient = code.local(F64);
  const product = code.local(F64);
  body.plain64(0);
  body.plain64(1);
  code.get(0).get(1).op(OP.F64_DIV).set(quotient);
  code.get(0).f64(0).op(OP.F64_EQ).get(1).f64(0).op(OP.F64_NE, OP.I32_AND).when().get(quotient).op(OP.RETURN).end();
  body.known();
  body.inside64(quotient).op(OP.I32_AND).when().get(quotient).op(OP.RETURN).end();
  body.safe(quotient);
  body.safe(0).op(OP.I32_AND);
  body.safe(1).op(OP.I32_AND, OP.I32_EQZ);
  body.give();
  code.get(quotient).get(1).op(OP.F64_MUL).set(product);
  raiseUnless(body, quotient, 1, product, 0);
  code.get(quotient);
};

const root64: Writer = (body) => {
  const { code } = body;
  const root = code.local(F64);
  const product = code.local(F64);
  body.plain64(0);
  code.get(0).f64(0).op(OP.F64_LT);
  body.give();
  code.get(0).op(OP.F64_SQRT).set(root);
  body.known();
  code.get(0).f64(0).op(OP.F64_EQ, OP.I32_OR).when().get(root).op(OP.RETURN).end();
  body.safe(0).op(OP.I32_EQZ);
  body.give();
  code.get(root).get(root).op(OP.F64_MUL).set(product);
  raiseUnless(body, root, root, product, 0);
  code.get(root);
};

/** Boldo and Melquiond, as in src/cpu/float/double.ts. */
const fused64: Writer = (body) => {
  const { code } = body;
  const [x, y, c] = [0, 1, 2];
  const local = (): number => code.local(F64);
  const [product, low, middle, middleError, high, highError] = [local(), local(), local(), local(), local(), local()];
  const [rest, restError, tail, result] = [local(), local(), local(), local()];
  for (const operand of [x, y, c]) body.plain64(operand);
  code.get(x).get(y).op(OP.F64_MUL).set(product);
  isZero(body, x);
  isZero(body, y).op(OP.I32_OR).when().get(product).get(c).op(OP.F64_ADD, OP.RETURN).end();
  body.safe(product);
  body.safe(x, 0).op(OP.I32_AND);
  body.safe(y, 0).op(OP.I32_AND);
  body.safe(c);
  isZero(body, c).op(OP.I32_OR, OP.I32_AND, OP.I32_EQZ);
  body.give();
  body.productError(x, y, product).set(low);
  code.get(c).get(low).op(OP.F64_ADD).set(middle);
  body.sumError(c, low, middle).set(middleError);
  code.get(product).get(middle).op(OP.F64_ADD).set(high);
  body.sumError(product, middle, high).set(highError);
  code.get(middleError).get(highError).op(OP.F64_ADD).set(rest);
  body.sumError(middleError, highError, rest).set(restError);
  body.toOdd(rest, restError).set(tail);
  code.get(high).get(tail).op(OP.F64_ADD).set(result);
  const inexact = code.local();
  isZero(body, restError);
  body.sumError(high, tail, result).f64(0).op(OP.F64_NE, OP.I32_AND);
  body.known().op(OP.I32_OR).set(inexact);
  body.inside64(result);
  code.get(inexact);
  isZero(body, restError).op(OP.I32_OR, OP.I32_AND, OP.I32_EQZ);
  body.give();
  code.get(inexact);
  body.raise();
  code.get(result);
};

const WRITERS: Readonly<Record<FloatFunction, Writer>> = {
  add32, multiply32, divide32, root32, fused32, demote, add64, multiply64, divide64, root64, fused64,
}; // biome-ignore format: a table

/** Compiles the functions for a core whose cells are at arena offset `cells`. */
export function createFloatRuntime(memory: WebAssembly.Memory, cells: number): Record<FloatFunction, WebAssembly.ExportValue> {
  const module = new ModuleBuilder();
  module.importMemory(memory.buffer.byteLength / 65536);
  for (const [name, params] of Object.entries(FLOAT_FUNCTIONS)) {
    const key = name as FloatFunction;
    const body = new Body(params.length, resultType(key) === F32, cells + CELL.FPSCR * 4);
    body.nearest();
    WRITERS[key](body);
    module.export(name, module.define(module.type(params, [resultType(key)]), body.code));
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  return instance.exports as Record<FloatFunction, WebAssembly.ExportValue>;
}
