/**
 * The methods of the view's protocol that give data: for each a function of a context and the parameters, which come from a client and are not trusted.
 *
 * Whoever serves clients only looks a method up here, calls it and sends what it gives; errors are `ImxSimError`s.
 */
import { UsageError } from '../../errors.ts';
import type { Method, Methods } from '../protocol.ts';
import type { InspectContext } from './context.ts';

/** Methods that are answered here. */
export type DataMethod =
  | 'system.describe'
  | 'system.overview'
  | 'vrings.list'
  | 'vrings.inspect'
  | 'vrings.culprit'
  | 'memory.culprit'
  | 'cpu.registers'
  | 'cpu.setRegister'
  | 'cpu.disassemble'
  | 'cpu.stack'
  | 'cpu.exceptions'
  | 'cpu.faults'
  | 'cpu.threads'
  | 'symbols.search'
  | 'symbols.value'
  | 'source.read'
  | 'memory.read'
  | 'memory.write'
  | 'memory.search'
  | 'peripherals.registers'
  | 'linux.resourceTable'
  | 'linux.deviceTree';

/** How one of them is answered. */
export type Answer<M extends Method> = (
  context: InspectContext,
  params: Methods[M]['params'],
) => Methods[M]['result'] | Promise<Methods[M]['result']>;

const later = (): never => {
  throw new UsageError('not there yet');
};

/** All of them. */
export const METHODS: { readonly [M in DataMethod]: Answer<M> } = {
  'system.describe': later,
  'system.overview': later,
  'vrings.list': later,
  'vrings.inspect': later,
  'vrings.culprit': later,
  'memory.culprit': later,
  'cpu.registers': later,
  'cpu.setRegister': later,
  'cpu.disassemble': later,
  'cpu.stack': later,
  'cpu.exceptions': later,
  'cpu.faults': later,
  'cpu.threads': later,
  'symbols.search': later,
  'symbols.value': later,
  'source.read': later,
  'memory.read': later,
  'memory.write': later,
  'memory.search': later,
  'peripherals.registers': later,
  'linux.resourceTable': later,
  'linux.deviceTree': later,
};

/** True for a method of `METHODS`. */
export function isDataMethod(method: string): method is DataMethod {
  return Object.hasOwn(METHODS, method);
}
