/**
 * Variables of the firmware by name: typed values read from and written to memory as the debug information lays them out.
 *
 * Without debug information the symbol table gives addresses and sizes: unsigned integers of 1, 2, 4 and 8 bytes, and bytes.
 */

import { SymbolError } from '../errors.ts';
import { type NamedAddress, Symbols } from '../symbols.ts';
import type { Dwarf } from './dwarf.ts';
import type { FunctionType } from './model.ts';
import { sizeOf } from './types.ts';
import { homeOf, memoryHome, type Surroundings, Variable, type VariableMemory } from './variable.ts';

export type { VariableValue } from './values.ts';
export { Variable, type VariableMemory } from './variable.ts';

/** A function without debug information. */
const UNKNOWN_FUNCTION: FunctionType = {
  kind: 'function',
  name: 'void ()',
  size: 0,
  returnType: { kind: 'void', name: 'void', size: 0 },
  parameters: [],
  variadic: false,
  prototyped: false,
};

/** Finds variables by name, in the debug information, or in the symbol table where there is none. */
export class Variables {
  private readonly dwarf: Dwarf | undefined;
  private readonly symbols: Symbols;
  /** There are no symbols at all. */
  private readonly stripped: boolean;
  private readonly around: Surroundings;

  /** `dwarf` and `symbols` of one file, `memory` of the core that runs it. */
  constructor(dwarf: Dwarf | undefined, symbols: readonly NamedAddress[], memory: VariableMemory) {
    this.dwarf = dwarf;
    this.symbols = new Symbols(symbols);
    this.stripped = symbols.length === 0;
    this.around = { memory, symbol: (address) => this.symbolText(address) };
  }

  private symbolText(address: number): string | undefined {
    const symbol = this.symbols.find(address);
    if (symbol === undefined) return undefined;
    const offset = address - symbol.address;
    // A pointer to a function has the Thumb bit, whatever its type says.
    const isFunction = offset === 1 && this.dwarf?.functionAt(symbol.address)?.entry === symbol.address;
    return offset === 0 || isFunction ? symbol.name : `${symbol.name}+${offset}`;
  }

  /**
   * `state`, `main.c:state`, `main::state`, `state.items[3].name`, `*head`, `main` (the function).
   * @throws {SymbolError} for a name that nothing has, or several have, and for a path that its type does not have
   */
  find(name: string): Variable {
    // gdb writes a file in quotes: 'main.c'::state.
    const [, stars, rest] = /^\s*(\**)\s*(.*?)\s*$/.exec(name.replace(/'([^']+)'::/, '$1:'))!;
    const [, file, own, path] =
      /^((?:[A-Za-z]:)?[^:]*?[^:]:(?!:))?((?:::)?[\w$~]+(?:<.*>)?(?:::[\w$~]+(?:<.*>)?)*)((?:->|\.(?!\d)|\[).*)?$/.exec(rest!) ?? [];
    const base = own === undefined ? this.named(rest!) : this.named(`${file ?? ''}${own}`);
    let found = base.field(path ?? '');
    for (let n = 0; n < stars!.length; n++) found = found.deref();
    return found;
  }

  private named(name: string): Variable {
    let missing: unknown;
    try {
      if (this.dwarf?.present) {
        const variable = this.dwarf.variable(name);
        const home = homeOf(name, variable.location, this.around.memory);
        return new Variable(this.around, name, home, 0, variable.type, sizeOf(variable.type));
      }
    } catch (error) {
      if (!(error instanceof SymbolError) || error.code !== 'E_SYMBOL_UNKNOWN') throw error;
      missing = error;
    }
    return this.function(name) ?? this.untyped(name, missing);
  }

  private function(name: string): Variable | undefined {
    try {
      if (!this.dwarf?.present) return undefined;
      const found = this.dwarf.functionNamed(name);
      const type: FunctionType = {
        ...UNKNOWN_FUNCTION,
        returnType: found.returnType,
        parameters: found.parameters.map((parameter) => parameter.type),
        variadic: found.variadic,
        prototyped: true,
      };
      const size = found.ranges.reduce((sum, { low, high }) => sum + high - low, 0);
      return new Variable(this.around, name, memoryHome(this.around.memory, found.entry), 0, { ...type, name: functionName(type) }, size);
    } catch (error) {
      if (!(error instanceof SymbolError) || error.code !== 'E_SYMBOL_UNKNOWN') throw error;
      return undefined;
    }
  }

  private untyped(name: string, missing: unknown): Variable {
    const symbol = this.symbols.lookup(name);
    if (symbol === undefined) {
      throw (
        missing ??
        new SymbolError(
          'E_SYMBOL_UNKNOWN',
          `no symbol ${name} in this firmware`,
          this.stripped
            ? 'the file has no symbols: give the ELF before it was stripped'
            : 'it may be static in a file without symbols, or optimised away',
          name,
        )
      );
    }
    return new Variable(this.around, name, memoryHome(this.around.memory, symbol.address), 0, undefined, symbol.size || 4);
  }

  /** A variable of a type by name (`struct queue`, `uint16_t`) at any address. @throws {SymbolError} for an unknown type */
  at(address: number, type: string): Variable {
    const found = this.dwarf?.typeNamed(type);
    if (found === undefined)
      throw new SymbolError('E_SYMBOL_UNKNOWN', `no type ${type} in this firmware`, 'write it as C does: struct queue, uint16_t', type);
    return new Variable(
      this.around,
      `*(${type} *)0x${address.toString(16)}`,
      memoryHome(this.around.memory, address),
      0,
      found,
      sizeOf(found),
    );
  }
}

function functionName({ returnType, parameters, variadic }: FunctionType): string {
  const list = parameters.map(({ name }) => name);
  if (variadic) list.push('...');
  return `${returnType.name} (${list.join(', ') || 'void'})`;
}
