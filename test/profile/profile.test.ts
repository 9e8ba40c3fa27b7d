/** Latency, load, stacks and flame graphs, of programs that run and of numbers made by hand. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { createMachine } from '../../src/kit/index.ts';
import { Machine } from '../../src/machine.ts';
import { CallTree } from '../../src/profile/call-tree.ts';
import { flameGraphHtml, flameGraphSvg } from '../../src/profile/flame-graph.ts';
import { Profiler } from '../../src/profile/index.ts';
import { LatencyTable } from '../../src/profile/latency.ts';
import { LoadTable } from '../../src/profile/load.ts';
import { stackUse } from '../../src/profile/stacks.ts';
import { type Firmware, parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { BARE_CORTEX_M4 } from '../../src/soc/cortex-m.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import { buildElf } from '../remoteproc/elf-builder.ts';
import { ENGINES } from '../support/engines.ts';
import { ThumbPrograms } from '../support/thumb.ts';

const programs = new ThumbPrograms('profile', (source) => `.syntax unified\n.thumb\n.cpu cortex-m7\n.text\n${source}`);

const elf = (path: string): Firmware => parseFirmware(new Uint8Array(readFileSync(path)), path.replace(/.*\//, ''));

/** Runs a program on a bare core for `cycles`, or to its end. */
function run(firmware: Firmware, engine: EngineFactory, cycles: number, watch: boolean, period = 1000) {
  const semihosting = { write: () => {}, read: () => new Uint8Array(), readable: true };
  const machine = new Machine({ soc: BARE_CORTEX_M4, engine, firmware, linux: false, semihosting });
  const profiler = watch ? new Profiler(machine, firmware, { period }) : undefined;
  profiler?.start();
  for (let stopped = false; !stopped && machine.scheduler.now < cycles; ) {
    stopped = machine.run(Math.min(cycles, machine.scheduler.now + 50_000)).kind !== 'limit';
  }
  return { machine, profiler };
}

describe.each(ENGINES.map((engine) => [engine.name, engine] as const))('a profile on %s', (_, engine) => {
  it('says where interrupts spend their time, and changes nothing of the run', () => {
    const firmware = elf('images/bench_interrupts.elf');
    const plain = run(firmware, engine, 120_000, false).machine;
    const { machine, profiler } = run(firmware, engine, 120_000, true, 100_000);
    expect(machine.core.instructions).toBe(plain.core.instructions);
    expect(machine.core.registerValues()).toEqual(plain.core.registerValues());
    const [row, ...others] = profiler!.interrupts();
    expect(others).toEqual([]);
    expect(row).toMatchObject({ name: 'SysTick', id: 15 });
    expect(row!.count).toBeGreaterThan(90);
    expect(row!.cycles.min).toBeLessThanOrEqual(row!.cycles.mean);
    expect(row!.cycles.p99).toBeLessThanOrEqual(row!.cycles.max);
    expect(row!.microseconds.max).toBeCloseTo((row!.cycles.max / machine.core.hz) * 1e6, 9);
    const load = profiler!.load();
    expect(load.map(({ name }) => name)).toEqual(['thread mode', 'SysTick', 'asleep']);
    expect(load.reduce((sum, { cycles }) => sum + cycles, 0)).toBe(machine.scheduler.now);
    expect(load[1]!.times).toBe(row!.count);
    profiler!.stop();
  });

  it('has the same samples as on every other engine, down to functions that call themselves', () => {
    const firmware = elf('test/coverage/programs/shapes-O0.elf');
    const folded = run(firmware, engine, 200_000, true, 4000).profiler!.folded();
    const [first] = ENGINES;
    expect(folded).toBe(run(firmware, first!, 200_000, true, 4000).profiler!.folded());
    expect(folded).toMatch(/;main;run;fibonacci;fibonacci;fibonacci \d+$/m);
    expect(folded).toMatch(/run;collatz \d+$/m);
  });

  it('shows how far the main stack was used, and where it ends', () => {
    const [row, ...others] = run(elf('test/coverage/programs/shapes-O0.elf'), engine, 200_000, true, 0).profiler!.stacks();
    expect(others).toEqual([]);
    expect(row!.thread).toBe('MSP');
    // fibonacci(9) calls itself eight times, 32 bytes each.
    expect(row!.used).toBeGreaterThan(9 * 24);
    expect(row!.used).toBeLessThan(1024);
    expect(row!.low).toBe(0x2040_0000 - row!.used);
    expect(row!.limit).toBeLessThan(row!.low);
  });
});

describe.each(ENGINES.map((engine) => [engine.name, engine] as const))('stacks that a program changes to, on %s', (_, engine) => {
  it('are rows of their own, also when the new pointer is set before it becomes the current one', () => {
    const { code } = programs.get(`
      .word 0x20001000, start + 1
      .thumb_func
    start:
      push {r0-r3}
      ldr r0, =0x20000800
      msr psp, r0
      movs r1, #2
      msr control, r1
      isb
      push {r0-r7}
      ldr r0, =0x20000c00
      msr psp, r0
      push {r0, r1}
      b .
      .ltorg`);
    const bytes = buildElf({ entry: 9, segments: [{ da: 0, data: code }] }).bytes;
    const { profiler } = run(parseFirmware(bytes, 'stacks.elf'), engine, 200, true, 0);
    expect(profiler!.stacks().map(({ thread, low, used }) => [thread, low, used])).toEqual([
      ['MSP', 0x2000_0ff0, 16],
      ['stack 0x20000800', 0x2000_07e0, 32],
      ['stack 0x20000c00', 0x2000_0bf8, 8],
    ]);
  });
});

describe('names of interrupts', () => {
  it('are those of the blocks of the SoC', async () => {
    const firmware = elf('images/imx8mp_rpmsg.elf');
    const machine = new Machine({ soc: IMX8MP, engine: ENGINES[1]!, firmware });
    const profiler = new Profiler(machine, firmware, { period: 0 });
    profiler.start();
    for (let slices = 0; slices < 400 && profiler.interrupts().length < 2; slices++) {
      machine.run(machine.scheduler.now + 400_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(profiler.interrupts().map(({ name }) => name)).toEqual(['UART4 (29)', 'MU1 (97)']);
    expect(profiler.load().at(-1)).toMatchObject({ kind: 'asleep' });
    machine.dispose();
  });
});

describe('a profile of the kit', () => {
  it('is no part of snapshots, nor of the trace', async () => {
    const bytes = new Uint8Array(readFileSync('images/imx8mp_hello.elf'));
    const [watched, plain] = await Promise.all([0, 1].map(() => createMachine({ firmware: { name: 'hello.elf', bytes } })));
    const profile = watched!.profile({ period: 100_000 });
    for (const m of [watched!, plain!]) await m.until('uart4', /./);
    const fork = watched!.fork();
    for (const m of [watched!, plain!, fork]) await m.advance('2ms');
    expect(watched!.traceHash()).toBe(plain!.traceHash());
    expect(fork.traceHash()).toBe(plain!.traceHash());
    expect(profile.load()[0]).toMatchObject({ name: 'thread mode' });
    expect(profile.stacks()[0]!.used).toBeGreaterThan(0);
    for (const m of [watched!, plain!, fork]) m.dispose();
  });
});

describe('latency', () => {
  it('is from pended to entered; what is cleared, or never pends, has none', () => {
    const table = new LatencyTable();
    const phases = [
      ['pended', 20, 100],
      ['entered', 20, 112],
      ['pended', 20, 200],
      ['cleared', 20, 210],
      ['entered', 11, 300],
      ['pended', 20, 400],
      ['entered', 20, 402],
    ] as const;
    for (const [phase, id, cycle] of phases) table.phase(phase, id, cycle);
    expect(table.rows((id) => `IRQ ${id}`, 1e6)).toEqual([
      {
        name: 'IRQ 20',
        id: 20,
        count: 2,
        cycles: { min: 2, mean: 7, p99: 12, max: 12 },
        microseconds: { min: 2, mean: 7, p99: 12, max: 12 },
      },
    ]);
  });

  it('of very many different values is kept to three digits', () => {
    const table = new LatencyTable();
    for (let i = 0; i < 10_000; i++) {
      table.phase('pended', 16, 0);
      table.phase('entered', 16, i);
    }
    const [row] = table.rows(String, 1);
    expect(row!.cycles).toMatchObject({ min: 0, mean: 4999.5, max: 9999 });
    expect(row!.cycles.p99).toBeGreaterThan(9800);
    expect(row!.cycles.p99).toBeLessThanOrEqual(9900);
  });
});

describe('load', () => {
  it('is charged to what runs, through nested handlers and switches of threads', () => {
    const source = { cycle: 0, instructions: 0, current: 1, thread: () => source.current };
    const table = new LoadTable(source);
    const pass = (cycles: number, instructions = cycles): void => {
      source.cycle += cycles;
      source.instructions += instructions;
    };
    pass(10);
    table.entered(15);
    pass(5);
    table.entered(40);
    pass(2);
    table.left();
    pass(1);
    source.current = 2;
    table.left();
    pass(20, 8);
    table.entered(40);
    pass(3);
    table.restarted();
    const rows = table.rows(
      (id) => `exception ${id}`,
      (id) => `thread ${id}`,
    );
    expect(rows.map(({ name, cycles, times }) => [name, cycles, times])).toEqual([
      ['thread 1', 10, 0],
      ['thread 2', 8, 1],
      ['exception 15', 6, 1],
      ['exception 40', 5, 2],
      ['asleep', 12, 1],
    ]);
    expect(rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(table.threads).toEqual([1, 2]);
  });
});

describe('stacks', () => {
  const stretch = (low: number, high: number, exceptionStack = false) => ({ low, high, exceptionStack });
  const symbol = (name: string, address: number, size: number) => ({ name, address, size });

  it('belong to threads, to objects, to the linker script', () => {
    const rows = stackUse(
      [stretch(0x1f00, 0x2000), stretch(0x2f80, 0x3000), stretch(0x7ff0, 0x8000), stretch(0x9000, 0x9000), stretch(0xfc00, 0x1_0000, true)],
      {
        threads: [
          { id: 1, name: 'worker', stack: { start: 0x1000, size: 0x1000 } },
          { id: 2, name: 'worker', stack: { start: 0x2000, size: 0x1000 } },
        ],
        symbols: [symbol('_k_thread_stack_blink', 0x7000, 0x1000), symbol('__StackLimit', 0xf000, 0)],
        top: 0x1_0000,
      },
    );
    expect(rows).toEqual([
      { thread: 'MSP', used: 0x400, size: 0x1000, low: 0xfc00, limit: 0xf000 },
      { thread: 'blink', used: 0x10, size: 0x1000, low: 0x7ff0, limit: 0x7000 },
      { thread: 'worker', used: 0x100, size: 0x1000, low: 0x1f00, limit: 0x1000 },
      { thread: 'worker (2)', used: 0x80, size: 0x1000, low: 0x2f80, limit: 0x2000 },
    ]);
  });

  it('that were left below are of the thread that went too far', () => {
    const threads = [{ id: 1, name: 'small', stack: { start: 0x2000, size: 0x100 } }];
    expect(stackUse([stretch(0x1f80, 0x2100)], { threads, symbols: [], top: undefined })).toEqual([
      { thread: 'small', used: 0x180, size: 0x100, low: 0x1f80, limit: 0x2000 },
    ]);
  });

  it('of which nothing is known have no size', () => {
    expect(stackUse([stretch(0x10, 0x40, true), stretch(0x80, 0x90)], { threads: [], symbols: [], top: undefined })).toEqual([
      { thread: 'MSP', used: 0x30, low: 0x10 },
      { thread: 'stack 0x90', used: 0x10, low: 0x80 },
    ]);
  });
});

describe('flame graphs', () => {
  const tree = new CallTree();
  tree.add(['main', 'a<b>', 'c'], 3);
  tree.add(['main', 'a<b>'], 1);
  tree.add(['main', 'd;e'], 4);

  it('are folded stacks', () => {
    expect(tree.folded()).toBe('main;a<b> 1\nmain;a<b>;c 3\nmain;d:e 4\n');
    expect(CallTree.fromFolded(`${tree.folded()}nonsense\n`).folded()).toBe(tree.folded());
  });

  it('are boxes as wide as their share, in a page that needs nothing else', () => {
    const html = flameGraphHtml(tree, 'fw & co', 'samples');
    expect(html).toContain('data-name="a&#60;b&#62;" data-n="4" data-self="1" data-x="0.000" data-w="600.000" data-d="2"');
    expect(html).toContain('data-name="d;e" data-n="4" data-self="4" data-x="600.000"');
    expect(html).toContain('<title>fw &#38; co</title>');
    expect(html).not.toMatch(/(?:src|href)=|@import|url\(/);
    expect(flameGraphSvg(tree, 'x')).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" /);
  });

  it('leave out the samples of a sleeping core, unless there are no others', () => {
    const sleepy = CallTree.fromFolded(`${tree.folded()}[asleep] 92\n`);
    expect(flameGraphHtml(sleepy, 't', 'samples')).toContain('8 samples; 92 more found the core asleep');
    expect(flameGraphHtml(sleepy, 't', 'samples')).toContain('data-n="8" data-self="0" data-x="0.000" data-w="1200.000" data-d="0"');
    expect(flameGraphHtml(CallTree.fromFolded('[asleep] 5'), 't', 'samples')).toContain('data-name="[asleep]"');
  });

  it('of nothing are empty', () => {
    expect(new CallTree().folded()).toBe('');
    expect(flameGraphHtml(new CallTree(), 't', 'samples')).toContain('<svg');
  });
});
