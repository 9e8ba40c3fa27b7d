/**
 * 32-bit arithmetic and sizes, once and correct.
 *
 * JavaScript's bit operators work on signed 32-bit values and take shift counts modulo 32, so `(1 << 32) - 1` is 0.
 * Every u32 that crosses a function boundary in this project is an unsigned number in [0, 2^32).
 */

/** 1024 bytes. */
export const KiB = 1024;
/** 1024 KiB. */
export const MiB = 1024 * KiB;
/** 1024 MiB. */
export const GiB = 1024 * MiB;

/** Mask with the `width` low bits set, `width` in 0..32, as u32. */
export function mask(width: number): number {
  return width >= 32 ? 0xffff_ffff : ((1 << width) >>> 0) - 1;
}

/** Bits `lsb .. lsb+width-1` of `value` as u32. */
export function bits(value: number, lsb: number, width: number): number {
  return ((value >>> lsb) & mask(width)) >>> 0;
}

/** `value` with bits `lsb .. lsb+width-1` replaced by the low bits of `field`, as u32. */
export function insertBits(value: number, lsb: number, width: number, field: number): number {
  const m = (mask(width) << lsb) >>> 0;
  return ((value & ~m) | ((field << lsb) & m)) >>> 0;
}

/** `0x` and eight digits, as registers and addresses are written in messages. */
export function hex32(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}

/** `0x` and as few digits as it takes (the kernel's `%#x`; `0` is written `0x0`). */
export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
