/** The images of this repository from power-on to their last word, on every engine, in ITCM and DDR, on more than one board. */
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/session/exit.ts';
import { ENGINES } from '../support/engines.ts';
import { linesOf } from '../support/run-cli.ts';
import { inOrder, runFirmware } from './session.ts';

const BOOT = (file: string) => [
  'remoteproc remoteproc0: imx-rproc is available',
  'remoteproc remoteproc0: powering up imx-rproc',
  new RegExp(`^remoteproc remoteproc0: Booting fw image ${file}.elf, size \\d+$`),
];
const RPMSG_UP = [
  /^rproc-virtio rproc-virtio\.0\.auto: assigned reserved memory node vdev0buffer@/,
  'virtio_rpmsg_bus virtio0: rpmsg host is online',
  'rproc-virtio rproc-virtio.0.auto: registered virtio0 (type 7)',
  'remoteproc remoteproc0: remote processor imx-rproc is now up',
];
const SAMPLE = 'rpmsg_client_sample virtio0.rpmsg-client-sample.-1.1024';

describe.each(ENGINES.map(({ name }) => name))('on %s', (engine) => {
  const cpu = ['--cpu', engine];

  describe.each([
    ['imx8mp_rpmsg', 'evk', '55400000'],
    ['imx8mp_rpmsg', 'verdin-hmp', 'b8400000'],
    ['imx8mp_rpmsg_ddr', 'evk', '55400000'],
  ])('%s on board %s', (image, board, buffer) => {
    it('says hello to the client sample 100 times, and goodbye', async () => {
      const run = await runFirmware(image, [...cpu, '--board', board, '--until', 'goodbye!']);
      expect(run.status, run.stderr).toBe(EXIT.OK);
      expect(run.dmesg.at(-1)).toBe(`${SAMPLE}: goodbye!`);
      const replies = run.dmesg.filter((line) => line.includes(': incoming msg '));
      expect(replies).toEqual(Array.from({ length: 100 }, (_, i) => `${SAMPLE}: incoming msg ${i + 1} (src: 0x400)`));
      const others = run.dmesg.filter((line) => !/: incoming msg |^(Reserved memory|OF): /.test(line));
      expect(inOrder(others, BOOT(image))).toEqual([]);
      expect(others.slice(3)).toEqual([
        `rproc-virtio rproc-virtio.0.auto: assigned reserved memory node vdev0buffer@${buffer}`,
        ...RPMSG_UP.slice(1),
        'virtio_rpmsg_bus virtio0: creating channel rpmsg-client-sample addr 0x400',
        `${SAMPLE}: new channel: 0x400 -> 0x400!`,
        'virtio_rpmsg_bus virtio0: creating channel rpmsg-tty addr 0x401',
        `${SAMPLE}: goodbye!`,
      ]);
      const uart = run.console('uart4').filter((line) => line !== '');
      expect(uart.slice(0, 4)).toEqual([
        '*** imx-sim rpmsg example, i.MX 8M Plus Cortex-M7 ***',
        'OpenAMP[remote] Linux responder demo started',
        'OpenAMP[remote] Linux sample client responder started',
        'OpenAMP[remote] Linux TTY responder started',
      ]);
      expect(uart.slice(4, 104)).toEqual(
        Array.from({ length: 100 }, (_, i) => `[Linux sample client] incoming msg ${i + 1}: hello world!`),
      );
      expect(run.stderr).not.toMatch(/error|unimplemented/);
    });
  });

  it('imx8mp_rpmsg: the tty answers, while the client sample talks', async () => {
    const send = ['--send', 'ttyRPMSG0=Hello Linux\\n', '--send', 'ttyRPMSG0=second\\n'];
    const run = await runFirmware('imx8mp_rpmsg', [...cpu, ...send, '--until', 'TTY 0x0401: second']);
    expect(run.status, run.stderr).toBe(EXIT.OK);
    expect(run.console('ttyRPMSG0')).toEqual(['TTY 0x0401: Hello Linux', 'TTY 0x0401: second']);
    expect(inOrder(run.console('uart4'), ['[Linux TTY] incoming msg: Hello Linux', '[Linux TTY] incoming msg: second'])).toEqual([]);
  });

  it('imx8mp_rpmsg: destroys its channel at the end, and then sleeps for ever', async () => {
    const run = await runFirmware('imx8mp_rpmsg', [...cpu, '--timeout', '2s']);
    expect(run.status).toBe(EXIT.TIMEOUT);
    expect(run.dmesg.slice(-3)).toEqual([
      `${SAMPLE}: goodbye!`,
      'virtio_rpmsg_bus virtio0: destroying channel rpmsg-client-sample addr 0x400',
      `${SAMPLE}: rpmsg sample client driver is removed`,
    ]);
    expect(run.console('uart4').at(-1)).toBe('OpenAMP Linux sample client responder ended');
    expect(run.stderr).toMatch(/nothing can happen any more at 0\.\d+ s\n.*mu_wait.*waits in WFI/);
  });

  it('imx8mp_echo: gives every text back through ttyRPMSG30', async () => {
    const run = await runFirmware('imx8mp_echo', [...cpu, '--send', 'ttyRPMSG30=Toradex!\\n', '--until', '^hello world!Toradex!$']);
    expect(run.status, run.stderr).toBe(EXIT.OK);
    expect(inOrder(run.dmesg, [...BOOT('imx8mp_echo'), ...RPMSG_UP])).toEqual([]);
    expect(run.dmesg.slice(-3)).toEqual([
      'virtio_rpmsg_bus virtio0: creating channel rpmsg-virtual-tty-channel-1 addr 0x1e',
      'imx_rpmsg_tty virtio0.rpmsg-virtual-tty-channel-1.-1.30: new channel: 0x400 -> 0x1e!',
      'Install rpmsg tty driver!',
    ]);
    expect(
      inOrder(run.console('uart4'), [
        'Nameservice sent, ready for incoming messages...',
        'Get Message From Master Side : "hello world!" [len : 12]',
      ]),
    ).toEqual([]);
  });

  it('imx8mp_echo: its fixed vrings do not fit another board, which is said before Linux refuses them', async () => {
    const run = await runFirmware('imx8mp_echo', [...cpu, '--board', 'verdin-hmp', '--timeout', '100ms']);
    expect(run.status).toBe(EXIT.TIMEOUT);
    expect(run.stderr).toMatch(
      /^imx-sim: error: vdev0vring0: the firmware expects it at 0x55000000\.\.0x55002fff, board verdin-hmp has it at 0xb8000000/m,
    );
    expect(run.dmesg).toContain('rproc-virtio: probe of rproc-virtio.0.auto failed with error -12');
  });

  it.each(['evk', 'verdin-hmp'])('imx8mp_pingpong on board %s: to 101 and goodbye', async (board) => {
    const run = await runFirmware('imx8mp_pingpong', [...cpu, '--board', board, '--timeout', '1s']);
    const numbers = run.dmesg.map((line) => /^get (\d+) \(src: 0x1e\)$/.exec(line)?.[1]).filter((number) => number !== undefined);
    expect(numbers).toEqual(Array.from({ length: 51 }, (_, i) => String(2 * i + 1)));
    expect(run.dmesg.slice(-3)).toEqual([
      'imx_rpmsg_pingpong virtio0.rpmsg-openamp-demo-channel.-1.30: goodbye!',
      'virtio_rpmsg_bus virtio0: destroying channel rpmsg-openamp-demo-channel addr 0x1e',
      'imx_rpmsg_pingpong virtio0.rpmsg-openamp-demo-channel.-1.30: rpmsg pingpong driver is removed',
    ]);
    const base = board === 'evk' ? '0x55000000' : '0xb8000000';
    const uart = run.console('uart4');
    expect(
      inOrder(uart, [`RPMSG Share Base Addr is ${base}`, 'Link is up!', 'Ping pong done, deinitializing...', 'Looping forever...']),
    ).toEqual([]);
    expect(uart.filter((line) => line === 'Sending pong...')).toHaveLength(51);
    expect(run.status).toBe(EXIT.TIMEOUT);
  });

  it('imx8mp_hello: echoes what is typed', async () => {
    const run = await runFirmware('imx8mp_hello', [...cpu, '--send', 'uart4=abc', '--send', 'console=def', '--until', '^abcdef$']);
    expect(run.status, run.stderr).toBe(EXIT.OK);
    expect(run.console('uart4')).toEqual(['', 'hello world.', 'abcdef']);
    expect(run.dmesg).not.toContain('remoteproc remoteproc0: No resource table in elf');
  });

  it('imx8mp_hello: runs without Linux as well', async () => {
    const run = await runFirmware('imx8mp_hello', [...cpu, '--no-linux', '--until', 'hello world']);
    expect(run.status, run.stderr).toBe(EXIT.OK);
    expect(run.stdout).toBe('[uart4]\n[uart4] hello world.\n');
    expect(run.stderr).toContain('without Linux');
  });

  it('imx8mp_no_table: Linux starts it without virtio', async () => {
    const run = await runFirmware('imx8mp_no_table', [...cpu, '--until', '^no table, no vring, but running$']);
    expect(run.status, run.stderr).toBe(EXIT.OK);
    expect(inOrder(run.dmesg, [...BOOT('imx8mp_no_table'), 'remoteproc remoteproc0: No resource table in elf'])).toEqual([]);
  });

  it('imx8mp_wfi_tick: a minute of sleep and 6,000 interrupts', async () => {
    const run = await runFirmware('imx8mp_wfi_tick', [...cpu, '--until', '^up 60 s$', '--timeout', '61s', '--stats']);
    expect(run.status, run.stderr).toBe(EXIT.OK);
    const seconds = run.console('uart4').filter((line) => line.startsWith('up'));
    expect(seconds).toEqual(Array.from({ length: 60 }, (_, i) => `up ${i + 1} s`));
    expect(run.stdout).toMatch(/^time +60\.0\d{5} s virtual/m);
  });

  it.each([
    ['semihosting', 'cortex-m4', 0],
    ['semihosting', 'cortex-m7', 0],
    ['semihosting_exit7', 'cortex-m4', 7],
    ['semihosting_exit7', 'cortex-m7', 7],
  ])('%s on %s exits with %d', async (image, soc, status) => {
    const run = await runFirmware(image, [...cpu, '--soc', soc, '--semihosting']);
    expect(run.status, run.stderr).toBe(status);
    expect(run.stdout).toBe(`[semihosting] hello from semihosting, -1 text 00c0ffee\n[semihosting] leaving with status ${status}\n`);
  });

  it('semihosting without --semihosting: a fault, and the remedy', async () => {
    const run = await runFirmware('semihosting', [...cpu, '--soc', 'cortex-m4']);
    expect(run.status).toBe(EXIT.FIRMWARE);
    expect(run.stderr).toMatch(/DEBUGEVT: BKPT without a debugger/);
    expect(run.stderr).toContain('remedy: that is a semihosting call; --semihosting serves it\n');
  });

  it('trustzone without --semihosting gets that remedy too when its fault handler goes on', async () => {
    const run = await runFirmware('trustzone', [...cpu, '--timeout', '100ms']);
    expect(run.status).toBe(EXIT.TIMEOUT);
    expect(linesOf(run.stderr)[2]).toMatch(/^remedy: semihosting_write0\+0x\w+ makes semihosting calls; --semihosting serves them$/);
    const served = await runFirmware('trustzone', [...cpu, '--semihosting', '--timeout', '1ms']);
    expect(served.stderr).not.toContain('--semihosting serves');
  });
});
