/**
 * Real firmware, built outside of this repository: IMX_SIM_FIRMWARE names a directory, which is searched for ELFs.
 *
 * Each runs on every engine that is there. It must print what catalogue.ts knows of it; one that nobody has described must only not
 * break the emulator. Engines must agree on the trace in either case. What people typed at boards with it (test/e2e/seeds) must show what
 * it showed them. IMX_SIM_FIRMWARE_ONLY, a regular expression, picks files.
 */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { unicornAvailable } from '../../src/cpu/unicorn/index.ts';
import { EXIT } from '../../src/session/exit.ts';
import { SEED_SCRIPTS, SEEDS, shownBy, spokenLines } from '../e2e/seed-scripts.ts';
import { inOrder } from '../e2e/session.ts';
import { type CliResult, linesOf, spawnCli } from '../support/run-cli.ts';
import { type FirmwareRun, firmwareKind, firmwareOptions } from './catalogue.ts';

const directory = process.env['IMX_SIM_FIRMWARE'];
const only = new RegExp(process.env['IMX_SIM_FIRMWARE_ONLY'] ?? '');
const engines = ['jit', 'interpreter', ...(unicornAvailable() ? ['unicorn'] : [])];

function elfsIn(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.elf') && only.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Lines of consoles and dmesg as `--until` sees them. */
function messages({ stdout }: CliResult): string[] {
  return linesOf(stdout).map((line) => line.replace(/^\[\w+\] ?(\[ *\d+\.\d+\] )?/, ''));
}

async function runAndCheck(elf: string, engine: string, run: FirmwareRun): Promise<string> {
  const { send = [], until, also = [], timeout = '3s' } = run;
  const options = [
    '--cpu',
    engine,
    '--trace-hash',
    '--timeout',
    timeout,
    '--until',
    until.source,
    ...send.flatMap((text) => ['--send', text]),
  ];
  const result = await spawnCli(inject('dist'), ['run', elf, ...firmwareOptions(basename(elf)), ...options]);
  const seen = messages(result);
  const missing = [until, ...also].filter((line) => !seen.some((text) => line.test(text)));
  expect(
    { missing, status: result.status },
    `${options.join(' ')}\n${seen.slice(-12).join('\n')}\n${result.stderr.slice(0, 4000)}`,
  ).toEqual({
    missing: [],
    status: EXIT.OK,
  });
  return seen.at(-1)!;
}

/** Runs a script of test/e2e/seeds with this ELF, on the board that it is for. */
async function runSeed(elf: string, name: string): Promise<void> {
  const { file, options, shows, says } = SEED_SCRIPTS.find((script) => script.name === name)!;
  const board = options.filter((_option, index) => options[index] !== '--board' && options[index - 1] !== '--board');
  const own = mkdtempSync(join(tmpdir(), 'imx-sim-firmware-'));
  try {
    copyFileSync(elf, join(own, file!));
    const script = ['--script', join(SEEDS, `${name}.sh`)];
    const { status, stdout, stderr } = await spawnCli(inject('dist'), [
      'shell',
      join(own, file!),
      ...board,
      ...firmwareOptions(basename(elf)),
      ...script,
    ]);
    expect(Object.fromEntries(shows.map(([command]) => [command, shownBy(stdout, command)]))).toEqual(Object.fromEntries(shows));
    expect(inOrder(spokenLines(stdout), says), `${stdout}\n${stderr}`).toEqual([]);
    expect(status).toBe(EXIT.OK);
  } finally {
    rmSync(own, { recursive: true });
  }
}

function expectSame(traces: ReadonlyMap<string, string>): void {
  expect(new Set(traces.values()).size, [...traces].join('\n')).toBe(1);
  expect([...traces.values()][0]).toMatch(/^trace [0-9a-f]{64}$/);
  expect(traces.size).toBe(engines.length);
}

it.skipIf(directory === undefined)('IMX_SIM_FIRMWARE names a directory with firmware', () => {
  expect(elfsIn(directory!)).not.toEqual([]);
});

if (directory !== undefined) {
  describe.each(elfsIn(directory))('%s', (elf) => {
    const kind = firmwareKind(basename(elf), readFileSync(elf));
    if (!kind) {
      const traces = new Map<string, string>();
      it.each(engines)(`${basename(elf)} is of no known kind: it does not break the emulator (%s)`, async (engine) => {
        const { status, stdout, stderr } = await spawnCli(inject('dist'), [
          'run',
          elf,
          '--cpu',
          engine,
          '--trace-hash',
          '--timeout',
          '200ms',
        ]);
        traces.set(engine, linesOf(stdout).at(-1)!);
        // What Linux refuses is bad input, and said to be.
        const refused = stderr.includes('Linux refused the firmware') ? [EXIT.USAGE] : [];
        expect([EXIT.OK, EXIT.FIRMWARE, EXIT.TIMEOUT, ...refused], stderr).toContain(status);
      });
      it(`${basename(elf)} does the same on every engine`, () => expectSame(traces));
      return;
    }
    it.each(kind.seeds ?? [])(`${basename(elf)} (${kind.kind}) shows in the script %s what it showed its author`, (name) =>
      runSeed(elf, name),
    );
    for (const run of kind.runs) {
      const traces = new Map<string, string>();
      it.each(engines)(`${basename(elf)} (${kind.kind}) prints ${run.until} (%s)`, async (engine) => {
        traces.set(engine, await runAndCheck(elf, engine, run));
      });
      it(`${basename(elf)} (${kind.kind}) does the same on every engine until ${run.until}`, () => expectSame(traces));
    }
  });
}
