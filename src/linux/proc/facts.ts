/**
 * What proc says of the machine: taken from the device tree with which the kernel was booted, and from who else knows.
 */
import { type AddressRange, regEntries } from '../../devicetree/address.ts';
import type { DeviceTree, DeviceTreeNode } from '../../devicetree/tree.ts';

/** A loaded module, as `lsmod` shows it. */
export interface ModuleFacts {
  readonly name: string;
  readonly size: number;
  readonly refcount: number;
  readonly usedBy: readonly string[];
  readonly state: string;
}

/** A line of /proc/tty/drivers. */
export interface TtyDriverFacts {
  readonly driver: string;
  /** Name of its devices without number. */
  readonly name: string;
  readonly major: number;
  readonly firstMinor: number;
  readonly count: number;
}

/** What proc asks for, each time that it is read. */
export interface SystemFacts {
  /** The tree with which the kernel was booted. */
  readonly deviceTree: () => DeviceTree | undefined;
  readonly modules: () => readonly ModuleFacts[];
  /** Major numbers that drivers were given, with the names under which they asked. */
  readonly majors: () => readonly { readonly major: number; readonly name: string }[];
  readonly ttyDrivers: () => readonly TtyDriverFacts[];
  /** `machine_name` of a 32-bit kernel, if it has a descriptor for the SoC. */
  readonly machineName?: string | undefined;
  /** Windows of devices that drivers have claimed. */
  readonly claimed: () => readonly (AddressRange & { readonly name: string })[];
}

/** Main ID register of a core by its `compatible`: part, variant, revision as on NXP's SoCs. */
const CORES: Readonly<Record<string, readonly [part: number, variant: number, revision: number]>> = {
  'arm,cortex-a7': [0xc07, 0, 5],
  'arm,cortex-a9': [0xc09, 2, 10],
  'arm,cortex-a35': [0xd04, 0, 2],
  'arm,cortex-a53': [0xd03, 0, 4],
  'arm,cortex-a55': [0xd05, 2, 0],
  'arm,cortex-a72': [0xd08, 0, 3],
};

/** Cores of 32-bit Linux: their `elf_hwcap`, and the rate of the delay timer (the architected one at 8 MHz, the GPT at 3 MHz). */
const ARMV7: Readonly<Record<string, { readonly features: string; readonly bogoMips: string }>> = {
  'arm,cortex-a7': { features: 'half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm', bogoMips: '16.00' },
  'arm,cortex-a9': { features: 'half thumb fastmult vfp edsp neon vfpv3 tls vfpd32', bogoMips: '6.00' },
};

/** A core of 32-bit Linux, whose /proc/cpuinfo has other lines. */
export interface Armv7Facts {
  readonly features: string;
  readonly bogoMips: string;
}

/** A core that Linux runs on. */
export interface CpuFacts {
  readonly armv7?: Armv7Facts;
  readonly part: number;
  readonly variant: number;
  readonly revision: number;
}

/** The cores of the tree's /cpus in their order; one Cortex-A53 for a tree that has none. */
export function cpus(tree: DeviceTree | undefined): CpuFacts[] {
  const nodes = [...(tree?.node('/cpus')?.children.values() ?? [])].filter(
    (node) => node.string('device_type') === 'cpu' && node.available,
  );
  const list = nodes.length > 0 ? nodes.map((node) => node.strings('compatible')[0] ?? '') : ['arm,cortex-a53'];
  return list.map((compatible) => {
    const [part, variant, revision] = CORES[compatible] ?? [0xd03, 0, 4];
    const armv7 = ARMV7[compatible];
    return { part, variant, revision, ...(armv7 ? { armv7 } : {}) };
  });
}

/** `machine` of uname(2). */
export function machineHardware(tree: DeviceTree | undefined): 'aarch64' | 'armv7l' {
  return cpus(tree)[0]?.armv7 ? 'armv7l' : 'aarch64';
}

/** Name of the interrupt chip. */
export function interruptChip(tree: DeviceTree | undefined): string {
  const isGic = (node: DeviceTreeNode): boolean => node.has('interrupt-controller') && /gic/.test(node.strings('compatible')[0] ?? '');
  for (const node of nodesOf(tree)) if (isGic(node)) return node.strings('compatible').includes('arm,gic-v3') ? 'GICv3' : 'GIC-0';
  return 'GICv3';
}

/** RAM and what of it is not the kernel's to give out, in the order of addresses. */
export function physicalMemory(tree: DeviceTree | undefined): {
  readonly banks: readonly AddressRange[];
  readonly reserved: readonly (AddressRange & { readonly name: string; readonly noMap: boolean })[];
} {
  const banks: AddressRange[] = [];
  for (const node of tree?.root.children.values() ?? [])
    if (node.string('device_type') === 'memory' && node.available) banks.push(...regEntries(node));
  const reserved = [...(tree?.node('/reserved-memory')?.children.values() ?? [])].flatMap((node) =>
    node.available ? regEntries(node).map(({ base, size }) => ({ base, size, name: node.baseName, noMap: node.has('no-map') })) : [],
  );
  return { banks: banks.filter(({ size }) => size > 0).sort(byBase), reserved: reserved.filter(({ size }) => size > 0).sort(byBase) };
}

function byBase(a: AddressRange, b: AddressRange): number {
  return a.base - b.base;
}

function* nodesOf(tree: DeviceTree | undefined): Iterable<DeviceTreeNode> {
  const todo = tree ? [tree.root] : [];
  for (let node = todo.pop(); node; node = todo.pop()) {
    yield node;
    todo.push(...node.children.values());
  }
}
