/**
 * The events that the page keeps: a bounded number, in the order of `seq`. When there are too many, those of the busy kinds go first, from the oldest on, so that
 * messages, faults and consoles reach back further than interrupts do.
 */
import type { ViewEvent, ViewEventType } from '../../src/view/protocol.ts';

/** Kinds in the order in which they are given up. */
const GIVEN_UP: readonly (readonly ViewEventType[])[] = [
  ['interrupt', 'thread'],
  ['mu', 'vring'],
  ['message', 'console', 'dmesg'],
];

/** A bounded list of events. */
export class EventBuffer {
  list: ViewEvent[] = [];
  /** Left out by the server: this page was too slow, or asked for a rate. */
  dropped = 0;
  /** Given up by the page. */
  forgotten = 0;
  /** Rises whenever `list` changed other than by more at its end: what was derived from it is to be derived again. */
  generation = 0;
  readonly #limit: number;

  /** Keeps at most `limit` events. */
  constructor(limit = 200_000) {
    this.#limit = limit;
  }

  /** Adds a batch that came, newer than all there is; what overlaps is left out. */
  push(batch: readonly ViewEvent[], dropped = 0): void {
    this.dropped += dropped;
    for (const event of batch) {
      const last = this.list.at(-1);
      if (last && event.seq <= last.seq) continue;
      this.list.push(event);
    }
    if (this.list.length > this.#limit) this.#compact();
  }

  /** Adds events from the server's history where they belong, which may be between those there are: new ones come meanwhile. Gives those that were not there. */
  insert(batch: readonly ViewEvent[]): readonly ViewEvent[] {
    const merged: ViewEvent[] = [];
    const fresh: ViewEvent[] = [];
    let at = 0;
    let between = false;
    for (const event of batch) {
      while (at < this.list.length && this.list[at]!.seq < event.seq) merged.push(this.list[at++]!);
      if (this.list[at]?.seq === event.seq || merged.at(-1)?.seq === event.seq) continue;
      // Also where the batch goes on beyond the end: who follows the list looks at its end only.
      if (at < this.list.length) between = true;
      merged.push(event);
      fresh.push(event);
    }
    if (!fresh.length) return fresh;
    if (between) this.generation++;
    for (; at < this.list.length; at++) merged.push(this.list[at]!);
    this.list = merged;
    if (this.list.length > this.#limit) this.#compact();
    return fresh;
  }

  /** Forgets everything: another run. */
  clear(): void {
    this.list = [];
    this.dropped = 0;
    this.forgotten = 0;
    this.generation++;
  }

  /** Somebody changed the past: events from `seq` on did not happen. */
  forgetFrom(seq: number): void {
    if ((this.list.at(-1)?.seq ?? -1) < seq) return;
    this.list = this.list.filter((event) => event.seq < seq);
    this.generation++;
  }

  /** Down to three quarters of the limit, so that this is rare. */
  #compact(): void {
    const goal = Math.floor(this.#limit * 0.75);
    const before = this.list.length;
    for (const kinds of GIVEN_UP) {
      let surplus = this.list.length - goal;
      if (surplus <= 0) break;
      // The newest tenth stays whole, so that what is looked at now has no holes.
      const untouched = this.list.length - Math.floor(this.#limit / 10);
      this.list = this.list.filter((event, index) => index >= untouched || surplus <= 0 || !kinds.includes(event.type) || surplus-- <= 0);
    }
    if (this.list.length > this.#limit) this.list = this.list.slice(-goal);
    this.forgotten += before - this.list.length;
    this.generation++;
  }
}
