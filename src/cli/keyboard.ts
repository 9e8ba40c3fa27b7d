/**
 * Standard input as a console's keyboard.
 *
 * A terminal is switched to raw mode and each key goes to the console as it is typed; Ctrl-] ends the run. Piped input is read to its
 * end first and then sent like `--send`, so that such a run is as deterministic as any other.
 */

import type { Machine } from '../machine.ts';
import type { InputQueue } from '../session/input.ts';

/** Ctrl-]. */
const LEAVE = 0x1d;
/** Ctrl-C; raw mode delivers it as a byte, and the firmware's shell may want it. Twice in a row ends the run. */
const INTERRUPT = 0x03;

/** Where keys go while a run lasts. */
export class Keyboard {
  /** True once the user asked to leave. */
  left = false;
  private readonly stdin: NodeJS.ReadStream;
  private readonly machine: Machine;
  private readonly device: string;
  private lastByte = 0;
  private readonly listener = (data: Buffer): void => this.keys(data);

  private constructor(machine: Machine, device: string) {
    this.machine = machine;
    this.device = device;
    this.stdin = process.stdin;
    this.stdin.setRawMode(true);
    this.stdin.on('data', this.listener);
  }

  /** Connects the terminal's keyboard. */
  static interactive(machine: Machine, device: string): Keyboard {
    return new Keyboard(machine, device);
  }

  /** Sends all of piped standard input to `device`. */
  static async piped(queue: InputQueue, device: string): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of process.stdin) parts.push(part as Buffer);
    const bytes = Buffer.concat(parts);
    if (bytes.length > 0) queue.send(device, new Uint8Array(bytes));
  }

  /** Gives the terminal back. */
  close(): void {
    this.stdin.off('data', this.listener);
    this.stdin.setRawMode(false);
    this.stdin.pause();
  }

  private keys(data: Buffer): void {
    for (const byte of data) {
      if (byte === LEAVE || (byte === INTERRUPT && this.lastByte === INTERRUPT)) {
        this.left = true;
        return;
      }
      this.lastByte = byte;
    }
    this.machine.send(this.device, new Uint8Array(data));
  }
}
