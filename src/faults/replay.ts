/**
 * A run of the command line as a recording: firmware, options, faults, seed, and how it ended; with it the same run happens again.
 */
import type { EngineFactory } from '../cpu/engine.ts';
import { SnapshotError } from '../errors.ts';
import type { DeviceInput } from '../session/input.ts';
import { machineOptions, type RunConfiguration, semihostingConsole } from '../session/machine-options.ts';
import type { SessionOptions } from '../session/session.ts';
import { optionsOf, recipeOf } from '../snapshot/recipe.ts';
import { encodeRecording, type RecordedEnd, type RecordingParts } from '../snapshot/recording.ts';
import { factsOf } from '../snapshot/snapshot-file.ts';

/** Where the options of the run stand in the recording. */
const RUN = 'run';

/** Options of a run that are not its machine's. */
interface RecordedRun {
  readonly until?: { readonly device?: string; readonly pattern: string };
  readonly timeout?: number;
  readonly send?: readonly DeviceInput[];
}

/** The file of a run that can be had again: nobody typed anything. */
export function encodeRun(options: SessionOptions, end: RecordedEnd): Promise<Uint8Array> {
  const { until, timeout, send, faults, seed } = options;
  // What is called is asked for when it runs; the recipe only says that somebody answers.
  const semihosting = options.semihosting ? semihostingConsole(() => neverAsked()) : undefined;
  const recipe = recipeOf(machineOptions(options as RunConfiguration, semihosting));
  const condition = until instanceof RegExp ? { pattern: until } : until;
  const run: RecordedRun = {
    ...(condition ? { until: { ...(condition.device ? { device: condition.device } : {}), pattern: condition.pattern.source } } : {}),
    ...(timeout === undefined ? {} : { timeout }),
    ...(send && send.length > 0 ? { send: send.map(({ device, bytes }) => ({ device, bytes })) } : {}),
  };
  return encodeRecording(factsOf(recipe, end.cycle, options.target.soc.baseHz), {
    recipe,
    by: 'session',
    ...(seed === undefined ? {} : { seed }),
    ...(faults ? { faults } : {}),
    inputs: [],
    end,
    more: { [RUN]: run },
  });
}

function neverAsked(): never {
  throw new SnapshotError('E_SNAPSHOT_MACHINE', 'a recipe does not run', 'run what it describes', '');
}

/** The options of the session that is to be had again. @throws {SnapshotError} when the recording is not of one, or was given input */
export function replayOptions(parts: RecordingParts, name: string, engine: EngineFactory): SessionOptions {
  const { recipe, by, faults = [], seed, inputs, more = {} } = parts;
  const run = more[RUN] as RecordedRun | undefined;
  if (by !== 'session' || !run || inputs.length > 0)
    throw new SnapshotError('E_SNAPSHOT_FORMAT', `${name} is of the test kit`, 'replayMachine() of imx-sim plays it', name);
  const machine = { ...optionsOf(recipe, { engine }), history: false };
  const { firmware, soc, core = soc.cores[0]!.name, board } = machine;
  if (!firmware) throw new SnapshotError('E_SNAPSHOT_DAMAGED', `${name} has no firmware`, 'make it again', name);
  return {
    firmware,
    target: { soc, core, reasons: [`as in ${name}`], ...(board === undefined ? {} : { board }) },
    engine,
    machine,
    semihosting: recipe.semihosting ?? false,
    faults,
    traceHash: true,
    ...(seed === undefined ? {} : { seed }),
    ...(run.until ? { until: { ...(run.until.device ? { device: run.until.device } : {}), pattern: new RegExp(run.until.pattern) } } : {}),
    ...(run.timeout === undefined ? {} : { timeout: run.timeout }),
    ...(run.send ? { send: run.send } : {}),
  };
}
