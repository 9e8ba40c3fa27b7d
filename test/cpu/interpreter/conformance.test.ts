/** Some 500 instructions against QEMU: see conformance/README.md. The same output must come whatever the slices. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CoreMemory } from '../../../src/cpu/core-memory.ts';
import { CELL, CoreRegisters } from '../../../src/cpu/core-registers.ts';
import { STOP } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { CORTEX_M7 } from '../../../src/cpu/profile.ts';
import { Arena } from '../../../src/memory/arena.ts';
import { KiB, MiB } from '../../../src/memory/bits.ts';
import { AddressSpace } from '../../../src/memory/bus.ts';
import { Ram } from '../../../src/memory/ram.ts';
import { TestProtection } from './rig.ts';

const file = (name: string) => readFileSync(new URL(`conformance/${name}`, import.meta.url));

/** Runs the ELF with slices of `slice` instructions; returns what it prints and how many instructions it took. */
function execute(slice: number, limit: number): { text: string; instructions: number } {
  const arena = new Arena(8 * MiB);
  const space = new AddressSpace('m7');
  space.mapRam(0, new Ram('rom', 1 * MiB, arena));
  space.mapRam(0x2000_0000, new Ram('ram', 128 * KiB, arena));
  // CPACR, which the program sets.
  space.mapDevice(0xe000_e000, 4 * KiB, { read: () => 0, write: () => true, peek: () => 0 }, 'scs');
  const elf = file('conformance.elf');
  const headers = elf.readUInt32LE(28);
  for (let i = 0; i < elf.readUInt16LE(44); i++) {
    const at = headers + 32 * i;
    const from = elf.readUInt32LE(at + 4);
    space.writeBytes(elf.readUInt32LE(at + 12), elf.subarray(from, from + elf.readUInt32LE(at + 16)));
  }
  const registers = new CoreRegisters(arena, 'm7');
  const memory = new CoreMemory(space, new TestProtection());
  const engine = interpreterFactory.create({ profile: CORTEX_M7, registers, memory });
  registers.setR(CELL.SP, space.read(0, 4));
  registers.setR(CELL.PC, space.read(4, 4) & ~1);
  registers.cells[CELL.T] = 1;
  engine.push();
  let text = '';
  let instructions = 0;
  while (instructions < limit) {
    const stop = engine.run(slice);
    instructions += engine.executed;
    if (stop === STOP.BUDGET) continue;
    expect(stop).toBe(STOP.BKPT);
    expect(engine.detail).toBe(0xab);
    if (registers.r(0) !== 4) break;
    for (let at = registers.r(1); space.read(at, 1) !== 0; at++) text += String.fromCharCode(space.read(at, 1));
    registers.setR(0, 0);
    registers.setR(CELL.PC, engine.pc + 2);
    engine.push();
  }
  engine.dispose();
  return { text, instructions };
}

describe('instructions on the interpreter', () => {
  const expected = file('expected.txt').toString().trim().split('\n');

  it('give the results that QEMU gives', () => {
    const { text } = execute(1_000_000, Infinity);
    const lines = text.trim().split('\n');
    expect(expected.length).toBeGreaterThan(450);
    expect(lines.filter((line, i) => line !== expected[i])).toEqual([]);
    expect(lines).toHaveLength(expected.length);
  });

  it.each([1, 3, 7])('give them in slices of %i', (slice) => {
    const limit = 1_000_000;
    const { text, instructions } = execute(slice, limit);
    expect(instructions).toBeGreaterThanOrEqual(limit);
    expect(text.length).toBeGreaterThan(200);
    expect(expected.join('\n').startsWith(text.trim())).toBe(true);
  });
});
