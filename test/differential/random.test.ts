/**
 * Random Thumb programs on two engines in lock step, one of them Unicorn: registers, flags, memory, device accesses, counts and stops under
 * random budgets. (test/cpu/jit/random.test.ts has the translating engine against the interpreter.)
 *
 * `IMX_SIM_DIFFERENTIAL` sets the number of instructions of each run, `IMX_SIM_SEED` the first seed (default 1).
 */
import { afterAll, describe, expect, it } from 'vitest';
import type { EngineHost } from '../../src/cpu/engine.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { Jit } from '../../src/cpu/jit/jit.ts';
import { CORTEX_M4, CORTEX_M7, CORTEX_M33 } from '../../src/cpu/profile.ts';
import { UnicornEngine } from '../../src/cpu/unicorn/engine.ts';
import { unicornAvailable } from '../../src/cpu/unicorn/index.ts';
import { DEFAULT_WEIGHTS } from '../support/random-thumb.ts';
import { LockStep, type LockStepOptions } from './lock-step.ts';
import { NATIVE_TUNING } from './tuning.ts';

const OPTION = process.env['IMX_SIM_DIFFERENTIAL'];
/** Instructions of a run: those of the translating engine take a compilation for each program. */
const INSTRUCTIONS = { interpreter: Number(OPTION ?? 110_000), jit: Number(OPTION ?? 36_000) } as const;
const FIRST_SEED = Number(process.env['IMX_SIM_SEED'] ?? 1);
/** What one run of this file must come to at least. */
const LEAST = 1_000_000;

interface Configuration extends LockStepOptions {
  readonly name: string;
  /** Least share that Unicorn, and that translated code, execute themselves. */
  readonly unicorn: number;
  readonly jit: number;
  readonly stops?: readonly string[];
}

const FLOAT = { ...DEFAULT_WEIGHTS, integer16: 2, integer32: 2, access: 1, dsp: 0, float: 12, floatAccess: 3, system: 0.1 };
const DSP = { ...DEFAULT_WEIGHTS, integer16: 2, integer32: 2, access: 1, dsp: 12, float: 0, floatAccess: 0, system: 0.1 };
const SYSTEM = { ...DEFAULT_WEIGHTS, access: 8, float: 1, floatAccess: 1, system: 6 };

const CONFIGURATIONS: readonly Configuration[] = [
  {
    name: 'on a Cortex-M7 with double precision',
    profile: CORTEX_M7,
    unicorn: 0.8,
    jit: 0.5,
    stops: ['BKPT', 'BUDGET', 'SVC', 'MASKS', 'REQUESTED', 'UNALIGNED', 'DATA_FAULT', 'FP_ACCESS', 'DIVIDE_BY_ZERO'],
  },
  { name: 'on a Cortex-M4 with single precision', profile: CORTEX_M4, unicorn: 0.8, jit: 0.5 },
  { name: 'on a Cortex-M33 with stack limits', profile: CORTEX_M33, unicorn: 0.75, jit: 0.5, stops: ['STACK_LIMIT'] },
  {
    name: 'behind an MPU with boundaries inside pages, privileged and not',
    profile: CORTEX_M7,
    protect: true,
    unicorn: 0.5,
    jit: 0.3,
    stops: ['DATA_FAULT', 'FETCH_FAULT'],
  },
  { name: 'where floating point is most of it', profile: CORTEX_M7, weights: FLOAT, unicorn: 0.8, jit: 0.5 },
  { name: 'where the DSP extension is most of it', profile: CORTEX_M33, weights: DSP, unicorn: 0.8, jit: 0.5 },
  { name: 'where system instructions and exclusives are many', profile: CORTEX_M4, weights: SYSTEM, protect: true, unicorn: 0.2, jit: 0.3 },
];

const total = { instructions: 0, programs: 0 };

/** Runs seeds until enough was executed; the share that Unicorn and translated code executed, and the stops that came. */
function runSeeds(other: 'interpreter' | 'jit', options: LockStepOptions): { unicorn: number; jit: number; stops: ReadonlySet<string> } {
  let unicorn: UnicornEngine | undefined;
  let jit: Jit | undefined;
  const lockStep = new LockStep(
    (host: EngineHost) => {
      if (other === 'interpreter') return interpreterFactory.create(host);
      jit = new Jit(host, { threshold: 0 });
      return jit;
    },
    (host: EngineHost) => {
      unicorn = new UnicornEngine(host, interpreterFactory, NATIVE_TUNING);
      return unicorn;
    },
    options,
  );
  try {
    for (let seed = FIRST_SEED; lockStep.instructions < INSTRUCTIONS[other]; seed++) {
      const difference = lockStep.run(seed);
      if (difference) expect.fail(`${other} / unicorn differ with IMX_SIM_SEED=${seed}:\n${lockStep.explain(difference)}`);
      total.programs++;
    }
    total.instructions += lockStep.instructions;
    const share = (executed: number): number => executed / lockStep.instructions;
    return {
      unicorn: share(unicorn!.nativeInstructions),
      jit: share(jit?.statistics.executed ?? 0),
      stops: new Set(lockStep.stops.keys()),
    };
  } finally {
    lockStep.dispose();
  }
}

describe.skipIf(!unicornAvailable())('random programs (needs libunicorn2)', () => {
  describe.each(['interpreter', 'jit'] as const)('on %s and unicorn', (other) => {
    it.each(CONFIGURATIONS)('are the same $name', (configuration) => {
      const { unicorn, jit, stops } = runSeeds(other, configuration);
      expect(unicorn).toBeGreaterThan(configuration.unicorn);
      if (other === 'jit') expect(jit).toBeGreaterThan(configuration.jit);
      for (const stop of configuration.stops ?? []) expect(stops).toContain(stop);
    });
  });

  afterAll(() => {
    const { instructions, programs } = total;
    console.log(
      `differential: ${instructions.toLocaleString('en')} random instructions in ${programs.toLocaleString('en')} programs on interpreter / unicorn ` +
        `and jit / unicorn, seeds from ${FIRST_SEED}`,
    );
  });

  it.skipIf(OPTION !== undefined)(`were ${LEAST.toLocaleString('en')} instructions or more`, ({ task }) => {
    const others = task.suite!.tasks.flatMap((sibling) => ('tasks' in sibling ? sibling.tasks : []));
    if (others.some(({ mode }) => mode !== 'run')) return;
    expect(total.instructions).toBeGreaterThanOrEqual(LEAST);
  });
});
