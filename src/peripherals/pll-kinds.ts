/**
 * The kinds of PLL in the i.MX 8M family: which registers one has, its lock, its rate.
 *
 * `integer` and `fractional` are the PLL14xx of the 8M Mini, Nano and Plus (the SAI PLL of the 8M Plus' AUDIOMIX too), `frac` and `sscg` those of
 * the 8M Quad. Described in the CCM chapters of the reference manuals (CCM_ANALOG). Not modelled: spread spectrum, the frequency
 * calibration (MNIT), the pad reference clocks.
 */
import { bits } from '../memory/bits.ts';
import { bit, type FieldSpec, field } from '../memory/registers.ts';

const COMMON = {
  PLL_REF_CLK_SEL: field(0, 2),
  PAD_CLK_SEL: field(2, 2),
  PLL_BYPASS: bit(4),
  PLL_RST_OVERRIDE: bit(8),
  /** Active low: 0 holds the PLL in reset. */
  PLL_RST: bit(9),
  PLL_LOCK: bit(31, 'ro'),
} satisfies Record<string, FieldSpec>;

/** Fields of GEN_CTRL of a fractional PLL. */
export const FRACTIONAL_GEN_CTRL = {
  ...COMMON,
  PLL_CLKE_OVERRIDE: bit(12),
  PLL_CLKE: bit(13),
  PLL_EXT_BYPASS: bit(16),
} satisfies Record<string, FieldSpec>;

/** Fields of GEN_CTRL of an integer PLL with one output. */
export const INTEGER_GEN_CTRL = {
  ...COMMON,
  PLL_CLKE_OVERRIDE: bit(10),
  PLL_CLKE: bit(11),
  PLL_EXT_BYPASS: bit(28),
  PLL_LOCK_SEL: bit(29),
} satisfies Record<string, FieldSpec>;

/** Fields of FDIV_CTL0. */
export const FDIV_CTL0 = {
  PLL_POST_DIV: field(0, 3),
  PLL_PRE_DIV: field(4, 6),
  PLL_MAIN_DIV: field(12, 10),
} satisfies Record<string, FieldSpec>;

/** Fields of CFG0 of the 8M Quad's fractional PLL. */
export const FRAC_CFG0 = {
  PLL_OUTPUT_DIV_VAL: field(0, 5),
  PLL_REFCLK_DIV_VAL: field(5, 6),
  PLL_NEWDIV_ACK: bit(11, 'ro'),
  PLL_NEWDIV_VAL: bit(12),
  PLL_COUNTCLK_SEL: bit(13),
  PLL_BYPASS: bit(14),
  PLL_LOCK_SEL: bit(15),
  PLL_REFCLK_SEL: field(16, 2),
  PLL_PD_OVERRIDE: bit(18),
  PLL_PD: bit(19),
  PLL_CLKE_OVERRIDE: bit(20),
  PLL_CLKE: bit(21),
  PLL_LOCK: bit(31, 'ro'),
} satisfies Record<string, FieldSpec>;

/** Fields of CFG1 of the 8M Quad's fractional PLL. */
export const FRAC_CFG1 = { PLL_INT_DIV_CTL: field(0, 7), PLL_FRAC_DIV_CTL: field(7, 24) } satisfies Record<string, FieldSpec>;

/** What all SSCG PLLs of the 8M Quad have in CFG0. */
export const SSCG_REFERENCE = {
  PLL_REFCLK_SEL: field(0, 2),
  PLL_COUNTCLK_SEL: bit(2),
  PLL_LOCK_SEL: bit(3),
  PLL_BYPASS2: bit(4),
  PLL_BYPASS1: bit(5),
  PLL_PD_OVERRIDE: bit(6),
  PLL_PD: bit(7),
  PLL_LOCK: bit(31, 'ro'),
} satisfies Record<string, FieldSpec>;

/** Fields of CFG0 of an SSCG PLL with one output. */
export const SSCG_CFG0 = { ...SSCG_REFERENCE, PLL_CLKE_OVERRIDE: bit(8), PLL_CLKE: bit(9) } satisfies Record<string, FieldSpec>;

/** Fields of CFG1 of an SSCG PLL. */
export const SSCG_CFG1 = {
  PLL_SSE: bit(0),
  PLL_SSMF: field(1, 4),
  PLL_SSMD: field(5, 3),
  PLL_SSDS: bit(8),
} satisfies Record<string, FieldSpec>;

/** Fields of CFG2 of the 8M Quad's SSCG PLL. */
export const SSCG_CFG2 = {
  PLL_FILTER_RANGE: bit(0),
  PLL_OUTPUT_DIV_VAL: field(1, 6),
  PLL_FEEDBACK_DIVF2: field(7, 6),
  PLL_FEEDBACK_DIVF1: field(13, 6),
  PLL_REF_DIVR2: field(19, 6),
  PLL_REF_DIVR1: field(25, 3),
} satisfies Record<string, FieldSpec>;

/** Reads one of a PLL's registers, by its place in `PllMethod.registers`. */
type Word = (register: number) => number;

/** What a kind of PLL does with its registers. */
export interface PllMethod {
  /** What follows the PLL's name in the names of its registers; the first has LOCK in bit 31 and the clock selection in bits `reference`. */
  readonly registers: readonly string[];
  /** PLL_REFCLK_SEL in the first register. */
  readonly reference: { readonly lsb: number; readonly width: number };
  /** Bits of the first register by which software learns that new dividers were taken; set while the PLL is locked. */
  readonly acknowledge?: number;
  /** True when it is powered and out of reset. */
  running(control: number): boolean;
  /** Bits of each register whose change makes a running PLL lock anew. */
  readonly relock: readonly number[];
  /** Rate before the output gate, in Hz; only asked while it runs or is bypassed. */
  hz(word: Word, reference: number): number;
  /** True when the reference passes to the output. */
  bypassed(control: number): boolean;
  /** Bit of the first register that opens the output; `PllDescription.gate` replaces it. */
  readonly gate: number;
}

/** FDIV_CTL0 and, of a fractional one, FDIV_CTL1.PLL_DSM: a signed 16-bit fraction of 65536. */
function pll14xx(word: Word, reference: number, fraction: number): number {
  const dividers = word(1);
  const pre = bits(dividers, 4, 6);
  if (pre === 0) return 0;
  return (reference * (bits(dividers, 12, 10) + fraction)) / pre / 2 ** bits(dividers, 0, 3);
}

const RST = 1 << 9;
/** PRE_DIV and MAIN_DIV of FDIV_CTL0. */
const PRE_AND_MAIN = 0x003f_f3f0;

/** Every kind by name. */
export const PLL_METHODS = {
  integer: {
    registers: ['GEN_CTRL', 'FDIV_CTL0'],
    reference: { lsb: 0, width: 2 },
    running: (control) => (control & RST) !== 0,
    relock: [0, PRE_AND_MAIN],
    hz: (word, reference) => pll14xx(word, reference, 0),
    bypassed: (control) => (control & ((1 << 4) | (1 << 28))) !== 0,
    gate: 1 << 11,
  },
  fractional: {
    registers: ['GEN_CTRL', 'FDIV_CTL0', 'FDIV_CTL1'],
    reference: { lsb: 0, width: 2 },
    running: (control) => (control & RST) !== 0,
    relock: [0, PRE_AND_MAIN, 0],
    hz: (word, reference) => pll14xx(word, reference, ((word(2) << 16) >> 16) / 65_536),
    bypassed: (control) => (control & ((1 << 4) | (1 << 16))) !== 0,
    gate: 1 << 13,
  },
  frac: {
    registers: ['CFG0', 'CFG1'],
    reference: { lsb: 16, width: 2 },
    acknowledge: 1 << 11,
    running: (control) => (control & (1 << 19)) === 0,
    relock: [0x7e0, 0],
    hz: (word, reference) => {
      const divided = reference / (bits(word(0), 5, 6) + 1);
      const feedback = 1 + bits(word(1), 0, 7) + bits(word(1), 7, 24) / 2 ** 24;
      return (divided * 8 * feedback) / (2 * (bits(word(0), 0, 5) + 1));
    },
    bypassed: (control) => (control & (1 << 14)) !== 0,
    gate: 1 << 21,
  },
  sscg: {
    registers: ['CFG0', 'CFG1', 'CFG2'],
    reference: { lsb: 0, width: 2 },
    running: (control) => (control & (1 << 7)) === 0,
    relock: [1 << 5, 1, 0x0fff_ff80],
    hz: (word, reference) => {
      const dividers = word(2);
      const output = 1 + bits(dividers, 1, 6);
      const second = (1 + bits(dividers, 7, 6)) / (1 + bits(dividers, 19, 6));
      // The first of the two stages multiplies by 8 in place of 2 with spread spectrum (CFG1.PLL_SSE); BYPASS1 goes round it.
      const multiplier = word(1) & 1 ? 8 : 2;
      const first = word(0) & (1 << 5) ? 1 : (multiplier * (1 + bits(dividers, 13, 6))) / (1 + bits(dividers, 25, 3));
      return (reference * first * second) / output;
    },
    bypassed: (control) => (control & (1 << 4)) !== 0,
    gate: 1 << 9,
  },
} as const satisfies Record<string, PllMethod>;

/** Name of a kind. */
export type PllKind = keyof typeof PLL_METHODS;
