/** Steps of the view: by instruction, and by line where there is debug information. */
import type { Machine } from '../machine.ts';
import { type Controls, until } from './control.ts';
import type { MachineState, Methods } from './protocol.ts';

export function step(
  controls: Controls,
  machine: Machine,
  { what, core = machine.core.name }: Methods['control.step']['params'],
): Promise<MachineState> {
  const { debugger: debug } = controls;
  if (what === 'back' || what === 'back-line') return until(controls, debug.resume({ kind: 'reverse-step', core }));
  return until(controls, debug.resume({ kind: 'step', core }));
}
