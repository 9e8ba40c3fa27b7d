/**
 * A device tree in memory, as the Devicetree Specification 0.4 has it: nodes with properties, which are bytes until somebody reads them.
 *
 * Cells are big-endian. Order of nodes and properties is kept, since Linux makes its devices in the order of the nodes. Accessors do what
 * Linux's of_property_read_* do with a value of the wrong size: they give nothing, they never throw.
 */
import { decodeText, encodeText } from './text.ts';

/** An entry of the memory reservation block. */
export interface MemoryReservation {
  readonly address: bigint;
  readonly size: bigint;
}

/** A node: its name with the unit address, its properties, its children. */
export class DeviceTreeNode {
  /** With the unit address: `mailbox@30aa0000`; empty for the root. */
  readonly name: string;
  /** Undefined for the root, and for a node that was removed. */
  parent: DeviceTreeNode | undefined;
  private readonly values = new Map<string, Uint8Array>();
  private readonly nodes = new Map<string, DeviceTreeNode>();
  /** The first child of each name without unit address, once somebody asked for one. */
  private firsts: Map<string, DeviceTreeNode> | undefined;

  constructor(name: string, parent?: DeviceTreeNode) {
    this.name = name;
    this.parent = parent;
  }

  /** Properties in their order. */
  get properties(): ReadonlyMap<string, Uint8Array> {
    return this.values;
  }

  /** Children in their order, by name. */
  get children(): ReadonlyMap<string, DeviceTreeNode> {
    return this.nodes;
  }

  /** From the root: `/soc@0/bus@30800000/mailbox@30aa0000`. */
  get path(): string {
    const names: string[] = [];
    for (let node: DeviceTreeNode = this; node.parent; node = node.parent) names.push(node.name);
    return `/${names.reverse().join('/')}`;
  }

  /** Name without the unit address; Linux's `of_node_name`. */
  get baseName(): string {
    return this.name.split('@', 1)[0]!;
  }

  has(property: string): boolean {
    return this.values.has(property);
  }

  /** The bytes of a property; a flag has none, a missing one is undefined. */
  bytes(property: string): Uint8Array | undefined {
    return this.values.get(property);
  }

  /** All whole cells of a property; empty when it is missing. */
  cells(property: string): number[] {
    const value = this.values.get(property);
    if (!value) return [];
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    const cells: number[] = [];
    for (let at = 0; at + 4 <= value.length; at += 4) cells.push(view.getUint32(at));
    return cells;
  }

  /** `of_property_read_u32`: the first cell, or nothing when there is none. */
  cell(property: string): number | undefined {
    const value = this.values.get(property);
    return value && value.length >= 4 ? new DataView(value.buffer, value.byteOffset).getUint32(0) : undefined;
  }

  /** `of_property_read_string`: the first string; nothing when no NUL ends it. */
  string(property: string): string | undefined {
    const value = this.values.get(property);
    const end = value?.indexOf(0) ?? -1;
    return end < 0 ? undefined : decodeText(value!.subarray(0, end));
  }

  /** The strings of a list; what follows the last NUL is none. */
  strings(property: string): string[] {
    const value = this.values.get(property);
    const found: string[] = [];
    for (let at = 0, end = value?.indexOf(0) ?? -1; end >= 0; at = end + 1, end = value!.indexOf(0, at))
      found.push(decodeText(value!.subarray(at, end)));
    return found;
  }

  /** `phandle`, or `linux,phandle` of old trees; nothing when it is none (0, 0xffffffff). */
  get phandle(): number | undefined {
    const value = this.cell('phandle') ?? this.cell('linux,phandle');
    return value === 0 || value === 0xffff_ffff ? undefined : value;
  }

  /** `compatible`, the most specific first. */
  get compatible(): string[] {
    return this.strings('compatible');
  }

  /** `of_device_is_available`: no `status`, or `okay` or `ok`. */
  get available(): boolean {
    const status = this.values.get('status');
    if (!status) return true;
    const text = this.string('status');
    return text === 'okay' || text === 'ok';
  }

  /** Sets a property; a new one goes to the end. A string gets its NUL, numbers become cells, a list of strings a string list. */
  set(property: string, value: Uint8Array | string | number | readonly number[] | readonly string[] = new Uint8Array(0)): this {
    this.values.set(property, toBytes(value));
    return this;
  }

  delete(property: string): boolean {
    return this.values.delete(property);
  }

  /** Sets properties as libfdt does: an old one keeps its place, each new one becomes the first. */
  setFirst(entries: Iterable<readonly [string, Uint8Array]>): void {
    const fresh: [string, Uint8Array][] = [];
    const added = new Map<string, [string, Uint8Array]>();
    for (const [name, value] of entries) {
      const earlier = added.get(name);
      if (earlier) earlier[1] = value;
      else if (this.values.has(name)) this.values.set(name, value);
      else {
        const entry: [string, Uint8Array] = [name, value];
        fresh.push(entry);
        added.set(name, entry);
      }
    }
    prepend(this.values, fresh.reverse());
  }

  /** The child of exactly that name. */
  child(name: string): DeviceTreeNode | undefined {
    return this.nodes.get(name);
  }

  /** The child called `name`; without a unit address it also stands for the first node that has one, as in libfdt and U-Boot. */
  childByName(name: string): DeviceTreeNode | undefined {
    if (name.includes('@')) return this.nodes.get(name);
    // libfdt takes the first that fits, whichever way it fits.
    if (!this.firsts) {
      this.firsts = new Map();
      for (const node of this.nodes.values()) if (!this.firsts.has(node.baseName)) this.firsts.set(node.baseName, node);
    }
    return this.firsts.get(name);
  }

  /** Adds a child at the end, or gives the one that is there. */
  add(name: string): DeviceTreeNode {
    const old = this.nodes.get(name);
    if (old) return old;
    const node = new DeviceTreeNode(name, this);
    this.nodes.set(name, node);
    this.firsts = undefined;
    return node;
  }

  /** Adds new children as libfdt does, each before all others, and gives them in the order of `names`. */
  addFirst(names: readonly string[]): DeviceTreeNode[] {
    const fresh = names.map((name): [string, DeviceTreeNode] => [name, new DeviceTreeNode(name, this)]);
    prepend(this.nodes, [...fresh].reverse());
    this.firsts = undefined;
    return fresh.map(([, node]) => node);
  }

  /** Removes a child with all below it. */
  remove(name: string): boolean {
    const node = this.nodes.get(name);
    if (node) node.parent = undefined;
    this.firsts = undefined;
    return this.nodes.delete(name);
  }

  /** This node and all below it, parents before children, in order (`for_each_of_allnodes`). */
  *walk(): Generator<DeviceTreeNode, void, undefined> {
    yield this;
    for (const child of this.nodes.values()) yield* child.walk();
  }

  /** A copy of properties and children, under another parent. */
  copyTo(target: DeviceTreeNode): void {
    for (const [name, value] of this.values) target.values.set(name, value.slice());
    for (const [name, node] of this.nodes) node.copyTo(target.add(name));
  }
}

/** A whole tree. */
export class DeviceTree {
  readonly root = new DeviceTreeNode('');
  /** `/memreserve/`. */
  readonly reservations: MemoryReservation[] = [];
  /** Physical number of the CPU that boots (`boot_cpuid_phys`). */
  bootCpu = 0;

  /** The node at a full path, names spelt out with their unit addresses (`of_find_node_by_path` without aliases). */
  node(path: string): DeviceTreeNode | undefined {
    if (!path.startsWith('/')) return undefined;
    let node: DeviceTreeNode | undefined = this.root;
    for (const name of path.split('/')) if (name !== '') node = node?.child(name);
    return node;
  }

  /** The node that a user means: a path with or without unit addresses, or an alias, alone or before a path (`fdt_path_offset`). */
  find(path: string): DeviceTreeNode | undefined {
    let start = path;
    if (!path.startsWith('/')) {
      const [alias, ...rest] = path.split('/');
      const target = this.root.childByName('aliases')?.string(alias!);
      // An alias of an alias is none, which also ends every circle.
      if (!target?.startsWith('/')) return undefined;
      start = [target, ...rest].join('/');
    }
    let node: DeviceTreeNode | undefined = this.root;
    for (const name of start.split('/')) if (name !== '') node = node?.childByName(name);
    return node;
  }

  /** The first node with each phandle; for many lookups in a tree that does not change. */
  phandles(): Map<number, DeviceTreeNode> {
    const index = new Map<number, DeviceTreeNode>();
    for (const node of this.root.walk()) {
      const { phandle } = node;
      if (phandle !== undefined && !index.has(phandle)) index.set(phandle, node);
    }
    return index;
  }

  /** The first node with a phandle (`of_find_node_by_phandle`). */
  byPhandle(phandle: number): DeviceTreeNode | undefined {
    for (const node of this.root.walk()) if (node.phandle === phandle) return node;
    return undefined;
  }

  /** A copy that shares nothing with this tree. */
  clone(): DeviceTree {
    const copy = new DeviceTree();
    copy.bootCpu = this.bootCpu;
    copy.reservations.push(...this.reservations);
    this.root.copyTo(copy.root);
    return copy;
  }
}

function prepend<T>(map: Map<string, T>, entries: readonly (readonly [string, T])[]): void {
  if (entries.length === 0) return;
  const rest = [...map];
  map.clear();
  for (const [name, value] of entries) map.set(name, value);
  for (const [name, value] of rest) map.set(name, value);
}

/** Bytes of a property: text with its NUL, cells, or a string list. */
export function toBytes(value: Uint8Array | string | number | readonly number[] | readonly string[]): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return encodeText(`${value}\0`);
  const list: readonly (string | number)[] = typeof value === 'number' ? [value] : value;
  if (list.every((item) => typeof item === 'string')) return encodeText(list.map((item) => `${item}\0`).join(''));
  const bytes = new Uint8Array(4 * list.length);
  const view = new DataView(bytes.buffer);
  for (const [index, cell] of list.entries()) view.setUint32(4 * index, Number(cell) >>> 0);
  return bytes;
}
