/**
 * The module that all translated regions share: the dispatcher, the loop behind a call, and the lazy flags.
 *
 * A region is a function (remaining, depth) -> (pc, remaining). An odd pc is an encoded exit (layout.ts) and unwinds to the dispatcher's
 * caller. Where code begins is looked up in two levels: `map[pc >>> 12]` is the arena offset of 2048 function numbers, one for each halfword;
 * 0 leads to the arena's first page, which is all zeros: not translated.
 */
import { CELL } from '../core-registers.ts';
import { ARITHMETIC, C_KIND, CONTROL, NZ_KIND, V_KIND } from './layout.ts';
import { Code, I32, ModuleBuilder, OP } from './wasm-builder.ts';

/** Deepest nesting of calls in translated code: WebAssembly's stack is the host's. */
export const DEPTH_LIMIT = 96;

/** What the shared module offers. */
export interface Runtime {
  /** Runs translated code from `pc` for at most `remaining` instructions; the address or exit at which it ended. */
  dispatch(pc: number, remaining: number): number;
  /** Continues after a call that did not come back to `returns`: (pc, remaining, depth, returns) -> (pc, remaining). */
  readonly settle: WebAssembly.ExportValue;
  /** N, Z, C and V in their APSR positions: (kinds, nz, ca, cb, cc, va) -> flags. */
  flags(kinds: number, nz: number, ca: number, cb: number, cc: number, va: number): number;
  /** Keeps lazy flags in the control block: parameters as `flags`. */
  readonly keep: WebAssembly.ExportValue;
}

/** Where things stand in the arena. */
export interface Places {
  /** Register cells of the core. */
  readonly cells: number;
  readonly control: number;
  /** The page table of `CoreMemory`. */
  readonly pages: number;
  /** First level of the code map. */
  readonly map: number;
}

/** Compiles and instantiates the shared module. */
export function createRuntime(memory: WebAssembly.Memory, table: WebAssembly.Table, places: Places): Runtime {
  const module = new ModuleBuilder();
  const regionType = module.type([I32, I32], [I32, I32]);
  module.importMemory(memory.buffer.byteLength / 65536);
  module.importTable();
  const control = (word: number): number => places.control + word * 4;

  const lookUp = (code: Code, pc: number): Code =>
    code.get(pc).i32(10).op(OP.I32_SHR_U).i32(0x3ffffc).op(OP.I32_AND).memory(OP.I32_LOAD, places.map)
      .get(pc).i32(0xffe).op(OP.I32_AND).i32(1).op(OP.I32_SHL, OP.I32_ADD).memory(OP.I32_LOAD, 0); // biome-ignore format: as it runs

  const dispatch = new Code(2);
  {
    const fn = dispatch.local();
    const again = dispatch.loop();
    lookUp(dispatch, 0).tee(fn).op(OP.I32_EQZ).when();
    dispatch.i32(0).get(1).memory(OP.I32_STORE, control(CONTROL.REMAINING)).get(0).op(OP.RETURN).end();
    dispatch.get(1).i32(0).get(fn).callIndirect(regionType).set(1).tee(0);
    dispatch.i32(1).op(OP.I32_AND, OP.I32_EQZ).brIf(again);
    dispatch.i32(0).get(1).memory(OP.I32_STORE, control(CONTROL.REMAINING)).get(0).op(OP.RETURN).end();
    dispatch.op(OP.UNREACHABLE);
  }

  const settle = new Code(4);
  {
    const fn = settle.local();
    const again = settle.loop();
    // An exit, or nothing translated there: whoever called has to see to it.
    settle.get(0).i32(1).op(OP.I32_AND).when().get(0).get(1).op(OP.RETURN).end();
    settle.get(0).get(3).op(OP.I32_EQ).when().get(0).get(1).op(OP.RETURN).end();
    lookUp(settle, 0).tee(fn).op(OP.I32_EQZ).when().get(0).get(1).op(OP.RETURN).end();
    settle.get(2).i32(DEPTH_LIMIT).op(OP.I32_GE_S).when().get(0).get(1).op(OP.RETURN).end();
    settle.get(1).get(2).i32(1).op(OP.I32_ADD).get(fn).callIndirect(regionType).set(1).set(0).br(again).end();
    settle.op(OP.UNREACHABLE);
  }

  // Parameters: 0 kinds, 1 nz, 2 ca, 3 cb, 4 cc, 5 va.
  const flags = new Code(6);
  {
    const [out, kept, part, r] = Array.from({ length: 4 }, () => flags.local()) as [number, number, number, number];
    const cell = (word: number): Code => flags.i32(0).memory(OP.I32_LOAD, control(word));
    const add = (): Code => flags.get(out).op(OP.I32_OR).set(out);
    const field = (word: number, shift: number): Code => flags.get(word).i32(shift).op(OP.I32_SHR_U).i32(15).op(OP.I32_AND);
    const when = (local: number, value: number, body: () => void): void => {
      flags.get(local).i32(value).op(OP.I32_EQ).when();
      body();
      flags.end();
    };
    type Operands = { readonly nz: () => Code; readonly a: () => Code; readonly b: () => Code; readonly c: () => Code; readonly v: () => Code };
    /** Adds the flags that the fields of local `word` select, each part of which is said by `shift`; kinds of 0 are left out. */
    const evaluate = (word: number, { nz, a, b, c, v }: Operands, wanted: (shift: number, body: () => void) => void): void => {
      const kind = r;
      const signs = (): void => {
        flags.set(part).get(part).i32(1 << 31).op(OP.I32_AND).get(part).op(OP.I32_EQZ).i32(30).op(OP.I32_SHL, OP.I32_OR);
        add();
      };
      const carry = (): void => {
        flags.i32(29).op(OP.I32_SHL);
        add();
      };
      const overflow = (): void => {
        flags.i32(3).op(OP.I32_SHR_U).i32(1 << 28).op(OP.I32_AND);
        add();
      };
      const { CMP, SUB, CMN, ADD } = ARITHMETIC;
      const each = (bodies: Readonly<Record<number, () => void>>, then: () => void): void => {
        field(word, 12).set(kind);
        for (const [value, body] of Object.entries(bodies)) {
          when(kind, Number(value), () => {
            body();
            then();
          });
        }
      };
      wanted(0, () => {
        field(word, 0).i32(NZ_KIND.VALUE).op(OP.I32_EQ).when();
        nz();
        signs();
        flags.else();
        each({ [CMP]: () => { a(); b().op(OP.I32_SUB); }, [SUB]: a, [CMN]: () => { a(); b().op(OP.I32_ADD); }, [ADD]: a }, signs);
        flags.end();
      });
      wanted(4, () => {
        field(word, 4).i32(C_KIND.BIT).op(OP.I32_EQ).when();
        c();
        carry();
        flags.else();
        each(
          {
            [CMP]: () => { a(); b().op(OP.I32_GE_U); },
            [SUB]: () => { a(); b().op(OP.I32_ADD); b().op(OP.I32_GE_U); },
            [CMN]: () => { a(); b().op(OP.I32_ADD); b().op(OP.I32_LT_U); },
            [ADD]: () => { a(); b().op(OP.I32_LT_U); },
          },
          carry,
        );
        flags.end();
      });
      // x - y = z: (x ^ y) & (x ^ z); x + y = z: (x ^ z) & (y ^ z).
      wanted(8, () => {
        field(word, 8).i32(V_KIND.SIGN).op(OP.I32_EQ).when();
        v();
        overflow();
        flags.else();
        const sum = (): void => {
          a();
          b().op(OP.I32_ADD).set(part);
        };
        const difference = (): void => {
          a();
          b().op(OP.I32_SUB).set(part);
        };
        each(
          {
            [CMP]: () => { difference(); a(); b().op(OP.I32_XOR); a().get(part).op(OP.I32_XOR, OP.I32_AND); },
            [SUB]: () => { sum(); flags.get(part); b().op(OP.I32_XOR).get(part); a().op(OP.I32_XOR, OP.I32_AND); },
            [CMN]: () => { sum(); flags.get(part); a().op(OP.I32_XOR).get(part); b().op(OP.I32_XOR, OP.I32_AND); },
            [ADD]: () => { difference(); flags.get(part); a().op(OP.I32_XOR); b(); a().op(OP.I32_XOR, OP.I32_AND); },
          },
          overflow,
        );
        flags.end();
      });
    };
    cell(CONTROL.FLAG_KINDS).set(kept);
    evaluate(
      0,
      { nz: () => flags.get(1), a: () => flags.get(2), b: () => flags.get(3), c: () => flags.get(4), v: () => flags.get(5) },
      (shift, body) => {
        field(0, shift).when();
        body();
        flags.end();
      },
    );
    const masks: Readonly<Record<number, number>> = { 0: 0xc000_0000, 4: 1 << 29, 8: 1 << 28 };
    // Parts that are as the control block says; there they are from APSR when its kinds are 0.
    evaluate(
      kept,
      {
        nz: () => cell(CONTROL.NZ),
        a: () => cell(CONTROL.CA),
        b: () => cell(CONTROL.CB),
        c: () => cell(CONTROL.CC),
        v: () => cell(CONTROL.VA),
      },
      (shift, body) => {
        field(0, shift).op(OP.I32_EQZ).when().get(kept).when();
        body();
        flags.else().i32(0).memory(OP.I32_LOAD, places.cells + CELL.APSR * 4).i32(masks[shift]!).op(OP.I32_AND);
        add().end().end();
      },
    );
    flags.get(out);
  }

  const flagType = module.type([I32, I32, I32, I32, I32, I32], [I32]);
  const keepType = module.type([I32, I32, I32, I32, I32, I32], []);
  const dispatchFn = module.define(module.type([I32, I32], [I32]), dispatch);
  const settleFn = module.define(module.type([I32, I32, I32, I32], [I32, I32]), settle);
  const flagsFn = module.define(flagType, flags);

  // Some part is as in the control block: all of it goes to APSR then.
  const keep = new Code(6);
  {
    const value = keep.local();
    for (let i = 0; i < 6; i++) keep.get(i);
    keep.call(flagsFn).set(value);
    keep
      .i32(0)
      .i32(0)
      .memory(OP.I32_LOAD, places.cells + CELL.APSR * 4)
      .i32(0x0fff_ffff)
      .op(OP.I32_AND)
      .get(value)
      .op(OP.I32_OR);
    keep.memory(OP.I32_STORE, places.cells + CELL.APSR * 4);
    keep.i32(0).i32(0).memory(OP.I32_STORE, control(CONTROL.FLAG_KINDS));
  }
  const keepFn = module.define(keepType, keep);
  module.export('dispatch', dispatchFn);
  module.export('settle', settleFn);
  module.export('flags', flagsFn);
  module.export('keep', keepFn);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory, table } });
  return exports as unknown as Runtime;
}
