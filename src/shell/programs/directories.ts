/**
 * Programs on names: ls, mkdir, rmdir, rm, cp, mv, ln, touch, chmod, stat, readlink, realpath, which; with the words of GNU coreutils.
 */
import { ERRNO, strerror } from '../../linux/errno.ts';
import { ChrdevNode, DirectoryNode, type FsNode, O, SymlinkNode } from '../../linux/fs/vfs.ts';
import type { KernelCode } from '../../linux/kernel.ts';
import type { Process, Program } from '../../linux/process.ts';
import { dateAt } from '../clock.ts';
import { complain, finish, getopt, isTerminal, READ_SIZE, usage, writeAll } from '../io.ts';
import { strftime } from './date.ts';
import type { System } from './system.ts';

/** Columns of a terminal. */
const WIDTH = 80;

const TYPE_LETTERS: Readonly<Record<FsNode['type'], string>> = { file: '-', directory: 'd', symlink: 'l', chrdev: 'c', fifo: 'p' };

/** `drwxr-xr-x`. */
function modeText({ type, mode }: FsNode): string {
  let text = TYPE_LETTERS[type];
  for (let shift = 6; shift >= 0; shift -= 3) {
    const bits = mode >> shift;
    text += (bits & 4 ? 'r' : '-') + (bits & 2 ? 'w' : '-') + (bits & 1 ? 'x' : '-');
  }
  return mode & 0o1000 ? text.slice(0, 9) + (mode & 1 ? 't' : 'T') : text;
}

interface Entry {
  readonly name: string;
  readonly node: FsNode;
  /** Absolute path without symlinks, of the entry itself. */
  readonly path: string;
}

/** File systems without blocks, whose links have no size. */
function isVirtual(path: string): boolean {
  return /^\/(?:sys|proc)(?:\/|$)/.test(path);
}

function sizeOf({ node, path }: Entry): number {
  return isVirtual(path) && node instanceof SymlinkNode ? 0 : node.size;
}

function blocks(entry: Entry): number {
  if (isVirtual(entry.path) || entry.node.type !== 'file') return 0;
  return Math.ceil(entry.node.size / 4096) * 4;
}

function human(size: number): string {
  if (size < 1024) return String(size);
  const units = 'KMGT';
  let value = size;
  let unit = -1;
  while (value >= 1024 && unit < 3) {
    value /= 1024;
    unit++;
  }
  return (value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : String(Math.ceil(value))) + units[unit];
}

interface LsOptions {
  readonly has: (letter: string) => boolean;
  readonly columns: boolean;
}

function longLines(entries: readonly Entry[], { has }: LsOptions): string[] {
  const rows = entries.map((entry) => {
    const { node } = entry;
    const size =
      node instanceof ChrdevNode
        ? `${node.major}, ${String(node.minor).padStart(3)}`
        : has('h')
          ? human(sizeOf(entry))
          : String(sizeOf(entry));
    const date = strftime('%b %e %H:%M', dateAt(node.mtimeNs));
    const target = node instanceof SymlinkNode ? ` -> ${node.target}` : '';
    const owner = has('n') ? ['0', '0'] : ['root', 'root'];
    return [modeText(node), String(node.links), ...owner, size, `${date} ${shownName(entry, has)}${target}`];
  });
  const width = (column: number): number => Math.max(0, ...rows.map((row) => row[column]!.length));
  const [links, sizes] = [width(1), width(4)];
  return rows.map(
    ([mode, link, owner, group, size, rest]) => `${mode} ${link!.padStart(links)} ${owner} ${group} ${size!.padStart(sizes)} ${rest}`,
  );
}

function shownName({ name, node }: Entry, has: (letter: string) => boolean): string {
  if (has('F') && node.type === 'directory') return `${name}/`;
  if (has('F') && node.type === 'symlink' && !has('l')) return `${name}@`;
  if (has('F') && node.type === 'file' && node.mode & 0o111) return `${name}*`;
  if (has('p') && node.type === 'directory') return `${name}/`;
  return name;
}

/** Names in columns, as `ls` shows them on a terminal. */
function inColumns(names: readonly string[], width = WIDTH): string {
  if (names.length === 0) return '';
  for (let rows = 1; ; rows++) {
    const columns = Math.ceil(names.length / rows);
    const widths = Array.from({ length: columns }, (_, column) =>
      Math.max(...names.slice(column * rows, (column + 1) * rows).map((name) => name.length)),
    );
    if (rows < names.length && widths.reduce((sum, each) => sum + each + 2, -2) >= width) continue;
    let text = '';
    for (let row = 0; row < rows; row++) {
      let line = '';
      for (let column = 0; column < columns; column++) {
        const name = names[column * rows + row];
        if (name !== undefined) line = line.padEnd(widths.slice(0, column).reduce((sum, each) => sum + each + 2, 0)) + name;
      }
      text += `${line}\n`;
    }
    return text;
  }
}

function show(entries: readonly Entry[], options: LsOptions): string {
  if (options.has('l'))
    return longLines(entries, options)
      .map((line) => `${line}\n`)
      .join('');
  const names = entries.map((entry) => (options.has('i') ? '' : '') + shownName(entry, options.has));
  return options.columns ? inColumns(names) : names.map((name) => `${name}\n`).join('');
}

function sorted(entries: Entry[], { has }: LsOptions): Entry[] {
  if (!has('f') && !has('U')) {
    if (has('t')) entries.sort((a, b) => b.node.mtimeNs - a.node.mtimeNs || (a.name < b.name ? -1 : 1));
    else if (has('S')) entries.sort((a, b) => sizeOf(b) - sizeOf(a) || (a.name < b.name ? -1 : 1));
    else entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  return has('r') ? entries.reverse() : entries;
}

const ls: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'alAdR1hrtSFCnpsiLfUkgGo', {
    all: 'a',
    'almost-all': 'A',
    directory: 'd',
    recursive: 'R',
    'human-readable': 'h',
    reverse: 'r',
    'color=': 'k',
    color: 'k',
    classify: 'F',
  });
  if (error) return yield* usage(process, 'ls', error, 2);
  const has = (letter: string): boolean => flags.has(letter) || (letter === 'l' && flags.has('n'));
  const columns = !has('1') && !has('l') && (has('C') || (yield* isTerminal(process, 1)));
  const options = { has, columns };
  let status = 0;
  const files: Entry[] = [];
  const directories: Entry[] = [];
  for (const name of operands.length > 0 ? operands : ['.']) {
    const follow = !(has('l') && !name.endsWith('/')) && !has('d');
    const found = process.kernel.vfs.resolve(name, process.cwd, follow);
    const node = typeof found === 'number' ? found : (found.node ?? ERRNO.ENOENT);
    if (typeof node === 'number' || typeof found === 'number') {
      status = yield* complain(process, 'ls', `cannot access '${name}': ${strerror(node as number)}`, 2);
      continue;
    }
    const entry = { name, node, path: found.path };
    if (node instanceof DirectoryNode && !has('d')) directories.push(entry);
    else files.push(entry);
  }
  let text = show(sorted(files, options), options);
  const several = operands.length > 1 || has('R');
  for (const [index, directory] of sorted(directories, options).entries()) {
    if (several) text += `${index > 0 || files.length > 0 ? '\n' : ''}${directory.name}:\n`;
    text += directoryText(process, directory, options);
  }
  return yield* finish(process, 'ls', text, status);
};

function directoryText(process: Process, { name, node, path }: Entry, options: LsOptions): string {
  const { has } = options;
  const directory = node as DirectoryNode;
  const base = path === '/' ? '' : path;
  const entries: Entry[] = directory
    .names()
    .filter((each) => has('a') || has('A') || !each.startsWith('.'))
    .flatMap((each) => {
      const child = directory.lookup(each);
      return child ? [{ name: each, node: child, path: `${base}/${each}` }] : [];
    });
  if (has('a')) {
    const parent = process.kernel.vfs.find(`${path}/..`);
    entries.push(
      { name: '.', node, path },
      { name: '..', node: typeof parent === 'number' ? node : parent, path: base.replace(/\/[^/]*$/, '') || '/' },
    );
  }
  const list = sorted(entries, options);
  let text =
    has('l') || has('s')
      ? `total ${has('h') && blocks.length > 0 ? human(list.reduce((sum, each) => sum + blocks(each), 0) * 1024) : list.reduce((sum, each) => sum + blocks(each), 0)}\n`
      : '';
  text += show(list, options);
  if (!has('R')) return text;
  for (const entry of list) {
    if (entry.name === '.' || entry.name === '..' || !(entry.node instanceof DirectoryNode)) continue;
    const below = `${name.replace(/\/$/, '')}/${entry.name}`;
    text += `\n${below}:\n${directoryText(process, { ...entry, name: below }, options)}`;
  }
  return text;
}

/** Quotes a name as coreutils do. */
function quoted(name: string): string {
  return `'${name}'`;
}

const mkdir: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'pm:v', { parents: 'p', 'mode=': 'm', verbose: 'v' });
  if (error) return yield* usage(process, 'mkdir', error);
  if (operands.length === 0) return yield* usage(process, 'mkdir', 'missing operand');
  let status = 0;
  for (const path of operands) {
    if (flags.has('p')) {
      const parts = path.split('/');
      for (let count = 1; count < parts.length; count++) {
        const above = parts.slice(0, count).join('/');
        if (above !== '') process.mkdir(above);
      }
    }
    const err = process.mkdir(path, flags.has('m') ? Number.parseInt(flags.get('m')!, 8) : 0o777);
    const exists = err === ERRNO.EEXIST && flags.has('p') && process.stat(path) instanceof DirectoryNode;
    if (err < 0 && !exists) status = yield* complain(process, 'mkdir', `cannot create directory ${quoted(path)}: ${strerror(err)}`);
  }
  return status;
};

const rmdir: Program = function* (process, argv) {
  const { operands, error } = getopt(argv, 'pv');
  if (error) return yield* usage(process, 'rmdir', error);
  if (operands.length === 0) return yield* usage(process, 'rmdir', 'missing operand');
  let status = 0;
  for (const path of operands) {
    const err = process.rmdir(path);
    if (err < 0) status = yield* complain(process, 'rmdir', `failed to remove ${quoted(path)}: ${strerror(err)}`);
  }
  return status;
};

function* removeTree(process: Process, path: string): KernelCode<number> {
  const node = process.stat(path, false);
  if (node instanceof DirectoryNode) {
    for (const name of [...node.names()]) {
      const status = yield* removeTree(process, `${path.replace(/\/$/, '')}/${name}`);
      if (status !== 0) return status;
    }
  }
  const err = typeof node === 'number' ? node : node instanceof DirectoryNode ? process.rmdir(path) : process.unlink(path);
  return err < 0 ? yield* complain(process, 'rm', `cannot remove ${quoted(path)}: ${strerror(err)}`) : 0;
}

const rm: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'rRfivd', { recursive: 'r', force: 'f', dir: 'd', verbose: 'v' });
  if (error) return yield* usage(process, 'rm', error);
  if (operands.length === 0) return flags.has('f') ? 0 : yield* usage(process, 'rm', 'missing operand');
  let status = 0;
  for (const path of operands) {
    const node = process.stat(path, false);
    if (/(?:^|\/)\.\.?\/*$/.test(path)) {
      status = yield* complain(process, 'rm', `refusing to remove '.' or '..' directory: skipping ${quoted(path)}`);
      continue;
    }
    if (node === ERRNO.ENOENT && flags.has('f')) continue;
    if (typeof node === 'number') status = yield* complain(process, 'rm', `cannot remove ${quoted(path)}: ${strerror(node)}`);
    else if (node instanceof DirectoryNode && !flags.has('r') && !flags.has('R'))
      status = yield* complain(process, 'rm', `cannot remove ${quoted(path)}: Is a directory`);
    else status = (yield* removeTree(process, path)) || status;
  }
  return status;
};

/** Where `cp`, `mv` and `ln` put `from`: into `to` when that is a directory. */
function destination(process: Process, from: string, to: string): string {
  return process.stat(to) instanceof DirectoryNode ? `${to.replace(/\/$/, '')}/${from.replace(/\/+$/, '').replace(/^.*\//, '')}` : to;
}

interface Copy {
  readonly recursive: boolean;
  /** Symlinks are copied as what they are: below an operand of `-r`, everywhere with `-a`, `-d` and `-P`, nowhere with `-L`. */
  readonly links: 'below' | 'all' | 'none';
  /** Directories above, without symlinks, which `-L` must not enter again. */
  readonly above?: readonly FsNode[];
}

function* copyFile(process: Process, from: string, to: string, copy: Copy): KernelCode<number> {
  const { recursive, links, above } = copy;
  const node = process.stat(from, !(links === 'all' || (links === 'below' && above)));
  if (typeof node === 'number') return yield* complain(process, 'cp', `cannot stat ${quoted(from)}: ${strerror(node)}`);
  if (node instanceof SymlinkNode) {
    const there = process.stat(to, false);
    if (typeof there !== 'number' && !(there instanceof DirectoryNode)) process.unlink(to);
    const err = process.symlink(node.target, to);
    return err < 0 ? yield* complain(process, 'cp', `cannot create symbolic link ${quoted(to)}: ${strerror(err)}`) : 0;
  }
  if (node instanceof DirectoryNode) {
    if (!recursive) return yield* complain(process, 'cp', `-r not specified; omitting directory ${quoted(from)}`);
    const into = process.kernel.vfs.resolve(to, process.cwd);
    if (above?.includes(node)) return yield* complain(process, 'cp', `cannot copy cyclic symbolic link ${quoted(from)}`);
    const own = process.kernel.vfs.resolve(from, process.cwd);
    if (typeof into !== 'number' && typeof own !== 'number' && !above && `${into.path}/`.startsWith(`${own.path}/`))
      return yield* complain(process, 'cp', `cannot copy a directory, ${quoted(from)}, into itself, ${quoted(to)}`);
    const err = process.mkdir(to);
    if (err < 0 && err !== ERRNO.EEXIST) return yield* complain(process, 'cp', `cannot create directory ${quoted(to)}: ${strerror(err)}`);
    let status = 0;
    const below = { ...copy, above: [...(above ?? []), node] };
    for (const name of [...node.names()]) status = (yield* copyFile(process, `${from}/${name}`, `${to}/${name}`, below)) || status;
    return status;
  }
  const input = yield* process.open(from, O.RDONLY);
  if (input < 0) return yield* complain(process, 'cp', `cannot open ${quoted(from)} for reading: ${strerror(input)}`);
  const output = yield* process.open(to, O.WRONLY | O.CREAT | O.TRUNC, node.mode);
  let status = 0;
  if (output < 0) status = yield* complain(process, 'cp', `cannot create regular file ${quoted(to)}: ${strerror(output)}`);
  while (output >= 0) {
    const data = yield* process.read(input, READ_SIZE);
    if (typeof data === 'number') status = yield* complain(process, 'cp', `error reading ${quoted(from)}: ${strerror(data)}`);
    if (typeof data === 'number' || data.length === 0) break;
    const err = yield* writeAll(process, output, data);
    if (err < 0) {
      status = yield* complain(process, 'cp', `error writing ${quoted(to)}: ${strerror(err)}`);
      break;
    }
  }
  if (output >= 0) yield* process.close(output);
  yield* process.close(input);
  return status;
}

const cp: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'rRafpvdLPT', { recursive: 'r', archive: 'a', force: 'f', verbose: 'v' });
  if (error) return yield* usage(process, 'cp', error);
  if (operands.length === 0) return yield* usage(process, 'cp', 'missing file operand');
  const to = operands.at(-1)!;
  if (operands.length === 1) return yield* usage(process, 'cp', `missing destination file operand after ${quoted(to)}`);
  if (operands.length > 2 && !(process.stat(to) instanceof DirectoryNode))
    return yield* complain(process, 'cp', `target ${quoted(to)} is not a directory`);
  let status = 0;
  const recursive = ['r', 'R', 'a'].some((letter) => flags.has(letter));
  const links = flags.has('L') ? 'none' : ['a', 'd', 'P'].some((letter) => flags.has(letter)) ? 'all' : recursive ? 'below' : 'none';
  for (const from of operands.slice(0, -1))
    status = (yield* copyFile(process, from, destination(process, from, to), { recursive, links })) || status;
  return status;
};

const mv: Program = function* (process, argv) {
  const { operands, error } = getopt(argv, 'fvni', { force: 'f' });
  if (error) return yield* usage(process, 'mv', error);
  if (operands.length === 0) return yield* usage(process, 'mv', 'missing file operand');
  const to = operands.at(-1)!;
  if (operands.length === 1) return yield* usage(process, 'mv', `missing destination file operand after ${quoted(to)}`);
  let status = 0;
  for (const from of operands.slice(0, -1)) {
    const node = process.stat(from, false);
    if (typeof node === 'number') {
      status = yield* complain(process, 'mv', `cannot stat ${quoted(from)}: ${strerror(node)}`);
      continue;
    }
    const target = destination(process, from, to);
    let err = process.rename(from, target);
    if (err === ERRNO.EXDEV)
      err =
        (yield* copyFile(process, from, target, { recursive: true, links: 'all' })) === 0
          ? (yield* removeTree(process, from)) === 0
            ? 0
            : ERRNO.EPERM
          : ERRNO.EXDEV;
    if (err < 0) status = yield* complain(process, 'mv', `cannot move ${quoted(from)} to ${quoted(target)}: ${strerror(err)}`);
  }
  return status;
};

const ln: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'sfnvr', { symbolic: 's', force: 'f' });
  if (error) return yield* usage(process, 'ln', error);
  if (operands.length === 0) return yield* usage(process, 'ln', 'missing file operand');
  const from = operands[0]!;
  const target = destination(process, from, operands[1] ?? '.');
  if (flags.has('f') && typeof process.stat(target, false) !== 'number') process.unlink(target);
  const err = flags.has('s') ? process.symlink(from, target) : process.link(from, target);
  if (err === 0) return 0;
  return yield* complain(
    process,
    'ln',
    `failed to create ${flags.has('s') ? 'symbolic' : 'hard'} link ${quoted(target)}: ${strerror(err)}`,
  );
};

const touch: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'acmr:t:d:', { 'no-create': 'c' });
  if (error) return yield* usage(process, 'touch', error);
  if (operands.length === 0) return yield* usage(process, 'touch', 'missing file operand');
  let status = 0;
  for (const path of operands) {
    const node = process.stat(path);
    if (typeof node !== 'number') node.mtimeNs = process.kernel.now;
    else if (!flags.has('c')) {
      const fd = yield* process.open(path, O.WRONLY | O.CREAT);
      if (fd < 0) status = yield* complain(process, 'touch', `cannot touch ${quoted(path)}: ${strerror(fd)}`);
      else yield* process.close(fd);
    }
  }
  return status;
};

/** `755`, `u+x`, `a=r,g-w`; undefined when it is no mode. */
function parseMode(text: string, old: number): number | undefined {
  if (/^[0-7]{1,4}$/.test(text)) return Number.parseInt(text, 8);
  let mode = old;
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause);
    if (!match) return undefined;
    const [, who, operator, what] = match;
    const all = who === '' || who!.includes('a');
    for (const [letter, shift] of [
      ['u', 6],
      ['g', 3],
      ['o', 0],
    ] as const) {
      if (!all && !who!.includes(letter)) continue;
      const bits = ((what!.includes('r') ? 4 : 0) | (what!.includes('w') ? 2 : 0) | (/[xX]/.test(what!) ? 1 : 0)) << shift;
      if (operator === '+') mode |= bits;
      else if (operator === '-') mode &= ~bits;
      else mode = (mode & ~(7 << shift)) | bits;
    }
  }
  return mode;
}

const chmod: Program = function* (process, argv) {
  const words = argv.slice(1).filter((word) => !/^-[Rvfc]+$/.test(word));
  if (words.length < 2)
    return yield* usage(process, 'chmod', words.length === 0 ? 'missing operand' : `missing operand after ${quoted(words[0]!)}`);
  let status = 0;
  for (const path of words.slice(1)) {
    const node = process.stat(path);
    const mode = typeof node === 'number' ? 0 : parseMode(words[0]!, node.mode);
    if (mode === undefined) return yield* usage(process, 'chmod', `invalid mode: ${quoted(words[0]!)}`);
    const err = typeof node === 'number' ? node : process.chmod(path, mode);
    if (err < 0) status = yield* complain(process, 'chmod', `cannot access ${quoted(path)}: ${strerror(err)}`);
  }
  return status;
};

const KINDS: Readonly<Record<FsNode['type'], string>> = {
  file: 'regular file',
  directory: 'directory',
  symlink: 'symbolic link',
  chrdev: 'character special file',
  fifo: 'fifo',
};

const stat: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'c:Lft', { 'format=': 'c', dereference: 'L' });
  if (error) return yield* usage(process, 'stat', error);
  if (operands.length === 0) return yield* usage(process, 'stat', 'missing operand');
  let status = 0;
  let text = '';
  for (const path of operands) {
    const node = process.stat(path, flags.has('L'));
    if (typeof node === 'number') {
      status = yield* complain(process, 'stat', `cannot statx ${quoted(path)}: ${strerror(node)}`);
      continue;
    }
    const inode = process.kernel.vfs.inode(node);
    const octal = (node.mode & 0o7777).toString(8);
    const device = node instanceof ChrdevNode ? [node.major.toString(16), node.minor.toString(16)] : ['0', '0'];
    const date = strftime('%Y-%m-%d %H:%M:%S.%N +0000', dateAt(node.mtimeNs), node.mtimeNs % 1e9);
    const fields: Readonly<Record<string, string>> = {
      n: path,
      N: node instanceof SymlinkNode ? `'${path}' -> '${node.target}'` : `'${path}'`,
      s: String(node.size),
      a: octal,
      A: modeText(node),
      F: KINDS[node.type],
      h: String(node.links),
      i: String(inode),
      U: 'root',
      G: 'root',
      u: '0',
      g: '0',
      t: device[0]!,
      T: device[1]!,
      y: date,
      Y: String(Math.floor(dateAt(node.mtimeNs).getTime() / 1000)),
      B: '512',
      b: '0',
      o: '4096',
      '%': '%',
    };
    const format = flags.get('c');
    if (format !== undefined) text += `${format.replace(/%(.)/g, (whole, letter: string) => fields[letter] ?? whole)}\n`;
    else {
      text += `  File: ${fields['N']!.replaceAll("'", '')}\n  Size: ${String(node.size).padEnd(15)}\tBlocks: 0          IO Block: 4096   ${KINDS[node.type]}\n`;
      text += `Device: 0,5\tInode: ${String(inode).padEnd(11)} Links: ${node.links}${node instanceof ChrdevNode ? `     Device type: ${node.major},${node.minor}` : ''}\n`;
      text += `Access: (${octal.padStart(4, '0')}/${modeText(node)})  Uid: (    0/    root)   Gid: (    0/    root)\nAccess: ${date}\nModify: ${date}\nChange: ${date}\n Birth: -\n`;
    }
  }
  return yield* finish(process, 'stat', text, status);
};

const readlink: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'femnqsvz', { canonicalize: 'f' });
  if (error) return yield* usage(process, 'readlink', error);
  if (operands.length === 0) return yield* usage(process, 'readlink', 'missing operand');
  let status = 0;
  let text = '';
  for (const path of operands) {
    if (flags.has('f') || flags.has('e') || flags.has('m')) {
      const found = process.kernel.vfs.resolve(path, process.cwd);
      if (typeof found === 'number' || (flags.has('e') && !found.node)) status = 1;
      else text += `${found.path}${flags.has('n') ? '' : '\n'}`;
    } else {
      const target = process.readlink(path);
      if (typeof target === 'number') status = 1;
      else text += `${target}${flags.has('n') ? '' : '\n'}`;
    }
  }
  return yield* finish(process, 'readlink', text, status);
};

const realpath: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'emqsz');
  if (error) return yield* usage(process, 'realpath', error);
  if (operands.length === 0) return yield* usage(process, 'realpath', 'missing operand');
  let status = 0;
  let text = '';
  for (const path of operands) {
    const found = process.kernel.vfs.resolve(path, process.cwd);
    const err = typeof found === 'number' ? found : flags.has('e') && !found.node ? ERRNO.ENOENT : 0;
    if (typeof found === 'number' || err < 0) {
      status = flags.has('q') ? 1 : yield* complain(process, 'realpath', `${path}: ${strerror(err)}`);
    } else text += `${found.path}\n`;
  }
  return yield* finish(process, 'realpath', text, status);
};

function which({ land }: System): Program {
  return function* (process, argv) {
    const { flags, operands } = getopt(argv, 'a');
    let status = operands.length === 0 ? 1 : 0;
    let text = '';
    for (const name of operands) {
      const path = name.includes('/')
        ? name
        : ['/usr/bin', '/usr/sbin'].map((directory) => `${directory}/${name}`).find((each) => typeof process.stat(each) !== 'number');
      if (path !== undefined && (land().isProgram(name) || typeof process.stat(path) !== 'number')) text += `${path}\n`;
      else status = 1;
    }
    void flags;
    return yield* finish(process, 'which', text, status);
  };
}

const mkfifo: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'm:', { 'mode=': 'm' });
  if (error) return yield* usage(process, 'mkfifo', error);
  if (operands.length === 0) return yield* usage(process, 'mkfifo', 'missing operand');
  let status = 0;
  for (const path of operands) {
    const err = process.mkfifo(path, flags.has('m') ? Number.parseInt(flags.get('m')!, 8) : 0o666);
    if (err < 0) status = yield* complain(process, 'mkfifo', `cannot create fifo ${quoted(path)}: ${strerror(err)}`);
  }
  return status;
};

/** Names that `mktemp` tries, in the same order in every run. */
const TEMPORARY = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const mktemp: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'dqup:t', { directory: 'd', 'tmpdir=': 'p' });
  if (error) return yield* usage(process, 'mktemp', error);
  const template = operands[0] ?? 'tmp.XXXXXXXXXX';
  const marks = /X{3,}$/.exec(template)?.[0].length;
  if (marks === undefined) return yield* complain(process, 'mktemp', `too few X's in template ${quoted(template)}`);
  const directory = flags.get('p') ?? (operands.length === 0 || flags.has('t') ? '/tmp' : undefined);
  for (let count = 0; count < TEMPORARY.length ** 2; count++) {
    const ending = (TEMPORARY[Math.floor(count / TEMPORARY.length)]! + TEMPORARY[count % TEMPORARY.length]!).padStart(marks, 'A');
    const path = `${directory === undefined ? '' : `${directory}/`}${template.slice(0, -marks)}${ending}`;
    const made = flags.has('d') ? process.mkdir(path, 0o700) : yield* process.open(path, O.RDWR | O.CREAT | O.EXCL, 0o600);
    if (made === ERRNO.EEXIST) continue;
    if (made < 0)
      return yield* complain(
        process,
        'mktemp',
        `failed to create ${flags.has('d') ? 'directory' : 'file'} via template ${quoted(template)}: ${strerror(made)}`,
      );
    return yield* finish(process, 'mktemp', `${path}\n`);
  }
  return yield* complain(process, 'mktemp', `failed to create file via template ${quoted(template)}: ${strerror(ERRNO.EEXIST)}`);
};

/** By name. */
export function directoryPrograms(system: System): Readonly<Record<string, Program>> {
  return { ls, dir: ls, mkdir, rmdir, rm, cp, mv, ln, touch, chmod, stat, readlink, realpath, mkfifo, mktemp, which: which(system) };
}
