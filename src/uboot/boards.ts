/**
 * What U-Boot is on a board, as data: version, prompt, memory, environment, cards, how the M core is started, what is done to Linux's tree.
 *
 * NXP's lf-6.1 (2022.04) for the EVK, Toradex' for its modules; Variscite's is built on NXP's. Dates and commits in banners are those of
 * releases; addresses of relocation are of the right order, not measured.
 */
import { GiB, KiB, MiB } from '../memory/bits.ts';
import { EVK_ENVIRONMENT } from './environment-evk.ts';
import { COLIBRI_IMX7_ENVIRONMENT, VERDIN_ENVIRONMENT } from './environment-toradex.ts';
import { type BoardSetup, colibriImx7Setup } from './fix-ups.ts';

/** A window of the M core's addresses in the A core's (`struct rproc_att` of mach-imx). */
export interface HostMapping {
  readonly da: number;
  readonly sa: number;
  readonly size: number;
}

/** How `bootaux` starts the core. */
export interface AuxiliaryCore {
  /** Name in the SoC's description. */
  readonly core: string;
  /** MCU_BOOTROM_BASE_ADDR: where the core finds SP and PC. */
  readonly bootRom: number;
  readonly method:
    | { readonly kind: 'smc' }
    | { readonly kind: 'src'; readonly register: number; readonly nonSclrRst: number; readonly enable: number };
  /** Segments of an ELF are copied through it; without one, everything is a raw image. */
  readonly elf?: {
    readonly hostMap: readonly HostMapping[];
    /** The SP that is printed and written: 0, or the first word of the first segment (64-bit builds since 2023.04). */
    readonly stack: 'zero' | 'first-word';
    /** Whether a line ends after `Invalid aux core address`. */
    readonly newline: boolean;
  };
}

/** A card or eMMC of the board. */
export interface CardDescription {
  readonly slot: number;
  readonly kind: 'SD' | 'eMMC';
  readonly name: string;
  readonly manufacturer: number;
  readonly oem: number;
  readonly bytes: number;
  readonly signature: number;
}

/** The boot loader of one board. */
export interface UBootBoard {
  /** Names of boards in the SoC descriptions that it belongs to. */
  readonly boards: readonly string[];
  readonly version: string;
  readonly date: string;
  readonly compiler: readonly string[];
  readonly bits: 32 | 64;
  readonly prompt: string;
  /** Lines between the banner and `Net:`. */
  readonly banner: readonly string[];
  /** After `Net:`; NXP's u-boot says `Normal Boot` before it counts. */
  readonly afterNet: readonly string[];
  readonly bootDelay: number;
  readonly dram: readonly { readonly base: number; readonly size: number }[];
  /** From here to the end of its bank U-Boot itself lies: code, heap, stack. */
  readonly reservedFrom: number;
  readonly relocation: { readonly address: number; readonly offset: number };
  readonly loadAddress: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly environmentSize: number;
  /** CONFIG_ENV_OVERWRITE. */
  readonly environmentOverwrite: boolean;
  readonly environmentDevice: number;
  /** Numbers of its controllers. */
  readonly slots: readonly number[];
  readonly cards: readonly CardDescription[];
  /** Slot whose first partition holds kernel, trees and firmware. */
  readonly bootSlot: number;
  readonly kernel: { readonly kind: 'Image' | 'zImage'; readonly size: number };
  /** Names under which the tree in effect is on the boot partition. */
  readonly trees: readonly string[];
  readonly auxiliary: AuxiliaryCore;
  /** Texts that changed between releases. */
  readonly text: {
    /** Spaces between hexadecimal and ASCII in `md`: 4 before 2021.10. */
    readonly dumpGap: number;
    /** `fdt addr` says `Working FDT set to` (2023.01). */
    readonly workingFdt: boolean;
    /** `exit` ends a script (2023.01); before, it was a command with a result. */
    readonly exitEnds: boolean;
  };
  /** Commands that its configuration leaves out. */
  readonly without: readonly string[];
  /** `ft_board_setup`. */
  readonly setup?: BoardSetup;
}

const TEXT_2022 = { dumpGap: 2, workingFdt: false, exitEnds: false } as const;
const M7: AuxiliaryCore = { core: 'm7', bootRom: 0x007e_0000, method: { kind: 'smc' } };
const SANDISK = { kind: 'SD', name: 'SC16G', manufacturer: 0x03, oem: 0x5344, bytes: 15_931_539_456, signature: 0x076c_4a2a } as const;
const EMMC = { kind: 'eMMC', name: 'DG4032', manufacturer: 0x45, oem: 0x100, bytes: 31_268_536_320, signature: 0x4321_9f8e } as const;
const CC = 'aarch64-poky-linux-gcc (GCC) 11.3.0';
const LD = 'GNU ld (GNU Binutils) 2.38.20220708';

const EVK: UBootBoard = {
  boards: ['evk'],
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
  auxiliary: M7,
  text: TEXT_2022,
  without: [],
};

const VERDIN: UBootBoard = {
  ...EVK,
  boards: ['verdin-hmp'],
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
  environmentSize: 8 * KiB - 4,
  environmentOverwrite: true,
  environmentDevice: 2,
  cards: [{ slot: 2, ...EMMC }],
  bootSlot: 2,
  kernel: { kind: 'Image', size: 29_358_592 },
  trees: ['imx8mp-verdin-wifi-dev.dtb', 'imx8mp-verdin-nonwifi-dev.dtb'],
  without: ['crc32'],
};

const DART: UBootBoard = {
  ...EVK,
  boards: ['dart-mx8mp'],
  banner: EVK.banner.map((line) => (line.startsWith('Model:') ? 'Model: Variscite DART-MX8M-PLUS' : line.replace('6 GiB', '4 GiB'))),
  dram: VERDIN.dram,
  environment: { ...EVK_ENVIRONMENT, console: 'ttymxc0,115200', fdtfile: 'imx8mp-var-dart-dt8mcustomboard.dtb' },
  trees: ['imx8mp-var-dart-dt8mcustomboard-m7.dtb', 'imx8mp-var-dart-dt8mcustomboard.dtb'],
};

/** Addresses of the i.MX 7D's M4 in those of the A7 (mach-imx/mx7/soc.c). */
const MX7_HOST_MAP: readonly HostMapping[] = [
  { da: 0x0000_0000, sa: 0x0018_0000, size: 0x8000 },
  { da: 0x0018_0000, sa: 0x0018_0000, size: 0x8000 },
  { da: 0x2018_0000, sa: 0x0018_0000, size: 0x8000 },
  { da: 0x1fff_8000, sa: 0x007f_8000, size: 0x8000 },
  { da: 0x2000_0000, sa: 0x0080_0000, size: 0x8000 },
  { da: 0x0090_0000, sa: 0x0090_0000, size: 0x2_0000 },
  { da: 0x2020_0000, sa: 0x0090_0000, size: 0x2_0000 },
  { da: 0x0092_0000, sa: 0x0092_0000, size: 0x2_0000 },
  { da: 0x2022_0000, sa: 0x0092_0000, size: 0x2_0000 },
  { da: 0x0094_0000, sa: 0x0094_0000, size: 0x2_0000 },
  { da: 0x2024_0000, sa: 0x0094_0000, size: 0x2_0000 },
  { da: 0x1000_0000, sa: 0x8000_0000, size: 0x0fff_0000 },
  { da: 0x8000_0000, sa: 0x8000_0000, size: 0x6000_0000 },
];

/** Addresses of the 8M's M core in those of the A53, as mainline has them since 2023.04 (mach-imx/imx8m/soc.c), for all parts. */
const IMX8M_HOST_MAP: readonly HostMapping[] = [
  { da: 0x0000_0000, sa: 0x007e_0000, size: 0x2_0000 },
  { da: 0x0018_0000, sa: 0x0018_0000, size: 0x8000 },
  { da: 0x0090_0000, sa: 0x0090_0000, size: 0x2_0000 },
  { da: 0x0092_0000, sa: 0x0092_0000, size: 0x2_0000 },
  { da: 0x0800_0000, sa: 0x0800_0000, size: 0x0800_0000 },
  { da: 0x1000_0000, sa: 0x8000_0000, size: 0x0ffe_0000 },
  { da: 0x1ffe_0000, sa: 0x007e_0000, size: 0x4_0000 },
  { da: 0x2018_0000, sa: 0x0018_0000, size: 0x8000 },
  { da: 0x2020_0000, sa: 0x0090_0000, size: 0x4_0000 },
  { da: 0x4000_0000, sa: 0x4000_0000, size: 0x8000_0000 },
];

const COLIBRI_IMX7: UBootBoard = {
  ...EVK,
  boards: ['colibri-imx7'],
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
  auxiliary: {
    core: 'm4',
    bootRom: 0x0018_0000,
    method: { kind: 'src', register: 0x3039_000c, nonSclrRst: 1 << 0, enable: 1 << 3 },
    elf: { hostMap: MX7_HOST_MAP, stack: 'zero', newline: false },
  },
  setup: colibriImx7Setup,
};

/** The EVK with a mainline U-Boot, which copies the segments of an ELF. */
const EVK_MAINLINE: UBootBoard = {
  ...EVK,
  boards: [],
  version: '2024.04',
  date: 'Apr 02 2024 - 10:58:58 +0000',
  prompt: 'u-boot=> ',
  afterNet: [],
  environment: Object.fromEntries(Object.entries(EVK_ENVIRONMENT).filter(([name]) => name !== 'prepare_mcore')),
  auxiliary: { ...M7, elf: { hostMap: IMX8M_HOST_MAP, stack: 'first-word', newline: true } },
  text: { dumpGap: 2, workingFdt: true, exitEnds: true },
};

/** Every boot loader that is known. */
export const UBOOT_BOARDS = { EVK, VERDIN, DART, COLIBRI_IMX7, EVK_MAINLINE } as const;

/** The boot loader of a board: its vendor's, or mainline's when `mainline` asks for it and there is one; undefined when none is known. */
export function findUBootBoard(board: string, mainline = false): UBootBoard | undefined {
  if (mainline) return board === 'evk' ? EVK_MAINLINE : undefined;
  return Object.values(UBOOT_BOARDS).find(({ boards }) => boards.includes(board));
}
