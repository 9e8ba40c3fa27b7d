/**
 * The sections of an ELF that hold debug information, found by name and unpacked when they are used; and its symbol table.
 */
import { DebugInfoError } from '../errors.ts';
import { ELF32, readElfStructure, type SectionHeader, SHT } from '../remoteproc/elf-structure.ts';
import { cString, part, u16, u32 } from '../remoteproc/file-bytes.ts';
import { damaged } from './cursor.ts';
import { inflate } from './inflate.ts';

const SHF = { ALLOC: 2, EXECINSTR: 4, COMPRESSED: 0x800 } as const;
const ELFCOMPRESS_ZLIB = 1;
const EMPTY = new Uint8Array();
const LONGEST_SYMBOL = 4096;

/** A function or object of the symbol table; functions without the Thumb bit. */
export interface ElfSymbol {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  readonly isFunction: boolean;
}

/** Sections by name. */
export class Sections {
  private readonly elf: Uint8Array;
  private readonly headers = new Map<string, SectionHeader & { readonly flags: number }>();
  private readonly executable: { readonly low: number; readonly high: number }[] = [];
  private readonly loaded: { readonly low: number; readonly high: number }[] = [];
  private readonly read = new Map<string, Uint8Array>();
  private readonly symbolTable: SectionHeader | undefined;
  private readonly symbolNames: SectionHeader | undefined;
  private foundSymbols: readonly ElfSymbol[] | undefined;

  constructor(elf: Uint8Array) {
    this.elf = elf;
    if (elf[4] !== 1 || elf[5] !== 1) {
      throw new DebugInfoError(
        'E_DWARF',
        'debug information: only 32-bit little-endian ELF files are read',
        'give the ELF of the Cortex-M core',
      );
    }
    const { header, sections } = readElfStructure(elf);
    sections.forEach((section, index) => {
      const flags = u32(elf, header.shoff + index * ELF32.SHDR + 8);
      if (!this.headers.has(section.name)) this.headers.set(section.name, { ...section, flags });
      if (flags & SHF.ALLOC) this.loaded.push({ low: section.addr, high: section.addr + section.size });
      if (flags & SHF.ALLOC && flags & SHF.EXECINSTR) this.executable.push({ low: section.addr, high: section.addr + section.size });
    });
    this.symbolTable = sections.find(({ type }) => type === SHT.SYMTAB);
    this.symbolNames = this.symbolTable && sections[this.symbolTable.link];
  }

  /** Why debug information cannot be read although it is there: compressed in a way that is not known. */
  get unreadable(): DebugInfoError | undefined {
    for (const [name, { flags, offset, type }] of this.headers) {
      const isCompressed = (flags & SHF.COMPRESSED) !== 0 && type !== SHT.NOBITS && name.startsWith('.debug_');
      if (isCompressed && u32(this.elf, offset) !== ELFCOMPRESS_ZLIB) return unknownCompression(name);
    }
    return undefined;
  }

  /** Bytes in the file of all debug sections. */
  get size(): number {
    let size = 0;
    for (const [name, header] of this.headers) if (/^\.z?debug_|^\.eh_frame$/.test(name)) size += Math.min(header.size, this.elf.length);
    return size;
  }

  has(name: string): boolean {
    return this.headers.has(name) || this.headers.has(name.replace('.debug', '.zdebug'));
  }

  /** Where the section is in memory. */
  address(name: string): number {
    return this.headers.get(name)?.addr ?? 0;
  }

  /** Whether code that is loaded lies at `address`; true when the file has no sections that say so. */
  isCode(address: number): boolean {
    return this.executable.length === 0 || this.executable.some(({ low, high }) => address >= low && address < high);
  }

  /** Whether a section that is loaded, or cleared, holds `address`; true when the file has no sections that say so. */
  isLoaded(address: number): boolean {
    return this.loaded.length === 0 || this.loaded.some(({ low, high }) => address >= low && address < high);
  }

  /** The contents of `name`, empty when there is none. @throws {DebugInfoError} when it cannot be unpacked */
  bytes(name: string): Uint8Array {
    let bytes = this.read.get(name);
    if (bytes === undefined) {
      bytes = this.unpack(name);
      this.read.set(name, bytes);
    }
    return bytes;
  }

  private unpack(name: string): Uint8Array {
    const header = this.headers.get(name);
    if (header === undefined) return this.unpackOld(name);
    if (header.type === SHT.NOBITS) return EMPTY;
    const bytes = part(this.elf, header.offset, header.size);
    if ((header.flags & SHF.COMPRESSED) === 0) return bytes;
    if (u32(bytes, 0) !== ELFCOMPRESS_ZLIB) throw unknownCompression(name);
    if (bytes.length < 14) damaged(`${name} is too short to be compressed`);
    return inflate(bytes, 12, u32(bytes, 4));
  }

  /** `.zdebug_info`: GNU's way before ELF had a flag for it, "ZLIB" and the size big-endian. */
  private unpackOld(name: string): Uint8Array {
    const header = this.headers.get(name.replace('.debug', '.zdebug'));
    if (header === undefined || !name.startsWith('.debug')) return EMPTY;
    const bytes = part(this.elf, header.offset, header.size);
    if (cString(bytes, 0, 4) !== 'ZLIB' || bytes.length < 14) damaged(`${header.name} is not compressed as it says`);
    const size = ((bytes[8]! << 24) | (bytes[9]! << 16) | (bytes[10]! << 8) | bytes[11]!) >>> 0;
    return inflate(bytes, 12, size);
  }

  /** Functions, objects and labels, sorted by address. */
  symbols(): readonly ElfSymbol[] {
    this.foundSymbols ??= this.readSymbols();
    return this.foundSymbols;
  }

  private readSymbols(): ElfSymbol[] {
    if (this.symbolTable === undefined || this.symbolNames === undefined) return [];
    const table = part(this.elf, this.symbolTable.offset, this.symbolTable.size);
    const names = part(this.elf, this.symbolNames.offset, this.symbolNames.size);
    const symbols: ElfSymbol[] = [];
    // Names may overlap in a hostile file: what they cost is bounded by the table's own size.
    let left = names.length * 4 + LONGEST_SYMBOL;
    for (let at = 0; at + ELF32.SYM <= table.length && left > 0; at += ELF32.SYM) {
      const kind = table[at + 12]! & 0xf;
      if (kind > 2 || u16(table, at + 14) === 0) continue;
      const name = cString(names, u32(table, at), LONGEST_SYMBOL);
      left -= name.length;
      if (name === '' || name.startsWith('$')) continue;
      const value = u32(table, at + 4);
      const isFunction = kind === 2;
      symbols.push({ name, address: isFunction ? (value & ~1) >>> 0 : value, size: u32(table, at + 8), isFunction });
    }
    return symbols.sort((a, b) => a.address - b.address);
  }
}

function unknownCompression(section: string): DebugInfoError {
  const message = `debug section ${section} is compressed with zstd or another method that is not read`;
  return new DebugInfoError('E_DWARF_COMPRESSED', message, 'build without -gz, or with -gz=zlib', section);
}
