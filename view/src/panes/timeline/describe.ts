/** Events in words, and in which hue they are shown. */
import type { ViewEvent } from '../../../../src/view/protocol.ts';
import { fromBase64 } from '../../format.ts';
import { exceptionName } from './exceptions.ts';

/** Names of the theme's hues (`--linux` ...), which mean the same in all panes. */
export type Tone = 'linux' | 'core' | 'doorbell' | 'vring' | 'message' | 'console' | 'interrupt' | 'thread' | 'error' | 'warning' | 'note';

type Of<T extends ViewEvent['type']> = Extract<ViewEvent, { type: T }>;

/** What somebody looking for trouble must not overlook. */
export function severityOf(event: ViewEvent): 'error' | 'warning' | undefined {
  switch (event.type) {
    case 'dmesg':
      return event.level <= 3 ? 'error' : event.level === 4 ? 'warning' : undefined;
    case 'core':
      return event.state === 'crashed' ? 'error' : undefined;
    case 'finding':
      return event.finding.severity === 'note' ? undefined : event.finding.severity;
    case 'fault':
      return 'warning';
    default:
      return undefined;
  }
}

/** Hue of one event. */
export function toneOf(event: ViewEvent): Tone {
  const severity = severityOf(event);
  if (severity) return severity;
  switch (event.type) {
    case 'dmesg':
      return 'linux';
    case 'mu':
      return 'doorbell';
    case 'finding':
    case 'fault':
      return 'note';
    default:
      return event.type;
  }
}

/** 1024 as `0x400`. */
export const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

/** What the event is, in two or three words: `MU1 A transmit`, `virtio0 tx`. */
export function titleOf(event: ViewEvent): string {
  switch (event.type) {
    case 'console':
      return event.device;
    case 'dmesg':
      return 'dmesg';
    case 'mu':
      return `${event.mu} ${event.side} ${event.action}`;
    case 'vring':
      return `${event.device} vring${event.queue} ${event.action}`;
    case 'message':
      return `${event.device} ${event.direction}`;
    case 'core':
      return `${event.core} ${event.state}`;
    case 'interrupt':
      return `${event.core} ${event.phase === 'enter' ? 'enters' : 'leaves'} ${exceptionName(event)}`;
    case 'thread':
      return `${event.core} switches to ${event.name}`;
    case 'fault':
      return `fault ${event.fault}`;
    case 'finding':
      return `finding ${event.finding.kind}`;
  }
}

/** The rest of it, on one line. */
export function detailOf(event: ViewEvent): string {
  switch (event.type) {
    case 'console':
    case 'dmesg':
      return visible(event.text);
    case 'mu':
      return muDetail(event);
    case 'vring':
      return event.action === 'kick' ? '' : `buffer ${event.id}, ${event.length} B`;
    case 'message':
      return `${hex(event.src)} → ${hex(event.dst)}, ${event.length} B${messageText(event, 'colon')}`;
    case 'core':
      return event.detail;
    case 'interrupt':
      return `exception ${event.number}`;
    case 'thread':
      return `thread ${hex(event.id)}`;
    case 'fault':
      return event.text;
    case 'finding':
      return event.finding.text;
  }
}

/** One line: title and detail. */
export function lineOf(event: ViewEvent): string {
  const detail = detailOf(event);
  return detail === '' ? titleOf(event) : `${titleOf(event)}  ${detail}`;
}

/** What searches and `text:` look at. */
export function searchTextOf(event: ViewEvent): string {
  return lineOf(event).toLowerCase();
}

function muDetail(event: Of<'mu'>): string {
  if (event.action === 'transmit' || event.action === 'receive') return `channel ${event.channel}, 0x${hex32(event.value)}`;
  if (event.action === 'reset') return '';
  if (event.action === 'flags') return `flags ${event.value.toString(2).padStart(3, '0')}`;
  return `channel ${event.channel}`;
}

/** Whether its text is what it says: not so when zeros are left out of it, as of a number that happens to be a letter. */
export function isText(event: Of<'message'>): boolean {
  if (event.text === undefined || event.text === '') return false;
  return new TextEncoder().encode(event.text).length >= Math.min(event.length, 256) - 1;
}

/** The message's content in words, where it has any. */
export function messageText(event: Of<'message'>, before: 'colon' | 'none' = 'none'): string {
  const colon = before === 'colon' ? ': ' : '';
  if (event.nameService) return `${colon}${event.nameService.flags} ${event.nameService.name} at ${hex(event.nameService.address)}`;
  if (isText(event)) return `${colon}“${visible(event.text!)}”`;
  const bytes = fromBase64(event.data);
  if (bytes.length === 0) return '';
  const shown = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `${colon}${shown}${event.length > 8 ? ' …' : ''}`;
}

/** What a word or an action of a messaging unit means to who wrote it, for the detail panel. */
export function muMeaning(event: Of<'mu'>): string {
  const other = event.side === 'A' ? 'B' : 'A';
  switch (event.action) {
    case 'transmit': {
      const register = `Side ${event.side} writes TR${event.channel}: side ${other} finds it in RR${event.channel}, and its RF${event.channel} flag rises.`;
      return `${register}${queueMeaning(event)}`;
    }
    case 'receive':
      return `Side ${event.side} reads RR${event.channel}: its RF${event.channel} flag falls, and TE${event.channel} of side ${other} rises.${queueMeaning(event)}`;
    case 'general':
      return `Side ${event.side} sets GIR${event.channel}: a general interrupt, GIP${event.channel}, is pending at side ${other}.`;
    case 'acknowledge':
      return `Side ${event.side} clears GIP${event.channel}: the general interrupt of side ${other} is acknowledged.`;
    case 'flags':
      return `Side ${event.side} writes its flags Fn, which side ${other} reads as ${event.value.toString(2).padStart(3, '0')}.`;
    case 'reset':
      return `Side ${event.side} resets the messaging unit.`;
    default:
      return '';
  }
}

/** RPMsg over an MU sends the number of the virtqueue in the upper half of the word. */
function queueMeaning(event: Of<'mu'>): string {
  const queue = event.value >>> 16;
  if ((event.value & 0xffff) !== 0 || queue > 15) return '';
  return ` As RPMsg's doorbell, 0x${hex32(event.value)} says: look at virtqueue ${queue}.`;
}

export const hex32 = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

/** Control characters made visible, line ends at the end left out. */
export function visible(text: string): string {
  let result = '';
  for (const char of text.replace(/[\r\n]+$/, '')) {
    const code = char.charCodeAt(0);
    if (code >= 0x20 && code !== 0x7f) result += char;
    else result += NAMED[char] ?? (code === 0x7f ? '\u2421' : String.fromCharCode(0x2400 + code));
  }
  return result;
}

const NAMED: Readonly<Record<string, string>> = { '\n': '⏎', '\r': '␍', '\t': ' ' };
