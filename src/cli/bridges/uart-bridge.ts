/**
 * A UART of the SoC on the host: the cable that is plugged in at the other end.
 *
 * A UART has no flow control here: what the core prints while no client is connected is kept up to `BACKLOG` bytes for the first one, and what
 * a client is too slow for is lost. Bytes for the core arrive at the programmed rate, and wait while its receiver is off.
 */
import type { Machine } from '../../machine.ts';
import type { Timer } from '../../time/scheduler.ts';
import type { HostPort } from './host-port.ts';

/** Bytes kept of what the core printed last while nobody was connected. */
export const BACKLOG = 65_536;
/** Bytes given to the UART at once. */
const CHUNK = 64;
/** Virtual time between two looks at a UART that is busy, in ns. */
const LOOK_NS = 1_000_000;

/** The bridge of one UART. */
export class UartBridge {
  /** Bytes that a client was too slow for. */
  lost = 0;
  private readonly machine: Machine;
  private readonly device: string;
  private readonly port: HostPort;
  private readonly feed: Timer;
  private readonly onLoss: () => void;
  private backlog: number[] = [];

  /** `onLoss` hears of the first byte that is lost. */
  constructor(machine: Machine, device: string, port: HostPort, onLoss: () => void) {
    this.machine = machine;
    this.device = device;
    this.port = port;
    this.onLoss = onLoss;
    this.feed = machine.watchers.timer(`input of ${device}`, () => this.forward());
    machine.events.subscribe((event) => {
      if (event.type === 'console' && event.device === device) this.printed(event.byte);
    });
    port.onChange = () => {
      if (port.connected && this.backlog.length > 0) this.deliver(Uint8Array.from(this.backlog.splice(0).slice(-BACKLOG)));
      if (port.available > 0 && !this.feed.armed) this.feed.armIn(0);
    };
  }

  private printed(byte: number): void {
    if (this.port.connected) {
      this.deliver(Uint8Array.of(byte));
      return;
    }
    this.backlog.push(byte);
    if (this.backlog.length >= 2 * BACKLOG) this.backlog = this.backlog.slice(-BACKLOG);
  }

  private deliver(bytes: Uint8Array): void {
    const { port } = this;
    const fits = bytes.subarray(0, port.room);
    if (fits.length < bytes.length) {
      if (this.lost === 0) this.onLoss();
      this.lost += bytes.length - fits.length;
    }
    port.put(fits);
  }

  /** Gives the UART more as soon as it has taken what it got, so that a client cannot fill the host's memory. */
  private forward(): void {
    const { machine, device, port } = this;
    const state = machine.inputState(device);
    if (state !== 'absent' && state !== 'busy') {
      const part = port.peek(CHUNK);
      machine.send(device, part);
      port.consume(part.length);
    }
    if (port.available > 0) this.feed.armIn(machine.scheduler.cyclesFromNs(LOOK_NS));
  }
}
