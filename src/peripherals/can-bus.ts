/**
 * The CAN buses around a SoC: who is connected with whom, whose frame is on the wire, who acknowledges it.
 *
 * A bus is called after the first controller on it; each has one for itself until a test connects some. When a bus is idle, the pending frame with the lowest
 * identifier goes first (ISO 11898); it takes its bits at the sender's rate and reaches the others with its last bit. While the sender's clock stands
 * still so does its frame, which begins anew when the clock comes back. Not modelled: different bit rates on one bus, bit errors, error frames; a frame
 * that nobody acknowledges fails as a whole.
 */
import type { Timer } from '../time/scheduler.ts';

/** A frame of CAN 2.0. */
export interface CanFrame {
  /** 11 or 29 bits. */
  readonly id: number;
  readonly extended: boolean;
  readonly remote: boolean;
  /** Bytes that the length field says: 0 to 8. */
  readonly dlc: number;
  /** The bytes; none in a remote frame. */
  readonly data: readonly number[];
}

/** A controller on a bus. */
export interface CanNode {
  readonly name: string;
  /** Its timer for frames on its bus; it calls `CanBuses.over`. */
  readonly wire: Timer;
  /** The frame that it would send next. */
  pending(): CanFrame | undefined;
  /** That frame goes onto the bus now. */
  began(): void;
  /** Cycles of the base clock that a bit takes; Infinity while its clock stands still. */
  bitCycles(): number;
  /** True when it takes part in the bus, and acknowledges what it hears. */
  listens(): boolean;
  /** Its own frame is over. */
  sent(frame: CanFrame, acknowledged: boolean): void;
  /** A frame of somebody else is over. */
  received(frame: CanFrame): void;
}

/** The outside world on a bus: it acknowledges, hears everything, and sends what it is told. */
interface Outside {
  queue: CanFrame[];
  readonly heard: CanFrame[];
}

/** The frame on a bus. */
interface OnWire {
  /** Name of the controller that sends it; undefined for the outside. */
  readonly sender: string | undefined;
  readonly frame: CanFrame;
}

/** Frames that the outside remembers. */
const MOST_HEARD = 4096;
/** Bits of a frame beside its data: up to the end of the interframe space, without stuff bits. */
const STANDARD_BITS = 47;
const EXTENDED_BITS = 67;

/** Bits of a frame on the wire, stuff bits left out. */
export function frameBits({ extended, data }: CanFrame): number {
  return (extended ? EXTENDED_BITS : STANDARD_BITS) + 8 * data.length;
}

/** What arbitration compares: lower wins; a standard frame wins against an extended one that begins alike, data against remote. */
export function arbitration({ id, extended, remote }: CanFrame): number {
  const base = extended ? id >>> 18 : id;
  return base * 2 ** 21 + (extended ? 2 ** 20 + (id & 0x3_ffff) * 2 : 0) + (remote ? (extended ? 1 : 2 ** 19) : 0);
}

/** All buses of a machine. */
export class CanBuses {
  static readonly state = ['wires', 'onWire', 'outside'];
  private readonly nodes = new Map<string, CanNode>();
  /** Bus of each controller, where that is not its own. */
  private wires: Record<string, string> = {};
  private onWire: Record<string, OnWire> = {};
  private outside: Record<string, Outside> = {};

  /** A controller with a bus of its own. */
  join(node: CanNode): void {
    this.nodes.set(node.name, node);
  }

  /** Puts two controllers on one bus, with all that each was connected with; of two frames under way that of the bus of `b` is lost and sent again. */
  connect(a: string, b: string): void {
    const [kept, given] = [this.busOf(a), this.busOf(b)];
    if (kept === given) return;
    for (const name of this.nodes.keys()) if (this.busOf(name) === given) this.wires = { ...this.wires, [name]: kept };
    const { [given]: underWay, ...others } = this.onWire;
    const carried = underWay !== undefined && others[kept] === undefined;
    this.mergeOutside(kept, given, carried);
    const { wire } = this.nodes.get(given)!;
    const { deadline } = wire;
    wire.cancel();
    this.onWire = carried ? { ...others, [kept]: underWay } : others;
    if (carried) this.nodes.get(kept)!.wire.armAt(deadline);
    else if (underWay?.sender !== undefined) this.nodes.get(underWay.sender)!.sent(underWay.frame, false);
    this.kick(a);
  }

  /** The outside of two buses becomes one. The frame under way stays the first of its queue. */
  private mergeOutside(kept: string, given: string, givenFirst: boolean): void {
    const { [given]: second, ...others } = this.outside;
    if (!second) return;
    const first = others[kept] ?? { queue: [], heard: [] };
    const queue = givenFirst ? [...second.queue, ...first.queue] : [...first.queue, ...second.queue];
    this.outside = { ...others, [kept]: { queue, heard: [...first.heard, ...second.heard] } };
  }

  /** The outside world acknowledges on the bus of `name` from now on, and hears it. */
  listen(name: string): void {
    const bus = this.busOf(name);
    this.outside = { [bus]: { queue: [], heard: [] }, ...this.outside };
    this.kick(name);
  }

  /** The outside world sends a frame on the bus of `name`, when it is its turn. */
  send(name: string, frame: CanFrame): void {
    this.listen(name);
    this.outside[this.busOf(name)]!.queue.push(frame);
    this.kick(name);
  }

  /** Frames that the outside world has heard on the bus of `name`, its own left out, oldest first. */
  heard(name: string): readonly CanFrame[] {
    return this.outside[this.busOf(name)]?.heard ?? [];
  }

  /** True while a frame is on the bus of `name`. */
  busy(name: string): boolean {
    return this.onWire[this.busOf(name)] !== undefined;
  }

  /** True while the frame on the bus is that of `name`. */
  sends(name: string): boolean {
    return this.onWire[this.busOf(name)]?.sender === name;
  }

  /** A controller may have something to send: it goes onto the bus if that is idle. */
  kick(name: string): void {
    const bus = this.busOf(name);
    if (this.onWire[bus]) return;
    let best: OnWire | undefined;
    for (const node of this.on(bus)) {
      const frame = node.pending();
      if (frame && (!best || arbitration(frame) < arbitration(best.frame))) best = { sender: node.name, frame };
    }
    const [queued] = this.outside[bus]?.queue ?? [];
    if (queued && (!best || arbitration(queued) < arbitration(best.frame))) best = { sender: undefined, frame: queued };
    if (!best) return;
    this.onWire = { ...this.onWire, [bus]: best };
    if (best.sender !== undefined) this.nodes.get(best.sender)!.began();
    this.nodes.get(bus)!.wire.armIn(this.duration(bus, best));
  }

  /** Clocks have changed: frames of those that stand still now wait, and frames that waited begin. */
  clockChanged(): void {
    for (const [bus, current] of Object.entries(this.onWire)) {
      const { wire } = this.nodes.get(bus)!;
      const cycles = this.duration(bus, current);
      if (!Number.isFinite(cycles)) wire.cancel();
      else if (!wire.armed) wire.armIn(cycles);
    }
  }

  /** Cycles of the base clock that a frame takes; one from outside comes at the rate of a controller that has a clock. */
  private duration(bus: string, { sender, frame }: OnWire): number {
    const own = this.nodes.get(sender ?? bus)!.bitCycles();
    if (sender !== undefined || Number.isFinite(own)) return own * frameBits(frame);
    return Math.min(...[...this.on(bus)].map((node) => node.bitCycles()), own) * frameBits(frame);
  }

  private busOf(name: string): string {
    return this.wires[name] ?? name;
  }

  private *on(bus: string): Iterable<CanNode> {
    for (const [name, node] of this.nodes) if (this.busOf(name) === bus) yield node;
  }

  /** The last bit of the frame on `bus` is over: the timer of the controller after which it is called has fired. */
  over(bus: string): void {
    const current = this.onWire[bus];
    if (!current) return;
    const { [bus]: _gone, ...others } = this.onWire;
    this.onWire = others;
    const { sender, frame } = current;
    const outside = this.outside[bus];
    const hearers = [...this.on(bus)].filter((node) => node.name !== sender && node.listens());
    if (sender === undefined) {
      // Without a listener, what is sent from outside is lost.
      outside?.queue.shift();
    } else this.nodes.get(sender)!.sent(frame, outside !== undefined || hearers.length > 0);
    for (const node of hearers) node.received(frame);
    if (outside && sender !== undefined) {
      outside.heard.push(frame);
      if (outside.heard.length > MOST_HEARD) outside.heard.shift();
    }
    this.kick(bus);
  }
}
