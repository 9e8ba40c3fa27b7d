/** `imx-sim run --coverage --coverage-html --flame --profile`, and `imx-sim coverage`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { program } from '../../src/cli/program.ts';
import { parseMapping, sourceFiles } from '../../src/cli/source-files.ts';

const place = mkdtempSync(join(tmpdir(), 'imx-sim-coverage-'));
const at = (name: string) => join(place, name);
const read = (name: string) => readFileSync(at(name), 'utf8');
afterAll(() => rmSync(place, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** Runs the command; what it wrote. */
async function run(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const capture = (stream: 'out' | 'err') => (text: unknown) => {
    written[stream] += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(capture('out') as typeof process.stdout.write);
  vi.spyOn(process.stderr, 'write').mockImplementation(capture('err') as typeof process.stderr.write);
  const status = await program(args);
  vi.restoreAllMocks();
  return { status, ...written };
}

const SHAPES = 'test/coverage/programs/shapes-O0.elf';
const measured = (info: string, ...more: string[]) =>
  run('run', SHAPES, '--soc', 'cortex-m4', '--semihosting', '--no-color', '--coverage', at(info), ...more);

describe('imx-sim run', () => {
  it('writes coverage, pages, a flame graph and tables', async () => {
    const { status, out, err } = await measured('one.info', '--coverage-html', at('html'), '--flame', at('flame.html'), '--profile');
    expect(status).toBe(0);
    expect(read('one.info')).toMatch(
      /^#imx-sim build [0-9a-f]{40} shapes-O0\.elf\nTN:\nSF:test\/coverage\/programs\/shapes\.c\nFN:15,sum_to\n/,
    );
    expect(read('one.info')).toContain('\nDA:18,18\n');
    expect(read('html/files/test-coverage-programs-shapes.c.html')).toContain('for (uint32_t i = 0; i &#60; n; i++)');
    expect(read('flame.html')).toContain('data-name="fibonacci"');
    expect(out + err).toMatch(/coverage: lines \d+(\.\d)? %, functions 95.8 %, branches/);
    expect(out + err).toMatch(/CPU load:\n.*\n.*thread mode +thread/);
    expect(out + err).toMatch(/Stacks, bytes:\n.*\n.*MSP +\d+/);
  });

  it('leaves out sources, and writes folded stacks and the profile as data', async () => {
    const { status, out } = await measured('two.info', '--coverage-exclude', '*.h', '--flame', at('stacks.txt'), '--profile', '--json');
    expect(status).toBe(0);
    expect(read('two.info')).not.toContain('shapes.h');
    expect(read('stacks.txt')).toMatch(/;run;fibonacci(;fibonacci)+ \d+$/m);
    const profile = out.split('\n').flatMap((line) => (line.startsWith('{"type":"profile"') ? [JSON.parse(line)] : []));
    expect(profile[0].stacks[0].thread).toBe('MSP');
  });

  it('refuses an ELF without line information before anything runs', async () => {
    const { status, err } = await run('run', 'images/bench_crc.elf', '--soc', 'cortex-m4', '--coverage', at('none.info'));
    expect(status).toBe(2);
    expect(err).toContain('E_COVERAGE_LINES');
  });
});

describe('imx-sim coverage', () => {
  beforeAll(async () => {
    await measured('one.info');
  });

  it('merge adds tracefiles', async () => {
    await measured('one.info');
    const { status, out } = await run(
      'coverage',
      'merge',
      at('one.info'),
      at('one.info'),
      '-o',
      at('sum.info'),
      '--html',
      at('sum'),
      '--data',
      at('sum.json'),
    );
    expect(status).toBe(0);
    expect(out).toMatch(/^lines \d+(\.\d)? % \(\d+ of 199\)/);
    expect(read('sum.info')).toContain('\nDA:18,36\n');
    expect(read('sum/index.html')).toContain('shapes.c');
    expect(JSON.parse(read('sum.json')).files).toHaveLength(2);
  });

  it('merge refuses other builds of the same program', async () => {
    writeFileSync(at('other.info'), read('one.info').replace(/build [0-9a-f]{4}/, 'build 0123'));
    const { status, err } = await run('coverage', 'merge', at('one.info'), at('other.info'), '-o', at('sum.info'));
    expect(status).toBe(2);
    expect(err).toMatch(/shapes-O0\.elf was measured in two builds, .* 0123.*E_COVERAGE_BUILD/);
  });

  it('report names what was not executed, and fails below a limit', async () => {
    const { status, out } = await run('coverage', 'report', at('one.info'), '--missing', '--include', 'shapes.c', '--fail-under', '50');
    expect(status).toBe(0);
    expect(out).toMatch(/shapes\.c +93.1 % +95.2 % +[\d.]+ % +.*199-206/);
    const strict = await run('coverage', 'report', at('one.info'), '--fail-under', '99');
    expect(strict.status).toBe(1);
    expect(strict.err).toContain('less than 99 %');
  });

  it.each([
    [['coverage', 'merge', 'package.json', '-o', 'x'], 'E_COVERAGE_FORMAT'],
    [['coverage', 'merge', 'nowhere.info', '-o', 'x'], 'nowhere.info'],
    [['coverage', 'merge', 'package.json'], 'nothing to write'],
    [['coverage', 'report', 'package.json', '--fail-under', 'much'], 'from 0 to 100'],
    [['coverage', 'report', 'package.json', '--source-map', 'nonsense'], '/workdir=..'],
  ])('%j is bad usage', async (args, message) => {
    const { status, err } = await run(...args);
    expect(status).toBe(2);
    expect(err).toContain(message);
  });
});

describe('sources', () => {
  it('are found by mapping, as they are, and above the ELF', () => {
    expect(sourceFiles([parseMapping('/workdir/=test/coverage')])('/workdir/programs/shapes.h')).toContain('clamp');
    expect(sourceFiles([])('test/coverage/programs/shapes.h')).toContain('clamp');
    expect(sourceFiles([], 'test/coverage/programs/build/debug/x.elf')('programs/shapes.h')).toContain('clamp');
    expect(sourceFiles([])('/nowhere/a.c')).toBeUndefined();
    expect(sourceFiles([])('test')).toBeUndefined();
  });
});
