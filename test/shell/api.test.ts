/** Shells for host code: `machine.linux.exec` and `machine.linux.shell`. */
import { afterEach, describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { LinuxTimeout } from '../../src/errors.ts';
import { Machine } from '../../src/machine.ts';
import { findSoc } from '../../src/soc/index.ts';

let machine: Machine | undefined;

function linux() {
  machine = new Machine({ soc: findSoc('imx8mp'), engine: interpreterFactory, ttyReader: 'none' });
  return machine.linux!;
}

afterEach(() => machine?.dispose());

describe('linux.exec', () => {
  it('gives what the commands print, and their status', async () => {
    expect(await linux().exec('sleep 0.1; ls /sys/class/remoteproc; cat /nowhere; (exit 3)')).toEqual({
      stdout: 'remoteproc0\n',
      stderr: 'cat: /nowhere: No such file or directory\n',
      status: 3,
    });
  });

  it('finds the devices of the board at once: nobody has a shell before the system is up', async () => {
    expect((await linux().exec('cat /sys/class/remoteproc/remoteproc0/{state,name}')).stdout).toBe('offline\nimx-rproc\n');
  });

  it('waits for a boot loader, and not for one that waits for a user', async () => {
    const soc = findSoc('imx8mp');
    machine = new Machine({ soc, engine: interpreterFactory, ttyReader: 'none', boot: 'uboot', ubootScript: ['boot'] });
    expect((await machine.linux!.exec('cat /sys/class/remoteproc/remoteproc0/state')).stdout).toBe('offline\n');
    machine.dispose();
    machine = new Machine({ soc, engine: interpreterFactory, ttyReader: 'none', boot: 'uboot', ubootScript: ['true'] });
    await expect(machine.linux!.exec('uname')).rejects.toThrow(LinuxTimeout);
  });

  it('refuses what is no bash', async () => {
    expect(await linux().exec('echo a\nif true; fi')).toEqual({
      stdout: '',
      stderr: "bash: line 2: syntax error near unexpected token `fi'\n",
      status: 2,
    });
  });

  it('takes virtual time, and none of the host', async () => {
    const shells = linux();
    const before = machine!.scheduler.seconds;
    await shells.exec('sleep 3600', { timeoutNs: 4000e9 });
    expect(machine!.scheduler.seconds - before).toBeGreaterThan(3600);
    expect(machine!.scheduler.seconds - before).toBeLessThan(3600.1);
  });
});

describe('limits of exec', () => {
  it('ends after 10 s, whatever runs', async () => {
    const shells = linux();
    await shells.exec('true');
    const before = machine!.scheduler.seconds;
    await expect(shells.exec("trap '' INT TERM; sleep 20; echo later")).rejects.toMatchObject({
      code: 'E_LINUX_TIMEOUT',
      waitingFor: 'sleep 20',
    });
    expect(machine!.scheduler.seconds - before).toBeGreaterThan(10);
    expect(machine!.scheduler.seconds - before).toBeLessThan(10.1);
    expect((await shells.exec('ps')).stdout).not.toContain('sleep');
  });

  it('holds back whoever prints for ever', async () => {
    const shells = linux();
    await expect(shells.exec('yes', { maxBytes: 100_000 })).rejects.toThrow(/room in the output: 100000 bytes/);
    await expect(shells.exec('while :; do echo x; done', { maxBytes: 1000, timeoutNs: 1e9 })).rejects.toThrow(LinuxTimeout);
    expect((await shells.exec('yes | head -c 1000', { maxBytes: 1000 })).stdout).toHaveLength(1000);
  });

  it('gives 64 MiB at most unless told', async () => {
    await expect(linux().exec('yes')).rejects.toThrow(/room in the output: 67108864 bytes/);
  });

  it('bounds a loop that prints nothing', async () => {
    await expect(linux().exec('while :; do :; done', { timeoutNs: 1e6 })).rejects.toThrow(LinuxTimeout);
  });

  it('has an end for a shell that timed out', async () => {
    const shell = await linux().shell();
    await expect(shell.exec('sleep 2', { timeoutNs: 1e9 })).rejects.toThrow(/1 s of virtual time, waiting for sleep 2/);
    expect(await shell.exec('echo more')).toEqual({ stdout: '', stderr: '', status: 137 });
    expect(await shell.close()).toBe(137);
  });
});

describe('a machine that ends', () => {
  it('rejects: a program waits for what can never come', async () => {
    await expect(
      linux().exec('echo before; sleep 1 | cat; sleep infinity | cat; echo after', { timeoutNs: Number.POSITIVE_INFINITY }),
    ).rejects.toThrow(/ended|deadlock/);
  });
});

describe('linux.shell', () => {
  it('keeps variables, functions and the directory, and ends with exit', async () => {
    const shell = await linux().shell();
    expect(await shell.exec('x=5; cd /tmp; greet() { echo "hello $1"; }')).toEqual({ stdout: '', stderr: '', status: 0 });
    expect(await shell.exec('greet $x; pwd; false')).toEqual({ stdout: 'hello 5\n/tmp\n', stderr: '', status: 1 });
    expect((await shell.exec('echo $?')).stdout).toBe('1\n');
    expect(await shell.exec('exit 7')).toEqual({ stdout: '', stderr: '', status: 7 });
    expect((await shell.exec('echo no')).status).toBe(7);
    expect(await shell.close()).toBe(7);
  });

  it('has jobs that go on between commands', async () => {
    const shell = await linux().shell();
    await shell.exec('sleep 1 & sleep 1; (sleep 0.2; echo late > /tmp/late) &');
    expect((await shell.exec('ls /tmp/late')).status).toBe(2);
    expect((await shell.exec('wait; cat /tmp/late')).stdout).toBe('late\n');
    expect(await shell.close()).toBe(0);
  });

  it('two of them do not get in each other’s way', async () => {
    const both = linux();
    const [first, second] = [await both.shell(), await both.shell()];
    await first.exec('x=1');
    await second.exec('x=2');
    const answers = await Promise.all([first.exec('sleep 0.5; echo $x'), second.exec('echo $x')]);
    expect(answers.map(({ stdout }) => stdout)).toEqual(['1\n', '2\n']);
  });
});
