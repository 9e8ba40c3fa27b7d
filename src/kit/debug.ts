/**
 * What an ELF file tells about its code beyond symbols: debug information, and how its functions are called. Read once for each file.
 */
import { Dwarf } from '../dwarf/dwarf.ts';
import type { DebugFunction, Type } from '../dwarf/model.ts';
import { FirmwareError, SymbolError } from '../errors.ts';
import { hex32 } from '../memory/bits.ts';
import { parseFirmware } from '../remoteproc/elf-loader.ts';
import type { NamedAddress } from '../symbols.ts';

/** Where e_flags stand, and EF_ARM_ABI_FLOAT_HARD in them. */
const E_FLAGS = 36;
const FLOAT_HARD = 0x400;

/** A file, read. */
export interface Debug {
  readonly dwarf: Dwarf;
  readonly symbols: readonly NamedAddress[];
  /** Floating-point arguments are passed in registers of their own. */
  readonly hardFloat: boolean;
}

/** A function that can be called or stood in for. */
export interface Prototype {
  readonly name: string;
  readonly address: number;
  /** Undefined without debug information. */
  readonly parameters: readonly { readonly name: string; readonly type: Type }[] | undefined;
  readonly returnType: Type | undefined;
  readonly variadic: boolean;
}

const read = new WeakMap<Uint8Array, Debug>();

/** What the file `bytes` tells. */
export function debugOf(bytes: Uint8Array): Debug {
  let debug = read.get(bytes);
  if (!debug) {
    const flags = bytes.length < E_FLAGS + 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(E_FLAGS, true);
    debug = { dwarf: Dwarf.of(bytes), symbols: symbolsOf(bytes), hardFloat: (flags & FLOAT_HARD) !== 0 };
    read.set(bytes, debug);
  }
  return debug;
}

/** The symbols of a file that Linux has loaded; none when only Linux can read it. */
function symbolsOf(bytes: Uint8Array): readonly NamedAddress[] {
  try {
    return parseFirmware(bytes, 'firmware').symbols;
  } catch (error) {
    if (error instanceof FirmwareError) return [];
    throw error;
  }
}

/** The function of that name, or at that address. @throws {SymbolError} when there is none, or several have that name */
export function findFunction(debug: Debug | undefined, which: string | number): Prototype {
  if (typeof which === 'number') {
    const address = (which & ~1) >>> 0;
    const found = debug?.dwarf.functionAt(address);
    if (found && found.entry === address) return prototypeOf(found);
    const name = debug?.symbols.find((symbol) => symbol.address === address)?.name ?? hex32(address);
    return { name, address, parameters: undefined, returnType: undefined, variadic: false };
  }
  try {
    if (debug?.dwarf.present) return prototypeOf(debug.dwarf.functionNamed(which));
  } catch (error) {
    if (!(error instanceof SymbolError) || error.code !== 'E_SYMBOL_UNKNOWN') throw error;
    const symbol = debug?.symbols.find(({ name }) => name === which);
    if (!symbol) throw error;
  }
  const symbol = debug?.symbols.find(({ name }) => name === which);
  if (symbol) return { name: which, address: symbol.address, parameters: undefined, returnType: undefined, variadic: false };
  throw new SymbolError(
    'E_SYMBOL_UNKNOWN',
    `no function ${which} in this firmware`,
    debug?.symbols.length
      ? 'it may be inlined everywhere, or left out by the linker'
      : 'the file has no symbols: give the ELF before it was stripped',
    which,
  );
}

function prototypeOf({ name, entry, parameters, returnType, variadic }: DebugFunction): Prototype {
  return {
    name,
    address: (entry & ~1) >>> 0,
    parameters: parameters.map((each) => ({ name: each.name, type: each.type })),
    returnType,
    variadic,
  };
}
