/**
 * Recordings of simulations: all that was done to a machine since its power-on, as a file, and the same done again.
 */
import { SnapshotError } from '../errors.ts';
import type { InputEntry, InputLog } from '../history/inputs.ts';
import { Turns } from '../linux/host-turns.ts';
import type { Machine } from '../machine.ts';
import { recipeOf } from '../snapshot/recipe.ts';
import { encodeRecording, type RecordedEnd } from '../snapshot/recording.ts';
import { factsOf } from '../snapshot/snapshot-file.ts';
import type { InputHost } from './inputs.ts';
import type { Recorder } from './recorder.ts';
import { loadShell } from './shell-loader.ts';

/** What a recording is made of, or played to. */
export interface Recordable {
  readonly machine: Machine;
  readonly inputs: InputLog<InputHost>;
  readonly recorder: Recorder;
}

/** Runs in which nothing comes nearer, after which a replay has lost its way. */
const MOST_TRIES = 1000;

const AGAIN = 'run the test again: its seed and options lead to the same run';

/** The recording of a machine's life so far. `end` says where it is, `faults` and `seed` what it was made with. */
export function recordingOf(
  { machine, inputs }: Pick<Recordable, 'machine' | 'inputs'>,
  { end, seed, faults = [] }: { readonly end: Omit<RecordedEnd, 'cycle'>; readonly seed: number; readonly faults?: readonly string[] },
): Promise<Uint8Array> {
  const recipe = recipeOf(machine.options);
  const { now, hz } = machine.scheduler;
  return encodeRecording(factsOf(recipe, now, hz), {
    recipe,
    by: 'simulation',
    seed,
    faults,
    inputs: inputs.entries,
    end: { ...end, cycle: now },
  });
}

/** What of a test's code, which no file has, `entries` need beside `devices`; undefined when they need none. */
export function codeNeeded(
  entries: readonly InputEntry[],
  devices: Machine['devices'],
): { readonly what: string; readonly remedy: string } | undefined {
  for (const { kind, args, byCode } of entries) {
    const id = args[2];
    if (byCode) return { what: `a ${kind} in the middle of the run, by a watcher, stub or hook`, remedy: AGAIN };
    if (kind === 'core.stub' && args[1] !== undefined) return { what: `the stub or spy of ${String(args[0])}`, remedy: AGAIN };
    if ((kind === 'i2c.attach' || kind === 'spi.attach') && typeof id === 'string' && !devices.knows(id))
      return { what: `the device ${id}`, remedy: 'in the test, replayMachine(file, { devices: { known: [...] } }) plays it' };
  }
  return undefined;
}

/** Does all of `entries` to a machine at its power-on, each at its moment, and runs it to cycle `end`. @throws {SnapshotError} when a moment does not come */
export async function playTo(target: Recordable, entries: readonly InputEntry[], end: number): Promise<void> {
  const turns = new Turns();
  if (entries.some(({ kind }) => /^(linux\.exec|linux\.shell|shell\.)/.test(kind))) await loadShell();
  try {
    for (const entry of entries) {
      await runTo(target, entry);
      const result = target.inputs.perform(entry.kind, ...entry.args);
      if (!(result instanceof Promise)) continue;
      // Whoever made it heard of its failure.
      result.catch(() => {});
      // Time stood still until host code had begun.
      await turns.next();
    }
    await runTo(target, { cycle: end, fired: 0 });
  } finally {
    turns.close();
  }
}

async function runTo({ machine, recorder }: Recordable, { cycle, fired }: Pick<InputEntry, 'cycle' | 'fired'>): Promise<void> {
  const { scheduler } = machine;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const userSpace = machine.linux?.userSpace;
    if (userSpace?.busy) await userSpace.settled();
    const before = scheduler.now;
    if (before > cycle) break;
    if (before === cycle && machine.linuxTurns >= fired) return;
    const stop = machine.run(Math.min(cycle, recorder.nextAct));
    if (scheduler.now >= recorder.nextAct) recorder.act();
    // Where nothing can happen, time passed for whoever waited for it.
    if (stop.kind === 'deadlock') scheduler.advanceTo(cycle);
    if (scheduler.now > before) tries = 0;
  }
  throw new SnapshotError(
    'E_SNAPSHOT_DIVERGED',
    `the replay does not come to cycle ${cycle} as the recorded run did: it is at ${scheduler.now}`,
    'the recording is of another version of imx-sim; record the run again',
    'the recording',
  );
}
