/**
 * A stretch of one master's address space that is looked at again and again (a ring, a mailbox in memory): where it is RAM in one piece, its
 * bytes are reached without a search; everything else goes the usual way, with the same result.
 */
import type { AddressSpace } from './bus.ts';
import { CHUNK_SIZE, type Ram } from './ram.ts';

/** `size` bytes from `base` on in `memory`; addresses outside may be given, too. */
export class RamWindow {
  readonly memory: AddressSpace;
  readonly base: number;
  readonly size: number;
  private readonly ram: Ram | undefined;
  /** Byte of `ram` at `base`. */
  private readonly offset: number;
  /** Arena offset of `base`, 0 while that memory was never touched. */
  private at = 0;
  private generation = 0;

  constructor(memory: AddressSpace, base: number, size: number) {
    this.memory = memory;
    this.base = base;
    this.size = size;
    const region = memory.find(base);
    this.offset = region ? region.ramOffset + base - region.base : 0;
    // The map of a machine is complete before anything runs on it.
    const whole = region !== undefined && base + size <= region.base + region.size && (this.offset % CHUNK_SIZE) + size <= CHUNK_SIZE;
    this.ram = whole ? region.ram : undefined;
  }

  /** `size` (2, 4) bytes at `address` as u32, or `BUS_FAULT`. */
  read(address: number, size: 2 | 4): number {
    const { ram, memory } = this;
    const offset = address - this.base;
    if (!ram || !memory.direct || offset < 0 || offset + size > this.size) return memory.read(address, size);
    if (this.at === 0 || this.generation !== ram.generation) {
      this.generation = ram.generation;
      this.at = ram.locateIfTouched(this.offset);
      if (this.at === 0) return 0;
    }
    const { view } = ram.arena;
    return size === 4 ? view.getUint32(this.at + offset, true) : view.getUint16(this.at + offset, true);
  }

  /** Writes the low `size` bytes of `value`; false is a bus fault. */
  write(address: number, value: number, size: 2 | 4): boolean {
    const { ram, memory } = this;
    const offset = address - this.base;
    if (!ram || !memory.direct || offset < 0 || offset + size > this.size) return memory.write(address, value, size);
    if (this.at === 0 || this.generation !== ram.generation) {
      this.generation = ram.generation;
      this.at = ram.locate(this.offset);
    }
    const { view } = ram.arena;
    if (size === 4) view.setUint32(this.at + offset, value, true);
    else view.setUint16(this.at + offset, value, true);
    ram.noteWrite(this.offset + offset, size);
    return true;
  }
}
