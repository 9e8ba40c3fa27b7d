/**
 * Conversions between formats and to integers, and rounding to an integral value (ARMv7-M ARM A2.5: FPHalfToSingle, FPToFixed,
 * FPRoundInt and so on).
 *
 * Those to integers work on the value as a JavaScript number, which holds every single and double exactly.
 */
import { F16, type FloatStatus, type Format, FPSCR, ROUND } from './format.ts';
import { defaultNan, infinity, processNan, round, unpack, zero } from './soft-float.ts';

/** Converts `bits` of format `from` to format `to`. */
export function convert(bits: bigint, from: Format, to: Format, status: FloatStatus): bigint {
  const value = unpack(bits, from, status);
  const { negative } = value;
  const alternative = to === F16 && status.alternativeHalf;
  switch (value.type) {
    case 'quiet':
    case 'signalling': {
      if (value.type === 'signalling' || alternative) status.raise(FPSCR.IOC);
      if (alternative) return zero(to, negative);
      if (status.defaultNan) return defaultNan(to);
      const shift = BigInt(Math.abs(to.fractionBits - from.fractionBits));
      const payload = to.fractionBits > from.fractionBits ? value.significand << shift : value.significand >> shift;
      return infinity(to, negative) | payload | (1n << BigInt(to.fractionBits - 1));
    }
    case 'infinity':
      if (!alternative) return infinity(to, negative);
      status.raise(FPSCR.IOC);
      return zero(to, negative) | 0x7fffn;
    case 'zero':
      return zero(to, negative);
    default:
      return round(negative, value.significand, value.exponent, to, status);
  }
}

/** `value` rounded to an integral number; the sign of zero is lost. */
export function roundIntegral(value: number, rounding: number): number {
  switch (rounding) {
    case ROUND.UP:
      return Math.ceil(value);
    case ROUND.DOWN:
      return Math.floor(value);
    case ROUND.ZERO:
      return Math.trunc(value);
    default: {
      // On the magnitude, where the difference to the integer below is exact.
      const magnitude = Math.abs(value);
      const below = Math.floor(magnitude);
      const rest = magnitude - below;
      const up = rest > 0.5 || (rest === 0.5 && (rounding === ROUND.AWAY || below % 2 !== 0));
      const rounded = up ? below + 1 : below;
      return value < 0 ? -rounded : rounded;
    }
  }
}

/**
 * FPToFixed of a number (NaN and infinities included) with `fraction` fraction bits to an integer of `width` bits, as i32; subnormals
 * are the caller's business.
 */
export function toFixed(value: number, fraction: number, width: number, signed: boolean, rounding: number, status: FloatStatus): number {
  if (Number.isNaN(value)) {
    status.raise(FPSCR.IOC);
    return 0;
  }
  const scaled = value * 2 ** fraction;
  const integer = roundIntegral(scaled, rounding);
  const high = signed ? 2 ** (width - 1) - 1 : 2 ** width - 1;
  const low = signed ? -(2 ** (width - 1)) : 0;
  if (integer > high || integer < low) {
    status.raise(FPSCR.IOC);
    return (integer > high ? high : low) | 0;
  }
  if (integer !== scaled) status.raise(FPSCR.IXC);
  return integer | 0;
}

/** FixedToFP: `integer * 2 ** -fraction` rounded. `integer` is an exact number of at most 33 bits. */
export function fromFixed(integer: number, fraction: number, format: Format, status: FloatStatus): bigint {
  if (integer === 0) return zero(format, false);
  return round(integer < 0, BigInt(Math.abs(integer)), -fraction, format, status);
}

/** FPRoundInt; `exact` raises IXC when the value changes. */
export function roundInt(bits: bigint, format: Format, rounding: number, exact: boolean, status: FloatStatus): bigint {
  const value = unpack(bits, format, status);
  if (value.type === 'quiet' || value.type === 'signalling') return processNan(bits, value, format, status);
  if (value.type === 'infinity') return infinity(format, value.negative);
  if (value.type === 'zero') return zero(format, value.negative);
  const { negative, significand, exponent } = value;
  if (exponent >= 0) return bits;
  const signed = Number(negative ? -significand : significand) * 2 ** exponent;
  const integral = roundIntegral(signed, rounding);
  if (exact && integral !== signed) status.raise(FPSCR.IXC);
  if (integral === 0) return zero(format, negative);
  return round(negative, BigInt(Math.abs(integral)), 0, format, status);
}
