/**
 * U-Boot's numbers: simple_strtoul and friends (lib/strto.c), and sizes as print_size (lib/display_options.c) writes them.
 *
 * What a user types is hexadecimal unless a command says otherwise, with or without 0x; digits end at the first character that is none.
 */

/** A number and the index of the character that ended it. */
export interface Parsed {
  readonly value: bigint;
  readonly end: number;
}

/** `simple_strtoull`: base 0 takes 0x for hexadecimal and 0 for octal; no digits give 0 and an end of 0. */
export function parseUnsigned(text: string, base: 0 | 10 | 16): Parsed {
  let radix: number = base;
  let at = 0;
  if (base !== 10 && /^0x[0-9a-f]/i.test(text)) {
    radix = 16;
    at = 2;
  } else if (base === 0) radix = text.startsWith('0') ? 8 : 10;
  let value = 0n;
  for (; at < text.length; at++) {
    const digit = Number.parseInt(text[at]!, 36);
    if (!(digit < radix)) break;
    value = BigInt.asUintN(64, value * BigInt(radix) + BigInt(digit));
  }
  return { value, end: at };
}

/** `simple_strtol` of base 0: a minus sign is taken. */
export function parseSigned(text: string): bigint {
  return text.startsWith('-') ? -parseUnsigned(text.slice(1), 0).value : parseUnsigned(text, 0).value;
}

/** `hextoul`, as a JavaScript number: addresses beyond 2^53 lose digits, and no memory answers there. */
export function hexNumber(text: string): number {
  return Number(parseUnsigned(text, 16).value);
}

/** `dectoul`. */
export function decimalNumber(text: string): number {
  return Number(parseUnsigned(text, 10).value);
}

/** `%0<digits>lx`. */
export function hexText(value: number | bigint, digits = 0): string {
  return value.toString(16).padStart(digits, '0');
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** `print_size`: one digit behind the point, none when it is 0. */
export function sizeText(bytes: number): string {
  let power = 0;
  while (power < UNITS.length && bytes >= 1024 ** (power + 1)) power++;
  if (power === 0) return `${bytes} Bytes`;
  const unit = 1024 ** power;
  let whole = Math.floor(bytes / unit);
  let tenth = Math.floor((10 * (bytes - whole * unit) + unit / 2) / unit);
  if (tenth >= 10) {
    tenth -= 10;
    whole++;
  }
  return `${whole}${tenth ? `.${tenth}` : ''} ${UNITS[power - 1]}`;
}

/** Whether U-Boot's isprint holds for a byte. */
export function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f;
}
