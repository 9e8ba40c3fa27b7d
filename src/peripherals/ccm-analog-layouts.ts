/**
 * CCM_ANALOG by SoC: registers as the boot loader leaves them, and the list of PLLs with their outputs.
 *
 * Described in the CCM chapters of the reference manuals; names as in NXP's headers (PERI_CCM_ANALOG.h). A PLL's registers are called after
 * it and its kind (`SYS_PLL1_GEN_CTRL`, `AUDIO_PLL1_CFG0`).
 */
import { bit, defineRegisters, type RegisterMap } from '../memory/registers.ts';
import {
  FDIV_CTL0,
  FRAC_CFG0,
  FRAC_CFG1,
  FRACTIONAL_GEN_CTRL,
  INTEGER_GEN_CTRL,
  type PllKind,
  SSCG_CFG0,
  SSCG_CFG1,
  SSCG_CFG2,
  SSCG_REFERENCE,
} from './pll-kinds.ts';

/** A divided output of a PLL. */
export interface PllOutput {
  readonly divider: number;
  /** Bit of the PLL's first register that opens it. */
  readonly gate: number;
}

/** One PLL; defines its name in the clock tree, and `<name>_DIV<divider>` for each divided output. */
export interface PllDescription {
  readonly name: string;
  readonly kind: PllKind;
  /** Bit of the first register that opens the main output, where it is not the kind's. */
  readonly gate?: number;
  readonly outputs?: readonly PllOutput[];
}

/** What differs between CCM_ANALOGs. */
export interface CcmAnalogLayout {
  readonly registers: RegisterMap;
  readonly plls: readonly PllDescription[];
  /** Oscillators by value of a PLL's reference selection; null: nothing is fitted there. */
  readonly references: readonly (string | null)[];
  /** What the boot loader leaves behind, where the registers' own values are another SoC's. */
  readonly resets?: Readonly<Record<string, number>>;
}

/** GEN_CTRL of SYS_PLL1 and SYS_PLL2: an enable for each divided output. */
const SYSTEM_GEN_CTRL = {
  ...INTEGER_GEN_CTRL,
  PLL_DIV2_CLKE_OVERRIDE: bit(12),
  PLL_DIV2_CLKE: bit(13),
  PLL_DIV3_CLKE_OVERRIDE: bit(14),
  PLL_DIV3_CLKE: bit(15),
  PLL_DIV4_CLKE_OVERRIDE: bit(16),
  PLL_DIV4_CLKE: bit(17),
  PLL_DIV5_CLKE_OVERRIDE: bit(18),
  PLL_DIV5_CLKE: bit(19),
  PLL_DIV6_CLKE_OVERRIDE: bit(20),
  PLL_DIV6_CLKE: bit(21),
  PLL_DIV8_CLKE_OVERRIDE: bit(22),
  PLL_DIV8_CLKE: bit(23),
  PLL_DIV10_CLKE_OVERRIDE: bit(24),
  PLL_DIV10_CLKE: bit(25),
  PLL_DIV20_CLKE_OVERRIDE: bit(26),
  PLL_DIV20_CLKE: bit(27),
};

/** A fractional PLL that nobody has started: bypassed, in reset. */
const FRACTIONAL_OFF = { reset: 0x0000_2010, fields: FRACTIONAL_GEN_CTRL };
/** An integer PLL that runs, with all its outputs. */
const INTEGER_ON = { reset: 0x2000_0a00, fields: INTEGER_GEN_CTRL };
const SYSTEM_ON = { reset: 0x2aaa_aa00, fields: SYSTEM_GEN_CTRL };

/** Divided outputs of SYS_PLL1 and SYS_PLL2, with the bit of GEN_CTRL that enables each. */
const SYSTEM_OUTPUTS = [
  { divider: 2, gate: 13 },
  { divider: 3, gate: 15 },
  { divider: 4, gate: 17 },
  { divider: 5, gate: 19 },
  { divider: 6, gate: 21 },
  { divider: 8, gate: 23 },
  { divider: 10, gate: 25 },
  { divider: 20, gate: 27 },
] as const;

/** Registers of the 8M Plus, Mini and Nano before those of the PLL that differs, and behind the Arm PLL. */
const FIRST_PLLS = {
  AUDIO_PLL1_GEN_CTRL: { offset: 0x000, ...FRACTIONAL_OFF },
  AUDIO_PLL1_FDIV_CTL0: { offset: 0x004, reset: 0x0014_5032, fields: FDIV_CTL0 },
  AUDIO_PLL1_FDIV_CTL1: { offset: 0x008 },
  AUDIO_PLL1_SSCG_CTRL: { offset: 0x00c },
  AUDIO_PLL1_MNIT_CTRL: { offset: 0x010, reset: 0x0010_0103 },
  AUDIO_PLL2_GEN_CTRL: { offset: 0x014, ...FRACTIONAL_OFF },
  AUDIO_PLL2_FDIV_CTL0: { offset: 0x018, reset: 0x0014_5032, fields: FDIV_CTL0 },
  AUDIO_PLL2_FDIV_CTL1: { offset: 0x01c },
  AUDIO_PLL2_SSCG_CTRL: { offset: 0x020 },
  AUDIO_PLL2_MNIT_CTRL: { offset: 0x024, reset: 0x0010_0103 },
  VIDEO_PLL1_GEN_CTRL: { offset: 0x028, ...FRACTIONAL_OFF },
  VIDEO_PLL1_FDIV_CTL0: { offset: 0x02c, reset: 0x0014_5032, fields: FDIV_CTL0 },
  VIDEO_PLL1_FDIV_CTL1: { offset: 0x030 },
  VIDEO_PLL1_SSCG_CTRL: { offset: 0x034 },
  VIDEO_PLL1_MNIT_CTRL: { offset: 0x038, reset: 0x0010_0103 },
  DRAM_PLL_GEN_CTRL: { offset: 0x050, reset: 0x0000_2200, fields: FRACTIONAL_GEN_CTRL },
  DRAM_PLL_FDIV_CTL0: { offset: 0x054, reset: 0x000f_a030, fields: FDIV_CTL0 },
  DRAM_PLL_FDIV_CTL1: { offset: 0x058 },
  DRAM_PLL_SSCG_CTRL: { offset: 0x05c },
  DRAM_PLL_MNIT_CTRL: { offset: 0x060, reset: 0x0010_0103 },
  GPU_PLL_GEN_CTRL: { offset: 0x064, ...INTEGER_ON },
  GPU_PLL_FDIV_CTL0: { offset: 0x068, reset: 0x000f_a031, fields: FDIV_CTL0 },
  GPU_PLL_LOCKD_CTRL: { offset: 0x06c, reset: 0x10_003f },
  GPU_PLL_MNIT_CTRL: { offset: 0x070, reset: 0x0028_0081 },
} as const;
const SYSTEM_PLLS = {
  SYS_PLL1_GEN_CTRL: { offset: 0x094, ...SYSTEM_ON },
  SYS_PLL1_FDIV_CTL0: { offset: 0x098, reset: 0x0019_0032, fields: FDIV_CTL0 },
  SYS_PLL1_LOCKD_CTRL: { offset: 0x09c, reset: 0x10_003f },
  SYS_PLL1_MNIT_CTRL: { offset: 0x100, reset: 0x0028_0081 },
  SYS_PLL2_GEN_CTRL: { offset: 0x104, ...SYSTEM_ON },
  SYS_PLL2_FDIV_CTL0: { offset: 0x108, reset: 0x000f_a031, fields: FDIV_CTL0 },
  SYS_PLL2_LOCKD_CTRL: { offset: 0x10c, reset: 0x10_003f },
  SYS_PLL2_MNIT_CTRL: { offset: 0x110, reset: 0x0028_0081 },
  SYS_PLL3_GEN_CTRL: { offset: 0x114, ...INTEGER_ON },
  SYS_PLL3_FDIV_CTL0: { offset: 0x118, reset: 0x0012_c032, fields: FDIV_CTL0 },
  SYS_PLL3_LOCKD_CTRL: { offset: 0x11c, reset: 0x10_003f },
  SYS_PLL3_MNIT_CTRL: { offset: 0x120, reset: 0x0028_0081 },
  OSC_MISC_CFG: { offset: 0x124 },
  ANAMIX_PLL_MNIT_CTL: { offset: 0x128, unimplemented: true },
  /** Chip and revision; Linux and U-Boot read it, NXP's header for the M7 leaves it out. */
  DIGPROG: { offset: 0x800, access: 'ro' },
} as const;

/** The 8M Mini has the registers and PLLs of the 8M Plus. */
const IMX8MP = {
  registers: defineRegisters({
    ...FIRST_PLLS,
    VPU_PLL_GEN_CTRL: { offset: 0x074, ...INTEGER_ON },
    VPU_PLL_FDIV_CTL0: { offset: 0x078, reset: 0x0019_0032, fields: FDIV_CTL0 },
    VPU_PLL_LOCKD_CTRL: { offset: 0x07c, reset: 0x10_003f },
    VPU_PLL_MNIT_CTRL: { offset: 0x080, reset: 0x0028_0081 },
    ARM_PLL_GEN_CTRL: { offset: 0x084, ...INTEGER_ON },
    ARM_PLL_FDIV_CTL0: { offset: 0x088, reset: 0x000c_8030, fields: FDIV_CTL0 },
    ARM_PLL_LOCKD_CTRL: { offset: 0x08c, reset: 0x10_003f },
    ARM_PLL_MNIT_CTRL: { offset: 0x090, reset: 0x0028_0081 },
    ...SYSTEM_PLLS,
  }),
  plls: [
    { name: 'AUDIO_PLL1', kind: 'fractional' },
    { name: 'AUDIO_PLL2', kind: 'fractional' },
    { name: 'VIDEO_PLL1', kind: 'fractional' },
    { name: 'DRAM_PLL', kind: 'fractional' },
    { name: 'GPU_PLL', kind: 'integer' },
    { name: 'VPU_PLL', kind: 'integer' },
    { name: 'ARM_PLL', kind: 'integer' },
    { name: 'SYS_PLL1', kind: 'integer', outputs: SYSTEM_OUTPUTS },
    { name: 'SYS_PLL2', kind: 'integer', outputs: SYSTEM_OUTPUTS },
    { name: 'SYS_PLL3', kind: 'integer' },
  ],
  references: ['OSC_24M', null, null, null],
} as const satisfies CcmAnalogLayout;

const IMX8MN = {
  registers: defineRegisters({
    ...FIRST_PLLS,
    M7_ALT_PLL_GEN_CTRL: { offset: 0x074, reset: 0x0000_0810, fields: INTEGER_GEN_CTRL },
    M7_ALT_PLL_FDIV_CTL0: { offset: 0x078, reset: 0x0019_0032, fields: FDIV_CTL0 },
    M7_ALT_PLL_LOCKD_CTRL: { offset: 0x07c, reset: 0x10_003f },
    M7_ALT_PLL_MNIT_CTRL: { offset: 0x080, reset: 0x0028_0081 },
    ARM_PLL_GEN_CTRL: { offset: 0x084, ...INTEGER_ON },
    ARM_PLL_FDIV_CTL0: { offset: 0x088, reset: 0x0012_c031, fields: FDIV_CTL0 },
    ARM_PLL_LOCKD_CTRL: { offset: 0x08c, reset: 0x10_003f },
    ARM_PLL_MNIT_CTRL: { offset: 0x090, reset: 0x0028_0081 },
    ...SYSTEM_PLLS,
  }),
  plls: [
    { name: 'AUDIO_PLL1', kind: 'fractional' },
    { name: 'AUDIO_PLL2', kind: 'fractional' },
    { name: 'VIDEO_PLL1', kind: 'fractional' },
    { name: 'DRAM_PLL', kind: 'fractional' },
    { name: 'GPU_PLL', kind: 'integer' },
    { name: 'M7_ALT_PLL', kind: 'integer' },
    { name: 'ARM_PLL', kind: 'integer' },
    { name: 'SYS_PLL1', kind: 'integer', outputs: SYSTEM_OUTPUTS },
    { name: 'SYS_PLL2', kind: 'integer', outputs: SYSTEM_OUTPUTS },
    { name: 'SYS_PLL3', kind: 'integer' },
  ],
  references: ['OSC_24M', null, null, null],
} as const satisfies CcmAnalogLayout;

/** GEN_CTRL of the 8M Quad's SYS_PLL1 and SYS_PLL2 is CFG0, with the enables in another order. */
const SYSTEM_SSCG_CFG0 = {
  ...SSCG_REFERENCE,
  PLL_DIV20_OVERRIDE: bit(8),
  PLL_DIV20_CLKE: bit(9),
  PLL_DIV10_OVERRIDE: bit(10),
  PLL_DIV10_CLKE: bit(11),
  PLL_DIV8_OVERRIDE: bit(12),
  PLL_DIV8_CLKE: bit(13),
  PLL_DIV6_OVERRIDE: bit(14),
  PLL_DIV6_CLKE: bit(15),
  PLL_DIV5_OVERRIDE: bit(16),
  PLL_DIV5_CLKE: bit(17),
  PLL_DIV4_OVERRIDE: bit(18),
  PLL_DIV4_CLKE: bit(19),
  PLL_DIV3_OVERRIDE: bit(20),
  PLL_DIV3_CLKE: bit(21),
  PLL_DIV2_OVERRIDE: bit(22),
  PLL_DIV2_CLKE: bit(23),
  PLL_CLKE_OVERRIDE: bit(24),
  PLL_CLKE: bit(25),
};
/** PLLs of the 8M Quad that nobody has started: powered down, at the 25 MHz oscillator. */
const FRAC_OFF = { reset: 0x0008_8080, fields: FRAC_CFG0 };
const SSCG_OFF = { reset: 0x0000_0088, fields: SSCG_CFG0 };
/** One that runs with its output open, and a system PLL with all its outputs. */
const SSCG_ON = { reset: 0x0000_0208, fields: SSCG_CFG0 };
const SYSTEM_SSCG_ON = { reset: 0x02aa_aa08, fields: SYSTEM_SSCG_CFG0 };

/** Divided outputs of the 8M Quad's SYS_PLL1 and SYS_PLL2, with their bits of CFG0. */
const SYSTEM_SSCG_OUTPUTS = [
  { divider: 2, gate: 23 },
  { divider: 3, gate: 21 },
  { divider: 4, gate: 19 },
  { divider: 5, gate: 17 },
  { divider: 6, gate: 15 },
  { divider: 8, gate: 13 },
  { divider: 10, gate: 11 },
  { divider: 20, gate: 9 },
] as const;

/** Its ARM_PLL runs at 1 GHz, SYS_PLL1 at 800 MHz, SYS_PLL2 at 1 GHz. The output dividers at 0x78 and 0x7c only serve the monitor output. */
const IMX8MQ = {
  registers: defineRegisters({
    AUDIO_PLL1_CFG0: { offset: 0x00, ...FRAC_OFF },
    AUDIO_PLL1_CFG1: { offset: 0x04, fields: FRAC_CFG1 },
    AUDIO_PLL2_CFG0: { offset: 0x08, ...FRAC_OFF },
    AUDIO_PLL2_CFG1: { offset: 0x0c, fields: FRAC_CFG1 },
    VIDEO_PLL1_CFG0: { offset: 0x10, ...FRAC_OFF },
    VIDEO_PLL1_CFG1: { offset: 0x14, fields: FRAC_CFG1 },
    GPU_PLL_CFG0: { offset: 0x18, ...FRAC_OFF },
    GPU_PLL_CFG1: { offset: 0x1c, fields: FRAC_CFG1 },
    VPU_PLL_CFG0: { offset: 0x20, ...FRAC_OFF },
    VPU_PLL_CFG1: { offset: 0x24, fields: FRAC_CFG1 },
    ARM_PLL_CFG0: { offset: 0x28, reset: 0x0020_9080, fields: FRAC_CFG0 },
    ARM_PLL_CFG1: { offset: 0x2c, reset: 0x0000_0031, fields: FRAC_CFG1 },
    SYS_PLL1_CFG0: { offset: 0x30, ...SYSTEM_SSCG_ON },
    SYS_PLL1_CFG1: { offset: 0x34, fields: SSCG_CFG1 },
    SYS_PLL1_CFG2: { offset: 0x38, reset: 0x00bb_e580, fields: SSCG_CFG2 },
    SYS_PLL2_CFG0: { offset: 0x3c, ...SYSTEM_SSCG_ON },
    SYS_PLL2_CFG1: { offset: 0x40, fields: SSCG_CFG1 },
    SYS_PLL2_CFG2: { offset: 0x44, reset: 0x007b_e480, fields: SSCG_CFG2 },
    SYS_PLL3_CFG0: { offset: 0x48, ...SSCG_OFF },
    SYS_PLL3_CFG1: { offset: 0x4c, fields: SSCG_CFG1 },
    SYS_PLL3_CFG2: { offset: 0x50, reset: 0x007b_e480, fields: SSCG_CFG2 },
    VIDEO_PLL2_CFG0: { offset: 0x54, ...SSCG_OFF },
    VIDEO_PLL2_CFG1: { offset: 0x58, fields: SSCG_CFG1 },
    VIDEO_PLL2_CFG2: { offset: 0x5c, reset: 0x00bb_e580, fields: SSCG_CFG2 },
    DRAM_PLL_CFG0: { offset: 0x60, ...SSCG_ON },
    DRAM_PLL_CFG1: { offset: 0x64, fields: SSCG_CFG1 },
    DRAM_PLL_CFG2: { offset: 0x68, reset: 0x00bb_e580, fields: SSCG_CFG2 },
    /** Chip and revision. */
    DIGPROG: { offset: 0x6c, access: 'ro' },
    OSC_MISC_CFG: { offset: 0x70 },
    PLLOUT_MONITOR_CFG: { offset: 0x74 },
    FRAC_PLLOUT_DIV_CFG: { offset: 0x78 },
    SCCG_PLLOUT_DIV_CFG: { offset: 0x7c },
  }),
  plls: [
    { name: 'AUDIO_PLL1', kind: 'frac' },
    { name: 'AUDIO_PLL2', kind: 'frac' },
    { name: 'VIDEO_PLL1', kind: 'frac' },
    { name: 'GPU_PLL', kind: 'frac' },
    { name: 'VPU_PLL', kind: 'frac' },
    { name: 'ARM_PLL', kind: 'frac' },
    { name: 'SYS_PLL1', kind: 'sscg', gate: 1 << 25, outputs: SYSTEM_SSCG_OUTPUTS },
    { name: 'SYS_PLL2', kind: 'sscg', gate: 1 << 25, outputs: SYSTEM_SSCG_OUTPUTS },
    { name: 'SYS_PLL3', kind: 'sscg' },
    { name: 'VIDEO_PLL2', kind: 'sscg' },
    { name: 'DRAM_PLL', kind: 'sscg' },
  ],
  references: ['OSC_25M', 'OSC_27M', null, null],
} as const satisfies CcmAnalogLayout;

/** Every layout by name. */
export const CCM_ANALOG_LAYOUTS = {
  imx8mp: IMX8MP,
  imx8mm: { ...IMX8MP, resets: { ARM_PLL_FDIV_CTL0: 0x0012_c031, SYS_PLL3_FDIV_CTL0: 0x000f_a022 } },
  imx8mn: IMX8MN,
  imx8mq: IMX8MQ,
} as const satisfies Record<string, CcmAnalogLayout>;

/** Name of a layout. */
export type CcmAnalogLayoutName = keyof typeof CCM_ANALOG_LAYOUTS;
