/**
 * systemd-udevd, as far as it shows: a device that appears with a `MODALIAS` has its module loaded.
 *
 * Mainline's rpmsg_client_sample, rpmsg_tty, rpmsg_char and rpmsg_ctrl name their devices in an alias; NXP's imx_rpmsg_tty and imx_rpmsg_pingpong
 * do not, so users of theirs type `modprobe`. Not modelled: rules, permissions, links in /dev.
 */
import type { VirtioModules } from '../virtio/modules.ts';
import type { Kernel } from './kernel.ts';
import { LATENCY } from './latencies.ts';

/** Starts it; modules are those that it loads. */
export function startUdev(kernel: Kernel, modules: VirtioModules): void {
  kernel.devices.onAdd((device) => {
    for (const line of device.uevent?.() ?? []) {
      const module = line.startsWith('MODALIAS=') ? modules.byAlias(line.slice('MODALIAS='.length)) : undefined;
      if (module !== undefined && !modules.loaded.includes(module)) kernel.spawn('(udev-worker)', modules.insert(module), LATENCY.udev);
    }
  });
}
