/**
 * The events of the run that the timeline keeps: a bounded number, each with a number of its own that never changes; what is missing between them is kept too.
 */
import type { ViewEvent } from '../../../../src/view/protocol.ts';

/** So many events that are not here, between two moments. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** `dropped`: the server left them out; `before`: they happened before this page listened; `trimmed`: the page let them go, for newer ones. */
  readonly kind: 'dropped' | 'before' | 'trimmed';
  /** Number of the event that follows. */
  readonly next: number;
}

/** Who is told of changes. */
export interface LogListener {
  added(id: number, event: ViewEvent): void;
  /** The events from `id` on come after something that is missing. */
  gap(gap: Gap): void;
  /** Only the events from `first` up to and without `end` are left. */
  kept(first: number, end: number): void;
}

/** How many events are kept, unless said otherwise. */
export const CAPACITY = 500_000;

export class EventLog {
  readonly capacity: number;
  private readonly listeners: LogListener[] = [];
  private list: ViewEvent[] = [];
  private base = 0;
  private found: Gap[] = [];
  /** The greatest cycle of all. */
  private latest = 0;

  constructor(capacity = CAPACITY) {
    this.capacity = capacity;
  }

  listen(listener: LogListener): void {
    this.listeners.push(listener);
  }

  unlisten(listener: LogListener): void {
    const index = this.listeners.indexOf(listener);
    if (index >= 0) this.listeners.splice(index, 1);
  }

  /** Number of the first event that is kept. */
  get first(): number {
    return this.base;
  }

  /** Number that the next event will have. */
  get end(): number {
    return this.base + this.list.length;
  }

  get length(): number {
    return this.list.length;
  }

  get gaps(): readonly Gap[] {
    return this.found;
  }

  get firstCycle(): number {
    return this.list.length > 0 ? this.list[0]!.cycle : 0;
  }

  get lastCycle(): number {
    return this.latest;
  }

  has(id: number): boolean {
    return id >= this.base && id < this.end;
  }

  event(id: number): ViewEvent {
    return this.list[id - this.base]!;
  }

  cycle(id: number): number {
    return this.list[id - this.base]!.cycle;
  }

  /** The event with that `seq`, or -1. */
  bySeq(seq: number): number {
    const index = lowerBoundSeq(this.list, seq);
    return index < this.list.length && this.list[index]!.seq === seq ? this.base + index : -1;
  }

  append(event: ViewEvent): void {
    const last = this.list[this.list.length - 1];
    if (last && event.seq <= last.seq) {
      // The future was forgotten: its numbers are given again.
      this.cut(this.base + lowerBoundSeq(this.list, event.seq));
      this.append(event);
      return;
    }
    const expected = last ? last.seq + 1 : 0;
    const id = this.end;
    this.list.push(event);
    if (event.seq > expected) {
      const from = last ? last.cycle : 0;
      this.addGap({
        from: Math.min(from, event.cycle),
        to: event.cycle,
        count: event.seq - expected,
        kind: last ? 'dropped' : 'before',
        next: id,
      });
    }
    if (event.cycle > this.latest) this.latest = event.cycle;
    for (const listener of this.listeners) listener.added(id, event);
    if (this.list.length > this.capacity) this.trim();
  }

  /**
   * Takes over what a bounded list has grown by: those after the event that came last from it. The list may have lost its oldest, have been cut, or
   * be another one.
   */
  follow(list: readonly ViewEvent[]): boolean {
    const last = this.list[this.list.length - 1];
    let index = 0;
    if (last) {
      index = lowerBoundSeq(list, last.seq);
      if (list[index] === last) index++;
      else {
        const common = this.commonEnd(list);
        this.cut(common.id);
        index = common.index;
      }
    }
    const changed = index < list.length;
    for (; index < list.length; index++) this.append(list[index]!);
    return changed;
  }

  /** Takes over what a list has of the events that are missing here: history that came later. True if there was something. */
  absorb(list: readonly ViewEvent[]): boolean {
    const { found } = this;
    const fills = found.some((gap) => {
      if (gap.kind === 'trimmed') return false;
      const after = gap.next > this.base ? this.event(gap.next - 1).seq + 1 : 0;
      const candidate = list[lowerBoundSeq(list, after)];
      return candidate !== undefined && candidate.seq < this.event(gap.next).seq;
    });
    if (!fills) return false;
    const own = this.list;
    const merged: ViewEvent[] = [];
    let index = found[0]?.kind === 'trimmed' ? lowerBoundSeq(list, own[0]!.seq) : 0;
    for (const event of own) {
      for (; index < list.length && list[index]!.seq < event.seq; index++) merged.push(list[index]!);
      if (list[index]?.seq === event.seq) index++;
      merged.push(event);
    }
    this.clear();
    for (const event of merged) this.append(event);
    return true;
  }

  clear(): void {
    this.cut(this.base);
  }

  /** Where this log and `list` have their last event in common; without any, the end of the log if `list` only goes on from it. */
  private commonEnd(list: readonly ViewEvent[]): { id: number; index: number } {
    for (let index = list.length - 1; index >= 0; index--) {
      const id = this.bySeq(list[index]!.seq);
      if (id >= 0 && this.event(id) === list[index]) return { id: id + 1, index: index + 1 };
    }
    const first = list[0];
    const last = this.list[this.list.length - 1]!;
    return { id: first && first.seq > last.seq ? this.end : this.base, index: 0 };
  }

  /** Drops `id` and what is after it. */
  private cut(id: number): void {
    if (id >= this.end) return;
    this.list.length = Math.max(0, id - this.base);
    this.found = this.found.filter((gap) => gap.next < id);
    this.latest = this.list.reduce((latest, event) => Math.max(latest, event.cycle), 0);
    for (const listener of this.listeners) listener.kept(this.base, id);
  }

  /** Lets the oldest fifth go. */
  private trim(): void {
    const count = Math.ceil(this.capacity / 5);
    this.list = this.list.slice(count);
    this.base += count;
    const earlier = this.found.filter((gap) => gap.next <= this.base);
    this.found = this.found.filter((gap) => gap.next > this.base);
    const missing = earlier.reduce((sum, gap) => sum + gap.count, 0) + count;
    this.addGap({ from: 0, to: this.list[0]!.cycle, count: missing, kind: 'trimmed', next: this.base });
    for (const listener of this.listeners) listener.kept(this.base, this.end);
  }

  private addGap(gap: Gap): void {
    if (gap.kind === 'trimmed') this.found.unshift(gap);
    else {
      this.found.push(gap);
      for (const listener of this.listeners) listener.gap(gap);
    }
  }
}

/** Index of the first event whose `seq` is not below. */
export function lowerBoundSeq(list: readonly ViewEvent[], seq: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]!.seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
