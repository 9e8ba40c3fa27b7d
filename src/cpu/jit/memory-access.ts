/**
 * Loads and stores of translated code: directly where the page table says that an address is RAM, by the engine elsewhere.
 *
 * The page that accesses through one register have last reached is remembered (`TAGS` in layout.ts): the next one compares and adds. An
 * address that cannot be reached directly leaves the region, or calls the engine where that is known to happen often.
 */
import type { Exits } from './exits.ts';
import { REM } from './frame.ts';
import { CONTROL, EXIT, encodeExit, FAULTED, tagOf } from './layout.ts';
import { OP } from './wasm-builder.ts';

/** Accesses of one function. */
export class MemoryAccess {
  private readonly frame: Exits;

  constructor(frame: Exits) {
    this.frame = frame;
  }

  /**
   * Tests whether `bytes` bytes at the address in local `a` can be reached directly, as `right` (1 read, 2 write) says, and remembers the
   * page for register `key`. `direct` is emitted where they can, with the arena offset of what has to be added to `a`; `slow` elsewhere.
   * `alignment` is a power of two; `strict` accesses are never unaligned.
   */
  reach(
    key: number,
    right: number,
    bytes: number,
    alignment: number,
    direct: (delta: number) => void,
    slow: () => void,
    strict = bytes > alignment,
  ): void {
    const { frame } = this;
    if (frame.scanning) return;
    const { code, local, surroundings } = frame;
    const tag = frame.control(tagOf(key, right));
    const done = code.block();
    const fast = code.block();
    const crosses = bytes > alignment;
    const { a, e } = local;
    const inPage = (): void => {
      code.get(a).i32(4095).op(OP.I32_AND).i32(4096 - bytes).op(OP.I32_LE_U, OP.I32_AND);
    };
    code.get(a).i32(-4096 | (alignment - 1)).op(OP.I32_AND).i32(0).memory(OP.I32_LOAD, tag).op(OP.I32_EQ);
    if (crosses) inPage();
    code.brIf(fast);
    code.get(a).i32(10).op(OP.I32_SHR_U).i32(0x3ffffc).op(OP.I32_AND).memory(OP.I32_LOAD, surroundings.pages).tee(e);
    code.i32(right).op(OP.I32_AND).i32(0).op(OP.I32_NE);
    if (alignment > 1) {
      code.get(a).i32(alignment - 1).op(OP.I32_AND, OP.I32_EQZ);
      // A single access may be unaligned in memory that is not Device, unless firmware has set UNALIGN_TRP.
      if (!strict) code.get(e).i32(0).memory(OP.I32_LOAD, frame.control(CONTROL.UNALIGNED)).op(OP.I32_AND, OP.I32_OR);
      code.i32(0).op(OP.I32_NE, OP.I32_AND);
      inPage();
    }
    code.when();
    code.i32(0).get(a).i32(-4096).op(OP.I32_AND).memory(OP.I32_STORE, tag);
    code.i32(0).get(e).i32(-4096).op(OP.I32_AND).get(a).i32(-4096).op(OP.I32_AND, OP.I32_SUB).memory(OP.I32_STORE, tag + 4).br(fast).end();
    if (surroundings.slow(frame.step.pc)) {
      slow();
      code.br(done);
    } else frame.exit(EXIT.RETRY);
    code.end();
    direct(tag + 4);
    code.end();
  }

  /**
   * A single load at the address in local `a`. `finish` is emitted twice: with the value, extended to 32 bits, in local `t`.
   * `kind` as ACCESS in micro-ops.ts.
   */
  load(kind: number, key: number, finish: () => void): void {
    const { frame } = this;
    const { code, local } = frame;
    if (frame.scanning) {
      finish();
      return;
    }
    const bytes = kind === 1 ? 4 : kind === 2 || kind === 4 ? 2 : 1;
    const op = [0, OP.I32_LOAD, OP.I32_LOAD16_U, OP.I32_LOAD8_U, OP.I32_LOAD16_S, OP.I32_LOAD8_S][kind]!;
    this.reach(
      key,
      1,
      bytes,
      bytes,
      (delta) => {
        code.get(local.a).i32(0).memory(OP.I32_LOAD, delta).op(OP.I32_ADD).memory(op, 0).set(local.t);
        finish();
      },
      () => {
        const site = frame.site();
        code.get(local.a).i32(encodeExit(frame.surroundings.number, site, kind)).get(REM).call(frame.imported.load).set(local.t);
        code.i32(0).memory(OP.I32_LOAD, frame.control(CONTROL.STATUS)).tee(local.e).when();
        this.outcome(site, finish);
      },
    );
  }

  /** A single store of local `t` at the address in local `a`; `finish` as for `load`. */
  store(kind: number, key: number, finish: () => void): void {
    const { frame } = this;
    const { code, local } = frame;
    if (frame.scanning) {
      finish();
      return;
    }
    const bytes = kind === 6 ? 4 : kind === 7 ? 2 : 1;
    const op = kind === 6 ? OP.I32_STORE : kind === 7 ? OP.I32_STORE16 : OP.I32_STORE8;
    this.reach(
      key,
      2,
      bytes,
      bytes,
      (delta) => {
        code.get(local.a).i32(0).memory(OP.I32_LOAD, delta).op(OP.I32_ADD).get(local.t).memory(op, 0);
        finish();
      },
      () => {
        const site = frame.site();
        code.get(local.a).get(local.t).i32(encodeExit(frame.surroundings.number, site, kind - 5)).get(REM);
        code.call(frame.imported.store).tee(local.e).when();
        this.outcome(site, finish);
      },
    );
  }

  /** Behind a call for an access, with its outcome in local `e`, inside a block for those that are not OK: leaves or goes on. */
  private outcome(site: number, finish: () => void): void {
    const { frame } = this;
    const { code, local, dirty } = frame;
    code.get(local.e).i32(FAULTED).op(OP.I32_EQ).when();
    frame.exit(EXIT.FAULT, undefined, site);
    code.end();
    finish();
    frame.exit(EXIT.DONE, undefined, site);
    code.end();
    finish();
    // What is emitted next is the direct access, before which no register has changed.
    frame.dirty = dirty;
  }
}
