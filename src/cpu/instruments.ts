/**
 * What watches the execution of one core: hooks, watchpoints, counts, the watch on stacks. Shared by the core, which has them switched, and its engine.
 *
 * Everything here is off until somebody asks for it, and costs nothing then.
 */
import type { ExecutionCounts } from './execution-counts.ts';
import type { Hooks } from './hooks.ts';
import type { StackWatch } from './stack-watch.ts';
import type { Watchpoints } from './watchpoints.ts';

/** The instruments of a core. */
export interface Instruments {
  readonly hooks: Hooks;
  readonly watchpoints: Watchpoints;
  /** Present while instructions are counted. */
  counts: ExecutionCounts | undefined;
  /** Present while stacks are watched. */
  stacks: StackWatch | undefined;
}
