/**
 * /sys/devices/soc0 (drivers/base/soc.c, drivers/soc/imx/soc-imx8m.c and soc-imx.c): which SoC it is, by the root of the device tree.
 *
 * Revisions are those of the parts that the boards here carry; the drivers read them from ANADIG_DIGPROG or ask TF-A. Not modelled: serial_number,
 * which is a fuse, and the line that the 8M's driver prints.
 */
import type { DeviceTree } from '../devicetree/tree.ts';
import { readOnly } from '../virtio/bus-sysfs.ts';
import type { Kernel } from './kernel.ts';

/** `soc_id` and `revision` by a `compatible` of the root. */
const SOCS: Readonly<Record<string, readonly [id: string, revision: string]>> = {
  'fsl,imx6sx': ['i.MX6SX', '1.2'],
  'fsl,imx7d': ['i.MX7D', '1.3'],
  'fsl,imx8mm': ['i.MX8MM', '1.0'],
  'fsl,imx8mn': ['i.MX8MN', '1.0'],
  'fsl,imx8mp': ['i.MX8MP', '1.1'],
  'fsl,imx8mq': ['i.MX8MQ', '2.1'],
};

/** `soc_device_register`, where the driver knows the SoC. */
export function addSocDevice(kernel: Kernel, { root }: DeviceTree): void {
  const known = root.strings('compatible').find((compatible) => compatible in SOCS);
  const machine = root.string('model');
  if (known === undefined || machine === undefined) return;
  const [id, revision] = SOCS[known]!;
  const facts = { machine, family: 'Freescale i.MX', soc_id: id, revision };
  kernel.devices.add({
    name: 'soc0',
    bus: 'soc',
    attributes: Object.entries(facts).map(([name, value]) => readOnly(name, () => `${value}\n`)),
  });
}
