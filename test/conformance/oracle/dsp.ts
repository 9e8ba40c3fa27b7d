/** The DSP extension: parallel arithmetic, saturation, halfword products (ARM DDI 0403E, A7.7). */
import { bit, bits, SatQ, Shift_C, SInt, UInt, word } from './bits.ts';
import { rotated } from './integer.ts';
import type { Machine } from './machine.ts';
import type { Instruction, Operation, Operations } from './operation.ts';

const half = (value: number, top: boolean): bigint => SInt(Number(top ? bits(value, 31, 16) : bits(value, 15, 0)), 16);
const swapped = (m: Machine, i: Instruction): number => (i.f('x') === 1 ? Shift_C(m.R(i.f('m')), 'ROR', 16, m.c).result : m.R(i.f('m')));

/** Lanes of a parallel operation: [width, for each result lane: lane of Rn, lane of Rm, subtract]. */
const LANES: Readonly<Record<string, readonly [width: number, lanes: readonly (readonly [n: number, m: number, subtract: boolean])[]]>> = {
  ADD8: [8, [0, 1, 2, 3].map((lane) => [lane, lane, false] as const)],
  SUB8: [8, [0, 1, 2, 3].map((lane) => [lane, lane, true] as const)],
  ADD16: [16, [0, 1].map((lane) => [lane, lane, false] as const)],
  SUB16: [16, [0, 1].map((lane) => [lane, lane, true] as const)],
  ASX: [
    16,
    [
      [0, 1, true],
      [1, 0, false],
    ],
  ],
  SAX: [
    16,
    [
      [0, 1, false],
      [1, 0, true],
    ],
  ],
};

function parallel(kind: string, name: string): Operation {
  const [width, lanes] = LANES[name]!;
  const signed = !kind.startsWith('U');
  const read = (value: number, lane: number): bigint => {
    const raw = bits(value, lane * width + width - 1, lane * width);
    return signed ? SInt(raw, width) : raw;
  };
  return (m, i) => {
    let result = 0n;
    let ge = 0;
    lanes.forEach(([n, mm, subtract], lane) => {
      const x = read(m.R(i.f('n')), n);
      const y = read(m.R(i.f('m')), mm);
      const exact = subtract ? x - y : x + y;
      const value = kind.includes('Q') ? SatQ(exact, width, signed).result : kind.includes('H') ? exact >> 1n : exact;
      result |= UInt(value, width) << BigInt(lane * width);
      // Unsigned sums set GE when they carry, everything else when it is not negative.
      const greater = !signed && !subtract ? exact >= 1n << BigInt(width) : exact >= 0n;
      if (greater) ge |= width === 8 ? 1 << lane : 3 << (2 * lane);
    });
    m.setR(i.f('d'), word(result));
    if (kind === 'S' || kind === 'U') m.ge = ge;
  };
}

/** QADD and its kin: the doubling saturates too. */
const saturating = (subtract: boolean, double: boolean): Operation => {
  return (m, i) => {
    const n = SInt(m.R(i.f('n')));
    const first = double ? SatQ(2n * n, 32, true) : { result: n, saturated: false };
    const x = SInt(m.R(i.f('m')));
    const second = SatQ(subtract ? x - first.result : x + first.result, 32, true);
    m.setR(i.f('d'), word(second.result));
    if (first.saturated || second.saturated) m.q = true;
  };
};

/** A 32-bit result that sets Q when it does not fit. */
function accumulate(m: Machine, i: Instruction, result: bigint): void {
  m.setR(i.f('d'), word(result));
  if (result !== SInt(word(result))) m.q = true;
}

const addend = (m: Machine, i: Instruction, withSum: boolean): bigint => (withSum ? SInt(m.R(i.f('a'))) : 0n);

const dualProduct = (m: Machine, i: Instruction, subtract: boolean): bigint => {
  const n = m.R(i.f('n'));
  const x = swapped(m, i);
  const [first, second] = [half(n, false) * half(x, false), half(n, true) * half(x, true)];
  return subtract ? first - second : first + second;
};

const dual = (subtract: boolean, withSum: boolean): Operation => {
  return (m, i) => accumulate(m, i, dualProduct(m, i, subtract) + addend(m, i, withSum));
};

const halfProduct = (m: Machine, i: Instruction): bigint => half(m.R(i.f('n')), i.f('x') === 1) * half(m.R(i.f('m')), i.f('y') === 1);

const wordProduct = (withSum: boolean): Operation => {
  return (m, i) => {
    const product = SInt(m.R(i.f('n'))) * half(m.R(i.f('m')), i.f('y') === 1);
    accumulate(m, i, (product + (addend(m, i, withSum) << 16n)) >> 16n);
  };
};

const mostSignificant = (withSum: boolean, subtract: boolean): Operation => {
  return (m, i) => {
    const product = SInt(m.R(i.f('n'))) * SInt(m.R(i.f('m')));
    const sum = (addend(m, i, withSum) << 32n) + (subtract ? -product : product) + (i.f('x') === 1 ? 0x8000_0000n : 0n);
    m.setR(i.f('d'), word(sum >> 32n));
  };
};

function accumulateLong(m: Machine, i: Instruction, value: bigint): void {
  const sum = SInt((UInt(m.R(i.f('d'))) << 32n) | UInt(m.R(i.f('l'))), 64) + value;
  m.setR(i.f('d'), word(sum >> 32n));
  m.setR(i.f('l'), word(sum));
}

const differences = (withSum: boolean): Operation => {
  return (m, i) => {
    let sum = withSum ? UInt(m.R(i.f('a'))) : 0n;
    for (const at of [0, 8, 16, 24]) {
      const difference = bits(m.R(i.f('n')), at + 7, at) - bits(m.R(i.f('m')), at + 7, at);
      sum += difference < 0n ? -difference : difference;
    }
    m.setR(i.f('d'), word(sum));
  };
};

const saturateHalves = (signed: boolean): Operation => {
  return (m, i) => {
    const width = i.f('w') + (signed ? 1 : 0);
    const [low, high] = [SatQ(half(m.R(i.f('n')), false), width, signed), SatQ(half(m.R(i.f('n')), true), width, signed)];
    m.setR(i.f('d'), word((UInt(high.result, 16) << 16n) | UInt(low.result, 16)));
    if (low.saturated || high.saturated) m.q = true;
  };
};

const extendPair = (signed: boolean, add: boolean): Operation => {
  return (m, i) => {
    const source = rotated(m, i);
    const n = m.R(i.f('n'));
    const lane = (at: number): bigint => {
      const byte = bits(source, at + 7, at);
      return UInt((signed ? SInt(byte, 8) : byte) + (add ? bits(n, at + 15, at) : 0n), 16);
    };
    m.setR(i.f('d'), word((lane(16) << 16n) | lane(0)));
  };
};

const KINDS = ['S', 'Q', 'SH', 'U', 'UQ', 'UH'];

export const DSP: Operations = {
  ...Object.fromEntries(KINDS.flatMap((kind) => Object.keys(LANES).map((name) => [`${kind}${name}`, parallel(kind, name)]))),
  QADD: saturating(false, false),
  QSUB: saturating(true, false),
  QDADD: saturating(false, true),
  QDSUB: saturating(true, true),
  SMULXY: (m, i) => m.setR(i.f('d'), word(halfProduct(m, i))),
  SMLAXY: (m, i) => accumulate(m, i, halfProduct(m, i) + addend(m, i, true)),
  SMULWY: wordProduct(false),
  SMLAWY: wordProduct(true),
  SMUAD: dual(false, false),
  SMLAD: dual(false, true),
  SMUSD: (m, i) => m.setR(i.f('d'), word(dualProduct(m, i, true))),
  SMLSD: dual(true, true),
  SMMUL: mostSignificant(false, false),
  SMMLA: mostSignificant(true, false),
  SMMLS: mostSignificant(true, true),
  USAD8: differences(false),
  USADA8: differences(true),
  SSAT16: saturateHalves(true),
  USAT16: saturateHalves(false),
  SXTB16: extendPair(true, false),
  UXTB16: extendPair(false, false),
  SXTAB16: extendPair(true, true),
  UXTAB16: extendPair(false, true),
  SMLALXY: (m, i) => accumulateLong(m, i, halfProduct(m, i)),
  SMLALD: (m, i) => accumulateLong(m, i, dualProduct(m, i, false)),
  SMLSLD: (m, i) => accumulateLong(m, i, dualProduct(m, i, true)),
  UMAAL: (m, i) => {
    const result = UInt(m.R(i.f('n'))) * UInt(m.R(i.f('m'))) + UInt(m.R(i.f('d'))) + UInt(m.R(i.f('l')));
    m.setR(i.f('d'), word(result >> 32n));
    m.setR(i.f('l'), word(result));
  },
  PKH: (m, i) => {
    const tb = bit(i.word, 5);
    const amount = i.f('i');
    const operand = Shift_C(m.R(i.f('m')), tb ? 'ASR' : 'LSL', tb && amount === 0 ? 32 : amount, m.c).result;
    const n = m.R(i.f('n'));
    m.setR(i.f('d'), word(tb ? (bits(n, 31, 16) << 16n) | bits(operand, 15, 0) : (bits(operand, 31, 16) << 16n) | bits(n, 15, 0)));
  },
  SEL: (m, i) => {
    let result = 0n;
    for (let lane = 0; lane < 4; lane++) {
      const from = bit(m.ge, lane) ? m.R(i.f('n')) : m.R(i.f('m'));
      result |= bits(from, lane * 8 + 7, lane * 8) << BigInt(lane * 8);
    }
    m.setR(i.f('d'), word(result));
  },
};
