/**
 * Lines for U-Boot's prompt: `--uboot-script`, `--uboot-cmd`.
 */
import { readFileSync } from 'node:fs';
import { UsageError } from '../errors.ts';

/** Bytes that a script may have. */
const LARGEST = 1024 * 1024;

/** The lines of the script, then those given alone; undefined when there are none. @throws {UsageError} */
export function ubootLines(path: string | undefined, commands: readonly string[]): string[] | undefined {
  if (path === undefined && commands.length === 0) return undefined;
  let text = '';
  if (path !== undefined) {
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      throw new UsageError(`${path}: ${(error as Error).message}`, 'give the path of a text file with one command on each line', path);
    }
    if (text.length > LARGEST)
      throw new UsageError(`${path}: too large for a script`, 'give a text file with one command on each line', path);
  }
  // An empty line would be Enter alone, which repeats the last command.
  return [...text.split(/\r?\n/), ...commands].filter((line) => line.trim() !== '');
}
