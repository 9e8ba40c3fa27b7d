/**
 * What a test puts around a SoC beside pins: voltages at an ADC, and the other side of a CAN bus.
 *
 * Everything that changes something is an input (`device-inputs.ts`), so that recordings and snapshots have it. What is read here is a copy.
 */
import { UsageError } from '../errors.ts';
import type { InputValue } from '../history/inputs.ts';
import type { CanFrame } from '../peripherals/can-bus.ts';
import { blockOf } from './device-inputs.ts';
import type { DevicesHost } from './pin-views.ts';

/** An ADC: the voltages at its inputs. */
export class AdcView {
  readonly name: string;
  readonly #host: DevicesHost;

  /** @internal */
  constructor(host: DevicesHost, name: string) {
    this.#host = host;
    this.name = name;
  }

  /** Volts at an input; 0 until a test sets some. */
  volts(input: number): number {
    return blockOf(this.#host.machine, 'analog', this.name).at(input);
  }

  /** Puts `volts` on an input, from now on. @throws {UsageError} */
  set(input: number, volts: number): void {
    if (!Number.isInteger(input) || input < 0 || input > 31)
      throw new UsageError(`${this.name} has no input ${input}`, 'inputs are 0 to 31', this.name);
    if (!Number.isFinite(volts)) throw new UsageError(`${volts} is no voltage`, 'give volts', this.name);
    this.#host.input('adc.set', this.name, input, volts);
  }
}

/** A frame that a test sends: an 11-bit identifier unless `extended`. */
export interface CanMessage {
  readonly id: number;
  readonly data?: Iterable<number>;
  readonly extended?: boolean;
  /** A remote frame asks for `dlc` bytes. */
  readonly remote?: boolean;
  readonly dlc?: number;
}

/** The bus of a CAN controller, and the test as another node on it. */
export class CanView {
  readonly name: string;
  readonly #host: DevicesHost;

  /** @internal */
  constructor(host: DevicesHost, name: string) {
    this.#host = host;
    this.name = name;
  }

  /** The test takes part: it acknowledges frames and hears them. Without it and without another controller, nobody does. */
  listen(): void {
    this.#host.input('can.listen', this.name);
  }

  /** Sends a frame when the bus is free and its identifier wins; listens from then on. @throws {UsageError} */
  send({ id, data = [], extended = false, remote = false, dlc }: CanMessage): void {
    const bytes = [...data];
    const length = dlc ?? bytes.length;
    if (!Number.isInteger(id) || id < 0 || id >= 2 ** (extended ? 29 : 11))
      throw new UsageError(`${id} is no identifier`, `it has ${extended ? 29 : 11} bits; see \`extended\``, this.name);
    if (!bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 0xff))
      throw new UsageError(`${bytes.join(' ')} are no bytes`, 'each of `data` is 0 to 255', this.name);
    if (!Number.isInteger(length) || length < 0 || length > 8 || (!remote && bytes.length !== length))
      throw new UsageError(`a frame of ${length} bytes`, 'frames have up to 8 bytes, as many as `dlc` says', this.name);
    this.#host.input('can.send', this.name, { id, extended, remote, dlc: length, data: remote ? [] : bytes } as InputValue);
  }

  /** Puts two controllers on one bus. @throws {UsageError} */
  connect(to: CanView | string): void {
    const other = (typeof to === 'string' ? to : to.name).toUpperCase();
    blockOf(this.#host.machine, 'flexcan', other);
    this.#host.input('can.connect', this.name, other);
  }

  /** Frames that controllers have sent since the test listens, oldest first: the last 4096. */
  get frames(): readonly CanFrame[] {
    return blockOf(this.#host.machine, 'flexcan', this.name)
      .buses.heard(this.name)
      .map((frame) => ({ ...frame, data: [...frame.data] }));
  }
}
