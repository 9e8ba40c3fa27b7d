/**
 * The DSP extension (ARMv7-M ARM A7.7): parallel and saturating arithmetic, dual and halfword multiplications, PKH, SEL.
 *
 * All use the default packing (see lowering.ts). 64-bit accumulators are pairs of 32-bit words.
 */
import { CELL } from '../core-registers.ts';
import { type Context, DONE, type Handler } from './context.ts';
import { multiplyHigh, multiplyHighSigned } from './integer.ts';

type Lane = (context: Context, value: number, bits: number) => number;

const low = (value: number): number => (value << 16) >> 16;
const high = (value: number): number => value >> 16;
const rotate16 = (value: number): number => (value << 16) | (value >>> 16);

/** `value` limited to a signed number of `bits`; sets Q when `context` is given and the limit was reached. */
function signedLimit(value: number, bits: number, context?: Context): number {
  const limit = 2 ** (bits - 1);
  const result = Math.min(Math.max(value, -limit), limit - 1);
  if (result !== value) context?.saturate();
  return result;
}

function unsignedLimit(value: number, bits: number): number {
  return Math.min(Math.max(value, 0), 2 ** bits - 1);
}

/** What each family does with the exact sum or difference of two lanes. */
const RESULT: Readonly<Record<string, Lane>> = {
  S: (_context, value) => value,
  U: (_context, value) => value,
  SH: (_context, value) => value >> 1,
  UH: (_context, value) => value >> 1,
  Q: (_context, value, bits) => signedLimit(value, bits),
  UQ: (_context, value, bits) => unsignedLimit(value, bits),
};

/** Parallel addition and subtraction; `subtract[i]` says what lane i does, `exchange` swaps the halves of Rm. */
function parallel(family: string, bits: 8 | 16, subtract: readonly boolean[], exchange: boolean): Handler {
  const lanes = subtract.length;
  const unsigned = family.startsWith('U');
  const setsGe = family === 'S' || family === 'U';
  const result = RESULT[family]!;
  const mask = (1 << bits) - 1;
  return (context, w1) => {
    const { cells } = context;
    const n = cells[(w1 >> 4) & 15]!;
    const rm = cells[(w1 >> 8) & 15]!;
    const m = exchange ? rotate16(rm) : rm;
    let out = 0;
    let ge = 0;
    for (let lane = 0; lane < lanes; lane++) {
      const at = lane * bits;
      let a = (n >>> at) & mask;
      let b = (m >>> at) & mask;
      if (!unsigned) {
        a = (a << (32 - bits)) >> (32 - bits);
        b = (b << (32 - bits)) >> (32 - bits);
      }
      const exact = subtract[lane] ? a - b : a + b;
      out |= (result(context, exact, bits) & mask) << at;
      // GE: no borrow, a carry out (unsigned sums), or not negative (signed).
      const set = unsigned && !subtract[lane] ? exact > mask : exact >= 0;
      if (set) ge |= (bits === 8 ? 1 : 3) << (lane * (bits / 8));
    }
    cells[w1 & 15] = out;
    if (setsGe) cells[CELL.APSR] = (cells[CELL.APSR]! & ~0x000f_0000) | (ge << 16);
    return DONE;
  };
}

function parallelFamilies(): [string, Handler][] {
  return ['S', 'Q', 'SH', 'U', 'UQ', 'UH'].flatMap((family): [string, Handler][] => [
    [`${family}ADD8`, parallel(family, 8, [false, false, false, false], false)],
    [`${family}SUB8`, parallel(family, 8, [true, true, true, true], false)],
    [`${family}ADD16`, parallel(family, 16, [false, false], false)],
    [`${family}SUB16`, parallel(family, 16, [true, true], false)],
    [`${family}ASX`, parallel(family, 16, [true, false], true)],
    [`${family}SAX`, parallel(family, 16, [false, true], true)],
  ]);
}

/** QADD and relatives: Rd = sat(Rm op Rn), where QD doubles Rn with saturation first. */
function saturating(double: boolean, subtract: boolean): Handler {
  return (context, w1) => {
    const { cells } = context;
    const n = cells[(w1 >> 4) & 15]!;
    const m = cells[(w1 >> 8) & 15]!;
    const operand = double ? signedLimit(n * 2, 32, context) : n;
    cells[w1 & 15] = signedLimit(subtract ? m - operand : m + operand, 32, context);
    return DONE;
  };
}

/** A half of Rn or Rm as the x and y bits of the instruction choose. */
const half = (value: number, top: number): number => (top ? high(value) : low(value));

/** Writes a 32-bit accumulation; Q when it does not fit. `sum` is exact. */
function accumulate(context: Context, d: number, sum: number): number {
  if (sum !== (sum | 0)) context.saturate();
  context.cells[d] = sum | 0;
  return DONE;
}

function halfwordMultiply(withSum: boolean): Handler {
  return (context, w1, _w2, w3) => {
    const { cells } = context;
    const product = half(cells[(w1 >> 4) & 15]!, w3 & 0x20) * half(cells[(w1 >> 8) & 15]!, w3 & 0x10);
    return accumulate(context, w1 & 15, product + (withSum ? cells[(w1 >> 12) & 15]! : 0));
  };
}

/** SMULWy, SMLAWy: bits 47:16 of a 32 by 16 product; 48 bits fit a double. */
function wordMultiply(withSum: boolean): Handler {
  return (context, w1, _w2, w3) => {
    const { cells } = context;
    const product = Math.floor((cells[(w1 >> 4) & 15]! * half(cells[(w1 >> 8) & 15]!, w3 & 0x10)) / 65536);
    return accumulate(context, w1 & 15, product + (withSum ? cells[(w1 >> 12) & 15]! : 0));
  };
}

/** Sum or difference of the two halfword products, exact; bit 4 of the instruction swaps the halves of Rm. */
function dualProduct(cells: Int32Array, w1: number, w3: number, subtract: boolean): number {
  const n = cells[(w1 >> 4) & 15]!;
  const rm = cells[(w1 >> 8) & 15]!;
  const m = w3 & 0x10 ? rotate16(rm) : rm;
  const first = low(n) * low(m);
  const second = high(n) * high(m);
  return subtract ? first - second : first + second;
}

function dualMultiply(subtract: boolean, withSum: boolean): Handler {
  return (context, w1, _w2, w3) => {
    const { cells } = context;
    return accumulate(context, w1 & 15, dualProduct(cells, w1, w3, subtract) + (withSum ? cells[(w1 >> 12) & 15]! : 0));
  };
}

/** RdHi:RdLo += an exact signed value of at most 53 bits. */
function accumulateLong(cells: Int32Array, w1: number, value: number): number {
  const d = w1 & 15;
  const l = (w1 >> 24) & 15;
  const sum = (cells[l]! >>> 0) + (value >>> 0);
  cells[d] = cells[d]! + Math.floor(value / 0x1_0000_0000) + (sum > 0xffff_ffff ? 1 : 0);
  cells[l] = sum;
  return DONE;
}

/** SMMUL, SMMLA, SMMLS: the high word of (Ra:0 +- product), rounded when bit 4 of the instruction is set. */
function mostSignificant(withSum: boolean, subtract: boolean): Handler {
  return ({ cells }, w1, _w2, w3) => {
    const n = cells[(w1 >> 4) & 15]!;
    const m = cells[(w1 >> 8) & 15]!;
    const a = withSum ? cells[(w1 >> 12) & 15]! : 0;
    let lowWord = Math.imul(n, m) >>> 0;
    let highWord = multiplyHighSigned(n, m);
    if (subtract) {
      highWord = a - highWord - (lowWord !== 0 ? 1 : 0);
      lowWord = -lowWord >>> 0;
    } else highWord = a + highWord;
    if ((w3 & 0x10) !== 0 && lowWord >= 0x8000_0000) highWord += 1;
    cells[w1 & 15] = highWord;
    return DONE;
  };
}

function sumOfDifferences(withSum: boolean): Handler {
  return ({ cells }, w1) => {
    const n = cells[(w1 >> 4) & 15]!;
    const m = cells[(w1 >> 8) & 15]!;
    let sum = withSum ? cells[(w1 >> 12) & 15]! : 0;
    for (let at = 0; at < 32; at += 8) sum += Math.abs(((n >>> at) & 0xff) - ((m >>> at) & 0xff));
    cells[w1 & 15] = sum;
    return DONE;
  };
}

/** SSAT16, USAT16: each half of Rn within `width` bits. */
function saturateHalves(signed: boolean): Handler {
  return (context, w1, _w2, w3) => {
    const { cells } = context;
    const n = cells[(w1 >> 4) & 15]!;
    const width = w3 & 15;
    const one = (value: number): number => {
      if (signed) return signedLimit(value, width + 1, context);
      const result = unsignedLimit(value, width);
      if (result !== value) context.saturate();
      return result;
    };
    cells[w1 & 15] = (one(low(n)) & 0xffff) | (one(high(n)) << 16);
    return DONE;
  };
}

/** Handlers by micro-operation name. */
export const DSP: Readonly<Record<string, Handler>> = {
  ...Object.fromEntries(parallelFamilies()),
  QADD: saturating(false, false),
  QSUB: saturating(false, true),
  QDADD: saturating(true, false),
  QDSUB: saturating(true, true),
  SMULXY: halfwordMultiply(false),
  SMLAXY: halfwordMultiply(true),
  SMULWY: wordMultiply(false),
  SMLAWY: wordMultiply(true),
  SMUAD: dualMultiply(false, false),
  SMLAD: dualMultiply(false, true),
  SMUSD: dualMultiply(true, false),
  SMLSD: dualMultiply(true, true),
  SMMUL: mostSignificant(false, false),
  SMMLA: mostSignificant(true, false),
  SMMLS: mostSignificant(true, true),
  USAD8: sumOfDifferences(false),
  USADA8: sumOfDifferences(true),
  SSAT16: saturateHalves(true),
  USAT16: saturateHalves(false),
  SMLALXY: ({ cells }, w1, _w2, w3) =>
    accumulateLong(cells, w1, half(cells[(w1 >> 4) & 15]!, w3 & 0x20) * half(cells[(w1 >> 8) & 15]!, w3 & 0x10)),
  SMLALD: ({ cells }, w1, _w2, w3) => accumulateLong(cells, w1, dualProduct(cells, w1, w3, false)),
  SMLSLD: ({ cells }, w1, _w2, w3) => accumulateLong(cells, w1, dualProduct(cells, w1, w3, true)),
  UMAAL: ({ cells }, w1) => {
    const n = cells[(w1 >> 4) & 15]!;
    const m = cells[(w1 >> 8) & 15]!;
    const d = w1 & 15;
    const l = (w1 >> 24) & 15;
    const sum = (Math.imul(n, m) >>> 0) + (cells[d]! >>> 0) + (cells[l]! >>> 0);
    cells[d] = multiplyHigh(n, m) + Math.floor(sum / 0x1_0000_0000);
    cells[l] = sum;
    return DONE;
  },
  PKH: ({ cells }, w1, w2, w3) => {
    const n = cells[(w1 >> 4) & 15]!;
    const m = cells[(w1 >> 8) & 15]!;
    // PKHTB shifts right arithmetically, by 32 where the field is 0; PKHBT shifts left.
    const top = (w3 & 0x20) !== 0;
    const operand = top ? m >> (w2 === 0 ? 31 : w2) : m << w2;
    cells[w1 & 15] = top ? (n & ~0xffff) | (operand & 0xffff) : (operand & ~0xffff) | (n & 0xffff);
    return DONE;
  },
  SEL: ({ cells }, w1) => {
    const n = cells[(w1 >> 4) & 15]!;
    const m = cells[(w1 >> 8) & 15]!;
    const ge = (cells[CELL.APSR]! >>> 16) & 15;
    let mask = 0;
    for (let lane = 0; lane < 4; lane++) if ((ge >>> lane) & 1) mask |= 0xff << (lane * 8);
    cells[w1 & 15] = (n & mask) | (m & ~mask);
    return DONE;
  },
};
