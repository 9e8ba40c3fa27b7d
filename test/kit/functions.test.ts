import { describe, expect, it } from 'vitest';
import { CoreFailed, SnapshotError, SymbolError, UsageError, WaitTimeout } from '../../src/errors.ts';
import { replayMachine } from '../../src/kit/restore.ts';
import type { Simulation } from '../../src/kit/simulation.ts';
import { ENGINES } from '../support/engines.ts';
import { failure, machine } from './support.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The firmware of test/kit/firmware, asleep in its main loop. */
async function functions(variant: string, engine: 'jit' | 'interpreter' = 'jit'): Promise<Simulation> {
  const m = await machine('none', { firmware: `test/kit/firmware/${variant}.elf`, soc: 'imx8mp', linux: false, engine });
  await m.advance('10us');
  return m;
}

describe.each([
  ['functions', 'jit'],
  ['functions-hard', 'jit'],
  ['functions', 'interpreter'],
] as const)('functions of %s, %s', (variant, engine) => {
  const make = () => functions(variant, engine);

  it('arguments and results by their types', async () => {
    const m = await make();
    expect(await m.call('crc16', bytes('123456789'), 9)).toBe(0x29b1);
    expect(await m.call('crc16', [0x31, 0x32], 2)).toBe(await m.call('crc16', '12', 2));
    expect(await m.call('negate8', 5)).toBe(-5);
    expect(await m.call('negate8', -128)).toBe(-128);
    expect(await m.call('both', true, 1)).toBe(true);
    expect(await m.call('both', true, false)).toBe(false);
    expect(await m.call('add64', 7, -3n, 2n ** 40n)).toBe(2 ** 40 + 4);
    expect(await m.call('add64', 0, 2n ** 62n, 1n)).toBe(2n ** 62n + 1n);
    expect(await m.call('halve', 2.5)).toBe(1.25);
    expect(await m.call('blend', 8, 0.25, 4, 99)).toBe(5);
    expect(await m.call('next_mode', 'MODE_IDLE')).toBe('MODE_RUN');
    expect(await m.call('next_mode', 5)).toBe('MODE_STOP');
    expect(await m.call('length_of', 'Grüße')).toBe(7);
    expect(await m.call('many', 1, 2, 3, 4, 5, 6)).toBe(654321);
    expect([...m.read(Number(await m.call('greeting')), 6)]).toEqual([...bytes('hello\0')]);
  });

  it('structs by value, as results, behind pointers', async () => {
    const m = await make();
    expect(await m.call('mirror', { x: 3, y: -4 })).toEqual({ x: -4, y: 3 });
    expect(await m.call('stamp', 2n ** 33n, 6)).toEqual({ stamp: 2 ** 33, value: 6, name: 'made' });
    expect(await m.call('weigh', { stamp: 10, value: 20, name: 'A' })).toBe(10 + 20 + 65);
    expect(await m.call('weigh', m.symbol('last').value)).toBe(1 + 2 + 98);
    const mine = { stamp: 1, value: 41, name: 'tony' };
    await m.call('touch', mine);
    expect(mine).toEqual({ stamp: 1, value: 42, name: 'Tony' });
    await m.call('touch', m.symbol('last'));
    expect(m.symbol('last').value).toEqual({ stamp: 1, value: 3, name: 'Toot' });
    if (variant === 'functions') expect(await m.call('sum_pair', { a: 1.5, b: 2 })).toBe(3.5);
    else expect(await failure(m.call('sum_pair', { a: 1, b: 2 }))).toMatchObject({ code: 'E_USAGE' });
  });

  it('what it writes to buffers is read back', async () => {
    const m = await make();
    const list = [30, 10, 20];
    await m.call('sort3', list);
    expect(list).toEqual([10, 20, 30]);
    const words = Uint32Array.of(9, 7, 8);
    await m.call('sort3', words);
    expect([...words]).toEqual([7, 8, 9]);
    const text = bytes('abcde');
    await m.call('reverse', text, 5);
    expect(new TextDecoder().decode(text)).toBe('edcba');
  });

  it('a stub stands for it, with typed arguments and result', async () => {
    const m = await make();
    const stub = m.stub('read_sensor', (channel: number, offset: number, on: Simulation) => {
      expect(on).toBe(m);
      return channel * 1000 + offset;
    });
    m.symbol('wanted').set(2);
    await m.until(() => stub.calls.length === 2 && m.symbol('wanted').value === 0, { every: '10us' });
    await m.advance('20us');
    expect(m.symbol('outcome').value).toBe(2993);
    expect(stub.calls.map(({ args, returned }) => [args, returned])).toEqual([
      [[3, -7], 2993],
      [[3, -7], 2993],
    ]);
    stub.restore();
    m.symbol('wanted').set(1);
    await m.advance('200us');
    expect(m.symbol('outcome').value).toBe(293);
    expect(stub.calls).toHaveLength(2);
  });

  it('stubs for every kind of result', async () => {
    const m = await make();
    m.stub('halve', (value: number) => value * 4);
    m.stub('blend', (a: number, weight: number, b: number) => a + weight + b);
    m.stub('add64', (_first: number, a: number | bigint) => -BigInt(a));
    m.stub('next_mode', () => 'MODE_STOP');
    m.stub('both', () => true);
    m.stub('mirror', ({ x, y }: { x: number; y: number }) => ({ x: x + 1, y: y + 1 }));
    m.stub('stamp', (time: number, value: number) => ({ stamp: time + 1, value: value + 1, name: 'stub' }));
    m.stub('length_of', (address: number, on: Simulation) => on.read(address, 1)[0]!);
    expect(await m.call('halve', 1.5)).toBe(6);
    expect(await m.call('blend', 1, 2, 4, 0)).toBe(7);
    expect(await m.call('add64', 1, 5n, 0n)).toBe(-5);
    expect(await m.call('next_mode', 'MODE_IDLE')).toBe('MODE_STOP');
    expect(await m.call('both', false, false)).toBe(true);
    expect(await m.call('mirror', { x: 1, y: 2 })).toEqual({ x: 2, y: 3 });
    expect(await m.call('stamp', 7n, 8)).toEqual({ stamp: 8, value: 9, name: 'stub' });
    expect(await m.call('length_of', 'A')).toBe(65);
  });
});

describe('a call', () => {
  it('leaves the core as it was, and takes virtual time', async () => {
    const [m, untouched] = [await functions('functions'), await functions('functions')];
    const before = m.cycle;
    const registers = m.machine.core.registerValues();
    await m.call('crc16', bytes('x'.repeat(100)), 100);
    expect(m.cycle - before).toBeGreaterThan(100 * 8);
    expect(m.machine.core.registerValues()).toEqual(registers);
    expect(m.machine.core.asleep).toBe(true);
    await m.advance('1ms');
    await untouched.advance('1ms');
    expect(m.symbol('ticks').value).toBe(untouched.symbol('ticks').value);
  });

  it('lets interrupts happen', async () => {
    const m = await functions('functions');
    expect(await m.call('wait_ticks', 5)).toBe(m.symbol('ticks').value);
    expect(m.symbol('ticks').value).toBeGreaterThanOrEqual(5);
  });

  it('that does not return ends with its time; the machine goes on within it', async () => {
    const m = await functions('functions');
    const error = await failure<WaitTimeout>(m.call({ function: 'forever', within: '1ms' }));
    expect(error).toBeInstanceOf(WaitTimeout);
    expect(error.message).toMatch(/^the return of forever\(\): not within 1 ms of virtual time\n/);
    expect(error.situation.pc).toMatchObject({ symbol: 'forever', source: expect.stringMatching(/functions\.c:\d+$/) });
    expect(await failure(m.call('halve', 1))).toMatchObject({ message: 'halve: another call has not returned' });
    expect(() => m.snapshot()).toThrow('has not returned');
  });

  it('that returns when nobody awaits it any more lets the core go on', async () => {
    const m = await functions('functions');
    await failure(m.call({ function: 'wait_ticks', within: '2us' }, 3));
    await m.advance('2ms');
    expect(await m.call('halve', 3)).toBe(1.5);
  });

  it('that crashes says where', async () => {
    const m = await functions('functions');
    const error = await failure<CoreFailed>(m.call('crash'));
    expect(error).toBeInstanceOf(CoreFailed);
    expect(error.faults[0]).toMatchObject({ pc: { symbol: 'crash' } });
  });

  it.each([
    [['crc16', 1], 'it takes 2: '],
    [['negate8', 200], 'from -128 to 127'],
    [['next_mode', 'MODE_FAST'], 'MODE_RUN'],
    [['halve', 'much'], 'give a number'],
    [['crc17', 1], 'crc16'],
  ] as const)('%j is refused: %s', async ([name, ...args], remedy) => {
    const m = await functions('functions');
    const error = await failure<SymbolError>(m.call(name, ...args));
    expect(`${error.message} ${error.remedy}`).toContain(remedy);
    expect(await m.call('halve', 1)).toBe(0.5);
  });

  it('before the firmware runs', async () => {
    const m = await machine('imx8mp_rpmsg');
    expect(await failure(m.call('mu_init'))).toMatchObject({ code: 'E_CALL' });
  });

  it('by address, without a prototype', async () => {
    const m = await functions('functions');
    const { address } = m.symbol('negate8');
    expect(await m.call(address, 1)).toBe(-1);
  });
});

describe('watching', () => {
  it('a spy sees calls and leaves them alone', async () => {
    const m = await functions('functions');
    const spy = m.spy('read_sensor');
    m.symbol('wanted').set(3);
    await m.advance('1ms');
    expect(spy.calls).toHaveLength(3);
    expect(spy.calls[0]!.args).toEqual([3, -7]);
    expect(m.symbol('outcome').value).toBe(293);
  });

  it('until a function is called', async () => {
    const m = await functions('functions');
    m.symbol('wanted').set(1);
    expect(await m.untilCalled('read_sensor')).toEqual([3, -7]);
    expect(m.machine.core.pc).toBe(m.symbol('read_sensor').address);
    expect(m.symbol('outcome').value).toBe(0);
    await m.advance('1us');
    expect(m.symbol('outcome').value).toBe(293);
    expect(await failure(m.untilCalled('read_sensor', { within: '1ms' }))).toMatchObject({ awaited: 'a call of read_sensor()' });
  });

  it('stubs in forks are their own, with the simulation that they run in', async () => {
    const m = await functions('functions');
    const seen: Simulation[] = [];
    m.stub('read_sensor', (_channel: number, _offset: number, on: Simulation) => {
      seen.push(on);
      return 5;
    });
    const snapshot = m.snapshot();
    const [one, two] = [snapshot.fork(), snapshot.fork()];
    one.symbol('wanted').set(1);
    await one.advance('100us');
    expect(one.stubbed('read_sensor').calls).toHaveLength(1);
    expect(one.symbol('outcome').value).toBe(5);
    two.stubbed('read_sensor').restore();
    two.symbol('wanted').set(1);
    await two.advance('100us');
    expect(two.symbol('outcome').value).toBe(293);
    expect(m.stubbed('read_sensor').calls).toHaveLength(0);
    expect(seen).toEqual([one]);
    for (const fork of [one, two]) fork.dispose();
    // Their machines serve others, on which there is no stub any more.
    const three = snapshot.fork();
    three.stubbed('read_sensor').restore();
    three.symbol('wanted').set(1);
    await three.advance('100us');
    expect(three.symbol('outcome').value).toBe(293);
    three.dispose();
  });

  it('what a stub throws comes out of the wait', async () => {
    const m = await functions('functions');
    const mine = new Error('mine');
    m.stub('read_sensor', () => {
      throw mine;
    });
    m.symbol('wanted').set(1);
    expect(await failure(m.advance('1ms'))).toBe(mine);
    m.stub('halve', async () => 1);
    expect(await failure(m.call('halve', 1))).toBeInstanceOf(UsageError);
  });

  it('a firmware that was mended by a stub', async () => {
    const m = await machine('imx8mp_fault');
    m.stub('read_sensor', (address: number) => (address === 0x2019_0000 ? 40 : 2));
    expect((await m.until('uart4', /total (\d+)/)).text).toMatch(/^total \d+$/);
  });
});

describe('a recording', () => {
  it('has calls and writes in it, which lead to the same on every engine', async () => {
    const m = await functions('functions');
    m.symbol('last.name').set('rec');
    const spy = m.spy('weigh');
    expect(await m.call('weigh', { stamp: 1, value: 2, name: 'B' })).toBe(69);
    await m.call('touch', m.symbol('last'));
    await m.call('wait_ticks', 2);
    await m.advance('50us');
    expect(spy.calls).toHaveLength(1);
    const file = await m.record();
    for (const engine of ENGINES) {
      const { simulation } = await replayMachine(file, { engine });
      expect(simulation.symbol('last').value).toEqual(m.symbol('last').value);
      expect(simulation.machine.core.registerValues()).toEqual(m.machine.core.registerValues());
      expect(simulation.machine.core.instructions).toBe(m.machine.core.instructions);
      simulation.dispose();
    }
  });

  it('of a run with a stub, which is code of the test, is refused by name', async () => {
    const m = await functions('functions');
    m.stub('read_sensor', () => 1);
    await m.advance('1us');
    const error = await failure<SnapshotError>(replayMachine(await m.record()));
    expect(error).toBeInstanceOf(SnapshotError);
    expect(error.message).toContain('read_sensor');
  });
});

describe('variables', () => {
  it('are read and written while time stands still', async () => {
    const m = await functions('functions');
    expect(m.symbol('last').value).toEqual({ stamp: 1, value: 2, name: 'boot' });
    m.symbol('last').set({ value: 77 });
    expect(m.symbol('last.value').value).toBe(77);
    expect(m.symbol('last').type).toBe('struct sample');
    expect(m.at(m.symbol('last').address, 'struct sample').field('name').text).toBe('boot');
    expect(m.inputs.entries.at(-1)).toMatchObject({ kind: 'memory.write' });
    expect(() => m.symbol('lost')).toThrow(SymbolError);
    m.write(m.symbol('ticks').address, Uint8Array.of(1, 2, 0, 0));
    expect(m.symbol('ticks').value).toBe(513);
    expect([...m.read(m.symbol('ticks').address, 2)]).toEqual([1, 2]);
    expect(() => m.read(0x2019_0000, 4)).toThrow(UsageError);
    expect(() => m.write(0x2019_0000, Uint8Array.of(1))).toThrow(UsageError);
  });
});
