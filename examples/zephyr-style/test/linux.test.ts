import { firmwareTest } from 'imx-sim/vitest';
import { expect } from 'vitest';

const test = firmwareTest({
  firmware: new URL('../build/zephyr/zephyr.elf', import.meta.url),
  setup: (m) => m.until('linux', 'creating channel rpmsg-tty'),
});

test('the sample client says hello 100 times and goodbye', async ({ m }) => {
  await m.until('linux', /rpmsg_client_sample .*: goodbye!/);
  expect(m.uart('uart4')).toHaveSent(['incoming msg 1: hello world!', 'incoming msg 100: hello world!']);
  await m.until('linux', 'destroying channel rpmsg-client-sample');
});

test('Linux stops and starts the core', async ({ m }) => {
  const { stdout } = await m.linux.exec(
    'cd /sys/class/remoteproc/remoteproc0; echo stop > state; cat state; echo start > state; cat state',
  );
  expect(stdout).toBe('offline\nrunning\n');
  await m.until('uart4', 'Linux TTY responder started', { fromNow: true });
});

test('debugfs has the trace buffer', async ({ m }) => {
  expect(await m.linux.readText('/sys/kernel/debug/remoteproc/remoteproc0/trace0')).toBe('waiting for Linux\nLinux is ready\n');
});

test('a message whose doorbell is lost comes with the next one', async ({ m }) => {
  await m.until('uart4', 'sample client responder ended');
  await m.advance('10ms'); // the core sleeps, and nobody else rings
  const tty = m.rpmsg.channel('rpmsg-tty');
  m.fault('doorbell-drop:from=linux@doorbell#1');
  await tty.send('first');
  await m.advance('20ms');
  expect(tty.received).toEqual([]);
  await tty.send('second');
  await m.until(() => tty.received.length === 2, { within: '20ms' });
  expect(tty).toHaveReceived(['first', 'second']);
});
