/** Who did it: the last store to bytes that are wrong, found in the past of the run, with its source line and the calls that led there. */
import { UsageError } from '../../errors.ts';
import type { Culprit, Methods, Place } from '../protocol.ts';
import { mayRead, placeOf } from './code.ts';
import { debuggerOf, type InspectContext, viewOf } from './context.ts';
import { addressIn } from './ring-state.ts';
import { stack } from './stack.ts';
import { inspectVring } from './vrings.ts';

/** `vrings.culprit`. @throws {UsageError} for a violation that is not there any more */
export function vringCulprit(
  context: InspectContext,
  { device, queue, violation }: Methods['vrings.culprit']['params'],
): Promise<Culprit | null> {
  const { problems } = inspectVring(context, device, queue);
  const problem = problems.find(({ id }) => id === violation);
  if (!problem) throw new UsageError('this violation is not there any more', 'inspect the ring again', 'violation');
  return culprit(context, 'linux', problem.address, problem.size);
}

/** `memory.culprit`. */
export function memoryCulprit(
  context: InspectContext,
  { view, address, size }: Methods['memory.culprit']['params'],
): Promise<Culprit | null> {
  viewOf(context, view);
  return culprit(context, view, address, size);
}

async function culprit(context: InspectContext, viewName: string, address: number, size: number): Promise<Culprit | null> {
  const { machine, readSource } = context;
  const debug = debuggerOf(context);
  const core = machine.core.name;
  // The debugger watches addresses of a core; the others' stores to the same memory are seen as well.
  const at = viewName === core ? address : addressIn(machine.view(core), viewOf(context, viewName), address);
  if (at === undefined) throw new UsageError(`${core} does not see this memory`, 'give an address that it sees', 'address');
  let backtrace: Place[] = [];
  const found = await debug.lastAccess({ core, address: at, size, access: 'write', others: true }, () => {
    backtrace = stack(context, {}).map((frame) => frame.place);
  });
  if (!found) return null;
  const { position, by, pc } = found;
  const place = pc === undefined ? undefined : placeOf(machine, pc);
  const source = place?.file === undefined ? undefined : await sourceLine(context, readSource, place.file, place.line ?? 0);
  return {
    by,
    cycle: position.cycle,
    seconds: position.cycle / machine.scheduler.hz,
    ...(place ? { place } : {}),
    ...(source === undefined ? {} : { source }),
    // Of Linux's own stores the core was somewhere, which tells nothing.
    ...(pc !== undefined && backtrace.length > 0 ? { backtrace } : {}),
  };
}

async function sourceLine(
  { machine }: InspectContext,
  read: InspectContext['readSource'],
  file: string,
  line: number,
): Promise<string | undefined> {
  if (line === 0 || !mayRead(machine, file)) return undefined;
  const text = await read(file);
  return text?.split(/\r?\n/)[line - 1]?.trim();
}
