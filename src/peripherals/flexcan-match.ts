/**
 * FlexCAN: message buffers as frames and back, and which of them a received frame matches.
 *
 * Described in "Matching Process" and "Rx FIFO" of the manuals. A buffer has four words: code, length and time stamp (CS), identifier (ID), eight bytes
 * with the first in the highest place.
 */
import type { CanFrame } from './can-bus.ts';

/** Values of CS.CODE. */
export const CODE = {
  RX_INACTIVE: 0,
  RX_FULL: 2,
  RX_EMPTY: 4,
  RX_OVERRUN: 6,
  RX_RANSWER: 10,
  TX_INACTIVE: 8,
  TX_ABORT: 9,
  TX_DATA: 12,
  TX_TANSWER: 14,
} as const;

const RTR = 1 << 20;
const IDE = 1 << 21;
const SRR = 1 << 22;

/** A message buffer's words. */
export interface BufferWords {
  readonly cs: number;
  readonly id: number;
  readonly word0: number;
  readonly word1: number;
}

/** CS.CODE */
export function codeOf(cs: number): number {
  return (cs >>> 24) & 0xf;
}

/** `cs` with another code. */
export function withCode(cs: number, code: number): number {
  return ((cs & 0xf0ff_ffff) | (code << 24)) >>> 0;
}

/** What a buffer would send. */
export function frameOf({ cs, id, word0, word1 }: BufferWords): CanFrame {
  const extended = (cs & IDE) !== 0;
  const remote = (cs & RTR) !== 0;
  const dlc = Math.min((cs >>> 16) & 0xf, 8);
  const bytes = [24, 16, 8, 0]
    .flatMap((shift) => [(word0 >>> shift) & 0xff])
    .concat([24, 16, 8, 0].map((shift) => (word1 >>> shift) & 0xff));
  return { id: extended ? id & 0x1fff_ffff : (id >>> 18) & 0x7ff, extended, remote, dlc, data: remote ? [] : bytes.slice(0, dlc) };
}

/** A received frame as a buffer's words, with the given code and time stamp. */
export function wordsOf({ id, extended, remote, dlc, data }: CanFrame, code: number, stamp: number): BufferWords {
  const cs = (code << 24) | (extended ? IDE | SRR : 0) | (remote ? RTR : 0) | (dlc << 16) | stamp;
  const byte = (n: number): number => data[n] ?? 0;
  const word = (n: number): number => ((byte(n) << 24) | (byte(n + 1) << 16) | (byte(n + 2) << 8) | byte(n + 3)) >>> 0;
  return { cs: cs >>> 0, id: identifier({ id, extended }), word0: word(0), word1: word(4) };
}

/** An identifier as ID has it. */
function identifier({ id, extended }: Pick<CanFrame, 'id' | 'extended'>): number {
  return (extended ? id : id << 18) >>> 0;
}

/** Whether a frame matches a buffer under a mask; with `entire` (CTRL2.EACEN) the mask says whether RTR and IDE are compared, too. */
export function matchesBuffer(frame: CanFrame, { cs, id }: Pick<BufferWords, 'cs' | 'id'>, mask: number, entire: boolean): boolean {
  if (frame.extended !== ((cs & IDE) !== 0) && (!entire || mask & 0x4000_0000)) return false;
  if (entire && mask & 0x8000_0000 && frame.remote !== ((cs & RTR) !== 0)) return false;
  const bits = frame.extended ? 0x1fff_ffff : 0x1ffc_0000;
  return ((identifier(frame) ^ id) & mask & bits) === 0;
}

/** Formats of the receive FIFO's filters (MCR.IDAM): how many to a word. */
const FILTERS_PER_WORD = [1, 2, 4, 0] as const;

/** Whether a frame passes the filters in `word`, one element of the table, under a mask. */
export function matchesFilter(frame: CanFrame, word: number, mask: number, format: number): boolean {
  const count = FILTERS_PER_WORD[format]!;
  const width = 32 / count;
  for (let n = 0; n < count; n++) {
    const shift = 32 - width * (n + 1);
    const bits = mask >>> shift;
    const wanted = filterOf(frame, format);
    const lanes = width === 32 ? 0xffff_ffff : 2 ** width - 1;
    if (((wanted ^ (word >>> shift)) & bits & lanes & compared(frame, format)) === 0) return true;
  }
  return false;
}

/** What a filter for exactly this frame looks like. */
function filterOf({ id, extended, remote }: CanFrame, format: number): number {
  if (format === 0) return ((remote ? 0x8000_0000 : 0) | (extended ? 0x4000_0000 | (id << 1) : id << 19)) >>> 0;
  if (format === 1) return (remote ? 0x8000 : 0) | (extended ? 0x4000 | (id >>> 15) : id << 3);
  return extended ? id >>> 21 : id >>> 3;
}

/** Bits of a filter that mean something for such a frame. */
function compared({ extended }: CanFrame, format: number): number {
  if (format === 0) return extended ? 0xffff_fffe : 0xfff8_0000;
  if (format === 1) return extended ? 0xffff : 0xfff8;
  return 0xff;
}
