/** How much happens: totals and rates by name, and the last lines of consoles, kept up to date from batches of events. Pure. */
import type { ViewEvent } from '../../src/view/protocol.ts';

/** Stretch over which rates are taken, in seconds of virtual time, and the number of its parts. */
const SLOTS = 8;

/** Totals by key, and how many of them came in the last stretch of virtual time. */
export class Rates {
  readonly #span: number;
  readonly #totals = new Map<string, number>();
  readonly #slots: { slot: number; counts: Map<string, number> }[] = [];

  /** `span` in cycles. */
  constructor(span: number) {
    this.#span = span;
  }

  /** One thing of a kind happened. */
  add(key: string, cycle: number): void {
    this.#totals.set(key, (this.#totals.get(key) ?? 0) + 1);
    const slot = Math.floor((cycle * SLOTS) / this.#span);
    let last = this.#slots.at(-1);
    if (!last || slot > last.slot) {
      last = { slot, counts: new Map() };
      this.#slots.push(last);
      if (this.#slots.length > SLOTS) this.#slots.shift();
    }
    last.counts.set(key, (last.counts.get(key) ?? 0) + 1);
  }

  /** All there was. */
  total(key: string): number {
    return this.#totals.get(key) ?? 0;
  }

  /** In the span before `now`. */
  recent(key: string, now: number): number {
    const first = Math.floor((now * SLOTS) / this.#span) - SLOTS;
    let sum = 0;
    for (const { slot, counts } of this.#slots) if (slot > first) sum += counts.get(key) ?? 0;
    return sum;
  }
}

/** The last lines of each console. */
export class LastLines {
  readonly #keep: number;
  readonly #lines = new Map<string, string[]>();

  /** Keeps `keep` lines of each. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /** Takes what is a line of a console. */
  add(event: ViewEvent): void {
    if (event.type === 'console') this.#put(event.device, event.text);
    else if (event.type === 'dmesg') this.#put('dmesg', `${event.seconds.toFixed(3)} ${event.text}`);
  }

  /** Oldest first. */
  of(device: string): readonly string[] {
    return this.#lines.get(device) ?? [];
  }

  /** Those that have said something, in the order of their first line. */
  get devices(): readonly string[] {
    return [...this.#lines.keys()];
  }

  #put(device: string, text: string): void {
    const lines = this.#lines.get(device) ?? [];
    lines.push(plain(text));
    if (lines.length > this.#keep) lines.shift();
    this.#lines.set(device, lines);
  }
}

/** Without escape sequences and control characters. */
export function plain(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x1b && text[at + 1] === '[') {
      at += 2;
      while (at < text.length && !/[@-~]/.test(text[at]!)) at++;
    } else if (code >= 0x20 && code !== 0x7f) out += text[at];
    else if (code === 9) out += ' ';
  }
  return out;
}
