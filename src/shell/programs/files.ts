/**
 * Programs that move bytes as they come: cat, tee, head, tail, grep, wc, uniq.
 */
import { ERRNO, strerror } from '../../linux/errno.ts';
import { DirectoryNode, O } from '../../linux/fs/vfs.ts';
import type { KernelCode } from '../../linux/kernel.ts';
import type { Process, Program } from '../../linux/process.ts';
import {
  complain,
  concat,
  finish,
  fromLatin1,
  getopt,
  isTerminal,
  LineReader,
  latin1,
  MOST_INPUT,
  openOperand,
  openPath,
  parseCount,
  READ_SIZE,
  usage,
  writeAll,
  writeError,
} from '../io.ts';
import type { Re2 } from '../just-bash.ts';
import { compilePattern, type LinePattern } from './patterns.ts';
import type { System } from './system.ts';

const NEWLINE = 10;

/** Passes on what `read` gives until it ends; 0, or the errno of reading (negative) or writing (with `written`). */
function* copy(process: Process, fd: number, to: number): KernelCode<{ readonly err: number; readonly written?: boolean }> {
  for (;;) {
    const data = yield* process.read(fd, READ_SIZE);
    if (typeof data === 'number') return { err: data };
    if (data.length === 0) return { err: 0 };
    const err = yield* writeAll(process, to, data);
    if (err < 0) return { err, written: true };
  }
}

const cat: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'nbsvetETAu', {
    'show-all': 'A',
    number: 'n',
    'show-nonprinting': 'v',
    'show-ends': 'E',
    'show-tabs': 'T',
  });
  if (error) return yield* usage(process, 'cat', error);
  let status = 0;
  let line = 1;
  for (const path of operands.length > 0 ? operands : ['-']) {
    const fd = yield* openOperand(process, 'cat', path);
    if (fd < 0) {
      status = 1;
      continue;
    }
    const plain = flags.size === 0 || (flags.size === 1 && flags.has('u'));
    const shown = plain ? yield* copy(process, fd, 1) : yield* show(process, fd, flags, line);
    if ('lines' in shown) line = shown.lines as number;
    if (fd !== 0) yield* process.close(fd);
    if (shown.err === 0) continue;
    status = 1;
    if (process.dying) return 1;
    yield* complain(process, 'cat', shown.written ? `write error: ${strerror(shown.err)}` : `${path}: ${strerror(shown.err)}`);
    if (shown.written) return 1;
  }
  return status;
};

/** `cat` with options: line by line. */
function* show(
  process: Process,
  fd: number,
  flags: ReadonlyMap<string, string>,
  first: number,
): KernelCode<{ err: number; written?: boolean; lines: number }> {
  const has = (letters: string): boolean => [...letters].some((letter) => flags.has(letter));
  const lines = new LineReader(process, fd);
  let number = first;
  for (;;) {
    const line = yield* lines.next();
    if (typeof line === 'number') return { err: line, lines: number };
    if (!line) return { err: 0, lines: number };
    let text = latin1(line);
    const ends = text.endsWith('\n');
    if (ends) text = text.slice(0, -1);
    if (has('vetA'))
      text = text.replace(/[^\t\x20-\x7e]/g, (character) => {
        const code = character.charCodeAt(0);
        const low = code & 0x7f;
        return (code > 0x7f ? 'M-' : '') + (low < 32 ? `^${String.fromCharCode(low + 64)}` : low === 127 ? '^?' : String.fromCharCode(low));
      });
    if (has('tTA')) text = text.replaceAll('\t', '^I');
    const numbered = flags.has('b') ? text !== '' : flags.has('n');
    const shown = `${numbered ? `${String(number++).padStart(6)}\t` : ''}${text}${ends ? `${has('eEA') ? '$' : ''}\n` : ''}`;
    const err = yield* writeAll(process, 1, fromLatin1(shown));
    if (err < 0) return { err, written: true, lines: number };
  }
}

/** `less` and `more`: all of it, as there is nobody to wait for in a log; a terminal has its own way back. */
const pager: Program = function* (process, argv) {
  const name = argv[0]!;
  const paths = argv.slice(1).filter((word) => !/^[-+]./.test(word));
  const terminal = yield* isTerminal(process, 0);
  if (paths.length === 0 && terminal) {
    if (name === 'more') return yield* complain(process, 'more', "bad usage\nTry 'more --help' for more information.");
    yield* writeAll(process, 2, new TextEncoder().encode('Missing filename ("less --help" for help)\n'));
    return 1;
  }
  let status = 0;
  for (const path of paths.length > 0 ? paths : ['-']) {
    const fd = path === '-' ? 0 : yield* openPath(process, path);
    const shown = fd < 0 ? { err: fd } : yield* copy(process, fd, 1);
    if (fd > 0) yield* process.close(fd);
    if (shown.err === 0) continue;
    if ('written' in shown && shown.written) return yield* writeError(process, name, shown.err);
    if (process.dying) return 1;
    yield* writeAll(
      process,
      2,
      new TextEncoder().encode(`${name === 'more' ? 'more: cannot open ' : ''}${path}: ${strerror(shown.err)}\n`),
    );
    status = 1;
  }
  return status;
};

const tee: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'ai');
  if (error) return yield* usage(process, 'tee', error);
  let status = 0;
  const outputs: { readonly fd: number; readonly name: string }[] = [{ fd: 1, name: 'standard output' }];
  for (const path of operands) {
    const fd = yield* openPath(process, path, O.WRONLY | O.CREAT | (flags.has('a') ? O.APPEND : O.TRUNC));
    if (fd >= 0) outputs.push({ fd, name: path });
    else status = yield* complain(process, 'tee', `${path}: ${strerror(fd)}`);
  }
  for (;;) {
    const data = yield* process.read(0, READ_SIZE);
    if (typeof data === 'number') return process.dying ? 1 : yield* complain(process, 'tee', `read error: ${strerror(data)}`);
    if (data.length === 0) return status;
    for (const [index, { fd, name }] of [...outputs].entries()) {
      const err = yield* writeAll(process, fd, data);
      if (err === 0) continue;
      outputs.splice(
        outputs.findIndex((other) => other.fd === fd),
        1,
      );
      void index;
      if (process.dying) return 1;
      status = yield* complain(process, 'tee', `${name}: ${strerror(err)}`);
    }
  }
};

const head: Program = function* (process, argv) {
  const old = /^-(\d+)$/.exec(argv[1] ?? '');
  const { flags, operands, error } = getopt(old ? [argv[0]!, '-n', old[1]!, ...argv.slice(2)] : argv, 'n:c:qv', {
    'lines=': 'n',
    'bytes=': 'c',
  });
  if (error) return yield* usage(process, 'head', error);
  const bytes = flags.get('c');
  const countText = bytes ?? flags.get('n') ?? '10';
  const count = parseCount(countText.replace(/^[-+]/, ''));
  if (count === undefined)
    return yield* complain(process, 'head', `invalid number of ${bytes === undefined ? 'lines' : 'bytes'}: '${countText}'`);
  let status = 0;
  for (const [index, path] of (operands.length > 0 ? operands : ['-']).entries()) {
    const fd = yield* openForReading(process, 'head', path);
    if (fd < 0) {
      status = 1;
      continue;
    }
    let written = 0;
    const put = function* (data: Uint8Array): KernelCode<number> {
      written = yield* writeAll(process, 1, data);
      return written;
    };
    if (operands.length > 1 && !flags.has('q')) yield* put(new TextEncoder().encode(`${index > 0 ? '\n' : ''}==> ${path} <==\n`));
    const err = countText.startsWith('-')
      ? yield* allBut({ process, fd, put }, count, bytes !== undefined)
      : yield* first({ process, fd, put }, count, bytes !== undefined);
    if (fd !== 0) yield* process.close(fd);
    if (written < 0) return yield* writeError(process, 'head', written, STANDARD_OUTPUT);
    if (err < 0 && !process.dying) status = yield* complain(process, 'head', `error reading '${path}': ${strerror(err)}`);
  }
  return status;
};

/** As `openOperand`, in the words of head and tail. */
function* openForReading(process: Process, name: string, path: string): KernelCode<number> {
  const fd = path === '-' ? 0 : yield* process.open(path, O.RDONLY);
  if (fd < 0) yield* complain(process, name, `cannot open '${path}' for reading: ${strerror(fd)}`);
  return fd;
}

/** Words of head and tail for a write that failed. */
const STANDARD_OUTPUT = "error writing 'standard output'";

/** Where bytes come from and go to; `put` gives 0 or the errno of writing. */
interface Passage {
  readonly process: Process;
  readonly fd: number;
  readonly put: (data: Uint8Array) => KernelCode<number>;
}

function* first({ process, fd, put }: Passage, count: number, bytes: boolean): KernelCode<number> {
  for (let left = count; left > 0; ) {
    const data = yield* process.read(fd, bytes ? Math.min(left, READ_SIZE) : READ_SIZE);
    if (typeof data === 'number') return data;
    if (data.length === 0) return 0;
    let end = bytes ? data.length : 0;
    if (bytes) left -= data.length;
    else {
      for (; end < data.length && left > 0; end++) if (data[end] === NEWLINE) left--;
    }
    if ((yield* put(data.subarray(0, end))) < 0) return 0;
  }
  return 0;
}

function* allBut({ process, fd, put }: Passage, count: number, bytes: boolean): KernelCode<number> {
  const lines = new LineReader(process, fd);
  const held: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const part = bytes ? yield* process.read(fd, READ_SIZE) : yield* lines.next();
    if (typeof part === 'number') return part;
    if (!part || part.length === 0) return 0;
    held.push(part);
    total += bytes ? part.length : 1;
    if (total > MOST_INPUT) return ERRNO.ENOMEM;
    while (total > count) {
      const oldest = held.shift()!;
      const free = bytes ? Math.min(oldest.length, total - count) : oldest.length;
      if (free < oldest.length) held.unshift(oldest.subarray(free));
      total -= bytes ? free : 1;
      if ((yield* put(oldest.subarray(0, free))) < 0) return 0;
    }
  }
}

/** Virtual time between two looks of `tail -f` at a file. */
const FOLLOW_NS = 1e9;

const tail: Program = function* (process, argv) {
  const old = /^([-+])(\d+)$/.exec(argv[1] ?? '');
  const { flags, operands, error } = getopt(
    old ? [argv[0]!, '-n', old[1] === '+' ? `+${old[2]}` : old[2]!, ...argv.slice(2)] : argv,
    'n:c:fFqvs:',
    {
      'lines=': 'n',
      'bytes=': 'c',
      follow: 'f',
    },
  );
  if (error) return yield* usage(process, 'tail', error);
  const bytes = flags.get('c');
  const countText = bytes ?? flags.get('n') ?? '10';
  const count = parseCount(countText.replace(/^[-+]/, ''));
  if (count === undefined)
    return yield* complain(process, 'tail', `invalid number of ${bytes === undefined ? 'lines' : 'bytes'}: '${countText}'`);
  let status = 0;
  const follow = flags.has('f') || flags.has('F');
  const paths = operands.length > 0 ? operands : ['-'];
  for (const [index, path] of paths.entries()) {
    const fd = yield* openForReading(process, 'tail', path);
    if (fd < 0) {
      status = 1;
      continue;
    }
    if (paths.length > 1 && !flags.has('q'))
      yield* writeAll(process, 1, new TextEncoder().encode(`${index > 0 ? '\n' : ''}==> ${path} <==\n`));
    const device = process.file(fd)!.node.type !== 'file';
    if (!(follow && device && path !== '-')) {
      let written = 0;
      const put = function* (data: Uint8Array): KernelCode<number> {
        written = yield* writeAll(process, 1, data);
        return written;
      };
      const passage = { process, fd, put };
      const err = countText.startsWith('+')
        ? yield* from(passage, count, bytes !== undefined)
        : yield* last(passage, count, bytes !== undefined);
      if (written < 0) return yield* writeError(process, 'tail', written, STANDARD_OUTPUT);
      if (err < 0 && !process.dying) status = yield* complain(process, 'tail', `error reading '${path}': ${strerror(err)}`);
    }
    while (follow && index === paths.length - 1 && !process.dying) {
      const data = yield* process.read(fd, READ_SIZE);
      if (typeof data === 'number') return 1;
      const err = yield* writeAll(process, 1, data);
      if (err < 0) return yield* writeError(process, 'tail', err, STANDARD_OUTPUT);
      if (data.length > 0) continue;
      if (device) break;
      yield* process.sleep(FOLLOW_NS);
    }
    if (fd !== 0) yield* process.close(fd);
  }
  return status;
};

/** `tail -n +3`: all from a line or byte on. */
function* from({ process, fd, put }: Passage, count: number, bytes: boolean): KernelCode<number> {
  for (let left = count - 1; ; ) {
    const data = yield* process.read(fd, READ_SIZE);
    if (typeof data === 'number') return data;
    if (data.length === 0) return 0;
    let start = bytes ? Math.min(data.length, Math.max(left, 0)) : 0;
    if (bytes) left -= start;
    else for (; left > 0 && start < data.length; start++) if (data[start] === NEWLINE) left--;
    if (start < data.length && (yield* put(data.subarray(start))) < 0) return 0;
  }
}

/** `tail -n 3`: the last lines or bytes. What can be none of them is forgotten as it comes. */
function* last({ process, fd, put }: Passage, count: number, bytes: boolean): KernelCode<number> {
  const parts: { readonly data: Uint8Array; readonly weight: number }[] = [];
  let weight = 0;
  let size = 0;
  for (;;) {
    const data = yield* process.read(fd, READ_SIZE);
    if (typeof data === 'number') return data;
    if (data.length === 0) break;
    const own = bytes ? data.length : data.reduce((sum, byte) => sum + (byte === NEWLINE ? 1 : 0), 0);
    parts.push({ data, weight: own });
    weight += own;
    size += data.length;
    // One more than is wanted: the last line end may be the last byte.
    while (parts.length > 1 && weight - parts[0]!.weight > count) {
      const oldest = parts.shift()!;
      weight -= oldest.weight;
      size -= oldest.data.length;
    }
    if (size > MOST_INPUT) return ERRNO.ENOMEM;
  }
  if (parts.length === 0 || count === 0) return 0;
  const all = concat(parts.map(({ data }) => data));
  if (bytes) {
    yield* put(all.subarray(Math.max(0, all.length - count)));
    return 0;
  }
  let end = all.at(-1) === NEWLINE ? all.length - 1 : all.length;
  for (let left = count; left > 0 && end >= 0; left--) end = end > 0 ? all.lastIndexOf(NEWLINE, end - 1) : -1;
  yield* put(all.subarray(end + 1));
  return 0;
}

interface Grep {
  readonly pattern: LinePattern;
  readonly flags: ReadonlyMap<string, string>;
  readonly withName: boolean;
  readonly colour: boolean;
}

function* grep(re2: Re2, process: Process, argv: readonly string[]): KernelCode<number> {
  const { flags, operands, error } = getopt(argv, 'EFGPivwxcnlLqshHorRe:f:A:B:C:m:abzU', {
    'ignore-case': 'i',
    'extended-regexp': 'E',
    'fixed-strings': 'F',
    'basic-regexp': 'G',
    'invert-match': 'v',
    'word-regexp': 'w',
    'line-regexp': 'x',
    count: 'c',
    'line-number': 'n',
    quiet: 'q',
    silent: 'q',
    'no-messages': 's',
    'only-matching': 'o',
    'max-count=': 'm',
    recursive: 'r',
    'regexp=': 'e',
    'line-buffered': 'U',
    color: 'U',
    colour: 'U',
    'color=': 'U',
    'after-context=': 'A',
    'before-context=': 'B',
    'context=': 'C',
    text: 'a',
  });
  const usageText = `Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.`;
  if (error) {
    yield* writeAll(process, 2, new TextEncoder().encode(`grep: ${error}\n${usageText}\n`));
    return 2;
  }
  const paths = [...operands];
  const patternText = flags.get('e') ?? paths.shift();
  if (patternText === undefined) {
    yield* writeAll(process, 2, new TextEncoder().encode(`${usageText}\n`));
    return 2;
  }
  let pattern: LinePattern;
  try {
    pattern = compilePattern(re2, patternText, flags, argv[0]!);
  } catch (error) {
    // A repetition of more than 1000, or of repetitions.
    const big = /repeat count|too large/.test(String(error));
    return yield* complain(process, 'grep', big ? 'Regular expression too big' : 'Invalid regular expression', 2);
  }
  const recursive = flags.has('r') || flags.has('R');
  const files = recursive
    ? (paths.length > 0 ? paths : ['.']).flatMap((path) => [...walk(process, path)])
    : paths.length > 0
      ? paths
      : ['-'];
  const withName = flags.has('H') || ((paths.length > 1 || recursive) && !flags.has('h'));
  let found = false;
  let failed = false;
  for (const path of files) {
    const fd = path === '-' ? 0 : yield* process.open(path, O.RDONLY);
    const name = path === '-' ? '(standard input)' : path;
    const isDirectory = fd >= 0 && process.file(fd)!.node instanceof DirectoryNode;
    if (fd < 0 || isDirectory) {
      if (!flags.has('s')) yield* complain(process, 'grep', `${path}: ${fd < 0 ? strerror(fd) : 'Is a directory'}`, 2);
      failed = true;
      continue;
    }
    const matches = yield* search(process, fd, name, { pattern, flags, withName, colour: false });
    if (fd !== 0) yield* process.close(fd);
    if (matches > 0) found = true;
    if (matches < 0) failed = true;
    if (process.dying) return 2;
    if (found && flags.has('q')) return 0;
  }
  return failed && !(found && flags.has('q')) ? 2 : found ? 0 : 1;
}

function* walk(process: Process, path: string): Iterable<string> {
  const node = process.stat(path);
  if (!(node instanceof DirectoryNode)) {
    yield path;
    return;
  }
  for (const name of [...node.names()].sort()) {
    const child = node.lookup(name);
    if (child?.type === 'symlink' || child?.type === 'chrdev') continue;
    yield* walk(process, `${path.replace(/\/$/, '')}/${name}`);
  }
}

/** Number of matching lines, or an errno. */
function* search(process: Process, fd: number, name: string, { pattern, flags, withName }: Grep): KernelCode<number> {
  const lines = new LineReader(process, fd);
  const before = Number(flags.get('B') ?? flags.get('C') ?? 0);
  const after = Number(flags.get('A') ?? flags.get('C') ?? 0);
  const limit = flags.has('m') ? Number(flags.get('m')) : Number.POSITIVE_INFINITY;
  const held: [number, string][] = [];
  let number = 0;
  let matches = 0;
  let trailing = 0;
  let lastShown = 0;
  const silent = ['c', 'l', 'L', 'q'].some((letter) => flags.has(letter));
  const show = (line: string, at: number, separator: string): string => {
    const gap = (before > 0 || after > 0) && lastShown > 0 && at > lastShown + 1 ? '--\n' : '';
    lastShown = at;
    return `${gap}${withName ? `${name}${separator}` : ''}${flags.has('n') ? `${at}${separator}` : ''}${line}\n`;
  };
  for (;;) {
    if (matches >= limit && trailing === 0) break;
    const data = yield* lines.next();
    if (typeof data === 'number') {
      if (!process.dying) yield* complain(process, 'grep', `${name}: ${strerror(data)}`);
      return data;
    }
    if (!data) break;
    number++;
    const line = latin1(data).replace(/\n$/, '');
    const hit = matches < limit && pattern.test(line) !== flags.has('v');
    let text = '';
    if (hit) {
      matches++;
      trailing = after;
      if (flags.has('q') || flags.has('l') || flags.has('L')) break;
      if (!silent) {
        for (const [at, earlier] of held.splice(0)) text += show(earlier, at, '-');
        if (flags.has('o')) for (const part of pattern.matches(line)) text += show(part, number, ':');
        else text += show(line, number, ':');
      }
    } else if (trailing > 0) {
      trailing--;
      if (!silent) text = show(line, number, '-');
    } else if (before > 0) {
      held.push([number, line]);
      if (held.length > before) held.shift();
    }
    const err = text === '' ? 0 : yield* writeAll(process, 1, fromLatin1(text));
    if (err < 0) return yield* unwritten(process, err);
  }
  let summary = '';
  if (flags.has('c')) summary = `${withName ? `${name}:` : ''}${matches}\n`;
  else if ((flags.has('l') && matches > 0) || (flags.has('L') && matches === 0)) summary = `${name}\n`;
  const err = summary === '' || flags.has('q') ? 0 : yield* writeAll(process, 1, new TextEncoder().encode(summary));
  return err < 0 ? yield* unwritten(process, err) : matches;
}

/** The errno of a write, and grep's words for it. */
function* unwritten(process: Process, err: number): KernelCode<number> {
  yield* writeError(process, 'grep', err);
  return err;
}

/** Lines, words and bytes of a descriptor; a negative errno. */
function* count(
  process: Process,
  fd: number,
): KernelCode<{ readonly l: number; readonly w: number; readonly c: number; readonly m: number } | number> {
  const totals = { l: 0, w: 0, c: 0, m: 0 };
  let inWord = false;
  for (;;) {
    const data = yield* process.read(fd, READ_SIZE);
    if (typeof data === 'number') return data;
    if (data.length === 0) return totals;
    totals.c += data.length;
    for (const byte of data) {
      if (byte === NEWLINE) totals.l++;
      if ((byte & 0xc0) !== 0x80) totals.m++;
      const white = byte === 32 || (byte >= 9 && byte <= 13);
      if (!white && !inWord) totals.w++;
      inWord = !white;
    }
  }
}

const wc: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'clwmL', { bytes: 'c', lines: 'l', words: 'w', chars: 'm' });
  if (error) return yield* usage(process, 'wc', error);
  const columns = (['l', 'w', 'm', 'c'] as const).filter((letter) => (flags.size === 0 ? letter !== 'm' : flags.has(letter)));
  const rows: (readonly [values: readonly number[], name: string])[] = [];
  let status = 0;
  let size = 0;
  let regular = true;
  for (const path of operands.length > 0 ? operands : ['-']) {
    const fd = yield* openOperand(process, 'wc', path);
    if (fd < 0) {
      status = 1;
      continue;
    }
    const { node } = process.file(fd) ?? {};
    if (node?.type === 'file') size += node.size;
    else regular = false;
    const totals = yield* count(process, fd);
    if (fd !== 0) yield* process.close(fd);
    if (typeof totals === 'number') status = process.dying ? 1 : yield* complain(process, 'wc', `${path}: ${strerror(totals)}`);
    else rows.push([columns.map((letter) => totals[letter]), operands.length > 0 ? path : '']);
  }
  if (operands.length > 1) rows.push([columns.map((_letter, index) => rows.reduce((sum, [values]) => sum + values[index]!, 0)), 'total']);
  const width = operands.length <= 1 && columns.length === 1 ? 1 : regular ? String(size).length : 7;
  const text = rows.map(
    ([values, name]) => `${values.map((value) => String(value).padStart(width)).join(' ')}${name === '' ? '' : ` ${name}`}\n`,
  );
  return yield* finish(process, 'wc', text.join(''), status);
};

const uniq: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'cduif:s:w:', { count: 'c', repeated: 'd', unique: 'u', 'ignore-case': 'i' });
  if (error) return yield* usage(process, 'uniq', error);
  const fd = yield* openOperand(process, 'uniq', operands[0] ?? '-');
  if (fd < 0) return 1;
  const lines = new LineReader(process, fd);
  const key = (line: string): string => {
    const fields = flags.has('f') ? line.replace(new RegExp(`^(?:\\s*\\S+){0,${Number(flags.get('f'))}}`), '') : line;
    const rest = fields.slice(Number(flags.get('s') ?? 0)).slice(0, flags.has('w') ? Number(flags.get('w')) : undefined);
    return flags.has('i') ? rest.toLowerCase() : rest;
  };
  let held: string | undefined;
  let times = 0;
  const flush = (): string => {
    if (held === undefined || (flags.has('d') && times < 2) || (flags.has('u') && times > 1)) return '';
    return `${flags.has('c') ? `${String(times).padStart(7)} ` : ''}${held}\n`;
  };
  for (;;) {
    const data = yield* lines.next();
    if (typeof data === 'number') return process.dying ? 1 : yield* complain(process, 'uniq', strerror(data));
    const line = data && latin1(data).replace(/\n$/, '');
    if (line !== undefined && held !== undefined && key(line) === key(held)) {
      times++;
      continue;
    }
    const text = flush();
    const err = text === '' ? 0 : yield* writeAll(process, 1, fromLatin1(text));
    if (err < 0) return yield* writeError(process, 'uniq', err);
    if (line === undefined) return 0;
    held = line;
    times = 1;
  }
};

/** By name. */
export const FILE_PROGRAMS: Readonly<Record<string, Program>> = { cat, tee, head, tail, wc, uniq, less: pager, more: pager };

/** grep, by its three names. */
export function grepPrograms({ land }: System): Readonly<Record<string, Program>> {
  const run: Program = (process, argv) => grep(land().justBash.RE2JS, process, argv);
  return { grep: run, egrep: run, fgrep: run };
}
