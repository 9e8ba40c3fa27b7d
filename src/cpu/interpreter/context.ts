/**
 * What every instruction handler works on: the registers, the memory port, and where it leaves its outcome.
 *
 * Handlers get the micro-operation's words and return one of `DONE`, `BRANCH`, `FAULT`, `STOPPED`. They find APSR, ITSTATE and the
 * instruction's own address (cell PC) up to date in the cells, and change APSR there.
 */
import type { Arena } from '../../memory/arena.ts';
import { BUS_FAULT } from '../../memory/bus.ts';
import type { CoreMemory } from '../core-memory.ts';
import { CELL, type CoreRegisters } from '../core-registers.ts';
import { type BankedRegisters, type EngineHost, STOP, type StopCode } from '../engine.ts';
import type { CoreProfile } from '../profile.ts';
import { isReturnValue } from '../return-values.ts';
import { ACCESS } from './micro-ops.ts';

/** Handler outcomes: go on; branch to `target` as BX does; stop with `stop`, not counted; stop with `stop`, counted. */
export const DONE = 0;
export const BRANCH = 1;
export const FAULT = 2;
export const STOPPED = 3;

/** Executes one micro-operation that is not in the main switch. */
export type Handler = (context: Context, w1: number, w2: number, w3: number) => number;

/** State shared by the main loop and the handlers. */
export class Context {
  readonly profile: CoreProfile;
  readonly registers: CoreRegisters;
  readonly memory: CoreMemory;
  readonly arena: Arena;
  readonly banked: BankedRegisters | undefined;
  readonly cells: Int32Array;
  readonly floats: Float32Array;
  /** The double registers, over the same cells. */
  readonly doubles: Float64Array;
  fpTrap = false;
  divideTrap = false;
  unalignedTrap = false;
  watchMasks = false;
  /** Outcome of a handler that returned FAULT or STOPPED. */
  stop: StopCode = STOP.BUDGET;
  /** Where to branch when a handler returned BRANCH; i32. */
  target = 0;
  /** The value that `load` read; i32. */
  loaded = 0;
  protected stopDetail = 0;
  protected stopAddress = 0;

  constructor({ profile, registers, memory, banked }: EngineHost, arena: Arena) {
    this.profile = profile;
    this.registers = registers;
    this.memory = memory;
    this.arena = arena;
    this.banked = banked;
    this.cells = registers.cells;
    this.floats = registers.floats;
    this.doubles = new Float64Array(registers.floats.buffer, registers.floats.byteOffset, 16);
  }

  /** Leaves a stop without an address. */
  fail(stop: StopCode, detail = 0): number {
    this.stop = stop;
    this.stopDetail = detail >>> 0;
    return FAULT;
  }

  /** Leaves a stop after a completed instruction. */
  finish(stop: StopCode, detail = 0): number {
    this.stop = stop;
    this.stopDetail = detail >>> 0;
    return STOPPED;
  }

  /** Leaves SECURITY_BRANCH to `target`, for BXNS or (`link`) BLXNS. */
  securityBranch(target: number, link: boolean): number {
    this.stopAddress = link ? 1 : 0;
    return this.fail(STOP.SECURITY_BRANCH, target);
  }

  /** Leaves STACK_LIMIT when an instruction that moves SP reaches down to `address`, below the limit; DONE or FAULT. */
  checkLimit(address: number): number {
    return address >>> 0 < this.cells[CELL.SPLIM]! >>> 0 ? this.fail(STOP.STACK_LIMIT) : DONE;
  }

  /** As `isReturnValue`. */
  isReturn(address: number): boolean {
    return isReturnValue(this.profile, this.registers.handlerMode, address);
  }

  /** Leaves UNALIGNED for `address`. */
  unaligned(address: number): number {
    this.stopAddress = address >>> 0;
    return this.fail(STOP.UNALIGNED);
  }

  /** Leaves what `memory` refused. */
  private refused(): number {
    const { memory } = this;
    this.stopAddress = memory.faultAddress >>> 0;
    return this.fail(memory.fault === 'unaligned' ? STOP.UNALIGNED : STOP.DATA_FAULT);
  }

  /** Leaves FETCH_FAULT as `memory` says. */
  fetchFault(): number {
    this.stopAddress = this.memory.faultAddress >>> 0;
    return this.fail(STOP.FETCH_FAULT);
  }

  /** Reads `size` bytes into `loaded`, zero-extended; DONE or FAULT. */
  load(address: number, size: number): number {
    const { memory } = this;
    const at = address >>> 0;
    const entry = memory.pages[at >>> 12]!;
    if ((entry & 1) !== 0 && (at & 4095) + size <= 4096 && (!this.unalignedTrap || (at & (size - 1)) === 0)) {
      const offset = ((entry & -4096) | (at & 4095)) >>> 0;
      const { view } = this.arena;
      this.loaded = size === 4 ? view.getInt32(offset, true) : size === 2 ? view.getUint16(offset, true) : view.getUint8(offset);
      if ((at & (size - 1)) === 0 || !memory.protection.isDevice(at)) return DONE;
    }
    if (this.unalignedTrap && (at & (size - 1)) !== 0) return this.unaligned(at);
    const value = memory.read(at, size);
    if (value === BUS_FAULT) return this.refused();
    this.loaded = value | 0;
    return DONE;
  }

  /** Writes the low `size` bytes of `value`; DONE or FAULT. */
  store(address: number, value: number, size: number): number {
    const { memory } = this;
    const at = address >>> 0;
    if (this.unalignedTrap && (at & (size - 1)) !== 0) return this.unaligned(at);
    const entry = memory.pages[at >>> 12]!;
    const aligned = (at & (size - 1)) === 0;
    if ((entry & 2) !== 0 && (aligned || ((at & 4095) + size <= 4096 && !memory.protection.isDevice(at)))) {
      const offset = ((entry & -4096) | (at & 4095)) >>> 0;
      const { view } = this.arena;
      if (size === 4) view.setInt32(offset, value, true);
      else if (size === 2) view.setInt16(offset, value, true);
      else view.setInt8(offset, value);
      return DONE;
    }
    return memory.write(at, size === 4 ? value >>> 0 : value & ((1 << (size * 8)) - 1), size) ? DONE : this.refused();
  }

  /** Reads a word that must be aligned; DONE or FAULT. */
  loadAligned(address: number): number {
    return (address & 3) !== 0 ? this.unaligned(address) : this.load(address, 4);
  }

  /** Writes a word that must be aligned; DONE or FAULT. */
  storeAligned(address: number, value: number): number {
    return (address & 3) !== 0 ? this.unaligned(address) : this.store(address, value, 4);
  }

  /**
   * Before the first of several words from `address` on is read, or written with `values`: FAULT where one of them is watched, so that nothing of the
   * instruction has been done then; DONE or FAULT. Only called while somebody watches (`memory.watch`).
   */
  lookAhead(address: number, count: number, values?: readonly number[]): number {
    if ((address & 3) !== 0 || !this.memory.refusesWords(address >>> 0, count, values)) return DONE;
    return this.refused();
  }

  /** Reads or writes for unprivileged code whatever the privilege is. */
  loadUnprivileged(address: number, size: number): number {
    if (this.unalignedTrap && (address & (size - 1)) !== 0) return this.unaligned(address);
    const value = this.memory.read(address >>> 0, size, false);
    if (value === BUS_FAULT) return this.refused();
    this.loaded = value | 0;
    return DONE;
  }

  storeUnprivileged(address: number, value: number, size: number): number {
    if (this.unalignedTrap && (address & (size - 1)) !== 0) return this.unaligned(address);
    const low = size === 4 ? value >>> 0 : value & ((1 << (size * 8)) - 1);
    return this.memory.write(address >>> 0, low, size, false) ? DONE : this.refused();
  }

  /** A single load or store of kind `ACCESS` with register `t` (not PC); DONE or FAULT. */
  access(kind: number, address: number, t: number): number {
    const { cells } = this;
    switch (kind) {
      case ACCESS.STR:
        return this.store(address, cells[t]!, 4);
      case ACCESS.STRH:
        return this.store(address, cells[t]!, 2);
      case ACCESS.STRB:
        return this.store(address, cells[t]!, 1);
      default: {
        const size = kind === ACCESS.LDR ? 4 : kind === ACCESS.LDRH || kind === ACCESS.LDRSH ? 2 : 1;
        if (this.load(address, size) !== DONE) return FAULT;
        const value = this.loaded;
        if (kind === ACCESS.LDRSH) cells[t] = (value << 16) >> 16;
        else if (kind === ACCESS.LDRSB) cells[t] = (value << 24) >> 24;
        else cells[t] = t === 13 ? value & ~3 : value;
        return DONE;
      }
    }
  }

  /** Sets APSR.Q. */
  saturate(): void {
    this.cells[CELL.APSR]! |= 1 << 27;
  }
}
