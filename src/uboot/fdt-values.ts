/**
 * Values of properties as `fdt set` takes them and `fdt print` shows them (fdt_parse_prop and print_data of cmd/fdt.c).
 */
import { encodeText } from '../devicetree/text.ts';
import { hexText, parseUnsigned } from './numbers.ts';

/** `fdt_parse_prop`: cells in <>, bytes in [], or strings; a text is what it says of a value that it cannot take. */
export function parseValue(words: readonly string[], old: Uint8Array): Uint8Array | string {
  const text = words.join(' ');
  if (text.startsWith('<')) return parseCells(text.slice(1), old);
  if (!text.startsWith('[')) return encodeText(words.map((word) => `${word}\0`).join(''));
  const bytes: number[] = [];
  let rest = text.slice(1).trimStart();
  while (rest !== '' && !rest.startsWith(']')) {
    const { value, end } = parseUnsigned(rest, 16);
    if (end === 0) break;
    bytes.push(Number(value & 0xffn));
    rest = rest.slice(end).trimStart();
  }
  return rest.startsWith(']') ? Uint8Array.from(bytes) : `Unexpected character '${rest[0] ?? '\0'}'\n`;
}

function parseCells(text: string, old: Uint8Array): Uint8Array | string {
  const bytes: number[] = [];
  let rest = text.trimStart();
  while (rest !== '' && !rest.startsWith('>')) {
    const at = bytes.length;
    if (rest.startsWith('?')) {
      bytes.push(...[0, 1, 2, 3].map((byte) => old[at + byte] ?? 0));
      rest = rest.slice(1).trimStart();
      continue;
    }
    const { value, end } = parseUnsigned(rest, 0);
    if (end === 0) return `Sorry, I could not convert "${rest.split(' ', 1)[0]}"\n`;
    const cell = Number(BigInt.asUintN(32, value));
    bytes.push(cell >>> 24, (cell >>> 16) & 0xff, (cell >>> 8) & 0xff, cell & 0xff);
    rest = rest.slice(end).trimStart();
  }
  return rest.startsWith('>') ? Uint8Array.from(bytes) : `Unexpected character '${rest[0] ?? '\0'}'\n`;
}

/** A cell in the other byte order. */
export function swapped(cell: number): number {
  return (((cell & 0xff) << 24) | ((cell & 0xff00) << 8) | ((cell >>> 8) & 0xff00) | (cell >>> 24)) >>> 0;
}

/** Whole cells of a value. */
export function cellsOf(value: Uint8Array): number[] {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  return Array.from({ length: value.length >> 2 }, (_, index) => view.getUint32(4 * index));
}

/** Bytes as characters. */
export function latin(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

/** `is_printable_string`: strings one behind the other, none of them empty. */
export function isText(value: Uint8Array): boolean {
  if (value.length === 0 || value[value.length - 1] !== 0 || value[0] === 0) return value.length === 1 && value[0] === 0;
  return value.every((byte, index) => {
    if (byte === 0) return index === value.length - 1 || value[index + 1] !== 0;
    return (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13);
  });
}

/** `print_data`: with `dump`, cells and bytes beyond its limit (`fdt_max_dump`) are not shown, only where the tree is. */
export function valueText(value: Uint8Array, dump?: { readonly limit: number; readonly address: number }): string {
  if (isText(value))
    return latin(value.subarray(0, value.length - 1))
      .split('\0')
      .map((text) => `"${text}"`)
      .join(', ');
  if (dump && value.length > dump.limit) return `* 0x${hexText(dump.address, 16)} [0x${hexText(value.length, 8)}]`;
  if (value.length % 4 === 0)
    return `<${cellsOf(value)
      .map((cell) => `0x${hexText(cell, 8)}`)
      .join(' ')}>`;
  return `[${Array.from(value, (byte) => hexText(byte, 2)).join(' ')}]`;
}
