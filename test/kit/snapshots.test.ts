/** Snapshots and forks of whole simulations: same future, on every engine, with every kind of past. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createMachine, restoreMachine, type Simulation } from '../../src/kit/index.ts';
import { ENGINES } from '../support/engines.ts';

const elf = (name: string) => ({
  name: `${name}.elf`,
  bytes: new Uint8Array(readFileSync(new URL(`../../images/${name}.elf`, import.meta.url))),
});

/** Pasts that leave different things behind: tasks asleep in drivers, shells, files, ttys, U-Boot, a stopped core. */
const PASTS: readonly {
  readonly name: string;
  readonly image: string;
  readonly options?: object;
  readonly past: (m: Simulation) => Promise<void>;
}[] = [
  { name: 'power-on', image: 'imx8mp_rpmsg', past: async () => {} },
  { name: 'in the middle of the boot', image: 'imx8mp_rpmsg', past: (m) => m.advance('4.321ms') },
  { name: 'in the middle of a dialogue', image: 'imx8mp_rpmsg', past: async (m) => void (await m.until('linux', /incoming msg 17 /)) },
  {
    name: 'after a shell',
    image: 'imx8mp_echo',
    past: async (m) => {
      await m.until('linux', /creating channel/);
      const { stdout } = await m.linux.exec('x=5; ls /dev/ttyRPMSG* | wc -l; echo $((x + 2)) > /tmp/seven; cat /tmp/seven');
      expect(stdout).toBe('1\n7\n');
    },
  },
  {
    name: 'with a shell and files open',
    image: 'imx8mp_echo',
    options: { ttyReader: 'none' },
    past: async (m) => {
      await m.until('linux', /creating channel/);
      const shell = await m.linux.shell();
      await shell.exec('cd /sys/class/remoteproc; n=0');
      const tty = await m.linux.open('/dev/ttyRPMSG30', 'r+');
      await tty.write('hello\n');
    },
  },
  {
    name: 'under U-Boot',
    image: 'imx8mp_rpmsg',
    options: { boot: 'uboot' },
    past: (m) => m.advance('300ms'),
  },
  {
    name: 'with a stopped core',
    image: 'imx8mp_rpmsg',
    past: async (m) => {
      await m.until('linux', /incoming msg 3 /);
      await m.linux.writeFile('/sys/class/remoteproc/remoteproc0/state', 'stop');
    },
  },
  { name: 'without Linux', image: 'imx8mp_wfi_tick', options: { linux: false }, past: (m) => m.advance('7.77ms') },
  {
    name: 'with messages under way',
    image: 'imx8mp_echo',
    past: async (m) => {
      await m.until('linux', /creating channel/);
      m.uart('ttyRPMSG30').send('some text that is longer than one message may be, if need be\n');
      await m.advance('1.2ms');
    },
  },
];

/** What there is to be seen of the next 30 ms. */
async function future(m: Simulation): Promise<unknown> {
  await m.advance('30ms');
  return { hash: m.traceHash(), cycle: m.cycle, dmesg: m.machine.kernel?.log, registers: m.machine.core.registerValues(), stats: m.stats };
}

describe.each(PASTS)('a snapshot $name', ({ image, options, past }) => {
  it('has the same future as the original: forked, forked again, recycled, from a file, on every engine', async () => {
    const original = await createMachine({ firmware: elf(image), ...options });
    await past(original);
    const snapshot = original.snapshot();
    const { guestMemoryBytes: _, ...expected } = flat(await future(original));
    const check = async (m: Simulation) => {
      const { guestMemoryBytes: _bytes, ...seen } = flat(await future(m));
      expect(seen).toEqual(expected);
      m.dispose();
    };
    await check(snapshot.fork());
    await check(snapshot.fork().fork());
    const later = snapshot.fork();
    await later.advance('3ms');
    const deeper = later.snapshot();
    later.dispose();
    const third = deeper.fork();
    await third.advance('27ms');
    expect(third.traceHash()).toBe(expected['hash']);
    third.dispose();
    const file = await snapshot.save();
    for (const engine of ENGINES) await check(await restoreMachine(file, { engine }));
    original.dispose();
    snapshot.dispose();
  });
});

function flat(value: unknown): Record<string, unknown> {
  const { stats, ...rest } = value as { stats: Record<string, unknown> };
  return { ...stats, ...rest, instructionsSkipped: 0 };
}

describe('forks', () => {
  it('do not see what another one does', async () => {
    const m = await createMachine({ firmware: elf('imx8mp_echo') });
    await m.until('linux', /creating channel/);
    const snapshot = m.snapshot();
    const [one, two] = [snapshot.fork(), snapshot.fork()];
    await one.linux.writeFile('/tmp/x', 'one');
    one.write(0x2000_0000, Uint8Array.of(1, 2, 3, 4));
    expect(await two.linux.exists('/tmp/x')).toBe(false);
    expect(await m.linux.exists('/tmp/x')).toBe(false);
    expect(two.read(0x2000_0000, 4)).toEqual(m.read(0x2000_0000, 4));
    expect(one.read(0x2000_0000, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
    for (const each of [one, two, m]) each.dispose();
  });

  it('know which writes to memory the RDC has refused', async () => {
    const m = await createMachine({ firmware: elf('imx7d_rpmsg'), ttyReader: 'none' });
    await m.linux.exec(`devmem 0x30340028 32 4; devmem 0x303d0a00 32 0x910000; devmem 0x303d0a04 32 0x920000; devmem 0x303d0a08 32 0x400000fc
(devmem 0x910000 32 5; echo $?; devmem 0x920000 32 5; echo $?) > /tmp/statuses`);
    const snapshot = m.snapshot();
    const restored = await restoreMachine(await snapshot.save());
    const fork = snapshot.fork();
    for (const each of [m, fork, restored]) {
      await each.ready();
      expect((await each.linux.exec('cat /tmp/statuses; devmem 0x910000 32 5; echo $?')).stdout).toBe('135\n0\n135\n');
      each.dispose();
    }
  });

  it('use the machines of those that are gone', async () => {
    const m = await createMachine({ firmware: elf('imx8mp_echo') });
    await m.until('linux', /creating channel/);
    const snapshot = m.snapshot();
    const first = snapshot.fork();
    const { machine } = first;
    await first.advance('5ms');
    first.dispose();
    const second = snapshot.fork();
    expect(second.machine).toBe(machine);
    expect(() => first.machine).toThrow('disposed');
    second.dispose();
    m.dispose();
  });

  it('find nothing in such a machine of what was put onto its core', async () => {
    const firmware = { name: 'functions.elf', bytes: new Uint8Array(readFileSync(new URL('firmware/functions.elf', import.meta.url))) };
    const m = await createMachine({ firmware, soc: 'imx8mp', linux: false });
    await m.advance('10us');
    const snapshot = m.snapshot();
    const first = snapshot.fork();
    const { core } = first.machine;
    let foreign = 0;
    const remove = core.addHook(first.symbol('crc16').address, () => {
      foreign++;
      return 'continue';
    });
    core.count(true);
    core.trackStacks(true);
    await expect(first.call({ function: 'forever', within: '1us' })).rejects.toThrow('forever');
    first.dispose();
    const second = snapshot.fork();
    expect(second.machine.core).toBe(core);
    expect(await second.call({ function: 'crc16', within: '1ms' }, '12', 2)).toBe(await m.call('crc16', '12', 2));
    expect(await second.call({ function: 'halve', within: '1ms' }, 5)).toBe(2.5);
    expect(foreign).toBe(0);
    expect([...core.executionCounts()]).toEqual([]);
    expect(core.stackLows()).toEqual([]);
    remove();
    for (const each of [second, m]) each.dispose();
  });

  it('do not use the machine of one that was left in the middle of a call', async () => {
    const m = await createMachine({ firmware: elf('imx8mp_echo') });
    await m.linux.waitFor('/dev/ttyRPMSG30');
    const snapshot = m.snapshot();
    const first = snapshot.fork();
    await first.ready();
    const calls = [first.linux.exec('sleep 1'), first.linux.waitFor('/tmp/never')];
    const ends = Promise.allSettled(calls);
    await new Promise((resolve) => setImmediate(resolve));
    first.dispose();
    const second = snapshot.fork();
    await second.ready();
    expect((await second.linux.exec('echo y')).stdout).toBe('y\n');
    for (const end of await ends)
      expect(end).toMatchObject({ status: 'rejected', reason: { message: expect.stringMatching(/^the machine was disposed of/) } });
    second.dispose();
    m.dispose();
  });

  it('give their machine back when they are disposed of before it is made', async () => {
    const m = await createMachine({ firmware: elf('imx8mp_echo') });
    await m.until('linux', /creating channel/);
    await m.linux.exec('true');
    const snapshot = m.snapshot();
    const first = snapshot.fork();
    const ready = first.ready();
    expect(() => first.machine).toThrow('this fork is not ready');
    first.dispose();
    await expect(ready).rejects.toThrow('the machine was disposed of');
    await expect(first.ready()).rejects.toThrow('the machine was disposed of');
    const second = snapshot.fork();
    expect((await second.linux.exec('echo y')).stdout).toBe('y\n');
    second.dispose();
    m.dispose();
  });

  it('are refused while something is awaited', async () => {
    const m = await createMachine({ firmware: elf('imx8mp_echo') });
    const wait = m.until('linux', /creating channel/);
    await Promise.resolve();
    await Promise.resolve();
    expect(() => m.snapshot()).toThrow('a snapshot while something is awaited');
    await wait;
    expect(m.snapshot().cycle).toBe(m.cycle);
    m.dispose();
  });
});

describe('a file that is no snapshot', async () => {
  const m = await createMachine({ firmware: elf('imx8mp_echo') });
  await m.until('linux', /creating channel/);
  const file = await m.save();
  m.dispose();
  const refused = (bytes: Uint8Array) => expect(restoreMachine(bytes, {}, 'boot.snap')).rejects;

  it('is refused by name: what it is, and what to do', async () => {
    await refused(new Uint8Array()).toMatchObject({
      code: 'E_SNAPSHOT_FORMAT',
      message: 'boot.snap is no snapshot of imx-sim: it is empty',
    });
    await refused(elf('imx8mp_echo').bytes).toMatchObject({ message: 'boot.snap is no snapshot of imx-sim: it is an ELF file' });
    await refused(new TextEncoder().encode('GIF89a....\n')).toMatchObject({
      message: expect.stringContaining('it begins with 47 49 46 38'),
    });
    const head = new TextDecoder().decode(file.subarray(0, file.indexOf(10)));
    const withHead = (text: string) => Uint8Array.from([...new TextEncoder().encode(text), ...file.subarray(file.indexOf(10))]);
    await refused(withHead(head.replace('snapshot 1', 'snapshot 2'))).toMatchObject({
      code: 'E_SNAPSHOT_VERSION',
      message: 'boot.snap has format 2, and this imx-sim reads format 1',
    });
    await refused(withHead(head.replace('snapshot', 'recording'))).toMatchObject({ message: 'boot.snap is a recording, not a snapshot' });
  });

  it('is refused when it is cut off, at any byte', async () => {
    for (let length = 0; length < file.length; length += 1 + Math.floor(length / 7)) {
      await refused(file.slice(0, length)).toMatchObject({ name: 'SnapshotError' });
    }
    await refused(file.slice(0, -1)).toMatchObject({
      code: 'E_SNAPSHOT_DAMAGED',
      message: expect.stringMatching(/^boot.snap is damaged: it is cut off: \d+ of \d+ bytes/),
    });
  });

  it('is refused when a byte is wrong, wherever it is', async () => {
    let state = 12345;
    for (let round = 0; round < 200; round++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      const broken = file.slice();
      broken[state % broken.length]! ^= 1 << (state >>> 29);
      const result = await restoreMachine(broken, {}, 'boot.snap').then(
        (simulation) => simulation,
        (error: unknown) => error,
      );
      // A digit of the first line that says nothing of the data (the seconds, a name) may be another one.
      if (!(result instanceof Error)) {
        expect(state % broken.length).toBeLessThan(file.indexOf(10));
        (result as Simulation).dispose();
      } else expect(result).toMatchObject({ name: 'SnapshotError' });
    }
  });
});
