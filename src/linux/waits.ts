/**
 * What a Linux waits for, in plain words: said of a machine in which nothing happens any more, and of a call that took too long.
 */
import type { ImxRproc } from '../remoteproc/imx-rproc.ts';
import type { Rproc } from '../remoteproc/remoteproc-core.ts';
import { IMX_RPMSG_COMPATIBLES } from '../virtio/imx-rpmsg.ts';
import type { VirtioModules } from '../virtio/modules.ts';
import type { Kernel } from './kernel.ts';
import type { OfTree } from './of.ts';
import { absentMailboxes } from './of-platform.ts';
import type { PlatformBus } from './platform.ts';

/** What of a Linux is looked at. */
export interface Waiting {
  readonly kernel: Kernel;
  readonly platform: PlatformBus;
  readonly modules: VirtioModules;
  readonly remoteprocs: readonly ImxRproc[];
}

/** The cause before the symptom; empty when it waits for nothing in particular. `of` is the tree that it booted with. */
export function waits({ kernel, platform, modules, remoteprocs }: Waiting, of: OfTree | undefined): string[] {
  const texts: string[] = [];
  if (kernel.pm.sleeping)
    texts.push('Linux sleeps until something wakes it: an alarm set before in /sys/class/rtc/rtc0/wakealarm, or from freeze a doorbell');
  for (const { name, suppliers } of platform.devicesDeferred) {
    const node = platform.nodeOf(name);
    const missing = suppliers.length > 0 ? suppliers : node && of ? absentMailboxes(of, node) : [];
    texts.push(`the probe of ${name} waits for ${missing.join(', ') || 'another driver'}, which has no driver or does not exist`);
  }
  if (of && !kernel.flavour.imxRpmsg) {
    for (const path of rpmsgNodes(of))
      texts.push(`${path} is for NXP's driver imx_rpmsg, which ${kernel.flavour.title} does not have: --kernel nxp has it`);
  }
  const hasDriver = modules.loaded.includes('virtio_rpmsg_bus');
  for (const { rproc } of remoteprocs) texts.push(...rprocWaits(rproc), ...(hasDriver ? [] : driverless(rproc)));
  for (const { text } of modules.unboundChannels()) texts.push(text);
  for (const { name, waitingFor } of kernel.tasks) {
    if (waitingFor !== undefined && /^(mailbox|a TX buffer|mutex|a tty$)/.test(waitingFor)) texts.push(`${name} waits for ${waitingFor}`);
  }
  return texts;
}

/** Nodes for a driver that mainline does not have. */
function rpmsgNodes(of: OfTree): string[] {
  const nodes = [...of.tree.root.walk()].filter(({ available }) => available);
  return nodes.filter(({ compatible }) => compatible.some((each) => IMX_RPMSG_COMPATIBLES.includes(each))).map(({ path }) => path);
}

/** Said of a virtio device that waits for a driver which was not loaded. */
function driverless({ device, rvdevs }: Rproc): string[] {
  if (rvdevs.length === 0) return [];
  return [
    `${device}: its virtio device has no driver, since the module virtio_rpmsg_bus is not loaded (--modules), so firmware that waits for DRIVER_OK waits for ever`,
  ];
}

function rprocWaits(rproc: Rproc): string[] {
  const { device, state } = rproc;
  if (state === 'offline') return [`${device} is offline: it was not started, its start is still under way, or it failed`];
  if (state === 'crashed') return [`${device} has crashed and was not recovered`];
  if (rproc.rvdevs.length === 0 && state === 'attached')
    return [
      `${device} is attached, but has no virtio device: of a core that runs already, Linux looks for the resource table in the reserved region rsc-table, where firmware or boot loader has to put it`,
    ];
  if (rproc.rvdevs.length === 0)
    return [`${device} is ${state}, but has no virtio device: the firmware has no resource table with a vdev that Linux accepted`];
  return [];
}
