/** remoteproc on the i.MX 7D: what its table of windows refuses, in the kernel's words, and the tree with NXP's imx_rpmsg instead. */
import { describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { builtInTree } from '../../src/devicetree/built-in-tree.ts';
import { Machine } from '../../src/machine.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { findSoc } from '../../src/soc/index.ts';
import { buildElf, type TestSegment, words } from './elf-builder.ts';

const soc = findSoc('imx7d');
const vectors = words(0x2000_8000, 0x1fff_8009, 0xe7fe_e7fe, 0xe7fe_e7fe);

function boot(...more: readonly TestSegment[]) {
  const elf = buildElf({ segments: [{ da: 0x1fff_8000, data: vectors }, ...more], entry: 0x1fff_8009 });
  const machine = new Machine({ soc, engine: interpreterFactory, firmware: parseFirmware(elf.bytes, 'fw.elf') });
  machine.run(0.02 * machine.scheduler.hz);
  const log = machine.kernel!.log.map(({ text }) => text);
  const { halted } = machine.core;
  machine.dispose();
  return { log, halted };
}

describe('imx_rproc_att_imx7d', () => {
  it('has TCML, TCMU and OCRAM_S', () => {
    const data = words(1, 2);
    const { log, halted } = boot({ da: 0x2000_0000, data }, { da: 0x0018_0100, data });
    expect(log.at(-1)).toBe('remoteproc remoteproc0: remote processor imx-rproc is now up');
    expect(halted).toBe(false);
  });

  it.each([
    ['.bss behind the code of a BSP 1.0.1 image, over the end of TCML', { da: 0x1fff_bbd4, data: words(1), memsz: 0x5840 }],
    ['no memory of the M4', { da: 0x3000_0000, data: words(1), memsz: 4 }],
    ['a window that ends where the segment does not', { da: 0x2000_7ff8, data: words(1), memsz: 0x10 }],
  ])('cannot translate %s: -22', (_what, segment) => {
    const { log, halted } = boot(segment);
    const at = `da = 0x${segment.da.toString(16)} len = 0x${segment.memsz.toString(16)}`;
    expect(log.slice(-4)).toEqual([
      `imx-rproc imx7d-cm4: Translation failed: ${at}`,
      `remoteproc remoteproc0: bad phdr da 0x${segment.da.toString(16)} mem 0x${segment.memsz.toString(16)}`,
      'remoteproc remoteproc0: Failed to load program segments: -22',
      'remoteproc remoteproc0: Boot failed: -22',
    ]);
    expect(halted).toBe(true);
  });

  it('translates OCRAM, which is not mapped, as no region of the tree has it', () => {
    const { log } = boot({ da: 0x2020_0000, data: words(1), memsz: 4 });
    expect(log.slice(-3)).toEqual([
      'remoteproc remoteproc0: bad phdr da 0x20200000 mem 0x4',
      'remoteproc remoteproc0: Failed to load program segments: -22',
      'remoteproc remoteproc0: Boot failed: -22',
    ]);
    expect(log.join()).not.toContain('Translation failed');
  });
});

describe.each([
  ['imx7d', 'colibri-imx7', '/soc/bus@30800000/rpmsg', 0x8fff_0000],
  ['imx7d', 'sdb', '/soc/bus@30800000/rpmsg', 0xbfff_0000],
  ['imx6sx', 'sdb', '/rpmsg', 0xbfff_0000],
])('the tree of %s %s', (name, boardName, path, vrings) => {
  const description = findSoc(name);
  const board = description.boards.find((each) => each.name === boardName)!;
  const { node: remoteproc } = description.remoteprocs[0]!;

  it('has the node of imx_rpmsg enabled where a boot loader starts the core, and no remoteproc', () => {
    const tree = builtInTree(description, board, 'imx-rpmsg');
    const node = tree.node(path)!;
    expect(node.string('status')).toBe('okay');
    expect(node.cells('reg')).toEqual([vrings, 0x1_0000]);
    expect(node.strings('mbox-names')).toEqual(['tx', 'rx', 'rxdb']);
    expect(tree.node(`/${remoteproc}`)).toBeUndefined();
  });

  it('has the remoteproc where Linux does, and the other node disabled', () => {
    const tree = builtInTree(description, board);
    expect(tree.node(path)!.string('status')).toBe('disabled');
    expect(tree.node(`/${remoteproc}`)!.available).toBe(true);
  });
});
