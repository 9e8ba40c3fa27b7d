/**
 * How long things take, measured between events as they arrive: a round trip (a message to Linux's next one back between the same two addresses; with
 * several on their way, to the first that comes back), from a doorbell to the other side's look at it, and the time in an interrupt handler.
 */
import type { ViewEvent } from '../../../../src/view/protocol.ts';
import type { EventLog, LogListener } from './event-log.ts';

export type LatencyKind = 'round trip' | 'doorbell' | 'interrupt';

/** Measurements of one thing, in the order in which they ended. */
export interface Series {
  readonly key: string;
  readonly kind: LatencyKind;
  readonly label: string;
  readonly from: number[];
  readonly to: number[];
}

/** Starts that wait for their end; more are forgotten, oldest first. */
const MAX_WAITING = 1024;

export class Latencies implements LogListener {
  readonly series = new Map<string, Series>();
  private readonly log: EventLog;
  private readonly waiting = new Map<string, number[]>();
  /** Rises with every measurement. */
  version = 0;

  constructor(log: EventLog) {
    this.log = log;
  }

  added(id: number, event: ViewEvent): void {
    if (event.type === 'message') this.message(id, event);
    else if (event.type === 'mu') this.doorbell(id, event);
    else if (event.type === 'interrupt') this.interrupt(id, event);
    else if (event.type === 'core') this.waiting.clear();
  }

  gap(): void {
    // An end may be in there, and what comes next another one's.
    this.waiting.clear();
  }

  kept(first: number, end: number): void {
    this.waiting.clear();
    this.version++;
    for (const [key, series] of this.series) {
      let kept = 0;
      for (let index = 0; index < series.from.length; index++) {
        if (series.from[index]! < first || series.to[index]! >= end) continue;
        series.from[kept] = series.from[index]!;
        series.to[kept++] = series.to[index]!;
      }
      series.from.length = kept;
      series.to.length = kept;
      if (kept === 0) this.series.delete(key);
    }
  }

  private message(id: number, event: Extract<ViewEvent, { type: 'message' }>): void {
    if (event.nameService) return;
    const [near, far] = event.direction === 'tx' ? [event.src, event.dst] : [event.dst, event.src];
    const key = `round trip/${event.device}/${near}/${far}`;
    if (event.direction === 'tx') this.wait(key, id);
    else
      for (const from of this.take(key))
        this.add(key, 'round trip', `${event.device} 0x${near.toString(16)} ⇄ 0x${far.toString(16)}`, from, id);
  }

  private doorbell(id: number, event: Extract<ViewEvent, { type: 'mu' }>): void {
    const begins = event.action === 'transmit' || event.action === 'general';
    if (!begins && event.action !== 'receive' && event.action !== 'acknowledge') return;
    const side = begins ? event.side : event.side === 'A' ? 'B' : 'A';
    const kind = event.action === 'transmit' || event.action === 'receive' ? '' : 'general ';
    const key = `doorbell/${event.mu}/${side}/${kind}${event.channel}`;
    if (begins) this.waiting.set(key, [id]);
    else
      for (const from of this.take(key))
        this.add(key, 'doorbell', `${event.mu} ${side} → ${side === 'A' ? 'B' : 'A'} ${kind}${event.channel}`, from, id);
  }

  private interrupt(id: number, event: Extract<ViewEvent, { type: 'interrupt' }>): void {
    const key = `interrupt/${event.core}/${event.number}`;
    if (event.phase === 'enter') this.wait(key, id);
    else {
      const from = this.waiting.get(key)?.pop();
      if (from !== undefined) this.add(key, 'interrupt', `${event.core} ${event.name}`, from, id);
    }
  }

  private wait(key: string, id: number): void {
    const list = this.waiting.get(key);
    if (!list) this.waiting.set(key, [id]);
    else {
      if (list.length >= MAX_WAITING) list.shift();
      list.push(id);
    }
  }

  private take(key: string): readonly number[] {
    const list = this.waiting.get(key) ?? [];
    this.waiting.delete(key);
    return list.filter((id) => this.log.has(id));
  }

  private add(key: string, kind: LatencyKind, label: string, from: number, to: number): void {
    let series = this.series.get(key);
    if (!series) {
      series = { key, kind, label, from: [], to: [] };
      this.series.set(key, series);
    }
    series.from.push(from);
    series.to.push(to);
    this.version++;
  }
}

/** Measurements of a series that begin in a stretch of time, shortest first. */
export interface Sample {
  readonly cycles: number;
  readonly from: number;
  readonly to: number;
}

export function samplesOf(
  series: readonly Series[],
  log: EventLog,
  first = Number.NEGATIVE_INFINITY,
  last = Number.POSITIVE_INFINITY,
): readonly Sample[] {
  const samples: Sample[] = [];
  for (const each of series) {
    for (let index = 0; index < each.from.length; index++) {
      const from = each.from[index]!;
      const cycle = log.cycle(from);
      if (cycle < first || cycle > last) continue;
      samples.push({ cycles: log.cycle(each.to[index]!) - cycle, from, to: each.to[index]! });
    }
  }
  return samples.sort((a, b) => a.cycles - b.cycles);
}

/** The value that so much (0 to 1) of the samples does not exceed, which is one of them (nearest rank); NaN without any. */
export function percentile(samples: readonly Sample[], part: number): number {
  if (samples.length === 0) return Number.NaN;
  return samples[Math.min(samples.length - 1, Math.max(0, Math.ceil(part * samples.length) - 1))]!.cycles;
}

export interface Bin {
  /** Cycles: from, up to and without; the last bin has its end in it. */
  readonly from: number;
  readonly to: number;
  /** Of the sorted samples. */
  readonly first: number;
  readonly count: number;
}

/** Bins of equal width, or of equal ratio. Each sample is in one of them. */
export function histogram(samples: readonly Sample[], bins: number, scale: 'linear' | 'log'): readonly Bin[] {
  if (samples.length === 0) return [];
  const least = samples[0]!.cycles;
  const most = samples[samples.length - 1]!.cycles;
  const log = scale === 'log';
  const low = log ? Math.max(least, 1) : least;
  const high = Math.max(most, low * 1.000001, low + 1);
  const edge = (index: number): number => (log ? low * (high / low) ** (index / bins) : low + ((high - low) * index) / bins);
  const result: Bin[] = [];
  let at = 0;
  for (let index = 0; index < bins; index++) {
    const to = edge(index + 1);
    const first = at;
    const last = index === bins - 1;
    while (at < samples.length && (last || samples[at]!.cycles < to)) at++;
    result.push({ from: index === 0 ? Math.min(least, low) : edge(index), to, first, count: at - first });
  }
  return result;
}
