/** A bare core for engine tests: 256 KiB of code RAM at 0, 64 KiB of data RAM at 0x2000_0000, one device at 0x4000_0000, no MPU. */

import { CoreMemory, EXECUTE, type ProtectionUnit, READ, WRITE } from '../../../src/cpu/core-memory.ts';
import { CELL, CoreRegisters } from '../../../src/cpu/core-registers.ts';
import { type BankedRegisters, STOP, type StopCode } from '../../../src/cpu/engine.ts';
import { Interpreter } from '../../../src/cpu/interpreter/index.ts';
import { CORTEX_M7, type CoreProfile } from '../../../src/cpu/profile.ts';
import { Arena } from '../../../src/memory/arena.ts';
import { KiB, MiB } from '../../../src/memory/bits.ts';
import { AddressSpace } from '../../../src/memory/bus.ts';
import { Ram } from '../../../src/memory/ram.ts';

/** Where code, data and the device are. */
export const CODE = 0;
export const DATA = 0x2000_0000;
export const DEVICE = 0x4000_0000;

/** A protection unit that tests can change; everything allowed, Device from 0x4000_0000 to 0x5fff_ffff, by default. */
export class TestProtection implements ProtectionUnit {
  differsByPrivilege = false;
  rule: (address: number, privileged: boolean) => number = () => READ | WRITE | EXECUTE;
  uniformRule: (page: number) => boolean = () => true;
  testTarget: ProtectionUnit['testTarget'];
  permissions(address: number, privileged: boolean): number {
    return this.rule(address, privileged);
  }
  uniform(page: number): boolean {
    return this.uniformRule(page);
  }
  isDevice(address: number): boolean {
    return address >= DEVICE && address < 0x6000_0000;
  }
}

/** One core with everything within reach. */
export class Rig {
  readonly arena = new Arena(8 * MiB);
  readonly space = new AddressSpace('test');
  readonly code = new Ram('code', 256 * KiB, this.arena);
  readonly data = new Ram('data', 64 * KiB, this.arena);
  readonly protection = new TestProtection();
  readonly memory: CoreMemory;
  readonly registers: CoreRegisters;
  readonly engine: Interpreter;
  onRead: (offset: number, size: number) => number = () => 0;
  onWrite: (offset: number, value: number, size: number) => boolean = () => true;

  constructor(profile: CoreProfile = CORTEX_M7, banked?: BankedRegisters) {
    this.space.mapRam(CODE, this.code);
    this.space.mapRam(DATA, this.data);
    this.space.mapDevice(
      DEVICE,
      4 * KiB,
      { read: (o, s) => this.onRead(o, s), write: (o, v, s) => this.onWrite(o, v, s), peek: () => 0 },
      'device',
    );
    this.memory = new CoreMemory(this.space, this.protection);
    this.registers = new CoreRegisters(this.arena, 'test');
    this.engine = new Interpreter({ profile, registers: this.registers, memory: this.memory, ...(banked ? { banked } : {}) });
    this.registers.cells[CELL.T] = 1;
    this.registers.cells[CELL.SP] = DATA + 0x8000;
  }

  /** Writes halfwords (a number above 0xffff is a 32-bit instruction, first half on top) at `address` of the code RAM. */
  load(words: readonly number[], address = 0): number {
    let at = address;
    for (const word of words) {
      if (word > 0xffff) {
        this.code.write(at, word >>> 16, 2);
        this.code.write(at + 2, word & 0xffff, 2);
        at += 4;
      } else {
        this.code.write(at, word, 2);
        at += 2;
      }
    }
    return at;
  }

  /** Loads `words` at 0 (or `address`), and executes exactly `count` instructions unless something stops it before. */
  run(words: readonly number[], count = words.length, address = 0): StopCode {
    this.load(words, address);
    this.registers.cells[CELL.PC] = address;
    this.engine.push();
    return this.engine.run(count);
  }

  r(index: number): number {
    return this.registers.r(index);
  }

  set(values: Readonly<Record<number, number>>): this {
    for (const [index, value] of Object.entries(values)) this.registers.setR(Number(index), value);
    return this;
  }

  /** Sets N, Z, C, V from a string of the flags that are to be 1, Q and the rest to 0. */
  setFlags(flags: string): this {
    this.registers.cells[CELL.APSR] = [...'vczn'].reduce((all, flag, i) => all | (flags.includes(flag) ? 1 << (28 + i) : 0), 0);
    return this;
  }

  /** The flags that are 1, out of `nzcvq`. */
  get flags(): string {
    const apsr = this.registers.cells[CELL.APSR]!;
    return [...'nzcvq'].filter((_, i) => (apsr >>> (31 - i)) & 1).join('');
  }
}

export { CELL, STOP };
