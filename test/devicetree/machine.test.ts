/** A machine with a device tree of the user: `dtb`, `overlays`, `linux.deviceTree`. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { builtInTree } from '../../src/devicetree/built-in-tree.ts';
import { parseDts } from '../../src/devicetree/parse-dts.ts';
import { writeDtb } from '../../src/devicetree/write-dtb.ts';
import { DeviceTreeError } from '../../src/errors.ts';
import { Machine, type MachineOptions } from '../../src/machine.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import { BOARD_8MP, RPMSG_8MP } from './samples.ts';

const firmware = parseFirmware(new Uint8Array(readFileSync('images/imx8mp_rpmsg.elf')), 'imx8mp_rpmsg.elf');
const machines: Machine[] = [];

/** Runs 50 ms; what dmesg then has. */
function run(options: Partial<MachineOptions>): { machine: Machine; dmesg: string[] } {
  const machine = new Machine({ soc: IMX8MP, firmware, ...options });
  machines.push(machine);
  machine.run(machine.scheduler.cyclesFromNs(50e6));
  return { machine, dmesg: machine.kernel!.log.map(({ cycle, text }) => `${cycle} ${text}`) };
}

afterEach(() => {
  for (const machine of machines.splice(0)) machine.dispose();
});

describe('Machine', () => {
  it('does the same with the built-in tree, whether it is given or not, but for the channel that real trees do not name', () => {
    const own = run({}).dmesg;
    expect(own.join('\n')).toContain('incoming msg 3');
    expect(run({ dtb: writeDtb(builtInTree(IMX8MP, IMX8MP.boards[0]!)) }).dmesg).toEqual(own);
  });

  it('takes a source and overlays, and has the merged tree', () => {
    const text = (source: string): Uint8Array => new TextEncoder().encode(source);
    const { machine, dmesg } = run({ dtb: text(BOARD_8MP), overlays: [text(RPMSG_8MP)] });
    expect(dmesg.join('\n')).toContain('assigned reserved memory node vdevbuffer@55400000');
    expect(machine.linux!.deviceTree.node('/imx8mp-cm7')?.available).toBe(true);
  });

  it('merges overlays into the built-in tree: a remoteproc that is disabled is none', () => {
    const overlay = parseDts('/dts-v1/; /plugin/; &{/imx8mp-cm7} { status = "disabled"; };');
    expect(run({ overlays: [overlay] }).machine.linux!.remoteprocs).toEqual([]);
  });

  it.each(IMX8MP.boards.map(({ name }) => name))('boots %s with the command line that its U-Boot writes', (board) => {
    const bootargs = ({ machine }: { readonly machine: Machine }): string | undefined =>
      machine.linux!.deviceTree.node('/chosen')?.string('bootargs');
    const { machine } = run({ board, boot: 'uboot', ubootScript: ['boot'] });
    for (let ms = 0; ms < 10_000 && !machine.linux!.booted; ms += 10)
      machine.run(machine.scheduler.now + machine.scheduler.cyclesFromNs(10e6));
    expect(bootargs({ machine })?.trim()).toMatch(/^\S.* rootwait/);
    expect(bootargs(run({ board }))).toBe(bootargs({ machine })?.trim());
  });

  it("leaves a user's tree alone, and keeps its command line", async () => {
    const tree = builtInTree(IMX8MP, IMX8MP.boards[0]!);
    const { machine } = run({ dtb: tree });
    expect(await machine.linux!.api.readText('/proc/cmdline')).toBe('console=ttymxc1,115200 root=/dev/mmcblk1p2 rootwait rw\n');
    expect(tree.node('/chosen')?.has('bootargs')).toBe(false);
    tree.node('/chosen')!.set('bootargs', 'quiet');
    expect(await run({ dtb: tree }).machine.linux!.api.readText('/proc/cmdline')).toBe('quiet\n');
  });

  it('refuses what is no tree', () => {
    expect(() => new Machine({ soc: IMX8MP, firmware, dtb: new Uint8Array(100) })).toThrow(DeviceTreeError);
  });
});
