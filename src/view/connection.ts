/**
 * One client of the view: what it wants to hear of, how far it has been told, and how fast it reads.
 *
 * Nothing is queued for a client but what its transport has not sent yet. One that reads too slowly is left out of events and looks at the machine until
 * it has caught up, and is told how much it missed; consoles go on from where it was, as far as their logs reach.
 */
import { toBase64 } from './base64.ts';
import { Bucket } from './bucket.ts';
import { EVENT_TYPES, MOST_RATE } from './checks.ts';
import type { ConsoleLog } from './console-log.ts';
import type { Methods, Notification, Notifications, ViewEventType } from './protocol.ts';
import type { Recorder } from './recorder.ts';
import { notificationText } from './rpc.ts';

/** Unsent bytes with which a client gets no events and no looks at the machine. */
const SLOW = 1024 * 1024;
/** Unsent bytes with which its calls are refused. */
export const TOO_SLOW = 8 * 1024 * 1024;
/** Events per second for a client that names no rate. */
export const USUAL_RATE = 10_000;
/** Part of a second whose events may come at once. */
const BURST = 0.25;
/** Characters of one batch of events. */
const LONGEST_BATCH = 512 * 1024;
/** Bytes of one console in one notification. */
const CONSOLE_PIECE = 32 * 1024;
/** Calls per second, and how many may come at once. */
const CALLS = { rate: 500, burst: 1000 };
/** Calls that may wait for their answers. */
export const MOST_PENDING = 64;

/** The way to a client. */
export interface Transport {
  send(text: string): void;
  /** Bytes that were given to `send` and are not sent yet. */
  buffered(): number;
  /** Ends the connection. */
  close(): void;
}

/** Bits of types of events. */
export function maskOf(types: readonly ViewEventType[] | undefined): number {
  if (types === undefined) return (1 << EVENT_TYPES.length) - 1;
  let mask = 0;
  for (const type of types) mask |= 1 << EVENT_TYPES.indexOf(type);
  return mask;
}

/** Text of an event by its number; the same one for all clients of a tick. */
export type EventText = (seq: number) => string;

export class Connection {
  readonly name: string;
  readonly calls: Bucket;
  /** Types of events that it hears of, as bits. */
  types = 0;
  overview = false;
  pending = 0;
  private readonly transport: Transport;
  private readonly recorder: Recorder;
  private wantsConsoles = false;
  private events: Bucket;
  /** Number of the next event that it has not been told of. */
  private next = 0;
  private missed = 0;
  /** How far it knows each console, and which generation of its log. */
  private readonly known = new Map<ConsoleLog, { position: number; generation: number }>();
  private over = false;
  /** What it was told last of what only the latest counts of. */
  private readonly latest = new Map<string, string>();

  constructor(name: string, transport: Transport, recorder: Recorder, now: number) {
    this.name = name;
    this.transport = transport;
    this.recorder = recorder;
    this.calls = new Bucket(CALLS.rate, CALLS.burst, now);
    this.events = new Bucket(USUAL_RATE, USUAL_RATE * BURST, now);
  }

  /** It reads too slowly for what is not asked for. */
  get slow(): boolean {
    return this.transport.buffered() > SLOW;
  }

  /** It reads too slowly for anything. */
  get tooSlow(): boolean {
    return this.transport.buffered() > TOO_SLOW;
  }

  send(text: string): void {
    if (!this.over) this.transport.send(text);
  }

  notify<N extends Notification>(method: N, params: Notifications[N]): void {
    this.send(notificationText(method, params));
  }

  /** Sends how something is, unless it knows that already; while it reads slowly, that has to wait for the next time. */
  sendLatest(what: 'state' | 'consoles' | 'stoppers', text: string): void {
    if (this.slow || this.latest.get(what) === text) return;
    this.latest.set(what, text);
    this.send(text);
  }

  /** Nothing more is sent. */
  end(): void {
    this.over = true;
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    this.transport.close();
  }

  /** Replaces what it hears of; the number of the first event that will come. */
  subscribe({ events, overview, consoles, rate = USUAL_RATE }: Methods['subscribe']['params'], now: number): number {
    const { log, consoles: logs } = this.recorder;
    this.types = maskOf(events);
    this.overview = overview ?? false;
    this.next = log.next;
    this.missed = 0;
    const limited = Math.min(rate, MOST_RATE);
    this.events = new Bucket(limited, Math.max(1, limited * BURST), now);
    const begins = (consoles ?? false) && !this.wantsConsoles;
    this.wantsConsoles = consoles ?? false;
    if (begins) for (const each of logs.all) this.caughtUp(each);
    return this.next;
  }

  /** It knows all of a console. */
  caughtUp(log: ConsoleLog): void {
    this.known.set(log, { position: log.end, generation: log.generation });
  }

  /** Events from `seq` on will not happen. */
  forget(seq: number): void {
    this.next = Math.min(this.next, seq);
  }

  /** Sends what has happened since the last time, as far as its rate and speed allow. */
  flush(textOf: EventText, now: number): void {
    this.flushConsoles();
    this.flushEvents(textOf, now);
  }

  private flushEvents(textOf: EventText, now: number): void {
    const { log } = this.recorder;
    const end = log.next;
    if (this.types === 0 || (this.next >= end && this.missed === 0)) {
      this.next = end;
      return;
    }
    const { oldest } = log;
    let missed = this.missed;
    let from = this.next;
    if (from < oldest) {
      missed += oldest - from;
      from = oldest;
    }
    this.next = end;
    const { slow } = this;
    const room = slow ? 0 : this.events.available(now);
    // The latest of them, as many as there is room for; those before are counted.
    const wanted: number[] = [];
    for (let seq = end - 1; seq >= from; seq--) {
      if ((this.types & (1 << log.typeOf(seq))) === 0) continue;
      if (wanted.length < room) wanted.push(seq);
      else missed++;
    }
    this.missed = missed;
    // What was left out is told even when nothing follows it.
    if (wanted.length > 0 || (missed > 0 && !slow)) this.sendEvents(wanted, textOf);
  }

  /** `wanted`: numbers of events, latest first. */
  private sendEvents(wanted: readonly number[], textOf: EventText): void {
    const texts: string[] = [];
    let length = 0;
    let sent = 0;
    for (; sent < wanted.length && length < LONGEST_BATCH; sent++) {
      const text = textOf(wanted[sent]!);
      length += text.length + 1;
      texts.push(text);
    }
    this.missed += wanted.length - sent;
    this.events.take(sent);
    this.send(`{"jsonrpc":"2.0","method":"events","params":{"events":[${texts.reverse().join(',')}],"dropped":${this.missed}}}`);
    this.missed = 0;
  }

  private flushConsoles(): void {
    if (!this.wantsConsoles || this.slow) return;
    for (const log of this.recorder.consoles.all) {
      let known = this.known.get(log);
      if (!known) {
        known = { position: 0, generation: log.generation };
        this.known.set(log, known);
      }
      if (known.generation === log.generation) this.sendConsole(log, known);
      else {
        this.caughtUp(log);
        const data = toBase64(log.read(log.start));
        this.notify('console', { device: log.device, data, dropped: log.start, reset: true });
      }
    }
  }

  private sendConsole(log: ConsoleLog, known: { position: number }): void {
    if (known.position >= log.end) return;
    const dropped = Math.max(0, log.start - known.position);
    const from = known.position + dropped;
    const bytes = log.read(from, CONSOLE_PIECE);
    known.position = from + bytes.length;
    this.notify('console', { device: log.device, data: toBase64(bytes), dropped });
  }
}
