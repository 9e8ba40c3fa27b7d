/**
 * The frames of `--rpmsg-sock`, version 1: docs/bridges.md describes them byte by byte, test/clients/imx_rpmsg_sock.h is their C side.
 *
 * A frame has 8 bytes of header (length of the payload, type, flags, id; little-endian) and at most `MAX_PAYLOAD` bytes of payload.
 */

/** Version that this side speaks. */
export const VERSION = 1;
/** "IMXR". */
export const MAGIC = 0x5258_4d49;
/** Bytes of the header. */
export const HEADER_SIZE = 8;
/** Bytes of the largest payload: more than any message, so that the kernel is the one who says EMSGSIZE. */
export const MAX_PAYLOAD = 4096;
/** Frames DATA that a client may have sent without a WRITTEN. */
export const WINDOW = 64;

/** Types of frames. */
export const FRAME = {
  HELLO: 0x01,
  LIST: 0x02,
  IOCTL: 0x03,
  OPEN: 0x04,
  CREATE: 0x05,
  DATA: 0x06,
  WRITTEN: 0x07,
  DESTROY: 0x08,
  HANGUP: 0x09,
  ERROR: 0x0f,
} as const;

/** Bits of `flags`. */
export const FLAG = {
  /** Of DATA: the write is one with O_NONBLOCK. */
  NONBLOCK: 0x01,
  /** Of IOCTL, OPEN and CREATE: waits until the device is there. */
  WAIT: 0x02,
} as const;

/** One frame. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Uint8Array;
}

/** The frame as bytes. */
export function encodeFrame(type: number, id: number, payload: Uint8Array = new Uint8Array(0), flags = 0): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, payload.length, true);
  bytes[2] = type;
  bytes[3] = flags;
  view.setUint32(4, id, true);
  bytes.set(payload, HEADER_SIZE);
  return bytes;
}

/** A payload of 32-bit words. */
export function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(4 * index, value >>> 0, true);
  return bytes;
}

/** ERROR: the errno and a text. */
export function errorFrame(errno: number, text: string, id = 0): Uint8Array {
  const message = new TextEncoder().encode(text);
  const payload = new Uint8Array(4 + message.length);
  payload.set(words(errno));
  payload.set(message, 4);
  return encodeFrame(FRAME.ERROR, id, payload);
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  private readonly buffer = new Uint8Array(HEADER_SIZE + MAX_PAYLOAD);
  private filled = 0;

  /** Bytes of a frame that has not ended. */
  get partial(): number {
    return this.filled;
  }

  /** Takes bytes up to the end of a frame: how many, and the frame if it is whole; `oversized` when its length is above the limit. */
  take(bytes: Uint8Array): { readonly taken: number; readonly frame?: Frame; readonly oversized?: number } {
    let taken = this.fill(bytes, HEADER_SIZE);
    if (this.filled < HEADER_SIZE) return { taken };
    const view = new DataView(this.buffer.buffer);
    const length = view.getUint16(0, true);
    if (length > MAX_PAYLOAD) return { taken, oversized: length };
    taken += this.fill(bytes.subarray(taken), HEADER_SIZE + length);
    if (this.filled < HEADER_SIZE + length) return { taken };
    this.filled = 0;
    const payload = this.buffer.slice(HEADER_SIZE, HEADER_SIZE + length);
    return { taken, frame: { type: this.buffer[2]!, flags: this.buffer[3]!, id: view.getUint32(4, true), payload } };
  }

  private fill(bytes: Uint8Array, goal: number): number {
    const part = bytes.subarray(0, Math.max(0, goal - this.filled));
    this.buffer.set(part, this.filled);
    this.filled += part.length;
    return part.length;
  }
}
