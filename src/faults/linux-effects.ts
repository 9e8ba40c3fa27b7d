/**
 * What a fault does to the modelled Linux: an input, which a Linux that lives through its history again is given again. Pure calls on its objects.
 */
import { UsageError } from '../errors.ts';
import type { InputValue } from '../history/inputs.ts';
import type { WrongAddress } from '../linux/kernel-faults.ts';
import type { Linux } from '../linux/linux.ts';
import type { SleepState } from '../linux/suspend.ts';
import type { KernelCode } from '../linux/tasks.ts';
import type { Rproc } from '../remoteproc/remoteproc-core.ts';

/** Name under which the history of a Linux has it. */
export const FAULT_IN_LINUX = 'fault-in-linux';

/** One of them, as data. */
export type LinuxEffect =
  | { readonly what: 'stall'; readonly ns: number }
  | { readonly what: 'buffers'; readonly held: boolean }
  | { readonly what: 'restart'; readonly core: string; readonly ns: number }
  | { readonly what: 'suspend'; readonly state: SleepState }
  | { readonly what: 'resume' }
  | { readonly what: 'driver-late'; readonly ns: number }
  | { readonly what: 'wrong-address'; readonly vring: number; readonly offset: number; readonly where: WrongAddress['where'] };

/** Does it. @throws {UsageError} for an effect of another version of imx-sim */
export function applyLinuxEffect(linux: Linux, effect: LinuxEffect): void {
  const { kernel } = linux;
  switch (effect.what) {
    case 'stall':
      kernel.faults.stalledUntil = Math.max(kernel.faults.stalledUntil, kernel.now + effect.ns);
      return;
    case 'buffers':
      kernel.faults.buffersHeld = effect.held;
      if (!effect.held) for (const vrp of linux.modules.virtioRpmsgBus.virtprocs) vrp.buffersReturned();
      return;
    case 'restart': {
      const rproc = linux.remoteproc(effect.core);
      if (rproc) kernel.spawn('sh: echo stop > state', restart(rproc, effect.ns)).freezable = true;
      return;
    }
    case 'suspend':
      linux.suspend(effect.state);
      return;
    case 'resume':
      linux.resume();
      return;
    case 'driver-late':
      kernel.faults.driverReadyNs = effect.ns;
      return;
    case 'wrong-address':
      kernel.faults.wrongAddress = { vring: effect.vring, offset: effect.offset, where: effect.where };
      return;
    default:
      throw new UsageError('a fault in Linux that this version of imx-sim does not know', 'record the run again');
  }
}

function* restart(rproc: Rproc, ns: number): KernelCode {
  yield* rproc.storeState('stop');
  yield { timeoutNs: ns };
  yield* rproc.storeState('start');
}

/** As `applyLinuxEffect`, for the table of a machine's inputs. */
export function applyFaultInput(linux: Linux | undefined, effect: InputValue): void {
  if (linux) applyLinuxEffect(linux, effect as LinuxEffect);
}
