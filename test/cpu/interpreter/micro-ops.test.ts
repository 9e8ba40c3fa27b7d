/** The switch in interpreter.ts uses literal numbers: they must be those of micro-ops.ts. And every `op` of the table must be executable. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMPILED, ENCODINGS, match, predictable } from '../../../src/cpu/encodings/index.ts';
import { HANDLERS, OPERATION } from '../../../src/cpu/interpreter/handlers.ts';
import { isExecutable, lower } from '../../../src/cpu/interpreter/lowering.ts';
import { HOT, SLOT } from '../../../src/cpu/interpreter/micro-ops.ts';

const source = readFileSync(new URL('../../../src/cpu/interpreter/interpreter.ts', import.meta.url), 'utf8');

describe('the main switch', () => {
  const body = source.slice(source.indexOf('switch (op)'));
  const cases = [...body.matchAll(/case (\d+):\s*(?:\{\s*)?\/\/ (\w+)/g)].map(([, number, name]) => [Number(number), name]);

  it('has every hot operation once, under its own number', () => {
    expect(cases.map(([, name]) => name).sort()).toEqual([...HOT].sort());
    expect(cases.filter(([number, name]) => HOT[number as number] !== name)).toEqual([]);
  });

  it('has no label without a name', () => {
    expect([...body.matchAll(/case \d+:/g)]).toHaveLength(cases.length);
  });

  it('compares with the numbers that the comments say', () => {
    const comparisons = [...source.matchAll(/op === (\d+) \/\* (\w+) \*\//g)];
    expect(comparisons.length).toBeGreaterThan(5);
    expect(comparisons.filter(([, number, name]) => HOT[Number(number)] !== name)).toEqual([]);
  });
});

describe('lowering', () => {
  it('knows every op of the encoding table', () => {
    expect([...new Set(ENCODINGS.map(({ op }) => op).filter((op) => !isExecutable(op)))]).toEqual([]);
  });

  it('keeps the number of operations within its field', () => {
    expect(HOT.length + HANDLERS.length).toBeLessThan(1 << 12);
    expect(OPERATION.size).toBe(HOT.length + HANDLERS.length);
  });

  it('takes words of every row at every place of a page, inside an IT block and outside', () => {
    const slots = new Int32Array(SLOT);
    let state = 1;
    const random = (): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state >>> 0;
    };
    let lowered = 0;
    for (const compiled of COMPILED) {
      for (let i = 0; i < 200; i++) {
        const word = ((random() & ~compiled.mask) | compiled.value) >>> 0;
        const own = compiled.size === 2 ? word & 0xffff : word;
        if (match(own, compiled.size) !== compiled || !predictable(compiled, own)) continue;
        lower(compiled, own, compiled.size, random() & 0xffe, slots, 0);
        expect((slots[0]! >>> 12) & 15).toBe(compiled.size / 2);
        expect(slots[0]! & 0xfff).toBeLessThan(HOT.length + HANDLERS.length);
        lowered++;
      }
    }
    expect(lowered).toBeGreaterThan(20_000);
  });
});
