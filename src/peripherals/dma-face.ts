/**
 * The system's memory and registers as one bus master other than a core or Linux sees them: at Linux's addresses, with what the RDC closes to it.
 *
 * It has no map of its own: a block that does not answer Linux does not answer it either. Accesses are what each port of an SDMA makes of them.
 */
import { type AccessGuard, type AddressSpace, BUS_FAULT, MAY_READ, MAY_WRITE, type Region } from '../memory/bus.ts';

/** A master's way to what `system` maps. */
export class DmaFace {
  private readonly system: AddressSpace;
  private guard: AccessGuard | undefined;

  constructor(system: AddressSpace) {
    this.system = system;
  }

  /** All regions in address order. */
  get regions(): readonly Region[] {
    return this.system.regions;
  }

  /** From now on `guard` is asked; undefined while nothing is closed to the master. */
  setGuard(guard: AccessGuard | undefined): void {
    this.guard = guard;
  }

  /** Reads `size` (1, 2, 4) bytes at `address` as u32 with side effects, or `BUS_FAULT`. */
  read(address: number, size: number): number {
    const region = this.system.find(address);
    if (!region) return BUS_FAULT;
    const offset = address - region.base;
    if (offset + size > region.size) return this.readAcross(address, size);
    const fails = this.refusal(region, offset, size, MAY_READ);
    if (fails !== undefined) return fails ? BUS_FAULT : 0;
    if (region.ram) return region.ram.read(region.ramOffset + offset, size);
    return region.broken ? BUS_FAULT : region.device!.read(offset, size);
  }

  /** Writes the low `size` bytes of `value`; false is a bus fault. */
  write(address: number, value: number, size: number): boolean {
    const region = this.system.find(address);
    if (!region) return false;
    const offset = address - region.base;
    if (offset + size > region.size) return this.writeAcross(address, value, size);
    const fails = this.refusal(region, offset, size, MAY_WRITE);
    if (fails !== undefined) return !fails;
    if (!region.ram) return !region.broken && region.device!.write(offset, value, size);
    region.ram.write(region.ramOffset + offset, value, size);
    return true;
  }

  /** `length` bytes of RAM; undefined where some are not RAM, or may be closed: each is to be read by itself then. */
  readBytes(address: number, length: number): Uint8Array | undefined {
    return this.open(address, length) ? this.system.readBytes(address, length) : undefined;
  }

  /** Writes `data` to RAM; false (and nothing written) where some of it is not RAM, or may be closed: each byte is to be written by itself then. */
  writeBytes(address: number, data: Uint8Array): boolean {
    return this.open(address, data.length) && this.system.writeBytes(address, data);
  }

  /** Nothing is closed in the regions that hold these bytes. */
  private open(address: number, length: number): boolean {
    const { guard, system } = this;
    if (!guard) return true;
    for (let at = address; at < address + length; ) {
      const region = system.find(at);
      if (!region || guard.closes(region)) return false;
      at = region.base + region.size;
    }
    return true;
  }

  /** Undefined when the access may pass; else it was refused, and true says that this is a bus error. */
  private refusal(region: Region, offset: number, size: number, right: number): boolean | undefined {
    const { guard } = this;
    if (!guard?.closes(region) || (guard.rights(region, offset, size) & right) !== 0) return undefined;
    guard.note(region, offset, size, right === MAY_WRITE);
    return guard.fails(region);
  }

  private readAcross(address: number, size: number): number {
    let value = 0;
    for (let at = 0; at < size; at++) {
      const byte = this.read((address + at) >>> 0, 1);
      if (byte === BUS_FAULT) return BUS_FAULT;
      value += byte * 2 ** (8 * at);
    }
    return value;
  }

  private writeAcross(address: number, value: number, size: number): boolean {
    for (let at = 0; at < size; at++) if (!this.write((address + at) >>> 0, (value >>> (8 * at)) & 0xff, 1)) return false;
    return true;
  }
}
