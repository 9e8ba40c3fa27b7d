/**
 * One connection of a GDB: packets in and out with acknowledgements, one command after the other, and bounds for whoever sends or takes too much.
 */
import { ImxSimError } from '../../errors.ts';
import { ACKNOWLEDGE, beginsFrame, encodePacket, FrameReader, PACKET_SIZE, REJECT } from './framing.ts';
import { bytesOf } from './text.ts';

/** What a packet is answered with; text has a byte in each character. Undefined: nothing is sent. */
export type Answer = string | Uint8Array | undefined;

/** Who answers packets. */
export interface PacketHandler {
  handle(packet: Uint8Array): Answer | Promise<Answer>;
  /** Ctrl-C. */
  interrupt(): void;
  /** The client is gone. */
  closed(): void;
  /** Asked before an answer is sent: packets are not acknowledged any more after it. */
  readonly withoutAcks: boolean;
  /** The connection is to be closed once the answer is sent. */
  readonly over: boolean;
}

/** The transport below a connection. */
export interface GdbLink {
  /** Ends the connection once all is sent. */
  close(): void;
  /** Bytes that were sent and that the client has not taken. */
  readonly buffered: number;
}

/** What a transport gives bytes to. */
export interface GdbConnection {
  receive(bytes: Uint8Array): void;
  /** The client is gone. */
  closed(): void;
}

/** Packets that may wait while one is worked on; GDB sends one at a time. */
const MOST_WAITING = 64;
/** Bytes that a client may leave lying before it is dropped. */
const MOST_BUFFERED = 16 * 1024 * 1024;
/** Times that a client may want the same packet again. */
const MOST_REPEATS = 8;

/** A connection. */
export class Connection implements GdbConnection {
  private readonly sendBytes: (bytes: Uint8Array) => void;
  private readonly link: GdbLink | undefined;
  private readonly note: (text: string) => void;
  private readonly stranger: () => void;
  private readonly reader: FrameReader;
  private handler: PacketHandler | undefined;
  private waiting: Uint8Array[] = [];
  private working = false;
  private acks = true;
  private last: Uint8Array | undefined;
  private repeats = 0;
  private over = false;
  /** Nothing has come yet. */
  private untouched = true;

  /** `stranger` hears that whoever is connected is no GDB, once the connection is closed for that. */
  constructor(send: (bytes: Uint8Array) => void, link: GdbLink | undefined, note: (text: string) => void, stranger: () => void = () => {}) {
    this.stranger = stranger;
    this.sendBytes = send;
    this.link = link;
    this.note = note;
    this.reader = new FrameReader({
      packet: (payload) => this.packet(payload),
      damaged: () => this.acknowledge(REJECT),
      oversized: () => this.packet(undefined),
      acknowledged: () => {
        this.repeats = 0;
        this.last = undefined;
      },
      rejected: () => this.repeat(),
      interrupt: () => this.guarded(() => this.handler?.interrupt()),
    });
  }

  serve(handler: PacketHandler): void {
    this.handler = handler;
  }

  receive(bytes: Uint8Array): void {
    if (this.over || bytes.length === 0) return;
    if (this.untouched && !beginsFrame(bytes[0]!)) {
      // A web page can have its browser send anything to this port, after a line of HTTP.
      this.drop();
      this.stranger();
      return;
    }
    this.untouched = false;
    this.reader.feed(bytes);
  }

  closed(): void {
    if (this.over) return;
    this.over = true;
    this.waiting = [];
    this.last = undefined;
    const { handler } = this;
    this.handler = undefined;
    this.guarded(() => handler?.closed());
  }

  /** Sends a packet that is no answer: output for the user while a command is worked on. */
  send(payload: string | Uint8Array): void {
    this.transmit(encodePacket(typeof payload === 'string' ? bytesOf(payload) : payload));
  }

  /** The run is over: whoever waits for the machine gets `payload`, and the connection ends. */
  finish(payload: string): void {
    if (this.working) this.send(payload);
    this.drop();
  }

  /** Ends it from this side. */
  drop(): void {
    if (this.over) return;
    this.link?.close();
    this.closed();
  }

  /** `undefined`: one that was too long to be kept. */
  private packet(payload: Uint8Array | undefined): void {
    if (this.over) return;
    this.acknowledge(ACKNOWLEDGE);
    if (this.waiting.length >= MOST_WAITING) {
      this.note('the GDB client sends faster than it reads answers; its connection is closed');
      this.drop();
      return;
    }
    this.waiting.push(payload ?? new Uint8Array(PACKET_SIZE + 1));
    if (!this.working) this.work();
  }

  /** Answers what waits, as far as that needs no waiting. */
  private work(): void {
    this.working = true;
    for (let packet = this.waiting.shift(); packet; packet = this.waiting.shift()) {
      const answer = this.answer(packet);
      if (answer instanceof Promise) {
        void answer.then((late) => {
          this.reply(late);
          this.work();
        });
        return;
      }
      this.reply(answer);
    }
    this.working = false;
  }

  private answer(packet: Uint8Array): Answer | Promise<Answer> {
    if (packet.length > PACKET_SIZE) return `E.the packet is longer than PacketSize`;
    try {
      const answer = this.handler?.handle(packet);
      return answer instanceof Promise ? answer.catch((error: unknown) => this.failed(error)) : answer;
    } catch (error) {
      return this.failed(error);
    }
  }

  private failed(error: unknown): string {
    if (error instanceof ImxSimError) return `E.${error.message}`;
    this.note(`a GDB packet could not be answered, which is a fault of imx-sim: ${error instanceof Error ? error.stack : String(error)}`);
    return 'E01';
  }

  private reply(answer: Answer): void {
    const { handler } = this;
    if (!handler) return;
    if (answer !== undefined) this.send(answer);
    if (handler.withoutAcks) {
      this.acks = false;
      this.last = undefined;
    }
    if (handler.over) this.drop();
  }

  private transmit(packet: Uint8Array): void {
    if (this.over) return;
    if (this.acks) this.last = packet;
    this.transport(packet);
  }

  private acknowledge(byte: Uint8Array): void {
    if (this.acks && !this.over) this.transport(byte);
  }

  private transport(bytes: Uint8Array): void {
    if ((this.link?.buffered ?? 0) <= MOST_BUFFERED) {
      this.sendBytes(bytes);
      return;
    }
    this.note('the GDB client does not take what it is sent; its connection is closed');
    this.drop();
  }

  private repeat(): void {
    if (!this.acks || !this.last || this.over) return;
    if (++this.repeats > MOST_REPEATS) this.drop();
    else this.transmit(this.last);
  }

  private guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.failed(error);
    }
  }
}
