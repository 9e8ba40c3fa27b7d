/**
 * Addresses in words, for reports: the memory or the register that answers there, or what is near when nothing does.
 */
import { hex, hex32 } from '../memory/bits.ts';
import { type AddressSpace, MAY_READ, MAY_WRITE, type Region } from '../memory/bus.ts';
import { PPB_BASE } from './private-bus.ts';

/** Distance at which a region is still worth to be named as near, in bytes. */
const NEAR = 16 * 1024 * 1024;

/** `DTCM+0x10`, `UART4.USR2`, `UART4+0x98`; undefined where nothing is mapped. */
export function placeName(bus: AddressSpace, address: number): string | undefined {
  const region = bus.find(address);
  if (!region) return undefined;
  const offset = address - region.base;
  if (region.ram) return `${region.name}+${hex(region.ramOffset + offset)}`;
  const register = region.device!.registerName?.(offset);
  // The registers of the core's own bus are known by their names alone.
  if (register !== undefined) return region.base === PPB_BASE ? register : `${region.name}.${register}`;
  return `${region.name}+${hex(offset)}`;
}

/** What is to be known of an address at which an access failed. */
export function explainAddress(bus: AddressSpace, address: number): string {
  const region = bus.find(address);
  if (!region) return `nothing is mapped there${nearest(bus, address)}`;
  return `${regionText(bus, region, address)}${closedText(bus, region, address)}`;
}

function regionText(bus: AddressSpace, region: Region, address: number): string {
  const name = placeName(bus, address)!;
  if (region.ram) return `${name}, memory at ${extent(region)}`;
  const { registerName } = region.device!;
  const offset = hex(address - region.base);
  // Blocks that are modelled by name only do not tell.
  if (!registerName) return `in the block ${region.name} at ${extent(region)}, offset ${offset}`;
  if (registerName.call(region.device, address - region.base) !== undefined) return `register ${name} at ${extent(region)}`;
  return `in the block ${region.name} at ${extent(region)}, where it has no register (offset ${offset})`;
}

/** What the guard of the space keeps its master from. */
function closedText({ guard, name }: AddressSpace, region: Region, address: number): string {
  const rights = region.guarded && guard ? guard.rights(region, address - region.base, 1) : MAY_READ | MAY_WRITE;
  const closed = [...((rights & MAY_READ) === 0 ? ['reads'] : []), ...((rights & MAY_WRITE) === 0 ? ['writes'] : [])];
  return closed.length === 0 ? '' : `; closed to ${closed.join(' and ')} of ${name}`;
}

/** The region that ends last before `address`, or begins first after it, whichever is nearer. */
function nearest(bus: AddressSpace, address: number): string {
  let best: { readonly region: Region; readonly distance: number; readonly before: boolean } | undefined;
  for (const region of bus.regions) {
    const before = region.base <= address;
    const distance = before ? address - (region.base + region.size) : region.base - address;
    if (distance <= NEAR && (!best || distance < best.distance)) best = { region, distance, before };
  }
  if (!best) return '';
  const { region, distance, before } = best;
  const where = distance === 0 ? 'right at the end' : `${hex(distance)} bytes ${before ? 'past the end' : 'before the start'}`;
  return `: ${where} of ${region.name} at ${extent(region)}`;
}

function extent({ base, size }: Region): string {
  return `${hex32(base)}..${hex32(base + size - 1)}`;
}
