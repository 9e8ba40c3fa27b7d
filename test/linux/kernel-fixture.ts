/** A kernel with a megabyte of RAM and no devices, and a process to make system calls in. */
import { EventHub } from '../../src/events.ts';
import { Kernel, type KernelCode } from '../../src/linux/kernel.ts';
import { Process } from '../../src/linux/process.ts';
import { Arena } from '../../src/memory/arena.ts';
import { AddressSpace } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { Scheduler } from '../../src/time/scheduler.ts';

export const RAM_BASE = 0x4000_0000;
export const RAM_SIZE = 0x10_0000;

export function kernelFixture() {
  const scheduler = new Scheduler(1_000_000_000);
  const memory = new AddressSpace('linux');
  memory.mapRam(RAM_BASE, new Ram('ddr', RAM_SIZE, new Arena(0x40_0000)));
  const kernel = new Kernel({ scheduler, memory, events: new EventHub() });
  const process = new Process(kernel, { pid: 100, name: 'test' });

  /** Lets `ns` pass. */
  const pass = (ns: number): void => {
    const end = scheduler.now + scheduler.cyclesFromNs(ns);
    for (let steps = 0; scheduler.nextDeadline <= end; steps++) {
      if (steps > 1_000_000) throw new Error(`still busy: ${scheduler.nextName}`);
      scheduler.advanceTo(scheduler.nextDeadline);
      scheduler.fireDue();
    }
    scheduler.advanceTo(end);
  };

  /** What `code` gives; throws when it still sleeps after `ns`. */
  const run = <T>(code: KernelCode<T>, ns = 1e9): T => {
    let result: { readonly value: T } | undefined;
    const task = kernel.spawn(
      'test',
      (function* () {
        result = { value: yield* code };
      })(),
    );
    task.process = process;
    pass(ns);
    if (!result) throw new Error(`still waiting for ${task.waitingFor}`);
    return result.value;
  };

  /** All bytes of a file as text, or the negative errno of the open or the read. */
  const read = (path: string): string | number =>
    run(
      (function* () {
        const fd = yield* process.open(path);
        if (fd < 0) return fd;
        let text = '';
        for (;;) {
          const data = yield* process.read(fd, 4096);
          if (typeof data === 'number' || data.length === 0) {
            yield* process.close(fd);
            return typeof data === 'number' ? data : text;
          }
          text += new TextDecoder().decode(data);
        }
      })(),
    );

  /** One write to a file that is opened with `flags`: what `write` or the failed `open` gave. */
  const write = (path: string, text: string | Uint8Array, flags: number): number =>
    run(
      (function* () {
        const fd = yield* process.open(path, flags);
        if (fd < 0) return fd;
        const count = yield* process.write(fd, typeof text === 'string' ? new TextEncoder().encode(text) : text);
        yield* process.close(fd);
        return count;
      })(),
    );

  return { kernel, scheduler, memory, process, run, pass, read, write, log: () => kernel.log.map(({ text }) => text) };
}
