/**
 * i.MX 8M Plus: Cortex-M7 at 800 MHz beside four Cortex-A53 that run Linux.
 *
 * Sources: IMX8MPRM (memory maps, interrupts), NXP's MIMX8ML8_cm7_COMMON.h, Linux 6.1's imx8mp.dtsi and imx_rproc.c (the 8M Plus uses the
 * 8M Nano's table), NXP's imx8mp-evk-rpmsg.dts, Toradex' Verdin HMP overlay. NVIC lines and GIC SPIs have the same numbers on this SoC.
 */
import { CORTEX_M7 } from '../cpu/profile.ts';
import { GiB, KiB } from '../memory/bits.ts';
import { IMX8MP_DERIVED_ROOTS, IMX8MP_ROOTS } from './imx8mp-clocks.ts';
import { IMX8MP_UNMODELLED } from './imx8mp-unmodelled.ts';
import { defineSoc } from './soc.ts';

const M7_HZ = 800_000_000;
/** Window of one AIPS slot. */
const SLOT = 64 * KiB;

/** The description. */
export const IMX8MP = defineSoc({
  name: 'imx8mp',
  title: 'NXP i.MX 8M Plus',
  compatible: 'fsl,imx8mp',
  baseHz: M7_HZ,
  oscillators: { OSC_24M: 24_000_000, OSC_32K: 32_768 },
  cores: [{ name: 'm7', profile: { ...CORTEX_M7, interrupts: 160 }, hz: M7_HZ, vectors: 0 }],
  memories: [
    { name: 'ITCM', size: 128 * KiB, views: { m7: [{ base: 0x0000_0000 }], linux: [{ base: 0x007e_0000 }] } },
    { name: 'DTCM', size: 128 * KiB, views: { m7: [{ base: 0x2000_0000 }], linux: [{ base: 0x0080_0000 }] } },
    {
      name: 'OCRAM_S',
      size: 36 * KiB,
      views: { m7: [{ base: 0x0018_0000 }, { base: 0x2018_0000 }], linux: [{ base: 0x0018_0000 }] },
    },
    {
      name: 'OCRAM',
      size: 576 * KiB,
      views: { m7: [{ base: 0x0090_0000 }, { base: 0x2020_0000 }], linux: [{ base: 0x0090_0000 }] },
    },
    {
      name: 'DDR',
      size: 3 * GiB,
      views: {
        m7: [
          { base: 0x1000_0000, size: 0x0ffe_0000 },
          { base: 0x4000_0000, size: 0xa000_0000 },
        ],
        linux: [{ base: 0x4000_0000 }],
      },
    },
  ],
  mus: [
    {
      name: 'MU1',
      layout: 'imx6sx',
      a: { base: 0x30aa_0000, interrupts: { linux: 88 } },
      b: { base: 0x30ab_0000, interrupts: { m7: 97 } },
    },
  ],
  peripherals: [
    {
      kind: 'gpio',
      name: 'GPIO1',
      base: 0x3020_0000,
      size: SLOT,
      interrupts: { m7: 64, linux: 64 },
      highInterrupts: { m7: 65, linux: 65 },
    },
    {
      kind: 'gpio',
      name: 'GPIO2',
      base: 0x3021_0000,
      size: SLOT,
      interrupts: { m7: 66, linux: 66 },
      highInterrupts: { m7: 67, linux: 67 },
    },
    {
      kind: 'gpio',
      name: 'GPIO3',
      base: 0x3022_0000,
      size: SLOT,
      interrupts: { m7: 68, linux: 68 },
      highInterrupts: { m7: 69, linux: 69 },
    },
    {
      kind: 'gpio',
      name: 'GPIO4',
      base: 0x3023_0000,
      size: SLOT,
      interrupts: { m7: 70, linux: 70 },
      highInterrupts: { m7: 71, linux: 71 },
    },
    {
      kind: 'gpio',
      name: 'GPIO5',
      base: 0x3024_0000,
      size: SLOT,
      interrupts: { m7: 72, linux: 72 },
      highInterrupts: { m7: 73, linux: 73 },
    },
    { kind: 'wdog', name: 'WDOG1', base: 0x3028_0000, size: SLOT, interrupts: { m7: 78, linux: 78 } },
    { kind: 'wdog', name: 'WDOG2', base: 0x3029_0000, size: SLOT, interrupts: { m7: 79, linux: 79 } },
    { kind: 'wdog', name: 'WDOG3', base: 0x302a_0000, size: SLOT, interrupts: { m7: 10, linux: 10 } },
    {
      kind: 'gpt',
      name: 'GPT1',
      base: 0x302d_0000,
      size: SLOT,
      interrupts: { m7: 55, linux: 55 },
      clocks: { peripheral: 'GPT1_CLK_ROOT', highFrequency: 'GPT1_CLK_ROOT', lowFrequency: 'OSC_32K', crystal: 'OSC_24M' },
    },
    {
      kind: 'gpt',
      name: 'GPT2',
      base: 0x302e_0000,
      size: SLOT,
      interrupts: { m7: 54, linux: 54 },
      clocks: { peripheral: 'GPT2_CLK_ROOT', highFrequency: 'GPT2_CLK_ROOT', lowFrequency: 'OSC_32K', crystal: 'OSC_24M' },
    },
    {
      kind: 'gpt',
      name: 'GPT3',
      base: 0x302f_0000,
      size: SLOT,
      interrupts: { m7: 53, linux: 53 },
      clocks: { peripheral: 'GPT3_CLK_ROOT', highFrequency: 'GPT3_CLK_ROOT', lowFrequency: 'OSC_32K', crystal: 'OSC_24M' },
    },
    { kind: 'iomuxc', name: 'IOMUXC', base: 0x3033_0000, size: SLOT },
    { kind: 'iomuxc-gpr', name: 'IOMUXC_GPR', base: 0x3034_0000, size: SLOT },
    { kind: 'ccm-analog', name: 'CCM_ANALOG', base: 0x3036_0000, size: SLOT, digprog: 0x0082_4311 },
    { kind: 'snvs', name: 'SNVS', base: 0x3037_0000, size: SLOT, interrupts: { m7: 19, linux: 19 } },
    { kind: 'ccm', name: 'CCM', base: 0x3038_0000, size: SLOT, roots: IMX8MP_ROOTS, derived: IMX8MP_DERIVED_ROOTS },
    { kind: 'src', name: 'SRC', base: 0x3039_0000, size: SLOT, interrupts: { m7: 89, linux: 89 } },
    { kind: 'gpc', name: 'GPC', base: 0x303a_0000, size: SLOT, interrupts: { m7: 87, linux: 87 } },
    {
      kind: 'rdc',
      name: 'RDC',
      base: 0x303d_0000,
      size: SLOT,
      interrupts: { m7: 39, linux: 39 },
      masters: { linux: 0, m7: 1 },
      assignments: { 1: 1 },
    },
    {
      kind: 'system-counter',
      name: 'SYS_CTR',
      base: 0x306a_0000,
      size: 3 * SLOT,
      interrupts: { m7: 47, linux: 47 },
      highInterrupts: { m7: 48, linux: 48 },
    },
    {
      kind: 'gpt',
      name: 'GPT6',
      base: 0x306e_0000,
      size: SLOT,
      interrupts: { m7: 46, linux: 46 },
      clocks: { peripheral: 'GPT6_CLK_ROOT', highFrequency: 'GPT6_CLK_ROOT', lowFrequency: 'OSC_32K', crystal: 'OSC_24M' },
    },
    {
      kind: 'gpt',
      name: 'GPT5',
      base: 0x306f_0000,
      size: SLOT,
      interrupts: { m7: 51, linux: 51 },
      clocks: { peripheral: 'GPT5_CLK_ROOT', highFrequency: 'GPT5_CLK_ROOT', lowFrequency: 'OSC_32K', crystal: 'OSC_24M' },
    },
    {
      kind: 'gpt',
      name: 'GPT4',
      base: 0x3070_0000,
      size: SLOT,
      interrupts: { m7: 52, linux: 52 },
      clocks: { peripheral: 'GPT4_CLK_ROOT', highFrequency: 'GPT4_CLK_ROOT', lowFrequency: 'OSC_32K', crystal: 'OSC_24M' },
    },
    {
      kind: 'imx-uart',
      name: 'UART1',
      base: 0x3086_0000,
      size: SLOT,
      interrupts: { m7: 26, linux: 26 },
      clock: 'UART1_CLK_ROOT',
    },
    {
      kind: 'imx-uart',
      name: 'UART3',
      base: 0x3088_0000,
      size: SLOT,
      interrupts: { m7: 28, linux: 28 },
      clock: 'UART3_CLK_ROOT',
    },
    {
      kind: 'imx-uart',
      name: 'UART2',
      base: 0x3089_0000,
      size: SLOT,
      interrupts: { m7: 27, linux: 27 },
      clock: 'UART2_CLK_ROOT',
    },
    {
      kind: 'imx-uart',
      name: 'UART4',
      base: 0x30a6_0000,
      size: SLOT,
      interrupts: { m7: 29, linux: 29 },
      clock: 'UART4_CLK_ROOT',
    },
    {
      kind: 'sema4',
      name: 'SEMA4',
      base: 0x30ac_0000,
      size: SLOT,
      interrupts: { linux: 116 },
      highInterrupts: { m7: 11 },
      processors: { linux: 0, m7: 1 },
    },
    { kind: 'audiomix', name: 'AUDIOMIX', base: 0x30e2_0000, size: SLOT },
    ...IMX8MP_UNMODELLED,
  ],
  remoteprocs: [
    {
      core: 'm7',
      compatible: 'fsl,imx8mp-cm7',
      alsoCompatible: ['fsl,imx8mn-cm7'],
      node: 'imx8mp-cm7',
      method: 'smc',
      watchdog: 'WDOG3',
      clock: 85,
      att: [
        { da: 0x0000_0000, sa: 0x007e_0000, size: 0x0002_0000, own: true },
        { da: 0x0018_0000, sa: 0x0018_0000, size: 0x0000_9000 },
        { da: 0x0090_0000, sa: 0x0090_0000, size: 0x0002_0000 },
        { da: 0x0092_0000, sa: 0x0092_0000, size: 0x0002_0000 },
        { da: 0x0094_0000, sa: 0x0094_0000, size: 0x0005_0000 },
        { da: 0x0800_0000, sa: 0x0800_0000, size: 0x0800_0000 },
        { da: 0x1000_0000, sa: 0x4000_0000, size: 0x0ffe_0000 },
        { da: 0x2000_0000, sa: 0x0080_0000, size: 0x0002_0000, own: true },
        { da: 0x2018_0000, sa: 0x0018_0000, size: 0x0000_8000, own: true },
        { da: 0x2020_0000, sa: 0x0090_0000, size: 0x0002_0000, own: true },
        { da: 0x2022_0000, sa: 0x0092_0000, size: 0x0002_0000, own: true },
        { da: 0x2024_0000, sa: 0x0094_0000, size: 0x0004_0000, own: true },
        { da: 0x4000_0000, sa: 0x4000_0000, size: 0x8000_0000 },
      ],
    },
  ],
  deviceTree: {
    cells: 2,
    cpus: { count: 4, compatible: 'arm,cortex-a53' },
    gic: {
      compatible: 'arm,gic-v3',
      reg: [
        [0x3880_0000, 0x1_0000],
        [0x3888_0000, 0xc_0000],
      ],
    },
    buses: [
      { name: 'aips1', base: 0x3000_0000, size: 0x40_0000 },
      { name: 'aips2', base: 0x3040_0000, size: 0x40_0000 },
      { name: 'aips3', base: 0x3080_0000, size: 0x40_0000 },
    ],
  },
  boards: [
    {
      name: 'evk',
      title: 'NXP i.MX 8M Plus EVK with imx8mp-evk-rpmsg.dtb',
      model: 'NXP i.MX8MPlus EVK board',
      compatible: ['fsl,imx8mp-evk'],
      linuxConsole: 'uart2',
      bootargs: 'console=ttymxc1,115200 root=/dev/mmcblk1p2 rootwait rw',
      ddr: 6 * GiB,
      console: 'uart4',
      remoteprocs: {
        m7: {
          mu: 'MU1',
          alsoReceives: [0],
          memoryRegions: [
            { name: 'vdev0buffer', base: 0x5540_0000, size: 0x10_0000 },
            { name: 'vdev0vring0', base: 0x5500_0000, size: 0x8000 },
            { name: 'vdev0vring1', base: 0x5500_8000, size: 0x8000 },
            { name: 'rsc-table', base: 0x550f_f000, size: 0x1000 },
            { name: 'm7', base: 0x8000_0000, size: 0x100_0000 },
          ],
          startupDelayMs: 500,
        },
      },
    },
    {
      name: 'verdin-hmp',
      title: 'Toradex Verdin iMX8M Plus with verdin-imx8mp_hmp_overlay.dtbo',
      model: 'Toradex Verdin iMX8M Plus',
      compatible: ['toradex,verdin-imx8mp'],
      linuxConsole: 'uart3',
      bootargs: 'root=PARTUUID=0a3b4c5d-02 ro rootwait console=tty1 console=ttymxc2,115200 consoleblank=0 earlycon',
      ddr: 4 * GiB,
      console: 'uart4',
      remoteprocs: {
        m7: {
          mu: 'MU1',
          alsoReceives: [0],
          memoryRegions: [
            { name: 'vdev0buffer', base: 0xb840_0000, size: 0x10_0000 },
            { name: 'vdev0vring0', base: 0xb800_0000, size: 0x8000 },
            { name: 'vdev0vring1', base: 0xb800_8000, size: 0x8000 },
            { name: 'rsc-table', base: 0xb80f_f000, size: 0x1000 },
            { name: 'm7', base: 0x8000_0000, size: 0x100_0000 },
          ],
          startupDelayMs: 500,
        },
      },
    },
    {
      name: 'dart-mx8mp',
      title: 'Variscite DART-MX8M-PLUS with its m7 device tree',
      model: 'Variscite DART-MX8M-PLUS',
      compatible: ['variscite,imx8mp-var-dart'],
      linuxConsole: 'uart1',
      bootargs: 'console=ttymxc0,115200 root=/dev/mmcblk1p2 rootwait rw',
      ddr: 4 * GiB,
      console: 'uart3',
      remoteprocs: {
        m7: {
          mu: 'MU1',
          alsoReceives: [0],
          memoryRegions: [
            { name: 'vdev0buffer', base: 0x4040_0000, size: 0x10_0000 },
            { name: 'vdev0vring0', base: 0x4000_0000, size: 0x8000 },
            { name: 'vdev0vring1', base: 0x4000_8000, size: 0x8000 },
            { name: 'rsc-table', base: 0x400f_f000, size: 0x1000 },
            { name: 'm7', base: 0x7e00_0000, size: 0x100_0000 },
          ],
        },
      },
    },
  ],
  detection: [
    {
      core: 'm7',
      constants: [
        { value: 0x30e2_0000, meaning: 'AUDIOMIX, which only the 8M Plus has' },
        { value: 0x5500_0000, meaning: 'VDEV0_VRING_BASE of NXP for the 8M Plus' },
        { value: 0x550f_f000, meaning: 'resource table address of NXP for the 8M Plus' },
      ],
      texts: ['mimx8mp', 'MIMX8ML8', 'imx8mp', 'mx8mp', 'evkmimx8mp'],
    },
  ],
});
