/**
 * From the device tree to what Linux has at boot: memory, reserved memory, platform devices, and what the i.MX drivers read in their nodes.
 *
 * Mirrors drivers/of/platform.c, `early_init_dt_scan_memory`, and the properties that imx_rproc.c asks for. fw_devlink is modelled for
 * `mboxes` alone: clocks, pins and power domains are taken as being there.
 */
import { type AddressRange, deviceName, regEntries, resource } from '../devicetree/address.ts';
import { builtInTree } from '../devicetree/built-in-tree.ts';
import type { DeviceTree, DeviceTreeNode } from '../devicetree/tree.ts';
import type { AddressSpace } from '../memory/bus.ts';
import type { ImxRprocProperties, MemoryRegion } from '../remoteproc/imx-rproc.ts';
import type { BoardDescription, RemoteprocDescription, SocDescription } from '../soc/soc.ts';
import type { ImxRpmsgProperties } from '../virtio/imx-rpmsg.ts';
import { DmaPool } from './dma-pool.ts';
import type { MboxSpecifier } from './mailbox.ts';
import type { OfTree } from './of.ts';
import type { PlatformDevice } from './platform.ts';
import type { ReservedMemories, ReservedRegion } from './reserved-memory.ts';

/** `of_default_bus_match_table`: buses whose children become devices. */
const BUSES: readonly string[] = ['simple-bus', 'simple-mfd', 'isa', 'arm,amba-bus'];
/** `of_skipped_node_table`. */
const SKIPPED = 'operating-points-v2';
/** More `mboxes` and `memory-region`s than any driver asks for; what is beyond is not looked at. */
const MOST_ENTRIES = 64;
/** Bytes of the pool for DMA outside of reserved memory (`cma=16M`). */
const GLOBAL_POOL = 16 * 1024 * 1024;

/** The board's memory, which U-Boot puts into every tree before it starts Linux (`fdt_fixup_memory_banks`). */
export function boardBanks(soc: SocDescription, board: BoardDescription): AddressRange[] {
  return memoryBanks(builtInTree(soc, board));
}

/** `early_init_dt_scan_memory`: the banks of all memory nodes; `linux,usable-memory` stands for `reg`. */
export function memoryBanks(tree: DeviceTree): AddressRange[] {
  const banks: AddressRange[] = [];
  for (const node of tree.root.children.values()) {
    if (node.string('device_type') !== 'memory' || !node.available) continue;
    const property = node.has('linux,usable-memory') ? 'linux,usable-memory' : 'reg';
    banks.push(...regEntries(node, property).filter(({ size }) => size > 0));
  }
  return banks;
}

/** `of_platform_default_populate`: devices in the order in which the kernel makes them. */
export function platformDevices(of: OfTree): PlatformDevice[] {
  const devices: PlatformDevice[] = [];
  const names = new Set<string>();
  const create = (node: DeviceTreeNode, parent: PlatformDevice | undefined): void => {
    const compatibles = node.strings('compatible');
    const [compatible] = compatibles;
    if (compatible === undefined || compatibles.includes(SKIPPED)) return;
    // A primecell becomes an amba device, which no driver here asks for.
    if (compatibles.includes('arm,primecell') || !node.available) return;
    const name = deviceName(node);
    // device_add fails for a name that is taken (sysfs: cannot create duplicate filename).
    if (names.has(name) || name.includes('/')) return;
    names.add(name);
    const suppliers = mailboxDevices(of, node);
    const device: PlatformDevice = { name, compatible, properties: undefined, node, suppliers, ...(parent ? { parent } : {}) };
    devices.push(device);
    if (compatibles.some((one) => BUSES.includes(one))) for (const child of node.children.values()) create(child, device);
  };
  const firmware = of.tree.node('/firmware');
  if (firmware) for (const node of firmware.children.values()) create(node, undefined);
  for (const node of of.tree.root.children.values()) create(node, undefined);
  return devices;
}

/** Devices of the mailboxes that a node names: fw_devlink lets no probe begin before they have drivers. A disabled one is no supplier. */
function mailboxDevices(of: OfTree, node: DeviceTreeNode): string[] {
  const found = new Set<string>();
  for (let index = 0; index < MOST_ENTRIES && node.has('mboxes'); index++) {
    const entry = of.parsePhandleWithArgs(node, 'mboxes', '#mbox-cells', index, false);
    if (typeof entry === 'number') break;
    if (entry.node.available) found.add(deviceName(entry.node));
  }
  return [...found];
}

/** Mailboxes that a node names and that will never have a driver, in plain words. */
export function absentMailboxes(of: OfTree, node: DeviceTreeNode): string[] {
  const found = new Set<string>();
  for (let index = 0; index < MOST_ENTRIES && node.has('mboxes'); index++) {
    const entry = of.parsePhandleWithArgs(node, 'mboxes', '#mbox-cells', index, false);
    if (typeof entry === 'number') break;
    const { node: target } = entry;
    if (!target.available) found.add(`${target.path} (its status is ${JSON.stringify(target.string('status') ?? '')})`);
  }
  return [...found];
}

/** imx_rproc's table: cores that have the same data in it match either way. */
export function imxRprocOfMatch(
  soc: SocDescription,
): readonly { readonly compatible: string; readonly description: RemoteprocDescription }[] {
  return soc.remoteprocs.flatMap((description) =>
    [description.compatible, ...(description.alsoCompatible ?? [])].map((compatible) => ({ compatible, description })),
  );
}

/** What imx_rproc reads in its node; `mailboxName` gives the name under which the controller of a node registers. */
export function imxRprocProperties(
  of: OfTree,
  reserved: ReservedMemories,
  node: DeviceTreeNode,
  description: RemoteprocDescription,
  mailboxName: (node: DeviceTreeNode) => string,
): ImxRprocProperties {
  const syscon = of.parsePhandle(node, 'syscon', 0);
  const startupDelayMs = node.cell('fsl,startup-delay-ms');
  return {
    description,
    ...(node.has('mbox-names') ? { mboxes: mailboxSpecifiers(of, node, mailboxName) } : {}),
    memoryRegions: memoryRegions(of, reserved, node),
    autoBoot: node.has('fsl,auto-boot'),
    clock: node.has('clocks'),
    syscon: syscon?.strings('compatible').includes('syscon') ?? false,
    ...(startupDelayMs === undefined ? {} : { startupDelayMs }),
  };
}

/** What NXP's imx_rpmsg reads in its node. */
export function imxRpmsgProperties(
  of: OfTree,
  reserved: ReservedMemories,
  node: DeviceTreeNode,
  memory: AddressSpace,
  mailboxName: (node: DeviceTreeNode) => string,
): ImxRpmsgProperties {
  const reg = resource(node);
  const region = reservedPool(of, reserved, node);
  return {
    vdevNums: node.cell('vdev-nums') ?? 1,
    ...(reg ? { reg } : {}),
    ...(node.has('mbox-names') ? { mboxes: mailboxSpecifiers(of, node, mailboxName) } : {}),
    ...(region ? { pool: { node: region.name, pool: new DmaPool(memory, region.base, region.size) } } : {}),
  };
}

/** `mboxes` by `mbox-names`, each looked up when its channel is requested, for then the kernel prints what is wrong with it. */
function mailboxSpecifiers(
  of: OfTree,
  node: DeviceTreeNode,
  mailboxName: (node: DeviceTreeNode) => string,
): Record<string, () => MboxSpecifier | number> {
  const specifiers: Record<string, () => MboxSpecifier | number> = {};
  for (const [index, name] of node.strings('mbox-names').slice(0, MOST_ENTRIES).entries()) {
    specifiers[name] ??= () => {
      const entry = of.parsePhandleWithArgs(node, 'mboxes', '#mbox-cells', index);
      return typeof entry === 'number' ? entry : { node: mailboxName(entry.node), args: entry.args };
    };
  }
  return specifiers;
}

function memoryRegions(of: OfTree, reserved: ReservedMemories, node: DeviceTreeNode): MemoryRegion[] {
  const regions: MemoryRegion[] = [];
  for (const phandle of node.cells('memory-region').slice(0, MOST_ENTRIES)) {
    const target = of.byPhandle(phandle);
    if (!target) continue;
    const reg = resource(target);
    const region = reserved.lookup(target);
    const { base, size } = reg ?? region ?? { base: 0, size: 0 };
    regions.push({
      name: target.baseName,
      base,
      size,
      ...(reg ? {} : { resolvable: false }),
      ...(region ? {} : { reserved: false }),
    });
  }
  return regions;
}

/** `of_reserved_mem_device_init_by_idx`: the pool of the node's first `memory-region`, if that is one. */
export function reservedPool(of: OfTree, reserved: ReservedMemories, node: DeviceTreeNode): ReservedRegion | undefined {
  const target = of.parsePhandle(node, 'memory-region', 0);
  const region = target && reserved.of(target);
  return region?.pool ? region : undefined;
}

/** What other DMA comes from: the lowest part of the default CMA area, or else the highest free stretch of RAM. */
export function globalPool(memory: AddressSpace, banks: readonly AddressRange[], reserved: ReservedMemories): DmaPool {
  const ram = memory.regions.filter((region) => region.ram);
  const isRam = (base: number, size: number): boolean =>
    ram.some((region) => base >= region.base && base + size <= region.base + region.size);
  const cma = reserved.regions.find(({ node, pool }) => pool === 'cma' && node.has('linux,cma-default'));
  if (cma && isRam(cma.base, Math.min(cma.size, GLOBAL_POOL))) return new DmaPool(memory, cma.base, Math.min(cma.size, GLOBAL_POOL));
  for (const bank of [...banks].sort((one, other) => other.base - one.base)) {
    for (const { base: start, size } of [...ram].sort((one, other) => other.base - one.base)) {
      const low = Math.max(bank.base, start);
      const end = Math.min(bank.base + bank.size, start + size);
      for (let base = Math.floor((end - GLOBAL_POOL) / GLOBAL_POOL) * GLOBAL_POOL; base >= low; base -= GLOBAL_POOL)
        if (reserved.isFree({ base, size: GLOBAL_POOL })) return new DmaPool(memory, base, GLOBAL_POOL);
    }
  }
  return new DmaPool(memory, ram[0]?.base ?? 0, 0);
}
