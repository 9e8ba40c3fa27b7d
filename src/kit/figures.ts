/**
 * What the events of a simulation add up to: its trace, the hash of that, figures.
 */
import type { Machine } from '../machine.ts';
import { Statistics } from '../session/statistics.ts';
import { TraceHash, traceLine } from '../session/trace-hash.ts';
import type { SimulationLog } from './log.ts';

/** The trace as text lines, the name of its format first. */
export function traceOf({ events }: SimulationLog): string[] {
  const lines = ['imx-sim trace 1'];
  for (const event of events) {
    const line = traceLine(event);
    if (line !== undefined) lines.push(line);
  }
  return lines;
}

/** Its hash, which `imx-sim run --trace-hash` gives for the same run. */
export function traceHashOf({ events }: SimulationLog): string {
  const hash = new TraceHash();
  for (const event of events) hash.add(event);
  return hash.digest();
}

/** The figures of `imx-sim run --stats`, without those of the host. */
export function figuresOf({ events }: SimulationLog, machine: Machine): Record<string, number> {
  const statistics = new Statistics(() => 0);
  for (const event of events) statistics.add(event);
  const { wallSeconds: _wall, instructionsPerSecond: _rate, ...figures } = statistics.figures(machine);
  return figures;
}
