import { describe, expect, it } from 'vitest';
import { FirmwareError } from '../../src/errors.ts';
import { parseFirmware, symbolAt } from '../../src/remoteproc/elf-loader.ts';
import { buildElf, random, rpmsgTable, words } from './elf-builder.ts';

const code = words(0x2002_0000, 0x401, 0x401, 0x401);

/** .strtab and .symtab of `main` (sized, Thumb), `loop` (a label inside it), `$t` and `buffer`. */
function symbolSections(): { name: string; type: number; data: Uint8Array; link?: number }[] {
  const strings = new TextEncoder().encode('\0main\0loop\0$t\0buffer\0');
  const symbol = (name: number, value: number, size: number, type: number): number[] => [name, value, size, type | (1 << 16)];
  const table = words(
    0,
    0,
    0,
    0,
    ...symbol(1, 0x401, 0x20, 0x12),
    ...symbol(6, 0x408, 0, 0),
    ...symbol(11, 0x400, 0, 0),
    ...symbol(14, 0x2000_0000, 64, 0x11),
  );
  return [
    { name: '.strtab', type: 3, data: strings },
    { name: '.symtab', type: 2, data: table, link: 1 },
  ];
}

function failure(bytes: Uint8Array, name = 'fw.elf'): FirmwareError {
  try {
    parseFirmware(bytes, name);
  } catch (error) {
    expect(error).toBeInstanceOf(FirmwareError);
    return error as FirmwareError;
  }
  throw new Error('expected a FirmwareError');
}

describe('parseFirmware', () => {
  it('reads segments, sections, entry, symbols, the resource table and notes', () => {
    const table = rpmsgTable();
    const note = words(4, 3, 3, 0x00554e47, 0x00636261);
    const elf = buildElf({
      entry: 0x401,
      segments: [
        { da: 0, data: code, memsz: 64 },
        { da: 0x1000, vaddr: 0x2000_0000, memsz: 16 },
        { da: 0x9000, memsz: 4, type: 4 },
      ],
      sections: [
        ...symbolSections(),
        { name: '.resource_table', addr: 0x400, data: table },
        { name: '.note.gnu.build-id', type: 7, data: note },
      ],
    });
    const firmware = parseFirmware(elf.bytes, 'fw.elf');
    expect(firmware.entry).toBe(0x401);
    expect(firmware.segments.map(({ index, da, vaddr, memsz }) => [index, da, vaddr, memsz])).toEqual([
      [0, 0, 0, 64],
      [1, 0x1000, 0x2000_0000, 16],
    ]);
    expect([...firmware.segments[0]!.data]).toEqual([...code]);
    expect(firmware.sections.map(({ name }) => name)).toEqual([
      '',
      '.strtab',
      '.symtab',
      '.resource_table',
      '.note.gnu.build-id',
      '.shstrtab',
    ]);
    expect(firmware.resourceTable).toEqual({ bytes: table, da: 0x400, size: table.length });
    expect(firmware.symbols).toEqual([
      { name: 'main', address: 0x400, size: 0x20 },
      { name: 'loop', address: 0x408, size: 0 },
      { name: 'buffer', address: 0x2000_0000, size: 64 },
    ]);
    expect(firmware.notes.map(({ name, type, data }) => [name, type, [...data]])).toEqual([['GNU', 3, [0x61, 0x62, 0x63]]]);
    expect(symbolAt(firmware, 0x40c)).toEqual({ symbol: firmware.symbols[0], offset: 0xc });
    expect(symbolAt(firmware, 0x420)).toBeUndefined();
  });

  it('reads a file without sections', () => {
    const elf = buildElf({ segments: [{ da: 0, data: code }] });
    elf.view.setUint32(32, 0, true);
    elf.view.setUint32(48, 0, true);
    const firmware = parseFirmware(elf.bytes, 'bare.elf');
    expect(firmware.sections).toEqual([]);
    expect(firmware.resourceTable).toBeUndefined();
  });

  const foreign: [string, Uint8Array, RegExp, RegExp][] = [
    ['nothing', new Uint8Array(), /is empty/, /build or copy/],
    [
      'a raw binary',
      words(0x2002_0000, 0x515, 0x401, 0x80),
      /raw binary \(\.bin\).*initial SP 0x20020000, reset vector 0x00000515/,
      /\.elf/,
    ],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0), /gzip/, /gunzip/],
    ['a uImage', Uint8Array.of(0x27, 5, 0x19, 0x56, 0, 0), /U-Boot image/, /\.elf/],
    ['text', new TextEncoder().encode('hello world\n'), /it is text/, /\.elf/],
    ['Intel HEX', new TextEncoder().encode(':020000040000FA\n'), /Intel HEX/, /\.elf/],
    ['a Git LFS pointer', new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\n'), /Git LFS/, /git lfs pull/],
    ['anything else', Uint8Array.of(1, 2, 3, 4, 0xff), /begins with 01 02 03 04 instead of 7f 45 4c 46/, /\.elf/],
  ];
  it.each(foreign)('names %s for what it is', (_what, bytes, text, remedy) => {
    const error = failure(bytes, 'fw.bin');
    expect(error.code).toBe('E_NOT_ELF');
    expect(error.message).toMatch(text);
    expect(error.message.startsWith('fw.bin: ')).toBe(true);
    expect(error.message).not.toContain('\n');
    expect(error.remedy).toMatch(remedy);
    // rproc_elf_sanity_check
    expect(error.linux).toEqual([
      `remoteproc remoteproc0: Image is ${bytes.length < 52 ? 'too small' : 'corrupted (bad magic)'}`,
      'remoteproc remoteproc0: Boot failed: -22',
    ]);
  });

  it.each([
    ['64-bit', (v: DataView) => v.setUint8(4, 2), 'E_ELF_CLASS', /64-bit ELF \(machine 40\)/],
    [
      'x86-64',
      (v: DataView) => {
        v.setUint8(4, 2);
        v.setUint16(18, 62, true);
      },
      'E_ELF_CLASS',
      /64-bit ELF \(x86-64\)/,
    ],
    ['x86', (v: DataView) => v.setUint16(18, 3, true), 'E_ELF_MACHINE', /ELF for x86, not for ARM/],
    ['Xtensa', (v: DataView) => v.setUint16(18, 94, true), 'E_ELF_MACHINE', /HiFi DSP/],
    [
      'big-endian',
      (v: DataView) => {
        v.setUint8(5, 2);
        v.setUint16(18, 40);
      },
      'E_ELF_ENDIAN',
      /big-endian ELF \(ARM\)/,
    ],
    ['an object file', (v: DataView) => v.setUint16(16, 1, true), 'E_ELF_TYPE', /object file/],
    ['no program headers', (v: DataView) => v.setUint16(44, 0, true), 'E_NO_SEGMENTS', /program header table is empty/],
    ['no PT_LOAD', (v: DataView) => v.setUint32(52, 4, true), 'E_NO_SEGMENTS', /none of its program headers is a PT_LOAD/],
    ['odd entry sizes', (v: DataView) => v.setUint16(42, 0, true), 'E_ELF', /program headers are 0 bytes long instead of 32/],
    [
      'filesz above memsz',
      (v: DataView) => v.setUint32(52 + 20, 8, true),
      'E_ELF',
      /segment 0 .*file size 0x10 exceeds its memory size 0x8/,
    ],
    [
      'a segment around the end',
      (v: DataView) => v.setUint32(52 + 12, 0xffff_fff8, true),
      'E_ELF',
      /past the end of the 32-bit address space/,
    ],
    [
      'a segment beyond the file',
      (v: DataView) => v.setUint32(52 + 4, 0x1000, true),
      'E_TRUNCATED',
      /segment 0 \(PT_LOAD at 0x00000000\) is truncated: \d+ of its 16 bytes/,
    ],
  ])('refuses %s', (_what, change, code_, text) => {
    const elf = buildElf({ segments: [{ da: 0, data: code }] });
    change(elf.view);
    const error = failure(elf.bytes);
    expect(error.code).toBe(code_);
    expect(error.message).toMatch(text);
    expect(error.remedy).not.toBe('');
  });

  it('says how many bytes a truncated file lacks, and where', () => {
    const { bytes, shoff } = buildElf({ segments: [{ da: 0, data: code }] });
    expect(failure(bytes.subarray(0, 30)).message).toBe('fw.elf: the ELF header is truncated: 22 of its 52 bytes are missing');
    expect(failure(bytes.subarray(0, 60)).message).toBe(
      'fw.elf: the program header table is truncated: 24 of its 32 bytes are missing from the file',
    );
    const cut = failure(bytes.subarray(0, shoff + 30));
    expect(cut.message).toBe('fw.elf: the section header table is truncated: 50 of its 80 bytes are missing from the file');
    expect(cut.code).toBe('E_TRUNCATED');
    // rproc_elf_sanity_check looks at the first section header only
    expect(cut.linux).toEqual(['remoteproc remoteproc0: Image is too small', 'remoteproc remoteproc0: Boot failed: -22']);
  });

  it('survives 1,000 mutated files: a Firmware or a FirmwareError, nothing else', () => {
    const seed = 0x1a2b_3c4d;
    const next = random(seed);
    const { bytes } = buildElf({
      segments: [
        { da: 0, data: code },
        { da: 0x400, data: rpmsgTable() },
      ],
      sections: [...symbolSections(), { name: '.resource_table', data: rpmsgTable() }],
    });
    let refused = 0;
    for (let round = 0; round < 1000; round++) {
      const mutant = bytes.slice(0, next() % 8 === 0 ? next() % bytes.length : bytes.length);
      for (let i = next() % 8; i >= 0; i--)
        mutant[next() % 4 === 0 ? next() % mutant.length : next() % Math.min(120, mutant.length)] = next();
      try {
        parseFirmware(mutant, 'mutant');
      } catch (error) {
        expect(error, `seed ${seed} round ${round}`).toBeInstanceOf(FirmwareError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});
