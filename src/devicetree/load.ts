/**
 * Device trees as users give them: a blob or its source, with overlays, or nothing but a board.
 */
import { DeviceTreeError } from '../errors.ts';
import type { BoardDescription, SocDescription } from '../soc/soc.ts';
import { builtInTree, type RpmsgTransport } from './built-in-tree.ts';
import type { IncludeFile } from './dts-scanner.ts';
import { applyOverlay } from './overlay.ts';
import { isDtb, parseDtb } from './parse-dtb.ts';
import { parseDts } from './parse-dts.ts';
import { decodeText } from './text.ts';
import { DeviceTree } from './tree.ts';

/** An overlay with the name under which errors show it. */
export interface NamedTree {
  readonly name: string;
  readonly tree: DeviceTree;
}

/** Reads a blob or a source, whichever the bytes are; labels of a source become symbols. @throws {DeviceTreeError} */
export function loadTree(bytes: Uint8Array, file = 'device tree', include?: IncludeFile): DeviceTree {
  if (!isDtb(bytes) && isSource(bytes, file)) return parseDts(decodeText(bytes), { file, symbols: true, ...(include ? { include } : {}) });
  const tree = parseDtb(bytes, file);
  if (tree.node('/images') && tree.node('/configurations'))
    throw new DeviceTreeError(
      'E_DTB_MAGIC',
      `${file}: it is a FIT image, a container of kernels and trees`,
      'take the tree out of it: dumpimage -T flat_dt -p <number> -o board.dtb',
      file,
    );
  return tree;
}

/** A tree as callers may give it. */
export type TreeInput = DeviceTree | Uint8Array | NamedTree;

/** The tree of a machine: the user's, or the one that is built in, with the overlays merged in their order. @throws {DeviceTreeError} */
export function chooseTree(
  soc: SocDescription,
  board: BoardDescription,
  {
    dtb,
    overlays = [],
    transport,
  }: { readonly dtb?: TreeInput; readonly overlays?: readonly TreeInput[]; readonly transport?: RpmsgTransport } = {},
): DeviceTree {
  let tree = dtb ? named(dtb, 'device tree').tree : builtInTree(soc, board, transport);
  for (const [index, input] of overlays.entries()) {
    const { name, tree: overlay } = named(input, overlays.length > 1 ? `overlay ${index + 1}` : 'overlay');
    tree = applyOverlay(tree, overlay, name);
  }
  return tree;
}

function named(input: TreeInput, name: string): NamedTree {
  if (input instanceof Uint8Array) return { name, tree: loadTree(input, name) };
  return input instanceof DeviceTree ? { name, tree: input } : input;
}

/** A name that says so, or text that begins as a source does. */
function isSource(bytes: Uint8Array, file: string): boolean {
  if (/\.(dts|dtsi|dtso)$/i.test(file)) return true;
  const start = decodeText(bytes.subarray(0, 4096));
  return !start.includes('\0') && /\/dts-v1\/|^\s*(\/\*|\/\/|#)/.test(start);
}
