/**
 * docs/fidelity.md against the sources: every block, every file that models hardware or a part of the kernel, and every test that it names.
 * What the rows claim is the business of those tests.
 */
import { describe, expect, it } from 'vitest';
import { BLOCK_FEATURES } from '../../src/soc/block-fidelity.ts';
import { blocksMarkdown, featuresMarkdown, ranges } from '../../src/soc/fidelity-page.ts';
import { SOCS } from '../../src/soc/index.ts';
import { exists, filesUnder, made, quoted, read, tableRows } from './support.ts';

const PAGE = read('docs/fidelity.md');
const COLUMNS = ['feature', 'state', 'difference', 'shown by'];
const BLOCKS = tableRows(PAGE, ['kind', ...COLUMNS]);
const PARTS = tableRows(PAGE, ['part', ...COLUMNS]);
const ROWS = [...BLOCKS, ...PARTS];

/** Directories of src whose files each model something, so that each must be on the page. */
const MODELS = ['cpu', 'linux', 'memory', 'mu', 'remoteproc', 'uboot', 'virtio'];
/** Files that model nothing by themselves. */
const MACHINERY = ['memory/arena.ts', 'memory/bits.ts', 'uboot/numbers.ts', 'uboot/commands/index.ts'];

/** Files named on the page, relative to src; `dir/*` stands for all of them. */
const named = (): { files: Set<string>; directories: string[] } => {
  const paths = quoted(PAGE).filter(
    (name) => /^[a-z][a-z0-9-]*(\/[a-z0-9-]+)*\/(\*|[a-z0-9-]+\.ts)$/.test(name) && !name.startsWith('test/'),
  );
  return {
    files: new Set(paths.filter((path) => !path.endsWith('*'))),
    directories: paths.filter((path) => path.endsWith('/*')).map((path) => path.slice(0, -1)),
  };
};

/** SoCs with blocks; bare cores have none. */
const REAL = SOCS.filter(({ peripherals }) => peripherals.length > 0);

describe('docs/fidelity.md', () => {
  it('has the tables that its data make', () => {
    expect(made('docs/fidelity.md', 'blocks', blocksMarkdown(REAL))).toBe(`\n${blocksMarkdown(REAL)}\n`);
    expect(made('docs/fidelity.md', 'features', featuresMarkdown())).toBe(`\n${featuresMarkdown()}\n`);
  });

  it('names blocks that follow each other by the first and the last', () => {
    expect(ranges(['UART1', 'UART3', 'UART2', 'WDOG3', 'CCM', 'GPT1'])).toBe('UART1..3 WDOG3 CCM GPT1');
    expect(ranges([])).toBe('');
  });

  it('has features of kinds that some SoC has', () => {
    const used = new Set(SOCS.flatMap(({ peripherals }) => peripherals.map(({ kind }) => kind)));
    expect(BLOCK_FEATURES.flatMap(({ kinds }) => kinds).filter((kind) => !used.has(kind))).toEqual([]);
  });

  it('has a row for every kind of peripheral, and no other', () => {
    const kinds = [...read('src/peripherals/catalogue.ts').matchAll(/readonly kind: '([^']+)'/g)].map(([, kind]) => kind!);
    const rows = new Set(BLOCKS.flatMap(([kind]) => quoted(kind!)));
    expect(kinds.length).toBeGreaterThan(10);
    expect([...new Set(kinds)].sort()).toEqual([...rows].sort());
  });

  it('has a row for the kind of every peripheral of every SoC', () => {
    const rows = new Set(BLOCKS.flatMap(([kind]) => quoted(kind!)));
    const used = Object.values(SOCS).flatMap(({ peripherals }) => peripherals.map(({ kind }) => kind));
    expect([...new Set(used)].filter((kind) => !rows.has(kind))).toEqual([]);
  });

  it('mentions every file that models hardware or a part of the kernel', () => {
    const { files, directories } = named();
    const models = MODELS.flatMap((directory) => filesUnder(`src/${directory}`, '.ts')).map((path) => path.replace(/^src\//, ''));
    const missing = models.filter(
      (path) => !files.has(path) && !MACHINERY.includes(path) && !directories.some((directory) => path.startsWith(directory)),
    );
    expect(missing).toEqual([]);
  });

  it('names no source that does not exist', () => {
    const { files, directories } = named();
    expect([...files, ...directories].filter((path) => !exists(`src/${path}`))).toEqual([]);
  });

  it('names no test that does not exist', () => {
    const tests = new Set(PAGE.match(/\btest\/[a-z0-9/-]+\.test\.ts/g));
    expect(tests.size).toBeGreaterThan(30);
    expect([...tests].filter((path) => !exists(path))).toEqual([]);
  });

  it('knows four states, and shows everything exact by a test', () => {
    expect(ROWS.filter(([, , state]) => !['exact', 'approximate', 'stub', 'absent'].includes(state!))).toEqual([]);
    expect(ROWS.filter(([, , state, , shown]) => state === 'exact' && !/`test\/.+\.test\.ts`/.test(shown!))).toEqual([]);
  });

  it('says of everything approximate how it differs', () => {
    expect(ROWS.filter(([, , state, difference]) => state === 'approximate' && difference === '')).toEqual([]);
  });

  it('has five columns, the last of tests alone', () => {
    for (const row of ROWS) {
      expect(row).toHaveLength(5);
      expect(row[4]!.replace(/`test\/[a-z0-9/-]+\.test\.ts`/g, '').trim(), row.join(' | ')).toBe('');
    }
  });
});
