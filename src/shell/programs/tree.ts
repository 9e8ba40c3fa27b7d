/**
 * tree(1): a directory with all below it. As the real one, it shows symlinks and does not follow them.
 */
import { DirectoryNode, SymlinkNode } from '../../linux/fs/vfs.ts';
import type { Program } from '../../linux/process.ts';
import { complain, finish, getopt, print, usage, writeError } from '../io.ts';

interface Counts {
  directories: number;
  files: number;
}

interface TreeOptions {
  readonly all: boolean;
  readonly onlyDirectories: boolean;
  readonly fullPaths: boolean;
  readonly noIndent: boolean;
  readonly depth: number;
}

/** Lines below a directory. */
function* lines(directory: DirectoryNode, path: string, indent: string, options: TreeOptions, counts: Counts): Generator<string> {
  if (options.depth === 0) return;
  const entries = directory
    .names()
    .filter((name) => options.all || !name.startsWith('.'))
    .sort()
    .flatMap((name) => {
      const node = directory.lookup(name);
      return node && (!options.onlyDirectories || node instanceof DirectoryNode) ? [{ name, node }] : [];
    });
  for (const [index, { name, node }] of entries.entries()) {
    const last = index === entries.length - 1;
    const below = `${path === '/' ? '' : path}/${name}`;
    const branch = options.noIndent ? '' : `${indent}${last ? '`-- ' : '|-- '}`;
    yield `${branch}${options.fullPaths ? below : name}${node instanceof SymlinkNode ? ` -> ${node.target}` : ''}\n`;
    if (!(node instanceof DirectoryNode)) {
      counts.files++;
      continue;
    }
    counts.directories++;
    yield* lines(node, below, `${indent}${last ? '    ' : '|   '}`, { ...options, depth: options.depth - 1 }, counts);
  }
}

function report({ directories, files }: Counts, onlyDirectories: boolean): string {
  const shown = `\n${directories} director${directories === 1 ? 'y' : 'ies'}`;
  return onlyDirectories ? `${shown}\n` : `${shown}, ${files} file${files === 1 ? '' : 's'}\n`;
}

/** `tree`. */
export const tree: Program = function* (process, argv) {
  const { flags, operands, error } = getopt(argv, 'adfinCNQpL:', { noreport: 'r' });
  if (error) return yield* usage(process, 'tree', error);
  const depth = flags.has('L') ? Number(flags.get('L')) : Number.POSITIVE_INFINITY;
  if (!(depth > 0)) return yield* complain(process, 'tree', 'Invalid level, must be greater than 0.');
  const options = {
    all: flags.has('a'),
    onlyDirectories: flags.has('d'),
    fullPaths: flags.has('f'),
    noIndent: flags.has('i'),
    depth,
  };
  const counts = { directories: 0, files: 0 };
  let status = 0;
  for (const path of operands.length > 0 ? operands : ['.']) {
    const node = process.stat(path);
    if (!(node instanceof DirectoryNode)) {
      yield* print(process, `${path}  [error opening dir]\n`);
      status = 2;
      continue;
    }
    let text = `${path}\n`;
    for (const line of lines(node, path.replace(/(.)\/+$/, '$1'), '', options, counts)) {
      text += line;
      if (text.length < 16_384) continue;
      const err = yield* print(process, text);
      if (err < 0) return yield* writeError(process, 'tree', err);
      text = '';
    }
    const err = yield* print(process, text);
    if (err < 0) return yield* writeError(process, 'tree', err);
  }
  return flags.has('r') ? status : yield* finish(process, 'tree', report(counts, options.onlyDirectories), status);
};
