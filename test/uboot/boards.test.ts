/** The table of boot loaders: each belongs to boards that exist, and does there what the board's manual says. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { findSoc } from '../../src/soc/index.ts';
import { findUBootBoard, UBOOT_BOARDS } from '../../src/uboot/boards.ts';
import { documentedSequence, ubootBoard } from '../../src/uboot/stage.ts';
import { TestBoot } from './support.ts';

const ALL = Object.entries(UBOOT_BOARDS);

describe.each(ALL)('%s', (_name, board) => {
  it('is for boards that there are, whose core it starts', () => {
    for (const key of board.boards) {
      const [soc, name] = key.split('/');
      const description = findSoc(soc!);
      expect(
        description.boards.map((each) => each.name),
        key,
      ).toContain(name);
      expect(description.cores.map((core) => core.name)).toContain(board.auxiliary.core);
    }
  });

  it('has its cards in its slots, and boots from one of them', () => {
    expect(board.cards.every(({ slot }) => board.slots.includes(slot))).toBe(true);
    expect(board.cards.map(({ slot }) => slot)).toContain(board.bootSlot);
  });

  it('names memory of its board', () => {
    const inside = (address: number) => board.dram.some(({ base, size }) => address >= base && address < base + size);
    expect([board.loadAddress, board.reservedFrom, board.relocation.address].map(inside)).toEqual([true, true, true]);
  });

  it('comes to its prompt and has its tree and kernel on the card', () => {
    const boot = new TestBoot({ board });
    expect(boot.say('printenv loadaddr')).toMatch(/^loadaddr=0x/);
    expect(board.prompt).toMatch(/[#>] $/);
  });
});

const lines = (soc: string, board: string, image: string): string[] => {
  const description = findSoc(soc);
  const firmware = parseFirmware(readFileSync(`images/${image}.elf`), 'fw.elf');
  return documentedSequence(ubootBoard(description, board, 'uboot'), description, firmware, description.cores[0]!.name);
};

describe('what the manual has its user type', () => {
  it.each([
    ['imx8mm', 'evk', 'run prepare_mcore'],
    ['imx8mn', 'evk', 'run prepare_mcore'],
    ['imx8mq', 'evk', 'run prepare_mcore'],
    ['imx8mm', 'verdin-hmp', 'setenv tdxargs clk-imx8mm.mcore_booted=1'],
  ])('%s %s: a raw image into TCM', (soc, board, first) => {
    const typed = lines(soc, board, `${soc}_hello`);
    expect(typed[0]).toBe(first);
    expect(typed.slice(-3)).toEqual(['cp.b 0x48000000 0x7e0000 20000', 'bootaux 0x7e0000', 'boot']);
  });

  it('Colibri iMX7: the ELF', () => {
    expect(lines('imx7d', 'colibri-imx7', 'imx7d_hello')).toEqual(['fatload mmc 0:1 0x88000000 fw.elf', 'bootaux 0x88000000', 'boot']);
  });

  it.each([
    ['imx7d', 'imx7d-sdb-m4.dtb', 'mmc 0:1'],
    ['imx6sx', 'imx6sx-sdb-m4.dtb', 'mmc 3:1'],
  ])('SABRE board of %s: a raw image into TCML, no more than it has', (soc, tree, card) => {
    expect(lines(soc, 'sdb', `${soc}_hello`)).toEqual([
      `setenv fdt_file ${tree}`,
      `fatload ${card} 0x88000000 fw.bin`,
      expect.stringMatching(/^cp\.b 0x88000000 0x7f8000 [0-9a-f]{3,4}$/),
      'bootaux 0x7f8000',
      'boot',
    ]);
  });
});

it('says for which boards of the SoC there is one', () => {
  expect(findUBootBoard('imx7d', 'pico-pi')).toBeUndefined();
  expect(findUBootBoard('imx8mm', 'evk', true)).toBeUndefined();
  expect(findUBootBoard('imx8mp', 'evk', true)).toBe(UBOOT_BOARDS.EVK_MAINLINE);
  const refused = (): unknown => ubootBoard(findSoc('imx7d'), 'pico-pi', 'uboot');
  expect(refused).toThrow(UsageError);
  expect(refused).toThrow('no U-Boot is known for board pico-pi');
});
