/** Values as gdb prints them: `{id = 3, name = "uart4", '\000' <repeats 10 times>, next = 0x20000010 <pool+16>, mode = MODE_RUN}`. */
import type { BaseType, EnumType, StructType, Type } from './model.ts';
import { fromBytes } from './operands.ts';
import { bare, sizeOf } from './types.ts';
import { type Bits, bitsOf, enumeratorOf, floatOf, integerOf, isSigned, isText, isWide, memberSize, textOf } from './values.ts';

/** Elements and characters that are printed, and how often an element repeats before it is counted: gdb's defaults. */
const MOST_ELEMENTS = 200;
const REPEATS = 10;

/** Deepest nesting that is printed (`set print max-depth`). */
const DEEPEST = 20;

/** What printing may look up beyond the bytes. */
export interface TextSource {
  /** `pool+16` for an address; functions without the Thumb bit. */
  symbol(address: number): string | undefined;
  read(address: number, length: number): Uint8Array | undefined;
}

/** The text of a value. */
export function valueText(type: Type, bytes: Uint8Array, source: TextSource, bits?: Bits): string {
  const inner = bare(type);
  if (inner.kind !== 'pointer') return text(type, bytes, source, bits, 0);
  const value = text(type, bytes, source, bits, 0);
  if (!inner.reference) return isCharacter(inner.target) ? value : `(${type.name}) ${value}`;
  const target = source.read(Number(fromBytes(bytes)), sizeOf(inner.target));
  return `(${type.name}) @0x${fromBytes(bytes).toString(16)}${target ? `: ${text(inner.target, target, source, undefined, 0)}` : ''}`;
}

function text(type: Type, bytes: Uint8Array, source: TextSource, bits: Bits | undefined, depth: number): string {
  const inner = bare(type);
  switch (inner.kind) {
    case 'base':
      return baseText(inner, bytes, bits);
    case 'enum':
      return enumText(inner, integerOf(bytes, inner.signed, bits));
    case 'pointer':
      return pointerText(inner.target, Number(fromBytes(bytes)), source);
    case 'array': {
      const size = sizeOf(inner.element);
      if (size === 0 || bytes.length < size) return '{}';
      if (depth > DEEPEST) return '{...}';
      const elements: Uint8Array[] = [];
      for (let at = 0; at + size <= bytes.length && elements.length <= MOST_ELEMENTS + REPEATS * 100; at += size)
        elements.push(bytes.subarray(at, at + size));
      if (isCharacter(inner.element)) return stringText(bytes);
      if (isText(inner.element)) return `${size === 2 ? 'u' : isWide(inner.element) ? 'L' : 'U'}${JSON.stringify(textOf(bytes, size))}`;
      return `{${repeated(elements, (element) => text(inner.element, element, source, undefined, depth + 1))}}`;
    }
    case 'struct':
      return depth > DEEPEST ? '{...}' : structText(inner, bytes, source, depth);
    default:
      return 'void';
  }
}

function isCharacter(type: Type): boolean {
  const inner = bare(type);
  return inner.kind === 'base' && inner.size === 1 && (inner.encoding === 'char' || inner.encoding === 'unsigned-char');
}

function baseText(type: BaseType, bytes: Uint8Array, bits: Bits | undefined): string {
  if (type.encoding === 'float') return floatText(floatOf(bytes), bytes.length);
  if (type.encoding === 'complex') {
    const half = bytes.length / 2;
    return `${floatText(floatOf(bytes.subarray(0, half)), half)} + ${floatText(floatOf(bytes.subarray(half)), half)}i`;
  }
  const value = integerOf(bytes, isSigned(type), bits);
  if (type.encoding === 'boolean') return value === 0n ? 'false' : value === 1n ? 'true' : String(value);
  if (type.encoding === 'char' || type.encoding === 'unsigned-char') return `${value} '${letter(Number(value & 0xffn), "'")}'`;
  return String(value);
}

/** C's %g with as many digits as tell all values apart. */
function floatText(value: number | undefined, size: number): string {
  if (value === undefined) return '<unknown>';
  if (Number.isNaN(value)) return 'nan(0x8000000000000)';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (Object.is(value, -0)) return '-0';
  const digits = size === 8 ? 17 : size === 4 ? 9 : 5;
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e') as [string, string];
  const power = Number(exponent);
  const strip = (plain: string): string => (plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain);
  if (power >= -4 && power < digits) return strip(value.toFixed(Math.max(0, digits - 1 - power)));
  return `${strip(mantissa)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** The enumerator, or the flags that make the value up when all enumerators are single bits. */
function enumText(type: EnumType, value: bigint): string {
  const prefix = type.scoped ? `${type.name}::` : '';
  const name = enumeratorOf(type, value);
  if (name !== undefined) return `${prefix}${name}`;
  const flags = type.enumerators.filter((enumerator) => enumerator.value > 0n && (enumerator.value & (enumerator.value - 1n)) === 0n);
  if (flags.length === 0 || flags.length < type.enumerators.filter((enumerator) => enumerator.value !== 0n).length || value <= 0n)
    return String(value);
  const set = flags.filter((enumerator) => (value & enumerator.value) !== 0n);
  const rest = set.reduce((left, enumerator) => left & ~enumerator.value, value);
  if (set.length === 0) return `(unknown: 0x${value.toString(16)})`;
  const names = set.map((enumerator) => `${prefix}${enumerator.name}`);
  return `(${[...names, ...(rest === 0n ? [] : [`unknown: 0x${rest.toString(16)}`])].join(' | ')})`;
}

function pointerText(target: Type, address: number, source: TextSource): string {
  const isFunction = bare(target).kind === 'function';
  const symbol = address === 0 ? undefined : source.symbol(isFunction ? (address & ~1) >>> 0 : address);
  const place = `0x${address.toString(16)}${symbol === undefined ? '' : ` <${symbol}>`}`;
  const bytes = isCharacter(target) && address !== 0 ? pointedText(address, source) : undefined;
  return bytes === undefined ? place : `${place} ${bytes}`;
}

/** Text behind a pointer, up to its NUL. */
function pointedText(address: number, source: TextSource): string | undefined {
  const found: number[] = [];
  for (let at = address; found.length <= MOST_ELEMENTS; at++) {
    const byte = source.read(at, 1)?.[0];
    if (byte === undefined && found.length === 0) return undefined;
    if (byte === undefined || byte === 0) return stringText(Uint8Array.from([...found, 0]));
    found.push(byte);
  }
  return `${stringText(Uint8Array.from(found.slice(0, MOST_ELEMENTS)))}...`;
}

const ESCAPES: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  27: '\\033',
  92: '\\\\',
};

function letter(byte: number, quote: string): string {
  if (byte === quote.charCodeAt(0)) return `\\${quote}`;
  if (ESCAPES[byte] !== undefined) return ESCAPES[byte];
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
}

/** Characters in quotes, with long repetitions counted; the NUL that ends the array is not printed. */
function stringText(all: Uint8Array): string {
  const bytes = all.length > 0 && all.at(-1) === 0 ? all.subarray(0, -1) : all;
  if (bytes.length === 0) return '""';
  const parts: string[] = [];
  let quoted = '';
  const flush = (): void => {
    if (quoted !== '') parts.push(`"${quoted}"`);
    quoted = '';
  };
  let printed = 0;
  let at = 0;
  for (; at < bytes.length && printed < MOST_ELEMENTS; ) {
    let run = 1;
    while (at + run < bytes.length && bytes[at + run] === bytes[at]) run++;
    if (run > REPEATS) {
      flush();
      parts.push(`'${letter(bytes[at]!, "'")}' <repeats ${run} times>`);
      printed += REPEATS;
      at += run;
    } else {
      quoted += letter(bytes[at]!, '"');
      printed++;
      at++;
    }
  }
  flush();
  return `${parts.join(', ')}${at < bytes.length ? '...' : ''}`;
}

/** Elements with repetitions counted. */
function repeated(elements: readonly Uint8Array[], print: (element: Uint8Array) => string): string {
  const parts: string[] = [];
  let printed = 0;
  let at = 0;
  for (; at < elements.length && printed < MOST_ELEMENTS; ) {
    const element = elements[at]!;
    let run = 1;
    while (at + run < elements.length && sameBytes(element, elements[at + run]!)) run++;
    if (run >= REPEATS) {
      parts.push(`${print(element)} <repeats ${run} times>`);
      printed += REPEATS;
      at += run;
    } else {
      parts.push(print(element));
      printed++;
      at++;
    }
  }
  return `${parts.join(', ')}${at < elements.length ? '...' : ''}`;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, n) => byte === b[n]);
}

function structText(type: StructType, bytes: Uint8Array, source: TextSource, depth: number): string {
  if (type.incomplete) return '<incomplete type>';
  const parts: string[] = [];
  for (const member of type.members) {
    const size = memberSize(member);
    if (member.offset + size > bytes.length) continue;
    const value = text(member.type, bytes.subarray(member.offset, member.offset + size), source, bitsOf(member), depth + 1);
    if (member.base) parts.push(`<${member.type.name}> = ${value}`);
    else parts.push(member.name === '' ? value : `${member.name} = ${value}`);
  }
  return `{${parts.join(', ')}}`;
}
