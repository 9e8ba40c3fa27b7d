/**
 * `imx-sim shell`: the commands of the seeds as scripts, each against the console that it gives; and the command's own behaviour.
 *
 * Times, process numbers and link counts are left out of the comparison. The cores' consoles are checked apart: they run beside Linux.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { runCli, spawnCli } from '../support/run-cli.ts';
import { imagePath } from './session.ts';

const SEEDS = join(import.meta.dirname, 'seeds');

/** What does not depend on timing. */
function console_(stdout: string): string {
  return stdout
    .replace(/^\[uart4\].*\n/gm, '')
    .replace(/^\[ *\d+\.\d{6}\]/gm, '[T]')
    .replace(/^(\[\d+\]) \d+$/gm, '$1 PID')
    .replace(/^(drwxr-xr-x) +\d+ /gm, '$1 N ');
}

/** Runs a seed's script and compares its console with the file beside it; IMX_SIM_WRITE_SEEDS=1 writes that. */
async function seed(name: string, image: string, options: readonly string[] = []): Promise<string> {
  const { status, stdout } = await runCli(['shell', imagePath(image), '--script', join(SEEDS, `${name}.sh`), ...options]);
  expect(status).toBe(0);
  const file = join(SEEDS, `${name}.txt`);
  if (process.env['IMX_SIM_WRITE_SEEDS']) writeFileSync(file, console_(stdout));
  expect(console_(stdout)).toBe(readFileSync(file, 'utf8'));
  return stdout;
}

describe('the seeds as scripts', () => {
  it('Verdin 8MP: str_echo over /dev/ttyRPMSG30', async () => {
    const stdout = await seed('verdin-str-echo', 'imx8mp_echo');
    expect(stdout).toContain('[uart4] Get Message From Master Side : "Toradex!');
  });

  it('8MP: openamp_rsc_table, client sample and tty', async () => {
    const stdout = await seed('openamp-rsc-table', 'imx8mp_rpmsg');
    expect(stdout).toContain('[uart4] [Linux TTY] incoming msg: Hello Zephyr');
    expect(stdout).toContain('[uart4] [Linux sample client] incoming msg 100: hello world!');
  });

  it('start and stop by sysfs, and what is refused', () => seed('start-stop', 'imx8mp_rpmsg'));
});

describe('imx-sim shell', () => {
  it('-c: output on standard output, errors on standard error, the status of the commands', async () => {
    const { status, stdout, stderr } = await runCli(['shell', '--soc', 'imx8mp', '-c', 'uname -sm; cat /nowhere; nosuch; exit 3']);
    expect({ status, stdout }).toEqual({ status: 3, stdout: 'Linux aarch64\n' });
    expect(stderr).toBe('cat: /nowhere: No such file or directory\nbash: nosuch: command not found\n');
  });

  it('without an ELF and --soc says which SoC it took', async () => {
    const { stdout, stderr } = await runCli(['shell', '-c', 'hostname']);
    expect(stdout).toBe('imx8mp-evk\n');
    expect(stderr).toContain('imx-sim: imx8mp: the default; --soc names another\n');
  });

  it('commands on standard input are a script', async () => {
    const { status, stdout } = await runCli(['shell', '--soc', 'imx8mp'], {
      stdin: 'cd /tmp\n\n# nothing\nfor i in 1 2; do\n  echo $i\ndone\nfalse\n',
    });
    expect(stdout).toBe(
      'root@imx8mp-evk:~# cd /tmp\nroot@imx8mp-evk:/tmp# for i in 1 2; do\n>   echo $i\n> done\n1\n2\nroot@imx8mp-evk:/tmp# false\n',
    );
    expect(status).toBe(1);
  });

  it('set -e ends a script with the status of what failed', async () => {
    const { status, stdout } = await runCli(['shell', '--soc', 'imx8mp'], { stdin: 'set -e\necho one\n(exit 5)\necho two\n' });
    expect(status).toBe(5);
    expect(stdout).not.toContain('echo two');
  });

  it('refuses a script with a syntax error before any of it runs', async () => {
    const { status, stdout, stderr } = await runCli(['shell', '--soc', 'imx8mp'], { stdin: 'echo one\nif true; then\nfi fi\n' });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain("imx-sim: standard input: line 3: syntax error near unexpected token `fi' [E_USAGE]\n");
    const open = await runCli(['shell', '--soc', 'imx8mp'], { stdin: 'while true; do\n' });
    expect(open.stderr).toContain('standard input: line 2: syntax error: unexpected end of file');
  });

  it('ends with what everything waits for when a script can never go on', async () => {
    const { status, stderr } = await runCli(['shell', '--soc', 'imx8mp'], {
      stdin: 'sleep 1\ncat /dev/rpmsg_none\nread x\nsleep 5 | cat\n',
    });
    expect(status).toBe(0);
    expect(stderr).toBe('');
    const hung = await runCli(['shell', imagePath('imx8mp_echo'), '--timeout', '2s'], {
      stdin:
        'modprobe imx_rpmsg_tty\necho imx8mp_echo.elf > /sys/class/remoteproc/remoteproc0/firmware\necho start > /sys/class/remoteproc/remoteproc0/state\nsleep 0.1\nhead -c 1000 /dev/ttyRPMSG30\n',
    });
    expect(hung.status).toBe(4);
    expect(hung.stderr).toContain('the shell waits for head -c 1000 /dev/ttyRPMSG30\n');
  });

  it('--until ends it with success, also by what the shell prints', async () => {
    const { status, stdout } = await runCli(['shell', '--soc', 'imx8mp', '--until', 'one'], { stdin: 'echo on""e\nsleep 1000\n' });
    expect(status).toBe(0);
    expect(stdout).not.toContain('sleep 1000\n');
  });

  it('two ELFs of one name are refused', async () => {
    const { status, stderr } = await runCli(['shell', imagePath('imx8mp_echo'), imagePath('imx8mp_echo'), '-c', 'true']);
    expect(status).toBe(2);
    expect(stderr).toContain('two files imx8mp_echo.elf: /lib/firmware has room for one');
  });

  it('--json gives what the terminal shows as events', async () => {
    const { stdout } = await runCli(['shell', '--soc', 'imx8mp', '--json'], { stdin: 'echo hi\n' });
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; device?: string; text?: string });
    expect(events.filter(({ device }) => device === 'shell').map(({ text }) => text)).toEqual(['root@imx8mp-evk:~# echo hi', 'hi']);
    expect(events.at(-1)).toMatchObject({ type: 'result', reason: 'exit', status: 0 });
  });

  it('the same script has the same trace, on either engine and in a process of its own', async () => {
    const args = ['shell', imagePath('imx8mp_rpmsg'), '--script', join(SEEDS, 'openamp-rsc-table.sh'), '--trace-hash'];
    const trace = (stdout: string): string => /^trace ([0-9a-f]{64})$/m.exec(stdout)![1]!;
    const first = await runCli(args);
    const interpreter = await runCli([...args, '--cpu', 'interpreter']);
    const built = await spawnCli(inject('dist'), args);
    expect(trace(interpreter.stdout)).toBe(trace(first.stdout));
    expect(trace(built.stdout)).toBe(trace(first.stdout));
    expect(built.stdout).toBe(first.stdout);
  });
});
