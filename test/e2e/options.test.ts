/** The options of `imx-sim run`, each by a real run. */
import { describe, expect, it, vi } from 'vitest';
import { EXIT } from '../../src/session/exit.ts';
import { ENGINES } from '../support/engines.ts';
import { linesOf, runCli } from '../support/run-cli.ts';
import { imagePath, inOrder, runFirmware } from './session.ts';

describe('--until', () => {
  it('sees lines of dmesg without prefix and timestamp', async () => {
    const run = await runFirmware('imx8mp_hello', ['--until', '^remoteproc remoteproc0: powering up imx-rproc$']);
    expect(run.status).toBe(EXIT.OK);
    expect(run.dmesg.at(-1)).toBe('remoteproc remoteproc0: powering up imx-rproc');
    expect(run.console('uart4')).toEqual([]);
  });

  it('sees lines of a UART, and of a tty of Linux', async () => {
    const uart = await runFirmware('imx8mp_hello', ['--until', '^hello world\\.$']);
    expect([uart.status, uart.lines.at(-1)]).toEqual([EXIT.OK, 'hello world.']);
    const tty = await runFirmware('imx8mp_rpmsg', ['--send', 'ttyRPMSG0=x\\n', '--until', '^TTY 0x0401: x$']);
    expect([tty.status, tty.console('ttyRPMSG0')]).toEqual([EXIT.OK, ['TTY 0x0401: x']]);
  });

  it('sees a line that goes on, such as a prompt, once its console is quiet', async () => {
    const run = await runFirmware('imx8mp_hello', ['--send', 'uart4=login: ', '--until', '^login: $']);
    expect([run.status, run.lines.at(-1)]).toEqual([EXIT.OK, 'login: ']);
  });

  it('of a device sees the lines of that device alone', async () => {
    const hello = await runFirmware('imx8mp_hello', ['--until', 'uart4=hello']);
    expect([hello.status, hello.lines.at(-1)]).toEqual([EXIT.OK, 'hello world.']);
    const alias = await runFirmware('imx8mp_hello', ['--until', 'console=hello']);
    expect(alias.stdout).toBe(hello.stdout);
    const linux = await runFirmware('imx8mp_hello', ['--until', 'linux=hello']);
    expect([linux.status, linux.dmesg.at(-1)]).toEqual([
      EXIT.OK,
      expect.stringMatching(/^remoteproc remoteproc0: Booting fw image imx8mp_hello/),
    ]);
    expect(linux.console('uart4')).toEqual([]);
    const other = await runFirmware('imx8mp_hello', ['--until', 'uart1=hello', '--timeout', '100ms']);
    expect(other.status).toBe(EXIT.TIMEOUT);
    expect(other.stderr).toContain('; no line of uart1 matched /hello/\n');
  });

  it('of a tty waits for the echo, not for what a UART says of it', async () => {
    const send = ['--send', 'ttyRPMSG30=Toradex!', '--until'];
    const any = await runFirmware('imx8mp_echo', [...send, 'Toradex']);
    expect([any.status, any.console('uart4').at(-1)]).toEqual([EXIT.OK, expect.stringMatching(/^Get Message From Master Side.*Toradex/)]);
    expect(any.console('ttyRPMSG30').join()).not.toContain('Toradex');
    const echo = await runFirmware('imx8mp_echo', [...send, 'ttyRPMSG30=Toradex']);
    expect([echo.status, echo.console('ttyRPMSG30').at(-1)]).toEqual([EXIT.OK, 'hello world!Toradex!']);
    expect(echo.lines.at(-1)).toBe('hello world!Toradex!');
  });

  it('of semihosting sees what the firmware writes there', async () => {
    const options = ['--soc', 'cortex-m7', '--until', 'semihosting=.'];
    const run = await runFirmware('semihosting', [...options, '--semihosting']);
    expect([run.status, run.console('semihosting').length]).toEqual([EXIT.OK, 1]);
    const without = await runFirmware('semihosting', options);
    expect(without.stderr).toMatch(/no device semihosting whose lines could match \[E_USAGE\]\n {2}remedy: give --semihosting/);
  });

  it.each([
    [
      ['--until', 'uart9=x'],
      /^imx-sim: no device uart9 whose lines could match .*\n {2}remedy: this machine has (uart[1-4], ){4}ttyRPMSG0.*, linux; .* uart9\[=\]/,
    ],
    [
      ['--no-linux', '--until', 'linux=x'],
      /^imx-sim: no device linux whose lines could match .*\n {2}remedy: this machine has (uart[1-4](, |;)){4}/,
    ],
    [['--no-linux', '--until', 'ttyRPMSG0=x'], /^imx-sim: no device ttyRPMSG0 /],
  ])('%j is refused before anything runs', async (options, expected) => {
    const { status, stdout, stderr } = await runFirmware('imx8mp_hello', options);
    expect(stderr).toMatch(expected);
    expect({ status, stdout }).toEqual({ status: EXIT.USAGE, stdout: '' });
  });

  it('tells programs which line it was', async () => {
    const { stdout } = await runFirmware('imx8mp_hello', ['--until', 'uart4=hello', '--json']);
    expect(JSON.parse(linesOf(stdout).at(-1)!)).toMatchObject({ reason: 'until', line: { device: 'uart4', text: 'hello world.' } });
  });

  it('shows nothing after the line that matched', async () => {
    const run = await runFirmware('imx8mp_wfi_tick', ['--until', '^up 2 s$']);
    expect(run.lines.slice(-2)).toEqual(['up 1 s', 'up 2 s']);
  });

  it('ends with 4 when the line does not come, and says so', async () => {
    const run = await runFirmware('imx8mp_wfi_tick', ['--until', 'never', '--timeout', '1s']);
    expect(run.status).toBe(EXIT.TIMEOUT);
    expect(run.stderr).toContain('timed out after 1 s of virtual time; no line matched /never/\n');
  });
});

describe('--timeout', () => {
  it('is virtual time', async () => {
    const run = await runFirmware('imx8mp_wfi_tick', ['--timeout', '20s']);
    expect(run.status).toBe(EXIT.TIMEOUT);
    expect(run.console('uart4').at(-1)).toBe('up 19 s');
  });

  it('is 10 s unless given', async () => {
    const run = await runFirmware('imx8mp_wfi_tick', []);
    expect(run.stderr).toContain('timed out after 10 s of virtual time');
  });

  it('names what was never sent', async () => {
    const run = await runFirmware('imx8mp_hello', ['--send', 'ttyRPMSG7=x', '--timeout', '100ms']);
    expect(run.status).toBe(EXIT.TIMEOUT);
    expect(run.stderr).toContain('never sent: ttyRPMSG7 was not ready');
  });
});

describe('--send', () => {
  it('refuses a device that the machine does not have, and names those it has', async () => {
    const { status, stderr } = await runFirmware('imx8mp_hello', ['--send', 'uart9=x']);
    expect(status).toBe(EXIT.USAGE);
    expect(stderr).toMatch(
      /imx-sim: no device uart9 to send to \[E_USAGE\]\n {2}remedy: this machine has (uart[1-4], ){4}ttyRPMSG0, ttyRPMSG30/,
    );
  });

  it('sends escapes as bytes and no line end', async () => {
    const run = await runFirmware('imx8mp_echo', [
      '--send',
      'ttyRPMSG30=a\\x62c',
      '--until',
      'Get Message From Master Side : "abc" \\[len : 3\\]',
    ]);
    expect(run.status, run.stdout).toBe(EXIT.OK);
  });
});

describe('--console', () => {
  it('sends piped input to the console that is named', async () => {
    const run = await runFirmware('imx8mp_echo', ['--console', 'ttyRPMSG30', '--until', '"piped"'], { stdin: 'piped' });
    expect(run.status, run.stderr).toBe(EXIT.OK);
  });

  it('is the UART of the core unless named, and what goes there is said', async () => {
    const run = await runFirmware('imx8mp_hello', ['--until', 'console=^piped$'], { stdin: 'piped\n' });
    expect([run.status, run.console('uart4').at(-1)]).toEqual([EXIT.OK, 'piped']);
    expect(run.stderr).toContain('imx-sim: standard input (6 bytes) goes to uart4\n');
    const sent = await runFirmware('imx8mp_hello', ['--until', 'console=^piped$', '--send', 'uart4=piped\\n']);
    expect(sent.stdout).toBe(run.stdout);
  });

  it('refuses a console that is not there', async () => {
    const { status, stderr } = await runFirmware('imx8mp_hello', ['--console', 'uart7']);
    expect(status).toBe(EXIT.USAGE);
    expect(stderr).toMatch(/^imx-sim: no console uart7 \[E_USAGE\]\n {2}remedy: this machine has uart/);
  });
});

describe('--json', () => {
  it('writes one object for each line, from the first note to the result', async () => {
    const { status, stdout, stderr } = await runFirmware('imx8mp_rpmsg', ['--json', '--until', 'goodbye!', '--stats', '--trace-hash']);
    expect({ status, stderr }).toEqual({ status: EXIT.OK, stderr: '' });
    const events = linesOf(stdout).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events[0]).toMatchObject({ type: 'note' });
    const types = new Set(events.map(({ type }) => type));
    expect([...types].sort()).toEqual(['console', 'core', 'dmesg', 'message', 'mu', 'note', 'result', 'vring']);
    // A line that never ended has the cycle of its last byte, and is shown at the end.
    const cycles = events.filter(({ complete }) => complete !== false).flatMap(({ cycle }) => (typeof cycle === 'number' ? [cycle] : []));
    expect(cycles).toEqual(cycles.toSorted((a, b) => a - b));
    const messages = events.filter(({ type, direction }) => type === 'message' && direction === 'tx');
    expect(messages).toHaveLength(100);
    expect(Buffer.from(messages[0]!['data'] as string, 'hex').toString()).toBe('hello world!');
    const result = events.at(-1)!;
    expect(result).toMatchObject({ type: 'result', reason: 'until', status: 0, stats: { messagesToCore: 100 } });
    expect(result['trace']).toMatch(/^[0-9a-f]{64}$/);
    expect(result['time']).toBeGreaterThan(0.1);
  });

  it('reports a failure in the stream', async () => {
    const { status, stdout, stderr } = await runFirmware('imx8mp_fault', ['--json']);
    const events = linesOf(stdout).map((line) => JSON.parse(line) as { type: string; lines?: string[]; faults?: unknown[] });
    const report = events.find(({ type }) => type === 'report')!;
    expect(report.lines!.join('\n')).toContain('PRECISERR');
    expect(report.faults).toEqual([
      expect.objectContaining({
        core: 'm7',
        exception: 'HardFault',
        pc: { address: expect.any(Number), symbol: 'read_sensor' },
        causes: [
          { name: 'FORCED', meaning: expect.any(String) },
          { name: 'PRECISERR', meaning: expect.any(String) },
        ],
        fault: { register: 'BFAR', address: 0x2019_0000, text: expect.stringMatching(/^nothing is mapped there: /) },
        registers: expect.objectContaining({ r0: 0x2019_0000, xpsr: 0x0100_0000 }),
        status: { cfsr: 0x8200, hfsr: 0x4000_0000 },
      }),
    ]);
    const [{ backtrace, cycle, time }] = report.faults as [{ backtrace: { symbol: string }[]; cycle: number; time: number }];
    expect(backtrace.map(({ symbol }) => symbol.replace(/\+.*/, ''))).toEqual([
      'read_sensor',
      'average',
      'control_step',
      'control_loop',
      'main',
      'Reset_Handler',
    ]);
    expect(time).toBe(cycle / 800e6);
    expect(events.at(-1)).toMatchObject({ type: 'result', reason: 'fault', status: 1 });
    expect({ status, stderr }).toEqual({ status: EXIT.FIRMWARE, stderr: '' });
  });
});

describe('--stats', () => {
  it('counts what happened', async () => {
    const { stdout } = await runFirmware('imx8mp_rpmsg', ['--until', 'goodbye!', '--stats']);
    expect(
      inOrder(linesOf(stdout), [
        /^time +0\.\d{6} s virtual, \d+\.\d{3} s wall$/,
        /^instructions +\d+\.\d M \(/,
        /^messages +100 to the core, 10[12] to Linux$/,
        /^doorbells +\d+ MU events, \d+ interrupts of Linux, \d+ vring events$/,
        /^consoles +\d+ bytes$/,
        /^memory +\d+\.\d MiB/,
      ]),
    ).toEqual([]);
  });
});

describe('--trace-hash', () => {
  const trace = async (image: string, ...options: string[]) => (await runFirmware(image, ['--trace-hash', ...options])).stdout;

  it('is the last line, after the statistics', async () => {
    const lines = linesOf(await trace('imx8mp_hello', '--stats', '--until', 'hello'));
    expect(lines.at(-1)).toMatch(/^trace [0-9a-f]{64}$/);
    expect(lines.at(-2)).toMatch(/^memory/);
  });

  it('is the same in twenty runs', async () => {
    const hashes = new Set<string>();
    for (let run = 0; run < 20; run++) hashes.add(linesOf(await trace('imx8mp_rpmsg', '--until', 'goodbye!')).at(-1)!);
    expect([...hashes]).toEqual([expect.stringMatching(/^trace /)]);
  }, 600_000);

  it('does not depend on other options of output, nor on fast-forward', async () => {
    const plain = linesOf(await trace('imx8mp_pingpong', '--timeout', '500ms')).at(-1)!;
    expect(linesOf(await trace('imx8mp_pingpong', '--timeout', '500ms', '--stats')).at(-1)).toBe(plain);
    expect(linesOf(await trace('imx8mp_pingpong', '--timeout', '500ms', '--no-fast-forward')).at(-1)).toBe(plain);
    const json = linesOf(await trace('imx8mp_pingpong', '--timeout', '500ms', '--json')).at(-1)!;
    expect(`trace ${(JSON.parse(json) as { trace: string }).trace}`).toBe(plain);
  });

  it('differs when the input differs', async () => {
    const options = ['--timeout', '100ms', '--send'];
    expect(linesOf(await trace('imx8mp_hello', ...options, 'uart4=a')).at(-1)).not.toBe(
      linesOf(await trace('imx8mp_hello', ...options, 'uart4=b')).at(-1),
    );
  });

  it
    .runIf(ENGINES.length > 1)
    .each([
      'imx8mp_hello',
      'imx8mp_rpmsg',
      'imx8mp_rpmsg_ddr',
      'imx8mp_echo',
      'imx8mp_pingpong',
      'imx8mp_fault',
      'imx8mp_lockup',
      'imx8mp_hang',
      'imx8mp_no_table',
      'imx8mp_wfi_tick',
      'imx8mp_bad_table',
    ])('%s has the same on every engine', async (image) => {
    const hashes: string[] = [];
    for (const { name } of ENGINES) hashes.push(linesOf(await trace(image, '--cpu', name, '--timeout', '600ms')).at(-1)!);
    expect(hashes[0]).toMatch(/^trace [0-9a-f]{64}$/);
    expect(new Set(hashes).size, hashes.join('\n')).toBe(1);
  });
});

describe('--no-linux', () => {
  it('on an RPMsg firmware says what it leaves out', async () => {
    const { stderr } = await runFirmware('imx8mp_rpmsg', ['--no-linux', '--timeout', '50ms']);
    expect(stderr).toMatch(/note: --no-linux: the firmware has an rpmsg vdev in its resource table.*\n {2}remedy: leave --no-linux out/);
    const plain = await runFirmware('imx8mp_hello', ['--no-linux', '--until', 'hello world']);
    expect(plain.stderr).not.toContain('rpmsg vdev');
  });
});

describe('--modules', () => {
  it('without virtio_rpmsg_bus blames the missing module, not the firmware', async () => {
    const { stderr } = await runFirmware('imx8mp_rpmsg', ['--modules', '', '--timeout', '50ms']);
    expect(stderr).toContain(
      'linux: remoteproc0: its virtio device has no driver, since the module virtio_rpmsg_bus is not loaded (--modules)',
    );
    expect(stderr).not.toContain('the firmware has sent no message');
  });

  it('loads only those: the channel then has no driver, which is said', async () => {
    const run = await runFirmware('imx8mp_rpmsg', ['--modules', 'virtio_rpmsg_bus,rpmsg_tty', '--timeout', '100ms']);
    expect(run.dmesg).toContain('virtio_rpmsg_bus virtio0: creating channel rpmsg-client-sample addr 0x400');
    expect(run.dmesg.join()).not.toContain('rpmsg_client_sample');
    expect(run.stderr).toContain('linux: channel "rpmsg-client-sample" (remote 0x400) has no driver: load rpmsg_client_sample\n');
    expect(run.status).toBe(EXIT.TIMEOUT);
  });

  it('refuses one that does not exist', async () => {
    const { status, stderr } = await runFirmware('imx8mp_rpmsg', ['--modules', 'rpmsg_char_dev']);
    expect(status).toBe(EXIT.USAGE);
    expect(stderr).toMatch(/imx-sim: no kernel module rpmsg_char_dev \[E_USAGE\]\n {2}remedy: modules: virtio_rpmsg_bus, rpmsg_ns/);
  });
});

describe('--soc, --board, --core, --cpu', () => {
  it.each([
    [['--soc', 'imx95'], /unknown SoC imx95 \[E_USAGE\]\n {2}remedy: known are imx8mp/],
    [['--board', 'raspi'], /raspi/],
    [['--core', 'm9'], /imx8mp has no core m9 \[E_USAGE\]\n {2}remedy: its cores: m7/],
  ])('%j is refused with what there is', async (options, expected) => {
    const { status, stderr } = await runFirmware('imx8mp_hello', options);
    expect(stderr).toMatch(expected);
    expect(stderr).toMatch(/^ {2}remedy: ./m);
    expect(status).toBe(EXIT.USAGE);
  });

  it('names SoC, reason, board and engine', async () => {
    const { stderr } = await runFirmware('imx8mp_hello', ['--cpu', 'interpreter', '--until', 'hello']);
    expect(stderr).toMatch(/^imx-sim: imx8mp m7 \(its segments lie in .*\), board evk, engine interpreter\n$/);
    expect(stderr.length).toBeLessThanOrEqual(200);
  });

  it.each([[[]], [['--cpu', 'auto']], [['--cpu', 'jit']]])('%j: the translating engine', async (options) => {
    const { stderr } = await runFirmware('imx8mp_hello', [...options, '--until', 'hello']);
    expect(stderr).toContain('engine jit\n');
  });
});

describe('colours', () => {
  const sequence = '\u001b[';
  const options = ['--until', 'hello'];
  it('are for terminals only', async () => {
    expect((await runFirmware('imx8mp_hello', options)).stdout).not.toContain(sequence);
    expect((await runFirmware('imx8mp_hello', options, { tty: true })).stdout).toContain(sequence);
  });
  it('are not used with --no-color or NO_COLOR', async () => {
    expect((await runFirmware('imx8mp_hello', [...options, '--no-color'], { tty: true })).stdout).not.toContain(sequence);
    expect((await runFirmware('imx8mp_hello', options, { tty: true, env: { NO_COLOR: '1' } })).stdout).not.toContain(sequence);
  });
});

describe('a bug of ours', () => {
  it('ends with 3, and with the stack for the report', async () => {
    const broken = vi.spyOn(TextDecoder.prototype, 'decode').mockImplementation(() => {
      throw new Error('injected by a test');
    });
    const { status, stderr } = await runFirmware('imx8mp_hello', []).finally(() => broken.mockRestore());
    expect(status).toBe(EXIT.INTERNAL);
    expect(stderr).toMatch(
      /imx-sim: internal error, please report it with the command line and the firmware:\nError: injected by a test\n {4}at /,
    );
  });
});

describe('info and socs', () => {
  it('info shows segments against the map and the resource table', async () => {
    const { status, stdout, stderr } = await runCli(['info', imagePath('imx8mp_echo')]);
    expect({ status, stderr }).toEqual({ status: EXIT.OK, stderr: '' });
    expect(
      inOrder(linesOf(stdout), [
        /^imx8mp_echo\.elf: imx8mp m7 \(its segments lie in ITCM, DTCM of imx8mp's m7; .*\), board evk$/,
        /^entry 0x\w{8}, \d+ symbols$/,
        /^ {2}0 {2}0x00000000\.\.0x\w{8} .* ITCM$/,
        /^resource table at 0x\w{8}, 88 bytes:$/,
        '  vdev id 7 (rpmsg), features 0x1, notifyid 0',
        /^ {4}vring0 0x55000000, 256 descriptors, align 4096, 0x3000 bytes$/,
        /^ {4}vring1 0x55008000, 256 descriptors, align 4096, 0x3000 bytes$/,
        'no problems found',
      ]),
      stdout,
    ).toEqual([]);
  });

  it('info --json gives the same as one object', async () => {
    const { stdout } = await runCli(['info', imagePath('imx8mp_rpmsg'), '--json']);
    const facts = JSON.parse(stdout) as Record<string, unknown>;
    expect(facts).toMatchObject({ name: 'imx8mp_rpmsg.elf', soc: 'imx8mp', core: 'm7', board: 'evk', findings: [] });
    expect(facts['resourceTable']).toMatchObject({
      version: 1,
      count: 2,
      problems: [],
      resources: [
        { kind: 'vdev', id: 7 },
        { kind: 'trace', name: 'trace:m7' },
      ],
    });
  });

  it('socs lists SoCs, boards and bare cores with their memories', async () => {
    const { status, stdout } = await runCli(['socs']);
    expect(status).toBe(EXIT.OK);
    expect(
      inOrder(linesOf(stdout), [
        /^imx8mp {2}/,
        /core +m7: cortex-m7.*800 MHz/,
        /memory +ITCM 128 KiB, /,
        /blocks +.*GPT1\.\.6/,
        /\d+ blocks that are known by name and not modelled/,
        /board +evk:/,
        /board +verdin-hmp:/,
        /^cortex-m7 {2}/,
        /^cortex-m4 {2}/,
      ]),
      stdout,
    ).toEqual([]);
  });

  it('socs <name> lists every block with how well it is modelled', async () => {
    const { status, stdout } = await runCli(['socs', 'imx8mp']);
    expect(status).toBe(EXIT.OK);
    expect(
      inOrder(linesOf(stdout), [
        /memory +ITCM +128 KiB +m7 0x00000000, linux 0x007e0000/,
        /^ {2}gpt$/,
        /GPT1 +0x302d0000 +interrupt m7 55, linux 55/,
        /exact: counter from five sources/,
        /not modelled, reported by name/,
      ]),
      stdout,
    ).toEqual([]);
    const unknown = await runCli(['socs', 'imx9']);
    expect(unknown.status).toBe(EXIT.USAGE);
    expect(unknown.stderr).toContain('unknown SoC imx9');
  });

  it('socs --json gives an array', async () => {
    const socs = JSON.parse((await runCli(['socs', '--json'])).stdout) as { name: string; boards: { name: string }[] }[];
    expect(socs.map(({ name }) => name)).toEqual(expect.arrayContaining(['imx8mp', 'cortex-m4', 'cortex-m7']));
    expect(socs[0]!.boards.map(({ name }) => name)).toEqual(expect.arrayContaining(['evk', 'verdin-hmp']));
  });
});
