/** Threads of the firmware: what its RTOS says of each, how far its stack was ever used, and where those stand that do not run. */

import { peekBytes } from '../../debug/memory.ts';
import { type Rtos, RtosFinder } from '../../debug/rtos.ts';
import type { Machine } from '../../machine.ts';
import type { ThreadFacts } from '../../profile/thread-reader.ts';
import { findThreads } from '../../profile/threads.ts';
import type { Methods, ThreadRow } from '../protocol.ts';
import { codeOf, placeOf, quietly } from './code.ts';
import { coreOf, type InspectContext } from './context.ts';

/** What FreeRTOS and Zephyr fill stacks with before a thread runs. */
const FILLS = { FreeRTOS: 0xa5, Zephyr: 0xaa } as const;
/** Largest stack whose use is looked at, in bytes. */
const LARGEST_STACK = 1 << 20;

/** One for each machine: it remembers what a file's layouts are. */
const finders = new WeakMap<Machine, RtosFinder>();

/** The RTOS of what the core runs; undefined without one. */
export function rtosOf(machine: Machine): Rtos | undefined {
  let finder = finders.get(machine);
  if (!finder) {
    const memory = machine.view(machine.core.name);
    finder = new RtosFinder(machine, (address, length) => peekBytes(memory, address, length));
    finders.set(machine, finder);
  }
  return finder.get();
}

/** Name of the thread that the core executes (or that was interrupted); undefined without threads. */
export function currentThread(machine: Machine): string | undefined {
  const rtos = machine.core.halted ? undefined : quietly(() => rtosOf(machine));
  const current = rtos?.current();
  return current === undefined ? undefined : quietly(() => rtos!.list().find(({ id }) => id === current)?.name);
}

/** Registers of a thread by name: `live` of the current one; undefined when there are none to be had. */
export function threadRegisters({ machine }: InspectContext, id: number): 'live' | ((name: string) => number | undefined) | undefined {
  const rtos = rtosOf(machine);
  if (!rtos || rtos.current() === id) return 'live';
  const saved = rtos.registers(id);
  return saved && ((name) => saved.get(name)?.value);
}

/** `cpu.threads`. */
export function threads(context: InspectContext, { core: name }: Methods['cpu.threads']['params']): Methods['cpu.threads']['result'] {
  const { machine } = context;
  const core = coreOf(context, name);
  const rtos = core === machine.core && !core.halted ? rtosOf(machine) : undefined;
  if (!rtos) return { threads: [] };
  const current = rtos.current();
  if (current === undefined) return { system: rtos.system, threads: [] };
  const facts = stacksOf(machine);
  const rows = rtos.list().map(({ id, name: threadName, state, priority }): ThreadRow => {
    const saved = id === current ? undefined : rtos.registers(id);
    const pc = id === current ? core.pc : saved?.get('pc')?.value;
    const stack = facts.get(id);
    return {
      id,
      name: threadName,
      state,
      ...(priority === undefined ? {} : { priority }),
      current: id === current,
      ...(stack ? { stack: stackRow(machine, rtos.system, stack) } : {}),
      ...(pc === undefined ? {} : { place: placeOf(machine, (pc & ~1) >>> 0) }),
    };
  });
  return { system: rtos.system, threads: rows };
}

function stacksOf(machine: Machine): ReadonlyMap<number, NonNullable<ThreadFacts['stack']>> {
  const code = codeOf(machine);
  const view = machine.view(machine.core.name);
  const found = new Map<number, NonNullable<ThreadFacts['stack']>>();
  if (!code?.dwarf) return found;
  const { dwarf } = code;
  const read = (address: number, length: number): Uint8Array | undefined => {
    const bytes = peekBytes(view, address >>> 0, length);
    return bytes.length === length ? bytes : undefined;
  };
  const list = quietly(() => findThreads({ symbols: code.firmware?.symbols ?? [], dwarf, read })?.list([]));
  for (const { id, stack } of list ?? []) if (stack) found.set(id, stack);
  return found;
}

/** With how much of it was ever used, as the bytes at its lower end tell that still are what the RTOS filled it with. */
function stackRow(
  machine: Machine,
  system: Rtos['system'],
  { start, size }: NonNullable<ThreadFacts['stack']>,
): NonNullable<ThreadRow['stack']> {
  if (size === undefined) return { base: start, size: 0 };
  const bytes = size <= LARGEST_STACK ? peekBytes(machine.view(machine.core.name), start, size) : new Uint8Array();
  const fill = FILLS[system];
  let untouched = 0;
  while (untouched < bytes.length && bytes[untouched] === fill) untouched++;
  // Zephyr puts a guard or a canary before what it fills, and builds without CONFIG_INIT_STACKS fill nothing.
  return { base: start, size, ...(untouched === 0 ? {} : { used: size - untouched }) };
}
