/**
 * Snapshots of `imx-sim run` on disk: `--save-snapshot` and `--restore`.
 */
import { accessSync, constants, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SnapshotError, UsageError } from '../errors.ts';
import { decodeLog } from '../kit/log-data.ts';
import type { MachineOptions } from '../machine.ts';
import type { parseFirmware } from '../remoteproc/elf-loader.ts';
import type { BridgedDevices } from '../session/recorded-run.ts';
import { HISTORY, type Session, type SessionState } from '../session/session.ts';
import { Statistics } from '../session/statistics.ts';
import type { Target } from '../session/target.ts';
import { TraceHash } from '../session/trace-hash.ts';
import { optionsOf, type RecipeHost, recipeOf } from '../snapshot/recipe.ts';
import { decodeSnapshot, encodeSnapshot, factsOf, type SnapshotParts } from '../snapshot/snapshot-file.ts';
import type { RunOptions } from './options.ts';

/** Under which a session's own state stands in a snapshot. */
const SESSION = 'session';

/** A session that can go on from a snapshot. */
export interface Restored {
  /** The file itself. */
  readonly file: Uint8Array;
  readonly parts: SnapshotParts;
  readonly machine: MachineOptions;
  readonly target: Target;
  readonly firmware: ReturnType<typeof parseFirmware>;
  readonly state: SessionState;
}

/** Reads a file that is going to be used. @throws {UsageError} */
export function readFile(path: string, option: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reason(error)}`, 'give the path of a file that is there', option);
  }
}

/** Writes a file whole or not at all. @throws {UsageError} */
export function writeFile(path: string, bytes: Uint8Array, option: string): void {
  const partial = `${path}.${process.pid}.partial`;
  try {
    writeFileSync(partial, bytes);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new UsageError(`cannot write ${path}: ${reason(error)}`, 'give a path in a directory that can be written to', option);
  }
}

/** Says at the beginning what would come out at the end only. @throws {UsageError} for a path that cannot be written */
export function checkWritable(path: string, option: string): void {
  let problem: string | undefined;
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) problem = 'it is a directory';
    else accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    problem = reason(error);
  }
  if (problem !== undefined)
    throw new UsageError(`cannot write ${path}: ${problem}`, 'give a path in a directory that can be written to', option);
}

/** @throws {SnapshotError} when bridges have programs in Linux, which are code of the host and cannot live again in a snapshot */
export function refuseBridged({ tty, rpmsgSock }: BridgedDevices): void {
  const programs = [
    ...tty.map(({ device }) => device).filter((device) => device.startsWith('tty')),
    ...(rpmsgSock ? ['rpmsg endpoints'] : []),
  ];
  if (programs.length === 0) return;
  throw new SnapshotError(
    'E_SNAPSHOT_UNSAVEABLE',
    `a snapshot of a machine whose ${programs.join(', ')} ${programs.length === 1 && !rpmsgSock ? 'has a bridge' : 'have bridges'}`,
    'leave out --save-snapshot, and --record the run: a replay leads to the same place',
    '--save-snapshot',
  );
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^[A-Z]+: /, '').replace(/, \w+ '.*'$/, '') : String(error);
}

/** What a session remembers that goes on where a simulation of the test kit was, which has noted all events. */
function sessionOf(data: unknown): Omit<SessionState, 'system'> {
  const log = decodeLog(data);
  const events = [...log.events];
  const trace = new TraceHash();
  const statistics = new Statistics(() => 0);
  for (const event of events) {
    trace.add(event);
    statistics.add(event);
  }
  const nextLook = Number.isFinite(log.nextLook) ? log.nextLook : undefined;
  return {
    trace: trace.save(),
    counts: statistics.save(),
    partials: [...log.partials],
    input: { waiting: log.waiting, lastOutput: [...log.lastOutput], nextLook },
    history: events.slice(-HISTORY),
    late: [],
  };
}

/** The options that say what a snapshot says already. */
export function refuseMachineOptions(path: string | undefined, options: RunOptions): void {
  const { soc, board, core, dtb, overlay, modules, recover, ubootScript, ubootCmd, linux } = options;
  const given = Object.entries({ soc, board, core, dtb, modules, recover, 'uboot-script': ubootScript })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => `--${name}`);
  if (overlay.length > 0) given.push('--overlay');
  if (ubootCmd.length > 0) given.push('--uboot-cmd');
  if (!linux) given.push('--no-linux');
  if (path !== undefined) given.unshift(path);
  if (given.length === 0) return;
  throw new UsageError(
    `${given.join(', ')} with --restore, whose snapshot has a machine with firmware`,
    `leave out ${given.join(' and ')}`,
    '--restore',
  );
}

/** The snapshot in a file. @throws {SnapshotError | UsageError} when there is none from which a session can go on */
export function readSnapshot(path: string, host: RecipeHost): Promise<Restored> {
  return snapshotIn(readFile(path, '--restore'), path, host);
}

/** The same of a file that was read; `path` is what it is called in errors. @throws {SnapshotError} */
export async function snapshotIn(file: Uint8Array, path: string, host: RecipeHost): Promise<Restored> {
  const parts = await decodeSnapshot(file, path);
  const { recipe, system, more } = parts;
  const rest = (more[SESSION] as Omit<SessionState, 'system'> | undefined) ?? sessionOf(more['log']);
  if (!recipe.firmware) {
    const remedy = 'restoreMachine() of imx-sim continues it';
    throw new SnapshotError('E_SNAPSHOT_FORMAT', `${path} is of a machine without firmware, which imx-sim run cannot have`, remedy, path);
  }
  const machine = optionsOf(recipe, host);
  const core = machine.core ?? machine.soc.cores[0]!.name;
  const target = { soc: machine.soc, core, reasons: [`as in ${path}`], ...(machine.board === undefined ? {} : { board: machine.board }) };
  return { file, parts, machine, target, firmware: machine.firmware!, state: { ...rest, system } };
}

/** Writes where `session` is to a file, and says so. @throws {UsageError} */
export async function writeSnapshot(path: string, session: Session, renderer: { note(text: string): void }): Promise<void> {
  const { machine } = session;
  const { system, ...rest } = session.save();
  const recipe = recipeOf(machine.options);
  const facts = factsOf(recipe, machine.scheduler.now, machine.scheduler.hz);
  writeFile(path, await encodeSnapshot(facts, { recipe, system, more: { [SESSION]: rest } }), '--save-snapshot');
  renderer.note(`the machine at ${facts.seconds.toFixed(6)} s is in ${path}; imx-sim run --restore ${path} goes on from there`);
}
