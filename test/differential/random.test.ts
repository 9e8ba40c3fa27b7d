/**
 * Random Thumb programs on the interpreter and on Unicorn in lock step: registers, flags, memory, device accesses, counts and stops.
 *
 * `IMX_SIM_DIFFERENTIAL` sets the number of instructions of each run (default 90,000), `IMX_SIM_SEED` the first seed (default 1).
 */
import { describe, expect, it } from 'vitest';
import type { EngineHost } from '../../src/cpu/engine.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { CORTEX_M4, CORTEX_M7, CORTEX_M33 } from '../../src/cpu/profile.ts';
import { UnicornEngine } from '../../src/cpu/unicorn/engine.ts';
import { unicornAvailable } from '../../src/cpu/unicorn/index.ts';
import { LockStep, type LockStepOptions } from './lock-step.ts';
import { NATIVE_TUNING } from './tuning.ts';

const INSTRUCTIONS = Number(process.env['IMX_SIM_DIFFERENTIAL'] ?? 90_000);
const FIRST_SEED = Number(process.env['IMX_SIM_SEED'] ?? 1);

/** Runs seeds until enough was executed; the share that Unicorn executed itself, and the stops that came. */
function runSeeds(options: LockStepOptions): { share: number; stops: ReadonlySet<string> } {
  let unicorn: UnicornEngine | undefined;
  const lockStep = new LockStep(
    (host: EngineHost) => interpreterFactory.create(host),
    (host: EngineHost) => {
      unicorn = new UnicornEngine(host, interpreterFactory, NATIVE_TUNING);
      return unicorn;
    },
    options,
  );
  try {
    for (let seed = FIRST_SEED; lockStep.instructions < INSTRUCTIONS; seed++) {
      const difference = lockStep.run(seed);
      if (difference) expect.fail(`interpreter / unicorn differ with IMX_SIM_SEED=${seed}:\n${lockStep.explain(difference)}`);
    }
    return { share: unicorn!.nativeInstructions / lockStep.instructions, stops: new Set(lockStep.stops.keys()) };
  } finally {
    lockStep.dispose();
  }
}

describe.skipIf(!unicornAvailable())('random programs (needs libunicorn2)', () => {
  it('are the same on a Cortex-M7 with double precision', () => {
    const { share, stops } = runSeeds({ profile: CORTEX_M7 });
    expect(share).toBeGreaterThan(0.8);
    for (const stop of ['BKPT', 'BUDGET', 'SVC', 'MASKS', 'REQUESTED', 'UNALIGNED', 'DATA_FAULT', 'FP_ACCESS', 'DIVIDE_BY_ZERO'])
      expect(stops).toContain(stop);
  });

  it('are the same on a Cortex-M4 with single precision', () => {
    expect(runSeeds({ profile: CORTEX_M4 }).share).toBeGreaterThan(0.8);
  });

  it('are the same on a Cortex-M33 with stack limits', () => {
    const { share, stops } = runSeeds({ profile: CORTEX_M33 });
    expect(share).toBeGreaterThan(0.75);
    expect(stops).toContain('STACK_LIMIT');
  });

  it('are the same behind an MPU with boundaries inside pages, privileged and not', () => {
    const { share, stops } = runSeeds({ profile: CORTEX_M7, protect: true });
    expect(share).toBeGreaterThan(0.5);
    for (const stop of ['DATA_FAULT', 'FETCH_FAULT']) expect(stops).toContain(stop);
  });
});
