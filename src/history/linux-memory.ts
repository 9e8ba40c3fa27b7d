/**
 * Linux's view of the machine, as `AddressSpace`, with a history: what is read is noted, or comes from a history; while it does, nothing is written.
 *
 * Debuggers hear here of what Linux (and the boot loader before it) stores to RAM.
 */
import { AddressSpace, MAY_READ, MAY_WRITE, type Region, type Stretch } from '../memory/bus.ts';
import type { LinuxHistory } from './linux-history.ts';

/** No part of memory that is closed to somebody is smaller. */
const LINE = 128;

/** A store that Linux has made, as Linux addresses it; it may be far longer than what is watched of it. */
export interface LinuxStore {
  readonly address: number;
  readonly size: number;
}

/** Hears of stores. */
type StoreListener = (store: LinuxStore) => void;

/** Who watches what Linux stores; stays when Linux is started anew. */
export class LinuxStores {
  private watched: readonly { readonly stretches: readonly Stretch[]; readonly listener: StoreListener }[] = [];

  /** True while somebody watches. */
  get active(): boolean {
    return this.watched.length > 0;
  }

  /**
   * Tells `listener` of each store to one of the bytes of RAM in `stretches` (`AddressSpace.stretches` of whoever's view), after it was done and whatever
   * address Linux has for them; the function ends that. Nothing is told while a history is gone through, as nothing is stored.
   */
  watch(stretches: Iterable<Stretch>, listener: StoreListener): () => void {
    const watched = { stretches: [...stretches].filter(({ ram }) => ram !== undefined), listener };
    this.watched = [...this.watched, watched];
    return () => {
      this.watched = this.watched.filter((other) => other !== watched);
    };
  }

  /** A store to `stored` has been made. */
  tell(store: LinuxStore, stored: Iterable<Stretch>): void {
    const parts = [...stored];
    for (const { stretches, listener } of this.watched) {
      if (stretches.some((watched) => parts.some((part) => overlap(watched, part)))) listener(store);
    }
  }
}

/** Linux's face of the view `behind` it; without a history it only passes on. Others that look at the memory look at that one. */
export class LinuxMemory extends AddressSpace {
  history: LinuxHistory | undefined;
  private readonly behind: AddressSpace;
  private readonly stores: LinuxStores;

  constructor(behind: AddressSpace, stores = new LinuxStores()) {
    super(behind.name);
    this.behind = behind;
    this.stores = stores;
  }

  override get direct(): boolean {
    return this.history === undefined && !this.stores.active && this.behind.direct;
  }

  override get regions(): readonly Region[] {
    return this.behind.regions;
  }

  override find(address: number): Region | undefined {
    return this.behind.find(address);
  }

  override read(address: number, size: number): number {
    const { history, behind } = this;
    return history ? history.value(() => behind.read(address, size)) : behind.read(address, size);
  }

  override peek(address: number, size: number): number {
    const { history, behind } = this;
    return history ? history.value(() => behind.peek(address, size)) : behind.peek(address, size);
  }

  override write(address: number, value: number, size: number): boolean {
    const { history, behind } = this;
    if (!history) return this.told(behind.write(address, value, size), address, size);
    const region = behind.find(address);
    if (region?.ram && (address + size <= region.base + region.size || this.isRam(address, size))) {
      if (history.replaying) return history.storedAgain();
      return history.stored(this.told(behind.write(address, value, size), address, size));
    }
    return history.value(() => Number(behind.write(address, value, size))) === 1;
  }

  override readBytes(address: number, length: number): Uint8Array | undefined {
    const { history } = this;
    return history ? history.bytes(length, () => this.readOpen(address, length)) : this.readOpen(address, length);
  }

  override writeBytes(address: number, data: Uint8Array): boolean {
    if (this.history?.replaying) return this.isRam(address, data.length);
    if (this.behind.direct) return this.told(this.behind.writeBytes(address, data), address, data.length);
    if (!this.isRam(address, data.length)) return false;
    for (const [at, size] of this.open(address, data.length, MAY_WRITE))
      this.behind.writeBytes(at, data.subarray(at - address, at - address + size));
    return this.told(true, address, data.length);
  }

  override fill(address: number, value: number, length: number): boolean {
    if (this.history?.replaying) return this.isRam(address, length);
    if (this.behind.direct) return this.told(this.behind.fill(address, value, length), address, length);
    if (!this.isRam(address, length)) return false;
    for (const [at, size] of this.open(address, length, MAY_WRITE)) this.behind.fill(at, value, size);
    return this.told(true, address, length);
  }

  private readOpen(address: number, length: number): Uint8Array | undefined {
    const { behind } = this;
    const bytes = behind.readBytes(address, length);
    if (!bytes || behind.direct) return bytes;
    const open = new Uint8Array(length);
    for (const [at, size] of this.open(address, length, MAY_READ))
      open.set(bytes.subarray(at - address, at - address + size), at - address);
    return open;
  }

  /** Of these bytes of RAM those that the guard of the space leaves to Linux, line by line; what is refused is noted, reads as 0 and is not written. */
  private *open(address: number, length: number, right: number): Generator<readonly [address: number, size: number]> {
    for (let at = address; at < address + length; ) {
      const size = Math.min(address + length, at - (at % LINE) + LINE) - at;
      const region = this.behind.find(at);
      if (!region?.guarded || this.behind.refusal(region, at - region.base, size, right) === undefined) yield [at, size];
      at += size;
    }
  }

  /** Tells who watches of a store, if it was `done`. */
  private told(done: boolean, address: number, size: number): boolean {
    if (done && this.stores.active) this.stores.tell({ address, size }, this.behind.stretches(address, size));
    return done;
  }
}

function overlap(a: Stretch, b: Stretch): boolean {
  return a.ram === b.ram && a.ram !== undefined && a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}
