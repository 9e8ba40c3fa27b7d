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

const IMX8MP = defineRegisters({
  SCR: { offset: 0x00, reset: 0x0000_00a0 },
  A53RCR0: { offset: 0x04, reset: 0x000a_0000 },
  A53RCR1: { offset: 0x08, reset: 0x0000_0001 },
  M7RCR: {
    offset: 0x0c,
    reset: 0x0000_00a9,
    fields: {
      SW_M7C_NON_SCLR_RST: bit(0),
      SW_M7C_RST: bit(1),
      SW_M7P_RST: bit(2),
      ENABLE_M7: bit(3),
      MASK_WDOG3_RST: field(4, 4),
      WDOG3_RST_OPTION_M7: bit(8),
      WDOG3_RST_OPTION: bit(9),
    },
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

/** Every layout by name. */
export const SRC_LAYOUTS = {
  imx8mp: defineLayout({ registers: IMX8MP, core: { register: 'M7RCR', ...MRCR } }),
} as const satisfies Record<string, SrcLayout>;

/** Name of a layout. */
export type SrcLayoutName = keyof typeof SRC_LAYOUTS;
