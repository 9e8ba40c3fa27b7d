/**
 * Names of what prints lines: consoles of the machine, Linux' log, all of them.
 */
import { UsageError } from '../errors.ts';
import type { Machine } from '../machine.ts';
import { findConsole, SEMIHOSTING } from '../session/machine-options.ts';
import { ANY } from './goals.ts';

/** The name by which lines of `name` are known; `console` is the core's UART. @throws {UsageError} when the machine has no such source */
export function sourceName(machine: Machine, name: string): string {
  const found = findConsole(machine, name) ?? findConsole(machine, name.toLowerCase());
  if (found !== undefined) return found;
  if (name === ANY || (name === 'linux' && machine.linux) || (name === SEMIHOSTING && machine.options.semihosting)) return name;
  const remedy = name === SEMIHOSTING ? 'give semihosting: true' : `there are ${sourceNames(machine)}`;
  throw new UsageError(`${machine.soc.name} has no console ${name}`, remedy, name);
}

/** The same for what is a console. @throws {UsageError} */
export function consoleName(machine: Machine, name: string): string {
  const found = sourceName(machine, name);
  if (found !== ANY && found !== 'linux') return found;
  const log = name === 'linux' ? 'linux.dmesg has its log; ' : '';
  throw new UsageError(`uart: ${name} is no console`, `${log}there are ${sourceNames(machine)}`, 'uart');
}

/** All sources of a machine. */
function sourceNames({ consoles, linux, options }: Machine): string {
  return [...consoles, ...(linux ? ['linux (dmesg)'] : []), ...(options.semihosting ? [SEMIHOSTING] : []), ANY].join(', ');
}
