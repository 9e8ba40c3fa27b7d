/**
 * Bytes of memory as JavaScript values, by type: numbers (bigint beyond 2^53), booleans, names of enumerators, text, arrays and objects.
 */
import { SymbolError } from '../errors.ts';
import type { ArrayType, BaseType, EnumType, Member, StructType, Type } from './model.ts';
import { fromBytes } from './operands.ts';
import { bare, sizeOf } from './types.ts';

/** What a variable's value is in JavaScript. */
export type VariableValue =
  | number
  | bigint
  | boolean
  | string
  | undefined
  | Uint8Array
  | VariableValue[]
  | { [field: string]: VariableValue };

/** Largest value that is read at once. */
export const LARGEST_VALUE = 16 * 2 ** 20;

/** Deepest nesting of structs and arrays. */
const DEEPEST = 64;

/** Where bits of a bit field lie in its bytes. */
export interface Bits {
  readonly size: number;
  readonly offset: number;
}

/** Bits of a member, if it is a bit field. */
export function bitsOf({ bitSize, bitOffset }: Member): Bits | undefined {
  return bitSize === undefined ? undefined : { size: bitSize, offset: bitOffset };
}

/** Bytes that a member takes in its struct. */
export function memberSize(member: Member): number {
  return member.bitSize === undefined ? sizeOf(member.type) : Math.ceil((member.bitSize + member.bitOffset) / 8);
}

/** Whether an integer type has a sign. */
export function isSigned(type: BaseType | EnumType): boolean {
  return type.kind === 'enum' ? type.signed : type.encoding === 'signed' || type.encoding === 'char';
}

/** Whether a type's elements make text: `char` and the UTF types, not `unsigned char`, which is what bytes are made of. */
export function isText(type: Type): boolean {
  const inner = bare(type);
  if (isWide(type)) return true;
  return inner.kind === 'base' && (inner.encoding === 'utf' || inner.name === 'char') && inner.size <= 4 && inner.size !== 0;
}

/** Whether a type is `wchar_t`, which C has as a name for an integer. */
export function isWide(type: Type): boolean {
  let inner = type;
  for (let n = 0; n < DEEPEST && (inner.kind === 'typedef' || inner.kind === 'qualified'); n++) {
    if (inner.name === 'wchar_t') return true;
    inner = inner.target;
  }
  return inner.name === 'wchar_t';
}

/** The integer in `bytes`, which may be a bit field. */
export function integerOf(bytes: Uint8Array, signed: boolean, bits: Bits | undefined): bigint {
  let value = fromBytes(bytes);
  const size = bits?.size ?? bytes.length * 8;
  if (bits) value >>= BigInt(bits.offset);
  return signed ? BigInt.asIntN(size, value) : BigInt.asUintN(size, value);
}

/** A number where it is exact. */
export function numberOf(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** A floating-point number of 2, 4 or 8 bytes; undefined for sizes that ARM does not have. */
export function floatOf(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length === 4) return view.getFloat32(0, true);
  if (bytes.length === 8) return view.getFloat64(0, true);
  return bytes.length === 2 ? halfOf(view.getUint16(0, true)) : undefined;
}

function halfOf(half: number): number {
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The enumerator with a value. */
export function enumeratorOf(type: EnumType, value: bigint): string | undefined {
  const bits = type.size * 8;
  return type.enumerators.find((enumerator) => BigInt.asUintN(bits, enumerator.value) === BigInt.asUintN(bits, value))?.name;
}

/** Text of an array of characters, up to its NUL: UTF-8 where it is valid, else Latin-1. */
export function textOf(bytes: Uint8Array, unit: number): string {
  if (unit === 1) {
    const end = bytes.indexOf(0);
    const used = end < 0 ? bytes : bytes.subarray(0, end);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(used);
    } catch {
      return Array.from(used, (byte) => String.fromCharCode(byte)).join('');
    }
  }
  let text = '';
  for (let at = 0; at + unit <= bytes.length; at += unit) {
    const code = Number(fromBytes(bytes.subarray(at, at + unit)));
    if (code === 0) break;
    text += code > 0x10_ffff ? '\ufffd' : String.fromCodePoint(code);
  }
  return text;
}

/** The value that `bytes` hold. @throws {SymbolError} when it nests or repeats beyond all use */
export function decodeValue(type: Type, bytes: Uint8Array, bits?: Bits, depth = 0): VariableValue {
  if (depth > DEEPEST) throw new SymbolError('E_SYMBOL_VALUE', `a value of type ${type.name} nests too deeply`, 'read a part of it');
  const inner = bare(type);
  switch (inner.kind) {
    case 'base':
      return decodeBase(inner, bytes, bits);
    case 'enum': {
      const value = integerOf(bytes, inner.signed, bits);
      return enumeratorOf(inner, value) ?? numberOf(value);
    }
    case 'pointer':
      return Number(integerOf(bytes, false, undefined));
    case 'array':
      return decodeArray(inner, bytes, depth);
    case 'struct':
      return decodeStruct(inner, bytes, depth);
    default:
      return undefined;
  }
}

function decodeBase(type: BaseType, bytes: Uint8Array, bits: Bits | undefined): VariableValue {
  if (type.encoding === 'boolean') return integerOf(bytes, false, bits) !== 0n;
  if (type.encoding === 'float') return floatOf(bytes);
  if (type.encoding === 'complex') {
    const half = bytes.length / 2;
    return { real: floatOf(bytes.subarray(0, half)), imaginary: floatOf(bytes.subarray(half)) };
  }
  return numberOf(integerOf(bytes, isSigned(type), bits));
}

function decodeArray(type: ArrayType, bytes: Uint8Array, depth: number): VariableValue {
  const size = sizeOf(type.element);
  if (isText(type.element)) return textOf(bytes, size);
  const count = size === 0 ? 0 : Math.floor(bytes.length / size);
  return Array.from({ length: count }, (_, n) => decodeValue(type.element, bytes.subarray(n * size, (n + 1) * size), undefined, depth + 1));
}

/** Members of nameless structs and of base classes stand among those of the struct, as C writes them. */
function decodeStruct(type: StructType, bytes: Uint8Array, depth: number): VariableValue {
  const object: { [field: string]: VariableValue } = {};
  for (const member of type.members) {
    const size = memberSize(member);
    if (member.offset + size > bytes.length) continue;
    const value = decodeValue(member.type, bytes.subarray(member.offset, member.offset + size), bitsOf(member), depth + 1);
    if (member.name !== '') define(object, member.name, value);
    else if (typeof value === 'object') for (const [name, inner] of Object.entries(value)) define(object, name, inner);
  }
  return object;
}

/** Sets a field; a member may be called `__proto__`. */
function define(object: { [field: string]: VariableValue }, name: string, value: VariableValue): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

/** A member by name, also of nameless structs and base classes in it; its offset is from the start of `type`. */
export function memberNamed(type: StructType, name: string, depth = 0): Member | undefined {
  if (depth > DEEPEST) return undefined;
  const direct = type.members.find((member) => member.name === name);
  if (direct) return direct;
  for (const outer of type.members) {
    const inner = bare(outer.type);
    if (outer.name !== '' || inner.kind !== 'struct') continue;
    const found = memberNamed(inner, name, depth + 1);
    if (found) {
      return {
        name,
        type: found.type,
        offset: outer.offset + found.offset,
        bitSize: found.bitSize,
        bitOffset: found.bitOffset,
        base: found.base,
      };
    }
  }
  return undefined;
}

/** Names of all members that `memberNamed` finds. */
export function memberNames(type: StructType, depth = 0): string[] {
  if (depth > DEEPEST) return [];
  return type.members.flatMap((member) => {
    const inner = bare(member.type);
    if (member.name !== '') return [member.name];
    return inner.kind === 'struct' ? memberNames(inner, depth + 1) : [];
  });
}
