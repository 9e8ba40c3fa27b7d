/**
 * Writes a flattened device tree of version 17 (or 16), byte for byte as `dtc -O dtb` lays it out.
 *
 * Blocks: header, reservations, structure, strings; names of properties stand in the strings block once, and as the end of a longer one
 * where they can.
 */
import {
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_FIRST_VERSION,
  FDT_LAST_VERSION,
  FDT_MAGIC,
  FDT_PROP,
  HEADER,
  HEADER_SIZE,
} from './fdt-format.ts';
import type { DeviceTree, DeviceTreeNode } from './tree.ts';

const RESERVATION_SIZE = 16;
/** Characters of the longest end of a name that other names are looked for in; dtc looks in all, however long. */
const LONGEST_END = 64;

/** The blob of a tree; `padding` adds room at the end, as `dtc -p` does for a U-Boot that adds properties. */
export function writeDtb(tree: DeviceTree, { version = 17, padding = 0 }: { version?: 16 | 17; padding?: number } = {}): Uint8Array {
  const strings = new StringTable();
  const structure = new Sink();
  flatten(tree.root, structure, strings);
  structure.word(FDT_END);
  const reservations = align8(HEADER_SIZE[version]!);
  const structureAt = reservations + RESERVATION_SIZE * (tree.reservations.length + 1);
  const stringsAt = structureAt + structure.length;
  const total = stringsAt + strings.length + padding;
  const blob = new Uint8Array(total);
  const view = new DataView(blob.buffer);
  const header: readonly (readonly [number, number])[] = [
    [HEADER.magic, FDT_MAGIC],
    [HEADER.totalsize, total],
    [HEADER.structure, structureAt],
    [HEADER.strings, stringsAt],
    [HEADER.reservations, reservations],
    [HEADER.version, version],
    [HEADER.lastCompatible, FDT_FIRST_VERSION],
    [HEADER.bootCpu, tree.bootCpu],
    [HEADER.stringsSize, strings.length],
  ];
  for (const [offset, value] of header) view.setUint32(offset, value);
  if (version === FDT_LAST_VERSION) view.setUint32(HEADER.structureSize, structure.length);
  for (const [index, { address, size }] of tree.reservations.entries()) {
    view.setBigUint64(reservations + RESERVATION_SIZE * index, address);
    view.setBigUint64(reservations + RESERVATION_SIZE * index + 8, size);
  }
  blob.set(structure.bytes, structureAt);
  blob.set(strings.bytes, stringsAt);
  return blob;
}

function flatten(node: DeviceTreeNode, out: Sink, strings: StringTable): void {
  out.word(FDT_BEGIN_NODE);
  out.text(node.name);
  out.align();
  for (const [name, value] of node.properties) {
    out.word(FDT_PROP);
    out.word(value.length);
    out.word(strings.offset(name));
    out.append(value);
    out.align();
  }
  for (const child of node.children.values()) flatten(child, out, strings);
  out.word(FDT_END_NODE);
}

/** Bytes that grow. */
class Sink {
  length = 0;
  private buffer = new Uint8Array(4096);

  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  append(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.buffer.length) {
      const larger = new Uint8Array(2 * (this.length + bytes.length));
      larger.set(this.bytes);
      this.buffer = larger;
    }
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  word(value: number): void {
    this.append(new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]));
  }

  /** A name with its NUL. */
  text(name: string): void {
    this.append(Uint8Array.from(`${name}\0`, (character) => character.charCodeAt(0)));
  }

  align(): void {
    this.append(new Uint8Array(-this.length & 3));
  }
}

/** Names without repetition. */
class StringTable {
  private readonly sink = new Sink();
  /** Where each name, and each end of one, first stands. */
  private readonly known = new Map<string, number>();

  get length(): number {
    return this.sink.length;
  }

  get bytes(): Uint8Array {
    return this.sink.bytes;
  }

  offset(name: string): number {
    const old = this.known.get(name);
    if (old !== undefined) return old;
    const at = this.sink.length;
    this.sink.text(name);
    this.known.set(name, at);
    for (let skip = Math.max(1, name.length - LONGEST_END); skip < name.length; skip++) {
      const end = name.slice(skip);
      if (!this.known.has(end)) this.known.set(end, at + skip);
    }
    return at;
  }
}

function align8(value: number): number {
  return (value + 7) & ~7;
}
