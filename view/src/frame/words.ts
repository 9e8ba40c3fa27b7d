/** States of the run in words. */
import type { MachineState } from '../../../src/view/protocol.ts';

const HALTS: Readonly<Record<string, string>> = {
  request: 'Paused',
  start: 'Not begun',
  breakpoint: 'Breakpoint',
  watchpoint: 'Watchpoint',
  step: 'Stepped',
  crashed: 'Crashed',
  ended: 'Ended',
  'history-start': 'Beginning of the past',
  'history-end': 'Back in the present',
};

/** One or two words for what the machine does. */
export function haltTitle(state: MachineState): string {
  const past = state.present ? ' · in the past' : '';
  if (state.running) return `Running${past}`;
  return `${HALTS[state.halt?.kind ?? 'request'] ?? state.halt?.kind ?? 'Paused'}${past}`;
}

/** Its hue. */
export function haltHue(state: MachineState): 'message' | 'accent' | 'error' | 'warning' | 'note' {
  if (state.running) return 'message';
  const kind = state.halt?.kind;
  if (kind === 'crashed') return 'error';
  if (kind === 'breakpoint' || kind === 'watchpoint') return 'accent';
  return kind === 'ended' ? 'note' : 'warning';
}

/** True when the text of a halt adds nothing to its title. */
export function saysLittle(halt: NonNullable<MachineState['halt']>, title: string): boolean {
  return halt.kind === 'request' || halt.kind === 'step' || title.toLowerCase().startsWith(halt.text.toLowerCase());
}
