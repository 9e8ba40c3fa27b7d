/**
 * Where tests begin: a boot with its set-up, and set-ups behind others. Each is reached once, when the first test needs it; tests get forks.
 */
import { createMachine } from '../kit/create.ts';
import type { SimulationOptions } from '../kit/options.ts';
import type { Simulation } from '../kit/simulation.ts';
import type { Snapshot } from '../kit/snapshots.ts';
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

/** Snapshots that a worker keeps while no test uses them. */
const KEPT = 8;

const boots = new Boots<Stage, Snapshot<Simulation>>(KEPT);

async function reach({ options, setup, before }: Stage): Promise<Snapshot<Simulation>> {
  if (before) return withFork(before, (m) => prepared(m, setup));
  const m = await createMachine(options());
  try {
    return await prepared(m, setup);
  } finally {
    m.dispose();
  }
}

async function prepared(m: Simulation, setup: Setup | undefined): Promise<Snapshot<Simulation>> {
  await setup?.(m);
  return m.snapshot();
}

/** Gives `use` a fork of where tests begin, and disposes of it behind. */
export function withFork<R>(stage: Stage, use: (m: Simulation) => Promise<R>): Promise<R> {
  return boots.with(
    stage,
    () => reach(stage),
    async (snapshot) => {
      const m = snapshot.fork();
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
