import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import type { Simulation } from '../../src/kit/simulation.ts';
import { read } from '../docs/support.ts';
import { machine } from './support.ts';

const SOURCE = read('test/kit/firmware/functions.c').split('\n');
const lineOf = (text: string): number => SOURCE.findIndex((line) => line.includes(text)) + 1;

const make = (options = {}): Promise<Simulation> =>
  machine('none', { firmware: 'test/kit/firmware/functions.elf', soc: 'imx8mp', linux: false, ...options });

describe('coverage', () => {
  it('is of what this machine executed, and a fork has its own', async () => {
    const m = await make({ coverage: true });
    await m.advance('10us');
    const fork = m.fork();
    await m.call('negate8', 1);
    await m.call('negate8', 2);
    const [negate, both] = [lineOf('API int8_t negate8'), lineOf('API bool both')];
    const lines = m.coverage().lines('functions.c')!;
    expect(lines.get(negate)).toBe(2);
    expect(lines.get(both)).toBe(0);
    expect(lines.get(lineOf('while (to < &data_end)'))).toBeGreaterThan(0);
    await fork.call('both', true, true);
    const own = fork.coverage().lines('functions.c')!;
    expect([own.get(negate), own.get(both)]).toEqual([0, 1]);
    expect(fork.coverage().toLcov()).toContain(`DA:${both},1`);
    fork.dispose();
  });

  it('wants to be asked for at the beginning, and changes nothing of the run', async () => {
    const [plain, counted] = [await make(), await make({ coverage: true })];
    expect(() => plain.coverage()).toThrow(UsageError);
    for (const m of [plain, counted]) await m.call('wait_ticks', 3);
    expect(counted.machine.core.instructions).toBe(plain.machine.core.instructions);
    expect(counted.cycle).toBe(plain.cycle);
  });
});

describe('a profile', () => {
  it('leaves a watch on stacks that was there before', async () => {
    const m = await make();
    const { core } = m.machine;
    const deepest = () => Math.min(...core.stackLows().map(({ low }) => low));
    expect(core.trackStacks(true)).toBe(true);
    await m.advance('10us');
    const profile = m.profile();
    await m.advance('10us');
    profile.stop();
    const before = deepest();
    await m.call('weigh', { stamp: 1, value: 2, name: 'deeper' });
    expect(deepest()).toBeLessThan(before);
    expect(core.trackStacks(true)).toBe(false);
  });

  it('has the load and the interrupts from where it began', async () => {
    const m = await make();
    await m.advance('100us');
    const profile = m.profile();
    await m.advance('500us');
    expect(profile.interrupts().map(({ name, count }) => [name, count])).toEqual([['SysTick', 10]]);
    expect(profile.load().length).toBeGreaterThan(0);
    // One of them came before.
    expect(m.symbol('ticks').value).toBe(11);
  });
});
