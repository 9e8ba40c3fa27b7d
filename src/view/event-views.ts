/**
 * Events as clients see them, made from the log when somebody asks: text where bytes are printable, announcements of the name service, names of
 * exceptions and threads.
 */
import { RPMSG_NS_ADDR } from '../virtio/rpmsg-ns.ts';
import { toBase64 } from './base64.ts';
import type { EventRecord } from './event-log.ts';
import type { Finding, ViewEvent } from './protocol.ts';
import { CORE_STATES, DIRECTIONS, MU_ACTIONS, type Recorder, SIDES, TYPE, VRING_ACTIONS } from './recorder.ts';

const decoder = new TextDecoder();
/** `struct rpmsg_ns_msg`: name[32], addr, flags. */
const NS_LENGTH = 40;
const NS_NAME = 32;
const TWO_32 = 2 ** 32;

/** What numbers of events stand for. */
export interface EventNames {
  /** Of an exception, by its number. */
  exception(number: number): string;
  /** Of a thread, by the address of its control block. */
  thread(id: number): string;
}

/** The event of a record. */
export function eventView(record: EventRecord, { hz, kernelStarts }: Pick<Recorder, 'hz' | 'kernelStarts'>, names: EventNames): ViewEvent {
  const { seq, cycle, detail, name, a, b, c, payload } = record;
  const at = { seq, cycle };
  switch (record.type) {
    case TYPE.console:
      return { ...at, type: 'console', device: name, text: decoder.decode(payload), since: cycle - (a + b * TWO_32) };
    case TYPE.dmesg:
      return { ...at, type: 'dmesg', level: detail, text: decoder.decode(payload), seconds: (cycle - (kernelStarts[a] ?? 0)) / hz };
    case TYPE.mu:
      return { ...at, type: 'mu', mu: name, side: SIDES[detail & 1]!, action: MU_ACTIONS[detail >> 1]!, channel: a, value: b };
    case TYPE.vring:
      return { ...at, type: 'vring', device: name, queue: a, action: VRING_ACTIONS[detail]!, id: b, length: c };
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

function messageView({ seq, cycle, detail, name, a: src, b: dst, c: length, payload }: EventRecord): ViewEvent {
  const text = printable(payload);
  const nameService = dst === RPMSG_NS_ADDR && length === NS_LENGTH ? announcement(payload) : undefined;
  return {
    seq,
    cycle,
    type: 'message',
    device: name,
    direction: DIRECTIONS[detail]!,
    src,
    dst,
    length,
    data: toBase64(payload),
    ...(text === undefined || nameService ? {} : { text }),
    ...(nameService ? { nameService } : {}),
  };
}

/** `struct rpmsg_ns_msg`. */
function announcement(bytes: Uint8Array): { readonly name: string; readonly address: number; readonly flags: 'create' | 'destroy' } {
  const fields = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = bytes.indexOf(0);
  const name = decoder.decode(bytes.subarray(0, end < 0 || end > NS_NAME ? NS_NAME : end));
  return { name, address: fields.getUint32(NS_NAME, true), flags: fields.getUint32(NS_NAME + 4, true) & 1 ? 'destroy' : 'create' };
}

/** Text of bytes, without zeros and line ends at its end, if it is one. */
export function printable(bytes: Uint8Array): string | undefined {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0 || bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--;
  if (end === 0) return undefined;
  for (let i = 0; i < end; i++) {
    const byte = bytes[i]!;
    if ((byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 27) || byte === 0x7f) return undefined;
  }
  try {
    // A message that was cut may end within a character.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
  } catch {
    return undefined;
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
