/** JavaScript values as bytes of memory, by type, with checks that name what does not fit. */
import { SymbolError } from '../errors.ts';
import type { ArrayType, BaseType, EnumType, StructType, Type } from './model.ts';
import { fromBytes, toBytes } from './operands.ts';
import { bare, sizeOf } from './types.ts';
import { type Bits, bitsOf, isSigned, isText, memberNamed, memberNames, memberSize } from './values.ts';

/** Deepest nesting of what is written. */
const DEEPEST = 64;

function refuse(place: string, type: Type, value: unknown, remedy: string): never {
  const text = typeof value === 'bigint' ? String(value) : typeof value === 'string' ? JSON.stringify(value) : describe(value);
  throw new SymbolError('E_SYMBOL_VALUE', `${place}: ${text} is no value of type ${type.name}`, remedy, place);
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/**
 * Writes `value` over `bytes`, which hold the present value: of a struct the fields that are named, of an array the elements that are given.
 * A `Uint8Array` is taken as it is. @throws {SymbolError}
 */
export function encodeValue(type: Type, value: unknown, bytes: Uint8Array, place: string, bits?: Bits, depth = 0): void {
  const inner = bare(type);
  if (depth > DEEPEST) refuse(place, type, value, 'write a part of it');
  if (value instanceof Uint8Array && bits === undefined) {
    if (value.length > bytes.length) refuse(place, type, value, `it has ${bytes.length} bytes, ${value.length} are given`);
    bytes.set(value);
    return;
  }
  switch (inner.kind) {
    case 'base':
      encodeBase(inner, type, value, bytes, place, bits);
      break;
    case 'enum':
      encodeEnum(inner, type, value, bytes, place, bits);
      break;
    case 'pointer':
      putInteger(integer(type, addressOf(value), place, false, bytes.length * 8), bytes, undefined);
      break;
    case 'array':
      encodeArray(inner, value, bytes, place, depth);
      break;
    case 'struct':
      encodeStruct(inner, value, bytes, place, depth);
      break;
    default:
      refuse(place, type, value, 'it has no value');
  }
}

/** Whatever has an address may be assigned to a pointer. */
function addressOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'address' in value ? value.address : value;
}

/** An integer within the range of a type. */
function integer(type: Type, value: unknown, place: string, signed: boolean, size: number): bigint {
  const low = signed ? -(1n << BigInt(size - 1)) : 0n;
  const high = signed ? (1n << BigInt(size - 1)) - 1n : (1n << BigInt(size)) - 1n;
  const range = `it holds integers from ${low} to ${high}`;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value))) return refuse(place, type, value, range);
  const exact = BigInt(value);
  return exact < low || exact > high ? refuse(place, type, value, range) : exact;
}

function putInteger(value: bigint, bytes: Uint8Array, bits: Bits | undefined): void {
  if (bits === undefined) {
    bytes.set(toBytes(value, bytes.length));
    return;
  }
  const mask = ((1n << BigInt(bits.size)) - 1n) << BigInt(bits.offset);
  const field = (BigInt.asUintN(bits.size, value) << BigInt(bits.offset)) & mask;
  bytes.set(toBytes((fromBytes(bytes) & ~mask) | field, bytes.length));
}

function encodeBase(inner: BaseType, type: Type, value: unknown, bytes: Uint8Array, place: string, bits: Bits | undefined): void {
  const size = bits?.size ?? bytes.length * 8;
  switch (inner.encoding) {
    case 'boolean':
      if (typeof value !== 'boolean' && value !== 0 && value !== 1) refuse(place, type, value, 'give true or false');
      putInteger(value ? 1n : 0n, bytes, bits);
      break;
    case 'float':
      encodeFloat(type, value, bytes, place);
      break;
    case 'complex': {
      const half = bytes.length / 2;
      const { real, imaginary } = (typeof value === 'object' && value !== null ? value : { real: value, imaginary: 0 }) as Record<
        string,
        unknown
      >;
      encodeFloat(type, real, bytes.subarray(0, half), place);
      encodeFloat(type, imaginary, bytes.subarray(half), place);
      break;
    }
    default: {
      const character = typeof value === 'string' && [...value].length === 1 && inner.size <= 4 ? value.codePointAt(0) : value;
      putInteger(integer(type, character, place, isSigned(inner), size), bytes, bits);
      break;
    }
  }
}

function encodeFloat(type: Type, value: unknown, bytes: Uint8Array, place: string): void {
  if (typeof value !== 'number') refuse(place, type, value, 'give a number');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length === 4) view.setFloat32(0, value, true);
  else if (bytes.length === 8) view.setFloat64(0, value, true);
  else refuse(place, type, value, `floating point of ${bytes.length} bytes cannot be written`);
}

function encodeEnum(inner: EnumType, type: Type, value: unknown, bytes: Uint8Array, place: string, bits: Bits | undefined): void {
  const names = inner.enumerators.map(({ name }) => name);
  if (typeof value === 'string') {
    const own = value.slice(value.lastIndexOf(':') + 1);
    const found = inner.enumerators.find(({ name }) => name === own);
    if (found === undefined) refuse(place, type, value, `its values are ${names.slice(0, 40).join(', ')}`);
    putInteger(found.value, bytes, bits);
  } else putInteger(integer(type, value, place, inner.signed, bits?.size ?? bytes.length * 8), bytes, bits);
}

function encodeText(text: string, unit: number): Uint8Array {
  if (unit === 1) return new TextEncoder().encode(text);
  const units =
    unit === 2 ? Array.from({ length: text.length }, (_, n) => text.charCodeAt(n)) : Array.from(text, (letter) => letter.codePointAt(0)!);
  const bytes = new Uint8Array(units.length * unit);
  for (let n = 0; n < units.length; n++) bytes.set(toBytes(BigInt(units[n]!), unit), n * unit);
  return bytes;
}

function encodeArray(type: ArrayType, value: unknown, bytes: Uint8Array, place: string, depth: number): void {
  const size = sizeOf(type.element);
  const count = size === 0 ? 0 : Math.floor(bytes.length / size);
  if (typeof value === 'string') {
    const element = bare(type.element);
    if (element.kind !== 'base' || element.size > 4) refuse(place, type, value, 'it is no array of characters');
    const text = encodeText(value, size);
    if (text.length > bytes.length) refuse(place, type, value, `it has room for ${count} characters, the text takes ${text.length / size}`);
    bytes.fill(0);
    bytes.set(text);
    return;
  }
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) refuse(place, type, value, isText(type) ? 'give text' : 'give an array');
  const list = Array.from(value as ArrayLike<unknown>);
  if (list.length > count) refuse(place, type, value, `it has ${count} elements`);
  list.forEach((element, n) => {
    encodeValue(type.element, element, bytes.subarray(n * size, (n + 1) * size), `${place}[${n}]`, undefined, depth + 1);
  });
}

function encodeStruct(type: StructType, value: unknown, bytes: Uint8Array, place: string, depth: number): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(place, type, value, 'give an object of its fields');
  for (const [name, field] of Object.entries(value)) {
    const member = memberNamed(type, name);
    if (member === undefined) throw unknownField(type, name, place);
    encodeValue(
      member.type,
      field,
      bytes.subarray(member.offset, member.offset + memberSize(member)),
      `${place}.${name}`,
      bitsOf(member),
      depth + 1,
    );
  }
}

/** The error for a field that a struct does not have. */
export function unknownField(type: StructType, name: string, place: string): SymbolError {
  const names = memberNames(type);
  const remedy = type.incomplete
    ? 'its type is declared and not defined in this firmware'
    : `it has ${names.slice(0, 40).join(', ') || 'no fields'}`;
  return new SymbolError('E_SYMBOL_FIELD', `${place}: ${type.name} has no field ${name}`, remedy, place, names);
}
