/**
 * GPIO of the i.MX family: 32 pins, levels and edges, two combined interrupt lines (pins 0 to 15 and 16 to 31), lines of single pins.
 *
 * Described in the GPIO chapter of the reference manuals. An output pin reads back what it drives; a pin that nobody drives has its pull. A level
 * that IMR lets through stays in ISR until it is cleared, as an edge does; one that is masked is seen as long as it lasts, where silicon keeps that,
 * too, because here pins are low before anybody has said otherwise. Not modelled: what IOMUXC says of a pad.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { defineRegisters, RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import type { PinBank, Pins } from './pins.ts';

/** Registers in manual order. */
export const GPIO = defineRegisters({
  DR: { offset: 0x00 },
  GDIR: { offset: 0x04 },
  PSR: { offset: 0x08, access: 'ro' },
  ICR: { offset: 0x0c, count: 2 },
  IMR: { offset: 0x14 },
  ISR: { offset: 0x18, access: 'w1c' },
  EDGE_SEL: { offset: 0x1c },
});

const PINS = 32;
/** Values of a pin's two bits in ICR. */
const LOW_LEVEL = 0;
const HIGH_LEVEL = 1;
const RISING = 2;

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

/** A change of a pad. */
export interface PinChange {
  readonly pin: number;
  readonly level: boolean;
  /** Of the base clock. */
  readonly cycle: number;
}

/** What a `Gpio` needs. */
export interface GpioOptions {
  readonly name: string;
  readonly diagnostics: Diagnostics;
  readonly scheduler: Scheduler;
  readonly pins: Pins;
  /** Pins 0 to 15. */
  readonly interrupt: (level: boolean) => void;
  /** Pins 16 to 31. */
  readonly highInterrupt: (level: boolean) => void;
  /** Lines of single pins, from pin 0 on. */
  readonly pinInterrupts?: readonly ((level: boolean) => void)[];
}

/** One bank of 32 pins. */
export class Gpio implements PinBank {
  readonly device: RegisterFile<typeof GPIO>;
  /** Called when a pin that is an output changes its level. */
  onOutput: ((pin: number, level: boolean) => void) | undefined;
  private readonly name: string;
  private readonly scheduler: Scheduler;
  private readonly pins: Pins;
  private readonly timer: Timer;
  /** The two combined lines, then those of single pins. */
  private readonly lines: readonly ((level: boolean) => void)[];
  private readonly levels: boolean[];
  /** Levels that the outside drives, which pins it drives, and what the others are pulled to. */
  private inputs = 0;
  private driven = 0;
  private pulls = 0;
  /** Pad levels when they were last looked at, for edges. */
  private pads = 0;
  private trains: Train[] = [];
  /** Changes of pads: cycle, and twice the pin plus the level. */
  private changeCycles: number[] = [];
  private changes: number[] = [];

  constructor(options: GpioOptions) {
    const { name, diagnostics, scheduler, pins } = options;
    this.name = name;
    this.scheduler = scheduler;
    this.pins = pins;
    this.timer = scheduler.timer(`${name} pulses`, () => this.nextPulse());
    this.lines = [options.interrupt, options.highInterrupt, ...(options.pinInterrupts ?? [])];
    this.levels = this.lines.map(() => false);
    const changed = (): void => this.settle();
    this.device = new RegisterFile(GPIO, {
      name,
      diagnostics,
      behaviour: {
        DR: { value: () => this.pads, steady: true, write: changed },
        GDIR: { write: changed },
        PSR: { value: () => this.pads, steady: true },
        ICR: { write: changed },
        IMR: { write: changed },
        ISR: { value: () => this.status, steady: true, write: changed },
        EDGE_SEL: { write: changed },
      },
    });
    pins.add(name, this);
  }

  /** Reset of the SoC; the outside goes on driving its levels. */
  reset(): void {
    this.device.reset();
    this.pads = this.outside;
    this.settle();
  }

  /** Drives pin `pin` (0 to 31) from outside; ends a train of pulses on it. */
  setInput(pin: number, level: boolean): void {
    this.endTrain(pin);
    this.drive(pin, level);
  }

  /** Lets a pin go: it has its pull from now on. */
  release(pin: number): void {
    this.endTrain(pin);
    this.driven = (this.driven & ~(1 << pin)) >>> 0;
    this.settle();
  }

  /** What a pin is pulled to while nobody drives it; low unless said otherwise. */
  pull(pin: number, up: boolean): void {
    this.pulls = withBit(this.pulls, pin, up);
    this.settle();
  }

  /**
   * Drives a train of pulses: `first` now, the other level when that has lasted, and so on, `high` and `low` in cycles of the base clock. After
   * `count` pulses (without end unless finite) the pin keeps the level that `first` is not.
   */
  pulse(pin: number, { first, high, low, count }: { first: boolean; high: number; low: number; count: number }): void {
    this.endTrain(pin);
    const { now } = this.scheduler;
    this.trains.push({ pin, level: first, at: now, high, low, left: Number.isFinite(count) ? 2 * count : -1 });
    this.nextPulse();
  }

  /** Changes of pads, oldest first; of many only the last. */
  get history(): PinChange[] {
    return this.changes.map((change, index) => ({ pin: change >> 1, level: (change & 1) === 1, cycle: this.changeCycles[index]! }));
  }

  /** True when firmware drives the pin. */
  isOutput(pin: number): boolean {
    return ((this.device.get('GDIR') >>> pin) & 1) === 1;
  }

  /** Level of a pin as a probe on its pad would see it. */
  pad(pin: number): boolean {
    return ((this.pads >>> pin) & 1) === 1;
  }

  /** ISR: latched edges, and levels for as long as they last. */
  private get status(): number {
    let status = this.device.get('ISR');
    const inputs = ~this.device.get('GDIR') & ~this.device.get('EDGE_SEL');
    for (let pin = 0; pin < PINS; pin++) {
      if (!((inputs >>> pin) & 1)) continue;
      const kind = this.kind(pin);
      const high = this.pad(pin);
      if ((kind === LOW_LEVEL && !high) || (kind === HIGH_LEVEL && high)) status |= 1 << pin;
    }
    return status >>> 0;
  }

  private kind(pin: number): number {
    return (this.device.get('ICR', pin >>> 4) >>> (2 * (pin & 15))) & 3;
  }

  /** Levels that the pads have where firmware does not drive them. */
  private get outside(): number {
    return ((this.inputs & this.driven) | (this.pulls & ~this.driven)) >>> 0;
  }

  private drive(pin: number, level: boolean): void {
    this.inputs = withBit(this.inputs, pin, level);
    this.driven = withBit(this.driven, pin, true);
    this.settle();
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

  /** Takes in the pads, latches what is to be latched, drives the lines. */
  private settle(): void {
    const directions = this.device.get('GDIR');
    const pads = ((this.device.get('DR') & directions) | (this.outside & ~directions)) >>> 0;
    const changed = (pads ^ this.pads) >>> 0;
    this.pads = pads;
    if (changed) this.latch(changed, directions);
    const active = this.status & this.device.get('IMR');
    this.device.set('ISR', (this.device.get('ISR') | active) >>> 0);
    for (const [index, line] of this.lines.entries()) {
      const mask = index < 2 ? 0xffff << (16 * index) : 1 << (index - 2);
      const level = (active & mask) !== 0;
      if (level === this.levels[index]) continue;
      this.levels[index] = level;
      line(level);
    }
    if (changed) this.tell(changed);
  }

  /** Tells the outside, which may drive other pins. */
  private tell(changed: number): void {
    for (let pin = 0; pin < PINS; pin++) {
      if (!((changed >>> pin) & 1)) continue;
      const level = this.pad(pin);
      this.changes.push(2 * pin + (level ? 1 : 0));
      this.changeCycles.push(this.scheduler.now);
      if (this.changes.length >= 2 * KEPT_CHANGES) {
        this.changes = this.changes.slice(-KEPT_CHANGES);
        this.changeCycles = this.changeCycles.slice(-KEPT_CHANGES);
      }
      if (this.isOutput(pin)) this.onOutput?.(pin, level);
      this.pins.changed(this.name, pin, level);
    }
  }

  private latch(changed: number, directions: number): void {
    const both = this.device.get('EDGE_SEL');
    for (let pin = 0; pin < PINS; pin++) {
      if (!((changed >>> pin) & 1)) continue;
      const rose = this.pad(pin);
      if ((directions >>> pin) & 1) continue;
      const kind = this.kind(pin);
      const wanted = (both >>> pin) & 1 || (kind >= RISING && (kind === RISING) === rose);
      if (wanted) this.device.set('ISR', (this.device.get('ISR') | (1 << pin)) >>> 0);
    }
  }
}

function withBit(value: number, index: number, on: boolean): number {
  const bit = 1 << index;
  return (on ? value | bit : value & ~bit) >>> 0;
}
