/** What lies under the pointer. */
import type { Lane } from './lanes.ts';
import { type Row, type Rows, rowAt } from './rows.ts';
import { cycleAt, type View } from './viewport.ts';

export interface Hit {
  readonly row: Row;
  /** The event that is meant: the nearest one, or the one that began the stretch. */
  readonly id: number;
  /** Of a stretch. */
  readonly span?: { readonly start: number; readonly end: number };
  /** All that lie so near that they are not told apart; only some of the numbers, and how many there are. */
  readonly near: readonly number[];
  readonly count: number;
}

/** Pixels around the pointer. */
const REACH = 7;
const SHOWN = 6;

/** `y` from the top of all rows. Undefined where nothing is near. */
export function hitTest(rows: Rows, view: View, x: number, y: number, limit: number): Hit | undefined {
  const row = rowAt(rows, y);
  if (!row?.lane) return undefined;
  const cycle = cycleAt(view, x);
  const { lane } = row;
  if (lane.tracks.length > 0) {
    const hit = inTracks(row, lane, cycle, y - row.y);
    if (hit) return hit;
  }
  const reach = REACH * view.perPixel;
  const from = lane.ids.lowerBound(cycle - reach);
  let to = lane.ids.lowerBound(cycle + reach, from);
  while (to > from && lane.ids.cycle(to - 1) > limit) to--;
  if (to === from) return undefined;
  let best = from;
  const at = Math.min(Math.max(lane.ids.lowerBound(cycle, from), from), to - 1);
  best = at > from && cycle - lane.ids.cycle(at - 1) < lane.ids.cycle(at) - cycle ? at - 1 : at;
  const near: number[] = [];
  const first = Math.max(from, Math.min(best - 2, to - SHOWN));
  for (let index = first; index < to && near.length < SHOWN; index++) near.push(lane.ids.id(index));
  return { row, id: lane.ids.id(best), near, count: to - from };
}

function inTracks(row: Row, lane: Lane, cycle: number, y: number): Hit | undefined {
  const depths = lane.tracks.length;
  for (let depth = depths - 1; depth >= 0; depth--) {
    const track = lane.tracks[depth]!;
    const index = track.indexAt(cycle);
    if (index < 0 || (depth > 0 && y < 3 + (depth * (row.height - 6)) / Math.max(2, depths))) continue;
    const id = track.id(index);
    return { row, id, span: { start: track.start(index), end: track.end(index) }, near: [id], count: 1 };
  }
  return undefined;
}
