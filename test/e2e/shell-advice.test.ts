/** What `imx-sim shell` says about firmware and device trees that will not work, beside what Linux prints. */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { imagePath } from './session.ts';

const OVERLAY = join(tmpdir(), `imx-sim-advice-${process.pid}.dts`);
writeFileSync(OVERLAY, '/dts-v1/; /plugin/; &{/imx8mp-cm7} { status = "disabled"; };');
afterAll(() => rmSync(OVERLAY));

const start = (name: string): string => `cd /sys/class/remoteproc/remoteproc0; echo ${name}.elf > firmware; echo start > state`;

function shell(command: string, ...args: string[]): Promise<CliResult> {
  return runCli(['shell', '-c', command, ...args]);
}

describe('imx-sim shell', () => {
  it('says why Linux refuses the vrings when it does, once, and nothing before', async () => {
    const args = ['--board', 'verdin-hmp', imagePath('imx8mp_echo')];
    expect((await shell('true', ...args)).stderr).toBe('');
    const { stderr } = await shell(`${start('imx8mp_echo')}; echo stop > state; echo start > state; dmesg`, ...args);
    expect(stderr).toBe(
      [
        'imx-sim: error: imx8mp_echo.elf: vdev0vring0: the firmware expects it at 0x55000000..0x55002fff, board verdin-hmp has it at 0xb8000000..0xb8007fff',
        '  remedy: choose --board evk, build the firmware for 0xb8000000 (VDEV0_VRING_BASE), or move the region in the device tree',
        'imx-sim: error: imx8mp_echo.elf: vdev0vring1: the firmware expects it at 0x55008000..0x5500afff, board verdin-hmp has it at 0xb8008000..0xb800ffff',
        '  remedy: choose --board evk, build the firmware for 0xb8008000 (VDEV0_VRING_BASE), or move the region in the device tree',
        '',
      ].join('\n'),
    );
  });

  it('speaks of the file that Linux boots, also of one that came later', async () => {
    const { stderr } = await shell(
      `cp /lib/firmware/imx8mp_echo.elf /lib/firmware/good.elf; cp /lib/firmware/imx8mp_bad_table_version.elf /lib/firmware/bad.elf; ${start('good')}; echo stop > state; ${start('bad')}`,
      imagePath('imx8mp_echo'),
      imagePath('imx8mp_bad_table_version'),
    );
    expect(stderr).toContain('imx-sim: error: bad.elf: ');
    expect(stderr).not.toMatch(/good\.elf|imx8mp_bad_table_version\.elf/);
  });

  it('explains a file that is no ELF', async () => {
    const { stderr } = await shell(
      `echo hello, this is a text file, longer than an ELF header is long > /lib/firmware/text.elf; ${start('text')}`,
    );
    expect(stderr).toMatch(/^imx-sim: error: text\.elf: is not an ELF file: it is text\n {2}remedy: /m);
    expect(stderr).toContain('bash: echo: write error: Invalid argument');
  });

  it('tells of a crash as a board does, where Linux hears nothing of it; with --recover it does, and recovers', async () => {
    const commands = `${start('imx8mp_fault')}; sleep 0.05; cat state; dmesg | grep -c 'crash detected'`;
    const board = await shell(commands, imagePath('imx8mp_fault'));
    expect(board.stdout).toBe('running\n0\n');
    expect(board.stderr.match(/^m7 failed: took a fault and its handler loops$/gm)).toHaveLength(1);
    const scu = await shell(commands, '--recover', imagePath('imx8mp_fault'));
    expect(Number(scu.stdout.split('\n')[1])).toBeGreaterThan(1);
  });

  it('says what is wrong with a device tree at the start', async () => {
    const off = await shell('true', '--overlay', OVERLAY);
    expect(off.stderr).toContain('error: /imx8mp-cm7: its status is "disabled": Linux makes no remoteproc of it, and prints nothing');
    const base = await shell('true', '--dtb', OVERLAY);
    expect(base.stderr).toContain(
      'error: /fragment@0: the tree is an overlay, which Linux cannot boot with\n  remedy: give it with --overlay',
    );
    expect(base.stderr.match(/error:/g)).toHaveLength(1);
  });
});
