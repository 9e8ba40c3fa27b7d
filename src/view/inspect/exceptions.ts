/** Exceptions of a core with what is connected to their lines, and the faults that it took, decoded. */
import { EXCEPTION } from '../../cpu/exception-numbers.ts';
import { interruptSources } from '../../profile/exception-watch.ts';
import type { ExceptionRow, FaultView, Methods } from '../protocol.ts';
import { placeOf } from './code.ts';
import { coreOf, type InspectContext } from './context.ts';

/** `cpu.exceptions`: those of the architecture, and the lines to which something is connected or that are in use. */
export function exceptions(context: InspectContext, { core: name }: Methods['cpu.exceptions']['params']): ExceptionRow[] {
  const { machine } = context;
  const core = coreOf(context, name);
  const sources = interruptSources(machine, core.name);
  const table = core.exceptionTable();
  // Each security state may have its own.
  const isBanked = (number: number): boolean => table.filter((row) => row.number === number).length > 1;
  return table.flatMap(({ number, name: own, enabled, pending, active, priority, handler, secure }) => {
    const source = sources.get(number - EXCEPTION.EXTERNAL)?.join('/');
    if (number >= EXCEPTION.EXTERNAL && source === undefined && !enabled && !pending && !active) return [];
    return [
      {
        number,
        name: secure && number < EXCEPTION.EXTERNAL && isBanked(number) ? `Secure ${own}` : own,
        ...(source === undefined ? {} : { source }),
        enabled,
        pending,
        active,
        priority,
        ...(handler === undefined || handler === 0 ? {} : { handler: placeOf(machine, (handler & ~1) >>> 0) }),
      },
    ];
  });
}

/** `cpu.faults`. */
export function faults(context: InspectContext, { core: name }: Methods['cpu.faults']['params']): FaultView[] {
  const { machine } = context;
  return coreOf(context, name)
    .faults()
    .map(({ exception, cycle, pc, causes, fault, status, registers, backtrace }) => ({
      exception,
      cycle,
      place: placeOf(machine, pc.address),
      causes,
      ...(fault ? { address: fault } : {}),
      status,
      registers,
      backtrace: backtrace.map(({ address }) => placeOf(machine, address)),
    }));
}
