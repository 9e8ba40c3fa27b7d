/**
 * Simulations out of snapshot files, made here or elsewhere.
 */
import { loadTree } from '../devicetree/load.ts';
import { MachinePool } from '../snapshot/pool.ts';
import type { Recipe } from '../snapshot/recipe.ts';
import { decodeSnapshot } from '../snapshot/snapshot-file.ts';
import { decodeLog } from './log-data.ts';
import { configure, powerOn, type SimulationOptions } from './options.ts';
import { Simulation } from './simulation.ts';
import { Snapshot } from './snapshots.ts';

/** What the host adds when it restores a snapshot. */
export type RestoreOptions = Pick<SimulationOptions, 'engine' | 'hostMemory' | 'disassemble' | 'fastForward'>;

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

/** The options of a simulation whose machine has that recipe. */
export function optionsOf(recipe: Recipe): SimulationOptions {
  const { dtb, overlays, bootFiles, crashDetection, ...same } = recipe;
  return {
    ...same,
    ...(dtb ? { dtb: { name: dtb.name, tree: loadTree(dtb.bytes, dtb.name) } } : {}),
    ...(overlays ? { overlays: overlays.map(({ name, bytes }) => ({ name, tree: loadTree(bytes, name) })) } : {}),
    ...(bootFiles ? { bootFiles: new Map(bootFiles.map(({ name, bytes }) => [name, bytes])) } : {}),
    ...(crashDetection === 'report' ? { recover: true } : {}),
  };
}
