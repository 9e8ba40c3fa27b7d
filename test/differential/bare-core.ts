/** A core without exceptions around it: registers, RAM where a Cortex-M expects it, a device, an optional MPU, and one engine. */
import { CoreMemory, EXECUTE, type ProtectionUnit, READ, WRITE } from '../../src/cpu/core-memory.ts';
import { CELL, CoreRegisters } from '../../src/cpu/core-registers.ts';
import type { Engine, EngineHost } from '../../src/cpu/engine.ts';
import { CORTEX_M7, type CoreProfile } from '../../src/cpu/profile.ts';
import { Arena } from '../../src/memory/arena.ts';
import { MiB } from '../../src/memory/bits.ts';
import { AddressSpace, type BusDevice } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';

/** Where programs, data and the device are. */
export const CODE_BASE = 0x1000;
export const DATA_BASE = 0x2000_0000;
export const DEVICE_BASE = 0x4000_0000;
export const HOLE_BASE = 0x5000_0000;

/** Grants everything, and calls the device window Device memory. */
export const OPEN_PROTECTION: ProtectionUnit = {
  permissions: () => READ | WRITE | EXECUTE,
  uniform: () => true,
  differsByPrivilege: false,
  isDevice: (address) => address >= DEVICE_BASE && address < 0x6000_0000,
};

export interface BareCoreOptions {
  readonly profile?: CoreProfile;
  readonly protection?: ProtectionUnit;
  readonly device?: BusDevice;
}

/** What a bare core is made of. */
export interface BareCore {
  readonly engine: Engine;
  readonly host: EngineHost;
  readonly code: Ram;
  readonly data: Ram;
  /** Writes halfwords at `address`. */
  program(address: number, ...halfwords: readonly number[]): void;
  word(address: number): number;
  setWord(address: number, value: number): void;
  /** Sets the PC, in Thumb state and outside an IT block. */
  jump(address: number): void;
  dispose(): void;
}

/** Builds one; `create` makes its engine. */
export function bareCore(create: (host: EngineHost) => Engine, options: BareCoreOptions = {}): BareCore {
  const arena = new Arena(16 * MiB);
  const bus = new AddressSpace('core');
  const code = new Ram('code', 1 * MiB, arena);
  const data = new Ram('data', 4 * MiB, arena);
  bus.mapRam(0, code);
  bus.mapRam(DATA_BASE, data);
  if (options.device) bus.mapDevice(DEVICE_BASE, 0x1000, options.device, 'device');
  bus.mapDevice(0xe000_0000, MiB, { read: () => 0, write: () => true, peek: () => 0 }, 'private peripherals that do nothing');
  const memory = new CoreMemory(bus, options.protection ?? OPEN_PROTECTION);
  const registers = new CoreRegisters(arena, 'core');
  const host: EngineHost = { profile: options.profile ?? CORTEX_M7, registers, memory };
  const engine = create(host);
  registers.cells[CELL.T] = 1;
  registers.setR(13, DATA_BASE + 0x8000);
  return {
    engine,
    host,
    code,
    data,
    program: (address, ...halfwords) => {
      for (const [i, halfword] of halfwords.entries()) bus.write(address + 2 * i, halfword, 2);
    },
    word: (address) => bus.peek(address, 4),
    setWord: (address, value) => void bus.write(address, value, 4),
    jump: (address) => {
      registers.cells[CELL.PC] = address;
      registers.cells[CELL.T] = 1;
      registers.cells[CELL.ITSTATE] = 0;
      engine.push();
    },
    dispose: () => {
      engine.dispose();
      memory.dispose();
    },
  };
}
