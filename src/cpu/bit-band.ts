/**
 * Bit-banding of ARMv7-M cores that are built with it (DDI 0403E B3.1): the words of 32 MiB at 0x2200_0000 and 0x4200_0000 stand for the bits of
 * 1 MiB at 0x2000_0000 and 0x4000_0000. What an access of them does is in core-memory.ts.
 */

/** True in one of the two 32 MiB whose words stand for bits. */
export function isBitBand(address: number): boolean {
  const block = address >>> 25;
  return block === 0x22 >>> 1 || block === 0x42 >>> 1;
}

/** The bit that the alias at `alias` stands for, in the unit of `size` bytes. */
export function bitAt(alias: number, size: number): { address: number; bit: number } {
  const offset = alias & 0x01ff_ffff;
  return { address: ((alias & 0xf000_0000) | ((offset >>> 5) & ~(size - 1))) >>> 0, bit: (offset >>> 2) & (8 * size - 1) };
}
