/**
 * What every Linux shows of itself beside its drivers: proc, /sys/firmware, the memory devices, /sys/kernel/debug/devices_deferred.
 */
import { resource } from '../devicetree/address.ts';
import type { DeviceTree } from '../devicetree/tree.ts';
import { addMemoryDevices } from './char-mem.ts';
import { addFirmwareTree } from './firmware-tree.ts';
import { debugfsFile } from './fs/kernel-files.ts';
import type { Kernel } from './kernel.ts';
import type { PlatformBus } from './platform.ts';
import { type ModuleFacts, physicalMemory, type SystemFacts, type TtyDriverFacts } from './proc/facts.ts';
import { mountProc } from './proc/proc.ts';

/** Devices that one tty driver can have. */
const TTYS_PER_DRIVER = 32;

/** Who knows. */
export interface SystemSources {
  readonly deviceTree: () => DeviceTree;
  readonly platform: PlatformBus;
  readonly modules: () => readonly ModuleFacts[];
  /** Ttys that there are. */
  readonly ttys: () => readonly { readonly name: string; readonly major: number }[];
}

/** Makes them for `kernel`; what they say is asked for when they are read. */
export function addSystemFiles(kernel: Kernel, { deviceTree, platform, modules, ttys }: SystemSources): void {
  const facts: SystemFacts = {
    deviceTree,
    modules,
    ttyDrivers: () => ttyDrivers(ttys()),
    claimed: () =>
      platform.bound.flatMap(({ name, node }) => {
        const window = node && resource(node);
        return window ? [{ ...window, name: `${name} ${node.name}` }] : [];
      }),
  };
  mountProc(kernel, facts);
  addMemoryDevices(kernel, () => physicalMemory(deviceTree()));
  addFirmwareTree(kernel, deviceTree);
  kernel.debugfs.add('devices_deferred', debugfsFile({ mode: 0o444, show: () => deferredText(platform) }));
}

/** `deferred_devs_show`. */
function deferredText({ devicesDeferred }: PlatformBus): string {
  const reason = (suppliers: readonly string[]): string => (suppliers[0] ? `platform: supplier ${suppliers[0]} not ready` : '');
  return devicesDeferred.map(({ name, suppliers }) => `${name}\t${reason(suppliers)}\n`).join('');
}

/** Drivers of the ttys, by their majors; all ttys here are called alike. */
function ttyDrivers(ttys: readonly { readonly name: string; readonly major: number }[]): TtyDriverFacts[] {
  const names = new Map(ttys.map(({ name, major }) => [major, name.replace(/\d+$/, '')]));
  return [...names].map(([major, name]) => ({ driver: 'rpmsg_tty', name, major, firstMinor: 0, count: TTYS_PER_DRIVER }));
}
