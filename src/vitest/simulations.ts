/** Machines as arguments of matchers. */
import { UsageError } from '../errors.ts';
import type { Simulation } from '../kit/simulation.ts';
import type { TraceSource } from './trace-lines.ts';

/** `received` as a machine. @throws {UsageError} when it is something else */
export function asSimulation(matcher: string, received: unknown): Simulation {
  if (typeof received === 'object' && received !== null && 'until' in received && 'situation' in received) return received as Simulation;
  throw new UsageError(`${matcher} looks at a machine`, `expect(m).${matcher}(...) with the m of the test`, matcher);
}

/** What a trace of it is made of. */
export function traceSource(m: Simulation): TraceSource {
  return { lines: m.log.lines, events: m.log.events, hz: m.machine.scheduler.hz };
}
