/** `monitor` commands about time: where the run is, ways into its past, who wrote a variable. */
import { UsageError } from '../../../errors.ts';
import { durationNs } from '../../../time/duration.ts';
import type { MonitorCommand, MonitorContext } from '../monitor.ts';
import type { GdbTarget } from '../target.ts';
import { MOVED } from './machine.ts';
import { addressText, momentText, number } from './places.ts';

export const TIME_COMMANDS: readonly MonitorCommand[] = [
  {
    name: 'time',
    help: 'virtual time: the cycle, and the instructions that the core has executed',
    run: time,
  },
  {
    name: 'goto',
    operands: '<time|cycle|present>',
    help: 'puts the machine into a moment of its past: 480ms, 384000000 (a cycle), -2ms from here; or back into the present',
    more: [
      'The first time goes through the run again from its beginning; later ones start from checkpoints.',
      'Going on from there repeats what has happened; a write or an input makes another future of it.',
    ],
    run: goTo,
  },
  {
    name: 'who',
    operands: '<address|symbol> [bytes]',
    help: 'who wrote it last: the store, its source line and its moment; the machine stays where it is',
    more: ['Stores of Linux count. monitor goto <cycle> leads to that moment.'],
    run: who,
  },
];

function time({ target }: MonitorContext): string {
  const { machine, debugger: api, core } = target;
  const { cycle, instructions } = api.position(core);
  const { present, noWayBack } = api;
  return [
    `${momentText(machine, cycle)}, ${core} has executed ${instructions} instructions`,
    ...(present ? [`the present is at ${momentText(machine, present.cycle)}`] : []),
    ...(noWayBack === undefined ? [] : [`no way back: ${noWayBack}`]),
  ].join('\n');
}

async function goTo({ target, threads }: MonitorContext, [where = '']: readonly string[]): Promise<string> {
  const { machine, debugger: api, core } = target;
  const cycle = cycleOf(target, where);
  if (cycle === undefined) throw new UsageError(`goto ${where}`.trim(), 'give a time (480ms), a cycle, a distance (-2ms) or present');
  await api.halt();
  const reason = await api.goTo({ cycle });
  threads.hold(undefined);
  const pc = api.readRegister(core, 'pc');
  const why =
    reason.kind === 'history-start' ? 'the beginning of what can be gone back to: ' : reason.kind === 'history-end' ? 'the present: ' : '';
  return `${why}${momentText(machine, api.position(core).cycle)}, ${core} at ${addressText(machine, pc)}; ${MOVED}`;
}

/** The cycle that a user means. */
function cycleOf({ machine, debugger: api, core }: GdbTarget, text: string): number | undefined {
  const { scheduler } = machine;
  if (text === 'present') return api.present?.cycle ?? api.position(core).cycle;
  const sign = text.startsWith('-') ? -1 : text.startsWith('+') ? 1 : 0;
  const amount = sign === 0 ? text : text.slice(1);
  const ns = /^\d+$/.test(amount) ? undefined : durationNs(amount);
  const cycles = /^\d{1,15}$/.test(amount) ? Number(amount) : ns === undefined ? undefined : scheduler.cyclesFromNs(ns);
  if (cycles === undefined) return undefined;
  return sign === 0 ? cycles : Math.max(0, api.position(core).cycle + sign * cycles);
}

async function who({ target }: MonitorContext, [what, bytes]: readonly string[]): Promise<string> {
  const { machine, debugger: api, core } = target;
  const symbol = what === undefined ? undefined : machine.symbols.lookup(what);
  const address = number(what) ?? symbol?.address;
  if (address === undefined)
    throw new UsageError(
      `who ${what ?? ''}`.trim(),
      what === undefined ? 'give an address or a symbol' : `the firmware has no symbol ${what}; print &${what} in gdb gives an address`,
    );
  const size = bytes === undefined ? symbol?.size || 4 : number(bytes);
  if (size === undefined || size < 1) throw new UsageError(`who ${what} ${bytes}`, 'bytes are a number, 1 or more');
  await api.halt();
  const found = await api.lastAccess({ core, address, size, access: 'write' });
  const name = `${symbol?.name ?? `0x${address.toString(16)}`} (${size} bytes)`;
  if (!found)
    return `${name} was not written since the beginning of the run; what a debugger or the loading of the firmware writes is no store`;
  const place = found.pc === undefined ? '' : ` at ${addressText(machine, found.pc)}`;
  return `${name} was written last by ${found.by}${place}, ${momentText(machine, found.position.cycle)}`;
}
