/**
 * Mutated files: nothing hangs, nothing but typed errors is thrown, and what is whole is still read.
 * `IMX_SIM_DWARF_MUTATIONS=2500 IMX_SIM_DWARF_SEED=7` makes 20,000 of them.
 */
import { describe, expect, it } from 'vitest';
import { Dwarf } from '../../src/dwarf/dwarf.ts';
import type { Type } from '../../src/dwarf/model.ts';
import { bare } from '../../src/dwarf/types.ts';
import { type DebugInfoError, ImxSimError } from '../../src/errors.ts';
import { readElfStructure } from '../../src/remoteproc/elf-structure.ts';
import { elfOf } from './support.ts';

/** xorshift32: the same files in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Walks into a type as far as a debugger would. */
function describeType(type: Type, depth = 0): void {
  void type.name;
  void type.size;
  const inner = bare(type);
  if (depth > 4) return;
  if (inner.kind === 'struct') for (const member of inner.members.slice(0, 50)) describeType(member.type, depth + 1);
  if (inner.kind === 'enum') void inner.enumerators.length;
  if (inner.kind === 'pointer') describeType(inner.target, depth + 1);
}

/** Asks everything that can be asked. */
function askAll(elf: Uint8Array): void {
  const dwarf = Dwarf.of(elf);
  const bytes = new Uint8Array(16);
  const read = (_address: number, length: number) => (length <= 16 ? bytes.subarray(0, length) : undefined);
  const sequences = dwarf.lineTable();
  const pcs = sequences.slice(0, 4).map(({ low }) => low);
  void dwarf.files.length;
  dwarf.addressesOf('main.c', 10);
  for (const variable of dwarf.variables().slice(0, 60)) {
    describeType(variable.type);
    void variable.declaration;
    void variable.location;
  }
  for (const fn of dwarf.functions().slice(0, 30)) {
    pcs.push(fn.entry);
    void fn.declaration;
    void fn.frameBase;
    void fn.variadic;
    void fn.inlined.length;
    describeType(fn.returnType);
  }
  for (const pc of pcs.slice(0, 24)) {
    dwarf.lineAt(pc);
    const frame = { pc, register: () => 0x2000_0100, read };
    for (const local of dwarf.localsAt(pc)) {
      describeType(local.type);
      local.locate(frame);
    }
    dwarf.unwind({ pc, registers: new Array(16).fill(0x2000_0101), read }, 16);
  }
  dwarf.typeNamed('struct state');
  try {
    dwarf.variable('state');
  } catch (error) {
    expect((error as ImxSimError).code).toMatch(/^E_SYMBOL|^E_DWARF_COMPRESSED/);
  }
}

/** Where the debug sections and headers of a file are. */
function targets(elf: Uint8Array): [at: number, size: number][] {
  return readElfStructure(elf)
    .sections.filter(({ name, size }) => size > 0 && /^\.(debug_|symtab|eh_frame)/.test(name))
    .map(({ offset, size }) => [offset, size]);
}

/** Files per fixture; more of them by hand, with other seeds. */
const ROUNDS = Number(process.env['IMX_SIM_DWARF_MUTATIONS'] ?? 30);
const SEED = Number(process.env['IMX_SIM_DWARF_SEED'] ?? 0x1234_5678);

const NAMES = [
  'c-dwarf2-O0',
  'c-dwarf4-types-Os',
  'c-dwarf5-O3-g3',
  'c-dwarf5-lto',
  'c-clang-dwarf5-O2',
  'c-dwarf5-zlib',
  'cpp-dwarf4-Og',
  'cpp-clang-dwarf5-O0',
];

describe.each(NAMES)('mutations of %s', (name) => {
  it('throw typed errors, and end', () => {
    const original = elfOf(name);
    const places = targets(original);
    const next = random(SEED ^ name.length);
    let slowest = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const elf = original.slice(0, round % 10 === 9 ? next(original.length) : original.length);
      for (let n = 1 + next(6); n > 0; n--) {
        const [at, size] = places[next(places.length)]!;
        const where = at + next(size);
        const kind = next(4);
        if (kind === 0) elf[where] = next(256);
        else if (kind === 1) elf[where] = [0, 1, 0x7f, 0x80, 0xff][next(5)]!;
        else if (kind === 2) elf.fill(0xff, where, where + 1 + next(8));
        else elf.copyWithin(where, at + next(size), at + next(size));
      }
      const start = process.cpuUsage().user;
      try {
        askAll(elf);
      } catch (error) {
        if (!(error instanceof ImxSimError) || (error as DebugInfoError).code.startsWith('E_SYMBOL')) throw error;
      }
      slowest = Math.max(slowest, process.cpuUsage().user - start);
    }
    // A whole file takes some ten milliseconds; the budget of a mutated one lets it take a few times that.
    expect(slowest / 1000).toBeLessThan(2000);
  });
});

describe('a file without debug information', () => {
  const elf = elfOf('c-dwarf5-O0');

  it('answers nothing, when it is cut behind its header', () => {
    const dwarf = Dwarf.of(elf.slice(0, 52));
    expect([dwarf.present, dwarf.functions(), dwarf.lineTable(), dwarf.files, dwarf.lineAt(0x80), dwarf.localsAt(0x80)]).toEqual([
      false,
      [],
      [],
      [],
      undefined,
      [],
    ]);
    expect(() => dwarf.variable('state')).toThrow('no variable state in this firmware');
  });

  it('is refused when it is of another class or byte order', () => {
    const wide = elf.slice();
    wide[4] = 2;
    expect(() => Dwarf.of(wide)).toThrow('only 32-bit little-endian');
    expect(() => Dwarf.of(new Uint8Array())).toThrow('only 32-bit little-endian');
  });

  it('says that its sections are compressed with zstd, where a name is asked for', () => {
    const packed = elfOf('c-dwarf5-zlib');
    for (const { name, offset } of readElfStructure(packed).sections) if (name.startsWith('.debug_')) packed[offset] = 2;
    const dwarf = Dwarf.of(packed);
    expect(() => dwarf.variable('state')).toThrow('is compressed with zstd or another method that is not read');
    expect(() => dwarf.functionNamed('add')).toThrow(
      expect.objectContaining({ code: 'E_DWARF_COMPRESSED', remedy: 'build without -gz, or with -gz=zlib' }),
    );
    expect([dwarf.lineTable(), dwarf.functions(), dwarf.lineAt(0x80)]).toEqual([[], [], undefined]);
    expect(dwarf.problems.join()).toContain('zstd');
  });

  it('names what it left out of a damaged unit, and reads the others', () => {
    const damaged = elf.slice();
    const info = readElfStructure(elf).sections.find(({ name }) => name === '.debug_info')!;
    // The abbreviation offset of the first unit points behind its section.
    damaged.fill(0x7f, info.offset + 8, info.offset + 12);
    const dwarf = Dwarf.of(damaged);
    expect(dwarf.functionNamed('other_total').name).toBe('other_total');
    expect(() => dwarf.functionNamed('next_id')).toThrow('no function next_id');
    expect(dwarf.problems).toEqual(['debug information: .debug_abbrev ends in the middle of something']);
  });
});
