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

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [`${root}/bench/run.mjs`, ...args], {
    encoding: 'utf8',
    env: { ...process.env, IMX_SIM_DIST: inject('dist') },
  });
}

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
  });
});
