/**
 * The lowest layer of GDB's remote serial protocol (GDB manual, appendix E.1): `$payload#checksum`, `+`, `-`, and 0x03 for Ctrl-C.
 *
 * Everything that comes in is hostile: it may be cut anywhere, never end, or be no packet at all; what is kept of it is bounded by the packet size.
 * Notifications (`%`) are not used in either direction.
 */

/** Largest payload in either direction, in bytes as they go over the wire; announced as PacketSize. */
export const PACKET_SIZE = 0x4000;

const DOLLAR = 0x24;
const HASH = 0x23;
const STAR = 0x2a;
const PLUS = 0x2b;
const MINUS = 0x2d;
const ESCAPE = 0x7d;
const ESCAPE_XOR = 0x20;
const CTRL_C = 0x03;
/** A run is written as its count plus this. */
const RUN_BASE = 29;
/** Copies that one count can stand for, and below which it is not worth it. */
const LONGEST_RUN = 0x7e - RUN_BASE;
const SHORTEST_RUN = 3;

/** What a reader finds in a stream. */
export interface FrameHandler {
  /** A packet whose checksum is right, escapes resolved. */
  packet(payload: Uint8Array): void;
  /** A packet whose checksum is wrong. */
  damaged(): void;
  /** A packet beyond `PACKET_SIZE`; its checksum was not looked at. */
  oversized(): void;
  acknowledged(): void;
  /** The peer wants the last packet again. */
  rejected(): void;
  /** Ctrl-C. */
  interrupt(): void;
}

/** Takes packets out of a stream of bytes that comes in pieces. */
export class FrameReader {
  private readonly handler: FrameHandler;
  private readonly payload = new Uint8Array(PACKET_SIZE);
  private length = 0;
  private sum = 0;
  private state: 'idle' | 'payload' | 'first digit' | 'second digit' = 'idle';
  private digit = 0;
  private overflow = false;

  constructor(handler: FrameHandler) {
    this.handler = handler;
  }

  /** The next bytes of the stream. */
  feed(bytes: Uint8Array): void {
    for (const byte of bytes) this.take(byte);
  }

  private take(byte: number): void {
    switch (this.state) {
      case 'idle':
        if (byte === DOLLAR) this.begin();
        else if (byte === PLUS) this.handler.acknowledged();
        else if (byte === MINUS) this.handler.rejected();
        else if (byte === CTRL_C) this.handler.interrupt();
        return;
      case 'payload':
        if (byte === HASH) this.state = 'first digit';
        else if (byte === DOLLAR) this.begin();
        else this.add(byte);
        return;
      case 'first digit':
        this.digit = hexDigit(byte);
        this.state = 'second digit';
        return;
      case 'second digit':
        this.state = 'idle';
        this.end(this.digit < 0 || hexDigit(byte) < 0 ? -1 : this.digit * 16 + hexDigit(byte));
        return;
    }
  }

  private begin(): void {
    this.state = 'payload';
    this.length = 0;
    this.sum = 0;
    this.overflow = false;
  }

  private add(byte: number): void {
    this.sum = (this.sum + byte) & 0xff;
    if (this.length < PACKET_SIZE) this.payload[this.length++] = byte;
    else this.overflow = true;
  }

  private end(checksum: number): void {
    if (this.overflow) this.handler.oversized();
    else if (checksum !== this.sum) this.handler.damaged();
    else this.handler.packet(resolved(this.payload.subarray(0, this.length)));
  }
}

/** True for what GDB may begin to talk with: a packet, an acknowledgement, Ctrl-C. */
export function beginsFrame(byte: number): boolean {
  return byte === DOLLAR || byte === PLUS || byte === MINUS || byte === CTRL_C;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** A copy without escapes. */
function resolved(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    // A lone escape at the end stands for itself.
    out[length++] = byte === ESCAPE && at + 1 < bytes.length ? bytes[++at]! ^ ESCAPE_XOR : byte;
  }
  return out.subarray(0, length);
}

/** `payload` as it goes into a packet: escaped, and runs of a byte shortened. */
export function encodePayload(payload: Uint8Array): Uint8Array {
  // At worst every byte is escaped; a run takes no more than it stands for.
  const out = new Uint8Array(2 * payload.length);
  let length = 0;
  for (let at = 0; at < payload.length; ) {
    const byte = payload[at]!;
    if (byte === DOLLAR || byte === HASH || byte === STAR || byte === ESCAPE) {
      out[length++] = ESCAPE;
      out[length++] = byte ^ ESCAPE_XOR;
      at++;
      continue;
    }
    let copies = 0;
    while (copies < LONGEST_RUN && payload[at + 1 + copies] === byte) copies++;
    out[length++] = byte;
    at++;
    const run = runOf(copies);
    if (run < SHORTEST_RUN) continue;
    out[length++] = STAR;
    out[length++] = run + RUN_BASE;
    at += run;
  }
  return out.subarray(0, length);
}

/** The longest run of at most `copies` whose count may stand in a packet: not `#`, `$`, `+` or `-`. */
function runOf(copies: number): number {
  let run = copies;
  while (run >= SHORTEST_RUN && [HASH, DOLLAR, PLUS, MINUS].includes(run + RUN_BASE)) run--;
  return run;
}

/** The packet of a payload, ready to be sent. */
export function encodePacket(payload: Uint8Array): Uint8Array {
  const body = encodePayload(payload);
  const packet = new Uint8Array(body.length + 4);
  packet[0] = DOLLAR;
  packet.set(body, 1);
  let sum = 0;
  for (const byte of body) sum = (sum + byte) & 0xff;
  packet[body.length + 1] = HASH;
  const digits = sum.toString(16).padStart(2, '0');
  packet[body.length + 2] = digits.charCodeAt(0);
  packet[body.length + 3] = digits.charCodeAt(1);
  return packet;
}

/** `+` and `-`. */
export const ACKNOWLEDGE = Uint8Array.of(PLUS);
export const REJECT = Uint8Array.of(MINUS);
