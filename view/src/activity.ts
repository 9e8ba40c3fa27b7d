/** How much happens: totals and rates by name, and the last lines of consoles, kept up to date from batches of events. Pure. */
import type { ViewEvent } from '../../src/view/protocol.ts';
import { saying } from './format.ts';

/** Stretch over which rates are taken, in seconds of virtual time, and the number of its parts. */
const SLOTS = 8;

/** Lines of each console, and messages of each ring, that the diagram may show. */
const LINES = 40;
const MESSAGES = 12;

/** All of that, of one run up to a moment. */
export class Activity {
  readonly rates: Rates;
  readonly lines = new LastLines(LINES);
  readonly messages = new LastMessages(MESSAGES);

  /** `hz`: cycles in a second of virtual time. */
  constructor(hz: number) {
    this.rates = new Rates(hz);
  }

  /** Takes what happened. */
  add(event: ViewEvent): void {
    const { rates } = this;
    if (event.type === 'message') {
      rates.add(event.direction, event.cycle);
      this.messages.add(event);
    } else if (event.type === 'vring') rates.add(`${event.device}/${event.queue}`, event.cycle);
    else if (event.type === 'mu') {
      if (event.action === 'transmit' || event.action === 'general') rates.add(`${event.mu}/${event.side}`, event.cycle);
    } else this.lines.add(event);
  }
}

/** Totals by key, and how many of them came in the last stretch of virtual time. */
export class Rates {
  readonly #totals = new Map<string, number>();
  readonly #slots: { slot: number; counts: Map<string, number> }[] = [];

  /** In cycles: a second of virtual time. */
  span: number;

  constructor(span: number) {
    this.span = span;
  }

  /** One thing of a kind happened. */
  add(key: string, cycle: number): void {
    this.#totals.set(key, (this.#totals.get(key) ?? 0) + 1);
    const slot = Math.floor((cycle * SLOTS) / this.span);
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
    const first = Math.floor((now * SLOTS) / this.span) - SLOTS;
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

/** One message as the diagram shows it. */
export interface LastMessage {
  readonly seq: number;
  readonly src: number;
  readonly dst: number;
  readonly text: string;
}

/** The last messages of each ring, newest first. */
export class LastMessages {
  readonly #keep: number;
  readonly #rings = new Map<string, LastMessage[]>();

  /** Keeps `keep` of each. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /** Takes a message. */
  add(event: Extract<ViewEvent, { type: 'message' }>): void {
    const key = `${event.device}/${event.direction}`;
    const { nameService } = event;
    const said = saying(event);
    const text = nameService
      ? `${nameService.flags === 'create' ? 'announces' : 'withdraws'} ${nameService.name} at 0x${nameService.address.toString(16)}`
      : said.quoted
        ? `“${plain(said.text)}”`
        : said.text;
    const list = [{ seq: event.seq, src: event.src, dst: event.dst, text }, ...(this.#rings.get(key) ?? [])];
    this.#rings.set(key, list.slice(0, this.#keep));
  }

  /** Newest first; `direction` is Linux's: `tx` goes to the core. */
  of(device: string, direction: 'tx' | 'rx'): readonly LastMessage[] {
    return this.#rings.get(`${device}/${direction}`) ?? [];
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
