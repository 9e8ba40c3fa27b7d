/**
 * What the native hooks know of the guest's code: how many instructions a block has and before which ones to stop.
 *
 * Both tables are direct-mapped by address and filled when a block runs for the first time. A block that falls out of its slot is
 * scanned again; two marks that share a slot become one that stops at any address of the slot, which costs time and nothing else.
 * Entries of other generations do not count.
 */
import { isWide } from '../encodings/index.ts';
import { BLOCK_ENTRIES, MARK, SITE_SLOTS } from './native-code.ts';
import { CONFIGURATIONS, type Treatment, type Treatments } from './treatment.ts';

/** Bytes of memory that the tables take. */
export const TABLES_SIZE = BLOCK_ENTRIES * 16 + SITE_SLOTS * 16 + SITE_SLOTS * (CONFIGURATIONS + 1);

/** Where an instruction stands in its block. */
export interface Position {
  /** Instructions of the block before it, and from it on. */
  readonly before: number;
  readonly after: number;
  /** ITSTATE with which it executes. */
  readonly itState: number;
}

/** ITSTATE after an instruction that executed with `it`. */
export function advanceIt(it: number): number {
  return (it & 7) === 0 ? 0 : (it & 0xe0) | ((it << 1) & 0x1f);
}

/** Block table and site maps in memory shared with the hooks. */
export class CodeTables {
  /** Offsets of the parts in the shared memory. */
  readonly blocksOffset: number;
  readonly sitesOffset: number;
  /** One map per configuration, then the one that stops everywhere. */
  readonly mapsOffset: number;
  generation = 1;
  private readonly blocks: Uint32Array;
  private readonly sites: Uint32Array;
  private readonly maps: readonly Uint8Array[];
  private readonly treatments: Treatments;
  /** Halfword of guest code. */
  private readonly fetch: (address: number) => number;
  /** True for an instruction that has a hook. */
  private readonly hooked: (address: number) => boolean;

  constructor(
    buffer: ArrayBuffer,
    offset: number,
    treatments: Treatments,
    fetch: (address: number) => number,
    hooked: (address: number) => boolean = () => false,
  ) {
    this.treatments = treatments;
    this.fetch = fetch;
    this.hooked = hooked;
    this.blocksOffset = offset;
    this.sitesOffset = offset + BLOCK_ENTRIES * 16;
    this.mapsOffset = this.sitesOffset + SITE_SLOTS * 16;
    this.blocks = new Uint32Array(buffer, this.blocksOffset, BLOCK_ENTRIES * 4);
    this.sites = new Uint32Array(buffer, this.sitesOffset, SITE_SLOTS * 4);
    this.maps = Array.from({ length: CONFIGURATIONS + 1 }, (_, i) => new Uint8Array(buffer, this.mapsOffset + i * SITE_SLOTS, SITE_SLOTS));
    this.maps[CONFIGURATIONS]!.fill(MARK.ANY_ADDRESS);
  }

  /** Offset of the site map of a configuration; of the map that stops everywhere for CONFIGURATIONS. */
  mapOffset(configuration: number): number {
    return this.mapsOffset + configuration * SITE_SLOTS;
  }

  /** Enters the block of `bytes` at `pc` and marks its instructions; returns their number. */
  enter(pc: number, bytes: number): number {
    const end = pc + bytes;
    let it = 0;
    let count = 0;
    for (let at = pc; at < end; count++) {
      const { word, size } = this.read(at);
      const treatment = this.treatments.of(word, size);
      // An IT block that the translation block does not hold to its end would leave a block that begins inside it.
      const refused =
        (it !== 0 && treatment.refusedInIt) ||
        (treatment.it !== 0 && (!this.holds(at + size, end, treatment.it) || this.hooksIt(at + size, treatment.it)));
      if (refused || this.hooked(at)) this.mark(at, [MARK.ALWAYS, MARK.ALWAYS, MARK.ALWAYS, MARK.ALWAYS], 0, 0);
      else this.mark(at, treatment.marks, treatment.register, treatment.mask);
      it = treatment.it !== 0 && it === 0 ? treatment.it : advanceIt(it);
      at += size;
    }
    const slot = ((pc >>> 1) & (BLOCK_ENTRIES - 1)) * 4;
    this.blocks[slot] = pc;
    this.blocks[slot + 1] = this.generation;
    this.blocks[slot + 2] = count;
    this.blocks[slot + 3] = bytes;
    return count;
  }

  /** Where the instruction at `address` stands in a block that began outside an IT block; undefined when it is not one of its instructions. */
  position(pc: number, bytes: number, address: number): Position | undefined {
    let before = 0;
    let after = 0;
    let it = 0;
    let itState = 0;
    let found = false;
    for (let at = pc; at < pc + bytes; ) {
      const { word, size } = this.read(at);
      const treatment = this.treatments.of(word, size);
      if (at === address) {
        found = true;
        itState = it;
      }
      if (found) after++;
      else before++;
      it = treatment.it !== 0 && it === 0 ? treatment.it : advanceIt(it);
      at += size;
    }
    return found ? { before, after, itState } : undefined;
  }

  /** Treatment of the last instruction of a block. */
  last(pc: number, bytes: number): Treatment | undefined {
    let treatment: Treatment | undefined;
    for (let at = pc; at < pc + bytes; ) {
      const { word, size } = this.read(at);
      treatment = this.treatments.of(word, size);
      at += size;
    }
    return treatment;
  }

  /** Forgets all blocks. Marks stay: one that is stale hands over an instruction that did not need it. */
  forget(): void {
    if (++this.generation > 0xffff_ffff) {
      this.blocks.fill(0);
      this.generation = 1;
    }
  }

  /** Forgets blocks that begin in `start .. end-1`, and their marks. */
  forgetRange(start: number, end: number): void {
    if (end - start >= BLOCK_ENTRIES * 2) {
      this.forget();
      return;
    }
    for (let pc = (start & ~1) >>> 0; pc < end; pc += 2) {
      const slot = ((pc >>> 1) & (BLOCK_ENTRIES - 1)) * 4;
      if (this.blocks[slot] === pc) this.blocks[slot + 1] = 0;
      const site = (pc >>> 1) & (SITE_SLOTS - 1);
      if (
        this.sites[site * 4 + 3] === 0 ||
        this.sites[site * 4] !== pc ||
        this.maps.some((map, i) => i < CONFIGURATIONS && map[site] === MARK.ANY_ADDRESS)
      )
        continue;
      this.sites[site * 4 + 3] = 0;
      for (let i = 0; i < CONFIGURATIONS; i++) this.maps[i]![site] = MARK.NONE;
    }
  }

  /** True when the IT block with state `it` whose instructions begin at `at` ends at or before `end`. */
  private holds(at: number, end: number, it: number): boolean {
    for (let state = it; state !== 0; state = advanceIt(state)) {
      if (at >= end) return false;
      at += this.read(at).size;
    }
    return true;
  }

  /** True when an instruction of the IT block with state `it` at `at` has a hook: Unicorn passes silently over those whose condition fails. */
  private hooksIt(at: number, it: number): boolean {
    for (let state = it, pc = at; state !== 0; state = advanceIt(state)) {
      if (this.hooked(pc)) return true;
      pc += this.read(pc).size;
    }
    return false;
  }

  private read(at: number): { word: number; size: 2 | 4 } {
    const first = this.fetch(at);
    if (!isWide(first)) return { word: first, size: 2 };
    return { word: ((first << 16) | this.fetch(at + 2)) >>> 0, size: 4 };
  }

  private mark(pc: number, marks: readonly number[], register: number, mask: number): void {
    const slot = (pc >>> 1) & (SITE_SLOTS - 1);
    const site = slot * 4;
    const used = this.sites[site + 3] !== 0;
    if (used && this.sites[site] !== pc) {
      for (let i = 0; i < CONFIGURATIONS; i++) if (marks[i] !== MARK.NONE) this.maps[i]![slot] = MARK.ANY_ADDRESS;
      return;
    }
    if (!used) {
      if (marks.every((mark) => mark === MARK.NONE)) return;
      this.sites[site] = pc;
      this.sites[site + 3] = 1;
    }
    this.sites[site + 1] = register * 4;
    this.sites[site + 2] = mask;
    for (let i = 0; i < CONFIGURATIONS; i++) if (this.maps[i]![slot] !== MARK.ANY_ADDRESS) this.maps[i]![slot] = marks[i]!;
  }
}
