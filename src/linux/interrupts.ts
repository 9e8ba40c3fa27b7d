/**
 * Level-triggered interrupts of the GIC as drivers request them (kernel/irq/manage.c): shared lines, counts for /proc/interrupts.
 *
 * Not modelled: affinity, threads, edges, priorities.
 */
import type { Scheduler, Timer } from '../time/scheduler.ts';
import { LATENCY } from './latencies.ts';

interface IrqLine {
  /** Number that Linux gave it (virq). */
  readonly irq: number;
  readonly spi: number;
  readonly timer: Timer;
  level: boolean;
  count: number;
  /** In the order of their requests. */
  actions: readonly { readonly name: string; readonly handler: () => void }[];
}

/** Linux's number of the first interrupt that a modelled driver asks for, behind those of the cores and their timers. */
const FIRST_IRQ = 14;

/** An interrupt that was requested, as /proc/interrupts shows it. */
export interface InterruptFacts {
  /** Number that Linux gave it. */
  readonly irq: number;
  readonly spi: number;
  /** Of its handlers, in the order of their requests. */
  readonly names: readonly string[];
  /** How often it was served. */
  readonly count: number;
}

/** The interrupts of one kernel. */
export class Interrupts {
  private readonly scheduler: Scheduler;
  private readonly masked: () => boolean;
  private readonly irqs = new Map<number, IrqLine>();
  /** Of SPIs that nobody has asked for yet. */
  private readonly levels = new Map<number, boolean>();

  /** While `masked`, nothing is served. */
  constructor(scheduler: Scheduler, masked: () => boolean) {
    this.scheduler = scheduler;
    this.masked = masked;
  }

  /** `request_irq` of a GIC SPI, which others may share. */
  request(spi: number, name: string, handler: () => void): void {
    const line = this.irqLine(spi);
    line.actions = [...line.actions, { name, handler }];
    this.consider(line);
  }

  /** `free_irq` of the handler with that name. */
  free(spi: number, name: string): void {
    const line = this.irqLine(spi);
    line.actions = line.actions.filter((action) => action.name !== name);
    if (line.actions.length === 0) line.timer.cancel();
  }

  /** The SoC drives GIC SPI `spi`. */
  set(spi: number, level: boolean): void {
    const line = this.irqs.get(spi);
    if (!line) {
      this.levels.set(spi, level);
      return;
    }
    line.level = level;
    this.consider(line);
  }

  /** They are not masked any more. */
  unmask(): void {
    for (const line of this.irqs.values()) this.consider(line);
  }

  /** Those that have a handler or were served. */
  get list(): readonly InterruptFacts[] {
    return [...this.irqs.values()]
      .filter(({ actions, count }) => actions.length > 0 || count > 0)
      .map(({ irq, spi, actions, count }) => ({ irq, spi, names: actions.map(({ name }) => name), count }));
  }

  private irqLine(spi: number): IrqLine {
    let line = this.irqs.get(spi);
    if (!line) {
      const timer = this.scheduler.timer(`linux irq ${spi}`, () => this.serve(spi));
      line = { irq: FIRST_IRQ + this.irqs.size, spi, timer, level: this.levels.get(spi) ?? false, count: 0, actions: [] };
      this.irqs.set(spi, line);
    }
    return line;
  }

  private consider(line: IrqLine): void {
    if (line.level && line.actions.length > 0 && !line.timer.armed && !this.masked()) {
      line.timer.armIn(this.scheduler.cyclesFromNs(LATENCY.interrupt));
    }
  }

  private serve(spi: number): void {
    const line = this.irqs.get(spi);
    if (!line?.level || this.masked()) return;
    line.count++;
    for (const { handler } of line.actions) handler();
    this.consider(line);
  }
}
