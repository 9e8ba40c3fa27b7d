/** What Linux makes of a device tree: platform devices, drivers, and the kernel's errors for trees that do not fit. */
import { describe, expect, it } from 'vitest';
import { applyOverlay } from '../../src/devicetree/overlay.ts';
import { parseDts } from '../../src/devicetree/parse-dts.ts';
import type { DeviceTree, DeviceTreeNode } from '../../src/devicetree/tree.ts';
import { NXP } from '../../src/linux/kernel-flavour.ts';
import { OfTree } from '../../src/linux/of.ts';
import { globalPool, memoryBanks, platformDevices } from '../../src/linux/of-platform.ts';
import { ReservedMemories } from '../../src/linux/reserved-memory.ts';
import { Arena } from '../../src/memory/arena.ts';
import { AddressSpace } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { BOARD_8MP, COLIBRI_7D, RPMSG_8MP, VERDIN_HMP } from '../devicetree/samples.ts';
import { rpmsgTable } from '../remoteproc/elf-builder.ts';
import { type Board, createBoard, rpmsgElf } from './board-fixture.ts';

const quiet = (tree: DeviceTree): OfTree => new OfTree(tree, () => {});
const source = (text: string): DeviceTree => parseDts(text, { symbols: true });
const withRpmsg = (): DeviceTree => applyOverlay(source(BOARD_8MP), source(RPMSG_8MP));

/** NXP's trees for the 8M Plus name the 8M Nano's core, whose data are the same. */
const LIKE_8MN = { alsoCompatible: ['fsl,imx8mn-cm7'] };

/** Boots with the built-in tree after `change` to its remoteproc node; what the drivers print. */
function boot(change: (node: DeviceTreeNode, tree: DeviceTree) => unknown): Board {
  const board = createBoard({ autostart: rpmsgElf(), change: (tree) => change(tree.node('/remoteproc-cm7')!, tree) });
  board.settle();
  return board;
}

describe('of_platform_default_populate', () => {
  it('makes devices in the order of the tree, with the names that the kernel gives them', () => {
    const devices = platformDevices(quiet(withRpmsg()));
    expect(devices.map(({ name, parent }) => [name, parent?.name])).toEqual([
      ['firmware:psci', undefined], // of_platform_default_populate_init: /firmware first
      ['imx8mp-cm7', undefined], // what an overlay adds comes first
      ['pmu', undefined],
      ['soc@0', undefined],
      ['38800000.interrupt-controller', 'soc@0'],
      ['30000000.bus', 'soc@0'],
      ['30380000.clock-controller', '30000000.bus'],
      ['30800000.bus', 'soc@0'],
      ['30aa0000.mailbox', '30800000.bus'],
    ]);
    expect(devices.find(({ name }) => name === 'imx8mp-cm7')?.suppliers).toEqual(['30aa0000.mailbox']);
  });

  it("leaves out what is disabled, what is no bus's child, primecells, and names that are taken", () => {
    const tree = source(
      `/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;
      a { compatible = "x"; status = "disabled"; }; b { compatible = "x"; below { compatible = "y"; }; };
      uart@1 { compatible = "arm,pl011", "arm,primecell"; reg = <1 1>; }; c@2 { compatible = "z"; reg = <2 1>; };
      bus { compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>; ranges; c@2 { compatible = "z"; reg = <2 1>; }; }; };`,
    );
    expect(platformDevices(quiet(tree)).map(({ name }) => name)).toEqual(['b', '2.c', 'bus']);
  });
});

describe('OfTree', () => {
  const tree = source(`/dts-v1/; / { list = <&a 7>, <0>, <&a 8>; bad = <99 1>; none = <&b 1>; long = <&a>;
    a: a { #x-cells = <1>; }; b: b { }; z { #x-cells = <9>; }; };`);
  const printed: string[] = [];
  const of = new OfTree(tree, (text) => printed.push(text));
  const parse = (list: string, index: number) => of.parsePhandleWithArgs(tree.root, list, '#x-cells', index);

  it('of_parse_phandle_with_args: entries, and empty ones', () => {
    expect(parse('list', 0)).toEqual({ node: tree.node('/a'), args: [7] });
    expect(parse('list', 2)).toEqual({ node: tree.node('/a'), args: [8] });
    expect([parse('list', 1), parse('list', 3), parse('missing', 0), parse('list', -1)]).toEqual([-2, -2, -2, -22]);
  });

  it('of_phandle_iterator_next: prints what is wrong', () => {
    expect([parse('bad', 0), parse('none', 0), parse('long', 0)]).toEqual([-22, -22, -22]);
    expect(printed).toEqual(['OF: /: could not find phandle 99', 'OF: /: could not get #x-cells for /b', 'OF: /: #x-cells = 1 found 0']);
    expect(of.parsePhandleWithArgs(tree.root, 'bad', '#x-cells', 0, false)).toBe(-22);
    expect(printed).toHaveLength(3);
  });

  it('of_irq_get: interrupts of the parent, of a node above, and interrupts-extended', () => {
    const irqs = source(`/dts-v1/; / { interrupt-parent = <&gic>; gic: gic { #interrupt-cells = <3>; };
      a { interrupts = <0 88 4>, <0 89 4>; }; ppi { interrupts = <1 14 4>; }; other { interrupts-extended = <&gic 0 5 4>; }; none { };
      own { #interrupt-cells = <1>; child { interrupts = <3>; }; }; lost { interrupt-parent = <77>; interrupts = <0 1 4>; }; };`);
    const get = (path: string, index = 0) => quiet(irqs).interrupt(irqs.node(path)!, index);
    expect([get('/a'), get('/a', 1), get('/other')]).toEqual([88, 89, 5]);
    expect([get('/a', 2), get('/ppi'), get('/none'), get('/lost')].every((err) => err < 0)).toBe(true);
  });
});

describe('boot with a tree of the user', () => {
  it("imx_rproc: NXP's overlay on a plain board talks to the firmware", () => {
    const board = createBoard({
      autostart: rpmsgElf(),
      services: [['rpmsg-client-sample', 0x400]],
      deviceTree: withRpmsg(),
      remoteproc: LIKE_8MN,
    });
    board.settle();
    expect(board.dmesg().slice(0, 6)).toEqual([
      'Reserved memory: created DMA memory pool at 0x0000000055400000, size 1 MiB',
      'OF: reserved mem: initialized node vdevbuffer@55400000, compatible id shared-dma-pool',
      'remoteproc remoteproc0: imx-rproc is available',
      'remoteproc remoteproc0: powering up imx-rproc',
      expect.stringMatching(/Booting fw image fw.elf/),
      'rproc-virtio rproc-virtio.0.auto: assigned reserved memory node vdevbuffer@55400000',
    ]);
    expect(board.dmesg().at(-1)).toContain('goodbye!');
    expect(board.linux.deviceTree.root.string('model')).toBe('A board with i.MX 8M Plus');
  });

  it('the regions of a Verdin: firmware that wants the vrings of the EVK is refused, and that of the Verdin runs', () => {
    const deviceTree = applyOverlay(source(BOARD_8MP), source(VERDIN_HMP));
    const refused = createBoard({ autostart: rpmsgElf(), deviceTree });
    refused.settle();
    expect(refused.dmesg()).toContain("remoteproc remoteproc0: Registered carveout doesn't fit da request"); // rproc_check_carveout_da
    const elf = rpmsgElf(rpmsgTable({ da0: 0xb800_0000, da1: 0xb800_8000 }));
    const board = createBoard({ autostart: elf, services: [['rpmsg-client-sample', 0x400]], deviceTree, tableAt: 0x7e_0400 });
    board.settle();
    expect(board.dmesg()).toContain('rproc-virtio rproc-virtio.0.auto: assigned reserved memory node vdev0buffer@b8400000');
    expect(board.dmesg().at(-1)).toContain('goodbye!');
  });

  it('a tree without the node: nothing is printed of it', () => {
    const board = createBoard({ autostart: rpmsgElf(), deviceTree: source(BOARD_8MP) });
    board.settle();
    expect(board.dmesg()).toEqual([]);
    expect(board.linux.remoteprocs).toEqual([]);
  });

  it('a doorbell that its mboxes do not name is told of', () => {
    const board = createBoard({ autostart: rpmsgElf(), deviceTree: withRpmsg(), remoteproc: LIKE_8MN });
    board.settle();
    board.mu.b.write(0x00, 0, 4);
    expect(board.findings).toContain(
      'the firmware rings MU channel 0, which Linux does not hear: rx in mboxes of /imx8mp-cm7 is channel 1 alone',
    );
  });
});

describe('imx_rproc_probe with a node that does not fit', () => {
  const DEV = 'imx-rproc remoteproc-cm7: ';
  const failed = (err: number): string[] => [
    'remoteproc remoteproc0: releasing imx-rproc',
    `imx-rproc: probe of remoteproc-cm7 failed with error ${err}`,
  ];

  it('imx_rproc_xtr_mbox_init: no mbox-names; kicks say so (imx_rproc_kick)', () => {
    const board = boot((node) => node.delete('mbox-names'));
    expect(board.dmesgOfDrivers()).toContain(`${DEV}No initialized mbox tx channel`);
    expect(board.linux.remoteproc('m7')?.state).toBe('running');
  });

  it.each<[string, (node: DeviceTreeNode, tree: DeviceTree) => unknown, string[]]>([
    [
      'mbox_request_channel_byname: no such name',
      (node) => node.set('mbox-names', ['rx', 'rxdb']),
      [
        `${DEV}mbox_request_channel_byname() could not locate channel named "tx"`,
        `${DEV}error -EINVAL: failed to request tx mailbox channel`,
      ],
    ],
    ['mbox_request_channel: no mboxes', (node) => node.delete('mboxes'), [`${DEV}error -ENOENT: failed to request tx mailbox channel`]],
    [
      'of_phandle_iterator_next: a phandle that nobody has',
      (node) => node.set('mboxes', [0x77, 0, 1]),
      ['OF: /remoteproc-cm7: could not find phandle 119', `${DEV}error -EINVAL: failed to request tx mailbox channel`],
    ],
    [
      'of_phandle_iterator_next: too few cells',
      (node, tree) => node.set('mboxes', [tree.find('/soc/mailbox')!.phandle!, 0]),
      ['OF: /remoteproc-cm7: #mbox-cells = 2 found 1', `${DEV}error -EINVAL: failed to request tx mailbox channel`],
    ],
    [
      'imx_mu_xlate: one cell',
      (node, tree) => {
        tree.find('/soc/mailbox')!.set('#mbox-cells', 1);
        const mu = tree.find('/soc/mailbox')!.phandle!;
        node.set('mboxes', [mu, 0, mu, 1]);
      },
      ['imx_mu 30aa0000.mailbox: Invalid argument count 1', `${DEV}error -EINVAL: failed to request tx mailbox channel`],
    ],
    [
      'imx_mu_xlate: no such channel',
      (node, tree) => node.set('mboxes', [tree.find('/soc/mailbox')!.phandle!, 9, 9]),
      [
        'imx_mu 30aa0000.mailbox: Not supported channel number: 45. (type: 9, idx: 9)',
        `${DEV}error -EINVAL: failed to request tx mailbox channel`,
      ],
    ],
    [
      'mbox_bind_client: tx and rx on one channel',
      (node, tree) => {
        const mu = tree.find('/soc/mailbox')!.phandle!;
        node.set('mboxes', [mu, 0, 1, mu, 0, 1]);
      },
      [`${DEV}error -EBUSY: failed to request rx mailbox channel`],
    ],
    [
      'imx_rproc_addr_init: a region without reg',
      (_node, tree) => tree.node('/reserved-memory/m7@80000000')!.delete('reg'),
      [`${DEV}unable to resolve memory region`, `${DEV}failed on imx_rproc_addr_init`],
    ],
    ['imx_rproc_clk_enable: no clocks', (node) => node.delete('clocks'), [`${DEV}Failed to get clock`]],
  ])('%s', (_name, change, lines) => {
    const board = boot(change);
    const errno = /error -(\w+)/.exec(lines.at(-1)!)?.[1] ?? (lines.at(-1)!.includes('clock') ? 'ENOENT' : 'EINVAL');
    expect(board.dmesg().slice(-lines.length - 2)).toEqual([...lines, ...failed({ EINVAL: -22, ENOENT: -2, EBUSY: -16 }[errno]!)]);
    expect(board.linux.remoteprocs).toEqual([]);
  });

  it('imx_rproc_detect_mode: no syscon for a core that is started by a register', () => {
    const src = { address: 0x3039_000c, mask: 0xa, start: 0xa, stop: 0x8 };
    const board = createBoard({
      remoteproc: { method: 'mmio', src },
      change: (tree) => tree.node('/remoteproc-cm7')!.delete('syscon'),
    });
    board.settle();
    expect(board.dmesgOfDrivers()).toEqual([`${DEV}failed to find syscon`, failed(-19)[0]]); // call_driver_probe: -ENODEV is not worth a line
  });

  it('imx_rproc_prepare: a region that is not reserved', () => {
    const board = boot((_node, tree) => tree.node('/reserved-memory/m7@80000000')!.set('status', 'disabled'));
    expect(board.dmesgOfDrivers()).toEqual(expect.arrayContaining([`${DEV}unable to acquire memory-region`]));
    expect(board.linux.remoteproc('m7')?.state).toBe('offline');
  });

  it('a status that is not okay: no device, no message', () => {
    const board = boot((node) => node.set('status', 'disabled'));
    expect(board.dmesgOfDrivers()).toEqual([]);
  });

  it('imx_mu_probe: a unit without registers or interrupt', () => {
    const noReg = boot((_node, tree) => tree.find('/soc/mailbox')!.delete('reg'));
    expect(noReg.dmesg()).toContain('imx_mu soc@0:mailbox@30aa0000: invalid resource');
    const noIrq = boot((_node, tree) => tree.find('/soc/mailbox')!.delete('interrupts'));
    expect(noIrq.dmesgOfDrivers()).toEqual(['imx_mu 30aa0000.mailbox: error -ENXIO: IRQ index 0 not found']); // platform_get_irq
  });

  it('rproc_add_virtio_dev: the first memory-region is the pool, whatever it is; without one, general memory', () => {
    const swapped = boot((node) => node.set('memory-region', [...node.cells('memory-region')].reverse()));
    expect(swapped.dmesg().join('\n')).not.toContain('assigned reserved memory');
    expect(swapped.linux.remoteproc('m7')?.state).toBe('running');
  });
});

describe('memory', () => {
  it('early_init_dt_scan_memory: all banks of available memory nodes, linux,usable-memory before reg', () => {
    const tree = source(`/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;
      memory@80000000 { device_type = "memory"; reg = <0x80000000 0x20000000>; linux,usable-memory = <0x80000000 0xff00000>, <0x90000000 0x10000000>; };
      memory@c0000000 { device_type = "memory"; reg = <0xc0000000 0>, <0xd0000000 0x1000>; };
      memory@e0000000 { device_type = "memory"; reg = <0xe0000000 0x1000>; status = "disabled"; }; };`);
    expect(memoryBanks(tree)).toEqual([
      { base: 0x8000_0000, size: 0xff0_0000 },
      { base: 0x9000_0000, size: 0x1000_0000 },
      { base: 0xd000_0000, size: 0x1000 },
    ]);
  });

  it('other DMA comes from the default CMA area, or from the highest free memory', () => {
    const memory = new AddressSpace('linux');
    memory.mapRam(0x8000_0000, new Ram('DDR', 0x4000_0000, new Arena(16 * 1024 * 1024)));
    const banks = [{ base: 0x8000_0000, size: 0x4000_0000 }];
    const pool = (children: string): number => {
      const tree = source(
        `/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges; ${children} }; };`,
      );
      return globalPool(memory, banks, new ReservedMemories(tree, banks)).base;
    };
    expect(pool('')).toBe(0xbf00_0000);
    expect(pool('a@bf800000 { reg = <0xbf800000 0x1000>; no-map; };')).toBe(0xbe00_0000);
    expect(pool('linux,cma { compatible = "shared-dma-pool"; reusable; size = <0x8000000>; linux,cma-default; };')).toBe(0xb800_0000);
  });
});

describe("a Colibri iMX7D's tree", () => {
  it('has its devices, on 32-bit addresses', () => {
    const tree = source(COLIBRI_7D);
    expect(platformDevices(quiet(tree)).map(({ name }) => name)).toEqual([
      '8fff0000.rpmsg',
      'soc',
      '31001000.interrupt-controller',
      '30380000.clock-controller',
      '30390000.reset-controller',
      '30aa0000.mailbox',
    ]);
    expect(new ReservedMemories(tree, memoryBanks(tree)).log.map(({ text }) => text)).toEqual([
      'Reserved memory: created DMA memory pool at 0x8ff00000, size 0 MiB',
      'OF: reserved mem: initialized node rpmsg-dma@8ff00000, compatible id shared-dma-pool',
    ]);
  });
});

describe('a node for imx_rpmsg', () => {
  /** The remoteproc's node gives way to one of NXP's driver on the same channels. */
  const exchange = (reg: readonly number[] | undefined) => (tree: DeviceTree) => {
    const old = tree.node('/remoteproc-cm7')!;
    old.set('status', 'disabled');
    const node = tree.root.add('rpmsg').set('compatible', 'fsl,imx8mq-rpmsg').set('vdev-nums', 1);
    if (reg) node.set('reg', reg);
    for (const name of ['mboxes', 'mbox-names', 'memory-region']) node.set(name, old.bytes(name)!);
  };

  it("imx_rpmsg_probe: NXP's kernel takes it, with its vrings where reg says and its pool", () => {
    const board = createBoard({ flavour: NXP, change: exchange([0, 0x5500_0000, 0, 0x1_0000]) });
    board.settle();
    expect(board.dmesgOfDrivers().slice(0, 4)).toEqual([
      'imx mu driver is registered.',
      'imx-rpmsg 55000000.rpmsg: assigned reserved memory node vdev0buffer@55400000', // of_reserved_mem_device_init
      'virtio_rpmsg_bus virtio0: rpmsg host is online',
      'imx rpmsg driver is registered.',
    ]);
    expect(board.events.some((event) => event.type === 'mu' && event.side === 'A' && event.action === 'transmit')).toBe(true);
  });

  it('imx_rpmsg_probe: without reg there are no vrings', () => {
    const board = createBoard({ flavour: NXP, change: exchange(undefined) });
    board.settle();
    expect(board.dmesgOfDrivers()).toEqual([
      'imx mu driver is registered.',
      'imx-rpmsg rpmsg: No vring buffer.',
      'imx-rpmsg: probe of rpmsg failed with error -12',
      'imx rpmsg driver is registered.',
    ]);
  });

  it('mainline has no such driver, and what waits is told which kernel has', () => {
    const board = createBoard({ change: exchange([0, 0x5500_0000, 0, 0x1_0000]) });
    board.settle();
    expect(board.dmesgOfDrivers()).toEqual([]);
    expect(board.linux.waitingFor()).toEqual([expect.stringMatching(/^\/rpmsg is for NXP's driver imx_rpmsg.*--kernel nxp has it/)]);
  });
});
