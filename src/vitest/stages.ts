/**
 * Where tests begin: a boot with its set-up, and set-ups behind others. Each is reached once, when the first test needs it; tests get forks.
 */
import { createMachine } from '../kit/create.ts';
import type { SimulationOptions } from '../kit/options.ts';
import type { Simulation } from '../kit/simulation.ts';
import { Boots } from './boots.ts';

/** Brings a machine to where tests begin. */
export type Setup = (m: Simulation) => unknown;

/** A boot with its set-up, or a set-up behind another stage. */
export interface Stage {
  /** Files are read when the stage is reached, not when the test file is. */
  readonly options: () => SimulationOptions;
  readonly setup: Setup | undefined;
  readonly before: Stage | undefined;
}

/** A stage that was reached: forks of it, each on its own. */
interface Reached {
  fork(): Promise<Simulation>;
  dispose(): void;
}

/** Machines that a worker keeps while nobody uses them. */
const KEPT = 8;

const boots = new Boots<Stage, Reached>(KEPT);

/** TEMPORARY until Simulation.snapshot(): a machine per test, brought there anew. */
async function reach(stage: Stage): Promise<Reached> {
  const fork = async (): Promise<Simulation> => {
    const m = stage.before
      ? await boots.with(
          stage.before,
          () => reach(stage.before!),
          (reached) => reached.fork(),
        )
      : await createMachine(stage.options());
    try {
      await stage.setup?.(m);
      return m;
    } catch (error) {
      m.dispose();
      throw error;
    }
  };
  const first = await fork();
  first.dispose();
  return { fork, dispose: () => {} };
}

/** Gives `use` a fork of where tests begin, and disposes of it behind. */
export function withFork<R>(stage: Stage, use: (m: Simulation) => Promise<R>): Promise<R> {
  return boots.with(
    stage,
    () => reach(stage),
    async (reached) => {
      const m = await reached.fork();
      try {
        await m.ready();
        return await use(m);
      } finally {
        m.dispose();
      }
    },
  );
}

/** The stage with other options, and with another set-up behind the boot if one is given. */
export function stageWith(stage: Stage, more: () => SimulationOptions, setup: Setup | undefined): Stage {
  const options = (): SimulationOptions => ({ ...stage.options(), ...more() });
  if (!stage.before) return { options, setup: setup ?? stage.setup, before: undefined };
  return { options, setup: stage.setup, before: stageWith(stage.before, more, setup) };
}
