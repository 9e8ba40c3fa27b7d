/**
 * ELF header, program headers and section headers of a 32-bit little-endian ELF (System V ABI, chapters 4 and 5), for ARM.
 *
 * It reads what is there and judges nothing: whether a file can be used is said by elf-loader.ts, and by remoteproc-elf-loader.ts for
 * Linux. Extended numbering (more than 65,279 sections or 65,534 segments) is not known to it, nor to Linux's remoteproc.
 */
import { cString, part, u16, u32 } from './file-bytes.ts';

/** The fields of the ELF header that place the tables, with its identification. */
export interface ElfHeader {
  /** e_ident[EI_CLASS]: 1 is 32-bit. */
  readonly elfClass: number;
  /** e_ident[EI_DATA]: 1 is little-endian, 2 big-endian. */
  readonly byteOrder: number;
  readonly type: number;
  /** e_machine, in the byte order that the file claims. */
  readonly machine: number;
  readonly entry: number;
  readonly phoff: number;
  readonly shoff: number;
  readonly phentsize: number;
  readonly phnum: number;
  readonly shentsize: number;
  readonly shnum: number;
  readonly shstrndx: number;
}

/** A program header (`Elf32_Phdr`). */
export interface ProgramHeader {
  readonly type: number;
  readonly offset: number;
  readonly vaddr: number;
  readonly paddr: number;
  readonly filesz: number;
  readonly memsz: number;
}

/** A section header (`Elf32_Shdr`) with its name looked up. */
export interface SectionHeader {
  readonly name: string;
  readonly type: number;
  readonly addr: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** What `readElfStructure` returns. */
export interface ElfStructure {
  readonly header: ElfHeader;
  readonly programs: readonly ProgramHeader[];
  readonly sections: readonly SectionHeader[];
}

/** Sizes of the structures in an ELF32 file, in bytes. */
export const ELF32 = { EHDR: 52, PHDR: 32, SHDR: 40, SYM: 16 } as const;

/** Types of program headers that matter here. */
export const PT = { LOAD: 1 } as const;

/** Types of sections that matter here. */
export const SHT = { SYMTAB: 2, NOTE: 7, NOBITS: 8, ARM_ATTRIBUTES: 0x7000_0003 } as const;

const LONGEST_NAME = 256;

/** Reads the ELF header; fields past the end of the file are 0. The caller has seen the magic. */
export function readElfHeader(bytes: Uint8Array): ElfHeader {
  const byteOrder = bytes[5] ?? 0;
  const machine = u16(bytes, 18);
  return {
    elfClass: bytes[4] ?? 0,
    byteOrder,
    type: u16(bytes, 16),
    machine: byteOrder === 2 ? ((machine & 0xff) << 8) | (machine >>> 8) : machine,
    entry: u32(bytes, 24),
    phoff: u32(bytes, 28),
    shoff: u32(bytes, 32),
    phentsize: u16(bytes, 42),
    phnum: u16(bytes, 44),
    shentsize: u16(bytes, 46),
    shnum: u16(bytes, 48),
    shstrndx: u16(bytes, 50),
  };
}

/** Reads header and tables. Entries that the file does not hold completely are left out; an offset of 0 means that there is no table. */
export function readElfStructure(bytes: Uint8Array): ElfStructure {
  const header = readElfHeader(bytes);
  const programs = entries(bytes, header.phoff, header.phnum, ELF32.PHDR).map((at) => readProgram(bytes, at));
  const places = entries(bytes, header.shoff, header.shnum, ELF32.SHDR);
  const nameHeader = places[header.shstrndx];
  const names = nameHeader === undefined ? new Uint8Array() : part(bytes, u32(bytes, nameHeader + 16), u32(bytes, nameHeader + 20));
  return { header, programs, sections: places.map((at) => readSection(bytes, at, names)) };
}

/** Offsets of the entries of a table that lie within the file. */
function entries(bytes: Uint8Array, offset: number, count: number, size: number): number[] {
  const places: number[] = [];
  if (offset === 0) return places;
  for (let at = offset; places.length < count && at + size <= bytes.length; at += size) places.push(at);
  return places;
}

function readProgram(bytes: Uint8Array, at: number): ProgramHeader {
  return {
    type: u32(bytes, at),
    offset: u32(bytes, at + 4),
    vaddr: u32(bytes, at + 8),
    paddr: u32(bytes, at + 12),
    filesz: u32(bytes, at + 16),
    memsz: u32(bytes, at + 20),
  };
}

function readSection(bytes: Uint8Array, at: number, names: Uint8Array): SectionHeader {
  return {
    name: cString(names, u32(bytes, at), LONGEST_NAME),
    type: u32(bytes, at + 4),
    addr: u32(bytes, at + 12),
    offset: u32(bytes, at + 16),
    size: u32(bytes, at + 20),
    link: u32(bytes, at + 24),
  };
}
