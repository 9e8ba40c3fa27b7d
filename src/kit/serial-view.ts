/**
 * The line of a UART as a test sees it: rates, and a wire to another UART. What goes over it is the business of `uart.ts`.
 */
import { UsageError } from '../errors.ts';
import { blockOf } from './device-inputs.ts';
import type { DevicesHost } from './pin-views.ts';

/** The line of a UART. */
export class SerialView {
  readonly name: string;
  readonly #host: DevicesHost;

  /** @internal */
  constructor(host: DevicesHost, name: string) {
    this.#host = host;
    this.name = name;
  }

  /** Bits per second as firmware has set them, 0 while the clock stands still. */
  get baud(): number {
    return blockOf(this.#host.machine, 'uart', this.name).baud;
  }

  /** Bits per second at which the host types while firmware finds out the rate (UCR1.ADBR): 115200 unless said. @throws {UsageError} */
  type(baud: number): void {
    if (!(baud > 0 && Number.isFinite(baud))) throw new UsageError(`${baud} is no rate`, 'give bits per second', this.name);
    this.#host.input('uart.baud', this.name, baud);
  }

  /** Wires TXD to the RXD of another UART, or of this one; the console shows what is sent as before. @throws {UsageError} */
  connect(to: SerialView | string): void {
    this.#host.input('uart.connect', this.name, this.#other(to));
  }

  /** Takes that wire away. */
  disconnect(to: SerialView | string): void {
    this.#host.input('uart.disconnect', this.name, this.#other(to));
  }

  #other(to: SerialView | string): string {
    const name = (typeof to === 'string' ? to : to.name).toUpperCase();
    blockOf(this.#host.machine, 'uart', name);
    return name;
  }
}
