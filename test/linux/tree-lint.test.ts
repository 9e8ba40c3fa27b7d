/** Findings about device trees: what each wrong tree of PROBLEMS.md means, in words and in the kernel's lines. */
import { describe, expect, it } from 'vitest';
import { builtInTree } from '../../src/devicetree/built-in-tree.ts';
import { applyOverlay } from '../../src/devicetree/overlay.ts';
import { parseDts } from '../../src/devicetree/parse-dts.ts';
import type { DeviceTree, DeviceTreeNode } from '../../src/devicetree/tree.ts';
import { lintOnTree, lintTree } from '../../src/linux/tree-lint.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { IMX7D } from '../../src/soc/imx7d.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import { BOARD_8MP, COLIBRI_7D, RPMSG_8MP, VERDIN_HMP } from '../devicetree/samples.ts';
import { rpmsgElf } from './board-fixture.ts';

const [EVK] = IMX8MP.boards;
const [COLIBRI] = IMX7D.boards;
const source = (text: string): DeviceTree => parseDts(text, { symbols: true });

/** Findings about the built-in tree after a change to it. */
function changed(change: (node: DeviceTreeNode, tree: DeviceTree) => unknown) {
  const tree = builtInTree(IMX8MP, EVK!);
  change(tree.node('/imx8mp-cm7')!, tree);
  return lintTree(tree, IMX8MP, EVK!);
}

describe('lintTree', () => {
  it.each(IMX8MP.boards)('has nothing to say of the built-in tree of $name', (board) => {
    expect(lintTree(builtInTree(IMX8MP, board), IMX8MP, board)).toEqual([]);
  });

  it('has nothing to say of a board with the rpmsg overlay', () => {
    expect(lintTree(applyOverlay(source(BOARD_8MP), source(RPMSG_8MP)), IMX8MP, EVK!)).toEqual([]);
  });

  it('10: a plain tree has no remoteproc, and which trees have one', () => {
    const [finding, ...others] = lintTree(source(BOARD_8MP), IMX8MP, EVK!);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'error', place: '/' });
    expect(finding!.text).toContain('no node with compatible "fsl,imx8mp-cm7"');
    expect(finding!.remedy).toContain('imx8mp-evk-rpmsg.dtb');
  });

  it('a node for another core beside the one of imx_rpmsg, and neither', () => {
    const tree = builtInTree(IMX7D, COLIBRI!);
    const [node, rpmsg] = ['fsl,imx7d-cm4', 'fsl,imx7d-rpmsg'].map(
      (name) => [...tree.root.walk()].find((each) => each.compatible.includes(name))!,
    );
    expect(lintTree(tree, IMX7D, COLIBRI!)).toEqual([]);
    node!.set('compatible', 'fsl,imx7d-cm5');
    expect(lintTree(tree, IMX7D, COLIBRI!)).toEqual([
      expect.objectContaining({
        severity: 'error',
        text: expect.stringMatching(
          /"fsl,imx7d-cm4"; \/imx7d-cm4 is for another core \(fsl,imx7d-cm5\); \/soc\/.*rpmsg.*, has the status "disabled"/,
        ),
      }),
    ]);
    rpmsg!.set('status', 'okay');
    node!.set('status', 'disabled');
    expect(lintTree(tree, IMX7D, COLIBRI!)).toEqual([]);
  });

  it('a tree of another SoC', () => {
    const findings = lintTree(source(COLIBRI_7D), IMX8MP, EVK!);
    expect(findings.map(({ severity, place }) => [severity, place])).toEqual([
      ['warning', '/'],
      ['error', '/'],
    ]);
    expect(findings[0]!.text).toContain('"toradex,colibri-imx7d", "fsl,imx7d", without "fsl,imx8mp"');
    expect(findings[1]!.text).toContain('/imx7d-cm4 is for another core (fsl,imx7d-cm4)');
  });

  it('11: a node that U-Boot disabled', () => {
    const [finding] = changed((node) => node.set('status', 'disabled'));
    expect(finding).toMatchObject({ severity: 'error', place: '/imx8mp-cm7' });
    expect(finding!.text).toContain('its status is "disabled"');
    expect(finding!.remedy).toContain('U-Boot');
  });

  const MU = (tree: DeviceTree): number => tree.find('/soc/bus@30800000/mailbox')!.phandle!;
  const DEV = 'imx-rproc imx8mp-cm7: ';
  it.each<[string, (node: DeviceTreeNode, tree: DeviceTree) => unknown, string, RegExp, string[]?]>([
    [
      'no clocks',
      (node) => node.delete('clocks'),
      'error',
      /has no clocks/,
      [`${DEV}Failed to get clock`, 'imx-rproc: probe of imx8mp-cm7 failed with error -2'],
    ],
    [
      'no mbox-names',
      (node) => node.delete('mbox-names'),
      'error',
      /cannot ring it, nor hear it/,
      [`${DEV}No initialized mbox tx channel`],
    ],
    [
      'no tx',
      (node) => node.set('mbox-names', ['rx', 'rxdb']),
      'error',
      /mbox-names has no "tx"/,
      [
        `${DEV}mbox_request_channel_byname() could not locate channel named "tx"`,
        `${DEV}error -EINVAL: failed to request tx mailbox channel`,
      ],
    ],
    ['rxdb before rx', (node) => node.set('mbox-names', ['tx', 'rxdb', 'rx']), 'warning', /has "rxdb" before "rx"/],
    [
      'a mailbox that is not there',
      (node) => node.set('mboxes', [99, 0, 1]),
      'error',
      /entry 0 of mboxes \(tx\) leads nowhere/,
      ['OF: /imx8mp-cm7: could not find phandle 99', `${DEV}error -EINVAL: failed to request tx mailbox channel`],
    ],
    [
      'a mailbox that is disabled',
      (_node, tree) => tree.find('/soc/bus@30800000/mailbox')!.set('status', 'disabled'),
      'error',
      /waits for it for ever/,
    ],
    [
      'a mailbox that is no MU of the SoC',
      (_node, tree) => tree.find('/soc/bus@30800000/mailbox')!.set('reg', [0x3090_0000, 0x1000]),
      'error',
      /no messaging unit/,
    ],
    [
      'tx and rx exchanged',
      (node, tree) => node.set('mboxes', [MU(tree), 1, 1, MU(tree), 0, 1]),
      'error',
      /tx is <1 1>, no transmit channel/,
      [`${DEV}error -EINVAL: failed to request tx mailbox channel`].slice(0, 1),
    ],
    ['channel 0', (node, tree) => node.set('mboxes', [MU(tree), 0, 0, MU(tree), 1, 0, MU(tree), 3, 1]), 'warning', /tx is channel 0/],
    [
      'memory of the core that it is not given',
      (node) => node.set('memory-region', node.cells('memory-region').slice(0, -1)),
      'note',
      /looks like the core's memory, but is not in memory-region of \/imx8mp-cm7/,
    ],
    ['no rxdb', (node) => node.set('mbox-names', ['tx', 'rx']), 'note', /no "rxdb"/],
    ['no memory-region', (node) => node.delete('memory-region'), 'warning', /has no memory-region/],
    [
      'no vrings',
      (node) => node.set('memory-region', node.cells('memory-region').slice(0, 1)),
      'warning',
      /no vdev0vring0 and no vdev0vring1/,
    ],
    [
      '3: buffers not first',
      (node) => node.set('memory-region', [...node.cells('memory-region')].reverse()),
      'warning',
      /vdev0buffer@55400000 is not the first memory-region/,
    ],
    [
      '3: buffers that are no pool',
      (_node, tree) => tree.node('/reserved-memory/vdev0buffer@55400000')!.delete('compatible'),
      'warning',
      /no "shared-dma-pool"/,
    ],
    ['no buffers', (node) => node.set('memory-region', node.cells('memory-region').slice(1)), 'warning', /has no vdev0buffer/],
    [
      'a region without address',
      (_node, tree) => tree.node('/reserved-memory/m7@80000000')!.delete('reg'),
      'error',
      /has no reg that can be read/,
      [`${DEV}unable to resolve memory region`, `${DEV}failed on imx_rproc_addr_init`],
    ],
    [
      'a region that is disabled',
      (_node, tree) => tree.node('/reserved-memory/m7@80000000')!.set('status', 'disabled'),
      'error',
      /no available child of \/reserved-memory/,
      [`${DEV}unable to acquire memory-region`, "remoteproc remoteproc0: can't prepare rproc imx-rproc: -22"],
    ],
    [
      '3: a region outside of the memory',
      (_node, tree) => tree.node('/memory@40000000')!.set('reg', [0, 0x4000_0000, 0, 0x4000_0000]),
      'warning',
      /m7 at 0x80000000 lies outside of the memory/,
    ],
    [
      '4: regions that overlap',
      (_node, tree) => tree.node('/reserved-memory/vdev0vring1@55008000')!.set('reg', [0, 0x5500_4000, 0, 0x8000]),
      'warning',
      /vdev0vring0@55000000 .* overlaps with vdev0vring1@55008000/,
    ],
    [
      'a format that Linux ignores',
      (_node, tree) => tree.node('/reserved-memory')!.delete('ranges'),
      'error',
      /unsupported node format, ignoring/,
    ],
  ])('%s', (_name, change, severity, text, linux) => {
    const findings = changed(change);
    const found = findings.find((finding) => text.test(finding.text));
    expect(found, findings.map((finding) => finding.text).join('\n')).toBeDefined();
    expect(found!.severity).toBe(severity);
    expect(found!.remedy).not.toBe('');
    if (linux) expect(found!.linux).toEqual(linux);
  });

  it('rsc_table is not what Linux looks for', () => {
    const findings = lintTree(applyOverlay(source(BOARD_8MP), source(VERDIN_HMP)), IMX8MP, EVK!);
    expect(findings.map(({ text }) => text)).toEqual(['Linux looks for a region called rsc-table; rsc_table is an ordinary one']);
  });
});

describe('nodes of imx_rpmsg', () => {
  const node = (body: string): string => `/plugin/; &{/} { rpmsg { compatible = "fsl,imx8mq-rpmsg"; ${body} }; };`;
  const lint = (text: string) => {
    const tree = applyOverlay(builtInTree(IMX8MP, EVK!), source(`/dts-v1/; ${text}`));
    return lintTree(tree, IMX8MP, EVK!);
  };

  it('4: no reg', () => {
    const [finding] = lint(node('memory-region = <&vdev0vring0>;'));
    expect(finding).toMatchObject({ severity: 'error', place: '/rpmsg' });
    expect(finding!.linux).toEqual(['imx-rpmsg rpmsg: No vring buffer.', 'imx-rpmsg: probe of rpmsg failed with error -12']);
  });

  it('too little memory, too many vdevs, one entry that NXP does not have', () => {
    expect(lint(node('reg = <0 0x55000000 0 0x10000>; vdev-nums = <2>;'))[0]!.text).toContain('too few for 2 vdevs');
    expect(lint(node('reg = <0 0x55000000 0 0x10000>; vdev-nums = <9>;'))[0]!.linux).toEqual([
      'imx-rpmsg 55000000.rpmsg: vdev-nums exceed the max 8',
    ]);
    expect(lint(node('reg = <0 0x55000000 0 0x10000>;'))).toEqual([]);
    expect(lint(node('reg = <0 0x55000000 0 0x10000>;').replace('8mq', '8mp'))[0]!.text).toContain('no entry for "fsl,imx8mp-rpmsg"');
  });

  it('4: the channels of the remoteproc', () => {
    const [finding] = lint(
      node('reg = <0 0x55000000 0 0x10000>; mboxes = <&mu 0 1>, <&mu 1 1>, <&mu 3 1>; mbox-names = "tx", "rx", "rxdb";'),
    );
    expect(finding!.text).toContain('/imx8mp-cm7 asks for the same mailbox channels');
    expect(finding!.linux).toEqual(['imx-rpmsg: probe of 55000000.rpmsg failed with error -16']);
  });
});

describe('lintOnTree', () => {
  const firmware = parseFirmware(rpmsgElf(), 'fw.elf');

  it('3: compares the vrings of the firmware with the regions of the tree', () => {
    const verdin = applyOverlay(source(BOARD_8MP), source(VERDIN_HMP));
    const texts = lintOnTree(firmware, verdin, IMX8MP, EVK!).map(({ place, text }) => `${place}: ${text}`);
    expect(texts).toContainEqual(expect.stringMatching(/^vdev0vring0: the firmware expects it at 0x55000000\.\..*has it at 0xb8000000/));
    const right = applyOverlay(source(BOARD_8MP), source(RPMSG_8MP));
    expect(lintOnTree(firmware, right, IMX8MP, EVK!).filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('says nothing of the firmware when the tree has no remoteproc', () => {
    expect(lintOnTree(firmware, source(BOARD_8MP), IMX8MP, EVK!).map(({ place }) => place)).toEqual(['/']);
  });
});
