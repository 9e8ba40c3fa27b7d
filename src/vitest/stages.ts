/**
 * Where tests begin: a boot with its set-up, and set-ups behind others. Each is reached once, when the first test needs it; tests get forks.
 */
import { createMachine } from '../kit/create.ts';
import type { SimulationOptions } from '../kit/options.ts';
import type { Simulation } from '../kit/simulation.ts';
import type { Snapshot } from '../kit/snapshots.ts';
import { Boots } from './boots.ts';
import { count, counted } from './coverage.ts';
import { areWatched, type StackUse, stackUses, watchStacks } from './stacks.ts';

/** Brings a machine to where tests begin. */
export type Setup = (m: Simulation) => unknown;

/** A boot with its set-up, or a set-up behind another stage. */
export interface Stage {
  /** Files are read when the stage is reached, not when the test file is. */
  readonly options: () => SimulationOptions;
  readonly setup: Setup | undefined;
  readonly before: Stage | undefined;
  /** Stack use is watched from power-on. */
  readonly stacks: boolean;
}

/** A stage that was reached. */
interface Reached {
  readonly snapshot: Snapshot<Simulation>;
  /** Stack use until then, if stacks are watched. */
  readonly stacks: readonly StackUse[] | undefined;
  dispose(): void;
}

/** Stages that a worker keeps while no test uses them. */
const KEPT = 8;

const boots = new Boots<Stage, Reached>(KEPT);

async function reach(stage: Stage): Promise<Reached> {
  const { before, options, setup, stacks } = stage;
  if (before) return withFork(before, (m) => prepared(m, setup));
  const m = await createMachine(options());
  try {
    if (stacks) watchStacks(m);
    count(m);
    return await prepared(m, setup);
  } finally {
    m.dispose();
  }
}

async function prepared(m: Simulation, setup: Setup | undefined): Promise<Reached> {
  await setup?.(m);
  counted(m, 'setup');
  const snapshot = m.snapshot();
  return { snapshot, stacks: areWatched(m) ? stackUses(m) : undefined, dispose: () => snapshot.dispose() };
}

/** Gives `use` a fork of where tests begin, and disposes of it behind. */
export function withFork<R>(stage: Stage, use: (m: Simulation) => Promise<R>): Promise<R> {
  return boots.with(
    stage,
    () => reach(stage),
    async ({ snapshot, stacks }) => {
      const m = snapshot.fork();
      try {
        await m.ready();
        if (stacks) watchStacks(m, stacks);
        count(m);
        return await use(m);
      } finally {
        m.dispose();
      }
    },
  );
}

/** The stage with other options, and with another set-up behind the boot if one is given. */
export function stageWith(
  stage: Stage,
  more: () => SimulationOptions,
  { setup, stacks = stage.stacks }: Partial<Pick<Stage, 'setup' | 'stacks'>>,
): Stage {
  const options = (): SimulationOptions => ({ ...stage.options(), ...more() });
  if (!stage.before) return { options, setup: setup ?? stage.setup, before: undefined, stacks };
  return { options, setup: stage.setup, before: stageWith(stage.before, more, { setup, stacks }), stacks };
}
