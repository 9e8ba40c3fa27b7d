/**
 * What moves along the wires of the diagram: events become pulses, at most one each `SPACING` on a wire in a direction; those in between make the next one larger. Pure:
 * times come from the caller.
 */
import type { ViewEvent } from '../../../../src/view/protocol.ts';
import type { Wire } from './layout.ts';

/** Milliseconds between two pulses of a kind on a wire. */
const SPACING = 210;
/** Milliseconds along one wire. */
export const TRAVEL = 420;
/** Pulses at a time; beyond it nobody could tell them apart. */
const MOST = 80;

export type PulseHue = 'doorbell' | 'message';

export interface Pulse {
  readonly wire: Wire;
  readonly hue: PulseHue;
  /** Toward the core. */
  readonly forward: boolean;
  readonly start: number;
  /** Events that it stands for. */
  count: number;
}

/** The pulses that are under way. */
export class Pulses {
  list: Pulse[] = [];
  #wires = new Map<string, Wire>();
  readonly #last = new Map<string, number>();
  readonly #waiting = new Map<string, number>();

  /** Another layout: what was on its way is gone. */
  setWires(wires: readonly Wire[]): void {
    this.#wires = new Map(wires.map((wire) => [wire.id, wire]));
    this.list = [];
  }

  /** An event, at a moment of the host in ms; true when something moves because of it. */
  add(event: ViewEvent, now: number): boolean {
    let any = false;
    for (const { from, to, hue, forward, delay } of pathsOf(event)) {
      for (const wire of this.#wires.values()) {
        if (!matchesEnd(wire.from, from) || !matchesEnd(wire.to, to)) continue;
        any = this.#start(wire, hue, forward, now, delay) || any;
      }
    }
    return any;
  }

  /** Forgets those that have arrived; true while there are others. */
  advance(now: number): boolean {
    if (this.list.some(({ start }) => now - start >= TRAVEL)) this.list = this.list.filter(({ start }) => now - start < TRAVEL);
    return this.list.length > 0;
  }

  #start(wire: Wire, hue: PulseHue, forward: boolean, now: number, delay: number): boolean {
    const key = `${wire.id} ${hue} ${forward}`;
    const last = this.#last.get(key);
    if (last !== undefined && now - last < SPACING) {
      this.#waiting.set(key, (this.#waiting.get(key) ?? 0) + 1);
      return false;
    }
    if (this.list.length >= MOST) return false;
    this.list.push({ wire, hue, forward, start: now + delay, count: 1 + (this.#waiting.get(key) ?? 0) });
    this.#waiting.delete(key);
    this.#last.set(key, now);
    return true;
  }
}

function matchesEnd(id: string, wanted: string): boolean {
  return wanted.endsWith('*') ? id.startsWith(wanted.slice(0, -1)) : id === wanted;
}

interface Leg {
  readonly from: string;
  readonly to: string;
  readonly hue: PulseHue;
  readonly forward: boolean;
  readonly delay: number;
}

/** The wires that an event takes, as their ends. */
function pathsOf(event: ViewEvent): readonly Leg[] {
  if (event.type === 'mu') {
    const unit = `mu:${event.mu}`;
    const linux = { from: 'linux', to: unit };
    const core = { from: unit, to: 'core:*' };
    if (event.action === 'transmit' || event.action === 'general') {
      const leg = event.side === 'A' ? { ...linux, forward: true } : { ...core, forward: false };
      return [{ ...leg, hue: 'doorbell', delay: 0 }];
    }
    if (event.action === 'receive' || event.action === 'acknowledge') {
      const leg = event.side === 'B' ? { ...core, forward: true } : { ...linux, forward: false };
      return [{ ...leg, hue: 'doorbell', delay: TRAVEL / 2 }];
    }
  }
  if (event.type === 'message') {
    // The ring is named by its direction, as the sender of a message decides on the ring.
    const ring = `vring:${event.device}/${event.direction === 'tx' ? 'to-core' : 'to-linux'}*`;
    const first = { from: 'linux', to: ring, hue: 'message' as const };
    const second = { from: ring, to: 'core:*', hue: 'message' as const };
    return event.direction === 'tx'
      ? [
          { ...first, forward: true, delay: 0 },
          { ...second, forward: true, delay: TRAVEL },
        ]
      : [
          { ...second, forward: false, delay: 0 },
          { ...first, forward: false, delay: TRAVEL },
        ];
  }
  return [];
}
