/**
 * The hash behind `--trace-hash`: SHA-256 over console bytes, dmesg, MU and vring events and injected faults, each with its cycle.
 *
 * Two runs with equal hashes did the same things at the same times; engine, host and speed have no part in it. Format version 1:
 * one line per event, fields separated by a space, lines ended by LF.
 */
import type { MachineEvent } from '../events.ts';
import { type HashState, Sha256 } from './sha256.ts';

/** A trace hash in the making, as data. */
export interface TraceState {
  readonly hash: HashState;
  /** Lines that are not in the hash yet. */
  readonly lines: readonly string[];
}

/** Accumulates events; `message` and `core` events are views of the same facts and are not hashed. */
export class TraceHash {
  private readonly hash: Sha256;
  private readonly encoder = new TextEncoder();
  private lines: string[] = ['imx-sim trace 1'];

  constructor(hash = new Sha256()) {
    this.hash = hash;
  }

  /** One that goes on where `saved` was. */
  static from({ hash, lines }: TraceState): TraceHash {
    const trace = new TraceHash(Sha256.from(hash));
    trace.lines = [...lines];
    return trace;
  }

  /** All that it consists of, as data. */
  save(): TraceState {
    return { hash: this.hash.save(), lines: [...this.lines] };
  }

  /** Adds one event. */
  add(event: MachineEvent): void {
    const line = traceLine(event);
    if (line === undefined) return;
    this.lines.push(line);
    if (this.lines.length >= 1024) this.flush();
  }

  /** Hex digest; nothing can be added afterwards. */
  digest(): string {
    this.flush();
    return this.hash.digest();
  }

  private flush(): void {
    if (this.lines.length > 0) this.hash.update(this.encoder.encode(`${this.lines.join('\n')}\n`));
    this.lines = [];
  }
}

/** The line of an event in the trace, or undefined when it has none. */
export function traceLine(event: MachineEvent): string | undefined {
  switch (event.type) {
    case 'console':
      return `${event.cycle} console ${event.device} ${event.byte}`;
    case 'dmesg':
      return `${event.cycle} dmesg ${event.level} ${event.text}`;
    case 'mu':
      return `${event.cycle} mu ${event.mu} ${event.side} ${event.action} ${event.channel} ${event.value}`;
    case 'vring':
      return `${event.cycle} vring ${event.device} ${event.queue} ${event.action} ${event.id} ${event.length}`;
    case 'fault':
      return `${event.cycle} fault ${event.fault} ${event.text}`;
    default:
      return undefined;
  }
}
