/**
 * Stretches of time that do not overlap (what a core does, which thread runs, one depth of nested interrupts), with sums for summing up many at once.
 */

const FIRST = 32;

/** A stretch, by number. */
export class SpanTrack {
  private starts = new Float64Array(FIRST);
  private ends = new Float64Array(FIRST);
  /** Cycles covered by the stretches before this one. */
  private before = new Float64Array(FIRST);
  private ids = new Uint32Array(FIRST);
  private endIds = new Int32Array(FIRST);
  private count = 0;
  private open = false;

  get length(): number {
    return this.count;
  }

  /** Whether the last one goes on. */
  get isOpen(): boolean {
    return this.open;
  }

  start(index: number): number {
    return this.starts[index]!;
  }

  /** Infinity while it goes on. */
  end(index: number): number {
    return this.open && index === this.count - 1 ? Number.POSITIVE_INFINITY : this.ends[index]!;
  }

  /** The event that began it. */
  id(index: number): number {
    return this.ids[index]!;
  }

  /** The event that ended it; -1 while it goes on, and where its end was not seen. */
  endId(index: number): number {
    return this.endIds[index]!;
  }

  begin(id: number, cycle: number): void {
    if (this.open) this.finish(-1, cycle);
    if (this.count === this.starts.length) this.grow();
    const index = this.count++;
    // Never before the end of the one before it: a track is searched by both.
    const start = index > 0 ? Math.max(cycle, this.ends[index - 1]!) : cycle;
    this.starts[index] = start;
    this.ends[index] = start;
    this.before[index] = index > 0 ? this.before[index - 1]! + this.ends[index - 1]! - this.starts[index - 1]! : 0;
    this.ids[index] = id;
    this.endIds[index] = -1;
    this.open = true;
  }

  /** Ends the last one. */
  finish(endId: number, cycle: number): void {
    if (!this.open) return;
    this.ends[this.count - 1] = Math.max(cycle, this.starts[this.count - 1]!);
    this.endIds[this.count - 1] = endId;
    this.open = false;
  }

  /** Index of the first that ends after `cycle`. */
  firstAfter(cycle: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.end(middle) <= cycle) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The one that goes on at `cycle`, or -1. */
  indexAt(cycle: number): number {
    const index = this.firstAfter(cycle);
    return index < this.count && this.starts[index]! <= cycle ? index : -1;
  }

  /** Cycles before `cycle` that are covered; `now` ends the one that goes on. */
  covered(cycle: number, now: number): number {
    const index = this.firstAfter(cycle);
    if (index >= this.count)
      return this.count === 0 ? 0 : this.before[this.count - 1]! + this.ends[this.count - 1]! - this.starts[this.count - 1]!;
    const end = Math.min(this.end(index), now, cycle);
    return this.before[index]! + Math.max(0, end - this.starts[index]!);
  }

  /** Keeps those that were begun by events from `first` up to and without `end`. */
  keep(first: number, end: number): void {
    const wasOpen = this.open;
    const last = this.count - 1;
    let kept = 0;
    let open = false;
    for (let index = 0; index <= last; index++) {
      const id = this.ids[index]!;
      if (id < first || id >= end) continue;
      this.starts[kept] = this.starts[index]!;
      this.ends[kept] = this.ends[index]!;
      this.ids[kept] = id;
      const ended = this.endIds[index]!;
      this.endIds[kept] = ended;
      this.before[kept] = kept > 0 ? this.before[kept - 1]! + this.ends[kept - 1]! - this.starts[kept - 1]! : 0;
      open = (wasOpen && index === last) || ended >= end;
      if (ended >= end) this.endIds[kept] = -1;
      kept++;
    }
    this.count = kept;
    this.open = kept > 0 && open;
  }

  private grow(): void {
    const size = this.starts.length * 2;
    const wider = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const array = new Float64Array(size);
      array.set(old);
      return array;
    };
    this.starts = wider(this.starts);
    this.ends = wider(this.ends);
    this.before = wider(this.before);
    const ids = new Uint32Array(size);
    ids.set(this.ids);
    this.ids = ids;
    const endIds = new Int32Array(size);
    endIds.set(this.endIds);
    this.endIds = endIds;
  }
}
