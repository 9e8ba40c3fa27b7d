/**
 * Linux 6.1 drivers/remoteproc/remoteproc_elf_loader.c: what the kernel checks of an ELF file, and how it loads it.
 *
 * The functions take the raw file, however broken, and print and return what the kernel would. Where the kernel reads past the end
 * of the file (it does not bound the header tables), zeros are read here. Values of ELF64 files above 2^53 lose their low digits.
 */
import type { KernLevel } from '../events.ts';
import { ERRNO } from '../linux/kernel.ts';
import { hex } from '../memory/bits.ts';
import { cString, u16, u32 } from './file-bytes.ts';

/** `dev_printk` for one device. */
export type DevLog = (level: KernLevel, text: string) => void;

/** `struct firmware`: the file as request_firmware gave it. */
export interface FirmwareImage {
  readonly name: string;
  readonly data: Uint8Array;
}

/** How the loader reaches the remote's memory; addresses are system addresses, lengths positive. */
export interface LoadTarget {
  /** `rproc_da_to_va`. */
  daToVa(da: number, length: number): number | undefined;
  write(address: number, data: Uint8Array): void;
  zero(address: number, length: number): void;
}

/** A section found in the file: where its bytes lie and where it is linked to. */
export interface FoundTable {
  readonly offset: number;
  readonly size: number;
  readonly address: number;
}

const ELFCLASS32 = 1;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const PT_LOAD = 1;
const RESOURCE_TABLE = '.resource_table';
/** Bytes of `struct resource_table` before its offsets. */
const TABLE_HEADER = 16;

/** Offsets of the fields that remoteproc_elf_helpers.h reads, by class; `w` is the width of an address. */
const LAYOUT = {
  [ELFCLASS32]: {
    w: 4,
    ehdr: 52,
    entry: 24,
    phoff: 28,
    shoff: 32,
    phnum: 44,
    shnum: 48,
    shstrndx: 50,
    phdr: 32,
    pOffset: 4,
    pPaddr: 12,
    pFilesz: 16,
    pMemsz: 20,
    shdr: 40,
    shAddr: 12,
    shOffset: 16,
    shSize: 20,
  },
  [ELFCLASS64]: {
    w: 8,
    ehdr: 64,
    entry: 24,
    phoff: 32,
    shoff: 40,
    phnum: 56,
    shnum: 60,
    shstrndx: 62,
    phdr: 56,
    pOffset: 8,
    pPaddr: 24,
    pFilesz: 32,
    pMemsz: 40,
    shdr: 64,
    shAddr: 16,
    shOffset: 24,
    shSize: 32,
  },
} as const;
type Layout = (typeof LAYOUT)[keyof typeof LAYOUT];

/** Little-endian reads that give zero past the end. */
class ElfReader {
  readonly layout: Layout;
  private readonly data: Uint8Array;

  constructor(data: Uint8Array) {
    this.data = data;
    this.layout = LAYOUT[data[4] === ELFCLASS64 ? ELFCLASS64 : ELFCLASS32];
  }

  u16(at: number): number {
    return u16(this.data, at);
  }

  u32(at: number): number {
    return u32(this.data, at);
  }

  /** An address-sized field. */
  addr(at: number): number {
    return this.layout.w === 4 ? this.u32(at) : this.u32(at) + this.u32(at + 4) * 0x1_0000_0000;
  }

  get phoff(): number {
    return this.addr(this.layout.phoff);
  }

  get shoff(): number {
    return this.addr(this.layout.shoff);
  }

  get phnum(): number {
    return this.u16(this.layout.phnum);
  }

  get shnum(): number {
    return this.u16(this.layout.shnum);
  }
}

/** `rproc_elf_sanity_check`: 0 or -EINVAL. */
export function rprocElfSanityCheck(log: DevLog, fw: FirmwareImage): number {
  const { data } = fw;
  const fail = (text: string): number => {
    log(3, text);
    return ERRNO.EINVAL;
  };
  if (data.length < LAYOUT[ELFCLASS32].ehdr) return fail('Image is too small');
  if (data[0] !== 0x7f || data[1] !== 0x45 || data[2] !== 0x4c || data[3] !== 0x46) return fail('Image is corrupted (bad magic)');
  const elfClass = data[4]!;
  if (elfClass !== ELFCLASS32 && elfClass !== ELFCLASS64) return fail(`Unsupported class: ${elfClass}`);
  if (elfClass === ELFCLASS64 && data.length < LAYOUT[ELFCLASS64].ehdr) return fail('elf64 header is too small');
  if (data[5] !== ELFDATA2LSB) return fail('Unsupported firmware endianness');
  const elf = new ElfReader(data);
  if (data.length < elf.shoff + elf.layout.shdr) return fail('Image is too small');
  if (elf.phnum === 0) return fail('No loadable segments');
  if (elf.phoff > data.length) return fail('Firmware size is too small');
  return 0;
}

/** `rproc_elf_get_boot_addr`: the entry point of a file that passed the sanity check. */
export function rprocElfGetBootAddr(fw: FirmwareImage): number {
  const elf = new ElfReader(fw.data);
  return elf.addr(elf.layout.entry);
}

/** `rproc_elf_load_segments`: 0 or a negative errno. What was loaded before an error stays. */
export function rprocElfLoadSegments(log: DevLog, fw: FirmwareImage, target: LoadTarget): number {
  const { data } = fw;
  const elf = new ElfReader(data);
  const { layout } = elf;
  for (let i = 0; i < elf.phnum; i++) {
    const phdr = elf.phoff + i * layout.phdr;
    if (phdr >= data.length) break;
    const da = elf.addr(phdr + layout.pPaddr);
    const memsz = elf.addr(phdr + layout.pMemsz);
    const filesz = elf.addr(phdr + layout.pFilesz);
    const offset = elf.addr(phdr + layout.pOffset);
    if (elf.u32(phdr) !== PT_LOAD || memsz === 0) continue;
    if (filesz > memsz) {
      log(3, `bad phdr filesz ${hex(filesz)} memsz ${hex(memsz)}`);
      return ERRNO.EINVAL;
    }
    if (offset + filesz > data.length) {
      log(3, `truncated fw: need ${hex(offset + filesz)} avail ${hex(data.length)}`);
      return ERRNO.EINVAL;
    }
    const va = target.daToVa(da, memsz);
    if (va === undefined) {
      log(3, `bad phdr da ${hex(da)} mem ${hex(memsz)}`);
      return ERRNO.EINVAL;
    }
    if (filesz > 0) target.write(va, data.subarray(offset, offset + filesz));
    if (memsz > filesz) target.zero(va + filesz, memsz - filesz);
  }
  return 0;
}

/** `find_table`: the `.resource_table` section, or undefined after saying what is wrong with it (nothing when there is none). */
export function findTable(log: DevLog, fw: FirmwareImage): FoundTable | undefined {
  const { data } = fw;
  const elf = new ElfReader(data);
  const { layout } = elf;
  const names = elf.addr(elf.shoff + elf.u16(layout.shstrndx) * layout.shdr + layout.shOffset);
  for (let i = 0; i < elf.shnum; i++) {
    const shdr = elf.shoff + i * layout.shdr;
    if (shdr >= data.length) break;
    if (cString(data, names + elf.u32(shdr), RESOURCE_TABLE.length + 1) !== RESOURCE_TABLE) continue;
    const offset = elf.addr(shdr + layout.shOffset);
    const size = elf.addr(shdr + layout.shSize);
    const problem = tableProblem(elf, offset, size, data.length);
    if (problem !== undefined) {
      log(3, problem);
      return undefined;
    }
    return { offset, size, address: elf.addr(shdr + layout.shAddr) };
  }
  return undefined;
}

function tableProblem(elf: ElfReader, offset: number, size: number, fileSize: number): string | undefined {
  if (offset + size > fileSize) return 'resource table truncated';
  if (size < TABLE_HEADER) return 'header-less resource table';
  const version = elf.u32(offset);
  if (version !== 1) return `unsupported fw ver: ${version | 0}`;
  if (elf.u32(offset + 8) !== 0 || elf.u32(offset + 12) !== 0) return 'non zero reserved bytes';
  if (TABLE_HEADER + 4 * elf.u32(offset + 4) > size) return 'resource table incomplete';
  return undefined;
}

/** `rproc_elf_load_rsc_table`: a copy of the resource table for `cached_table`, or undefined for -EINVAL. */
export function rprocElfLoadRscTable(log: DevLog, fw: FirmwareImage): Uint8Array | undefined {
  const found = findTable(log, fw);
  // A copy (kmemdup) also where the file is a Buffer of Node, whose slice would share its memory.
  return found && new Uint8Array(fw.data.subarray(found.offset, found.offset + found.size));
}

/** `rproc_elf_find_loaded_rsc_table`: system address of the table where the firmware was linked to have it. */
export function rprocElfFindLoadedRscTable(log: DevLog, fw: FirmwareImage, target: Pick<LoadTarget, 'daToVa'>): number | undefined {
  const found = findTable(log, fw);
  return found && target.daToVa(found.address, found.size);
}
