/**
 * What a resource domain controller keeps one master away from, as the guard of that master's address space.
 *
 * Blocks are open or closed as a whole; RAM is by regions, of which each that holds a byte must allow an access to it.
 */
import { type AccessGuard, MAY_READ, MAY_WRITE, type Region } from '../memory/bus.ts';

/** A master's rights. */
export const ALL_RIGHTS = MAY_READ | MAY_WRITE;

/** A closed block: number of its PDAP, and why. */
export interface ClosedBlock {
  readonly pdap: number;
  readonly rights: number;
  /** The permissions would do, but its semaphore is not held. */
  readonly semaphore: boolean;
}

/** Bytes of a RAM, `start` to `end` - 1, that are not open. */
export interface ClosedRange {
  /** Number of the memory region. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly rights: number;
}

/** What is closed to one master. */
export interface Closed {
  readonly blocks: ReadonlyMap<Region, ClosedBlock>;
  readonly memories: ReadonlyMap<Region, readonly ClosedRange[]>;
}

/** Who hears of refused accesses. */
export interface RefusalListener {
  blockRefused(block: ClosedBlock, name: string, write: boolean): void;
  /** Byte `offset` of the RAM of `region`. */
  memoryRefused(range: ClosedRange, region: Region, offset: number, write: boolean): void;
  /** A refused access to memory is a bus error. */
  readonly memoryFails: boolean;
}

/** The guard of one master. */
export class RdcGuard implements AccessGuard {
  private readonly closed: Closed;
  private readonly listener: RefusalListener;

  constructor(closed: Closed, listener: RefusalListener) {
    this.closed = closed;
    this.listener = listener;
  }

  closes(region: Region): boolean {
    return this.closed.blocks.has(region) || this.closed.memories.has(region);
  }

  rights(region: Region, offset: number, size: number): number {
    const ranges = this.closed.memories.get(region);
    if (!ranges) return this.closed.blocks.get(region)?.rights ?? ALL_RIGHTS;
    const start = region.ramOffset + offset;
    let rights = ALL_RIGHTS;
    for (const range of ranges) if (start < range.end && start + size > range.start) rights &= range.rights;
    return rights;
  }

  fails(region: Region): boolean {
    return region.ram === undefined || this.listener.memoryFails;
  }

  note(region: Region, offset: number, size: number, write: boolean): void {
    const block = this.closed.blocks.get(region);
    if (block) this.listener.blockRefused(block, region.name, write);
    const at = region.ramOffset + offset;
    const right = write ? MAY_WRITE : MAY_READ;
    const range = this.closed.memories
      .get(region)
      ?.find(({ start, end, rights }) => at + size > start && at < end && (rights & right) === 0);
    if (range) this.listener.memoryRefused(range, region, Math.max(at, range.start), write);
  }
}
