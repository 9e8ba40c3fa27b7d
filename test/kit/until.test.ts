import { describe, expect, it } from 'vitest';
import { UsageError, WaitTimeout } from '../../src/errors.ts';
import { failure, machine } from './support.ts';

describe('options', () => {
  it('that there are not are refused by name: a misspelt one would do nothing', async () => {
    const misspelt = { kernal: 'nxp' } as object;
    const error = await failure<UsageError>(machine('imx8mp_hello', misspelt));
    expect(error).toMatchObject({ code: 'E_USAGE', message: 'no option kernal', remedy: expect.stringContaining('kernel') });
  });
});

describe('a machine at its power-on', () => {
  it('has not begun to run', async () => {
    const m = await machine('imx8mp_hello');
    expect([m.now, m.cycle, m.events.length]).toEqual([0, 0, 0]);
    expect(m.configuration.target).toMatchObject({ core: 'm7', soc: { name: 'imx8mp' } });
  });

  it('stands still between two waits', async () => {
    const m = await machine('imx8mp_hello');
    await m.advance('1ms');
    const { cycle } = m;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(m.cycle).toBe(cycle);
    expect(m.now).toBe(1_000_000);
  });
});

describe('advance', () => {
  it.each([
    ['5ms', 5_000_000],
    ['2us', 2_000],
    ['1.5s', 1_500_000_000],
    [750, 750],
    [0, 0],
  ])('%s', async (time, ns) => {
    const m = await machine('imx8mp_hello');
    await m.advance(time);
    expect(m.now).toBe(ns);
  });

  it.each(['5', 'soon', '-1ms', Number.NaN, -5])('refuses %s', async (time) => {
    const m = await machine('imx8mp_hello');
    expect(await failure(m.advance(time))).toMatchObject({ code: 'E_USAGE', remedy: expect.stringContaining("'500ms'") });
  });

  it('in pieces is the same run', async () => {
    const whole = await machine('imx8mp_rpmsg');
    await whole.advance('60ms');
    const pieces = await machine('imx8mp_rpmsg');
    for (let at = 0; pieces.now < 60e6; at++) await pieces.advance(Math.min([313, 1_000_003, 77_777][at % 3]!, 60e6 - pieces.now));
    expect(pieces.now).toBe(whole.now);
    expect(pieces.traceHash()).toBe(whole.traceHash());
    expect(pieces.stats).toEqual(whole.stats);
  });
});

describe('until', () => {
  it('gives the line, and where and when it came', async () => {
    const m = await machine('imx8mp_hello');
    const line = await m.until('uart4', /hello (\w+)/);
    expect(line).toMatchObject({ source: 'uart4', text: 'hello world.', complete: true });
    expect(line.match[1]).toBe('world');
    // The instruction that sent its last byte is complete.
    expect(m.cycle - line.cycle).toBe(1);
    expect(line.time).toBe(Math.round((line.cycle / 800e6) * 1e9));
  });

  it.each([
    ['console', 'hello world.', 'uart4'],
    ['UART4', 'hello world.', 'uart4'],
    ['any', 'hello world.', 'uart4'],
    ['linux', 'remote processor imx-rproc is now up', 'linux'],
  ])('%s has %s', async (source, text, from) => {
    const m = await machine('imx8mp_hello');
    expect((await m.until(source, text)).source).toBe(from);
  });

  it('goes on behind the line that was awaited last', async () => {
    const m = await machine('imx8mp_rpmsg');
    await m.until('linux', 'goodbye!');
    expect((await m.until('uart4', /incoming msg (\d+)/)).match[1]).toBe('1');
    expect((await m.until('uart4', /incoming msg (\d+)/)).match[1]).toBe('2');
    expect((await m.until('uart4', /incoming msg (\d+)5/)).match[0]).toBe('incoming msg 15');
    expect((await m.until('uart4', /incoming msg (\d+)/)).match[1]).toBe('16');
    expect((await m.until('uart4', /incoming msg (\d+)/, { fromStart: true })).match[1]).toBe('1');
    expect((await m.until('uart4', /incoming msg (\d+)/)).match[1]).toBe('17');
    const late = await failure<WaitTimeout>(m.until('uart4', /incoming msg (\d+)/, { fromNow: true, within: '1ms' }));
    expect(late).toBeInstanceOf(WaitTimeout);
  });

  it('takes no notice of flags that make an expression remember', async () => {
    const m = await machine('imx8mp_hello');
    const pattern = /hello/g;
    pattern.lastIndex = 3;
    expect((await m.until('uart4', pattern)).match.index).toBe(0);
  });

  it('sees a prompt once its console is quiet, and then only the rest of the line', async () => {
    const m = await machine('imx8mp_hello');
    const uart = m.uart('uart4');
    await m.until('uart4', 'hello');
    uart.send('$ ');
    const prompt = await m.until('uart4', /\$ $/);
    expect(prompt.complete).toBe(false);
    expect(m.now - prompt.time).toBe(10_000_000);
    uart.send('abc\n');
    expect(await m.until('uart4', /^abc/)).toMatchObject({ text: '$ abc', complete: true });
    expect(uart.lines.at(-1)).toBe('$ abc');
  });

  it('from now on: of a line that has begun only the rest', async () => {
    const m = await machine('imx8mp_hello');
    await m.until('uart4', 'hello');
    m.uart('uart4').send('abc ');
    await m.until('uart4', 'abc');
    m.uart('uart4').send('def\n');
    const [line] = await Promise.all([m.until('uart4', /\S+/, { fromNow: true })]);
    expect(line.match[0]).toBe('def');
  });

  it('several at once, in any order', async () => {
    const m = await machine('imx8mp_rpmsg');
    const [last, first, state] = await Promise.all([
      m.until('uart4', 'incoming msg 9:'),
      m.until('uart4', 'incoming msg 3:'),
      m.linux.readText('/proc/uptime'),
    ]);
    expect(first.cycle).toBeLessThan(last.cycle);
    expect(Number.parseFloat(state)).toBeGreaterThanOrEqual(0);
  });

  it('a condition, looked at after every event', async () => {
    const m = await machine('imx8mp_rpmsg');
    const count = await m.until(() => m.rpmsg.received.length >= 3 && m.rpmsg.received.length, { name: 'three messages' });
    expect(count).toBe(3);
    expect(m.rpmsg.received).toHaveLength(3);
    expect(m.cycle).toBe(m.rpmsg.received[2]!.cycle);
  });

  it('an event', async () => {
    const m = await machine('imx8mp_rpmsg');
    const event = await m.untilEvent(({ type }) => type === 'mu', { within: '100ms' });
    expect(event).toMatchObject({ type: 'mu', side: 'A', action: 'transmit' });
    expect(event.cycle).toBe(m.cycle);
  });

  it('ends with its time, to the cycle', async () => {
    const m = await machine('imx8mp_hang');
    const error = await failure<WaitTimeout>(m.until(() => false, { name: 'pigs to fly', within: '3ms' }));
    expect(error).toMatchObject({ code: 'E_WAIT_TIMEOUT', awaited: 'pigs to fly' });
    expect(m.now).toBe(3_000_000);
  });

  it('passes on what the condition throws', async () => {
    const m = await machine('imx8mp_hello');
    const mine = new Error('mine');
    const broken = m.until(() => {
      throw mine;
    });
    expect(await failure(broken)).toBe(mine);
  });

  it.each(['uart9', 'linus', 'semihosting', ''])('refuses %j, and says what there is', async (source) => {
    const m = await machine('imx8mp_hello');
    const error = await failure<UsageError>(m.until(source, 'x'));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(`imx8mp has no console ${source}`);
    expect(error.remedy).toMatch(/uart4.*any|semihosting: true/);
  });
});

describe('the trace', () => {
  it.each(['interpreter', 'jit'] as const)('is that of imx-sim run, with %s', async (engine) => {
    const m = await machine('imx8mp_rpmsg', { engine });
    await m.advance('100ms');
    expect(m.trace[0]).toBe('imx-sim trace 1');
    expect(m.trace.length).toBeGreaterThan(1000);
    expect(m.traceHash()).toBe(await hashOfRun('imx8mp_rpmsg', 100e6));
  });
});

/** What `imx-sim run --trace-hash --timeout` prints. */
async function hashOfRun(image: string, timeout: number): Promise<unknown> {
  const { readFirmware } = await import('../../src/cli/firmware-file.ts');
  const { Session } = await import('../../src/session/session.ts');
  const { chooseTarget } = await import('../../src/session/target.ts');
  const { jitFactory } = await import('../../src/cpu/jit/index.ts');
  const firmware = readFirmware(`images/${image}.elf`);
  let result: Readonly<Record<string, unknown>> = {};
  const nothing = () => {};
  const renderer = {
    line: nothing,
    event: nothing,
    note: nothing,
    diagnostic: nothing,
    finding: nothing,
    report: nothing,
    finish: (given: Readonly<Record<string, unknown>>) => {
      result = given;
    },
  };
  const host = { renderer, disassemble: async () => [], now: () => 0, pause: async () => {} };
  const session = new Session({ firmware, target: chooseTarget(firmware, {}), engine: jitFactory, timeout, traceHash: true }, host);
  await session.run();
  session.dispose();
  return result['trace'];
}
