/** The regions of a view: what lies at an address, the strip that shows them all, the same byte in other views. No DOM. */
import type { MemoryRegion } from '../../../../src/view/protocol.ts';
import { ADDRESS_SPACE } from './hex-layout.ts';

export type Stretch =
  | { readonly kind: 'ram' | 'device'; readonly from: number; readonly to: number; readonly region: MemoryRegion }
  /** Nothing is there; `next` begins behind it. */
  | { readonly kind: 'hole'; readonly from: number; readonly to: number; readonly next?: MemoryRegion };

/** The whole address space in pieces, `to` exclusive. Where regions overlap the one that begins first has it. */
export function stretches(regions: readonly MemoryRegion[]): Stretch[] {
  const result: Stretch[] = [];
  let at = 0;
  for (const region of [...regions].sort((a, b) => a.base - b.base || b.size - a.size)) {
    const end = Math.min(ADDRESS_SPACE, region.base + region.size);
    if (end <= at) continue;
    const from = Math.max(at, region.base);
    if (from > at) result.push({ kind: 'hole', from: at, to: from, next: region });
    result.push({ kind: region.kind, from, to: end, region });
    at = end;
  }
  if (at < ADDRESS_SPACE) result.push({ kind: 'hole', from: at, to: ADDRESS_SPACE });
  return result;
}

/** The piece in which an address lies. */
export function stretchAt(pieces: readonly Stretch[], address: number): Stretch {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pieces[middle]!.from <= address) low = middle;
    else high = middle - 1;
  }
  return pieces[low]!;
}

/** The parts of [from, to) that are RAM: what may be read without disturbing anything. */
export function ramWithin(pieces: readonly Stretch[], from: number, to: number): { readonly from: number; readonly to: number }[] {
  const result: { from: number; to: number }[] = [];
  for (const piece of pieces) {
    if (piece.kind !== 'ram' || piece.to <= from || piece.from >= to) continue;
    const part = { from: Math.max(from, piece.from), to: Math.min(to, piece.to) };
    const last = result.at(-1);
    if (last?.to === part.from) last.to = part.to;
    else result.push(part);
  }
  return result;
}

export interface StripPart {
  readonly region: MemoryRegion;
  /** Share of the strip's width, 0 to 1. */
  readonly start: number;
  readonly width: number;
}

/**
 * Where regions lie on a strip of the whole address space: in proportion, but none narrower than `least` (a share of the width), and none over another:
 * small ones push their neighbours aside. Neighbours of one kind that would all be narrower become one part of several regions' width.
 */
export function strip(regions: readonly MemoryRegion[], least: number): StripPart[] {
  const sorted = [...regions].sort((a, b) => a.base - b.base);
  const parts: { region: MemoryRegion; start: number; width: number }[] = [];
  let edge = 0;
  for (const region of sorted) {
    const width = Math.max(least, Math.min(region.size, ADDRESS_SPACE - region.base) / ADDRESS_SPACE);
    const start = Math.max(edge, region.base / ADDRESS_SPACE);
    parts.push({ region, start, width });
    edge = start + width;
  }
  // Back from the right end, if the small ones have pushed too far.
  let bound = 1;
  for (const part of parts.reverse()) {
    if (part.start + part.width > bound) part.start = Math.max(0, bound - part.width);
    bound = Math.min(bound, part.start);
  }
  return parts.reverse();
}

/** Neighbouring device blocks as one: sixty of them are 4 MiB of 4 GiB. Others stand as they are. */
export function condensed(regions: readonly MemoryRegion[], within = 0x0400_0000): MemoryRegion[] {
  const result: MemoryRegion[] = [];
  for (const region of [...regions].sort((a, b) => a.base - b.base)) {
    const last = result.at(-1);
    if (last?.kind === 'device' && region.kind === 'device' && region.base - (last.base + last.size) < within) {
      const end = Math.max(last.base + last.size, region.base + region.size);
      result[result.length - 1] = { ...last, name: `${last.name.split(' … ')[0]} … ${region.name}`, size: end - last.base };
    } else result.push(region);
  }
  return result;
}

export interface Alias {
  readonly view: string;
  readonly address: number;
  readonly region: MemoryRegion;
}

/** Where else the byte is seen: other windows of the memory, in this view and in others. Devices have one address in all views and need none. */
export function aliases(memory: Readonly<Record<string, readonly MemoryRegion[]>>, view: string, address: number): Alias[] {
  const own = (memory[view] ?? []).find(({ base, size, kind }) => kind === 'ram' && address >= base && address - base < size);
  if (own === undefined) return [];
  const offset = (own.offset ?? 0) + (address - own.base);
  const result: Alias[] = [];
  for (const [name, regions] of Object.entries(memory)) {
    for (const region of regions) {
      if (region.kind !== 'ram' || region.name !== own.name || (name === view && region.base === own.base)) continue;
      const at = offset - (region.offset ?? 0);
      if (at >= 0 && at < region.size) result.push({ view: name, address: region.base + at, region });
    }
  }
  return result;
}
