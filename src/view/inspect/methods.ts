/**
 * The methods of the view's protocol that give data: for each a function of a context and the parameters, which come from a client and are not trusted.
 *
 * Whoever serves clients only looks a method up here, calls it and sends what it gives; errors are `ImxSimError`s.
 */
import type { Method, Methods } from '../protocol.ts';
import type { InspectContext } from './context.ts';
import { memoryCulprit, vringCulprit } from './culprit.ts';
import { describeSystem } from './describe.ts';
import { disassemble } from './disassembly.ts';
import { exceptions, faults } from './exceptions.ts';
import { readMemory, searchMemory, writeMemory } from './memory.ts';
import { overview } from './overview.ts';
import { peripheralRegisters } from './peripherals.ts';
import { registers, setRegister } from './registers.ts';
import { stack } from './stack.ts';
import { readSource, searchSymbols, symbolValue } from './symbols.ts';
import { deviceTree, resourceTable } from './tables.ts';
import { threads } from './threads.ts';
import { inspectVring, listVrings } from './vrings.ts';

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

/** All of them. */
export const METHODS: { readonly [M in DataMethod]: Answer<M> } = {
  'system.describe': describeSystem,
  'system.overview': overview,
  'vrings.list': listVrings,
  'vrings.inspect': (context, { device, queue }) => inspectVring(context, device, queue),
  'vrings.culprit': vringCulprit,
  'memory.culprit': memoryCulprit,
  'cpu.registers': registers,
  'cpu.setRegister': setRegister,
  'cpu.disassemble': disassemble,
  'cpu.stack': stack,
  'cpu.exceptions': exceptions,
  'cpu.faults': faults,
  'cpu.threads': threads,
  'symbols.search': searchSymbols,
  'symbols.value': symbolValue,
  'source.read': readSource,
  'memory.read': readMemory,
  'memory.write': writeMemory,
  'memory.search': searchMemory,
  'peripherals.registers': peripheralRegisters,
  'linux.resourceTable': resourceTable,
  'linux.deviceTree': deviceTree,
};

/** True for a method of `METHODS`. */
export function isDataMethod(method: string): method is DataMethod {
  return Object.hasOwn(METHODS, method);
}
