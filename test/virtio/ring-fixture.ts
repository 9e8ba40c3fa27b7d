/** A kernel with 1 MiB of shared memory at 0x5500_0000 and nothing else, driven by hand. */
import type { MachineEvent } from '../../src/events.ts';
import { EventHub } from '../../src/events.ts';
import type { KernelCode } from '../../src/linux/kernel.ts';
import { Kernel } from '../../src/linux/kernel.ts';
import { Arena } from '../../src/memory/arena.ts';
import { MiB } from '../../src/memory/bits.ts';
import { AddressSpace } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { Scheduler } from '../../src/time/scheduler.ts';

export const SHARED = 0x5500_0000;

export interface World {
  readonly kernel: Kernel;
  readonly memory: AddressSpace;
  readonly scheduler: Scheduler;
  readonly events: MachineEvent[];
  /** Kernel log lines without their time. */
  dmesg(): string[];
  /** Lets virtual time pass until nothing is left to do, or `seconds` are over. */
  settle(seconds?: number): void;
  /** Runs `code` as a task and settles; its result, or undefined while it still sleeps. */
  run<T>(code: KernelCode<T>, seconds?: number): T | undefined;
}

export function createWorld(): World {
  const memory = new AddressSpace('linux');
  memory.mapRam(SHARED, new Ram('ddr', MiB, new Arena(4 * MiB)));
  const scheduler = new Scheduler(800_000_000);
  const hub = new EventHub();
  const events: MachineEvent[] = [];
  hub.subscribe((event) => events.push(event));
  const kernel = new Kernel({ scheduler, memory, events: hub });
  const settle = (seconds = 60) => {
    const end = scheduler.now + seconds * scheduler.hz;
    for (let steps = 0; scheduler.nextDeadline <= end; steps++) {
      if (steps > 5_000_000) throw new Error(`still busy: ${scheduler.nextName}`);
      scheduler.advanceTo(scheduler.nextDeadline);
      scheduler.fireDue();
    }
    scheduler.advanceTo(end);
  };
  return {
    kernel,
    memory,
    scheduler,
    events,
    dmesg: () => kernel.log.map(({ text }) => text),
    settle,
    run<T>(code: KernelCode<T>, seconds?: number) {
      let result: T | undefined;
      kernel.spawn(
        'test',
        (function* () {
          result = yield* code;
        })(),
      );
      settle(seconds);
      return result;
    },
  };
}

/** Mulberry32: the seeded generator of the robustness tests. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000) * below;
  };
}
