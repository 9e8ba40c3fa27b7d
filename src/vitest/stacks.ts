/**
 * How far the stacks of a machine were used since its power-on, set-ups of `firmwareTest` included. Watching costs time, so it is on only for tests
 * that want it (`stacks: true`).
 */
import { UsageError } from '../errors.ts';
import type { Simulation } from '../kit/simulation.ts';
import { type StackUse, stacksOf } from '../profile/index.ts';

export type { StackUse };

/** What was used before the watch on a machine began. */
const before = new WeakMap<Simulation, readonly StackUse[]>();

/** Watches from now on; `earlier` is what was used until then. */
export function watchStacks(m: Simulation, earlier: readonly StackUse[] = []): void {
  m.machine.core.trackStacks(true);
  before.set(m, earlier);
}

/** True when the stacks of `m` are watched. */
export function areWatched(m: Simulation): boolean {
  return before.has(m);
}

/** One row for each stack. @throws {UsageError} when they are not watched */
export function stackUses(m: Simulation): readonly StackUse[] {
  const earlier = before.get(m);
  const { firmware } = m.configuration;
  if (!earlier || !firmware) {
    const remedy = 'give firmwareTest({ stacks: true, ... }), or test.with({ stacks: true }) for the tests that look at them';
    throw new UsageError('stacks are not watched', remedy, 'stacks');
  }
  const dwarf = m.debugInformation();
  const rows = new Map(earlier.map((row) => [row.thread, row]));
  for (const row of stacksOf(m.machine, firmware, dwarf ? { dwarf } : {})) {
    const known = rows.get(row.thread);
    if (!known || row.used > known.used) rows.set(row.thread, row);
  }
  return [...rows.values()].sort((a, b) => (a.thread < b.thread ? -1 : 1));
}
