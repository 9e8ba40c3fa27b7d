import { describe, expect, it } from 'vitest';
import {
  type LoadTarget,
  rprocElfFindLoadedRscTable,
  rprocElfGetBootAddr,
  rprocElfLoadRscTable,
  rprocElfLoadSegments,
  rprocElfSanityCheck,
} from '../../src/remoteproc/remoteproc-elf-loader.ts';
import { buildElf, random, rpmsgTable, type TestElf, words } from './elf-builder.ts';

const code = words(0x2002_0000, 0x401, 0x401, 0x401);
const EINVAL = -22;

function simple(table = rpmsgTable()): TestElf {
  return buildElf({ segments: [{ da: 0, data: code, memsz: 32 }], sections: [{ name: '.resource_table', addr: 0x400, data: table }] });
}

/** A log that keeps the lines, and a target that takes everything. */
function recorder(): {
  lines: string[];
  log: (level: number, text: string) => void;
  target: LoadTarget;
  writes: [string, number, number][];
} {
  const lines: string[] = [];
  const writes: [string, number, number][] = [];
  const target: LoadTarget = {
    daToVa: (da) => 0x1000_0000 + da,
    write: (address, data) => void writes.push(['write', address, data.length]),
    zero: (address, length) => void writes.push(['zero', address, length]),
  };
  return { lines, log: (level, text) => lines.push(`${level} ${text}`), target, writes };
}

const image = (data: Uint8Array): { name: string; data: Uint8Array } => ({ name: 'fw', data });

describe('rproc_elf_sanity_check', () => {
  const cases: [string, (elf: TestElf) => Uint8Array, string][] = [
    ['a short file', ({ bytes }) => bytes.subarray(0, 51), '3 Image is too small'],
    ['no magic', ({ bytes }) => bytes.fill(0, 0, 4), '3 Image is corrupted (bad magic)'],
    ['class 3', ({ bytes }) => bytes.fill(3, 4, 5), '3 Unsupported class: 3'],
    ['a short ELF64', ({ bytes }) => bytes.fill(2, 4, 5).subarray(0, 60), '3 elf64 header is too small'],
    ['big endian', ({ bytes }) => bytes.fill(2, 5, 6), '3 Unsupported firmware endianness'],
    ['no room for a section header', ({ bytes, shoff }) => bytes.subarray(0, shoff + 39), '3 Image is too small'],
    ['no program headers', ({ bytes }) => bytes.fill(0, 44, 46), '3 No loadable segments'],
    ['program headers behind the end', ({ bytes }) => bytes.fill(0x7f, 28, 32), '3 Firmware size is too small'],
  ];
  it.each(cases)('%s', (_what, change, line) => {
    const { lines, log } = recorder();
    expect(rprocElfSanityCheck(log as never, image(change(simple())))).toBe(EINVAL);
    expect(lines).toEqual([line]);
  });

  it('accepts a good one, and ELF64 too', () => {
    const { lines, log } = recorder();
    const { bytes, view } = simple();
    expect(rprocElfSanityCheck(log as never, image(bytes))).toBe(0);
    expect(rprocElfGetBootAddr(image(bytes))).toBe(0x401);
    view.setUint8(4, 2);
    view.setBigUint64(40, 0n, true);
    view.setUint16(56, 1, true);
    view.setBigUint64(32, 64n, true);
    expect(rprocElfSanityCheck(log as never, image(bytes))).toBe(0);
    expect(lines).toEqual([]);
  });
});

describe('rproc_elf_load_segments', () => {
  it('copies the file part and clears the rest, at p_paddr', () => {
    const { log, target, writes } = recorder();
    const { bytes } = buildElf({
      segments: [
        { da: 0x100, vaddr: 0x2000_0000, data: code, memsz: 32 },
        { da: 0x8000, memsz: 8 },
        { da: 0x9000, data: code, type: 4 },
        { da: 0xa000 },
      ],
    });
    expect(rprocElfLoadSegments(log as never, image(bytes), target)).toBe(0);
    expect(writes).toEqual([
      ['write', 0x1000_0100, 16],
      ['zero', 0x1000_0110, 16],
      ['zero', 0x1000_8000, 8],
    ]);
  });

  it.each([
    ['filesz above memsz', 16, 0x40, '3 bad phdr filesz 0x40 memsz 0x20'],
    ['contents behind the end', 4, 0x7000_0000, '3 truncated fw: need 0x70000010 avail 0x'],
  ])('%s', (_what, offset, value, line) => {
    const { lines, log, target } = recorder();
    const { bytes, view, phoff } = simple();
    view.setUint32(phoff + offset, value, true);
    expect(rprocElfLoadSegments(log as never, image(bytes), target)).toBe(EINVAL);
    expect(lines[0]).toMatch(line);
    expect(lines).toHaveLength(1);
  });

  it('an address that nothing translates', () => {
    const { lines, log, target } = recorder();
    expect(rprocElfLoadSegments(log as never, image(simple().bytes), { ...target, daToVa: () => undefined })).toBe(EINVAL);
    expect(lines).toEqual(['3 bad phdr da 0x0 mem 0x20']);
  });
});

describe('the resource table in the file', () => {
  const cases: [string, (elf: TestElf) => void, string[]][] = [
    ['truncated', ({ view, header }) => view.setUint32(header('.resource_table') + 20, 0x10_0000, true), ['3 resource table truncated']],
    ['without header', ({ view, header }) => view.setUint32(header('.resource_table') + 20, 15, true), ['3 header-less resource table']],
    ['empty', ({ view, header }) => view.setUint32(header('.resource_table') + 20, 0, true), ['3 header-less resource table']],
    ['version 2', ({ view, contents }) => view.setUint32(contents('.resource_table'), 2, true), ['3 unsupported fw ver: 2']],
    ['version -1', ({ view, contents }) => view.setInt32(contents('.resource_table'), -1, true), ['3 unsupported fw ver: -1']],
    ['reserved word', ({ view, contents }) => view.setUint32(contents('.resource_table') + 12, 1, true), ['3 non zero reserved bytes']],
    [
      'too many entries',
      ({ view, contents }) => view.setUint32(contents('.resource_table') + 4, 19, true),
      ['3 resource table incomplete'],
    ],
    [
      'absurdly many entries',
      ({ view, contents }) => view.setUint32(contents('.resource_table') + 4, 0xffff_ffff, true),
      ['3 resource table incomplete'],
    ],
    ['another name', ({ bytes, contents }) => bytes.set([0x58], contents('.shstrtab') + 2), []],
  ];
  it.each(cases)('find_table: %s', (_what, change, expected) => {
    const elf = simple();
    change(elf);
    const { lines, log } = recorder();
    expect(rprocElfLoadRscTable(log as never, image(elf.bytes))).toBeUndefined();
    expect(lines).toEqual(expected);
  });

  it('is copied, and found where it is linked to', () => {
    const { lines, log, target } = recorder();
    const table = rpmsgTable();
    const { bytes, contents } = simple(table);
    const copy = rprocElfLoadRscTable(log as never, image(bytes))!;
    expect(copy).toEqual(table);
    copy.fill(0);
    expect(bytes[contents('.resource_table')]).toBe(1);
    expect(rprocElfFindLoadedRscTable(log as never, image(bytes), target)).toBe(0x1000_0400);
    expect(lines).toEqual([]);
  });
});

it('1,000 mutated files crash none of it', () => {
  const seed = 0x5eed_0001;
  const next = random(seed);
  const { bytes } = simple();
  let failures = 0;
  for (let round = 0; round < 1000; round++) {
    const mutant = bytes.slice(0, next() % 8 === 0 ? next() % bytes.length : bytes.length);
    for (let i = next() % 6; i >= 0; i--) mutant[next() % mutant.length] = next();
    const { log, target } = recorder();
    const bounded = { ...target, daToVa: (da: number, length: number) => (da + length < 0x2_0000 ? da : undefined) };
    try {
      if (rprocElfSanityCheck(log as never, image(mutant)) !== 0) {
        failures++;
        continue;
      }
      rprocElfLoadSegments(log as never, image(mutant), bounded);
      rprocElfLoadRscTable(log as never, image(mutant));
      rprocElfFindLoadedRscTable(log as never, image(mutant), bounded);
    } catch (error) {
      throw new Error(`seed ${seed} round ${round}`, { cause: error });
    }
  }
  expect(failures).toBeGreaterThan(50);
});
