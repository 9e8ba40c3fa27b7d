/**
 * Random programs with everything switched on: counts of instructions and branches against those of the stepped interpreter, hooks at random
 * instructions, and the same registers, memory, device accesses and stops as without.
 *
 * `IMX_SIM_DIFFERENTIAL` sets the number of instructions of each run (default 1200), `IMX_SIM_SEED` the first seed (default 1).
 */
import { describe, expect, it } from 'vitest';
import { featuresOf } from '../../../src/cpu/encodings/index.ts';
import { type Engine, type EngineHost, STOP, type StopCode } from '../../../src/cpu/engine.ts';
import { ExecutionCounts } from '../../../src/cpu/execution-counts.ts';
import { Hooks } from '../../../src/cpu/hooks.ts';
import type { Instruments } from '../../../src/cpu/instruments.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { jitWith } from '../../../src/cpu/jit/jit.ts';
import { CORTEX_M4, CORTEX_M7, CORTEX_M33 } from '../../../src/cpu/profile.ts';
import { unicornAvailable, unicornFactory } from '../../../src/cpu/unicorn/index.ts';
import { Watchpoints } from '../../../src/cpu/watchpoints.ts';
import { LockStep, type LockStepOptions } from '../../differential/lock-step.ts';
import { DEFAULT_WEIGHTS, Random } from '../../support/random-thumb.ts';
import { branchText, executionText, Oracle } from './oracle.ts';
import { Stepper } from './stepper.ts';

const INSTRUCTIONS = Number(process.env['IMX_SIM_DIFFERENTIAL'] ?? 1200);
const FIRST_SEED = Number(process.env['IMX_SIM_SEED'] ?? 1);

/** An engine whose hooks all let the instruction execute: what a core does, as one engine. */
class Passing implements Engine {
  readonly name = 'passing';
  readonly inner: Engine;
  hits = 0;
  private before = 0;
  private inside = false;

  constructor(inner: Engine) {
    this.inner = inner;
  }

  get executed(): number {
    return this.before + (this.inside ? this.inner.executed : 0);
  }

  get detail(): number {
    return this.inner.detail;
  }

  get address(): number {
    return this.inner.address;
  }

  get pc(): number {
    return this.inner.pc;
  }

  get watchMasks(): boolean {
    return this.inner.watchMasks;
  }

  set watchMasks(value: boolean) {
    this.inner.watchMasks = value;
  }

  get fpTrap(): boolean {
    return this.inner.fpTrap;
  }

  set fpTrap(value: boolean) {
    this.inner.fpTrap = value;
  }

  get divideTrap(): boolean {
    return this.inner.divideTrap;
  }

  set divideTrap(value: boolean) {
    this.inner.divideTrap = value;
  }

  get unalignedTrap(): boolean {
    return this.inner.unalignedTrap;
  }

  set unalignedTrap(value: boolean) {
    this.inner.unalignedTrap = value;
  }

  requestStop(): void {
    this.inner.requestStop();
  }

  pull(): void {
    this.inner.pull();
  }

  push(): void {
    this.inner.push();
  }

  dispose(): void {
    this.inner.dispose();
  }

  run(budget: number): StopCode {
    this.before = 0;
    while (this.before < budget) {
      let stop = this.step(budget - this.before);
      if (stop === STOP.HOOK) {
        this.hits++;
        this.inner.passHook = true;
        stop = this.step(1);
      }
      if (stop !== STOP.BUDGET) return stop;
    }
    return STOP.BUDGET;
  }

  private step(budget: number): StopCode {
    this.inside = true;
    try {
      return this.inner.run(budget);
    } finally {
      this.inside = false;
      this.before += this.inner.executed;
    }
  }
}

const SUBJECTS: readonly { name: string; create: (host: EngineHost) => Engine }[] = [
  { name: 'interpreter', create: (host) => interpreterFactory.create(host) },
  { name: 'jit', create: (host) => jitWith({ threshold: 0 }).create(host) },
  ...(unicornAvailable() ? [{ name: 'unicorn', create: (host: EngineHost) => unicornFactory.create(host) }] : []),
];

interface Kind extends LockStepOptions {
  readonly name: string;
  readonly counts: boolean;
  readonly hooks: boolean;
}

function runSeeds(create: (host: EngineHost) => Engine, { counts, hooks: hooked, ...options }: Kind): number {
  let oracle = new Oracle();
  let tested!: Passing;
  let address: (hook: number) => void = () => {};
  const hooks = new Hooks((at) => address(at));
  const instruments: Instruments = {
    hooks,
    watchpoints: new Watchpoints(() => {}),
    counts: counts ? new ExecutionCounts() : undefined,
    stacks: undefined,
  };
  const lockStep = new LockStep(
    (host) =>
      new Stepper(
        host,
        (...args) => oracle.observer(...args),
        (h) => oracle.before(h),
      ),
    (host) => {
      const inner = create({ ...host, instruments });
      address = (at) => inner.hookChanged!(at);
      inner.instrumentsChanged?.();
      tested = new Passing(inner);
      return tested;
    },
    options,
  );
  const { bus } = lockStep.sides[1].core.host.memory;
  const features = featuresOf(options.profile);
  try {
    for (let seed = FIRST_SEED; lockStep.instructions < INSTRUCTIONS; seed++) {
      const difference = lockStep.run(seed);
      if (difference) expect.fail(`differ with IMX_SIM_SEED=${seed}:\n${difference.text}`);
      const wanted = oracle.counts({ bus });
      if (instruments.counts) {
        tested.inner.collectCounts?.();
        const { counts: found } = instruments;
        const text = `counts with IMX_SIM_SEED=${seed}`;
        expect([...found.executions()].map(executionText), text).toEqual(wanted.executions);
        expect([...found.branches(bus, features)].map(branchText), text).toEqual(wanted.branches);
        instruments.counts = new ExecutionCounts();
      }
      oracle = new Oracle();
      if (!hooked) continue;
      const random = new Random(seed);
      // At places of this program, over which the next ones come to lie, and of the next one.
      for (const execution of wanted.executions) {
        if (random.chance(0.1)) hooks.add(Number.parseInt(execution, 16) + 0x130 * random.below(3), () => 'continue');
      }
    }
    return tested.hits;
  } finally {
    lockStep.dispose();
  }
}

const SYSTEM = { ...DEFAULT_WEIGHTS, access: 8, float: 1, floatAccess: 1, system: 6 };
const KINDS: readonly Kind[] = [
  { name: 'counts on a Cortex-M7', profile: CORTEX_M7, counts: true, hooks: false },
  {
    name: 'counts behind an MPU, with system instructions',
    profile: CORTEX_M4,
    weights: SYSTEM,
    protect: true,
    counts: true,
    hooks: false,
  },
  { name: 'hooks on a Cortex-M7', profile: CORTEX_M7, counts: false, hooks: true },
  { name: 'counts and hooks on a Cortex-M33', profile: CORTEX_M33, counts: true, hooks: true },
];

describe.each(SUBJECTS)('random programs on $name', { timeout: 120_000 }, ({ create }) => {
  it.each(KINDS)('are the same with $name', (kind) => {
    const hits = runSeeds(create, kind);
    if (kind.hooks) expect(hits).toBeGreaterThan(INSTRUCTIONS / 200);
  });
});
