/**
 * CCM_ANALOG of i.MX 6SoloX and 7Dual: registers as the boot loader leaves them, and the PLLs, phase fractional dividers and outputs there.
 *
 * Described in the CCM_ANALOG, PMU, TEMPMON, XTALOSC and USB_ANALOG chapters of the reference manuals, which share one window; names as in
 * MCIMX6X_M4.h and MCIMX7D_M4.h, outputs as in Linux's clk-imx6sx.c and clk-imx7d.c. Frequencies are what ROM and U-Boot have set; of the 7D's PFDs
 * they open 0, 1, 2 and 4.
 */
import { bit, defineRegisters, type FieldSpec, field, type RegisterMap } from '../memory/registers.ts';

/** How a PLL makes its frequency from the 24 MHz crystal: a method of imx6-anatop.ts. */
export type PllV3Kind =
  /** DIV_SELECT halves of the reference. */
  | 'cpu'
  /** 20 or 22 times the reference. */
  | 'generic'
  /** DIV_SELECT and a fraction: NUM by DENOM. */
  | 'fractional'
  /** 500 MHz. */
  | 'ethernet-500'
  /** 1 GHz. */
  | 'ethernet-1000';

/** A PLL; defines its name in the clock tree. */
export interface PllV3 {
  /** Its name in the clock tree. */
  readonly name: string;
  readonly register: string;
  readonly kind: PllV3Kind;
  /** Bit that powers it down, or up. */
  readonly power: { readonly bit: number; readonly level: 0 | 1 };
  /** Bit that opens its output; it is always open unless given. */
  readonly enable?: number;
  /** Registers of the fraction. */
  readonly fraction?: { readonly num: string; readonly denom: string };
  /** Reference cycles until it has locked. */
  readonly lockCycles: number;
}

/** A phase fractional divider: 18 parts of `from` by a fraction of 6 bits; see `PFD_FIELDS`. */
export interface Pfd {
  readonly name: string;
  readonly from: string;
  readonly register: string;
  /** Which byte of the register is its. */
  readonly index: number;
}

/** An output that divides another clock. */
export interface AnalogOutput {
  readonly name: string;
  readonly from: string;
  /** A fixed divider, or dividers by value of a field. */
  readonly divider: number | { readonly register: string; readonly lsb: number; readonly width: number; readonly by: readonly number[] };
  /** The bit that opens it, or closes it where `open` is 0. */
  readonly gate?: { readonly register: string; readonly bit: number; readonly open?: 0 };
}

/** What differs between them. */
export interface AnatopLayout {
  readonly registers: RegisterMap;
  readonly plls: readonly PllV3[];
  readonly pfds: readonly Pfd[];
  readonly outputs: readonly AnalogOutput[];
}

const CONTROL = {
  BYPASS_CLK_SRC: field(14, 2),
  BYPASS: bit(16),
  LOCK: bit(31, 'ro'),
} satisfies Record<string, FieldSpec>;
const POWERDOWN = { POWERDOWN: bit(12), ENABLE: bit(13) };
const USB = { DIV_SELECT: field(0, 2), EN_USB_CLKS: bit(6), POWER: bit(12), ENABLE: bit(13), ...CONTROL };
const FRACTIONAL = { DIV_SELECT: field(0, 7), ...POWERDOWN, ...CONTROL, POST_DIV_SELECT: field(19, 2) };
/** Four phase fractional dividers from `first` on. */
const pfds = (first: number): Record<string, FieldSpec> =>
  Object.fromEntries(
    [0, 1, 2, 3].flatMap((index) => [
      [`PFD${first + index}_FRAC`, field(8 * index, 6)],
      [`PFD${first + index}_STABLE`, bit(8 * index + 6, 'ro')],
      [`PFD${first + index}_CLKGATE`, bit(8 * index + 7)],
    ]),
  );

const SET = { setClearToggle: true } as const;
const UNKNOWN = { ...SET, unimplemented: true } as const;

const IMX6SX = defineRegisters({
  PLL_ARM: { offset: 0x000, ...SET, reset: 0x0000_2053, fields: { DIV_SELECT: field(0, 7), ...POWERDOWN, ...CONTROL } },
  PLL_USB1: { offset: 0x010, ...SET, reset: 0x0000_3040, fields: USB },
  PLL_USB2: { offset: 0x020, ...SET, reset: 0x0001_2000, fields: USB },
  PLL_SYS: { offset: 0x030, ...SET, reset: 0x0000_2001, fields: { DIV_SELECT: bit(0), ...POWERDOWN, ...CONTROL } },
  PLL_SYS_SS: { offset: 0x040 },
  PLL_AUDIO: { offset: 0x070, ...SET, reset: 0x0001_1006, fields: FRACTIONAL },
  PLL_AUDIO_NUM: { offset: 0x080, reset: 0x05f5_e100 },
  PLL_AUDIO_DENOM: { offset: 0x090, reset: 0x2964_619c },
  PLL_VIDEO: { offset: 0x0a0, ...SET, reset: 0x0001_100c, fields: FRACTIONAL },
  PLL_VIDEO_NUM: { offset: 0x0b0, reset: 0x05f5_e100 },
  PLL_VIDEO_DENOM: { offset: 0x0c0, reset: 0x10a2_4447 },
  PLL_ENET: {
    offset: 0x0e0,
    ...SET,
    reset: 0x0001_1001,
    fields: {
      ENET0_DIV_SELECT: field(0, 2),
      ENET1_DIV_SELECT: field(2, 2),
      POWERDOWN: bit(12),
      ENET1_125M_EN: bit(13),
      ...CONTROL,
      ENABLE_125M: bit(19),
      ENET2_125M_EN: bit(20),
      ENET_25M_REF_EN: bit(21),
    },
  },
  PFD_480: { offset: 0x0f0, ...SET, reset: 0x1311_100c, fields: pfds(0) },
  PFD_528: { offset: 0x100, ...SET, reset: 0x1018_101b, fields: pfds(0) },
  REG_1P1: { offset: 0x110, ...SET, reset: 0x0000_1073 },
  REG_3P0: { offset: 0x120, ...SET, reset: 0x0000_0f74 },
  REG_2P5: { offset: 0x130, ...SET, reset: 0x0000_1073 },
  REG_CORE: { offset: 0x140, ...SET, reset: 0x0048_2012 },
  MISC0: { offset: 0x150, ...SET, reset: 0x0400_0000 },
  MISC1: { offset: 0x160, ...SET },
  MISC2: { offset: 0x170, ...SET, reset: 0x0027_2727, fields: { AUDIO_DIV_LSB: bit(15), AUDIO_DIV_MSB: bit(23), VIDEO_DIV: field(30, 2) } },
  TEMPSENSE0: { offset: 0x180, ...UNKNOWN, reset: 0x0000_0001 },
  TEMPSENSE1: { offset: 0x190, ...UNKNOWN, reset: 0x0000_0001 },
  USB1_VBUS_DETECT: { offset: 0x1a0, ...UNKNOWN },
  USB1_CHRG_DETECT: { offset: 0x1b0, ...UNKNOWN },
  USB1_VBUS_DETECT_STAT: { offset: 0x1c0, access: 'ro', unimplemented: true },
  USB1_CHRG_DETECT_STAT: { offset: 0x1d0, access: 'ro', unimplemented: true },
  USB1_MISC: { offset: 0x1f0, ...UNKNOWN },
  USB2_VBUS_DETECT: { offset: 0x200, ...UNKNOWN },
  USB2_CHRG_DETECT: { offset: 0x210, ...UNKNOWN },
  USB2_VBUS_DETECT_STAT: { offset: 0x220, access: 'ro', unimplemented: true },
  USB2_CHRG_DETECT_STAT: { offset: 0x230, access: 'ro', unimplemented: true },
  USB2_MISC: { offset: 0x250, ...UNKNOWN },
  DIGPROG: { offset: 0x260, access: 'ro' },
  LOWPWR_CTRL: { offset: 0x270, ...SET },
  TEMPSENSE2: { offset: 0x290, ...UNKNOWN },
  OSC_CONFIG0: { offset: 0x2a0, ...SET },
  OSC_CONFIG1: { offset: 0x2b0, ...SET },
  OSC_CONFIG2: { offset: 0x2c0, ...SET },
});

const IMX7_FRACTIONAL = {
  DIV_SELECT: field(0, 7),
  POWERDOWN: bit(12),
  ENABLE_CLK: bit(13),
  ...CONTROL,
  TEST_DIV_SELECT: field(19, 2),
  POST_DIV_SEL: field(22, 2),
};

const IMX7D = defineRegisters({
  CTRL_24M: { offset: 0x000, ...SET },
  RCOSC_CONFIG0: { offset: 0x010, ...SET },
  RCOSC_CONFIG1: { offset: 0x020, ...SET },
  RCOSC_CONFIG2: { offset: 0x030, ...SET },
  OSC_32K: { offset: 0x050, ...SET },
  PLL_ARM: {
    offset: 0x060,
    ...SET,
    reset: 0x0000_2042,
    fields: { DIV_SELECT: field(0, 7), POWERDOWN: bit(12), ENABLE_CLK: bit(13), ...CONTROL },
  },
  PLL_DDR: {
    offset: 0x070,
    ...SET,
    reset: 0x0060_302c,
    fields: {
      DIV_SELECT: field(0, 7),
      DIV2_ENABLE_CLK: bit(12),
      ENABLE_CLK: bit(13),
      ...CONTROL,
      POWERDOWN: bit(20),
      TEST_DIV_SELECT: field(21, 2),
    },
  },
  PLL_DDR_SS: { offset: 0x080 },
  PLL_DDR_NUM: { offset: 0x090, reset: 0x06aa_ac4d },
  PLL_DDR_DENOM: { offset: 0x0a0, reset: 0x1000_03ec },
  PLL_480: {
    offset: 0x0b0,
    ...SET,
    reset: 0x0000_2000,
    fields: {
      DIV_SELECT: bit(0),
      MAIN_DIV1_CLKGATE: bit(4),
      MAIN_DIV2_CLKGATE: bit(5),
      MAIN_DIV4_CLKGATE: bit(6),
      POWERDOWN: bit(12),
      ENABLE_CLK: bit(13),
      ...CONTROL,
      PFD0_DIV2_CLKGATE: bit(26),
      PFD1_DIV2_CLKGATE: bit(27),
      PFD2_DIV2_CLKGATE: bit(28),
    },
  },
  PFD_480A: { offset: 0x0c0, ...SET, reset: 0xa020_1a16, fields: pfds(0) },
  PFD_480B: { offset: 0x0d0, ...SET, reset: 0xa0a0_a016, fields: pfds(4) },
  PLL_ENET: {
    offset: 0x0e0,
    ...SET,
    reset: 0x0000_1fc0,
    fields: {
      POWERDOWN: bit(5),
      ENABLE_CLK_25MHZ: bit(6),
      ENABLE_CLK_40MHZ: bit(7),
      ENABLE_CLK_50MHZ: bit(8),
      ENABLE_CLK_100MHZ: bit(9),
      ENABLE_CLK_125MHZ: bit(10),
      ENABLE_CLK_250MHZ: bit(11),
      ENABLE_CLK_500MHZ: bit(12),
      ...CONTROL,
    },
  },
  PLL_AUDIO: { offset: 0x0f0, ...SET, reset: 0x0001_102c, fields: IMX7_FRACTIONAL },
  PLL_AUDIO_SS: { offset: 0x100 },
  PLL_AUDIO_NUM: { offset: 0x110, reset: 0x06aa_ac4d },
  PLL_AUDIO_DENOM: { offset: 0x120, reset: 0x1000_03ec },
  PLL_VIDEO: { offset: 0x130, ...SET, reset: 0x0001_102c, fields: IMX7_FRACTIONAL },
  PLL_VIDEO_SS: { offset: 0x140 },
  PLL_VIDEO_NUM: { offset: 0x150, reset: 0x06aa_ac4d },
  PLL_VIDEO_DENOM: { offset: 0x160, reset: 0x1000_03ec },
  CLK_MISC0: { offset: 0x170, ...SET },
  REG_1P0A: { offset: 0x200, ...SET },
  REG_1P0D: { offset: 0x210, ...SET },
  REG_HSIC_1P2: { offset: 0x220, ...SET },
  REG_LPSR_1P0: { offset: 0x230, ...SET },
  REF: { offset: 0x270, ...SET },
  TEMPSENSE0: { offset: 0x300, ...UNKNOWN },
  TEMPSENSE1: { offset: 0x310, ...UNKNOWN },
  TEMPSENSE_TRIM: { offset: 0x320, ...UNKNOWN },
  LOWPWR_CTRL: { offset: 0x330, ...SET },
  /** Chip and revision; Linux and U-Boot read it, the header for the M4 leaves it out. */
  DIGPROG: { offset: 0x800, access: 'ro' },
});

/** Dividers by value of POST_DIV_SELECT or TEST_DIV_SELECT; 3 is reserved. */
const POST_DIVIDERS = [4, 2, 1, 1];

/** Every layout by name. */
export const ANATOP_LAYOUTS = {
  imx6sx: {
    registers: IMX6SX,
    plls: [
      { name: 'PLL_ARM', register: 'PLL_ARM', kind: 'cpu', power: { bit: 12, level: 0 }, enable: 13, lockCycles: 2250 },
      { name: 'PLL_SYS', register: 'PLL_SYS', kind: 'generic', power: { bit: 12, level: 0 }, enable: 13, lockCycles: 11_250 },
      { name: 'PLL_USB1', register: 'PLL_USB1', kind: 'generic', power: { bit: 12, level: 1 }, enable: 13, lockCycles: 383 },
      { name: 'PLL_USB2', register: 'PLL_USB2', kind: 'generic', power: { bit: 12, level: 1 }, enable: 13, lockCycles: 383 },
      {
        name: 'PLL_AUDIO_MAIN',
        register: 'PLL_AUDIO',
        kind: 'fractional',
        power: { bit: 12, level: 0 },
        enable: 13,
        fraction: { num: 'PLL_AUDIO_NUM', denom: 'PLL_AUDIO_DENOM' },
        lockCycles: 11_250,
      },
      {
        name: 'PLL_VIDEO_MAIN',
        register: 'PLL_VIDEO',
        kind: 'fractional',
        power: { bit: 12, level: 0 },
        enable: 13,
        fraction: { num: 'PLL_VIDEO_NUM', denom: 'PLL_VIDEO_DENOM' },
        lockCycles: 11_250,
      },
      { name: 'PLL_ENET', register: 'PLL_ENET', kind: 'ethernet-500', power: { bit: 12, level: 0 }, lockCycles: 2250 },
    ],
    pfds: [
      ...[0, 1, 2, 3].map((index) => ({ name: `PLL_SYS_PFD${index}`, from: 'PLL_SYS', register: 'PFD_528', index })),
      ...[0, 1, 2, 3].map((index) => ({ name: `PLL_USB1_PFD${index}`, from: 'PLL_USB1', register: 'PFD_480', index })),
    ],
    outputs: [
      { name: 'PLL_SYS_198M', from: 'PLL_SYS_PFD2', divider: 2 },
      { name: 'PLL_USB1_120M', from: 'PLL_USB1', divider: 4 },
      { name: 'PLL_USB1_80M', from: 'PLL_USB1', divider: 6 },
      { name: 'PLL_USB1_60M', from: 'PLL_USB1', divider: 8 },
      { name: 'PLL_AUDIO_POST', from: 'PLL_AUDIO_MAIN', divider: { register: 'PLL_AUDIO', lsb: 19, width: 2, by: POST_DIVIDERS } },
      { name: 'PLL_AUDIO', from: 'PLL_AUDIO_POST', divider: { register: 'MISC2', lsb: 15, width: 1, by: [1, 2] } },
      { name: 'PLL_VIDEO_POST', from: 'PLL_VIDEO_MAIN', divider: { register: 'PLL_VIDEO', lsb: 19, width: 2, by: POST_DIVIDERS } },
      { name: 'PLL_VIDEO', from: 'PLL_VIDEO_POST', divider: { register: 'MISC2', lsb: 30, width: 2, by: [1, 2, 1, 4] } },
      {
        name: 'ENET1_REF',
        from: 'PLL_ENET',
        divider: { register: 'PLL_ENET', lsb: 0, width: 2, by: [20, 10, 5, 4] },
        gate: { register: 'PLL_ENET', bit: 13 },
      },
      {
        name: 'ENET2_REF',
        from: 'PLL_ENET',
        divider: { register: 'PLL_ENET', lsb: 2, width: 2, by: [20, 10, 5, 4] },
        gate: { register: 'PLL_ENET', bit: 20 },
      },
      { name: 'PCIE_REF', from: 'PLL_ENET', divider: 5, gate: { register: 'PLL_ENET', bit: 19 } },
      { name: 'ENET_PTP', from: 'PLL_ENET', divider: 20, gate: { register: 'PLL_ENET', bit: 21 } },
    ],
  },
  imx7d: {
    registers: IMX7D,
    plls: [
      { name: 'PLL_ARM_MAIN', register: 'PLL_ARM', kind: 'cpu', power: { bit: 12, level: 0 }, enable: 13, lockCycles: 2250 },
      {
        name: 'PLL_DRAM',
        register: 'PLL_DDR',
        kind: 'fractional',
        power: { bit: 20, level: 0 },
        fraction: { num: 'PLL_DDR_NUM', denom: 'PLL_DDR_DENOM' },
        lockCycles: 11_250,
      },
      { name: 'PLL_SYS', register: 'PLL_480', kind: 'generic', power: { bit: 12, level: 0 }, enable: 13, lockCycles: 383 },
      { name: 'PLL_ENET_MAIN', register: 'PLL_ENET', kind: 'ethernet-1000', power: { bit: 5, level: 0 }, lockCycles: 2250 },
      {
        name: 'PLL_AUDIO',
        register: 'PLL_AUDIO',
        kind: 'fractional',
        power: { bit: 12, level: 0 },
        enable: 13,
        fraction: { num: 'PLL_AUDIO_NUM', denom: 'PLL_AUDIO_DENOM' },
        lockCycles: 11_250,
      },
      {
        name: 'PLL_VIDEO',
        register: 'PLL_VIDEO',
        kind: 'fractional',
        power: { bit: 12, level: 0 },
        enable: 13,
        fraction: { num: 'PLL_VIDEO_NUM', denom: 'PLL_VIDEO_DENOM' },
        lockCycles: 11_250,
      },
    ],
    pfds: [
      { name: 'PLL_SYS_PFD0_392M', from: 'PLL_SYS', register: 'PFD_480A', index: 0 },
      { name: 'PLL_SYS_PFD1_332M', from: 'PLL_SYS', register: 'PFD_480A', index: 1 },
      { name: 'PLL_SYS_PFD2_270M', from: 'PLL_SYS', register: 'PFD_480A', index: 2 },
      { name: 'PLL_SYS_PFD3', from: 'PLL_SYS', register: 'PFD_480A', index: 3 },
      ...[0, 1, 2, 3].map((index) => ({ name: `PLL_SYS_PFD${4 + index}`, from: 'PLL_SYS', register: 'PFD_480B', index })),
    ],
    outputs: [
      { name: 'PLL_SYS_MAIN_480M', from: 'PLL_SYS', divider: 1, gate: { register: 'PLL_480', bit: 4, open: 0 } },
      { name: 'PLL_SYS_MAIN_240M', from: 'PLL_SYS', divider: 2, gate: { register: 'PLL_480', bit: 5, open: 0 } },
      { name: 'PLL_SYS_MAIN_120M', from: 'PLL_SYS', divider: 4, gate: { register: 'PLL_480', bit: 6, open: 0 } },
      { name: 'PLL_SYS_PFD0_196M', from: 'PLL_SYS_PFD0_392M', divider: 2, gate: { register: 'PLL_480', bit: 26, open: 0 } },
      { name: 'PLL_SYS_PFD1_166M', from: 'PLL_SYS_PFD1_332M', divider: 2, gate: { register: 'PLL_480', bit: 27, open: 0 } },
      { name: 'PLL_SYS_PFD2_135M', from: 'PLL_SYS_PFD2_270M', divider: 2, gate: { register: 'PLL_480', bit: 28, open: 0 } },
      { name: 'PLL_DRAM_TEST', from: 'PLL_DRAM', divider: { register: 'PLL_DDR', lsb: 21, width: 2, by: POST_DIVIDERS } },
      { name: 'PLL_DRAM_MAIN', from: 'PLL_DRAM_TEST', divider: 1, gate: { register: 'PLL_DDR', bit: 13 } },
      { name: 'PLL_DRAM_MAIN_533M', from: 'PLL_DRAM_TEST', divider: 2, gate: { register: 'PLL_DDR', bit: 12 } },
      ...(
        [
          [500, 2, 12],
          [250, 4, 11],
          [125, 8, 10],
          [100, 10, 9],
          [50, 20, 8],
          [40, 25, 7],
          [25, 40, 6],
        ] as const
      ).map(([mhz, divider, bit]) => ({
        name: `PLL_ENET_MAIN_${mhz}M`,
        from: 'PLL_ENET_MAIN',
        divider,
        gate: { register: 'PLL_ENET', bit },
      })),
      { name: 'PLL_AUDIO_TEST', from: 'PLL_AUDIO', divider: { register: 'PLL_AUDIO', lsb: 19, width: 2, by: POST_DIVIDERS } },
      { name: 'PLL_AUDIO_MAIN', from: 'PLL_AUDIO_TEST', divider: { register: 'PLL_AUDIO', lsb: 22, width: 2, by: [1, 2, 1, 4] } },
      { name: 'PLL_VIDEO_TEST', from: 'PLL_VIDEO', divider: { register: 'PLL_VIDEO', lsb: 19, width: 2, by: POST_DIVIDERS } },
      { name: 'PLL_VIDEO_MAIN', from: 'PLL_VIDEO_TEST', divider: { register: 'PLL_VIDEO', lsb: 22, width: 2, by: [1, 2, 1, 4] } },
    ],
  },
} as const satisfies Record<string, AnatopLayout>;

/** Name of a layout. */
export type AnatopLayoutName = keyof typeof ANATOP_LAYOUTS;
