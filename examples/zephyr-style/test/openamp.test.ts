import { describe, expect } from 'vitest';
import { firmwareTest } from 'imx-sim/vitest';

/** Linux loads the firmware, which announces its channels. */
const test = firmwareTest({
  firmware: new URL('../build/zephyr/zephyr.elf', import.meta.url),
  setup: (m) => m.linux.waitFor('/dev/ttyRPMSG0'),
});

describe('the sample client', () => {
  test('says hello 100 times and goodbye', async ({ m }) => {
    await m.until('linux', /rpmsg_client_sample .*: goodbye!/);
    expect(m.uart('uart4')).toHaveSent(['incoming msg 1: hello world!', 'incoming msg 100: hello world!']);
    await m.until('linux', 'destroying channel rpmsg-client-sample');
  });
});

describe('the tty', () => {
  test('answers', async ({ m }) => {
    m.uart('ttyRPMSG0').send('Hello Zephyr\n');
    await m.until('ttyRPMSG0', 'TTY 0x0401: Hello Zephyr');
    expect(m.rpmsg.channel('rpmsg-tty')).toHaveReceived('TTY 0x0401: Hello Zephyr\n');
  });

  test('answers a driver of your own', async ({ m }) => {
    const tty = m.rpmsg.channel('rpmsg-tty');
    await tty.send('stats');
    expect((await tty.next({ within: '20ms' })).text).toMatch(/^client \d+, tty 1\n$/);
  });

  test.for(['', 'x', 'x'.repeat(484)])('gives back %s', async (text, { m }) => {
    const tty = m.rpmsg.channel('rpmsg-tty');
    await tty.send(text);
    expect((await tty.next()).text).toBe(`TTY 0x0401: ${text}`);
  });
});

describe('Linux', () => {
  test('stops and starts the core', async ({ m }) => {
    const { stdout } = await m.linux.exec('cd /sys/class/remoteproc/remoteproc0; echo stop > state; cat state; echo start > state; cat state');
    expect(stdout).toBe('offline\nrunning\n');
    await m.until('uart4', 'Linux TTY responder started', { fromNow: true });
  });

  test('has the trace buffer in debugfs', async ({ m }) => {
    await m.advance('50ms');
    expect(await m.linux.readText('/sys/kernel/debug/remoteproc/remoteproc0/trace0')).toBe('waiting for Linux\nLinux is ready\n');
  });
});

/** SHOW_FAILURE=1 shows how a failure explains itself: the text is not what the firmware answers. */
test.runIf(process.env['SHOW_FAILURE'])('answers politely', async ({ m }) => {
  m.uart('ttyRPMSG0').send('Hello Zephyr\n');
  await m.until('ttyRPMSG0', 'Hello Zephyr');
  expect(m.rpmsg.channel('rpmsg-tty')).toHaveReceived('TTY 0x0401: Hello Linux\n');
});
