/**
 * A list that only grows, of items that never change: a copy shares all but its last part with the original, so that forks of a machine with a
 * long past cost nothing.
 */

/** Items of a part; full parts are never written again. */
const PART = 1024;

/** The list. */
export class AppendList<T> {
  private readonly parts: T[][] = [];
  private last: T[] = [];

  /** A list with what `items` has. */
  static of<T>(items: Iterable<T>): AppendList<T> {
    const list = new AppendList<T>();
    for (const item of items) list.push(item);
    return list;
  }

  get length(): number {
    return this.parts.length * PART + this.last.length;
  }

  push(item: T): void {
    this.last.push(item);
    if (this.last.length < PART) return;
    this.parts.push(this.last);
    this.last = [];
  }

  /** The item at `index`; undefined outside of the list. */
  at(index: number): T | undefined {
    const part = Math.floor(index / PART);
    return part < this.parts.length ? this.parts[part]![index % PART] : this.last[index - this.parts.length * PART];
  }

  /** Items from `start` on, which is counted from the end when it is negative. */
  from(start: number): T[] {
    const first = Math.max(0, start < 0 ? this.length + start : start);
    const whole = Math.floor(first / PART);
    if (whole >= this.parts.length) return this.last.slice(first - this.parts.length * PART);
    return [this.parts[whole]!.slice(first % PART), ...this.parts.slice(whole + 1), this.last].flat() as T[];
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const part of this.parts) yield* part;
    yield* this.last;
  }

  /** Another list with the same items, which grows by itself from now on. */
  clone(): AppendList<T> {
    const copy = new AppendList<T>();
    for (const part of this.parts) copy.parts.push(part);
    copy.last = this.last.slice();
    return copy;
  }
}
