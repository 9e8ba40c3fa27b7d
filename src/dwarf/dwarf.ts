/**
 * Debug information of an ELF: DWARF 2 to 5 as GCC, Clang, armclang and IAR write it, read when it is asked for and not before.
 *
 * Little-endian, 32-bit. Not read: split DWARF (.dwo), dwz's shared files, macros. What is damaged is left out and named in `problems`.
 */
import { DebugInfoError } from '../errors.ts';
import type {
  AddressPlace,
  AddressRange,
  Backtrace,
  DebugFunction,
  DebugVariable,
  LineRow,
  LineSequence,
  LocalVariable,
  Type,
  UnwindStart,
} from './model.ts';

const todo = (): never => {
  throw new DebugInfoError('E_DWARF', 'not yet');
};

/** The debug information of one ELF file. Every query is answered from an index that is built at the first one of its kind. */
export class Dwarf {
  /** Whether the file has debug information at all; without it every query answers "nothing". */
  readonly present: boolean = false;

  /** Reads the section headers only. @throws {DebugInfoError} when the sections are compressed in a way that cannot be read */
  static of(_elf: Uint8Array): Dwarf {
    return todo();
  }

  /** What was damaged and left out, one line each. */
  get problems(): readonly string[] {
    return todo();
  }

  /** Sources that the line tables name, each once, sorted. */
  get files(): readonly string[] {
    return todo();
  }

  /** The line table: sequences sorted by address; those of code that the linker discarded are left out. */
  lineTable(): readonly LineSequence[] {
    return todo();
  }

  /** The row that covers `address`. */
  rowAt(_address: number): LineRow | undefined {
    return todo();
  }

  /** Source line and functions at `address`; undefined when no line is known. In a backtrace ask with the frame's `lookup`. */
  lineAt(_address: number): AddressPlace | undefined {
    return todo();
  }

  /**
   * Where the statements of a line begin, sorted: for breakpoints. `file` is a path or its end (`main.c`, `src/main.c`). A line without
   * code answers with those of the next line that has some, as gdb does; `line` says which. Empty when there is none.
   */
  addressesOf(_file: string, _line: number): { readonly file: string; readonly line: number; readonly addresses: readonly number[] } {
    return todo();
  }

  /** Functions with code, sorted by address. */
  functions(): readonly DebugFunction[] {
    return todo();
  }

  /** The function whose code holds `address`. */
  functionAt(_address: number): DebugFunction | undefined {
    return todo();
  }

  /** The function called `name`; `file.c:name` tells statics apart. @throws {SymbolError} when several have that name, or none */
  functionNamed(_name: string): DebugFunction {
    return todo();
  }

  /**
   * The variable called `name`: `state`, `file.c:state`, `function::state`, `ns::Class::state`.
   * @throws {SymbolError} when there is none, or several: the message lists them
   */
  variable(_name: string): DebugVariable {
    return todo();
  }

  /** All variables with that name, or all there are. */
  variables(_name?: string): readonly DebugVariable[] {
    return todo();
  }

  /** Parameters and variables whose scope holds `pc`, innermost scope first; names that are hidden by an inner one are left out. */
  localsAt(_pc: number): readonly LocalVariable[] {
    return todo();
  }

  /** The type called `name`: `struct state`, `state_t`, `unsigned int`; undefined when there is none. */
  typeNamed(_name: string): Type | undefined {
    return todo();
  }

  /** Executable code that functions cover, merged and sorted. */
  codeRanges(): readonly AddressRange[] {
    return todo();
  }

  /** Walks the stack from a stopped core, at most `depth` frames (64). Never throws. */
  unwind(_start: UnwindStart, _depth = 64): Backtrace {
    return todo();
  }
}
