/** Source files that the disassembly interleaves: each is asked for once. */
import { signal } from '@preact/signals';
import { request } from '../../store.ts';
import { failure } from './live.ts';

export interface Source {
  readonly lines?: readonly string[];
  /** Why there are none. */
  readonly why?: string;
}

const known = new Map<string, Source | 'asked'>();
/** Rises when a file has come. */
export const sourcesVersion = signal(0);

/** The file, or undefined as long as it is on its way. */
export function source(file: string): Source | undefined {
  const found = known.get(file);
  if (found === undefined) {
    known.set(file, 'asked');
    void request('source.read', { file })
      .then(
        ({ lines, why }): Source => ({ ...(lines === undefined ? {} : { lines }), ...(why === undefined ? {} : { why }) }),
        (error: unknown): Source => ({ why: failure(error) }),
      )
      .then((answer) => {
        known.set(file, answer);
        sourcesVersion.value += 1;
      });
  }
  return found === 'asked' ? undefined : found;
}

/** True when it is known that the text cannot be had. */
export function isMissing(file: string): boolean {
  const found = source(file);
  return found !== undefined && found.lines === undefined;
}
