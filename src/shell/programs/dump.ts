/**
 * Bytes as text: hexdump (bsdmainutils), xxd, od; and dd. They print as bytes come, so that they can follow a device.
 */
import { strerror } from '../../linux/errno.ts';
import { O } from '../../linux/fs/vfs.ts';
import type { KernelCode } from '../../linux/kernel.ts';
import type { Process, Program } from '../../linux/process.ts';
import { complain, concat, fromLatin1, getopt, latin1, parseCount, print, READ_SIZE, usage, writeAll, writeError } from '../io.ts';

const ROW = 16;

interface DumpOptions {
  /** Bytes left out at the beginning, and shown at most. */
  readonly skip: number;
  readonly limit: number;
  /** Bytes of a row. */
  readonly row: number;
  /** A row that is like the one before becomes `*`. */
  readonly squeeze: boolean;
  readonly line: (address: number, bytes: Uint8Array) => string;
  /** The last line, with the number of bytes. */
  readonly end: (address: number) => string;
  /** A device gives one write's bytes at a time: show an incomplete row when nothing more is there. */
  readonly eager: boolean;
}

/** Shows what the descriptors give, one after the other; the errno of reading, or of writing. */
function* dump(
  process: Process,
  fds: readonly number[],
  { skip, limit, row, squeeze, line, end, eager }: DumpOptions,
): KernelCode<{ readonly read?: number; readonly written?: number }> {
  let held: Uint8Array<ArrayBufferLike> = new Uint8Array(0);
  let address = 0;
  let toSkip = skip;
  let left = limit;
  let previous: string | undefined;
  let starred = false;
  const rows = (all: boolean): string => {
    let text = '';
    while (held.length >= row || (all && held.length > 0)) {
      const bytes = held.subarray(0, row);
      const content = latin1(bytes);
      if (squeeze && bytes.length === row && content === previous) {
        if (!starred) text += '*\n';
        starred = true;
      } else {
        text += line(address + skip, bytes);
        starred = false;
      }
      previous = content;
      address += bytes.length;
      held = held.subarray(bytes.length);
    }
    return text;
  };
  for (const fd of fds) {
    while (left > 0) {
      const data = yield* process.read(fd, Math.min(READ_SIZE, left + toSkip));
      if (typeof data === 'number') return { read: data };
      if (data.length === 0) break;
      const taken = data.subarray(Math.min(toSkip, data.length), Math.min(data.length, toSkip + left));
      toSkip -= Math.min(toSkip, data.length);
      left -= taken.length;
      held = held.length > 0 ? concat([held, taken]) : taken;
      const written = yield* print(process, rows(eager));
      if (written < 0) return { written };
    }
  }
  return { written: yield* print(process, rows(true) + (address > 0 || skip > 0 ? end(address + skip) : '')) };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function visible(bytes: Uint8Array): string {
  return latin1(bytes).replace(/[^\x20-\x7e]/g, '.');
}

/** `hexdump -C`. */
function canonical(address: number, bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < ROW; at++) text += `${at % 8 === 0 ? ' ' : ''} ${at < bytes.length ? hex(bytes[at]!, 2) : '  '}`;
  return `${hex(address, 8)}${text}  |${visible(bytes)}|\n`;
}

/** Units of `size` bytes, little-endian unless `big`, as od and hexdump print them. */
function units(bytes: Uint8Array, size: number, big: boolean, shown: (value: bigint) => string): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += size) {
    let value = 0n;
    for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(bytes[at + (big ? i : size - 1 - i)] ?? 0);
    text += shown(value);
  }
  return text;
}

function* openAll(
  process: Process,
  name: string,
  paths: readonly string[],
): KernelCode<{ readonly fds: readonly number[]; readonly status: number }> {
  const fds: number[] = [];
  let status = 0;
  for (const path of paths.length > 0 ? paths : ['-']) {
    const fd = path === '-' ? 0 : yield* process.open(path, O.RDONLY);
    if (fd >= 0) fds.push(fd);
    else status = yield* complain(process, name, `${path}: ${strerror(fd)}`);
  }
  return { fds, status };
}

function* run(process: Process, name: string, paths: readonly string[], options: Omit<DumpOptions, 'eager'>): KernelCode<number> {
  const { fds, status } = yield* openAll(process, name, paths);
  if (fds.length === 0) return status;
  const eager = fds.some((fd) => process.file(fd)!.node.type !== 'file');
  const { read = 0, written = 0 } = yield* dump(process, fds, { ...options, eager: eager && fds.length === 1 });
  if (written < 0) return yield* writeError(process, name, written);
  if (read < 0 && !process.dying) return yield* complain(process, name, `${paths[0] ?? 'stdin'}: ${strerror(read)}`);
  return status;
}

const hexdump: Program = function* (process, argv) {
  const canonicalName = argv[0] === 'hd';
  const { flags, operands, error } = getopt(argv, 'Cbcdoxvn:s:e:', { canonical: 'C', 'no-squeezing': 'v', 'length=': 'n', 'skip=': 's' });
  if (error) return yield* usage(process, 'hexdump', error);
  const limit = flags.has('n') ? parseCount(flags.get('n')!) : Number.POSITIVE_INFINITY;
  const skip = flags.has('s') ? Number(flags.get('s')) : 0;
  if (limit === undefined || Number.isNaN(skip)) return yield* complain(process, 'hexdump', 'bad length or offset');
  const format = canonicalName || flags.has('C') ? 'C' : ['b', 'c', 'd', 'o', 'x'].find((letter) => flags.has(letter));
  const line = (address: number, bytes: Uint8Array): string => {
    if (format === 'C') return canonical(address, bytes);
    const plain = hex(address, 7);
    if (format === 'b') return `${plain}${[...bytes].map((byte) => ` ${byte.toString(8).padStart(3, '0')}`).join('')}\n`;
    if (format === 'c') return `${plain}${[...bytes].map((byte) => ` ${characterName(byte)}`).join('')}\n`;
    if (format === 'd') return `${plain}${units(bytes, 2, false, (value) => `   ${value.toString().padStart(5, '0')}`)}\n`;
    if (format === 'o') return `${plain}${units(bytes, 2, false, (value) => `  ${value.toString(8).padStart(6, '0')}`)}\n`;
    if (format === 'x') return `${plain}${units(bytes, 2, false, (value) => `    ${value.toString(16).padStart(4, '0')}`)}\n`;
    return `${plain}${units(bytes, 2, false, (value) => ` ${value.toString(16).padStart(4, '0')}`)}${' '.repeat(Math.floor((ROW - bytes.length) / 2) * 5)}\n`;
  };
  const end = (address: number): string => `${hex(address, format === 'C' ? 8 : 7)}\n`;
  return yield* run(process, 'hexdump', operands, { skip, limit, row: ROW, squeeze: !flags.has('v'), line, end });
};

const NAMES: Readonly<Record<number, string>> = { 0: '\\0', 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' };

function characterName(byte: number): string {
  return (NAMES[byte] ?? (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : byte.toString(8).padStart(3, '0'))).padStart(3);
}

const xxd: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'prul:s:c:g:bi', {});
  if (error) return yield* usage(process, 'xxd', error);
  if (flags.has('r')) return yield* reverse(process, operands, flags.has('p'));
  const row = flags.has('c') ? Number(flags.get('c')) : flags.has('p') ? 30 : ROW;
  const limit = flags.has('l') ? Number(flags.get('l')) : Number.POSITIVE_INFINITY;
  const skip = Number(flags.get('s') ?? 0);
  const grouping = Number(flags.get('g') ?? 2) || row;
  if (!(row > 0 && row <= 256) || Number.isNaN(limit) || Number.isNaN(skip))
    return yield* complain(process, 'xxd', 'invalid number of columns (max. 256).');
  const upper = (text: string): string => (flags.has('u') ? text.toUpperCase() : text);
  const line = (address: number, bytes: Uint8Array): string => {
    if (flags.has('p')) return `${upper([...bytes].map((byte) => hex(byte, 2)).join(''))}\n`;
    let text = '';
    for (let at = 0; at < row; at++)
      text += `${at > 0 && at % grouping === 0 ? ' ' : ''}${at < bytes.length ? upper(hex(bytes[at]!, 2)) : '  '}`;
    return `${hex(address, 8)}: ${text}  ${visible(bytes)}\n`;
  };
  return yield* run(process, 'xxd', operands, { skip, limit, row, squeeze: false, line, end: () => '' });
};

/** `xxd -r`: text back to bytes. */
function* reverse(process: Process, paths: readonly string[], plain: boolean): KernelCode<number> {
  const { fds, status } = yield* openAll(process, 'xxd', paths);
  const parts: Uint8Array[] = [];
  for (const fd of fds) {
    for (;;) {
      const data = yield* process.read(fd, READ_SIZE);
      if (typeof data === 'number' || data.length === 0) break;
      parts.push(data);
    }
  }
  const text = parts.length > 0 ? latin1(concat(parts)) : '';
  const digits = plain
    ? text.replace(/[^0-9a-fA-F]/g, '')
    : text
        .split('\n')
        .map((line) => /^[0-9a-fA-F]+:\s((?:[0-9a-fA-F]+ ?)+)/.exec(line)?.[1]?.replaceAll(' ', '') ?? '')
        .join('');
  const bytes = new Uint8Array(Math.floor(digits.length / 2));
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16);
  const err = yield* writeAll(process, 1, bytes);
  return err < 0 ? yield* writeError(process, 'xxd', err) : status;
}

const od: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'A:t:N:j:w:vcxdobB', {
    'address-radix=': 'A',
    'format=': 't',
    'read-bytes=': 'N',
    'skip-bytes=': 'j',
    'endian=': 'e',
  });
  if (error) return yield* usage(process, 'od', error);
  const endian = flags.get('e') ?? 'little';
  if (endian !== 'little' && endian !== 'big') return yield* usage(process, 'od', `invalid argument '${endian}' for '--endian'`);
  const type = flags.get('t') ?? (flags.has('c') ? 'c' : flags.has('x') ? 'x2' : flags.has('d') ? 'u2' : flags.has('b') ? 'o1' : 'o2');
  const match = /^([acdouxf])(\d+|[CSIL])?(z)?$/.exec(type);
  if (!match) return yield* complain(process, 'od', `invalid type string '${type}'`);
  const size =
    match[1] === 'c' || match[1] === 'a' ? 1 : match[2] === undefined ? 4 : ({ C: 1, S: 2, I: 4, L: 8 }[match[2]] ?? Number(match[2]));
  if (![1, 2, 4, 8].includes(size)) return yield* complain(process, 'od', `invalid type string '${type}'`);
  const radix = flags.get('A') ?? 'o';
  const address = (value: number): string =>
    radix === 'n'
      ? ''
      : radix === 'x'
        ? hex(value, 6)
        : radix === 'd'
          ? String(value).padStart(7, '0')
          : value.toString(8).padStart(7, '0');
  const line = (at: number, bytes: Uint8Array): string => {
    if (match[1] === 'c' || match[1] === 'a') return `${address(at)}${[...bytes].map((byte) => ` ${characterName(byte)}`).join('')}\n`;
    const widths = {
      x: size * 2,
      o: Math.ceil((size * 8) / 3),
      u: [0, 3, 5, 0, 10, 0, 0, 0, 20][size]!,
      d: [0, 4, 6, 0, 11, 0, 0, 0, 20][size]!,
      f: 0,
    };
    const kind = match[1] as keyof typeof widths;
    const shown = units(bytes, size, endian === 'big', (value) => {
      const text =
        kind === 'x'
          ? value.toString(16)
          : kind === 'o'
            ? value.toString(8)
            : kind === 'u'
              ? value.toString()
              : BigInt.asIntN(size * 8, value).toString();
      return ` ${kind === 'x' || kind === 'o' ? text.padStart(widths[kind], '0') : text.padStart(widths[kind])}`;
    });
    return `${address(at)}${match[3] ? `${shown.padEnd((ROW / size) * (widths[kind] + 1))}  >${visible(bytes)}<` : shown}\n`;
  };
  const limit = flags.has('N') ? Number(flags.get('N')) : Number.POSITIVE_INFINITY;
  const end = (at: number): string => (radix === 'n' ? '' : `${address(at)}\n`);
  return yield* run(process, 'od', operands, {
    skip: Number(flags.get('j') ?? 0),
    limit,
    row: Number(flags.get('w') ?? ROW),
    squeeze: !flags.has('v'),
    line,
    end,
  });
};

const dd: Program = function* (process, argv) {
  const given = new Map<string, string>();
  for (const word of argv.slice(1)) {
    const at = word.indexOf('=');
    if (
      at <= 0 ||
      !['if', 'of', 'bs', 'ibs', 'obs', 'count', 'skip', 'seek', 'status', 'conv', 'iflag', 'oflag'].includes(word.slice(0, at))
    )
      return yield* usage(process, 'dd', `unrecognized operand '${word}'`);
    given.set(word.slice(0, at), word.slice(at + 1));
  }
  const size = (name: string, standard: number): number | undefined => (given.has(name) ? parseCount(given.get(name)!) : standard);
  const block = size('bs', size('ibs', 512) ?? 512);
  const count = size('count', Number.POSITIVE_INFINITY);
  const skip = size('skip', 0);
  const seek = size('seek', 0);
  for (const [name, value] of Object.entries({ bs: block, count, skip, seek }))
    if (value === undefined || (name === 'bs' && value === 0))
      return yield* complain(process, 'dd', `invalid number: '${given.get(name)}'`);
  const input = given.has('if') ? yield* process.open(given.get('if')!, O.RDONLY) : 0;
  if (input < 0) return yield* complain(process, 'dd', `failed to open '${given.get('if')}': ${strerror(input)}`);
  const truncate = given.get('conv')?.includes('notrunc') || seek! > 0 ? 0 : O.TRUNC;
  const output = given.has('of') ? yield* process.open(given.get('of')!, O.WRONLY | O.CREAT | truncate) : 1;
  if (output < 0) return yield* complain(process, 'dd', `failed to open '${given.get('of')}': ${strerror(output)}`);
  const start = process.kernel.now;
  if (skip! > 0 && process.seek(input, skip! * block!) < 0) for (let left = skip!; left > 0; left--) yield* process.read(input, block!);
  if (seek! > 0) process.seek(output, seek! * block!);
  const records = { full: 0, part: 0, fullOut: 0, partOut: 0, bytes: 0 };
  let status = 0;
  while (records.full + records.part < count!) {
    let data = yield* process.read(input, block!);
    if (typeof data === 'number') {
      if (!process.dying) yield* complain(process, 'dd', `error reading '${given.get('if') ?? 'standard input'}': ${strerror(data)}`);
      status = 1;
      break;
    }
    if (data.length === 0) break;
    if (given.get('iflag')?.includes('fullblock')) {
      while (data.length < block!) {
        const more: Uint8Array | number = yield* process.read(input, block! - data.length);
        if (typeof more === 'number' || more.length === 0) break;
        data = concat([data, more]);
      }
    }
    if (data.length === block) records.full++;
    else records.part++;
    const err = yield* writeAll(process, output, data);
    if (err < 0) {
      if (!process.dying) yield* complain(process, 'dd', `error writing '${given.get('of') ?? 'standard output'}': ${strerror(err)}`);
      status = 1;
      break;
    }
    if (data.length === block) records.fullOut++;
    else records.partOut++;
    records.bytes += data.length;
  }
  if (given.get('status') === 'none') return status;
  const seconds = (process.kernel.now - start) / 1e9;
  let text = `${records.full}+${records.part} records in\n${records.fullOut}+${records.partOut} records out\n`;
  if (given.get('status') !== 'noxfer') {
    const rate = seconds > 0 ? records.bytes / seconds : 0;
    const [value, unit] = rate >= 1e9 ? [rate / 1e9, 'GB'] : rate >= 1e6 ? [rate / 1e6, 'MB'] : [rate / 1e3, 'kB'];
    text += `${records.bytes} byte${records.bytes === 1 ? '' : 's'} copied, ${shortNumber(seconds)} s, ${value.toFixed(1)} ${unit}/s\n`;
  }
  yield* writeAll(process, 2, fromLatin1(text));
  return status;
};

/** A number as `%g` prints it. */
function shortNumber(value: number): string {
  const text = Number(value.toPrecision(6));
  return text !== 0 && text < 1e-4 ? text.toExponential().replace(/e-(\d)$/, 'e-0$1') : String(text);
}

/** By name. */
export const DUMP_PROGRAMS: Readonly<Record<string, Program>> = { hexdump, hd: hexdump, xxd, od, dd };
