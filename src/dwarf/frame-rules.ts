/** Call frame instructions (DWARF 5, 6.4.2): which rules hold at a pc, and what they give for the registers of a caller. */
import { DW_CFA } from './constants.ts';
import { type Cursor, damaged } from './cursor.ts';
import { type ExpressionContext, evaluate } from './expression.ts';

/** How a register of the caller is found. */
type Rule =
  | { readonly kind: 'undefined' | 'same' }
  | { readonly kind: 'offset' | 'value-offset'; readonly offset: number }
  | { readonly kind: 'register'; readonly register: number }
  | { readonly kind: 'expression' | 'value-expression'; readonly bytes: Uint8Array };

type CfaRule = { readonly register: number; readonly offset: number } | { readonly bytes: Uint8Array };

/** The rules at one pc. */
export interface FrameRules {
  readonly cfa: CfaRule;
  readonly registers: ReadonlyMap<number, Rule>;
  /** Which register's rule gives the return address. */
  readonly returnRegister: number;
}

/** What instructions are scaled by. */
export interface Alignment {
  readonly codeAlign: number;
  readonly dataAlign: number;
}

/** Deepest nesting of remembered states. */
const DEEPEST = 64;

/** Executes call frame instructions up to a pc. */
export class RuleMachine {
  cfa: CfaRule | undefined;
  registers = new Map<number, Rule>();
  private initial: ReadonlyMap<number, Rule> = new Map();
  private readonly saved: { cfa: CfaRule | undefined; registers: Map<number, Rule> }[] = [];
  private readonly common: Alignment;
  private readonly readAddress: (cursor: Cursor) => number;
  private location = 0;

  constructor(common: Alignment, readAddress: (cursor: Cursor) => number) {
    this.common = common;
    this.readAddress = readAddress;
  }

  /** Keeps the rules so far as those that `restore` restores. */
  settle(location: number): void {
    this.initial = new Map(this.registers);
    this.location = location;
  }

  /** Executes up to the first instruction that moves beyond `pc`. */
  run(cursor: Cursor, pc: number): void {
    while (!cursor.done) {
      const byte = cursor.u8();
      const low = byte & 0x3f;
      let moved: number | undefined;
      switch (byte & 0xc0) {
        case DW_CFA.advance_loc:
          moved = low * this.common.codeAlign;
          break;
        case DW_CFA.offset:
          this.registers.set(low, { kind: 'offset', offset: cursor.uleb() * this.common.dataAlign });
          break;
        case DW_CFA.restore:
          this.restore(low);
          break;
        default:
          moved = this.other(byte, cursor);
      }
      if (moved === undefined) continue;
      this.location += moved;
      if (this.location > pc) return;
    }
  }

  private restore(register: number): void {
    const rule = this.initial.get(register);
    if (rule) this.registers.set(register, rule);
    else this.registers.delete(register);
  }

  private setOffset(offset: number): void {
    if (this.cfa && 'register' in this.cfa) this.cfa = { register: this.cfa.register, offset };
  }

  /** An opcode without an operand in it; returns how far the location moves, if it does. */
  private other(opcode: number, cursor: Cursor): number | undefined {
    const { codeAlign, dataAlign } = this.common;
    switch (opcode) {
      case DW_CFA.nop:
      case DW_CFA.AARCH64_negate_ra_state:
        return undefined;
      case DW_CFA.set_loc:
        return this.readAddress(cursor) - this.location;
      case DW_CFA.advance_loc1:
        return cursor.u8() * codeAlign;
      case DW_CFA.advance_loc2:
        return cursor.u16() * codeAlign;
      case DW_CFA.advance_loc4:
        return cursor.u32() * codeAlign;
      case DW_CFA.remember_state:
        if (this.saved.length >= DEEPEST) damaged('call frame information remembers too much');
        this.saved.push({ cfa: this.cfa, registers: new Map(this.registers) });
        return undefined;
      case DW_CFA.restore_state: {
        const state = this.saved.pop();
        if (state) {
          this.cfa = state.cfa;
          this.registers = state.registers;
        }
        return undefined;
      }
      case DW_CFA.def_cfa:
        this.cfa = { register: cursor.uleb(), offset: cursor.uleb() };
        return undefined;
      case DW_CFA.def_cfa_sf:
        this.cfa = { register: cursor.uleb(), offset: cursor.sleb() * dataAlign };
        return undefined;
      case DW_CFA.def_cfa_register:
        this.cfa = { register: cursor.uleb(), offset: this.cfa && 'register' in this.cfa ? this.cfa.offset : 0 };
        return undefined;
      case DW_CFA.def_cfa_offset:
        this.setOffset(cursor.uleb());
        return undefined;
      case DW_CFA.def_cfa_offset_sf:
        this.setOffset(cursor.sleb() * dataAlign);
        return undefined;
      case DW_CFA.def_cfa_expression:
        this.cfa = { bytes: cursor.take(cursor.uleb()) };
        return undefined;
      case DW_CFA.GNU_args_size:
        cursor.skipLeb();
        return undefined;
      default:
        this.rule(opcode, cursor);
        return undefined;
    }
  }

  /** An opcode that says how one register is found. */
  private rule(opcode: number, cursor: Cursor): void {
    const register = cursor.uleb();
    const { dataAlign } = this.common;
    const rule = this.ruleOf(opcode, cursor, dataAlign);
    if (rule === undefined) this.restore(register);
    else this.registers.set(register, rule);
  }

  private ruleOf(opcode: number, cursor: Cursor, dataAlign: number): Rule | undefined {
    switch (opcode) {
      case DW_CFA.offset_extended:
        return { kind: 'offset', offset: cursor.uleb() * dataAlign };
      case DW_CFA.offset_extended_sf:
        return { kind: 'offset', offset: cursor.sleb() * dataAlign };
      case DW_CFA.val_offset:
        return { kind: 'value-offset', offset: cursor.uleb() * dataAlign };
      case DW_CFA.val_offset_sf:
        return { kind: 'value-offset', offset: cursor.sleb() * dataAlign };
      case DW_CFA.restore_extended:
        return undefined;
      case DW_CFA.undefined:
        return { kind: 'undefined' };
      case DW_CFA.same_value:
        return { kind: 'same' };
      case DW_CFA.register:
        return { kind: 'register', register: cursor.uleb() };
      case DW_CFA.expression:
        return { kind: 'expression', bytes: cursor.take(cursor.uleb()) };
      case DW_CFA.val_expression:
        return { kind: 'value-expression', bytes: cursor.take(cursor.uleb()) };
      default:
        return damaged(`call frame information has opcode 0x${opcode.toString(16)}`);
    }
  }
}

/** What applying rules needs of a frame. */
export interface RegisterFile {
  register(index: number): number | undefined;
  read(address: number, length: number): Uint8Array | undefined;
}

function contextOf(frame: RegisterFile, cfa: number | undefined): ExpressionContext {
  return {
    unit: undefined,
    addressSize: 4,
    register: (index) => frame.register(index),
    read: (address, length) => frame.read(address, length),
    frameBase: () => undefined,
    frameAddress: () => cfa,
  };
}

function addressIn(frame: RegisterFile, bytes: Uint8Array, cfa: number | undefined): number | undefined {
  const location = evaluate(bytes, contextOf(frame, cfa), cfa === undefined ? [] : [BigInt(cfa)]);
  return location.kind === 'memory' ? location.address : undefined;
}

/** The canonical frame address by `rules`. */
export function cfaOf(rules: FrameRules, frame: RegisterFile): number | undefined {
  if ('bytes' in rules.cfa) return addressIn(frame, rules.cfa.bytes, undefined);
  const value = frame.register(rules.cfa.register);
  return value === undefined ? undefined : (value + rules.cfa.offset) >>> 0;
}

/** The word at `address`. */
export function wordAt(frame: Pick<RegisterFile, 'read'>, address: number): number | undefined {
  const bytes = frame.read(address >>> 0, 4);
  if (bytes === undefined || bytes.length < 4) return undefined;
  return (bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0;
}

/** What register `index` is in the caller; `otherwise` says what it is without a rule. */
export function callerRegister(
  rules: FrameRules,
  index: number,
  cfa: number,
  frame: RegisterFile,
  otherwise: number | undefined,
): number | undefined {
  const rule = rules.registers.get(index);
  if (rule === undefined) return otherwise;
  switch (rule.kind) {
    case 'undefined':
      return undefined;
    case 'same':
      return frame.register(index);
    case 'offset':
      return wordAt(frame, cfa + rule.offset);
    case 'value-offset':
      return (cfa + rule.offset) >>> 0;
    case 'register':
      return frame.register(rule.register);
    default: {
      const address = addressIn(frame, rule.bytes, cfa);
      if (address === undefined) return undefined;
      return rule.kind === 'value-expression' ? address : wordAt(frame, address);
    }
  }
}
