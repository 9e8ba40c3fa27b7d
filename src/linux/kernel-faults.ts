/**
 * What is wrong with a kernel, or with whoever else uses it, because somebody wants to see how firmware gets on with it (src/faults): drivers look here.
 * Nothing is wrong unless it is set.
 */

import type { Kernel } from './kernel.ts';
import type { KernelCode } from './tasks.ts';

/** An address in the resource table that is wrong. */
export interface WrongAddress {
  readonly vring: number;
  /** What is added to the right address. */
  readonly offset: number;
  /** `file`: Linux reads it so; `loaded`: Linux tells the core so. */
  readonly where: 'file' | 'loaded';
}

/** The faults of one kernel. */
export interface KernelFaults {
  /** Virtual time (`Kernel.now`) until which the workers that take buffers out of vrings are held up by other work. */
  stalledUntil: number;
  /** How much later than usual the driver of an rpmsg device is ready, in ns. */
  driverReadyNs: number;
  /** Somebody else holds all buffers for messages to the core. */
  buffersHeld: boolean;
  wrongAddress: WrongAddress | undefined;
}

/** A kernel without faults. */
export function noFaults(): KernelFaults {
  return { stalledUntil: 0, driverReadyNs: 0, buffersHeld: false, wrongAddress: undefined };
}

/** The worker that calls it is held up, if it is. */
export function* heldUp({ faults, now }: Kernel): KernelCode {
  const left = faults.stalledUntil - now;
  if (left > 0) yield { timeoutNs: left };
}
