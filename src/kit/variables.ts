/**
 * Variables of the firmware by name: typed values read from and written to memory as the debug information lays them out.
 */
import type { Dwarf } from '../dwarf/dwarf.ts';
import type { Type } from '../dwarf/model.ts';
import { SymbolError } from '../errors.ts';
import type { NamedAddress } from '../symbols.ts';

/** Memory as the variable's core sees it. */
export interface VariableMemory {
  /** Undefined where nothing answers. */
  read(address: number, length: number): Uint8Array | undefined;
  /** False where nothing takes it. */
  write(address: number, bytes: Uint8Array): boolean;
}

/** What a variable's value is in JavaScript. */
export type VariableValue =
  | number
  | bigint
  | boolean
  | string
  | undefined
  | readonly VariableValue[]
  | { readonly [field: string]: VariableValue };

const todo = (): never => {
  throw new SymbolError('E_SYMBOL_UNKNOWN', 'not yet', '');
};

/** A variable, or a part of one: typed access to its memory, read at each use. */
export interface Variable {
  /** The expression that leads here: `state`, `state.items[3]`. */
  readonly name: string;
  readonly address: number;
  /** In bytes. */
  readonly size: number;
  /** Its type as C writes it. */
  readonly type: string;
  /** Its type for programs; undefined without debug information. */
  readonly debugType: Type | undefined;
  /**
   * Numbers (bigint beyond 2^53), booleans, names of enumerators (numbers for values without), objects of structs and unions, arrays;
   * pointers are numbers.
   */
  readonly value: VariableValue;
  /** Its memory. */
  readonly bytes: Uint8Array;
  /** Of an array of characters, or a pointer to them: the text up to its NUL. */
  readonly text: string;
  /** Writes a value; of structs the fields that are named, of arrays the elements that are given. */
  set(value: VariableValue | Uint8Array): void;
  /** `a.b[3].c`, `next->value`, from here. */
  field(path: string): Variable;
  /** What the pointer points to. */
  deref(): Variable;
  /** Element of an array, or of what a pointer points to. */
  index(n: number): Variable;
  /** As gdb prints it. */
  toString(): string;
}

/** Finds variables by name, in the debug information, or in the symbol table where there is none. */
export class Variables {
  /** `dwarf` and `symbols` of one file, `memory` of the core that runs it. */
  constructor(_dwarf: Dwarf | undefined, _symbols: readonly NamedAddress[], _memory: VariableMemory) {
    todo();
  }

  /** `state`, `main.c:state`, `main::state`, `state.items[3].name`. @throws {SymbolError} */
  find(_name: string): Variable {
    return todo();
  }

  /** A variable of a type by name (`struct queue`, `uint16_t`) at any address. @throws {SymbolError} for an unknown type */
  at(_address: number, _type: string): Variable {
    return todo();
  }
}
