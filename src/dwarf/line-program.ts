/**
 * .debug_line (DWARF 5, 6.2): the header's files and the program that makes the rows, versions 2 to 5.
 *
 * Not kept: instruction sets, basic blocks, operation indices of VLIW machines, checksums of sources.
 */
import { skipForm, type UnitSizes } from './abbreviations.ts';
import { DW_FORM, DW_LNCT, DW_LNE, DW_LNS } from './constants.ts';
import { type Cursor, damaged } from './cursor.ts';
import type { LineRow } from './model.ts';
import { normalisePath } from './paths.ts';
import type { UnitTable } from './units.ts';

/** Header of a line program. */
export interface LineHeader {
  readonly version: number;
  /** By the number that programs and DW_AT_decl_file have. */
  readonly files: string[];
  readonly directories: readonly string[];
  readonly compilationDirectory: string;
  readonly minimumInstruction: number;
  readonly defaultIsStatement: boolean;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** How many operands each standard opcode has. */
  readonly operands: readonly number[];
  readonly addressSize: number;
  /** Where the program begins, and the section's offset of its end. */
  readonly program: number;
  readonly end: number;
}

/** Reads the header at `cursor`. `directory` is the unit's. */
export function readLineHeader(table: UnitTable, cursor: Cursor, directory: string): LineHeader {
  const { length, offsetSize } = cursor.unitLength();
  const end = cursor.at + length;
  if (end > cursor.end) damaged('a line table ends behind .debug_line');
  const version = cursor.u16();
  if (version < 2 || version > 5) damaged(`a line table has version ${version}`);
  let addressSize = 4;
  if (version >= 5) {
    addressSize = cursor.u8();
    cursor.skip(1);
  }
  const headerLength = cursor.unsigned(offsetSize);
  const program = cursor.at + headerLength;
  if (program > end) damaged('the header of a line table is longer than the table');
  table.budget.spend(headerLength);
  const minimumInstruction = cursor.u8();
  if (version >= 4) cursor.skip(1);
  const defaultIsStatement = cursor.u8() !== 0;
  const lineBase = cursor.i8();
  const lineRange = cursor.u8();
  const opcodeBase = cursor.u8();
  const operands = [0];
  for (let n = 1; n < opcodeBase; n++) operands.push(cursor.u8());
  const sizes = { version, addressSize, offsetSize };
  const names = version >= 5 ? readTables(table, cursor, sizes, directory) : readOldTables(cursor, directory);
  return {
    version,
    ...names,
    compilationDirectory: directory,
    minimumInstruction,
    defaultIsStatement,
    lineBase,
    lineRange,
    opcodeBase,
    operands,
    addressSize,
    program,
    end,
  };
}

function readOldTables(cursor: Cursor, directory: string): { files: string[]; directories: string[] } {
  const directories = [''];
  for (let name = cursor.string(); name !== ''; name = cursor.string()) directories.push(name);
  const files = [''];
  for (let name = cursor.string(); name !== ''; name = cursor.string()) files.push(readOldFile(cursor, name, directories, directory));
  return { files, directories };
}

/** Rest of an entry: directory, and time and length that nobody needs. */
function readOldFile(cursor: Cursor, name: string, directories: readonly string[], directory: string): string {
  const index = cursor.uleb();
  cursor.skipLeb();
  cursor.skipLeb();
  return normalisePath(name, directories[index] ?? '', directory);
}

function readTables(table: UnitTable, cursor: Cursor, sizes: UnitSizes, directory: string): { files: string[]; directories: string[] } {
  const directories = readEntries(table, cursor, sizes).map(({ path }) => path);
  const files = readEntries(table, cursor, sizes).map(({ path, index }) =>
    normalisePath(path, directories[index] ?? '', directories[0] ?? '', directory),
  );
  return { files, directories };
}

interface PathEntry {
  readonly path: string;
  readonly index: number;
}

function readEntries(table: UnitTable, cursor: Cursor, sizes: UnitSizes): PathEntry[] {
  const formats: [content: number, form: number][] = [];
  const formatCount = cursor.u8();
  for (let n = 0; n < formatCount; n++) formats.push([cursor.uleb(), cursor.uleb()]);
  const count = cursor.uleb();
  if (count > cursor.end - cursor.at) damaged('a line table has more files than bytes');
  table.budget.spend(count);
  const entries: PathEntry[] = [];
  for (let n = 0; n < count; n++) {
    let path = '';
    let index = 0;
    for (const [content, form] of formats) {
      if (content === DW_LNCT.path) path = pathValue(table, cursor, form, sizes);
      else if (content === DW_LNCT.directory_index) index = indexValue(cursor, form, sizes);
      else skipForm(cursor, form, sizes);
    }
    entries.push({ path, index });
  }
  return entries;
}

function pathValue(table: UnitTable, cursor: Cursor, form: number, sizes: UnitSizes): string {
  if (form === DW_FORM.string) return cursor.string();
  if (form === DW_FORM.line_strp) return table.string('.debug_line_str', cursor.unsigned(sizes.offsetSize));
  if (form === DW_FORM.strp) return table.string('.debug_str', cursor.unsigned(sizes.offsetSize));
  skipForm(cursor, form, sizes);
  return '';
}

function indexValue(cursor: Cursor, form: number, sizes: UnitSizes): number {
  if (form === DW_FORM.udata) return cursor.uleb();
  if (form === DW_FORM.data1) return cursor.u8();
  if (form === DW_FORM.data2) return cursor.u16();
  skipForm(cursor, form, sizes);
  return 0;
}

/** The registers of the line machine, and the rows it made. */
class LineMachine {
  private readonly header: LineHeader;
  private readonly table: UnitTable;
  private readonly name: (path: string) => string;
  private readonly finish: (rows: LineRow[]) => void;
  private rows: LineRow[] = [];
  private address = 0;
  private file = 1;
  private line = 1;
  private column = 0;
  private isStatement = false;
  private prologueEnd = false;
  private discriminator = 0;

  constructor(header: LineHeader, table: UnitTable, name: (path: string) => string, finish: (rows: LineRow[]) => void) {
    this.header = header;
    this.table = table;
    this.name = name;
    this.finish = finish;
    this.reset();
  }

  private reset(): void {
    this.rows = [];
    this.address = 0;
    this.file = 1;
    this.line = 1;
    this.column = 0;
    this.isStatement = this.header.defaultIsStatement;
    this.prologueEnd = false;
    this.discriminator = 0;
  }

  private row(endSequence: boolean): void {
    this.rows.push({
      address: this.address,
      file: this.name(this.header.files[this.file] ?? ''),
      line: Math.max(0, this.line),
      column: this.column,
      isStatement: this.isStatement,
      endSequence,
      prologueEnd: this.prologueEnd,
      discriminator: this.discriminator,
    });
    this.prologueEnd = false;
    this.discriminator = 0;
  }

  private advance(operations: number): void {
    this.address = (this.address + operations * this.header.minimumInstruction) % 2 ** 32;
  }

  private special(opcode: number): void {
    const { lineBase, lineRange } = this.header;
    if (lineRange === 0) damaged('a line table has special opcodes without a range');
    const adjusted = opcode - this.header.opcodeBase;
    this.advance(Math.floor(adjusted / lineRange));
    this.line += lineBase + (adjusted % lineRange);
    this.row(false);
  }

  private extended(cursor: Cursor): void {
    const length = cursor.uleb();
    const next = cursor.at + length;
    if (length === 0) return;
    const opcode = cursor.u8();
    switch (opcode) {
      case DW_LNE.end_sequence:
        this.row(true);
        this.finish(this.rows);
        this.reset();
        break;
      case DW_LNE.set_address:
        this.address = cursor.unsigned(length - 1);
        break;
      case DW_LNE.define_file: {
        const { files, directories, compilationDirectory } = this.header;
        files.push(readOldFile(cursor, cursor.string(), directories, compilationDirectory));
        break;
      }
      case DW_LNE.set_discriminator:
        this.discriminator = cursor.uleb();
        break;
    }
    cursor.seek(next);
  }

  private standard(opcode: number, cursor: Cursor): void {
    switch (opcode) {
      case DW_LNS.copy:
        this.row(false);
        break;
      case DW_LNS.advance_pc:
        this.advance(cursor.uleb());
        break;
      case DW_LNS.advance_line:
        this.line += cursor.sleb();
        break;
      case DW_LNS.set_file:
        this.file = cursor.uleb();
        break;
      case DW_LNS.set_column:
        this.column = cursor.uleb();
        break;
      case DW_LNS.negate_stmt:
        this.isStatement = !this.isStatement;
        break;
      case DW_LNS.const_add_pc:
        if (this.header.lineRange === 0) damaged('a line table has special opcodes without a range');
        this.advance(Math.floor((255 - this.header.opcodeBase) / this.header.lineRange));
        break;
      case DW_LNS.fixed_advance_pc:
        this.address = (this.address + cursor.u16()) % 2 ** 32;
        break;
      case DW_LNS.set_prologue_end:
        this.prologueEnd = true;
        break;
      default:
        for (let n = 0; n < (this.header.operands[opcode] ?? 0); n++) cursor.skipLeb();
    }
  }

  run(cursor: Cursor): void {
    const { opcodeBase, end } = this.header;
    while (cursor.at < end) {
      const opcode = cursor.u8();
      this.table.budget.spend(1);
      if (opcode >= opcodeBase) this.special(opcode);
      else if (opcode === 0) this.extended(cursor);
      else this.standard(opcode, cursor);
    }
  }
}

/** Runs the program behind `header`; `finish` gets the rows of each sequence, the last of which ends it. `name` makes equal paths one. */
export function runLineProgram(
  header: LineHeader,
  table: UnitTable,
  cursor: Cursor,
  name: (path: string) => string,
  finish: (rows: LineRow[]) => void,
): void {
  cursor.seek(header.program);
  new LineMachine(header, table, name, finish).run(cursor);
}
