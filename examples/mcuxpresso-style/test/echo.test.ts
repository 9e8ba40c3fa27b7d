import { firmwareTest } from 'imx-sim/vitest';
import { describe, expect } from 'vitest';

/** NXP's kernel has the driver for `rpmsg-virtual-tty-channel-1`. */
const test = firmwareTest({
  firmware: new URL('../armgcc/debug/str_echo.elf', import.meta.url),
  kernel: 'nxp',
  setup: (m) => m.until('uart4', 'ready for incoming messages'),
});

describe('the echo', () => {
  test('gives back what Linux writes', async ({ m }) => {
    m.uart('ttyRPMSG30').send('Toradex!\n');
    await m.until('ttyRPMSG30', 'Toradex!');
    expect(m.uart('uart4')).toHaveSent('Get Message From Master Side : "Toradex!" [len : 8]');
  });

  test('refuses brackets that do not balance', async ({ m }) => {
    const channel = m.rpmsg.channel('rpmsg-virtual-tty-channel-1');
    await channel.send('(a(b)');
    await m.until(() => channel.received.some(({ text }) => text === 'unbalanced\n'), { within: '50ms' });
    expect(channel).not.toHaveReceived('(a(b)');
  });
});
