/**
 * The voltages at the inputs of an ADC, as the outside world sets them: 0 V unless it does.
 */

/** Voltages by input. */
export class AnalogInputs {
  private volts: Record<number, number> = {};

  /** Volts at an input. */
  at(input: number): number {
    return this.volts[input] ?? 0;
  }

  /** Puts `volts` on an input. */
  set(input: number, volts: number): void {
    this.volts = { ...this.volts, [input]: volts };
  }

  /** What an ADC of `bits` makes of an input when `reference` is full scale. */
  convert(input: number, bits: number, reference: number): number {
    const full = 2 ** bits - 1;
    return Math.min(full, Math.max(0, Math.round((this.at(input) / reference) * full)));
  }
}
