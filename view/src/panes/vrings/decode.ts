/** What of a vring lies where, and what its bytes say. Pure. */
import type { Vring, VringViolation } from '../../../../src/view/protocol.ts';

/** A cell of the inspector: a row of one of the three parts, or what stands before its rows. */
export interface Cell {
  readonly part: 'desc' | 'avail' | 'used';
  /** Row: descriptor or slot. Undefined for the part's own fields. */
  readonly index?: number;
  readonly field: 'addr' | 'len' | 'flags' | 'next' | 'idx' | 'ring' | 'id';
}

/** Bytes of a descriptor, of a used element, and before the rows of the two rings. */
const DESC = 16;
const USED = 8;
const HEAD = 4;

/** The cell in which an address of Linux's view lies; undefined outside of the ring (a violation in a buffer). */
export function cellAt(ring: Pick<Vring, 'descAddress' | 'availAddress' | 'usedAddress' | 'size'>, address: number): Cell | undefined {
  const desc = address - ring.descAddress;
  if (desc >= 0 && desc < ring.size * DESC) {
    const at = desc % DESC;
    return { part: 'desc', index: Math.floor(desc / DESC), field: at < 8 ? 'addr' : at < 12 ? 'len' : at < 14 ? 'flags' : 'next' };
  }
  const avail = address - ring.availAddress;
  if (avail >= 0 && avail < HEAD + ring.size * 2) {
    if (avail < HEAD) return { part: 'avail', field: avail < 2 ? 'flags' : 'idx' };
    return { part: 'avail', index: Math.floor((avail - HEAD) / 2), field: 'ring' };
  }
  const used = address - ring.usedAddress;
  if (used >= 0 && used < HEAD + ring.size * USED) {
    if (used < HEAD) return { part: 'used', field: used < 2 ? 'flags' : 'idx' };
    return { part: 'used', index: Math.floor((used - HEAD) / USED), field: (used - HEAD) % USED < 4 ? 'id' : 'len' };
  }
  return undefined;
}

/** Violations by the cell that they are in. */
export function violationsByCell(ring: Vring): ReadonlyMap<string, VringViolation> {
  const cells = new Map<string, VringViolation>();
  for (const problem of ring.problems) {
    const cell = cellAt(ring, problem.address);
    if (cell) cells.set(cellKey(cell), problem);
  }
  return cells;
}

/** Identity of a cell. */
export function cellKey({ part, index, field }: Cell): string {
  return `${part} ${index ?? ''} ${field}`;
}

/** Flags of a descriptor in words. */
export function descriptorFlags(flags: number): string {
  const words = [flags & 1 && 'NEXT', flags & 2 && 'WRITE', flags & 4 && 'INDIRECT', flags & ~7 && `0x${(flags & ~7).toString(16)}`].filter(
    Boolean,
  );
  return words.join(' ') || '—';
}

/** Where an entry of a ring stands: still open, on its way back, or from an earlier round. */
export type EntryState = 'open' | 'returned' | 'old';

/** State of each slot of the available ring: open from the used index up to the available index. */
export function availStates(ring: Pick<Vring, 'size' | 'availIndex' | 'usedIndex'>): EntryState[] {
  return states(ring.size, ring.usedIndex, ring.availIndex, 'open');
}

/** State of each slot of the used ring: returned from Linux's last seen index up to the used index. */
export function usedStates(ring: Pick<Vring, 'size' | 'usedIndex' | 'linux'>): EntryState[] {
  return states(ring.size, ring.linux?.lastUsedIndex ?? ring.usedIndex, ring.usedIndex, 'returned');
}

function states(size: number, from: number, to: number, state: EntryState): EntryState[] {
  const result = new Array<EntryState>(size).fill('old');
  const count = Math.min(size, (to - from) & 0xffff);
  for (let step = 0; step < count; step++) result[(from + step) % size] = state;
  return result;
}
