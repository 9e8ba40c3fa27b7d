import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { MachineEvent } from '../../src/events.ts';
import { TraceHash, traceLine } from '../../src/session/trace-hash.ts';

const hashOf = (events: readonly MachineEvent[]): string => {
  const trace = new TraceHash();
  for (const event of events) trace.add(event);
  return trace.digest();
};

describe('the trace format, version 1', () => {
  const cases: readonly (readonly [MachineEvent, string | undefined])[] = [
    [{ type: 'console', cycle: 12, device: 'uart4', byte: 65 }, '12 console uart4 65'],
    [{ type: 'dmesg', cycle: 12, level: 6, text: 'a b  c' }, '12 dmesg 6 a b  c'],
    [{ type: 'mu', cycle: 12, mu: 'MU1', side: 'B', action: 'receive', channel: 1, value: 65536 }, '12 mu MU1 B receive 1 65536'],
    [{ type: 'vring', cycle: 12, device: 'virtio0', queue: 1, action: 'avail', id: 3, length: 28 }, '12 vring virtio0 1 avail 3 28'],
    [{ type: 'message', cycle: 12, device: 'virtio0', direction: 'rx', src: 1, dst: 2, data: new Uint8Array() }, undefined],
    [{ type: 'core', cycle: 12, core: 'm7', state: 'started', detail: '' }, undefined],
  ];
  it.each(cases)('%j', (event, line) => expect(traceLine(event)).toBe(line));

  it('is the SHA-256 of a header and the lines, each ended by LF', () => {
    const text = ['imx-sim trace 1', ...cases.map(([, line]) => line).filter(Boolean), ''].join('\n');
    expect(hashOf(cases.map(([event]) => event))).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('is the same however many events there are between two flushes', () => {
    const events = Array.from(
      { length: 5000 },
      (_, cycle): MachineEvent => ({ type: 'console', cycle, device: 'uart4', byte: cycle & 0xff }),
    );
    const lines = ['imx-sim trace 1', ...events.map((event) => traceLine(event)), ''].join('\n');
    expect(hashOf(events)).toBe(createHash('sha256').update(lines).digest('hex'));
  });

  it('sees a cycle, a byte and an order', () => {
    const byte = (cycle: number, value: number): MachineEvent => ({ type: 'console', cycle, device: 'uart4', byte: value });
    const base = hashOf([byte(1, 65), byte(2, 66)]);
    expect(hashOf([byte(1, 65), byte(3, 66)])).not.toBe(base);
    expect(hashOf([byte(1, 65), byte(2, 67)])).not.toBe(base);
    expect(hashOf([byte(2, 66), byte(1, 65)])).not.toBe(base);
    expect(hashOf([byte(1, 65), byte(2, 66)])).toBe(base);
  });
});
