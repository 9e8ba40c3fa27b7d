/** Parts of imx-sim/vitest: boots that are kept and let go, files by name, places in the repository, annotations. */
import { describe, expect, it, vi } from 'vitest';
import type { TestModule } from 'vitest/node';
import { type Situation, WaitTimeout } from '../../src/errors.ts';
import { Boots } from '../../src/vitest/boots.ts';
import { dump, indexOfBytes, isText, nearest } from '../../src/vitest/dump.ts';
import { explainedError, firmwarePlace, type KeptError, tidy } from '../../src/vitest/failure.ts';
import { fileName } from '../../src/vitest/file-name.ts';
import { readOptions } from '../../src/vitest/files.ts';
import FirmwareReporter, { inRepository } from '../../src/vitest/reporter.ts';
import { traceOf } from '../../src/vitest/trace-lines.ts';

describe('boots', () => {
  const key = (name: string) => ({ name });

  it('are made once, also for those who ask at the same time', async () => {
    const boots = new Boots<object, { dispose(): void }>(2);
    const one = key('one');
    let made = 0;
    const make = async () => {
      made++;
      return { dispose: () => {} };
    };
    await Promise.all([1, 2, 3].map(() => boots.with(one, make, () => {})));
    await boots.with(one, make, () => {});
    expect(made).toBe(1);
  });

  it('are let go when too many are kept, those longest unused first, and never one in use', async () => {
    const boots = new Boots<object, { dispose(): void }>(2);
    const gone: string[] = [];
    const use = (name: string, keys: Map<string, object>, work: () => Promise<void> | void = () => {}) => {
      const own = keys.get(name) ?? key(name);
      keys.set(name, own);
      return boots.with(own, async () => ({ dispose: () => void gone.push(name) }), work);
    };
    const keys = new Map<string, object>();
    let leave = () => {};
    const busy = use('busy', keys, () => new Promise<void>((done) => (leave = done)));
    for (const name of ['a', 'b', 'a', 'c']) await use(name, keys);
    await Promise.resolve();
    expect(gone).toEqual(['a', 'b', 'a']);
    leave();
    await busy;
    await use('d', keys);
    await Promise.resolve();
    expect(gone).toEqual(['a', 'b', 'a', 'busy']);
  });

  it('that failed fail for everybody, at once', async () => {
    const boots = new Boots<object, { dispose(): void }>(2);
    const one = key('one');
    let made = 0;
    const make = () => {
      made++;
      return Promise.reject(new Error('does not boot'));
    };
    await expect(boots.with(one, make, () => {})).rejects.toThrow('does not boot');
    await expect(boots.with(one, make, () => {})).rejects.toThrow('does not boot');
    expect(made).toBe(1);
  });
});

describe('files by name', () => {
  it('are refused with what to do', () => {
    expect(() => readOptions({ firmware: 'build/none.elf' })).toThrow(/build\/none\.elf: no such file/);
    expect(() => readOptions({ firmware: new URL('file:///none.elf') })).toThrow('/none.elf: no such file');
  });

  it('are read from the root of the project, or from where a URL points', () => {
    const path = 'examples/bare-metal/build/door.elf';
    const here = readOptions({ firmware: path, linux: false });
    const there = readOptions({ firmware: new URL(`../../${path}`, import.meta.url) });
    expect(here).toMatchObject({ linux: false, firmware: { name: 'door.elf' } });
    expect(there.firmware).toEqual(here.firmware);
  });

  it('go with the engine that the environment names, unless the options do', () => {
    vi.stubEnv('IMX_SIM_ENGINE', 'interpreter');
    try {
      expect(readOptions({ soc: 'imx8mp' })).toEqual({ soc: 'imx8mp', engine: 'interpreter' });
      expect(readOptions({ soc: 'imx8mp', engine: 'jit' })).toMatchObject({ engine: 'jit' });
    } finally {
      vi.unstubAllEnvs();
    }
    expect(readOptions({ soc: 'imx8mp' })).toEqual({ soc: 'imx8mp' });
  });

  it('have names that every file system takes', () => {
    expect(fileName('test/a b.test.ts > "x" / ümlaut?')).toBe('test-a-b.test.ts-x-mlaut');
    expect(fileName('../../etc')).toBe('etc');
    expect(fileName('x'.repeat(500))).toHaveLength(120);
  });
});

describe('bytes', () => {
  it('are dumped as hexdump does', () => {
    const lines = dump(Uint8Array.from({ length: 17 }, (_, index) => 0x40 + index)).split('\n');
    expect(lines).toEqual(['0000  40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO', `0010  50${' '.repeat(45)}  P`]);
    expect(dump(new Uint8Array())).toBe('');
  });

  it('are found, and known as text', () => {
    expect(indexOfBytes(Uint8Array.of(1, 1, 2), Uint8Array.of(1, 2))).toBe(1);
    expect(indexOfBytes(Uint8Array.of(1, 2), Uint8Array.of(2, 3))).toBe(-1);
    expect(isText(new TextEncoder().encode('grün\r\n'))).toBe(true);
    expect(isText(Uint8Array.of(0xc3))).toBe(false);
    expect(isText(Uint8Array.of(0))).toBe(false);
    expect(nearest(['abc', 'link is up', 'xyz'], 'link is down')).toBe('link is up');
    expect(nearest(['abc'], 'zzzzzzzz')).toBeUndefined();
  });
});

describe('places', () => {
  const repository = (files: readonly string[]) => (path: unknown) => files.includes(String(path));

  it('of debug information are found in the repository by the longest end of their path', () => {
    const exists = repository(['/repo/app/src/main.c', '/repo/src/main.c']);
    expect(inRepository('/home/ci/build/app/src/main.c', '/repo', ['/repo'], exists)).toBe('app/src/main.c');
    expect(inRepository('src/main.c', '/repo', ['/repo/app', '/repo'], exists)).toBe('app/src/main.c');
    expect(inRepository('../src/main.c', '/repo', ['/repo'], exists)).toBe('src/main.c');
    expect(inRepository('/repo/src/main.c', '/repo', ['/repo'], exists)).toBe('src/main.c');
    expect(inRepository('/opt/zephyr/kernel/init.c', '/repo', ['/repo'], exists)).toBeUndefined();
    expect(inRepository('C:\\work\\app\\src\\main.c', '/repo', ['/repo'], exists)).toBe('app/src/main.c');
  });

  it('of a failure are the innermost with a known line', () => {
    const backtrace = [
      { address: 2, symbol: 'memcpy' },
      { address: 4, symbol: 'main+0x4', source: 'src/main.c:3' },
    ];
    const situation = { pc: { address: 2, symbol: 'memcpy' }, backtrace };
    expect(firmwarePlace(situation)).toEqual({ symbol: 'main+0x4', source: 'src/main.c:3' });
    expect(firmwarePlace({ ...situation, backtrace: [] })).toEqual({ symbol: 'memcpy' });
  });

  it('of a set-up are those of every test behind it', () => {
    const pc = { address: 4, symbol: 'main+0x4', source: 'src/main.c:3' };
    const error = new WaitTimeout(
      'not within 50 ms',
      'a line',
      { pc, backtrace: [], lines: ['pc 4'] } as unknown as Situation,
      'wait longer',
    );
    const metas: Parameters<typeof explainedError>[1][] = [{}, {}];
    for (const meta of metas) {
      expect(explainedError(error, meta)).toBe(error);
      expect(meta.imxSim).toEqual({ symbol: 'main+0x4', source: 'src/main.c:3', text: 'not within 50 ms', explanation: ['pc 4'] });
    }
    expect(error.message.match(/wait longer/g)).toHaveLength(1);
  });

  it('become annotations, of failed tests with a place alone', () => {
    const printed: string[] = [];
    const reporter = new FirmwareReporter({ always: true, print: (line) => printed.push(line) });
    const test = (fullName: string, imxSim?: object) => ({ fullName, meta: () => ({ imxSim }) });
    const tests = [
      test('a, b: 100%', { source: 'examples/bare-metal/src/door.c:37', symbol: 'door_calibrate+0x14', text: 'one\ntwo' }),
      test('no place', { text: 'x' }),
      test('no firmware'),
      test('elsewhere', { source: 'nowhere.c:1', text: 'x' }),
    ];
    const module = { project: { config: { root: process.cwd() } }, children: { allTests: () => tests } };
    reporter.onTestRunEnd([module as unknown as TestModule]);
    expect(printed).toEqual([
      '::error file=examples/bare-metal/src/door.c,line=37,title=a%2C b%3A 100%25::one%0Atwo (the firmware was in door_calibrate+0x14)',
    ]);
  });
});

describe('errors', () => {
  it('have their remedy in the message, and no data that vitest would print again', () => {
    const error = {
      message: 'no such file',
      stack: 'UsageError: no such file\n    at x',
      remedy: 'build it',
      place: 'firmware',
      code: 'E_USAGE',
    };
    tidy(error as KeptError);
    expect(error).toEqual({
      message: 'no such file\n\nremedy: build it',
      stack: 'UsageError: no such file\n\nremedy: build it\n    at x',
      code: 'E_USAGE',
    });
  });
});

describe('traces', () => {
  const line = (cycle: number, source: string, text: string) => ({ cycle, source, text, complete: true, seconds: cycle / 1e6 });
  const source = {
    hz: 1e6,
    lines: [
      line(10, 'linux', 'Booting fw image fw.elf, size 794408'),
      line(20, 'uart4', 'ready'),
      { ...line(21, 'uart4', '> '), complete: false },
    ],
    events: [
      { type: 'core', cycle: 5, core: 'm7', state: 'started', detail: '' },
      { type: 'console', cycle: 6, device: 'uart4', byte: 0x72 },
      { type: 'mu', cycle: 15, mu: 'MU1', side: 'B', action: 'transmit', channel: 1, value: 0x10000 },
      { type: 'message', cycle: 16, device: 'virtio0', direction: 'rx', src: 0x400, dst: 0x401, data: new TextEncoder().encode('hi\n') },
      { type: 'message', cycle: 17, device: 'virtio0', direction: 'tx', src: 0x401, dst: 0x400, data: Uint8Array.of(0, 1) },
    ] as const,
  };

  it('have what was said, without times and sizes of files', () => {
    expect(traceOf(source).map(({ text }) => text)).toEqual([
      'core       m7 started',
      'linux      Booting fw image fw.elf, size ...',
      'rpmsg      to Linux   0x400 -> 0x401  "hi\\n"',
      `rpmsg      from Linux 0x401 -> 0x400  2 bytes 00 01${' '.repeat(42)}  ..`,
      'uart4      ready',
    ]);
  });

  it('have what the options ask for', () => {
    expect(traceOf(source, { events: true, times: true, sources: ['mu'] }).map(({ text }) => text)).toEqual([
      '0.000015000  mu         MU1 side B transmit 1 0x10000',
    ]);
    const normalize = (text: string) => (text.startsWith('uart4') ? text.toUpperCase() : undefined);
    expect(traceOf(source, { normalize })).toEqual([{ text: 'UART4      READY', seconds: 20e-6 }]);
  });
});
