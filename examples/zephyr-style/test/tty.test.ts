import { firmwareTest } from 'imx-sim/vitest';
import { describe, expect } from 'vitest';

/** Linux loads the firmware, which announces its channels. */
const test = firmwareTest({
  firmware: new URL('../build/zephyr/zephyr.elf', import.meta.url),
  setup: (m) => m.linux.waitFor('/dev/ttyRPMSG0'),
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

  test.for([0, 1, 484])('gives back %i characters', async (length, { m }) => {
    const tty = m.rpmsg.channel('rpmsg-tty');
    await tty.send('x'.repeat(length));
    expect((await tty.next()).text).toBe(`TTY 0x0401: ${'x'.repeat(length)}`);
  });
});

/** SHOW_FAILURE=1 shows how a failure explains itself: that is not what the firmware answers. */
test.runIf(process.env['SHOW_FAILURE'])('answers politely', async ({ m }) => {
  m.uart('ttyRPMSG0').send('Hello Zephyr\n');
  await m.until('ttyRPMSG0', 'Hello Zephyr');
  expect(m.rpmsg.channel('rpmsg-tty')).toHaveReceived('TTY 0x0401: Hello Linux\n');
});
