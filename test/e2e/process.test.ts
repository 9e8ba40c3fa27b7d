/** `imx-sim` as a process: exit statuses, pipes, signals, and what only a process can show. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { linesOf, spawnCli } from '../support/run-cli.ts';
import { imagePath } from './session.ts';

const run = (...args: string[]) => spawnCli(inject('dist'), ['run', ...args]);

describe('exit statuses of the process', () => {
  it.each([
    ['0: the line came', [imagePath('imx8mp_hello'), '--until', 'hello world'], 0],
    ['0: the firmware exited with 0', [imagePath('semihosting'), '--soc', 'cortex-m7', '--semihosting'], 0],
    ['1: a fault', [imagePath('imx8mp_fault')], 1],
    ['1: a lockup', [imagePath('imx8mp_lockup')], 1],
    ['7: the exit status of the firmware becomes ours', [imagePath('semihosting_exit7'), '--soc', 'cortex-m7', '--semihosting'], 7],
    ['2: bad usage', ['--nonsense'], 2],
    ['2: no such file', ['nowhere.elf'], 2],
    ['4: the time ran out', [imagePath('imx8mp_wfi_tick'), '--timeout', '500ms'], 4],
  ])('%s', async (_what, args, status) => {
    const result = await run(...args);
    expect(result.status, result.stderr).toBe(status);
    expect(result.stderr).not.toMatch(/^ {4}at /m);
  });

  it('3: a bug of ours, with its stack', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'imx-sim-bug-'));
    const preload = join(directory, 'bug.mjs');
    writeFileSync(preload, "DataView.prototype.getUint32 = () => { throw new Error('injected'); };\n");
    const result = await spawnCli(inject('dist'), ['run', imagePath('imx8mp_hello')], { env: { NODE_OPTIONS: `--import=${preload}` } });
    rmSync(directory, { recursive: true });
    expect(result.status).toBe(3);
    expect(result.stderr).toMatch(/internal error, please report it.*\nError: injected\n {4}at /);
  });
});

it('gives the same output as in any other process, byte for byte', async () => {
  const args = [imagePath('imx8mp_rpmsg'), '--until', 'goodbye!', '--trace-hash'];
  const [first, second] = [await run(...args), await run(...args)];
  expect(first.stdout).toBe(second.stdout);
  expect(linesOf(first.stdout).at(-1)).toMatch(/^trace [0-9a-f]{64}$/);
});

it('writes nothing to standard error but its one note when all is well', async () => {
  const { stderr } = await run(imagePath('imx8mp_rpmsg'), '--until', 'goodbye!');
  expect(linesOf(stderr)).toEqual([expect.stringMatching(/^imx-sim: imx8mp m7 \(/)]);
});

describe('standard input', () => {
  /** Starts a run whose standard input is a pipe, and gives what it left behind. */
  function piped(args: readonly string[], write: (child: ReturnType<typeof spawn>, stdout: string) => void) {
    const child = spawn(process.execPath, [join(inject('dist'), 'command/main.js'), 'run', ...args], { stdio: 'pipe' });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      write(child, stdout);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => {});
    return new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) =>
      child.on('close', (status) => resolve({ status, stdout, stderr })),
    );
  }

  it('goes to the console of the core', async () => {
    const args = ['run', imagePath('imx8mp_hello'), '--until', 'console=^demo ping$'];
    const { status, stderr } = await spawnCli(inject('dist'), args, { stdin: 'demo ping\n' });
    expect(stderr).toContain('imx-sim: standard input (10 bytes) goes to uart4\n');
    expect(status).toBe(0);
  });

  it('that stays open and silent holds nothing up and changes nothing', async () => {
    const args = [imagePath('imx8mp_hello'), '--until', 'uart4=hello', '--trace-hash'];
    const silent = await piped(args, () => {});
    expect(silent).toEqual({ ...(await run(...args)), status: 0 });
  });

  it('that comes too late, or not at all, is said to be ignored', async () => {
    const late = await piped([imagePath('imx8mp_wfi_tick'), '--timeout', '24h'], (child, stdout) => {
      if (stdout.includes('up 1 s')) child.stdin!.write('late\n');
      if (stdout.includes('up 2000 s')) child.kill('SIGINT');
    });
    expect(late.stderr).toContain('imx-sim: standard input came too late and is ignored: with --console the run waits for all of it\n');
    expect(late.stdout).not.toContain('late');
    const never = await piped([imagePath('imx8mp_hello'), '--until', 'never', '--timeout', '50ms'], () => {});
    expect(never.stderr).toContain('imx-sim: nothing was written to standard input in time');
    expect(never.status).toBe(4);
  });
});

it('ends quietly when the reader goes away', async () => {
  const child = spawn(process.execPath, [join(inject('dist'), 'command/main.js'), 'run', imagePath('imx8mp_wfi_tick'), '--timeout', '24h']);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const status = await new Promise((resolve) => child.on('close', (code) => resolve(code)));
  expect(status).toBe(0);
  expect(stderr).not.toMatch(/EPIPE|Error/);
});

it('goes on when nobody reads standard error', async () => {
  const child = spawn(process.execPath, [join(inject('dist'), 'command/main.js'), 'run', imagePath('imx8mp_fault')]);
  child.stderr.destroy();
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const status = await new Promise((resolve) => child.on('close', (code) => resolve(code)));
  expect(stdout).toContain('[uart4] step 1 done\n');
  expect(status).toBe(1);
});

it.runIf(existsSync('/dev/full'))('says so when standard output cannot be written, and ends with 2', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [join(inject('dist'), 'command/main.js'), 'run', imagePath('imx8mp_hello')], {
    stdio: ['ignore', full, 'pipe'],
  });
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const status = await new Promise((resolve) => child.on('close', (code) => resolve(code)));
  closeSync(full);
  expect(linesOf(stderr).at(-1)).toMatch(/^imx-sim: standard output cannot be written: ENOSPC/);
  expect(status).toBe(2);
});

it('reports and ends with 130 on Ctrl-C', async () => {
  const child = spawn(process.execPath, [
    join(inject('dist'), 'command/main.js'),
    'run',
    imagePath('imx8mp_wfi_tick'),
    '--timeout',
    '1000h',
    '--stats',
  ]);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (stdout === '') child.kill('SIGINT');
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const status = await new Promise((resolve) => child.on('close', (code) => resolve(code)));
  expect(status).toBe(130);
  expect(stdout).toMatch(/^instructions/m);
  expect(stderr).toMatch(/^interrupted after \d+\.\d{6} s of virtual time\nm7: pc 0x/m);
});

it('prints its version, and help for each command', async () => {
  const dist = inject('dist');
  const version = await spawnCli(dist, ['--version']);
  expect(version).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  for (const command of ['run', 'info', 'socs']) {
    const { status, stdout } = await spawnCli(dist, [command, '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain(`Usage: imx-sim ${command}`);
  }
});
