/**
 * N, Z, C and V while code is generated: they stay operands in locals until somebody asks (layout.ts says of which kinds), as most of them
 * are overwritten before.
 *
 * Where several ways meet with flags of different kinds, a part becomes DYNAMIC: which kind it is stands in local FK when the code runs.
 */
import { CELL } from '../core-registers.ts';
import type { Frame } from './frame.ts';
import { ARITHMETIC, C_KIND, CONTROL, DYNAMIC, kinds, NZ_KIND, V_KIND } from './layout.ts';
import { type Code, OP } from './wasm-builder.ts';

/** What is known of the flags at one place. */
export interface FlagState {
  nz: number;
  c: number;
  v: number;
  arithmetic: number;
}

/** Nothing is known but what the control block says. */
const CELLS: Readonly<FlagState> = { nz: NZ_KIND.CELLS, c: C_KIND.CELLS, v: V_KIND.CELLS, arithmetic: ARITHMETIC.NONE };
/** Nothing is known before the code runs; as at the head of a loop. */
export const UNKNOWN: Readonly<FlagState> = { nz: DYNAMIC, c: DYNAMIC, v: DYNAMIC, arithmetic: DYNAMIC };

/** What is known where two ways meet. */
export function meet(a: FlagState, b: FlagState): FlagState {
  const same = (part: keyof FlagState): number => (a[part] === b[part] ? a[part] : DYNAMIC);
  return { nz: same('nz'), c: same('c'), v: same('v'), arithmetic: same('arithmetic') };
}

/** The flags of one function. */
export class LazyFlags {
  /** Counts the instructions that change flags. */
  changes = 0;
  private readonly frame: Frame;
  private readonly state: FlagState = { ...CELLS };

  constructor(frame: Frame) {
    this.frame = frame;
  }

  // ---- what is known

  /** A copy of what is known here. */
  get known(): FlagState {
    return { ...this.state };
  }

  /** Goes on with what is known elsewhere. */
  set known(state: FlagState) {
    Object.assign(this.state, state);
  }

  /** Nothing is known but what the control block says. */
  forget(): void {
    this.known = CELLS;
    this.changes++;
  }

  /** The word of kinds for a site; DYNAMIC parts are those of local FK. */
  get word(): number {
    const { nz, c, v, arithmetic } = this.state;
    return kinds(nz, c, v, arithmetic);
  }

  /** Leaves the kinds in local FK, where code can find them to which several ways lead. */
  keepKinds(): void {
    this.kindsOf();
    this.frame.code.set(this.frame.local.fk);
  }

  /** The word of kinds on the stack. */
  private kindsOf(): void {
    const { code, local } = this.frame;
    const { nz, c, v, arithmetic } = this.state;
    const known = (kind: number): number => (kind === DYNAMIC ? 0 : kind);
    const mask = [nz, c, v, arithmetic].reduce((sum, kind, i) => sum | (kind === DYNAMIC ? 15 << (4 * i) : 0), 0);
    const word = kinds(known(nz), known(c), known(v), known(arithmetic));
    if (mask === 0) code.i32(word);
    else code.get(local.fk).i32(mask).op(OP.I32_AND).i32(word).op(OP.I32_OR);
  }

  // ---- changes

  /** N and Z are those of the value on the stack; C and V stay. */
  setNZ(): void {
    this.frame.code.set(this.frame.local.nz);
    this.state.nz = NZ_KIND.VALUE;
    this.changes++;
  }

  /** C is the 0 or 1 on the stack; V stays. */
  setC(): void {
    this.frame.code.set(this.frame.local.cc);
    this.state.c = C_KIND.BIT;
    this.changes++;
  }

  /** V is the sign of the value on the stack. */
  setV(): void {
    this.frame.code.set(this.frame.local.va);
    this.state.v = V_KIND.SIGN;
    this.changes++;
  }

  /** All flags are those of an addition or subtraction whose operands are in CA and CB as `kind` says. */
  setArithmetic(kind: number): void {
    const { state } = this;
    state.nz = NZ_KIND.SAME;
    state.c = C_KIND.SAME;
    state.v = V_KIND.SAME;
    state.arithmetic = kind;
    this.changes++;
  }

  /** N, Z, C and V are the upper bits of the word that `word` puts on the stack. */
  load(word: () => void): void {
    if (this.frame.scanning) {
      word();
      return;
    }
    const { code } = this.frame;
    code.i32(0);
    word();
    code.i32(0xf000_0000).op(OP.I32_AND);
    code.i32(0).memory(OP.I32_LOAD, this.frame.cell(CELL.APSR)).i32(0x0fff_ffff).op(OP.I32_AND, OP.I32_OR);
    code.memory(OP.I32_STORE, this.frame.cell(CELL.APSR));
    code.i32(0).i32(0).memory(OP.I32_STORE, this.frame.control(CONTROL.FLAG_KINDS));
    this.forget();
  }

  // ---- bringing them where they belong

  /** Brings the lazy flags of the locals to the control block. */
  store(): void {
    const { code, local } = this.frame;
    const { nz, c, v, arithmetic } = this.state;
    if (nz === NZ_KIND.CELLS && c === C_KIND.CELLS && v === V_KIND.CELLS) return;
    const same = nz === NZ_KIND.SAME || c === C_KIND.SAME || v === V_KIND.SAME;
    const partial = [nz, c, v].some((kind) => kind === DYNAMIC || kind === 0) || (same && arithmetic === DYNAMIC);
    if (partial) {
      this.flagArguments();
      code.call(this.frame.imported.keep);
      return;
    }
    const store = (word: number, index: number): void => {
      code.i32(0).get(index).memory(OP.I32_STORE, this.frame.control(word));
    };
    code.i32(0).i32(kinds(nz, c, v, same ? arithmetic : 0)).memory(OP.I32_STORE, this.frame.control(CONTROL.FLAG_KINDS));
    if (nz === NZ_KIND.VALUE) store(CONTROL.NZ, local.nz);
    if (c === C_KIND.BIT) store(CONTROL.CC, local.cc);
    if (v === V_KIND.SIGN) store(CONTROL.VA, local.va);
    if (!same) return;
    store(CONTROL.CA, local.ca);
    store(CONTROL.CB, local.cb);
  }

  /** Brings N, Z, C and V to the APSR cell. */
  toApsr(): void {
    this.flagArguments();
    this.frame.code.call(this.frame.imported.keep);
  }

  /** Puts N, Z, C and V in their APSR positions on the stack. */
  packed(): void {
    if (this.frame.scanning) return;
    this.flagArguments();
    this.frame.code.call(this.frame.imported.flags);
  }

  /** The arguments of `flags` and `keep`. */
  private flagArguments(): void {
    const { code, local } = this.frame;
    this.kindsOf();
    code.get(local.nz).get(local.ca).get(local.cb).get(local.cc).get(local.va);
  }

  // ---- questions

  /** Puts 1 or 0 on the stack: whether `condition` (0..13) holds. */
  condition(condition: number): void {
    const { code, local, scanning } = this.frame;
    if (scanning) {
      code.i32(0);
      return;
    }
    const negate = (condition & 1) !== 0;
    const { c, nz, v, arithmetic } = this.state;
    const { CMP, SUB, CMN } = ARITHMETIC;
    const subtraction = nz === NZ_KIND.SAME && c === C_KIND.SAME && v === V_KIND.SAME && (arithmetic === CMP || arithmetic === SUB);
    const compare = (positive: number, negative: number): void => {
      code.get(local.ca);
      if (arithmetic === SUB) code.get(local.cb).op(OP.I32_ADD);
      code.get(local.cb).op(negate ? negative : positive);
    };
    /** The value that N and Z are of. */
    const value = (): Code => {
      if (nz === NZ_KIND.VALUE) return code.get(local.nz);
      code.get(local.ca);
      if (arithmetic === CMP) code.get(local.cb).op(OP.I32_SUB);
      else if (arithmetic === CMN) code.get(local.cb).op(OP.I32_ADD);
      return code;
    };
    const known = nz === NZ_KIND.VALUE || (nz === NZ_KIND.SAME && arithmetic !== DYNAMIC);
    switch (condition >> 1) {
      case 0:
        if (!known) break;
        if (nz === NZ_KIND.SAME && arithmetic === CMP) code.get(local.ca).get(local.cb).op(negate ? OP.I32_NE : OP.I32_EQ);
        else {
          value().op(OP.I32_EQZ);
          if (negate) code.op(OP.I32_EQZ);
        }
        return;
      case 1:
        if (!this.carry()) break;
        if (negate) code.op(OP.I32_EQZ);
        return;
      case 2:
        if (!known) break;
        value().i32(0).op(negate ? OP.I32_GE_S : OP.I32_LT_S);
        return;
      case 4:
        if (subtraction) {
          compare(OP.I32_GT_U, OP.I32_LE_U);
          return;
        }
        if (!known || !this.carry()) break;
        value().i32(0).op(OP.I32_NE, OP.I32_AND);
        if (negate) code.op(OP.I32_EQZ);
        return;
      case 5:
        if (!subtraction) break;
        compare(OP.I32_GE_S, OP.I32_LT_S);
        return;
      case 6:
        if (!subtraction) break;
        compare(OP.I32_GT_S, OP.I32_LE_S);
        return;
      default:
        break;
    }
    this.packedCondition(condition);
  }

  /** Puts C on the stack as 0 or 1, where its kind is known; false where not. */
  carry(): boolean {
    const { state } = this;
    const { code, local, scanning } = this.frame;
    if (scanning) {
      code.i32(0);
      return true;
    }
    if (state.c === C_KIND.BIT) {
      code.get(local.cc);
      return true;
    }
    if (state.c !== C_KIND.SAME) return false;
    const { ca, cb } = local;
    switch (state.arithmetic) {
      case ARITHMETIC.CMP:
        code.get(ca).get(cb).op(OP.I32_GE_U);
        return true;
      case ARITHMETIC.SUB:
        code.get(ca).get(cb).op(OP.I32_ADD).get(cb).op(OP.I32_GE_U);
        return true;
      case ARITHMETIC.CMN:
        code.get(ca).get(cb).op(OP.I32_ADD).get(cb).op(OP.I32_LT_U);
        return true;
      case ARITHMETIC.ADD:
        code.get(ca).get(cb).op(OP.I32_LT_U);
        return true;
      default:
        return false;
    }
  }

  /** Puts C on the stack as 0 or 1. */
  anyCarry(): void {
    if (this.carry()) return;
    this.packed();
    this.frame.code.i32(29).op(OP.I32_SHR_U).i32(1).op(OP.I32_AND);
  }

  /** The same from the packed flags, where kinds are not known. */
  private packedCondition(condition: number): void {
    const { code, local } = this.frame;
    this.packed();
    code.set(local.e);
    const bit = (n: number): Code => code.get(local.e).i32(n).op(OP.I32_SHR_U).i32(1).op(OP.I32_AND);
    switch (condition >> 1) {
      case 0:
        bit(30);
        break;
      case 1:
        bit(29);
        break;
      case 2:
        bit(31);
        break;
      case 3:
        bit(28);
        break;
      case 4:
        bit(29);
        bit(30).op(OP.I32_EQZ, OP.I32_AND);
        break;
      case 5:
        bit(31);
        bit(28).op(OP.I32_EQ);
        break;
      default:
        bit(31);
        bit(28).op(OP.I32_EQ);
        bit(30).op(OP.I32_EQZ, OP.I32_AND);
        break;
    }
    if (condition & 1) code.op(OP.I32_EQZ);
  }
}
