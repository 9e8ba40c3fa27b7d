/**
 * Clock roots of the i.MX 8M Mini: index in CCM, sources by value of TARGET_ROOT.MUX, and the state in which U-Boot leaves them.
 *
 * Sources: Linux 6.1's clk-imx8mm.c, compared with U-Boot's clock_slice.c and NXP's fsl_clock.h (which have GPT2 to 6, too).
 * External clocks (EXT_CLK1 to 4) are not fitted on the boards modelled: null.
 */
import type { ClockRoot, DerivedRoot } from '../peripherals/ccm.ts';

const OSC = 'OSC_24M';
const GPU = [OSC, 'GPU_PLL', 'SYS_PLL1', 'SYS_PLL3', 'SYS_PLL2', 'AUDIO_PLL1', 'VIDEO_PLL1', 'AUDIO_PLL2'] as const;
const GPU_BUS = [OSC, 'SYS_PLL1', 'GPU_PLL', 'SYS_PLL3', 'SYS_PLL2', 'AUDIO_PLL1', 'VIDEO_PLL1', 'AUDIO_PLL2'] as const;
const SPI = [OSC, 'SYS_PLL2_DIV5', 'SYS_PLL1_DIV20', 'SYS_PLL1_DIV5', 'SYS_PLL1', 'SYS_PLL3', 'SYS_PLL2_DIV4', 'AUDIO_PLL2'] as const;
const VPU = [OSC, 'VPU_PLL', 'SYS_PLL1', 'SYS_PLL2', 'SYS_PLL1_DIV8', 'SYS_PLL2_DIV8', 'SYS_PLL3', 'AUDIO_PLL1'] as const;
const DISPLAY = [OSC, null, 'SYS_PLL1', 'SYS_PLL2', 'SYS_PLL1_DIV5', 'VIDEO_PLL1', 'SYS_PLL3', 'AUDIO_PLL2'] as const;
const PCIE_CTRL = [
  OSC,
  'SYS_PLL2_DIV4',
  'SYS_PLL2_DIV5',
  'SYS_PLL1_DIV3',
  'SYS_PLL1',
  'SYS_PLL2_DIV2',
  'SYS_PLL2_DIV3',
  'SYS_PLL3',
] as const;
const PCIE_PHY = [OSC, 'SYS_PLL2_DIV10', 'SYS_PLL2_DIV2', null, null, null, null, 'SYS_PLL1_DIV2'] as const;
const PCIE_AUX = [
  OSC,
  'SYS_PLL2_DIV5',
  'SYS_PLL2_DIV20',
  'SYS_PLL3',
  'SYS_PLL2_DIV10',
  'SYS_PLL1_DIV10',
  'SYS_PLL1_DIV5',
  'SYS_PLL1_DIV4',
] as const;
const PIXEL = [OSC, 'VIDEO_PLL1', 'AUDIO_PLL2', 'AUDIO_PLL1', 'SYS_PLL1', 'SYS_PLL2', 'SYS_PLL3', null] as const;
const SAI = [OSC, 'AUDIO_PLL1', 'AUDIO_PLL2', 'VIDEO_PLL1', 'SYS_PLL1_DIV6', null, null, null] as const;
const USDHC = [OSC, 'SYS_PLL1_DIV2', 'SYS_PLL1', 'SYS_PLL2_DIV2', 'SYS_PLL3', 'SYS_PLL1_DIV3', 'AUDIO_PLL2', 'SYS_PLL1_DIV8'] as const;
const I2C = [OSC, 'SYS_PLL1_DIV5', 'SYS_PLL2_DIV20', 'SYS_PLL3', 'AUDIO_PLL1', 'VIDEO_PLL1', 'AUDIO_PLL2', 'SYS_PLL1_DIV6'] as const;
const UART = [OSC, 'SYS_PLL1_DIV10', 'SYS_PLL2_DIV5', 'SYS_PLL2_DIV10', 'SYS_PLL3', null, null, 'AUDIO_PLL2'] as const;
const USB = [OSC, 'SYS_PLL1_DIV8', 'SYS_PLL1_DIV20', 'SYS_PLL2_DIV10', 'SYS_PLL2_DIV5', null, null, 'AUDIO_PLL2'] as const;
const PWM = [OSC, 'SYS_PLL2_DIV10', 'SYS_PLL1_DIV5', 'SYS_PLL1_DIV20', 'SYS_PLL3', null, 'SYS_PLL1_DIV10', 'VIDEO_PLL1'] as const;
const GPT = [OSC, 'SYS_PLL2_DIV10', 'SYS_PLL1_DIV2', 'SYS_PLL1_DIV20', 'VIDEO_PLL1', 'SYS_PLL1_DIV10', 'AUDIO_PLL1', null] as const;
const CAMERA = [OSC, 'SYS_PLL1_DIV3', 'SYS_PLL2_DIV4', 'SYS_PLL1', 'SYS_PLL2', 'SYS_PLL3', 'AUDIO_PLL2', 'VIDEO_PLL1'] as const;
const CSI_PHY = [OSC, 'SYS_PLL2_DIV3', 'SYS_PLL2_DIV10', 'SYS_PLL1', 'SYS_PLL2', null, 'AUDIO_PLL2', 'VIDEO_PLL1'] as const;
const ESC = [OSC, 'SYS_PLL2_DIV10', 'SYS_PLL1_DIV10', 'SYS_PLL1', 'SYS_PLL2', 'SYS_PLL3', null, 'AUDIO_PLL2'] as const;

/** Multiplexed roots in order of index. */
export const IMX8MM_ROOTS: readonly ClockRoot[] = [
  {
    index: 0,
    name: 'ARM_A53_CLK_ROOT',
    sources: [OSC, 'ARM_PLL', 'SYS_PLL2_DIV2', 'SYS_PLL2', 'SYS_PLL1', 'SYS_PLL1_DIV2', 'AUDIO_PLL1', 'SYS_PLL3'],
    reset: 0x1400_0000,
  },
  {
    index: 1,
    name: 'ARM_M4_CLK_ROOT',
    sources: [OSC, 'SYS_PLL2_DIV5', 'SYS_PLL2_DIV4', 'SYS_PLL1_DIV3', 'SYS_PLL1', 'AUDIO_PLL1', 'VIDEO_PLL1', 'SYS_PLL3'],
    reset: 0x1400_0001,
  },
  {
    index: 2,
    name: 'VPU_CORE_CLK_ROOT',
    sources: [OSC, 'ARM_PLL', 'SYS_PLL2_DIV2', 'SYS_PLL2', 'SYS_PLL1', 'SYS_PLL1_DIV2', 'AUDIO_PLL1', 'VPU_PLL'],
  },
  { index: 3, name: 'GPU3D_CORE_CLK_ROOT', sources: GPU },
  { index: 4, name: 'GPU2D_CORE_CLK_ROOT', sources: GPU },
  {
    index: 16,
    name: 'MAIN_AXI_CLK_ROOT',
    sources: [OSC, 'SYS_PLL2_DIV3', 'SYS_PLL1', 'SYS_PLL2_DIV4', 'SYS_PLL2', 'AUDIO_PLL1', 'VIDEO_PLL1', 'SYS_PLL1_DIV8'],
    reset: 0x1200_0001,
  },
  {
    index: 17,
    name: 'ENET_AXI_CLK_ROOT',
    sources: [OSC, 'SYS_PLL1_DIV3', 'SYS_PLL1', 'SYS_PLL2_DIV4', 'SYS_PLL2_DIV5', 'AUDIO_PLL1', 'VIDEO_PLL1', 'SYS_PLL3'],
    reset: 0x1100_0000,
  },
  {
    index: 18,
    name: 'NAND_USDHC_BUS_CLK_ROOT',
    sources: [OSC, 'SYS_PLL1_DIV3', 'SYS_PLL1', 'SYS_PLL2_DIV5', 'SYS_PLL1_DIV6', 'SYS_PLL3', 'SYS_PLL2_DIV4', 'AUDIO_PLL1'],
    reset: 0x1100_0000,
  },
  {
    index: 19,
    name: 'VPU_BUS_CLK_ROOT',
    sources: [OSC, 'SYS_PLL1', 'VPU_PLL', 'AUDIO_PLL2', 'SYS_PLL3', 'SYS_PLL2', 'SYS_PLL2_DIV5', 'SYS_PLL1_DIV8'],
  },
  { index: 20, name: 'DISP_AXI_CLK_ROOT', sources: [OSC, 'SYS_PLL2', 'SYS_PLL1', 'SYS_PLL3', 'SYS_PLL1_DIV20', 'AUDIO_PLL2', null, null] },
  {
    index: 21,
    name: 'DISP_APB_CLK_ROOT',
    sources: [OSC, 'SYS_PLL2_DIV8', 'SYS_PLL1', 'SYS_PLL3', 'SYS_PLL1_DIV20', 'AUDIO_PLL2', null, null],
  },
  {
    index: 22,
    name: 'DISP_RTRM_CLK_ROOT',
    sources: [OSC, 'SYS_PLL1', 'SYS_PLL2_DIV5', 'SYS_PLL2', 'AUDIO_PLL1', 'VIDEO_PLL1', null, null],
  },
  {
    index: 23,
    name: 'USB_BUS_CLK_ROOT',
    sources: [OSC, 'SYS_PLL2_DIV2', 'SYS_PLL1', 'SYS_PLL2_DIV10', 'SYS_PLL2_DIV5', null, null, 'AUDIO_PLL2'],
  },
  { index: 24, name: 'GPU_AXI_CLK_ROOT', sources: GPU_BUS },
  { index: 25, name: 'GPU_AHB_CLK_ROOT', sources: GPU_BUS },
  {
    index: 26,
    name: 'NOC_CLK_ROOT',
    sources: [OSC, 'SYS_PLL1', 'SYS_PLL3', 'SYS_PLL2', 'SYS_PLL2_DIV2', 'AUDIO_PLL1', 'VIDEO_PLL1', 'AUDIO_PLL2'],
    reset: 0x1200_0000,
  },
  {
    index: 27,
    name: 'NOC_APB_CLK_ROOT',
    sources: [OSC, 'SYS_PLL1_DIV2', 'SYS_PLL3', 'SYS_PLL2_DIV3', 'SYS_PLL2_DIV5', 'SYS_PLL1', 'AUDIO_PLL1', 'VIDEO_PLL1'],
  },
  {
    index: 32,
    name: 'AHB_CLK_ROOT',
    sources: [OSC, 'SYS_PLL1_DIV6', 'SYS_PLL1', 'SYS_PLL1_DIV2', 'SYS_PLL2_DIV8', 'SYS_PLL3', 'AUDIO_PLL1', 'VIDEO_PLL1'],
    reset: 0x1100_0000,
  },
  {
    index: 34,
    name: 'AUDIO_AHB_CLK_ROOT',
    sources: [OSC, 'SYS_PLL2_DIV2', 'SYS_PLL1', 'SYS_PLL2', 'SYS_PLL2_DIV6', 'SYS_PLL3', 'AUDIO_PLL1', 'VIDEO_PLL1'],
  },
  { index: 48, name: 'DRAM_SEL_CFG', sources: ['DRAM_PLL', 'DRAM_ALT_CLK_ROOT'] },
  { index: 49, name: 'CORE_SEL_CFG', sources: ['ARM_A53_CLK_ROOT', 'ARM_PLL'], reset: 0x1100_0000 },
  {
    index: 64,
    name: 'DRAM_ALT_CLK_ROOT',
    sources: [OSC, 'SYS_PLL1', 'SYS_PLL1_DIV8', 'SYS_PLL2_DIV2', 'SYS_PLL2', 'SYS_PLL3', 'AUDIO_PLL1', 'SYS_PLL1_DIV3'],
    reset: 0x1100_0000,
  },
  { index: 65, name: 'DRAM_APB_CLK_ROOT', sources: SPI, reset: 0x1100_0000 },
  { index: 66, name: 'VPU_G1_CLK_ROOT', sources: VPU },
  { index: 67, name: 'VPU_G2_CLK_ROOT', sources: VPU },
  { index: 68, name: 'DISP_DTRC_CLK_ROOT', sources: DISPLAY },
  { index: 69, name: 'DISP_DC8000_CLK_ROOT', sources: DISPLAY },
  { index: 70, name: 'PCIE1_CTRL_CLK_ROOT', sources: PCIE_CTRL },
  { index: 71, name: 'PCIE1_PHY_CLK_ROOT', sources: PCIE_PHY },
  { index: 72, name: 'PCIE1_AUX_CLK_ROOT', sources: PCIE_AUX },
  { index: 73, name: 'DC_PIXEL_CLK_ROOT', sources: PIXEL },
  { index: 74, name: 'LCDIF_PIXEL_CLK_ROOT', sources: PIXEL },
  { index: 75, name: 'SAI1_CLK_ROOT', sources: SAI },
  { index: 76, name: 'SAI2_CLK_ROOT', sources: SAI },
  { index: 77, name: 'SAI3_CLK_ROOT', sources: SAI },
  { index: 78, name: 'SAI4_CLK_ROOT', sources: SAI },
  { index: 79, name: 'SAI5_CLK_ROOT', sources: SAI },
  { index: 80, name: 'SAI6_CLK_ROOT', sources: SAI },
  { index: 81, name: 'SPDIF1_CLK_ROOT', sources: SAI },
  { index: 82, name: 'SPDIF2_CLK_ROOT', sources: SAI },
  {
    index: 83,
    name: 'ENET_REF_CLK_ROOT',
    sources: [OSC, 'SYS_PLL2_DIV8', 'SYS_PLL2_DIV20', 'SYS_PLL2_DIV10', 'SYS_PLL1_DIV5', 'AUDIO_PLL1', 'VIDEO_PLL1', null],
  },
  { index: 84, name: 'ENET_TIMER_CLK_ROOT', sources: [OSC, 'SYS_PLL2_DIV10', 'AUDIO_PLL1', null, null, null, null, 'VIDEO_PLL1'] },
  {
    index: 85,
    name: 'ENET_PHY_CLK_ROOT',
    sources: [OSC, 'SYS_PLL2_DIV20', 'SYS_PLL2_DIV8', 'SYS_PLL2_DIV5', 'SYS_PLL2_DIV2', 'AUDIO_PLL1', 'VIDEO_PLL1', 'AUDIO_PLL2'],
  },
  {
    index: 86,
    name: 'NAND_CLK_ROOT',
    sources: [OSC, 'SYS_PLL2_DIV2', 'AUDIO_PLL1', 'SYS_PLL1_DIV2', 'AUDIO_PLL2', 'SYS_PLL3', 'SYS_PLL2_DIV4', 'VIDEO_PLL1'],
  },
  {
    index: 87,
    name: 'QSPI_CLK_ROOT',
    sources: [OSC, 'SYS_PLL1_DIV2', 'SYS_PLL2_DIV3', 'SYS_PLL2_DIV2', 'AUDIO_PLL2', 'SYS_PLL1_DIV3', 'SYS_PLL3', 'SYS_PLL1_DIV8'],
  },
  { index: 88, name: 'USDHC1_CLK_ROOT', sources: USDHC, reset: 0x1100_0001 },
  { index: 89, name: 'USDHC2_CLK_ROOT', sources: USDHC, reset: 0x1100_0001 },
  { index: 90, name: 'I2C1_CLK_ROOT', sources: I2C },
  { index: 91, name: 'I2C2_CLK_ROOT', sources: I2C },
  { index: 92, name: 'I2C3_CLK_ROOT', sources: I2C },
  { index: 93, name: 'I2C4_CLK_ROOT', sources: I2C },
  { index: 94, name: 'UART1_CLK_ROOT', sources: UART },
  { index: 95, name: 'UART2_CLK_ROOT', sources: UART },
  { index: 96, name: 'UART3_CLK_ROOT', sources: UART },
  { index: 97, name: 'UART4_CLK_ROOT', sources: UART },
  { index: 98, name: 'USB_CORE_REF_CLK_ROOT', sources: USB },
  { index: 99, name: 'USB_PHY_REF_CLK_ROOT', sources: USB },
  {
    index: 100,
    name: 'GIC_CLK_ROOT',
    sources: [OSC, 'SYS_PLL2_DIV5', 'SYS_PLL1_DIV20', 'SYS_PLL2_DIV10', 'SYS_PLL1', null, null, 'AUDIO_PLL2'],
    reset: 0x1300_0000,
  },
  { index: 101, name: 'ECSPI1_CLK_ROOT', sources: SPI },
  { index: 102, name: 'ECSPI2_CLK_ROOT', sources: SPI },
  { index: 103, name: 'PWM1_CLK_ROOT', sources: PWM },
  { index: 104, name: 'PWM2_CLK_ROOT', sources: PWM },
  { index: 105, name: 'PWM3_CLK_ROOT', sources: PWM },
  { index: 106, name: 'PWM4_CLK_ROOT', sources: PWM },
  { index: 107, name: 'GPT1_CLK_ROOT', sources: GPT },
  { index: 108, name: 'GPT2_CLK_ROOT', sources: GPT },
  { index: 109, name: 'GPT3_CLK_ROOT', sources: GPT },
  { index: 110, name: 'GPT4_CLK_ROOT', sources: GPT },
  { index: 111, name: 'GPT5_CLK_ROOT', sources: GPT },
  { index: 112, name: 'GPT6_CLK_ROOT', sources: GPT },
  {
    index: 113,
    name: 'TRACE_CLK_ROOT',
    sources: [OSC, 'SYS_PLL1_DIV6', 'SYS_PLL1_DIV5', 'VPU_PLL', 'SYS_PLL2_DIV8', 'SYS_PLL3', null, null],
  },
  {
    index: 114,
    name: 'WDOG_CLK_ROOT',
    sources: [OSC, 'SYS_PLL1_DIV6', 'SYS_PLL1_DIV5', 'VPU_PLL', 'SYS_PLL2_DIV8', 'SYS_PLL3', 'SYS_PLL1_DIV10', 'SYS_PLL2_DIV6'],
  },
  {
    index: 115,
    name: 'WRCLK_CLK_ROOT',
    sources: [OSC, 'SYS_PLL1_DIV20', 'VPU_PLL', 'SYS_PLL3', 'SYS_PLL2_DIV5', 'SYS_PLL1_DIV3', 'SYS_PLL2_DIV2', 'SYS_PLL1_DIV8'],
  },
  {
    index: 116,
    name: 'IPP_DO_CLKO1',
    sources: [OSC, 'SYS_PLL1', null, 'SYS_PLL1_DIV4', 'AUDIO_PLL2', 'SYS_PLL2_DIV2', 'VPU_PLL', 'SYS_PLL1_DIV10'],
  },
  {
    index: 117,
    name: 'IPP_DO_CLKO2',
    sources: [OSC, 'SYS_PLL2_DIV5', 'SYS_PLL1_DIV2', 'SYS_PLL2_DIV6', 'SYS_PLL3', 'AUDIO_PLL1', 'VIDEO_PLL1', 'OSC_32K'],
  },
  { index: 118, name: 'DSI_CORE_CLK_ROOT', sources: CAMERA },
  {
    index: 119,
    name: 'DSI_PHY_REF_CLK_ROOT',
    sources: [OSC, 'SYS_PLL2_DIV8', 'SYS_PLL2_DIV10', 'SYS_PLL1', 'SYS_PLL2', null, 'AUDIO_PLL2', 'VIDEO_PLL1'],
  },
  {
    index: 120,
    name: 'DSI_DBI_CLK_ROOT',
    sources: [OSC, 'SYS_PLL1_DIV3', 'SYS_PLL2_DIV10', 'SYS_PLL1', 'SYS_PLL2', 'SYS_PLL3', 'AUDIO_PLL2', 'VIDEO_PLL1'],
  },
  { index: 121, name: 'USDHC3_CLK_ROOT', sources: USDHC, reset: 0x1100_0001 },
  { index: 122, name: 'CSI1_CORE_CLK_ROOT', sources: CAMERA },
  { index: 123, name: 'CSI1_PHY_REF_CLK_ROOT', sources: CSI_PHY },
  { index: 124, name: 'CSI1_ESC_CLK_ROOT', sources: ESC },
  { index: 125, name: 'CSI2_CORE_CLK_ROOT', sources: CAMERA },
  { index: 126, name: 'CSI2_PHY_REF_CLK_ROOT', sources: CSI_PHY },
  { index: 127, name: 'CSI2_ESC_CLK_ROOT', sources: ESC },
  { index: 128, name: 'PCIE2_CTRL_CLK_ROOT', sources: PCIE_CTRL },
  { index: 129, name: 'PCIE2_PHY_CLK_ROOT', sources: PCIE_PHY },
  { index: 130, name: 'PCIE2_AUX_CLK_ROOT', sources: PCIE_AUX },
  { index: 131, name: 'ECSPI3_CLK_ROOT', sources: SPI },
  {
    index: 132,
    name: 'PDM_CLK_ROOT',
    sources: [OSC, 'SYS_PLL2_DIV10', 'AUDIO_PLL1', 'SYS_PLL1', 'SYS_PLL2', 'SYS_PLL3', null, 'AUDIO_PLL2'],
  },
  {
    index: 133,
    name: 'VPU_H1_CLK_ROOT',
    sources: [OSC, 'VPU_PLL', 'SYS_PLL1', 'SYS_PLL2', 'AUDIO_PLL2', 'SYS_PLL2_DIV8', 'SYS_PLL3', 'AUDIO_PLL1'],
  },
];

/** Roots that divide another root. */
export const IMX8MM_DERIVED_ROOTS: readonly DerivedRoot[] = [
  { index: 33, name: 'IPG_CLK_ROOT', parent: 'AHB_CLK_ROOT', width: 1, reset: 0x1000_0001 },
  { index: 35, name: 'AUDIO_IPG_CLK_ROOT', parent: 'AUDIO_AHB_CLK_ROOT', width: 1, reset: 0x1000_0001 },
];
