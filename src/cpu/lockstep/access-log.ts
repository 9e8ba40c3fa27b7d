/**
 * What an engine did to devices in one slice, in order: recorded from the engine that has the real ones, and played to the other.
 *
 * The player answers as the devices did and asks for a stop where they did, and notices the first access that is not the next one of the
 * record. Values that reach the core past memory (the event register, registers of the other security state) are part of it.
 */
import { BUS_FAULT } from '../../memory/bus.ts';
import type { Ram } from '../../memory/ram.ts';
import type { CoreMemory, MemoryTap } from '../core-memory.ts';
import { CELL } from '../core-registers.ts';
import type { BankedRegisters, Engine } from '../engine.ts';

/** One access to a device, or to a register of the other security state (`address` is then its SYSm). */
export interface Access {
  readonly kind: 'read' | 'write' | 'MRS' | 'MSR';
  readonly address: number;
  readonly size: number;
  /** Value written; 0 for reads. */
  readonly value: number;
  /** Value read, or `BUS_FAULT`; for writes 1, or 0 where it was refused. */
  readonly result: number;
  /** Instructions of the slice that were complete. */
  readonly executed: number;
  readonly privileged: boolean;
  /** The access asked the engine to stop. */
  stop: boolean;
  /** The event register after it. */
  readonly event: number;
}

/** An access as an engine makes it: what a device decides is left out. */
export type Attempt = Pick<Access, 'kind' | 'address' | 'size' | 'value' | 'executed' | 'privileged'>;

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
  /** Accesses of the slice. */
  entries: Access[] = [];
  /** How many of `entries` were played. */
  played = 0;
  /** The first access that is not the next one of the record. */
  surprise: Attempt | undefined;
  /** Called before a device is written to while recording. */
  beforeWrite: ((address: number) => void) | undefined;
  private playing = false;
  private stopRequested = false;
  private readonly owner: LogOwner;
  private readonly banked: BankedRegisters | undefined;

  constructor(owner: LogOwner, banked: BankedRegisters | undefined) {
    this.owner = owner;
    this.banked = banked;
  }

  /** Begins a record. */
  record(): void {
    this.entries = [];
    this.playing = false;
    this.stopRequested = false;
    this.surprise = undefined;
  }

  /** Begins to play `entries`. */
  play(entries: Access[]): void {
    this.entries = entries;
    this.playing = true;
    this.played = 0;
    this.surprise = undefined;
  }

  /** The engine was asked to stop; part of the access in which it was. */
  noteStop(): void {
    this.stopRequested = true;
  }

  read(address: number, size: number): number {
    const region = this.owner.memory.bus.find(address);
    if (!region) return BUS_FAULT;
    const offset = address - region.base;
    if (offset + size > region.size) return this.readAcross(address, size);
    if (region.ram) return region.ram.read(region.ramOffset + offset, size);
    const attempt = this.attempt('read', address, size, 0);
    if (this.playing) return this.answer(attempt);
    return this.note(attempt, region.device!.read(offset, size));
  }

  write(address: number, value: number, size: number): boolean {
    const region = this.owner.memory.bus.find(address);
    if (!region) return false;
    const offset = address - region.base;
    if (offset + size > region.size) return this.writeAcross(address, value, size);
    if (region.ram) {
      region.ram.write(region.ramOffset + offset, value, size);
      return true;
    }
    const attempt = this.attempt('write', address, size, value);
    if (this.playing) return this.answer(attempt) !== 0;
    this.beforeWrite?.(address);
    return this.note(attempt, region.device!.write(offset, value, size) ? 1 : 0) !== 0;
  }

  storing(ram: Ram, page: number): void {
    this.owner.storing(ram, page);
  }

  /** The registers of the other security state, seen through this log; undefined on cores without them. */
  get bankedRegisters(): BankedRegisters | undefined {
    const { banked } = this;
    if (!banked) return undefined;
    return {
      ...(banked.nonSecureFloat ? { nonSecureFloat: () => banked.nonSecureFloat!() } : {}),
      read: (sysm) => {
        const attempt = this.attempt('MRS', sysm, 4, 0);
        return this.playing ? this.answer(attempt) : this.note(attempt, banked.read(sysm) >>> 0);
      },
      write: (sysm, value) => {
        const attempt = this.attempt('MSR', sysm, 4, value >>> 0);
        return (this.playing ? this.answer(attempt) : this.note(attempt, banked.write(sysm, value) ? 1 : 0)) !== 0;
      },
    };
  }

  private attempt(kind: Access['kind'], address: number, size: number, value: number): Attempt {
    const { memory, position } = this.owner;
    return { kind, address, size, value, executed: position, privileged: memory.accessPrivileged };
  }

  private note(attempt: Attempt, result: number): number {
    this.entries.push({ ...attempt, result, stop: this.stopRequested, event: this.owner.cells[CELL.EVENT]! });
    this.stopRequested = false;
    return result;
  }

  private answer(attempt: Attempt): number {
    const expected = this.entries[this.played];
    const { engine, cells } = this.owner;
    if (this.surprise || !expected || !sameAttempt(attempt, expected)) {
      this.surprise ??= attempt;
      engine.requestStop();
      return attempt.kind === 'read' || attempt.kind === 'MRS' ? 0 : 1;
    }
    this.played++;
    if (expected.stop) engine.requestStop();
    cells[CELL.EVENT] = expected.event;
    return expected.result;
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

function sameAttempt(a: Attempt, b: Attempt): boolean {
  return (
    a.address === b.address &&
    a.executed === b.executed &&
    a.kind === b.kind &&
    a.size === b.size &&
    a.value === b.value &&
    a.privileged === b.privileged
  );
}
