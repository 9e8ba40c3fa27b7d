/** Types of the parts of `elfy` 1.0.0 (MIT, Fedor Indutny) that remoteproc/elf-structure.ts uses; the package has none of its own. */
declare module 'elfy' {
  /** What elfy asks of its input: Node's Buffer, or anything with these methods. */
  export interface ElfyBuffer {
    readonly length: number;
    /** Class, byte order, OS and ABI version in the identification. */
    readonly 4: number | undefined;
    readonly 5: number | undefined;
    readonly 6: number | undefined;
    readonly 7: number | undefined;
    readUInt16LE(offset: number): number;
    readUInt32LE(offset: number): number;
    slice(start: number, end: number): ElfyBuffer;
  }

  export interface ElfyHeader {
    class: string;
    endian: string;
    type: string | undefined;
    machine: string | undefined;
    entry: number;
    phoff: number;
    shoff: number;
    flags: number;
    phentsize: number;
    phnum: number;
    shentsize: number;
    shnum: number;
    shstrndx: number;
  }

  export interface ElfyProgram {
    type: string | undefined;
    offset: number;
    vaddr: number;
    paddr: number;
    filesz: number;
    memsz: number;
    flags: Record<string, boolean>;
    align: number;
    data: ElfyBuffer;
  }

  export interface ElfySection {
    /** Offset into the name table. */
    name: number;
    type: string | number;
    flags: Record<string, boolean>;
    addr: number;
    off: number;
    size: number;
    link: number;
    info: number;
    addralign: number;
    entsize: number;
    data: ElfyBuffer;
  }

  class Parser {
    parseHeader(bytes: ElfyBuffer): ElfyHeader;
    parsePrograms(bytes: ElfyBuffer, header: ElfyHeader): ElfyProgram[];
    parseSections(bytes: ElfyBuffer, header: ElfyHeader): ElfySection[];
  }

  const elfy: { Parser: typeof Parser };
  export default elfy;
}
