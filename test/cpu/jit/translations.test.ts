/** What is kept of translated code: figures, limits, code that is rewritten by itself or by the host, and hosts that allow no translation. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CELL } from '../../../src/cpu/core-registers.ts';
import { STOP } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { jitFactory } from '../../../src/cpu/jit/index.ts';
import { Jit, type JitOptions } from '../../../src/cpu/jit/jit.ts';
import { EngineUnavailable, HostMemoryExhausted } from '../../../src/errors.ts';
import { Arena } from '../../../src/memory/arena.ts';
import { type BareCore, bareCore, DATA_BASE } from '../../differential/bare-core.ts';

const START = 0x1000;
const cores: BareCore[] = [];

function track(core: BareCore): BareCore {
  cores.push(core);
  return core;
}

afterEach(() => {
  vi.restoreAllMocks();
  for (const core of cores.splice(0)) core.dispose();
});

/** A core whose engine translates what it comes to, unless told otherwise. */
function translating(options: JitOptions = { threshold: 0 }): { core: BareCore; jit: Jit } {
  let jit: Jit | undefined;
  const core = track(
    bareCore((host) => {
      jit = new Jit(host, options);
      return jit;
    }),
  );
  return { core, jit: jit! };
}

/** Runs from `pc` to BKPT, or for `budget` instructions. */
function run({ engine, jump }: BareCore, pc = START, budget = 10_000_000): number {
  jump(pc);
  return engine.run(budget);
}

/** Adds the numbers from R0 down to 1 up in R1. */
const SUM = [0x2100, 0x1809, 0x3801, 0xd1fc, 0xbe00]; // MOVS R1, #0; ADDS R1, R1, R0; SUBS R0, #1; BNE; BKPT

describe('statistics', () => {
  it('count modules, bytes and instructions translated and executed', () => {
    const { core, jit } = translating();
    core.program(START, ...SUM);
    expect(jit.statistics).toEqual({ modules: 0, live: 0, bytes: 0, liveBytes: 0, instructions: 0, executed: 0 });
    core.host.registers.setR(0, 1000);
    expect(run(core)).toBe(STOP.BKPT);
    expect(core.host.registers.r(1)).toBe(500_500);
    const { modules, live, bytes, liveBytes, instructions, executed } = jit.statistics;
    expect(modules).toBeGreaterThan(0);
    expect([live, liveBytes]).toEqual([modules, bytes]);
    expect(bytes).toBeGreaterThan(100);
    expect(instructions).toBeGreaterThanOrEqual(4);
    expect(executed).toBe(3001);
    expect(jit.executed).toBe(3001);
  });

  it('stay as they are when known code runs again', () => {
    const { core, jit } = translating();
    core.program(START, ...SUM);
    const figures = [10, 20].map((count) => {
      core.host.registers.setR(0, count);
      run(core);
      const { executed, ...rest } = jit.statistics;
      return rest;
    });
    expect(figures[1]).toEqual(figures[0]);
    expect(jit.statistics.executed).toBe(31 + 61);
  });

  it('translate nothing that is run seldom', () => {
    const { core, jit } = translating({});
    core.program(START, ...SUM);
    for (let i = 0; i < 20; i++) {
      core.host.registers.setR(0, 10);
      run(core);
    }
    expect(jit.statistics).toMatchObject({ modules: 0, executed: 0 });
    core.host.registers.setR(0, 100_000);
    run(core);
    expect(jit.statistics.executed).toBeGreaterThan(200_000);
  });
});

/** Calls `count` functions of eight bytes one after the other, R2 times; each steps R0 by a number of its own. */
function manyFunctions(core: BareCore, count: number): void {
  const first = 0x4000;
  const stride = 8;
  const caller = [
    0x461c, // outer: MOV R4, R3: the first function
    0x460d, // MOV R5, R1: how many
    0x47a0, // inner: BLX R4
    0x3408, // ADDS R4, #8
    0x3d01, // SUBS R5, #1
    0xd1fb, // BNE inner
    0x3a01, // SUBS R2, #1
    0xd1f7, // BNE outer
    0xbe00,
  ];
  core.program(START, ...caller);
  // EORS R0, R4; ADDS R0, #n; BX LR
  for (let i = 0; i < count; i++) core.program(first + i * stride, 0x4060, 0x3000 | (i & 0xff), 0x4770, 0xbf00);
  const { registers } = core.host;
  registers.setR(0, 0);
  registers.setR(1, count);
  registers.setR(3, first | 1);
}

describe('limits', () => {
  const LIMIT = 1024;

  it('drop everything when there are too many regions, and go on rightly', { timeout: 120_000 }, () => {
    const count = LIMIT + 200;
    const reference = track(bareCore((host) => interpreterFactory.create(host)));
    const { core, jit } = translating();
    let most = 0;
    for (const side of [reference, core]) manyFunctions(side, count);
    for (let round = 0; round < 2; round++) {
      const stops = [reference, core].map((side) => {
        side.host.registers.setR(2, 1);
        return run(side);
      });
      expect(stops).toEqual([STOP.BKPT, STOP.BKPT]);
      expect([...core.host.registers.cells]).toEqual([...reference.host.registers.cells]);
      most = Math.max(most, jit.statistics.live);
    }
    const { modules, live, bytes, liveBytes } = jit.statistics;
    // The first round fills the table and empties it; the other finds part of it, and does so again.
    expect(modules).toBeGreaterThan(count);
    expect(most).toBeLessThanOrEqual(LIMIT + 1);
    expect(live).toBeLessThanOrEqual(LIMIT + 1);
    expect(liveBytes).toBeLessThan(bytes);
    expect(jit.statistics.executed).toBeGreaterThan(count * 2 * 3);
  });

  it('drop everything when there are too many bytes, and go on rightly', () => {
    const { core, jit } = translating();
    manyFunctions(core, 40);
    core.host.registers.setR(2, 1);
    run(core);
    const before = jit.statistics.live;
    expect(before).toBeGreaterThan(40);
    // As if these had been large.
    const { statistics } = (jit as unknown as { readonly translations: { readonly statistics: { liveBytes: number } } }).translations;
    statistics.liveBytes += 48 << 20;
    core.program(0x3000, ...SUM);
    core.host.registers.setR(0, 1000);
    expect(run(core, 0x3000)).toBe(STOP.BKPT);
    expect(core.host.registers.r(1)).toBe(500_500);
    expect(jit.statistics.live).toBeLessThan(4);
    statistics.liveBytes -= 48 << 20;

    manyFunctions(core, 40);
    core.host.registers.setR(2, 50);
    const executed = jit.statistics.executed;
    expect(run(core)).toBe(STOP.BKPT);
    expect(jit.statistics.executed - executed).toBeGreaterThan(50 * 40 * 3);
  });
});

describe('the table of functions', () => {
  const { Table } = WebAssembly;

  afterEach(() => {
    WebAssembly.Table = Table;
  });

  it('is replaced after many modules, as it keeps them all; calls between regions go on rightly', () => {
    let tables = 0;
    WebAssembly.Table = class extends Table {
      constructor(descriptor: WebAssembly.TableDescriptor) {
        super(descriptor);
        tables++;
      }
    };
    const { core, jit } = translating();
    const before = tables;
    manyFunctions(core, 10);
    const sums = new Set<number>();
    for (let step = 1; step <= 200; step++) {
      // Two of the ten functions change: EORS R0, R4 becomes ADDS R0, #step and MOVS R0, #step.
      core.program(0x4008, 0x3000 | step);
      core.program(0x4048, 0x2000 | step);
      core.host.registers.setR(2, 3);
      expect(run(core)).toBe(STOP.BKPT);
      expect(core.host.registers.r(0)).toBe(step + 9);
      sums.add(core.host.registers.r(0));
    }
    expect(sums.size).toBe(200);
    expect(jit.statistics.modules).toBeGreaterThan(400);
    expect(jit.statistics.live).toBeLessThan(30);
    expect(tables - before).toBeGreaterThanOrEqual(1);
    expect(tables - before).toBeLessThan(10);
  });
});

describe('code that is rewritten', () => {
  /** Writes the low byte of R0 into the ADDS behind it as its immediate, R2 times, after a loop of 50 rounds. */
  const REWRITING = [
    0x2332, // outer: MOVS R3, #50
    0x3b01, // SUBS R3, #1
    0xd1fd, // BNE
    0x7020, // STRB R0, [R4]
    0xf3bf, 0x8f6f, // ISB
    0x3100, // patched: ADDS R1, #0
    0x3001, // ADDS R0, #1
    0x3a01, // SUBS R2, #1
    0xd1f5, // BNE outer
    0xbe00,
  ]; // biome-ignore format: one instruction a line
  const PATCHED = START + 12;

  function rewrite({ host }: BareCore, times: number): void {
    host.registers.setR(0, 0);
    host.registers.setR(1, 0);
    host.registers.setR(2, times);
    host.registers.setR(4, PATCHED);
  }

  it('is left to the interpreter for a while, and then tried again', () => {
    const { core, jit } = translating({ threshold: 0 });
    core.program(START, ...REWRITING);
    rewrite(core, 100);
    expect(run(core)).toBe(STOP.BKPT);
    expect(core.host.registers.r(1)).toBe((99 * 100) / 2);
    const tried = jit.statistics.modules;
    expect(tried).toBeGreaterThan(8);

    rewrite(core, 100);
    expect(run(core)).toBe(STOP.BKPT);
    expect(core.host.registers.r(1)).toBe((99 * 100) / 2);
    expect(jit.statistics.modules).toBe(tried);

    // 2^26 instructions later.
    core.program(0x3000, ...SUM);
    core.host.registers.setR(0, 30_000_000);
    expect(run(core, 0x3000, 100_000_000)).toBe(STOP.BKPT);
    const later = jit.statistics.modules;
    rewrite(core, 100);
    expect(run(core)).toBe(STOP.BKPT);
    expect(core.host.registers.r(1)).toBe((99 * 100) / 2);
    expect(jit.statistics.modules - later).toBeGreaterThan(8);
  });

  it('by a host between runs is translated anew however often', () => {
    const { core, jit } = translating();
    for (let step = 1; step <= 40; step++) {
      core.program(START, 0x2100, 0x3100 | step, 0x3801, 0xd1fc, 0xbe00);
      core.host.registers.setR(0, 100);
      const { modules, executed } = jit.statistics;
      expect(run(core)).toBe(STOP.BKPT);
      expect(core.host.registers.r(1)).toBe(100 * step);
      expect(jit.statistics.modules).toBeGreaterThan(modules);
      expect(jit.statistics.executed - executed).toBeGreaterThan(290);
      expect(jit.statistics.live).toBeLessThan(4);
    }
  });

  it('by a host with the same bytes is what it was', () => {
    const { core, jit } = translating();
    core.program(START, ...SUM);
    for (let i = 0; i < 5; i++) {
      core.host.registers.setR(0, 100);
      expect(run(core)).toBe(STOP.BKPT);
      expect(core.host.registers.r(1)).toBe(5050);
      core.program(START, ...SUM);
    }
    expect(jit.statistics.executed).toBe(5 * 301);
  });

  it('by a host while it was cut in the middle goes on with the new code', () => {
    const { core, jit } = translating();
    core.program(START, ...SUM);
    core.host.registers.setR(0, 1000);
    expect(run(core, START, 1501)).toBe(STOP.BUDGET);
    expect(core.host.registers.r(0)).toBe(500);
    // ADDS R1, #1 in place of ADDS R1, R1, R0.
    core.program(START + 2, 0x3101);
    core.host.registers.setR(1, 0);
    expect(jit.run(1_000_000)).toBe(STOP.BKPT);
    expect(core.host.registers.r(1)).toBe(500);
  });

  it('beside it, as data, is not looked at twice', () => {
    const { core, jit } = translating();
    core.program(START, ...SUM);
    core.host.registers.setR(0, 10);
    run(core);
    const { modules } = jit.statistics;
    for (let i = 0; i < 50; i++) {
      core.setWord(START + 0x20, i);
      core.host.registers.setR(0, 10);
      run(core);
    }
    expect(jit.statistics).toMatchObject({ modules, executed: 51 * 31 });
  });
});

describe('an access that can never be made directly', () => {
  it('leaves the region at first, and is given a call when it often happens', () => {
    let jit: Jit | undefined;
    let reads = 0;
    const device = { read: () => ++reads, write: () => true, peek: () => 0 };
    const core = track(
      bareCore(
        (host) => {
          jit = new Jit(host, { threshold: 0 });
          return jit;
        },
        { device },
      ),
    );
    // LDR R1, [R4]; SUBS R0, #1; BNE; BKPT
    core.program(START, 0x6821, 0x3801, 0xd1fc, 0xbe00);
    core.host.registers.setR(0, 1000);
    core.host.registers.setR(4, 0x4000_0000);
    expect(run(core)).toBe(STOP.BKPT);
    expect([reads, core.host.registers.r(1)]).toEqual([1000, 1000]);
    const { executed, modules } = jit!.statistics;
    expect(executed).toBeGreaterThan(2_900);
    core.host.registers.setR(0, 1000);
    run(core);
    expect(jit!.statistics.executed - executed).toBe(3_000);
    expect(jit!.statistics.modules).toBe(modules);
  });
});

describe('a host that allows no WebAssembly', () => {
  const { Module } = WebAssembly;

  afterEach(() => {
    WebAssembly.Module = Module;
  });

  function refuse(error: Error): void {
    WebAssembly.Module = class {
      constructor() {
        throw error;
      }
    } as unknown as typeof Module;
  }

  it('is told what to allow', () => {
    refuse(new WebAssembly.CompileError('WebAssembly.Module(): Wasm code generation disallowed by embedder'));
    let caught: unknown;
    try {
      track(bareCore((host) => jitFactory.create(host)));
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(EngineUnavailable);
    expect(caught).toMatchObject({
      code: 'E_ENGINE',
      message: expect.stringContaining('jit: WebAssembly.Module(): Wasm code generation disallowed by embedder'),
      remedy: expect.stringContaining("'wasm-unsafe-eval'"),
    });
  });

  it('has its other errors handed on', () => {
    refuse(new RangeError('WebAssembly.Module(): Out of memory'));
    expect(() => bareCore((host) => jitFactory.create(host))).toThrow(RangeError);
  });
});

describe('state between runs', () => {
  it('has flags in APSR and all registers in their cells, wherever a run is cut', () => {
    const { core } = translating();
    const reference = track(bareCore((host) => interpreterFactory.create(host)));
    // ADDS R1, R0, R1; ADCS R2, R1; LSRS R3, R2, #1; STR R3, [R7]; SUBS R0, #1; SBCS R5, R3; BNE
    const code = [0x1841, 0x414a, 0x0853, 0x603b, 0x3801, 0x419d, 0xd1f8, 0xbe00];
    for (const side of [core, reference]) {
      side.program(START, ...code);
      side.host.registers.setR(0, 0xffff_fff0);
      side.host.registers.setR(1, 0x8000_0001);
      side.host.registers.setR(7, DATA_BASE);
      side.jump(START);
    }
    const flags = new Set<number>();
    for (let length = 1; length <= 60; length++) {
      for (const { engine } of [core, reference]) expect(engine.run(length)).toBe(STOP.BUDGET);
      expect([...core.host.registers.cells]).toEqual([...reference.host.registers.cells]);
      expect(core.word(DATA_BASE)).toBe(reference.word(DATA_BASE));
      flags.add(core.host.registers.cells[CELL.APSR]! >>> 28);
    }
    expect(flags.size).toBeGreaterThan(4);
  });
});

describe('a host whose memory is used up', () => {
  it('executes in the interpreter what there is no map for', () => {
    const { core, jit } = translating();
    core.program(START, ...SUM);
    core.host.registers.setR(0, 1000);
    const allocate = Arena.prototype.allocate;
    vi.spyOn(Arena.prototype, 'allocate').mockImplementation(function (this: Arena, bytes, owner) {
      if (owner.includes('map')) throw new HostMemoryExhausted(owner, bytes, 0);
      return allocate.call(this, bytes, owner);
    });
    expect(run(core)).toBe(STOP.BKPT);
    expect(core.host.registers.r(1)).toBe(500_500);
    expect(jit.statistics).toMatchObject({ modules: 0, executed: 0 });
  });
});
