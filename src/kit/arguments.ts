/**
 * Values of JavaScript as arguments and results of the firmware's functions, by their prototypes where the debug information has them.
 *
 * What a pointer is to point to (text, bytes, arrays, objects) is put on the stack of the call, and read back from there. Structs are passed in
 * words, as the procedure call standard does; not done: structs of floats in floating-point registers.
 */
import type { Argument, ArgumentKind, CallResult } from '../cpu/aapcs.ts';
import { encodeValue } from '../dwarf/encode-value.ts';
import type { Type } from '../dwarf/model.ts';
import { bare, sizeOf } from '../dwarf/types.ts';
import { decodeValue, integerOf, isSigned, numberOf, type VariableValue } from '../dwarf/values.ts';
import { UsageError } from '../errors.ts';
import type { Prototype } from './debug.ts';

/** Bytes that are put on the stack, and what becomes of them when the function has returned. */
export interface Buffer {
  readonly bytes: Uint8Array;
  /** Gives the caller what the function has made of them. */
  readonly back?: (bytes: Uint8Array) => void;
}

/** Arguments of a call: a buffer stands for its address. */
export type Passed = Argument | Buffer;

/** True for what lies in memory. */
export function isBuffer(passed: Passed): passed is Buffer {
  return typeof passed === 'object' && 'bytes' in passed;
}

/** The arguments for `values`. @throws {UsageError | SymbolError} for values that do not fit the prototype */
export function encodeArguments({ name, parameters, variadic }: Prototype, values: readonly unknown[], hardFloat: boolean): Passed[] {
  if (!parameters) return values.map((value, index) => untyped(value, `${name}: argument ${index + 1}`));
  const few = values.length < parameters.length;
  if (few || (values.length > parameters.length && !variadic)) {
    const list = parameters.map((each) => `${each.type.name} ${each.name}`).join(', ');
    throw new UsageError(`${name}: ${values.length} arguments`, `it takes ${parameters.length}${list ? `: ${list}` : ''}`, name);
  }
  return values.flatMap((value, index) => {
    const parameter = parameters[index];
    return parameter
      ? encode(parameter.type, value, `${name}: ${parameter.name}`, hardFloat)
      : [untyped(value, `${name}: argument ${index + 1}`)];
  });
}

/** A value that goes where `type` says. @throws {UsageError | SymbolError} */
export function encode(type: Type, value: unknown, place: string, hardFloat: boolean): Passed[] {
  const inner = bare(type);
  if (inner.kind === 'pointer') return [pointer(inner.target, value, place)];
  const size = sizeOf(type);
  if (inner.kind === 'base' && inner.encoding === 'float') {
    const number = typeof value === 'bigint' ? Number(value) : value;
    if (typeof number !== 'number') throw new UsageError(`${place}: ${String(value)} is no ${type.name}`, 'give a number', place);
    return [size === 4 ? { float: number } : { double: number }];
  }
  const bytes = new Uint8Array(size);
  encodeValue(type, value, bytes, place);
  if (inner.kind === 'struct') return structWords(type, bytes, place, hardFloat);
  const signed = (inner.kind === 'base' || inner.kind === 'enum') && isSigned(inner);
  const integer = integerOf(bytes, signed, undefined);
  return [size > 4 ? integer : Number(integer)];
}

/** A struct is passed in words; of those with double words in them, pairs begin at even registers. */
function structWords(type: Type, bytes: Uint8Array, place: string, hardFloat: boolean): Argument[] {
  if (hardFloat && floatsIn(type) > 0)
    throw new UsageError(
      `${place}: a ${type.name} is passed in floating-point registers`,
      'pass it by pointer, through a function that takes one',
      place,
    );
  const padded = new Uint8Array((bytes.length + 3) & ~3);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  if (alignment(type) === 8) return Array.from({ length: padded.length / 8 }, (_, n) => view.getBigUint64(8 * n, true));
  return Array.from({ length: padded.length / 4 }, (_, n) => view.getUint32(4 * n, true));
}

/** Floats in a struct that has nothing else, at most four and of one size; else 0. */
function floatsIn(type: Type): number {
  const sizes: number[] = [];
  const collect = (each: Type): boolean => {
    const inner = bare(each);
    if (inner.kind === 'struct') return inner.keyword !== 'union' && inner.members.every((member) => collect(member.type));
    if (inner.kind === 'array') return Array.from({ length: Math.min(inner.count ?? 0, 5) }).every(() => collect(inner.element));
    sizes.push(inner.size);
    return inner.kind === 'base' && inner.encoding === 'float';
  };
  return collect(type) && sizes.length <= 4 && new Set(sizes).size === 1 ? sizes.length : 0;
}

function alignment(type: Type): 4 | 8 {
  const inner = bare(type);
  if (inner.kind === 'struct') return inner.members.some((member) => alignment(member.type) === 8) ? 8 : 4;
  if (inner.kind === 'array') return alignment(inner.element);
  return inner.kind === 'base' && inner.size === 8 ? 8 : 4;
}

/** What a pointer to `target` is to be. */
function pointer(target: Type, value: unknown, place: string): Passed {
  if (Array.isArray(value)) {
    const size = sizeOf(target) || 1;
    const bytes = new Uint8Array(size * value.length);
    const part = (n: number, all: Uint8Array = bytes) => all.subarray(n * size, (n + 1) * size);
    for (const [n, each] of value.entries()) {
      if (sizeOf(target) > 0) encodeValue(target, each, part(n), `${place}[${n}]`);
      else bytes[n] = Number(each);
    }
    const back = (changed: Uint8Array): void => {
      for (let n = 0; n < value.length; n++) value[n] = sizeOf(target) > 0 ? decodeValue(target, part(n, changed)) : changed[n];
    };
    return { bytes, back };
  }
  const plain = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !('address' in value);
  if (plain && bare(target).kind === 'struct') {
    const bytes = new Uint8Array(sizeOf(target));
    encodeValue(target, value, bytes, place);
    return { bytes, back: (changed) => void Object.assign(value, decodeValue(target, changed)) };
  }
  return untyped(value, place);
}

/** A value as it is: integers and truth are words, text and bytes lie in memory. @throws {UsageError} */
function untyped(value: unknown, place: string): Passed {
  if (value === null || value === undefined) return 0;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'string') return { bytes: new TextEncoder().encode(`${value}\0`) };
  if (typeof value === 'bigint') return value;
  if (ArrayBuffer.isView(value)) {
    const view = new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
    return { bytes: view.slice(), back: (changed: Uint8Array) => view.set(changed) };
  }
  if (typeof value === 'object' && 'address' in value && typeof value.address === 'number') return value.address;
  if (typeof value === 'object' && 'float' in value && typeof value.float === 'number') return { float: value.float };
  if (typeof value === 'object' && 'double' in value && typeof value.double === 'number') return { double: value.double };
  if (typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32) return value;
  const remedy = 'numbers are words of 32 bits, bigints of 64; { float } and { double }, strings, typed arrays, variables';
  throw new UsageError(`${place}: ${String(value)} cannot be passed`, remedy, place);
}

/** Bytes of a result that the caller provides, whose address is passed first; 0 when it comes in registers. */
export function resultBytes({ returnType }: Prototype): number {
  if (!returnType || bare(returnType).kind !== 'struct') return 0;
  const size = sizeOf(returnType);
  return size > 4 ? size : 0;
}

/** The value of a result in registers, or in `memory`; a word, unsigned, when its type is not known. */
export function decodeResult({ returnType }: Prototype, result: CallResult, memory: Uint8Array | undefined): VariableValue {
  if (!returnType) return result.word;
  if (memory) return decodeValue(returnType, memory);
  const inner = bare(returnType);
  const size = sizeOf(returnType);
  if (inner.kind === 'void' || inner.kind === 'function') return undefined;
  if (inner.kind === 'base' && inner.encoding === 'float') return size === 4 ? result.float : result.double;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, size > 4 ? result.doubleWord : BigInt(result.word), true);
  return decodeValue(returnType, bytes.subarray(0, size));
}

/** How the arguments of a function are read: four words when its prototype is not known. */
export function argumentKinds(prototype: Prototype): ArgumentKind[] {
  const kinds = prototype.parameters?.flatMap(({ type }) => kindsOf(type)) ?? (['word', 'word', 'word', 'word'] as ArgumentKind[]);
  return resultBytes(prototype) > 0 ? ['word', ...kinds] : kinds;
}

function kindsOf(type: Type): ArgumentKind[] {
  const inner = bare(type);
  const size = sizeOf(type);
  if (inner.kind === 'struct') {
    const double = alignment(type) === 8;
    return Array.from({ length: Math.ceil(size / (double ? 8 : 4)) }, () => (double ? 'double word' : 'word'));
  }
  if (inner.kind === 'base' && inner.encoding === 'float') return [size === 4 ? 'float' : 'double'];
  return [size > 4 ? 'double word' : 'word'];
}

/** The values of arguments that were read with `argumentKinds`, without the address of the result. */
export function decodeArguments(prototype: Prototype, raw: readonly (number | bigint)[]): VariableValue[] {
  const { parameters } = prototype;
  const rest = resultBytes(prototype) > 0 ? raw.slice(1) : [...raw];
  if (!parameters) return rest;
  return parameters.map(({ type }) => {
    const kinds = kindsOf(type);
    const words = rest.splice(0, kinds.length);
    const inner = bare(type);
    if (kinds[0] === 'float' || kinds[0] === 'double') return words[0];
    const bytes = new Uint8Array(8 * kinds.length);
    const view = new DataView(bytes.buffer);
    for (const [n, word] of words.entries()) {
      if (typeof word === 'bigint') view.setBigUint64(8 * n, word, true);
      else view.setUint32(4 * n, word, true);
    }
    if (inner.kind === 'pointer') return view.getUint32(0, true);
    return sizeOf(type) === 0 ? numberOf(view.getBigUint64(0, true)) : decodeValue(type, bytes.subarray(0, sizeOf(type)));
  });
}
