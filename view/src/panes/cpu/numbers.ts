/** Numbers as people write and read them: bare hex, binary, floats; parsers of what is typed into fields. No DOM. */
import { hex } from '../../format.ts';

/** `0000001f`: for columns in which everything is hex. */
export function bareHex(value: number, digits = 8): string {
  return value.toString(16).padStart(digits, '0');
}

/** `0b0010_1000`: groups of four from the right. */
export function binary(value: number, bits: number): string {
  const digits = value.toString(2).padStart(bits, '0');
  const groups: string[] = [];
  for (let end = digits.length; end > 0; end -= 4) groups.unshift(digits.slice(Math.max(0, end - 4), end));
  return groups.join('_');
}

const SCRATCH = new DataView(new ArrayBuffer(8));

/** The shortest decimal that is this single-precision number. */
export function float32(bits: number): string {
  SCRATCH.setUint32(0, bits >>> 0);
  return shortest(SCRATCH.getFloat32(0), bits);
}

/** The same of a double, from its two words. */
export function float64(low: number, high: number): string {
  SCRATCH.setUint32(0, high >>> 0);
  SCRATCH.setUint32(4, low >>> 0);
  const value = SCRATCH.getFloat64(0);
  return Number.isNaN(value) ? 'NaN' : Object.is(value, -0) ? '-0' : String(value);
}

function shortest(value: number, bits: number): string {
  if (Number.isNaN(value)) return (bits & 0x7fff_ffff) === 0x7fc0_0000 ? 'NaN' : `NaN(${hex(bits & 0x7f_ffff, 0)})`;
  if (Object.is(value, -0)) return '-0';
  if (!Number.isFinite(value)) return value > 0 ? '+∞' : '-∞';
  // Nine digits tell all singles apart, most need fewer.
  for (let precision = 1; precision < 9; precision += 1) {
    const candidate = Number(value.toPrecision(precision));
    if (Math.fround(candidate) === value) return String(candidate);
  }
  return String(Number(value.toPrecision(9)));
}

/** The bits of a single-precision number. */
export function float32Bits(value: number): number {
  SCRATCH.setFloat32(0, value);
  return SCRATCH.getUint32(0);
}

/**
 * A number as typed: `0x1f`, `0b101`, `31`, `-1`, with underscores. Undefined when it is none, or does not fit `bits` (signed or unsigned).
 */
export function parseNumber(text: string, bits = 32): number | undefined {
  const match = /^([+-]?)(?:0x([\da-f][\da-f_]*)|0b([01][01_]*)|(\d[\d_]*))$/i.exec(text.trim());
  if (match === null) return undefined;
  const digits = (part: string) => part.replaceAll('_', '');
  const magnitude =
    match[2] !== undefined
      ? Number.parseInt(digits(match[2]), 16)
      : match[3] !== undefined
        ? Number.parseInt(digits(match[3]), 2)
        : Number.parseInt(digits(match[4]!), 10);
  const value = match[1] === '-' ? -magnitude : magnitude;
  if (value >= 2 ** bits || value < -(2 ** (bits - 1))) return undefined;
  return value < 0 ? value + 2 ** bits : value;
}

/** What is typed as the value of a register: a number, or with a point, an exponent or an `f` a float. */
export function parseRegister(text: string, bits = 32): number | undefined {
  const number = parseNumber(text, bits);
  if (number !== undefined) return number;
  const trimmed = text.trim();
  const float = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?f?$/i.test(trimmed) ? Number.parseFloat(trimmed) : special(trimmed);
  return float === undefined || bits !== 32 ? undefined : float32Bits(float);
}

function special(text: string): number | undefined {
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^\+?(inf|infinity|∞)$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^-(inf|infinity|∞)$/i.test(text)) return Number.NEGATIVE_INFINITY;
  return undefined;
}

/** What was typed into a field for addresses. */
export type AddressText =
  | { readonly kind: 'address'; readonly address: number }
  /** A symbol, `main+0x12`, or `file.c:12`: the server finds it. */
  | { readonly kind: 'symbol'; readonly name: string; readonly offset: number }
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'error'; readonly why: string };

/** Addresses are hex, with or without 0x, if they begin with a digit or have eight; everything else is a symbol. */
export function parseAddress(text: string): AddressText {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'error', why: 'an address (hex), a symbol or file.c:12' };
  if (/^(0x)?\d?[\da-f_]+$/i.test(trimmed) && (/^\d/.test(trimmed) || /^[\da-f]{8}$/i.test(trimmed))) {
    const address = Number.parseInt(trimmed.replace(/^0x/i, '').replaceAll('_', ''), 16);
    if (Number.isNaN(address)) return { kind: 'error', why: 'an address has digits after 0x' };
    return address > 0xffff_ffff ? { kind: 'error', why: 'addresses have 32 bits' } : { kind: 'address', address };
  }
  if (/^.+\.\w+:\d+$/.test(trimmed)) return { kind: 'line', text: trimmed };
  const symbol = /^([A-Za-z_.$][\w.$:<>~]*)\s*(?:([+-])\s*(0x[\da-f]+|\d+))?$/i.exec(trimmed);
  if (symbol === null) return { kind: 'error', why: 'an address (hex), a symbol or file.c:12' };
  const offset = symbol[3] === undefined ? 0 : parseNumber(symbol[3])!;
  return { kind: 'symbol', name: symbol[1]!, offset: symbol[2] === '-' ? -offset : offset };
}

/** A place in a few words: `main+0x12`, or the address. */
export function placeText(place: { readonly address: number; readonly symbol?: string }): string {
  return place.symbol ?? hex(place.address);
}

/** The last part of a path, with a line: `main.c:12`. */
export function lineText(place: { readonly file?: string; readonly line?: number }): string | undefined {
  if (place.file === undefined) return undefined;
  const name = place.file.slice(place.file.lastIndexOf('/') + 1);
  return place.line === undefined ? name : `${name}:${place.line}`;
}
