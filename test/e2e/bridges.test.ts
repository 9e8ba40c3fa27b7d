/** Programs of this machine talk to the emulated core: on a pseudo terminal, on sockets, and as through rpmsg_char. */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { BackgroundRun, compile, directory, installed, programOutput, removeDirectory } from './bridges-support.ts';

const MESSAGES = 10_000;
/** Messages per second that a program that waits for each echo gets at least, on a busy host. */
const SLOWEST = 50;

interface Exchange {
  readonly messages: number;
  readonly seconds: number;
  readonly perSecond: number;
}

const hasCompiler = installed('cc');
const hasSocat = installed('socat') || spawnSync('socat', ['-V']).status === 0;
const onLinux = process.platform === 'linux';

afterAll(removeDirectory);

async function exchange(program: string, args: readonly string[]): Promise<Exchange> {
  const result = JSON.parse(await programOutput(program, args)) as Exchange;
  console.info(`${program.split('/').at(-1)} ${args.slice(1).join(' ')}: ${result.perSecond} messages/s`);
  return result;
}

describe.skipIf(!hasCompiler || !onLinux)('a C program', () => {
  it('exchanges 10,000 messages of 4 to 496 bytes through --rpmsg-sock, one at a time and in a stream', async () => {
    const program = compile('rpmsg_exchange');
    const path = join(directory, 'rpmsg');
    const run = new BackgroundRun(inject('dist'), 'imx8mp_echo8', ['--rpmsg-sock', path]);
    await run.said(/rpmsg endpoints are at (.*)/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    for (const window of ['1', '64']) {
      const { messages, perSecond } = await exchange(program, [path, 'imx-sim-echo', String(MESSAGES), window]);
      expect(messages).toBe(MESSAGES);
      expect(perSecond).toBeGreaterThan(SLOWEST);
    }
    expect(await run.stop()).toBe(130);
    expect(existsSync(path)).toBe(false);
  });

  it('that was written for a board runs unchanged: rpmsg_ctrl and rpmsg_char through LD_PRELOAD', async () => {
    const library = compile('rpmsg_preload', ['-shared', '-fPIC'], ['-ldl']);
    const program = compile('board_program');
    const path = join(directory, 'preload');
    const run = new BackgroundRun(inject('dist'), 'imx8mp_echo8', ['--rpmsg-sock', path]);
    await run.said(/creating channel imx-sim-echo addr 0x407/);
    const env = { LD_PRELOAD: library, IMX_RPMSG_SOCK: path };
    for (const destination of ['0x400', '0x405']) {
      expect(await programOutput(program, ['/dev/rpmsg_ctrl0', destination, '1000'], '', env)).toBe('1000 messages\n');
    }
    await run.stop();
  });

  it('exchanges 10,000 messages on the pseudo terminal of ttyRPMSG0, opened, closed and opened again', async () => {
    const program = compile('tty_exchange');
    const link = join(directory, 'm7');
    const run = new BackgroundRun(inject('dist'), 'imx8mp_soak', ['--tty', `ttyRPMSG0=pty:${link}`]);
    const path = await run.said(/ttyRPMSG0 is at (\/dev\/pts\/\d+)/);
    expect(readlinkSync(link)).toBe(path);
    for (const [count, window] of [
      [MESSAGES / 2, 1],
      [1000, 4],
      [MESSAGES / 2, 1],
    ] as const) {
      const { messages, perSecond } = await exchange(program, [link, String(count), String(window)]);
      expect(messages).toBe(count);
      expect(perSecond).toBeGreaterThan(SLOWEST);
    }
    expect(await run.stop()).toBe(130);
    expect(lstatSync(link, { throwIfNoEntry: false })).toBeUndefined();
  });
});

/** Lines of a text whose order shows. */
const LINES = Array.from({ length: 2000 }, (_, n) => `line ${n} ${'x'.repeat(n % 40)}\n`).join('');

describe.skipIf(!hasSocat || !onLinux)('socat', () => {
  it('sends and receives on a pseudo terminal, a TCP port and a Unix socket', async () => {
    const unix = join(directory, 'unix');
    for (const [place, address] of [
      ['pty', (at: string) => `${at},raw,echo=0`],
      ['tcp:0', (at: string) => `TCP:${at}`],
      [`unix:${unix}`, (at: string) => `UNIX-CONNECT:${at}`],
    ] as const) {
      const run = new BackgroundRun(inject('dist'), 'imx8mp_soak', ['--tty', `ttyRPMSG0=${place}`]);
      const at = await run.said(/ttyRPMSG0 is at ([^\s,]+)/);
      await run.said(/creating channel rpmsg-tty/);
      const text = await programOutput('socat', ['-t', '3', '-', address(at)], LINES);
      expect([place, text === LINES]).toEqual([place, true]);
      await run.stop();
    }
  });

  it('reads and writes the UART of the core', async () => {
    const run = new BackgroundRun(inject('dist'), 'imx8mp_hello', ['--tty', 'console=tcp:0']);
    const at = await run.said(/uart4 is at (\S+)/);
    await run.said(/nothing happens any more until a client sends something/);
    // The firmware printed before the client came, and echoes what is typed.
    expect(await programOutput('socat', ['-t', '1', '-', `TCP:${at}`], 'xyzzy')).toMatch(/hello world.*xyzzy/s);
    await run.stop();
  });
});
