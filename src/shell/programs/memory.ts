/**
 * df and free: what file systems and memory have left, in the columns of coreutils and procps.
 */
import { strerror } from '../../linux/errno.ts';
import type { DirectoryNode } from '../../linux/fs/vfs.ts';
import type { Process, Program } from '../../linux/process.ts';
import { complain, finish, getopt, latin1, readFile, usage } from '../io.ts';

interface Space {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  /** In KiB. */
  readonly total: number;
  readonly free: number;
}

/** Mounted file systems; those of the kernel itself have no blocks. */
function spaces(process: Process): Space[] {
  return process.kernel.vfs.mounts.map(({ source, target, type, root }) => {
    const { fs } = root as DirectoryNode & { readonly fs?: { readonly usage: { blockSize: number; blocks: number; free: number } } };
    const unit = (fs?.usage.blockSize ?? 0) / 1024;
    return { source, target, type, total: (fs?.usage.blocks ?? 0) * unit, free: (fs?.usage.free ?? 0) * unit };
  });
}

/** 1024 as `1.0K`, rounded up, as df -h shows it; `kib` are KiB. */
function human(kib: number): string {
  if (kib === 0) return '0';
  let value = kib;
  let unit = 0;
  for (; value >= 1024 && unit < 3; unit++) value /= 1024;
  return (value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : String(Math.ceil(value))) + 'KMGT'[unit];
}

/** Columns under their titles: text to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[], left: ReadonlySet<number>): string {
  const widths = rows[0]!.map((_title, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const cell = (text: string, column: number): string => (left.has(column) ? text.padEnd(widths[column]!) : text.padStart(widths[column]!));
  return rows.map((row) => `${row.map(cell).join(' ').trimEnd()}\n`).join('');
}

const df: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'haTkP', { 'human-readable': 'h', all: 'a', 'print-type': 'T', portability: 'P' });
  if (error) return yield* usage(process, 'df', error);
  let status = 0;
  let list = spaces(process).filter(({ total }) => total > 0 || flags.has('a'));
  if (operands.length > 0) {
    list = [];
    for (const path of operands) {
      const found = process.kernel.vfs.resolve(path, process.cwd);
      const below = (target: string): boolean =>
        typeof found !== 'number' && `${found.path}/`.startsWith(target === '/' ? '/' : `${target}/`);
      const mount =
        typeof found === 'number' || !found.node ? undefined : spaces(process).findLast(({ target }) => target !== '/' && below(target));
      if (typeof found === 'number' || !found.node)
        status = yield* complain(process, 'df', `${path}: ${strerror(typeof found === 'number' ? found : -2)}`);
      else list.push(mount ?? spaces(process)[0]!);
    }
    if (list.length === 0) return status;
  }
  const shown = (kib: number): string => (flags.has('h') ? human(kib) : String(kib));
  const type = (text: string): string[] => (flags.has('T') ? [text] : []);
  const head = flags.has('h') ? ['Size', 'Used', 'Avail', 'Use%'] : ['1K-blocks', 'Used', 'Available', 'Use%'];
  const rows = list.map((each) => {
    const used = each.total - each.free;
    const share = each.total === 0 ? '-' : `${Math.ceil((used / each.total) * 100)}%`;
    return [each.source, ...type(each.type), shown(each.total), shown(used), shown(each.free), share, each.target];
  });
  const columns = ['Filesystem', ...type('Type'), ...head, 'Mounted on'];
  return yield* finish(process, 'df', table([columns, ...rows], new Set([0, columns.length - 1, ...(flags.has('T') ? [1] : [])])), status);
};

const free: Program = function* (process, argv) {
  const { flags, error } = getopt(argv, 'bkmghtw', { bytes: 'b', kibi: 'k', mebi: 'm', gibi: 'g', human: 'h' });
  if (error) return yield* usage(process, 'free', error);
  const data = yield* readFile(process, '/proc/meminfo');
  if (typeof data === 'number') return yield* complain(process, 'free', `/proc/meminfo: ${strerror(data)}`);
  const kib = new Map([...latin1(data).matchAll(/^(\w+): *(\d+) kB$/gm)].map(([, name, value]) => [name!, Number(value)]));
  const of = (name: string): number => kib.get(name) ?? 0;
  const divisor = flags.has('b') ? 1 / 1024 : flags.has('m') ? 1024 : flags.has('g') ? 1024 ** 2 : 1;
  const shown = (value: number): string =>
    flags.has('h') ? `${human(value).replace(/(?<=[KMGT])$/, 'i')}` : String(Math.floor(value / divisor));
  const cache = of('Buffers') + of('Cached');
  const row = (name: string, values: readonly number[]): string =>
    `${name.padEnd(8)}${values
      .map((value) => shown(value).padStart(12))
      .join('')
      .trimEnd()}\n`;
  const used = of('MemTotal') - of('MemFree') - cache;
  const text =
    `${' '.repeat(15)}total        used        free      shared  buff/cache   available\n` +
    row('Mem:', [of('MemTotal'), used, of('MemFree'), of('Shmem'), cache, of('MemAvailable')]) +
    row('Swap:', [of('SwapTotal'), of('SwapTotal') - of('SwapFree'), of('SwapFree')]);
  return yield* finish(process, 'free', text);
};

/** By name. */
export const MEMORY_PROGRAMS: Readonly<Record<string, Program>> = { df, free };
