/**
 * Boot loaders of Toradex' modules: toradex_imx_lf_v2022.04, as the reference images 6.3 have it.
 */
import { GiB, KiB, MiB } from '../memory/bits.ts';
import { IMX8M_M4, MX7_M4 } from './auxiliary-cores.ts';
import type { UBootBoard } from './board-description.ts';
import { EMMC, EVK, LD } from './boards-nxp.ts';
import { COLIBRI_IMX7_ENVIRONMENT, VERDIN_ENVIRONMENT, VERDIN_IMX8MM_ENVIRONMENT } from './environment-toradex.ts';
import { colibriImx7Setup } from './fix-ups.ts';

/** Verdin iMX8M Plus. */
export const VERDIN: UBootBoard = {
  ...EVK,
  boards: ['imx8mp/verdin-hmp'],
  version: '2022.04-6.3.0+git.6ade1a8a9e12',
  date: 'Jan 01 1970 - 00:00:00 +0000',
  compiler: ['aarch64-tdx-linux-gcc (GCC) 11.3.0', LD],
  prompt: 'Verdin iMX8MP # ',
  banner: [
    'CPU:   i.MX8MP[8] rev1.1 1600 MHz (running at 1200 MHz)',
    'CPU:   Industrial temperature grade (-40C to 105C) at 38C',
    'Reset cause: POR',
    'DRAM:  4 GiB',
    'MMC:   FSL_SDHC: 1, FSL_SDHC: 2',
    'Loading Environment from MMC... OK',
    'In:    serial',
    'Out:   serial',
    'Err:   serial',
    'Model: Toradex 0058 Verdin iMX8M Plus Quad 4GB WB IT V1.1A',
    'Serial#: 06849028',
    'Net:   eth1: ethernet@30be0000, eth0: ethernet@30bf0000 [PRIME]',
  ],
  afterNet: [],
  bootDelay: 1,
  dram: [
    { base: 0x4000_0000, size: 0xc000_0000 },
    { base: 0x1_0000_0000, size: 0x4000_0000 },
  ],
  loadAddress: 0x4350_0000,
  environment: VERDIN_ENVIRONMENT,
  argumentsVariable: 'tdxargs',
  environmentSize: 8 * KiB - 4,
  environmentOverwrite: true,
  environmentDevice: 2,
  cards: [{ slot: 2, ...EMMC }],
  bootSlot: 2,
  kernel: { kind: 'Image', size: 29_358_592 },
  trees: ['imx8mp-verdin-wifi-dev.dtb', 'imx8mp-verdin-nonwifi-dev.dtb'],
  without: ['crc32'],
};

/** Verdin iMX8M Mini; its eMMC is the first controller. */
export const VERDIN_IMX8MM: UBootBoard = {
  ...VERDIN,
  boards: ['imx8mm/verdin-hmp'],
  prompt: 'Verdin iMX8MM # ',
  banner: [
    'CPU:   i.MX8MMQ rev1.0 1600 MHz (running at 1200 MHz)',
    'CPU:   Industrial temperature grade (-40C to 105C) at 37C',
    'Reset cause: POR',
    'DRAM:  2 GiB',
    'MMC:   FSL_SDHC: 0, FSL_SDHC: 1',
    'Loading Environment from MMC... OK',
    'In:    serial',
    'Out:   serial',
    'Err:   serial',
    'Model: Toradex 0055 Verdin iMX8M Mini Quad 2GB WB IT V1.1A',
    'Net:   eth0: ethernet@30be0000 [PRIME]',
  ],
  dram: [{ base: 0x4000_0000, size: 2 * GiB }],
  reservedFrom: 0xbb69_5000,
  relocation: { address: 0xbd73_4000, offset: 0x7d53_4000 },
  loadAddress: 0x4820_0000,
  environment: VERDIN_IMX8MM_ENVIRONMENT,
  environmentDevice: 0,
  slots: [0, 1],
  cards: [{ slot: 0, ...EMMC }],
  bootSlot: 0,
  trees: ['imx8mm-verdin-wifi-dev.dtb', 'imx8mm-verdin-nonwifi-dev.dtb'],
  auxiliary: IMX8M_M4,
  without: [],
};

/** Colibri iMX7D with eMMC. */
export const COLIBRI_IMX7: UBootBoard = {
  ...EVK,
  boards: ['imx7d/colibri-imx7'],
  version: '2022.04-6.3.0+git.6ade1a8a9e12',
  date: 'Jan 01 1970 - 00:00:00 +0000',
  compiler: ['arm-tdx-linux-gnueabi-gcc (GCC) 11.3.0', LD],
  bits: 32,
  prompt: 'Colibri iMX7 # ',
  banner: [
    'CPU:   Freescale i.MX7D rev1.3 1000 MHz (running at 792 MHz)',
    'CPU:   Extended Commercial temperature grade (-20C to 105C) at 37C',
    'Reset cause: POR',
    'DRAM:  1 GiB',
    'MMC:   FSL_SDHC: 0, FSL_SDHC: 1',
    'Loading Environment from MMC... OK',
    'In:    serial',
    'Out:   serial',
    'Err:   serial',
    'Model: Toradex 0039 Colibri iMX7 Dual 1GB (eMMC) V1.1A',
    'Net:   eth0: ethernet@30be0000',
  ],
  afterNet: [],
  bootDelay: 1,
  dram: [{ base: 0x8000_0000, size: GiB }],
  reservedFrom: 0xbd00_0000,
  relocation: { address: 0xbff1_4000, offset: 0x3871_4000 },
  loadAddress: 0x8080_0000,
  environment: COLIBRI_IMX7_ENVIRONMENT,
  environmentSize: 8 * KiB - 4,
  environmentOverwrite: true,
  environmentDevice: 0,
  slots: [0, 1],
  cards: [{ slot: 0, ...EMMC, bytes: 4 * GiB - 128 * MiB }],
  bootSlot: 0,
  kernel: { kind: 'zImage', size: 7_654_912 },
  trees: ['imx7d-colibri-emmc-eval-v3.dtb'],
  auxiliary: MX7_M4,
  manualStarts: 'elf',
  setup: colibriImx7Setup,
};
