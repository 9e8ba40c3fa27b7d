/**
 * The hardware of a machine as plain data: everything but the modelled Linux and the boot loader, which are programs, not registers.
 *
 * A model's state is its fields: a walk over them, from the blocks' names on, gives the state and puts it back in place, whatever the model is. What
 * can be made again (page tables, translated code, decoded instructions) is no state and is dropped by a load. Memory is kept by the
 * 64 KiB; a chunk that nobody touches after a load is never copied.
 */
import type { Machine } from '../machine.ts';

/** What the walk gives: primitives, typed arrays, and arrays and objects of them. */
export type StateValue = undefined | null | boolean | number | string | ArrayBufferView | readonly StateValue[] | { readonly [name: string]: StateValue };

/** A touched chunk of a RAM; `bytes` are shared between states and must never be written to. */
export interface MemoryChunk {
  /** Its place in the RAM, in units of 64 KiB. */
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** All hardware of a machine at one cycle. Plain data; shares memory with other states of the same machine and is never changed. */
export interface HardwareState {
  readonly soc: string;
  readonly board: string | undefined;
  /** The clock: the present cycle, and how many times a timer has been armed. */
  readonly now: number;
  readonly sequence: number;
  /** State of each block by its name (`UART4`, `MU1`, `core cm7`). */
  readonly blocks: { readonly [name: string]: StateValue };
  /** Contents by name of the RAM. */
  readonly memory: { readonly [name: string]: readonly MemoryChunk[] };
}

/**
 * The hardware of `machine`, which is not running.
 * @throws {InvariantViolation} when a model holds something that is no data; the message names the field.
 */
export function saveHardware(machine: Machine): HardwareState {
  throw new Error(`not yet: ${machine.soc.name}`);
}

/**
 * Puts `machine`, made with the same SoC, board and options, into `state`, whatever it has run before and whichever engine it has.
 * @throws {SnapshotError} when the state is that of other hardware; the machine cannot be used after that.
 */
export function loadHardware(machine: Machine, state: HardwareState): void {
  throw new Error(`not yet: ${machine.soc.name} ${state.soc}`);
}
