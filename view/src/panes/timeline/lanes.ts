/**
 * The rows of the timeline, made from the events: a new device, core or unit gets its row when it is first heard of. Rows have parts (channels of an MU
 * side, actions of a vring, threads of a core), which hold the same events again.
 */
import type { ViewEvent } from '../../../../src/view/protocol.ts';
import { severityOf, type Tone } from './describe.ts';
import type { EventLog, Gap, LogListener } from './event-log.ts';
import { OrderedIds } from './ordered-ids.ts';
import { SpanTrack } from './span-track.ts';

/** Where a row stands: what goes wrong first, then from Linux down to the cores. */
export type GroupId = 'notes' | 'linux' | 'rings' | 'mu' | 'core';

export const GROUPS: readonly { readonly id: GroupId; readonly title: string }[] = [
  { id: 'notes', title: 'Findings and faults' },
  { id: 'linux', title: 'Linux' },
  { id: 'rings', title: 'Messages and vrings' },
  { id: 'mu', title: 'Messaging unit' },
  { id: 'core', title: 'Cores' },
];

export interface Lane {
  /** Unique, stable: `mu/MU1/A`, `mu/MU1/A#transmit 1`. */
  readonly key: string;
  readonly label: string;
  readonly group: GroupId;
  readonly tone: Tone;
  /** Order within the group, by text. */
  readonly order: string;
  readonly parent: Lane | undefined;
  readonly ids: OrderedIds;
  /** Those that nobody may overlook. */
  readonly alarms: OrderedIds;
  /** By depth of nesting; empty for rows of moments. */
  readonly tracks: SpanTrack[];
  readonly parts: Map<string, Lane>;
}

interface Where {
  readonly key: string;
  readonly label: string;
  readonly group: GroupId;
  readonly tone: Tone;
  readonly order: string;
  readonly part?: string;
}

/** Consoles that belong to Linux; the rest are those of a core. */
export const LINUX_CONSOLE = /^(tty(?!mxc|LP)|linux|shell|uboot)/i;

/** The row of an event, and which part of it. */
export function placeOf(event: ViewEvent): Where {
  switch (event.type) {
    case 'console': {
      const linux = LINUX_CONSOLE.test(event.device);
      const group = linux ? 'linux' : 'core';
      return { key: `console/${event.device}`, label: event.device, group, tone: 'console', order: `9 ${event.device}` };
    }
    case 'dmesg':
      return { key: 'dmesg', label: 'dmesg', group: 'linux', tone: 'linux', order: '0' };
    case 'mu': {
      const label = `${event.mu} ${event.side}`;
      const part = event.action === 'flags' || event.action === 'reset' ? event.action : `${event.action} ${event.channel}`;
      return { key: `mu/${event.mu}/${event.side}`, label, group: 'mu', tone: 'doorbell', order: label, part };
    }
    case 'vring': {
      const label = `${event.device} vring${event.queue}`;
      const order = `${event.device} 2 ${event.queue}`;
      return { key: `vring/${event.device}/${event.queue}`, label, group: 'rings', tone: 'vring', order, part: event.action };
    }
    case 'message': {
      const label = `${event.device} ${event.direction}`;
      const part = `${address(event.src)} → ${address(event.dst)}`;
      const order = `${event.device} 1 ${event.direction === 'tx' ? 0 : 1}`;
      return { key: `message/${event.device}/${event.direction}`, label, group: 'rings', tone: 'message', order, part };
    }
    case 'core':
      return { key: `core/${event.core}`, label: `${event.core} state`, group: 'core', tone: 'core', order: `1 ${event.core} 0` };
    case 'interrupt':
      return {
        key: `interrupt/${event.core}`,
        label: `${event.core} interrupts`,
        group: 'core',
        tone: 'interrupt',
        order: `1 ${event.core} 1`,
        part: event.name,
      };
    case 'thread':
      return {
        key: `thread/${event.core}`,
        label: `${event.core} threads`,
        group: 'core',
        tone: 'thread',
        order: `1 ${event.core} 2`,
        part: event.name,
      };
    case 'fault':
      return { key: 'fault', label: 'faults injected', group: 'notes', tone: 'warning', order: '1' };
    case 'finding':
      return { key: 'finding', label: 'findings', group: 'notes', tone: 'error', order: '0' };
  }
}

const address = (value: number): string => `0x${value.toString(16)}`;

/** Most parts that a row is divided into; firmware with endless names must not take the page's memory. */
const MAX_PARTS = 64;
/** Deepest nesting that is drawn apart, and that is believed at all. */
const MAX_DEPTH = 8;
const MAX_NESTING = 512;

/** All rows; listens to a log. `accepts` leaves events out (a filter). */
export class Lanes implements LogListener {
  private readonly byKey = new Map<string, Lane>();
  private sorted: Lane[] | undefined;
  private readonly log: EventLog;
  private readonly accepts: (id: number, event: ViewEvent) => boolean;
  /** Every event, by cycle. */
  readonly all = new OrderedIds();
  /** Every event that is an alarm. */
  readonly alarms = new OrderedIds();
  /** Interrupts that have begun and not ended, by core: `[number, depth]`. */
  private readonly stacks = new Map<string, number[]>();

  constructor(log: EventLog, accepts: (id: number, event: ViewEvent) => boolean = () => true) {
    this.log = log;
    this.accepts = accepts;
  }

  /** Rows in the order in which they are shown. */
  get list(): readonly Lane[] {
    this.sorted ??= [...this.byKey.values()].sort((a, b) => rank(a) - rank(b) || a.order.localeCompare(b.order, 'en', { numeric: true }));
    return this.sorted;
  }

  lane(key: string): Lane | undefined {
    const hash = key.indexOf('#');
    if (hash < 0) return this.byKey.get(key);
    return this.byKey.get(key.slice(0, hash))?.parts.get(key.slice(hash + 1));
  }

  added(id: number, event: ViewEvent): void {
    if (!this.accepts(id, event)) return;
    this.all.push(id, event.cycle);
    const alarm = severityOf(event) !== undefined;
    if (alarm) this.alarms.push(id, event.cycle);
    const where = placeOf(event);
    const lane = this.ensure(where.key, where, undefined, where.label);
    lane.ids.push(id, event.cycle);
    if (alarm) lane.alarms.push(id, event.cycle);
    const part = where.part === undefined ? undefined : this.part(lane, where);
    part?.ids.push(id, event.cycle);
    if (alarm) part?.alarms.push(id, event.cycle);
    if (event.type === 'interrupt') this.interrupt(lane, part, id, event);
    else if (event.type === 'thread') this.thread(lane, part, id, event.cycle);
    else if (event.type === 'core') this.core(lane, id, event);
  }

  gap(gap: Gap): void {
    // What was going on when events were lost may have ended in there: its end is not known.
    this.stacks.clear();
    for (const lane of this.byKey.values()) {
      if (lane.key.startsWith('core/')) continue;
      for (const each of [lane, ...lane.parts.values()]) for (const track of each.tracks) track.finish(-1, gap.from);
    }
  }

  kept(first: number, end: number): void {
    const keep = (lane: Lane): void => {
      lane.ids.keep(first, end);
      lane.alarms.keep(first, end);
      for (const track of lane.tracks) track.keep(first, end);
      for (const part of lane.parts.values()) keep(part);
    };
    for (const lane of this.byKey.values()) keep(lane);
    this.all.keep(first, end);
    this.alarms.keep(first, end);
    this.reopen();
    if (this.log.length === 0) this.byKey.clear();
    for (const [key, lane] of this.byKey) if (lane.ids.length === 0) this.byKey.delete(key);
    this.sorted = undefined;
  }

  /** After a cut, which interrupts are still going on. */
  private reopen(): void {
    this.stacks.clear();
    for (const lane of this.byKey.values()) {
      if (!lane.key.startsWith('interrupt/')) continue;
      const stack: number[] = [];
      for (const track of lane.tracks) {
        if (!track.isOpen) break;
        const event = this.log.event(track.id(track.length - 1));
        if (event?.type === 'interrupt') stack.push(event.number);
      }
      this.stacks.set(lane.key, stack);
    }
  }

  private interrupt(lane: Lane, part: Lane | undefined, id: number, event: Extract<ViewEvent, { type: 'interrupt' }>): void {
    let stack = this.stacks.get(lane.key);
    if (!stack) {
      stack = [];
      this.stacks.set(lane.key, stack);
    }
    if (event.phase === 'enter') {
      trackAt(lane, stack.length)?.begin(id, event.cycle);
      if (part) trackAt(part, 0)!.begin(id, event.cycle);
      if (stack.length >= MAX_NESTING) stack.length = 0;
      stack.push(event.number);
      return;
    }
    const depth = stack.lastIndexOf(event.number);
    if (depth < 0) return;
    // Those above it that were not left (a handler that rewrote its stack) end with it.
    for (let above = stack.length - 1; above >= depth; above--) lane.tracks[above]?.finish(above === depth ? id : -1, event.cycle);
    stack.length = depth;
    part?.tracks[0]?.finish(id, event.cycle);
  }

  private thread(lane: Lane, part: Lane | undefined, id: number, cycle: number): void {
    const track = trackAt(lane, 0)!;
    const before = track.isOpen ? this.log.event(track.id(track.length - 1)) : undefined;
    if (before) for (const other of lane.parts.values()) if (other !== part) other.tracks[0]?.finish(id, cycle);
    track.finish(id, cycle);
    track.begin(id, cycle);
    if (part && !part.tracks[0]?.isOpen) trackAt(part, 0)!.begin(id, cycle);
  }

  private core(lane: Lane, id: number, event: Extract<ViewEvent, { type: 'core' }>): void {
    const track = trackAt(lane, 0)!;
    track.finish(id, event.cycle);
    track.begin(id, event.cycle);
    if (event.state === 'started') return;
    // A core that is stopped is in no handler and no thread.
    for (const key of [`interrupt/${event.core}`, `thread/${event.core}`]) {
      const other = this.byKey.get(key);
      if (!other) continue;
      for (const each of [other, ...other.parts.values()]) for (const its of each.tracks) its.finish(id, event.cycle);
      this.stacks.delete(key);
    }
  }

  private part(lane: Lane, where: Where): Lane {
    const name = where.part!;
    let part = lane.parts.get(name);
    if (!part && lane.parts.size >= MAX_PARTS) part = lane.parts.get('others');
    if (part) return part;
    const title = lane.parts.size >= MAX_PARTS ? 'others' : name;
    part = make(`${lane.key}#${title}`, { ...where, label: title, order: title }, lane);
    lane.parts.set(title, part);
    this.sorted = undefined;
    return part;
  }

  private ensure(key: string, where: Where, parent: Lane | undefined, label: string): Lane {
    let lane = this.byKey.get(key);
    if (lane) return lane;
    lane = make(key, { ...where, label }, parent);
    this.byKey.set(key, lane);
    this.sorted = undefined;
    return lane;
  }
}

function make(key: string, where: Where, parent: Lane | undefined): Lane {
  const { label, group, tone, order } = where;
  return { key, label, group, tone, order, parent, ids: new OrderedIds(), alarms: new OrderedIds(), tracks: [], parts: new Map() };
}

function trackAt(lane: Lane, depth: number): SpanTrack | undefined {
  if (depth >= MAX_DEPTH) return undefined;
  while (lane.tracks.length <= depth) lane.tracks.push(new SpanTrack());
  return lane.tracks[depth];
}

function rank(lane: Lane): number {
  return GROUPS.findIndex((group) => group.id === lane.group);
}
