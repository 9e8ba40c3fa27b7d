/** Variables, types and their text against gdb. */
import { describe, expect, it } from 'vitest';
import type { Type } from '../../src/dwarf/model.ts';
import { bare } from '../../src/dwarf/types.ts';
import { SymbolError } from '../../src/errors.ts';
import { dwarfOf, expectedOf, FIXTURES, variablesOf } from './support.ts';

/** gdb writes the symbol at address 0 behind a null pointer, and none at the end of a section. */
const plain = (text: string): string => text.replace(/0x0 <[^>]*>/g, '0x0').replaceAll(' <stack_top>', '');

/** gdb follows references by itself, and prints a flexible array as a pointer. */
const SPECIAL = ['alias', 'packet'];

function layout(type: Type): unknown {
  const inner = bare(type);
  if (inner.kind === 'enum') return inner.enumerators.map(({ name, value }) => [name, Number(value)]);
  if (inner.kind !== 'struct') return inner.name;
  return inner.members.map((member) => [
    member.name,
    member.offset * 8 + member.bitOffset,
    member.bitSize ?? 0,
    member.type.name.replace('(...)', '(void)'), // gdb's text of the table of virtual functions
    member.type.size,
  ]);
}

describe.each(FIXTURES)('variables of %s', (name) => {
  const variables = variablesOf(name);
  const expected = expectedOf(name);

  it('have the places, types, sizes and texts of gdb', () => {
    const present = expected.variables.filter(([wanted, address]) => address !== null && !SPECIAL.includes(wanted));
    expect(present.length).toBeGreaterThan(name.startsWith('cpp') ? 8 : 20);
    const ours = present.map(([wanted]) => {
      const variable = variables.find(wanted);
      return [wanted, variable.address, variable.type, variable.size, plain(variable.toString())];
    });
    const theirs = present.map(([wanted, address, type, size, text]) => [wanted, address, type, size, plain(text!)]);
    expect(ours).toEqual(theirs);
  });

  it('say so when the compiler kept them nowhere', () => {
    for (const [wanted, address, , , text] of expected.variables) {
      if (address !== null) continue;
      const find = (): string => variables.find(wanted).toString();
      // gdb finds neither the one that has a place where types have units of their own, nor what link-time optimisation makes of it.
      const lost = ['c-dwarf4-types-Os', 'c-dwarf5-lto'].includes(name);
      if (lost && wanted === "'state.c'::counter") expect(find()).toBe('11');
      else if (lost && wanted === "'other.c'::total" && name.endsWith('lto')) expect(find()).toBe('0');
      else if (lost && text?.startsWith('No symbol') && wanted.endsWith('serial')) expect(find(), wanted).toMatch(/^[12]00$/);
      else if (text?.includes('has unknown type')) expect(find(), wanted).toBe('4711');
      else if (text?.startsWith('<optimized') || text?.startsWith('No symbol') || text?.startsWith('Missing') || text === null)
        expect(find, wanted).toThrow(SymbolError);
      else expect(find(), wanted).toBe(text);
    }
  });

  it('have types laid out as gdb says', () => {
    const dwarf = dwarfOf(name);
    expect(expected.types.length).toBeGreaterThan(3);
    for (const [wanted, size, theirs] of expected.types) {
      const type = dwarf.typeNamed(wanted);
      expect([wanted, type?.size, type && layout(type)]).toEqual([wanted, size, theirs]);
    }
  });
});
