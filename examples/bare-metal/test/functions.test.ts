import { firmwareTest } from 'imx-sim/vitest';
import { describe, expect } from 'vitest';

const test = firmwareTest({
  firmware: new URL('../build/door.elf', import.meta.url),
  linux: false,
  setup: (m) => m.until('uart4', 'door controller ready'),
  stacks: true,
});

describe('crc16', () => {
  test.for([
    ['', 0xffff],
    ['123456789', 0x29b1],
    ['open', 0xa843],
  ] as const)('of "%s" is %i', async ([text, crc], { m }) => {
    expect(await m.call('crc16', new TextEncoder().encode(text), text.length)).toBe(crc);
  });
});

describe('the door', () => {
  /** Its state is a struct with an enum and another struct in it. */
  const open = test.after((m) => m.symbol('door').set({ calibrated: true, state: 'DOOR_OPEN', position: 100 }));

  test('is closed and knows nothing at first', ({ m }) => {
    expect(m.symbol('door').value).toEqual({ state: 'DOOR_CLOSED', position: 0, calibrated: false, count: { opened: 0, blocked: 0 } });
  });

  open('closes', async ({ m }) => {
    expect(await m.call('door_close')).toBe(true);
    await m.until('uart4', 'door closed');
    expect(m.symbol('door').value).toMatchObject({ state: 'DOOR_CLOSED', position: 0 });
  });

  open('stops when something is in the way', async ({ m }) => {
    m.stub('motor_current', () => (m.symbol('door.position').value === 40 ? 900 : 120));
    m.uart('uart4').send('close*26b1\n');
    await m.until('uart4', 'door blocked');
    expect(m.symbol('door').value).toMatchObject({ state: 'DOOR_BLOCKED', position: 40, count: { blocked: 1 } });
  });

  test('needs little stack', async ({ m }) => {
    m.uart('uart4').send('status*831a\n');
    await m.until('uart4', /^closed at/);
    expect(m).toStayWithinStack(1024);
  });
});
