/**
 * Device trees from disk: `--dtb`, `--overlay`.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { loadTree, type NamedTree } from '../devicetree/load.ts';
import { UsageError } from '../errors.ts';

/** Bytes above which a file is refused unread. */
const LARGEST_FILE = 16 * 1024 * 1024;

/** Options that choose a tree, as every command has them. */
export interface TreeOptions {
  readonly dtb?: string;
  readonly overlay?: readonly string[];
}

/** Reads a blob or source; `/include/` is looked for beside the file that has it. @throws {UsageError | DeviceTreeError} */
export function readTree(path: string, option: string): NamedTree {
  const include = (name: string, from: string) => {
    const file = resolve(dirname(from), name);
    try {
      return { file, text: read(file, option).toString('utf8') };
    } catch {
      return undefined;
    }
  };
  return { name: path, tree: loadTree(new Uint8Array(read(path, option)), path, include) };
}

/** What the options give to a session or machine. @throws {UsageError | DeviceTreeError} */
export function readTrees({ dtb, overlay = [] }: TreeOptions): { dtb?: NamedTree['tree']; overlays?: NamedTree[] } {
  const overlays = overlay.map((path) => readTree(path, '--overlay'));
  return {
    ...(dtb === undefined ? {} : { dtb: readTree(dtb, '--dtb').tree }),
    ...(overlays.length > 0 ? { overlays } : {}),
  };
}

function read(path: string, option: string): Buffer {
  try {
    const stat = statSync(path);
    if (!stat.isFile() && !stat.isFIFO())
      throw new UsageError(`${path}: it is no file`, `give the path of a .dtb or .dts to ${option}`, path);
    if (stat.size > LARGEST_FILE) throw new UsageError(`${path}: ${stat.size} bytes are no device tree`, 'give a .dtb or .dts', path);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const text = code === 'ENOENT' ? 'no such file' : message;
    throw new UsageError(
      `${path}: ${text}`,
      `give the path of a .dtb or .dts to ${option}; imx-sim dts writes the one that is built in`,
      path,
    );
  }
}
