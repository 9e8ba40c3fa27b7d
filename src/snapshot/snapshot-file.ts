/**
 * A snapshot as a file: the machine's recipe, its state, and what whoever ran it (a session, the test kit) remembers besides.
 */
import { SnapshotError } from '../errors.ts';
import type { InputEntry } from '../history/inputs.ts';
import type { LinuxState } from '../software.ts';
import { decodeFile, encodeFile, type FileFacts } from './file.ts';
import { decodeState, encodeState } from './hardware-state-bytes.ts';
import type { Recipe } from './recipe.ts';
import type { SystemState } from './system-state.ts';

/** What a snapshot consists of. */
export interface SnapshotParts {
  readonly recipe: Recipe;
  readonly system: SystemState;
  /** What users did so far, when that was kept. */
  readonly inputs?: readonly InputEntry[];
  /** Of whoever ran the machine, by its name; plain data. */
  readonly more: Readonly<Record<string, unknown>>;
}

/** What the first line of a file tells of a machine that was at `cycle`. */
export function factsOf({ soc, board, firmware }: Recipe, cycle: number, hz: number): FileFacts {
  return { soc, ...(board ? { board } : {}), ...(firmware ? { firmware: firmware.name } : {}), cycle, seconds: cycle / hz };
}

/** The file of a snapshot. */
export function encodeSnapshot(facts: FileFacts, { recipe, system, inputs = [], more }: SnapshotParts): Promise<Uint8Array> {
  const { hardware, linux } = system;
  return encodeFile('snapshot', facts, { recipe, hardware: encodeState(hardware), linux, inputs, more });
}

/** The snapshot in a file; `name` is what the file is called in errors. @throws {SnapshotError} when it is none, or damaged */
export async function decodeSnapshot(file: Uint8Array, name = 'the snapshot'): Promise<SnapshotParts> {
  const { data } = await decodeFile('snapshot', file, name);
  const { recipe, hardware, linux, inputs, more } = fieldsOf(data, name);
  if (!isObject(recipe) || typeof recipe['soc'] !== 'string') throw lacking(name, 'the recipe of its machine');
  if (!(hardware instanceof Uint8Array)) throw lacking(name, 'the state of its hardware');
  if (linux !== undefined && !isLinuxState(linux)) throw lacking(name, 'the history of its Linux');
  return {
    recipe: recipe as unknown as Recipe,
    system: { hardware: decodeState(hardware), ...(linux ? { linux } : {}) },
    inputs: Array.isArray(inputs) ? (inputs as InputEntry[]) : [],
    more: isObject(more) ? more : {},
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function fieldsOf(data: unknown, name: string): Record<string, unknown> {
  if (!isObject(data)) throw lacking(name, 'everything');
  return data;
}

function isLinuxState(value: unknown): value is LinuxState {
  if (!isObject(value) || !isObject(value['history']) || !Array.isArray(value['timers']) || typeof value['fired'] !== 'number')
    return false;
  const { entries, data, refused = [], calls, asynchronous } = value['history'];
  const logs = [entries, data, refused].every((log) => Array.isArray(log) && log.every((part) => part instanceof Uint8Array));
  const timers = value['timers'].every(
    (timer) => isObject(timer) && typeof timer['name'] === 'string' && typeof timer['deadline'] === 'number',
  );
  return logs && timers && Array.isArray(calls) && calls.every(Array.isArray) && typeof asynchronous === 'boolean';
}

function lacking(name: string, what: string): SnapshotError {
  return new SnapshotError('E_SNAPSHOT_DAMAGED', `${name} is damaged: ${what} is not in it`, 'make it again', name);
}
