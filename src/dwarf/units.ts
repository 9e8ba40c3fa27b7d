/**
 * Units of .debug_info and .debug_types (DWARF 5, 7.5.1): what their headers and their own entries say, and how to get at the entries below. */
import { DebugInfoError } from '../errors.ts';
import { type AbbreviationTable, readAbbreviations, type UnitSizes } from './abbreviations.ts';
import { DW_AT, DW_FORM, DW_LANG_ASSEMBLER, DW_UT, LANGUAGES_LIKE_CPLUSPLUS } from './constants.ts';
import { Budget, Cursor, damaged, stringAt } from './cursor.ts';
import { Die } from './die.ts';
import { normalisePath } from './paths.ts';
import type { Sections } from './sections.ts';

/** One unit: a source file with all that it includes, or a type. */
export class Unit implements UnitSizes {
  readonly table: UnitTable;
  readonly isTypes: boolean;
  /** Of its header. */
  readonly start: number;
  readonly end: number;
  readonly version: number;
  readonly addressSize: number;
  readonly offsetSize: 4 | 8;
  readonly kind: number;
  readonly signature: bigint | undefined;
  readonly typeOffset: number;
  private readonly first: number;
  private readonly abbreviationOffset: number;
  private abbreviations: AbbreviationTable | undefined;
  private foundRoot: Die | undefined;
  private foundName: string | undefined;
  private foundCPlusPlus: boolean | undefined;
  private foundBase: number | undefined;

  constructor(table: UnitTable, isTypes: boolean, cursor: Cursor) {
    this.table = table;
    this.isTypes = isTypes;
    this.start = cursor.at;
    const { length, offsetSize } = cursor.unitLength();
    this.offsetSize = offsetSize;
    this.end = cursor.at + length;
    if (this.end > cursor.end) damaged(`a unit of ${cursor.section} ends behind the section`);
    this.version = cursor.u16();
    if (this.version < 2 || this.version > 5) damaged(`a unit of ${cursor.section} is DWARF ${this.version}`);
    let kind: number = isTypes ? DW_UT.type : DW_UT.compile;
    if (this.version >= 5) {
      kind = cursor.u8();
      this.addressSize = cursor.u8();
      this.abbreviationOffset = cursor.unsigned(offsetSize);
      if (kind === DW_UT.skeleton || kind === DW_UT.split_compile) cursor.skip(8);
    } else {
      this.abbreviationOffset = cursor.unsigned(offsetSize);
      this.addressSize = cursor.u8();
    }
    this.kind = kind;
    if (![1, 2, 4, 8].includes(this.addressSize)) damaged(`a unit of ${cursor.section} has addresses of ${this.addressSize} bytes`);
    if (kind === DW_UT.type || kind === DW_UT.split_type) {
      this.signature = cursor.u64();
      this.typeOffset = cursor.unsigned(offsetSize);
    } else {
      this.signature = undefined;
      this.typeOffset = 0;
    }
    this.first = cursor.at;
  }

  /** A cursor into the unit's section that ends with the unit. */
  cursor(at: number): Cursor {
    return new Cursor(this.table.section(this.isTypes), this.isTypes ? '.debug_types' : '.debug_info', at, this.end);
  }

  get abbreviationTable(): AbbreviationTable {
    this.abbreviations ??= this.table.abbreviations(this.abbreviationOffset, this);
    return this.abbreviations;
  }

  /** The entry at `offset` of the section; undefined for the end of a list, and outside of the unit. */
  die(offset: number): Die | undefined {
    if (offset < this.first || offset >= this.end) return undefined;
    return this.read(this.cursor(offset));
  }

  /** The entry at `cursor`, which stands behind it then; undefined for the end of a list. */
  read(cursor: Cursor): Die | undefined {
    const offset = cursor.at;
    const code = cursor.uleb();
    if (code === 0) return undefined;
    const abbreviation = this.abbreviationTable.get(code);
    if (abbreviation === undefined) damaged(`an entry of ${cursor.section} is of a kind that .debug_abbrev does not have`);
    return new Die(this, offset, abbreviation, cursor);
  }

  /** The unit's own entry. */
  get root(): Die | undefined {
    this.foundRoot ??= this.die(this.first);
    return this.foundRoot;
  }

  /** Entries below `parent`. */
  children(parent: Die): Die[] {
    const children: Die[] = [];
    if (!parent.hasChildren) return children;
    const cursor = this.cursor(parent.end);
    let depth = 0;
    while (!cursor.done) {
      const die = this.read(cursor);
      this.table.budget.spend(1);
      if (die === undefined) {
        if (depth-- === 0) break;
        continue;
      }
      if (depth === 0) children.push(die);
      if (!die.hasChildren) continue;
      const { sibling } = die;
      if (sibling === undefined) depth++;
      else cursor.seek(sibling);
    }
    return children;
  }

  /** Path of its source. */
  get name(): string {
    this.foundName ??= normalisePath(this.root?.string(DW_AT.name) ?? '', this.directory);
    return this.foundName;
  }

  /** Where the compiler ran. */
  get directory(): string {
    return this.root?.string(DW_AT.comp_dir) ?? '';
  }

  /** Made by an assembler: its functions are labels. */
  get isAssembly(): boolean {
    return this.root?.number(DW_AT.language) === DW_LANG_ASSEMBLER;
  }

  /** Structs are named without their keyword. */
  get likeCPlusPlus(): boolean {
    this.foundCPlusPlus ??= LANGUAGES_LIKE_CPLUSPLUS.has(this.root?.number(DW_AT.language) ?? 0);
    return this.foundCPlusPlus;
  }

  /** Where addresses of its lists count from. */
  get base(): number {
    this.foundBase ??= this.root?.address(DW_AT.low_pc) ?? 0;
    return this.foundBase;
  }

  /** Value of a form of the class string. */
  stringValue(form: number, cursor: Cursor): string | undefined {
    const { sections } = this.table;
    switch (form) {
      case DW_FORM.string:
        return cursor.string();
      case DW_FORM.strp:
        return this.table.string('.debug_str', cursor.unsigned(this.offsetSize));
      case DW_FORM.line_strp:
        return this.table.string('.debug_line_str', cursor.unsigned(this.offsetSize));
      case DW_FORM.strx:
      case DW_FORM.strx1:
      case DW_FORM.strx2:
      case DW_FORM.strx3:
      case DW_FORM.strx4: {
        const index = indexValue(form - DW_FORM.strx1, form === DW_FORM.strx, cursor);
        const base = this.root?.number(DW_AT.str_offsets_base) ?? (this.offsetSize === 8 ? 16 : 8);
        const offsets = new Cursor(sections.bytes('.debug_str_offsets'), '.debug_str_offsets');
        offsets.seek(base + index * this.offsetSize);
        return this.table.string('.debug_str', offsets.unsigned(this.offsetSize));
      }
      default:
        return undefined;
    }
  }

  /** Value of a form of the class address. */
  addressValue(form: number, cursor: Cursor): number | undefined {
    if (form === DW_FORM.addr) return cursor.unsigned(this.addressSize);
    if (form !== DW_FORM.addrx && (form < DW_FORM.addrx1 || form > DW_FORM.addrx4)) return undefined;
    return this.indexedAddress(indexValue(form - DW_FORM.addrx1, form === DW_FORM.addrx, cursor));
  }

  /** Entry `index` of the unit's part of .debug_addr. */
  indexedAddress(index: number): number {
    const cursor = new Cursor(this.table.sections.bytes('.debug_addr'), '.debug_addr');
    cursor.seek((this.root?.number(DW_AT.addr_base) ?? 8) + index * this.addressSize);
    return cursor.unsigned(this.addressSize);
  }
}

/** An index of `size + 1` bytes, or LEB128. */
function indexValue(size: number, leb: boolean, cursor: Cursor): number {
  if (leb) return cursor.uleb();
  return size === 0 ? cursor.u8() : size === 1 ? cursor.u16() : size === 2 ? cursor.u24() : cursor.u32();
}

/** All units of a file. */
export class UnitTable {
  readonly sections: Sections;
  readonly budget: Budget;
  /** In the order of the file. */
  readonly units: readonly Unit[];
  /** What was left out. */
  readonly problems: Set<string>;
  private readonly types: readonly Unit[];
  private readonly tables = new Map<string, AbbreviationTable>();
  private readonly strings = new Map<string, Map<number, string>>();
  private signatures: Map<bigint, Unit> | undefined;

  constructor(sections: Sections, problems: Set<string>) {
    this.sections = sections;
    this.problems = problems;
    this.budget = new Budget(1_000_000 + sections.size * 64);
    this.units = this.readUnits(false);
    this.types = this.readUnits(true);
  }

  section(types: boolean): Uint8Array {
    return this.sections.bytes(types ? '.debug_types' : '.debug_info');
  }

  private readUnits(isTypes: boolean): Unit[] {
    const units: Unit[] = [];
    this.guarded(() => {
      const cursor = new Cursor(this.section(isTypes), isTypes ? '.debug_types' : '.debug_info');
      while (!cursor.done) {
        const unit = new Unit(this, isTypes, cursor);
        units.push(unit);
        cursor.seek(unit.end);
      }
    });
    return units;
  }

  /** Does something that damage may end; the damage is noted, and what was done so far stays. */
  guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.note(error);
    }
  }

  /** Notes an error of the file; others go on. */
  note(error: unknown): void {
    if (!(error instanceof DebugInfoError)) throw error;
    if (this.problems.size < 100) this.problems.add(error.message);
  }

  abbreviations(offset: number, sizes: UnitSizes): AbbreviationTable {
    const key = `${offset} ${sizes.addressSize} ${sizes.offsetSize} ${sizes.version <= 2}`;
    let table = this.tables.get(key);
    if (table === undefined) {
      table = readAbbreviations(this.sections.bytes('.debug_abbrev'), offset, sizes, this.budget);
      this.tables.set(key, table);
    }
    return table;
  }

  string(section: string, offset: number): string {
    let known = this.strings.get(section);
    if (known === undefined) {
      known = new Map();
      this.strings.set(section, known);
    }
    let text = known.get(offset);
    if (text === undefined) {
      text = stringAt(this.sections.bytes(section), offset);
      this.budget.spend(1 + (text.length >>> 3));
      known.set(offset, text);
    }
    return text;
  }

  /** The unit of .debug_info that holds `offset`. */
  unitAt(offset: number): Unit | undefined {
    const { units } = this;
    let low = 0;
    let high = units.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (units[middle]!.start <= offset) low = middle + 1;
      else high = middle;
    }
    return units[low - 1];
  }

  /** The entry at `offset` of .debug_info. */
  die(offset: number): Die | undefined {
    return this.unitAt(offset)?.die(offset);
  }

  /** The type of a type unit. */
  typeBySignature(signature: bigint): Die | undefined {
    this.signatures ??= new Map(
      [...this.types, ...this.units].flatMap((unit) => (unit.signature === undefined ? [] : [[unit.signature, unit] as const])),
    );
    const unit = this.signatures.get(signature);
    return unit?.die(unit.start + unit.typeOffset);
  }

  /** Units of both sections. */
  get all(): readonly Unit[] {
    return [...this.units, ...this.types];
  }

  /** Units of source files, without those of single types. */
  get sources(): readonly Unit[] {
    return this.units.filter(({ kind }) => kind !== DW_UT.type && kind !== DW_UT.split_type);
  }
}
