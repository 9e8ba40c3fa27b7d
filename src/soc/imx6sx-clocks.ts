/**
 * Clocks that CCM of the i.MX 6SoloX makes: sources by value of the selecting field, dividers.
 *
 * Source: CCM chapter of the reference manual (IMX6SXRM), compared with Linux's clk-imx6sx.c and the BSP's ccm_imx6sx.h. Clocks of the display pins
 * (IPP_DI0, IPP_DI1) are not fitted on the boards modelled: null. LVDS serializer clocks are left out of the sources, too.
 */
import type { Imx6Clock } from '../peripherals/imx6-ccm.ts';

const OSC = 'OSC_24M';
/** PLL3 as CCM sees it, by CCSR.PLL3_SW_CLK_SEL. */
const PLL3 = 'PLL3_SW_CLK';
const SSI = ['PLL_USB1_PFD2', 'PLL_VIDEO', 'PLL_AUDIO', null];
const AUDIO = ['PLL_AUDIO', 'PLL_USB1_PFD2', 'PLL_VIDEO', PLL3];
const USDHC = ['PLL_SYS_PFD2', 'PLL_SYS_PFD0'];
const QSPI1 = [PLL3, 'PLL_SYS_PFD0', 'PLL_SYS_PFD2', 'PLL_SYS', 'PLL_USB1_PFD3', 'PLL_USB1_PFD2'];

/** Each after those that it comes from. */
export const IMX6SX_CLOCKS: readonly Imx6Clock[] = [
  { name: PLL3, sources: ['PLL_USB1', null], select: 'CCSR.PLL3_SW_CLK_SEL' },
  { name: 'STEP_CLK', sources: [OSC, 'PLL_SYS_PFD2'], select: 'CCSR.STEP_SEL' },
  { name: 'PLL1_SW_CLK', sources: ['PLL_ARM', 'STEP_CLK'], select: 'CCSR.PLL1_SW_CLK_SEL' },
  { name: 'ARM_CLK_ROOT', sources: ['PLL1_SW_CLK'], dividers: ['CACRR.ARM_PODF'] },
  { name: 'PRE_PERIPH_CLK', sources: ['PLL_SYS', 'PLL_SYS_PFD2', 'PLL_SYS_PFD0', 'PLL_SYS_198M'], select: 'CBCMR.PRE_PERIPH_CLK_SEL' },
  { name: 'PERIPH_CLK2', sources: [PLL3, OSC, OSC, null], select: 'CBCMR.PERIPH_CLK2_SEL', dividers: ['CBCDR.PERIPH_CLK2_PODF'] },
  { name: 'PERIPH_CLK', sources: ['PRE_PERIPH_CLK', 'PERIPH_CLK2'], select: 'CBCDR.PERIPH_CLK_SEL' },
  { name: 'AHB_CLK_ROOT', sources: ['PERIPH_CLK'], dividers: ['CBCDR.AHB_PODF'] },
  { name: 'IPG_CLK_ROOT', sources: ['AHB_CLK_ROOT'], dividers: ['CBCDR.IPG_PODF'] },
  { name: 'PERCLK_CLK_ROOT', sources: ['IPG_CLK_ROOT', OSC], select: 'CSCMR1.PERCLK_CLK_SEL', dividers: ['CSCMR1.PERCLK_PODF'] },
  { name: 'PRE_PERIPH2_CLK', sources: ['PLL_SYS', 'PLL_SYS_PFD2', 'PLL_SYS_PFD0', 'PLL_AUDIO'], select: 'CBCMR.PRE_PERIPH2_CLK_SEL' },
  { name: 'PERIPH2_CLK2', sources: [PLL3, OSC], select: 'CBCMR.PERIPH2_CLK2_SEL', dividers: ['CBCDR.PERIPH2_CLK2_PODF'] },
  { name: 'PERIPH2_CLK', sources: ['PRE_PERIPH2_CLK', 'PERIPH2_CLK2'], select: 'CBCDR.PERIPH2_CLK_SEL' },
  { name: 'MMDC_CLK_ROOT', sources: ['PERIPH2_CLK'], dividers: ['CBCDR.FABRIC_MMDC_PODF'] },
  { name: 'OCRAM_ALT_CLK', sources: ['PLL_SYS_PFD2', 'PLL_USB1_PFD1'], select: 'CBCDR.OCRAM_ALT_CLK_SEL' },
  { name: 'OCRAM_CLK_ROOT', sources: ['PERIPH_CLK', 'OCRAM_ALT_CLK'], select: 'CBCDR.OCRAM_CLK_SEL', dividers: ['CBCDR.OCRAM_PODF'] },
  { name: 'PCIE_CLK_ROOT', sources: ['OCRAM_CLK_ROOT', 'AHB_CLK_ROOT'], select: 'CBCMR.PCIE_AXI_CLK_SEL' },
  {
    name: 'GPU_AXI_CLK_ROOT',
    sources: ['PLL_SYS_PFD2', 'PLL_USB1_PFD0', 'PLL_USB1_PFD1', 'PLL_SYS'],
    select: 'CBCMR.GPU_AXI_SEL',
    dividers: ['CBCMR.GPU_AXI_PODF'],
  },
  {
    name: 'GPU_CORE_CLK_ROOT',
    sources: ['PLL_USB1_PFD1', 'PLL_USB1_PFD0', 'PLL_SYS', 'PLL_SYS_PFD2'],
    select: 'CBCMR.GPU_CORE_SEL',
    dividers: ['CBCMR.GPU_CORE_PODF'],
  },
  {
    name: 'ACLK_EIM_SLOW_CLK_ROOT',
    sources: ['OCRAM_CLK_ROOT', PLL3, 'PLL_SYS_PFD2', 'PLL_SYS_PFD0'],
    select: 'CSCMR1.ACLK_EIM_SLOW_SEL',
    dividers: ['CSCMR1.ACLK_EIM_SLOW_PODF'],
  },
  { name: 'QSPI1_CLK_ROOT', sources: QSPI1, select: 'CSCMR1.QSPI1_SEL', dividers: ['CSCMR1.QSPI1_PODF'] },
  {
    name: 'QSPI2_CLK_ROOT',
    sources: ['PLL_SYS_PFD0', 'PLL_SYS', PLL3, 'PLL_SYS_PFD2', 'PLL_USB1_PFD3'],
    select: 'CS2CDR.QSPI2_CLK_SEL',
    dividers: ['CS2CDR.QSPI2_CLK_PRED', 'CS2CDR.QSPI2_CLK_PODF'],
  },
  { name: 'USDHC1_CLK_ROOT', sources: USDHC, select: 'CSCMR1.USDHC1_CLK_SEL', dividers: ['CSCDR1.USDHC1_PODF'] },
  { name: 'USDHC2_CLK_ROOT', sources: USDHC, select: 'CSCMR1.USDHC2_CLK_SEL', dividers: ['CSCDR1.USDHC2_PODF'] },
  { name: 'USDHC3_CLK_ROOT', sources: USDHC, select: 'CSCMR1.USDHC3_CLK_SEL', dividers: ['CSCDR1.USDHC3_PODF'] },
  { name: 'USDHC4_CLK_ROOT', sources: USDHC, select: 'CSCMR1.USDHC4_CLK_SEL', dividers: ['CSCDR1.USDHC4_PODF'] },
  { name: 'SSI1_CLK_ROOT', sources: SSI, select: 'CSCMR1.SSI1_CLK_SEL', dividers: ['CS1CDR.SSI1_CLK_PRED', 'CS1CDR.SSI1_CLK_PODF'] },
  { name: 'SSI2_CLK_ROOT', sources: SSI, select: 'CSCMR1.SSI2_CLK_SEL', dividers: ['CS2CDR.SSI2_CLK_PRED', 'CS2CDR.SSI2_CLK_PODF'] },
  { name: 'SSI3_CLK_ROOT', sources: SSI, select: 'CSCMR1.SSI3_CLK_SEL', dividers: ['CS1CDR.SSI3_CLK_PRED', 'CS1CDR.SSI3_CLK_PODF'] },
  { name: 'ESAI_CLK_ROOT', sources: AUDIO, select: 'CSCMR2.ESAI_CLK_SEL', dividers: ['CS1CDR.ESAI_CLK_PRED', 'CS1CDR.ESAI_CLK_PODF'] },
  { name: 'SPDIF0_CLK_ROOT', sources: AUDIO, select: 'CDCDR.SPDIF0_CLK_SEL', dividers: ['CDCDR.SPDIF0_CLK_PRED', 'CDCDR.SPDIF0_CLK_PODF'] },
  { name: 'AUDIO_CLK_ROOT', sources: AUDIO, select: 'CDCDR.AUDIO_CLK_SEL', dividers: ['CDCDR.AUDIO_CLK_PRED', 'CDCDR.AUDIO_CLK_PODF'] },
  {
    name: 'VID_CLK_ROOT',
    sources: ['PLL_USB1_PFD1', PLL3, 'PLL_USB1_PFD3', 'PLL_AUDIO', 'PLL_VIDEO'],
    select: 'CSCMR2.VID_CLK_SEL',
    dividers: ['CSCMR2.VID_CLK_PRE_PODF', 'CSCMR2.VID_CLK_PODF'],
  },
  {
    name: 'CAN_CLK_ROOT',
    sources: ['PLL_USB1_60M', OSC, 'PLL_USB1_80M', null],
    select: 'CSCMR2.CAN_CLK_SEL',
    dividers: ['CSCMR2.CAN_CLK_PODF'],
  },
  { name: 'UART_CLK_ROOT', sources: ['PLL_USB1_80M', OSC], select: 'CSCDR1.UART_CLK_SEL', dividers: ['CSCDR1.UART_CLK_PODF'] },
  { name: 'ECSPI_CLK_ROOT', sources: ['PLL_USB1_60M', OSC], select: 'CSCDR2.ECSPI_CLK_SEL', dividers: ['CSCDR2.ECSPI_CLK_PODF'] },
  {
    name: 'ENET_PRE_CLK',
    sources: ['PLL_SYS', PLL3, 'PLL_VIDEO', 'PLL_SYS_PFD0', 'PLL_SYS_PFD2', 'PLL_USB1_PFD2'],
    select: 'CHSCCDR.ENET_PRE_CLK_SEL',
    dividers: ['CHSCCDR.ENET_PODF'],
  },
  { name: 'ENET_CLK_ROOT', sources: ['ENET_PRE_CLK'], select: 'CHSCCDR.ENET_CLK_SEL' },
  {
    name: 'M4_PRE_CLK',
    sources: ['PLL_SYS', PLL3, OSC, 'PLL_SYS_PFD0', 'PLL_SYS_PFD2', 'PLL_USB1_PFD3'],
    select: 'CHSCCDR.M4_PRE_CLK_SEL',
  },
  { name: 'M4_CLK_ROOT', sources: ['M4_PRE_CLK'], select: 'CHSCCDR.M4_CLK_SEL', dividers: ['CHSCCDR.M4_PODF'] },
  {
    name: 'LCDIF1_PIX_CLK_ROOT',
    sources: ['PLL_SYS', 'PLL_USB1_PFD3', 'PLL_VIDEO', 'PLL_SYS_PFD0', 'PLL_SYS_PFD1', 'PLL_USB1_PFD1'],
    select: 'CSCDR2.LCDIF1_PRE_CLK_SEL',
    dividers: ['CSCDR2.LCDIF1_PRED', 'CBCMR.LCDIF1_PODF'],
  },
  {
    name: 'LCDIF2_PIX_CLK_ROOT',
    sources: ['PLL_SYS', 'PLL_USB1_PFD3', 'PLL_VIDEO', 'PLL_SYS_PFD0', 'PLL_SYS_PFD3', 'PLL_USB1_PFD1'],
    select: 'CSCDR2.LCDIF2_PRE_CLK_SEL',
    dividers: ['CSCDR2.LCDIF2_PRED', 'CSCMR1.LCDIF2_PODF'],
  },
  {
    name: 'DISPLAY_CLK_ROOT',
    sources: ['PLL_SYS', 'PLL_SYS_PFD2', PLL3, 'PLL_USB1_PFD1'],
    select: 'CSCDR3.DISPLAY_CLK_SEL',
    dividers: ['CSCDR3.DISPLAY_PODF'],
  },
  {
    name: 'CSI_CLK_ROOT',
    sources: [OSC, 'PLL_SYS_PFD2', 'PLL_USB1_120M', 'PLL_USB1_PFD1'],
    select: 'CSCDR3.CSI_CLK_SEL',
    dividers: ['CSCDR3.CSI_PODF'],
  },
];
