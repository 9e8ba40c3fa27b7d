/**
 * Simulations out of snapshot files, made here or elsewhere.
 */
import { SnapshotError } from '../errors.ts';
import type { Machine } from '../machine.ts';
import { MachinePool } from '../snapshot/pool.ts';
import { filesOf, type Recipe } from '../snapshot/recipe.ts';
import { decodeRecording, type RecordedEnd } from '../snapshot/recording.ts';
import { decodeSnapshot } from '../snapshot/snapshot-file.ts';
import { decodeLog } from './log-data.ts';
import { configure, powerOn, type SimulationOptions } from './options.ts';
import { codeNeeded } from './recordings.ts';
import { Simulation } from './simulation.ts';
import { Snapshot } from './snapshots.ts';

/** What the host adds when it restores a snapshot. Of `devices` only the definitions count: what is attached stands in the snapshot. */
export type RestoreOptions = Pick<SimulationOptions, 'engine' | 'hostMemory' | 'disassemble' | 'fastForward' | 'devices'>;

/**
 * The snapshot in a file that `Snapshot.save` or `imx-sim run --save-snapshot` wrote; `name` is what the file is called in errors.
 * @throws {SnapshotError} when it is none, damaged, or of another version
 */
export async function restoreSnapshot(file: Uint8Array, options: RestoreOptions = {}, name?: string): Promise<Snapshot<Simulation>> {
  const { recipe, system, inputs = [], more } = await decodeSnapshot(file, name);
  const configuration = configure({ ...optionsOf(recipe), ...options, seed: typeof more['seed'] === 'number' ? more['seed'] : 1 });
  const log = decodeLog(more['log']);
  const pool = new MachinePool(() => powerOn(configuration));
  return new Snapshot({ configuration, recipe, system, log, inputs, pool }, (source, past) => new Simulation(configuration, source, past));
}

/** A simulation that goes on where the one of the snapshot in a file was: `restoreSnapshot` and `fork`. */
export async function restoreMachine(file: Uint8Array, options?: RestoreOptions, name?: string): Promise<Simulation> {
  const simulation = (await restoreSnapshot(file, options, name)).fork();
  await simulation.ready();
  return simulation;
}

/** What the host adds when it replays a recording. */
export interface ReplayOptions extends RestoreOptions {
  /** Is given the machine before it runs: to watch it, not to change it. */
  readonly watch?: (machine: Machine) => void;
}

/** A run that happened again. */
export interface Replay {
  /** At the end of the recorded run. */
  readonly simulation: Simulation;
  /** How that ended; undefined when the recording does not say. */
  readonly end: RecordedEnd | undefined;
  /** Whether the trace is the same; undefined when the recording has none. */
  readonly same: boolean | undefined;
}

/**
 * The run of a recording (`Simulation.record`) once more, from power-on to its end; `name` is what the file is called in errors.
 * @throws {SnapshotError} when it is none, damaged, of a session of the command line, needs code of its test, or does not lead where it led
 */
export async function replayMachine(file: Uint8Array, { watch, ...options }: ReplayOptions = {}, name = 'the recording'): Promise<Replay> {
  const { recipe, by, seed = 1, inputs, end } = await decodeRecording(file, name);
  if (by !== 'simulation')
    throw new SnapshotError('E_SNAPSHOT_FORMAT', `${name} is of imx-sim run, not of the test kit`, 'imx-sim replay runs it again', name);
  const configuration = configure({ ...optionsOf(recipe), ...options, seed });
  const machine = powerOn(configuration);
  const needed = codeNeeded(inputs, machine.devices);
  if (needed) {
    machine.dispose();
    throw new SnapshotError('E_SNAPSHOT_MACHINE', `${name} needs ${needed.what}, which is code of its test`, needed.remedy, name);
  }
  watch?.(machine);
  const simulation = new Simulation(configuration, { take: () => ({ machine }), give: () => machine.dispose() });
  try {
    await simulation.play(inputs, end?.cycle ?? inputs.at(-1)?.cycle ?? 0);
  } catch (error) {
    simulation.dispose();
    throw error;
  }
  return { simulation, end, same: end?.trace === undefined ? undefined : end.trace === simulation.traceHash() };
}

/** The options of a simulation whose machine has that recipe. */
export function optionsOf(recipe: Recipe): SimulationOptions {
  const { dtb: _dtb, overlays: _overlays, bootFiles: _bootFiles, crashDetection, ...same } = recipe;
  return {
    ...same,
    ...filesOf(recipe),
    ...(crashDetection === 'report' ? { recover: true } : {}),
  };
}
