/** How often: events a second over time, from the rows' indexes. */
import type { OrderedIds } from './ordered-ids.ts';

export interface Rates {
  /** Seconds: the middle of each stretch. */
  readonly at: Float64Array;
  /** A second, one array for each of what was counted. */
  readonly series: readonly Float64Array[];
  /** Length of a stretch in seconds. */
  readonly step: number;
}

/** Counts what is in `groups` in `bins` stretches of [start, end). */
export function ratesOf(groups: readonly (readonly OrderedIds[])[], start: number, end: number, bins: number, hz: number): Rates {
  const width = (end - start) / bins;
  const step = width / hz;
  const at = new Float64Array(bins);
  for (let bin = 0; bin < bins; bin++) at[bin] = (start + (bin + 0.5) * width) / hz;
  const series = groups.map((group) => {
    const counts = new Float64Array(bins);
    for (const ids of group) {
      let index = ids.lowerBound(start);
      for (let bin = 0; bin < bins; bin++) {
        const next = ids.advance(start + (bin + 1) * width, index);
        counts[bin]! += next - index;
        index = next;
      }
    }
    for (let bin = 0; bin < bins; bin++) counts[bin]! /= step;
    return counts;
  });
  return { at, series, step };
}
