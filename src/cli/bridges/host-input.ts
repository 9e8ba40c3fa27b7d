/**
 * The one door through which bridges let the outside in: what comes, from which bridge, at which cycle of the machine.
 *
 * A run with bridges is a function of image, SoC, options and of this list; who keeps it can give a run the same input again. Nothing enters while
 * the machine runs: sockets and pseudo terminals are served between its slices.
 */
import type { Machine } from '../../machine.ts';
import type { Timer } from '../../time/scheduler.ts';

/**
 * One thing that the outside did: a client came (`open`), sent bytes (`data`), said that no more will come (`end`), left (`close`), or took
 * `count` bytes that it had been given (`room`).
 */
export interface HostEntry {
  readonly cycle: number;
  /** Bridge and client: `ttyRPMSG30`, `rpmsg-sock 3`. */
  readonly source: string;
  readonly kind: 'open' | 'data' | 'end' | 'close' | 'room';
  readonly bytes?: Uint8Array;
  readonly count?: number;
}

/** Virtual time in which output is gathered before the host gets it, in ns. */
const GATHER_NS = 50_000;

/** The same for what can wait for the answer that follows, in ns. */
const LATER_NS = 500_000;

/** The door of one machine. */
export class HostInput {
  /** Hears of every entry, before the machine does. */
  recorder: ((entry: HostEntry) => void) | undefined;
  private readonly machine: Machine;
  private readonly gathered: Timer;
  private readonly senders = new Set<() => void>();
  private enteredAt = Number.NEGATIVE_INFINITY;
  private answeredAt = Number.NEGATIVE_INFINITY;
  private due = 0;
  private arrived: (() => void) | undefined;

  constructor(machine: Machine) {
    this.machine = machine;
    this.gathered = machine.watchers.timer('output of bridges', () => machine.requestStop());
  }

  /** Lets something in: `deliver` gives it to the machine. */
  enter(
    source: string,
    kind: HostEntry['kind'],
    deliver: () => void,
    more: { readonly bytes?: Uint8Array; readonly count?: number } = {},
  ): void {
    const { now } = this.machine.scheduler;
    this.recorder?.({ cycle: now, source, kind, ...more });
    deliver();
    if (kind === 'room') return;
    this.progress();
    this.arrived?.();
  }

  /** The machine took some of what had entered, and has not answered to that. */
  progress(): void {
    this.enteredAt = this.machine.scheduler.now;
    this.answeredAt = Number.NEGATIVE_INFINITY;
  }

  /** The machine has something for the host, which `send` hands over when the slice ends: soon, or later when it can wait for an answer. */
  output(send: () => void, later = false): void {
    const { scheduler } = this.machine;
    this.senders.add(send);
    if (!later) this.answeredAt = scheduler.now;
    const due = scheduler.now + scheduler.cyclesFromNs(later ? LATER_NS : GATHER_NS);
    if (this.gathered.armed && this.due <= due) return;
    this.due = due;
    this.gathered.armAt(due);
  }

  /** Hands over all that is gathered; true when there was some. */
  flush(): boolean {
    if (this.senders.size === 0) return false;
    this.gathered.cancel();
    const senders = [...this.senders];
    this.senders.clear();
    for (const send of senders) send();
    return true;
  }

  /** True while something that came in lately, at most `ns` of virtual time ago, has had no answer. */
  outstanding(ns: number): boolean {
    const { scheduler } = this.machine;
    return this.answeredAt < this.enteredAt && scheduler.now - this.enteredAt < scheduler.cyclesFromNs(ns);
  }

  /** Resolves when something enters, or after `ms` of the host's time. */
  next(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.arrived = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.arrived = done;
    });
  }
}
