/**
 * Output pin of a compare channel of a GPT: what CR.OMn makes of a compare.
 *
 * A pulse of OMn = 1xx is as long as a tick of the counter, where silicon takes one of the input clock; it is made only while somebody watches.
 */
import type { Scheduler, Timer } from '../time/scheduler.ts';
import type { SignalBank } from './signal-bank.ts';

const TOGGLE = 1;
const SET = 3;

/** One output. */
export class ComparePin {
  private readonly bank: SignalBank;
  private readonly signal: number;
  private readonly pulseEnd: Timer;

  constructor(options: { name: string; scheduler: Scheduler; bank: SignalBank; signal: number }) {
    const { name, scheduler, bank, signal } = options;
    this.bank = bank;
    this.signal = signal;
    this.pulseEnd = scheduler.timer(`${name} pulse`, () => bank.drive(signal, true));
  }

  /** Reset of the SoC. */
  reset(): void {
    this.pulseEnd.cancel();
    this.bank.drive(this.signal, false);
  }

  /** True when a compare makes a difference, the output being as it is. */
  changes(mode: number): boolean {
    if (mode > SET) return this.bank.isWatched(this.signal);
    return mode === TOGGLE || (mode !== 0 && this.bank.pad(this.signal) !== (mode === SET));
  }

  /** A compare; `cycles` of the base clock is how long a pulse lasts. */
  compare(mode: number, cycles: number): void {
    if (!this.changes(mode)) return;
    this.bank.drive(this.signal, mode === SET || (mode === TOGGLE && !this.bank.pad(this.signal)));
    if (mode > SET) this.pulseEnd.armIn(cycles);
  }
}
