/**
 * The only chance in the simulator: numbers that a seed decides, on every host the same.
 *
 * splitmix32 spreads the seed over the state of sfc32 (Chris Doty-Humphrey's small fast counting generator, 128 bits of state).
 */

/** A generator; its four words are its state. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** `stream` tells generators of one seed apart. */
  constructor(seed: number, stream = 0) {
    let state = (seed ^ Math.imul(stream + 1, 0x9e37_79b9)) >>> 0;
    const next = (): number => {
      state = (state + 0x9e37_79b9) >>> 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x21f0_aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a_2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    // The upper part of a seed above 32 bits counts, too.
    state = (state ^ Math.imul(Math.floor(seed / 2 ** 32), 0x85eb_ca6b)) >>> 0;
    this.a = next();
    this.b = next();
    this.c = next();
    for (let i = 0; i < 12; i++) this.u32();
  }

  /** The next 32 bits, unsigned. */
  u32(): number {
    const sum = (this.a + this.b + this.counter) >>> 0;
    this.counter = (this.counter + 1) >>> 0;
    this.a = (this.b ^ (this.b >>> 9)) >>> 0;
    this.b = (this.c + (this.c << 3)) >>> 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) >>> 0;
    this.c = (this.c + sum) >>> 0;
    return sum;
  }

  /** A whole number from 0 up to `limit` - 1; `limit` is 1 to 2^32. */
  below(limit: number): number {
    return Math.floor((this.u32() / 2 ** 32) * limit);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** One of `items`, which are not empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
