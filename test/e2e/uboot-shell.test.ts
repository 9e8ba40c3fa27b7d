/**
 * `imx-sim shell --boot uboot`: U-Boot on the serial console, then the shell of the Linux that it booted.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { imagePath } from './session.ts';

const SCRIPT = join(tmpdir(), `imx-sim-uboot-${process.pid}.sh`);
writeFileSync(SCRIPT, 'cat /sys/class/remoteproc/remoteproc0/state\ncat /proc/cmdline\nls /lib/firmware\n');

describe('imx-sim shell --boot uboot', () => {
  it('starts the firmware as the manual says, and logs in to a Linux that attached', async () => {
    const { status, stdout } = await runCli(['shell', '--boot', 'uboot', '--script', SCRIPT, imagePath('imx8mp_attach')]);
    expect(status).toBe(0);
    expect(stdout).toContain('u-boot=> bootaux 0x7e0000\n## Starting auxiliary core stack = 0x20020000');
    expect(stdout).toContain('\nStarting kernel ...\n');
    expect(stdout).toMatch(/# cat \/sys\/class\/remoteproc\/remoteproc0\/state\nattached\n/);
    expect(stdout).toContain('clk-imx8mp.mcore_booted console=ttymxc1,115200 root=/dev/mmcblk1p2 rootwait rw\n');
    expect(stdout).toContain('imx8mp_attach.elf\n');
    expect(stdout).not.toContain('[uboot]');
    expect(stdout).not.toContain('\r');
  });

  it('boots by itself without a firmware, and keeps -c to the commands', async () => {
    const { status, stdout } = await runCli(['shell', '--boot', 'uboot', '-c', 'cat /sys/class/remoteproc/remoteproc0/state']);
    expect(status).toBe(0);
    expect(stdout).toBe('offline\n');
  });

  it('types lines, also raw images of every file that was given', async () => {
    const { stdout } = await runCli([
      'shell',
      '--boot',
      'uboot',
      '--uboot-cmd',
      'fatls mmc 1:1',
      '--uboot-cmd',
      'boot',
      '--script',
      SCRIPT,
      imagePath('imx8mp_hello'),
      imagePath('imx8mp_rpmsg'),
    ]);
    expect(stdout).toContain('imx8mp_hello.bin');
    expect(stdout).toContain('imx8mp_rpmsg.bin');
  });

  it('ends where U-Boot waits for somebody', async () => {
    const { status, stderr } = await runCli(['shell', '--boot', 'uboot', '--uboot-cmd', 'version', '-c', 'true']);
    expect(status).toBe(4);
    expect(stderr).toContain('U-Boot waits for a command at its prompt (u-boot=>); Linux has not been booted');
    const wrong = await runCli(['shell', '--uboot-cmd', 'version', '-c', 'true']);
    expect(wrong.status).toBe(2);
  });
});
