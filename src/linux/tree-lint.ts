/**
 * What is wrong with a device tree for remoteproc and RPMsg, found before anything runs, and the board that a tree describes.
 *
 * Each finding names the node and what Linux 6.1 would print; where NXP's kernel differs, the text says so. Only what imx_rproc, imx_mu,
 * NXP's imx_rpmsg and the reserved memory need is looked at.
 */
import { resource } from '../devicetree/address.ts';
import type { DeviceTree, DeviceTreeNode } from '../devicetree/tree.ts';
import { hex } from '../memory/bits.ts';
import type { Firmware } from '../remoteproc/elf-loader.ts';
import { isVdevBuffer } from '../remoteproc/imx-rproc.ts';
import type { BoardDescription, RemoteprocDescription, SocDescription } from '../soc/soc.ts';
import { type LintFinding, lintFirmware } from './firmware-lint.ts';
import { OfTree } from './of.ts';
import { boardBanks, imxRprocProperties, memoryBanks } from './of-platform.ts';
import { ReservedMemories } from './reserved-memory.ts';
import { lintRpmsgNodes, rpmsgNodes } from './rpmsg-node-lint.ts';

interface Context {
  readonly tree: DeviceTree;
  readonly of: OfTree;
  readonly reserved: ReservedMemories;
  readonly soc: SocDescription;
  readonly add: (severity: LintFinding['severity'], place: string, text: string, remedy: string, linux?: readonly string[]) => void;
}

/** The board as `tree` describes it: its regions and MU take the place of those of `board`. */
function treeBoard(tree: DeviceTree, soc: SocDescription, board: BoardDescription): BoardDescription {
  const of = new OfTree(tree, () => {});
  const reserved = new ReservedMemories(tree, boardBanks(soc, board));
  const remoteprocs: Record<string, BoardDescription['remoteprocs'][string]> = {};
  for (const description of soc.remoteprocs) {
    const node = remoteprocNode(tree, description);
    if (!node?.available) continue;
    const { memoryRegions } = imxRprocProperties(of, reserved, node, description, (target) => target.path);
    const mu = mailboxOf(of, node);
    const known = soc.mus.find(({ a }) => mu && a.base === resource(mu)?.base);
    remoteprocs[description.core] = { mu: known?.name ?? '', memoryRegions };
  }
  return { ...board, remoteprocs };
}

/** All findings about `tree` on `soc`; `board` has the memory that U-Boot would put in. */
export function lintTree(tree: DeviceTree, soc: SocDescription, board: BoardDescription): LintFinding[] {
  const findings: LintFinding[] = [];
  const reserved = new ReservedMemories(tree, boardBanks(soc, board));
  const add: Context['add'] = (severity, place, text, remedy, linux) =>
    void findings.push({ severity, place, text, remedy, ...(linux ? { linux } : {}) });
  const fragment = [...tree.root.children.values()].find((node) => node.child('__overlay__'));
  if (fragment) {
    add(
      'error',
      fragment.path,
      'the tree is an overlay, which Linux cannot boot with',
      'give it with --overlay, and the tree of the board with --dtb',
    );
    return findings;
  }
  const context: Context = { tree, of: new OfTree(tree, () => {}), reserved, soc, add };
  lintRoot(context);
  lintReservedMemory(context);
  for (const description of soc.remoteprocs) lintRemoteproc(context, description);
  for (const finding of lintRpmsgNodes(tree, context.of)) findings.push(finding);
  return findings;
}

/** What is wrong with `tree`, and with `firmware` on it. */
export function lintOnTree(
  firmware: Firmware,
  tree: DeviceTree,
  soc: SocDescription,
  board: BoardDescription,
  core?: string,
): LintFinding[] {
  const described = treeBoard(tree, soc, board);
  const findings = lintTree(tree, soc, board);
  const used = soc.remoteprocs.find((candidate) => core === undefined || candidate.core === core);
  // Without a node there is nothing to compare the firmware with.
  if (used && described.remoteprocs[used.core]) findings.push(...lintFirmware(firmware, soc, described, core));
  return findings;
}

function remoteprocNode(tree: DeviceTree, { compatible, alsoCompatible = [] }: RemoteprocDescription): DeviceTreeNode | undefined {
  const nodes = [...tree.root.walk()].filter((node) =>
    node.compatible.some((each) => each === compatible || alsoCompatible.includes(each)),
  );
  return nodes.find((node) => node.available) ?? nodes[0];
}

function mailboxOf(of: OfTree, node: DeviceTreeNode): DeviceTreeNode | undefined {
  const entry = of.parsePhandleWithArgs(node, 'mboxes', '#mbox-cells', 0, false);
  return typeof entry === 'number' ? undefined : entry.node;
}

function lintRoot({ tree, soc, add }: Context): void {
  const { compatible } = tree.root;
  if (!soc.compatible || compatible.includes(soc.compatible)) return;
  add(
    'warning',
    '/',
    `the tree is for another SoC: compatible is ${compatible.map((each) => `"${each}"`).join(', ') || 'missing'}, without "${soc.compatible}"`,
    `give a tree for ${soc.title}, or choose the SoC with --soc`,
  );
}

function lintReservedMemory({ reserved, add }: Context): void {
  for (const [index, { level, text }] of reserved.log.entries()) {
    if (level !== 3 || text.includes(' overlaps with ')) continue;
    const next = reserved.log[index + 1]?.text;
    const overlap = text.endsWith('OVERLAP DETECTED!') && next !== undefined;
    add(
      overlap ? 'warning' : 'error',
      '/reserved-memory',
      overlap ? next : text.replace(/^OF: (fdt: |reserved mem: )*(Reserved memory: )?/, ''),
      overlap ? 'move one of them, or make it smaller: each side would write over the other' : 'mend the node in the device tree',
      overlap ? [text, next] : [text],
    );
  }
}

function lintRemoteproc(context: Context, description: RemoteprocDescription): void {
  const { tree, soc, add } = context;
  const node = remoteprocNode(tree, description);
  const withNode = soc.boards.map(({ title }) => title).join('; ');
  if (!node) {
    // The tree of a board whose core U-Boot starts.
    const rpmsg = rpmsgNodes(tree);
    if (rpmsg.some(({ available }) => available) && tree.root.compatible.includes(soc.compatible ?? '')) return;
    const other = [...tree.root.walk()].find((candidate) => candidate.compatible.some((each) => /^fsl,imx\w+-cm\d+$/.test(each)));
    const instead = [
      ...(other ? [`; ${other.path} is for another core (${other.string('compatible')})`] : []),
      ...(rpmsg[0]
        ? [`; ${rpmsg[0].path}, by which NXP's kernel would talk to the core, has the status "${rpmsg[0].string('status')}"`]
        : []),
    ].join('');
    add(
      'error',
      '/',
      `it has no node with compatible "${description.compatible}"${instead}: there is no /sys/class/remoteproc/remoteproc0, nothing is printed, and the rpmsg modules load and do nothing`,
      `give the tree or overlay that has it (${withNode})`,
    );
    return;
  }
  const place = node.path;
  if (!node.available) {
    // The other driver has the mailbox.
    if (rpmsgNodes(tree).some(({ available }) => available)) return;
    add(
      'error',
      place,
      `its status is "${node.string('status')}": Linux makes no remoteproc of it, and prints nothing`,
      'set status to "okay"; board code of U-Boot disables such nodes when the core does not run yet',
    );
    return;
  }
  const dev = `imx-rproc ${description.node}: `;
  if (!node.has('clocks') && description.method !== 'none')
    add('error', place, 'it has no clocks, without which mainline refuses to probe (NXP: works)', 'add clocks = <&clk ...>', [
      `${dev}Failed to get clock`,
      `imx-rproc: probe of ${description.node} failed with error -2`,
    ]);
  if (description.method === 'mmio' && !context.of.parsePhandle(node, 'syscon', 0)?.compatible.includes('syscon'))
    add('error', place, 'its syscon leads to no syscon node', 'add syscon = <&src>', [`${dev}failed to find syscon`]);
  lintMailboxes(context, node, dev);
  lintRegions(context, node, description, dev);
}

/** `mboxes` and `mbox-names`: tx and rx for imx_rproc, rxdb for NXP's. */
function lintMailboxes({ of, soc, add }: Context, node: DeviceTreeNode, dev: string): void {
  const place = node.path;
  const names = node.strings('mbox-names');
  const wanted = 'mbox-names = "tx", "rx", "rxdb"; mboxes = <&mu 0 1>, <&mu 1 1>, <&mu 3 1>';
  if (!node.has('mbox-names')) {
    add('error', place, 'it has no mbox-names: Linux starts the core, but cannot ring it, nor hear it', `add ${wanted}`, [
      `${dev}No initialized mbox tx channel`,
    ]);
    return;
  }
  for (const name of ['tx', 'rx'] as const) {
    const index = names.findIndex((candidate) => candidate.startsWith(name));
    const failed = `${dev}error -EINVAL: failed to request ${name} mailbox channel`;
    if (index < 0) {
      const lost = `${dev}mbox_request_channel_byname() could not locate channel named "${name}"`;
      add('error', place, `mbox-names has no "${name}"`, `let it say ${wanted}`, [lost, failed]);
      continue;
    }
    if (names[index] !== name)
      add('warning', place, `mbox-names has "${names[index]}" before "${name}", and Linux takes it for "${name}"`, `let it say ${wanted}`);
    const printed: string[] = [];
    const entry = new OfTree(of.tree, (text) => printed.push(text)).parsePhandleWithArgs(node, 'mboxes', '#mbox-cells', index);
    if (typeof entry === 'number') {
      add('error', place, `entry ${index} of mboxes (${name}) leads nowhere`, `let it say ${wanted}`, [...printed, failed]);
      continue;
    }
    const { node: mailbox, args } = entry;
    if (!mailbox.available) {
      add(
        'error',
        place,
        `its mailbox ${mailbox.path} has the status "${mailbox.string('status')}": the probe waits for it for ever, and nothing is printed`,
        'set the status of the mailbox to "okay"',
      );
      return;
    }
    const known = soc.mus.find(({ a }) => a.base === resource(mailbox)?.base);
    if (!known)
      add('error', place, `its mailbox ${mailbox.path} is no messaging unit that ${soc.title} has towards the core`, 'refer to &mu');
    if (args[0] !== (name === 'tx' ? 0 : 1) || args.length !== 2)
      add('error', place, `${name} is <${args.join(' ')}>, no ${name === 'tx' ? 'transmit' : 'receive'} channel`, `let it say ${wanted}`, [
        failed,
      ]);
    else if (args[1] !== 1)
      add(
        'warning',
        place,
        `${name} is channel ${args[1]}; firmware of NXP and Zephyr rings and listens on channel 1`,
        `let it say ${wanted}`,
      );
  }
  if (!names.includes('rxdb')) add('note', place, 'mbox-names has no "rxdb", which NXP kernels 5.4 and 5.10 want', `let it say ${wanted}`);
}

function lintRegions({ of, reserved, add }: Context, node: DeviceTreeNode, description: RemoteprocDescription, dev: string): void {
  const place = node.path;
  if (!node.has('memory-region')) {
    add(
      'warning',
      place,
      'it has no memory-region: vrings and buffers come from general memory, firmware in DDR cannot be loaded',
      'add memory-region = <&vdev0buffer>, <&vdev0vring0>, <&vdev0vring1>, <&rsc_table>, <&m7_reserved>',
    );
    return;
  }
  const { memoryRegions } = imxRprocProperties(of, reserved, node, description, (target) => target.path);
  for (const { name, base, size, resolvable, reserved: known } of memoryRegions) {
    if (resolvable === false && !name.startsWith('vdev'))
      add('error', place, `memory-region ${name} has no reg that can be read`, 'give the region a fixed address', [
        `${dev}unable to resolve memory region`,
        `${dev}failed on imx_rproc_addr_init`,
      ]);
    const banks = memoryBanks(of.tree);
    if (resolvable !== false && banks.length > 0 && !banks.some((bank) => base >= bank.base && base + size <= bank.base + bank.size))
      add(
        'warning',
        place,
        `memory-region ${name} at ${hex(base)} lies outside of the memory that the tree has (${banks.map((bank) => `${hex(bank.base)}..${hex(bank.base + bank.size - 1)}`).join(', ')})`,
        'move the region into the memory of the board; a board that has less than its device tree was made for hangs there',
      );
    const byName = isVdevBuffer({ name }) || name === 'rsc-table';
    if (known === false && !byName)
      add('error', place, `memory-region ${name} is no available child of /reserved-memory: starting the core fails`, 'move it there', [
        `${dev}unable to acquire memory-region`,
        "remoteproc remoteproc0: can't prepare rproc imx-rproc: -22",
      ]);
    if (/^rsc_table$/.test(name))
      add('warning', place, 'Linux looks for a region called rsc-table; rsc_table is an ordinary one', 'rename the node to rsc-table@...');
    if (size === 0 && resolvable !== false) add('error', place, `memory-region ${name} at ${hex(base)} has no size`, 'give it a size');
  }
  lintPool(of, reserved, node, add);
  lintUnused(of, reserved, node, add);
  const names = new Set(memoryRegions.map(({ name }) => name));
  const missing = ['vdev0vring0', 'vdev0vring1'].filter((name) => !names.has(name));
  if (missing.length > 0)
    add(
      'warning',
      place,
      `memory-region has no ${missing.join(' and no ')}: firmware that expects its vrings at fixed addresses is refused`,
      'reserve them at the addresses in the firmware (VDEV0_VRING_BASE)',
    );
}

/** Memory of the core that was set aside and is not given to it, as in NXP's own tree for the 8M Plus EVK (6.1). */
function lintUnused(of: OfTree, reserved: ReservedMemories, node: DeviceTreeNode, add: Context['add']): void {
  const given = new Set(node.cells('memory-region').map((phandle) => of.byPhandle(phandle)));
  for (const region of reserved.regions) {
    if (given.has(region.node) || !/^c?m\d(_|-|$)/.test(region.node.baseName)) continue;
    add(
      'note',
      region.node.path,
      `it looks like the core's memory, but is not in memory-region of ${node.path}: U-Boot can load firmware there, remoteproc cannot`,
      'add it to memory-region',
    );
  }
}

/** The message buffers: the first region, if it is a pool. */
function lintPool(of: OfTree, reserved: ReservedMemories, node: DeviceTreeNode, add: Context['add']): void {
  const targets = node.cells('memory-region').map((phandle) => of.byPhandle(phandle));
  const at = targets.findIndex((target) => target && isVdevBuffer({ name: target.baseName }));
  const remedy = 'put vdev0buffer, with compatible = "shared-dma-pool" and no-map, first in memory-region';
  if (at < 0) {
    if (!targets[0] || !reserved.of(targets[0])?.pool)
      add('warning', node.path, 'memory-region has no vdev0buffer: message buffers come from memory that the core may not reach', remedy);
    return;
  }
  const target = targets[at]!;
  if (at > 0)
    add('warning', node.path, `${target.name} is not the first memory-region, and Linux takes no other for the message buffers`, remedy);
  if (!target.compatible.includes('shared-dma-pool'))
    add('warning', target.path, 'it is no "shared-dma-pool": message buffers come from memory that the core may not reach', remedy);
}
