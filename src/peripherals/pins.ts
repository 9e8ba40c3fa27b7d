/**
 * What is outside of the GPIO pins: wires from pin to pin, and whoever looks at a pin (a chip select of a device, a test).
 *
 * A wire carries the level of one pad to another as long as it is there. What loops or several drivers would do electrically is not modelled:
 * the last change wins.
 */
import { UsageError } from '../errors.ts';

/** A bank of pins. */
export interface PinBank {
  /** Drives a pin from outside. */
  setInput(pin: number, level: boolean): void;
  /** Nobody drives it from outside any longer. */
  release(pin: number): void;
  /** Level of the pad. */
  pad(pin: number): boolean;
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
