/**
 * How the machine of a run stands, for the view: running or halted, why, and where in its past.
 */
import type { DebuggerApi, HaltReason } from '../debug/types.ts';
import type { Machine, StopReason } from '../machine.ts';
import { hex32 } from '../memory/bits.ts';
import type { MachineState, Place } from './protocol.ts';

/** Why it stands still, as a client is told. */
export function haltView(reason: HaltReason, machine: Machine, placeOf: (address: number) => Place): NonNullable<MachineState['halt']> {
  const { kind } = reason;
  const place = machine.core.halted ? {} : { place: placeOf(machine.core.pc) };
  const nameOf = (address: number): string => placeOf(address).symbol ?? hex32(address);
  switch (reason.kind) {
    case 'request':
      return { kind, text: 'halted', ...place };
    case 'start':
      return { kind, text: 'nothing has run yet', ...place };
    case 'breakpoint':
      return { kind, text: `breakpoint at ${nameOf(reason.address)}`, core: reason.core, ids: reason.ids, place: placeOf(reason.address) };
    case 'watchpoint': {
      const { by, access, address, size, core, ids, pc } = reason;
      const what = `${by === 'linux' ? 'Linux' : by} ${access === 'read' ? 'reads' : by === 'linux' ? 'has written' : 'writes'}`;
      return {
        kind,
        text: `${what} ${size} ${size === 1 ? 'byte' : 'bytes'} at ${nameOf(address)}`,
        core,
        ids,
        ...(pc === undefined ? place : { place: placeOf(pc) }),
      };
    }
    case 'step':
      return { kind, text: 'stepped', core: reason.core, ...place };
    case 'crashed':
      return { kind, text: `${reason.core} failed: ${reason.reason}`, core: reason.core, lines: reason.report, ...place };
    case 'ended':
      return { kind, text: `the run is over: ${stopText(reason.stop)}`, ...place };
    case 'history-start':
      return { kind, text: 'this is the beginning: there is nothing before it', ...place };
    case 'history-end':
      return { kind, text: 'back in the present', ...place };
  }
}

function stopText(stop: StopReason): string {
  switch (stop.kind) {
    case 'exit':
      return `the firmware exits with status ${stop.status}`;
    case 'deadlock':
      return 'nothing can happen any more';
    case 'limit':
      return 'its time is up';
    case 'system-reset':
      return `${stop.block} reset the SoC: ${stop.cause}`;
    case 'crashed':
      return `${stop.core} failed: ${stop.reason}`;
    case 'host-memory':
      return stop.text;
    case 'difference':
      return stop.report[0] ?? 'the engines differ';
    default:
      return 'it has come to its end';
  }
}

/** The state of a run. */
export function machineState(
  machine: Machine,
  debug: DebuggerApi | undefined,
  pace: number,
  placeOf: (address: number) => Place,
): Omit<MachineState, 'speed' | 'clients'> {
  const { scheduler } = machine;
  const { halted, present, noWayBack, linuxWhileHalted = 'held' } = debug ?? {};
  const reason = debug ? noWayBack : 'there is no debugger in this run';
  return {
    cycle: scheduler.now,
    seconds: scheduler.seconds,
    running: halted === undefined,
    ...(halted ? { halt: haltView(halted, machine, placeOf) } : {}),
    ...(present ? { present: { cycle: present.cycle, seconds: present.cycle / scheduler.hz } } : {}),
    ...(reason === undefined ? {} : { noWayBack: reason }),
    linuxWhileHalted,
    pace,
  };
}
