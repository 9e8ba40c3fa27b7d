/**
 * The devices on one SPI: each on a chip select of the controller, or on a GPIO that firmware drives as one.
 *
 * MISO is pulled up: without a selected device every bit reads 1, which is reported by name. Two devices that are selected at once are reported,
 * and both drive MISO (what one of them sends as 0 is 0).
 */
import type { Diagnostics } from '../diagnostics.ts';
import type { DeviceState, SpiContext, SpiDevice } from './attached/attached-device.ts';

/** A GPIO as chip select. */
export interface SelectPin {
  readonly bank: string;
  readonly pin: number;
  readonly activeHigh?: boolean;
}

/** A device on SPI: plain data, as snapshots save it. */
export interface AttachedSpi {
  /** Chip select of the controller, or a GPIO. */
  readonly select: number | SelectPin;
  /** Name of the definition. */
  readonly id: string;
  state: DeviceState;
  selected: boolean;
}

/** Devices and their selection. */
export class SpiBus {
  private readonly name: string;
  private readonly diagnostics: Diagnostics;
  private readonly definition: (id: string) => SpiDevice;
  private readonly context: () => SpiContext;
  private attached: AttachedSpi[] = [];

  constructor(options: { name: string; diagnostics: Diagnostics; definition: (id: string) => SpiDevice; context: () => SpiContext }) {
    this.name = options.name;
    this.diagnostics = options.diagnostics;
    this.definition = options.definition;
    this.context = options.context;
  }

  /** A snapshot was loaded. @throws {UsageError} when it has a device whose definition is not known */
  restored(): void {
    for (const { id } of this.attached) this.definition(id);
  }

  /** Attached devices in order of attaching. */
  get devices(): readonly AttachedSpi[] {
    return this.attached;
  }

  /** The device on a chip select. */
  at(select: number | SelectPin): AttachedSpi | undefined {
    return this.attached.find((device) => sameSelect(device.select, select));
  }

  /** Attaches a device, in place of one on the same chip select; `active` says whether that is active now. */
  attach(select: number | SelectPin, id: string, state: DeviceState, active: boolean): void {
    this.detach(select);
    this.attached.push({ select, id, state, selected: false });
    if (active) this.setSelected(this.attached.at(-1)!, true);
  }

  /** Takes a device away. */
  detach(select: number | SelectPin): void {
    this.attached = this.attached.filter((device) => !sameSelect(device.select, select));
  }

  /** The controller drives one of its chip selects. */
  drive(channel: number, active: boolean): void {
    for (const device of this.attached) if (device.select === channel) this.setSelected(device, active);
  }

  /** A GPIO has changed. */
  pinChanged(bank: string, pin: number, level: boolean): void {
    for (const device of this.attached) {
      const { select } = device;
      if (typeof select === 'object' && select.bank === bank && select.pin === pin)
        this.setSelected(device, level === (select.activeHigh ?? false));
    }
  }

  /** Shifts `bits` bits out and in. */
  exchange(channel: number, word: number, bits: number): number {
    const ones = bits === 32 ? 0xffff_ffff : (1 << bits) - 1;
    let answer = ones;
    let selected = 0;
    for (const device of this.attached) {
      if (!device.selected) continue;
      selected++;
      answer &= this.transfer(device, word, bits);
    }
    if (selected === 0)
      this.diagnostics.unimplemented(
        this.name,
        `SS${channel}`,
        'no device is attached to the chip select that is active: MISO reads as ones',
      );
    else if (selected > 1) this.diagnostics.guestError(this.name, 'SS', `${selected} devices are selected at once`);
    return (answer & ones) >>> 0;
  }

  private transfer(device: AttachedSpi, word: number, bits: number): number {
    const definition = this.definition(device.id);
    const { wordBits = 32 } = definition;
    let answer = 0;
    // A first part that is shorter makes the rest whole words, as BURST_LENGTH does it with words of the FIFO.
    for (let left = bits; left > 0; ) {
      const part = left % wordBits || wordBits;
      left -= part;
      const ones = part === 32 ? 0xffff_ffff : (1 << part) - 1;
      const sent = definition.transfer(device.state, ((word >>> left) & ones) >>> 0, part, this.context());
      answer |= (sent & ones) << left;
    }
    return answer;
  }

  private setSelected(device: AttachedSpi, selected: boolean): void {
    if (device.selected === selected) return;
    device.selected = selected;
    const definition = this.definition(device.id);
    if (selected) definition.select?.(device.state, this.context());
    else definition.deselect?.(device.state, this.context());
  }
}

function sameSelect(a: number | SelectPin, b: number | SelectPin): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.bank === b.bank && a.pin === b.pin;
}
