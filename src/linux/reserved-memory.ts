/**
 * Reserved memory (drivers/of/fdt.c and of_reserved_mem.c of 6.1): what Linux takes out of /reserved-memory before anything else runs.
 *
 * Regions at a fixed place, regions that Linux places itself (`size`, `alignment`, `alloc-ranges`), overlaps, and the pools of
 * kernel/dma/coherent.c and contiguous.c behind `shared-dma-pool`. Memory that the kernel's image and its page tables take is not known.
 */
import { type AddressRange, readNumber } from '../devicetree/address.ts';
import type { DeviceTree, DeviceTreeNode } from '../devicetree/tree.ts';
import type { KernLevel } from '../events.ts';

/** `struct reserved_mem`. */
export interface ReservedRegion {
  readonly node: DeviceTreeNode;
  /** Name of the node with its unit address. */
  readonly name: string;
  base: number;
  size: number;
  /** What `shared-dma-pool` made of it; undefined for memory that is only kept away. */
  pool?: 'dma' | 'cma';
}

/** `MAX_RESERVED_REGIONS`. */
const MAX_RESERVED_REGIONS = 64;
/** More reservations, banks and `alloc-ranges` than any tree has; what is beyond fails, so that a hostile tree costs no time. */
const MOST_RANGES = 256;
const MOST_BANKS = 8;
const MiB = 1024 * 1024;
/** `CMA_MIN_ALIGNMENT_BYTES` with pages of 4 KiB: a pageblock. */
const CMA_ALIGNMENT = 2 * MiB;
const SMP_CACHE_BYTES = 64;

/** The regions of one kernel, in the order in which it keeps them. */
export class ReservedMemories {
  readonly regions: ReservedRegion[] = [];
  /** What the kernel printed about them. */
  readonly log: { readonly level: KernLevel; readonly text: string }[] = [];
  /** Memory that is not to be given out: reservations of the blob and all regions. */
  readonly taken: AddressRange[] = [];
  private readonly noMap: AddressRange[] = [];
  private readonly memory: readonly AddressRange[];
  private readonly addressCells: number;
  private readonly sizeCells: number;
  /** Hexadecimal digits of a physical address. */
  private readonly digits: number;

  /** `early_init_fdt_scan_reserved_mem`; `memory` is what the tree says that there is. */
  constructor(tree: DeviceTree, memory: readonly AddressRange[]) {
    this.memory = memory.slice(0, MOST_BANKS);
    this.addressCells = tree.root.cell('#address-cells') ?? 1;
    this.sizeCells = tree.root.cell('#size-cells') ?? 1;
    this.digits = this.addressCells > 1 ? 16 : 8;
    for (const { address, size } of tree.reservations.slice(0, MOST_RANGES)) this.taken.push({ base: Number(address), size: Number(size) });
    this.scan(tree);
    this.checkOverlaps();
    for (const region of this.regions) this.initialise(region);
  }

  /** `of_reserved_mem_lookup`: by the name of the node, wherever it is. */
  lookup(node: DeviceTreeNode): ReservedRegion | undefined {
    return this.regions.find(({ name }) => name === node.name);
  }

  /** The region of exactly that node (`__find_rmem`, which goes by phandle). */
  of(node: DeviceTreeNode): ReservedRegion | undefined {
    return this.regions.find((region) => region.node === node);
  }

  private print(level: KernLevel, text: string): void {
    for (const line of text.split('\n')) this.log.push({ level, text: line });
  }

  /** `%pa`. */
  private address(value: number): string {
    return `0x${value.toString(16).padStart(this.digits, '0')}`;
  }

  /** `fdt_scan_reserved_mem`. */
  private scan(tree: DeviceTree): void {
    const parent = tree.node('/reserved-memory');
    if (!parent) return;
    const fits = parent.cell('#size-cells') === this.sizeCells && parent.cell('#address-cells') === this.addressCells;
    if (!fits || !parent.has('ranges')) {
      this.print(3, 'OF: fdt: Reserved memory: unsupported node format, ignoring');
      return;
    }
    for (const node of parent.children.values()) {
      if (!node.available) continue;
      if (node.has('reg')) this.reserveReg(node);
      else if (node.has('size')) this.save(node, 0, 0);
    }
  }

  /** `__reserved_mem_reserve_reg`. */
  private reserveReg(node: DeviceTreeNode): void {
    const each = this.addressCells + this.sizeCells;
    const length = node.bytes('reg')!.length;
    const cells = node.cells('reg');
    if (length % (4 * each) !== 0) {
      this.print(3, `OF: fdt: Reserved memory: invalid reg property in '${node.name}', skipping node.`);
      return;
    }
    for (let at = 0; at < Math.min(cells.length, MOST_RANGES * each); at += each) {
      const base = readNumber(cells, at, this.addressCells);
      const size = readNumber(cells, at + this.addressCells, this.sizeCells);
      if (size === 0 || !this.reserve({ base, size }, node.has('no-map')))
        this.print(
          3,
          `OF: fdt: Reserved memory: failed to reserve memory for node '${node.name}': base ${this.address(base)}, size ${Math.floor(size / MiB)} MiB`,
        );
      if (at === 0) this.save(node, base, size);
    }
  }

  /** `early_init_dt_reserve_memory`: memory that is reserved already cannot be hidden from the kernel. */
  private reserve(range: AddressRange, noMap: boolean): boolean {
    if (this.taken.length + this.noMap.length >= 2 * MOST_RANGES) return false;
    if (noMap && overlapsAny(range, this.memory) && overlapsAny(range, this.taken)) return false;
    if (noMap) this.noMap.push(range);
    else this.taken.push(range);
    return true;
  }

  /** `fdt_reserved_mem_save_node`. */
  private save(node: DeviceTreeNode, base: number, size: number): void {
    if (this.regions.length === MAX_RESERVED_REGIONS) this.print(3, 'OF: reserved mem: not enough space for all defined regions.');
    else this.regions.push({ node, name: node.name, base, size });
  }

  /** `__rmem_check_for_overlap`. */
  private checkOverlaps(): void {
    const { regions } = this;
    if (regions.length < 2) return;
    regions.sort((a, b) => a.base - b.base || a.size - b.size);
    for (const [index, region] of regions.entries()) {
      const next = regions[index + 1];
      if (!next || region.base + region.size <= next.base) continue;
      const span = ({ name, base, size }: ReservedRegion): string => `${name} (${this.address(base)}--${this.address(base + size)})`;
      this.print(3, `OF: reserved mem: OVERLAP DETECTED!\n${span(region)} overlaps with ${span(next)}`);
    }
  }

  /** The rest of `fdt_init_reserved_mem`. */
  private initialise(region: ReservedRegion): void {
    const { node, name } = region;
    if (region.size === 0 && !this.place(region)) return;
    if (!node.strings('compatible').includes('shared-dma-pool')) return;
    if (this.makePool(region)) {
      this.print(6, `OF: reserved mem: initialized node ${name}, compatible id shared-dma-pool`);
      return;
    }
    this.print(6, `OF: reserved mem: node ${name} compatible matching fail`);
    for (const list of [this.taken, this.noMap]) {
      const index = list.findIndex(({ base, size }) => base === region.base && size === region.size);
      if (index >= 0) list.splice(index, 1);
    }
  }

  /** `rmem_cma_setup`, then `rmem_dma_setup`. */
  private makePool(region: ReservedRegion): boolean {
    const { node, base, size } = region;
    const created = (kind: 'CMA' | 'DMA'): true => {
      this.print(6, `Reserved memory: created ${kind} memory pool at ${this.address(base)}, size ${Math.floor(size / MiB)} MiB`);
      return true;
    };
    if (node.has('reusable') && !node.has('no-map')) {
      if (base % CMA_ALIGNMENT === 0 && size % CMA_ALIGNMENT === 0) {
        region.pool = 'cma';
        return created('CMA');
      }
      this.print(3, 'Reserved memory: incorrect alignment of CMA region');
    }
    if (node.has('reusable')) return false;
    if (this.digits === 8 && !node.has('no-map')) {
      this.print(3, 'Reserved memory: regions without no-map are not yet supported');
      return false;
    }
    region.pool = 'dma';
    return created('DMA');
  }

  /** `__reserved_mem_alloc_size`: finds room for a region without an address, from the top down. */
  private place(region: ReservedRegion): boolean {
    const { node, name } = region;
    const refuse = (text: string): false => {
      this.print(3, `OF: reserved mem: ${text}`);
      return false;
    };
    const value = node.cells('size');
    if (!node.has('size')) return false;
    if (node.bytes('size')!.length !== 4 * this.sizeCells) return refuse(`invalid size property in '${name}' node.`);
    const size = readNumber(value, 0, this.sizeCells);
    let alignment = SMP_CACHE_BYTES;
    if (node.has('alignment')) {
      if (node.bytes('alignment')!.length !== 4 * this.addressCells) return refuse(`invalid alignment property in '${name}' node.`);
      alignment = readNumber(node.cells('alignment'), 0, this.addressCells) || SMP_CACHE_BYTES;
    }
    const noMap = node.has('no-map');
    const isCma = node.strings('compatible').includes('shared-dma-pool') && node.has('reusable') && !noMap;
    if (isCma) alignment = Math.max(alignment, CMA_ALIGNMENT);
    const each = this.addressCells + this.sizeCells;
    const cells = node.cells('alloc-ranges');
    if (node.has('alloc-ranges') && node.bytes('alloc-ranges')!.length % (4 * each) !== 0)
      return refuse(`invalid alloc-ranges property in '${name}', skipping node.`);
    const ranges: AddressRange[] = node.has('alloc-ranges') ? [] : [{ base: 0, size: Number.MAX_SAFE_INTEGER }];
    for (let at = 0; at < cells.length; at += each)
      ranges.push({ base: readNumber(cells, at, this.addressCells), size: readNumber(cells, at + this.addressCells, this.sizeCells) });
    for (const range of ranges.slice(0, MOST_BANKS)) {
      const base = this.freeBelow(range, size, alignment);
      if (base === undefined) continue;
      region.base = base;
      region.size = size;
      this.taken.push({ base, size });
      return true;
    }
    return refuse(`failed to allocate memory for node '${name}': size ${Math.floor(size / MiB)} MiB`);
  }

  /** `memblock_phys_alloc_range`: the highest free place in `range`. */
  private freeBelow(range: AddressRange, size: number, alignment: number): number | undefined {
    const used = [...this.taken, ...this.noMap];
    for (const bank of [...this.memory].sort((a, b) => b.base - a.base)) {
      const low = Math.max(bank.base, range.base);
      let end = Math.min(bank.base + bank.size, range.base + range.size);
      for (;;) {
        const base = Math.floor((end - size) / alignment) * alignment;
        // Address 0 stands for failure.
        if (size <= 0 || base < low || base <= 0) break;
        const obstacle = used.find((other) => base < other.base + other.size && other.base < base + size);
        if (!obstacle) return base;
        end = obstacle.base;
      }
    }
    return undefined;
  }

  /** True when nothing that is reserved touches `range`. */
  isFree(range: AddressRange): boolean {
    return !overlapsAny(range, this.taken) && !overlapsAny(range, this.noMap) && !overlapsAny(range, this.regions);
  }
}

function overlapsAny(range: AddressRange, others: readonly AddressRange[]): boolean {
  return others.some(({ base, size }) => range.base < base + size && base < range.base + range.size);
}
