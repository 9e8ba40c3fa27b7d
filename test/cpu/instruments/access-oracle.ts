/**
 * What a program accesses, written down by the test itself: an interpreter whose page table stays empty, so that every access goes through a bus
 * that notes it.
 */
import type { WatchArea } from '../../../src/cpu/watchpoints.ts';
import type { Rig } from '../../support/core-harness.ts';

/** One access to memory or a device. */
export interface Access {
  readonly address: number;
  readonly size: number;
  readonly access: 'read' | 'write';
  readonly value?: number;
  /** Instructions that were complete, and the cycle. */
  readonly instructions: number;
  readonly now: number;
  /** Absent: the core made it, entering or leaving an exception. */
  readonly pc?: number;
}

/** A hit as a test keeps it: what the handler got, and when. */
export type Hit = Access;

/** Has `rig`, an interpreter that has not run, note what it accesses; vectors aside. */
export function noteAccesses(rig: Rig): Access[] {
  const { core, bus, scheduler } = rig;
  const noted: Access[] = [];
  core.memory.protection.uniform = () => false;
  core.memory.flush();
  const note = (address: number, size: number, access: 'read' | 'write', value?: number): void => {
    noted.push({
      address: address >>> 0,
      size,
      access,
      ...(value === undefined ? {} : { value: value >>> 0 }),
      instructions: core.instructions,
      now: scheduler.now,
      ...(core.executing ? { pc: core.pc } : {}),
    });
  };
  const { read, write } = bus;
  bus.read = (address, size) => {
    // Vectors are no data.
    if (core.executing || address >= 0x200) note(address, size, 'read');
    return read.call(bus, address, size);
  };
  bus.write = (address, value, size) => {
    note(address, size, 'write', value);
    return write.call(bus, address, value, size);
  };
  return noted;
}

/** Those of `accesses` that a watchpoint on `area` hits; `canonical` gives the bytes that are the same one address. */
export function hitsOf(accesses: readonly Access[], area: WatchArea, canonical: (address: number) => number = (address) => address): Hit[] {
  const watched = new Set(Array.from({ length: area.size }, (_, index) => canonical(area.address + index)));
  return accesses.filter(({ address, size, access }) => {
    if (area.access !== 'access' && area.access !== access) return false;
    return Array.from({ length: size }, (_, index) => canonical(address + index)).some((byte) => watched.has(byte));
  });
}
