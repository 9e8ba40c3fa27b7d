import { firmwareTest } from 'imx-sim/vitest';
import { describe, expect } from 'vitest';

const test = firmwareTest({
  firmware: new URL('../armgcc/debug/str_echo.elf', import.meta.url),
  kernel: 'nxp',
  setup: (m) => m.until('uart4', '"hello world!"'), // the driver's greeting
  stacks: true,
});

describe('the task of the echo', () => {
  test('counts what it echoes', async ({ m }) => {
    const before = m.symbol('echo_state.messages').value as number;
    await m.rpmsg.channel('rpmsg-virtual-tty-channel-1').send('Toradex!');
    await m.until('uart4', '"Toradex!"');
    expect(m.symbol('echo_state').value).toMatchObject({ link: 'LINK_UP', messages: before + 1 });
    expect(m.symbol('echo_state.last').text).toBe('Toradex!');
  });

  test('stays within its stack at 20 levels of brackets', async ({ m }) => {
    const channel = m.rpmsg.channel('rpmsg-virtual-tty-channel-1');
    const text = `${'('.repeat(20)}${')'.repeat(20)}`;
    await channel.send(text);
    await m.until(() => channel.received.some((message) => message.text === text));
    expect(m).toStayWithinStack('app');
    expect(m).toStayWithinStack('heartbeat', 256);
  });
});

test('the heartbeat counts seconds', async ({ m }) => {
  await m.advance('10s');
  expect(m.symbol('seconds').value).toBe(10);
});

/** SHOW_FAILURE=1 shows how a failure explains itself: 40 levels need more than half of the stack. */
test.runIf(process.env['SHOW_FAILURE'])('the echo uses half of its stack at most', async ({ m }) => {
  const channel = m.rpmsg.channel('rpmsg-virtual-tty-channel-1');
  const text = `${'('.repeat(40)}${')'.repeat(40)}`;
  await channel.send(text);
  await m.until(() => channel.received.some((message) => message.text === text));
  expect(m).toStayWithinStack('app', 1024);
});
