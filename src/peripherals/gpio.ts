/**
 * GPIO of the i.MX family: 32 pins, levels and edges, two combined interrupt lines (pins 0 to 15 and 16 to 31).
 *
 * Described in the GPIO chapter of the reference manuals. An output pin reads back what it drives. Not modelled: the separate lines of
 * GPIO1's pins 0 to 7.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { defineRegisters, RegisterFile } from '../memory/registers.ts';

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

/** One bank of 32 pins. */
export class Gpio {
  readonly device: RegisterFile<typeof GPIO>;
  /** Called when a pin that is an output changes its level. */
  onOutput: ((pin: number, level: boolean) => void) | undefined;
  private readonly lines: readonly [(level: boolean) => void, (level: boolean) => void];
  /** Levels that the outside drives. */
  private inputs = 0;
  /** Pad levels when they were last looked at, for edges. */
  private pads = 0;
  private readonly levels = [false, false];

  constructor(options: {
    name: string;
    diagnostics: Diagnostics;
    /** Pins 0 to 15. */
    interrupt: (level: boolean) => void;
    /** Pins 16 to 31. */
    highInterrupt: (level: boolean) => void;
  }) {
    const { name, diagnostics } = options;
    this.lines = [options.interrupt, options.highInterrupt];
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
  }

  /** Reset of the SoC; the outside goes on driving its levels. */
  reset(): void {
    this.device.reset();
    this.pads = this.inputs;
    this.settle();
  }

  /** Drives pin `pin` (0 to 31) from outside. */
  setInput(pin: number, level: boolean): void {
    const bit = (1 << pin) >>> 0;
    this.inputs = (level ? this.inputs | bit : this.inputs & ~bit) >>> 0;
    this.settle();
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

  /** Takes in the pads, latches edges, drives both lines. */
  private settle(): void {
    const directions = this.device.get('GDIR');
    const pads = ((this.device.get('DR') & directions) | (this.inputs & ~directions)) >>> 0;
    const changed = (pads ^ this.pads) >>> 0;
    this.pads = pads;
    if (changed) this.latch(changed, directions);
    const active = this.status & this.device.get('IMR');
    for (const [index, line] of this.lines.entries()) {
      const level = ((active >>> (16 * index)) & 0xffff) !== 0;
      if (level === this.levels[index]) continue;
      this.levels[index] = level;
      line(level);
    }
  }

  private latch(changed: number, directions: number): void {
    const both = this.device.get('EDGE_SEL');
    for (let pin = 0; pin < PINS; pin++) {
      if (!((changed >>> pin) & 1)) continue;
      const rose = this.pad(pin);
      if ((directions >>> pin) & 1) {
        this.onOutput?.(pin, rose);
        continue;
      }
      const kind = this.kind(pin);
      const wanted = (both >>> pin) & 1 || (kind >= RISING && (kind === RISING) === rose);
      if (wanted) this.device.set('ISR', (this.device.get('ISR') | (1 << pin)) >>> 0);
    }
  }
}
