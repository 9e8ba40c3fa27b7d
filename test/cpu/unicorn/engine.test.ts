/** The unicorn engine by itself: that native code really runs, and that it stops, counts and forgets exactly where it should. */
import { afterEach, describe, expect, it } from 'vitest';
import { CoreMemory } from '../../../src/cpu/core-memory.ts';
import { CELL, CoreRegisters } from '../../../src/cpu/core-registers.ts';
import { STOP } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { CORTEX_M7 } from '../../../src/cpu/profile.ts';
import { DEFAULT_TUNING, UnicornEngine, type UnicornTuning } from '../../../src/cpu/unicorn/engine.ts';
import { unicornAvailable } from '../../../src/cpu/unicorn/index.ts';
import { HostMemoryExhausted } from '../../../src/errors.ts';
import { Arena } from '../../../src/memory/arena.ts';
import { KiB, MiB } from '../../../src/memory/bits.ts';
import { AddressSpace, type BusDevice } from '../../../src/memory/bus.ts';
import { Ram } from '../../../src/memory/ram.ts';
import { type BareCore, bareCore, DATA_BASE, DEVICE_BASE, HOLE_BASE, OPEN_PROTECTION } from '../../differential/bare-core.ts';
import { NATIVE_TUNING } from '../../differential/tuning.ts';

const open: BareCore[] = [];

function core(
  device?: BusDevice,
  tuning: UnicornTuning = NATIVE_TUNING,
  protection = OPEN_PROTECTION,
): { core: BareCore; engine: UnicornEngine } {
  const made = bareCore((host) => new UnicornEngine(host, interpreterFactory, tuning), { protection, ...(device ? { device } : {}) });
  open.push(made);
  return { core: made, engine: made.engine as UnicornEngine };
}

afterEach(() => {
  for (const made of open.splice(0)) made.dispose();
});

/** MOVS r0, #0; loop: ADDS r0, #1; STR r0, [r2]; B loop. */
const COUNTING = [0x2000, 0x3001, 0x6010, 0xe7fc] as const;

describe.skipIf(!unicornAvailable())('unicorn engine (needs libunicorn2)', () => {
  it('stops exactly at the budget, wherever in a block that is', () => {
    const { core: c, engine } = core(undefined, { ...DEFAULT_TUNING, least: 1 });
    c.program(0x1000, ...COUNTING);
    c.host.registers.setR(2, DATA_BASE);
    c.jump(0x1000);
    let total = 0;
    for (const budget of [1, 1000, 2, 999, 12_345, 3, 100_001]) {
      expect(engine.run(budget)).toBe(STOP.BUDGET);
      expect(engine.executed).toBe(budget);
      total += budget;
      const inLoop = total - 1;
      expect(c.host.registers.pc).toBe(0x1002 + 2 * (inLoop % 3));
      expect(c.host.registers.r(0)).toBe(Math.ceil(inLoop / 3));
      expect(c.word(DATA_BASE)).toBe(Math.floor((inLoop + 1) / 3));
    }
    expect(engine.nativeInstructions).toBeGreaterThan(0.9 * total);
  });

  it('counts instructions whose condition fails', () => {
    const { core: c, engine } = core();
    c.program(0x1000, 0x2000, 0x2800, 0xbf1c, 0x2101, 0x2202, 0x2303, 0xbe07);
    c.jump(0x1000);
    expect(engine.run(1000)).toBe(STOP.BKPT);
    expect(engine.detail).toBe(7);
    expect(engine.executed).toBe(6);
    expect(engine.nativeInstructions).toBe(6);
    expect([1, 2, 3].map((i) => c.host.registers.r(i))).toEqual([0, 0, 3]);
  });

  it('executes SMLAD natively, save for the sum of products that does not fit though the whole does', () => {
    const { core: c, engine } = core();
    const { cells } = c.host.registers;
    c.program(0x1000, 0xfb21, 0x3002, 0xbe00);
    for (const [n, m, accumulator, result, q, native] of [
      [0x8000_8000, 0x8000_8000, 0xffff_ffff, 0x7fff_ffff, 0, 0],
      [0x8000_8000, 0x8000_8000, 0, 0x8000_0000, 1, 0],
      [0x8000_7fff, 0x8000_7fff, 1, 0x7fff_0002, 0, 1],
      [0x7fff_7fff, 0x7fff_7fff, 0x7000_0000, 0xeffe_0002, 1, 1],
    ] as const) {
      for (const [register, value] of [n, m, accumulator].entries()) c.host.registers.setR(register + 1, value);
      cells[CELL.APSR] = 0;
      c.jump(0x1000);
      const before = engine.nativeInstructions;
      expect(engine.run(1000)).toBe(STOP.BKPT);
      expect([c.host.registers.r(0), (cells[CELL.APSR]! >>> 27) & 1, engine.nativeInstructions - before]).toEqual([result, q, native]);
    }
  });

  it('stops before a refused store inside an IT block, its base and the rest of the block untouched', () => {
    const { core: c, engine } = core();
    // CMP r0, #0; ITTT NE; STRNE r1, [r0], #4; ADDNE r2, #1; ADDNE r3, #1; BKPT
    c.program(0x1000, 0x2800, 0xbf1e, 0xf840, 0x1b04, 0x3201, 0x3301, 0xbe00);
    c.host.registers.setR(0, HOLE_BASE);
    c.jump(0x1000);
    expect(engine.run(1000)).toBe(STOP.DATA_FAULT);
    expect(engine.address).toBe(HOLE_BASE);
    expect(engine.executed).toBe(2);
    expect(engine.nativeInstructions).toBe(2);
    expect(c.host.registers.pc).toBe(0x1004);
    expect(c.host.registers.cells[CELL.ITSTATE]).toBe(0x1e);
    expect([0, 2, 3].map((i) => c.host.registers.r(i))).toEqual([HOLE_BASE, 0, 0]);
  });

  it('lets a device see the exact count and stop the run after the access', () => {
    const seen: number[][] = [];
    const made = core({
      read: (offset) => {
        seen.push([offset, made.engine.executed, made.engine.pc]);
        if (offset === 8) made.engine.requestStop();
        return 0x55;
      },
      write: () => true,
      peek: () => 0,
    });
    const { core: c, engine } = made;
    // MOVS r0, #0; ADDS r0, #1; LDR r1, [r6]; ADDS r0, #1; LDR r2, [r6, #8]; ADDS r0, #1; BKPT
    c.program(0x1000, 0x2000, 0x3001, 0x6831, 0x3001, 0x68b2, 0x3001, 0xbe00);
    c.host.registers.setR(6, DEVICE_BASE);
    c.jump(0x1000);
    expect(engine.run(1000)).toBe(STOP.REQUESTED);
    expect(seen).toEqual([
      [0, 2, 0x1004],
      [8, 4, 0x1008],
    ]);
    expect(engine.executed).toBe(5);
    expect(c.host.registers.pc).toBe(0x100a);
    expect([0, 1, 2].map((i) => c.host.registers.r(i))).toEqual([2, 0x55, 0x55]);
  });

  it('reports an exception return with the value that was branched to', () => {
    const { core: c, engine } = core();
    c.host.registers.cells[CELL.IPSR] = 15;
    for (const value of [0xffff_fff1, 0xffff_fff9, 0xffff_fffd, 0xffff_ffed, 0xf000_0001]) {
      c.program(0x1000, 0x3001, 0x4708);
      c.host.registers.setR(1, value);
      c.jump(0x1000);
      expect(engine.run(1000)).toBe(STOP.EXC_RETURN);
      expect(engine.detail).toBe(value);
      expect(engine.executed).toBe(2);
    }
    expect(engine.nativeInstructions).toBe(10);
  });

  it('takes the same branch in Thread mode, and one by MOV PC in Handler mode, for a fetch that fails', () => {
    const { core: c, engine } = core();
    c.program(0x1000, 0x3001, 0x4708);
    c.host.registers.setR(1, 0xffff_fff9);
    c.jump(0x1000);
    expect(engine.run(1000)).toBe(STOP.FETCH_FAULT);
    expect(engine.executed).toBe(2);
    c.host.registers.cells[CELL.IPSR] = 15;
    c.program(0x1000, 0x3001, 0x468f);
    c.jump(0x1000);
    expect(engine.run(1000)).toBe(STOP.FETCH_FAULT);
    expect(c.host.registers.pc).toBe(0xffff_fff8);
  });

  it('stops with INVALID_STATE after a branch to an even address, at code that ran before too', () => {
    const { core: c, engine } = core();
    c.program(0x1000, 0x3001, 0x4708);
    for (const target of [0x9_0000, 0x2000, 0x1000]) {
      c.host.registers.setR(1, target);
      c.jump(0x1000);
      expect(engine.run(1000)).toBe(STOP.INVALID_STATE);
      expect(engine.executed).toBe(2);
      expect(c.host.registers.pc).toBe(target);
      expect(c.host.registers.cells[CELL.T]).toBe(0);
    }
  });

  it('runs new code after the host has written it, and through another view of the same RAM', () => {
    const { core: c, engine } = core();
    const view = c.host.memory.bus;
    view.mapRam(0x1000_0000, c.code, 0, 64 * KiB, 'alias');
    for (const [value, address] of [
      [1, 0x1000],
      [2, 0x1000_1000],
      [3, 0x1000],
    ] as const) {
      c.program(address, 0x2000 | value, 0xbe00);
      for (const pc of [0x1000, 0x1000_1000]) {
        c.jump(pc);
        expect(engine.run(1000)).toBe(STOP.BKPT);
        expect(c.host.registers.r(0)).toBe(value);
      }
    }
    expect(engine.nativeInstructions).toBeGreaterThanOrEqual(5);
  });

  it('runs what the host writes over the very code that a page was entered by, from outside and from another page', () => {
    for (const far of [false, true]) {
      const { core: c, engine } = core();
      // B.W 0x2000; MOVS r0, #value; B .
      c.program(0x1000, 0xf000, 0xbffe);
      for (const value of [1, 2, 3]) {
        c.program(0x2000, 0x2000 | value, 0xe7fe);
        c.jump(far ? 0x1000 : 0x2000);
        expect(engine.run(300)).toBe(STOP.BUDGET);
        expect([engine.executed, c.host.registers.r(0)]).toEqual([300, value]);
      }
      expect(engine.nativeInstructions).toBeGreaterThan(850);
    }
  });

  it('runs what the guest wrote over its own code, in the same block and later', () => {
    const { core: c, engine } = core();
    // STRH r1, [r0] over the instruction at 0x1004; NOP; (MOVS r2, #1 -> MOVS r2, #2); BKPT
    c.program(0x1000, 0x8001, 0xbf00, 0x2201, 0xbe00);
    c.jump(0x1004);
    expect(engine.run(1000)).toBe(STOP.BKPT);
    expect(c.host.registers.r(2)).toBe(1);
    c.host.registers.setR(0, 0x1004);
    c.host.registers.setR(1, 0x2202);
    c.jump(0x1000);
    expect(engine.run(1000)).toBe(STOP.BKPT);
    expect(engine.executed).toBe(3);
    expect(c.host.registers.r(2)).toBe(2);
  });

  it('keeps the mappings in step with rights that change', () => {
    let rights = 7;
    const protection = {
      ...OPEN_PROTECTION,
      permissions: (address: number) => (address >= DATA_BASE && address < DATA_BASE + 0x1000 ? rights : 7),
    };
    const { core: c, engine } = core(undefined, NATIVE_TUNING, protection);
    c.program(0x1000, 0x6808, 0x6048, 0xbe00);
    c.host.registers.setR(1, DATA_BASE);
    // Memory that nobody has written yet would be left to the interpreter.
    c.host.memory.write(DATA_BASE, 1, 4);
    const attempt = (now: number) => {
      rights = now;
      c.host.memory.flush();
      c.jump(0x1000);
      return engine.run(1000);
    };
    expect([7, 5, 4, 7].map(attempt)).toEqual([STOP.BKPT, STOP.DATA_FAULT, STOP.DATA_FAULT, STOP.BKPT]);
    expect(engine.nativeInstructions).toBe(5);
  });

  it('gives the interpreter the floor while Unicorn leaves all the time', () => {
    const { core: c, engine } = core({ read: () => 0, write: () => true, peek: () => 0 }, DEFAULT_TUNING);
    // loop: LDR r1, [r6]; CMP r1, #0; BEQ loop
    c.program(0x1000, 0x6831, 0x2900, 0xd0fc);
    c.host.registers.setR(6, DEVICE_BASE);
    c.jump(0x1000);
    for (let i = 0; i < 20; i++) expect(engine.run(10_000)).toBe(STOP.BUDGET);
    expect(engine.nativeStarts).toBeLessThan(100);
    c.program(0x1000, ...COUNTING);
    c.host.registers.setR(2, DATA_BASE);
    c.jump(0x1000);
    const before = engine.nativeInstructions;
    for (let i = 0; i < 20; i++) engine.run(10_000);
    expect(engine.nativeInstructions - before).toBeGreaterThan(150_000);
  });

  it('reports host memory that runs out while the guest touches it', () => {
    const arena = new Arena(5 * MiB);
    const bus = new AddressSpace('small');
    const code = new Ram('code', 64 * KiB, arena);
    bus.mapRam(0, code);
    bus.mapRam(DATA_BASE, new Ram('data', 16 * MiB, arena));
    const memory = new CoreMemory(bus, OPEN_PROTECTION);
    const registers = new CoreRegisters(arena, 'core');
    const engine = new UnicornEngine({ profile: CORTEX_M7, registers, memory }, interpreterFactory, NATIVE_TUNING);
    // loop: STR r0, [r1]; ADD r1, #0x10000; B loop
    for (const [i, halfword] of [0x6008, 0xf501, 0x3180, 0xe7fb].entries()) bus.write(0x1000 + 2 * i, halfword, 2);
    registers.setR(1, DATA_BASE);
    registers.cells[CELL.T] = 1;
    registers.cells[CELL.PC] = 0x1000;
    expect(() => engine.run(10_000)).toThrow(HostMemoryExhausted);
    engine.dispose();
  });

  it('can be created and disposed of many times, two at once', () => {
    for (let i = 0; i < 12; i++) {
      const pair = [core(), core()];
      pair.forEach(({ core: c, engine }, k) => {
        c.program(0x1000, 0x2000 | (10 * i + k), 0xbe00);
        c.jump(0x1000);
        expect(engine.run(100)).toBe(STOP.BKPT);
        expect(engine.nativeInstructions).toBe(1);
      });
      expect(pair.map(({ core: c }) => c.host.registers.r(0))).toEqual([10 * i, 10 * i + 1]);
      for (const { core: c } of pair) {
        open.splice(open.indexOf(c), 1);
        c.dispose();
      }
    }
  });
});
