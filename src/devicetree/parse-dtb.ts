/**
 * Reads a flattened device tree (.dtb, .dtbo), versions 16 and 17, from bytes that nobody has checked.
 *
 * What libfdt's fdt_check_full and dtc refuse is refused, under libfdt's names. Beyond that, trees that Linux could not use: more than
 * arm64 maps (2 MiB), deeper than its unflattening goes (64), names that cannot be files in /sys/firmware/devicetree.
 */
import { DeviceTreeError } from '../errors.ts';
import { hex } from '../memory/bits.ts';
import {
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_FIRST_VERSION,
  FDT_LAST_VERSION,
  FDT_MAGIC,
  FDT_NOP,
  FDT_PROP,
  HEADER,
  HEADER_SIZE,
  MOST_BYTES,
  MOST_LEVELS,
} from './fdt-format.ts';
import { LONGEST_NAME, nameProblem } from './text.ts';
import { DeviceTree, type DeviceTreeNode } from './tree.ts';

const AGAIN = 'compile it again with dtc, or copy the file again in binary mode';

/** Parses a blob; `place` names it in errors. @throws {DeviceTreeError} */
export function parseDtb(bytes: Uint8Array, place = 'device tree'): DeviceTree {
  return new Reader(bytes, place).read();
}

/** True when the bytes begin like a flattened device tree. */
export function isDtb(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === FDT_MAGIC;
}

class Reader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly place: string;
  private readonly names = new Map<number, string>();
  private totalsize = 0;
  private structure = 0;
  private structureEnd = 0;
  private strings = 0;
  private stringsSize = 0;

  constructor(bytes: Uint8Array, place: string) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.place = place;
  }

  read(): DeviceTree {
    this.readHeader();
    const tree = new DeviceTree();
    tree.bootCpu = this.view.getUint32(HEADER.bootCpu);
    this.readReservations(tree);
    this.readStructure(tree);
    return tree;
  }

  private fail(code: DeviceTreeError['code'], text: string, remedy = AGAIN): never {
    throw new DeviceTreeError(code, `${this.place}: ${text}`, remedy, this.place);
  }

  private truncated(what: string): never {
    return this.fail('E_DTB_TRUNCATED', `FDT_ERR_TRUNCATED: ${what}`);
  }

  private broken(at: number, what: string): never {
    return this.fail('E_DTB_STRUCTURE', `FDT_ERR_BADSTRUCTURE: ${what} (byte ${hex(at)})`);
  }

  /** `fdt_check_header`. */
  private readHeader(): void {
    const { bytes, view } = this;
    if (!isDtb(bytes)) {
      const found = bytes.length < 4 ? `it has ${bytes.length} bytes` : `it begins with ${hex(view.getUint32(0))}, not 0xd00dfeed`;
      this.fail('E_DTB_MAGIC', `FDT_ERR_BADMAGIC: ${found}`, 'give the .dtb or .dtbo that dtc made, or its source as .dts');
    }
    if (bytes.length < HEADER_SIZE[16]!) this.truncated(`${bytes.length} bytes are not even a header`);
    const version = view.getUint32(HEADER.version);
    const compatible = view.getUint32(HEADER.lastCompatible);
    if (version < FDT_FIRST_VERSION || compatible > FDT_LAST_VERSION || version < compatible)
      this.fail('E_DTB_VERSION', `FDT_ERR_BADVERSION: version ${version}, compatible with ${compatible}`, 'compile it with dtc -V 17');
    const headerSize = HEADER_SIZE[version === 16 ? 16 : 17]!;
    const total = view.getUint32(HEADER.totalsize);
    this.totalsize = total;
    if (total < headerSize) this.truncated(`a total size of ${total} is less than the header`);
    if (total > bytes.length) this.truncated(`the header says ${total} bytes, the file has ${bytes.length}`);
    if (total > MOST_BYTES)
      this.fail('E_DTB_LIMIT', `${total} bytes: Linux on arm64 maps at most ${MOST_BYTES} (MAX_FDT_SIZE)`, 'make the tree smaller');
    const block = (name: string, offset: number, size: number): void => {
      if (offset < headerSize || offset > total || offset + size > total)
        this.truncated(`the ${name} block (${hex(offset)}, ${hex(size)} bytes) lies outside of the ${hex(total)} bytes`);
    };
    this.structure = view.getUint32(HEADER.structure);
    this.strings = view.getUint32(HEADER.strings);
    this.stringsSize = view.getUint32(HEADER.stringsSize);
    const structureSize = version === 16 ? 0 : view.getUint32(HEADER.structureSize);
    block('reservation', view.getUint32(HEADER.reservations), 0);
    block('structure', this.structure, structureSize);
    block('strings', this.strings, this.stringsSize);
    this.structureEnd = version === 16 ? total : this.structure + structureSize;
  }

  private readReservations(tree: DeviceTree): void {
    for (let at = this.view.getUint32(HEADER.reservations); ; at += 16) {
      if (at + 16 > this.totalsize) this.truncated('the memory reservations have no end');
      const [address, size] = [this.view.getBigUint64(at), this.view.getBigUint64(at + 8)];
      if (size === 0n) return;
      tree.reservations.push({ address, size });
    }
  }

  private readStructure(tree: DeviceTree): void {
    let node: DeviceTreeNode | undefined;
    let depth = 0;
    let at = this.structure;
    let complete = false;
    for (;;) {
      if (at + 4 > this.structureEnd) this.truncated('the structure block ends without FDT_END');
      const token = this.view.getUint32(at);
      const start = at;
      at += 4;
      switch (token) {
        case FDT_NOP:
          break;
        case FDT_BEGIN_NODE: {
          if (complete) this.broken(start, 'a second root');
          const name = this.text(at, this.structureEnd, 'the name of a node');
          at = align4(at + name.length + 1, this.structure);
          if (++depth > MOST_LEVELS)
            this.fail('E_DTB_LIMIT', `nodes are nested ${depth} deep: Linux ignores what is below ${MOST_LEVELS}`, 'make the tree flatter');
          node = node ? this.begin(node, name) : name === '' ? tree.root : this.broken(start, `the root is called ${JSON.stringify(name)}`);
          break;
        }
        case FDT_END_NODE:
          if (!node) throw this.broken(start, 'FDT_END_NODE without a node');
          complete = node.parent === undefined;
          node = node.parent;
          depth--;
          break;
        case FDT_PROP: {
          if (!node) throw this.broken(start, 'a property outside of any node');
          if (node.children.size > 0) this.broken(start, `a property of ${node.path} after a child, where Linux does not see it`);
          if (at + 8 > this.structureEnd) this.truncated('the structure block ends within a property');
          const length = this.view.getUint32(at);
          if (at + 8 + length > this.structureEnd) this.truncated(`a property of ${node.path} says ${length} bytes, which are not there`);
          this.property(node, this.view.getUint32(at + 4), this.bytes.slice(at + 8, at + 8 + length));
          at = align4(at + 8 + length, this.structure);
          break;
        }
        case FDT_END:
          if (!complete) this.broken(start, node ? `FDT_END within ${node.path}` : 'there is no root');
          return;
        default:
          this.broken(start, `${hex(token)} is no token`);
      }
    }
  }

  private begin(parent: DeviceTreeNode, name: string): DeviceTreeNode {
    const problem = nameProblem(name);
    if (problem) this.fail('E_DTB_NAME', `a node below ${parent.path} ${problem}`, 'rename the node');
    if (parent.child(name)) this.fail('E_DTB_NAME', `${parent.path} has two nodes ${name}`, 'leave one out; dtc refuses such a tree, too');
    return parent.add(name);
  }

  private property(node: DeviceTreeNode, offset: number, value: Uint8Array): void {
    const name = this.propertyName(offset);
    if (node.has(name)) this.fail('E_DTB_NAME', `${node.path} has two properties ${name}`, 'leave one out; dtc refuses such a tree, too');
    node.set(name, value);
  }

  private propertyName(offset: number): string {
    const known = this.names.get(offset);
    if (known !== undefined) return known;
    if (offset >= this.stringsSize)
      this.fail('E_DTB_STRUCTURE', `FDT_ERR_BADOFFSET: the name of a property at ${hex(offset)} lies outside of the strings block`);
    const name = this.text(this.strings + offset, this.strings + this.stringsSize, 'the name of a property');
    const problem = nameProblem(name);
    if (problem) this.fail('E_DTB_NAME', `a property ${problem}`, 'rename the property');
    this.names.set(offset, name);
    return name;
  }

  /** The characters up to the NUL, one for each byte. */
  private text(at: number, end: number, what: string): string {
    const limit = Math.min(end, at + LONGEST_NAME + 1);
    const nul = this.bytes.subarray(at, limit).indexOf(0);
    if (nul < 0 && limit < end) this.fail('E_DTB_NAME', `${what} has more than ${LONGEST_NAME} characters`, 'make it shorter');
    if (nul < 0) this.truncated(`${what} has no end`);
    return String.fromCharCode(...this.bytes.subarray(at, at + nul));
  }
}

/** The next multiple of four, counted from the beginning of the structure block. */
function align4(at: number, structure: number): number {
  return structure + (((at - structure + 3) >> 2) << 2);
}
