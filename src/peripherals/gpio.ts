/**
 * GPIO of the i.MX family: 32 pins, levels and edges, two combined interrupt lines (pins 0 to 15 and 16 to 31), lines of single pins.
 *
 * Described in the GPIO chapter of the reference manuals. An output pin reads back what it drives; a pin that nobody drives has its pull. A level
 * that IMR lets through stays in ISR until it is cleared, as an edge does; one that is masked is seen as long as it lasts, where silicon keeps that,
 * too, because here pins are low before anybody has said otherwise. Not modelled: what IOMUXC says of a pad.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { defineRegisters, RegisterFile } from '../memory/registers.ts';
import type { Scheduler } from '../time/scheduler.ts';
import { PinHistory, PinOutside } from './pin-outside.ts';
import type { PinBank, PinChange, Pins, PulseTrain } from './pins.ts';

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
  private readonly outside: PinOutside;
  private readonly changes = new PinHistory();
  /** The two combined lines, then those of single pins. */
  private readonly lines: readonly ((level: boolean) => void)[];
  private readonly levels: boolean[];
  /** Pad levels when they were last looked at, for edges. */
  private pads = 0;

  constructor(options: GpioOptions) {
    const { name, diagnostics, scheduler, pins } = options;
    this.name = name;
    this.scheduler = scheduler;
    this.pins = pins;
    this.outside = new PinOutside({ name, scheduler, changed: () => this.settle() });
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
    this.pads = this.outside.levels;
    this.settle();
  }

  /** Drives pin `pin` (0 to 31) from outside; ends a train of pulses on it. */
  setInput(pin: number, level: boolean): void {
    this.outside.setInput(pin, level);
  }

  /** Lets a pin go: it has its pull from now on. */
  release(pin: number): void {
    this.outside.release(pin);
  }

  /** What a pin is pulled to while nobody drives it; low unless said otherwise. */
  pull(pin: number, up: boolean): void {
    this.outside.pull(pin, up);
  }

  /** Drives a train of pulses on a pin, until another level or train. */
  pulse(pin: number, train: PulseTrain): void {
    this.outside.pulse(pin, train);
  }

  /** Changes of pads, oldest first; of many only the last. */
  get history(): PinChange[] {
    return this.changes.all;
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

  /** Takes in the pads, latches what is to be latched, drives the lines. */
  private settle(): void {
    const directions = this.device.get('GDIR');
    const pads = ((this.device.get('DR') & directions) | (this.outside.levels & ~directions)) >>> 0;
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
      this.changes.add(pin, level, this.scheduler.now);
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
