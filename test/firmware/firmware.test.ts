/**
 * Real firmware, built outside of this repository: IMX_SIM_FIRMWARE names a directory, which is searched for ELFs.
 *
 * Each runs on every engine that is there. It must be taken for what it was built for, print what catalogue.ts knows of it, and find nothing
 * unmodelled that is not listed there; one that nobody has described must only not break the emulator. Engines must agree on the trace in
 * either case. What people typed at boards with it (test/e2e/seeds) must show what it showed them. IMX_SIM_FIRMWARE_ONLY, a regular
 * expression, picks files by their paths below the directory.
 */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { namedEngine } from '../../src/cli/engines.ts';
import { readFirmware } from '../../src/cli/firmware-file.ts';
import { unicornAvailable } from '../../src/cpu/unicorn/index.ts';
import { createMachine } from '../../src/kit/index.ts';
import { EXIT } from '../../src/session/exit.ts';
import { detectSoc } from '../../src/soc/detect.ts';
import { SEED_SCRIPTS, SEEDS, shownBy, spokenLines } from '../e2e/seed-scripts.ts';
import { inOrder } from '../e2e/session.ts';
import { type CliResult, linesOf, spawnCli } from '../support/run-cli.ts';
import { type FirmwareKind, type FirmwareRun, firmwareKind, firmwareTarget } from './catalogue.ts';

const directory = process.env['IMX_SIM_FIRMWARE'];
const only = new RegExp(process.env['IMX_SIM_FIRMWARE_ONLY'] ?? '');
const engines = ['jit', 'interpreter', ...(unicornAvailable() ? ['unicorn' as const] : [])] as const;
type Engine = (typeof engines)[number];

/** Paths below `path`. */
function elfsIn(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.elf'))
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .filter((elf) => only.test(elf))
    .sort();
}

/** Lines of consoles and dmesg as `--until` sees them. */
function messages({ stdout }: CliResult): string[] {
  return linesOf(stdout).map((line) => line.replace(/^\[\w+\] ?(\[ *\d+\.\d+\] )?/, ''));
}

/** Findings, as the command words them, that the kind does not list. */
function unlisted(findings: readonly string[], kind: FirmwareKind): string[] {
  return findings.filter((finding) => !(kind.findings ?? []).some((listed) => listed.test(finding)));
}

/** What the command says while it runs of what is not modelled and of the firmware's mistakes. */
function findingsOf({ stderr }: CliResult): string[] {
  return linesOf(stderr).flatMap((line) => /^imx-sim: ((?:unimplemented|guest-error): .*?)(?: \(pc 0x[0-9a-f]+\))?$/.exec(line)?.[1] ?? []);
}

/** Lines that the run should have printed and did not, or the other way round. */
function shortOf({ until, also = [], never = [] }: FirmwareRun, seen: readonly string[]): RegExp[] {
  const printed = (line: RegExp): boolean => seen.some((text) => line.test(text));
  return [...[until, ...also].filter((line) => !printed(line)), ...never.filter(printed)];
}

async function runAndCheck(elf: string, engine: Engine, kind: FirmwareKind, run: FirmwareRun): Promise<string> {
  const { send = [], until, timeout = '3s' } = run;
  const options = [
    '--cpu',
    engine,
    '--trace-hash',
    '--timeout',
    timeout,
    '--until',
    until.source,
    ...send.flatMap((text) => ['--send', text]),
    ...(typeof run.options === 'function' ? run.options(basename(elf).replace(/elf$/, 'bin')) : (run.options ?? [])),
  ];
  const result = await spawnCli(inject('dist'), ['run', elf, ...options]);
  const seen = messages(result);
  const missing = shortOf(run, seen);
  expect(
    { missing, findings: unlisted(findingsOf(result), kind), status: result.status },
    `${options.join(' ')}\n${seen.slice(-12).join('\n')}\n${result.stderr.slice(0, 4000)}`,
  ).toEqual({ missing: [], findings: [], status: EXIT.OK });
  return seen.at(-1)!;
}

/** The same for a firmware with something wired to its SoC, which the command cannot do. */
async function runOnBench(elf: string, engine: Engine, kind: FirmwareKind, run: FirmwareRun): Promise<string> {
  const machine = await createMachine({
    firmware: readFirmware(elf),
    engine: namedEngine(engine),
    linux: false,
  });
  try {
    await run.bench!(machine);
    for (const input of run.send ?? []) machine.uart(input.slice(0, input.indexOf('='))).send(input.slice(input.indexOf('=') + 1));
    await machine.until('console', run.until, { within: run.timeout ?? '3s' });
    const lines = machine.uart('console').lines.map((line) => line.replaceAll('\r', ''));
    const missing = shortOf(run, lines);
    const findings = machine.diagnostics.map(({ kind: sort, block, register, text }) => `${sort}: ${block} ${register} ${text}`);
    expect({ missing, findings: unlisted(findings, kind) }, lines.slice(-12).join('\n')).toEqual({ missing: [], findings: [] });
    return `trace ${machine.traceHash()}`;
  } finally {
    machine.dispose();
  }
}

/** Runs a script of test/e2e/seeds with this ELF, on the board that it is for. */
async function runSeed(elf: string, name: string): Promise<void> {
  const { file, options, shows, says } = SEED_SCRIPTS.find((script) => script.name === name)!;
  const board = options.filter((_option, index) => options[index] !== '--board' && options[index - 1] !== '--board');
  const own = mkdtempSync(join(tmpdir(), 'imx-sim-firmware-'));
  try {
    copyFileSync(elf, join(own, file!));
    const script = ['--script', join(SEEDS, `${name}.sh`)];
    const { status, stdout, stderr } = await spawnCli(inject('dist'), ['shell', join(own, file!), ...board, ...script]);
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
  describe.each(elfsIn(directory))('%s', (path) => {
    const elf = join(directory, path);
    const name = basename(path);
    const target = firmwareTarget(path);
    it.runIf(target !== undefined)(`${name} is taken for what it was built for`, () => {
      const found = detectSoc(readFirmware(elf))!;
      // Without evidence a run takes the first board.
      const board = found.board ?? found.soc.boards[0]!.name;
      expect({ soc: found.soc.name, core: found.core, board, ambiguous: found.ambiguous }, found.reasons.join('\n')).toEqual({
        board,
        ...target,
        ambiguous: undefined,
      });
    });
    const kind = firmwareKind(path, readFileSync(elf));
    if (!kind) {
      const traces = new Map<string, string>();
      it.each(engines)(`${name} is of no known kind: it does not break the emulator (%s)`, async (engine) => {
        const options = ['run', elf, '--cpu', engine, '--trace-hash', '--timeout', '200ms'];
        const { status, stdout, stderr } = await spawnCli(inject('dist'), options);
        traces.set(engine, linesOf(stdout).at(-1)!);
        // What Linux refuses is bad input, and said to be.
        const refused = stderr.includes('Linux refused the firmware') ? [EXIT.USAGE] : [];
        expect([EXIT.OK, EXIT.FIRMWARE, EXIT.TIMEOUT, ...refused], stderr).toContain(status);
      });
      it(`${name} does the same on every engine`, () => expectSame(traces));
      return;
    }
    // The scripts are of people with an 8M Plus.
    const seeds = target === undefined || target.soc === 'imx8mp' ? (kind.seeds ?? []) : [];
    it.each(seeds)(`${name} (${kind.kind}) shows in the script %s what it showed its author`, (script) => runSeed(elf, script));
    for (const run of kind.runs) {
      const traces = new Map<string, string>();
      it.each(engines)(`${name} (${kind.kind}) prints ${run.until} (%s)`, async (engine) => {
        traces.set(engine, await (run.bench ? runOnBench : runAndCheck)(elf, engine, kind, run));
      });
      it(`${name} (${kind.kind}) does the same on every engine until ${run.until}`, () => expectSame(traces));
    }
  });
}
