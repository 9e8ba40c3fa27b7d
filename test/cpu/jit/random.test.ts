/**
 * Random Thumb programs, translated before they run, against the interpreter in lock step: registers, flags, memory, device accesses,
 * counts and stops, under random budgets.
 *
 * `IMX_SIM_DIFFERENTIAL` sets the number of instructions of each run (default 60,000), `IMX_SIM_SEED` the first seed (default 1).
 */
import { describe, expect, it } from 'vitest';
import type { EngineHost } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { Jit } from '../../../src/cpu/jit/jit.ts';
import { CORTEX_M4, CORTEX_M7, CORTEX_M33 } from '../../../src/cpu/profile.ts';
import { LockStep, type LockStepOptions } from '../../differential/lock-step.ts';
import { DEFAULT_WEIGHTS } from '../../support/random-thumb.ts';

const INSTRUCTIONS = Number(process.env['IMX_SIM_DIFFERENTIAL'] ?? 42_000);
const FIRST_SEED = Number(process.env['IMX_SIM_SEED'] ?? 1);

/** Runs seeds until enough was executed; the share that ran as WebAssembly, and the stops that came. */
function runSeeds(options: LockStepOptions): { share: number; stops: ReadonlySet<string> } {
  let jit: Jit | undefined;
  const lockStep = new LockStep(
    (host: EngineHost) => interpreterFactory.create(host),
    (host: EngineHost) => {
      jit = new Jit(host, { threshold: 0 });
      return jit;
    },
    options,
  );
  try {
    for (let seed = FIRST_SEED; lockStep.instructions < INSTRUCTIONS; seed++) {
      const difference = lockStep.run(seed);
      if (difference) expect.fail(`interpreter / jit differ with IMX_SIM_SEED=${seed}:\n${lockStep.explain(difference)}`);
    }
    return { share: jit!.statistics.executed / lockStep.instructions, stops: new Set(lockStep.stops.keys()) };
  } finally {
    lockStep.dispose();
  }
}

describe('random programs as WebAssembly', { timeout: 180_000 }, () => {
  it('are the same on a Cortex-M7 with double precision', () => {
    const { share, stops } = runSeeds({ profile: CORTEX_M7 });
    expect(share).toBeGreaterThan(0.5);
    for (const stop of ['BKPT', 'BUDGET', 'SVC', 'MASKS', 'REQUESTED', 'UNALIGNED', 'DATA_FAULT', 'FP_ACCESS', 'DIVIDE_BY_ZERO'])
      expect(stops).toContain(stop);
  });

  it('are the same where floating point is most of it', () => {
    const weights = { ...DEFAULT_WEIGHTS, integer16: 2, integer32: 2, access: 1, dsp: 0, float: 12, floatAccess: 3, system: 0.1 };
    expect(runSeeds({ profile: CORTEX_M7, weights }).share).toBeGreaterThan(0.5);
  });

  it('are the same where the DSP extension is most of it', () => {
    const weights = { ...DEFAULT_WEIGHTS, integer16: 2, integer32: 2, access: 1, dsp: 12, float: 0, floatAccess: 0, system: 0.5 };
    expect(runSeeds({ profile: CORTEX_M4, weights }).share).toBeGreaterThan(0.5);
  });

  it('are the same where system instructions and exclusives are many', () => {
    const weights = { ...DEFAULT_WEIGHTS, access: 8, float: 1, floatAccess: 1, system: 6 };
    expect(runSeeds({ profile: CORTEX_M4, weights, protect: true }).share).toBeGreaterThan(0.3);
  });

  it('are the same on a Cortex-M33 with stack limits', () => {
    const { share, stops } = runSeeds({ profile: CORTEX_M33 });
    expect(share).toBeGreaterThan(0.5);
    expect(stops).toContain('STACK_LIMIT');
  });

  it('are the same behind an MPU with boundaries inside pages, privileged and not', () => {
    const { share, stops } = runSeeds({ profile: CORTEX_M7, protect: true });
    expect(share).toBeGreaterThan(0.3);
    for (const stop of ['DATA_FAULT', 'FETCH_FAULT']) expect(stops).toContain(stop);
  });
});
