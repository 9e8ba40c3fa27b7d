/**
 * Events as clients see them, made from the log when somebody asks: text where bytes are printable, announcements of the name service, names of
 * exceptions and threads.
 */
import { RPMSG_NS_ADDR, RPMSG_NS_MSG_SIZE } from '../virtio/rpmsg-ns.ts';
import { toBase64 } from './base64.ts';
import type { EventRecord } from './event-log.ts';
import type { Finding, ViewEvent } from './protocol.ts';
import {
  CORE_STATES,
  CUT,
  DIRECTIONS,
  MESSAGE_BYTES,
  MU_ACTIONS,
  type Recorder,
  SEPARATOR,
  SIDES,
  TYPE,
  VRING_ACTIONS,
  WIDE,
} from './recorder.ts';
import { readAnnouncement } from './rpmsg-bytes.ts';

const decoder = new TextDecoder();
const TWO_32 = 2 ** 32;

/** What numbers of events stand for. */
export interface EventNames {
  /** Of an exception, by its number. */
  exception(number: number): string;
  /** Of a thread, by the address of its control block. */
  thread(id: number): string;
}

/** What strings of the fast texts below need of escaping: names are the models', or ttys'. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/**
 * The event as JSON, as `JSON.stringify` of `eventView` would have it: for a client that hears of ten thousand of them each second. What there are most of is
 * put together from its parts.
 */
export function eventText(record: EventRecord, recorder: Pick<Recorder, 'hz' | 'kernelStarts'>, names: EventNames): string {
  const { type, seq, cycle, detail, name, a, b, payload } = record;
  const head = `{"seq":${seq},"cycle":${cycle},"type":`;
  if (type === TYPE.mu && PLAIN.test(name))
    return `${head}"mu","mu":"${name}","side":"${SIDES[detail & 1]}","action":"${MU_ACTIONS[detail >> 1]}","channel":${a},"value":${b}}`;
  if (type === TYPE.vring && detail < WIDE && PLAIN.test(name))
    return `${head}"vring","device":"${name}","queue":${b >>> 24},"action":"${VRING_ACTIONS[detail]}","id":${a},"length":${b & 0xff_ffff}}`;
  if (type === TYPE.message && detail < CUT && b !== RPMSG_NS_ADDR && PLAIN.test(name)) {
    const text = printable(payload);
    const words = text === undefined ? '' : `,"text":${PLAIN.test(text) ? `"${text}"` : JSON.stringify(text)}`;
    return `${head}"message","device":"${name}","direction":"${DIRECTIONS[detail]}","src":${a},"dst":${b},"length":${payload.length},"data":"${toBase64(payload)}"${words}}`;
  }
  return JSON.stringify(eventView(record, recorder, names));
}

/** The event of a record. */
export function eventView(record: EventRecord, { hz, kernelStarts }: Pick<Recorder, 'hz' | 'kernelStarts'>, names: EventNames): ViewEvent {
  const { seq, cycle, detail, name, a, b, payload } = record;
  const at = { seq, cycle };
  switch (record.type) {
    case TYPE.console:
      return { ...at, type: 'console', device: name, text: decoder.decode(payload), since: cycle - (a + b * TWO_32) };
    case TYPE.dmesg:
      return { ...at, type: 'dmesg', level: detail, text: decoder.decode(payload), seconds: (cycle - (kernelStarts[a] ?? 0)) / hz };
    case TYPE.mu:
      return { ...at, type: 'mu', mu: name, side: SIDES[detail & 1]!, action: MU_ACTIONS[detail >> 1]!, channel: a, value: b };
    case TYPE.vring:
      return vringView(record);
    case TYPE.message:
      return messageView(record);
    case TYPE.core:
      return { ...at, type: 'core', core: name, state: CORE_STATES[detail]!, detail: decoder.decode(payload) };
    case TYPE.interrupt:
      return { ...at, type: 'interrupt', core: name, phase: detail === 0 ? 'enter' : 'exit', number: a, name: names.exception(a) };
    case TYPE.thread:
      return { ...at, type: 'thread', core: name, id: a, name: names.thread(a) };
    case TYPE.fault:
      return { ...at, type: 'fault', fault: name, text: decoder.decode(payload) };
    default:
      return { ...at, type: 'finding', finding: findingOf(payload, name) };
  }
}

function vringView({ seq, cycle, detail, name, a: id, b }: EventRecord): ViewEvent {
  const action = VRING_ACTIONS[detail & 3]!;
  if ((detail & WIDE) === 0) return { seq, cycle, type: 'vring', device: name, queue: b >>> 24, action, id, length: b & 0xff_ffff };
  const [device = '', queue] = name.split(SEPARATOR);
  return { seq, cycle, type: 'vring', device, queue: Number(queue), action, id, length: b };
}

function messageView({ seq, cycle, detail, name, a: src, b: dst, payload }: EventRecord): ViewEvent {
  const cut = (detail & CUT) !== 0;
  const data = cut ? payload.subarray(0, MESSAGE_BYTES) : payload;
  const length = cut ? new DataView(payload.buffer, payload.byteOffset).getUint32(MESSAGE_BYTES, true) : payload.length;
  const text = printable(data);
  const nameService = dst === RPMSG_NS_ADDR && length === RPMSG_NS_MSG_SIZE ? readAnnouncement(data) : undefined;
  return {
    seq,
    cycle,
    type: 'message',
    device: name,
    direction: DIRECTIONS[detail & 1]!,
    src,
    dst,
    length,
    data: toBase64(data),
    ...(text === undefined || nameService ? {} : { text }),
    ...(nameService ? { nameService } : {}),
  };
}

/** Text of bytes, without zeros and line ends at its end, if it is one. */
export function printable(bytes: Uint8Array): string | undefined {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0 || bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--;
  if (end === 0) return undefined;
  let plain = true;
  for (let i = 0; i < end; i++) {
    const byte = bytes[i]!;
    if ((byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 27) || byte === 0x7f) return undefined;
    if (byte >= 0x80) plain = false;
  }
  // Most messages are ASCII, for which a decoder is too much.
  if (plain) return String.fromCharCode(...bytes.subarray(0, end));
  const whole = utf8Length(bytes, end);
  return whole > 0 ? decoder.decode(bytes.subarray(0, whole)) : undefined;
}

/** Bytes of UTF-8 up to the last whole character before `end`, as a message that was cut may end within one; -1 for what is no UTF-8. */
function utf8Length(bytes: Uint8Array, end: number): number {
  // A decoder that throws costs more than all the rest of an event, and what is no text is mostly binary.
  for (let at = 0; ; ) {
    if (at >= end) return at;
    const lead = bytes[at]!;
    const more = lead < 0x80 ? 0 : lead < 0xc2 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : -1;
    if (more < 0) return -1;
    // The second byte tells overlong forms, surrogates and what lies beyond the last character.
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    for (let i = 1; i <= more; i++) {
      if (at + i >= end) return at;
      const byte = bytes[at + i]!;
      if (byte < (i === 1 ? low : 0x80) || byte > (i === 1 ? high : 0xbf)) return -1;
    }
    at += more + 1;
  }
}

/** A finding is kept as JSON, which a long text may have cut. */
function findingOf(payload: Uint8Array, kind: string): Finding {
  const text = decoder.decode(payload);
  try {
    return JSON.parse(text) as Finding;
  } catch {
    return { kind, severity: 'warning', text: `${text} ...` };
  }
}
