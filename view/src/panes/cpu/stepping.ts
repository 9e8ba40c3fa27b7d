/** Steps and runs of the CPU pane: those of the page's header for the core that is looked at, and some more. */
import type { IconName } from '../../components/index.ts';
import { control } from '../../controls.ts';
import { state } from '../../store.ts';
import { toast } from '../../toast-store.ts';
import { ask } from './live.ts';
import { core } from './selection.ts';

export type Command = 'continue' | 'reverse' | 'line' | 'instruction' | 'over' | 'out' | 'back' | 'back-line';

export interface CommandInfo {
  readonly id: Command;
  readonly title: string;
  readonly icon: IconName;
  /** As `keyName` names them; the first is shown. Those of the header (s, n, o ...) do the same. */
  readonly keys: readonly string[];
  readonly back?: true;
}

/** In the order of the toolbar. Shift goes back. */
export const COMMANDS: readonly CommandInfo[] = [
  { id: 'continue', title: 'Continue', icon: 'run', keys: ['F5'] },
  { id: 'line', title: 'Step one line, into calls', icon: 'step', keys: ['F11'] },
  { id: 'over', title: 'Step one line, over calls', icon: 'over', keys: ['F10'] },
  { id: 'out', title: 'Step out of the function', icon: 'out', keys: ['Shift+F11'] },
  { id: 'instruction', title: 'Step one instruction', icon: 'down', keys: ['i'] },
  { id: 'back', title: 'Step back one instruction', icon: 'up', keys: ['Shift+I'], back: true },
  { id: 'back-line', title: 'Step back one line', icon: 'back', keys: ['Shift+F10'], back: true },
  { id: 'reverse', title: 'Run backwards to the stop before', icon: 'reverse', keys: ['Shift+F5'], back: true },
];

/** Why a command cannot be done now; undefined when it can. */
export function refusal({ id, back }: CommandInfo): string | undefined {
  const now = state.value;
  if (now === undefined) return 'not connected yet';
  const kind = now.halt?.kind;
  if (now.running) return id === 'continue' ? undefined : 'the machine runs: pause it first';
  if (back) return now.noWayBack === undefined ? undefined : `no way back in this run: ${now.noWayBack}`;
  if (kind === 'crashed') return 'the firmware has crashed: restart it, or go back';
  if (kind === 'ended') return 'the run has ended: restart it, or go back';
  return undefined;
}

export async function perform(command: CommandInfo): Promise<void> {
  const why = refusal(command);
  if (why !== undefined) {
    toast('note', `${command.title}: ${why}.`);
    return;
  }
  const name = core();
  if (command.id === 'continue') await control(state.value?.running === true ? 'control.pause' : 'control.resume', {});
  else if (command.id === 'reverse') await control('control.reverse', {});
  else await control('control.step', { what: command.id, ...(name === undefined ? {} : { core: name }) });
}

/** Runs until an address is reached. */
export async function runTo(address: number): Promise<void> {
  const name = core();
  const stopper = await ask('stoppers.add', { at: address, temporary: true, ...(name === undefined ? {} : { core: name }) });
  if (stopper !== undefined && state.value?.running !== true) await control('control.resume', {});
}
