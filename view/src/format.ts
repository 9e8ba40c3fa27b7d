/** How numbers, addresses, times and bytes are written on the page: one way everywhere. */

/** `0x55000000`; `digits` at least. */
export function hex(value: number, digits = 8): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** A moment of virtual time: `12.345678 s`, to the microsecond. */
export function moment(seconds: number): string {
  return `${seconds.toFixed(6)} s`;
}

/** A stretch of time with three significant digits: `12.3 µs`. */
export function duration(seconds: number): string {
  const size = Math.abs(seconds);
  if (size === 0) return '0 s';
  const [factor, unit] = size < 1e-6 ? [1e9, 'ns'] : size < 1e-3 ? [1e6, 'µs'] : size < 1 ? [1e3, 'ms'] : [1, 's'];
  return `${significant(seconds * (factor as number))} ${unit}`;
}

/** `1,234` below ten thousand, then `12.3 k`, `4.56 M`, `7.89 G`. */
export function count(value: number): string {
  if (Math.abs(value) < 10_000) return Math.round(value).toLocaleString('en-US');
  const [factor, unit] = value < 1e6 ? [1e3, 'k'] : value < 1e9 ? [1e6, 'M'] : [1e9, 'G'];
  return `${significant(value / (factor as number))} ${unit}`;
}

/** `64 KiB`, `1.5 MiB`, `12 B`. */
export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  const [factor, unit] = value < 1024 ** 2 ? [1024, 'KiB'] : value < 1024 ** 3 ? [1024 ** 2, 'MiB'] : [1024 ** 3, 'GiB'];
  const scaled = value / (factor as number);
  return `${Number.isInteger(scaled) ? scaled : significant(scaled)} ${unit}`;
}

/** `800 MHz`. */
export function frequency(hz: number): string {
  const [factor, unit] = hz < 1e6 ? [1e3, 'kHz'] : hz < 1e9 ? [1e6, 'MHz'] : [1e9, 'GHz'];
  return `${Number(significant(hz / (factor as number)))} ${unit}`;
}

/** Virtual seconds per second of the host: `0.82×`, `14×`. */
export function speed(value: number): string {
  return `${value >= 100 ? Math.round(value) : significant(value, 2)}×`;
}

/** `+12.3 µs` or `−4 ms` from one moment to another. */
export function offset(seconds: number): string {
  return seconds < 0 ? `−${duration(-seconds)}` : `+${duration(seconds)}`;
}

function significant(value: number, digits = 3): string {
  const text = value.toPrecision(digits);
  return text.includes('e') ? String(Math.round(value)) : text;
}

/** Bytes of standard base64; empty for what is none. */
export function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** Standard base64 of bytes. */
export function toBase64(data: Uint8Array): string {
  let text = '';
  for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
  return btoa(text);
}

/** Base64 of a text in UTF-8. */
export function textToBase64(text: string): string {
  return toBase64(new TextEncoder().encode(text));
}

/**
 * What a message says, for a line: its text if that is all of it (but a closing NUL), else its first bytes. A counter of four bytes is no text because one of them
 * happens to be a letter.
 */
export function saying(message: { readonly text?: string | undefined; readonly data: string; readonly length: number }): {
  readonly text: string;
  readonly quoted: boolean;
} {
  const { text, data, length } = message;
  if (text !== undefined && text.length > 0 && text.length >= length - 1) return { text, quoted: true };
  const first = fromBase64(data).subarray(0, SHOWN_BYTES);
  const shown = Array.from(first, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return { text: length > SHOWN_BYTES ? `${shown} … ${length} B` : shown || `${length} bytes`, quoted: false };
}

/** Bytes of a message in a line. */
const SHOWN_BYTES = 8;

/** Lines of a hex dump, 16 bytes each: offset, bytes, and the characters that are printable. */
export function dump(data: Uint8Array): { readonly offset: string; readonly hex: string; readonly text: string }[] {
  const lines: { offset: string; hex: string; text: string }[] = [];
  for (let offset = 0; offset < data.length; offset += 16) {
    const line = data.subarray(offset, offset + 16);
    lines.push({
      offset: offset.toString(16).padStart(4, '0'),
      hex: Array.from(line, (byte) => byte.toString(16).padStart(2, '0')).join(' '),
      text: Array.from(line, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join(''),
    });
  }
  return lines;
}
