/**
 * How fast virtual time goes for somebody who looks at it: as the host's, a multiple of it, or as fast as it can.
 */

/** Longest wait without a look at signals and keys, in ms. */
const LONGEST_MS = 50;
/** A machine that is further behind than this does not catch up, in ms. */
const BEHIND_MS = 100;

/** What the pace needs of the host. */
export interface PaceHost {
  /** The host's time in ms. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Lets the event loop turn, if it has not for a while. */
  turn(): Promise<void>;
}

export class ViewPace {
  private readonly host: PaceHost;
  private factor: number;
  private start: { readonly at: number; readonly seconds: number } | undefined;

  /** `pace`: virtual seconds per second of the host; 0: as many as it can. */
  constructor(host: PaceHost, pace: number) {
    this.host = host;
    this.factor = pace;
  }

  get pace(): number {
    return this.factor;
  }

  set pace(pace: number) {
    this.factor = pace;
    this.start = undefined;
  }

  /** To be awaited between slices, with the seconds of virtual time. */
  wait(seconds: number): Promise<void> {
    const { host, factor } = this;
    if (factor === 0) return host.turn();
    const now = host.now();
    // Halts, ways back and slow hosts are not made up for.
    const start = this.start ?? { at: now, seconds };
    const ahead = ((seconds - start.seconds) / factor) * 1000 - (now - start.at);
    this.start = ahead < -BEHIND_MS || seconds < start.seconds ? { at: now, seconds } : start;
    return ahead > 1 ? host.sleep(Math.min(ahead, LONGEST_MS)) : host.turn();
  }
}
