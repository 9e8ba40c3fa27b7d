/**
 * A bus master outside of the SoC that addresses an I2C controller as its target, as a test says: writes, reads, and both with a repeated START.
 *
 * It waits while the controller holds SCL (after its address and after each byte, until firmware reads or writes I2DR), as every master does.
 */
import type { Scheduler, Timer } from '../time/scheduler.ts';

/** What such a master is to do; plain data, as snapshots save it. */
export interface MasterRequest {
  /** Counts requests from 1 on. */
  readonly id: number;
  /** 7-bit address. */
  readonly address: number;
  /** Bytes to be written first; none unless given. */
  readonly write: readonly number[];
  /** Bytes to be read then. */
  readonly read: number;
  /** Rate of SCL. */
  readonly hz: number;
  /** False when the address was not acknowledged. */
  acknowledged: boolean;
  /** Bytes that were acknowledged. */
  written: number;
  /** Bytes read so far. */
  received: number[];
  done: boolean;
}

/** The controller's side of it. */
export interface TargetSide {
  /** True when nobody else uses the bus. */
  readonly free: boolean;
  /** An address byte is complete; true acknowledges it. */
  addressed(byte: number): boolean;
  /** A byte has arrived; true acknowledges it. */
  arrived(byte: number): boolean;
  /** A byte was sent, and acknowledged or not. */
  sent(acknowledged: boolean): void;
  /** START or STOP. */
  changed(): void;
}

/** Requests that are kept when they are done. */
const KEPT_REQUESTS = 256;
const BYTE_BITS = 9;
const PULLED_UP = 0xff;

/** The master with its requests. */
export class OutsideMaster {
  private readonly scheduler: Scheduler;
  private readonly timer: Timer;
  private readonly target: TargetSide;
  private requests: MasterRequest[] = [];
  private asked = 0;
  private phase: 'idle' | 'free' | 'address' | 'byte' | 'held' | 'stop' = 'idle';
  private direction: 'write' | 'read' = 'write';
  /** The byte that is on its way from the target. */
  private outgoing = 0;

  constructor(options: { name: string; scheduler: Scheduler; target: TargetSide }) {
    this.scheduler = options.scheduler;
    this.target = options.target;
    this.timer = options.scheduler.timer(`${options.name} outside master`, () => this.due());
  }

  /** Everything that was asked for, oldest first, with what came of it. */
  get list(): readonly MasterRequest[] {
    return this.requests;
  }

  /** True from its START to its STOP. */
  get active(): boolean {
    return this.phase !== 'idle' && this.phase !== 'free';
  }

  /** True while the target holds SCL. */
  get held(): boolean {
    return this.phase === 'held';
  }

  /** Asks for a transfer, which begins when the bus is free; gives its number. */
  request(address: number, write: readonly number[], read: number, hz: number): number {
    const id = ++this.asked;
    this.requests.push({ id, address, write: [...write], read, hz, acknowledged: false, written: 0, received: [], done: false });
    if (this.requests.length > KEPT_REQUESTS && this.requests[0]!.done) this.requests.shift();
    this.begin();
    return id;
  }

  /** Begins the next request if the bus is free, once it has been so for a bit. */
  begin(): void {
    if (this.phase !== 'idle' || !this.current || !this.target.free) return;
    this.arm('free', 1);
  }

  private start(request: MasterRequest): void {
    this.phase = 'idle';
    if (!this.target.free) return;
    this.address(request.write.length > 0 || request.read === 0 ? 'write' : 'read', 1 + BYTE_BITS);
    this.target.changed();
  }

  /** The target lets SCL go: it has read I2DR, or written `byte` to it. */
  release(byte?: number): void {
    const request = this.current;
    if (this.phase !== 'held' || !request) return;
    if (this.direction === 'write') this.afterWrite(request);
    else if (byte !== undefined) {
      this.outgoing = byte;
      this.arm('byte', BYTE_BITS);
    } else if (request.received.length > 0) {
      // It has nothing more to say: the rest is read from a line that nobody drives.
      while (request.received.length < request.read) request.received.push(PULLED_UP);
      this.arm('stop', 1);
    }
    // A read of I2DR between the address and the first byte to be sent lets nothing go: NXP's driver does it.
  }

  private afterWrite(request: MasterRequest): void {
    if (request.written < request.write.length) this.arm('byte', BYTE_BITS);
    else if (request.read > 0) this.address('read', 1 + BYTE_BITS);
    else this.arm('stop', 1);
  }

  /** The controller left the bus: what was going on comes to nothing. */
  abandon(): void {
    if (!this.active) return;
    this.timer.cancel();
    this.finish();
  }

  private get current(): MasterRequest | undefined {
    return this.requests.find(({ done }) => !done);
  }

  private address(direction: 'write' | 'read', bits: number): void {
    this.direction = direction;
    this.arm('address', bits);
  }

  private arm(phase: 'free' | 'address' | 'byte' | 'stop', bits: number): void {
    this.phase = phase;
    this.timer.armIn((bits * this.scheduler.hz) / this.current!.hz);
  }

  private due(): void {
    const request = this.current!;
    if (this.phase === 'free') {
      this.start(request);
      return;
    }
    if (this.phase === 'stop') {
      this.finish();
      return;
    }
    let acknowledged: boolean;
    if (this.phase === 'address') {
      acknowledged = this.target.addressed((request.address << 1) | (this.direction === 'read' ? 1 : 0));
      if (acknowledged) request.acknowledged = true;
    } else if (this.direction === 'write') {
      acknowledged = this.target.arrived(request.write[request.written]!);
      if (acknowledged) request.written++;
    } else {
      request.received.push(this.outgoing);
      acknowledged = request.received.length < request.read;
      this.target.sent(acknowledged);
    }
    // Nobody holds SCL after a byte that was not acknowledged.
    if (acknowledged) this.phase = 'held';
    else this.arm('stop', 1);
  }

  private finish(): void {
    this.current!.done = true;
    this.phase = 'idle';
    this.target.changed();
    this.begin();
  }
}
