/**
 * /sys/devices/soc0 (drivers/base/soc.c, drivers/soc/imx/soc-imx8m.c and soc-imx.c): which SoC it is, by the root of the device tree.
 *
 * Revisions are those of the parts that the boards here carry; the drivers read them from ANADIG_DIGPROG or ask TF-A. Not modelled: serial_number,
 * which is a fuse, and the line that the 8M's driver prints.
 */
import type { DeviceTree } from '../devicetree/tree.ts';
import type { SocDescription } from '../soc/soc.ts';
import { readOnly } from '../virtio/bus-sysfs.ts';
import type { Kernel } from './kernel.ts';

/** `soc_device_register`, where the tree is one for `soc` and the drivers know that. */
export function addSocDevice(kernel: Kernel, { root }: DeviceTree, { compatible, deviceTree }: SocDescription): void {
  const machine = root.string('model');
  const names = deviceTree?.kernelNames;
  if (!names || machine === undefined || compatible === undefined || !root.strings('compatible').includes(compatible)) return;
  const { socId, revision } = names;
  const facts = { machine, family: 'Freescale i.MX', soc_id: socId, revision };
  kernel.devices.add({
    name: 'soc0',
    bus: 'soc',
    attributes: Object.entries(facts).map(([name, value]) => readOnly(name, () => `${value}\n`)),
  });
}
