/**
 * Pins of a block that are no GPIOs: inputs that the outside drives, outputs that the block drives, by the names that IOMUXC has for them.
 *
 * They are always connected, whatever IOMUXC says. A block whose output changes often (PWM) may leave out to tell of it as long as nobody watches.
 */
import type { Scheduler } from '../time/scheduler.ts';
import { PinHistory, PinOutside, withBit } from './pin-outside.ts';
import type { PinBank, PinChange, Pins, PulseTrain } from './pins.ts';

/** A signal. */
export interface Signal {
  /** Behind the block's name: `CAPTURE1`. */
  readonly name: string;
  readonly direction: 'in' | 'out';
}

/** What a `SignalBank` needs. */
export interface SignalBankOptions {
  /** The block's name. */
  readonly name: string;
  readonly signals: readonly Signal[];
  readonly scheduler: Scheduler;
  readonly pins: Pins;
  /** An input has changed. */
  readonly input?: (signal: number, level: boolean) => void;
  /** Present level of an output that is computed when it is asked for; otherwise what `drive` said last. */
  readonly level?: (signal: number) => boolean;
  /** Somebody watches from now on. */
  readonly watched?: () => void;
}

/** The signals of one block. */
export class SignalBank implements PinBank {
  readonly signals: readonly string[];
  private readonly options: SignalBankOptions;
  private readonly outside: PinOutside;
  private readonly changes = new PinHistory();
  private readonly outputs: number;
  /** Levels that were last told. */
  private levels = 0;
  private watchers = 0;

  constructor(options: SignalBankOptions) {
    const { name, signals, scheduler, pins } = options;
    this.options = options;
    this.signals = signals.map((signal) => signal.name);
    this.outputs = signals.reduce((mask, { direction }, index) => (direction === 'out' ? mask | (1 << index) : mask), 0);
    this.outside = new PinOutside({ name, scheduler, changed: () => this.outsideChanged() });
    pins.add(name, this);
  }

  setInput(signal: number, level: boolean): void {
    this.outside.setInput(signal, level);
  }

  release(signal: number): void {
    this.outside.release(signal);
  }

  pull(signal: number, up: boolean): void {
    this.outside.pull(signal, up);
  }

  pulse(signal: number, train: PulseTrain): void {
    this.outside.pulse(signal, train);
  }

  pad(signal: number): boolean {
    const { level } = this.options;
    return level && this.isOutput(signal) ? level(signal) : ((this.levels >>> signal) & 1) === 1;
  }

  isOutput(signal: number): boolean {
    return ((this.outputs >>> signal) & 1) === 1;
  }

  watch(signal: number): void {
    if (!this.isOutput(signal) || this.isWatched(signal)) return;
    this.levels = withBit(this.levels, signal, this.pad(signal));
    this.watchers = withBit(this.watchers, signal, true);
    this.options.watched?.();
  }

  /** True when the changes of an output are to be told one by one. */
  isWatched(signal: number): boolean {
    return ((this.watchers >>> signal) & 1) === 1;
  }

  get history(): readonly PinChange[] {
    return this.changes.all;
  }

  /** The block drives an output. */
  drive(signal: number, level: boolean): void {
    this.change(signal, level);
  }

  private outsideChanged(): void {
    const { levels } = this.outside;
    const changed = (levels ^ this.levels) & ~this.outputs;
    for (let signal = 0; changed >>> signal; signal++) if ((changed >>> signal) & 1) this.change(signal, ((levels >>> signal) & 1) === 1);
  }

  private change(signal: number, level: boolean): void {
    if ((((this.levels >>> signal) & 1) === 1) === level) return;
    const { name, pins, scheduler, input } = this.options;
    this.levels = withBit(this.levels, signal, level);
    this.changes.add(signal, level, scheduler.now);
    if (!this.isOutput(signal)) input?.(signal, level);
    pins.changed(name, signal, level);
  }
}
