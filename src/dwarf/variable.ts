/** One variable of the firmware, or a part of one: its value, read and written as its type says. `variables.ts` finds them. */

import { SymbolError } from '../errors.ts';
import { encodeValue, unknownField } from './encode-value.ts';
import type { Location, Type } from './model.ts';
import { fromBytes, toBytes } from './operands.ts';
import { bare, sizeOf } from './types.ts';
import { valueText } from './value-text.ts';
import { type Bits, bitsOf, decodeValue, LARGEST_VALUE, memberNamed, memberSize, numberOf, textOf, type VariableValue } from './values.ts';

/** Memory as the variable's core sees it. */
export interface VariableMemory {
  /** Undefined where nothing answers. */
  read(address: number, length: number): Uint8Array | undefined;
  /** False where nothing takes it. */
  write(address: number, bytes: Uint8Array): boolean;
}

/** Longest text behind a pointer. */
const LONGEST_TEXT = 64 * 1024;

const REMEDY_MEMORY = 'read it after the firmware was loaded, while its memory has power';
const NO_PLACE = 'build with -Og, or make it volatile';

/** What variables of one firmware share. */
export interface Surroundings {
  readonly memory: VariableMemory;
  /** `pool+16` for an address. */
  symbol(address: number): string | undefined;
}

/** Where a variable's bytes are: memory, or what the debug information holds instead. */
export interface Home {
  /** Undefined for what is nowhere in memory. */
  readonly address: number | undefined;
  read(offset: number, length: number): Uint8Array | undefined;
  /** False when it cannot be written. */
  write(offset: number, bytes: Uint8Array): boolean;
}

/** Memory from `address` on. */
export function memoryHome(memory: VariableMemory, address: number): Home {
  return {
    address,
    read: (offset, length) => memory.read((address + offset) >>> 0, length),
    write: (offset, bytes) => memory.write((address + offset) >>> 0, bytes),
  };
}

/** A constant that the compiler folded. */
function constantHome(all: Uint8Array): Home {
  return {
    address: undefined,
    read: (offset, length) => {
      const bytes = new Uint8Array(length);
      bytes.set(all.subarray(offset, offset + length));
      return bytes;
    },
    write: () => false,
  };
}

/** The bytes of a location that is in several places; undefined when one of them is lost. */
function gather(location: Location, memory: VariableMemory, length: number): Uint8Array | undefined {
  if (location.kind === 'memory') return memory.read(location.address, length);
  if (location.kind === 'value') return constantHome(location.bytes).read(0, length);
  if (location.kind !== 'pieces') return undefined;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of location.pieces) {
    const size = piece.bitSize / 8;
    if (!Number.isInteger(size) || piece.bitOffset % 8 !== 0 || at + size > length) return undefined;
    const part = gather(piece.location, memory, piece.bitOffset / 8 + size);
    if (part === undefined) return undefined;
    bytes.set(part.subarray(piece.bitOffset / 8), at);
    at += size;
  }
  return bytes;
}

/** Where a location's bytes are. @throws {SymbolError} when they are nowhere */
export function homeOf(name: string, location: Location, memory: VariableMemory): Home {
  switch (location.kind) {
    case 'memory':
      return memoryHome(memory, location.address);
    case 'value':
      return constantHome(location.bytes);
    case 'pieces':
      return {
        address: undefined,
        read: (offset, length) => gather(location, memory, offset + length)?.subarray(offset),
        write: () => false,
      };
    case 'register':
      throw new SymbolError('E_SYMBOL_NO_PLACE', `${name} is in a register, and no frame is given`, NO_PLACE, name);
    default:
      throw new SymbolError('E_SYMBOL_NO_PLACE', `${name} has no place: ${location.reason}`, NO_PLACE, name);
  }
}

/** A variable, or a part of one: typed access to its memory, read at each use. */
export class Variable {
  /** The expression that leads here: `state`, `state.items[3]`. */
  readonly name: string;
  /** Its type for programs; undefined without debug information. */
  readonly debugType: Type | undefined;
  /** In bytes. */
  readonly size: number;
  private readonly around: Surroundings;
  private readonly home: Home;
  private readonly offset: number;
  private readonly bits: Bits | undefined;

  constructor(around: Surroundings, name: string, home: Home, offset: number, type: Type | undefined, size: number, bits?: Bits) {
    this.around = around;
    this.name = name;
    this.home = home;
    this.offset = offset;
    this.debugType = type;
    this.size = size;
    this.bits = bits;
  }

  /** Where it is; of a bit field the first byte that holds some of it. @throws {SymbolError} for a constant that is nowhere in memory */
  get address(): number {
    const { address } = this.home;
    if (address === undefined) {
      throw new SymbolError(
        'E_SYMBOL_NO_PLACE',
        `${this.name} is nowhere in memory as a whole: the compiler folded it`,
        NO_PLACE,
        this.name,
      );
    }
    return (address + this.offset) >>> 0;
  }

  /** Its type as C writes it; without debug information that of an integer of its size. */
  get type(): string {
    return this.debugType?.name ?? (isWord(this.size) ? `uint${this.size * 8}_t` : `uint8_t [${this.size}]`);
  }

  /** Its memory, as a copy. @throws {SymbolError} where nothing answers */
  get bytes(): Uint8Array {
    if (this.size > LARGEST_VALUE) {
      throw new SymbolError(
        'E_SYMBOL_VALUE',
        `${this.name} has ${this.size} bytes, more than are read at once`,
        'read a part of it',
        this.name,
      );
    }
    const bytes = this.home.read(this.offset, this.size);
    if (bytes === undefined || bytes.length < this.size) {
      throw new SymbolError(
        'E_SYMBOL_MEMORY',
        `${this.name} cannot be read: nothing answers at ${this.placeText}`,
        REMEDY_MEMORY,
        this.name,
      );
    }
    return bytes.slice(0, this.size);
  }

  private get placeText(): string {
    const { address } = this.home;
    return address === undefined ? 'one of its places' : `0x${((address + this.offset) >>> 0).toString(16).padStart(8, '0')}`;
  }

  /**
   * Numbers (bigint beyond 2^53), booleans, names of enumerators (numbers for values without), objects of structs and unions, arrays, text of
   * `char` arrays; pointers are numbers, functions their address. @throws {SymbolError} where nothing answers
   */
  get value(): VariableValue {
    const type = this.debugType;
    if (type !== undefined && bare(type).kind === 'function') return this.address;
    const { bytes } = this;
    if (type !== undefined) return decodeValue(type, bytes, this.bits);
    return isWord(this.size) ? numberOf(fromBytes(bytes)) : bytes;
  }

  /** Of an array of characters or bytes, or of what a pointer to them points to: the text up to its NUL. @throws {SymbolError} for other types */
  get text(): string {
    const type = this.debugType && bare(this.debugType);
    if (type === undefined) return textOf(this.bytes, 1);
    const element = type.kind === 'array' ? bare(type.element) : type.kind === 'pointer' ? bare(type.target) : undefined;
    if (element?.kind !== 'base' || ![1, 2, 4].includes(element.size) || element.encoding === 'float' || element.encoding === 'boolean') {
      throw new SymbolError('E_SYMBOL_FIELD', `${this.name} of type ${this.type} is no text`, 'take its value or its bytes', this.name);
    }
    return type.kind === 'array' ? textOf(this.bytes, element.size) : this.pointedText(element.size);
  }

  private pointedText(unit: number): string {
    const start = this.pointer();
    const found: number[] = [];
    while (found.length < LONGEST_TEXT) {
      const bytes = this.around.memory.read((start + found.length) >>> 0, unit);
      if (bytes === undefined || bytes.every((byte) => byte === 0)) break;
      found.push(...bytes);
    }
    return textOf(Uint8Array.from(found), unit);
  }

  /**
   * Writes a value: of structs the fields that are named, of arrays the elements that are given, into `char` arrays text, into enums the name of
   * an enumerator; a `Uint8Array` is taken as it is. @throws {SymbolError} for a value that the type cannot hold, and where nothing takes it
   */
  set(value: unknown): void {
    const { bytes } = this;
    if (this.debugType !== undefined) encodeValue(this.debugType, value, bytes, this.name, this.bits);
    else this.encodeUntyped(value, bytes);
    if (this.home.write(this.offset, bytes)) return;
    if (this.home.address === undefined) void this.address;
    throw new SymbolError(
      'E_SYMBOL_MEMORY',
      `${this.name} cannot be written: nothing takes it at ${this.placeText}`,
      REMEDY_MEMORY,
      this.name,
    );
  }

  private encodeUntyped(value: unknown, bytes: Uint8Array): void {
    if (value instanceof Uint8Array && value.length <= bytes.length) {
      bytes.set(value);
      return;
    }
    const bits = this.size * 8;
    const fits =
      (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) &&
      BigInt.asUintN(bits, BigInt(value)) === BigInt(value);
    if (!fits || !isWord(this.size)) {
      const what = isWord(this.size) ? `integers from 0 to ${(1n << BigInt(bits)) - 1n}` : `up to ${this.size} bytes`;
      throw new SymbolError(
        'E_SYMBOL_VALUE',
        `${this.name}: ${String(value)} is no value for it`,
        `without debug information it takes ${what}`,
        this.name,
      );
    }
    bytes.set(toBytes(BigInt(value as number | bigint), this.size));
  }

  /** `a.b[3].c`, `next->value`, from here. @throws {SymbolError} for what its type does not have */
  field(path: string): Variable {
    let here: Variable = this;
    let rest = path.trim();
    let first = true;
    while (rest !== '') {
      const [all, arrow, dot, name, index] = /^(?:(?:(->)|(\.)|)([A-Za-z_$][\w$]*)|\[(\d+)\])/.exec(rest) ?? [];
      const isPlain = name !== undefined && arrow === undefined && dot === undefined;
      if (all === undefined || (isPlain && !first)) {
        throw new SymbolError('E_SYMBOL_FIELD', `${path}: "${rest}" is no field or index`, 'write a path like .a.b[3]->c', this.name);
      }
      here = name === undefined ? here.index(Number(index)) : here.member(name);
      rest = rest.slice(all.length);
      first = false;
    }
    return here;
  }

  private member(name: string): Variable {
    const type = this.debugType && bare(this.debugType);
    if (type?.kind === 'pointer') return this.deref().member(name);
    if (type?.kind !== 'struct') {
      throw new SymbolError(
        'E_SYMBOL_FIELD',
        `${this.name} of type ${this.type} has no fields`,
        'only structs, classes and unions have',
        this.name,
      );
    }
    const found = memberNamed(type, name);
    if (found === undefined) throw unknownField(type, name, this.name);
    const path = this.name.startsWith('*') ? `${this.name.slice(1)}->${name}` : `${this.name}.${name}`;
    return new Variable(this.around, path, this.home, this.offset + found.offset, found.type, memberSize(found), bitsOf(found));
  }

  private pointer(): number {
    const address = Number(fromBytes(this.bytes));
    if (address === 0)
      throw new SymbolError('E_SYMBOL_MEMORY', `${this.name} is a null pointer`, 'check it before, with .value', this.name);
    return address;
  }

  /** What the pointer points to. @throws {SymbolError} for null, and for what is no pointer */
  deref(): Variable {
    const type = this.debugType && bare(this.debugType);
    if (type?.kind !== 'pointer' || bare(type.target).kind === 'void') {
      const remedy =
        type?.kind === 'pointer' ? 'nothing says what a void pointer points to: use at(address, type)' : 'only pointers can be followed';
      throw new SymbolError('E_SYMBOL_FIELD', `*${this.name}: ${this.name} has type ${this.type}`, remedy, this.name);
    }
    const isFunction = bare(type.target).kind === 'function';
    const address = isFunction ? (this.pointer() & ~1) >>> 0 : this.pointer();
    return new Variable(this.around, `*${this.name}`, memoryHome(this.around.memory, address), 0, type.target, sizeOf(type.target));
  }

  /** Element of an array, or of what a pointer points to. @throws {SymbolError} outside of the array */
  index(n: number): Variable {
    const type = this.debugType && bare(this.debugType);
    const name = `${this.name}[${n}]`;
    if (type?.kind === 'pointer') {
      const target = this.deref();
      return new Variable(this.around, name, target.home, n * target.size, type.target, target.size);
    }
    if (type?.kind !== 'array')
      throw new SymbolError(
        'E_SYMBOL_FIELD',
        `${name}: ${this.name} has type ${this.type}`,
        'only arrays and pointers have elements',
        this.name,
      );
    if (!Number.isInteger(n) || n < 0 || (type.count !== undefined && n >= type.count)) {
      throw new SymbolError(
        'E_SYMBOL_FIELD',
        `${name}: ${this.type} has elements 0 to ${(type.count ?? 1) - 1}`,
        'choose one of them',
        this.name,
      );
    }
    const size = sizeOf(type.element);
    return new Variable(this.around, name, this.home, this.offset + n * size, type.element, size);
  }

  /** As gdb prints it. @throws {SymbolError} where nothing answers */
  toString(): string {
    const type = this.debugType;
    if (type === undefined) return String(this.value);
    if (bare(type).kind === 'function') return `{${type.name}} 0x${this.address.toString(16)} <${this.name}>`;
    return valueText(
      type,
      this.bytes,
      { symbol: (address) => this.around.symbol(address), read: (address, length) => this.around.memory.read(address, length) },
      this.bits,
    );
  }
}

function isWord(size: number): boolean {
  return size === 1 || size === 2 || size === 4 || size === 8;
}
