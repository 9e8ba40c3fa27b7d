// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of U-Boot
/**
 * U-Boot starts the M core, Linux attaches: the sequence of NXP's and Toradex' documents, with what dmesg says, then traffic, detach, stop.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../src/machine.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import { documentedSequence, ubootBoard } from '../../src/uboot/stage.ts';
import { imagePath, inOrder, runFirmware } from './session.ts';

const STATE = '/sys/class/remoteproc/remoteproc0/state';

const ATTACHED = [
  'remoteproc remoteproc0: imx-rproc is available',
  'remoteproc remoteproc0: attaching to imx-rproc',
  'rproc-virtio rproc-virtio.0.auto: assigned reserved memory node vdev0buffer@55400000',
  'virtio_rpmsg_bus virtio0: rpmsg host is online',
  'rproc-virtio rproc-virtio.0.auto: registered virtio0 (type 7)',
  'remoteproc remoteproc0: remote processor imx-rproc is now attached',
];

describe('imx-sim run --boot uboot', () => {
  it('does as the EVK manual says, and the firmware talks to the Linux that attached', async () => {
    const run = await runFirmware('imx8mp_attach', ['--boot', 'uboot', '--send', 'ttyRPMSG0=ping\\n', '--until', 'ttyRPMSG0=ping']);
    expect(run.stderr).toContain('board evk, U-Boot 2022.04-lf_v2022.04');
    expect(run.status).toBe(0);
    expect(
      inOrder(run.console('uboot'), [
        'U-Boot 2022.04-lf_v2022.04+g7376547b9e (Mar 01 2023 - 07:26:02 +0000)',
        'u-boot=> run prepare_mcore',
        'u-boot=> setenv fdtfile imx8mp-evk-rpmsg.dtb',
        'u-boot=> fatload mmc 1:1 0x48000000 imx8mp_attach.bin',
        /^\d+ bytes read in 1 ms \(.* MiB\/s\)$/,
        'u-boot=> cp.b 0x48000000 0x7e0000 20000',
        'u-boot=> bootaux 0x7e0000',
        /^## Starting auxiliary core stack = 0x20020000, pc = 0x0000[0-9A-F]{4}\.\.\.$/,
        'u-boot=> boot',
        'Running BSP bootcmd ...',
        '## Flattened Device Tree blob at 43000000',
        'Starting kernel ...',
      ]),
    ).toEqual([]);
    expect(inOrder(run.dmesg, [...ATTACHED, /creating channel rpmsg-client-sample/, /incoming msg 100 /, /goodbye!$/])).toEqual([]);
    expect(run.dmesg.filter((line) => /powering up|Booting fw image/.test(line))).toEqual([]);
    expect(run.console('uart4')).toContain('started before Linux: the resource table goes to 0x550ff000');
  });

  it('is the same run each time', async () => {
    const hash = async (): Promise<string | undefined> => {
      const { stdout } = await runFirmware('imx8mp_attach', ['--boot', 'uboot', '--until', 'goodbye', '--trace-hash']);
      return /trace [0-9a-f]{64}/.exec(stdout)?.[0];
    };
    const first = await hash();
    expect(first).toBeDefined();
    expect(await hash()).toBe(first);
  });

  it('starts an ELF with a mainline U-Boot, and an image in DDR', async () => {
    const elf = await runFirmware('imx8mp_attach', ['--boot', 'uboot-mainline', '--until', 'goodbye']);
    expect(elf.console('uboot')).toContain('u-boot=> bootaux 0x48000000');
    expect(elf.status).toBe(0);
    const ddr = await runFirmware('imx8mp_rpmsg_ddr', ['--boot', 'uboot', '--until', 'is now attached']);
    expect(
      inOrder(ddr.console('uboot'), ['u-boot=> dcache flush', 'u-boot=> bootaux 0x80000000', /stack = 0x80400000, pc = 0x8000/]),
    ).toEqual([]);
    expect(ddr.console('uart4')).toContain('OpenAMP[remote] Linux responder demo started');
  });

  it('types what it is given, and leaves the rest to Linux', async () => {
    const run = await runFirmware('imx8mp_attach', [
      '--boot',
      'uboot',
      '--uboot-cmd',
      'echo hello',
      '--uboot-cmd',
      'boot',
      '--timeout',
      '5s',
    ]);
    expect(run.console('uboot')).toContain('hello');
    expect(run.dmesg).not.toContain('remoteproc remoteproc0: attaching to imx-rproc');
    expect(run.stderr).toContain('remoteproc0 is offline');
    const prompt = await runFirmware('imx8mp_attach', ['--boot', 'uboot', '--uboot-cmd', 'nonsense', '--timeout', '5s']);
    expect(prompt.status).toBe(4);
    expect(prompt.stderr).toContain('U-Boot waits for a command at its prompt (u-boot=>); Linux has not been booted');
  });

  it('goes on when the core fails before Linux has taken over, and says so at the end', async () => {
    const typed = ['--boot', 'uboot', '--uboot-cmd', 'bootaux 0x80000000'];
    const boots = await runFirmware('imx8mp_attach', [...typed, '--uboot-cmd', 'boot', '--until', 'linux=imx-rproc is available']);
    expect(boots.status).toBe(0);
    expect(boots.stderr.match(/m7: lockup/g)).toHaveLength(1);
    expect(boots.stderr).toContain('m7: lockup: UsageFault in HardFault; U-Boot goes on, as on a board, and the report comes at the end');
    const waits = await runFirmware('imx8mp_attach', typed);
    expect(waits.status).toBe(1);
    expect(
      inOrder(waits.stderr.split('\n'), [
        'firmware failed: m7: lockup: UsageFault in HardFault',
        /^ +xPSR /,
        /^afterwards: nothing can happen any more at \d/,
        'U-Boot waits for a command at its prompt (u-boot=>); Linux has not been booted',
      ]),
    ).toEqual([]);
    const again = await runFirmware('imx8mp_attach', [
      ...typed,
      ...[
        'run prepare_mcore',
        'fatload mmc 1:1 0x48000000 imx8mp_attach.bin',
        'cp.b 0x48000000 0x7e0000 20000',
        'bootaux 0x7e0000',
        'boot',
      ].flatMap((line) => ['--uboot-cmd', line]),
      '--timeout',
      '3s',
    ]);
    // The core was started again: what it did before is history.
    expect(again.status).toBe(4);
    expect(again.stderr).not.toContain('firmware failed: m7: lockup: UsageFault in HardFault\nm7');
  });

  it('goes on when firmware that U-Boot has started loops in its fault handler', async () => {
    const run = await runFirmware('imx8mp_fault', ['--boot', 'uboot']);
    expect(run.status).toBe(1);
    expect(run.console('uboot')).toContain('Starting kernel ...');
    expect(
      inOrder(run.stderr.split('\n'), [
        /^imx-sim: firmware failed: m7 took a fault and its handler loops at \S+; U-Boot goes on/,
        /^firmware failed: m7 took a fault and its handler loops/,
        'afterwards: nothing else can happen any more',
      ]),
    ).toEqual([]);
  });

  it('hands over the tree that fdt changed', async () => {
    const script = join(tmpdir(), `imx-sim-uboot-${process.pid}.txt`);
    writeFileSync(
      script,
      [
        'run loadimage',
        'run loadfdt',
        '',
        'fdt addr ${fdt_addr_r}',
        'fdt resize 1000',
        'fdt set /imx8mp-cm7 status disabled',
        'fdt print /imx8mp-cm7 status',
        'run mmcargs',
        'booti ${loadaddr} - ${fdt_addr_r}',
      ].join('\r\n'),
    );
    const run = await runFirmware('imx8mp_attach', ['--boot', 'uboot', '--uboot-script', script, '--timeout', '5s']);
    expect(run.console('uboot')).toContain('status = "disabled"');
    expect(run.console('uboot')).toContain('Starting kernel ...');
    expect(run.dmesg.length).toBeGreaterThan(0);
    expect(run.dmesg.join('\n')).not.toContain('remoteproc');
    rmSync(script);
  });

  it('says why a Linux that attached has no virtio device', async () => {
    const run = await runFirmware('imx8mp_hello', ['--boot', 'uboot', '--timeout', '5s']);
    expect(run.dmesg.at(-1)).toBe('remoteproc remoteproc0: remote processor imx-rproc is now attached');
    expect(run.stderr).toContain('Linux looks for the resource table in the reserved region rsc-table');
  });

  it('ends with a reset of the SoC', async () => {
    const run = await runFirmware('imx8mp_attach', ['--boot', 'uboot', '--uboot-cmd', 'reset']);
    expect(run.status).toBe(1);
    expect(run.stderr).toContain("firmware failed: U-Boot reset the SoC: U-Boot's reset command");
  });

  it('gives the keyboard to U-Boot, which boots by itself unless a key comes', async () => {
    const run = await runFirmware('imx8mp_attach', ['--boot', 'uboot', '--send', 'uboot= version\\n', '--until', 'uboot=aarch64']);
    expect(run.status).toBe(0);
    const alone = await runFirmware('imx8mp_attach', ['--boot', 'uboot', '--console', 'uboot', '--until', 'imx-rproc is available'], {
      stdin: '',
    });
    expect(alone.status).toBe(0);
  });

  it.each([
    [['--boot', 'uboot', '--no-linux'], 'a boot loader, but no Linux to boot'],
    [['--uboot-cmd', 'boot'], 'a script for U-Boot, but no U-Boot'],
    [['--boot', 'uboot-mainline', '--board', 'verdin-hmp'], 'no mainline U-Boot is known for board verdin-hmp'],
    [['--boot', 'uboot', '--uboot-script', '/nonexistent/script'], 'ENOENT'],
  ])('refuses %j', async (options, text) => {
    const run = await runFirmware('imx8mp_attach', options);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain(text);
  });
});

describe('a Linux that attached', () => {
  async function attached(): Promise<Machine> {
    const firmware = parseFirmware(new Uint8Array(readFileSync(imagePath('imx8mp_attach'))), 'imx8mp_attach.elf');
    const script = documentedSequence(ubootBoard(IMX8MP, 'evk', 'uboot'), IMX8MP, firmware, 'm7');
    const machine = new Machine({ soc: IMX8MP, firmware, boot: 'uboot', ubootScript: script });
    const state = (): string | undefined => machine.linux!.remoteproc('m7')?.state;
    for (let ms = 0; ms < 10_000 && state() !== 'attached'; ms++) machine.run(machine.scheduler.now + machine.scheduler.cyclesFromNs(1e6));
    return machine;
  }

  it('knows what U-Boot prepared, and answers detach and stop as 6.1 does', async () => {
    const machine = await attached();
    const { api, kernel } = machine.linux!;
    const dmesg = (): string[] => kernel.log.map(({ text }) => text);
    expect(await api.readText('/proc/cmdline')).toBe('clk-imx8mp.mcore_booted console=ttymxc1,115200 root=/dev/mmcblk1p2 rootwait rw\n');
    const base = '/sys/firmware/devicetree/base';
    expect(await api.readText(`${base}/chosen/bootargs`)).toBe(
      'clk-imx8mp.mcore_booted console=ttymxc1,115200 root=/dev/mmcblk1p2 rootwait rw\0',
    );
    expect(await api.readText(`${base}/memory@40000000/device_type`)).toBe('memory\0');
    expect(await api.readText(STATE)).toBe('attached\n');
    // imx_rproc of 6.1 has no detach(): __rproc_detach refuses.
    await expect(api.writeFile(STATE, 'detach')).rejects.toMatchObject({ name: 'EINVAL' });
    expect(await api.readText(STATE)).toBe('attached\n');
    await api.writeFile(STATE, 'stop');
    expect(await api.readText(STATE)).toBe('offline\n');
    expect(dmesg().at(-1)).toBe('remoteproc remoteproc0: stopped remote processor imx-rproc');
    await api.writeFile('/sys/class/remoteproc/remoteproc0/firmware', 'imx8mp_attach.elf');
    await api.writeFile(STATE, 'start');
    expect(await api.readText(STATE)).toBe('running\n');
    expect(dmesg()).toContain('remoteproc remoteproc0: Booting fw image imx8mp_attach.elf, size 33936');
    machine.dispose();
  });

  it('loses the core when it stops it, and U-Boot has gone', async () => {
    const machine = await attached();
    await machine.linux!.api.writeFile(STATE, 'stop');
    expect(machine.core.halted).toBe(true);
    expect(machine.uboot?.state).toBe('left');
    expect(machine.inputState('uboot')).toBe('absent');
    machine.dispose();
  });
});
