/**
 * Programs that only print, wait or succeed: echo, printf, true, false, sleep, yes, seq, pwd, sync, clear, basename and their like.
 */
import { ERRNO, strerror } from '../../linux/errno.ts';
import type { KernelCode } from '../../linux/kernel.ts';
import type { Process, Program } from '../../linux/process.ts';
import { complain, finish, fromLatin1, getopt, latin1, print, shellNames, usage, writeAll } from '../io.ts';

const encoder = new TextEncoder();

/** Name of a builtin before its errors. */
function builtinName(process: Process, name: string): string {
  const shell = shellNames.get(process);
  return shell === undefined ? name : `${shell}: ${name}`;
}

/** Resolves the escapes of `echo -e` and `printf`; `stop` when `\c` said so. Bytes as characters. */
function resolveEscapes(text: string, octalZero: boolean): { readonly text: string; readonly stop: boolean } {
  let result = '';
  const simple: Readonly<Record<string, string>> = {
    n: '\n',
    t: '\t',
    r: '\r',
    a: '\x07',
    b: '\b',
    f: '\f',
    v: '\v',
    e: '\x1b',
    E: '\x1b',
    '\\': '\\',
  };
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '\\' || at + 1 >= text.length) {
      result += text[at];
      continue;
    }
    const rest = text.slice(at + 1);
    const hex = /^x([0-9a-fA-F]{1,2})/.exec(rest);
    const octal = (octalZero ? /^0([0-7]{0,3})/ : /^([0-7]{1,3})/).exec(rest);
    const unicode = /^u([0-9a-fA-F]{1,4})|^U([0-9a-fA-F]{1,8})/.exec(rest);
    if (rest[0] === 'c') return { text: result, stop: true };
    if (hex) {
      result += String.fromCharCode(Number.parseInt(hex[1]!, 16));
      at += hex[0].length;
    } else if (octal) {
      result += String.fromCharCode(Number.parseInt(octal[1] || '0', 8) & 0xff);
      at += octal[0].length;
    } else if (unicode) {
      result += latin1(encoder.encode(String.fromCodePoint(Math.min(0x10ffff, Number.parseInt(unicode[1] ?? unicode[2]!, 16)))));
      at += unicode[0].length;
    } else if (simple[rest[0]!] !== undefined) {
      result += simple[rest[0]!];
      at++;
    } else result += '\\';
  }
  return { text: result, stop: false };
}

/** Writes bytes with one write(2), as a builtin of the shell. */
function* builtinWrite(process: Process, name: string, bytes: Uint8Array, status = 0): KernelCode<number> {
  if (bytes.length === 0) return status;
  const err = yield* writeAll(process, 1, bytes);
  if (err === 0) return status;
  if (err === ERRNO.EINTR || err === ERRNO.EPIPE) return 1;
  return yield* complain(process, builtinName(process, name), `write error: ${strerror(err)}`);
}

const echo: Program = function* (process, argv) {
  let newline = true;
  let escapes = false;
  let at = 1;
  for (; at < argv.length && /^-[neE]+$/.test(argv[at]!); at++) {
    for (const letter of argv[at]!.slice(1)) {
      if (letter === 'n') newline = false;
      else escapes = letter === 'e';
    }
  }
  const text = latin1(encoder.encode(argv.slice(at).join(' ')));
  const shown = escapes ? resolveEscapes(text, true) : { text, stop: false };
  return yield* builtinWrite(process, 'echo', fromLatin1(shown.text + (newline && !shown.stop ? '\n' : '')));
};

/** `%d` and friends: a number in any base that C knows, or a character behind a quote. */
function number(text: string): { readonly value: bigint; readonly bad: boolean } {
  const trimmed = text.trim();
  if (trimmed === '') return { value: 0n, bad: false };
  if (/^["']/.test(trimmed)) return { value: BigInt(trimmed.codePointAt(1) ?? 0), bad: false };
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)/.exec(trimmed);
  if (!match) return { value: 0n, bad: true };
  const digits = match[2]!;
  const magnitude = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  return { value: match[1] === '-' ? -magnitude : magnitude, bad: match[0].length !== trimmed.length };
}

function pad(text: string, flags: string, width: number): string {
  if (text.length >= width) return text;
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0')) return text.padStart(width);
  const sign = /^(?:[+\- ]|0[xX])/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}

function integer(value: bigint, type: string, flags: string, precision: number | undefined): string {
  const unsigned = BigInt.asUintN(64, value);
  let text: string;
  if (type === 'd' || type === 'i') text = (value < 0n ? -value : value).toString();
  else if (type === 'u') text = unsigned.toString();
  else if (type === 'o') text = unsigned.toString(8);
  else text = unsigned.toString(16);
  if (precision !== undefined) text = text.padStart(precision, '0');
  if (type === 'X') text = text.toUpperCase();
  if (flags.includes('#') && value !== 0n)
    text = type === 'o' ? `0${text}` : type === 'x' ? `0x${text}` : type === 'X' ? `0X${text}` : text;
  if (type === 'd' || type === 'i') text = (value < 0n ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '') + text;
  return text;
}

function floating(value: number, type: string, flags: string, precision = 6): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  const exponent = (text: string): string => text.replace(/e([+-])(\d)$/, 'e$10$2');
  let text: string;
  const lower = type.toLowerCase();
  if (lower === 'f') text = value.toFixed(Math.min(precision, 100));
  else if (lower === 'e') text = exponent(value.toExponential(Math.min(precision, 100)));
  else {
    const digits = Math.min(precision || 1, 100);
    const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
    text =
      magnitude < -4 || magnitude >= digits
        ? exponent(value.toExponential(digits - 1))
        : value.toFixed(Math.max(0, digits - 1 - magnitude));
    if (!flags.includes('#') && text.includes('.')) text = text.replace(/\.?0+(?=e|$)/, '');
  }
  if (value >= 0 && flags.includes('+')) text = `+${text}`;
  return type === lower ? text : text.toUpperCase();
}

/** What `printf` prints, bytes as characters, and what is wrong with its arguments. */
function formatPrintf(format: string, args: readonly string[]): { readonly text: string; readonly errors: readonly string[] } {
  const errors: string[] = [];
  let text = '';
  let next = 0;
  let stopped = false;
  do {
    const before = next;
    const pattern = /%(?:%|([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d*))?(?:hh|h|ll|l|q|j|z|t|L)?([diouxXcsbqeEfFgG]))|\\[\s\S]?[^\\%]*|[^\\%]+|%/g;
    for (const [token, flags = '', widthText, precisionText, type] of format.matchAll(pattern)) {
      if (stopped) break;
      if (token === '%%') text += '%';
      else if (type === undefined && token.startsWith('%')) {
        errors.push(`\`%': missing format character`);
        stopped = true;
      } else if (type === undefined) {
        const shown = resolveEscapes(latin1(encoder.encode(token)), false);
        text += shown.text;
        stopped = shown.stop;
      } else {
        const star = (given: string | undefined): number | undefined =>
          given === undefined ? undefined : given === '*' ? Number(args[next++] ?? 0) : Number(given || 0);
        const width = star(widthText) ?? 0;
        const precision = star(precisionText);
        const argument = args[next++] ?? '';
        const shown = convert(type, flags, precision, argument, errors);
        text += pad(shown.text, 's b c q'.includes(type) ? flags.replace('0', '') : flags, Math.abs(width));
        stopped = shown.stop;
      }
    }
    if (next === before) break;
  } while (next < args.length && !stopped);
  return { text, errors };
}

function convert(
  type: string,
  flags: string,
  precision: number | undefined,
  argument: string,
  errors: string[],
): { text: string; stop: boolean } {
  const bytes = latin1(encoder.encode(argument));
  if (type === 's') return { text: precision === undefined ? bytes : bytes.slice(0, precision), stop: false };
  if (type === 'b') return resolveEscapes(bytes, true);
  if (type === 'c') return { text: bytes.slice(0, 1), stop: false };
  if (type === 'q')
    return { text: /^[\w@%+=:,./-]+$/.test(bytes) ? bytes : bytes === '' ? "''" : bytes.replace(/[^\w@%+=:,./-]/g, '\\$&'), stop: false };
  if ('eEfFgG'.includes(type)) {
    const value = argument.trim() === '' ? 0 : Number(argument);
    if (Number.isNaN(value)) errors.push(`${argument}: invalid number`);
    return { text: floating(Number.isNaN(value) ? 0 : value, type, flags, precision), stop: false };
  }
  const { value, bad } = number(argument);
  if (bad) errors.push(`${argument}: invalid number`);
  return { text: integer(value, type, flags, precision), stop: false };
}

const printf: Program = function* (process, argv) {
  const name = builtinName(process, 'printf');
  const words = argv[1] === '--' ? argv.slice(2) : argv.slice(1);
  if (words.length === 0) return yield* complain(process, name, 'usage: printf [-v var] format [arguments]', 2);
  const { text, errors } = formatPrintf(words[0]!, words.slice(1));
  for (const error of errors) yield* complain(process, name, error);
  return yield* builtinWrite(process, 'printf', fromLatin1(text), errors.length > 0 ? 1 : 0);
};

/** `1.5`, `2m`, `1h` in ns. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(text);
  if (!match) return text === 'infinity' || text === 'inf' ? Number.POSITIVE_INFINITY : undefined;
  return Number(match[1]) * { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }[match[2] as '' | 's' | 'm' | 'h' | 'd'] * 1e9;
}

const sleep: Program = function* (process, argv) {
  if (argv.length < 2) return yield* usage(process, 'sleep', 'missing operand');
  let total = 0;
  for (const word of argv.slice(1)) {
    const ns = parseDuration(word);
    if (ns === undefined) return yield* usage(process, 'sleep', `invalid time interval '${word}'`);
    total += ns;
  }
  if (Number.isFinite(total)) return (yield* process.sleep(total)) < 0 ? 1 : 0;
  while (!process.dying) if ((yield { interruptible: true }) === 'signal') break;
  return 1;
};

const seq: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(
    argv.map((word, index) => (index > 0 && /^-[\d.]/.test(word) ? ` ${word}` : word)),
    'ws:f:',
  );
  if (error) return yield* usage(process, 'seq', error);
  const numbers = operands.map((word) => Number(word));
  const bad = numbers.findIndex((value) => Number.isNaN(value));
  if (bad >= 0) return yield* usage(process, 'seq', `invalid floating point argument: '${operands[bad]!.trim()}'`);
  if (numbers.length === 0) return yield* usage(process, 'seq', 'missing operand');
  if (numbers.length > 3) return yield* usage(process, 'seq', `extra operand '${operands[3]}'`);
  const [first, step, last] =
    numbers.length === 1
      ? [1, 1, numbers[0]!]
      : numbers.length === 2
        ? [numbers[0]!, 1, numbers[1]!]
        : (numbers as [number, number, number]);
  if (step === 0) return yield* usage(process, 'seq', `invalid Zero increment value: '${operands[1]!.trim()}'`);
  const places = Math.max(...operands.map((word) => word.split('.')[1]?.length ?? 0));
  const width = Math.max(first.toFixed(places).length, last.toFixed(places).length);
  const separator = flags.get('s') ?? '\n';
  let text = '';
  for (let index = 0; ; index++) {
    const value = first + index * step;
    if (step > 0 ? value > last + 1e-9 : value < last - 1e-9) break;
    text += (index > 0 ? separator : '') + (flags.has('w') ? value.toFixed(places).padStart(width, '0') : value.toFixed(places));
    if (text.length < 16_384) continue;
    if ((yield* print(process, text)) < 0) return 1;
    text = '';
  }
  return yield* finish(process, 'seq', text === '' ? '' : `${text}\n`);
};

const yes: Program = function* (process, argv) {
  const block = encoder.encode(`${argv.slice(1).join(' ') || 'y'}\n`.repeat(512));
  for (;;) if ((yield* writeAll(process, 1, block)) < 0) return 1;
};

const text = (make: (process: Process, argv: readonly string[]) => string): Program =>
  function* (process, argv) {
    return yield* finish(process, argv[0]!, make(process, argv));
  };

const status = (code: number): Program =>
  function* () {
    return code;
  };

const basename: Program = function* (process, argv) {
  if (argv.length < 2) return yield* usage(process, 'basename', 'missing operand');
  const name = argv[1]!.replace(/(.)\/+$/, '$1').replace(/^.*\/(?=.)/, '');
  const suffix = argv[2] ?? '';
  return yield* finish(
    process,
    'basename',
    `${suffix !== '' && name.endsWith(suffix) && name !== suffix ? name.slice(0, -suffix.length) : name}\n`,
  );
};

const dirname: Program = function* (process, argv) {
  if (argv.length < 2) return yield* usage(process, 'dirname', 'missing operand');
  const shown = argv.slice(1).map((path) => {
    const clean = path.replace(/(.)\/+$/, '$1');
    return clean.includes('/') ? clean.replace(/\/+[^/]*$/, '') || '/' : '.';
  });
  return yield* finish(process, 'dirname', `${shown.join('\n')}\n`);
};

const pwd: Program = function* (process, argv) {
  const { flags, error } = getopt(argv, 'LP');
  if (error)
    return yield* complain(process, builtinName(process, 'pwd'), error.replace(/^invalid option -- '(.)'/, '-$1: invalid option'), 2);
  const found = flags.has('P') ? process.kernel.vfs.resolve('.', process.cwd) : 0;
  return yield* finish(process, 'pwd', `${typeof found === 'number' ? process.cwd : found.path}\n`);
};

/** By name. */
export const BASIC_PROGRAMS: Readonly<Record<string, Program>> = {
  echo,
  printf,
  true: status(0),
  false: status(1),
  sleep,
  seq,
  yes,
  pwd,
  sync: status(0),
  clear: text(() => '\x1b[H\x1b[2J\x1b[3J'),
  whoami: text(() => 'root\n'),
  id: text((_process, argv) => (argv[1] === '-u' || argv[1] === '-g' ? '0\n' : 'uid=0(root) gid=0(root) groups=0(root)\n')),
  basename,
  dirname,
};
