/**
 * One view of physical memory: which RAM or device answers at which address, as one bus master sees it.
 *
 * The Cortex-M core and Linux each have their own `AddressSpace` over the same RAMs and devices. The bus owns width and alignment:
 * a device is only ever asked for the widths it declares. A hole answers with `BUS_FAULT`, never with a number.
 */
import { RegionOverlap } from '../errors.ts';
import type { Ram } from './ram.ts';

/** Returned by `read` where nothing answers; no u32 has this value. */
export const BUS_FAULT = -1;

/** A block of registers (or anything that is not plain memory) on the bus; offsets are bytes from its base. */
export interface BusDevice {
  /** Reads `size` (1, 2, 4) bytes as u32 with the hardware's side effects, or `BUS_FAULT`. */
  read(offset: number, size: number): number;
  /** Writes; false is a bus fault. */
  write(offset: number, value: number, size: number): boolean;
  /** What a read would give, without any side effect; for debuggers and traces. */
  peek(offset: number, size: number): number;
  /**
   * True when what a read of `offset` gives can change only by an access or by a timer of the scheduler, and reading has no side effect
   * (but to be counted: `skipped`): a loop that polls it may be skipped to the next event. Devices without it are taken to change at any time.
   */
  steady?(offset: number): boolean;
  /**
   * How the value that a read of `offset` gives goes on by itself, as long as a read of it has no other effect than to give it; undefined
   * where that is not so. A delay loop that reads it may be taken in one step.
   */
  progress?(offset: number, size: number): Progress | undefined;
  /** `times` reads of `offset`, which is steady, were left out, as it is known what they give; for those that count. */
  skipped?(offset: number, times: number): void;
  /** What is written to it may change what masters may access (`AccessGuard`). */
  readonly guards?: true;
  /** Why the block never behaves otherwise, for reports: `not modelled`. */
  readonly standIn?: string;
  /** Name of the register at `offset` as its manual has it; undefined where there is none, or where the block does not tell. */
  registerName?(offset: number): string | undefined;
}

/** A register that counts: after every `cycles` cycles of the base clock its value is `ticks` more modulo 2^32, for reads before `until`. */
export interface Progress {
  /** Negative for a counter that counts down, 0 for a value that stays. */
  readonly ticks: number;
  readonly cycles: number;
  /** Cycles of the base clock from now. */
  readonly until: number;
}

/** A value that stays for `cycles` cycles of the base clock, or, when those are over (or not given), until an access or an event changes it. */
export function unchanging(cycles = Number.POSITIVE_INFINITY): Progress {
  return { ticks: 0, cycles: 1, until: cycles > 0 ? cycles : Number.POSITIVE_INFINITY };
}

/** A window of an address space. `ram` regions name the byte of the RAM at which they start. */
export interface Region {
  readonly name: string;
  readonly base: number;
  readonly size: number;
  readonly ram?: Ram;
  readonly ramOffset: number;
  readonly device?: BusDevice;
  /** The device does not answer: every access is a bus fault. */
  broken?: boolean;
  /** The guard of the address space is to be asked before an access. */
  guarded: boolean;
}

/** Bytes that follow each other in one RAM or device, from `offset` on; in a hole (neither) `offset` is their address. */
export interface Stretch {
  readonly ram?: Ram;
  readonly device?: BusDevice;
  readonly offset: number;
  readonly size: number;
}

/** Rights that an `AccessGuard` leaves to a master. */
export const MAY_READ = 1;
export const MAY_WRITE = 2;

/** Keeps a master away from parts of its address space (a resource domain controller). Debuggers that `peek` or look at RAM are not asked. */
export interface AccessGuard {
  /** True when an access to `region` may be refused; it is asked about no other. */
  closes(region: Region): boolean;
  /** `MAY_READ | MAY_WRITE` as far as the master has them for all of the `size` bytes from `offset` of `region` on. No side effects. */
  rights(region: Region, offset: number, size: number): number;
  /** True when a refused access to `region` is a bus error; else a read gives 0 and a write is lost. */
  fails(region: Region): boolean;
  /** The master has made an access to `size` bytes that is refused. */
  note(region: Region, offset: number, size: number, write: boolean): void;
}

/** Regions found last, by 64 KiB of addresses: a master goes to and fro between a few, as Linux does between a unit's registers and a ring. */
const RECENT = 64;
const RECENT_SHIFT = 16;

function holder({ ram, device }: Region): Pick<Stretch, 'ram' | 'device'> {
  return ram ? { ram } : device ? { device } : {};
}

/** A sorted map of non-overlapping regions with 32-bit addresses. */
export class AddressSpace {
  readonly name: string;
  private readonly sorted: Region[] = [];
  private readonly recent = new Array<Region | undefined>(RECENT).fill(undefined);
  private keeper: AccessGuard | undefined;
  private ramGuarded = false;
  private readonly guardListeners: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** True when whoever knows the RAM behind an address may go there himself: nobody wants to hear of accesses. */
  get direct(): boolean {
    return !this.ramGuarded;
  }

  /** What keeps the master away from the regions that are `guarded`; undefined while none is. */
  get guard(): AccessGuard | undefined {
    return this.keeper;
  }

  /** From now on `guard` is asked, or is the same and answers otherwise than before. */
  setGuard(guard: AccessGuard | undefined): void {
    this.keeper = guard;
    for (const region of this.sorted) region.guarded = guard?.closes(region) ?? false;
    this.ramGuarded = this.sorted.some(({ ram, guarded }) => ram && guarded);
    for (const listener of this.guardListeners) listener();
  }

  /** Calls `listener` after each `setGuard`. */
  onGuard(listener: () => void): void {
    this.guardListeners.push(listener);
  }

  /** For a region that is guarded: undefined when the access may pass; else it was refused, and true says that this is a bus error. */
  refusal(region: Region, offset: number, size: number, right: number): boolean | undefined {
    const { keeper } = this;
    if (keeper === undefined || (keeper.rights(region, offset, size) & right) !== 0) return undefined;
    keeper.note(region, offset, size, right === MAY_WRITE);
    return keeper.fails(region);
  }

  /** All regions in address order. */
  get regions(): readonly Region[] {
    return this.sorted;
  }

  /**
   * Makes `size` bytes of `ram`, from `ramOffset` on, visible at `base`. The same RAM may be mapped many times (aliases).
   * @throws {RegionOverlap}
   */
  mapRam(base: number, ram: Ram, ramOffset = 0, size = ram.size - ramOffset, name = ram.name): Region {
    return this.insert({ name, base, size, ram, ramOffset, guarded: false });
  }

  /** Makes `device` answer in `base .. base+size-1`. @throws {RegionOverlap} */
  mapDevice(base: number, size: number, device: BusDevice, name: string): Region {
    return this.insert({ name, base, size, ramOffset: 0, device, guarded: false });
  }

  private insert(region: Region): Region {
    const at = this.sorted.findIndex((other) => other.base > region.base);
    const index = at < 0 ? this.sorted.length : at;
    const before = this.sorted[index - 1];
    const after = this.sorted[index];
    if (before && before.base + before.size > region.base) {
      throw new RegionOverlap(region.name, region.base, before.name, before.base);
    }
    if (after && region.base + region.size > after.base) {
      throw new RegionOverlap(region.name, region.base, after.name, after.base);
    }
    this.sorted.splice(index, 0, region);
    this.recent.fill(undefined);
    return region;
  }

  /** The region that holds `address` (u32), or undefined in a hole. */
  find(address: number): Region | undefined {
    const slot = (address >>> RECENT_SHIFT) % RECENT;
    const known = this.recent[slot];
    if (known && address >= known.base && address < known.base + known.size) return known;
    let low = 0;
    let high = this.sorted.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const region = this.sorted[middle]!;
      if (address < region.base) high = middle - 1;
      else if (address >= region.base + region.size) low = middle + 1;
      else {
        this.recent[slot] = region;
        return region;
      }
    }
    return undefined;
  }

  /** What the `size` bytes from `address` on are, up to the end of the address space. */
  *stretches(address: number, size: number): Generator<Stretch> {
    const end = Math.min(address + size, 2 ** 32);
    for (let at = address; at < end; ) {
      const region = this.find(at);
      const to = Math.min(end, region ? region.base + region.size : (this.regions.find(({ base }) => base > at)?.base ?? end));
      if (region) yield { ...holder(region), offset: region.ramOffset + at - region.base, size: to - at };
      else yield { offset: at, size: to - at };
      at = to;
    }
  }

  /** Reads `size` (1, 2, 4) bytes at `address` as u32 with side effects, or `BUS_FAULT`. RAM takes any alignment. */
  read(address: number, size: number): number {
    const region = this.find(address);
    if (!region) return BUS_FAULT;
    const offset = address - region.base;
    if (offset + size > region.size) return this.readAcross(address, size);
    if (region.guarded) {
      const fails = this.refusal(region, offset, size, MAY_READ);
      if (fails !== undefined) return fails ? BUS_FAULT : 0;
    }
    if (region.ram) return region.ram.read(region.ramOffset + offset, size);
    return region.broken ? BUS_FAULT : region.device!.read(offset, size);
  }

  /** Writes the low `size` bytes of `value`; false is a bus fault. */
  write(address: number, value: number, size: number): boolean {
    const region = this.find(address);
    if (!region) return false;
    const offset = address - region.base;
    if (offset + size > region.size) return this.writeAcross(address, value, size);
    if (region.guarded) {
      const fails = this.refusal(region, offset, size, MAY_WRITE);
      if (fails !== undefined) return !fails;
    }
    if (region.ram) {
      region.ram.write(region.ramOffset + offset, value, size);
      return true;
    }
    return !region.broken && region.device!.write(offset, value, size);
  }

  /** What `read` would give, without side effects. */
  peek(address: number, size: number): number {
    const region = this.find(address);
    if (!region || address - region.base + size > region.size) return BUS_FAULT;
    if (region.ram) return region.ram.read(region.ramOffset + address - region.base, size);
    return region.broken ? BUS_FAULT : region.device!.peek(address - region.base, size);
  }

  /** `length` bytes of RAM at `address`, or undefined when any of them is not RAM. No side effects. */
  readBytes(address: number, length: number): Uint8Array | undefined {
    const first = this.find(address);
    if (first?.ram && address + length <= first.base + first.size)
      return first.ram.readBytes(first.ramOffset + address - first.base, length);
    const out = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const region = this.find(address + done);
      if (!region?.ram) return undefined;
      const offset = address + done - region.base;
      const part = Math.min(length - done, region.size - offset);
      out.set(region.ram.readBytes(region.ramOffset + offset, part), done);
      done += part;
    }
    return out;
  }

  /** Writes `data` to RAM at `address`; false (and nothing written) when any byte of it is not RAM. */
  writeBytes(address: number, data: Uint8Array): boolean {
    const first = this.find(address);
    if (first?.ram && address + data.length <= first.base + first.size) {
      first.ram.writeBytes(first.ramOffset + address - first.base, data);
      return true;
    }
    if (!this.isRam(address, data.length)) return false;
    for (let done = 0; done < data.length; ) {
      const region = this.find(address + done)!;
      const offset = address + done - region.base;
      const part = Math.min(data.length - done, region.size - offset);
      region.ram!.writeBytes(region.ramOffset + offset, data.subarray(done, done + part));
      done += part;
    }
    return true;
  }

  /** Sets `length` bytes of RAM to `value`; false (and nothing written) when any byte of it is not RAM. */
  fill(address: number, value: number, length: number): boolean {
    if (!this.isRam(address, length)) return false;
    for (let done = 0; done < length; ) {
      const region = this.find(address + done)!;
      const offset = address + done - region.base;
      const part = Math.min(length - done, region.size - offset);
      region.ram!.fill(region.ramOffset + offset, value, part);
      done += part;
    }
    return true;
  }

  /** True when all of `address .. address+length-1` is RAM. */
  isRam(address: number, length: number): boolean {
    for (let done = 0; done < length; ) {
      const region = this.find(address + done);
      if (!region?.ram) return false;
      done += region.base + region.size - (address + done);
    }
    return true;
  }

  private readAcross(address: number, size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) {
      const byte = this.read((address + i) >>> 0, 1);
      if (byte === BUS_FAULT) return BUS_FAULT;
      value += byte * 2 ** (8 * i);
    }
    return value;
  }

  private writeAcross(address: number, value: number, size: number): boolean {
    for (let i = 0; i < size; i++) {
      if (!this.write((address + i) >>> 0, (value >>> (8 * i)) & 0xff, 1)) return false;
    }
    return true;
  }
}
