/**
 * Bytes of a file that nobody vouches for: the one place where the ELF readers touch it.
 *
 * Every read is little-endian and bounded: past the end of the file there are zeros, strings end at a limit, and a part of the file is
 * cut where the file ends. Offsets may be any number up to 2^64, as headers of broken files hold them. Nothing here throws.
 */

/** The halfword at `offset`; what lies past the end is 0. */
export function u16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
}

/** The word at `offset`, unsigned; what lies past the end is 0. */
export function u32(bytes: Uint8Array, offset: number): number {
  return (u16(bytes, offset) | (u16(bytes, offset + 2) << 16)) >>> 0;
}

/** The part of `size` bytes from `offset` that `bytes` has, as a view; empty when that is none. */
export function part(bytes: Uint8Array, offset: number, size: number): Uint8Array {
  return bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + size, bytes.length));
}

/** The NUL-terminated string at `offset` as Latin-1, cut at `limit` characters; empty outside of `bytes`. */
export function cString(bytes: Uint8Array, offset: number, limit: number): string {
  const end = Math.min(bytes.length, offset + limit);
  let text = '';
  for (let at = offset; at < end && bytes[at] !== 0; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
