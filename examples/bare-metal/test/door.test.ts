import { firmwareTest } from 'imx-sim/vitest';
import { describe, expect } from 'vitest';

/** The core alone: this firmware needs no Linux. */
const test = firmwareTest({
  firmware: new URL('../build/door.elf', import.meta.url),
  linux: false,
  setup: (m) => m.until('uart4', 'door controller ready'),
});

/** The limit switch at the closed end of the door. */
const LIMIT_SWITCH = 5;

describe('the command line', () => {
  test('refuses a command with a wrong checksum', async ({ m }) => {
    m.uart('uart4').send('open*0000\n');
    await m.until('uart4', 'bad checksum');
  });

  test('does not open before it knows where the door is', async ({ m }) => {
    m.uart('uart4').send('open*a843\n');
    await expect(m).toReachWithin('uart4', 'not calibrated', '20ms');
  });
});

/** Begins where the door is calibrated: the reference run is made once, these tests get forks of what comes of it. */
const calibrated = test.after(async (m) => {
  m.gpio('GPIO1').pin(LIMIT_SWITCH).drive(1);
  m.uart('uart4').send('calibrate*5774\n');
  await m.until('uart4', 'calibrated');
});

describe('a calibrated door', () => {
  calibrated('opens in 100 ms', async ({ m }) => {
    m.uart('uart4').send('open*a843\n');
    await m.until('uart4', 'ok');
    await expect(m).toReachWithin('uart4', 'door open', '110ms');
  });

  calibrated('says and does what it always did', async ({ m }) => {
    m.uart('uart4').send('open*a843\n');
    await m.until('uart4', 'door open');
    m.uart('uart4').send('close*26b1\n');
    await m.until('uart4', 'door closed');
    await expect(m).toMatchTrace('open-and-close');
  });
});

/** SHOW_FAILURE=1 shows how a failure explains itself: nobody closes the limit switch. */
test.runIf(process.env['SHOW_FAILURE'])('calibrates', async ({ m }) => {
  m.uart('uart4').send('calibrate*5774\n');
  await m.until('uart4', 'calibrated', { within: '2s' });
});
