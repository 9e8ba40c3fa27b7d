/**
 * What an engine did to devices in one slice, in order: recorded from the engine that has the real ones, and played to the other.
 *
 * The player answers as the devices did and asks for a stop where they did, and notices the first access that is not the next one of the
 * record. Values that reach the core past memory (the event register, registers of the other security state) are part of it.
 */
import { BUS_FAULT, MAY_READ, MAY_WRITE } from '../../memory/bus.ts';
import type { Ram } from '../../memory/ram.ts';
import type { CoreMemory, MemoryTap } from '../core-memory.ts';
import { CELL } from '../core-registers.ts';
import type { BankedRegisters, Engine } from '../engine.ts';

/** How a device, or a register of the other security state (`address` is then its SYSm), is accessed. */
const KINDS = ['read', 'write', 'MRS', 'MSR'] as const;
const READ = 0;
const WRITE = 1;
const MRS = 2;
const MSR = 3;

/** An access as an engine made it. */
export interface Access {
  readonly kind: (typeof KINDS)[number];
  readonly address: number;
  readonly size: number;
  /** Value written; 0 for reads. */
  readonly value: number;
  /** Instructions of the slice that were complete. */
  readonly executed: number;
  readonly privileged: boolean;
}

/** Columns of an access in a record: what the engine did, then what came of it. */
const WAY = 0;
const ADDRESS = 1;
const VALUE = 2;
const EXECUTED = 3;
/** Value read, or `BUS_FAULT`; for writes 1, or 0 where it was refused. */
const RESULT = 4;
/** The event register after it; 2 is added when the access asked the engine to stop. */
const EVENT = 5;
const COLUMNS = 6;

/** Kind, width and privilege in one number. */
function wayOf(kind: number, size: number, privileged: boolean): number {
  return kind | (size << 2) | (privileged ? 32 : 0);
}

/** The accesses of a slice, in flat columns: devices are accessed often. */
export class AccessRecord {
  length = 0;
  private data = new Float64Array(COLUMNS << 10);

  at(index: number, column: number): number {
    return this.data[index * COLUMNS + column]!;
  }

  /** True when access `index` is this one. */
  is(index: number, way: number, address: number, value: number, executed: number): boolean {
    const { data } = this;
    const at = index * COLUMNS;
    return data[at] === way && data[at + ADDRESS] === address && data[at + VALUE] === value && data[at + EXECUTED] === executed;
  }

  add(way: number, address: number, value: number, executed: number, result: number, event: number): void {
    const at = this.length++ * COLUMNS;
    if (at === this.data.length) {
      const larger = new Float64Array(2 * at);
      larger.set(this.data);
      this.data = larger;
    }
    const { data } = this;
    data[at] = way;
    data[at + ADDRESS] = address;
    data[at + VALUE] = value;
    data[at + EXECUTED] = executed;
    data[at + RESULT] = result;
    data[at + EVENT] = event;
  }

  /** Accesses `from` to `to - 1`. */
  list(from: number, to: number): Access[] {
    return Array.from({ length: Math.max(0, to - from) }, (_, i) => {
      const index = from + i;
      return accessOf(this.at(index, WAY), this.at(index, ADDRESS), this.at(index, VALUE), this.at(index, EXECUTED));
    });
  }
}

function accessOf(way: number, address: number, value: number, executed: number): Access {
  return { kind: KINDS[way & 3]!, size: (way >>> 2) & 7, privileged: way >= 32, address, value, executed };
}

/** What a log knows of the engine that it belongs to. */
export interface LogOwner {
  readonly memory: CoreMemory;
  readonly cells: Int32Array;
  readonly engine: Engine;
  /** Instructions of the slice that it has completed; exact inside a device access. */
  readonly position: number;
  /** Before the first store to a page. */
  storing(ram: Ram, page: number): void;
}

/** Records what its engine does to the real devices, or plays a record to it. */
export class AccessLog implements MemoryTap {
  /** How many accesses of the record were made. */
  played = 0;
  /** The first access that is not the next one of the record. */
  surprise: Access | undefined;
  /** Called before a device is written to while recording. */
  beforeWrite: ((address: number) => void) | undefined;
  readonly record: AccessRecord;
  private mode: 'idle' | 'record' | 'play' = 'idle';
  private stopRequested = false;
  private readonly owner: LogOwner;
  private readonly banked: BankedRegisters | undefined;

  constructor(owner: LogOwner, record: AccessRecord, banked: BankedRegisters | undefined) {
    this.owner = owner;
    this.record = record;
    this.banked = banked;
  }

  /** Begins a new record. */
  startRecording(): void {
    this.record.length = 0;
    this.mode = 'record';
    this.stopRequested = false;
    this.played = 0;
    this.surprise = undefined;
  }

  /** Begins to play the record. */
  startPlaying(): void {
    this.mode = 'play';
    this.played = 0;
    this.surprise = undefined;
  }

  /** Between slices it lets everything pass: the core itself uses the port then. */
  rest(): void {
    this.mode = 'idle';
  }

  /** The engine was asked to stop; part of the access in which it was. */
  noteStop(): void {
    this.stopRequested = true;
  }

  read(address: number, size: number): number {
    const { bus } = this.owner.memory;
    const region = bus.find(address);
    if (!region) return BUS_FAULT;
    const offset = address - region.base;
    if (offset + size > region.size) return this.readAcross(address, size);
    const fails = region.guarded ? bus.refusal(region, offset, size, MAY_READ) : undefined;
    if (fails !== undefined) return fails ? BUS_FAULT : 0;
    if (region.ram) return region.ram.read(region.ramOffset + offset, size);
    if (region.broken) return BUS_FAULT;
    if (this.mode === 'idle') return region.device!.read(offset, size);
    const way = wayOf(READ, size, this.owner.memory.accessPrivileged);
    const { position } = this.owner;
    if (this.mode === 'play') return this.answer(way, address, 0, position);
    return this.note(way, address, 0, position, region.device!.read(offset, size));
  }

  write(address: number, value: number, size: number): boolean {
    const { bus } = this.owner.memory;
    const region = bus.find(address);
    if (!region) return false;
    const offset = address - region.base;
    if (offset + size > region.size) return this.writeAcross(address, value, size);
    const fails = region.guarded ? bus.refusal(region, offset, size, MAY_WRITE) : undefined;
    if (fails !== undefined) return !fails;
    if (region.ram) {
      region.ram.write(region.ramOffset + offset, value, size);
      return true;
    }
    if (region.broken) return false;
    if (this.mode === 'idle') return region.device!.write(offset, value, size);
    const way = wayOf(WRITE, size, this.owner.memory.accessPrivileged);
    const { position } = this.owner;
    if (this.mode === 'play') return this.answer(way, address, value, position) !== 0;
    this.beforeWrite?.(address);
    return this.note(way, address, value, position, region.device!.write(offset, value, size) ? 1 : 0) !== 0;
  }

  storing(ram: Ram, page: number): void {
    if (this.mode !== 'idle') this.owner.storing(ram, page);
  }

  /** The registers of the other security state, seen through this log; undefined on cores without them. */
  get bankedRegisters(): BankedRegisters | undefined {
    const { banked } = this;
    if (!banked) return undefined;
    return {
      ...(banked.nonSecureFloat ? { nonSecureFloat: () => banked.nonSecureFloat!() } : {}),
      read: (sysm) => {
        const way = wayOf(MRS, 4, true);
        const { position } = this.owner;
        if (this.mode === 'play') return this.answer(way, sysm, 0, position);
        return this.note(way, sysm, 0, position, banked.read(sysm) >>> 0);
      },
      write: (sysm, value) => {
        const way = wayOf(MSR, 4, true);
        const { position } = this.owner;
        if (this.mode === 'play') return this.answer(way, sysm, value >>> 0, position) !== 0;
        return this.note(way, sysm, value >>> 0, position, banked.write(sysm, value) ? 1 : 0) !== 0;
      },
    };
  }

  private note(way: number, address: number, value: number, executed: number, result: number): number {
    this.record.add(way, address, value, executed, result, this.owner.cells[CELL.EVENT]! | (this.stopRequested ? 2 : 0));
    this.stopRequested = false;
    this.played++;
    return result;
  }

  private answer(way: number, address: number, value: number, executed: number): number {
    const { record, played } = this;
    const { engine, cells } = this.owner;
    if (this.surprise || played >= record.length || !record.is(played, way, address, value, executed)) {
      this.surprise ??= accessOf(way, address, value, executed);
      engine.requestStop();
      return (way & 1) === 0 ? 0 : 1;
    }
    this.played++;
    const event = record.at(played, EVENT);
    if (event >= 2) engine.requestStop();
    cells[CELL.EVENT] = event & 1;
    return record.at(played, RESULT);
  }

  /** As `AddressSpace` does it: byte by byte. */
  private readAcross(address: number, size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) {
      const byte = this.read((address + i) >>> 0, 1);
      if (byte === BUS_FAULT) return BUS_FAULT;
      value += byte * 2 ** (8 * i);
    }
    return value;
  }

  private writeAcross(address: number, value: number, size: number): boolean {
    for (let i = 0; i < size; i++) if (!this.write((address + i) >>> 0, (value >>> (8 * i)) & 0xff, 1)) return false;
    return true;
  }
}
