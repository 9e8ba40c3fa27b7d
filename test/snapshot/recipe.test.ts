/** Recipes: every option of a machine that changes its run is in its files. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtInTree } from '../../src/devicetree/built-in-tree.ts';
import { KERNEL_FLAVOURS } from '../../src/linux/kernel-flavour.ts';
import type { MachineOptions } from '../../src/machine.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { optionsOf, RECIPE_OF, recipeOf } from '../../src/snapshot/recipe.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';

const bytes = new Uint8Array(readFileSync('images/imx8mp_echo.elf'));
const console = { write: () => {}, read: () => new Uint8Array(), readable: true };
const tree = { name: 'mine.dtb', tree: builtInTree(IMX8MP, IMX8MP.boards[0]!) };
const OPTIONS: Required<Omit<MachineOptions, 'history' | 'engine' | 'hostMemory' | 'devices' | 'disassemble'>> = {
  soc: IMX8MP,
  board: 'evk',
  core: 'm7',
  firmware: parseFirmware(bytes, 'echo.elf'),
  linux: true,
  boot: 'uboot',
  ubootScript: ['bootaux 0x7e0000'],
  bootFiles: new Map([['a.bin', Uint8Array.of(1, 2)]]),
  modules: ['rpmsg_char'],
  udev: true,
  ttyReader: 'none',
  dtb: tree,
  overlays: [tree],
  kernelFlavour: KERNEL_FLAVOURS[1]!,
  crashDetection: 'report',
  semihosting: console,
  fastForward: false,
};

describe('a recipe', () => {
  const recipe = recipeOf(OPTIONS);

  it("has every option that is not the host's", () => {
    const expected = Object.entries(RECIPE_OF).flatMap(([, name]) => (name === false ? [] : [name]));
    expect(Object.keys(recipe).sort()).toEqual(expected.sort());
    expect(Object.keys(OPTIONS).sort()).toEqual(
      Object.entries(RECIPE_OF)
        .filter(([, name]) => name !== false)
        .map(([option]) => option)
        .sort(),
    );
  });

  it('gives the same options again', () => {
    const again = optionsOf(recipe, { semihosting: console });
    expect(recipeOf(again)).toEqual(recipe);
    expect(again).toMatchObject({ soc: IMX8MP, kernelFlavour: KERNEL_FLAVOURS[1], semihosting: console, history: true });
    expect(again.firmware?.bytes).toEqual(bytes);
  });

  it('of a SoC that is not known is refused by name', () => {
    expect(() => optionsOf({ soc: 'imx99' })).toThrow('it is of a imx99, which this imx-sim does not know');
  });
});
