/** Numbers and bytes as packets write them, and back. Whatever makes no sense is undefined. */

/** An unsigned number in hex digits, at most `limit`. */
export function parseHex(text: string | undefined, limit = 0xffff_ffff): number | undefined {
  if (text === undefined || !/^[0-9a-fA-F]{1,16}$/.test(text)) return undefined;
  const value = Number.parseInt(text, 16);
  return value <= limit ? value : undefined;
}

/** `a,b` in hex; with `end` what has to follow. */
export function parsePair(text: string): readonly [number, number] | undefined {
  const comma = text.indexOf(',');
  const first = parseHex(text.slice(0, Math.max(0, comma)));
  const second = parseHex(text.slice(comma + 1));
  return comma < 0 || first === undefined || second === undefined ? undefined : [first, second];
}

/** The id of a thread; GDB writes those from 0x80000000 on as negative numbers. `any` for 0 and -1. */
export function parseThread(text: string): number | 'any' | undefined {
  if (text === '0' || text === '-1') return 'any';
  if (!text.startsWith('-')) return parseHex(text);
  const value = parseHex(text.slice(1), 0x8000_0000);
  return value === undefined ? undefined : -value >>> 0;
}

/** Bytes as hex digits. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** Hex digits as bytes. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

/** The little-endian bytes of a value of `bits`, in hex. */
export function wordHex(value: number, bits = 32): string {
  const bytes = new Uint8Array(Math.ceil(bits / 8));
  for (let at = 0; at < Math.min(4, bytes.length); at++) bytes[at] = (value >>> (8 * at)) & 0xff;
  return toHex(bytes);
}

/** UTF-8 text as hex digits. */
export function textHex(text: string): string {
  return toHex(new TextEncoder().encode(text));
}

/** A byte for each character, as packets have them. */
export function latin(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

/** The bytes of such a text. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
}

/** Text for XML. */
export function xml(text: string): string {
  const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
  // Control characters have no place in XML, even written as entities.
  return text.replace(/[^\t\n\x20-\x7e]/g, '?').replace(/[&<>"']/g, (character) => named[character]!);
}
