/** Types of the parts of `elfy` 1.0.0 (MIT, Fedor Indutny) that elf-structure.test.ts holds our reader against; it has none of its own. */
declare module 'elfy' {
  export interface ElfyHeader {
    type: string | undefined;
    machine: string | undefined;
    entry: number;
    phoff: number;
    shoff: number;
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
  }

  export interface ElfySection {
    /** Offset into the name table. */
    name: number;
    type: string | number;
    addr: number;
    off: number;
    size: number;
    link: number;
    data: Buffer;
  }

  class Parser {
    parseHeader(bytes: Buffer): ElfyHeader;
    parsePrograms(bytes: Buffer, header: ElfyHeader): ElfyProgram[];
    parseSections(bytes: Buffer, header: ElfyHeader): ElfySection[];
  }

  const elfy: {
    Parser: typeof Parser;
    /** Names of the numbers in headers. */
    constants: Record<'type' | 'machine' | 'entryType' | 'sectType', Record<number, string>>;
  };
  export default elfy;
}
