/**
 * Headers, program headers and section headers of an ELF32 file, read by the package `elfy` and fenced in here.
 *
 * elfy trusts its input: it throws plain errors, indexes tables that are not there, and copies slices. So the caller has checked
 * class, byte order and the extent of both tables, names are looked up here with a bound, and the bytes are handed over as a view
 * whose slices share memory. Nothing of Node's Buffer is needed.
 */
import type { ElfyBuffer } from 'elfy';
import elfy from 'elfy';

/** A program header, with the bytes that the file has for it. */
export interface ProgramHeader {
  /** `load`, `note`, ... as elfy names them; undefined for types of a processor or system. */
  readonly type: string | undefined;
  readonly offset: number;
  readonly vaddr: number;
  readonly paddr: number;
  readonly filesz: number;
  readonly memsz: number;
}

/** A section header. */
export interface SectionHeader {
  readonly name: string;
  /** `progbits`, `symtab`, `nobits`, ... as elfy names them, or the number. */
  readonly type: string | number;
  readonly addr: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** What `readElfStructure` returns. */
export interface ElfStructure {
  readonly entry: number;
  readonly programs: readonly ProgramHeader[];
  readonly sections: readonly SectionHeader[];
}

const LONGEST_NAME = 256;

/** The few properties of Buffer that elfy uses, over any bytes. */
class ElfyBytes implements ElfyBuffer {
  readonly length: number;
  readonly 4: number | undefined;
  readonly 5: number | undefined;
  readonly 6: number | undefined;
  readonly 7: number | undefined;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.length = bytes.length;
    this[4] = bytes[4];
    this[5] = bytes[5];
    this[6] = bytes[6];
    this[7] = bytes[7];
  }

  readUInt16LE(offset: number): number {
    return this.bytes[offset]! | (this.bytes[offset + 1]! << 8);
  }

  readUInt32LE(offset: number): number {
    return (this.readUInt16LE(offset) | (this.readUInt16LE(offset + 2) << 16)) >>> 0;
  }

  /** A view, as Buffer's `slice` is; elfy slices the whole file once for each header. */
  slice(start: number, end: number): ElfyBytes {
    return new ElfyBytes(this.bytes.subarray(start, end));
  }
}

/** Bytes as Latin-1 text. */
function text(bytes: Uint8Array, start: number, end: number): string {
  let out = '';
  for (let at = start; at < end; at++) out += String.fromCharCode(bytes[at]!);
  return out;
}

/** The NUL-terminated string at `offset`, cut at `limit` characters; empty outside of `bytes`. */
export function cString(bytes: Uint8Array, offset: number, limit = LONGEST_NAME): string {
  const end = Math.min(bytes.length, offset + limit);
  let stop = Math.min(offset, bytes.length);
  while (stop < end && bytes[stop] !== 0) stop++;
  return text(bytes, Math.min(offset, stop), stop);
}

/**
 * Reads the structure of a little-endian ELF32 file. The caller has checked the identification, the sizes of the table entries
 * (32 and 40 bytes), and that both tables lie within `bytes`.
 */
export function readElfStructure(bytes: Uint8Array): ElfStructure {
  const view = new ElfyBytes(bytes);
  const parser = new elfy.Parser();
  const header = parser.parseHeader(view);
  const programs = parser.parsePrograms(view, header);
  const sections = parser.parseSections(view, header);
  const names = sections[header.shstrndx];
  const nameTable = names
    ? bytes.subarray(Math.min(names.off, bytes.length), Math.min(names.off + names.size, bytes.length))
    : new Uint8Array();
  return {
    entry: header.entry,
    programs: programs.map(({ type, offset, vaddr, paddr, filesz, memsz }) => ({ type, offset, vaddr, paddr, filesz, memsz })),
    sections: sections.map(({ name, type, addr, off, size, link }) => ({
      name: cString(nameTable, name),
      type,
      addr,
      offset: off,
      size,
      link,
    })),
  };
}
