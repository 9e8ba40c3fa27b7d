/**
 * Addresses of nodes: `reg`, `#address-cells`, `#size-cells` and `ranges`, as Linux's drivers/of/address.c reads them.
 *
 * An address that cannot be translated, since a bus has no `ranges` or none that fits, is undefined (OF_BAD_ADDR). PCI and ISA buses, whose
 * addresses have flags, are not modelled.
 */
import type { DeviceTreeNode } from './tree.ts';

/** `OF_MAX_ADDR_CELLS`. */
const MOST_CELLS = 4;

/** A stretch of addresses. */
export interface AddressRange {
  readonly base: number;
  readonly size: number;
}

/** `of_n_addr_cells`: how many cells an address in the node's `reg` has; the nearest node above that says so decides. */
export function addressCells(node: DeviceTreeNode): number {
  return inherited(node, '#address-cells');
}

/** `of_n_size_cells`. */
export function sizeCells(node: DeviceTreeNode): number {
  return inherited(node, '#size-cells');
}

function inherited(node: DeviceTreeNode, property: string): number {
  for (let above = node.parent; above; above = above.parent) {
    const cells = above.cell(property);
    if (cells !== undefined) return cells;
  }
  return 1;
}

/** `of_read_number`: a number of one or more cells; beyond 2^53 its low bits are lost. */
export function readNumber(cells: readonly number[], at: number, count: number): number {
  let value = 0;
  for (let i = Math.max(0, count - 2); i < count; i++) value = value * 2 ** 32 + (cells[at + i] ?? 0);
  return value;
}

/** Entries of `reg`, or of a property like it, as they stand, in the addresses of the node's bus; none when a cell count is out of reason. */
export function regEntries(node: DeviceTreeNode, property = 'reg'): AddressRange[] {
  const [na, ns] = [addressCells(node), sizeCells(node)];
  if (na < 1 || na > MOST_CELLS || ns > MOST_CELLS) return [];
  const cells = node.cells(property);
  const entries: AddressRange[] = [];
  for (let at = 0; at + na + ns <= cells.length; at += na + ns)
    entries.push({ base: readNumber(cells, at, na), size: readNumber(cells, at + na, ns) });
  return entries;
}

/** `of_translate_address`: an address of the node's bus as the CPUs see it. */
export function translateAddress(node: DeviceTreeNode, address: number): number | undefined {
  let [na, ns] = [addressCells(node), sizeCells(node)];
  let result = address;
  for (let bus = node.parent; bus?.parent; bus = bus.parent) {
    if (na < 1 || na > MOST_CELLS || ns < 1) return undefined;
    const [parentNa, parentNs] = [addressCells(bus), sizeCells(bus)];
    const translated = translateOne(bus, result, na, ns, parentNa);
    if (translated === undefined) return undefined;
    result = translated;
    [na, ns] = [parentNa, parentNs];
  }
  return na < 1 || na > MOST_CELLS || ns < 1 ? undefined : result;
}

/** `of_translate_one`. */
function translateOne(bus: DeviceTreeNode, address: number, na: number, ns: number, parentNa: number): number | undefined {
  if (!bus.has('ranges')) return undefined;
  const cells = bus.cells('ranges');
  if (cells.length === 0) return address;
  const each = na + parentNa + ns;
  for (let at = 0; at + each <= cells.length; at += each) {
    const from = readNumber(cells, at, na);
    const size = readNumber(cells, at + na + parentNa, ns);
    if (address >= from && address < from + size) return readNumber(cells, at + na, parentNa) + (address - from);
  }
  return undefined;
}

/** `of_address_to_resource`: entry `index` of `reg` as the CPUs see it; undefined for -EINVAL. */
export function resource(node: DeviceTreeNode, index = 0): AddressRange | undefined {
  const entry = regEntries(node)[index];
  const base = entry && translateAddress(node, entry.base);
  return base === undefined ? undefined : { base, size: entry!.size };
}

/** `of_device_make_bus_id`: the name of the node's platform device. The property `mask` is not looked at. */
export function deviceName(node: DeviceTreeNode): string {
  let name = '';
  const prefixed = (part: string): string => (name === '' ? part : `${part}:${name}`);
  for (let at = node; at.parent; at = at.parent) {
    const address = at.has('reg') ? translateFirst(at) : undefined;
    if (address !== undefined) return prefixed(`${address.toString(16)}.${at.baseName}`);
    name = prefixed(at.name);
  }
  return name;
}

function translateFirst(node: DeviceTreeNode): number | undefined {
  const na = addressCells(node);
  const cells = node.cells('reg');
  return cells.length < na ? undefined : translateAddress(node, readNumber(cells, 0, na));
}
