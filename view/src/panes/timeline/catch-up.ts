/** Has something that came later hear all events of a log from the first on, some at a time, so that the page stays responsive meanwhile. */
import type { ViewEvent } from '../../../../src/view/protocol.ts';
import type { EventLog, Gap, LogListener } from './event-log.ts';

/** So many events between two looks at the clock. */
const CHUNK = 512;

export class CatchUp implements LogListener {
  private readonly log: EventLog;
  private readonly target: LogListener;
  private cursor: number;
  private gapIndex = 0;

  constructor(log: EventLog, target: LogListener) {
    this.log = log;
    this.target = target;
    this.cursor = log.first;
    log.listen(this);
  }

  /** Whether the target has heard of everything. */
  get done(): boolean {
    return this.cursor >= this.log.end;
  }

  /** 0 to 1. */
  get fraction(): number {
    return this.log.length === 0 ? 1 : (this.cursor - this.log.first) / this.log.length;
  }

  /** Goes on until `expired` says so; true when done. */
  step(expired: () => boolean): boolean {
    while (!this.done) {
      const end = Math.min(this.cursor + CHUNK, this.log.end);
      for (; this.cursor < end; this.cursor++) {
        this.tellGaps();
        this.target.added(this.cursor, this.log.event(this.cursor));
      }
      if (expired()) break;
    }
    return this.done;
  }

  dispose(): void {
    this.log.unlisten(this);
  }

  added(id: number, event: ViewEvent): void {
    if (id !== this.cursor) return;
    this.cursor++;
    this.target.added(id, event);
  }

  gap(gap: Gap): void {
    if (gap.next !== this.cursor) return;
    this.gapIndex = this.log.gaps.length;
    this.target.gap(gap);
  }

  kept(first: number, end: number): void {
    this.cursor = Math.min(Math.max(this.cursor, first), end);
    this.gapIndex = this.log.gaps.findIndex((gap) => gap.next >= this.cursor);
    if (this.gapIndex < 0) this.gapIndex = this.log.gaps.length;
    this.target.kept(first, end);
  }

  private tellGaps(): void {
    const { gaps } = this.log;
    for (; this.gapIndex < gaps.length && gaps[this.gapIndex]!.next <= this.cursor; this.gapIndex++) {
      const gap = gaps[this.gapIndex]!;
      if (gap.next === this.cursor && gap.kind !== 'trimmed') this.target.gap(gap);
    }
  }
}
