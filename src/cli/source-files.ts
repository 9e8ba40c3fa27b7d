/**
 * Sources from disk for coverage: by the path that the debug information has, or where the user says that they are now.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { SourceReader } from '../coverage/index.ts';

/** A place of sources at build time, and now. */
export interface SourceMapping {
  readonly from: string;
  readonly to: string;
}

/** Largest file that is taken for a source. */
const LARGEST = 16 * 1024 * 1024;

/** Parses `/workdir=..`. @throws {InvalidArgumentError} */
export function parseMapping(text: string): SourceMapping {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('It is a directory as the debug information has it, = and where it is now: /workdir=..');
  return { from: text.slice(0, at).replace(/(.)\/+$/, '$1'), to: text.slice(at + 1) || '.' };
}

/** Reads sources; relative paths begin in the working directory, or at one of the directories above `near` (the ELF). */
export function sourceFiles(mappings: readonly SourceMapping[], near?: string): SourceReader {
  const known = new Map<string, string | undefined>();
  return (path) => {
    if (!known.has(path))
      known.set(
        path,
        candidates(path, mappings, near)
          .map(readSource)
          .find((text) => text !== undefined),
      );
    return known.get(path);
  };
}

function candidates(path: string, mappings: readonly SourceMapping[], near: string | undefined): string[] {
  const mapped = mappings
    .filter(({ from }) => path === from || path.startsWith(`${from}/`))
    .map(({ from, to }) => resolve(to, `.${path.slice(from.length)}`));
  if (isAbsolute(path) || near === undefined) return [...mapped, path];
  const above: string[] = [];
  for (
    let directory = dirname(resolve(near)), before = '';
    directory !== before && above.length < 16;
    before = directory, directory = dirname(directory)
  ) {
    above.push(join(directory, path));
  }
  return [...mapped, path, ...above];
}

function readSource(path: string): string | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= LARGEST ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
