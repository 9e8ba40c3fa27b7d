/**
 * FlexCAN: where a received frame goes: message buffers with their locks, the FIFO with its filters, answers to remote frames.
 *
 * Described in "Matching Process", "Receive Process", "Rx FIFO" and "Message Buffer Lock Mechanism" of the manuals.
 */
import type { RegisterFile, RegisterMap } from '../memory/registers.ts';
import type { CanFrame } from './can-bus.ts';
import { type BufferWords, CODE, codeOf, matchesBuffer, matchesFilter, withCode, wordsOf } from './flexcan-match.ts';

/** Frames of the FIFO, and how many make it almost full. */
const FIFO_DEPTH = 6;
const FIFO_WARNING = 5;
/** Flags of the FIFO in IFLAG1. */
const [AVAILABLE, ALMOST_FULL, OVERFLOW] = [5, 6, 7];
const RFEN = 1 << 29;
const IRMQ = 1 << 16;
/** First word of the filter table, in message buffer 6, and words of a buffer. */
const TABLE = 0xe0;

/** What the receiver tells its controller. */
export interface ReceiverHost {
  /** A buffer's interrupt flag is set. */
  flag(buffer: number): void;
  /** The time stamp for a frame in a buffer. */
  stamp(buffer: number): number;
  /** A buffer may have become one to be sent. */
  changed(): void;
}

/** A frame of the FIFO with the filter that it passed. */
interface Queued {
  readonly words: BufferWords;
  readonly hit: number;
}

/** The receiving half of a controller. */
export class FlexcanReceiver {
  static readonly wiring = ['device', 'to'];
  private readonly device: RegisterFile<RegisterMap>;
  private readonly to: ReceiverHost;
  private fifo: Queued[] = [];
  /** Buffer that the CPU has locked by reading its CS. */
  private locked: number | undefined;
  /** Frame that waits for that buffer. */
  private waiting: CanFrame | undefined;
  /** Buffers that were read since they were filled. */
  private served: number[] = [];

  constructor(device: RegisterFile<RegisterMap>, to: ReceiverHost) {
    this.device = device;
    this.to = to;
  }

  reset(): void {
    this.fifo = [];
    this.locked = undefined;
    this.waiting = undefined;
    this.served = [];
  }

  private get fifoEnabled(): boolean {
    return (this.device.get('MCR') & RFEN) !== 0;
  }

  /** First message buffer that is none of the FIFO's. */
  get firstMailbox(): number {
    return this.fifoEnabled ? 8 + 2 * ((this.device.get('CTRL2') >>> 24) & 0xf) : 0;
  }

  get lastMailbox(): number {
    return Math.min(this.device.get('MCR') & 0x7f, 63);
  }

  // --- locks

  /** The CPU reads CS of a buffer: one that holds a frame is locked until another is, or TIMER is read. */
  lock(buffer: number): void {
    if (buffer === this.locked || buffer < this.firstMailbox) return;
    this.unlock();
    const code = codeOf(this.device.get('CS', buffer));
    if (code === CODE.RX_FULL || code === CODE.RX_OVERRUN) this.locked = buffer;
  }

  /** Ends the lock; a frame that waited for the buffer moves in. */
  unlock(): void {
    const { locked, waiting } = this;
    this.locked = undefined;
    this.waiting = undefined;
    if (locked === undefined) return;
    if (!this.served.includes(locked)) this.served.push(locked);
    if (waiting) this.store(waiting, locked);
  }

  /** The CPU has written CS of a buffer: it is another one from now on. */
  rewritten(buffer: number): void {
    this.served = this.served.filter((other) => other !== buffer);
    if (buffer !== this.locked) return;
    this.locked = undefined;
    this.waiting = undefined;
  }

  // --- frames

  /** Takes a frame to where it belongs; not into `own`, the buffer that has sent it. */
  receive(frame: CanFrame, own = -1): void {
    // Unless CTRL2.RRS says so, remote frames are answered and kept in no mailbox.
    const remote = frame.remote && !((this.device.get('CTRL2') >>> 17) & 1);
    if (remote && this.answer(frame)) return;
    const mailboxesFirst = ((this.device.get('CTRL2') >>> 18) & 1) !== 0;
    if (!mailboxesFirst && this.toFifo(frame)) return;
    if (!remote && this.toMailbox(frame, own)) return;
    if (mailboxesFirst) this.toFifo(frame);
  }

  private mask(buffer: number): number {
    if (this.device.get('MCR') & IRMQ) return this.device.get('RXIMR', buffer);
    return this.device.get(buffer === 14 ? 'RX14MASK' : buffer === 15 ? 'RX15MASK' : 'RXMGMASK');
  }

  private matches(frame: CanFrame, buffer: number): boolean {
    const entire = ((this.device.get('CTRL2') >>> 16) & 1) !== 0;
    return matchesBuffer(frame, { cs: this.device.get('CS', buffer), id: this.device.get('ID', buffer) }, this.mask(buffer), entire);
  }

  /** A buffer that is to answer remote frames sends its data. */
  private answer(frame: CanFrame): boolean {
    for (let buffer = this.firstMailbox; buffer <= this.lastMailbox; buffer++) {
      const cs = this.device.get('CS', buffer);
      if (codeOf(cs) !== CODE.RX_RANSWER || !this.matches(frame, buffer)) continue;
      this.device.set('CS', withCode(cs, CODE.TX_TANSWER), buffer);
      this.to.changed();
      return true;
    }
    return false;
  }

  /** The first buffer that is free for the frame; with individual masks the search goes on behind one that is not. */
  private toMailbox(frame: CanFrame, own: number): boolean {
    let taken: number | undefined;
    for (let buffer = this.firstMailbox; buffer <= this.lastMailbox; buffer++) {
      const code = codeOf(this.device.get('CS', buffer));
      const holds = code === CODE.RX_FULL || code === CODE.RX_OVERRUN;
      if (buffer === own || (code !== CODE.RX_EMPTY && !holds) || !this.matches(frame, buffer)) continue;
      if (!holds || this.served.includes(buffer)) {
        this.store(frame, buffer);
        return true;
      }
      taken = buffer;
      if (!(this.device.get('MCR') & IRMQ)) break;
    }
    if (taken === undefined) return false;
    this.store(frame, taken);
    return true;
  }

  private store(frame: CanFrame, buffer: number): void {
    if (buffer === this.locked) {
      this.waiting = frame;
      return;
    }
    const before = codeOf(this.device.get('CS', buffer));
    const lost = (before === CODE.RX_FULL || before === CODE.RX_OVERRUN) && !this.served.includes(buffer);
    this.show(wordsOf(frame, lost ? CODE.RX_OVERRUN : CODE.RX_FULL, this.to.stamp(buffer)), buffer);
    this.served = this.served.filter((other) => other !== buffer);
    this.to.flag(buffer);
  }

  private show({ cs, id, word0, word1 }: BufferWords, buffer: number): void {
    const { device } = this;
    // Local priority is no part of a frame.
    device.set('ID', (id | (device.get('ID', buffer) & 0xe000_0000)) >>> 0, buffer);
    device.set('CS', cs, buffer);
    device.set('WORD0', word0, buffer);
    device.set('WORD1', word1, buffer);
  }

  // --- FIFO

  private toFifo(frame: CanFrame): boolean {
    const hit = this.fifoEnabled ? this.filterHit(frame) : undefined;
    if (hit === undefined) return false;
    if (this.fifo.length >= FIFO_DEPTH) {
      this.to.flag(OVERFLOW);
      return true;
    }
    this.fifo.push({ words: wordsOf(frame, CODE.RX_FULL, this.to.stamp(0)), hit });
    if (this.fifo.length === FIFO_WARNING) this.to.flag(ALMOST_FULL);
    if (this.fifo.length === 1) this.present();
    return true;
  }

  /** Number of the first filter that a frame passes. */
  private filterHit(frame: CanFrame): number | undefined {
    const { device } = this;
    const filters = ((device.get('CTRL2') >>> 24) & 0xf) + 1;
    const format = (device.get('MCR') >>> 8) & 3;
    const individual = device.get('MCR') & IRMQ ? 8 + 2 * (filters - 1) : 0;
    for (let element = 0; element < filters * 8; element++) {
      const mask = element < Math.min(individual, 32) ? device.get('RXIMR', element) : device.get('RXFGMASK');
      if (matchesFilter(frame, device.peek(TABLE + 4 * element, 4), mask, format)) return element;
    }
    return undefined;
  }

  /** Shows the FIFO's first frame in message buffer 0. */
  private present(): void {
    const [first] = this.fifo;
    if (!first) return;
    this.show(first.words, 0);
    this.device.set('RXFIR', first.hit);
    this.to.flag(AVAILABLE);
  }

  /** Software has cleared flags of IFLAG1: the frame that it has read is taken away. */
  flagsCleared(cleared: number): void {
    if (!this.fifoEnabled || !((cleared >>> AVAILABLE) & 1)) return;
    this.fifo.shift();
    this.present();
  }
}
