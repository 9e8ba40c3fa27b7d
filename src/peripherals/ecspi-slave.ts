/**
 * A SPI master outside of the SoC that shifts words through an ECSPI in slave mode, as a test says.
 *
 * The controller's side is a shift register of BURST_LENGTH + 1 bits, 32 at most, most significant bit first. A word of the master is taken and
 * answered as a whole: what it is answered with is fetched from TXFIFO when its first bit comes, and zeroes where that is empty.
 */
import type { Scheduler, Timer } from '../time/scheduler.ts';

/** What such a master is to do; plain data, as snapshots save it. */
export interface SpiMasterRequest {
  /** Counts requests from 1 on. */
  readonly id: number;
  readonly words: readonly number[];
  /** Bits of each word. */
  readonly bits: number;
  /** Rate of SCLK. */
  readonly hz: number;
  /** Cycles of the base clock from a word to the next. */
  readonly gap: number;
  /** SS goes up after each word, and not only after the last. */
  readonly release: boolean;
  /** Words received so far. */
  received: number[];
  done: boolean;
}

/** The controller's side of it. */
export interface SlaveSide {
  /** Bits of its words; undefined while it is off or a master itself. */
  readonly wordBits: number | undefined;
  /** The next word to be shifted out. */
  fetch(): number;
  /** A word was shifted in. */
  arrived(word: number): void;
  /** SS went up; `rest` has the bits of a word that was not finished. */
  released(rest: number, bits: number): void;
}

/** Requests that are kept when they are done. */
const KEPT_REQUESTS = 256;

/** The master with its requests, and the controller's shift register. */
export class OutsideSpiMaster {
  static readonly wiring = ['target'];
  private readonly scheduler: Scheduler;
  private readonly timer: Timer;
  private readonly target: SlaveSide;
  private requests: SpiMasterRequest[] = [];
  private asked = 0;
  /** Bits that are to be shifted out, and what was fetched for them. */
  private outgoing = 0;
  private outgoingBits = 0;
  /** Bits that were shifted in. */
  private incoming = 0;
  private incomingBits = 0;
  /** The answer to the word that is on its way. */
  private answer = 0;
  private phase: 'idle' | 'word' | 'gap' = 'idle';

  constructor(options: { name: string; scheduler: Scheduler; target: SlaveSide }) {
    this.scheduler = options.scheduler;
    this.target = options.target;
    this.timer = options.scheduler.timer(`${options.name} outside master`, () => this.due());
  }

  /** Everything that was asked for, oldest first, with what came of it. */
  get list(): readonly SpiMasterRequest[] {
    return this.requests;
  }

  /** Sends words, after those that were asked for before; its number. */
  request(request: Omit<SpiMasterRequest, 'id' | 'received' | 'done'>): number {
    const id = ++this.asked;
    const finished = this.requests.filter(({ done }) => done);
    if (finished.length >= KEPT_REQUESTS) this.requests.splice(this.requests.indexOf(finished[0]!), 1);
    this.requests.push({ ...request, id, received: [], done: request.words.length === 0 });
    if (this.phase === 'idle') this.next();
    return id;
  }

  /** The controller was switched off or on: its shift register is empty. */
  clear(): void {
    this.outgoingBits = 0;
    this.incomingBits = 0;
  }

  private get current(): SpiMasterRequest | undefined {
    return this.requests.find(({ done }) => !done);
  }

  /** Begins the next word, if there is one. */
  private next(): void {
    const request = this.current;
    if (!request) {
      this.phase = 'idle';
      return;
    }
    this.answer = this.takeBits(request.bits);
    this.phase = 'word';
    this.timer.armIn((request.bits * this.scheduler.hz) / request.hz);
  }

  private due(): void {
    if (this.phase === 'gap') {
      this.next();
      return;
    }
    const request = this.current!;
    const word = request.words[request.received.length]!;
    request.received.push(this.answer);
    const last = request.received.length === request.words.length;
    this.giveBits(word, request.bits);
    if (last || request.release) this.release();
    if (last) request.done = true;
    this.phase = 'gap';
    this.timer.armIn(Math.max(1, request.gap));
  }

  private release(): void {
    const bits = this.incomingBits;
    this.incomingBits = 0;
    this.outgoingBits = 0;
    if (this.target.wordBits !== undefined) this.target.released(this.incoming, bits);
  }

  /** MISO is high while nobody drives it. */
  private takeBits(count: number): number {
    let bits = 0;
    for (let left = count; left > 0; left--) {
      const { wordBits } = this.target;
      if (wordBits !== undefined && this.outgoingBits === 0) {
        this.outgoing = this.target.fetch();
        this.outgoingBits = wordBits;
      }
      const bit = wordBits === undefined ? 1 : (this.outgoing >>> --this.outgoingBits) & 1;
      bits = ((bits << 1) | bit) >>> 0;
    }
    return bits;
  }

  private giveBits(word: number, count: number): void {
    for (let left = count - 1; left >= 0; left--) {
      const { wordBits } = this.target;
      if (wordBits === undefined) return;
      this.incoming = (((this.incomingBits === 0 ? 0 : this.incoming) << 1) | ((word >>> left) & 1)) >>> 0;
      if (++this.incomingBits < wordBits) continue;
      this.incomingBits = 0;
      this.target.arrived(this.incoming);
    }
  }
}
