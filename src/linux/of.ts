/**
 * Drivers' questions to the device tree, as Linux 6.1 answers them: drivers/of/base.c and irq.c.
 *
 * Errors are negative errnos, and dmesg gets the lines that the kernel prints for a tree that does not fit. Interrupts are those of a GIC:
 * `interrupt-map` is not modelled.
 */
import type { DeviceTree, DeviceTreeNode } from '../devicetree/tree.ts';
import { ERRNO } from './kernel.ts';

/** `struct of_phandle_args`. */
export interface PhandleArgs {
  readonly node: DeviceTreeNode;
  readonly args: readonly number[];
}

/** `GIC_SPI`: type cell of a shared peripheral interrupt. */
const GIC_SPI = 0;

/** The tree with which a kernel was booted. It must not change any more. */
export class OfTree {
  readonly tree: DeviceTree;
  private readonly print: (text: string) => void;
  private readonly phandles: ReadonlyMap<number, DeviceTreeNode>;

  /** `print` gets what the kernel prints about a tree that does not fit, at level 3 (KERN_ERR). */
  constructor(tree: DeviceTree, print: (text: string) => void) {
    this.tree = tree;
    this.print = print;
    this.phandles = tree.phandles();
  }

  /** `of_find_node_by_phandle`. */
  byPhandle(phandle: number): DeviceTreeNode | undefined {
    return this.phandles.get(phandle);
  }

  /** `of_parse_phandle`: the node that cell `index` of a list of phandles refers to. */
  parsePhandle(node: DeviceTreeNode, list: string, index: number): DeviceTreeNode | undefined {
    return this.phandles.get(node.cells(list)[index] ?? 0);
  }

  /** `of_parse_phandle_with_args`: entry `index` of a list of phandles with arguments, or -ENOENT or -EINVAL, of which dmesg is told if it `prints`. */
  parsePhandleWithArgs(node: DeviceTreeNode, list: string, cellsName: string, index: number, prints = true): PhandleArgs | number {
    if (index < 0) return ERRNO.EINVAL;
    const refuse = (text: string): number => {
      if (prints) this.print(`OF: ${node.path}: ${text}`);
      return ERRNO.EINVAL;
    };
    const cells = node.cells(list);
    for (let at = 0, entry = 0; at < cells.length; entry++) {
      const phandle = cells[at++]!;
      if (phandle === 0) {
        // An empty entry without arguments.
        if (entry === index) return ERRNO.ENOENT;
        continue;
      }
      const target = this.phandles.get(phandle);
      if (!target) return refuse(`could not find phandle ${phandle | 0}`);
      const count = target.cell(cellsName);
      if (count === undefined) return refuse(`could not get ${cellsName} for ${target.path}`);
      if (at + count > cells.length) return refuse(`${cellsName} = ${count | 0} found ${cells.length - at}`);
      if (entry === index) return { node: target, args: cells.slice(at, at + count) };
      at += count;
    }
    return ERRNO.ENOENT;
  }

  /** `of_irq_get` of a device below a GIC: the number of its SPI, or a negative errno. */
  interrupt(node: DeviceTreeNode, index: number): number {
    const extended = this.parsePhandleWithArgs(node, 'interrupts-extended', '#interrupt-cells', index);
    if (typeof extended !== 'number') return spi(extended.args);
    const parent = this.interruptParent(node);
    const count = parent?.cell('#interrupt-cells');
    if (!count) return ERRNO.EINVAL;
    const cells = node.cells('interrupts');
    if ((index + 1) * count > cells.length) return ERRNO.EINVAL;
    return spi(cells.slice(index * count, (index + 1) * count));
  }

  /** `of_irq_find_parent`. */
  private interruptParent(node: DeviceTreeNode): DeviceTreeNode | undefined {
    for (let above: DeviceTreeNode | undefined = node; above; above = above.parent) {
      const parent = above.cell('interrupt-parent');
      if (parent !== undefined) return this.phandles.get(parent);
      if (above !== node && above.has('#interrupt-cells')) return above;
    }
    return undefined;
  }
}

function spi(args: readonly number[]): number {
  return args.length >= 2 && args[0] === GIC_SPI ? args[1]! : ERRNO.EINVAL;
}

/** `of_match_node`: the entry of a driver's table that names the node best, that is, the node's first `compatible` that is in it. */
export function matchNode<T extends { readonly compatible: string }>(table: readonly T[], node: DeviceTreeNode): T | undefined {
  for (const compatible of node.strings('compatible')) {
    const found = table.find((entry) => entry.compatible === compatible);
    if (found) return found;
  }
  return undefined;
}
