/**
 * The pads and general-purpose registers of IOMUXC by SoC.
 *
 * Offsets and counts from NXP's headers (PERI_IOMUXC.h, PERI_IOMUXC_GPR.h; MCIMX7D_M4.h, MCIMX6X_M4.h); the values after reset are those of most pads.
 */
import { defineRegisters, type RegisterMap } from '../memory/registers.ts';

/** IOMUXC in manual order. */
export const IOMUXC_LAYOUTS = {
  imx8mp: defineRegisters({
    SW_MUX_CTL_PAD: { offset: 0x014, count: 143, reset: 0x0000_0005 },
    SW_PAD_CTL_PAD: { offset: 0x250, count: 156, reset: 0x0000_0106 },
    SELECT_INPUT: { offset: 0x4c0, count: 94 },
  }),
  imx8mm: defineRegisters({
    SW_MUX_CTL_PAD: { offset: 0x014, count: 144, reset: 0x0000_0005 },
    SW_PAD_CTL_PAD: { offset: 0x254, count: 154, reset: 0x0000_0016 },
    SELECT_INPUT: { offset: 0x4bc, count: 36 },
  }),
  imx8mn: defineRegisters({
    SW_MUX_CTL_PAD: { offset: 0x020, count: 141, reset: 0x0000_0005 },
    SW_PAD_CTL_PAD: { offset: 0x254, count: 154, reset: 0x0000_0016 },
    SELECT_INPUT: { offset: 0x4bc, count: 78 },
  }),
  imx8mq: defineRegisters({
    SW_MUX_CTL_PAD: { offset: 0x014, count: 144, reset: 0x0000_0005 },
    SW_PAD_CTL_PAD: { offset: 0x254, count: 154, reset: 0x0000_0016 },
    SELECT_INPUT: { offset: 0x4bc, count: 30 },
  }),
  imx7d: defineRegisters({
    SW_MUX_CTL_PAD: { offset: 0x014, count: 150, reset: 0x0000_0005 },
    SW_PAD_CTL_PAD: { offset: 0x26c, count: 156, reset: 0x0000_0014 },
    SELECT_INPUT: { offset: 0x4dc, count: 153 },
  }),
  'imx7d-lpsr': defineRegisters({
    SW_MUX_CTL_PAD: { offset: 0x000, count: 8 },
    SW_PAD_CTL_PAD: { offset: 0x020, count: 12, reset: 0x0000_0014 },
  }),
  imx6sx: defineRegisters({
    SW_MUX_CTL_PAD: { offset: 0x014, count: 166, reset: 0x0000_0005 },
    SW_PAD_CTL_PAD: { offset: 0x2ac, count: 222, reset: 0x0000_10b0 },
    SELECT_INPUT: { offset: 0x624, count: 150 },
  }),
} as const satisfies Record<string, RegisterMap>;

/** IOMUXC_GPR in manual order. */
export const IOMUXC_GPR_LAYOUTS = {
  imx8mp: defineRegisters({ GPR: { offset: 0x00, count: 25 } }),
  imx8mm: defineRegisters({ GPR: { offset: 0x00, count: 48 } }),
  imx8mn: defineRegisters({ GPR: { offset: 0x00, count: 48 } }),
  imx8mq: defineRegisters({ GPR: { offset: 0x00, count: 48 } }),
  imx7d: defineRegisters({ GPR: { offset: 0x00, count: 23 } }),
  imx6sx: defineRegisters({ GPR: { offset: 0x00, count: 14 } }),
} as const satisfies Record<string, RegisterMap>;

/** Name of a layout of pads. */
export type IomuxcLayoutName = keyof typeof IOMUXC_LAYOUTS;
/** Name of a layout of general-purpose registers. */
export type IomuxcGprLayoutName = keyof typeof IOMUXC_GPR_LAYOUTS;
