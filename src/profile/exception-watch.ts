/**
 * Observes the exceptions of a core: when each is pended, entered and left, with the cycle. Changes nothing of the run.
 */
import { CortexM } from '../cpu/cortex-m.ts';
import { exceptionName, numberOf } from '../cpu/exception-numbers.ts';
import type { ExceptionPhase } from '../cpu/nvic.ts';
import type { Machine } from '../machine.ts';

export type { ExceptionPhase };

/** Hears of an exception; `id` is its number, beyond 511 of Non-secure state. */
export type ExceptionListener = (phase: ExceptionPhase, id: number) => void;

/** Calls `listener` for the core that runs the firmware; the function ends that. */
export function watchExceptions({ core }: Machine, listener: ExceptionListener): () => void {
  return core instanceof CortexM ? core.nvic.listen(listener) : () => {};
}

/** The blocks on each interrupt line of a core, as the SoC's description has it. */
export function interruptSources({ soc }: Pick<Machine, 'soc'>, core: string): ReadonlyMap<number, readonly string[]> {
  const blocks = new Map<number, string[]>();
  const wire = (block: string, interrupts: Readonly<Record<string, number>> | undefined): void => {
    const line = interrupts?.[core];
    if (line === undefined) return;
    const names = blocks.get(line) ?? [];
    if (!names.includes(block)) names.push(block);
    blocks.set(line, names);
  };
  for (const mu of soc.mus) {
    wire(mu.name, mu.a.interrupts);
    wire(mu.name, mu.b.interrupts);
  }
  for (const peripheral of soc.peripherals) {
    wire(peripheral.name, peripheral.interrupts);
    if ('highInterrupts' in peripheral) wire(peripheral.name, peripheral.highInterrupts);
    if ('pinInterrupts' in peripheral) for (const lines of peripheral.pinInterrupts ?? []) wire(peripheral.name, lines);
  }
  return blocks;
}

/** Names of a core's exceptions: `SysTick`, `MU_B (97)`. Lines that several blocks share have the names of all. */
export function exceptionNames(machine: Machine): (id: number) => string {
  const blocks = interruptSources(machine, machine.core.name);
  const first = 16;
  return (id) => {
    const line = numberOf(id) - first;
    const names = line >= 0 ? blocks.get(line) : undefined;
    return names ? `${names.join('/')} (${line})` : exceptionName(id);
  };
}
