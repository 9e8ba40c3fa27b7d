/**
 * A recording as a file: what a machine was made of, all that was done to it from outside, and how it ended. With it the same run happens again,
 * anywhere and on any engine.
 */
import { SnapshotError } from '../errors.ts';
import type { InputEntry } from '../history/inputs.ts';
import { decodeFile, encodeFile, type FileFacts } from './file.ts';
import type { Recipe } from './recipe.ts';

/** How a recorded run ended. */
export interface RecordedEnd {
  readonly cycle: number;
  /** The word for it, as in `--json`: `until`, `timeout`, `deadlock`, `crashed` ... */
  readonly reason: string;
  readonly status: number;
  /** Its trace hash. */
  readonly trace?: string;
}

/** What a recording consists of. */
export interface RecordingParts {
  readonly recipe: Recipe;
  /** Who made it: a session of the command line, or a simulation of the test kit. */
  readonly by: 'session' | 'simulation';
  readonly seed?: number;
  /** Faults that were injected, in the words of `--faults`. */
  readonly faults?: readonly string[];
  readonly inputs: readonly InputEntry[];
  readonly end?: RecordedEnd;
  /** Options of a session that belong to the run, or whatever else its maker needs; plain data. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** The file of a recording. */
export function encodeRecording(facts: FileFacts, parts: RecordingParts): Promise<Uint8Array> {
  return encodeFile('recording', facts, parts);
}

/** The recording in a file; `name` is what the file is called in errors. @throws {SnapshotError} when it is none, or damaged */
export async function decodeRecording(file: Uint8Array, name = 'the recording'): Promise<RecordingParts> {
  const { data } = await decodeFile('recording', file, name);
  if (!isRecording(data))
    throw new SnapshotError('E_SNAPSHOT_DAMAGED', `${name} is damaged: parts of it are missing`, 'make it again', name);
  return data;
}

function isRecording(data: unknown): data is RecordingParts {
  if (typeof data !== 'object' || data === null) return false;
  const { recipe, by, inputs, faults = [], seed = 0 } = data as Partial<RecordingParts>;
  const whole = typeof recipe?.soc === 'string' && (by === 'session' || by === 'simulation') && typeof seed === 'number';
  return (
    whole && Array.isArray(faults) && faults.every((fault) => typeof fault === 'string') && Array.isArray(inputs) && inputs.every(isEntry)
  );
}

function isEntry(entry: unknown): entry is InputEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { cycle, fired, kind, args } = entry as Partial<InputEntry>;
  return typeof cycle === 'number' && typeof fired === 'number' && typeof kind === 'string' && Array.isArray(args);
}
