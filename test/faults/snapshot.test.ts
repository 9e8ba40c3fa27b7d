/** A machine with faults that are under way, saved, and loaded into another one: what is still to happen happens there at the same cycle. */
import { describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { Faults } from '../../src/faults/faults.ts';
import { Machine } from '../../src/machine.ts';
import { TraceHash } from '../../src/session/trace-hash.ts';
import { restoreSystem, saveSystem } from '../../src/snapshot/system-state.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import { image } from './run.ts';

const MS = 800_000;
const PLANS = [
  'linux-pause:for=8ms@15ms,core-pause:for=9ms@23500us',
  'doorbell-delay:by=7ms,count=0@doorbell#3',
  'doorbell-reorder:within=9ms,count=3@doorbell#4,core-pause:count=4@symbol=rpmsg_poll',
  'descriptor-withhold:queue=rx,buffers=0,for=9ms@14ms,uart-overrun@16ms',
  'buffers-exhaust:for=12ms@15ms,host-stall:for=9ms@16ms',
  'suspend:for=20ms@15ms',
  'clock-gate:for=9ms@16ms',
  'bus-error:block=UART4,for=5ms@26ms',
  'core-restart:for=9ms@16ms',
];

function machine(): Machine {
  return new Machine({ soc: IMX8MP, engine: interpreterFactory, firmware: image('imx8mp_rpmsg'), hostMemory: 64 * 2 ** 20, history: true });
}

/** Runs to `ms`, and gives what has happened since. */
function runTo(made: Machine, ms: number): string {
  const trace = new TraceHash();
  const unsubscribe = made.events.subscribe((event) => trace.add(event));
  for (;;) {
    const { kind } = made.run(ms * MS);
    if (kind !== 'requested') break;
  }
  unsubscribe();
  return trace.digest();
}

describe('a snapshot in the middle of a fault', () => {
  it.each(PLANS)('%s', async (plan) => {
    const first = machine();
    const faults = Faults.install(first, [plan], 5);
    runTo(first, 20);
    const state = saveSystem(first);
    const second = machine();
    const others = new Faults(second);
    await restoreSystem(second, state, () => {});
    expect(others.plan).toEqual(faults.plan);
    const rest = runTo(first, 50);
    expect(runTo(second, 50)).toBe(rest);
    expect(others.injections).toEqual(faults.injections);
    expect(faults.injections.length).toBeGreaterThan(0);
    first.dispose();
    second.dispose();
  });
});
