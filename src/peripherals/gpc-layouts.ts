/**
 * The GPCs by SoC: registers, the requests that clear themselves, the handshakes that are answered.
 *
 * Registers and names from NXP's headers (PERI_GPC.h with PERI_GPC_PGC.h behind it at +0x800), reset values from the reference manuals.
 */
import { defineRegisters, type RegisterMap } from '../memory/registers.ts';

/** What differs between GPCs. */
export interface GpcLayout {
  readonly registers: RegisterMap;
  /** Registers whose bits in `mask` (all unless given) ask for a power switch and clear when it is done. */
  readonly requests: readonly { readonly register: string; readonly mask?: number }[];
  /** Register in which each request, active low, is answered `shift` bits higher. */
  readonly handshake?: {
    readonly register: string;
    readonly answers: readonly { readonly requests: number; readonly shift: number }[];
  };
}

/** The layout as it is given, with its names checked against its registers. */
function defineLayout<const T extends RegisterMap>(layout: {
  readonly registers: T;
  readonly requests: readonly { readonly register: keyof T & string; readonly mask?: number }[];
  readonly handshake?: GpcLayout['handshake'] & { readonly register: keyof T & string };
}): GpcLayout {
  return layout;
}

/** Power switches of the i.MX 7 and 8M families. */
const PGC_REQUESTS = [
  { register: 'CPU_PGC_SW_PUP_REQ' },
  { register: 'MIX_PGC_SW_PUP_REQ' },
  { register: 'PU_PGC_SW_PUP_REQ' },
  { register: 'CPU_PGC_SW_PDN_REQ' },
  { register: 'MIX_PGC_SW_PDN_REQ' },
  { register: 'PU_PGC_SW_PDN_REQ' },
] as const;

const IMX8MP = defineRegisters({
  LPCR_A53_BSC: { offset: 0x000, reset: 0x0000_3ff0 },
  LPCR_A53_AD: { offset: 0x004, reset: 0x0000_0020 },
  LPCR_M7: { offset: 0x008, reset: 0x0000_3ff0 },
  SLPCR: { offset: 0x014, reset: 0xe000_ff82 },
  MST_CPU_MAPPING: { offset: 0x018 },
  MLPCR: { offset: 0x020, reset: 0x0101_0100 },
  PGC_ACK_SEL_A53: { offset: 0x024, reset: 0x8000_8000 },
  PGC_ACK_SEL_M7: { offset: 0x028, reset: 0x8000_8000 },
  MISC: { offset: 0x02c, reset: 0x0000_0020 },
  IMR_CORE0_A53: { offset: 0x030, count: 5 },
  IMR_CORE1_A53: { offset: 0x044, count: 5 },
  IMR_M7: { offset: 0x058, count: 5 },
  ISR_A53: { offset: 0x080, count: 5, access: 'ro', unimplemented: true },
  ISR_M7: { offset: 0x094, count: 5, access: 'ro', unimplemented: true },
  CPU_PGC_SW_PUP_REQ: { offset: 0x0d0 },
  MIX_PGC_SW_PUP_REQ: { offset: 0x0d4 },
  PU_PGC_SW_PUP_REQ: { offset: 0x0d8 },
  CPU_PGC_SW_PDN_REQ: { offset: 0x0dc },
  MIX_PGC_SW_PDN_REQ: { offset: 0x0e0 },
  PU_PGC_SW_PDN_REQ: { offset: 0x0e4 },
  A53_MIX_PGC_PUP_STATUS: { offset: 0x10c, count: 3, access: 'ro', unimplemented: true },
  M7_MIX_PGC_PUP_STATUS: { offset: 0x118, count: 3, access: 'ro', unimplemented: true },
  A53_PU_PGC_PUP_STATUS: { offset: 0x124, count: 3, access: 'ro', unimplemented: true },
  M7_PU_PGC_PUP_STATUS: { offset: 0x130, count: 3, access: 'ro', unimplemented: true },
  A53_MIX_PGC_PDN_STATUS: { offset: 0x140, count: 3, access: 'ro', unimplemented: true },
  M7_MIX_PGC_PDN_STATUS: { offset: 0x14c, count: 3, access: 'ro', unimplemented: true },
  A53_PU_PGC_PDN_STATUS: { offset: 0x158, count: 3, access: 'ro', unimplemented: true },
  M7_PU_PGC_PDN_STATUS: { offset: 0x164, count: 3, access: 'ro', unimplemented: true },
  A53_MIX_PDN_FLG: { offset: 0x170 },
  A53_PU_PDN_FLG: { offset: 0x174 },
  M7_MIX_PDN_FLG: { offset: 0x178 },
  M7_PU_PDN_FLG: { offset: 0x17c },
  LPCR_A53_BSC2: { offset: 0x180 },
  PU_PWRHSK: { offset: 0x190, reset: 0x0000_ffff },
  IMR_CORE2_A53: { offset: 0x194, count: 5 },
  IMR_CORE3_A53: { offset: 0x1a8, count: 5 },
  ACK_SEL_A53_PU: { offset: 0x1bc },
  ACK_SEL_A53_PU1: { offset: 0x1c0 },
  ACK_SEL_M7_PU: { offset: 0x1c4 },
  ACK_SEL_M7_PU1: { offset: 0x1c8 },
  PGC_CPU_A53_MAPPING: { offset: 0x1cc },
  PGC_CPU_M7_MAPPING: { offset: 0x1d0 },
  SLT_CFG: { offset: 0x200, count: 27 },
  SLT_CFG_PU: { offset: 0x280, count: 54 },
  PGC_CPU: { offset: 0x800, count: 4, stride: 0x40 },
  PGC_CPU_SEQUENCE: { offset: 0x804, count: 4, stride: 0x40 },
  PGC_CPU_DOWN_SEQUENCE: { offset: 0x808, count: 4, stride: 0x40 },
  PGC_CPU_SR: { offset: 0x80c, count: 4, stride: 0x40, access: 'w1c' },
  A53SCU_CTRL: { offset: 0x900, count: 3 },
  A53SCU_SR: { offset: 0x90c, access: 'w1c' },
  NOC_MIX_CTRL: { offset: 0xa40, count: 3 },
  NOC_MIX_SR: { offset: 0xa4c, access: 'w1c' },
  PU_CTRL: { offset: 0xb00, count: 20, stride: 0x40 },
  PU_PUPSCR: { offset: 0xb04, count: 20, stride: 0x40 },
  PU_PDNSCR: { offset: 0xb08, count: 20, stride: 0x40 },
  PU_SR: { offset: 0xb0c, count: 20, stride: 0x40, access: 'w1c' },
});

/** Every layout by name. */
export const GPC_LAYOUTS = {
  imx8mp: defineLayout({
    registers: IMX8MP,
    requests: PGC_REQUESTS,
    handshake: { register: 'PU_PWRHSK', answers: [{ requests: 0xfff0, shift: 16 }] },
  }),
} as const satisfies Record<string, GpcLayout>;

/** Name of a layout. */
export type GpcLayoutName = keyof typeof GPC_LAYOUTS;
