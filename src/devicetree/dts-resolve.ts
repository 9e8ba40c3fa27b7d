/**
 * What dtc does with a source once it is read: phandles for those that are referred to, paths, symbols, and the fixups of overlays.
 *
 * Phandles are numbered, and properties placed, in dtc's order, so that the blob is the same to the byte.
 */
import { DeviceTreeError } from '../errors.ts';
import type { SourceNode, ValuePart } from './dts-source-tree.ts';
import { encodeText } from './text.ts';
import { type DeviceTree, type DeviceTreeNode, toBytes } from './tree.ts';

/** A source that was read. */
export interface ReadSource {
  /** Takes the result. */
  readonly tree: DeviceTree;
  readonly root: SourceNode;
  /** The node of a label or path. */
  readonly find: (reference: string) => SourceNode | undefined;
  readonly labels: ReadonlyMap<string, SourceNode>;
  readonly plugin: boolean;
  readonly symbols: boolean;
}

type Reference = Exclude<ValuePart, Uint8Array>;

/** Resolves everything and fills `source.tree`. @throws {DeviceTreeError} */
export function resolveSource(source: ReadSource): void {
  const { tree, root, find, plugin, symbols } = source;
  const phandles = new Phandles(root);
  for (const { reference } of referencesOf(root, 'phandle')) {
    const target = find(reference.reference);
    if (!target && !plugin) throw unresolved(reference);
    if (!target) continue;
    target.referenced = true;
    phandles.of(target);
  }
  for (const { reference } of referencesOf(root, 'path')) {
    const target = find(reference.reference);
    if (!target) throw unresolved(reference);
    target.referenced = true;
  }
  omitUnused(root, symbols);
  if (symbols) for (const node of root.walk()) if (node.labels.length > 0) phandles.of(node);
  tree.bootCpu = bootCpu(root);
  convert(root, tree.root, find);
  if (symbols) addSymbols(tree, root);
  if (plugin) addFixups(source);
}

function unresolved({ reference, place }: Reference): DeviceTreeError {
  const remedy = 'check the label; an overlay needs /plugin/; after /dts-v1/;';
  return new DeviceTreeError('E_DTS_REFERENCE', `${place}: Reference to non-existent node or label "${reference}"`, remedy, place);
}

interface Found {
  readonly node: SourceNode;
  readonly property: string;
  readonly reference: Reference;
  /** Byte of the value at which a phandle stands. */
  readonly offset: number;
}

/** References of one kind in the order of the tree. Offsets leave paths out, which come into the value later. */
function* referencesOf(root: SourceNode, kind: Reference['kind']): Generator<Found, void, undefined> {
  for (const node of root.walk()) {
    for (const [property, { parts, deleted }] of node.properties) {
      if (deleted) continue;
      let offset = 0;
      for (const part of parts) {
        if (!(part instanceof Uint8Array) && part.kind === kind) yield { node, property, reference: part, offset };
        offset += part instanceof Uint8Array ? part.length : part.kind === 'phandle' ? 4 : 0;
      }
    }
  }
}

/** Numbers nodes that have no phandle of their own. */
class Phandles {
  private readonly used = new Map<number, SourceNode>();
  private next = 1;

  constructor(root: SourceNode) {
    for (const node of root.walk()) this.readExplicit(node);
  }

  /** `check_explicit_phandles`. */
  private readExplicit(node: SourceNode): void {
    for (const name of ['phandle', 'linux,phandle']) {
      const parts = node.get(name)?.parts ?? [];
      const value = parts.length === 1 && parts[0] instanceof Uint8Array ? parts[0] : undefined;
      if (!value) continue;
      const phandle = value.length === 4 ? new DataView(value.buffer, value.byteOffset).getUint32(0) : 0;
      const fail = (text: string): never => {
        throw new DeviceTreeError(
          'E_DTS_REFERENCE',
          `${node.path}: ${name} ${text}`,
          'leave phandles to dtc: give the node a label',
          node.path,
        );
      };
      if (value.length !== 4) fail(`has bad length (${value.length})`);
      if (phandle === 0 || phandle === 0xffff_ffff) fail(`has bad value (0x${phandle.toString(16)})`);
      const other = this.used.get(phandle);
      if (other && other !== node) fail(`is duplicated: 0x${phandle.toString(16)} (seen before at ${other.path})`);
      this.used.set(phandle, node);
      node.phandle = phandle;
    }
  }

  /** `get_node_phandle`. */
  of(node: SourceNode): number {
    if (node.phandle !== undefined) return node.phandle;
    while (this.used.has(this.next)) this.next++;
    node.phandle = this.next;
    this.used.set(this.next, node);
    // A node whose phandle refers to itself has the property already.
    if (!node.get('phandle')) {
      node.properties.delete('phandle');
      node.set('phandle', [toBytes(node.phandle)]);
    }
    return node.phandle;
  }
}

/** `fixup_omit_unused_nodes`. */
function omitUnused(node: SourceNode, symbols: boolean): void {
  for (const child of node.live()) {
    if (child.omitIfUnused && !child.referenced && !(symbols && child.labels.length > 0)) child.erase();
    else omitUnused(child, symbols);
  }
}

/** `guess_boot_cpuid`: `reg` of the first node of /cpus, when it is one cell. */
function bootCpu(root: SourceNode): number {
  const [first] = root.find('/cpus')?.live() ?? [];
  const parts = first?.get('reg')?.parts ?? [];
  const value = parts.length === 1 && parts[0] instanceof Uint8Array ? parts[0] : undefined;
  return value?.length === 4 ? new DataView(value.buffer, value.byteOffset).getUint32(0) : 0;
}

function convert(from: SourceNode, to: DeviceTreeNode, find: ReadSource['find']): void {
  for (const [name, { parts, deleted }] of from.properties) {
    if (!deleted) to.set(name, join(parts.map((part) => (part instanceof Uint8Array ? part : referenceBytes(part, find)))));
  }
  for (const child of from.live()) convert(child, to.add(child.name), find);
}

function referenceBytes({ kind, reference }: Reference, find: ReadSource['find']): Uint8Array {
  const target = find(reference);
  if (kind === 'path') return encodeText(`${target?.path ?? ''}\0`);
  return toBytes(target?.phandle ?? 0xffff_ffff);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** `generate_label_tree`. */
function addSymbols(tree: DeviceTree, root: SourceNode): void {
  for (const node of root.walk()) {
    for (const label of [...node.labels].reverse()) {
      const symbols = tree.root.add('__symbols__');
      if (!symbols.has(label)) symbols.set(label, node.path);
    }
  }
}

/** `generate_fixups_tree` and `generate_local_fixups_tree`. */
function addFixups({ tree, root, find }: ReadSource): void {
  const all = [...referencesOf(root, 'phandle')];
  const fixups = new Map<string, Uint8Array[]>();
  for (const { node, property, reference, offset } of all) {
    if (find(reference.reference)) continue;
    const entries = fixups.get(reference.reference) ?? [];
    fixups.set(reference.reference, entries);
    entries.push(encodeText(`${node.path}:${property}:${offset}\0`));
  }
  for (const [label, entries] of fixups) tree.root.add('__fixups__').set(label, join(entries));
  const local = new Map<SourceNode, Map<string, number[]>>();
  for (const { node, property, reference, offset } of all) {
    if (!find(reference.reference)) continue;
    const properties = local.get(node) ?? new Map<string, number[]>();
    const offsets = properties.get(property) ?? [];
    local.set(node, properties.set(property, offsets));
    offsets.push(offset);
  }
  for (const [node, properties] of local) {
    let at = tree.root.add('__local_fixups__');
    for (const name of node.path.split('/')) if (name !== '') at = at.add(name);
    for (const [property, offsets] of properties) at.set(property, offsets);
  }
}
