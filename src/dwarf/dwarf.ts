/**
 * Debug information of an ELF: DWARF 2 to 5 as GCC, Clang, armclang and IAR write it, read when it is asked for and not before.
 *
 * Little-endian, 32-bit. Not read: split DWARF (.dwo), dwz's shared files, macros. What is damaged is left out and named in `problems`.
 */
import { DW_AT, DW_TAG } from './constants.ts';
import type { Die } from './die.ts';
import { cfaOf } from './frame-rules.ts';
import { CallFrames } from './frames.ts';
import { ambiguousName, Globals, unknownName } from './globals.ts';
import { NameIndex } from './index.ts';
import { above, type LineAddresses, Lines } from './lines.ts';
import { rangesOf } from './lists.ts';
import type {
  AddressPlace,
  AddressRange,
  Backtrace,
  DebugFunction,
  DebugVariable,
  FrameContext,
  InlineFrame,
  LineRow,
  LineSequence,
  LocalVariable,
  Type,
  UnwindStart,
} from './model.ts';
import { pathMatches } from './paths.ts';
import { FunctionEntry, type FunctionScope, linkageName } from './scopes.ts';
import { type ElfSymbol, Sections } from './sections.ts';
import { baseName, templateName } from './type-names.ts';
import { Types } from './types.ts';
import { UnitTable } from './units.ts';
import { unwind } from './unwind.ts';

/** How far behind a symbol without a size an address may lie and still be its. */
const SYMBOL_REACH = 4096;

/** A piece of a function, for the search by address. */
interface Piece extends AddressRange {
  readonly function: FunctionEntry;
}

/** The debug information of one ELF file. Every query is answered from an index that is built at the first one of its kind. */
export class Dwarf {
  /** Whether the file has debug information at all; without it every query answers "nothing", and stacks are walked by prologues. */
  readonly present: boolean;
  private readonly sections: Sections;
  private readonly noted = new Set<string>();
  private foundUnits: UnitTable | undefined;
  private foundParts: Parts | undefined;
  private foundFunctions: FunctionEntry[] | undefined;
  private foundPieces: Piece[] | undefined;
  private readonly typesByName = new Map<string, Type | undefined>();

  private constructor(elf: Uint8Array) {
    this.sections = new Sections(elf);
    this.present = this.sections.has('.debug_info') || this.sections.has('.debug_line');
  }

  /**
   * Reads the section headers only. @throws {DebugInfoError} when the file is no 32-bit little-endian ELF
   */
  static of(elf: Uint8Array): Dwarf {
    return new Dwarf(elf);
  }

  private get units(): UnitTable {
    this.foundUnits ??= new UnitTable(this.sections, this.noted);
    return this.foundUnits;
  }

  private get parts(): Parts {
    this.foundParts ??= new Parts(this.units, this.sections);
    return this.foundParts;
  }

  private checkReadable(): void {
    const { unreadable } = this.sections;
    if (unreadable) throw unreadable;
  }

  /** What was damaged and left out so far, one line each. */
  get problems(): readonly string[] {
    return [...this.noted];
  }

  /** Sources that the line tables name, each once, sorted. */
  get files(): readonly string[] {
    return this.parts.lines.files();
  }

  /** The line table: sequences sorted by address; those of code that the linker discarded are left out. */
  lineTable(): readonly LineSequence[] {
    return this.parts.lines.sequences();
  }

  /** The row that covers `address`; of several at one address the last that begins a statement. */
  rowAt(address: number): LineRow | undefined {
    return this.parts.lines.at(address);
  }

  /** Source line and functions at `address`; code of no line counts to the one before it; undefined when no line is known. In a backtrace ask with the frame's `lookup`. */
  lineAt(address: number): AddressPlace | undefined {
    const row = this.parts.lines.at(address, true);
    if (row === undefined) return undefined;
    const owner = this.entryAt(address);
    const calls = owner?.inlinedAt(address) ?? [];
    const inlinedFrom: InlineFrame[] = calls.map(({ call }, n) => ({ ...call, function: calls[n - 1]?.name ?? owner!.qualifiedName }));
    const { file, line, column } = row;
    return { file, line, column, function: calls.at(-1)?.name ?? owner?.qualifiedName, inlinedFrom: inlinedFrom.reverse() };
  }

  /**
   * Where the statements of a line begin, sorted: for breakpoints. `file` is a path or its end (`main.c`, `src/main.c`). A line without
   * code answers with those of the next line that has some, as gdb does; `line` says which. Empty when there is none.
   */
  addressesOf(file: string, line: number): LineAddresses {
    return this.parts.lines.addresses(file, line);
  }

  /** Functions with code, sorted by address. */
  functions(): readonly DebugFunction[] {
    return this.entries();
  }

  private entries(): readonly FunctionEntry[] {
    this.foundFunctions ??= this.parts.functions();
    return this.foundFunctions;
  }

  private pieces(): readonly Piece[] {
    this.foundPieces ??= this.entries()
      .flatMap((entry) => entry.ranges.map(({ low, high }) => ({ low, high, function: entry })))
      .sort((a, b) => a.low - b.low || b.high - a.high);
    return this.foundPieces;
  }

  private entryAt(address: number): FunctionEntry | undefined {
    const pieces = this.pieces();
    for (let n = above(pieces, ({ low }) => low, address) - 1, tries = 0; n >= 0 && tries < 16; n--, tries++) {
      if (address < pieces[n]!.high) return pieces[n]!.function;
    }
    return undefined;
  }

  /** The function whose code holds `address`. */
  functionAt(address: number): DebugFunction | undefined {
    return this.entryAt(address);
  }

  /**
   * The function called `name`; `file.c:name` tells statics apart.
   * @throws {SymbolError} when several have that name, or none @throws {DebugInfoError} when sections are compressed with anything but zlib
   */
  functionNamed(name: string): DebugFunction {
    this.checkReadable();
    const [, file, own] = /^(.*[^:]):([^:].*)$/.exec(name) ?? [undefined, undefined, name];
    const named = this.entries().filter((entry) => entry.name === own || entry.qualifiedName === own || entry.linkageName === own);
    const list = named.filter(
      ({ declaration, unit }) => file === undefined || pathMatches(declaration.file, file) || pathMatches(unit, file),
    );
    const [first] = list;
    if (first && list.every((entry) => entry.origin === first.origin)) return list.find((entry) => this.isOriginal(entry)) ?? first;
    if (first) throw ambiguousName('functions', name, list);
    const names = this.entries().map((entry) => entry.name);
    throw unknownName('function', name, own!, names);
  }

  /** Of a function that the compiler also made clones of (`.constprop.0`), the one with the symbol. */
  private isOriginal({ name, linkageName: symbol, entry }: FunctionEntry): boolean {
    return this.sections.symbols().some((each) => each.address === entry && each.name === (symbol ?? name));
  }

  /**
   * The variable called `name`: `state`, `file.c:state`, `function::state`, `ns::Class::state`.
   * @throws {SymbolError} when there is none, or several: the message lists them
   * @throws {DebugInfoError} when sections are compressed with anything but zlib
   */
  variable(name: string): DebugVariable {
    this.checkReadable();
    return this.parts.globals.one(name);
  }

  /** All variables that `name` can mean, or all there are. */
  variables(name?: string): readonly DebugVariable[] {
    return this.parts.globals.all(name);
  }

  /** Parameters and variables whose scope holds `pc`, innermost scope first; names that are hidden by an inner one are left out. */
  localsAt(pc: number): readonly LocalVariable[] {
    return this.entryAt(pc)?.variablesAt(pc) ?? [];
  }

  /** The type called `name`: `struct state`, `state_t`, `unsigned int`, `ui::Panel`; undefined when there is none. */
  typeNamed(name: string): Type | undefined {
    if (!this.typesByName.has(name)) this.typesByName.set(name, this.parts.typeNamed(name.trim()));
    return this.typesByName.get(name);
  }

  /** Code that functions cover, merged and sorted. */
  codeRanges(): readonly AddressRange[] {
    const merged: { low: number; high: number }[] = [];
    for (const { low, high } of this.pieces()) {
      const last = merged.at(-1);
      if (last && low <= last.high) last.high = Math.max(last.high, high);
      else merged.push({ low, high });
    }
    return merged;
  }

  /** Walks the stack from a stopped core, at most `depth` frames. Never throws for what memory and file hold. */
  unwind(start: UnwindStart, depth = 64): Backtrace {
    const { frames } = this.parts;
    return unwind(
      {
        rulesAt: (pc) => frames.rulesAt(pc),
        functionName: (pc) => this.entryAt(pc)?.qualifiedName ?? this.symbolAt(pc)?.name,
        symbolStart: (pc) => this.symbolAt(pc)?.address,
        isCode: (address) => this.sections.isCode(address),
      },
      start,
      depth,
    );
  }

  /** The function of the symbol table that holds `address`; a label of assembly has no size, and reaches to the next symbol. */
  private symbolAt(address: number): ElfSymbol | undefined {
    const symbols = this.sections.symbols();
    const last = above(symbols, (symbol) => symbol.address, address) - 1;
    for (let n = last; n >= 0 && n > last - 16; n--) {
      const { address: start, size, isFunction } = symbols[n]!;
      if (isFunction && address - start < (size || SYMBOL_REACH)) return symbols[n];
    }
    return undefined;
  }
}

/** Readers of the kinds of debug information, which know each other. */
class Parts implements FunctionScope {
  readonly types: Types;
  readonly lines: Lines;
  readonly index: NameIndex;
  readonly globals: Globals;
  readonly frames: CallFrames;
  private readonly units: UnitTable;
  private readonly sections: Sections;
  private startsAtZero: boolean | undefined;

  constructor(units: UnitTable, sections: Sections) {
    this.units = units;
    this.sections = sections;
    this.index = new NameIndex(units);
    this.types = new Types({
      prefix: (die) => this.index.prefix(die),
      definition: (die) => this.definition(die),
      guarded: (action) => units.guarded(action),
    });
    this.lines = new Lines(units, (low) => this.isLive(low));
    this.globals = new Globals(this.index, sections, this);
    this.frames = new CallFrames(units, (low) => this.isLive(low));
  }

  guarded(action: () => void): void {
    this.units.guarded(action);
  }

  /** Linkers move discarded code to 0, where code is only when a function's symbol is, too; or to the end of the address space. */
  isLive(low: number): boolean {
    if (low !== 0) return this.sections.isLoaded(low);
    this.startsAtZero ??= this.sections.symbols().some(({ address, isFunction }) => isFunction && address === 0);
    return this.startsAtZero;
  }

  file(die: Die, index: number): string {
    const offset = die.unit.root?.number(DW_AT.stmt_list);
    return (offset === undefined ? undefined : this.lines.header(offset, die.unit.directory)?.files[index]) ?? '';
  }

  frameAddress(frame: FrameContext): number | undefined {
    const rules = this.frames.rulesAt(frame.pc);
    return rules && cfaOf(rules, frame);
  }

  /** The definition of a declared struct with the same name and kind, in any unit. */
  private definition(die: Die): Die | undefined {
    const { name } = die;
    const prefix = this.index.prefix(die);
    if (name === '') return undefined;
    return this.index.typesNamed(name).find((other) => isSameKind(die.tag, other.tag) && this.index.prefix(other) === prefix);
  }

  typeNamed(name: string): Type | undefined {
    const [, keyword, path] = /^(?:(struct|union|class|enum)\s+)?(.+)$/.exec(name) ?? [];
    if (path === undefined) return undefined;
    const colons = path.split('<')[0]!.lastIndexOf('::');
    const last = colons < 0 ? path : path.slice(colons + 2);
    let found: Type | undefined;
    this.guarded(() => {
      const dies = this.index
        .typesNamed(last.includes('<') ? templateName(last) : baseName(last))
        .filter((die) => isKeyword(keyword, die) && (colons < 0 || `${this.index.prefix(die)}${last}`.endsWith(path)));
      found = dies[0] && this.types.from(dies[0]);
    });
    return found;
  }

  functions(): FunctionEntry[] {
    const entries: FunctionEntry[] = [];
    const labels = new Set<number>();
    for (const { die, scope } of this.index.functions()) {
      this.guarded(() => {
        const ranges = rangesOf(die)
          .filter(({ low }) => this.isLive(low))
          .sort((a, b) => a.low - b.low);
        const [first] = ranges;
        if (first === undefined || (die.unit.isAssembly && !this.isOwnLabel(die, first, labels))) return;
        entries.push(new FunctionEntry(die, scope && die.name ? `${scope}${die.name}` : this.qualifiedName(die), ranges, this));
      });
    }
    return entries.sort((a, b) => a.ranges[0]!.low - b.ranges[0]!.low);
  }

  /** A weak label that another file overrides is described where the winner is; and of several at one place the first stands for all. */
  private isOwnLabel({ unit }: Die, { low }: AddressRange, labels: Set<number>): boolean {
    const own = unit.root ? rangesOf(unit.root) : [];
    if (labels.has(low) || (own.length > 0 && !own.some((range) => low >= range.low && low < range.high))) return false;
    labels.add(low);
    return true;
  }

  qualifiedName(die: Die): string {
    const declaration = die.chain().at(-1)!;
    return `${this.index.prefix(declaration)}${die.name || (linkageName(die) ?? '')}`;
  }
}

function isSameKind(tag: number, other: number): boolean {
  const kind = (of: number): number => (of === DW_TAG.class_type ? DW_TAG.structure_type : of);
  return kind(tag) === kind(other);
}

/** Whether an entry can be written with `keyword`; in C++ all can be written without. */
function isKeyword(keyword: string | undefined, { tag, unit }: Die): boolean {
  switch (tag) {
    case DW_TAG.structure_type:
    case DW_TAG.class_type:
      return keyword === 'struct' || keyword === 'class' || (keyword === undefined && unit.likeCPlusPlus);
    case DW_TAG.union_type:
      return keyword === 'union' || (keyword === undefined && unit.likeCPlusPlus);
    case DW_TAG.enumeration_type:
      return keyword === 'enum' || (keyword === undefined && unit.likeCPlusPlus);
    default:
      return keyword === undefined;
  }
}
