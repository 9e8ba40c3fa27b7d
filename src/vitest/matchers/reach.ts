/**
 * `toReachWithin`: within a stretch of virtual time, a source prints a line (`'uart4', /ready/, '5ms'`), or the core comes to a function or a line
 * of the firmware's sources (`'main'`, `'door.c:42'`). It is promised: the machine runs until it is so.
 */
import { UsageError, WaitError } from '../../errors.ts';
import type { Simulation } from '../../kit/simulation.ts';
import type { Duration } from '../../time/duration.ts';
import { noted } from '../pending.ts';
import { asSimulation } from '../simulations.ts';
import { noteTold } from '../told.ts';
import { hint, type MatcherOutcome, type Matching, written } from './result.ts';

/** The moment at which it was reached, and what was there. */
interface Reached {
  readonly cycle: number;
  readonly what: string;
}

/** Where the code of `place` begins. @throws {UsageError} when there is no such place */
function addressesOf(m: Simulation, place: string): readonly number[] {
  const line = /^(.+):(\d+)$/.exec(place);
  if (line) {
    const found = m.debugInformation()?.addressesOf(line[1]!, Number(line[2])).addresses ?? [];
    if (found.length > 0) return found;
    const remedy = m.debugInformation()?.present ? 'name a line with a statement' : 'build the firmware with -g';
    throw new UsageError(`toReachWithin: the firmware has no code of ${place}`, remedy, place);
  }
  const symbol = m.machine.symbols.lookup(place);
  if (symbol) return [symbol.address];
  const remedy = 'name a function, file.c:line, or a console together with a pattern; a function that was inlined has no address';
  throw new UsageError(`toReachWithin: the firmware has no function ${place}`, remedy, place);
}

/** Runs until the core comes to `place`. */
async function reachCode(m: Simulation, place: string, within: Duration): Promise<Reached> {
  const { machine } = m;
  let cycle: number | undefined;
  const remove = addressesOf(m, place).map((address) =>
    machine.core.addHook(address, () => {
      cycle ??= machine.scheduler.now;
      machine.requestStop();
      return 'continue';
    }),
  );
  try {
    await m.until(() => cycle !== undefined, { name: `${machine.core.name} at ${place}`, within });
    return { cycle: cycle ?? m.cycle, what: place };
  } finally {
    for (const each of remove) each();
  }
}

async function reachLine(m: Simulation, source: string, pattern: RegExp | string, within: Duration): Promise<Reached> {
  const { cycle, text } = await m.until(source, pattern, { within });
  return { cycle, what: `[${source}] ${text}` };
}

async function reach(matching: Matching, received: unknown, args: readonly unknown[]): Promise<MatcherOutcome> {
  const m = asSimulation('toReachWithin', received);
  const [place, ...rest] = args as [string, ...unknown[]];
  const from = m.now;
  const head = hint(matching, 'toReachWithin', 'm', args.map(written).join(', '));
  try {
    const reached =
      rest.length > 1
        ? await reachLine(m, place, rest[0] as RegExp | string, rest[1] as Duration)
        : await reachCode(m, place, rest[0] as Duration);
    const { scheduler } = m.machine;
    const message = (): string => {
      const after = ((scheduler.nsFromCycles(reached.cycle) - from) / 1e6).toFixed(6);
      return `${head}\n\nreached after ${after} ms of virtual time: ${reached.what}`;
    };
    return { pass: true, message };
  } catch (error) {
    // A core that failed will not come there either; but a test that it does not may not pass for that.
    if (!(error instanceof WaitError) || (matching.isNot && !NOT_THERE.has(error.code))) throw error;
    noteTold(m);
    return { pass: false, message: () => `${head}\n\n${error.message}` };
  }
}

/** Codes of waits that were in order, but in vain. */
const NOT_THERE: ReadonlySet<string> = new Set(['E_WAIT_TIMEOUT', 'E_DEADLOCK']);

/** The machine comes there in time. */
export function toReachWithin(this: Matching, received: unknown, ...args: readonly unknown[]): Promise<MatcherOutcome> {
  const result = reach(this, received, args);
  return typeof received === 'object' && received !== null ? noted(received, 'toReachWithin', result) : result;
}
