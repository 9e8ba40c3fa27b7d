/**
 * Reads a Cortex-M firmware file for everything that is not Linux: the machine, `imx-sim info`, the SoC detection, backtraces.
 *
 * Stricter than the kernel's loader (remoteproc-elf-loader.ts): what cannot work is refused with the place and the remedy before
 * anything runs, together with the lines that Linux would print for it. Every byte of the file is treated as hostile.
 */
import { FirmwareError } from '../errors.ts';
import { hex, hex32 } from '../memory/bits.ts';
import { type BuildAttributes, readBuildAttributes } from './build-attributes.ts';
import { ELF32, type ElfHeader, PT, readElfHeader, readElfStructure, type SectionHeader, SHT } from './elf-structure.ts';
import { cString, part, u16, u32 } from './file-bytes.ts';
import { explainForeignFile } from './foreign-file.ts';
import { type DevLog, findTable, rprocElfSanityCheck } from './remoteproc-elf-loader.ts';

/** A PT_LOAD with memory; `da` is the device address (p_paddr) at which Linux puts it. */
export interface FirmwareSegment {
  /** Number of the program header. */
  readonly index: number;
  readonly da: number;
  readonly vaddr: number;
  readonly offset: number;
  readonly filesz: number;
  readonly memsz: number;
  /** The bytes from the file, `filesz` of them; the rest of `memsz` is zero. */
  readonly data: Uint8Array;
}

/** A section; `offset` and `size` are not checked against the file. */
export type FirmwareSection = SectionHeader;

/** A function or object; `address` is without the Thumb bit. */
export interface FirmwareSymbol {
  readonly name: string;
  readonly address: number;
  /** Bytes, 0 when the file does not say. */
  readonly size: number;
}

/** The `.resource_table` section as it is in the file; the kernel's checks have not been applied to its contents. */
export interface FirmwareResourceTable {
  readonly bytes: Uint8Array;
  /** Device address to which it is linked (sh_addr). */
  readonly da: number;
  readonly size: number;
}

/** A note, such as the GNU build id. */
export interface FirmwareNote {
  readonly name: string;
  readonly type: number;
  readonly data: Uint8Array;
}

/** A firmware file that can be loaded. */
export interface Firmware {
  readonly name: string;
  /** The whole file. */
  readonly bytes: Uint8Array;
  readonly entry: number;
  readonly segments: readonly FirmwareSegment[];
  readonly sections: readonly FirmwareSection[];
  /** Sorted by address. */
  readonly symbols: readonly FirmwareSymbol[];
  readonly resourceTable: FirmwareResourceTable | undefined;
  readonly notes: readonly FirmwareNote[];
  /** For which architecture it was built; absent when the file does not say. */
  readonly buildAttributes?: BuildAttributes;
}

const EM_ARM = 40;
const MACHINES: Readonly<Record<number, string>> = {
  0: 'no machine',
  2: 'SPARC',
  3: 'x86',
  8: 'MIPS',
  20: 'PowerPC',
  62: 'x86-64',
  83: 'AVR',
  94: 'Xtensa',
  183: 'AArch64',
  243: 'RISC-V',
};
const LONGEST_SYMBOL = 1024;

/** The kernel's verdict on a file, as dmesg lines of the first remoteproc. */
export function linuxVerdict(name: string, bytes: Uint8Array): string[] {
  const lines: string[] = [];
  const log: DevLog = (_level, text) => lines.push(`remoteproc remoteproc0: ${text}`);
  if (rprocElfSanityCheck(log, { name, data: bytes }) === 0) findTable(log, { name, data: bytes });
  else lines.push('remoteproc remoteproc0: Boot failed: -22');
  return lines;
}

/**
 * Reads a firmware file. `name` is only used in messages.
 * @throws {FirmwareError} with code, one line that names the place, a remedy, and what Linux would print.
 */
export function parseFirmware(bytes: Uint8Array, name: string): Firmware {
  const fail = (code: string, text: string, remedy: string, place = 'ELF header'): never => {
    throw new FirmwareError(code, `${name}: ${text}`, remedy, linuxVerdict(name, bytes), `${name}: ${place}`);
  };
  if (bytes.length < 4 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    const { text, remedy } = explainForeignFile(bytes);
    fail('E_NOT_ELF', text, remedy, 'first bytes');
  }
  checkHeader(bytes, readElfHeader(bytes), fail);
  const { header, programs, sections } = readElfStructure(bytes);
  checkTables(bytes, header, fail);
  const segments: FirmwareSegment[] = [];
  for (const [index, { type, offset, paddr: da, vaddr, filesz, memsz }] of programs.entries()) {
    if (type !== PT.LOAD || memsz === 0) continue;
    const place = `segment ${index} (PT_LOAD at ${hex32(da)})`;
    const short = `segment ${index}`;
    if (filesz > memsz) fail('E_ELF', `${place}: its file size ${hex(filesz)} exceeds its memory size ${hex(memsz)}`, REBUILD, short);
    const missing = Math.min(filesz, offset + filesz - bytes.length);
    if (missing > 0)
      fail('E_TRUNCATED', `${place} is truncated: ${missing} of its ${filesz} bytes are missing from the file`, RECOPY, short);
    if (da + memsz > 2 ** 32)
      fail('E_ELF', `${place}: its ${hex(memsz)} bytes run past the end of the 32-bit address space`, REBUILD, short);
    segments.push({ index, da, vaddr, offset, filesz, memsz, data: bytes.subarray(offset, offset + filesz) });
  }
  if (segments.length === 0) {
    fail(
      'E_NO_SEGMENTS',
      'has no loadable segments: none of its program headers is a PT_LOAD with memory',
      'link it as an executable; objcopy --only-keep-debug leaves such a file',
      'program headers',
    );
  }
  const table = sections.find((section) => section.name === '.resource_table');
  const attributes = sections.find((section) => section.type === SHT.ARM_ATTRIBUTES);
  const buildAttributes = attributes && readBuildAttributes(contents(bytes, attributes));
  return {
    name,
    bytes,
    entry: header.entry,
    segments,
    sections,
    symbols: readSymbols(bytes, sections),
    resourceTable: table && { bytes: contents(bytes, table), da: table.addr, size: table.size },
    notes: sections.filter(({ type }) => type === SHT.NOTE).flatMap((section) => readNotes(contents(bytes, section))),
    ...(buildAttributes ? { buildAttributes } : {}),
  };
}

type Fail = (code: string, text: string, remedy: string, place?: string) => never;

const RECOPY = 'copy or download the file again, in binary mode, and compare its size with the original';
const REBUILD = 'build the file again; its headers contradict each other';

function checkHeader(bytes: Uint8Array, { elfClass, byteOrder, machine, type }: ElfHeader, fail: Fail): void {
  const missing = `the ELF header is truncated: ${ELF32.EHDR - bytes.length} of its ${ELF32.EHDR} bytes are missing`;
  if (bytes.length < 20) fail('E_TRUNCATED', missing, RECOPY);
  const architecture = MACHINES[machine] ?? `machine ${machine}`;
  const wrongCore = 'give the ELF that was built for the Cortex-M core (arm-none-eabi-gcc, a 32-bit ARM executable)';
  if (elfClass === 2) fail('E_ELF_CLASS', `is a 64-bit ELF (${architecture}), but a Cortex-M runs 32-bit code`, wrongCore);
  if (elfClass !== 1) fail('E_ELF_CLASS', `has the ELF class ${elfClass}, which does not exist`, RECOPY);
  if (byteOrder === 2)
    fail('E_ELF_ENDIAN', `is a big-endian ELF (${machine === EM_ARM ? 'ARM' : architecture}), but i.MX cores are little-endian`, wrongCore);
  if (byteOrder !== 1) fail('E_ELF_ENDIAN', `has the ELF byte order ${byteOrder}, which does not exist`, RECOPY);
  if (machine !== EM_ARM) {
    const dsp = machine === 94 ? ' (perhaps for the HiFi DSP)' : '';
    fail('E_ELF_MACHINE', `is an ELF for ${architecture}${dsp}, not for ARM`, wrongCore);
  }
  if (bytes.length < ELF32.EHDR) fail('E_TRUNCATED', missing, RECOPY);
  if (type === 1) fail('E_ELF_TYPE', 'is an object file (.o), not linked', 'give the linked .elf');
  if (type === 4) fail('E_ELF_TYPE', 'is a core dump', 'give the .elf of the firmware');
}

function checkTables(bytes: Uint8Array, header: ElfHeader, fail: Fail): void {
  const { phoff, phnum, phentsize, shoff, shnum, shentsize } = header;
  const { PHDR, SHDR } = ELF32;
  if (phnum === 0)
    fail('E_NO_SEGMENTS', 'has no loadable segments: its program header table is empty', 'link it as an executable', 'program headers');
  if (phentsize !== PHDR) fail('E_ELF', `its program headers are ${phentsize} bytes long instead of ${PHDR}`, REBUILD, 'program headers');
  const table = (what: string, end: number, size: number): void => {
    const missing = Math.min(end - bytes.length, size);
    if (missing > 0)
      fail(
        'E_TRUNCATED',
        `the ${what} header table is truncated: ${missing} of its ${size} bytes are missing from the file`,
        RECOPY,
        `${what} headers`,
      );
  };
  table('program', phoff + phnum * PHDR, phnum * PHDR);
  if (shnum === 0) return;
  if (shentsize !== SHDR) fail('E_ELF', `its section headers are ${shentsize} bytes long instead of ${SHDR}`, REBUILD, 'section headers');
  table('section', shoff + shnum * SHDR, shnum * SHDR);
}

/** The part of a section's bytes that the file has. */
function contents(bytes: Uint8Array, section: SectionHeader): Uint8Array {
  if (section.type === SHT.NOBITS) return new Uint8Array();
  return part(bytes, section.offset, section.size);
}

function readSymbols(bytes: Uint8Array, sections: readonly SectionHeader[]): FirmwareSymbol[] {
  const header = sections.find(({ type }) => type === SHT.SYMTAB);
  const strings = header && sections[header.link];
  if (!header || !strings) return [];
  const names = contents(bytes, strings);
  const table = contents(bytes, header);
  const symbols: FirmwareSymbol[] = [];
  for (let at = 0; at + ELF32.SYM <= table.length; at += ELF32.SYM) {
    const kind = table[at + 12]! & 0xf;
    const isCode = kind === 2;
    // Functions, objects, and the untyped labels of assembly; not files, sections, and the `$t` marks of the ARM ABI.
    if (kind > 2 || u16(table, at + 14) === 0) continue;
    const name = cString(names, u32(table, at), LONGEST_SYMBOL);
    if (name === '' || name.startsWith('$')) continue;
    const value = u32(table, at + 4);
    symbols.push({ name, address: isCode ? (value & ~1) >>> 0 : value, size: u32(table, at + 8) });
  }
  return symbols.sort((a, b) => a.address - b.address || (a.name < b.name ? -1 : Number(a.name > b.name)));
}

function readNotes(bytes: Uint8Array): FirmwareNote[] {
  const notes: FirmwareNote[] = [];
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameSize = u32(bytes, at);
    const dataSize = u32(bytes, at + 4);
    const data = at + 12 + Math.ceil(nameSize / 4) * 4;
    if (data + dataSize > bytes.length) break;
    notes.push({ name: cString(bytes, at + 12, nameSize), type: u32(bytes, at + 8), data: bytes.subarray(data, data + dataSize) });
    at = data + Math.ceil(dataSize / 4) * 4;
  }
  return notes;
}

/** The symbol that holds `address`, with the distance from its start; undefined outside of all. */
export function symbolAt(firmware: Firmware, address: number): { readonly symbol: FirmwareSymbol; readonly offset: number } | undefined {
  const { symbols } = firmware;
  let low = 0;
  let high = symbols.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (symbols[middle]!.address <= address) low = middle + 1;
    else high = middle;
  }
  // Labels may lie inside functions and several names at one address: the nearest sized symbol that holds it wins.
  for (let i = low - 1; i >= 0 && i >= low - 16; i--) {
    const symbol = symbols[i]!;
    if (address < symbol.address + symbol.size) return { symbol, offset: address - symbol.address };
  }
  return undefined;
}
