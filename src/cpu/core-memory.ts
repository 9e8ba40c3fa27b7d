/**
 * Memory as one Cortex-M core sees it: its address space behind its MPU, with a page table that engines look up directly.
 *
 * `pages[address >>> 12]` holds the arena offset of the 4 KiB page together with the rights that an access may take without asking
 * (`READ`, `WRITE`, `EXECUTE`); 0 means: come here. Entries are filled on first use and dropped when the MPU, the privilege or the
 * page's role (it now holds cached code) changes. The table stands in the arena, where translated code can reach it.
 */
import { type AddressSpace, BUS_FAULT, MAY_READ, MAY_WRITE, type Progress, type Region, unchanging } from '../memory/bus.ts';
import { CHUNK_SIZE, PAGE_SHIFT, PAGE_SIZE, type Ram, type RamObserver } from '../memory/ram.ts';
import { bitAt, isBitBand } from './bit-band.ts';
import { MemoryWatch, type Watchpoints } from './watchpoints.ts';

/** Rights in a page-table entry and in `ProtectionUnit.permissions`. */
export const READ = MAY_READ;
export const WRITE = MAY_WRITE;
export const EXECUTE = 4;
/** In a page-table entry: unaligned accesses are allowed, as the memory is not Device. */
export const NORMAL = 8;
/** Bits of a page-table entry that are not the arena offset. */
export const PAGE_FLAGS = PAGE_SIZE - 1;

/** The MPU together with the architecture's default memory map. */
export interface ProtectionUnit {
  /** Rights (`READ | WRITE | EXECUTE`) at `address` for the given privilege. */
  permissions(address: number, privileged: boolean): number;
  /** True when all bytes of the 4 KiB page at `pageAddress` have the same rights. */
  uniform(pageAddress: number): boolean;
  /** True when privileged and unprivileged rights differ anywhere. */
  readonly differsByPrivilege: boolean;
  /** True when memory at `address` is Device or Strongly-ordered, and the core refuses unaligned accesses there. */
  isDevice(address: number): boolean;
  /** What TT, TTT (`unprivileged`), TTA (`alternate`) and TTAT return for `address`; ARMv8-M only. */
  testTarget?(address: number, options: { readonly alternate: boolean; readonly unprivileged: boolean }): number;
}

/** Why the last access was refused; `watch`: somebody wants to hear of it first. */
export type MemoryFault = 'bus' | 'protection' | 'unaligned' | 'watch';

/** Stands between a port and its bus and learns of every page that is stored to: how two engines are compared. */
export interface MemoryTap {
  /** In the place of `AddressSpace.read` and `write`, for the core's own accesses (exception frames) too. */
  read(address: number, size: number): number;
  write(address: number, value: number, size: number): boolean;
  /** Before the first store to `page` of `ram` since the tap was set, and perhaps before others. */
  storing(ram: Ram, page: number): void;
}

/** What only an access or an event changes. */
const STEADY: Progress = unchanging();

/** The data and instruction port of one core. Nothing here throws for what the guest does: see `fault`. */
export class CoreMemory implements RamObserver {
  static readonly state = ['protection', 'privileged'];
  readonly bus: AddressSpace;
  readonly protection: ProtectionUnit;
  /** One entry for each 4 KiB page of the 4 GiB. */
  readonly pages: Int32Array;
  /** Set whenever `read` returned BUS_FAULT or `write` returned false. */
  fault: MemoryFault = 'bus';
  /** Address of the byte that faulted, u32. */
  faultAddress = 0;
  /** Called after entries were dropped, so that an engine can drop what it derived from them. */
  onFlush: (() => void) | undefined;
  /** Called when bytes that are cached as code change; `arenaOffset` of the first byte. */
  onCodeWritten: ((arenaOffset: number, length: number) => void) | undefined;
  /** Called when code is fetched from a part of a RAM that nobody has ever written; it stays so. */
  onUntouchedFetch: (() => void) | undefined;
  /** True while the current code is privileged; set through `setPrivileged`. */
  private privileged = true;
  /** Privilege of the access that is being made, for devices that refuse unprivileged ones (the PPB). */
  accessPrivileged = true;
  /** The core has bit-banding: words at 0x2200_0000 and 0x4200_0000 are the bits of 1 MiB at 0x2000_0000 and 0x4000_0000. */
  bitBand = false;
  /** Changes whenever page-table entries were dropped, as rights or places may have changed. */
  generation = 0;
  private readonly i32: Int32Array;
  private filled: number[] = [];
  private tap: MemoryTap | undefined;
  /** Present while accesses are watched. */
  watch: MemoryWatch | undefined;
  private readonly rams = new Set<Ram>();

  constructor(bus: AddressSpace, protection: ProtectionUnit) {
    this.bus = bus;
    this.protection = protection;
    const arena = bus.regions.find((region) => region.ram)?.ram?.arena;
    this.i32 = arena?.i32 ?? new Int32Array(0);
    this.pages = arena
      ? new Int32Array(arena.memory.buffer, arena.allocate(1 << 22, `${bus.name} page table`), 1 << 20)
      : new Int32Array(1 << 20);
    for (const { ram } of bus.regions) {
      if (!ram || this.rams.has(ram)) continue;
      this.rams.add(ram);
      ram.observe(this);
    }
  }

  /** Stops observing the RAMs. */
  dispose(): void {
    for (const ram of this.rams) ram.unobserve(this);
  }

  /** Tells the port the current privilege; drops entries only when the MPU makes a difference. */
  setPrivileged(privileged: boolean): void {
    if (privileged === this.privileged) return;
    this.privileged = privileged;
    if (this.protection.differsByPrivilege) this.flush();
  }

  /** Takes over what the core has told `other` of its state. */
  follow(other: CoreMemory): void {
    this.setPrivileged(other.privileged);
  }

  /** From now on accesses that come here go through `tap`, and the first store to each page comes here; undefined ends it. */
  setTap(tap: MemoryTap | undefined): void {
    this.tap = tap;
    if (tap) for (const page of this.filled) this.pages[page]! &= ~WRITE;
  }

  /** The watchpoints are other than before; not in the middle of an instruction. */
  setWatchpoints(watchpoints: Watchpoints): void {
    const before = this.watch;
    this.watch = watchpoints.active ? new MemoryWatch(watchpoints, this.bus) : undefined;
    for (const { ram, offset, size } of this.watch?.newlyRead(before) ?? []) ram!.noteWrite(offset, size);
    this.flush();
  }

  /**
   * For instructions that access several words, while there is a `watch`: whether one of `count` from `address` on, a multiple of 4, is refused because
   * of it, before any of them is accessed. `values` are what is to be written; absent: they are read.
   */
  refusesWords(address: number, count: number, values?: readonly number[]): boolean {
    const { watch } = this;
    if (!watch?.refusing) return false;
    const right = values ? WRITE : READ;
    let first: number | undefined;
    for (let index = 0; index < count; index++) {
      const at = (address + 4 * index) >>> 0;
      if (!this.permitted(at, 4, right, this.privileged)) break;
      if (watch.refuses(at, 4, right, values?.[index] ?? 0)) first ??= at;
    }
    if (first === undefined) return false;
    this.fail('watch', first);
    return true;
  }

  /** Drops every page-table entry; call after any change of the MPU. */
  flush(): void {
    for (const page of this.filled) this.pages[page] = 0;
    this.filled = [];
    this.generation++;
    this.onFlush?.();
  }

  /** Reads `size` (1, 2, 4) bytes as u32, with the device's side effects, or BUS_FAULT with `fault` set. */
  read(address: number, size: number, privileged = this.privileged): number {
    if (!this.permitted(address, size, READ, privileged)) return BUS_FAULT;
    if (this.watch?.refuses(address, size, READ, 0)) return this.fail('watch', address);
    this.accessPrivileged = privileged;
    if (this.bitBand && isBitBand(address)) return this.readBit(address, size);
    this.enter(address);
    const value = (this.tap ?? this.bus).read(address, size);
    return value === BUS_FAULT ? this.fail('bus', address) : value;
  }

  /** Writes the low `size` bytes of `value`; false with `fault` set when it is refused. */
  write(address: number, value: number, size: number, privileged = this.privileged): boolean {
    if (!this.permitted(address, size, WRITE, privileged)) return false;
    if (this.watch?.refuses(address, size, WRITE, value)) {
      this.fail('watch', address);
      return false;
    }
    this.accessPrivileged = privileged;
    if (this.bitBand && isBitBand(address)) return this.writeBit(address, value, size);
    this.enter(address);
    if (this.tap) this.tapStore(this.tap, address, size);
    if ((this.tap ?? this.bus).write(address, value, size)) return true;
    this.fail('bus', address);
    return false;
  }

  /**
   * Arena offset of `bytes` bytes at `address`, a multiple of 4, when all of them may be accessed with `right` and `privileged` in the
   * arena itself; 0 when that is not so, or not known to be: the access has to come through `read` or `write` then.
   */
  private direct(address: number, bytes: number, right: number, privileged: boolean): number {
    if ((address & 3) !== 0 || (address & (PAGE_SIZE - 1)) + bytes > PAGE_SIZE || this.tap) return 0;
    if (privileged !== this.privileged && this.protection.differsByPrivilege) return 0;
    const page = address >>> PAGE_SHIFT;
    if (this.pages[page] === 0) this.enter(address);
    const entry = this.pages[page]!;
    return (entry & right) === 0 ? 0 : ((entry & ~PAGE_FLAGS) | (address & PAGE_FLAGS)) >>> 0;
  }

  /** Writes `words` from `address` on if the whole of them may go directly; false, and nothing done, when they have to go one by one. */
  storeWords(address: number, words: readonly number[], privileged: boolean): boolean {
    const at = this.direct(address, 4 * words.length, WRITE, privileged) >>> 2;
    if (at === 0) return false;
    for (let index = 0; index < words.length; index++) this.i32[at + index] = words[index]!;
    return true;
  }

  /** As `storeWords`: appends the `count` words (u32) from `address` on to `words`. */
  loadWords(address: number, count: number, words: number[], privileged: boolean): boolean {
    const at = this.direct(address, 4 * count, READ, privileged) >>> 2;
    if (at === 0) return false;
    for (let index = 0; index < count; index++) words.push(this.i32[at + index]! >>> 0);
    return true;
  }

  /** Fetches the halfword at `address` without side effects; BUS_FAULT with `fault` set where nothing executable answers. */
  fetch(address: number): number {
    if ((this.protection.permissions(address, this.privileged) & EXECUTE) === 0) return this.fail('protection', address);
    const region = this.bus.find(address);
    if (!region?.ram) return this.fail('bus', address);
    if (region.guarded && this.left(region, address, 2, READ) === 0) return this.bus.guard!.fails(region) ? this.fail('bus', address) : 0;
    if (region.ram.locateIfTouched(region.ramOffset + address - region.base) === 0) {
      this.onUntouchedFetch?.();
      return 0;
    }
    this.enter(address);
    return region.ram.read(region.ramOffset + address - region.base, 2);
  }

  /**
   * Halfwords from `address` to the end of its page that are zero because nobody has ever written that part of the RAM, and that may be
   * executed; 0 when there are none.
   */
  untouchedCode(address: number): number {
    if ((this.pages[address >>> PAGE_SHIFT]! & EXECUTE) !== 0) return 0;
    const at = this.ramAt(address);
    if (at?.ram.locateIfTouched(at.offset) !== 0) return 0;
    const page = (address & ~(PAGE_SIZE - 1)) >>> 0;
    if (this.leftAt(page, PAGE_SIZE, EXECUTE) === 0) return 0;
    if ((this.protection.permissions(address, this.privileged) & EXECUTE) === 0 || !this.protection.uniform(page)) return 0;
    return Math.min(page + PAGE_SIZE - address, at.ram.size - at.offset) >>> 1;
  }

  /**
   * Arena offset of the byte of RAM at `address`, 0 when nobody has touched that part of the RAM; undefined where there is no RAM or an access
   * with `right` would be refused, or a part of its word is watched. No side effects.
   */
  locate(address: number, right: number): number | undefined {
    if ((this.protection.permissions(address, this.privileged) & right) === 0) return undefined;
    if (this.watch?.watches(address & ~3, 4, right)) return undefined;
    const region = this.bus.find(address);
    if (!region?.ram || (region.guarded && this.left(region, (address & ~3) >>> 0, 4, right) === 0)) return undefined;
    return region.ram.locateIfTouched(region.ramOffset + address - region.base);
  }

  /** What an aligned read of the device at `address` would give and how that goes on; undefined where a read has effects or is refused. */
  outlook(address: number, size: number): (Progress & { readonly value: number }) | undefined {
    const region = this.bus.find(address);
    if (!region?.device || region.broken || (this.protection.permissions(address, this.privileged) & READ) === 0) return undefined;
    if (this.watch?.watches(address, size, READ)) return undefined;
    if (region.guarded && this.left(region, address, size, READ) === 0) return undefined;
    const { device } = region;
    const offset = address - region.base;
    this.accessPrivileged = this.privileged;
    const steady = device.steady?.(offset) && (size === 1 || device.steady(offset + size - 1));
    const progress = steady ? STEADY : device.progress?.(offset, size);
    const value = progress && device.peek(offset, size);
    return progress && value !== undefined && value !== BUS_FAULT ? { ...progress, value } : undefined;
  }

  /** `times` reads of the device at `address`, of which `outlook` told what they give, were left out. */
  skipped(address: number, times: number): void {
    const region = this.bus.find(address);
    region?.device?.skipped?.(address - region.base, times);
  }

  /** True when the code that runs now may read at `address`, be that watched or not. */
  readable(address: number): boolean {
    return (this.protection.permissions(address, this.privileged) & READ) !== 0;
  }

  /** Rights to all of the `size` bytes from `address` on, which differ nowhere for the protection unit, by that and by the bus. */
  rights(address: number, size: number, privileged: boolean): number {
    return this.leftAt(address, size, this.protection.permissions(address, privileged));
  }

  /** A fetch at `address` was a bus fault: whoever refused it notes that. */
  noteFetch(address: number): void {
    const region = this.bus.find(address);
    if (region?.guarded) this.bus.refusal(region, address - region.base, 2, READ);
  }

  /** RAM, and byte offset in it, at `address`; undefined for devices and holes. */
  ramAt(address: number): { ram: Ram; offset: number } | undefined {
    const region = this.bus.find(address);
    return region?.ram && { ram: region.ram, offset: region.ramOffset + address - region.base };
  }

  pageHasCode(): void {
    this.flush();
  }

  /** After a snapshot was loaded: rights may be others. */
  restored(): void {
    this.flush();
  }

  moved(): void {
    if (this.filled.length > 0) this.flush();
    else this.generation++;
  }

  codeWritten(ram: Ram, offset: number, length: number): void {
    // The RAM's chunks need not follow each other in the arena.
    for (let done = 0; done < length; ) {
      const part = Math.min(length - done, CHUNK_SIZE - ((offset + done) % CHUNK_SIZE));
      const at = ram.locateIfTouched(offset + done);
      if (at !== 0) this.onCodeWritten?.(at, part);
      done += part;
    }
  }

  /** Tells the tap of the pages that a store changes, and lets the next stores to them take the short way. */
  private tapStore(tap: MemoryTap, address: number, size: number): void {
    const last = (address + size - 1) >>> 0;
    for (const at of (address ^ last) >>> PAGE_SHIFT === 0 ? [address] : [address, last]) {
      const place = this.ramAt(at);
      if (!place) continue;
      const page = place.offset >>> PAGE_SHIFT;
      tap.storing(place.ram, page);
      if (this.pages[at >>> PAGE_SHIFT] === 0 || place.ram.isCode(page)) continue;
      if (this.watch?.unwatched(place.ram, page * PAGE_SIZE, PAGE_SIZE, WRITE) === 0) continue;
      const rights = this.protection.permissions(at, this.privileged) & WRITE;
      this.pages[at >>> PAGE_SHIFT]! |= this.leftAt((at & ~(PAGE_SIZE - 1)) >>> 0, PAGE_SIZE, rights);
    }
  }

  private permitted(address: number, size: number, right: number, privileged: boolean): boolean {
    const { protection } = this;
    if ((protection.permissions(address, privileged) & right) === 0) {
      this.fail('protection', address);
      return false;
    }
    if ((address & (size - 1)) === 0) return true;
    if (protection.isDevice(address) || this.bus.find(address)?.device) {
      this.fail('unaligned', address);
      return false;
    }
    const last = (address + size - 1) >>> 0;
    if ((protection.permissions(last, privileged) & right) !== 0) return true;
    this.fail('protection', last);
    return false;
  }

  /** A bit by its alias: of the unit of that size that holds it, which the protection unit is not asked about. */
  private readBit(alias: number, size: number): number {
    const { address, bit } = bitAt(alias, size);
    if (this.watch?.refuses(address, size, READ, 0)) return this.fail('watch', address);
    const value = (this.tap ?? this.bus).read(address, size);
    return value === BUS_FAULT ? this.fail('bus', alias) : (value >>> bit) & 1;
  }

  /** Reads the unit and writes it back with the bit changed. */
  private writeBit(alias: number, value: number, size: number): boolean {
    const { address, bit } = bitAt(alias, size);
    const before = (this.tap ?? this.bus).read(address, size);
    const after = ((before & ~(1 << bit)) | ((value & 1) << bit)) >>> 0;
    if (before !== BUS_FAULT && this.watch?.refuses(address, size, WRITE, after)) {
      this.fail('watch', address);
      return false;
    }
    if (this.tap && before !== BUS_FAULT) this.tapStore(this.tap, address, size);
    if (before !== BUS_FAULT && (this.tap ?? this.bus).write(address, after, size)) return true;
    this.fail('bus', alias);
    return false;
  }

  /** Fills the page-table entry of `address` when its whole page is RAM with uniform rights. */
  private enter(address: number): void {
    const page = address >>> PAGE_SHIFT;
    if (this.pages[page] !== 0) return;
    const base = (page << PAGE_SHIFT) >>> 0;
    const region = this.bus.find(address);
    if (!region?.ram || base < region.base || base + PAGE_SIZE > region.base + region.size) return;
    const offset = region.ramOffset + base - region.base;
    if (offset % PAGE_SIZE !== 0 || !this.protection.uniform(base)) return;
    let rights = this.protection.permissions(base, this.privileged);
    if (this.tap || region.ram.isCode(offset >>> PAGE_SHIFT)) rights &= ~WRITE;
    if (region.guarded) rights = this.left(region, base, PAGE_SIZE, rights);
    if (this.watch) rights = this.watch.unwatched(region.ram, offset, PAGE_SIZE, rights);
    if (rights === 0) return;
    this.pages[page] = region.ram.locate(offset) | rights | (this.protection.isDevice(base) ? 0 : NORMAL);
    this.filled.push(page);
  }

  /** Of `rights` those that the bus leaves to the core for all of the `size` bytes at `address` in `region`, which is guarded. */
  private left(region: Region, address: number, size: number, rights: number): number {
    const left = this.bus.guard!.rights(region, address - region.base, size);
    return rights & (left | ((left & READ) !== 0 ? EXECUTE : 0) | NORMAL);
  }

  /** As `left`, wherever `address` is. */
  private leftAt(address: number, size: number, rights: number): number {
    const region = this.bus.guard && this.bus.find(address);
    return region?.guarded ? this.left(region, address, size, rights) : rights;
  }

  private fail(fault: MemoryFault, address: number): number {
    this.fault = fault;
    this.faultAddress = address;
    return BUS_FAULT;
  }
}
