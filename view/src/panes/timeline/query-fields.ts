/** What a query can ask of an event: `type:message addr:0x400 len:>100`. The help of the filter field is made of this table. */
import type { ViewEvent, ViewEventType } from '../../../../src/view/protocol.ts';
import { detailOf, messageText, titleOf } from './describe.ts';
import { exceptionName } from './exceptions.ts';

/** A field: its values of an event; none where the event has no such thing. */
export type Field =
  | {
      readonly kind: 'text';
      readonly name: string;
      readonly help: string;
      readonly example: string;
      /** All there are. */
      readonly values?: readonly string[];
      readonly of: (event: ViewEvent) => readonly string[];
    }
  | {
      readonly kind: 'number';
      readonly name: string;
      readonly help: string;
      readonly example: string;
      /** Written in seconds or with a unit, compared in whole nanoseconds, as times are shown. */
      readonly time?: true;
      readonly of: (event: ViewEvent, hz: number) => readonly number[];
    };

const NONE: readonly never[] = [];

export const TYPES: readonly ViewEventType[] = [
  'console',
  'dmesg',
  'mu',
  'vring',
  'message',
  'core',
  'interrupt',
  'thread',
  'fault',
  'finding',
];

function deviceOf(event: ViewEvent): readonly string[] {
  switch (event.type) {
    case 'console':
    case 'vring':
    case 'message':
      return [event.device];
    case 'mu':
      return [event.mu];
    case 'core':
    case 'interrupt':
    case 'thread':
      return [event.core];
    default:
      return NONE;
  }
}

function actionOf(event: ViewEvent): readonly string[] {
  switch (event.type) {
    case 'mu':
    case 'vring':
      return [event.action];
    case 'message':
      return [event.direction];
    case 'core':
      return [event.state];
    case 'interrupt':
      return [event.phase];
    default:
      return NONE;
  }
}

function textOf(event: ViewEvent): readonly string[] {
  return [event.type === 'message' ? messageText(event) : detailOf(event)];
}

function lengthOf(event: ViewEvent): readonly number[] {
  if (event.type === 'message' || event.type === 'vring') return [event.length];
  return event.type === 'console' ? [event.text.length] : NONE;
}

const LIST: readonly Field[] = [
  { kind: 'text', name: 'type', values: TYPES, help: 'kind of event', example: 'type:message', of: (event) => [event.type] },
  { kind: 'text', name: 'device', help: 'console, vdev, MU or core', example: 'device:virtio0', of: deviceOf },
  { kind: 'text', name: 'lane', help: 'what the row is called', example: 'lane:"vring1 kick"', of: (event) => [titleOf(event)] },
  { kind: 'text', name: 'action', help: 'transmit, kick, used, tx, enter …', example: 'action:kick', of: actionOf },
  {
    kind: 'text',
    name: 'side',
    values: ['a', 'b'],
    help: 'of an MU',
    example: 'side:B',
    of: (event) => (event.type === 'mu' ? [event.side.toLowerCase()] : NONE),
  },
  {
    kind: 'number',
    name: 'channel',
    help: 'of an MU',
    example: 'channel:1',
    of: (event) => (event.type === 'mu' ? [event.channel] : NONE),
  },
  {
    kind: 'number',
    name: 'value',
    help: 'word that an MU carries',
    example: 'value:0x10000',
    of: (event) => (event.type === 'mu' ? [event.value] : NONE),
  },
  { kind: 'number', name: 'queue', help: 'of a vdev', example: 'queue:1', of: (event) => (event.type === 'vring' ? [event.queue] : NONE) },
  {
    kind: 'number',
    name: 'buffer',
    help: 'descriptor of a vring',
    example: 'buffer:3',
    of: (event) => (event.type === 'vring' && event.action !== 'kick' ? [event.id] : NONE),
  },
  {
    kind: 'number',
    name: 'addr',
    help: 'source or destination of a message',
    example: 'addr:0x400',
    of: (event) => (event.type === 'message' ? [event.src, event.dst] : NONE),
  },
  {
    kind: 'number',
    name: 'src',
    help: 'source of a message',
    example: 'src:0x400',
    of: (event) => (event.type === 'message' ? [event.src] : NONE),
  },
  {
    kind: 'number',
    name: 'dst',
    help: 'destination of a message',
    example: 'dst:30',
    of: (event) => (event.type === 'message' ? [event.dst] : NONE),
  },
  { kind: 'number', name: 'len', help: 'bytes', example: 'len:>100', of: lengthOf },
  { kind: 'text', name: 'text', help: 'what it says', example: 'text:"hello world"', of: textOf },
  {
    kind: 'number',
    name: 'irq',
    help: 'number of an exception',
    example: 'irq:113',
    of: (event) => (event.type === 'interrupt' ? [event.number] : NONE),
  },
  {
    kind: 'text',
    name: 'name',
    help: 'of an interrupt or a thread',
    example: 'name:MU1',
    of: (event) => (event.type === 'interrupt' ? [exceptionName(event)] : event.type === 'thread' ? [event.name] : NONE),
  },
  {
    kind: 'number',
    name: 'level',
    help: 'of a kernel message, 0 to 7',
    example: 'level:<=4',
    of: (event) => (event.type === 'dmesg' ? [event.level] : NONE),
  },
  {
    kind: 'number',
    name: 'time',
    time: true,
    help: 'virtual time',
    example: 'time:1.2s..1.3s',
    of: (event, hz) => [Math.round((event.cycle / hz) * 1e9)],
  },
  { kind: 'number', name: 'cycle', help: 'of the base clock', example: 'cycle:>1612807208', of: (event) => [event.cycle] },
  { kind: 'number', name: 'seq', help: 'number of the event', example: 'seq:100..200', of: (event) => [event.seq] },
];

/** By name; with the long forms that people try. */
export const FIELDS: ReadonlyMap<string, Field> = new Map([
  ...LIST.map((field) => [field.name, field] as const),
  ...(
    [
      ['length', 'len'],
      ['address', 'addr'],
      ['source', 'src'],
      ['destination', 'dst'],
      ['core', 'device'],
      ['mu', 'device'],
      ['thread', 'name'],
      ['interrupt', 'name'],
      ['vring', 'queue'],
    ] as const
  ).map(([alias, name]) => [alias, LIST.find((field) => field.name === name)!] as const),
]);

/** For the help: each field once. */
export const FIELD_HELP: readonly Field[] = LIST;
