/**
 * CRC-32 as zlib, Ethernet and U-Boot have it (polynomial 0x04C11DB7, reflected).
 */

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) !== 0 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
  return value;
});

/** The checksum of `bytes`, as u32; of what goes before them and them, when `before` is the checksum of that. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let value = ~before;
  for (let index = 0; index < bytes.length; index++) value = (value >>> 8) ^ TABLE[(value ^ bytes[index]!) & 0xff]!;
  return ~value >>> 0;
}
