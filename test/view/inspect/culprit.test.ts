/** The store behind a violation, found in the past of a run by its debugger. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { METHODS } from '../../../src/view/inspect/methods.ts';
import { debugged, stateOf } from '../../debug/support.ts';
import { contextOf } from './support.ts';

it('the store that spoilt a ring is told with its source line and the calls that led to it', async () => {
  const { debug, machine, session } = debugged('imx8mp_bad_ring', { timeout: 2e9 });
  const source = readFileSync('images/bad-ring/main.c', 'utf8');
  const context = contextOf(machine, {
    debugger: debug,
    readSource: async (file) => (file.endsWith('bad-ring/main.c') ? source : undefined),
  });
  debug.add({ kind: 'breakpoint', core: 'm7', address: machine.symbols.lookup('rpmsg_destroy')!.address }, 'test');
  expect(await debug.resume({ kind: 'continue' })).toMatchObject({ kind: 'breakpoint' });
  const here = stateOf(machine);
  const { problems, descriptors } = await METHODS['vrings.inspect'](context, { device: 'virtio0', queue: 0 });
  expect(problems.map(({ rule }) => rule)).toEqual(['descriptor-unmapped']);
  expect(descriptors[200]!.violations).toEqual([problems[0]!.id]);
  const culprit = await METHODS['vrings.culprit'](context, { device: 'virtio0', queue: 0, violation: problems[0]!.id });
  expect(culprit).toMatchObject({
    by: 'm7',
    place: { file: expect.stringContaining('bad-ring/main.c'), symbol: expect.stringMatching(/^client_receive\+/) },
    source: '*(volatile uint64_t *)&table[index].addr = (uintptr_t)own_buffer;',
  });
  expect(culprit!.cycle).toBeLessThan(machine.scheduler.now);
  expect(culprit!.backtrace!.map(({ symbol }) => symbol?.split('+')[0])).toEqual([
    'client_receive',
    'client_receive',
    'rpmsg_poll',
    'main',
    'Reset_Handler',
  ]);
  expect(stateOf(machine)).toBe(here);
  // Linux itself wrote the row beside it.
  const other = await METHODS['memory.culprit'](context, { view: 'linux', address: 0x5500_0000 + 16 * 201, size: 8 });
  expect(other).toMatchObject({ by: 'linux' });
  expect(other!.backtrace).toBeUndefined();
  session.dispose();
});
