/**
 * The run's past as the view keeps it: a ring of the last events, as numbers and bytes in typed arrays.
 *
 * It is written for every event of the machine while nobody may be looking, so it costs a few stores for each: no object is made, nothing is decoded,
 * no text is joined. 32 bytes for each event, and its payload (the first bytes of a message, the text of a line) in a ring of bytes; both
 * grow as they fill, up to 24 MiB in all. What is asked for is made into events by event-views.ts.
 */

/** Events that are kept. */
export const KEPT_EVENTS = 262_144;
/** Bytes of payload that are kept. */
export const KEPT_BYTES = 16 * 1024 * 1024;
/** Longest payload. */
export const LONGEST_PAYLOAD = 4096;

const FIRST_EVENTS = 4096;
const FIRST_BYTES = 65_536;
/** 32-bit words of an event: cycle (2), kind and name, three numbers, place and length of the payload. */
const WORDS = 8;

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

/** One event, as it is kept. */
export interface EventRecord {
  readonly seq: number;
  readonly cycle: number;
  /** Index in `EVENT_TYPES`. */
  readonly type: number;
  /** What is told by a word: side and action, level, direction, phase ... */
  readonly detail: number;
  /** Device, core ... */
  readonly name: string;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly payload: Uint8Array;
}

/** The ring. Numbers of events (`seq`) count from 0 and are never given twice, unless the future is forgotten. */
export class EventLog {
  private size = FIRST_EVENTS;
  private words = new Uint32Array(FIRST_EVENTS * WORDS);
  private cycles = new Float64Array(this.words.buffer);
  private bytes = new Uint8Array(FIRST_BYTES);
  /** Position behind the last payload since the beginning, modulo 2^32: the ring of events ends before it wraps. */
  private head = 0;
  private first = 0;
  private nextSeq = 0;
  private readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();
  private lastName = '';
  private lastNumber = -1;

  /** Number of the next event. */
  get next(): number {
    return this.nextSeq;
  }

  /** Number of the oldest event that is still there; `next` when there is none. */
  get oldest(): number {
    const { words, size, head, bytes } = this;
    let { first } = this;
    while (first < this.nextSeq && (head - words[(first % size) * WORDS + 6]!) >>> 0 > bytes.length) first++;
    this.first = first;
    return first;
  }

  /** Keeps an event. Numbers are u32; of `payload` the first `length` bytes are copied. */
  add(
    cycle: number,
    type: number,
    detail: number,
    name: string,
    a: number,
    b: number,
    c: number,
    payload: Uint8Array = NOTHING,
    length = payload.length,
  ): void {
    if (this.nextSeq - this.first >= this.size) this.makeRoom();
    const seq = this.nextSeq++;
    const slot = seq % this.size;
    const at = slot * WORDS;
    const { words } = this;
    this.cycles[slot * (WORDS / 2)] = cycle;
    words[at + 2] = type | (detail << 8) | (this.numberOf(name) << 16);
    words[at + 3] = a;
    words[at + 4] = b;
    words[at + 5] = c;
    words[at + 6] = this.head;
    words[at + 7] = length;
    if (length > 0) this.keep(payload, length);
  }

  /** The same with a text. */
  addText(cycle: number, type: number, detail: number, name: string, a: number, b: number, c: number, text: string): void {
    const bytes = encoder.encode(text.length > LONGEST_PAYLOAD ? text.slice(0, LONGEST_PAYLOAD) : text);
    this.add(cycle, type, detail, name, a, b, c, bytes, Math.min(bytes.length, LONGEST_PAYLOAD));
  }

  /** Type of an event that is there, without the rest. */
  typeOf(seq: number): number {
    return this.words[(seq % this.size) * WORDS + 2]! & 0xff;
  }

  /** Cycle of an event that is there. */
  cycleOf(seq: number): number {
    return this.cycles[(seq % this.size) * (WORDS / 2)]!;
  }

  /** An event that is there; its payload is a copy. */
  at(seq: number): EventRecord {
    const slot = seq % this.size;
    const at = slot * WORDS;
    const { words } = this;
    const kind = words[at + 2]!;
    return {
      seq,
      cycle: this.cycles[slot * (WORDS / 2)]!,
      type: kind & 0xff,
      detail: (kind >>> 8) & 0xff,
      name: this.names[kind >>> 16]!,
      a: words[at + 3]!,
      b: words[at + 4]!,
      c: words[at + 5]!,
      payload: this.payload(words[at + 6]!, words[at + 7]!),
    };
  }

  /** Forgets the events that lie beyond `cycle`; the number of the first that is gone. */
  forget(cycle: number): number {
    const { oldest } = this;
    while (this.nextSeq > oldest && this.cycleOf(this.nextSeq - 1) > cycle) this.nextSeq--;
    return this.nextSeq;
  }

  private numberOf(name: string): number {
    if (name === this.lastName && this.lastNumber >= 0) return this.lastNumber;
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.names.length;
      // 16 bits; firmware that announces devices without end shares the last.
      if (number >= 0xffff) number = 0xffff;
      this.names[number] = name;
      this.numbers.set(name, number);
    }
    this.lastName = name;
    this.lastNumber = number;
    return number;
  }

  private makeRoom(): void {
    if (this.size >= KEPT_EVENTS) {
      this.first++;
      return;
    }
    const { words, size, first, nextSeq } = this;
    const larger = new Uint32Array(words.length * 2);
    for (let seq = first; seq < nextSeq; seq++) {
      const from = (seq % size) * WORDS;
      larger.set(words.subarray(from, from + WORDS), (seq % (size * 2)) * WORDS);
    }
    this.size = size * 2;
    this.words = larger;
    this.cycles = new Float64Array(larger.buffer);
  }

  private keep(payload: Uint8Array, length: number): void {
    if (this.bytes.length < KEPT_BYTES && this.head + length > this.bytes.length) this.moreBytes();
    const { bytes } = this;
    const start = this.head % bytes.length;
    const room = bytes.length - start;
    if (length <= 32 && length <= room) for (let i = 0; i < length; i++) bytes[start + i] = payload[i]!;
    else {
      bytes.set(payload.subarray(0, Math.min(length, room)), start);
      if (length > room) bytes.set(payload.subarray(room, length), 0);
    }
    this.head = (this.head + length) >>> 0;
  }

  /** Before the ring of bytes first wraps, all that was ever kept lies in it from 0 on. */
  private moreBytes(): void {
    const larger = new Uint8Array(this.bytes.length * 2);
    larger.set(this.bytes);
    this.bytes = larger;
  }

  private payload(place: number, length: number): Uint8Array {
    const { bytes } = this;
    const start = place % bytes.length;
    const room = bytes.length - start;
    if (length <= room) return bytes.slice(start, start + length);
    const copy = new Uint8Array(length);
    copy.set(bytes.subarray(start));
    copy.set(bytes.subarray(0, length - room), room);
    return copy;
  }
}
