/**
 * A vring as a circle: slot 0 at the top, clockwise. Indices of rings run freely to 65536; where they point to is modulo the ring's size. Pure.
 */

const TURN = 2 * Math.PI;

/** Slots from `from` on, `length` of them, at most all. */
export interface Arc {
  readonly from: number;
  readonly length: number;
}

/** How far free-running 16-bit index `to` is ahead of `from`. */
export function ahead(from: number, to: number): number {
  return (to - from) & 0xffff;
}

/**
 * Who has the entries of a ring, by its indices: `returned` are in the used ring and not seen by Linux yet, `offered` are between the used and the available index.
 * `broken`: the indices cannot be, as one is further ahead than the ring has slots.
 */
export function occupancy(ring: {
  readonly size: number;
  readonly availIndex: number;
  readonly usedIndex: number;
  readonly lastUsedIndex?: number | undefined;
}): { readonly offered: Arc; readonly returned: Arc; readonly broken: boolean } {
  const { size, availIndex, usedIndex } = ring;
  const open = ahead(usedIndex, availIndex);
  const back = ring.lastUsedIndex === undefined ? 0 : ahead(ring.lastUsedIndex, usedIndex);
  const slot = (index: number) => (size > 0 ? (index & 0xffff) % size : 0);
  return {
    offered: { from: slot(usedIndex), length: Math.min(open, size) },
    returned: { from: slot((ring.lastUsedIndex ?? usedIndex) & 0xffff), length: Math.min(back, size) },
    broken: open > size || back > size,
  };
}

/** A point on a circle around the origin, at the beginning of a slot. */
export function slotPoint(slot: number, size: number, radius: number): { readonly x: number; readonly y: number } {
  const angle = size > 0 ? (slot / size) * TURN - TURN / 4 : -TURN / 4;
  return { x: round(radius * Math.cos(angle)), y: round(radius * Math.sin(angle)) };
}

/** The path of an arc along a circle around the origin; empty for no slots. */
export function arcPath(arc: Arc, size: number, radius: number): string {
  if (arc.length <= 0 || size <= 0) return '';
  if (arc.length >= size) return `M0 ${-radius}A${radius} ${radius} 0 1 1 0 ${radius}A${radius} ${radius} 0 1 1 0 ${-radius}`;
  const from = slotPoint(arc.from, size, radius);
  const to = slotPoint(arc.from + arc.length, size, radius);
  return `M${from.x} ${from.y}A${radius} ${radius} 0 ${arc.length / size > 0.5 ? 1 : 0} 1 ${to.x} ${to.y}`;
}

/** The path of one slot as a piece of a ring between two radii, with a gap to its neighbours. */
export function slotPath(slot: number, size: number, inner: number, outer: number, gap = 0.12): string {
  // Few and wide slots need less of themselves for it.
  const share = size > 1 ? Math.min(gap, 0.01 + size * 0.004) : 0.001;
  const a = slotPoint(slot + share / 2, size, outer);
  const b = slotPoint(slot + 1 - share / 2, size, outer);
  const c = slotPoint(slot + 1 - share / 2, size, inner);
  const d = slotPoint(slot + share / 2, size, inner);
  const large = size === 1 ? 1 : 0;
  return `M${a.x} ${a.y}A${outer} ${outer} 0 ${large} 1 ${b.x} ${b.y}L${c.x} ${c.y}A${inner} ${inner} 0 ${large} 0 ${d.x} ${d.y}Z`;
}

/** The slot under a point relative to the centre. */
export function slotAt(x: number, y: number, size: number): number {
  const turn = (Math.atan2(y, x) + TURN / 4 + TURN) % TURN;
  return Math.min(size - 1, Math.floor((turn / TURN) * size));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
