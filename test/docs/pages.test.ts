/** The documents as a whole: links, files, functions, commands and options that they name exist. */
import { dirname, join } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { optionsMarkdown } from '../../src/cli/options.ts';
import { EXIT } from '../../src/cpu/jit/layout.ts';
import { socsMarkdown } from '../../src/soc/fidelity-page.ts';
import { SOCS } from '../../src/soc/index.ts';
import { exists, filesUnder, made, quoted, read, tableRows } from './support.ts';

const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesUnder('docs', '.md')];
const ARCHITECTURE = read('docs/architecture.md');

describe.each(PAGES)('%s', (page) => {
  it('has no dead link to a file', () => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    const local = links.filter((target) => !/^[a-z]+:/.test(target)).map((target) => target.replace(/#.*$/, ''));
    expect(local.filter((target) => target !== '' && !exists(join(dirname(page), target)))).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  it('is short enough to be read: 250 lines', () => {
    expect(ARCHITECTURE.split('\n').length).toBeLessThanOrEqual(250);
  });

  it('follows a message through functions that exist', () => {
    const steps = tableRows(ARCHITECTURE, ['step', 'file', 'function', 'what happens']);
    expect(steps.length).toBeGreaterThan(20);
    const missing = steps.filter(([, file, name]) => {
      const method = new RegExp(`^\\s*(?:(?:private|static|readonly) )*\\*?(?:function\\*? )?${quoted(name!)[0]}(?:<[^>]*>)?\\(`, 'm');
      return !method.test(read(`src/${quoted(file!)[0]}`).replace(/export |async /g, ''));
    });
    expect(missing).toEqual([]);
  });

  it('numbers its steps without a gap', () => {
    const steps = tableRows(ARCHITECTURE, ['step', 'file', 'function', 'what happens']);
    expect(steps.map(([step]) => Number(step))).toEqual(steps.map((_, index) => index + 1));
  });

  it('names no source that does not exist', () => {
    const paths = quoted(ARCHITECTURE).filter((name) => /^[a-z][a-z0-9-]*(\/[a-z0-9.-]+)*\.ts$/.test(name));
    expect(paths.length).toBeGreaterThan(40);
    expect(paths.filter((path) => !exists(path.startsWith('test/') ? path : `src/${path}`))).toEqual([]);
  });

  it('names every stop code of the engines', () => {
    const codes = [...(/export const STOP = \{(.*?)\n}/s.exec(read('src/cpu/engine.ts'))?.[1] ?? '').matchAll(/^ {2}([A-Z_]+):/gm)];
    const rows = tableRows(ARCHITECTURE, ['stop', 'counted', 'then the core']).flatMap(([stop]) => quoted(stop!));
    expect(rows.sort()).toEqual(codes.map(([, code]) => code!).sort());
  });
});

describe('docs/cpu.md', () => {
  const page = read('docs/cpu.md');

  it('names no source that does not exist', () => {
    const files = [...filesUnder('src', '.ts'), ...filesUnder('test', '.ts')].map((file) => `/${file.replace(/^src\//, '')}`);
    const names = [...page.matchAll(/[a-z0-9/-]+\.ts\b/g)].map(([name]) => name);
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name) => !files.some((file) => file.endsWith(`/${name}`)))).toEqual([]);
  });

  it('names every way out of translated code', () => {
    const exits = Object.keys(EXIT);
    expect(
      tableRows(page, ['exit', 'the instruction', 'then'])
        .flatMap(([exit]) => quoted(exit!))
        .sort(),
    ).toEqual(exits.sort());
  });

  it('names every member of the contract that is more than data', () => {
    const engine = /export interface Engine \{(.*?)\n}/s.exec(read('src/cpu/engine.ts'))?.[1] ?? '';
    const settings = [...engine.matchAll(/^ {2}([a-zA-Z]+): boolean;/gm)].map(([, name]) => name!);
    const methods = [...engine.matchAll(/^ {2}([a-zA-Z]+)\(/gm)].map(([, name]) => name!).filter((name) => name !== 'dispose');
    expect(settings).toHaveLength(4);
    expect([...settings, ...methods].filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([]);
  });
});

describe('CONTRIBUTING.md', () => {
  it('names scripts that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = new Set([...read('CONTRIBUTING.md').matchAll(/npm run ([a-z]+)/g)].map(([, name]) => name!));
    expect(named.size).toBeGreaterThan(5);
    expect([...named].filter((name) => !(name in scripts))).toEqual([]);
  });

  it('names the test projects of vitest.config.ts', () => {
    const projects = [...read('vitest.config.ts').matchAll(/project\('([a-z0-9]+)'/g)].map(([, name]) => name!);
    const rows = tableRows(read('CONTRIBUTING.md'), ['project', 'what', 'needs']).map(([name]) => quoted(name!)[0]);
    expect(rows).toEqual(projects);
  });

  it('names variables of the environment that tests read', () => {
    const variables = tableRows(read('CONTRIBUTING.md'), ['variable', 'tests', 'what it does']).map(([name]) => quoted(name!)[0]!);
    const tests = filesUnder('test', '.ts').map(read).join('\n');
    expect(variables.length).toBeGreaterThan(5);
    expect(variables.filter((name) => !tests.includes(`process.env['${name.replace(/=.*/, '')}']`))).toEqual([]);
  });

  it('explains how to add a SoC in under 40 lines', () => {
    const section = /^## A SoC$(.*?)^## /ms.exec(read('CONTRIBUTING.md'))?.[1] ?? '';
    expect(section.trim()).not.toBe('');
    expect(section.split('\n').length).toBeLessThan(40);
  });
});

describe('docs/adr', () => {
  const records = filesUnder('docs/adr', '.md');

  it('are numbered without a gap', () => {
    expect(records.map((path) => Number(/(\d{4})-[a-z0-9.-]+\.md$/.exec(path)?.[1]))).toEqual(records.map((_, index) => index + 1));
  });

  it.each(records)('%s has a title, a date, a status, and fits on a page', (path) => {
    const lines = read(path).split('\n');
    expect(lines[0]).toMatch(new RegExp(`^# ${Number(/\d{4}/.exec(path)?.[0])}\\. `));
    expect(lines[2]).toMatch(/^Date: \d{4}-\d{2}-\d{2}\. Status: [a-z]+\./);
    expect(lines.length).toBeLessThanOrEqual(60);
  });
});

describe('README.md', () => {
  it('lists the SoCs with their boards', () => {
    const table = socsMarkdown(SOCS.filter(({ remoteprocs }) => remoteprocs.length > 0));
    expect(made('README.md', 'socs', table)).toBe(`\n${table}\n`);
  });

  it('lists the options of `imx-sim run` as the program has them', () => {
    const section = made('README.md', 'options', optionsMarkdown());
    expect(section.trim().split('\n')).toEqual(optionsMarkdown().trim().split('\n'));
  });
});
