/** The WebAssembly writer: bytes against the specification's encodings, modules against the host's WebAssembly. */
import { describe, expect, it } from 'vitest';
import { Bytes, Code, F32, F64, I32, I64, ModuleBuilder, OP } from '../../../src/cpu/jit/wasm-builder.ts';

/** What a module of one function without imports computes. */
function evaluate(results: readonly number[], emit: (code: Code) => void, params: readonly number[] = [], ...values: number[]): unknown {
  const module = new ModuleBuilder();
  const code = new Code(params.length);
  emit(code);
  module.export('run', module.define(module.type(params, results), code));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()));
  return (exports['run'] as (...values: number[]) => unknown)(...values);
}

function written(write: (bytes: Bytes) => void): number[] {
  const bytes = new Bytes(1);
  write(bytes);
  return [...bytes.view];
}

describe('LEB128', () => {
  it.each([
    [0, [0x00]],
    [1, [0x01]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [16_383, [0xff, 0x7f]],
    [16_384, [0x80, 0x80, 0x01]],
    [624_485, [0xe5, 0x8e, 0x26]],
    [0x7fff_ffff, [0xff, 0xff, 0xff, 0xff, 0x07]],
    [0xffff_ffff, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('writes %i unsigned', (value, expected) => {
    expect(written((bytes) => bytes.unsigned(value))).toEqual(expected);
  });

  it.each([
    [0, [0x00]],
    [63, [0x3f]],
    [64, [0xc0, 0x00]],
    [-1, [0x7f]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [8191, [0xff, 0x3f]],
    [8192, [0x80, 0xc0, 0x00]],
    [-123_456, [0xc0, 0xbb, 0x78]],
    [0x7fff_ffff, [0xff, 0xff, 0xff, 0xff, 0x07]],
    [-0x8000_0000, [0x80, 0x80, 0x80, 0x80, 0x78]],
    [0xffff_ffff, [0x7f]],
  ])('writes %i signed', (value, expected) => {
    expect(written((bytes) => bytes.signed(value))).toEqual(expected);
  });
});

describe('constants', () => {
  const words = [0, 1, -1, 63, 64, -64, -65, 8191, 8192, 0x7fff_ffff, -0x8000_0000, 0xdead_beef | 0];

  it.each(words)('i32 %i is what it was', (value) => {
    expect(evaluate([I32], (code) => code.i32(value))).toBe(value);
  });

  it('takes unsigned words, too', () => {
    expect(evaluate([I32], (code) => code.i32(0xf000_0000))).toBe(0xf000_0000 | 0);
  });

  it.each(words)('i64 %i is sign-extended', (value) => {
    expect(evaluate([I64], (code) => code.i64(value))).toBe(BigInt(value));
  });

  it.each([0, -0, 1.5, -(2 ** 53), 5e-324, 1.797e308, Infinity, -Infinity, NaN])('f64 %d is what it was', (value) => {
    expect(evaluate([F64], (code) => code.f64(value))).toBe(value);
  });

  it.each([0, -0, 1.5, 2 ** -149, 2 ** -126, 16_777_216, -Infinity, NaN])('f32 %d is what it was', (value) => {
    expect(evaluate([F32], (code) => code.f32(value))).toBe(value);
  });
});

describe('functions', () => {
  it('numbers parameters, then locals of mixed types in the order in which they were made', () => {
    const sum = evaluate(
      [F64],
      (code) => {
        const [whole, long, single, other, double] = [I32, I64, F32, I32, F64].map((type) => code.local(type)) as number[];
        expect([whole, long, single, other, double]).toEqual([2, 3, 4, 5, 6]);
        code.get(0).set(whole!).get(1).op(OP.I64_EXTEND_I32_S).set(long!).f32(0.5).set(single!).i32(1000).set(other!);
        code.get(single!).op(OP.F64_PROMOTE_F32).set(double!);
        code.get(whole!).get(long!).op(OP.I32_WRAP_I64, OP.I32_ADD).get(other!).op(OP.I32_ADD, OP.F64_CONVERT_I32_S);
        code.get(double!).op(OP.F64_ADD);
      },
      [I32, I32],
      7,
      -3,
    );
    expect(sum).toBe(1004.5);
  });

  it('has more than 127 locals, all zero at first', () => {
    const sum = evaluate([I32], (code) => {
      for (let i = 0; i < 300; i++) code.local(i % 2 === 0 ? I32 : I64);
      code.i32(5).set(298).get(0).get(298).op(OP.I32_ADD);
    });
    expect(sum).toBe(5);
  });

  it('grows far beyond its first buffer', () => {
    const sum = evaluate([I32], (code) => {
      code.i32(0);
      for (let i = 0; i < 50_000; i++) code.i32(0x100_0000).op(OP.I32_ADD).i32(-0xff_ffff).op(OP.I32_ADD);
    });
    expect(sum).toBe(50_000);
  });

  it('puts a prologue before everything else', () => {
    const value = evaluate([I32], (code) => {
      const local = code.local();
      code.get(local).i32(3).op(OP.I32_MUL);
      const before = new Code(0);
      before.i32(14).set(local);
      code.prepend(before);
    });
    expect(value).toBe(42);
  });

  it('returns two values', () => {
    expect(evaluate([I32, I32], (code) => code.get(1).get(0), [I32, I32], 1, 2)).toEqual([2, 1]);
  });
});

describe('control flow', () => {
  it('branches by label from any depth', () => {
    const countdown = (from: number): unknown =>
      evaluate(
        [I32],
        (code) => {
          const rounds = code.local();
          const out = code.block();
          const again = code.loop();
          code.get(0).op(OP.I32_EQZ).when();
          code.block();
          code.br(out);
          code.end().end();
          code.get(0).i32(1).op(OP.I32_SUB).set(0).get(rounds).i32(1).op(OP.I32_ADD).tee(rounds).i32(1000).op(OP.I32_LT_U).brIf(again);
          code.end().end();
          code.get(rounds);
        },
        [I32],
        from,
      );
    expect(countdown(0)).toBe(0);
    expect(countdown(17)).toBe(17);
    expect(countdown(5000)).toBe(1000);
  });

  it('selects from a table, with everything else going to the last label', () => {
    const choose = (index: number): unknown =>
      evaluate(
        [I32],
        (code) => {
          const labels = [code.block(), code.block(), code.block()];
          code.get(0).brTable([labels[2]!, labels[0]!, labels[2]!], labels[1]!);
          code.end().i32(100).op(OP.RETURN);
          code.end().i32(200).op(OP.RETURN);
          code.end().i32(300);
        },
        [I32],
        index,
      );
    expect([0, 1, 2, 3, -1].map(choose)).toEqual([100, 300, 100, 200, 200]);
  });

  it('has a value of if and else', () => {
    const sign = (value: number) =>
      evaluate([I32], (code) => code.get(0).i32(0).op(OP.I32_LT_S).when(I32).i32(-1).else().i32(1).end(), [I32], value);
    expect([sign(-5), sign(5)]).toEqual([-1, 1]);
  });
});

describe('modules', () => {
  it('shares equal types', () => {
    const module = new ModuleBuilder();
    expect([module.type([I32], [I32]), module.type([], [I32]), module.type([I32], [I32]), module.type([I32], [])]).toEqual([0, 1, 0, 2]);
  });

  it('imports functions, memory and table, and numbers definitions behind the imports', () => {
    const module = new ModuleBuilder();
    const [binary, nothing] = [module.type([I32, I32], [I32]), module.type([], [])];
    module.importMemory(2);
    module.importTable();
    expect([module.importFunction('add', binary), module.importFunction('note', nothing)]).toEqual([0, 1]);
    const run = new Code(2);
    // The word at the second argument plus offset 65,536, by way of the table's function 3.
    run.get(0).get(1).memory(OP.I32_LOAD, 65_536).i32(3).callIndirect(binary).call(1);
    const twice = new Code(2);
    twice.get(0).get(1).call(0).i32(3).op(OP.DROP).get(0).op(OP.I32_ADD);
    expect([module.define(binary, run), module.define(binary, twice)]).toEqual([2, 3]);
    module.export('run', 2);
    module.export('twice', 3);

    const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: 4 });
    let notes = 0;
    const env = { memory, table, add: (a: number, b: number) => a + b, note: () => notes++ };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env });
    table.set(3, exports['twice']);
    new DataView(memory.buffer).setUint32(65_536 + 8, 1_000, true);
    const call = exports['run'] as (a: number, b: number) => number;
    expect(call(11, 8)).toBe(1_022);
    expect(notes).toBe(1);
    expect(() => call(11, 65_533)).toThrow(WebAssembly.RuntimeError);
  });

  it('wants a memory of exactly as many pages', () => {
    const module = new ModuleBuilder();
    module.importMemory(0x1_0000);
    const limited = new ModuleBuilder();
    limited.importMemory(3);
    const link = (made: ModuleBuilder, initial: number, maximum: number) =>
      new WebAssembly.Instance(new WebAssembly.Module(made.encode()), { env: { memory: new WebAssembly.Memory({ initial, maximum }) } });
    expect(() => link(limited, 3, 3)).not.toThrow();
    expect(() => link(limited, 2, 3)).toThrow(WebAssembly.LinkError);
    expect(() => link(limited, 3, 4)).toThrow(WebAssembly.LinkError);
    // 4 GiB, the most there is: the module is valid.
    expect(WebAssembly.Module.imports(new WebAssembly.Module(module.encode()))).toEqual([
      { module: 'env', name: 'memory', kind: 'memory' },
    ]);
  });

  it('leaves out sections without contents', () => {
    expect([...new ModuleBuilder().encode()]).toEqual([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  });
});
