/**
 * Exact conversion between cycles of the machine's clock and ticks of a clock derived from it.
 *
 * The quotient of the two rates is brought to lowest terms (by its continued fraction, since a rate such as 800 MHz / 12 is no whole
 * number of hertz), so that a counter never drifts and its products stay below 2^53.
 */

/** Largest denominator that is tried: with it, a fractional PLL is off by less than a tick in 2^52. */
const LIMIT = 2 ** 26;

/** The fraction of least denominator that equals `value` within rounding; `value` is at least 0. */
function fraction(value: number): [number, number] {
  let [p0, q0, p1, q1] = [0, 1, 1, 0];
  let rest = value;
  for (let terms = 0; terms < 64; terms++) {
    const whole = Math.floor(rest);
    const p = whole * p1 + p0;
    const q = whole * q1 + q0;
    if (q > LIMIT) break;
    [p0, q0, p1, q1] = [p1, q1, p, q];
    if (Math.abs(p / q - value) <= value * 1e-14) break;
    rest = 1 / (rest - whole);
  }
  return [p1, q1];
}

/** Ticks of a clock of `hz / divider` against cycles of a clock of `baseHz`; `hz` 0 stands still. */
export class ClockRatio {
  /** `ticks = floor(cycles * numerator / denominator)`. */
  readonly numerator: number;
  readonly denominator: number;

  constructor(hz: number, divider: number, baseHz: number) {
    [this.numerator, this.denominator] = fraction(hz / baseHz / divider);
  }

  /** True when the clock stands still. */
  get stopped(): boolean {
    return this.numerator === 0;
  }

  /** Whole ticks in `cycles`. */
  ticks(cycles: number): number {
    const turns = Math.floor(cycles / this.denominator);
    const rest = cycles - turns * this.denominator;
    return turns * this.numerator + Math.floor((rest * this.numerator) / this.denominator);
  }

  /** Least number of cycles that holds `ticks` whole ticks; Infinity when the clock stands still. */
  cycles(ticks: number): number {
    if (this.stopped) return ticks > 0 ? Number.POSITIVE_INFINITY : 0;
    const turns = Math.floor(ticks / this.numerator);
    const rest = ticks - turns * this.numerator;
    return turns * this.denominator + Math.ceil((rest * this.denominator) / this.numerator);
  }
}
