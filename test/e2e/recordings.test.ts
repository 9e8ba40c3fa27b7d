/** `imx-sim run --record` and `imx-sim replay`: whatever came in from outside comes in again, at the same moments, on every engine. */
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { FRAME, MAGIC, words } from '../../src/cli/bridges/rpmsg-frames.ts';
import { createMachine } from '../../src/kit/index.ts';
import { Session } from '../../src/session/session.ts';
import { decodeRecording, encodeRecording, type RecordingParts } from '../../src/snapshot/recording.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { BackgroundRun, Client, directory, FrameClient, removeDirectory } from './bridges-support.ts';
import { imagePath } from './session.ts';

const LEAVE = '\x1d';
const noTerminal = spawnSync('script', ['--version']).status !== 0 && process.env['CI'] !== 'true';
const files = join(directory, 'recordings');

beforeAll(() => void mkdirSync(files, { recursive: true }));
afterAll(removeDirectory);

const fileAt = (name: string): string => join(files, `${name}.imxrec`);

/** What machines have printed, and the trace, without what imx-sim itself says. */
const printed = (output: string): string[] => output.split(/\r?\n/).filter((line) => /^(\[|trace )/.test(line));

/** Runs an image in this process, with a recording. */
function record(name: string, image: string, options: readonly string[], stdin = ''): Promise<CliResult> {
  return runCli(['run', imagePath(image), '--record', fileAt(name), '--trace-hash', ...options], { stdin });
}

const replay = (name: string, ...options: string[]): Promise<CliResult> => runCli(['replay', fileAt(name), ...options]);

/** Replays on other engines than the one that ran, and expects the same output and status. */
async function expectSame(
  name: string,
  { status, stdout }: { status: number | null; stdout: string },
  engines = ['interpreter'],
): Promise<void> {
  for (const cpu of engines) {
    const again = await replay(name, '--cpu', cpu, '--trace-hash');
    expect(again.stderr).toMatch(/^imx-sim: the same run as was recorded, trace [0-9a-f]{64}$/m);
    expect([cpu, again.status, printed(again.stdout)]).toEqual([cpu, status, printed(stdout)]);
  }
}

/** The recording in a file with something else in it. */
async function changed(name: string, change: (parts: RecordingParts) => RecordingParts): Promise<string> {
  const parts = await decodeRecording(new Uint8Array(readFileSync(fileAt(name))));
  const bytes = await encodeRecording({ soc: parts.recipe.soc, cycle: 0, seconds: 0 }, change(parts));
  writeFileSync(fileAt(`${name}-changed`), bytes);
  return `${name}-changed`;
}

describe('a recorded run', () => {
  it('with clients of a tty, a UART and rpmsg_char, ended by Ctrl-C', async () => {
    const [tty, sock] = [join(directory, 'tty'), join(directory, 'sock')];
    const bridges = ['--tty', `ttyRPMSG0=unix:${tty}`, '--tty', 'console=tcp:0', '--rpmsg-sock', sock];
    const run = new BackgroundRun(inject('dist'), 'imx8mp_soak', [...bridges, '--record', fileAt('bridged'), '--trace-hash']);
    const port = Number(await run.said(/uart4 is at \S*?(\d+)\n/));
    await run.said(/rpmsg endpoints are at/);
    const uart = new Client(port);
    const endpoints = new FrameClient(sock);
    await endpoints.ask(FRAME.HELLO, Uint8Array.of(...words(MAGIC), 1, 0, 0, 0));
    for (const text of ['first', 'second '.repeat(100)]) {
      const client = new Client(tty);
      client.write(`${text}\n`);
      await client.until(() => client.text.includes(text));
      uart.write('key');
      client.socket.destroy();
      await client.closed;
    }
    expect((await endpoints.ask(FRAME.LIST)).length).toBeGreaterThan(0);
    endpoints.socket.destroy();
    const status = await run.stop();
    uart.socket.destroy();
    expect(status).toBe(130);
    expect(run.output).toMatch(/^imx-sim: the run is in \S+bridged\.imxrec, with \d+ inputs; imx-sim replay \S+ runs it again$/m);
    await expectSame('bridged', { status, stdout: run.output }, ['jit', 'interpreter']);

    const parts = await decodeRecording(new Uint8Array(readFileSync(fileAt('bridged'))));
    const sources = new Set(parts.inputs.filter(({ kind }) => kind === 'bridge').map(({ args }) => args[0]));
    expect([...sources].sort()).toEqual(['rpmsg-sock 1', 'ttyRPMSG0', 'uart4']);
    // A client that goes at the same time may be told of behind it.
    const last = parts.inputs.filter(({ kind, args }) => kind !== 'bridge' || args[1] !== 'close').at(-1);
    expect(last).toMatchObject({ kind: 'stop', args: [130, true] });

    const early = await replay('bridged', '--until', 'ttyRPMSG0=first');
    expect([early.status, early.stderr.includes('recorded,')]).toEqual([0, false]);
  });

  it.skipIf(process.platform !== 'linux')('with somebody on a pseudo terminal', async () => {
    const options = ['--tty', 'console=pty', '--until', 'console=xyzzy', '--record', fileAt('pty'), '--trace-hash'];
    const run = new BackgroundRun(inject('dist'), 'imx8mp_hello', options);
    const path = await run.said(/uart4 is at (\/dev\/pts\/\d+)/);
    await run.said(/hello world/);
    appendFileSync(path, 'xyzzy\n');
    const status = await run.ended;
    expect(status).toBe(0);
    await expectSame('pty', { status, stdout: run.output });
  });

  it.skipIf(noTerminal)('with somebody who types, and leaves', async () => {
    const command = `'${process.execPath}' '${join(inject('dist'), 'command/main.js')}' run '${imagePath('imx8mp_hello')}' --no-color --record '${fileAt('typed')}' --trace-hash`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      env: { ...process.env, NODE_V8_COVERAGE: '', SHELL: '/bin/sh', TERM: 'dumb' },
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    const keys: (readonly [string, string])[] = [
      ['hello world', 'xyz'],
      ['xyz', 'zy\r'],
      ['xyzzy', LEAVE],
    ];
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      while (keys[0] && stdout.includes(keys[0][0])) child.stdin.write(keys.shift()![1]);
    });
    const status = await new Promise<number | null>((done) => child.on('close', done));
    expect(status).toBe(0);
    await expectSame('typed', { status, stdout });
  });

  it('with text from a pipe', async () => {
    const result = await record('piped', 'imx8mp_hello', ['--until', 'console=over'], 'from a pipe\nover\n');
    expect(result.status).toBe(0);
    await expectSame('piped', result);
    const snapshot = join(files, 'end.imxsnap');
    const { stdout } = await replay('piped', '--json', '--save-snapshot', snapshot);
    const last = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>;
    expect(last).toMatchObject({ type: 'result', reason: 'until', status: 0, same: true, recorded: { reason: 'until', status: 0 } });
    const onward = await runCli(['run', '--restore', snapshot, '--send', 'console=more\\n', '--until', 'console=more']);
    expect(onward.status).toBe(0);
  });

  it.each([
    ['a crash', 'imx8mp_fault', [], 1],
    ['a time that ran out, with a fault', 'imx8mp_hang', ['--timeout', '30ms', '--faults', 'core-pause:for=1ms@5ms', '--seed', '7'], 4],
    ['nothing that could happen', 'imx8mp_rpmsg', ['--until', 'never'], 4],
  ] as const)('ended by %s', async (_name, image, options, status) => {
    const result = await record(image, image, options);
    expect(result.status).toBe(status);
    await expectSame(image, result);
    const again = await replay(image);
    const report = (text: string) => text.split('\n').filter((line) => !line.startsWith('imx-sim: '));
    expect(report(again.stderr)).toEqual(report(result.stderr));
  });

  it('is kept when a bug of ours ends it', async () => {
    const run = vi.spyOn(Session.prototype, 'run').mockRejectedValue(new Error('a bug'));
    const { status, stderr } = await record('bug', 'imx8mp_hello', [], 'keys\n');
    run.mockRestore();
    expect([status, /internal error/.test(stderr), /the run is in \S+bug\.imxrec, with 1 input;/.test(stderr)]).toEqual([3, true, true]);
    const { end, inputs } = await decodeRecording(new Uint8Array(readFileSync(fileAt('bug'))));
    expect({ end, inputs }).toMatchObject({ end: { reason: 'internal-error', status: 3 }, inputs: [{ kind: 'console.queue' }] });
  });

  it('that began with a snapshot has it in the recording', async () => {
    const snapshot = join(files, 'start.imxsnap');
    await runCli(['run', imagePath('imx8mp_hello'), '--until', 'hello world', '--save-snapshot', snapshot]);
    const options = ['--record', fileAt('restored'), '--trace-hash', '--until', 'console=again'];
    const result = await runCli(['run', '--restore', snapshot, ...options], { stdin: 'again\n' });
    expect(result.status).toBe(0);
    await expectSame('restored', result);
  });
});

describe('a replay that goes elsewhere', () => {
  it('is an error by name, with status 5', async () => {
    const text = ['uart4', Uint8Array.of(65, 10)];
    const inputs = await changed('piped', (parts) => ({ ...parts, inputs: parts.inputs.map((each) => ({ ...each, args: text })) }));
    const onward = await replay(inputs);
    expect(onward.status).toBe(5);
    expect(onward.stderr).toMatch(/^imx-sim: this is not .*: that ended at cycle \d+, and this one goes on \[E_SNAPSHOT_DIVERGED]$/m);
    const trace = '0'.repeat(64);
    const other = await changed('piped', (parts) => ({ ...parts, end: { ...parts.end!, trace } }));
    const { status, stderr } = await replay(other);
    expect(status).toBe(5);
    expect(stderr).toMatch(/: that ended with until at cycle \d+, status 0, trace 0{64}; this one with until .* \[E_SNAPSHOT_DIVERGED]$/m);
    const { stdout } = await replay(other, '--json');
    const results = stdout.split('\n').filter((line) => line.includes('"type":"result"'));
    const error = { code: 'E_SNAPSHOT_DIVERGED' };
    expect(results.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ status: 5, same: false, recorded: { trace }, error }]);
  });

  it('also when a client does what it cannot do here', async () => {
    const moved = await changed('bridged', (parts) => ({ ...parts, inputs: parts.inputs.filter(({ args }) => args[1] !== 'open') }));
    expect(await replay(moved)).toMatchObject({ status: 5, stderr: expect.stringContaining('[E_SNAPSHOT_DIVERGED]') });
  });
});

describe('a recording of the test kit', () => {
  it('is shown as a run is', async () => {
    const firmware = { name: 'imx8mp_hello.elf', bytes: new Uint8Array(readFileSync(imagePath('imx8mp_hello'))) };
    const m = await createMachine({ firmware });
    m.uart('uart4').send('typed\n');
    await m.until('uart4', /typed/);
    writeFileSync(fileAt('kit'), await m.record());
    const trace = m.traceHash();
    m.dispose();
    for (const cpu of ['interpreter']) {
      const { status, stdout, stderr } = await replay('kit', '--cpu', cpu, '--trace-hash');
      expect(stdout).toContain('[uart4] hello world.\n');
      expect(stdout).toContain('[uart4] typed');
      expect(stdout).toContain('remote processor imx-rproc is now up\n');
      expect(stdout.endsWith(`trace ${trace}\n`)).toBe(true);
      expect([status, stderr.includes('the same run as was recorded, up to ')]).toEqual([0, true]);
    }
    const refused = await replay('kit', '--until', 'x');
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('--until with ') });
  });

  it('that needs code of its test is refused by name', async () => {
    const stubbed = await changed('kit', (parts) => ({
      ...parts,
      inputs: [{ cycle: 0, fired: 0, kind: 'core.stub', args: ['main.c:main', 0x200] }],
    }));
    const device = { cycle: 0, fired: 0, kind: 'i2c.attach', args: ['I2C1', 0x50, 'my-sensor', {}] };
    const stub = await replay(stubbed);
    expect(stub).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/needs the stub or spy of main\.c:main, .* \[E_SNAPSHOT_MACHINE]/),
    });
    const attached = await changed('kit', (parts) => ({ ...parts, inputs: [device] }));
    expect((await replay(attached)).stderr).toMatch(
      /needs the device my-sensor, which is code of its test \[E_SNAPSHOT_MACHINE]\n {2}remedy: /,
    );
  });
});

describe('files', () => {
  it('that are no recordings are refused by name', async () => {
    const whole = readFileSync(fileAt('piped'));
    const snapshot = readFileSync(join(files, 'end.imxsnap'));
    const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
      ['cut', whole.subarray(0, -9), /is damaged: it is cut off: .* \[E_SNAPSHOT_DAMAGED]/],
      ['flipped', whole.map((byte, at) => (at === whole.length - 20 ? byte ^ 1 : byte)), /its checksum is wrong \[E_SNAPSHOT_DAMAGED]/],
      ['snap', snapshot, /is a snapshot, not a recording \[E_SNAPSHOT_FORMAT]\n {2}remedy: imx-sim run --restore/],
      ['elf', readFileSync(imagePath('imx8mp_hello')), /it is an ELF file \[E_SNAPSHOT_FORMAT]/],
      ['empty', new Uint8Array(0), /it is empty \[E_SNAPSHOT_FORMAT]/],
    ];
    for (const [name, bytes, text] of cases) {
      writeFileSync(fileAt(name), bytes);
      const { status, stderr } = await replay(name);
      expect([name, status]).toEqual([name, 2]);
      expect(stderr).toMatch(text);
    }
    expect(await replay('nowhere')).toMatchObject({ status: 2, stderr: expect.stringContaining('cannot read ') });
  });

  it('with senseless options or inputs are refused as damaged', async () => {
    const run = (more: Record<string, unknown>) => changed('piped', (parts) => ({ ...parts, more: { run: more } }));
    for (const more of [{ until: { pattern: '(' } }, { timeout: 'x' }, { send: [{ device: 3 }] }, { bridges: { tty: [1] } }]) {
      expect(await replay(await run(more))).toMatchObject({ status: 2, stderr: expect.stringContaining('[E_SNAPSHOT_DAMAGED]') });
    }
    for (const [kind, args] of [
      ['console.send', ['uart9', Uint8Array.of(1)]],
      ['console.queue', [1, 2]],
      ['stop', ['now', 1]],
    ] as const) {
      const name = await changed('piped', (parts) => ({ ...parts, inputs: [{ cycle: 0, fired: 0, kind, args: [...args] }] }));
      expect(await replay(name)).toMatchObject({ status: 2, stderr: expect.stringContaining('[E_SNAPSHOT_DAMAGED]') });
    }
    const unknown = await changed('piped', (parts) => ({ ...parts, inputs: [{ cycle: 0, fired: 0, kind: 'mouse', args: [] }] }));
    expect(await replay(unknown)).toMatchObject({ status: 2, stderr: expect.stringContaining('no input of kind mouse') });
  });

  it('that cannot be written are refused before the run, and none is left half written', async () => {
    for (const option of ['--record', '--save-snapshot']) {
      for (const path of [join(files, 'no/such/file'), files]) {
        const { status, stdout, stderr } = await runCli(['run', imagePath('imx8mp_hello'), option, path]);
        expect([status, stdout]).toEqual([2, '']);
        expect(stderr).toContain(`cannot write ${path}: `);
      }
    }
    const bridged = await runCli([
      'run',
      imagePath('imx8mp_soak'),
      '--tty',
      'ttyRPMSG0=tcp:0',
      '--save-snapshot',
      join(files, 'bridged.imxsnap'),
    ]);
    expect(bridged).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('ttyRPMSG0 has a bridge [E_SNAPSHOT_UNSAVEABLE]'),
    });
    expect(readdirSync(files).filter((name) => name.includes('partial'))).toEqual([]);
  });
});
