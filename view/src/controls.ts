/** What the header's buttons and keys do with the run: one place for both, and for the palette. */
import { signal } from '@preact/signals';
import type { Method, Methods } from '../../src/view/protocol.ts';
import type { IconName } from './components/icons.tsx';
import { load, save } from './settings.ts';
import { connection, description, mode, progress, request, state, tell } from './store.ts';

/** Steps by source line, or by instruction. */
export const stepBy = signal<'line' | 'instruction'>(load('step') === 'instruction' ? 'instruction' : 'line');

/** A call to the run is under way: another one waits for it. */
export const busy = signal<Method | undefined>(undefined);

/** Chooses how far a step goes. */
export function setStepBy(what: 'line' | 'instruction'): void {
  stepBy.value = what;
  save('step', what);
}

/** A control of the run. */
export interface Control {
  readonly id: string;
  readonly title: string;
  readonly icon: IconName;
  readonly solid?: boolean;
  /** As `KeyboardEvent.key`; the first is shown. */
  readonly keys: readonly string[];
  /** Why it cannot be used now; undefined when it can. */
  readonly refusal: () => string | undefined;
  readonly act: () => void;
}

/** Calls and shows what went wrong. */
export async function control<M extends Method>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result'] | undefined> {
  if (busy.value && method !== 'control.pause') return undefined;
  busy.value = method;
  try {
    return await request(method, params);
  } catch (error) {
    tell(error);
    return undefined;
  } finally {
    busy.value = undefined;
    progress.value = undefined;
  }
}

function notLive(): string | undefined {
  if (mode.value === 'trace') return 'a trace has no machine';
  return state.value && connection.value === 'open' ? undefined : 'not connected';
}

function notHalted(): string | undefined {
  return notLive() ?? (state.value!.running ? 'the machine runs: pause it first' : undefined);
}

function noBack(): string | undefined {
  const refusal = notLive();
  if (refusal) return refusal;
  const why = state.value!.noWayBack;
  return why === undefined ? undefined : `no way back in this run: ${why}`;
}

function dead(): string | undefined {
  const kind = state.value?.halt?.kind;
  return kind === 'crashed'
    ? 'the firmware has crashed: restart it, or go back'
    : kind === 'ended'
      ? 'the run has ended: restart it, or go back'
      : undefined;
}

function step(what: Methods['control.step']['params']['what']): void {
  void control('control.step', { what });
}

const fine = () => stepBy.value === 'instruction' || description.value?.firmware?.debugInfo === false;

/** The controls, in the order of the header. */
export const CONTROLS: readonly Control[] = [
  {
    id: 'run',
    title: 'Run',
    icon: 'run',
    solid: true,
    keys: ['p', 'F8'],
    refusal: () => notLive() ?? (state.value!.running ? undefined : dead()),
    act: () => void control(state.value?.running ? 'control.pause' : 'control.resume', {}),
  },
  {
    id: 'step',
    title: 'Step',
    icon: 'step',
    keys: ['s', 'F11'],
    refusal: () => notHalted() ?? dead(),
    act: () => step(fine() ? 'instruction' : 'line'),
  },
  { id: 'over', title: 'Step over calls', icon: 'over', keys: ['n', 'F10'], refusal: () => notHalted() ?? dead(), act: () => step('over') },
  { id: 'out', title: 'Step out of the function', icon: 'out', keys: ['o'], refusal: () => notHalted() ?? dead(), act: () => step('out') },
  {
    id: 'back',
    title: 'Step back',
    icon: 'back',
    keys: ['b'],
    refusal: () => noBack() ?? notHalted(),
    act: () => step(fine() ? 'back' : 'back-line'),
  },
  {
    id: 'reverse',
    title: 'Run backwards to the last stop',
    icon: 'reverse',
    solid: true,
    keys: ['r'],
    refusal: () => noBack() ?? notHalted(),
    act: () => void control('control.reverse', {}),
  },
  {
    id: 'restart',
    title: 'Restart the run',
    icon: 'restart',
    keys: ['R'],
    refusal: notLive,
    act: () => void control('control.restart', {}),
  },
];

/** Back to where going back began. */
export function toPresent(): void {
  const present = state.value?.present;
  if (present) void control('control.goTo', { cycle: present.cycle });
}

/** Into another moment. */
export function goToSeconds(seconds: number): void {
  const hz = description.value?.hz;
  const now = state.value;
  if (!hz || !now || noBack()) return;
  void control('control.goTo', { cycle: Math.max(0, Math.round(seconds * hz)) });
}
