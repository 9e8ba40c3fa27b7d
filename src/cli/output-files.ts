/** Files and directories that commands write, with their parents; what cannot be written is the user's business. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../errors.ts';

/** Writes a file. @throws {UsageError} when it cannot be written; `option` has named it */
export function writeOutput(path: string, text: string, option: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`, `give ${option} a path that can be written`, option);
  }
}

/** Writes pages below a directory. @throws {UsageError} when that cannot be */
export function writePages(directory: string, pages: ReadonlyMap<string, string>, option: string): void {
  for (const [name, text] of pages) writeOutput(join(directory, name), text, option);
}
