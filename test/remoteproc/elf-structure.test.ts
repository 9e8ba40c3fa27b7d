/**
 * Our ELF reader held against elfy, an independent one: every image of ours, whole and broken in 10,000 ways.
 */
import { readdirSync, readFileSync } from 'node:fs';
import elfy from 'elfy';
import { describe, expect, it } from 'vitest';
import { FirmwareError } from '../../src/errors.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { type ElfStructure, readElfHeader, readElfStructure } from '../../src/remoteproc/elf-structure.ts';
import { cString, part, u16, u32 } from '../../src/remoteproc/file-bytes.ts';
import { buildElf, random, rpmsgTable, words } from './elf-builder.ts';

const { type: TYPES, machine: MACHINES, entryType: PROGRAM_TYPES, sectType: SECTION_TYPES } = elfy.constants;
const LONGEST_NAME = 256;

/** What elfy reads, in its words. @throws Error where elfy gives up */
function byElfy(bytes: Uint8Array) {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const parser = new elfy.Parser();
  const { type, machine, entry, phoff, shoff, phentsize, phnum, shentsize, shnum, shstrndx } = parser.parseHeader(buffer);
  const header = { type, machine, entry, phoff, shoff, phentsize, phnum, shentsize, shnum, shstrndx };
  const sections = parser.parseSections(buffer, parser.parseHeader(buffer));
  const names = sections[shstrndx]?.data ?? Buffer.alloc(0);
  return {
    header,
    programs: parser
      .parsePrograms(buffer, parser.parseHeader(buffer))
      .map(({ type: kind, offset, vaddr, paddr, filesz, memsz }) => ({ type: kind, offset, vaddr, paddr, filesz, memsz })),
    sections: sections.map(({ name, type: kind, addr, off, size, link }) => {
      const end = Math.min(names.length, name + LONGEST_NAME);
      const zero = names.indexOf(0, name);
      const text = name < names.length ? names.toString('latin1', name, zero < 0 ? end : Math.min(zero, end)) : '';
      return { name: text, type: kind, addr, offset: off, size, link };
    }),
  };
}

/** What our reader reads, in elfy's words. */
function byUs({ header, programs, sections }: ElfStructure): ReturnType<typeof byElfy> {
  const { elfClass, byteOrder, ...rest } = header;
  expect([elfClass, byteOrder]).toEqual([1, 1]);
  return {
    header: { ...rest, type: TYPES[header.type], machine: MACHINES[header.machine] },
    programs: programs.map((program) => ({ ...program, type: PROGRAM_TYPES[program.type] })),
    sections: sections.map((section) => ({ ...section, type: SECTION_TYPES[section.type] || section.type })),
  };
}

const IMAGES = readdirSync('images').filter((file) => file.endsWith('.elf'));

describe('our ELF reader and elfy', () => {
  it.each(IMAGES)('read the same from images/%s', (file) => {
    const bytes = new Uint8Array(readFileSync(`images/${file}`));
    const structure = readElfStructure(bytes);
    expect(structure.programs.length).toBeGreaterThan(0);
    expect(structure.sections.map(({ name }) => name)).toContain('.shstrtab');
    expect(byUs(structure)).toEqual(byElfy(bytes));
  });

  it('agree on 10,000 broken files, or the firmware is refused', () => {
    const seed = 0x0e1f_0032;
    const next = random(seed);
    const samples: Uint8Array[] = ['imx8mp_rpmsg.elf', 'imx8mp_hello.elf', 'semihosting.elf'].map(
      (file) => new Uint8Array(readFileSync(`images/${file}`)),
    );
    samples.push(
      buildElf({ segments: [{ da: 0, data: words(0x2002_0000, 0x401) }], sections: [{ name: '.resource_table', data: rpmsgTable() }] })
        .bytes,
    );
    let read = 0;
    let refused = 0;
    for (let round = 0; round < 10_000; round++) {
      const mutant = breakFile(samples[round % samples.length]!, next);
      const context = `seed ${seed} round ${round}`;
      const { elfClass, byteOrder, phentsize, shentsize, phnum, shnum } = readElfHeader(mutant);
      let theirs: ReturnType<typeof byElfy> | undefined;
      // elfy would follow any size of entries, and read 64-bit and big-endian files.
      const ours = elfClass === 1 && byteOrder === 1 && (phnum === 0 || phentsize === 32) && (shnum === 0 || shentsize === 40);
      try {
        if (ours) theirs = byElfy(mutant);
      } catch {
        // A table beyond the end of the file.
      }
      const structure = readElfStructure(mutant);
      if (theirs) {
        expect(byUs(structure), context).toEqual(theirs);
        read++;
      } else {
        expect(() => parseFirmware(mutant, 'mutant'), context).toThrow(FirmwareError);
        refused++;
      }
    }
    expect(read).toBeGreaterThan(2000);
    expect(refused).toBeGreaterThan(500);
  });
});

/** A copy with up to eight bytes of the headers changed, and in one case of eight cut short. */
function breakFile(bytes: Uint8Array, next: () => number): Uint8Array {
  const { phoff, shoff, phnum, shnum } = readElfHeader(bytes);
  const copy = bytes.slice(0, next() % 8 === 0 ? Math.max(52, next() % bytes.length) : bytes.length);
  const places = [
    () => 16 + (next() % 36),
    () => phoff + (next() % (phnum * 32)),
    () => shoff + (next() % (shnum * 40)),
    () => next() % bytes.length,
  ];
  for (let i = next() % 8; i >= 0; i--) {
    const at = places[next() % (next() % 4 === 0 ? 4 : 3)]!();
    // Half of the changes stay small, so that the tables stay where they are often enough.
    if (at < copy.length) copy[at] = next() % 2 === 0 ? next() : copy[at]! ^ (1 << (next() % 3));
  }
  return copy;
}

describe('reading a structure that is not there', () => {
  it('leaves out the entries that the file does not hold, and reads no further', () => {
    const { bytes, phoff, shoff } = buildElf({
      segments: [
        { da: 0, data: words(1) },
        { da: 4, data: words(2) },
      ],
      sections: [{ name: '.a', data: words(3) }],
    });
    expect(readElfStructure(bytes.subarray(0, phoff + 63)).programs.length).toBe(1);
    expect(readElfStructure(bytes.subarray(0, shoff + 79)).sections.map(({ name }) => name)).toEqual(['']);
    const view = new DataView(bytes.buffer);
    view.setUint16(44, 0xffff, true);
    view.setUint16(48, 0xffff, true);
    view.setUint32(32, 0xffff_fff0, true);
    const { programs, sections } = readElfStructure(bytes);
    expect(programs.length).toBe(Math.floor((bytes.length - phoff) / 32));
    expect(sections).toEqual([]);
    view.setUint32(28, 0, true);
    expect(readElfStructure(bytes).programs).toEqual([]);
  });

  it('names sections by what the name table has, up to 256 characters', () => {
    const elf = buildElf({
      segments: [{ da: 0, data: words(1) }],
      sections: [
        { name: `.${'x'.repeat(400)}`, data: words(3) },
        { name: '.b', data: words(4) },
      ],
    });
    elf.view.setUint32(elf.header('.b'), 0xffff_ffff, true);
    const names = readElfStructure(elf.bytes).sections.map(({ name }) => name);
    expect(names).toEqual(['', `.${'x'.repeat(255)}`, '', '.shstrtab']);
    elf.view.setUint16(50, 99, true);
    expect(readElfStructure(elf.bytes).sections.map(({ name }) => name)).toEqual(['', '', '', '']);
  });

  it('reads zeros past the end', () => {
    const bytes = Uint8Array.of(1, 2, 0xff, 0x80, 0x41);
    expect([u16(bytes, 2), u16(bytes, 4), u16(bytes, 5)]).toEqual([0x80ff, 0x41, 0]);
    expect([u32(bytes, 0), u32(bytes, 2), u32(bytes, 2 ** 40)]).toEqual([0x80ff_0201, 0x0041_80ff, 0]);
    expect([[...part(bytes, 3, 9)], [...part(bytes, 9, 9)], [...part(bytes, 1, 2)]]).toEqual([[0x80, 0x41], [], [2, 0xff]]);
    expect([cString(bytes, 4, 9), cString(bytes, 99, 9), cString(bytes, 0, 1)]).toEqual(['A', '', '\x01']);
    expect(readElfHeader(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46))).toMatchObject({ elfClass: 0, byteOrder: 0, phnum: 0, shnum: 0 });
  });
});
