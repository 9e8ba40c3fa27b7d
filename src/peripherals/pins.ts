/**
 * What is outside of the pins: wires from pin to pin, and whoever looks at a pin (a chip select of a device, a test). Pins are those of GPIO
 * banks, by number, and signals of other blocks, by the manual's name (`GPT1_CAPTURE1`).
 *
 * A wire carries the level of one pad to another as long as it is there. What loops or several drivers would do electrically is not modelled:
 * the last change wins.
 */
import { UsageError } from '../errors.ts';

/** A change of a pin. */
export interface PinChange {
  readonly pin: number;
  readonly level: boolean;
  /** Of the base clock. */
  readonly cycle: number;
}

/** Pulses on a pin: `first`, then the other level, and so on; `high` and `low` last so many cycles of the base clock. */
export interface PulseTrain {
  readonly first: boolean;
  readonly high: number;
  readonly low: number;
  /** Pulses; Infinity without end. */
  readonly count: number;
}

/** A bank of pins. */
export interface PinBank {
  /** Names of the pins behind the bank's own; absent where they have numbers (GPIO). */
  readonly signals?: readonly string[];
  /** Drives a pin from outside. */
  setInput(pin: number, level: boolean): void;
  /** Nobody drives it from outside any longer. */
  release(pin: number): void;
  /** What it is pulled to while nobody drives it. */
  pull(pin: number, up: boolean): void;
  /** Drives pulses from now on. */
  pulse(pin: number, train: PulseTrain): void;
  /** Level of the pad. */
  pad(pin: number): boolean;
  /** True when the SoC drives it. */
  isOutput(pin: number): boolean;
  /** Somebody looks at the pin: its changes are to be told one by one from now on, where that costs something. */
  watch?(pin: number): void;
  /** Changes so far, oldest first; of many only the last. */
  readonly history: readonly PinChange[];
}

/** One end of a wire. */
export interface PinName {
  readonly bank: string;
  readonly pin: number;
}

/** Hears of every change of a pad. */
export type PinListener = (bank: string, pin: number, level: boolean) => void;

/** All pins of a machine. */
export class Pins {
  private readonly banks = new Map<string, PinBank>();
  private readonly listeners: PinListener[] = [];
  /** Hears of every change besides; host code, which is told and asks for nothing. */
  onChange: PinListener | undefined;
  private wires: { readonly from: PinName; readonly to: PinName }[] = [];

  /** Adds a bank. */
  add(name: string, bank: PinBank): void {
    this.banks.set(name, bank);
  }

  /** The bank of that name. @throws {UsageError} */
  bank(name: string): PinBank {
    const bank = this.banks.get(name);
    if (bank) return bank;
    throw new UsageError(`no GPIO bank is called ${name}`, `there are: ${[...this.banks.keys()].join(', ')}`);
  }

  /** The pin that a text names, in any case: `GPIO5.13`, `GPT1_CAPTURE1`. @throws {UsageError} */
  find(text: string): PinName {
    const wanted = text.toUpperCase();
    const numbered = /^(.+)\.(\d+)$/.exec(wanted);
    if (numbered) {
      const bank = numbered[1]!;
      const pin = Number(numbered[2]);
      if (this.banks.has(bank) && !this.banks.get(bank)!.signals && pin < 32) return { bank, pin };
    }
    for (const [bank, { signals = [] }] of this.banks) {
      const pin = signals.findIndex((signal) => wanted === `${bank}_${signal}`);
      if (pin >= 0) return { bank, pin };
    }
    const near = [...this.banks].filter(([bank, { signals }]) => signals && wanted.startsWith(bank));
    const known = near.flatMap(([bank, { signals = [] }]) => signals.map((signal) => `${bank}_${signal}`));
    throw new UsageError(
      `${text} is no pin`,
      known.length > 0 ? `there are ${known.join(', ')}` : 'write GPIO5.13 for pin 13 of GPIO5',
      text,
    );
  }

  /** Name of a pin, as `find` takes it. */
  nameOf({ bank, pin }: PinName): string {
    const signal = this.banks.get(bank)?.signals?.[pin];
    return signal ? `${bank}_${signal}` : `${bank}.${pin}`;
  }

  /** Adds a listener, when a machine is built. */
  listen(listener: PinListener): void {
    this.listeners.push(listener);
  }

  /** Lays a wire: `to` gets the level of `from`, now and at each change. */
  connect(from: PinName, to: PinName): void {
    const source = this.bank(from.bank);
    const target = this.bank(to.bank);
    this.disconnect(from, to);
    this.wires.push({ from, to });
    source.watch?.(from.pin);
    target.setInput(to.pin, source.pad(from.pin));
  }

  /** Takes a wire away. */
  disconnect(from: PinName, to: PinName): void {
    const before = this.wires.length;
    this.wires = this.wires.filter((wire) => !(same(wire.from, from) && same(wire.to, to)));
    if (this.wires.length < before) this.bank(to.bank).release(to.pin);
  }

  /** To be called by a bank whose pad has changed. */
  changed(bank: string, pin: number, level: boolean): void {
    for (const listener of this.listeners) listener(bank, pin, level);
    this.onChange?.(bank, pin, level);
    for (const { from, to } of this.wires) if (from.bank === bank && from.pin === pin) this.bank(to.bank).setInput(to.pin, level);
  }
}

function same(a: PinName, b: PinName): boolean {
  return a.bank === b.bank && a.pin === b.pin;
}
