/**
 * What a bank of pins has outside of the SoC: levels that are driven, pulls, trains of pulses; and the changes that its pads have made.
 */
import type { Scheduler, Timer } from '../time/scheduler.ts';
import type { PinChange, PulseTrain } from './pins.ts';

/** Changes of pads that are kept. */
const KEPT_CHANGES = 4096;

/** A train of pulses on an input, in cycles of the base clock; plain data, as snapshots save it. */
interface Train {
  readonly pin: number;
  /** Level that comes next, at cycle `at`. */
  level: boolean;
  at: number;
  /** For how long each level lasts. */
  readonly high: number;
  readonly low: number;
  /** Changes to come; negative without end. */
  left: number;
}

/** The outside of up to 32 pins; `changed` is called when a level may have changed. */
export class PinOutside {
  private readonly scheduler: Scheduler;
  private readonly changed: () => void;
  private readonly timer: Timer;
  /** Levels that the outside drives, which pins it drives, and what the others are pulled to. */
  private inputs = 0;
  private driven = 0;
  private pulls: number;
  private trains: Train[] = [];

  constructor(options: { name: string; scheduler: Scheduler; pulls?: number; changed: () => void }) {
    const { name, scheduler, pulls = 0, changed } = options;
    this.scheduler = scheduler;
    this.changed = changed;
    this.pulls = pulls;
    this.timer = scheduler.timer(`${name} pulses`, () => this.nextPulse());
  }

  /** Levels of all pins as the outside has them. */
  get levels(): number {
    return ((this.inputs & this.driven) | (this.pulls & ~this.driven)) >>> 0;
  }

  /** Drives a pin; ends a train of pulses on it. */
  setInput(pin: number, level: boolean): void {
    this.endTrain(pin);
    this.drive(pin, level);
  }

  /** Lets a pin go: it has its pull from now on. */
  release(pin: number): void {
    this.endTrain(pin);
    this.driven = (this.driven & ~(1 << pin)) >>> 0;
    this.changed();
  }

  /** What a pin is pulled to while nobody drives it. */
  pull(pin: number, up: boolean): void {
    this.pulls = withBit(this.pulls, pin, up);
    this.changed();
  }

  /** Drives a train of pulses; after a finite one the pin keeps the level that `first` is not. */
  pulse(pin: number, { first, high, low, count }: PulseTrain): void {
    this.endTrain(pin);
    const { now } = this.scheduler;
    this.trains.push({ pin, level: first, at: now, high, low, left: Number.isFinite(count) ? 2 * count : -1 });
    this.nextPulse();
  }

  private drive(pin: number, level: boolean): void {
    this.inputs = withBit(this.inputs, pin, level);
    this.driven = withBit(this.driven, pin, true);
    this.changed();
  }

  private endTrain(pin: number): void {
    if (this.trains.length > 0) this.trains = this.trains.filter((train) => train.pin !== pin);
  }

  /** Makes the changes that are due and waits for the next. */
  private nextPulse(): void {
    const { now } = this.scheduler;
    for (const train of this.trains) {
      if (train.at > now) continue;
      train.at += train.level ? train.high : train.low;
      train.level = !train.level;
      if (train.left > 0) train.left--;
      this.drive(train.pin, !train.level);
    }
    this.trains = this.trains.filter(({ left }) => left !== 0);
    const next = Math.min(...this.trains.map(({ at }) => at));
    if (Number.isFinite(next)) this.timer.armAt(Math.max(next, now + 1));
    else this.timer.cancel();
  }
}

/** Changes of the pads of a bank. */
export class PinHistory {
  /** Cycle of each, and twice the pin plus the level. */
  private cycles: number[] = [];
  private changes: number[] = [];

  /** Adds a change. */
  add(pin: number, level: boolean, cycle: number): void {
    this.changes.push(2 * pin + (level ? 1 : 0));
    this.cycles.push(cycle);
    if (this.changes.length < 2 * KEPT_CHANGES) return;
    this.changes = this.changes.slice(-KEPT_CHANGES);
    this.cycles = this.cycles.slice(-KEPT_CHANGES);
  }

  /** Oldest first. */
  get all(): PinChange[] {
    return this.changes.map((change, index) => ({ pin: change >> 1, level: (change & 1) === 1, cycle: this.cycles[index]! }));
  }
}

/** `value` with bit `index` as it is to be. */
export function withBit(value: number, index: number, on: boolean): number {
  const bit = 1 << index;
  return (on ? value | bit : value & ~bit) >>> 0;
}
