/** Events as CSV (RFC 4180), and names of exported files. */
import type { ViewEvent } from '../../../../src/view/protocol.ts';
import { fromBase64 } from '../../format.ts';
import { detailOf } from './describe.ts';
import { exceptionName } from './exceptions.ts';
import { placeOf } from './lanes.ts';
import { nanoseconds } from './time-format.ts';

const COLUMNS = [
  'seq',
  'cycle',
  'nanoseconds',
  'type',
  'lane',
  'action',
  'channel',
  'queue',
  'buffer',
  'src',
  'dst',
  'length',
  'value',
  'text',
  'data',
] as const;

type Cells = Partial<Record<(typeof COLUMNS)[number], string | number>>;

/** A line for each event, after one with the names of the columns. */
export function csvOf(events: Iterable<ViewEvent>, hz: number): string {
  const lines: string[] = [COLUMNS.join(',')];
  for (const event of events) {
    const cells: Cells = {
      seq: event.seq,
      cycle: event.cycle,
      nanoseconds: nanoseconds(event.cycle, hz),
      type: event.type,
      lane: placeOf(event).label,
      ...cellsOf(event),
    };
    lines.push(COLUMNS.map((column) => cell(cells[column])).join(','));
  }
  return `${lines.join('\r\n')}\r\n`;
}

function cellsOf(event: ViewEvent): Cells {
  switch (event.type) {
    case 'mu':
      return { action: event.action, channel: event.channel, value: event.value };
    case 'vring':
      return { action: event.action, queue: event.queue, buffer: event.id, length: event.length };
    case 'message': {
      const data = [...fromBase64(event.data)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      return { action: event.direction, src: event.src, dst: event.dst, length: event.length, text: event.text ?? '', data };
    }
    case 'interrupt':
      return { action: event.phase, value: event.number, text: exceptionName(event) };
    case 'thread':
      return { value: event.id, text: event.name };
    case 'core':
      return { action: event.state, text: event.detail };
    case 'dmesg':
      return { value: event.level, text: event.text };
    case 'console':
      return { text: event.text };
    default:
      return { text: detailOf(event) };
  }
}

/** What firmware printed must not become a formula in a spreadsheet: such text gets an apostrophe. */
function cell(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** `pingpong_2.015897s-2.187030s.trace.json`: of the firmware and the stretch of time. */
export function fileName(firmware: string | undefined, from: number, to: number, hz: number, extension: string): string {
  const base = (firmware ?? 'imx-sim')
    .replace(/\.elf$/i, '')
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  const time = (cycle: number): string => `${(Math.max(cycle, 0) / hz).toFixed(6)}s`;
  return `${(base || 'imx-sim').slice(0, 80)}_${time(from)}-${time(to)}.${extension}`;
}
