/** What is typed into the search field of the memory pane, as bytes. No DOM. */
import { float32Bits, parseNumber } from '../cpu/numbers.ts';

export type PatternKind = 'hex' | 'text' | 'value';

export type ValueWidth = 1 | 2 | 4 | 8;

export type Pattern = { readonly bytes: Uint8Array; readonly shown: string } | { readonly why: string };

/** Bytes of a search. `width` is that of values. */
export function parsePattern(kind: PatternKind, text: string, width: ValueWidth = 4): Pattern {
  if (text === '') return { why: 'nothing to look for' };
  switch (kind) {
    case 'hex':
      return hexPattern(text);
    case 'text':
      return textPattern(text);
    case 'value':
      return valuePattern(text.trim(), width);
  }
}

function found(bytes: Uint8Array): Pattern {
  return { bytes, shown: [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ') };
}

function hexPattern(text: string): Pattern {
  const parts = text.trim().split(/[\s,:_-]+/);
  const values: number[] = [];
  for (const part of parts) {
    const digits = part.replace(/^0x/i, '');
    if (!/^[\da-f]*$/i.test(digits) || digits === '') return { why: `'${part}' is not hex: bytes as in "de ad be ef"` };
    if (digits.length === 1 && parts.length > 1) values.push(Number.parseInt(digits, 16));
    else if (digits.length % 2 === 1) return { why: `'${part}' has an odd number of digits: a byte has two` };
    else for (let at = 0; at < digits.length; at += 2) values.push(Number.parseInt(digits.slice(at, at + 2), 16));
  }
  return found(Uint8Array.from(values));
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0', '\\': '\\', '"': '"' };

/** UTF-8, with `\n`, `\r`, `\t`, `\0`, `\\` and `\x1b`. */
function textPattern(text: string): Pattern {
  const encoder = new TextEncoder();
  const values: number[] = [];
  let rest = text;
  while (rest !== '') {
    const hex = /^\\x([\da-f]{2})/i.exec(rest);
    if (hex !== null) {
      values.push(Number.parseInt(hex[1]!, 16));
      rest = rest.slice(4);
    } else if (rest.startsWith('\\')) {
      const escaped = ESCAPES[rest.charAt(1)];
      if (escaped === undefined) return { why: `'${rest.slice(0, 2)}' is no escape: \\n \\r \\t \\0 \\\\ \\x1b` };
      values.push(escaped.charCodeAt(0));
      rest = rest.slice(2);
    } else {
      const character = String.fromCodePoint(rest.codePointAt(0)!);
      values.push(...encoder.encode(character));
      rest = rest.slice(character.length);
    }
  }
  return found(Uint8Array.from(values));
}

function valuePattern(text: string, width: ValueWidth): Pattern {
  const bytes = new Uint8Array(width);
  const view = new DataView(bytes.buffer);
  if (width === 8) {
    const match = /^([+-]?)(0x[\da-f_]+|\d[\d_]*)$/i.exec(text);
    if (match !== null) {
      const magnitude = BigInt(match[2]!.replaceAll('_', ''));
      const value = match[1] === '-' ? -magnitude : magnitude;
      if (value >= 1n << 64n || value < -(1n << 63n)) return { why: `${text} does not fit 64 bits` };
      view.setBigUint64(0, BigInt.asUintN(64, value), true);
      return found(bytes);
    }
  } else {
    const value = parseNumber(text, width * 8);
    if (value !== undefined) {
      if (width === 1) view.setUint8(0, value);
      else if (width === 2) view.setUint16(0, value, true);
      else view.setUint32(0, value, true);
      return found(bytes);
    }
    if (parseNumber(text, 64) !== undefined) return { why: `${text} does not fit ${width * 8} bits` };
  }
  if (width >= 4 && /^[+-]?(\d+\.\d*|\.\d+|\d+(?=e|f$))(e[+-]?\d+)?f?$/i.test(text)) {
    if (width === 4) view.setUint32(0, float32Bits(Number.parseFloat(text)), true);
    else view.setFloat64(0, Number.parseFloat(text), true);
    return found(bytes);
  }
  return { why: `'${text}' is no number: 0x1f, 31, -1${width >= 4 ? ' or 1.5' : ''}` };
}
