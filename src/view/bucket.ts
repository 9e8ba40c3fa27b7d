/** A rate with room for a burst: a bucket of tokens that fills with time. */

export class Bucket {
  private readonly perSecond: number;
  private readonly most: number;
  private tokens: number;
  private last: number;

  /** Full at first; `now` in ms of the host's time. */
  constructor(perSecond: number, burst: number, now: number) {
    this.perSecond = perSecond;
    this.most = burst;
    this.tokens = burst;
    this.last = now;
  }

  /** Whole tokens that are in it. */
  available(now: number): number {
    // A clock that is put back fills nothing.
    this.tokens = Math.min(this.most, this.tokens + (Math.max(0, now - this.last) / 1000) * this.perSecond);
    this.last = now;
    return Math.floor(this.tokens);
  }

  /** Takes `count`, which `available` said are there. */
  take(count: number): void {
    this.tokens -= count;
  }
}
