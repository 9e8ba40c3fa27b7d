/** The tables that the native hooks read: counts, marks, positions, IT blocks, slots that two addresses share. */
import { describe, expect, it } from 'vitest';
import { featuresOf } from '../../../src/cpu/encodings/index.ts';
import { CORTEX_M7 } from '../../../src/cpu/profile.ts';
import { advanceIt, CodeTables, TABLES_SIZE } from '../../../src/cpu/unicorn/code-tables.ts';
import { BLOCK_ENTRIES, MARK, SITE_SLOTS } from '../../../src/cpu/unicorn/native-code.ts';
import { CONFIGURATIONS, Treatments } from '../../../src/cpu/unicorn/treatment.ts';

function tablesOver(code: ReadonlyMap<number, number>): {
  tables: CodeTables;
  markAt: (pc: number, configuration?: number) => number;
  entry: (pc: number) => number[];
} {
  const buffer = new ArrayBuffer(TABLES_SIZE);
  const tables = new CodeTables(buffer, 0, new Treatments(featuresOf(CORTEX_M7)), (address) => code.get(address) ?? 0xbf00);
  return {
    tables,
    markAt: (pc, configuration = 0) => new Uint8Array(buffer)[tables.mapOffset(configuration) + ((pc >>> 1) & (SITE_SLOTS - 1))]!,
    entry: (pc) => [...new Uint32Array(buffer, tables.blocksOffset + ((pc >>> 1) & (BLOCK_ENTRIES - 1)) * 16, 4)],
  };
}

const at = (address: number, ...halfwords: number[]) => halfwords.map((halfword, i): [number, number] => [address + 2 * i, halfword]);

describe('CodeTables', () => {
  it('counts 16- and 32-bit instructions and enters the block', () => {
    const { tables, entry } = tablesOver(new Map(at(0x8000_1000, 0x2000, 0xf3bf, 0x8f4f, 0xe7fe)));
    expect(tables.enter(0x8000_1000, 8)).toBe(3);
    expect(entry(0x8000_1000)).toEqual([0x8000_1000, 1, 3, 8]);
  });

  it('counts the instructions of an IT block whatever their condition', () => {
    const { tables } = tablesOver(new Map(at(0x100, 0xbf1c, 0x2001, 0x2002, 0xe7fe)));
    expect(tables.enter(0x100, 8)).toBe(4);
  });

  it('tells where an instruction stands and with which ITSTATE', () => {
    const { tables } = tablesOver(new Map(at(0x100, 0x2000, 0xbf1c, 0x2001, 0x2002, 0x2003)));
    expect(tables.position(0x100, 10, 0x100)).toEqual({ before: 0, after: 5, itState: 0 });
    expect(tables.position(0x100, 10, 0x104)).toEqual({ before: 2, after: 3, itState: 0x1c });
    expect(tables.position(0x100, 10, 0x106)).toEqual({ before: 3, after: 2, itState: 0x18 });
    expect(tables.position(0x100, 10, 0x108)).toEqual({ before: 4, after: 1, itState: 0 });
    expect(tables.position(0x100, 10, 0x10a)).toBeUndefined();
  });

  it('hands over an IT block that the block does not hold to its end', () => {
    const { tables, markAt } = tablesOver(new Map(at(0x100, 0x2000, 0xbf1c, 0x2001, 0x2002)));
    tables.enter(0x100, 6);
    expect(markAt(0x102)).toBe(MARK.ALWAYS);
    expect(markAt(0x100)).toBe(MARK.NONE);
  });

  it('hands over what may not stand in an IT block', () => {
    const { tables, markAt } = tablesOver(new Map(at(0x100, 0xbf08, 0xd000)));
    tables.enter(0x100, 4);
    expect(markAt(0x102)).toBe(MARK.ALWAYS);
  });

  it('marks by configuration', () => {
    const { tables, markAt } = tablesOver(new Map(at(0x100, 0xfbb0, 0xf0f1, 0xee30, 0x0a20)));
    tables.enter(0x100, 8);
    expect([0, 1, 2, 3].map((configuration) => markAt(0x100, configuration))).toEqual([0, 0, MARK.IF_ZERO, MARK.IF_ZERO]);
    expect([0, 1, 2, 3].map((configuration) => markAt(0x104, configuration))).toEqual([0, MARK.ALWAYS, 0, MARK.ALWAYS]);
    expect(markAt(0x100, CONFIGURATIONS)).toBe(MARK.ANY_ADDRESS);
  });

  it('stops at any address of a slot that two marks share, for ever', () => {
    const other = 0x100 + 2 * SITE_SLOTS;
    const { tables, markAt } = tablesOver(new Map([...at(0x100, 0xcb03), ...at(other, 0xdf00)]));
    tables.enter(0x100, 2);
    expect(markAt(0x100)).toBe(MARK.IF_MASKED_BITS);
    tables.enter(other, 2);
    expect(markAt(other)).toBe(MARK.ANY_ADDRESS);
    tables.enter(0x100, 2);
    tables.forgetRange(0x100, 0x102);
    expect(markAt(other)).toBe(MARK.ANY_ADDRESS);
  });

  it('forgets blocks and marks of a range, above 0x8000_0000 too', () => {
    const { tables, markAt, entry } = tablesOver(new Map([...at(0x8000_0100, 0xdf00), ...at(0x8000_0200, 0xdf00)]));
    tables.enter(0x8000_0100, 2);
    tables.enter(0x8000_0200, 2);
    tables.forgetRange(0x8000_00fe, 0x8000_0104);
    expect(entry(0x8000_0100)[1]).toBe(0);
    expect(markAt(0x8000_0100)).toBe(MARK.NONE);
    expect(entry(0x8000_0200)[1]).toBe(1);
    expect(markAt(0x8000_0200)).toBe(MARK.ALWAYS);
  });

  it('forgets everything by a new generation', () => {
    const { tables, entry } = tablesOver(new Map());
    tables.enter(0x100, 2);
    tables.forget();
    expect(entry(0x100)[1]).not.toBe(tables.generation);
    tables.forgetRange(0, 2 * BLOCK_ENTRIES);
    expect(tables.generation).toBe(3);
  });

  it('advances ITSTATE as the architecture does', () => {
    expect([0x1c, 0x18, 0x10, 0x08, 0x00].map(advanceIt)).toEqual([0x18, 0, 0, 0, 0]);
    expect(advanceIt(0x01)).toBe(0x02);
    expect(advanceIt(0x0b)).toBe(0x16);
  });
});
