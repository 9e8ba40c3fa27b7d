/**
 * Guest RAM as Unicorn sees it: pieces of the arena mapped where the core sees them, on first touch.
 *
 * Only what needs no further question is mapped: whole pages of RAM with the same rights throughout, readable, not Device memory.
 * Pages that hold code somebody has cached are mapped read-only. Everything else (devices, holes, pages with an MPU boundary inside)
 * stays unmapped: an access to it stops Unicorn before the instruction, and the interpreter executes it. The right to execute is
 * not Unicorn's to enforce; the engine asks for it block by block.
 */
import { invariant } from '../../errors.ts';
import type { Ram, RamObserver } from '../../memory/ram.ts';
import { CHUNK_SIZE, PAGE_SHIFT, PAGE_SIZE } from '../../memory/ram.ts';
import { READ, WRITE } from '../core-memory.ts';
import type { EngineHost } from '../engine.ts';
import { UC, type UnicornLibrary } from './library.ts';

/** How a page is mapped. */
const NOT = 0;
const READ_ONLY = 1;
const READ_WRITE = 2;

interface Piece {
  /** First guest page and number of pages. */
  readonly page: number;
  readonly pages: number;
  readonly ram: Ram;
  /** Page of the RAM that the first one shows. */
  readonly ramPage: number;
  readonly mode: number;
}

/** What the engine must do when RAM that was mapped changes under it. */
export interface GuestMemoryClient {
  /** Instructions in `start .. end-1` changed. */
  codeChanged(start: number, end: number): void;
  /** Rights to execute may have changed anywhere. */
  rightsChanged(): void;
}

/** Keeps one Unicorn instance's mappings in step with a core's memory. */
export class GuestMemory implements RamObserver {
  private readonly host: EngineHost;
  private readonly library: UnicornLibrary;
  private readonly uc: number;
  private readonly client: GuestMemoryClient;
  /** Address of the arena in this process. */
  private readonly arenaAddress: number;
  private readonly rams: ReadonlySet<Ram>;
  private readonly pieces = new Set<Piece>();
  private readonly mapped = new Uint8Array(1 << 20);
  /** The MPU or the privilege changed since the mappings were checked. */
  private stale = false;
  private staleBefore = false;
  /** Pieces that were writable and are mapped no more, since `takeWritable` was called; kept only for somebody who calls it. */
  private dropped: Piece[] | undefined;

  constructor(host: EngineHost, library: UnicornLibrary, uc: number, client: GuestMemoryClient) {
    this.host = host;
    this.library = library;
    this.uc = uc;
    this.client = client;
    this.arenaAddress = library.addressOf(host.registers.cells.buffer as ArrayBuffer);
    this.rams = new Set(host.memory.bus.regions.flatMap(({ ram }) => (ram ? [ram] : [])));
    for (const ram of this.rams) ram.observe(this);
    const { memory } = host;
    const next = memory.onFlush;
    memory.onFlush = () => {
      this.staleBefore = this.stale;
      this.stale = true;
      next?.();
    };
  }

  /** Stops observing. */
  dispose(): void {
    for (const ram of this.rams) ram.unobserve(this);
  }

  /** Pages of RAM that Unicorn may have written since the last call. */
  takeWritable(): { ram: Ram; page: number }[] {
    const pages: { ram: Ram; page: number }[] = [];
    for (const { ram, ramPage, pages: count, mode } of [...this.pieces, ...(this.dropped ?? [])]) {
      for (let i = 0; mode === READ_WRITE && i < count; i++) pages.push({ ram, page: ramPage + i });
    }
    this.dropped = [];
    return pages;
  }

  /** True when mappings have to be checked against the MPU before Unicorn may run. */
  get needsSync(): boolean {
    return this.stale;
  }

  /** Takes away every mapping that is not as it would be made now. */
  sync(): void {
    this.stale = false;
    this.client.rightsChanged();
    for (const piece of this.pieces) {
      for (let i = 0; i < piece.pages; i++) {
        if (this.modeOf(piece.page + i) === piece.mode) continue;
        this.drop(piece);
        break;
      }
    }
  }

  /** Maps what surrounds `address` if that is plain RAM; false when it is not. */
  mapAround(address: number): boolean {
    const page = address >>> PAGE_SHIFT;
    if (this.mapped[page] !== 0) return false;
    const mode = this.modeOf(page);
    if (mode === NOT) return false;
    const { ram, offset } = this.host.memory.ramAt((page << PAGE_SHIFT) >>> 0)!;
    // What nobody has written yet is for the interpreter: a store makes it exist, and code in it is a core that has run away.
    if (ram.locateIfTouched(offset) === 0) return false;
    const inChunk = Math.floor((offset % CHUNK_SIZE) / PAGE_SIZE);
    const fits = (other: number) =>
      this.mapped[other] === 0 && this.modeOf(other) === mode && this.shows(other, ram, offset + (other - page) * PAGE_SIZE);
    let first = page;
    while (first > page - inChunk && fits(first - 1)) first--;
    let last = page;
    while (last < page - inChunk + CHUNK_SIZE / PAGE_SIZE - 1 && fits(last + 1)) last++;
    const start = offset + (first - page) * PAGE_SIZE;
    this.map({ page: first, pages: last - first + 1, ram, ramPage: start / PAGE_SIZE, mode });
    return true;
  }

  pageHasCode(ram: Ram, page: number): void {
    // CoreMemory, which observes before us, has just reported this as a flush; the MPU has not changed.
    this.stale = this.staleBefore;
    for (const piece of this.piecesShowing(ram, page, page)) if (piece.mode === READ_WRITE) this.drop(piece);
  }

  codeWritten(ram: Ram, offset: number, length: number): void {
    const firstPage = Math.floor(offset / PAGE_SIZE);
    const lastPage = Math.floor((offset + length - 1) / PAGE_SIZE);
    for (const piece of this.piecesShowing(ram, firstPage, lastPage)) {
      const base = piece.page * PAGE_SIZE - piece.ramPage * PAGE_SIZE;
      const start = Math.max(base + offset, piece.page * PAGE_SIZE);
      const end = Math.min(base + offset + length, (piece.page + piece.pages) * PAGE_SIZE);
      this.removeCache(start, end);
      this.client.codeChanged(start, end);
    }
  }

  moved(ram: Ram, offset: number, length: number): void {
    const lastPage = Math.floor((offset + length - 1) / PAGE_SIZE);
    for (const piece of this.piecesShowing(ram, Math.floor(offset / PAGE_SIZE), lastPage)) {
      this.drop(piece);
      this.client.codeChanged(piece.page * PAGE_SIZE, (piece.page + piece.pages) * PAGE_SIZE);
    }
  }

  private piecesShowing(ram: Ram, firstPage: number, lastPage: number): Piece[] {
    const found: Piece[] = [];
    for (const piece of this.pieces) {
      if (piece.ram === ram && piece.ramPage <= lastPage && piece.ramPage + piece.pages > firstPage) found.push(piece);
    }
    return found;
  }

  /** True when guest page `page` shows `offset` of `ram`. */
  private shows(page: number, ram: Ram, offset: number): boolean {
    const at = this.host.memory.ramAt((page << PAGE_SHIFT) >>> 0);
    return at?.ram === ram && at.offset === offset;
  }

  /** How `page` may be mapped now. */
  private modeOf(page: number): number {
    const { memory, registers } = this.host;
    const base = (page << PAGE_SHIFT) >>> 0;
    const region = memory.bus.find(base);
    if (!region?.ram || base + PAGE_SIZE > region.base + region.size) return NOT;
    const offset = region.ramOffset + base - region.base;
    const { protection } = memory;
    if (offset % PAGE_SIZE !== 0 || !protection.uniform(base) || protection.isDevice(base)) return NOT;
    const rights = memory.rights(base, PAGE_SIZE, registers.privileged);
    if ((rights & READ) === 0) return NOT;
    return (rights & WRITE) !== 0 && !region.ram.isCode(offset / PAGE_SIZE) ? READ_WRITE : READ_ONLY;
  }

  private map(piece: Piece): void {
    const { library, uc } = this;
    const start = piece.page * PAGE_SIZE;
    const bytes = piece.pages * PAGE_SIZE;
    const rights = UC.PROT_READ | UC.PROT_EXEC | (piece.mode === READ_WRITE ? UC.PROT_WRITE : 0);
    const from = this.arenaAddress + piece.ram.locate(piece.ramPage * PAGE_SIZE);
    check('uc_mem_map_ptr', library.map(uc, start, bytes, rights, from));
    // Only uc_mem_protect keeps stores off Unicorn's fast path.
    if (piece.mode === READ_ONLY) check('uc_mem_protect', library.protect(uc, start, bytes, rights));
    this.pieces.add(piece);
    this.mapped.fill(1, piece.page, piece.page + piece.pages);
  }

  private drop(piece: Piece): void {
    const start = piece.page * PAGE_SIZE;
    const bytes = piece.pages * PAGE_SIZE;
    // Unicorn 2.0 keeps translated code of what it unmaps and finds it again when another mapping takes the same place.
    this.removeCache(start, start + bytes);
    check('uc_mem_unmap', this.library.unmap(this.uc, start, bytes));
    this.pieces.delete(piece);
    if (piece.mode === READ_WRITE) this.dropped?.push(piece);
    this.mapped.fill(0, piece.page, piece.page + piece.pages);
  }

  private removeCache(start: number, end: number): void {
    check('uc_ctl', this.library.removeCache(this.uc, start, end));
  }
}

/** A libunicorn call that cannot fail by the guest's doing. @throws {InvariantViolation} */
export function check(call: string, error: number): void {
  invariant(error === UC.ERR_OK, `${call} failed with ${error}`);
}
