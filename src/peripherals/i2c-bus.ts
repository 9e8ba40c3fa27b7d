/**
 * One I2C bus as its devices see it: START with an address, bytes and acknowledgements, STOP. Electrical levels are not modelled.
 *
 * An address at which nothing is attached is not acknowledged, which is reported by name; a read from nobody gives 0xFF, as the lines are
 * pulled up. The general call and 10-bit addresses are addresses like any other, so that nobody answers them.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { hex } from '../memory/bits.ts';
import type { Scheduler } from '../time/scheduler.ts';
import type { DeviceState, I2cDevice, I2cDirection } from './attached/attached-device.ts';

/** A device on a bus: plain data, as snapshots save it. */
export interface AttachedI2c {
  readonly address: number;
  /** Name of the definition. */
  readonly id: string;
  state: DeviceState;
}

/** What went over a bus from a START to the next START or STOP. */
export interface I2cTransaction {
  readonly address: number;
  readonly direction: I2cDirection;
  /** Cycle of the base clock at which the address was complete. */
  readonly cycle: number;
  /** Whether the address was acknowledged. */
  readonly acknowledged: boolean;
  readonly bytes: number[];
  /** The device did not acknowledge the last byte that was written. */
  refused: boolean;
}

/** Transactions that are kept, and bytes of all of them together. */
const KEPT_TRANSACTIONS = 256;
const KEPT_BYTES = 65_536;
/** What is read where nobody drives the line. */
const PULLED_UP = 0xff;

/** Devices of one bus and what went over it. */
export class I2cBus {
  private readonly name: string;
  private readonly diagnostics: Diagnostics;
  private readonly scheduler: Scheduler;
  private readonly definition: (id: string) => I2cDevice;
  private attached: AttachedI2c[] = [];
  private kept: I2cTransaction[] = [];
  private keptBytes = 0;
  /** Address of the device that takes part now, -1 when none does. */
  private partner = -1;

  constructor(options: { name: string; diagnostics: Diagnostics; scheduler: Scheduler; definition: (id: string) => I2cDevice }) {
    this.name = options.name;
    this.diagnostics = options.diagnostics;
    this.scheduler = options.scheduler;
    this.definition = options.definition;
  }

  /** A snapshot was loaded. @throws {UsageError} when it has a device whose definition is not known */
  restored(): void {
    for (const { id } of this.attached) this.definition(id);
  }

  /** Attached devices in order of attaching. */
  get devices(): readonly AttachedI2c[] {
    return this.attached;
  }

  /** The last transactions, oldest first. */
  get transactions(): readonly I2cTransaction[] {
    return this.kept;
  }

  /** The device at a 7-bit address. */
  at(address: number): AttachedI2c | undefined {
    return this.attached.find((device) => device.address === address);
  }

  /** Attaches a device, in place of one that has the same address. `state` becomes the device's own. */
  attach(address: number, id: string, state: DeviceState): void {
    this.detach(address);
    this.attached.push({ address, id, state });
  }

  /** Takes a device away. */
  detach(address: number): void {
    this.attached = this.attached.filter((device) => device.address !== address);
    if (this.partner === address) this.partner = -1;
  }

  /** A START or repeated START with this address byte; true when somebody acknowledges it. */
  start(addressByte: number): boolean {
    const address = addressByte >>> 1;
    const direction = addressByte & 1 ? 'read' : 'write';
    const device = this.at(address);
    const acknowledged = device !== undefined && this.definition(device.id).start?.(device.state, direction, this.context) !== false;
    if (!device)
      this.diagnostics.unimplemented(this.name, `address ${hex(address)}`, 'no device is attached there: the address is not acknowledged');
    this.partner = acknowledged ? address : -1;
    this.kept.push({ address, direction, cycle: this.scheduler.now, acknowledged, bytes: [], refused: false });
    while (this.kept.length > KEPT_TRANSACTIONS || this.keptBytes > KEPT_BYTES) this.keptBytes -= this.kept.shift()!.bytes.length;
    return acknowledged;
  }

  /** A byte for the device; true when it acknowledges. */
  write(byte: number): boolean {
    const device = this.at(this.partner);
    const acknowledged = device !== undefined && this.definition(device.id).write(device.state, byte, this.context) !== false;
    this.note(byte);
    const last = this.kept.at(-1);
    if (last) last.refused = !acknowledged;
    return acknowledged;
  }

  /** The next byte of the device. */
  read(): number {
    const device = this.at(this.partner);
    const byte = device ? this.definition(device.id).read(device.state, this.context) & 0xff : PULLED_UP;
    this.note(byte);
    return byte;
  }

  /** A STOP. */
  stop(): void {
    const device = this.at(this.partner);
    this.partner = -1;
    if (device) this.definition(device.id).stop?.(device.state, this.context);
  }

  private note(byte: number): void {
    const bytes = this.kept.at(-1)?.bytes;
    if (!bytes || bytes.length >= KEPT_BYTES) return;
    bytes.push(byte);
    this.keptBytes++;
  }

  private get context(): { now: number } {
    return { now: this.scheduler.nsFromCycles(this.scheduler.now) };
  }
}
