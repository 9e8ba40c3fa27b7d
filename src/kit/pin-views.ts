/**
 * Pins as a test sees them: those of GPIO banks and signals of other blocks, to drive, watch and wire; the figures of a PWM.
 *
 * Everything that changes something is an input (`device-inputs.ts`), so that recordings and snapshots have it. What is read here is a copy.
 */
import { UsageError } from '../errors.ts';
import type { InputValue } from '../history/inputs.ts';
import type { Machine } from '../machine.ts';
import type { PinName } from '../peripherals/pins.ts';
import { type Duration, nanoseconds } from '../time/duration.ts';
import { blockOf } from './device-inputs.ts';

/** What the views need of their simulation. */
export interface DevicesHost {
  readonly machine: Machine;
  input(kind: string, ...args: readonly InputValue[]): unknown;
}

/** A change of a pin. */
export interface PinEvent {
  readonly level: 0 | 1;
  /** Virtual time in ns. */
  readonly time: number;
  readonly cycle: number;
}

/** Hears of changes of a pin, in the middle of a run. */
export type PinWatcher = (event: PinEvent) => void;

/** A train of pulses on a pin. */
export interface PulseOptions {
  /** How long a pulse lasts. */
  readonly width: Duration;
  /** How long it is from a pulse to the next; as long as a pulse unless given. */
  readonly gap?: Duration;
  /** Pulses: 1 unless given, `Infinity` for a clock. */
  readonly count?: number;
  /** Level of a pulse: 1 unless given. */
  readonly level?: 0 | 1;
}

/** A bank of pins. */
export class GpioView {
  readonly name: string;
  readonly #host: DevicesHost;
  readonly #watch: (pin: number, watcher: PinWatcher) => () => void;

  /** @internal */
  constructor(host: DevicesHost, name: string, watch: (pin: number, watcher: PinWatcher) => () => void) {
    this.#host = host;
    this.name = name;
    this.#watch = watch;
  }

  /** Pin 0 to 31. @throws {UsageError} */
  pin(pin: number): PinView {
    if (!Number.isInteger(pin) || pin < 0 || pin > 31)
      throw new UsageError(`${this.name} has no pin ${pin}`, 'pins are 0 to 31', this.name);
    return new PinView(this.#host, { bank: this.name, pin }, (watcher) => this.#watch(pin, watcher));
  }
}

/** A pin. */
export class PinView {
  /** `GPIO3.16`, `PWM4_OUT`. */
  readonly name: string;
  readonly #host: DevicesHost;
  readonly #pin: PinName;
  readonly #watch: (watcher: PinWatcher) => () => void;

  /** @internal */
  constructor(host: DevicesHost, pin: PinName, watch: (watcher: PinWatcher) => () => void) {
    this.#host = host;
    this.#pin = pin;
    this.#watch = watch;
    this.name = host.machine.pins.nameOf(pin);
  }

  /** What a probe on the pad sees. */
  get level(): 0 | 1 {
    return this.#bank.pad(this.#pin.pin) ? 1 : 0;
  }

  /** Whether firmware drives it (`out`) or listens to it. */
  get direction(): 'in' | 'out' {
    return this.#bank.isOutput(this.#pin.pin) ? 'out' : 'in';
  }

  /** Changes of its level so far, oldest first; of a bank's last 4096 at least. */
  get history(): readonly PinEvent[] {
    const { scheduler } = this.#host.machine;
    return this.#bank.history
      .filter(({ pin }) => pin === this.#pin.pin)
      .map(({ level, cycle }) => ({ level: level ? 1 : 0, time: scheduler.nsFromCycles(cycle), cycle }));
  }

  /** Drives it from outside, until another level, `release` or a pulse. */
  drive(level: 0 | 1 | boolean): void {
    this.#input('gpio.drive', level === 1 || level === true);
  }

  /** Nobody drives it: it has its pull. */
  release(): void {
    this.#input('gpio.release');
  }

  /** What it is pulled to while nobody drives it: down unless said otherwise (IOMUXC is not asked). */
  pull(direction: 'up' | 'down'): void {
    this.#input('gpio.pull', direction === 'up');
  }

  /** Drives pulses from now on, while virtual time passes; another level or pulse ends them. */
  pulse({ width, gap = width, count = 1, level = 1 }: PulseOptions): void {
    const { scheduler } = this.#host.machine;
    const [long, short] = [width, gap].map((time) => Math.max(1, scheduler.cyclesFromNs(nanoseconds(time, 'pulse'))));
    const first = level === 1;
    const [high, low] = first ? [long!, short!] : [short!, long!];
    if (!(count >= 1)) throw new UsageError(`${count} pulses`, 'give a count of 1 or more', 'pulse');
    this.#input('gpio.pulse', { first, high, low, count: Number.isFinite(count) ? Math.floor(count) : -1 });
  }

  /** Lays a wire from this pin to another (`GPIO4.3`, `GPT1_CAPTURE1`): that one has the level of this one from now on. */
  connect(to: PinView | string): void {
    this.#host.input('gpio.connect', { ...this.#pin }, { ...this.#target(to) });
  }

  /** Takes a wire away. */
  disconnect(to: PinView | string): void {
    this.#host.input('gpio.disconnect', { ...this.#pin }, { ...this.#target(to) });
  }

  /** Hears of every change from now on, in the middle of a run; drives may be made there. What it gives ends that. */
  onChange(watcher: PinWatcher): () => void {
    this.watch();
    return this.#watch(watcher);
  }

  /**
   * Changes of the output of a PWM, or pulses of a GPT, are in `history` from now on, where they would cost too much otherwise; `onChange` and
   * `connect` do the same.
   */
  watch(): void {
    if (this.#bank.watch) this.#input('gpio.watch');
  }

  get #bank() {
    return this.#host.machine.pins.bank(this.#pin.bank);
  }

  #target(to: PinView | string): PinName {
    return this.#host.machine.pins.find(typeof to === 'string' ? to : to.name);
  }

  #input(kind: string, ...args: readonly InputValue[]): void {
    this.#host.input(kind, this.#pin.bank, this.#pin.pin, ...args);
  }
}

/** A PWM as its figures. */
export class PwmView {
  readonly name: string;
  readonly #host: DevicesHost;

  /** @internal */
  constructor(host: DevicesHost, name: string) {
    this.#host = host;
    this.name = name;
  }

  /** Periods per second, 0 while it stands still. */
  get hz(): number {
    return blockOf(this.#host.machine, 'pwm', this.name).hz;
  }

  /** Part of a period in which its output is high, 0 to 1. */
  get duty(): number {
    return blockOf(this.#host.machine, 'pwm', this.name).duty;
  }
}
