/** Which stretch of the run is on the screen: from where, and how many cycles a pixel has. */

export interface View {
  /** Cycle at the left edge. */
  readonly start: number;
  /** Cycles of one (CSS) pixel. */
  readonly perPixel: number;
  /** In pixels. */
  readonly width: number;
}

/** What there is to see. */
export interface Extent {
  readonly first: number;
  readonly last: number;
}

/** A cycle is at most this wide. */
const MIN_PER_PIXEL = 1 / 64;
/** Part of the width that is left empty at the right when all is shown, or when the end is followed. */
export const MARGIN = 0.03;

export const xOf = (view: View, cycle: number): number => (cycle - view.start) / view.perPixel;
export const cycleAt = (view: View, x: number): number => view.start + x * view.perPixel;
export const endOf = (view: View): number => view.start + view.width * view.perPixel;
export const spanOf = (view: View): number => view.width * view.perPixel;

/** All of it, from edge to edge. */
export function wholeOf(extent: Extent, width: number): View {
  const span = Math.max(extent.last - extent.first, 1);
  const perPixel = Math.max((span * (1 + 2 * MARGIN)) / Math.max(width, 1), MIN_PER_PIXEL);
  return { start: extent.first - (perPixel * width - span) / 2, perPixel, width };
}

/** Part of the stretch in which something happened that is shown after it while nothing does. */
const IDLE = 0.15;

/** What there is to see without the idle end of it: until a little after the last event. */
export function busyOf(extent: Extent, lastEvent: number): Extent {
  const active = lastEvent - extent.first;
  return active > 0 ? { first: extent.first, last: Math.min(extent.last, lastEvent + active * IDLE) } : extent;
}

/** Keeps what lies at pixel `x` there; `factor` below 1 comes nearer. */
export function zoomAt(view: View, x: number, factor: number, extent: Extent): View {
  const widest = Math.max(wholeOf(extent, view.width).perPixel, MIN_PER_PIXEL);
  const perPixel = Math.min(Math.max(view.perPixel * factor, MIN_PER_PIXEL), widest);
  return clamp({ start: cycleAt(view, x) - x * perPixel, perPixel, width: view.width }, extent);
}

/** Moves by pixels; positive goes later. */
export function pan(view: View, pixels: number, extent: Extent): View {
  return clamp({ ...view, start: view.start + pixels * view.perPixel }, extent);
}

/** The same view, so far into what there is that it shows some of it. */
export function clamp(view: View, extent: Extent): View {
  const span = spanOf(view);
  const room = span * MARGIN;
  const most = extent.last + room - span;
  const least = extent.first - room;
  const all = extent.last - extent.first + 2 * room;
  if (span >= all) return { ...view, start: extent.first - (span - (extent.last - extent.first)) / 2 };
  return { ...view, start: Math.min(Math.max(view.start, least), most) };
}

/** Puts `cycle` in sight: nothing changes where it is, with some room at the edges, already. */
export function reveal(view: View, cycle: number, extent: Extent): View {
  const x = xOf(view, cycle);
  const room = Math.min(64, view.width / 8);
  if (x >= room && x <= view.width - room) return view;
  return clamp({ ...view, start: cycle - (view.width / 2) * view.perPixel }, extent);
}

/** Shows a stretch with room at both sides. */
export function show(from: number, to: number, width: number, extent: Extent): View {
  const span = Math.max(to - from, 4);
  const perPixel = Math.max((span * 1.3) / width, MIN_PER_PIXEL);
  return clamp({ start: (from + to) / 2 - (perPixel * width) / 2, perPixel, width }, extent);
}

/** Has `now` near the right edge, at the same scale. */
export function followed(view: View, now: number): View {
  return { ...view, start: Math.max(now - spanOf(view) * (1 - MARGIN), -spanOf(view) * MARGIN) };
}
