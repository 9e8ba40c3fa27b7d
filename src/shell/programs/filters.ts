/**
 * Filters that pass on as bytes come: tr and cut, in the words of GNU coreutils. Bytes are characters, as with LC_ALL=C.
 */
import { strerror } from '../../linux/errno.ts';
import type { Program } from '../../linux/process.ts';
import { complain, concat, fromLatin1, getopt, LineReader, latin1, openOperand, READ_SIZE, usage, writeAll, writeError } from '../io.ts';

const NEWLINE = 10;
const BYTES = 256;

const CLASSES: Readonly<Record<string, RegExp>> = {
  alpha: /[A-Za-z]/,
  digit: /[0-9]/,
  alnum: /[A-Za-z0-9]/,
  upper: /[A-Z]/,
  lower: /[a-z]/,
  space: /[\t-\r ]/,
  blank: /[\t ]/,
  punct: /[!-/:-@[-`{-~]/,
  print: /[ -~]/,
  graph: /[!-~]/,
  cntrl: /[^ -~\x80-\xff]/,
  xdigit: /[0-9A-Fa-f]/,
};

const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** One character of a set, perhaps an escape; `length` is what it takes of the text. */
function character(text: string, at: number): { readonly code: number; readonly length: number } {
  const plain = { code: text.charCodeAt(at), length: 1 };
  if (text[at] !== '\\' || at + 1 >= text.length) return plain;
  const octal = /^[0-3]?[0-7]{1,2}/.exec(text.slice(at + 1))?.[0];
  if (octal) return { code: Number.parseInt(octal, 8), length: 1 + octal.length };
  const next = text[at + 1]!;
  return { code: ESCAPES[next] ?? next.charCodeAt(0), length: 2 };
}

/** A set of tr; `fill` is where `[x*]` stands, which takes as many as the other set needs. */
interface CharacterSet {
  readonly codes: number[];
  readonly fill?: { readonly at: number; readonly code: number };
  readonly error?: string;
}

function parseSet(text: string): CharacterSet {
  const codes: number[] = [];
  let fill: CharacterSet['fill'];
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const named = /^\[:(\w+):\]/.exec(rest);
    if (named) {
      const matching = CLASSES[named[1]!];
      if (!matching) return { codes, error: `invalid character class '${named[1]}'` };
      for (let code = 0; code < BYTES; code++) if (matching.test(String.fromCharCode(code))) codes.push(code);
      at += named[0].length;
      continue;
    }
    const equal = /^\[=([\s\S])=\]/.exec(rest);
    if (equal) {
      codes.push(equal[1]!.charCodeAt(0));
      at += equal[0].length;
      continue;
    }
    if (text[at] === '[' && at + 1 < text.length) {
      const inner = character(text, at + 1);
      const repeat = /^\*(\d*)\]/.exec(text.slice(at + 1 + inner.length));
      if (repeat) {
        const times = Number.parseInt(repeat[1] || '0', repeat[1]!.startsWith('0') ? 8 : 10);
        if (times === 0) fill = { at: codes.length, code: inner.code };
        else for (let count = 0; count < Math.min(times, BYTES); count++) codes.push(inner.code);
        at += 1 + inner.length + repeat[0].length;
        continue;
      }
    }
    const from = character(text, at);
    at += from.length;
    if (text[at] !== '-' || at + 1 >= text.length) {
      codes.push(from.code);
      continue;
    }
    const to = character(text, at + 1);
    at += 1 + to.length;
    if (to.code < from.code) {
      const shown = text.slice(at - 1 - to.length - from.length, at);
      return { codes, error: `range-endpoints of '${shown}' are in reverse collating sequence order` };
    }
    for (let code = from.code; code <= to.code; code++) codes.push(code);
  }
  return fill ? { codes, fill } : { codes };
}

function complement(codes: readonly number[]): number[] {
  const inside = new Set(codes);
  return Array.from({ length: BYTES }, (_, code) => code).filter((code) => !inside.has(code));
}

/** The second set, as long as the first: its last character again and again, or what `[x*]` stands for. */
function extend({ codes, fill }: CharacterSet, length: number): readonly number[] {
  if (fill) {
    const extra = Array.from({ length: Math.max(0, length - codes.length) }, () => fill.code);
    return [...codes.slice(0, fill.at), ...extra, ...codes.slice(fill.at)];
  }
  return codes.length < length ? [...codes, ...Array.from({ length: length - codes.length }, () => codes.at(-1)!)] : codes;
}

const tr: Program = function* (process, argv) {
  const long = { delete: 'd', 'squeeze-repeats': 's', complement: 'c', 'truncate-set1': 't' };
  const { flags, operands, error } = getopt(argv, 'dscCt', long, { first: true });
  if (error) return yield* usage(process, 'tr', error);
  const [deletes, squeezes] = [flags.has('d'), flags.has('s')];
  const needed = deletes === squeezes ? 2 : 1;
  if (operands.length === 0) return yield* usage(process, 'tr', 'missing operand');
  if (operands.length < needed) {
    const why = deletes
      ? 'Two strings must be given when both deleting and squeezing repeats.'
      : 'Two strings must be given when translating.';
    return yield* usage(process, 'tr', `missing operand after '${operands[0]}'\n${why}`);
  }
  const most = deletes && !squeezes ? 1 : 2;
  if (operands.length > most) {
    const why = most === 1 ? '\nOnly one string may be given when deleting without squeezing repeats.' : '';
    return yield* usage(process, 'tr', `extra operand '${operands[most]}'${why}`);
  }
  const sets = operands.map((text) => parseSet(latin1(new TextEncoder().encode(text))));
  const bad = sets.find((set) => set.error !== undefined);
  if (bad) return yield* complain(process, 'tr', bad.error!);
  const first = flags.has('c') || flags.has('C') ? complement(sets[0]!.codes) : sets[0]!.codes;
  const second = sets[1];
  const translates = !deletes && second !== undefined;
  if (translates && second.codes.length === 0 && !second.fill && !flags.has('t') && first.length > 0)
    return yield* complain(process, 'tr', 'when not truncating set1, string2 must be non-empty');
  const table = Uint8Array.from({ length: BYTES }, (_, code) => code);
  if (translates) {
    const to = flags.has('t') ? second.codes : extend(second, first.length);
    for (const [index, code] of first.entries()) if (index < to.length) table[code] = to[index]!;
  }
  const deleted = new Set(deletes ? first : []);
  const squeezed = new Set(squeezes ? (second ? extend(second, translates ? first.length : 0) : first) : []);
  let previous = -1;
  for (;;) {
    const data = yield* process.read(0, READ_SIZE);
    if (typeof data === 'number') return process.dying ? 1 : yield* complain(process, 'tr', `read error: ${strerror(data)}`);
    if (data.length === 0) return 0;
    const out = new Uint8Array(data.length);
    let length = 0;
    for (const byte of data) {
      if (deleted.has(byte)) continue;
      const code = table[byte]!;
      if (code === previous && squeezed.has(code)) continue;
      previous = code;
      out[length++] = code;
    }
    const err = yield* writeAll(process, 1, out.subarray(0, length));
    if (err < 0) return yield* writeError(process, 'tr', err);
  }
};

/** `1,3-5,7-`: is the n-th wanted? Undefined when the list is none. */
function parseList(text: string, complemented: boolean): ((index: number) => boolean) | 'zero' | 'decreasing' | undefined {
  const ranges: (readonly [number, number])[] = [];
  for (const part of text.split(/[, ]/)) {
    const match = /^(\d*)(-?)(\d*)$/.exec(part);
    if (!match || (match[1] === '' && match[3] === '')) return undefined;
    const from = match[1] === '' ? 1 : Number(match[1]);
    const to = match[2] === '' ? from : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (from === 0 || to === 0) return 'zero';
    if (to < from) return 'decreasing';
    ranges.push([from, to]);
  }
  return (index) => ranges.some(([from, to]) => index >= from && index <= to) !== complemented;
}

interface Cut {
  readonly wanted: (index: number) => boolean;
  readonly fields: boolean;
  readonly delimiter: string;
  readonly output: string;
  readonly onlyDelimited: boolean;
}

/** What is left of a line; undefined when it is left out as a whole. */
function cutLine(line: string, { wanted, fields, delimiter, output, onlyDelimited }: Cut): string | undefined {
  if (fields && !line.includes(delimiter)) return onlyDelimited ? undefined : line;
  const parts = fields ? line.split(delimiter) : [...line];
  if (fields || output === '') return parts.filter((_part, index) => wanted(index + 1)).join(output);
  let text = '';
  let before = false;
  for (const [index, part] of parts.entries()) {
    const now = wanted(index + 1);
    if (now) text += !before && text !== '' ? output + part : part;
    before = now;
  }
  return text;
}

const cut: Program = function* (process, argv) {
  const long = {
    'bytes=': 'b',
    'characters=': 'c',
    'fields=': 'f',
    'delimiter=': 'd',
    'only-delimited': 's',
    complement: 'C',
    'output-delimiter=': 'o',
  };
  const { flags, operands, error } = getopt(argv, 'b:c:f:d:ns', long);
  if (error) return yield* usage(process, 'cut', error);
  const lists = ['b', 'c', 'f'].filter((letter) => flags.has(letter));
  if (lists.length === 0) return yield* usage(process, 'cut', 'you must specify a list of bytes, characters, or fields');
  if (lists.length > 1) return yield* usage(process, 'cut', 'only one type of list may be specified');
  const list = flags.get(lists[0]!)!;
  const fields = lists[0] === 'f';
  if (flags.has('d') && !fields) return yield* usage(process, 'cut', 'an input delimiter may be specified only when operating on fields');
  const delimiter = latin1(new TextEncoder().encode(flags.get('d') ?? '\t')) || '\0';
  if (delimiter.length > 1) return yield* usage(process, 'cut', 'the delimiter must be a single character');
  const wanted = parseList(list, flags.has('C'));
  if (wanted === 'zero')
    return yield* usage(process, 'cut', fields ? 'fields are numbered from 1' : 'byte/character positions are numbered from 1');
  if (wanted === 'decreasing') return yield* usage(process, 'cut', 'invalid decreasing range');
  if (!wanted) return yield* usage(process, 'cut', fields ? `invalid field value '${list}'` : `invalid byte/character position '${list}'`);
  const given = flags.get('o');
  const output = given === undefined ? (fields ? delimiter : '') : latin1(new TextEncoder().encode(given));
  const options = { wanted, fields, delimiter, output, onlyDelimited: flags.has('s') };
  let status = 0;
  for (const path of operands.length > 0 ? operands : ['-']) {
    const fd = yield* openOperand(process, 'cut', path);
    if (fd < 0) {
      status = 1;
      continue;
    }
    const lines = new LineReader(process, fd);
    for (;;) {
      // As many lines at once as one read gave.
      const parts: Uint8Array[] = [];
      let line = yield* lines.next();
      const ended = !line || typeof line === 'number';
      while (line && typeof line !== 'number') {
        const text = cutLine(latin1(line.at(-1) === NEWLINE ? line.subarray(0, -1) : line), options);
        if (text !== undefined) parts.push(fromLatin1(`${text}\n`));
        line = lines.ready();
      }
      const err = yield* writeAll(process, 1, concat(parts));
      if (err < 0) return yield* writeError(process, 'cut', err);
      if (!ended) continue;
      if (typeof line === 'number') status = process.dying ? 1 : yield* complain(process, 'cut', `${path}: ${strerror(line)}`);
      break;
    }
    if (fd !== 0) yield* process.close(fd);
    if (process.dying) return 1;
  }
  return status;
};

/** By name. */
export const FILTER_PROGRAMS: Readonly<Record<string, Program>> = { tr, cut };
