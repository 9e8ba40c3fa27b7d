/**
 * What people typed at boards (test/e2e/seeds), typed here: the output is what they were shown, and the whole console is the one beside the script.
 *
 * Times, process numbers and link counts are left out of the comparison. IMX_SIM_WRITE_SEEDS=1 writes the consoles.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type CliResult, runCli, spawnCli } from '../support/run-cli.ts';
import { SEED_SCRIPTS, SEEDS, shownBy, spokenLines, withoutTimes } from './seed-scripts.ts';
import { imagePath, inOrder } from './session.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'imx-sim-seeds-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const trace = ({ stdout, stderr }: CliResult): string => {
  const hash = /^trace ([0-9a-f]{64})$/m.exec(stdout)?.[1];
  expect(hash, stderr).toBeDefined();
  return hash!;
};

describe.each(SEED_SCRIPTS)('$title', ({ name, file, image, options, shows, says }) => {
  const args = (): string[] => {
    if (file && image) copyFileSync(imagePath(image), join(directory, file));
    const elfs = file ? [join(directory, file)] : [];
    return ['shell', ...elfs, ...options, '--script', join(SEEDS, `${name}.sh`), '--trace-hash'];
  };
  let first: CliResult;

  it('shows what it showed its author', async () => {
    first = await runCli(args());
    expect(Object.fromEntries(shows.map(([command]) => [command, shownBy(first.stdout, command)]))).toEqual(Object.fromEntries(shows));
    expect(inOrder(spokenLines(first.stdout), says), first.stdout).toEqual([]);
  });

  it('shows nothing else', () => {
    // The core's console runs beside Linux's, and a talk that is cut off has as many messages as there was time for.
    const console = withoutTimes(first.stdout)
      .replace(/^\[uart\d\].*\n|^.*: incoming msg \d+ .*\n/gm, '')
      .replace(/^trace .*\n/m, '');
    const recorded = join(SEEDS, `${name}.txt`);
    if (process.env['IMX_SIM_WRITE_SEEDS']) writeFileSync(recorded, console);
    expect(console).toBe(readFileSync(recorded, 'utf8'));
  });

  it('is the same run again, on the interpreter and as a process', async () => {
    expect(trace(await runCli([...args(), '--cpu', 'interpreter']))).toBe(trace(first));
    const built = await spawnCli(inject('dist'), args());
    expect(built).toEqual(first);
  });
});
