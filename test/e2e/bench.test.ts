/** The bench programs give their checksums from start to end, and the bench reports what its readers rely on. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it } from 'vitest';
import { unicornAvailable } from '../../src/cpu/unicorn/index.ts';
import { SOCS } from '../../src/soc/index.ts';
import { runFirmware } from './session.ts';

interface BenchImage {
  readonly name: string;
  readonly group?: string;
  readonly soc: readonly string[];
  readonly until: readonly string[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const images = (JSON.parse(readFileSync(`${root}/images/manifest.json`, 'utf8')) as { images: BenchImage[] }).images;
const programs = images.filter(({ group }) => group !== undefined);

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function script(name: string, ...args: string[]): Result {
  return spawnSync(process.execPath, [`${root}/bench/${name}`, ...args], {
    encoding: 'utf8',
    env: { ...process.env, IMX_SIM_DIST: inject('dist') },
  });
}

const bench = (...args: string[]): Result => script('run.mjs', ...args);

describe('bench programs', () => {
  it('are of the three groups', () => {
    expect(new Set(programs.map(({ group }) => group))).toEqual(new Set(['integer', 'float', 'system']));
  });

  it.each(programs)('$name ends with its checksum', async ({ name, soc, until }) => {
    const known = soc.filter((candidate) => SOCS.some(({ name: modelled }) => modelled === candidate));
    const run = await runFirmware(name, ['--soc', known.at(-1)!, '--semihosting', '--until', until[0]!]);
    expect(run.status, run.stderr).toBe(0);
    expect(run.console('semihosting').at(-1)).toMatch(new RegExp(until[0]!));
  });
});

describe('npm run bench', () => {
  it('--json prints one object with ratios of medians and the figures behind them', () => {
    const { status, stdout, stderr } = bench('--json', '--quick', '--only', '^(alu|crc)$', '--rounds', '1');
    expect(status, stderr).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const answer = JSON.parse(stdout);
    expect(answer.programs.map(({ name }: { name: string }) => name)).toEqual(['alu', 'crc']);
    const peers = ['jit', 'interpreter', ...(unicornAvailable() ? ['unicorn'] : [])];
    for (const { engines } of answer.programs) {
      expect(Object.keys(engines)).toEqual(expect.arrayContaining(peers));
      for (const peer of peers) {
        const { perSecond, instructions } = engines[peer];
        expect(instructions).toBeGreaterThan(1e6);
        expect(perSecond.min).toBeGreaterThan(0);
        expect(perSecond.median).toBeGreaterThanOrEqual(perSecond.min);
        expect(perSecond.max).toBeGreaterThanOrEqual(perSecond.median);
      }
    }
    for (const a of peers) {
      for (const b of peers.filter((peer) => peer !== a)) {
        const each = answer.programs.map(({ engines }: { engines: Record<string, { perSecond: { median: number } }> }) => {
          return engines[a]!.perSecond.median / engines[b]!.perSecond.median;
        });
        expect(answer.ratios[`${a}/${b}`] / Math.sqrt(each[0] * each[1])).toBeCloseTo(1, 2);
        expect(answer.ratios[`${a}/${b}`] * answer.ratios[`${b}/${a}`]).toBeCloseTo(1, 2);
      }
    }
  });

  it('prints a table without --json', () => {
    const { status, stdout, stderr } = bench('--quick', '--only', '^crc$', '--rounds', '1');
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/^Integer programs: M instructions\/s/m);
    expect(stdout).toMatch(/^ +crc( +[\d.]+)+$/m);
    expect(stdout).toMatch(/^ +jit\/interpreter +\d+\.\d{3}/m);
    expect(stdout).toMatch(/^ +seconds from the start of the process to goodbye! +<= 0\.6 +- +- +not measured$/m);
    expect(stdout, 'no names of the code').not.toMatch(/\b[a-z]+[A-Z]|undefined|null/);
  });

  it('--help tells options, columns and exit status', () => {
    const { status, stdout, stderr } = bench('--help');
    expect([status, stderr]).toEqual([0, '']);
    for (const option of ['json', 'quick', 'only', 'soc', 'rounds', 'millions', 'note'])
      expect(stdout).toMatch(new RegExp(`^  --${option}\\b`, 'm'));
    for (const { name } of programs.filter(({ group }) => group !== 'system')) expect(stdout).toContain(name.replace('bench_', ''));
    expect(stdout).toMatch(/^Exit status:\n {2}0 .*MISSED[\s\S]*\n {2}2 /m);
  });

  it.each([
    [['--bogus'], "unknown option '--bogus'"],
    [['--rounds', '0'], 'A whole number from 1 on is expected.'],
    [['--rounds', '1.5'], 'A whole number from 1 on is expected.'],
    [['--millions', 'many'], 'A number above 0 is expected.'],
    [['--soc', 'imx6'], 'cortex-m4, cortex-m33, cortex-m7'],
    [['--only', '('], 'Unterminated group'],
    [['--only', 'nothing'], 'no program matches /nothing/; there are alu, '],
    [['--only', 'float_double', '--soc', 'cortex-m4'], 'no program matches /float_double/ on cortex-m4'],
    [['quick'], 'too many arguments'],
  ])('%j is refused in one line, with a remedy and status 2', (args, message) => {
    const { status, stdout, stderr } = bench(...args);
    expect([status, stdout]).toEqual([2, '']);
    const [first, ...rest] = stderr.trimEnd().split('\n');
    expect(first).toMatch(/^bench: /);
    expect(first).toContain(message);
    expect(rest).toEqual(['  remedy: npm run bench -- --help shows what there is']);
  });
});

describe('bench/idle.mjs', () => {
  it('tells what a virtual minute of idle time costs on every engine', () => {
    const { status, stdout, stderr } = script('idle.mjs', '--quick', '--rounds', '1');
    expect(status, stderr).toBe(0);
    const { idle } = JSON.parse(stdout) as { idle: Record<string, Record<string, { wall: { median: number } }>> };
    expect(Object.keys(idle)).toEqual(['idle loop', 'WFI']);
    for (const engines of Object.values(idle)) {
      expect(Object.keys(engines)).toEqual(['jit', 'interpreter', ...(unicornAvailable() ? ['unicorn'] : [])]);
      for (const { wall } of Object.values(engines)) expect(wall.median).toBeGreaterThan(0);
    }
  });
});

describe('bench/echo.mjs', () => {
  it('alone prints one JSON line: messages and their echoes in a second, the same work on every engine', () => {
    const { status, stdout, stderr } = script('echo.mjs', '--rounds', '1', '--messages', '1600');
    expect(status, stderr).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const { question, roundTrips } = JSON.parse(stdout);
    expect(question).toBe('echo');
    expect(Object.keys(roundTrips)).toEqual([
      '1 byte, one endpoint',
      '496 bytes, one endpoint',
      '1 byte, eight endpoints',
      '496 bytes, eight endpoints',
    ]);
    for (const engines of Object.values<Record<string, { runs: number; perSecond: { median: number }; instructions: number }>>(
      roundTrips,
    )) {
      for (const { runs, perSecond, instructions } of Object.values(engines)) {
        expect(runs).toBe(1);
        expect(perSecond.median).toBeGreaterThan(100);
        // What a message takes does not depend on how many are counted, but for the first and the last.
        expect(instructions / engines['jit']!.instructions).toBeCloseTo(1, 1);
      }
    }
  });
});

describe('bench/view.mjs', () => {
  it('tells what a server costs that nobody has come to, and what a client gets', () => {
    const { status, stdout, stderr } = script('view.mjs', '--rounds', '1', '--messages', '400');
    expect(status, stderr).toBe(0);
    const { question, eventsPerRoundTrip, client, situations } = JSON.parse(stdout);
    expect([question, eventsPerRoundTrip, Object.keys(situations)]).toEqual([
      'view',
      expect.closeTo(14, -1),
      ['nothing', '--gdb, nobody there', '--view, nobody there', '--view, a client'],
    ]);
    expect(client.events).toBeGreaterThan(100);
    for (const { runs, perCpuSecond } of Object.values<{ runs: number; perCpuSecond: { median: number } }>(situations))
      expect([runs, perCpuSecond.median > 100]).toEqual([1, true]);
  });
});
