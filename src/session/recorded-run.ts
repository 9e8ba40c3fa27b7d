/**
 * A run of the command line as a recording: firmware, options, faults, seed, what came in from outside, and how it ended; with it the same run
 * happens again.
 */
import type { EngineFactory } from '../cpu/engine.ts';
import { SnapshotError } from '../errors.ts';
import type { InputEntry } from '../history/inputs.ts';
import { optionsOf, recipeOf } from '../snapshot/recipe.ts';
import { encodeRecording, type RecordedEnd, type RecordingParts } from '../snapshot/recording.ts';
import { factsOf } from '../snapshot/snapshot-file.ts';
import type { DeviceInput } from './input.ts';
import { machineOptions, type RunConfiguration, semihostingConsole } from './machine-options.ts';
import type { SessionOptions } from './session.ts';

/** Where the options of the run stand in the recording. */
const RUN = 'run';

/** The host's side of a run's bridges: which consoles had one, and whether rpmsg had a socket. */
export interface BridgedDevices {
  readonly tty: readonly { readonly device: string; readonly cooked: boolean }[];
  readonly rpmsgSock: boolean;
}

/** What came into a run from outside, and through what. */
export interface Outside {
  readonly inputs: readonly InputEntry[];
  /** Somebody could have done something at any time: what, as `Session.run` was told. */
  readonly awaited?: string;
  readonly bridges?: BridgedDevices;
  /** The snapshot file with which the run began. */
  readonly start?: Uint8Array;
}

/** Options of a run that are not its machine's. */
export interface RecordedRun extends Omit<Outside, 'inputs'> {
  readonly until?: { readonly device?: string; readonly pattern: string };
  readonly timeout?: number;
  readonly send?: readonly DeviceInput[];
  readonly hostMemory?: number;
}

/** The file of a run. */
export function encodeRun(
  options: SessionOptions,
  end: RecordedEnd,
  { inputs, ...outside }: Outside = { inputs: [] },
): Promise<Uint8Array> {
  const { until, timeout, send, faults, seed, hostMemory } = options;
  // What is called is asked for when it runs; the recipe only says that somebody answers.
  const semihosting = options.semihosting ? semihostingConsole(() => neverAsked()) : undefined;
  const machine = options.machine ?? machineOptions(options as RunConfiguration, semihosting);
  const recipe = recipeOf({ ...machine, ...(semihosting ? { semihosting } : {}) });
  const condition = until instanceof RegExp ? { pattern: until } : until;
  const run: RecordedRun = {
    ...(condition ? { until: { ...(condition.device ? { device: condition.device } : {}), pattern: condition.pattern.source } } : {}),
    ...(timeout === undefined ? {} : { timeout }),
    ...(send && send.length > 0 ? { send: send.map(({ device, bytes }) => ({ device, bytes })) } : {}),
    ...(hostMemory === undefined ? {} : { hostMemory }),
    ...outside,
  };
  return encodeRecording(factsOf(recipe, end.cycle, options.target.soc.baseHz), {
    recipe,
    by: 'session',
    ...(seed === undefined ? {} : { seed }),
    ...(faults && faults.length > 0 ? { faults } : {}),
    inputs,
    end,
    more: { [RUN]: run },
  });
}

function neverAsked(): never {
  throw new SnapshotError('E_SNAPSHOT_MACHINE', 'a recipe does not run', 'run what it describes', '');
}

/** The options of the run in a recording that are not its machine's. @throws {SnapshotError} when it is not of a session, or damaged */
export function recordedRun({ by, more = {} }: RecordingParts, name: string): RecordedRun {
  if (by !== 'session')
    throw new SnapshotError('E_SNAPSHOT_FORMAT', `${name} is of the test kit`, 'replayMachine() of imx-sim plays it', name);
  const run = more[RUN];
  if (!isRun(run)) throw new SnapshotError('E_SNAPSHOT_DAMAGED', `${name} is damaged: the options of its run are`, 'make it again', name);
  return run;
}

function isRun(run: unknown): run is RecordedRun {
  if (typeof run !== 'object' || run === null) return false;
  const { until, timeout = 1, send = [], hostMemory = 1, awaited = '', bridges, start } = run as Partial<RecordedRun>;
  const isSend = (each: unknown): boolean => {
    const { device, bytes } = (each ?? {}) as Partial<DeviceInput>;
    return typeof device === 'string' && bytes instanceof Uint8Array;
  };
  const isTty = (each: unknown): boolean => typeof (each as { device?: unknown } | undefined)?.device === 'string';
  return (
    (until === undefined || (typeof until.pattern === 'string' && isPattern(until.pattern))) &&
    typeof timeout === 'number' &&
    timeout >= 0 &&
    Array.isArray(send) &&
    send.every(isSend) &&
    typeof hostMemory === 'number' &&
    typeof awaited === 'string' &&
    (bridges === undefined || (Array.isArray(bridges.tty) && bridges.tty.every(isTty))) &&
    (start === undefined || start instanceof Uint8Array)
  );
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** The options of the session that is to be had again. @throws {SnapshotError} when the recording is not of one, or damaged */
export function replayOptions(parts: RecordingParts, name: string, engine: EngineFactory): SessionOptions {
  const { recipe, faults = [], seed } = parts;
  const { until, timeout, send, hostMemory } = recordedRun(parts, name);
  const machine = { ...optionsOf(recipe, { engine, ...(hostMemory === undefined ? {} : { hostMemory }) }), history: false };
  const { firmware, soc, core = soc.cores[0]!.name, board, linux, dtb, overlays } = machine;
  if (!firmware) throw new SnapshotError('E_SNAPSHOT_DAMAGED', `${name} has no firmware`, 'make it again', name);
  return {
    firmware,
    target: { soc, core, reasons: [`as in ${name}`], ...(board === undefined ? {} : { board }) },
    engine,
    machine,
    semihosting: recipe.semihosting ?? false,
    recover: recipe.crashDetection === 'report',
    faults,
    ...(linux === undefined ? {} : { linux }),
    ...(dtb ? { dtb } : {}),
    ...(overlays ? { overlays } : {}),
    ...(seed === undefined ? {} : { seed }),
    ...(until ? { until: { ...(until.device ? { device: until.device } : {}), pattern: new RegExp(until.pattern) } } : {}),
    ...(timeout === undefined ? {} : { timeout }),
    ...(send ? { send } : {}),
  };
}
