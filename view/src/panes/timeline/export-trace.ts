/**
 * Events as a Chrome trace (JSON object format), for Perfetto and chrome://tracing: Linux, messaging units and cores are processes, rows are threads, interrupts and
 * threads are nested durations, messages have flows through the messaging unit, vring indices are counters. Times are microseconds.
 */
import type { ViewEvent } from '../../../../src/view/protocol.ts';
import { type LinuxSide, wayOf } from './correlate.ts';
import { detailOf, hex, lineOf } from './describe.ts';
import type { EventLog } from './event-log.ts';
import { exceptionName } from './exceptions.ts';
import { placeOf } from './lanes.ts';

/** As the format has it. */
export interface TraceEvent {
  readonly name: string;
  readonly ph: 'X' | 'B' | 'E' | 'i' | 'C' | 'M' | 's' | 't' | 'f';
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
  readonly cat?: string;
  readonly dur?: number;
  readonly id?: number;
  readonly s?: 't';
  readonly bp?: 'e';
  readonly args?: Readonly<Record<string, unknown>>;
}

export interface ChromeTrace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: 'ns';
  readonly otherData: Readonly<Record<string, string>>;
}

export interface TraceOptions {
  readonly hz: number;
  /** Of the file: firmware, SoC ... */
  readonly about: Readonly<Record<string, string>>;
  readonly linuxSide: LinuxSide;
}

/** The trace of the events `ids`, which are in the order of time. */
export function chromeTrace(log: EventLog, ids: readonly number[], options: TraceOptions): ChromeTrace {
  const writer = new Writer(log, options);
  const included = new Set(ids);
  let gap = 0;
  for (const id of ids) {
    for (; gap < log.gaps.length && log.gaps[gap]!.next <= id; gap++) if (log.gaps[gap]!.kind === 'dropped') writer.missing(log.gaps[gap]!);
    writer.event(id);
  }
  for (const id of ids) writer.flow(id, included);
  return { traceEvents: writer.finish(), displayTimeUnit: 'ns', otherData: options.about };
}

interface Thread {
  readonly pid: number;
  readonly tid: number;
  /** Durations that have begun, innermost last. */
  readonly open: { readonly name: string; readonly number: number }[];
}

class Writer {
  private readonly log: EventLog;
  private readonly options: TraceOptions;
  private readonly processes = new Map<string, number>();
  private readonly threads = new Map<string, Thread>();
  private readonly counters = new Map<string, { avail: number; used: number }>();
  private readonly header: TraceEvent[] = [];
  private readonly body: TraceEvent[] = [];
  private last = 0;

  constructor(log: EventLog, options: TraceOptions) {
    this.log = log;
    this.options = options;
  }

  event(id: number): void {
    const event = this.log.event(id);
    const ts = this.time(event.cycle);
    this.last = Math.max(this.last, ts);
    const thread = this.thread(event);
    const { pid, tid } = thread;
    switch (event.type) {
      case 'interrupt':
        if (event.phase === 'enter') this.begin(thread, exceptionName(event), event.number, ts, 'interrupt', { exception: event.number });
        else this.end(thread, event.number, ts);
        break;
      case 'thread':
        this.endAll(thread, ts);
        this.begin(thread, event.name, event.id, ts, 'thread', { id: hex(event.id) });
        break;
      case 'core':
        this.endAll(thread, ts);
        this.begin(thread, event.state, 0, ts, 'core', { detail: event.detail });
        if (event.state !== 'started') for (const key of ['interrupt', 'thread']) this.endIf(`${key}/${event.core}`, ts);
        break;
      case 'message':
      case 'mu':
        this.body.push({ name: nameOf(event), ph: 'X', ts, dur: this.cycleTime(), pid, tid, cat: event.type, args: argsOf(event) });
        break;
      default:
        this.body.push({ name: nameOf(event), ph: 'i', s: 't', ts, pid, tid, cat: event.type, args: argsOf(event) });
    }
    if (event.type === 'vring' && event.action !== 'kick') this.count(event, ts, thread);
  }

  /** Whatever was going on may have ended where events are missing. */
  missing(gap: { readonly from: number; readonly to: number; readonly count: number }): void {
    const ts = this.time(gap.from);
    for (const [key, thread] of this.threads) if (!key.startsWith('core/')) this.endAll(thread, Math.max(ts, 0));
    const { pid, tid } = this.threadNamed('gaps', 'Missing events', 'events that were dropped', 1);
    this.body.push({
      name: `${gap.count} events missing`,
      ph: 'X',
      ts,
      dur: this.time(gap.to) - ts,
      pid,
      tid,
      cat: 'gap',
      args: { count: gap.count },
    });
  }

  /** Arrows along a message's way, between those of its events that are in the trace. */
  flow(id: number, included: ReadonlySet<number>): void {
    const event = this.log.event(id);
    if (event.type !== 'message') return;
    const way = wayOf(this.log, id, event, this.options.linuxSide);
    const points = way.links.filter(
      (link) => included.has(link.id) && (link.role === 'message' || link.role === 'MU transmit' || link.role === 'MU receive'),
    );
    if (points.length < 2) return;
    points.forEach((point, index) => {
      const at = this.log.event(point.id);
      const { pid, tid } = this.thread(at);
      const ph = index === 0 ? 's' : index === points.length - 1 ? 'f' : 't';
      this.body.push({
        name: 'message',
        cat: 'message',
        ph,
        id: event.seq,
        ts: this.time(at.cycle),
        pid,
        tid,
        ...(ph === 'f' ? { bp: 'e' as const } : {}),
      });
    });
  }

  finish(): readonly TraceEvent[] {
    for (const thread of this.threads.values()) this.endAll(thread, this.last);
    return [...this.header, ...this.body];
  }

  private time(cycle: number): number {
    return Math.round((cycle * 1e12) / this.options.hz) / 1e6;
  }

  /** One cycle, and not nothing, so that flows have something to hold on to. */
  private cycleTime(): number {
    return Math.max(1e12 / this.options.hz / 1e6, 1e-6);
  }

  private begin(thread: Thread, name: string, number: number, ts: number, cat: string, args: Readonly<Record<string, unknown>>): void {
    thread.open.push({ name, number });
    this.body.push({ name, ph: 'B', ts, pid: thread.pid, tid: thread.tid, cat, args });
  }

  private end(thread: Thread, number: number, ts: number): void {
    const depth = thread.open.findLastIndex((open) => open.number === number);
    if (depth < 0) return;
    while (thread.open.length > depth) this.pop(thread, ts);
  }

  private endAll(thread: Thread, ts: number): void {
    while (thread.open.length > 0) this.pop(thread, ts);
  }

  private endIf(key: string, ts: number): void {
    const thread = this.threads.get(key);
    if (thread) this.endAll(thread, ts);
  }

  private pop(thread: Thread, ts: number): void {
    const { name } = thread.open.pop()!;
    this.body.push({ name, ph: 'E', ts, pid: thread.pid, tid: thread.tid });
  }

  private count(event: Extract<ViewEvent, { type: 'vring' }>, ts: number, { pid, tid }: Thread): void {
    const name = `${event.device} vring${event.queue} indices`;
    const counter = this.counters.get(name) ?? { avail: 0, used: 0 };
    this.counters.set(name, counter);
    if (event.action === 'avail') counter.avail++;
    else counter.used++;
    this.body.push({ name, ph: 'C', ts, pid, tid, args: { ...counter } });
  }

  private thread(event: ViewEvent): Thread {
    const place = placeOf(event);
    const [process, order] = processOf(event, place.group);
    return this.threadNamed(place.key, process, place.label, order);
  }

  private threadNamed(key: string, process: string, label: string, order: number): Thread {
    const known = this.threads.get(key);
    if (known) return known;
    let pid = this.processes.get(process);
    if (pid === undefined) {
      pid = this.processes.size + 1;
      this.processes.set(process, pid);
      this.header.push({ name: 'process_name', ph: 'M', ts: 0, pid, tid: 0, args: { name: process } });
      this.header.push({ name: 'process_sort_index', ph: 'M', ts: 0, pid, tid: 0, args: { sort_index: order } });
    }
    const thread: Thread = { pid, tid: this.threads.size + 1, open: [] };
    this.threads.set(key, thread);
    this.header.push({ name: 'thread_name', ph: 'M', ts: 0, pid, tid: thread.tid, args: { name: label } });
    return thread;
  }
}

function processOf(event: ViewEvent, group: string): readonly [string, number] {
  switch (event.type) {
    case 'mu':
      return [event.mu, 3];
    case 'message':
    case 'vring':
      return [event.device, 2];
    case 'core':
    case 'interrupt':
    case 'thread':
      return [event.core, 4];
    case 'fault':
    case 'finding':
      return ['Findings and faults', 0];
    default:
      return group === 'core' ? ['Consoles of cores', 5] : ['Linux', 1];
  }
}

function nameOf(event: ViewEvent): string {
  if (event.type === 'message') return `${hex(event.src)} → ${hex(event.dst)}`;
  if (event.type === 'mu') return `${event.action} ${event.channel}`;
  if (event.type === 'vring') return event.action === 'kick' ? 'kick' : `${event.action} ${event.id}`;
  if (event.type === 'console' || event.type === 'dmesg') return detailOf(event) || '(empty line)';
  return lineOf(event);
}

function argsOf(event: ViewEvent): Readonly<Record<string, unknown>> {
  const { type: _type, ...rest } = event;
  return rest;
}
