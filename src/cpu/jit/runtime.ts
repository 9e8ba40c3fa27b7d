/**
 * The module that all translated regions share: the dispatcher, the loop behind a call, and the lazy flags.
 *
 * A region is a function (remaining, depth) -> (pc, remaining). An odd pc is an encoded exit (layout.ts) and unwinds to the dispatcher's
 * caller. Where code begins is looked up in two levels: `map[pc >>> 12]` is the arena offset of 2048 function numbers, one for each halfword;
 * 0 leads to the arena's first page, which is all zeros: not translated.
 */
import { CELL } from '../core-registers.ts';
import { C_KIND, CONTROL, NZ_KIND, V_KIND } from './layout.ts';
import { Code, I32, ModuleBuilder, OP } from './wasm-builder.ts';

/** Deepest nesting of calls in translated code: WebAssembly's stack is the host's. */
export const DEPTH_LIMIT = 96;

/** What the shared module offers. */
export interface Runtime {
  /** Runs translated code from `pc` for at most `remaining` instructions; the address or exit at which it ended. */
  dispatch(pc: number, remaining: number): number;
  /** Continues after a call that did not come back to `returns`: (pc, remaining, depth, returns) -> (pc, remaining). */
  readonly settle: WebAssembly.ExportValue;
  /** N, Z, C and V in their APSR positions: (kinds, nz, ca, cb, va, vb) -> flags. */
  flags(kinds: number, nz: number, ca: number, cb: number, va: number, vb: number): number;
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

  // Parameters: 0 kinds, 1 nz, 2 ca, 3 cb, 4 va, 5 vb.
  const flags = new Code(6);
  {
    const [out, kept, nzKind, cKind, vKind, t] = Array.from({ length: 6 }, () => flags.local()) as [number, number, number, number, number, number];
    const cell = (word: number): Code => flags.i32(0).memory(OP.I32_LOAD, control(word));
    const apsr = (): Code => flags.i32(0).memory(OP.I32_LOAD, places.cells + CELL.APSR * 4);
    const add = (): Code => flags.get(out).op(OP.I32_OR).set(out);
    const part = (word: number, shift: number): Code => flags.get(word).i32(shift).op(OP.I32_SHR_U).i32(15).op(OP.I32_AND);
    const when = (local: number, value: number, body: () => void): void => {
      flags.get(local).i32(value).op(OP.I32_EQ).when();
      body();
      flags.end();
    };
    /** N and Z of the value that the operands a and b give as `kind` says, into local `into`. */
    const value = (kind: number, a: () => Code, b: () => Code, into: number): void => {
      a();
      flags.set(into);
      when(kind, C_KIND.CMP, () => {
        a();
        b().op(OP.I32_SUB).set(into);
      });
      when(kind, C_KIND.CMN, () => {
        a();
        b().op(OP.I32_ADD).set(into);
      });
    };
    cell(CONTROL.FLAG_KINDS).set(kept);
    part(0, 0).set(nzKind);
    part(0, 4).set(cKind);
    part(0, 8).set(vKind);
    // N and Z from the operands of C, before those are replaced.
    when(nzKind, NZ_KIND.SAME, () => value(cKind, () => flags.get(2), () => flags.get(3), 1));
    // V from the operands of C.
    when(vKind, V_KIND.SAME, () => {
      flags.get(cKind).i32(V_KIND.OWN).op(OP.I32_ADD).set(vKind).get(2).set(4).get(3).set(5);
    });
    // Parts that are as the control block says; there they are from APSR when its kinds are 0.
    flags.get(nzKind).op(OP.I32_EQZ).when().get(kept).when();
    flags.i32(NZ_KIND.VALUE).set(nzKind);
    cell(CONTROL.NZ).set(1);
    part(kept, 4).set(t);
    part(kept, 0).i32(NZ_KIND.SAME).op(OP.I32_EQ).when();
    value(t, () => cell(CONTROL.CA), () => cell(CONTROL.CB), 1);
    flags.end().else();
    apsr().i32(0xc000_0000).op(OP.I32_AND);
    add().end().end();
    flags.get(vKind).op(OP.I32_EQZ).when().get(kept).when();
    part(kept, 8).set(vKind);
    cell(CONTROL.VA).set(4);
    cell(CONTROL.VB).set(5);
    when(vKind, V_KIND.SAME, () => {
      part(kept, 4).i32(V_KIND.OWN).op(OP.I32_ADD).set(vKind);
      cell(CONTROL.CA).set(4);
      cell(CONTROL.CB).set(5);
    });
    flags.else();
    apsr().i32(1 << 28).op(OP.I32_AND);
    add().end().end();
    flags.get(cKind).op(OP.I32_EQZ).when().get(kept).when();
    part(kept, 4).set(cKind);
    cell(CONTROL.CA).set(2);
    cell(CONTROL.CB).set(3).else();
    apsr().i32(1 << 29).op(OP.I32_AND);
    add().end().end();

    when(nzKind, NZ_KIND.VALUE, () => {
      flags.get(1).i32(1 << 31).op(OP.I32_AND).get(1).op(OP.I32_EQZ).i32(30).op(OP.I32_SHL, OP.I32_OR);
      add();
    });
    when(nzKind, NZ_KIND.SAME, () => {
      flags.get(1).i32(1 << 31).op(OP.I32_AND).get(1).op(OP.I32_EQZ).i32(30).op(OP.I32_SHL, OP.I32_OR);
      add();
    });
    const carry = (kind: number, body: () => void): void =>
      when(cKind, kind, () => {
        body();
        flags.i32(29).op(OP.I32_SHL);
        add();
      });
    carry(C_KIND.CMP, () => flags.get(2).get(3).op(OP.I32_GE_U));
    carry(C_KIND.SUB, () => flags.get(2).get(3).op(OP.I32_ADD).get(3).op(OP.I32_GE_U));
    carry(C_KIND.CMN, () => flags.get(2).get(3).op(OP.I32_ADD).get(3).op(OP.I32_LT_U));
    carry(C_KIND.ADD, () => flags.get(2).get(3).op(OP.I32_LT_U));
    carry(C_KIND.BIT, () => flags.get(2));
    const overflow = (kind: number, body: () => void): void =>
      when(vKind, kind, () => {
        body();
        flags.i32(3).op(OP.I32_SHR_U).i32(1 << 28).op(OP.I32_AND);
        add();
      });
    // a - b: (a ^ b) & (a ^ r); a + b: (a ^ r) & (b ^ r).
    const { OWN } = V_KIND;
    overflow(OWN + C_KIND.CMP, () => flags.get(4).get(5).op(OP.I32_XOR).get(4).get(4).get(5).op(OP.I32_SUB, OP.I32_XOR, OP.I32_AND));
    overflow(OWN + C_KIND.SUB, () => flags.get(4).get(5).op(OP.I32_ADD).tee(t).get(5).op(OP.I32_XOR).get(t).get(4).op(OP.I32_XOR, OP.I32_AND));
    overflow(OWN + C_KIND.CMN, () => flags.get(4).get(5).op(OP.I32_ADD).tee(t).get(4).op(OP.I32_XOR).get(t).get(5).op(OP.I32_XOR, OP.I32_AND));
    overflow(OWN + C_KIND.ADD, () => flags.get(4).get(5).op(OP.I32_SUB).get(4).op(OP.I32_XOR).get(4).get(5).op(OP.I32_XOR, OP.I32_AND));
    overflow(V_KIND.SIGN, () => flags.get(4));
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
