/**
 * The shell, which is loaded when a test first uses it: before anything of it runs, so that no virtual time depends on how long that takes.
 */
import { invariant } from '../errors.ts';
import type * as ShellApi from '../shell/api.ts';
import { loadJustBash } from '../shell/just-bash.ts';

let loaded: typeof ShellApi | undefined;

/** Loads it; does nothing the second time. */
export async function loadShell(): Promise<void> {
  if (loaded) return;
  const api = await import('../shell/api.ts');
  await loadJustBash();
  loaded = api;
}

/** The shell, once it is loaded. */
export function shellApi(): typeof ShellApi {
  invariant(loaded, 'the shell is used before it is loaded');
  return loaded;
}
