/** Two engines side by side. */
export type { EngineDifference } from './difference.ts';
export { type LockstepFigures, type LockstepOptions, lockstepFactory } from './lockstep.ts';
