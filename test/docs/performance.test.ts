/** docs/performance.md, its plots and performance.json say the same, and the JSON agrees with itself and with the programs there are. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path/posix';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { read } from './support.ts';

interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

interface Figures {
  readonly instructions: number;
  readonly runs: number;
  readonly perSecond: Spread;
  readonly perCpuSecond?: Spread;
  readonly rounds: { readonly perSecond: number[] };
}

interface Result {
  readonly name: string;
  readonly group: string;
  readonly repeats: Readonly<Record<string, number>>;
  readonly engines: Readonly<Record<string, Figures>>;
}

interface Demand {
  readonly text: string;
  readonly holds: boolean | null;
  readonly wall?: number;
}

interface Answers {
  readonly ratios: Readonly<Record<string, number>>;
  readonly ratiosByCpuTime: Readonly<Record<string, number>>;
  readonly conditions: readonly Demand[];
  readonly mainJob?: unknown;
  readonly skipped: readonly string[];
  readonly quick: boolean;
  readonly roundsWanted: number;
  readonly programs: readonly Result[];
  readonly cores: readonly Result[];
}

interface Report {
  plotsOf(answers: Answers): Readonly<Record<string, string>>;
  partsOf(answers: Answers): Readonly<Record<string, string>>;
  filled(page: string, parts: Readonly<Record<string, string>>): string;
}

interface Judge {
  conditionsOf(answers: Answers): readonly Demand[];
}

interface Tables {
  tables(answers: Answers): readonly string[];
}

interface Ratios {
  ratiosOf(programs: readonly Result[], of?: string): Readonly<Record<string, number>>;
}

/** A script of bench/, which is JavaScript. */
const script = async <T>(name: string): Promise<T> => (await import(/* @vite-ignore */ pathToFileURL(join('bench', name)).href)) as T;

const { plotsOf, partsOf, filled } = await script<Report>('report.mjs');
const { ratiosOf } = await script<Ratios>('ratios.mjs');
const { tables } = await script<Tables>('tables.mjs');
const { conditionsOf } = await script<Judge>('conditions.mjs');

const page = read('docs/performance.md');
const answers = JSON.parse(read('docs/performance.json')) as Answers;
const plots = plotsOf(answers);
const linked = [...page.matchAll(/!\[[^\]]+\]\(plots\/([a-z-]+\.svg)\)/g)].map(([, name]) => name!);

/** Boxes of the texts of a plot, by the width that letters of 12 pixels have at most. */
function textsOf(svg: string): { text: string; left: number; right: number; y: number }[] {
  return [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)"[^>]*>([^<]*)<\/text>/g)].map(([, x, y, anchor, text]) => {
    const width = 6.2 * text!.length;
    const left = Number(x) - (anchor === 'end' ? width : anchor === 'middle' ? width / 2 : 0);
    return { text: text!, left, right: left + width, y: Number(y) };
  });
}

describe('docs/performance.json', () => {
  it('is of a whole run: five rounds of every program', () => {
    const { images } = JSON.parse(read('images/manifest.json')) as { images: { name: string; group?: string }[] };
    const expected = images.filter(({ group }) => group === 'integer' || group === 'float').map(({ name }) => name.replace('bench_', ''));
    expect(answers.quick).toBe(false);
    expect(answers.programs.map(({ name }) => name).sort()).toEqual(expected.sort());
    for (const { engines } of [...answers.programs, ...answers.cores]) {
      expect(Object.keys(engines)).toEqual(expect.arrayContaining(['jit', 'interpreter', 'unicorn', 'qemu']));
      for (const { runs, rounds } of Object.values(engines)) expect([runs, rounds.perSecond.length]).toEqual([5, 5]);
    }
  });

  it('has spreads of its rounds, and engines that did the same work', () => {
    for (const { engines, repeats } of answers.programs) {
      for (const [name, { perSecond, rounds, instructions }] of Object.entries(engines)) {
        const sorted = rounds.perSecond.toSorted((a, b) => a - b);
        expect([perSecond.min, perSecond.median, perSecond.max]).toEqual([sorted[0], sorted[2], sorted[4]]);
        const each = engines['jit']!.instructions / repeats['jit']!;
        // The start and the end of a program are in it, too.
        expect(Math.abs(instructions / (repeats[name]! * each) - 1)).toBeLessThan(0.01);
      }
    }
  });

  it('has ratios that follow from its programs', () => {
    for (const [pair, value] of Object.entries(ratiosOf(answers.programs)))
      expect(Math.abs(answers.ratios[pair]! / value - 1)).toBeLessThan(0.001);
    for (const [pair, value] of Object.entries(ratiosOf(answers.programs, 'perCpuSecond')))
      expect(Math.abs(answers.ratiosByCpuTime[pair]! / value - 1)).toBeLessThan(0.001);
  });

  it('judges its demands as they follow from its figures', () => {
    const judged = conditionsOf(answers);
    expect(answers.conditions.map(({ holds }) => holds)).toEqual(judged.map(({ holds }) => holds));
    for (const [i, { wall }] of judged.entries()) expect(Math.abs(answers.conditions[i]!.wall! / wall! - 1)).toBeLessThan(0.001);
  });
});

describe('tables of a run', () => {
  it('name what is demanded and was not measured, and what there was no time for', () => {
    const { mainJob, ...rest } = answers;
    const conditions = conditionsOf({ ...rest, conditions: [] });
    expect(conditions.map(({ text }) => text)).toEqual(answers.conditions.map(({ text }) => text));
    expect(conditions.at(-1)).toEqual({ text: 'seconds from the start of the process to goodbye!', wanted: '<= 0.6', holds: null });
    const lines = tables({ ...rest, conditions, skipped: ['coldStart', 'memory', 'costs'] });
    expect(lines.filter((line) => /goodbye!.*not measured$/.test(line))).toHaveLength(1);
    expect(lines).toContain('No time was left for: cold start, memory, cost of one');
    expect(mainJob).toBeDefined();
    expect(partsOf({ ...answers, conditions })['conditions']).toMatch(/\| not measured \|$/);
  });

  it('say what holds and what was missed by wall time, in words', () => {
    const { text, wall } = answers.conditions[0]!;
    const row = (holds: boolean) =>
      tables({ ...answers, conditions: [{ ...answers.conditions[0]!, holds }] }).find((line) => line.includes(text));
    expect([row(true), row(false)]).toEqual([expect.stringMatching(/ holds$/), expect.stringMatching(/ MISSED$/)]);
    expect(row(true)).toContain(wall!.toFixed(2));
    const [machine, ...lines] = tables(answers);
    expect(machine).toContain('cores');
    expect(lines.join('\n')).not.toMatch(/\b[a-z]+[A-Z]|undefined|NaN/);
  });
});

describe('docs/performance.md', () => {
  it('writes titles as they are inside a sentence', () => {
    expect(page).toMatch(/^\| `crc`, CRC-32 \|/m);
    expect(page).toMatch(/^\| `alu`, arithmetic in registers \|/m);
    expect(page).not.toMatch(/\b[a-z][A-Z]{2}/);
  });

  it('has the figures of the JSON: `node bench/report.mjs` would change nothing', () => {
    const markers = [...page.matchAll(/<!-- figures: ([a-z-]+) -->/g)].map(([, name]) => name!);
    expect(markers.sort()).toEqual(Object.keys(partsOf(answers)).sort());
    expect(filled(page, partsOf(answers))).toBe(page);
  });

  it('shows every plot, each made from the JSON, and there are no others', () => {
    expect([...linked].sort()).toEqual(Object.keys(plots).sort());
    expect(readdirSync('docs/plots').sort()).toEqual(Object.keys(plots).sort());
    for (const [name, svg] of Object.entries(plots)) expect(read(join('docs/plots', name)), name).toBe(svg);
  });
});

describe.each(Object.entries(plots))('docs/plots/%s', (_, svg) => {
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number) as [number, number, number];
  const texts = textsOf(svg);

  it('has texts inside the picture that do not overlap', () => {
    expect(texts.length).toBeGreaterThan(3);
    for (const { left, right, y, text } of texts)
      expect([text, left >= 0 && right <= width && y > 10 && y <= height]).toEqual([text, true]);
    const overlapping = texts.flatMap((a, i) =>
      texts
        .slice(i + 1)
        .filter((b) => Math.abs(a.y - b.y) < 11 && a.left < b.right && b.left < a.right)
        .map((b) => `${a.text} | ${b.text}`),
    );
    expect(overlapping).toEqual([]);
  });

  it('has all marks inside the picture', () => {
    for (const [, name, value] of svg.matchAll(/ (c?x|c?y|x[12]|y[12])="(-?[\d.]+)"/g)) {
      const limit = name!.includes('x') ? width : height;
      expect(Number(value)).toBeGreaterThanOrEqual(0);
      expect(Number(value)).toBeLessThanOrEqual(limit);
    }
  });

  it('has numbers only, and colours for a dark page', () => {
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg).toContain('prefers-color-scheme:dark');
  });
});
