/**
 * Loads and stores of translated code: directly where the page table says that an address is RAM, by the engine elsewhere.
 *
 * The page that accesses through one register have last reached is remembered (`TAGS` in layout.ts): the next one compares and adds. An
 * address that cannot be reached directly leaves the region, or calls the engine where that is known to happen often.
 */
import { READ, WRITE } from '../core-memory.ts';
import { ACCESS } from '../interpreter/micro-ops.ts';
import type { Exits } from './exits.ts';
import { REM } from './frame.ts';
import { CONTROL, EXIT, encodeExit, FAULTED, tagOf } from './layout.ts';
import { type Code, OP } from './wasm-builder.ts';

const { LDR, LDRH, LDRB, LDRSH, LDRSB, STR, STRH, STRB } = ACCESS;
/** Bytes of each kind of access, and the instruction that does it. */
const BYTES: Readonly<Record<number, number>> = { [LDR]: 4, [LDRH]: 2, [LDRB]: 1, [LDRSH]: 2, [LDRSB]: 1, [STR]: 4, [STRH]: 2, [STRB]: 1 };
const OPERATION: Readonly<Record<number, number>> = {
  [LDR]: OP.I32_LOAD, [LDRH]: OP.I32_LOAD16_U, [LDRB]: OP.I32_LOAD8_U, [LDRSH]: OP.I32_LOAD16_S, [LDRSB]: OP.I32_LOAD8_S,
  [STR]: OP.I32_STORE, [STRH]: OP.I32_STORE16, [STRB]: OP.I32_STORE8,
};

/** Accesses of one function. */
export class MemoryAccess {
  private readonly frame: Exits;

  constructor(frame: Exits) {
    this.frame = frame;
  }

  /**
   * Tests whether `bytes` bytes at the address in local `a` can be reached directly, as `right` (READ or WRITE) says, and remembers the
   * page for register `key`. `direct` is emitted where they can: `at` puts their arena offset on the stack; `slow` elsewhere. `alignment` is
   * a power of two; `strict` accesses are never unaligned. Registers are those that `direct` reads and writes.
   */
  reach(
    key: number,
    right: number,
    bytes: number,
    alignment: number,
    direct: (at: () => Code) => void,
    slow: () => void,
    strict = bytes > alignment,
  ): void {
    const { frame } = this;
    const { code, local, surroundings } = frame;
    if (frame.scanning) {
      direct(() => code);
      return;
    }
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
    direct(() => code.get(a).i32(0).memory(OP.I32_LOAD, tag + 4).op(OP.I32_ADD));
    code.end();
  }

  /**
   * A single load at the address in local `a`. `finish` is emitted twice: with the value, extended to 32 bits, in local `t`.
   * `kind` as ACCESS in micro-ops.ts.
   */
  load(kind: number, key: number, finish: () => void): void {
    const { frame } = this;
    const { code, local } = frame;
    const bytes = BYTES[kind]!;
    this.reach(
      key,
      READ,
      bytes,
      bytes,
      (at) => {
        at().memory(OPERATION[kind]!, 0).set(local.t);
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
    const bytes = BYTES[kind]!;
    this.reach(
      key,
      WRITE,
      bytes,
      bytes,
      (at) => {
        at().get(local.t).memory(OPERATION[kind]!, 0);
        finish();
      },
      () => {
        const site = frame.site();
        code.get(local.a).get(local.t).i32(encodeExit(frame.surroundings.number, site, kind - LDRSB)).get(REM);
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
