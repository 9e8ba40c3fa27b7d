/**
 * `toHaveSent` and `toHaveReceived`: what a console has printed, or what went over an RPMsg channel, whose `sent` is Linux's and whose `received`
 * is what the firmware sent.
 *
 * A console is one stream: text, expression or bytes are looked for anywhere in it. A channel has messages: text or expression within one of
 * them, bytes are a whole message. Of a list, each must come after the one before; others may come in between.
 */
import { dump, indexOfBytes, isText, nearest, textOf } from '../dump.ts';
import { hint, indented, lastLines, type MatcherOutcome, type Matching, written } from './result.ts';

/** What is looked for. */
export type Expected = string | RegExp | Uint8Array;

/** A console, as `m.uart()` gives it. */
export interface ConsoleOutput {
  readonly name: string;
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** A message of a channel. */
export interface ChannelMessage {
  readonly bytes: Uint8Array;
  /** In ns. */
  readonly time: number;
}

/** A channel, as `m.rpmsg.channel()` gives it. */
export interface ChannelMessages {
  readonly name: string;
  readonly sent: readonly ChannelMessage[];
  readonly received: readonly ChannelMessage[];
}

/** One thing that was said: a message, or all that a console printed. */
interface Utterance {
  readonly bytes: Uint8Array;
  readonly text: string;
  /** Shown in a list; empty for a console. */
  readonly when: string;
}

/** What was said by whom. */
interface Speech {
  readonly who: string;
  /** A message has an end, a stream has not. */
  readonly whole: boolean;
  readonly said: readonly Utterance[];
  /** What went the other way. */
  readonly other: readonly Utterance[];
}

/** Which way, as channels call it. */
type Way = 'sent' | 'received';

/** Lines or messages shown of what was said. */
const SHOWN = 8;

const seconds = (ns: number): string => `${(ns / 1e9).toFixed(6)} s`;

function isChannel(value: unknown): value is ChannelMessages {
  return typeof value === 'object' && value !== null && 'sent' in value && Array.isArray(value.sent) && 'received' in value;
}

function isConsole(value: unknown): value is ConsoleOutput {
  return typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string' && 'bytes' in value;
}

const utterance = ({ bytes, time }: ChannelMessage): Utterance => ({ bytes, text: textOf(bytes), when: seconds(time) });

function listen(received: unknown, way: Way, raw: boolean): Speech {
  if (isChannel(received)) {
    const other = way === 'sent' ? received.received : received.sent;
    return { who: received.name, whole: true, said: received[way].map(utterance), other: other.map(utterance) };
  }
  if (isConsole(received) && way === 'sent') {
    const { bytes, text } = received;
    // Text has line ends of one kind, bytes are as they were sent.
    const said = bytes.length > 0 ? [{ bytes: raw ? bytes : new TextEncoder().encode(text), text, when: '' }] : [];
    return { who: received.name, whole: false, said, other: [] };
  }
  const channel = "a channel (m.rpmsg.channel('rpmsg-tty'))";
  const wanted = way === 'sent' ? `a console (m.uart('uart4')) or ${channel}` : channel;
  const got = typeof received === 'object' ? 'this object' : String(received);
  throw new TypeError(`${way === 'sent' ? 'toHaveSent' : 'toHaveReceived'} looks at ${wanted}, not at ${got}`);
}

/** Where `expected` ends in `bytes`, from `start` on; -1 when it is not there. */
function endOf(bytes: Uint8Array, expected: Expected, start: number): number {
  if (expected instanceof RegExp) {
    const text = textOf(bytes.subarray(start));
    // A global expression would go on where it ended last time; `^` and `$` mean lines, as for `until`.
    const match = new RegExp(expected.source, `${expected.flags.replace(/[gmy]/g, '')}m`).exec(text);
    return match ? start + new TextEncoder().encode(text.slice(0, match.index + match[0].length)).length : -1;
  }
  const wanted = typeof expected === 'string' ? new TextEncoder().encode(expected) : expected;
  const at = indexOfBytes(bytes, wanted, start);
  return at < 0 ? -1 : at + wanted.length;
}

function isMessage(bytes: Uint8Array, expected: Expected): boolean {
  const end = endOf(bytes, expected, 0);
  return expected instanceof Uint8Array ? end === bytes.length && expected.length === end : end >= 0;
}

/** Index of the first of `expected` that was not said; -1 when all were. */
function firstMissing({ said, whole }: Speech, expected: readonly Expected[]): number {
  let next = 0;
  if (whole) {
    for (const { bytes } of said) if (next < expected.length && isMessage(bytes, expected[next]!)) next++;
  } else {
    const bytes = said[0]?.bytes ?? new Uint8Array();
    for (let at = 0; next < expected.length; next++) {
      at = endOf(bytes, expected[next]!, at);
      if (at < 0) break;
    }
  }
  return next < expected.length ? next : -1;
}

function shown({ bytes, when }: Utterance): string {
  const text = isText(bytes) ? JSON.stringify(textOf(bytes)) : `${bytes.length} bytes`;
  return when ? `${when}  ${text}` : text;
}

function listed({ said, whole }: Speech): string[] {
  if (said.length === 0) return ['nothing'];
  const lines = whole ? said.map(shown) : said[0]!.text.split(/\r?\n/).filter((line) => line !== '');
  return lastLines(lines, SHOWN);
}

/** What to lay side by side: the line or message that is most like the expected one. */
function sides({ said, whole }: Speech, missing: Expected): { actual: string; expected: string } | undefined {
  if (said.length === 0 || missing instanceof RegExp) return undefined;
  if (typeof missing === 'string') {
    const candidates = whole ? said.map(({ text }) => text) : said[0]!.text.split(/\r?\n/);
    const actual = nearest(candidates, missing);
    return actual === undefined ? undefined : { actual, expected: missing };
  }
  const last = said.at(-1)!.bytes;
  const sameLength = said.filter(({ bytes }) => bytes.length === missing.length).at(-1)?.bytes;
  return { actual: dump(whole ? (sameLength ?? last) : last.subarray(-missing.length)), expected: dump(missing) };
}

/** A word for those who looked in the wrong direction. */
function otherWay({ other, whole, who }: Speech, missing: Expected, way: Way): string {
  if (!whole || !other.some(({ bytes }) => isMessage(bytes, missing))) return '';
  return way === 'sent'
    ? `\n\nIt came from the firmware: ${who} has received it, as Linux sees it. expect(channel).toHaveReceived(...) looks there.`
    : `\n\nIt went to the firmware: ${who} has sent it, as Linux sees it. expect(channel).toHaveSent(...) looks there.`;
}

function compare(matching: Matching, received: unknown, expected: Expected | readonly Expected[], way: Way): MatcherOutcome {
  const list: readonly Expected[] = Array.isArray(expected) ? expected : [expected as Expected];
  const speech = listen(
    received,
    way,
    list.some((each) => each instanceof Uint8Array),
  );
  const missing = firstMissing(speech, list);
  const head = hint(matching, way === 'sent' ? 'toHaveSent' : 'toHaveReceived', speech.who, list.map(written).join(', '));
  if (missing < 0) return { pass: true, message: () => `${head}\n\n${speech.who} has ${way} it:\n${indented(listed(speech))}` };
  const wanted = list[missing]!;
  const message = (): string => {
    const what = matching.utils.EXPECTED_COLOR(wanted instanceof Uint8Array ? `\n${dump(wanted)}\n` : written(wanted));
    const behind = missing > 0 ? `, behind the ${missing} before it in the list` : '';
    return `${head}\n\n${speech.who} has not ${way} ${what}${behind}. It has ${way}:\n${indented(listed(speech))}${otherWay(speech, wanted, way)}`;
  };
  return { pass: false, message, ...sides(speech, wanted) };
}

/** A console has printed it; Linux has sent it on a channel. */
export function toHaveSent(this: Matching, received: unknown, expected: Expected | readonly Expected[]): MatcherOutcome {
  return compare(this, received, expected, 'sent');
}

/** It came from the firmware on a channel. */
export function toHaveReceived(this: Matching, received: unknown, expected: Expected | readonly Expected[]): MatcherOutcome {
  return compare(this, received, expected, 'received');
}
