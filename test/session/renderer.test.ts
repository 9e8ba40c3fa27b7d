import { describe, expect, it } from 'vitest';
import type { MachineEvent } from '../../src/events.ts';
import { eventText } from '../../src/session/renderer.ts';

describe('eventText', () => {
  const cases: readonly (readonly [MachineEvent, string])[] = [
    [{ type: 'mu', cycle: 500, mu: 'MU1', side: 'A', action: 'transmit', channel: 1, value: 0x1_0000 }, 'MU1 side A transmit 1 0x00010000'],
    [{ type: 'vring', cycle: 500, device: 'virtio0', queue: 0, action: 'used', id: 7, length: 28 }, 'virtio0 vring0 used id 7, 28 bytes'],
    [{ type: 'vring', cycle: 500, device: 'virtio0', queue: 1, action: 'kick', id: 0, length: 0 }, 'virtio0 vring1 kick'],
    [
      { type: 'message', cycle: 500, device: 'virtio0', direction: 'tx', src: 0x400, dst: 0x1e, data: new Uint8Array(12) },
      'virtio0 tx 0x00000400 -> 0x0000001e, 12 bytes',
    ],
    [{ type: 'core', cycle: 500, core: 'm7', state: 'started', detail: '' }, 'm7 started'],
    [{ type: 'core', cycle: 500, core: 'm7', state: 'crashed', detail: 'lockup' }, 'm7 crashed: lockup'],
    [{ type: 'dmesg', cycle: 500, level: 6, text: 'words' }, 'dmesg words'],
    [{ type: 'console', cycle: 500, device: 'uart4', byte: 65 }, 'uart4 byte 65'],
  ];
  it.each(cases)('%j', (event, text) => expect(eventText(event, 1000)).toBe(`0.500000 s  ${text}`));
});
