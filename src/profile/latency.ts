/**
 * Interrupt latency: from the moment at which an exception is made pending, by its line or by software, to its handler's first instruction.
 *
 * Exception entry takes no time in this model (docs/fidelity.md), so what is measured is what firmware does to it: masks, priorities, other
 * handlers. On silicon 12 cycles and the memory's wait states come on top. A line that is raised again while it is pending is one.
 */
import type { ExceptionPhase } from './exception-watch.ts';

/** A row of the table. Cycles are those of the core. */
export interface InterruptLatency {
  readonly name: string;
  /** Exception number. */
  readonly id: number;
  readonly count: number;
  readonly cycles: LatencyFigures;
  readonly microseconds: LatencyFigures;
}

/** Of all times that it was entered. */
export interface LatencyFigures {
  readonly min: number;
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

/** Different values that are kept exactly; beyond, they are rounded down to three digits. */
const MOST_VALUES = 4096;

/** How often each number came. */
class Histogram {
  private counts = new Map<number, number>();
  private rounding = false;
  private sum = 0;
  count = 0;
  min = Number.POSITIVE_INFINITY;
  max = 0;

  add(value: number): void {
    this.count++;
    this.sum += value;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    const key = this.rounding ? rounded(value) : value;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    if (!this.rounding && this.counts.size > MOST_VALUES) this.coarsen();
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }

  /** The smallest value that `part` of all are not above. */
  quantile(part: number): number {
    let left = Math.ceil(this.count * part);
    for (const [value, count] of [...this.counts].sort(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 0) return value;
    }
    return this.max;
  }

  private coarsen(): void {
    this.rounding = true;
    const old = this.counts;
    this.counts = new Map();
    for (const [value, count] of old) this.counts.set(rounded(value), (this.counts.get(rounded(value)) ?? 0) + count);
  }
}

function rounded(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 2);
  return Math.floor(value / unit) * unit;
}

/** Collects latencies of one core. */
export class LatencyTable {
  private readonly pendedAt = new Map<number, number>();
  private readonly rowsById = new Map<number, Histogram>();

  /** An exception went on its way at `cycle` of the core. */
  phase(phase: ExceptionPhase, id: number, cycle: number): void {
    if (phase === 'pended') this.pendedAt.set(id, cycle);
    else if (phase === 'cleared') this.pendedAt.delete(id);
    else if (phase === 'entered') {
      const since = this.pendedAt.get(id);
      this.pendedAt.delete(id);
      // Synchronous exceptions (SVCall, faults) are entered at once and never pend.
      if (since !== undefined) this.row(id).add(cycle - since);
    }
  }

  /** The table, by exception number. `hz`: of the core. */
  rows(nameOf: (id: number) => string, hz: number): InterruptLatency[] {
    return [...this.rowsById]
      .sort(([a], [b]) => a - b)
      .map(([id, histogram]) => {
        const cycles = { min: histogram.min, mean: histogram.mean, p99: histogram.quantile(0.99), max: histogram.max };
        const us = (value: number): number => (value / hz) * 1e6;
        const microseconds = { min: us(cycles.min), mean: us(cycles.mean), p99: us(cycles.p99), max: us(cycles.max) };
        return { name: nameOf(id), id, count: histogram.count, cycles, microseconds };
      });
  }

  private row(id: number): Histogram {
    let row = this.rowsById.get(id);
    if (!row) {
      row = new Histogram();
      this.rowsById.set(id, row);
    }
    return row;
  }
}
