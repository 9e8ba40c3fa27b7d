/**
 * Engines in lockstep on whole systems: firmware with Linux around it, and compiled programs, two engines at a time. No difference, and the
 * trace of one engine alone.
 */
import { describe, expect, it } from 'vitest';
import { readFirmware } from '../../src/cli/firmware-file.ts';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { jitFactory } from '../../src/cpu/jit/index.ts';
import { type LockstepFigures, lockstepFactory } from '../../src/cpu/lockstep/index.ts';
import { unicornAvailable, unicornFactory } from '../../src/cpu/unicorn/index.ts';
import { Machine } from '../../src/machine.ts';
import { TraceHash } from '../../src/session/trace-hash.ts';
import { findSoc } from '../../src/soc/index.ts';

const PAIRS: readonly (readonly [EngineFactory, EngineFactory])[] = [
  [jitFactory, interpreterFactory],
  [interpreterFactory, jitFactory],
  ...(unicornAvailable()
    ? ([
        [interpreterFactory, unicornFactory],
        [jitFactory, unicornFactory],
        [unicornFactory, interpreterFactory],
      ] as const)
    : []),
];

/** Firmware, SoC, virtual milliseconds, and instructions that must have been compared at least. */
const RUNS: readonly (readonly [string, string, number, number])[] = [
  ['imx8mp_rpmsg', 'imx8mp', 400, 100_000],
  ['imx8mp_rpmsg_ddr', 'imx8mp', 400, 100_000],
  ['imx8mp_pingpong', 'imx8mp', 300, 60_000],
  ['imx8mp_echo', 'imx8mp', 300, 4_000],
  ['imx8mp_fault', 'imx8mp', 200, 1_000],
  ['imx8mp_lockup', 'imx8mp', 200, 2_000],
  ['imx8mp_hang', 'imx8mp', 200, 1_000],
  ['imx8mp_wfi_tick', 'imx8mp', 1000, 5_000],
  ['bench_calls', 'cortex-m7', 100, 2_000_000],
  ['bench_float_soft', 'cortex-m7', 100, 2_000_000],
  ['bench_float_double', 'cortex-m7', 100, 2_000_000],
  ['bench_dsp', 'cortex-m4', 100, 2_000_000],
  ['bench_sieve', 'cortex-m7', 100, 2_000_000],
  ['bench_interrupts', 'cortex-m7', 100, 2_000_000],
  ['bench_exceptions', 'cortex-m7', 100, 1_000_000],
  ['bench_mmio', 'cortex-m7', 30, 500_000],
];

function run(image: string, soc: string, milliseconds: number, engine: EngineFactory) {
  const semihosting = { write: () => {}, read: () => new Uint8Array(), readable: true };
  const machine = new Machine({ soc: findSoc(soc), engine, firmware: readFirmware(`images/${image}.elf`), semihosting });
  const hash = new TraceHash();
  machine.events.subscribe((event) => hash.add(event));
  try {
    const stop = machine.run(machine.scheduler.cyclesFromNs(milliseconds * 1e6));
    if (stop.kind === 'difference') throw new Error(stop.report.join('\n'));
    const { kind } = stop;
    return { kind, now: machine.scheduler.now, instructions: machine.core.instructions, trace: hash.digest() };
  } finally {
    machine.dispose();
  }
}

describe.each(PAIRS.map((pair) => ({ name: pair.map(({ name }) => name).join(','), pair })))('$name', ({ pair }) => {
  it.each(RUNS)('%s on %s, %i ms', (image, soc, milliseconds, least) => {
    const figures: LockstepFigures = { instructions: 0, slices: 0, accesses: 0, pages: 0 };
    const both = run(image, soc, milliseconds, lockstepFactory(pair[0], pair[1], { figures }));
    expect(both).toEqual(run(image, soc, milliseconds, interpreterFactory));
    expect(figures.instructions).toBeGreaterThanOrEqual(Math.min(least, both.instructions));
    expect(figures.slices).toBeGreaterThan(0);
  });
});
