/** Standard base64 of bytes, the same in Node and in a browser; of what is no base64, as much as there is. */

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Uint8Array(128).map((_, code) => Math.max(0, DIGITS.indexOf(String.fromCharCode(code))));

/** Two digits for each 12 bits. */
const PAIRS = Array.from({ length: 4096 }, (_, bits) => DIGITS[bits >> 6]! + DIGITS[bits & 63]!);

/** Bytes as text. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  for (; at + 2 < bytes.length; at += 3) {
    const three = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    text += PAIRS[three >> 12]! + PAIRS[three & 4095]!;
  }
  const left = bytes.length - at;
  if (left === 1) text += `${PAIRS[bytes[at]! << 4]}==`;
  if (left === 2) text += `${PAIRS[(bytes[at]! << 4) | (bytes[at + 1]! >> 4)]}${DIGITS[(bytes[at + 1]! & 15) << 2]}=`;
  return text;
}

/** Text as bytes. */
export function fromBase64(text: string): Uint8Array {
  const digits = text.replace(/=+$/, '');
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let have = 0;
  let at = 0;
  for (let i = 0; i < digits.length; i++) {
    bits = ((bits << 6) | (VALUES[digits.charCodeAt(i) & 127] ?? 0)) & 0xff_ffff;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    bytes[at++] = (bits >> have) & 0xff;
  }
  return bytes;
}
