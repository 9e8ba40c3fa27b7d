/**
 * The run's past as the view keeps it: a ring of the last events, as numbers and bytes in typed arrays.
 *
 * It is written for every event of the machine while nobody may be looking, half a million times a second, so it costs a few stores for each: no object is
 * made, nothing decoded, no text joined. What counts then is how much memory is passed through: 16 bytes for an event. What does not fit there (a message with
 * its addresses, the text of a line) stands in a ring of bytes. Both grow as they fill, up to 20 MiB in all. event-views.ts makes events of it when they are asked for.
 */

/** Events that are kept. */
export const KEPT_EVENTS = 262_144;
/** Bytes of payload that are kept. */
export const KEPT_BYTES = 16 * 1024 * 1024;
/** Longest payload, without the numbers before it. */
export const LONGEST_PAYLOAD = 4096;

const FIRST_EVENTS = 4096;
const FIRST_BYTES = 65_536;
/** Events between two notes of how far the ring of bytes had got: they are dropped together. */
const BLOCK = 1024;

/**
 * Words of an event: the cycle's low 32 bits; its next 14 bits, name (10), detail (4) and type (4); a number; another one, or length and place of
 * the payload in both.
 */
const WORDS = 4;
const NAME_SHIFT = 8;
const HIGH_SHIFT = 18;
const MOST_NAMES = 1024;
const TWO_32 = 2 ** 32;
/** Cycles after which the kept bits of a cycle begin anew: a day of virtual time at 800 MHz. */
const ERA = 2 ** 46;

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

/** One event, as it is kept. */
export interface EventRecord {
  readonly seq: number;
  readonly cycle: number;
  /** Index in `EVENT_TYPES`. */
  readonly type: number;
  /** What is told by a word: side and action, level, direction, phase ... 0 to 15. */
  readonly detail: number;
  /** Device, core ... */
  readonly name: string;
  readonly a: number;
  readonly b: number;
  readonly payload: Uint8Array;
}

/** Types whose events have a payload, as bits. */
export type PayloadTypes = number;

/** The ring. Numbers of events (`seq`) count from 0 and are never given twice, unless the future is forgotten. */
export class EventLog {
  private readonly withPayload: PayloadTypes;
  private size = FIRST_EVENTS;
  /** Of all events. */
  private words = new Uint32Array(FIRST_EVENTS * WORDS);
  private bytes = new Uint8Array(FIRST_BYTES);
  private fields = new DataView(this.bytes.buffer);
  /** Where the ring of bytes was at the beginning of each block of events. */
  private marks = new Float64Array(FIRST_EVENTS / BLOCK);
  /** Bytes of payload since the beginning. */
  private head = 0;
  private first = 0;
  private nextSeq = 0;
  /** Where the next one comes to stand: `nextSeq` modulo `size`. */
  private slot = 0;
  /** Cycle of the latest event. */
  private latest = 0;
  private readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();

  /** `withPayload`: types, as bits, whose events are added with a payload. */
  constructor(withPayload: PayloadTypes) {
    this.withPayload = withPayload;
  }

  /** Number of the next event. */
  get next(): number {
    return this.nextSeq;
  }

  /** Number of the oldest event that is still there; `next` when there is none. */
  get oldest(): number {
    const { marks, head, bytes, size, nextSeq } = this;
    let { first } = this;
    const blocks = size / BLOCK;
    while (first < nextSeq && head - marks[Math.floor(first / BLOCK) % blocks]! > bytes.length)
      first = (Math.floor(first / BLOCK) + 1) * BLOCK;
    this.first = Math.min(first, nextSeq);
    return this.first;
  }

  /** Keeps an event without payload. `name` is what `nameNumber` says; `a` and `b` are u32. */
  add(cycle: number, type: number, detail: number, name: number, a: number, b: number): void {
    if ((this.slot & (BLOCK - 1)) === 0) this.beginBlock();
    const at = this.slot * WORDS;
    const { words } = this;
    this.latest = cycle;
    this.nextSeq++;
    this.slot = (this.slot + 1) & (this.size - 1);
    words[at] = cycle;
    words[at + 1] = type | (detail << 4) | (name << NAME_SHIFT) | ((cycle / TWO_32) << HIGH_SHIFT);
    words[at + 2] = a;
    words[at + 3] = b;
  }

  /** Keeps an event with a payload: two numbers (u32), and the first `length` bytes of `payload`, which are copied. */
  addBytes(cycle: number, type: number, detail: number, name: number, a: number, b: number, payload: Uint8Array, length: number): void {
    const place = this.reserve(length + 8);
    this.add(cycle, type, detail, name, length, place);
    const start = place % this.bytes.length;
    this.fields.setUint32(start, a, true);
    this.fields.setUint32(start + 4, b, true);
    if (length <= 32) {
      const { bytes } = this;
      for (let i = 0; i < length; i++) bytes[start + 8 + i] = payload[i]!;
    } else this.bytes.set(length === payload.length ? payload : payload.subarray(0, length), start + 8);
  }

  /** The same with a text. */
  addText(cycle: number, type: number, detail: number, name: string, text: string, a = 0, b = 0): void {
    const bytes = encoder.encode(text.length > LONGEST_PAYLOAD ? text.slice(0, LONGEST_PAYLOAD) : text);
    this.addBytes(cycle, type, detail, this.nameNumber(name), a, b, bytes, Math.min(bytes.length, LONGEST_PAYLOAD));
  }

  /** Number of a name. Firmware that announces devices without end has the last ones share theirs. */
  nameNumber(name: string): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    const number = Math.min(this.names.length, MOST_NAMES - 1);
    this.names[number] = name;
    if (number < MOST_NAMES - 1) this.numbers.set(name, number);
    return number;
  }

  /** Type of an event that is there, without the rest. */
  typeOf(seq: number): number {
    return this.words[(seq % this.size) * WORDS + 1]! & 15;
  }

  /** Cycle of an event that is there. */
  cycleOf(seq: number): number {
    const at = (seq % this.size) * WORDS;
    const low = (this.words[at + 1]! >>> HIGH_SHIFT) * TWO_32 + this.words[at]!;
    const cycle = Math.floor(this.latest / ERA) * ERA + low;
    // Of the era before. Cores that run one after the other may be a little ahead of the latest event.
    return cycle > this.latest + TWO_32 ? cycle - ERA : cycle;
  }

  /** An event that is there; its payload is a copy. */
  at(seq: number): EventRecord {
    const at = (seq % this.size) * WORDS;
    const { words } = this;
    const kind = words[at + 1]!;
    const type = kind & 15;
    const detail = (kind >>> 4) & 15;
    const name = this.names[(kind >>> NAME_SHIFT) & (MOST_NAMES - 1)]!;
    const length = words[at + 2]!;
    const place = words[at + 3]!;
    // One literal for each, as copying a part of it would take longer than the rest of this.
    if ((this.withPayload & (1 << type)) === 0)
      return { seq, cycle: this.cycleOf(seq), type, detail, name, a: length, b: place, payload: NOTHING };
    const { bytes, fields } = this;
    const start = place % bytes.length;
    const payload = bytes.slice(start + 8, start + 8 + length);
    return {
      seq,
      cycle: this.cycleOf(seq),
      type,
      detail,
      name,
      a: fields.getUint32(start, true),
      b: fields.getUint32(start + 4, true),
      payload,
    };
  }

  /** Forgets the events that lie beyond `cycle`; the number of the first that is gone. */
  forget(cycle: number): number {
    const { oldest } = this;
    while (this.nextSeq > oldest && this.cycleOf(this.nextSeq - 1) > cycle) this.nextSeq--;
    this.slot = this.nextSeq % this.size;
    this.latest = cycle;
    return this.nextSeq;
  }

  private beginBlock(): void {
    if (this.nextSeq - this.first >= this.size) {
      if (this.size < KEPT_EVENTS) this.grow();
      else this.first += BLOCK;
    }
    this.marks[this.slot / BLOCK] = this.head;
  }

  private grow(): void {
    const { words, marks, size, first, nextSeq } = this;
    const larger = new Uint32Array(words.length * 2);
    const more = new Float64Array(marks.length * 2);
    for (let seq = first; seq < nextSeq; seq++) {
      const from = (seq % size) * WORDS;
      larger.set(words.subarray(from, from + WORDS), (seq % (size * 2)) * WORDS);
    }
    for (let block = Math.floor(first / BLOCK); block * BLOCK < nextSeq; block++) more[block % more.length] = marks[block % marks.length]!;
    this.size = size * 2;
    this.words = larger;
    this.marks = more;
    this.slot = nextSeq % this.size;
  }

  /** Room for a payload, in one piece; its position since the beginning, modulo 2^32. */
  private reserve(length: number): number {
    if (this.bytes.length < KEPT_BYTES && this.head + length > this.bytes.length) this.moreBytes();
    const left = this.bytes.length - (this.head % this.bytes.length);
    if (length > left) this.head += left;
    const place = this.head;
    this.head += length;
    return place;
  }

  /** Before the ring of bytes first wraps, all that was ever kept lies in it from 0 on. */
  private moreBytes(): void {
    const larger = new Uint8Array(this.bytes.length * 2);
    larger.set(this.bytes);
    this.bytes = larger;
    this.fields = new DataView(larger.buffer);
  }
}
