/** How firmware is started when the user does not say: the rule, and that what it chooses works. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jitFactory } from '../../src/cpu/jit/index.ts';
import { builtInTree } from '../../src/devicetree/built-in-tree.ts';
import { Machine } from '../../src/machine.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { bootChoice, lintRun, machineOptions, type RunConfiguration } from '../../src/session/machine-options.ts';
import { chooseTarget } from '../../src/session/target.ts';
import { IMX7D } from '../../src/soc/imx7d.ts';
import { DEFAULT_MODULES } from '../../src/virtio/modules.ts';

const run = (name: string, options: Partial<RunConfiguration> & { board?: string } = {}): RunConfiguration => {
  const firmware = parseFirmware(new Uint8Array(readFileSync(`images/${name}.elf`)), `${name}.elf`);
  const { board, ...rest } = options;
  return { firmware, target: chooseTarget(firmware, board ? { board } : {}), engine: jitFactory, ...rest };
};
const choice = (...args: Parameters<typeof run>) => {
  const { boot, kernel } = bootChoice(run(...args));
  return [boot, kernel];
};

describe('what runs before Linux, and whose kernel that is', () => {
  it.each(['imx7d_rpmsg', 'imx8mm_rpmsg', 'imx8mm_hello', 'imx8mp_fixed', 'imx8mp_hello'])(
    '%s: remoteproc, where there is a table or no imx_rpmsg',
    (name) => {
      expect(bootChoice(run(name))).toEqual({ boot: 'linux' });
    },
  );

  it.each(['imx7d_fixed', 'imx6sx_fixed'])("%s: U-Boot and NXP's kernel, and says so", (name) => {
    expect(bootChoice(run(name))).toEqual({
      boot: 'uboot',
      kernel: 'nxp',
      note:
        `${name}.elf has no resource table for remoteproc: as on this board, U-Boot starts it (bootaux), ` +
        "and NXP's kernel talks to it (imx_rpmsg); --boot linux has remoteproc start it",
    });
  });

  it('U-Boot alone for firmware that knows no RPMsg, as nobody would answer imx_rpmsg', () => {
    expect(choice('imx7d_hello')).toEqual(['uboot', undefined]);
  });

  it('is what the user says, and remoteproc for what only that has', () => {
    expect(choice('imx7d_fixed', { boot: 'linux' })).toEqual(['linux', undefined]);
    expect(choice('imx7d_fixed', { kernel: 'mainline' })).toEqual(['linux', 'mainline']);
    expect(choice('imx7d_fixed', { recover: true })).toEqual(['linux', undefined]);
    expect(choice('imx7d_fixed', { linux: false })).toEqual(['linux', undefined]);
    expect(choice('imx7d_hello', { kernel: 'nxp' })).toEqual(['uboot', 'nxp']);
    expect(choice('imx7d_hello', { board: 'pico-pi' })).toEqual(['linux', undefined]);
  });

  it('says that a table is not looked at behind a U-Boot whose tree has imx_rpmsg', () => {
    const { boot, note } = bootChoice(run('imx7d_rpmsg', { boot: 'uboot' }));
    expect([boot, note]).toEqual(['uboot', expect.stringContaining('Linux does not look at the resource table of imx7d_rpmsg.elf')]);
    expect(bootChoice(run('imx8mp_rpmsg', { boot: 'uboot' }))).toEqual({ boot: 'uboot' });
    expect(bootChoice(run('imx7d_fixed', { boot: 'uboot' })).note).toBeUndefined();
  });

  it('says how the board starts what remoteproc starts because of a tree', () => {
    const dtb = { name: 'a.dtb', tree: builtInTree(IMX7D, IMX7D.boards[0]!) };
    expect(bootChoice(run('imx7d_fixed', { dtb }))).toEqual({
      boot: 'linux',
      note: 'with --dtb remoteproc starts imx7d_fixed.elf; --boot uboot --kernel nxp does as the board',
    });
    expect(bootChoice(run('imx7d_fixed', { dtb, boot: 'linux' }))).toEqual({ boot: 'linux' });
    expect(bootChoice(run('imx7d_rpmsg', { dtb }))).toEqual({ boot: 'linux' });
  });

  it("loads the tty's driver and not that of ping-pong when a tty is talked to", () => {
    const send = [{ device: 'ttyRPMSG0', bytes: new Uint8Array(1) }];
    expect(machineOptions(run('imx7d_fixed', { send })).modules).toEqual(DEFAULT_MODULES.filter((name) => name !== 'imx_rpmsg_pingpong'));
    expect(machineOptions(run('imx7d_fixed', { send, modules: ['rpmsg_ns'] })).modules).toEqual(['rpmsg_ns']);
    expect(machineOptions(run('imx7d_fixed')).modules).toBeUndefined();
    expect(machineOptions(run('imx8mp_fixed', { send })).modules).toBeUndefined();
  });
});

describe.each([
  ['imx7d_fixed', 'Colibri iMX7 # ', '8fff0000'],
  ['imx6sx_fixed', '=> ', 'bfff0000'],
])('%s', (name, prompt, vrings) => {
  it("talks to NXP's kernel behind U-Boot", () => {
    const configuration = run(name);
    const machine = new Machine(machineOptions(configuration));
    let serial = '';
    machine.events.subscribe((event) => {
      if (event.type === 'console' && event.device === 'uboot') serial += String.fromCharCode(event.byte);
    });
    machine.run(2 * machine.scheduler.hz);
    expect(serial).toContain(`${prompt}bootaux 0x`);
    expect(serial).toContain('## Starting auxiliary core stack = 0x');
    const dmesg = machine.kernel!.log.map(({ text }) => text);
    expect(dmesg).toContain('virtio_rpmsg_bus virtio0: rpmsg host is online');
    expect(dmesg).toContain('virtio_rpmsg_bus virtio0: creating channel rpmsg-virtual-tty-channel-1 addr 0x1e');
    expect(machine.linux!.platform.driverOf(`${vrings}.rpmsg`)).toBe('imx-rpmsg');
    expect(machine.linux!.remoteprocs).toEqual([]);
    expect(lintRun(configuration, machine)).toEqual([]);
    expect(machine.diagnostics.all).toEqual([]);
    machine.dispose();
  });
});
