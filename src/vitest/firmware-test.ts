/**
 * `firmwareTest`: vitest's `test` with a fixture `m`, a machine of its own for every test. The firmware boots once for all tests that share the
 * options, when the first of them runs; what `setup` waits for has happened in every `m`. Each is a fork of that state and is gone after its test.
 */
import { test as base, type TestAPI } from 'vitest';
import type { Simulation } from '../kit/simulation.ts';
import { counted, coverageOfFile, fileTitle, type TestFile } from './coverage.ts';
import { explainedError, explainFailure, type FailedTask, type KeptError } from './failure.ts';
import { type FileOptions, readOptions } from './files.ts';
import { forgotten } from './pending.ts';
import { type Setup, type Stage, stageWith, withFork } from './stages.ts';
import { raiseTimeout } from './timeout.ts';

/** What `firmwareTest` takes: the options of `createMachine`, files by name, and what tests begin with. */
export interface FirmwareTestOptions extends FileOptions {
  /** Waits for what every test needs: `(m) => m.until('linux', /creating channel/)`. Runs once. */
  readonly setup?: Setup;
  /** Runs in the fork of each test, before it. */
  readonly prepare?: Setup;
  /** True: how far stacks are used is watched, for `toStayWithinStack`; it costs time. */
  readonly stacks?: boolean;
  /** Directory for what is kept of failed tests; IMX_SIM_ARTIFACTS unless given. */
  readonly artifacts?: string;
}

/** What tests get. */
export interface FirmwareFixtures {
  /** The machine of this test. */
  readonly m: Simulation;
}

/** A `test` of vitest for one firmware. */
export interface FirmwareTest extends TestAPI<FirmwareFixtures> {
  /** The same, begun later: `setup` runs once, on a fork of where this one's tests begin, and its tests get forks of what comes of it. */
  after(setup: Setup): FirmwareTest;
  /** The same with other options. What only a fork needs (`prepare`, `artifacts`, `faults`) uses the same boot; everything else boots anew. */
  with(options: FirmwareTestOptions): FirmwareTest;
}

/** Options that concern the fork of a test, not the boot. */
type ForkOptions = Pick<FirmwareTestOptions, 'prepare' | 'artifacts' | 'faults'>;

/** What a `FirmwareTest` stands for. */
interface Firmware {
  readonly stage: Stage;
  readonly fork: ForkOptions;
}

/** What vitest knows of a test, in the versions that are supported. */
interface RunningTask {
  readonly name: string;
  readonly file: TestFile;
  readonly suite?: RunningSuite | undefined;
  readonly result?: { readonly state: string; readonly errors?: KeptError[] | undefined } | undefined;
  readonly meta: FailedTask['meta'];
}

interface RunningSuite {
  readonly name: string;
  readonly suite?: RunningSuite | undefined;
}

/** `suite > test`. */
function fullName(task: RunningTask): string {
  const names = [task.name];
  for (let suite = task.suite; suite?.name; suite = suite.suite) names.unshift(suite.name);
  return names.join(' > ');
}

/** The failed test; undefined when it did not fail. */
function failed(task: RunningTask): FailedTask | undefined {
  const { result, meta, name, file } = task;
  if (result?.state !== 'fail' || !result.errors) return undefined;
  return { name, fullName: fullName(task), file: fileTitle(file), errors: result.errors, meta };
}

/** Runs a test with a machine of its own. */
async function withMachine({ stage, fork }: Firmware, task: RunningTask, use: (m: Simulation) => Promise<void>): Promise<void> {
  await coverageOfFile(task.file);
  try {
    await withFork(stage, async (m) => {
      for (const fault of fork.faults ?? []) m.fault(fault);
      await fork.prepare?.(m);
      await use(m);
      counted(m, fullName(task));
      const failure = failed(task);
      if (failure) await explainFailure(m, failure, fork.artifacts ?? (process.env['IMX_SIM_ARTIFACTS'] || undefined));
      else forgotten(m);
    });
  } catch (error) {
    // Of the set-up: the test itself never throws through its fixture.
    throw explainedError(error, task.meta);
  }
}

function testOf(firmware: Firmware): FirmwareTest {
  const { stage, fork } = firmware;
  const test = base.extend<FirmwareFixtures>({
    m: ({ task }, use) => withMachine(firmware, task as RunningTask, use),
  });
  return Object.assign(test, {
    after: (setup: Setup): FirmwareTest => testOf({ stage: { ...stage, setup, before: stage }, fork }),
    with: ({ prepare, artifacts, faults, setup, stacks, ...more }: FirmwareTestOptions): FirmwareTest => {
      const changes = { ...(prepare ? { prepare } : {}), ...(artifacts === undefined ? {} : { artifacts }), ...(faults ? { faults } : {}) };
      const anew = setup !== undefined || stacks !== undefined || Object.keys(more).length > 0;
      const changed = { setup, ...(stacks === undefined ? {} : { stacks }) };
      return testOf({ stage: anew ? stageWith(stage, () => readOptions(more), changed) : stage, fork: { ...fork, ...changes } });
    },
  });
}

/**
 * A `test` for one firmware: `const test = firmwareTest({ firmware: 'build/zephyr/zephyr.elf', setup: (m) => m.until('linux', /goodbye!/) })`, then
 * `test('answers', async ({ m }) => ...)`. Of vitest's own `describe`, `test.for`, `test.concurrent`, `test.extend` and hooks work with it; `test.each` has no fixtures.
 * `faults` given here act from power-on; those of `with` on the fork of each test.
 */
export function firmwareTest({ setup, prepare, artifacts, stacks = false, ...options }: FirmwareTestOptions): FirmwareTest {
  raiseTimeout();
  const fork = { ...(prepare ? { prepare } : {}), ...(artifacts === undefined ? {} : { artifacts }) };
  return testOf({ stage: { options: () => readOptions(options), setup, before: undefined, stacks }, fork });
}
