/**
 * Decoded code: one array of micro-operations for each 4 KiB page of RAM that was executed, and which of them a virtual page shows.
 *
 * A page is decoded lazily, one instruction at a time, and its RAM page is marked as code, so that later writes are heard of. An
 * instruction that straddles two pages is decoded into the last slot of the first and belongs to the pair of pages. A page that the
 * page table cannot hold (rights differ within it, or it is no whole page of RAM) is decoded anew for every instruction.
 */

import { BUS_FAULT } from '../../memory/bus.ts';
import { PAGE_SHIFT } from '../../memory/ram.ts';
import { type CoreMemory, EXECUTE } from '../core-memory.ts';
import type { Feature } from '../encodings/encoding.ts';
import { COMPILED, decode, isWide } from '../encodings/index.ts';
import type { Hooks } from '../hooks.ts';
import { lower } from './lowering.ts';
import { HOT_NUMBER, PAGE_INTS, SLOT } from './micro-ops.ts';

const LAST = 2047 * SLOT;
/** Operation of an instruction that has a hook, outside and inside an IT block. */
const HOOKED = HOT_NUMBER.get('HOOK')! * 0x1_0001;
/** `straddles` of a page whose last instruction ends in memory that cannot be watched: good until the next run. */
const UNWATCHED = -2;
/** The row for the coprocessor space, which also says what a core without the feature does with a floating-point instruction. */
const COPROCESSOR = COMPILED.filter(({ encoding }) => encoding.op === 'COPROCESSOR');

/** Decoded instructions of one page. */
export interface CodePage {
  readonly slots: Int32Array;
  /** Arena offset of the page; -1 for one that is never kept. */
  readonly arena: number;
  /** Virtual page number through which it was last entered. */
  virtual: number;
  /** Arena offset of the page that holds the second half of the instruction in the last slot; -1 when there is none. */
  straddles: number;
}

function newPage(arena: number, virtual: number): CodePage {
  const slots = new Int32Array(PAGE_INTS);
  const end = HOT_NUMBER.get('PAGE_END')!;
  for (let slot = 2048; slot < 2050; slot++) slots[slot * SLOT] = end | (end << 16);
  return { slots, arena, virtual, straddles: -1 };
}

/** Entries of the direct-mapped cache from virtual page to decoded page. */
const WAYS = 256;

/** The decoded pages of one core. */
export class CodePages {
  private readonly memory: CoreMemory;
  private readonly features: ReadonlySet<Feature>;
  private readonly hooks: Hooks | undefined;
  /** Address of a hooked instruction that is to execute; -1 for none. */
  private passing = -1;
  private readonly byArena = new Map<number, CodePage>();
  private readonly tags = new Int32Array(WAYS).fill(-1);
  private readonly entries: CodePage[];
  /** The page for code that cannot be kept, and the slot of it that is filled. */
  private readonly unkept = newPage(-1, -1);
  private unkeptSlot = -1;
  private unwatched = false;

  constructor(memory: CoreMemory, features: ReadonlySet<Feature>, hooks?: Hooks) {
    this.memory = memory;
    this.hooks = hooks;
    this.features = features;
    this.entries = Array.from({ length: WAYS }, () => this.unkept);
  }

  /** The decoded page for the instruction at `pc` (i32), or undefined with `memory.fault` set when it cannot be fetched. */
  find(pc: number): CodePage | undefined {
    const virtual = pc >>> PAGE_SHIFT;
    const way = virtual & (WAYS - 1);
    return this.tags[way] === virtual ? this.entries[way] : this.resolve(pc);
  }

  /** `size` (1 or 2) bytes of the memory behind `page` at byte offset `at`. */
  peek(page: CodePage, at: number, size: 1 | 2): number {
    const place = this.memory.ramAt(((page.virtual << PAGE_SHIFT) >>> 0) + at)!;
    return place.ram.read(place.offset, size);
  }

  /** Forgets which page a virtual address shows, and the instructions that straddle two. */
  forgetTranslations(): void {
    this.tags.fill(-1);
    for (const page of this.byArena.values()) this.dropStraddler(page);
    this.dropUnkept();
  }

  /** Drops what was decoded from `length` bytes at arena offset `at`. */
  invalidate(at: number, length: number): void {
    for (let from = at; from < at + length; ) {
      const base = (from & -4096) >>> 0;
      const to = Math.min(base + 4096, at + length);
      const page = this.byArena.get(base);
      if (page) {
        // The halfword before may be the first of an instruction whose second half changed.
        const first = Math.max(((from - base) >>> 1) - 1, 0);
        const last = (to - 1 - base) >>> 1;
        for (let slot = first; slot <= last; slot++) page.slots[slot * SLOT] = 0;
      }
      if (from - base < 2) for (const other of this.byArena.values()) if (other.straddles === base) this.dropStraddler(other);
      from = to;
    }
    this.dropUnkept();
  }

  /**
   * Decodes the instruction at `pc`, which is in `page`, into its slot. False, with `memory.fault` and `faultAddress` set, when a half
   * of it cannot be fetched.
   */
  decode(page: CodePage, pc: number): boolean {
    const { memory } = this;
    const at = pc & 0xffe;
    const index = (at >>> 1) * SLOT;
    const first = memory.fetch(pc >>> 0);
    if (first === BUS_FAULT) return false;
    let word = first;
    let size: 2 | 4 = 2;
    if (isWide(first)) {
      const second = memory.fetch((pc + 2) >>> 0);
      if (second === BUS_FAULT) return false;
      word = ((first << 16) | second) >>> 0;
      size = 4;
    }
    if (page === this.unkept) {
      this.dropUnkept();
      this.unkeptSlot = index;
    } else if (index === LAST && size === 4 && !this.noteStraddler(page, (pc + 2) >>> 0)) {
      page.straddles = UNWATCHED;
      this.unwatched = true;
    }
    let compiled = decode(word, size, this.features);
    if (!compiled && size === 4) compiled = COPROCESSOR.find(({ mask, value }) => ((word ^ value) & mask) === 0);
    lower(compiled, word, size, at, page.slots, index, this.features.has('v8m'));
    if (this.isHooked(pc)) page.slots[index] = (page.slots[index]! & 0xf000) | HOOKED;
    return true;
  }

  /** True when the instruction at `pc` (i32) must not be executed before its hooks have run. */
  isHooked(pc: number): boolean {
    return this.hooks?.has(pc) === true && pc !== this.passing;
  }

  /** From now on the instruction at `pc` (i32) executes although it has a hook; -1: none does. */
  pass(pc: number): void {
    const { passing } = this;
    this.passing = pc;
    for (const at of [passing, pc]) if (at !== -1) this.forgetOne(at);
  }

  /** Has the instruction at `pc` decoded again. */
  private forgetOne(pc: number): void {
    const page = this.find(pc);
    if (page) page.slots[((pc & 0xffe) >>> 1) * SLOT] = 0;
  }

  /** Has what has a hook in the virtual page decoded again. */
  private forgetHooked({ slots }: CodePage, virtual: number): void {
    for (const address of this.hooks!.addresses) if (address >>> PAGE_SHIFT === virtual) slots[((address & 0xffe) >>> 1) * SLOT] = 0;
  }

  /** Makes sure that nothing that cannot be watched outlives a run. */
  beginRun(): void {
    this.dropUnkept();
    if (!this.unwatched) return;
    this.unwatched = false;
    for (const page of this.byArena.values()) if (page.straddles === UNWATCHED) this.dropStraddler(page);
  }

  private resolve(pc: number): CodePage | undefined {
    const { memory } = this;
    const address = (pc & ~1) >>> 0;
    const virtual = address >>> PAGE_SHIFT;
    const page = this.lookUp(address, virtual);
    if (!page) return undefined;
    const way = virtual & (WAYS - 1);
    if (page === this.unkept) {
      // Nothing watches this memory: whatever was decoded from it may be stale.
      this.dropUnkept();
      return page;
    }
    if (page.virtual !== virtual) {
      this.dropStraddler(page);
      const old = page.virtual & (WAYS - 1);
      if (this.tags[old] === page.virtual) this.tags[old] = -1;
      if (this.hooks && this.hooks.addresses.size > 0) for (const shown of [page.virtual, virtual]) this.forgetHooked(page, shown);
      page.virtual = virtual;
    }
    // Marking the page flushes the page table, and this cache with it; so the entry is made last.
    const place = memory.ramAt((virtual << PAGE_SHIFT) >>> 0)!;
    place.ram.markCode(place.offset >>> PAGE_SHIFT);
    this.tags[way] = virtual;
    this.entries[way] = page;
    return page;
  }

  private lookUp(address: number, virtual: number): CodePage | undefined {
    const { memory } = this;
    if ((memory.pages[virtual]! & EXECUTE) === 0 && memory.fetch(address) === BUS_FAULT) return undefined;
    const entry = memory.pages[virtual]!;
    if ((entry & EXECUTE) === 0) return this.unkept;
    const arena = (entry & -4096) >>> 0;
    let page = this.byArena.get(arena);
    if (!page) {
      page = newPage(arena, virtual);
      this.byArena.set(arena, page);
    }
    return page;
  }

  /** Records, and marks as code, the page of the second half of a straddling instruction; false when it is no whole page of RAM. */
  private noteStraddler(page: CodePage, second: number): boolean {
    const { memory } = this;
    const virtual = second >>> PAGE_SHIFT;
    const place = memory.ramAt(second);
    if (!place || place.offset % 4096 !== 0) return false;
    place.ram.markCode(place.offset >>> PAGE_SHIFT);
    memory.fetch(second);
    const entry = memory.pages[virtual]!;
    if ((entry & EXECUTE) === 0) return false;
    page.straddles = (entry & -4096) >>> 0;
    return true;
  }

  private dropStraddler(page: CodePage): void {
    if (page.straddles === -1) return;
    page.straddles = -1;
    page.slots[LAST] = 0;
  }

  private dropUnkept(): void {
    if (this.unkeptSlot >= 0) this.unkept.slots[this.unkeptSlot] = 0;
    this.unkeptSlot = -1;
  }
}
