/**
 * Lines, functions and branches are those that gcov reports of the same sources, compiled with the same options and --coverage, and run on
 * this emulator: line by line at -O0, by hit or not at -Og, where the compiler moves code between lines.
 */
import { describe, expect, it } from 'vitest';
import type { Coverage } from '../../src/coverage/index.ts';
import { ENGINES } from '../support/engines.ts';
import { coverageOf, gcovReport, program } from './gcov.ts';

const PATH = 'test/coverage/programs';

/** Lines of a source with count and branches, as gcov has them; those of one line in ascending order. */
function linesOf(coverage: Coverage, file: string) {
  const found = coverage.file(`${PATH}/${file}`)!;
  return [...found.lines].map(([line, count]) => {
    const ways = (found.decisions.get(line) ?? []).flatMap((decision) => decision.ways.map((way) => way ?? 0));
    return [line, count, ways.sort((a, b) => a - b)] as const;
  });
}

describe.each(ENGINES.map((engine) => [engine.name, engine] as const))('coverage at -O0 on %s', (_, engine) => {
  it.each(['shapes', 'calculator'])('of %s is what gcov reports', (name) => {
    const gcov = gcovReport(`${name}-O0`);
    const { coverage, text } = coverageOf(program(`${name}-O0`), engine);
    expect(text).toContain(`result ${gcov.result}`);
    expect(coverage.files.map(({ path }) => path)).toEqual([...gcov.files.keys()].map((file) => `${PATH}/${file}`).sort());
    for (const [file, expected] of gcov.files) {
      const lines = [...expected.lines].map(([line, { count, branches }]) => [line, count, [...branches].sort((a, b) => a - b)]);
      expect(lines.length).toBeGreaterThan(8);
      expect(linesOf(coverage, file)).toEqual(lines.sort(([a], [b]) => Number(a) - Number(b)));
      const functions = coverage.file(`${PATH}/${file}`)!.functions;
      expect(functions).toEqual([...expected.functions].sort((a, b) => a.line - b.line));
    }
  });
});

describe('where gcov and machine code differ', () => {
  const [engine] = ENGINES;
  const differences = (name: string) => {
    const gcov = gcovReport(name);
    const { coverage } = coverageOf(program(name), engine!);
    const found: string[] = [];
    for (const [file, { lines }] of gcov.files) {
      const ours = coverage.file(`${PATH}/${file}`)?.lines;
      const all = new Set([...lines.keys(), ...(ours?.keys() ?? [])]);
      for (const line of [...all].sort((a, b) => a - b)) {
        const [theirs, own] = [lines.get(line)?.count, ours?.get(line)];
        if (theirs !== own) found.push(`${file}:${line} ${theirs ?? '-'} ${own ?? '-'}`);
      }
    }
    return { found, lines: [...gcov.files.values()].reduce((sum, { lines }) => sum + lines.size, 0) };
  };

  it('at -O0 it is where a statement has no instruction of its own, as docs/coverage.md says', () => {
    expect(differences('differences-O0').found).toEqual(['differences.c:11 8 5', 'differences.c:24 1 -']);
  });

  /** All returns share one piece of code: gcov counts it for the label in front of it, the line table for the jump of the one that was not taken. */
  const SHARED_RETURNS: readonly string[] = ['shapes.c:284 1 0', 'calculator.c:182 2 0'];

  it.each(['shapes', 'calculator'])('at -Og %s: a line is executed here and there, or not, but for shared returns', (name) => {
    const { found, lines } = differences(`${name}-Og`);
    const both = found.filter((text) => !text.includes(' -') && !text.endsWith(' -'));
    const opposite = both.filter((text) => {
      const [, theirs, own] = text.split(' ');
      return (theirs === '0') !== (own === '0') && !SHARED_RETURNS.includes(text);
    });
    expect(opposite).toEqual([]);
    // Most counts are the same even so.
    expect(found.length).toBeLessThan(lines / 4);
  });

  it('without the sources lines of labels are missing, and all others are as with them', () => {
    const firmware = program('shapes-O0');
    const path = `${PATH}/shapes.c`;
    const [with_, without] = [true, false].map((on) => coverageOf(firmware, engine!, on).coverage.lines(path)!);
    const labels = [...with_!.keys()].filter((line) => !without!.has(line));
    expect(labels.length).toBe(10);
    expect([...without!]).toEqual([...with_!].filter(([line]) => !labels.includes(line)));
  });
});
