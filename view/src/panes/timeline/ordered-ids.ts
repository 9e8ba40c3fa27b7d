/**
 * Numbers of events in the order of their cycles, in typed arrays: what every row of the timeline searches in.
 *
 * Events of one row arrive in order but for a few (two cores work on the same stretch of time one after the other); those are put where they belong.
 */

const FIRST = 64;

/** Sorted by cycle, equal cycles in order of arrival. */
export class OrderedIds {
  private ids = new Uint32Array(FIRST);
  private at = new Float64Array(FIRST);
  private count = 0;

  get length(): number {
    return this.count;
  }

  id(index: number): number {
    return this.ids[index]!;
  }

  cycle(index: number): number {
    return this.at[index]!;
  }

  push(id: number, cycle: number): void {
    if (this.count === this.ids.length) this.grow();
    let index = this.count++;
    while (index > 0 && this.at[index - 1]! > cycle) {
      this.at[index] = this.at[index - 1]!;
      this.ids[index] = this.ids[index - 1]!;
      index--;
    }
    this.at[index] = cycle;
    this.ids[index] = id;
  }

  /** Index of the first that is not before `cycle`. */
  lowerBound(cycle: number, from = 0): number {
    let low = from;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at[middle]! < cycle) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** As `lowerBound`, for a place that is probably near `from` (columns from left to right). */
  advance(cycle: number, from: number): number {
    if (from >= this.count || this.at[from]! >= cycle) return from;
    let step = 1;
    let low = from;
    while (low + step < this.count && this.at[low + step]! < cycle) {
      low += step;
      step *= 2;
    }
    let high = Math.min(low + step, this.count);
    low++;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at[middle]! < cycle) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of an event, or -1. */
  indexOf(id: number, cycle: number): number {
    for (let index = this.lowerBound(cycle); index < this.count && this.at[index] === cycle; index++)
      if (this.ids[index] === id) return index;
    return -1;
  }

  /** Keeps those from `first` up to and without `end`. */
  keep(first: number, end: number): void {
    let kept = 0;
    for (let index = 0; index < this.count; index++) {
      const id = this.ids[index]!;
      if (id < first || id >= end) continue;
      this.ids[kept] = id;
      this.at[kept++] = this.at[index]!;
    }
    this.count = kept;
  }

  clear(): void {
    this.count = 0;
  }

  private grow(): void {
    const ids = new Uint32Array(this.ids.length * 2);
    ids.set(this.ids);
    this.ids = ids;
    const at = new Float64Array(this.at.length * 2);
    at.set(this.at);
    this.at = at;
  }
}
