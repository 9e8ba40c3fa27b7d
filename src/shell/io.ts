/**
 * What programs share: whole writes, whole reads, lines, options, and errors in the words of coreutils.
 */
import { ERRNO, strerror } from '../linux/errno.ts';
import { O } from '../linux/fs/vfs.ts';
import type { KernelCode } from '../linux/kernel.ts';
import type { Process } from '../linux/process.ts';

/** Bytes that a program reads at once, as cat(1) does. */
export const READ_SIZE = 131_072;

/** Bytes of input that a program takes which needs all of it first: several copies of these are in the host's memory then. */
export const MOST_INPUT = 16 * 1024 * 1024;

const NEWLINE = 10;

const encoder = new TextEncoder();

/** Before the errors of `echo` and `printf`, which are builtins of the shell that runs them. */
export const shellNames = new WeakMap<Process, string>();

/** Writes all of `data`; 0 or the errno that ended it. */
export function* writeAll(process: Process, fd: number, data: Uint8Array): KernelCode<number> {
  for (let at = 0; at < data.length; ) {
    const result = yield* process.write(fd, at === 0 ? data : data.subarray(at));
    if (result < 0) return result;
    if (result === 0) return ERRNO.EIO;
    at += result;
  }
  return 0;
}

/** Writes `text` to standard output; 0 or an errno. */
export function* print(process: Process, text: string): KernelCode<number> {
  return text === '' ? 0 : yield* writeAll(process, 1, encoder.encode(text));
}

/** Writes `name: text` to standard error and gives the status 1. */
export function* complain(process: Process, name: string, text: string, status = 1): KernelCode<number> {
  yield* writeAll(process, 2, encoder.encode(`${name}: ${text}\n`));
  return status;
}

/** Writes lines to standard output; the program's status, with coreutils' words when that fails. */
export function* finish(process: Process, name: string, text: string, status = 0): KernelCode<number> {
  const err = yield* print(process, text);
  return err < 0 && err !== ERRNO.EPIPE && err !== ERRNO.EINTR ? yield* writeError(process, name, err) : status;
}

/** What is to be said of a write that failed, unless the reader is gone; the status. */
export function* writeError(process: Process, name: string, err: number, text = 'write error', status = 1): KernelCode<number> {
  if (process.dying || err === ERRNO.EPIPE || err === ERRNO.EINTR) return status;
  return yield* complain(process, name, `${text}: ${strerror(err)}`, status);
}

/** Reads a descriptor to its end; bytes or an errno, -ENOMEM when there are more than `MOST_INPUT`. */
export function* readAll(process: Process, fd: number): KernelCode<Uint8Array | number> {
  const parts: Uint8Array[] = [];
  for (let total = 0; total <= MOST_INPUT; ) {
    const part = yield* process.read(fd, READ_SIZE);
    if (typeof part === 'number') return part;
    if (part.length === 0) return concat(parts);
    parts.push(part);
    total += part.length;
  }
  return ERRNO.ENOMEM;
}

/** Lines of a descriptor as they come, each with its line end; the last may lack it. A line longer than `MOST_INPUT` is -ENOMEM. */
export class LineReader {
  private readonly process: Process;
  private readonly fd: number;
  private held: Uint8Array<ArrayBufferLike> = new Uint8Array(0);
  private over = false;

  constructor(process: Process, fd: number) {
    this.process = process;
    this.fd = fd;
  }

  /** The next line, undefined at the end, or an errno. */
  *next(): KernelCode<Uint8Array | undefined | number> {
    let searched = 0;
    for (;;) {
      const line = this.ready(searched);
      if (line) return line;
      searched = this.held.length;
      const data: Uint8Array | number = this.over ? new Uint8Array(0) : yield* this.process.read(this.fd, READ_SIZE);
      if (typeof data === 'number') return data;
      if (data.length === 0) {
        this.over = true;
        const rest = this.held;
        this.held = new Uint8Array(0);
        return rest.length > 0 ? rest : undefined;
      }
      if (searched > MOST_INPUT) return ERRNO.ENOMEM;
      this.held = concat([this.held, data]);
    }
  }

  /** A line that has been read already. */
  ready(searched = 0): Uint8Array | undefined {
    const at = this.held.indexOf(NEWLINE, searched);
    if (at < 0) return undefined;
    const line = this.held.subarray(0, at + 1);
    this.held = this.held.subarray(at + 1);
    return line;
  }
}

/** The content of a file, or an errno. */
export function* readFile(process: Process, path: string): KernelCode<Uint8Array | number> {
  const fd = yield* process.open(path, O.RDONLY);
  if (fd < 0) return fd;
  const data = yield* readAll(process, fd);
  yield* process.close(fd);
  return data;
}

/** `open(2)`, with `/dev/stdin`, `/dev/stdout` and `/dev/stderr` as what the descriptor is. */
export function* openPath(process: Process, path: string, flags: number = O.RDONLY): KernelCode<number> {
  const fd = STANDARD_FILES.indexOf(path);
  const file = fd < 0 ? undefined : process.file(fd);
  if (!file) return yield* process.open(path, flags);
  file.references++;
  return process.install(file);
}

const STANDARD_FILES = ['/dev/stdin', '/dev/stdout', '/dev/stderr'];

/** Opens an operand: `-` is standard input. Complains as coreutils do; a descriptor or -1. */
export function* openOperand(process: Process, name: string, path: string): KernelCode<number> {
  if (path === '-') return 0;
  const fd = yield* openPath(process, path);
  if (fd >= 0) return fd;
  yield* complain(process, name, `${path}: ${strerror(fd)}`);
  return -1;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Bytes as one character each, and back: for patterns over bytes that need not be UTF-8. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

export function fromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Is the descriptor a terminal? */
export function* isTerminal(process: Process, fd: number): KernelCode<boolean> {
  const TCGETS = 0x5401;
  return (yield* process.ioctl(fd, TCGETS, new Uint8Array(64))) === 0;
}

/** Options of a command line: letters, with the value of those that take one. */
export interface Options {
  readonly flags: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
  /** What is wrong with them, as getopt(3) says it. */
  readonly error?: string;
}

/**
 * `getopt_long`: `letters` with a colon behind those that take a value; `long` maps long names to a letter, with a trailing `=` where a value
 * follows. Options may stand behind operands unless `first`.
 */
export function getopt(
  argv: readonly string[],
  letters: string,
  long: Readonly<Record<string, string>> = {},
  { first = false }: { readonly first?: boolean } = {},
): Options {
  const flags = new Map<string, string>();
  const operands: string[] = [];
  const error = (text: string): Options => ({ flags, operands, error: text });
  for (let at = 1; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === '--') {
      operands.push(...argv.slice(at + 1));
      break;
    }
    if (word.startsWith('--')) {
      const [name, value] = splitOnce(word.slice(2));
      const letter = long[name] ?? long[`${name}=`];
      if (letter === undefined) return error(`unrecognized option '${word}'`);
      if (long[`${name}=`] === undefined) flags.set(letter, '');
      else {
        const given = value ?? argv[++at];
        if (given === undefined) return error(`option '--${name}' requires an argument`);
        flags.set(letter, given);
      }
      continue;
    }
    if (!word.startsWith('-') || word === '-') {
      operands.push(word);
      if (!first) continue;
      operands.push(...argv.slice(at + 1));
      break;
    }
    for (let i = 1; i < word.length; i++) {
      const letter = word[i]!;
      const known = letters.indexOf(letter);
      if (known < 0 || letter === ':') return error(`invalid option -- '${letter}'`);
      if (letters[known + 1] !== ':') {
        flags.set(letter, '');
        continue;
      }
      const value = i + 1 < word.length ? word.slice(i + 1) : argv[++at];
      if (value === undefined) return error(`option requires an argument -- '${letter}'`);
      // Several patterns of grep are one of several lines.
      flags.set(letter, letter === 'e' && flags.has('e') ? `${flags.get('e')}\n${value}` : value);
      break;
    }
  }
  return { flags, operands };
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Complains about options as coreutils do. */
export function* usage(process: Process, name: string, error: string, status = 1): KernelCode<number> {
  if (error === "unrecognized option '--help'")
    return yield* finish(
      process,
      name,
      `Usage: ${name} [OPTION]... [ARGUMENT]...\nThe options are the most used ones of the program that boards have.\n`,
    );
  return yield* complain(process, name, `${error}\nTry '${name} --help' for more information.`, status);
}

/** `10`, `4K`, `1M`, as dd and head understand them. */
export function parseCount(text: string): number | undefined {
  const match = /^(\d+)(?:(b|c|w|k|K|KB|kB|KiB|M|MB|MiB|G|GB|GiB))?$/.exec(text);
  if (!match) return undefined;
  const units: Readonly<Record<string, number>> = {
    b: 512,
    c: 1,
    w: 2,
    k: 1024,
    K: 1024,
    KiB: 1024,
    KB: 1000,
    kB: 1000,
    M: 1024 ** 2,
    MiB: 1024 ** 2,
    MB: 1e6,
    G: 1024 ** 3,
    GiB: 1024 ** 3,
    GB: 1e9,
  };
  return Number(match[1]) * (match[2] ? units[match[2]]! : 1);
}
