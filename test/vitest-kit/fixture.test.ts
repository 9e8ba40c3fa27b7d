/** `firmwareTest` as tests use it: one boot, a machine of its own for each test, stages behind stages. What failures say is in test/e2e. */
import { afterAll, beforeEach, describe, expect, test as plain } from 'vitest';
import { firmwareTest } from '../../src/vitest/index.ts';

const OPENAMP = 'examples/zephyr-style/build/zephyr/zephyr.elf';
const DOOR = new URL('../../examples/bare-metal/build/door.elf', import.meta.url);

let boots = 0;
const machines = new Set<unknown>();
const cycles = new Set<number>();

const test = firmwareTest({
  firmware: OPENAMP,
  setup: async (m) => {
    boots++;
    await m.linux.waitFor('/dev/ttyRPMSG0');
  },
});

describe('tests of one firmware', () => {
  test.concurrent.for([1, 2, 3, 4])('get a machine of their own: %i', async (number, { m, expect: own }) => {
    machines.add(m);
    cycles.add(m.cycle);
    const tty = m.rpmsg.channel('rpmsg-tty');
    own(tty.sent).toEqual([]);
    for (let i = 0; i < number; i++) await tty.send(`message ${i}`);
    await m.until(() => tty.received.length === number);
    own(tty).toHaveReceived(Array.from({ length: number }, (_, i) => `message ${i}`));
  });

  afterAll(() => {
    expect(machines.size).toBe(4);
    expect(cycles.size).toBe(1);
    expect(boots).toBe(1);
  });
});

describe('a stage behind another', () => {
  const stopped = test.after(async (m) => {
    await m.linux.writeFile('/sys/class/remoteproc/remoteproc0/state', 'stop');
  });

  stopped('begins where its set-up ended', async ({ m }) => {
    expect(await m.linux.readText('/sys/class/remoteproc/remoteproc0/state')).toBe('offline\n');
    await m.linux.writeFile('/sys/class/remoteproc/remoteproc0/state', 'start');
  });

  stopped('is as it was for the next test', async ({ m }) => {
    expect(await m.linux.readText('/sys/class/remoteproc/remoteproc0/state')).toBe('offline\n');
  });

  test('leaves the one before as it was', async ({ m }) => {
    expect(await m.linux.readText('/sys/class/remoteproc/remoteproc0/state')).toBe('running\n');
    expect(boots).toBe(1);
  });
});

describe('other options', () => {
  const prepared: string[] = [];
  const withText = test.with({ prepare: (m) => prepared.push(m.uart('uart4').lines[1] ?? '') });

  withText('of forks use the same boot', ({ m }) => {
    expect(prepared).toEqual(['*** Booting openamp application ***']);
    expect(m.linux.dmesg.lines.length).toBeGreaterThan(5);
    expect(boots).toBe(1);
  });

  const verdin = test.with({ board: 'verdin-hmp' });

  verdin('of machines boot anew, with the same set-up', async ({ m }) => {
    expect(String(m.linux.dmesg)).toContain('vdev0buffer@b8400000');
    expect(boots).toBe(2);
  });
});

describe('vitest', () => {
  const extended = test.extend<{ tty: ReturnType<typeof channelOf> }>({ tty: ({ m }, use) => use(channelOf(m)) });
  const seen: number[] = [];

  beforeEach<{ m?: { readonly now: number } }>(({ m }) => {
    if (m) seen.push(m.now);
  });

  extended('has fixtures that stand on m, and hooks that get it', async ({ tty, m }) => {
    await tty.send('x');
    expect((await tty.next()).text).toBe('TTY 0x0401: x');
    expect(seen.at(-1)).toBeLessThan(m.now);
  });

  test.fails('knows tests that are to fail', async ({ m }) => {
    await m.until('uart4', 'never', { within: '1ms' });
  });

  test.fails('notices matchers that nobody awaits', ({ m }) => {
    void expect(m)
      .toReachWithin('uart4', 'incoming', '100ms')
      .catch(() => {});
  });

  plain('lets a minute of the host pass', ({ task }) => {
    expect(task.timeout).toBeGreaterThanOrEqual(20_000);
  });
});

const door = firmwareTest({ firmware: DOOR, linux: false, setup: (m) => m.until('uart4', 'ready') });

describe('another firmware in the same file', () => {
  door('needs no Linux', async ({ m }) => {
    expect(m.machine.linux).toBeUndefined();
    m.uart('uart4').send('status*831a\n');
    expect((await m.until('uart4', /^closed at 0 %, (\d+) ms$/)).match[1]).toMatch(/^\d+$/);
  });
});

describe('toReachWithin', () => {
  test('comes to functions and lines', async ({ m }) => {
    await expect(m).toReachWithin('client_receive', '10ms');
    await expect(m).not.toReachWithin('mu_init', '10ms');
    await expect(m).toReachWithin('linux', /incoming msg 5 /, '50ms');
    await expect(expect(m).toReachWithin('no_such_function', '1ms')).rejects.toThrow('the firmware has no function no_such_function');
  });

  test('says how long it took, and what there was instead', async ({ m }) => {
    const failure = await expect(m)
      .toReachWithin('uart4', 'nonsense', '3ms')
      .then(
        () => '',
        (error: Error) => error.message,
      );
    expect(failure).toContain('a line of uart4 that has "nonsense": not within 3 ms of virtual time');
    expect(failure).toMatch(/m7: pc 0x[0-9a-f]{8} \w+/);
    await expect(expect(m).not.toReachWithin('client_receive', '10ms')).rejects.toThrow(
      /reached after \d\.\d{6} ms of virtual time: client_receive/,
    );
  });
});

function channelOf(m: Parameters<Parameters<typeof test.after>[0]>[0]) {
  return m.rpmsg.channel('rpmsg-tty');
}
