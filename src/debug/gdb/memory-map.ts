/**
 * The core's memory as GDB wants to know it (GDB manual, appendix E.17): without the map it asks for addresses that nobody has, with it those of the map
 * alone. Devices are `ram` there, the only kind that GDB reads and writes as it is told.
 */
import type { AddressSpace } from '../../memory/bus.ts';

/** The M profile's private peripherals, which are the core's own and not on its bus. */
const PRIVATE = { base: 0xe000_0000, size: 0x10_0000 };

interface Stretch {
  readonly base: number;
  size: number;
}

/** The map of a view; neighbours are one region. */
export function memoryMap(view: AddressSpace): string {
  const sorted = [...view.regions.map(({ base, size }) => ({ base, size })), PRIVATE].sort((a, b) => a.base - b.base);
  const merged: Stretch[] = [];
  for (const { base, size } of sorted) {
    const last = merged.at(-1);
    if (last && base <= last.base + last.size) last.size = Math.max(last.size, base + size - last.base);
    else merged.push({ base, size });
  }
  const lines = merged.map(({ base, size }) => `<memory type="ram" start="0x${base.toString(16)}" length="0x${size.toString(16)}"/>`);
  const head = [
    '<?xml version="1.0"?>',
    '<!DOCTYPE memory-map PUBLIC "+//IDN gnu.org//DTD GDB Memory Map V1.0//EN" "http://sourceware.org/gdb/gdb-memory-map.dtd">',
  ];
  return [...head, '<memory-map>', ...lines, '</memory-map>', ''].join('\n');
}
