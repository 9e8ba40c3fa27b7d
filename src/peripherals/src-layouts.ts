/**
 * The SRCs by SoC: registers, and the bits of one of them that hold the M core.
 *
 * Registers and names from NXP's headers (PERI_SRC.h), reset values from the reference manuals.
 */
import { bit, defineRegisters, field, type RegisterMap } from '../memory/registers.ts';

/** What differs between SRCs. */
export interface SrcLayout {
  readonly registers: RegisterMap;
  /** The register that holds the M core, and masks of its bits there. */
  readonly core: {
    readonly register: string;
    /** Holds the core in reset while it is set. */
    readonly hold: number;
    /** Resets the core once; clears itself. */
    readonly pulse: number;
    /** Other bits that clear themselves (the reset of the core's platform). */
    readonly selfClearing: number;
    /** The core runs only while it is set. */
    readonly enable: number;
  };
}

/** The layout as it is given, with its names checked against its registers. */
function defineLayout<const T extends RegisterMap>(layout: {
  readonly registers: T;
  readonly core: SrcLayout['core'] & { readonly register: keyof T & string };
}): SrcLayout {
  return layout;
}

/** M4RCR or M7RCR of the i.MX 7 and 8M families. */
const MRCR = { hold: 1 << 0, pulse: 1 << 1, selfClearing: 1 << 2, enable: 1 << 3 };

/** Fields of M7RCR. */
const M7RCR = {
  SW_M7C_NON_SCLR_RST: bit(0),
  SW_M7C_RST: bit(1),
  SW_M7P_RST: bit(2),
  ENABLE_M7: bit(3),
  MASK_WDOG3_RST: field(4, 4),
  WDOG3_RST_OPTION_M7: bit(8),
  WDOG3_RST_OPTION: bit(9),
};

/** Fields of M4RCR. */
const M4RCR = {
  SW_M4C_NON_SCLR_RST: bit(0),
  SW_M4C_RST: bit(1),
  SW_M4P_RST: bit(2),
  ENABLE_M4: bit(3),
  MASK_WDOG3_RST: field(4, 4),
  WDOG3_RST_OPTION_M4: bit(8),
  WDOG3_RST_OPTION: bit(9),
};

const IMX8MP = defineRegisters({
  SCR: { offset: 0x00, reset: 0x0000_00a0 },
  A53RCR0: { offset: 0x04, reset: 0x000a_0000 },
  A53RCR1: { offset: 0x08, reset: 0x0000_0001 },
  M7RCR: {
    offset: 0x0c,
    reset: 0x0000_00a9,
    fields: M7RCR,
  },
  SUPERMIX_RCR: { offset: 0x18 },
  AUDIOMIX_RCR: { offset: 0x1c },
  USBPHY1_RCR: { offset: 0x20 },
  USBPHY2_RCR: { offset: 0x24 },
  MLMIX_RCR: { offset: 0x28 },
  PCIEPHY_RCR: { offset: 0x2c },
  HDMI_RCR: { offset: 0x30 },
  MEDIA_RCR: { offset: 0x34 },
  GPU2D_RCR: { offset: 0x38 },
  GPU3D_RCR: { offset: 0x3c },
  GPU_RCR: { offset: 0x40 },
  VPU_RCR: { offset: 0x44 },
  VPU_G1_RCR: { offset: 0x48 },
  VPU_G2_RCR: { offset: 0x4c },
  VPUVC8KE_RCR: { offset: 0x50 },
  NOC_RCR: { offset: 0x54 },
  SBMR1: { offset: 0x58, access: 'ro' },
  SRSR: { offset: 0x5c, reset: 0x0000_0001, access: 'w1c' },
  SISR: { offset: 0x68, access: 'w1c' },
  SIMR: { offset: 0x6c, reset: 0x0000_03ff },
  SBMR2: { offset: 0x70, access: 'ro' },
  GPR: { offset: 0x74, count: 10 },
  DDRC_RCR: { offset: 0x1000 },
  HDMIPHY_RCR: { offset: 0x1008 },
  MIPIPHY1_RCR: { offset: 0x100c },
  MIPIPHY2_RCR: { offset: 0x1010 },
  HSIO_RCR: { offset: 0x1014 },
  MEDIAISPDWP_RCR: { offset: 0x1018 },
});

const IMX7D = defineRegisters({
  SCR: { offset: 0x00, reset: 0x0000_00a0 },
  A7RCR0: { offset: 0x04, reset: 0x0000_0002 },
  A7RCR1: { offset: 0x08 },
  M4RCR: {
    offset: 0x0c,
    reset: 0x0000_00ab,
    fields: {
      SW_M4C_NON_SCLR_RST: bit(0),
      SW_M4C_RST: bit(1),
      SW_M4P_RST: bit(2),
      ENABLE_M4: bit(3),
      MASK_WDOG3_RST: field(4, 4),
      WDOG3_RST_OPTION_M4: bit(8),
      WDOG3_RST_OPTION: bit(9),
    },
  },
  ERCR: { offset: 0x14 },
  HSICPHY_RCR: { offset: 0x1c },
  USBOPHY1_RCR: { offset: 0x20 },
  USBOPHY2_RCR: { offset: 0x24 },
  MIPIPHY_RCR: { offset: 0x28 },
  PCIEPHY_RCR: { offset: 0x2c },
  SBMR1: { offset: 0x58, access: 'ro' },
  SRSR: { offset: 0x5c, reset: 0x0000_0001, access: 'w1c' },
  SISR: { offset: 0x68, access: 'ro' },
  SIMR: { offset: 0x6c, reset: 0x0000_001f },
  SBMR2: { offset: 0x70, access: 'ro' },
  GPR: { offset: 0x74, count: 10 },
  DDRC_RCR: { offset: 0x1000 },
});

/** The M4's bits stand in SCR; after power-on they are what Linux's imx_rproc calls stopped. */
const IMX6SX = defineRegisters({
  SCR: {
    offset: 0x00,
    reset: 0xa048_0539,
    fields: {
      WARM_RESET_ENABLE: bit(0),
      SW_GPU_RST: bit(1),
      M4C_RST: bit(3),
      M4C_NON_SCLR_RST: bit(4),
      WARM_RST_BYPASS_COUNT: field(5, 2),
      MASK_WDOG_RST: field(7, 4),
      EIM_RST: bit(11),
      M4P_RST: bit(12),
      CORE0_RST: bit(13),
      CORE0_DBG_RST: bit(17),
      MASK_TEMPSENSE_RESET: field(18, 3),
      CORES_DBG_RST: bit(21),
      M4_ENABLE: bit(22),
      WDOG3_RST_OPTN_M4: bit(23),
      WDOG3_RST_OPTN: bit(24),
      DBG_RST_MSK_PG: bit(25),
      MIX_RST_STRCH: field(26, 2),
      MASK_WDOG3_RST: field(28, 4),
    },
  },
  SBMR1: { offset: 0x04, access: 'ro' },
  SRSR: { offset: 0x08, reset: 0x0000_0001, access: 'w1c' },
  SISR: { offset: 0x14, access: 'ro' },
  SIMR: { offset: 0x18, reset: 0x0000_001f },
  SBMR2: { offset: 0x1c, access: 'ro' },
  GPR: { offset: 0x20, count: 10 },
});

const IMX8MM = defineRegisters({
  SCR: { offset: 0x00, reset: 0x0000_00a0 },
  A53RCR0: { offset: 0x04, reset: 0x000a_0000 },
  A53RCR1: { offset: 0x08, reset: 0x0000_0001 },
  M4RCR: { offset: 0x0c, reset: 0x0000_00ab, fields: M4RCR },
  USBOPHY1_RCR: { offset: 0x20 },
  USBOPHY2_RCR: { offset: 0x24 },
  MIPIPHY_RCR: { offset: 0x28 },
  PCIEPHY_RCR: { offset: 0x2c },
  DISP_RCR: { offset: 0x34 },
  GPU_RCR: { offset: 0x40 },
  VPU_RCR: { offset: 0x44 },
  SBMR1: { offset: 0x58, access: 'ro' },
  SRSR: { offset: 0x5c, reset: 0x0000_0001, access: 'w1c' },
  SISR: { offset: 0x68, access: 'w1c' },
  SIMR: { offset: 0x6c, reset: 0x0000_03ff },
  SBMR2: { offset: 0x70, access: 'ro' },
  GPR: { offset: 0x74, count: 10 },
  DDRC_RCR: { offset: 0x1000 },
});

const IMX8MN = defineRegisters({
  SCR: { offset: 0x00, reset: 0x0000_00a0 },
  A53RCR0: { offset: 0x04, reset: 0x000a_0000 },
  A53RCR1: { offset: 0x08, reset: 0x0000_0001 },
  M7RCR: { offset: 0x0c, reset: 0x0000_00a9, fields: M7RCR },
  USBOPHY1_RCR: { offset: 0x20 },
  MIPIPHY_RCR: { offset: 0x28 },
  DISP_RCR: { offset: 0x34 },
  GPU_RCR: { offset: 0x40 },
  SBMR1: { offset: 0x58, access: 'ro' },
  SRSR: { offset: 0x5c, reset: 0x0000_0001, access: 'w1c' },
  SISR: { offset: 0x68, access: 'w1c' },
  SIMR: { offset: 0x6c, reset: 0x0000_03ff },
  SBMR2: { offset: 0x70, access: 'ro' },
  GPR: { offset: 0x74, count: 10 },
  DDRC_RCR: { offset: 0x1000 },
});

const IMX8MQ = defineRegisters({
  SCR: { offset: 0x00, reset: 0x0000_00a0 },
  A53RCR0: { offset: 0x04, reset: 0x000a_0000 },
  A53RCR1: { offset: 0x08, reset: 0x0000_0001 },
  M4RCR: { offset: 0x0c, reset: 0x0000_00ab, fields: M4RCR },
  USBOPHY1_RCR: { offset: 0x20 },
  USBOPHY2_RCR: { offset: 0x24 },
  MIPIPHY_RCR: { offset: 0x28 },
  PCIEPHY_RCR: { offset: 0x2c },
  HDMI_RCR: { offset: 0x30 },
  DISP_RCR: { offset: 0x34 },
  GPU_RCR: { offset: 0x40 },
  VPU_RCR: { offset: 0x44 },
  PCIE2_RCR: { offset: 0x48 },
  MIPIPHY1_RCR: { offset: 0x4c },
  MIPIPHY2_RCR: { offset: 0x50 },
  SBMR1: { offset: 0x58, access: 'ro' },
  SRSR: { offset: 0x5c, reset: 0x0000_0001, access: 'w1c' },
  SISR: { offset: 0x68, access: 'w1c' },
  SIMR: { offset: 0x6c, reset: 0x0000_03ff },
  SBMR2: { offset: 0x70, access: 'ro' },
  GPR: { offset: 0x74, count: 10 },
  DDRC_RCR: { offset: 0x1000 },
  DDRC2_RCR: { offset: 0x1004 },
});

/** Every layout by name. */
export const SRC_LAYOUTS = {
  imx8mp: defineLayout({ registers: IMX8MP, core: { register: 'M7RCR', ...MRCR } }),
  imx7d: defineLayout({ registers: IMX7D, core: { register: 'M4RCR', ...MRCR } }),
  imx6sx: defineLayout({
    registers: IMX6SX,
    core: { register: 'SCR', hold: 1 << 4, pulse: 1 << 3, selfClearing: 1 << 12, enable: 1 << 22 },
  }),
  imx8mm: defineLayout({ registers: IMX8MM, core: { register: 'M4RCR', ...MRCR } }),
  imx8mn: defineLayout({ registers: IMX8MN, core: { register: 'M7RCR', ...MRCR } }),
  imx8mq: defineLayout({ registers: IMX8MQ, core: { register: 'M4RCR', ...MRCR } }),
} as const satisfies Record<string, SrcLayout>;

/** Name of a layout. */
export type SrcLayoutName = keyof typeof SRC_LAYOUTS;
