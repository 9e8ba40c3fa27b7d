/**
 * DWARF expressions (DWARF 5, 2.5 and 2.6): where a value is, or what it is, in one frame.
 *
 * Refused in plain words: values that a register had when the function was entered, pointers into what was optimised away, thread-local
 * storage, floating-point arithmetic, calls of other expressions. Steps and depth are bounded.
 */
import type { DebugInfoError } from '../errors.ts';
import { DW_AT, DW_ATE, DW_OP } from './constants.ts';
import { Cursor } from './cursor.ts';
import type { Location, LocationPiece } from './model.ts';
import { BINARY, fromBytes, generic, type Operand, toBytes, typed, UNARY } from './operands.ts';
import type { Unit } from './units.ts';

const MOST_STEPS = 10_000;
const DEEPEST_STACK = 1000;
const MOST_PIECES = 256;

/** What an expression may ask for; what is not known is undefined. */
export interface ExpressionContext {
  readonly unit: Unit | undefined;
  readonly addressSize: number;
  register(index: number): number | undefined;
  read(address: number, length: number): Uint8Array | undefined;
  frameBase(): number | undefined;
  frameAddress(): number | undefined;
}

/** A context without a frame: for variables that are at home in memory. */
export function staticContext(unit: Unit): ExpressionContext {
  const none = (): undefined => undefined;
  return { unit, addressSize: unit.addressSize, register: none, read: none, frameBase: none, frameAddress: none };
}

/** Why an expression gives nothing. */
class Unknown extends Error {}

function unknown(reason: string): never {
  throw new Unknown(reason);
}

const NAMES = new Map<number, string>(Object.entries(DW_OP).map(([name, opcode]) => [opcode, name]));

class Evaluation {
  private readonly context: ExpressionContext;
  private readonly cursor: Cursor;
  private readonly stack: Operand[] = [];
  private readonly pieces: LocationPiece[] = [];
  private location: Location | undefined;
  private isValue = false;

  constructor(bytes: Uint8Array, context: ExpressionContext, initial: readonly bigint[]) {
    this.context = context;
    this.cursor = new Cursor(bytes, 'an expression');
    for (const value of initial) this.push(generic(value));
  }

  private push(operand: Operand): void {
    if (this.stack.length >= DEEPEST_STACK) unknown('its expression is too deep');
    this.stack.push(operand);
  }

  private pop(): Operand {
    return this.stack.pop() ?? unknown('its expression takes more than it has');
  }

  private peek(depth: number): Operand {
    return this.stack.at(-1 - depth) ?? unknown('its expression takes more than it has');
  }

  private register(index: number): bigint {
    const value = this.context.register(index);
    return value === undefined ? unknown(`register ${index} of this frame is not known`) : BigInt(value);
  }

  private load(address: bigint, length: number): Uint8Array {
    if (length > 16) unknown('its expression reads more than a register holds');
    return this.context.read(Number(BigInt.asUintN(32, address)), length) ?? unknown('its expression reads memory that nothing answers');
  }

  /** Bits and sign of the base type at an offset of the unit; 0 is the type of an address. */
  private type(offset: number): { bits: number; signed: boolean } | undefined {
    if (offset === 0) return undefined;
    const { unit } = this.context;
    const die = unit?.die(unit.start + offset);
    const encoding = die?.number(DW_AT.encoding);
    if (encoding === DW_ATE.float || encoding === DW_ATE.complex_float) unknown('its expression computes with floating point');
    const size = die?.number(DW_AT.byte_size) ?? 4;
    if (size > 8) unknown('its expression computes with more than 64 bits');
    return { bits: size * 8, signed: encoding === DW_ATE.signed || encoding === DW_ATE.signed_char };
  }

  private pushTyped(bytes: Uint8Array, offset: number): void {
    const type = this.type(offset);
    this.push(type ? typed(fromBytes(bytes), type.bits, type.signed) : generic(fromBytes(bytes)));
  }

  private convert(): void {
    const type = this.type(this.cursor.uleb());
    const { value } = this.pop();
    this.push(type ? typed(value, type.bits, type.signed) : generic(value));
  }

  /** What is described so far: the place named last, the value, or the address on the stack. */
  private current(): Location {
    if (this.location) return this.location;
    const top = this.stack.at(-1);
    if (top === undefined) return { kind: 'optimised-out', reason: 'the compiler did not keep it' };
    if (this.isValue) return { kind: 'value', bytes: toBytes(top.value, 8) };
    return { kind: 'memory', address: Number(BigInt.asUintN(32, top.value)) };
  }

  private piece(bitSize: number, bitOffset: number): void {
    if (this.pieces.length >= MOST_PIECES) unknown('it has too many pieces');
    this.pieces.push({ location: this.current(), bitSize, bitOffset });
    this.stack.length = 0;
    this.location = undefined;
    this.isValue = false;
  }

  private constant(opcode: number): boolean {
    const { cursor } = this;
    if (opcode >= DW_OP.lit0 && opcode <= DW_OP.lit31) this.push(generic(opcode - DW_OP.lit0));
    else if (opcode === DW_OP.addr) this.push(generic(cursor.unsigned(this.context.addressSize)));
    else if (opcode >= DW_OP.const1u && opcode <= DW_OP.const8s) this.push(generic(fromFixed(cursor, opcode)));
    else if (opcode === DW_OP.constu) this.push(generic(cursor.leb64(false)));
    else if (opcode === DW_OP.consts) this.push(generic(cursor.leb64(true)));
    else if (opcode === DW_OP.addrx || opcode === DW_OP.constx) {
      this.push(generic(this.context.unit?.indexedAddress(cursor.uleb()) ?? unknown('its address is not known')));
    } else return false;
    return true;
  }

  private place(opcode: number): boolean {
    const { cursor } = this;
    if (opcode >= DW_OP.reg0 && opcode <= DW_OP.reg31) this.location = { kind: 'register', register: opcode - DW_OP.reg0 };
    else if (opcode === DW_OP.regx) this.location = { kind: 'register', register: cursor.uleb() };
    else if (opcode === DW_OP.implicit_value) this.location = { kind: 'value', bytes: cursor.take(cursor.uleb()) };
    else if (opcode === DW_OP.stack_value) this.isValue = true;
    else if (opcode === DW_OP.piece) this.piece(cursor.uleb() * 8, 0);
    else if (opcode === DW_OP.bit_piece) this.piece(cursor.uleb(), cursor.uleb());
    else if (opcode >= DW_OP.breg0 && opcode <= DW_OP.breg31)
      this.push(generic(this.register(opcode - DW_OP.breg0) + BigInt(cursor.sleb())));
    else if (opcode === DW_OP.bregx) this.push(generic(this.register(cursor.uleb()) + BigInt(cursor.sleb())));
    else if (opcode === DW_OP.fbreg) this.push(generic(BigInt(this.known(this.context.frameBase()) + cursor.sleb())));
    else if (opcode === DW_OP.call_frame_cfa) this.push(generic(this.known(this.context.frameAddress())));
    else return false;
    return true;
  }

  private known(value: number | undefined): number {
    return value ?? unknown('the frame of its function is not known');
  }

  private memory(opcode: number): boolean {
    const { cursor } = this;
    switch (opcode) {
      case DW_OP.deref:
        this.push(generic(fromBytes(this.load(this.pop().value, this.context.addressSize))));
        return true;
      case DW_OP.deref_size:
        this.push(generic(fromBytes(this.load(this.pop().value, cursor.u8()))));
        return true;
      case DW_OP.deref_type:
      case DW_OP.GNU_deref_type: {
        const size = cursor.u8();
        this.pushTyped(this.load(this.pop().value, size), cursor.uleb());
        return true;
      }
      case DW_OP.const_type:
      case DW_OP.GNU_const_type: {
        const offset = cursor.uleb();
        this.pushTyped(cursor.take(cursor.u8()), offset);
        return true;
      }
      case DW_OP.regval_type:
      case DW_OP.GNU_regval_type:
        this.pushTyped(toBytes(this.register(cursor.uleb()), 8), cursor.uleb());
        return true;
      case DW_OP.convert:
      case DW_OP.GNU_convert:
      case DW_OP.reinterpret:
      case DW_OP.GNU_reinterpret:
        this.convert();
        return true;
      default:
        return false;
    }
  }

  private shuffle(opcode: number): boolean {
    switch (opcode) {
      case DW_OP.dup:
        this.push(this.peek(0));
        return true;
      case DW_OP.drop:
        this.pop();
        return true;
      case DW_OP.over:
        this.push(this.peek(1));
        return true;
      case DW_OP.pick:
        this.push(this.peek(this.cursor.u8()));
        return true;
      case DW_OP.swap: {
        const [a, b] = [this.pop(), this.pop()];
        this.push(a);
        this.push(b);
        return true;
      }
      case DW_OP.rot: {
        const [a, b, c] = [this.pop(), this.pop(), this.pop()];
        for (const operand of [a, c, b]) this.push(operand);
        return true;
      }
      case DW_OP.plus_uconst:
        this.push(generic(this.pop().value + this.cursor.leb64(false)));
        return true;
      case DW_OP.skip:
      case DW_OP.bra: {
        const distance = (this.cursor.u16() << 16) >> 16;
        if (opcode === DW_OP.skip || this.pop().value !== 0n) this.cursor.seek(this.cursor.at + distance);
        return true;
      }
      default:
        return opcode === DW_OP.nop || opcode === DW_OP.GNU_uninit;
    }
  }

  private arithmetic(opcode: number): boolean {
    const name = NAMES.get(opcode) ?? '';
    const unary = UNARY[name];
    if (unary) {
      this.push(unary(this.pop()));
      return true;
    }
    const binary = BINARY[name];
    if (!binary) return false;
    const b = this.pop();
    this.push(binary(this.pop(), b) ?? unknown('its expression divides by zero'));
    return true;
  }

  private refuse(opcode: number): never {
    switch (opcode) {
      case DW_OP.entry_value:
      case DW_OP.GNU_entry_value:
      case DW_OP.GNU_parameter_ref:
        return unknown('only its value at the entry of the function is described');
      case DW_OP.implicit_pointer:
      case DW_OP.GNU_implicit_pointer:
        return unknown('it points to something that the compiler optimised away');
      case DW_OP.form_tls_address:
      case DW_OP.GNU_push_tls_address:
        return unknown('it is thread-local');
      default:
        return unknown(`its expression has opcode 0x${opcode.toString(16)}, which is not evaluated`);
    }
  }

  run(): Location {
    for (let steps = 0; !this.cursor.done; steps++) {
      if (steps > MOST_STEPS) unknown('its expression does not end');
      const opcode = this.cursor.u8();
      const known = this.constant(opcode) || this.place(opcode) || this.memory(opcode) || this.shuffle(opcode) || this.arithmetic(opcode);
      if (!known) this.refuse(opcode);
    }
    return this.pieces.length > 0 ? { kind: 'pieces', pieces: this.pieces } : this.current();
  }
}

function fromFixed(cursor: Cursor, opcode: number): bigint {
  const size = 2 ** Math.floor((opcode - DW_OP.const1u) / 2);
  const value = size === 8 ? cursor.u64() : BigInt(cursor.unsigned(size));
  return (opcode - DW_OP.const1u) % 2 === 1 ? BigInt.asIntN(size * 8, value) : value;
}

/** Evaluates `bytes`; `initial` is on the stack before. Never throws: what cannot be had is `optimised-out` with the reason. */
export function evaluate(bytes: Uint8Array, context: ExpressionContext, initial: readonly bigint[] = []): Location {
  try {
    return new Evaluation(bytes, context, initial).run();
  } catch (error) {
    if (error instanceof Unknown) return { kind: 'optimised-out', reason: error.message };
    if ((error as DebugInfoError).code === 'E_DWARF') return { kind: 'optimised-out', reason: 'its expression is damaged' };
    throw error;
  }
}
