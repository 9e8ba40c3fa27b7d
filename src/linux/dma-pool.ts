/**
 * Memory from which Linux hands out DMA buffers: a reserved region declared coherent (kernel/dma/coherent.c), or the global pool.
 *
 * As there, an allocation takes a power of two of pages and is aligned to its size within the pool, first fit.
 */
import type { AddressSpace } from '../memory/bus.ts';

const PAGE = 4096;

/** A pool of 4 KiB pages at a system address. */
export class DmaPool {
  readonly base: number;
  readonly size: number;
  private readonly memory: AddressSpace;
  /** Pages in use by the first page of each allocation. */
  private readonly allocations = new Map<number, number>();
  private readonly used: Uint8Array;

  constructor(memory: AddressSpace, base: number, size: number) {
    this.memory = memory;
    this.base = base;
    this.size = size;
    this.used = new Uint8Array(Math.floor(size / PAGE));
  }

  /** `dma_alloc_coherent`: system address of `bytes` zeroed bytes, or undefined when they do not fit. */
  allocate(bytes: number): number | undefined {
    const pages = 2 ** Math.ceil(Math.log2(Math.max(1, Math.ceil(bytes / PAGE))));
    for (let first = 0; first + pages <= this.used.length; first += pages) {
      if (this.used.subarray(first, first + pages).includes(1)) continue;
      this.used.fill(1, first, first + pages);
      this.allocations.set(first, pages);
      const address = this.base + first * PAGE;
      this.memory.fill(address, 0, bytes);
      return address;
    }
    return undefined;
  }

  /** `dma_free_coherent`; an address that was not allocated is ignored. */
  free(address: number): void {
    const first = (address - this.base) / PAGE;
    const pages = this.allocations.get(first);
    if (pages === undefined) return;
    this.allocations.delete(first);
    this.used.fill(0, first, first + pages);
  }
}
