/** Functions on bit strings as the ARM ARM's pseudo-code has them (appendix D6.5, A2.2.1), on BigInt so that nothing wraps by accident. */

/** The unsigned number in the low `width` bits. */
export const UInt = (value: number | bigint, width = 32): bigint => BigInt.asUintN(width, BigInt(value));

/** The signed number in the low `width` bits. */
export const SInt = (value: number | bigint, width = 32): bigint => BigInt.asIntN(width, BigInt(value));

/** The low 32 bits as a u32. */
export const word = (value: bigint): number => Number(BigInt.asUintN(32, value));

/** Bits `high`:`low` of `value`. */
export const bits = (value: number | bigint, high: number, low: number): bigint => UInt(BigInt(value) >> BigInt(low), high - low + 1);

/** Bit `at` of `value`. */
export const bit = (value: number | bigint, at: number): boolean => bits(value, at, at) === 1n;

export const SignExtend = (value: number | bigint, from: number): number => word(SInt(value, from));

export const Align = (address: number, to: number): number => address - (address % to);

export const BitCount = (value: number): number => value.toString(2).replaceAll('0', '').length;

/** AddWithCarry: sum, carry out, overflow. */
export function AddWithCarry(x: number, y: number, carry: boolean): { result: number; carry: boolean; overflow: boolean } {
  const unsigned = UInt(x) + UInt(y) + (carry ? 1n : 0n);
  const signed = SInt(x) + SInt(y) + (carry ? 1n : 0n);
  const result = word(unsigned);
  return { result, carry: UInt(result) !== unsigned, overflow: SInt(result) !== signed };
}

/** Kinds of shift, by their number in an instruction; RRX is ROR by 0. */
export type Shift = 'LSL' | 'LSR' | 'ASR' | 'ROR' | 'RRX';

/** DecodeImmShift. */
export function DecodeImmShift(type: number, imm5: number): { shift: Shift; amount: number } {
  if (type === 0) return { shift: 'LSL', amount: imm5 };
  if (type === 1) return { shift: 'LSR', amount: imm5 === 0 ? 32 : imm5 };
  if (type === 2) return { shift: 'ASR', amount: imm5 === 0 ? 32 : imm5 };
  return imm5 === 0 ? { shift: 'RRX', amount: 1 } : { shift: 'ROR', amount: imm5 };
}

/** Shift_C: one bit at a time, as many times as it says. */
export function Shift_C(value: number, shift: Shift, amount: number, carryIn: boolean): { result: number; carry: boolean } {
  let result = UInt(value);
  let carry = carryIn;
  for (let i = 0; i < amount; i++) {
    const top = bit(result, 31);
    const bottom = bit(result, 0);
    if (shift === 'LSL') {
      carry = top;
      result = UInt(result << 1n);
      continue;
    }
    const enters = shift === 'ASR' ? top : shift === 'ROR' ? bottom : shift === 'RRX' ? carry : false;
    carry = bottom;
    result = (result >> 1n) | (enters ? 1n << 31n : 0n);
  }
  return { result: Number(result), carry };
}

/** ThumbExpandImm_C; `unpredictable` for a replicated byte of zero. */
export function ThumbExpandImm_C(imm12: number, carryIn: boolean): { result: number; carry: boolean; unpredictable: boolean } {
  const byte = bits(imm12, 7, 0);
  if (bits(imm12, 11, 10) === 0n) {
    const pattern = [byte, (byte << 16n) | byte, (byte << 24n) | (byte << 8n), (byte << 24n) | (byte << 16n) | (byte << 8n) | byte];
    const form = Number(bits(imm12, 9, 8));
    return { result: word(pattern[form]!), carry: carryIn, unpredictable: form !== 0 && byte === 0n };
  }
  const unrotated = Number((1n << 7n) | bits(imm12, 6, 0));
  return { ...Shift_C(unrotated, 'ROR', Number(bits(imm12, 11, 7)), carryIn), unpredictable: false };
}

/** SignedSatQ and UnsignedSatQ. */
export function SatQ(value: bigint, width: number, signed: boolean): { result: bigint; saturated: boolean } {
  const low = signed ? -(1n << BigInt(width - 1)) : 0n;
  const high = signed ? (1n << BigInt(width - 1)) - 1n : (1n << BigInt(width)) - 1n;
  const result = value > high ? high : value < low ? low : value;
  return { result, saturated: result !== value };
}

/** ConditionHolds for the four bits of a condition. */
export function ConditionHolds(cond: number, { n, z, c, v }: { n: boolean; z: boolean; c: boolean; v: boolean }): boolean {
  const holds = [z, c, n, v, c && !z, n === v, n === v && !z, true][cond >>> 1]!;
  return (cond & 1) !== 0 && cond !== 15 ? !holds : holds;
}
