/** Standard base64 of bytes, the same in Node and in a browser; of what is no base64, as much as there is. */

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Uint8Array(128).map((_, code) => Math.max(0, DIGITS.indexOf(String.fromCharCode(code))));

/** Bytes as text. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  for (; at + 2 < bytes.length; at += 3) {
    const three = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    text += DIGITS[three >> 18]! + DIGITS[(three >> 12) & 63]! + DIGITS[(three >> 6) & 63]! + DIGITS[three & 63]!;
  }
  const left = bytes.length - at;
  if (left === 1) text += `${DIGITS[bytes[at]! >> 2]}${DIGITS[(bytes[at]! & 3) << 4]}==`;
  if (left === 2) {
    const two = (bytes[at]! << 8) | bytes[at + 1]!;
    text += `${DIGITS[two >> 10]}${DIGITS[(two >> 4) & 63]}${DIGITS[(two & 15) << 2]}=`;
  }
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
