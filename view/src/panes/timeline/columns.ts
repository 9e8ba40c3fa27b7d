/**
 * Many events in few pixels: a row is summed up in columns of equal width, so that each event counts somewhere whatever the zoom. Cost: with the number of
 * columns, not of events.
 */
import type { OrderedIds } from './ordered-ids.ts';
import type { SpanTrack } from './span-track.ts';
import { cycleAt, type View, xOf } from './viewport.ts';

/** Columns of a row that are not empty. Reused between rows: valid until the next call. */
export interface Columns {
  /** How many there are. */
  length: number;
  /** Left edge in pixels. */
  x: Float32Array;
  /** Events in it. */
  count: Uint32Array;
  /** Index (in the row) of the first of them. */
  first: Uint32Array;
  /** The greatest count. */
  max: number;
  /** The sum of all counts. */
  total: number;
}

export function makeColumns(size = 512): Columns {
  return { length: 0, x: new Float32Array(size), count: new Uint32Array(size), first: new Uint32Array(size), max: 0, total: 0 };
}

/** Sums up the events of `ids` in [view's left, min(view's right, `until`]), in columns `step` pixels wide. */
export function columnsOf(ids: OrderedIds, view: View, step: number, until: number, into: Columns): Columns {
  const size = Math.ceil(view.width / step) + 2;
  if (into.x.length < size) Object.assign(into, makeColumns(size * 2));
  into.length = 0;
  into.max = 0;
  into.total = 0;
  // Columns are fixed to the run, not to the screen: else their counts would flicker while it is panned.
  const cyclesPerColumn = step * view.perPixel;
  const right = cycleAt(view, view.width);
  const last = Math.min(right, until);
  let column = Math.floor(view.start / cyclesPerColumn);
  let index = ids.lowerBound(column * cyclesPerColumn);
  while (index < ids.length && into.length < size) {
    const cycle = ids.cycle(index);
    if (cycle > last) break;
    column = Math.max(column, Math.floor(cycle / cyclesPerColumn));
    let next = ids.advance(Math.max((column + 1) * cyclesPerColumn, cycle), index);
    if (next === index) next = index + 1;
    if ((column + 1) * cyclesPerColumn > until) while (next > index + 1 && ids.cycle(next - 1) > until) next--;
    const slot = into.length++;
    const count = next - index;
    into.count[slot] = count;
    into.first[slot] = index;
    // One that is alone stands where it is.
    into.x[slot] = count === 1 ? xOf(view, cycle) : Math.max(xOf(view, column * cyclesPerColumn), -step);
    into.total += count;
    if (count > into.max) into.max = count;
    index = next;
    column++;
  }
  return into;
}

/** Height of a column, 0 to 1: one event is seen, and ten times as many are not ten times as high. */
export function density(count: number, max: number): number {
  return max <= 1 ? 1 : 0.3 + (0.7 * Math.log(count)) / Math.log(max);
}

/** What is drawn of a track: a bar with its number, or a stretch in which so much is covered. */
export interface Bar {
  x: number;
  width: number;
  /** Of the track; -1 for a sum of several. */
  index: number;
  /** How much of it is covered, 0 to 1. */
  covered: number;
}

/** Bars of a track; what is narrower than `step` pixels is summed up with its neighbours. */
export function barsOf(track: SpanTrack, view: View, step: number, now: number): Bar[] {
  const bars: Bar[] = [];
  const right = Math.min(cycleAt(view, view.width), now);
  const narrow = step * view.perPixel;
  for (let index = track.firstAfter(view.start); index < track.length && track.start(index) <= right; ) {
    const start = track.start(index);
    const end = Math.min(track.end(index), now);
    if (end - start >= narrow) {
      const x = Math.max(xOf(view, start), -8);
      bars.push({ x, width: Math.min(xOf(view, end), view.width + 8) - x, index, covered: 1 });
      index++;
      continue;
    }
    // A column on: all that begin in it and are not wide themselves.
    const columnStart = Math.max(Math.floor(start / narrow) * narrow, index > 0 ? Math.min(track.end(index - 1), start) : 0);
    const columnEnd = Math.max(columnStart + narrow, end);
    let next = Math.max(index + 1, track.firstAfter(columnEnd));
    let stop = columnEnd;
    if (next < track.length && track.start(next) < columnEnd) stop = Math.min(columnEnd, track.start(next));
    if (next > track.length) next = track.length;
    const sum = track.covered(stop, now) - track.covered(columnStart, now);
    const x = xOf(view, columnStart);
    const alone = next === index + 1;
    bars.push({
      x,
      width: Math.max(step, xOf(view, stop) - x),
      index: alone ? index : -1,
      covered: Math.min(1, sum / Math.max(1, stop - columnStart)),
    });
    index = next;
  }
  return bars;
}
