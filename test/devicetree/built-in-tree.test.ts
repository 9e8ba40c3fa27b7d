/** The trees that are made of the descriptions of SoCs and boards. */
import { describe, expect, it } from 'vitest';
import { resource } from '../../src/devicetree/address.ts';
import { builtInSource, builtInTree } from '../../src/devicetree/built-in-tree.ts';
import { chooseTree } from '../../src/devicetree/load.ts';
import { parseDtb } from '../../src/devicetree/parse-dtb.ts';
import { parseDts } from '../../src/devicetree/parse-dts.ts';
import { writeDtb } from '../../src/devicetree/write-dtb.ts';
import { OfTree } from '../../src/linux/of.ts';
import { platformDevices } from '../../src/linux/of-platform.ts';
import { SOCS } from '../../src/soc/index.ts';
import { dtc, HAVE_DTC, hexOf } from './dtc.ts';
import { VERDIN_HMP } from './samples.ts';

const BOARDS = SOCS.flatMap((soc) => soc.boards.map((board) => ({ soc, board, name: `${soc.name} ${board.name}` })));

describe.each(BOARDS)('the built-in tree of $name', ({ soc, board }) => {
  const tree = builtInTree(soc, board);
  const of = new OfTree(tree, () => {});

  it('is read back from its blob as it was', () => {
    const blob = writeDtb(tree);
    expect(hexOf(writeDtb(parseDtb(blob)))).toBe(hexOf(blob));
  });

  it.skipIf(!HAVE_DTC)('is compiled by dtc without a word, to the same bytes', () => {
    expect(hexOf(dtc(builtInSource(soc, board), '-@', '-I', 'dts', '-O', 'dtb'))).toBe(hexOf(writeDtb(tree)));
  });

  it('has every MU that Linux sees, with its registers and interrupt', () => {
    for (const { name, a } of soc.mus) {
      const node = [...tree.root.walk()].find((each) => each.baseName === 'mailbox' && resource(each)?.base === a.base);
      if (a.interrupts['linux'] === undefined) continue;
      expect(node, name).toBeDefined();
      expect(of.interrupt(node!, 0)).toBe(a.interrupts['linux']);
      expect(node!.cell('#mbox-cells')).toBe(2);
    }
  });

  it('gives each remoteproc its mailbox and its regions, in their order', () => {
    for (const [core, { memoryRegions, mu }] of Object.entries(board.remoteprocs)) {
      const description = soc.remoteprocs.find((each) => each.core === core)!;
      const node = tree.node(`/${description.node}`)!;
      const regions = node.cells('memory-region').map((phandle) => of.byPhandle(phandle)!);
      expect(regions.map((region) => ({ name: region.baseName, ...resource(region)! }))).toEqual(
        memoryRegions.map((each) => ({ ...each })),
      );
      expect(node.strings('mbox-names')).toEqual(['tx', 'rx', 'rxdb']);
      const entry = of.parsePhandleWithArgs(node, 'mboxes', '#mbox-cells', 1);
      expect(entry).toMatchObject({ args: [1, 1] });
      expect(typeof entry === 'object' && resource(entry.node)?.base).toBe(soc.mus.find(({ name }) => name === mu)!.a.base);
    }
  });

  it('leaves the console of the core alone, and has the others', () => {
    const uart = [...tree.root.walk()].filter(({ baseName }) => baseName === 'serial');
    expect(uart.filter(({ available }) => !available)).toHaveLength(1);
    for (const [, path] of tree.node('/aliases')!.properties)
      expect(tree.node(Buffer.from(path).toString().replace('\0', ''))).toBeDefined();
  });

  it('makes platform devices of different names', () => {
    const names = platformDevices(of).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(10);
  });
});

describe('chooseTree', () => {
  const [{ soc, board }] = BOARDS as [(typeof BOARDS)[number]];

  it("merges overlays in their order, over the built-in tree or the user's, as trees, blobs or sources", () => {
    const first = parseDts('/dts-v1/; /plugin/; &mu { one; second: child { }; };', { symbols: true });
    const second = new TextEncoder().encode('/dts-v1/; /plugin/; &second { two; };');
    const tree = chooseTree(soc, board, { overlays: [first, second] });
    expect([...tree.root.walk()].find(({ name }) => name === 'child')?.has('two')).toBe(true);
    const other = parseDts('/dts-v1/; / { mu: mu { }; };', { symbols: true });
    expect(
      chooseTree(soc, board, { dtb: writeDtb(other), overlays: [{ name: 'x', tree: first }] })
        .node('/mu')
        ?.has('one'),
    ).toBe(true);
    expect(() =>
      chooseTree(soc, board, { dtb: other, overlays: [{ name: 'hmp.dtbo', tree: parseDts(VERDIN_HMP, { symbols: true }) }] }),
    ).toThrow(/^hmp\.dtbo: FDT_ERR_NOTFOUND: it refers to &clk, which is no label/);
  });

  it('has the labels that overlays for real trees name', () => {
    const symbols = builtInTree(soc, board).node('/__symbols__')!;
    for (const label of ['mu', 'clk', 'resmem', 'src', 'uart4']) expect(symbols.string(label), label).toBeDefined();
  });
});
