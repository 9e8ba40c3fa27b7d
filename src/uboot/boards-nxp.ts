/**
 * Boot loaders of NXP's boards: lf-6.1 (2022.04) for the EVKs and SABRE boards, mainline 2024.04 for the 8M Plus EVK; Variscite's is built on NXP's.
 *
 * Dates and commits in banners are those of releases; addresses of relocation are of the right order, not measured.
 */
import { GiB, KiB } from '../memory/bits.ts';
import { IMX8M_HOST_MAP, IMX8M_M4, IMX8M_M7, MX6SX_M4, MX7_M4 } from './auxiliary-cores.ts';
import type { UBootBoard } from './board-description.ts';
import { EVK_ENVIRONMENT, IMX8MM_EVK_ENVIRONMENT, IMX8MN_EVK_ENVIRONMENT, IMX8MQ_EVK_ENVIRONMENT } from './environment-evk.ts';
import { MX6SX_SDB_ENVIRONMENT, MX7D_SDB_ENVIRONMENT } from './environment-sabre.ts';

/** Texts of 2022.04. */
export const TEXT_2022 = { dumpGap: 2, workingFdt: false, exitEnds: false } as const;
/** An SD card. */
export const SANDISK = {
  kind: 'SD',
  name: 'SC16G',
  manufacturer: 0x03,
  oem: 0x5344,
  bytes: 15_931_539_456,
  signature: 0x076c_4a2a,
} as const;
/** An eMMC. */
export const EMMC = {
  kind: 'eMMC',
  name: 'DG4032',
  manufacturer: 0x45,
  oem: 0x100,
  bytes: 31_268_536_320,
  signature: 0x4321_9f8e,
} as const;
const CC = 'aarch64-poky-linux-gcc (GCC) 11.3.0';
/** Its linker. */
export const LD = 'GNU ld (GNU Binutils) 2.38.20220708';

/** i.MX 8M Plus EVK. */
export const EVK: UBootBoard = {
  boards: ['imx8mp/evk'],
  version: '2022.04-lf_v2022.04+g7376547b9e',
  date: 'Mar 01 2023 - 07:26:02 +0000',
  compiler: [CC, LD],
  bits: 64,
  prompt: 'u-boot=> ',
  banner: [
    'CPU:   i.MX8MP[8] rev1.1 1800 MHz (running at 1200 MHz)',
    'CPU:   Commercial temperature grade (0C to 95C) at 35C',
    'Reset cause: POR',
    'Model: NXP i.MX8MPlus LPDDR4 EVK board',
    'DRAM:  6 GiB',
    'MMC:   FSL_SDHC: 1, FSL_SDHC: 2',
    'Loading Environment from MMC... *** Warning - bad CRC, using default environment',
    '',
    'In:    serial',
    'Out:   serial',
    'Err:   serial',
    'Net:   eth0: ethernet@30be0000, eth1: ethernet@30bf0000 [PRIME]',
  ],
  afterNet: ['Normal Boot'],
  bootDelay: 2,
  dram: [
    { base: 0x4000_0000, size: 0xc000_0000 },
    { base: 0x1_0000_0000, size: 0xc000_0000 },
  ],
  reservedFrom: 0xfd69_5000,
  relocation: { address: 0xff73_4000, offset: 0xbf53_4000 },
  loadAddress: 0x4040_0000,
  environment: EVK_ENVIRONMENT,
  environmentSize: 16 * KiB - 4,
  environmentOverwrite: false,
  environmentDevice: 1,
  slots: [1, 2],
  cards: [
    { slot: 1, ...SANDISK },
    { slot: 2, ...EMMC },
  ],
  bootSlot: 1,
  kernel: { kind: 'Image', size: 31_887_872 },
  trees: ['imx8mp-evk-rpmsg.dtb', 'imx8mp-evk.dtb'],
  auxiliary: IMX8M_M7,
  manualStarts: 'raw',
  text: TEXT_2022,
  without: [],
};

/** Variscite's DART-MX8M-PLUS. */
export const DART: UBootBoard = {
  ...EVK,
  boards: ['imx8mp/dart-mx8mp'],
  banner: EVK.banner.map((line) => (line.startsWith('Model:') ? 'Model: Variscite DART-MX8M-PLUS' : line.replace('6 GiB', '4 GiB'))),
  dram: [
    { base: 0x4000_0000, size: 0xc000_0000 },
    { base: 0x1_0000_0000, size: 0x4000_0000 },
  ],
  environment: { ...EVK_ENVIRONMENT, console: 'ttymxc0,115200', fdtfile: 'imx8mp-var-dart-dt8mcustomboard.dtb' },
  trees: ['imx8mp-var-dart-dt8mcustomboard-m7.dtb', 'imx8mp-var-dart-dt8mcustomboard.dtb'],
};

/** The EVK with a mainline U-Boot, which copies the segments of an ELF. */
export const EVK_MAINLINE: UBootBoard = {
  ...EVK,
  boards: ['imx8mp/evk'],
  version: '2024.04',
  date: 'Apr 02 2024 - 10:58:58 +0000',
  prompt: 'u-boot=> ',
  afterNet: [],
  environment: Object.fromEntries(Object.entries(EVK_ENVIRONMENT).filter(([name]) => name !== 'prepare_mcore')),
  manualStarts: 'elf',
  auxiliary: { ...IMX8M_M7, elf: { hostMap: IMX8M_HOST_MAP, stack: 'first-word', newline: true } },
  text: { dumpGap: 2, workingFdt: true, exitEnds: true },
};

const TWO_GIB = [{ base: 0x4000_0000, size: 2 * GiB }] as const;

/** The banner of the 8M Plus EVK with other lines by how they begin. */
function bannerWith(lines: Readonly<Record<string, string>>): string[] {
  return EVK.banner.map((line) => Object.entries(lines).find(([start]) => line.startsWith(start))?.[1] ?? line);
}

/** i.MX 8M Mini EVK. */
export const IMX8MM_EVK: UBootBoard = {
  ...EVK,
  boards: ['imx8mm/evk'],
  banner: bannerWith({
    'CPU:   i.MX8MP': 'CPU:   i.MX8MMQ rev1.0 1800 MHz (running at 1200 MHz)',
    'Model:': 'Model: NXP i.MX8MM EVK board',
    'DRAM:': 'DRAM:  2 GiB',
    'Net:': 'Net:   eth0: ethernet@30be0000 [PRIME]',
  }),
  dram: TWO_GIB,
  reservedFrom: 0xbb69_5000,
  relocation: { address: 0xbd73_4000, offset: 0x7d53_4000 },
  environment: IMX8MM_EVK_ENVIRONMENT,
  trees: ['imx8mm-evk-rpmsg.dtb', 'imx8mm-evk.dtb'],
  auxiliary: IMX8M_M4,
};

/** i.MX 8M Nano EVK. */
export const IMX8MN_EVK: UBootBoard = {
  ...IMX8MM_EVK,
  boards: ['imx8mn/evk'],
  banner: bannerWith({
    'CPU:   i.MX8MP': 'CPU:   i.MX8MNano Quad rev1.0 1500 MHz (running at 1200 MHz)',
    'Model:': 'Model: NXP i.MX8MNano EVK board',
    'DRAM:': 'DRAM:  2 GiB',
    'Net:': 'Net:   eth0: ethernet@30be0000 [PRIME]',
  }),
  environment: IMX8MN_EVK_ENVIRONMENT,
  trees: ['imx8mn-evk-rpmsg.dtb', 'imx8mn-evk.dtb'],
  auxiliary: IMX8M_M7,
};

/** i.MX 8M Quad EVK; its eMMC is the first controller. */
export const IMX8MQ_EVK: UBootBoard = {
  ...IMX8MM_EVK,
  boards: ['imx8mq/evk'],
  banner: bannerWith({
    'CPU:   i.MX8MP': 'CPU:   i.MX8MQ rev2.1 1500 MHz (running at 1000 MHz)',
    'Model:': 'Model: NXP i.MX8MQ EVK',
    'DRAM:': 'DRAM:  3 GiB',
    'MMC:': 'MMC:   FSL_SDHC: 0, FSL_SDHC: 1',
    'Net:': 'Net:   eth0: ethernet@30be0000 [PRIME]',
  }),
  dram: [{ base: 0x4000_0000, size: 3 * GiB }],
  reservedFrom: 0xfb69_5000,
  relocation: { address: 0xfd73_4000, offset: 0xbd53_4000 },
  environment: IMX8MQ_EVK_ENVIRONMENT,
  slots: [0, 1],
  cards: [
    { slot: 0, ...EMMC },
    { slot: 1, ...SANDISK },
  ],
  trees: ['imx8mq-evk-rpmsg.dtb', 'imx8mq-evk.dtb'],
  auxiliary: IMX8M_M4,
};

/** i.MX 7D SABRE-SD. */
export const MX7D_SDB: UBootBoard = {
  ...EVK,
  boards: ['imx7d/sdb'],
  compiler: ['arm-poky-linux-gnueabi-gcc (GCC) 11.3.0', LD],
  bits: 32,
  prompt: '=> ',
  banner: [
    'CPU:   i.MX7D rev1.3 1000 MHz (running at 792 MHz)',
    'CPU:   Commercial temperature grade (0C to 95C) at 36C',
    'Reset cause: POR',
    'Model: i.MX7 SabreSD Board',
    'Board: i.MX7D SABRESD RevD in secure mode',
    'DRAM:  1 GiB',
    'MMC:   FSL_SDHC: 0, FSL_SDHC: 2',
    'Loading Environment from MMC... *** Warning - bad CRC, using default environment',
    '',
    'In:    serial',
    'Out:   serial',
    'Err:   serial',
    'Net:   eth0: ethernet@30be0000 [PRIME]',
  ],
  bootDelay: 3,
  dram: [{ base: 0x8000_0000, size: GiB }],
  reservedFrom: 0xbd00_0000,
  relocation: { address: 0xbff1_4000, offset: 0x3871_4000 },
  loadAddress: 0x8080_0000,
  environment: MX7D_SDB_ENVIRONMENT,
  environmentSize: 8 * KiB - 4,
  environmentOverwrite: true,
  environmentDevice: 0,
  slots: [0, 2],
  cards: [
    { slot: 0, ...SANDISK },
    { slot: 2, ...EMMC },
  ],
  bootSlot: 0,
  kernel: { kind: 'zImage', size: 9_812_488 },
  trees: ['imx7d-sdb-m4.dtb', 'imx7d-sdb.dtb'],
  auxiliary: MX7_M4,
};

/** Variscite's VAR-SOM-MX7. */
export const VAR_SOM_MX7: UBootBoard = {
  ...MX7D_SDB,
  boards: ['imx7d/var-som-mx7'],
  banner: MX7D_SDB.banner
    .filter((line) => !line.startsWith('Board:'))
    .map((line) => (line.startsWith('Model:') ? 'Model: Variscite i.MX7 Dual VAR-SOM-MX7' : line)),
  trees: ['imx7d-var-som-emmc-m4.dtb', 'imx7d-var-som-emmc.dtb'],
};

/** i.MX 6SoloX SABRE-SDB. */
export const MX6SX_SDB: UBootBoard = {
  ...MX7D_SDB,
  boards: ['imx6sx/sdb'],
  banner: [
    'CPU:   i.MX6SX rev1.2 996 MHz (running at 792 MHz)',
    'CPU:   Commercial temperature grade (0C to 95C) at 34C',
    'Reset cause: POR',
    'Model: NXP i.MX6 SoloX SDB RevB Board',
    'Board: MX6SX SABRE SDB revB',
    'DRAM:  1 GiB',
    'MMC:   FSL_SDHC: 1, FSL_SDHC: 2, FSL_SDHC: 3',
    'Loading Environment from MMC... *** Warning - bad CRC, using default environment',
    '',
    'In:    serial',
    'Out:   serial',
    'Err:   serial',
    'Net:   eth0: ethernet@2188000 [PRIME]',
  ],
  environment: MX6SX_SDB_ENVIRONMENT,
  environmentDevice: 3,
  slots: [1, 2, 3],
  cards: [{ slot: 3, ...SANDISK }],
  bootSlot: 3,
  trees: ['imx6sx-sdb-m4.dtb', 'imx6sx-sdb.dtb'],
  auxiliary: MX6SX_M4,
};
