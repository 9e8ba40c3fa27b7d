/** The device tree as rows: collapsed, searched, with phandles found. No DOM. */
import type { TreeNodeView } from '../../../../src/view/protocol.ts';

export interface TreeRow {
  readonly node: TreeNodeView;
  readonly depth: number;
  readonly open: boolean;
  readonly leaf: boolean;
  /** What was searched for is in it, not only below. */
  readonly hit: boolean;
}

/** Rows of a tree: children of nodes in `open`; with a word, only what has it, and the ways there. */
export function treeRows(root: TreeNodeView, open: ReadonlySet<string>, word: string): TreeRow[] {
  const wanted = word.trim().toLowerCase();
  const rows: TreeRow[] = [];
  const kept = wanted === '' ? undefined : matching(root, wanted);
  const walk = (node: TreeNodeView, depth: number) => {
    const children = kept === undefined ? node.children : node.children.filter((child) => kept.has(child.path));
    const shown = kept === undefined ? open.has(node.path) : children.length > 0;
    rows.push({ node, depth, open: shown, leaf: children.length === 0, hit: wanted !== '' && nodeMatches(node, wanted) });
    if (shown) for (const child of children) walk(child, depth + 1);
  };
  walk(root, 0);
  return rows;
}

function nodeMatches(node: TreeNodeView, wanted: string): boolean {
  return (
    node.name.toLowerCase().includes(wanted) ||
    node.properties.some(({ name, value }) => name.toLowerCase().includes(wanted) || value.toLowerCase().includes(wanted))
  );
}

/** Paths of nodes that match, and of all above them. */
function matching(root: TreeNodeView, wanted: string): Set<string> {
  const found = new Set<string>();
  const walk = (node: TreeNodeView): boolean => {
    let any = nodeMatches(node, wanted);
    for (const child of node.children) any = walk(child) || any;
    if (any) found.add(node.path);
    return any;
  };
  walk(root);
  return found;
}

/** The node at a path. */
export function nodeAt(root: TreeNodeView, path: string): TreeNodeView | undefined {
  if (root.path === path) return root;
  for (const child of root.children) {
    if (path === child.path || path.startsWith(`${child.path}/`)) return nodeAt(child, path);
  }
  return undefined;
}

/** Paths of all nodes above one. */
export function ancestors(path: string): string[] {
  const parts = path.split('/').filter(Boolean);
  return ['/', ...parts.slice(0, -1).map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}

/** What a tree can be asked for by number or name. */
export interface References {
  readonly byPhandle: ReadonlyMap<number, TreeNodeView>;
  readonly paths: ReadonlySet<string>;
}

export function references(root: TreeNodeView): References {
  const byPhandle = new Map<number, TreeNodeView>();
  const paths = new Set<string>();
  const walk = (node: TreeNodeView) => {
    paths.add(node.path);
    for (const name of ['phandle', 'linux,phandle']) {
      const cell = cellOf(node, name);
      if (cell !== undefined) byPhandle.set(cell, node);
    }
    node.children.forEach(walk);
  };
  walk(root);
  return { byPhandle, paths };
}

/** The first cell of a property. */
function cellOf(node: TreeNodeView, property: string): number | undefined {
  const value = node.properties.find(({ name }) => name === property)?.value;
  const cell = /0x[\da-f]+|\d+/i.exec(value ?? '');
  return cell === null ? undefined : Number(cell[0]);
}

/** Properties that hold phandles, as the specification and the bindings say, with the property of the target that tells how many cells follow each. */
const PHANDLES: readonly (readonly [properties: RegExp, cells: string | undefined])[] = [
  [
    /^(interrupt-parent|memory-region|syscon|next-level-cache|cpus?|msi-parent|nvmem-cells|nvmem|pinctrl-\d+|remote-endpoint|.*-supply|trip|operating-points-v2)$/,
    undefined,
  ],
  [/^(clocks|assigned-clocks|assigned-clock-parents)$/, '#clock-cells'],
  [/^mboxes$/, '#mbox-cells'],
  [/^interrupts-extended$/, '#interrupt-cells'],
  [/^power-domains$/, '#power-domain-cells'],
  [/^resets$/, '#reset-cells'],
  [/^dmas$/, '#dma-cells'],
  [/^phys$/, '#phy-cells'],
  [/^((.*-)?gpios?)$/, '#gpio-cells'],
  [/^iommus$/, '#iommu-cells'],
  [/^thermal-sensors$/, '#thermal-sensor-cells'],
  [/^pwms$/, '#pwm-cells'],
  [/^hwlocks$/, '#hwlock-cells'],
];

export type ValuePart = { readonly text: string; readonly path?: string };

/** A property's value in pieces; those that mean another node have its path. */
export function linkedValue(name: string, value: string, known: References): ValuePart[] {
  const parts: ValuePart[] = [];
  const add = (text: string, path?: string) => {
    if (text === '') return;
    const last = parts.at(-1);
    if (path === undefined && last !== undefined && last.path === undefined) parts[parts.length - 1] = { text: last.text + text };
    else parts.push(path === undefined ? { text } : { text, path });
  };
  const rule = PHANDLES.find(([properties]) => properties.test(name));
  /** Cells that belong to the phandle before. */
  let skip = 0;
  let end = 0;
  for (const match of value.matchAll(/"(\/[^"]*)"|"[^"]*"|0x[\da-f]+|\b\d+\b/gi)) {
    add(value.slice(end, match.index));
    const [text, quoted] = match;
    end = match.index + text.length;
    const path = quoted?.split(':')[0];
    if (path !== undefined) add(text, known.paths.has(path) ? path : undefined);
    else if (text.startsWith('"') || rule === undefined) add(text);
    else if (skip > 0) {
      skip -= 1;
      add(text);
    } else {
      const target = known.byPhandle.get(Number(text));
      if (target !== undefined && rule[1] !== undefined) skip = cellOf(target, rule[1]) ?? 0;
      add(text, target?.path);
    }
  }
  add(value.slice(end));
  return parts;
}

/** How many nodes there are. */
export function countNodes(root: TreeNodeView): number {
  return 1 + root.children.reduce((sum, child) => sum + countNodes(child), 0);
}
