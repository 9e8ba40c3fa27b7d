/**
 * The hardware of a machine as plain data: everything but the modelled Linux and the boot loader, which are programs, not registers.
 *
 * A model's state is its fields: a walk over them, from the blocks' names on, gives the state and puts it back in place, whatever the model is. What
 * can be made again (page tables, translated code, decoded instructions) is no state and is dropped by a load. Memory is kept by the
 * 64 KiB; a chunk that nobody touches after a load is never copied.
 */
import { invariant } from '../errors.ts';
import { EventHub } from '../events.ts';
import type { Machine } from '../machine.ts';
import { Arena } from '../memory/arena.ts';
import { AddressSpace } from '../memory/bus.ts';
import { Ram } from '../memory/ram.ts';
import { Scheduler } from '../time/scheduler.ts';
import { mismatch } from './hardware-state-fields.ts';
import { StateReader } from './hardware-state-reader.ts';
import { StateWriter } from './hardware-state-walk.ts';

/** What the walk gives: primitives, typed arrays, and arrays and objects of them. */
export type StateValue =
  | undefined
  | null
  | boolean
  | number
  | string
  | ArrayBufferView
  | readonly StateValue[]
  | { readonly [name: string]: StateValue };

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
  /** Windows whose device does not answer, by the space and the address. */
  readonly broken: readonly { readonly space: string; readonly base: number }[];
}

const NO_CHUNKS: readonly MemoryChunk[] = [];

/** Where each RAM's chunks stand in a state that was loaded or saved before: states are loaded again and again. */
const BACKINGS = new WeakMap<readonly MemoryChunk[], ReadonlyMap<number, Uint8Array>>();

/** What is not walked, wherever a model holds it: the machine's own parts, and blocks' models that have a name of their own are met by that. */
function infrastructure(machine: Machine): (value: object) => boolean {
  const { clocks, diagnostics } = machine;
  return (value) =>
    value === clocks ||
    value === diagnostics ||
    value instanceof Scheduler ||
    value instanceof EventHub ||
    value instanceof AddressSpace ||
    value instanceof Ram ||
    value instanceof Arena;
}

/** The RAMs of `machine` by name. */
function ramsOf(machine: Machine): ReadonlyMap<string, Ram> {
  const rams = new Map<string, Ram>();
  for (const space of machine.spaces.values()) {
    for (const { ram } of space.regions) if (ram) rams.set(ram.name, ram);
  }
  return rams;
}

/**
 * The hardware of `machine`, which is not running.
 * @throws {InvariantViolation} when a model holds something that is no data; the message names the field.
 */
export function saveHardware(machine: Machine): HardwareState {
  const { scheduler, blocks: roots, soc, board } = machine;
  invariant(!scheduler.inSlice, 'a snapshot of a machine that runs');
  const writer = new StateWriter(roots, infrastructure(machine));
  const blocks: Record<string, StateValue> = {};
  for (const [name, root] of roots) blocks[name] = writer.block(root);
  for (const timer of scheduler.armed()) invariant(writer.timers.has(timer), `timer ${timer.name} is armed and belongs to no block`);
  const memory: Record<string, readonly MemoryChunk[]> = {};
  for (const [name, ram] of ramsOf(machine)) {
    const contents = ram.contents();
    const chunks = Array.from(contents, ([index, bytes]): MemoryChunk => ({ index, bytes }));
    BACKINGS.set(chunks, contents);
    memory[name] = chunks;
  }
  const broken = [];
  for (const [space, { regions }] of machine.spaces)
    for (const region of regions) if (region.broken) broken.push({ space, base: region.base });
  return { soc: soc.name, board: board?.name, ...scheduler.position, blocks, memory, broken };
}

/**
 * Puts `machine`, made with the same SoC, board and options, into `state`, whatever it has run before and whichever engine it has.
 * @throws {SnapshotError} when the state is that of other hardware; the machine cannot be used after that.
 */
export function loadHardware(machine: Machine, state: HardwareState): void {
  const { scheduler, blocks: roots, soc, board } = machine;
  invariant(!scheduler.inSlice, 'a snapshot was loaded into a machine that runs');
  if (state.soc !== soc.name) throw mismatch(`SoC ${state.soc}`, `is not this machine's ${soc.name}`);
  if (state.board !== board?.name) throw mismatch(`board ${state.board}`, `is not this machine's ${board?.name}`);
  for (const name of Object.keys(state.blocks)) if (!roots.has(name)) throw mismatch(name, 'is not there in this machine');
  loadMemory(machine, state);
  scheduler.moveTo(state);
  const reader = new StateReader(roots, infrastructure(machine));
  for (const name of roots.keys()) {
    if (!Object.hasOwn(state.blocks, name)) throw mismatch(name, 'is missing');
    reader.block(name, state.blocks[name]);
  }
  // What is armed and was not then is to be disarmed before others can take its place.
  for (const timer of scheduler.armed()) scheduler.restoreTimer(timer, { deadline: Number.POSITIVE_INFINITY, sequence: 0 });
  for (const { timer, ...armed } of reader.timers) timer.scheduler.restoreTimer(timer, armed);
  for (const space of machine.spaces.values()) for (const region of space.regions) if (region.broken) region.broken = false;
  for (const { space, base } of state.broken) {
    const region = machine.spaces.get(space)?.find(base);
    if (!region || region.base !== base) throw mismatch(`${space} ${base}`, 'is not there in this machine');
    region.broken = true;
  }
  reader.finish();
}

function loadMemory(machine: Machine, { memory }: HardwareState): void {
  const rams = ramsOf(machine);
  for (const name of Object.keys(memory)) if (!rams.has(name)) throw mismatch(`memory ${name}`, 'is not there in this machine');
  for (const [name, ram] of rams) {
    const chunks = memory[name] ?? NO_CHUNKS;
    let backing = BACKINGS.get(chunks);
    if (!backing) {
      backing = new Map(chunks.map(({ index, bytes }) => [index, bytes]));
      BACKINGS.set(chunks, backing);
    }
    for (const { index, bytes } of chunks) {
      if (bytes.length !== ram.chunkLength(index)) throw mismatch(`memory ${name}`, `has no chunk ${index} of ${bytes.length} bytes`);
    }
    ram.back(backing);
  }
}
