/**
 * Snapshots of simulations: a machine with its past, from which any number of others go on, here or elsewhere.
 *
 * A fork costs nothing until it is used; then its machine is one that another fork has left, if there is one, and memory is copied where it is
 * touched. Linux lives through its history again (ADR 17).
 */

import type { InputEntry, InputLog, InputValue } from '../history/inputs.ts';
import type { RecordedHistory } from '../history/linux-history.ts';
import type { Machine } from '../machine.ts';
import { MachinePool } from '../snapshot/pool.ts';
import { type Recipe, recipeOf } from '../snapshot/recipe.ts';
import { encodeSnapshot, factsOf } from '../snapshot/snapshot-file.ts';
import { restoreSystem, type SystemState, saveSystem } from '../snapshot/system-state.ts';
import { InputHost, inputsOf } from './inputs.ts';
import type { SimulationLog } from './log.ts';
import { encodeLog } from './log-data.ts';
import { type Configuration, powerOn } from './options.ts';
import { loadShell } from './shell-loader.ts';

/** A machine, and what acts on it from outside when it has a past. */
export interface PreparedMachine {
  readonly machine: Machine;
  readonly host?: InputHost;
  readonly inputs?: InputLog<InputHost>;
}

/** Where the machine of a simulation (`S`) comes from: made at once, or by promise, and where it goes afterwards. */
export interface MachineSource<S> {
  /** The snapshot that it is a fork of. */
  readonly origin?: Snapshot<S>;
  take(): PreparedMachine | Promise<PreparedMachine>;
  /** `sound`: another one can use it. */
  give(machine: Machine, sound: boolean): void;
}

/** What a snapshot is made of. */
export interface SnapshotParts {
  readonly configuration: Configuration;
  readonly recipe: Recipe;
  readonly system: SystemState;
  readonly log: SimulationLog;
  readonly inputs: readonly InputEntry[];
  readonly pool: MachinePool;
}

/** A simulation (`S`) at one moment; never changes. */
export class Snapshot<S> {
  /** Cycle of the base clock at which it was made. */
  readonly cycle: number;
  private readonly parts: SnapshotParts;
  private readonly begin: (source: MachineSource<S>, log: SimulationLog) => S;

  /** @internal Made by `Simulation.snapshot` and `restoreSnapshot`. `begin` makes a simulation that goes on from a log. */
  constructor(parts: SnapshotParts, begin: (source: MachineSource<S>, log: SimulationLog) => S) {
    this.parts = parts;
    this.begin = begin;
    this.cycle = parts.system.hardware.now;
  }

  /** Another simulation that goes on from here. It gets a machine when it is first used. */
  fork(): S {
    return this.begin(this.source(), this.parts.log.clone());
  }

  /** The snapshot as a file, which `restoreMachine` reads. */
  async save(): Promise<Uint8Array> {
    const { configuration, recipe, system, log, inputs } = this.parts;
    const facts = factsOf(recipe, this.cycle, configuration.target.soc.baseHz);
    return encodeSnapshot(facts, { recipe, system, inputs, more: { log: encodeLog(log), seed: configuration.seed } });
  }

  /** @internal */
  get pool(): MachinePool {
    return this.parts.pool;
  }

  /** Frees the machines that forks have left. */
  dispose(): void {
    this.parts.pool.clear();
  }

  private source(): MachineSource<S> {
    const { pool, system, inputs: past } = this.parts;
    return {
      origin: this,
      take: () => {
        const machine = pool.take();
        const host = new InputHost(machine);
        const inputs = inputsOf(host);
        inputs.continue(past);
        const prepared: PreparedMachine = { machine, host, inputs };
        const call = (kind: string, args: readonly InputValue[]): void => {
          // Whoever made the call in that past heard of its failure.
          const result = inputs.apply(kind, args);
          if (result instanceof Promise) result.catch(() => {});
        };
        const failed = (error: unknown): never => {
          pool.give(machine, false);
          throw error;
        };
        if (system.linux?.history.asynchronous) {
          return (usesShell(system.linux.history) ? loadShell() : Promise.resolve())
            .then(() => restoreSystem(machine, system, call))
            .then(() => prepared, failed);
        }
        try {
          restoreSystem(machine, system, call);
        } catch (error) {
          failed(error);
        }
        return prepared;
      },
      give: (machine, sound) => pool.give(machine, sound),
    };
  }
}

/** Command lines were executed. */
function usesShell({ calls }: RecordedHistory): boolean {
  return calls.some(([kind]) => kind === 'linux.exec' || kind === 'linux.shell');
}

/** What the snapshot of a simulation that nobody awaits anything of is made of; machines for its forks come from `pool`, if there is one already. */
export function snapshotParts(
  { configuration, log }: { readonly configuration: Configuration; readonly log: SimulationLog },
  machine: Machine,
  inputs: readonly InputEntry[],
  pool = new MachinePool(() => powerOn(configuration)),
): SnapshotParts {
  return { configuration, recipe: recipeOf(machine.options), system: saveSystem(machine), log: log.clone(), inputs: [...inputs], pool };
}
