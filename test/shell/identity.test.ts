/** What a 32-bit Linux says it is: uname, /proc/cpuinfo, /sys/devices/soc0, memory. */
import { expect, it } from 'vitest';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { shellOn } from './fixture.ts';

const COMMANDS = [
  'uname -sm; arch; nproc; tty; echo $HOSTTYPE $MACHTYPE',
  'cd /sys/devices/soc0; cat family soc_id revision machine',
  'sed -n "2,9p" /proc/cpuinfo; tail -n 3 /proc/cpuinfo',
  'grep -c "System RAM" /proc/iomem; head -n 1 /proc/iomem',
];

it('is an ARMv7 on the i.MX 7D', async () => {
  const shell = await shellOn([], interpreterFactory, 'imx7d');
  const { stdout, stderr } = await shell.run(COMMANDS.join('\n'));
  shell.dispose();
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toEqual([
    'Linux armv7l',
    'armv7l',
    '2',
    '/dev/ttymxc0',
    'arm arm-poky-linux-gnueabi',
    'Freescale i.MX',
    'i.MX7D',
    '1.3',
    'Toradex Colibri iMX7D 1GB (eMMC) on Colibri Evaluation Board V3',
    'model name\t: ARMv7 Processor rev 5 (v7l)',
    'BogoMIPS\t: 16.00',
    'Features\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm ',
    'CPU implementer\t: 0x41',
    'CPU architecture: 7',
    'CPU variant\t: 0x0',
    'CPU part\t: 0xc07',
    'CPU revision\t: 5',
    'Hardware\t: Freescale i.MX7 Dual (Device Tree)',
    'Revision\t: 0000',
    'Serial\t\t: 0000000000000000',
    expect.stringMatching(/^[1-9]\d*$/),
    '30aa0000-30aaffff : 30aa0000.mailbox mailbox@30aa0000',
    '',
  ]);
});

it('is what it was on the i.MX 8M Plus', async () => {
  const shell = await shellOn();
  const { stdout } = await shell.run('uname -sm; nproc; tty; cat /sys/bus/soc/devices/soc0/soc_id');
  shell.dispose();
  expect(stdout).toBe('Linux aarch64\n4\n/dev/ttymxc1\ni.MX8MP\n');
});
