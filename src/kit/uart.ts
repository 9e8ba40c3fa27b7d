/**
 * A console as a test sees it: a UART of the SoC, a tty of Linux, U-Boot's, semihosting's.
 */

import type { SimulationLog } from './log.ts';

/** What a console needs of its simulation. */
export interface ConsoleHost {
  readonly log: SimulationLog;
  send(device: string, bytes: Uint8Array): void;
}

/** One console. */
export class ConsoleView {
  /** As the machine calls it: `uart4`. */
  readonly name: string;
  readonly #host: ConsoleHost;

  /** @internal Consoles come from `Simulation.uart`. */
  constructor(host: ConsoleHost, name: string) {
    this.#host = host;
    this.name = name;
  }

  /** All that was printed so far, as it was. */
  get bytes(): Uint8Array {
    const output = this.#host.log.output.get(this.name);
    return Uint8Array.from(output ?? []);
  }

  /** All that was printed so far as UTF-8, with `\n` at the ends of lines. */
  get text(): string {
    return new TextDecoder().decode(this.bytes).replaceAll('\r\n', '\n');
  }

  /** Its lines; the last one may be unfinished. */
  get lines(): readonly string[] {
    const lines = this.text.split('\n').map((line) => line.replace(/^\r+|\r+$/g, ''));
    if (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /**
   * Types at it: given once the console is there and ready (a UART whose firmware listens, or has printed and keeps quiet; a tty that exists), in
   * order, while time passes. Text is UTF-8; nothing is added to it, so a line wants its `\n` or `\r`.
   */
  send(data: string | Uint8Array): void {
    this.#host.send(this.name, typeof data === 'string' ? new TextEncoder().encode(data) : data.slice());
  }
}
