/**
 * i.MX 7Solo: the i.MX 7Dual with one Cortex-A7, as the Colibri iMX7S carries it.
 *
 * Sources: IMX7SRM, Linux 6.1's imx7s.dtsi and imx7s-colibri.dtsi (256 MiB). To its M4 it is an i.MX 7Dual, and by that name soc-imx.c knows it, too. ENET2, PCIe and the second USB
 * OTG, which it does not have, are known by name as there, and not modelled.
 */
import { MiB } from '../memory/bits.ts';
import { IMX7D } from './imx7d.ts';
import { defineSoc } from './soc.ts';

/** The description. */
export const IMX7S = defineSoc({
  ...IMX7D,
  name: 'imx7s',
  title: 'NXP i.MX 7Solo',
  compatible: 'fsl,imx7s',
  deviceTree: {
    ...IMX7D.deviceTree!,
    cpus: { count: 1, compatible: 'arm,cortex-a7' },
  },
  boards: [
    {
      name: 'colibri-imx7s',
      title: 'Toradex Colibri iMX7S 256MB on its evaluation board',
      model: 'Toradex Colibri iMX7S on Colibri Evaluation Board V3',
      compatible: ['toradex,colibri-imx7s-eval-v3', 'toradex,colibri-imx7s'],
      texts: ['colibri_imx7s'],
      linuxConsole: 'uart1',
      bootargs: 'ubi.mtd=ubi root=ubi0:rootfs rw rootfstype=ubifs console=tty1 console=ttymxc0,115200n8 consoleblank=0',
      ddr: 256 * MiB,
      console: 'uart2',
      rpmsg: {
        compatible: 'fsl,imx7d-rpmsg',
        core: 'm4',
        mu: 'MU',
        base: 0x8fff_0000,
        size: 0x1_0000,
        bus: 'aips3',
        reserved: [{ name: 'rpmsg', base: 0x8fff_0000, size: 0x1_0000 }],
      },
      remoteprocs: {
        m4: {
          mu: 'MU',
          alsoReceives: [0],
          memoryRegions: [
            { name: 'vdev0buffer', base: 0x8fe4_0000, size: 0x8_0000 },
            { name: 'vdev0vring0', base: 0x8fe0_0000, size: 0x8000 },
            { name: 'vdev0vring1', base: 0x8fe0_8000, size: 0x8000 },
            { name: 'rsc-table', base: 0x8fef_f000, size: 0x1000 },
            { name: 'm4', base: 0x8ff0_0000, size: 0xf_0000 },
          ],
        },
      },
    },
  ],
  detection: [],
});
