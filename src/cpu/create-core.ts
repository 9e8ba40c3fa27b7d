/**
 * Builds the core that a profile describes: the one place where an architecture's name meets its implementation.
 */
import { assertNever } from '../errors.ts';
import type { Core } from './core.ts';
import { CortexM, type CortexMOptions } from './cortex-m.ts';

/** What any core is built from. */
export type CoreOptions = CortexMOptions;

/** A core, held in reset. */
export function createCore(options: CoreOptions): Core {
  const { architecture } = options.profile;
  switch (architecture) {
    case 'armv7e-m':
    case 'armv8-m':
      return new CortexM(options);
    default:
      return assertNever(architecture);
  }
}
