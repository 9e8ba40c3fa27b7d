// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of U-Boot
/**
 * From the banner to Linux: autoboot, boot commands and their refusals, fix-ups of the tree (boot/image-fdt.c, cmd/booti.c, cmd/bootz.c).
 */
import { describe, expect, it } from 'vitest';
import { writeDtb } from '../../src/devicetree/write-dtb.ts';
import { UBOOT_BOARDS } from '../../src/uboot/boards.ts';
import { colibriImx7Setup } from '../../src/uboot/fix-ups.ts';
import { exampleTree, TestBoot } from './support.ts';

const { EVK, VERDIN, COLIBRI_IMX7, DART } = UBOOT_BOARDS;

describe('power-on (abortboot_single_key)', () => {
  it('counts down and boots Linux with the bootargs', () => {
    const boot = new TestBoot({ autoboot: true });
    expect(boot.until(() => boot.tree !== undefined, 20)).toBe(true);
    const text = boot.take();
    expect(text).toContain('\n\nU-Boot 2022.04-lf_v2022.04+g7376547b9e (Mar 01 2023 - 07:26:02 +0000)\n\nCPU:   i.MX8MP[8]');
    expect(text).toContain('Normal Boot\nHit any key to stop autoboot:  2 \b\b\b 1 \b\b\b 0 \nRunning BSP bootcmd ...\n');
    expect(text).toMatch(
      /mmc1 is current device\nFailed to load 'boot\.scr'\n31887872 bytes read in 7\d\d ms \(.*MiB\/s\)\nBooting from mmc \.\.\.\n\d+ bytes read in \d ms .*\n## Flattened Device Tree blob at 43000000\n {3}Booting using the fdt blob at 0x43000000\n {3}Using Device Tree in place at 0000000043000000, end 000000004300[0-9a-f]{4}\n\nStarting kernel \.\.\.\n\n$/,
    );
    expect(boot.tree?.find('/chosen')?.string('bootargs')).toBe('console=ttymxc1,115200 root=/dev/mmcblk1p2 rootwait rw');
    expect(boot.tree?.find('/memory@40000000')?.cells('reg')).toEqual([0, 0x4000_0000, 0, 0xc000_0000, 1, 0, 0, 0xc000_0000]);
    expect(boot.uboot.state).toBe('left');
    expect(boot.finish(boot.uboot.execute('echo'))).toBe(1);
  });

  it('stops for a key, at once or within the time', () => {
    const boot = new TestBoot({ autoboot: true });
    boot.until(() => boot.uboot.state === 'prompt', 5);
    boot.until(() => false, 1.5);
    expect(boot.type(' ')).toMatch(/autoboot: {2}2 [\b] *[\s\S]* 0 \nu-boot=> $/);
    expect(boot.uboot.waitingFor).toEqual(['U-Boot waits for a command at its prompt (u-boot=>); Linux has not been booted']);
    const typed = new TestBoot({ autoboot: true });
    typed.uboot.type(new TextEncoder().encode(' '));
    typed.until(() => typed.uboot.state === 'prompt', 5);
    expect(typed.take().endsWith('Hit any key to stop autoboot:  2 \b\b\b 0\nu-boot=> ')).toBe(true);
  });

  it('types a script at its prompts', () => {
    const boot = new TestBoot({ script: ['echo one', 'if true', 'then echo two; fi'] });
    boot.until(() => boot.uboot.state === 'prompt', 5);
    const fresh = new TestBoot({ autoboot: true, script: ['echo one', 'if true', 'then echo two; fi'] });
    fresh.until(() => fresh.uboot.state === 'prompt', 5);
    expect(fresh.take()).toMatch(/ 0\nu-boot=> echo one\none\nu-boot=> if true\n> then echo two; fi\ntwo\nu-boot=> $/);
  });

  it('runs preboot', () => {
    const boot = new TestBoot({ board: VERDIN });
    expect(boot.say('printenv fdtfile')).toBe('fdtfile=imx8mp-verdin-wifi-dev.dtb\n');
  });

  it.each([
    ['u-boot=> ', EVK],
    ['u-boot=> ', DART],
    ['Verdin iMX8MP # ', VERDIN],
    ['Colibri iMX7 # ', COLIBRI_IMX7],
  ])('prompts with %s', (prompt, board) => {
    const boot = new TestBoot({ board, autoboot: true, script: ['true'] });
    boot.until(() => boot.uboot.state === 'prompt', 5);
    const text = boot.take();
    expect(text.endsWith(prompt)).toBe(true);
    expect(text).toContain(`U-Boot ${board.version} (`);
  });
});

describe('boards boot', () => {
  it('Verdin moves kernel and tree', () => {
    const boot = new TestBoot({ board: VERDIN });
    const text = boot.say('setenv tdxargs clk-imx8mp.mcore_booted=1; boot');
    expect(text).toContain('Moving Image from 0x43500000 to 0x43600000, end=451ffa00\n');
    expect(text).toMatch(/ {3}Loading Device Tree to 00000000fd[0-9a-f]{6}, end 00000000fd[0-9a-f]{6} \.\.\. OK\n\nStarting kernel/);
    expect(boot.tree?.find('/chosen')?.string('bootargs')).toMatch(/clk-imx8mp\.mcore_booted=1$/);
  });

  it('keeps the tree out of reserved memory (boot_fdt_add_mem_rsv_regions)', () => {
    const tree = exampleTree();
    const reserved = tree.root.add('reserved-memory').set('#address-cells', 1).set('#size-cells', 1);
    reserved.add('rpmsg@8ff00000').set('reg', [0x8ff0_0000, 0x10_0000]);
    reserved.add('dynamic').set('size', [0x1000]);
    tree.reservations.push({ address: 0x8fe0_0000n, size: 0x10_0000n });
    const boot = new TestBoot({ board: COLIBRI_IMX7, files: { 'imx7d-colibri-emmc-eval-v3.dtb': writeDtb(tree) } });
    boot.view.write(0x3039_000c, 0xa1, 4);
    expect(boot.say('boot')).toMatch(/ {3}Loading Device Tree to 8fdf[0-9a-f]000, end 8fdf[0-9a-f]{4} \.\.\. OK\n/);
    expect(boot.tree).toBeDefined();
  });

  it('Colibri iMX7 disables the first rpmsg node unless the M4 runs (ft_board_setup)', () => {
    const boot = new TestBoot({ board: COLIBRI_IMX7 });
    boot.view.write(0x3039_000c, 0xa1, 4);
    const text = boot.say('boot');
    expect(text).toMatch(/Kernel image @ 0x81000000 \[ 00000000 - 0x[0-9a-f]{6} \]\n/);
    expect(text).toContain('Starting kernel ...');
    expect(boot.tree?.find('/soc/rpmsg-a')?.string('status')).toBe('disabled');
    expect(boot.tree?.find('/soc/rpmsg-b')?.string('status')).toBe('okay');
    expect(boot.tree?.find('/memory@40000000')?.has('linux,usable-memory')).toBe(false);
  });

  it('Colibri iMX7 leaves the M4 its memory when it runs', () => {
    const boot = new TestBoot({ board: COLIBRI_IMX7 });
    boot.view.write(0x3039_000c, 0xa8, 4);
    boot.say('boot');
    expect(boot.tree?.find('/soc/rpmsg-a')?.string('status')).toBe('okay');
    expect(boot.tree?.find('/memory@40000000')?.cells('linux,usable-memory')).toEqual([
      0, 0x8000_0000, 0, 0x0ff0_0000, 0, 0x9000_0000, 0, 0x3000_0000,
    ]);
  });

  it('withholds the last MiB of boards with 256 MiB, and lets skip_board_fixup skip it', () => {
    const tree = exampleTree();
    colibriImx7Setup(tree, { auxiliaryUp: true, dram: [{ base: 0x8000_0000, size: 0x1000_0000 }] });
    expect(tree.find('/memory@40000000')?.cells('linux,usable-memory')).toEqual([0, 0x8000_0000, 0, 0x0ff0_0000]);
    const boot = new TestBoot({ board: COLIBRI_IMX7 });
    boot.view.write(0x3039_000c, 0xa1, 4);
    expect(boot.say('setenv skip_board_fixup 1; boot')).toContain('skip board fdt fixup\n');
    expect(boot.tree?.find('/soc/rpmsg-a')?.string('status')).toBe('okay');
  });

  it('tells of a kernel that would switch off the clocks of the M core', () => {
    const told = (commands: string): readonly string[] => {
      const boot = new TestBoot();
      boot.say(`mw 80000000 20020000; mw 80000004 439; ${commands}; boot`);
      return boot.findings;
    };
    expect(told('bootaux 80000000')).toEqual([
      expect.stringMatching(/bootargs do not say so.*; run prepare_mcore, or add clk-imx8mp\.mcore_booted$/),
    ]);
    expect(told('bootaux 80000000; run prepare_mcore')).toEqual([]);
    expect(told('true')).toEqual([]);
  });

  it('puts the serial number into the root', () => {
    const boot = new TestBoot({ board: VERDIN });
    boot.say('setenv serial# 06849028; boot');
    expect(boot.tree?.root.string('serial-number')).toBe('06849028');
  });
});

describe('refusals of booti, bootz, bootm', () => {
  const loaded = (): TestBoot => {
    const boot = new TestBoot();
    boot.say('run loadimage; run loadfdt');
    return boot;
  };

  it.each([
    ['booti 41000000 - 43000000', 'Bad Linux ARM64 Image magic!\n'],
    ['booti 40400000 - 44000000', 'ERROR: Did not find a cmdline Flattened Device Tree\nCould not find a valid device tree\n'],
    ['booti 40400000 48000000:100 43000000', 'imx-sim: ramdisks are not modelled\nRamdisk image is corrupt or invalid\n'],
    ['bootz 40400000 - 43000000', 'zimage: Bad magic!\n'],
    ['bootm 44000000', "Wrong Image Format for bootm command\nERROR: can't get kernel image!\n"],
    ['bootm 43000000', 'imx-sim: bootm of uImage and FIT is not modelled; booti and bootz are\n'],
    ['go 40400000', '## Starting application at 0x40400000 ...\nimx-sim: programs for the A core are not modelled\n'],
    ['source 43000000', '## Executing script at 43000000\nWrong image format for "source" command\n'],
  ])('%s', (line, text) => {
    const boot = loaded();
    expect(boot.run(line)).toEqual({ code: 1, text });
    expect(boot.tree).toBeUndefined();
  });

  it('takes a tree that is damaged for none', () => {
    const boot = loaded();
    boot.say('mw 43000008 ffffffff');
    expect(boot.say('booti 40400000 - 43000000')).toContain(
      'ERROR: image is not a fdt - must RESET the board to recover.\nCould not find a valid device tree\n',
    );
  });

  it('refuses a tree within the kernel', () => {
    const boot = loaded();
    boot.view.writeBytes(0x4100_0000, writeDtb(exampleTree()));
    expect(boot.say('booti 40400000 - 41000000')).toContain('ERROR: FDT image overlaps OS image (OS=0x40400000..0x42269200)\n');
  });

  it('assumes 16 MiB of an old kernel, and moves it to the base of DRAM', () => {
    const boot = loaded();
    expect(boot.say('mw.q 40400010 0; mw.q 40400018 0; booti 40400000 - 43000000')).toContain(
      'Image lacks image_size field, assuming 16MiB\nMoving Image from 0x40400000 to 0x40080000, end=41080000\n',
    );
  });

  it('finds no room for a tree below a fdt_high that is too low', () => {
    expect(loaded().say('setenv fdt_high 40001000; booti 40400000 - 43000000')).toContain('device tree - allocation error\n');
  });

  it('panics without a tree', () => {
    const boot = loaded();
    expect(boot.say('booti 40400000')).toBe('FDT and ATAGS support not compiled in\n\nresetting ...\n');
    expect(boot.resetCause).toBe('U-Boot panicked: a kernel was started without a device tree');
  });

  it('warns where the tree cannot be loaded', () => {
    expect(new TestBoot().say('setenv fdtfile none.dtb; run mmcboot')).toContain("Failed to load 'none.dtb'\nWARN: Cannot load the DT\n");
  });
});

describe('reset, boot, source', () => {
  it('resets the SoC', () => {
    const boot = new TestBoot();
    expect(boot.say('reset; echo after')).toBe('resetting ...\n');
    expect(boot.resetCause).toBe("U-Boot's reset command");
  });

  it('does not boot within boot', () => {
    expect(new TestBoot().run("setenv bootcmd 'echo in; boot'; boot")).toEqual({ code: 1, text: "in\n'bootd' recursion detected\n" });
  });

  it('runs a script that mkimage packed', () => {
    const text = 'echo from script\n';
    const script = new Uint8Array(72 + text.length);
    const view = new DataView(script.buffer);
    view.setUint32(0, 0x2705_1956);
    view.setUint8(30, 6);
    view.setUint32(64, text.length);
    script.set(new TextEncoder().encode(text), 72);
    const boot = new TestBoot({ files: { 'boot.scr': script } });
    expect(boot.say('fatload mmc 1:1 ${scriptaddr} boot.scr; source ${scriptaddr}')).toMatch(
      /## Executing script at 43500000\nfrom script\n$/,
    );
    boot.say('mw.b 4350001e 2');
    expect(boot.say('source ${scriptaddr}')).toBe('## Executing script at 43500000\nBad image type\n');
    boot.say('mw.b 4350001e 6; mw 43500040 0');
    expect(boot.say('source ${scriptaddr}')).toBe('## Executing script at 43500000\nEmpty Script\n');
  });
});
