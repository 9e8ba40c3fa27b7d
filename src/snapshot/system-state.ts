/**
 * A whole machine at one moment: its hardware as data, and the history of its Linux, which another Linux lives through to come where this one is.
 */
import { SnapshotError } from '../errors.ts';
import { applyFaultInput, FAULT_IN_LINUX } from '../faults/linux-effects.ts';
import type { HistoryTarget } from '../history/linux-history.ts';
import type { Machine } from '../machine.ts';
import type { LinuxState } from '../software.ts';
import { type HardwareState, loadHardware, saveHardware } from './hardware-state.ts';

/** A machine as data. Parts are shared with other states and are never changed. */
export interface SystemState {
  readonly hardware: HardwareState;
  /** Absent when the machine has no Linux. */
  readonly linux?: LinuxState;
}

/** The machine as it is; it is not running. @throws {SnapshotError} when it was made without `history` */
export function saveSystem(machine: Machine): SystemState {
  const linux = machine.saveLinux();
  return { hardware: saveHardware(machine), ...(linux ? { linux } : {}) };
}

/** The machine before anything has happened in it, whether it keeps a history or not: it keeps one once it was put back there. */
export function systemAtStart(machine: Machine): SystemState {
  const linux = machine.linuxHistory ? machine.saveLinux() : machine.linuxAtStart();
  return { hardware: saveHardware(machine), ...(linux ? { linux } : {}) };
}

/**
 * Puts a machine that was made with the same options into `state`, whatever it has run and whichever engine it has. `call` does to its Linux what users
 * did. Gives a promise when host code is part of the history of its Linux.
 * @throws {SnapshotError} when the state is not of such a machine, or is damaged; the machine cannot be used after that
 */
export function restoreSystem(machine: Machine, state: SystemState, call: HistoryTarget['call']): Promise<void> | undefined {
  const { hardware, linux } = state;
  if ((machine.linux !== undefined) !== (linux !== undefined)) {
    const [has, not] = linux ? ['with', 'without'] : ['without', 'with'];
    throw new SnapshotError(
      'E_SNAPSHOT_MACHINE',
      `it is of a machine ${has} Linux, and this one is ${not}`,
      'restore it into such a machine',
    );
  }
  // What faults did to Linux is part of its past, and no user's doing.
  const later =
    linux &&
    machine.restoreLinux(linux, (kind, args) => {
      if (kind === FAULT_IN_LINUX) applyFaultInput(machine.linux, args[0]);
      else call(kind, args);
    });
  if (later) return later.then(() => loadHardware(machine, hardware));
  loadHardware(machine, hardware);
  return undefined;
}
