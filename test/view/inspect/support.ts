/** Machines of the tests of the inspector: real images, stopped at moments of interest, whose memory a test then spoils and mends. */
import { readFileSync } from 'node:fs';
import type { MachineEvent } from '../../../src/events.ts';
import { Machine, type MachineOptions } from '../../../src/machine.ts';
import { parseFirmware } from '../../../src/remoteproc/elf-loader.ts';
import { IMX8MP } from '../../../src/soc/imx8mp.ts';
import type { InspectContext } from '../../../src/view/inspect/context.ts';

/** Cycles of a millisecond. */
export const MS = 800_000;

export const image = (name: string) => parseFirmware(new Uint8Array(readFileSync(`images/${name}.elf`)), `${name}.elf`);

export function machineOf(name: string, more: Partial<MachineOptions> = {}): Machine {
  return new Machine({ soc: IMX8MP, firmware: image(name), ...more });
}

/** Runs `machine` until an event that `wanted` accepts, and stops right behind it; fails when there is none in time. */
export function runTo(machine: Machine, wanted: (event: MachineEvent) => boolean, limit = 2000 * MS): void {
  let found = false;
  const end = machine.events.subscribe((event) => {
    if (found || !wanted(event)) return;
    found = true;
    machine.requestStop();
  });
  while (!found && machine.scheduler.now < limit) {
    const stop = machine.run(limit);
    if (stop.kind !== 'requested') break;
  }
  end();
  if (!found) throw new Error(`the event did not come before cycle ${machine.scheduler.now}`);
}

/** The `count`th doorbell of the core: its buffer is in the used ring, and Linux has not been told. */
export function runToDoorbell(machine: Machine, count: number): void {
  let left = count;
  runTo(machine, (event) => event.type === 'mu' && event.side === 'B' && event.action === 'transmit' && --left === 0);
}

export function contextOf(machine: Machine, more: Partial<InspectContext> = {}): InspectContext {
  return { machine, readSource: async () => undefined, ...more };
}

/** Writes bytes (or a number of `size` bytes) where Linux sees them, looks, and puts back what was there. */
export function spoiled<T>(machine: Machine, address: number, value: Uint8Array | readonly [number, number], look: () => T): T {
  const bytes = value instanceof Uint8Array ? value : Uint8Array.from({ length: value[1] }, (_, n) => Math.floor(value[0] / 2 ** (8 * n)));
  const view = machine.view('linux');
  const before = view.readBytes(address, bytes.length)!;
  view.writeBytes(address, bytes);
  try {
    return look();
  } finally {
    view.writeBytes(address, before);
  }
}
