/** The fixtures of the DWARF reader: ELF files, and what gdb, llvm-dwarfdump and QEMU say about them (fixtures/expected.py). */
import { readdirSync, readFileSync } from 'node:fs';
import { Dwarf } from '../../src/dwarf/dwarf.ts';
import { Variables } from '../../src/dwarf/variables.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { readElfStructure } from '../../src/remoteproc/elf-structure.ts';
import { part } from '../../src/remoteproc/file-bytes.ts';

const HERE = new URL('fixtures/', import.meta.url);

/** A stop of the program under QEMU. */
export interface Stop {
  readonly registers: readonly number[];
  readonly frames: readonly {
    readonly pc: number;
    readonly function: string;
    readonly line: number;
    readonly inline: boolean;
    readonly sp: number;
    readonly locals: Readonly<Record<string, string | null>>;
  }[];
}

/** A file of expected/. */
export interface Expected {
  readonly lines: readonly [
    address: number,
    file: string,
    line: number,
    column: number,
    isStatement: number,
    end: number,
    disc: number,
    prologue: number,
  ][];
  readonly places: readonly [pc: number, file: string | null, line: number, names: string[]][];
  readonly variables: readonly [name: string, address: number | null, type: string | null, size: number | null, text: string | null][];
  readonly types: readonly [
    name: string,
    size: number,
    layout: string | readonly (readonly [string, number, number, string, number])[] | readonly (readonly [string, number])[],
  ][];
  readonly run?: {
    readonly thread: Stop;
    readonly handler: Stop;
    readonly excReturn: number;
    readonly ram: { readonly base: number; readonly bytes: string };
  };
}

export const FIXTURES = readdirSync(HERE)
  .filter((file) => file.endsWith('.elf'))
  .map((file) => file.slice(0, -4));

export const C_FIXTURES = FIXTURES.filter((name) => name.startsWith('c-'));

export function elfOf(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.elf`, HERE)));
}

export function dwarfOf(name: string): Dwarf {
  return Dwarf.of(elfOf(name));
}

export function expectedOf(name: string): Expected {
  return JSON.parse(readFileSync(new URL(`expected/${name}.json`, HERE), 'utf8'));
}

/** Memory after loading: sections at their addresses, as copies; writes stay. */
export function memoryOf(elf: Uint8Array): {
  read(address: number, length: number): Uint8Array | undefined;
  write(address: number, bytes: Uint8Array): boolean;
} {
  const sections = readElfStructure(elf).sections.filter(
    ({ addr, size, type, name }) => size > 0 && type !== 0 && (addr > 0 || name === '.vectors') && !name.startsWith('.debug'),
  );
  const parts = sections.map(({ addr, size, offset, type }) => ({
    addr,
    bytes: type === 8 ? new Uint8Array(size) : part(elf, offset, size).slice(),
  }));
  const find = (address: number, length: number) =>
    parts.find(({ addr, bytes }) => address >= addr && address + length <= addr + bytes.length);
  return {
    read: (address, length) => {
      const found = find(address, length);
      return found?.bytes.slice(address - found.addr, address - found.addr + length);
    },
    write: (address, bytes) => {
      const found = find(address, bytes.length);
      found?.bytes.set(bytes, address - found.addr);
      return found !== undefined;
    },
  };
}

/** The program's variables in the memory that its file loads. */
export function variablesOf(name: string, { debug = true } = {}): Variables {
  const elf = elfOf(name);
  return new Variables(debug ? Dwarf.of(elf) : undefined, parseFirmware(elf, name).symbols, memoryOf(elf));
}
