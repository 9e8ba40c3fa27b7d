/** `monitor` commands about the core: reset, interrupts, threads, stepping, semihosting. */
import { UsageError } from '../../../errors.ts';
import { METHODS } from '../../../view/inspect/methods.ts';
import type { MonitorCommand, MonitorContext } from '../monitor.ts';
import { inspected } from './inspected.ts';
import { placeText, table } from './places.ts';

/** What GDB has to be told when the machine has moved under it. */
export const MOVED = "gdb still shows what it knew: 'maintenance flush register-cache' (docs/gdb.md has a hook that does it)";

export const MACHINE_COMMANDS: readonly MonitorCommand[] = [
  {
    name: 'reset',
    operands: '[halt]',
    help: 'starts the run again from its beginning, and halts there',
    more: ["Breakpoints stay. 'run' in a session of target extended-remote does the same."],
    run: reset,
  },
  {
    name: 'info irq',
    operands: '[all]',
    help: 'exceptions and interrupts: enabled, pending, active, priority, handler',
    more: ['Those that are enabled, pending or active; with all, every line that something is connected to.'],
    run: interrupts,
  },
  {
    name: 'threads',
    help: 'threads of the RTOS with state and priority, and where they are',
    run: threads,
  },
  {
    name: 'stepping',
    operands: '[over|into]',
    help: 'whether steps go over exceptions that come in between (the default), or into them',
    more: ['Faults are always stepped into. A breakpoint in a handler stops in either case.'],
    run: stepping,
  },
  {
    name: 'semihosting',
    operands: '[gdb|run]',
    help: 'who carries out semihosting calls about files: gdb, or the run as its options say (the default)',
    more: [
      "With gdb, firmware opens files where gdb runs, and prints on gdb's console; SYS_SYSTEM needs 'set remote system-call-allowed 1'.",
      'What comes from there is recorded: going back and forth in time does not ask again.',
    ],
    run: semihosting,
  },
];

async function reset({ target, threads: known }: MonitorContext, [how]: readonly string[]): Promise<string> {
  if (how !== undefined && how !== 'halt' && how !== 'init')
    throw new UsageError(`reset ${how}`, "reset halts, since gdb takes the machine for halted; then say 'continue'");
  await target.debugger.halt();
  await target.debugger.restart();
  known.hold(undefined);
  return `at the beginning of the run, halted; ${MOVED}`;
}

async function interrupts({ target }: MonitorContext, [which]: readonly string[]): Promise<string> {
  if (which !== undefined && which !== 'all') throw new UsageError(`info irq ${which}`, 'info irq, or info irq all');
  const rows = await METHODS['cpu.exceptions'](inspected(target), { core: target.core });
  const shown = rows.filter(({ enabled, pending, active }) => which === 'all' || enabled || pending || active);
  if (shown.length === 0) return 'nothing is enabled, pending or active';
  const mark = (on: boolean, text: string): string => (on ? text : '');
  return table([
    ['number', 'name', 'source', 'enabled', 'pending', 'active', 'priority', 'handler'],
    ...shown.map(({ number, name, source, enabled, pending, active, priority, handler }) => [
      `${number}`,
      name,
      source ?? '',
      mark(enabled, 'enabled'),
      mark(pending, 'pending'),
      mark(active, 'active'),
      `${priority}`,
      handler ? placeText(handler) : '',
    ]),
  ]);
}

function threads({ threads: known }: MonitorContext): string {
  const live = known.live();
  const rows = known.list().map(({ id, name, detail }) => {
    const registers = known.registers(id);
    const pc = registers === 'live' || registers === undefined ? undefined : registers.get('pc')?.value;
    return [id === live ? '*' : ' ', `0x${id.toString(16)}`, name, detail, pc === undefined ? '' : `at 0x${pc.toString(16)}`];
  });
  return `${known.system ?? 'no RTOS that is known (Zephyr and FreeRTOS are, by their symbols)'}\n${table(rows)}`;
}

function stepping({ course }: MonitorContext, [how]: readonly string[]): string {
  if (how !== undefined && how !== 'over' && how !== 'into') throw new UsageError(`stepping ${how}`, 'stepping over, or stepping into');
  if (how !== undefined) course.intoExceptions = how === 'into';
  return `steps go ${course.intoExceptions ? 'into' : 'over'} exceptions`;
}

function semihosting({ semihosting: files }: MonitorContext, [who]: readonly string[]): string {
  if (who !== undefined && who !== 'gdb' && who !== 'run')
    throw new UsageError(`semihosting ${who}`, 'semihosting gdb, or semihosting run');
  if (who !== undefined) files.enable(who === 'gdb');
  return files.enabled ? 'gdb carries out semihosting calls about files, console, time and commands' : 'semihosting is as the run has it';
}
