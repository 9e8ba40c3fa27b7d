/**
 * The split ring of virtio in memory that both sides can reach: descriptor table, available ring, used ring.
 *
 * Layout as include/uapi/linux/virtio_ring.h and virtio 1.2 section 2.7 give it (legacy alignment). Every index is reduced or
 * checked before it becomes an address, and what lies in a hole of the address space reads as all ones, so no content can do harm.
 * Not modelled: packed rings, indirect tables.
 */
import type { AddressSpace } from '../memory/bus.ts';
import { BUS_FAULT } from '../memory/bus.ts';
import { RamWindow } from '../memory/ram-window.ts';

/** The descriptor continues at `next`. */
export const VRING_DESC_F_NEXT = 1;
/** The device writes the buffer. */
export const VRING_DESC_F_WRITE = 2;
/** In `used.flags`: the device does not want kicks. */
export const VRING_USED_F_NO_NOTIFY = 1;
/** In `avail.flags`: the driver does not want interrupts. */
export const VRING_AVAIL_F_NO_INTERRUPT = 1;
/** Feature bit: `used_event` and `avail_event` say when to interrupt and kick. */
export const VIRTIO_RING_F_EVENT_IDX = 29;

const DESC_SIZE = 16;
const USED_ELEMENT_SIZE = 8;

/** One row of the descriptor table; `address` is the low half, `addressHigh` the high half of 64 bits. */
export interface VringDescriptor {
  address: number;
  addressHigh: number;
  length: number;
  flags: number;
  next: number;
}

/** `(value + align - 1) & ~(align - 1)` for any `align` > 0, whatever a resource table says. */
function alignUp(value: number, align: number): number {
  if (Math.log2(align) % 1 === 0) return Math.ceil(value / align) * align;
  const mask = BigInt(align) - 1n;
  return Number((BigInt(value) + mask) & ~mask);
}

/** `vring_size`: bytes that a ring of `num` descriptors with `align` takes. */
export function vringSize(num: number, align: number): number {
  return alignUp(DESC_SIZE * num + 2 * (3 + num), align) + 2 * 3 + USED_ELEMENT_SIZE * num;
}

/** `vring_need_event`: does moving an index from `old` to `now` pass `event`? All are u16. */
export function vringNeedEvent(event: number, now: number, old: number): boolean {
  return ((now - event - 1) & 0xffff) < ((now - old) & 0xffff);
}

/** A ring at a system address (`vring_init`); accessors only, the roles are in `virtqueue.ts` and `virtio-device-queue.ts`. */
export class Vring {
  readonly memory: AddressSpace;
  readonly num: number;
  readonly align: number;
  /** System addresses of the three parts. */
  readonly desc: number;
  readonly avail: number;
  readonly used: number;
  private readonly window: RamWindow;

  constructor(memory: AddressSpace, address: number, num: number, align: number) {
    this.memory = memory;
    this.num = num;
    this.align = align;
    this.desc = address;
    this.avail = address + DESC_SIZE * num;
    this.used = alignUp(this.avail + 4 + 2 * num + 2, align);
    this.window = new RamWindow(memory, address, this.size);
  }

  /** Bytes from `desc` to the end of the used ring, its event field included. */
  get size(): number {
    return this.used + 4 + USED_ELEMENT_SIZE * this.num + 2 - this.desc;
  }

  /** Row `index` of the table, `index` < `num`. */
  descriptor(index: number): VringDescriptor {
    const at = this.desc + DESC_SIZE * index;
    return {
      address: this.read32(at),
      addressHigh: this.read32(at + 4),
      length: this.read32(at + 8),
      flags: this.read16(at + 12),
      next: this.read16(at + 14),
    };
  }

  /** Flags of row `index`. */
  descriptorFlags(index: number): number {
    return this.read16(this.desc + DESC_SIZE * index + 12);
  }

  /** Writes row `index` of the table. */
  setDescriptor(index: number, value: VringDescriptor): void {
    const { window } = this;
    const at = this.desc + DESC_SIZE * index;
    window.write(at, value.address, 4);
    window.write(at + 4, value.addressHigh, 4);
    window.write(at + 8, value.length, 4);
    window.write(at + 12, value.flags, 2);
    window.write(at + 14, value.next, 2);
  }

  get availFlags(): number {
    return this.read16(this.avail);
  }

  set availFlags(value: number) {
    this.window.write(this.avail, value, 2);
  }

  get availIdx(): number {
    return this.read16(this.avail + 2);
  }

  set availIdx(value: number) {
    this.window.write(this.avail + 2, value & 0xffff, 2);
  }

  /** Head stored in slot `slot` (< `num`) of the available ring. */
  availEntry(slot: number): number {
    return this.read16(this.avail + 4 + 2 * slot);
  }

  setAvailEntry(slot: number, head: number): void {
    this.window.write(this.avail + 4 + 2 * slot, head & 0xffff, 2);
  }

  /** Where the driver says from which used index on it wants an interrupt. */
  get usedEvent(): number {
    return this.availEntry(this.num);
  }

  set usedEvent(value: number) {
    this.setAvailEntry(this.num, value);
  }

  get usedFlags(): number {
    return this.read16(this.used);
  }

  set usedFlags(value: number) {
    this.window.write(this.used, value, 2);
  }

  get usedIdx(): number {
    return this.read16(this.used + 2);
  }

  set usedIdx(value: number) {
    this.window.write(this.used + 2, value & 0xffff, 2);
  }

  /** Element in slot `slot` (< `num`) of the used ring; both are u32 and whatever the device wrote. */
  usedElement(slot: number): { id: number; length: number } {
    const at = this.used + 4 + USED_ELEMENT_SIZE * slot;
    return { id: this.read32(at), length: this.read32(at + 4) };
  }

  setUsedElement(slot: number, id: number, length: number): void {
    const at = this.used + 4 + USED_ELEMENT_SIZE * slot;
    this.window.write(at, id >>> 0, 4);
    this.window.write(at + 4, length >>> 0, 4);
  }

  /** Where the device says from which available index on it wants a kick. */
  get availEvent(): number {
    return this.read16(this.used + 4 + USED_ELEMENT_SIZE * this.num);
  }

  set availEvent(value: number) {
    this.window.write(this.used + 4 + USED_ELEMENT_SIZE * this.num, value & 0xffff, 2);
  }

  /** True when the whole ring lies in RAM. */
  get accessible(): boolean {
    return this.memory.isRam(this.desc, this.used - this.desc) && this.memory.isRam(this.used, USED_ELEMENT_SIZE * this.num + 6);
  }

  private read16(address: number): number {
    const value = this.window.read(address, 2);
    return value === BUS_FAULT ? 0xffff : value;
  }

  private read32(address: number): number {
    const value = this.window.read(address, 4);
    return value === BUS_FAULT ? 0xffff_ffff : value;
  }
}
