/**
 * The three thermal monitoring units of the i.MX 8M family as data: registers, sites, where a site's thresholds, flags and reports stand.
 *
 * Sources: PERI_TMU.h of the 8M Mini, Nano and Plus, MIMX8MQ6_cm4.h, NXP's three fsl_tmu drivers, Linux's imx8mm_thermal.c and qoriq_thermal.c.
 */
import { bit, defineRegisters, field, type RegisterMap } from '../memory/registers.ts';

/** What can be compared with a temperature. */
export type TmuThreshold = 'immediate' | 'average' | 'critical';
/** A bit number by threshold. */
type Bits = Readonly<Record<TmuThreshold, number>>;

/** One place whose temperature is measured. */
export interface TmuSite {
  /** Bit of the layout's `select` register that has it measured; it is always measured without one. */
  readonly select?: number;
  /** Which of the report registers is its own. */
  readonly report: number;
  /** Lowest bit of its temperature in reports and thresholds. */
  readonly lsb: number;
  /** Bit that says that a report is valid. */
  readonly valid: number;
  /** Bit that enables its threshold in each threshold register. */
  readonly enable: number;
  /** Bits of TIDR and TIER. */
  readonly detected: Bits;
  readonly interrupt: Bits;
}

/** A unit. */
export interface TmuLayout {
  readonly registers: RegisterMap;
  /** Register with the enable in bit 31, and the lowest bit of the averaging filter in it. */
  readonly control: string;
  readonly filter: number;
  /** Register that selects sites; sites without `select` are measured anyway. */
  readonly select?: string;
  readonly sites: readonly TmuSite[];
  /** Site that is measured when none is selected. */
  readonly fallback?: number;
  /** How a temperature is written: degrees, degrees with an offset, or sign (bit 7) and magnitude. */
  readonly encoding: 'plain' | 'offset-21' | 'sign-magnitude';
  /** Degrees between which a measurement is valid. */
  readonly range: readonly [low: number, high: number];
  /** Nanoseconds from the enable to the first measurement, and between two. */
  readonly first: number;
  readonly period: number;
  /** The QorIQ unit: an interval that software chooses, registers that capture sites, the highest and the lowest temperature. */
  readonly captures?: true;
}

const THRESHOLDS = { immediate: 'TMHTITR', average: 'TMHTATR', critical: 'TMHTACTR' } as const;
/** Name of the register of each threshold, in all units. */
export const TMU_THRESHOLDS: Readonly<Record<TmuThreshold, string>> = THRESHOLDS;

const SMALL = {
  TIER: { offset: 0x08 },
  TIDR: { offset: 0x0c, access: 'w1c' },
  TMHTITR: { offset: 0x10 },
  TMHTATR: { offset: 0x14 },
  TMHTACTR: { offset: 0x18 },
  TSCR: { offset: 0x1c, access: 'ro', unimplemented: true },
  TRITSR: { offset: 0x20, access: 'ro' },
  TRATSR: { offset: 0x24, access: 'ro' },
  TASR: { offset: 0x28 },
} as const;

/** 8M Mini and 8M Nano: one site. Its bit V is not to be trusted (ERR051272); here it always reads 1 while the unit is enabled. */
const IMX8MM: TmuLayout = {
  registers: defineRegisters({
    TER: { offset: 0x00, fields: { ALPF: field(0, 2), EN: bit(31) } },
    TSR: { offset: 0x04, access: 'ro', fields: { TB: bit(31, 'ro') } },
    ...SMALL,
    TTMC: { offset: 0x2c },
    TCALIV: { offset: 0x30 },
  }),
  control: 'TER',
  filter: 0,
  sites: [
    {
      report: 0,
      lsb: 0,
      valid: 31,
      enable: 31,
      detected: { critical: 28, average: 29, immediate: 30 },
      interrupt: { critical: 29, average: 30, immediate: 31 },
    },
  ],
  encoding: 'offset-21',
  range: [10, 125],
  first: 0,
  period: 100_000,
};

/** 8M Plus: a main probe near the Cortex-A and a remote one; calibration as in Linux's driver. */
const IMX8MP: TmuLayout = {
  registers: defineRegisters({
    TER: { offset: 0x00, fields: { ALPF: field(0, 2), ADC_PD: bit(30), EN: bit(31) } },
    TPS: { offset: 0x04, fields: { PROBE_SEL: field(30, 2) } },
    ...SMALL,
    TCALIV: { offset: 0x30, count: 3 },
    TRIM: { offset: 0x3c },
  }),
  control: 'TER',
  filter: 0,
  select: 'TPS',
  sites: [
    {
      report: 0,
      lsb: 0,
      valid: 30,
      enable: 30,
      detected: { critical: 25, average: 26, immediate: 27 },
      interrupt: { critical: 25, average: 26, immediate: 27 },
    },
    {
      select: 31,
      report: 0,
      lsb: 16,
      valid: 31,
      enable: 31,
      detected: { critical: 29, average: 30, immediate: 31 },
      interrupt: { critical: 29, average: 30, immediate: 31 },
    },
  ],
  encoding: 'sign-magnitude',
  range: [-40, 125],
  first: 100_000,
  period: 100_000,
};

const QORIQ_BITS = { critical: 29, average: 30, immediate: 31 } as const;

/** 8M Quad: the unit of the QorIQ family with three of its sixteen sites; the translation table is stored and not used. */
const IMX8MQ: TmuLayout = {
  registers: defineRegisters({
    TMR: { offset: 0x000, fields: { MSITE: field(0, 16), ALPF: field(26, 2), ME: bit(31) } },
    TSR: { offset: 0x004, access: 'ro', fields: { ORH: bit(28, 'ro'), ORL: bit(29, 'ro'), MIE: bit(30, 'ro') } },
    TMTMIR: { offset: 0x008, fields: { TMI: field(0, 4) } },
    TIER: { offset: 0x020 },
    TIDR: { offset: 0x024, access: 'w1c' },
    TISCR: { offset: 0x028 },
    TICSCR: { offset: 0x02c },
    TMHTCRH: { offset: 0x040, access: 'ro' },
    TMHTCRL: { offset: 0x044, access: 'ro' },
    TMHTITR: { offset: 0x050 },
    TMHTATR: { offset: 0x054 },
    TMHTACTR: { offset: 0x058 },
    TTCFGR: { offset: 0x080 },
    TSCFGR: { offset: 0x084 },
    TRITSR: { offset: 0x100, count: 16, stride: 0x10, access: 'ro' },
    TRATSR: { offset: 0x104, count: 16, stride: 0x10, access: 'ro' },
    IPBRR0: { offset: 0xbf8, access: 'ro', unimplemented: true },
    TTRCR: { offset: 0xf10, count: 4 },
  }),
  control: 'TMR',
  filter: 26,
  select: 'TMR',
  sites: [0, 1, 2].map((site) => ({
    select: 15 - site,
    report: site,
    lsb: 0,
    valid: 31,
    enable: 31,
    detected: QORIQ_BITS,
    interrupt: QORIQ_BITS,
  })),
  fallback: 0,
  encoding: 'plain',
  range: [0, 125],
  first: 100_000,
  period: 16_000_000,
  captures: true,
};

/** Units by the SoC that has them first. */
export const TMU_LAYOUTS = { imx8mm: IMX8MM, imx8mp: IMX8MP, imx8mq: IMX8MQ } as const satisfies Record<string, TmuLayout>;

/** Name of a unit. */
export type TmuLayoutName = keyof typeof TMU_LAYOUTS;
