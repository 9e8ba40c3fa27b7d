/** `imx-sim shell`: the command's own behaviour; seeds.test.ts has whole scripts. */
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { imagePath } from './session.ts';

describe('imx-sim shell', () => {
  it('-c: output on standard output, errors on standard error, the status of the commands', async () => {
    const { status, stdout, stderr } = await runCli(['shell', '--soc', 'imx8mp', '-c', 'uname -sm; cat /nowhere; nosuch; exit 3']);
    expect({ status, stdout }).toEqual({ status: 3, stdout: 'Linux aarch64\n' });
    expect(stderr).toBe('cat: /nowhere: No such file or directory\nbash: nosuch: command not found\n');
  });

  it('-c executes what stands before a syntax error, as bash does', async () => {
    const { status, stdout, stderr } = await runCli(['shell', '--soc', 'imx8mp', '-c', 'f() {\n  echo one\n}\nf\nfi\necho two']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: 'one\n' });
    expect(stderr).toBe("bash: -c: line 5: syntax error near unexpected token `fi'\n");
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

  it('leaves out comments and empty lines between commands, not those within a here-document', async () => {
    const { stdout } = await runCli(['shell', '--soc', 'imx8mp'], { stdin: '# first\n\ncat <<END\n# kept\n\nlast\nEND\n# no more\n' });
    expect(stdout).toBe('root@imx8mp-evk:~# cat <<END\n> # kept\n> \n> last\n> END\n# kept\n\nlast\n');
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

  it('names the functions of the firmware that Linux started when it fails, whichever of several it is', async () => {
    const commands =
      'cd /sys/class/remoteproc/remoteproc0; echo imx8mp_fault.elf > firmware; echo start > state; sleep 0.1; echo stop > state; cat state';
    const { stdout, stderr } = await runCli(['shell', imagePath('imx8mp_rpmsg'), imagePath('imx8mp_fault'), '--recover', '-c', commands]);
    expect(stdout).toBe('offline\n');
    // Linux has started it more than ten times by then; the same failure is explained once.
    expect(stderr.split('m7 failed: took a fault and its handler loops\n')).toHaveLength(2);
    expect(stderr).toMatch(/backtrace:\n +0x[0-9a-f]{8} read_sensor\n.* average\+0x18 \(lr\)\n/);
  });
});
