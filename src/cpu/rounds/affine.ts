/**
 * Values of a loop as functions of the round: c + d * k modulo 2^32 in round k, and for how many rounds a decision about them holds.
 *
 * Every bound is safe: a decision may hold for longer than `Horizon` says, never for less.
 */

/** A 32-bit value that is `c + d * k` in round k; both i32. */
export interface Affine {
  readonly c: number;
  readonly d: number;
}

/** A value that differs from round to round in a way that is not followed; its fields say nothing. */
export const OPAQUE: Affine = { c: 0, d: 0 };
/** What a place holds at the start of a round when nothing may depend on it: reading it ends the attempt. */
export const UNSET: Affine = { c: 0, d: 0 };

/** A value that stays the same. */
export function constant(c: number): Affine {
  return { c: c | 0, d: 0 };
}

/** True for a value that is the same in every round. */
export function isConstant(value: Affine): boolean {
  return value.d === 0 && value !== OPAQUE && value !== UNSET;
}

/** a + b + carry. */
export function add(a: Affine, b: Affine, carry: number): Affine {
  if (a === OPAQUE || b === OPAQUE) return OPAQUE;
  return { c: (a.c + b.c + carry) | 0, d: (a.d + b.d) | 0 };
}

/** The complement of every bit, which is -1 - value. */
export function not(value: Affine): Affine {
  return value === OPAQUE ? OPAQUE : { c: ~value.c, d: -value.d | 0 };
}

/** value * factor. */
export function scale(value: Affine, factor: number): Affine {
  return value === OPAQUE ? OPAQUE : { c: Math.imul(value.c, factor), d: Math.imul(value.d, factor) };
}

/** Rounds for which the steps of a guess must hold at least, else it is not worth to depend on it. */
const WORTH_A_GUESS = 64;

/** Number of rounds, from round 0 on, for which every decision so far comes out as in round 0. */
export class Horizon {
  rounds = Number.POSITIVE_INFINITY;

  /** Allows rounds 0 to `last` only. */
  limit(last: number): void {
    if (last + 1 < this.rounds) this.rounds = last + 1;
  }

  /** Whether the value is zero. */
  zero({ c, d }: Affine): boolean {
    if (c === 0) {
      if (d !== 0) this.limit(0);
      return true;
    }
    const hit = d === 0 ? Number.POSITIVE_INFINITY : firstZero(c, d);
    this.limit(hit - 1);
    return false;
  }

  /** Whether the value is negative as a signed number. */
  negative({ c, d }: Affine): boolean {
    if (d !== 0) this.limit(d > 0 ? Math.floor(((c < 0 ? -1 : 0x7fff_ffff) - c) / d) : Math.floor((c - (c < 0 ? -(2 ** 31) : 0)) / -d));
    return c < 0;
  }

  /** Whether a + b + carry exceeds 32 bits. */
  carries(a: Affine, b: Affine, carry: number): boolean {
    this.limit(Math.min(lastUnwrapped(a), lastUnwrapped(b)));
    const sum = (a.c >>> 0) + (b.c >>> 0) + carry;
    const step = a.d + b.d;
    const over = sum >= 2 ** 32;
    if (over && step < 0) this.limit(Math.floor((sum - 2 ** 32) / -step));
    else if (!over && step > 0) this.limit(Math.floor((2 ** 32 - 1 - sum) / step));
    return over;
  }

  /** Whether a + b, which is `sum`, overflows as a signed number. */
  overflows(a: Affine, b: Affine, sum: Affine): boolean {
    const sign = this.negative(a);
    return this.negative(b) === sign && this.negative(sum) !== sign;
  }

  /** value >>> shift stays what it is: true, and noted, when that holds long enough to be useful. */
  keepsAbove(value: Affine, shift: number): boolean {
    if (value === OPAQUE || shift > 31) return value !== OPAQUE;
    const last = lastWithin(value, shift);
    if (last < WORTH_A_GUESS) return false;
    this.limit(last);
    return true;
  }
}

/** Last round in which all bits of the value from `shift` up are still those of round 0. */
function lastWithin({ c, d }: Affine, shift: number): number {
  if (d === 0) return Number.POSITIVE_INFINITY;
  const size = 2 ** shift;
  const inside = (c >>> 0) % size;
  return d > 0 ? Math.floor((size - 1 - inside) / d) : Math.floor(inside / -d);
}

/** Last round up to which the value, unsigned, has not passed 0 or 2^32 in steps of d (signed). */
function lastUnwrapped({ c, d }: Affine): number {
  if (d === 0) return Number.POSITIVE_INFINITY;
  return d > 0 ? Math.floor((2 ** 32 - 1 - (c >>> 0)) / d) : Math.floor((c >>> 0) / -d);
}

/** The first k > 0 with c + d * k = 0 modulo 2^32, for c and d other than 0; Infinity when there is none. */
function firstZero(c: number, d: number): number {
  const twos = 31 - Math.clz32(d & -d);
  if ((c & ((1 << twos) - 1)) !== 0) return Number.POSITIVE_INFINITY;
  const odd = d >>> twos;
  // Newton's iteration doubles the number of right bits of the inverse each time, from three.
  let inverse = odd;
  for (let bits = 3; bits < 32; bits *= 2) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse));
  return (Math.imul(-c >>> twos, inverse) & (0xffff_ffff >>> twos)) >>> 0;
}
