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
import { type ModuleFacts, physicalMemory, type SystemFacts } from './proc/facts.ts';
import { mountProc } from './proc/proc.ts';

/** Who knows. */
export interface SystemSources {
  readonly deviceTree: () => DeviceTree;
  readonly platform: PlatformBus;
  readonly modules: () => readonly ModuleFacts[];
  /** Major numbers that drivers were given. */
  readonly majors: () => readonly { readonly major: number; readonly name: string }[];
  readonly ttyDrivers: () => readonly { readonly name: string; readonly major: number; readonly count: number }[];
  /** `machine_name` of a 32-bit kernel; the generic one's unless given. */
  readonly machineName?: string | undefined;
}

/** Makes them for `kernel`; what they say is asked for when they are read. */
export function addSystemFiles(kernel: Kernel, { deviceTree, platform, modules, majors, ttyDrivers, machineName }: SystemSources): void {
  const facts: SystemFacts = {
    deviceTree,
    modules,
    majors,
    machineName,
    ttyDrivers: () => ttyDrivers().map((driver) => ({ ...driver, driver: 'rpmsg_tty', firstMinor: 0 })),
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
