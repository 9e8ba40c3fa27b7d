/**
 * Rights of 4 KiB pages, kept until what decides about them changes: looking them up means a walk over all regions.
 *
 * A page whose bytes do not all share their rights is kept as such, and each of its addresses is looked up anew.
 */
import { EXECUTE, READ, WRITE } from './core-memory.ts';

const ALL = READ | WRITE | EXECUTE;
/** Beside the rights of a page: they are those of all its bytes. */
const KNOWN = 0x80;
const SLOT_BITS = 10;
const SLOTS = 1 << SLOT_BITS;

/** Who decides. */
export interface RightsSource {
  /** True when all bytes of the page at `pageAddress` have the same rights. */
  uniform(pageAddress: number): boolean;
  /** Rights at `address` for the given privilege. */
  lookup(address: number, privileged: boolean): number;
}

/** The answers of one source. */
export class PageRights {
  private readonly source: RightsSource;
  private readonly tags = new Int32Array(SLOTS).fill(-1);
  /** Privileged and unprivileged rights of each slot. */
  private readonly rights = new Uint8Array(2 * SLOTS);

  constructor(source: RightsSource) {
    this.source = source;
  }

  /** Rights at `address`, as the source has them. */
  at(address: number, privileged: boolean): number {
    const rights = this.rights[2 * this.slotOf(address) + (privileged ? 0 : 1)]!;
    return (rights & KNOWN) !== 0 ? rights & ALL : this.source.lookup(address, privileged);
  }

  /** True when all bytes of the page at `pageAddress` have the same rights. */
  uniform(pageAddress: number): boolean {
    return (this.rights[2 * this.slotOf(pageAddress)]! & KNOWN) !== 0;
  }

  /** Call when the source may decide otherwise from now on. */
  forget(): void {
    this.tags.fill(-1);
  }

  /** The slot that holds the page of `address`. */
  private slotOf(address: number): number {
    const page = address >>> 12;
    // Code and data, Secure and not, tend to start at the same low bits.
    const slot = (page ^ (page >>> SLOT_BITS)) & (SLOTS - 1);
    if (this.tags[slot] !== page) {
      const start = (page << 12) >>> 0;
      const known = this.source.uniform(start) ? KNOWN : 0;
      this.tags[slot] = page;
      this.rights[2 * slot] = known | this.source.lookup(start, true);
      this.rights[2 * slot + 1] = known | this.source.lookup(start, false);
    }
    return slot;
  }
}
