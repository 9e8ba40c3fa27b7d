/**
 * `bootaux` by release and SoC: arch/arm/mach-imx/imx_bootaux.c, valid_elf_image of lib/elf.c.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UBOOT_BOARDS } from '../../src/uboot/boards.ts';
import { TestBoot } from './support.ts';

const ELF = new Uint8Array(readFileSync(new URL('../../images/imx8mp_attach.elf', import.meta.url)));

/** A 32-bit ELF with one PT_LOAD. */
function elfWith(paddr: number, entry = 0x101, type = 2): Uint8Array {
  const bytes = new Uint8Array(0x60);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x464c_457f, true);
  view.setUint16(16, type, true);
  view.setUint32(24, entry, true);
  view.setUint32(28, 0x34, true);
  view.setUint16(44, 1, true);
  for (const [index, word] of [1, 0x54, paddr, paddr, 8, 16].entries()) view.setUint32(0x34 + 4 * index, word, true);
  view.setUint32(0x54, 0x2000_1000, true);
  view.setUint32(0x58, 0x0000_0101, true);
  return bytes;
}

describe('raw images on 8M, NXP 2022.04', () => {
  it('gives SP and PC to the TCM and starts by SMC', () => {
    const boot = new TestBoot();
    boot.say('mw 80000000 20020000; mw 80000004 80000439');
    expect(boot.run('bootaux 0x80000000')).toEqual({
      code: 0,
      text: '## Starting auxiliary core stack = 0x20020000, pc = 0x80000439...\n',
    });
    expect(boot.say('md 7e0000 2')).toContain('007e0000: 20020000 80000439');
    expect(boot.starts).toEqual([{ core: 'm7', boot: { bootAddress: 0x8000_0439, vectors: undefined } }]);
    expect(boot.run('bootaux 0x80000000')).toEqual({ code: 0, text: '## Auxiliary core is already up\n' });
    expect(boot.starts).toHaveLength(1);
  });

  it('refuses: no address, address 0', () => {
    const boot = new TestBoot();
    expect(boot.run('bootaux')).toEqual({
      code: 1,
      text: 'bootaux - Start auxiliary core\n\nUsage:\nbootaux <address> [<core>]\n   - start auxiliary core [<core>] (default 0),\n     at address <address>\n\n',
    });
    expect(boot.run('bootaux 0')).toEqual({ code: 1, text: '' });
    expect(boot.starts).toEqual([]);
  });

  it('takes an ELF for a raw image, as that release does, and tells', () => {
    const boot = new TestBoot({ files: { 'fw.elf': ELF } });
    expect(boot.say('fatload mmc 1:1 48000000 fw.elf; bootaux 48000000')).toContain(
      '## Starting auxiliary core stack = 0x464C457F, pc = 0x00010101...\n',
    );
    expect(boot.findings).toEqual([
      'this U-Boot (2022.04-lf_v2022.04+g7376547b9e) takes the ELF for a raw image: the M core starts at what its header says',
    ]);
  });

  it('faults where nothing answers', () => {
    const boot = new TestBoot();
    expect(boot.say('bootaux 100000')).toContain('"Synchronous Abort" handler');
    expect(boot.starts).toEqual([]);
  });
});

describe('ELF on 8M, mainline since 2023.04', () => {
  it('copies segments through the map, zeroes what is not in the file, and takes the stack from the first word', () => {
    const boot = new TestBoot({ board: UBOOT_BOARDS.EVK_MAINLINE, files: { 'fw.elf': ELF } });
    boot.say('mw.b 800000 ff 1000; fatload mmc 1:1 48000000 fw.elf');
    expect(boot.run('bootaux 48000000')).toEqual({
      code: 0,
      text: expect.stringMatching(/^## Starting auxiliary core stack = 0x20020000, pc = 0x0000[0-9A-F]{4}\.\.\.\n$/),
    });
    // DTCM is reached through the entry at 0x1ffe0000; .bss was zeroed.
    expect(boot.view.read(0x0080_0100, 4)).toBe(0);
    expect(boot.view.read(0x007e_0000, 4)).toBe(0x2002_0000);
    expect(boot.starts).toHaveLength(1);
  });

  it('says that a raw image is no ELF, and starts it', () => {
    const boot = new TestBoot({ board: UBOOT_BOARDS.EVK_MAINLINE });
    boot.say('mw 80000000 20020000; mw 80000004 439');
    expect(boot.say('bootaux 80000000')).toBe(
      '## No elf image at address 0x80000000\n## Starting auxiliary core stack = 0x20020000, pc = 0x00000439...\n',
    );
  });

  it('has the map of mainline, in which DDR at 0x10000000 is another place', () => {
    const boot = new TestBoot({ board: UBOOT_BOARDS.EVK_MAINLINE, files: { 'alias.elf': elfWith(0x1000_0000) } });
    boot.say('fatload mmc 1:1 48000000 alias.elf; bootaux 48000000');
    expect(boot.view.read(0x8000_0000, 4)).toBe(0x2000_1000);
  });

  it('refuses what it cannot place, an entry of 0, and what is no executable', () => {
    const files = { 'far.elf': elfWith(0x3000_0000), 'zero.elf': elfWith(0, 0), 'object.elf': elfWith(0, 0x101, 1) };
    const boot = new TestBoot({ board: UBOOT_BOARDS.EVK_MAINLINE, files });
    boot.say('fatload mmc 1:1 48000000 far.elf');
    expect(boot.run('bootaux 48000000')).toEqual({ code: 1, text: 'Invalid aux core address: 30000000\n' });
    boot.say('fatload mmc 1:1 48000000 zero.elf');
    expect(boot.run('bootaux 48000000')).toEqual({ code: 1, text: '' });
    boot.say('fatload mmc 1:1 48000000 object.elf');
    expect(boot.say('bootaux 48000000')).toBe(
      '## Not a 32-bit elf image at address 0x48000000\n## Starting auxiliary core stack = 0x464C457F, pc = 0x00000000...\n',
    );
  });
});

describe('Colibri iMX7', () => {
  it('copies an ELF, prints a stack of 0, and lets the SRC start the M4', () => {
    const boot = new TestBoot({ board: UBOOT_BOARDS.COLIBRI_IMX7, files: { 'm4.elf': elfWith(0x2000_0000) } });
    boot.view.write(0x3039_000c, 0xa1, 4);
    expect(boot.say('fatload mmc 0:1 88000000 m4.elf; bootaux 88000000')).toContain(
      '## Starting auxiliary core stack = 0x00000000, pc = 0x00000101...\n',
    );
    expect(boot.view.read(0x0080_0000, 4)).toBe(0x2000_1000);
    expect(boot.view.read(0x0018_0004, 4)).toBe(0x101);
    expect(boot.view.read(0x3039_000c, 4)).toBe(0xa8);
    expect(boot.say('bootaux 88000000')).toBe('## Auxiliary core is already up\n');
  });

  it('leaves the line open where an address is invalid', () => {
    const boot = new TestBoot({ board: UBOOT_BOARDS.COLIBRI_IMX7, files: { 'far.elf': elfWith(0x3000_0000) } });
    boot.view.write(0x3039_000c, 0xa1, 4);
    boot.say('fatload mmc 0:1 88000000 far.elf');
    expect(boot.run('bootaux 88000000')).toEqual({ code: 1, text: 'Invalid aux core address: 30000000' });
  });
});
