import { describe, expect, it } from 'vitest';
import { EventHub } from '../../src/events.ts';
import type { InputState, Machine } from '../../src/machine.ts';
import { InputQueue } from '../../src/session/input.ts';
import { Scheduler } from '../../src/time/scheduler.ts';

/** A machine of which only the consoles are there; a cycle is a microsecond. */
function rig() {
  const scheduler = new Scheduler(1e6);
  const events = new EventHub();
  const states = new Map<string, InputState>();
  const sent: [number, string, string][] = [];
  const machine = {
    scheduler,
    watchers: scheduler.domain(),
    events,
    inputState: (device: string): InputState => states.get(device) ?? 'absent',
    send: (device: string, bytes: Uint8Array) => sent.push([scheduler.now, device, new TextDecoder().decode(bytes)]),
  } as unknown as Machine;
  const queue = new InputQueue(machine);
  return {
    queue,
    sent,
    send: (device: string, text: string) => queue.send(device, new TextEncoder().encode(text)),
    set: (device: string, state: InputState) => states.set(device, state),
    print: (device: string) => events.emit({ type: 'console', cycle: scheduler.now, device, byte: 65 }),
    /** Lets `ms` pass. */
    pass(ms: number) {
      const end = scheduler.now + ms * 1000;
      while (scheduler.now < end) {
        scheduler.advanceTo(Math.min(end, scheduler.nextDeadline));
        scheduler.fireDue();
      }
    },
  };
}

describe('InputQueue', () => {
  it('waits until the device is there', () => {
    const { send, set, sent, queue, pass } = rig();
    send('ttyRPMSG30', 'x');
    pass(50);
    expect(sent).toEqual([]);
    expect(queue.pending).toEqual(['ttyRPMSG30']);
    set('ttyRPMSG30', 'listening');
    pass(2);
    expect(sent).toEqual([[51_000, 'ttyRPMSG30', 'x']]);
    expect(queue.pending).toEqual([]);
  });

  it('waits for a polled UART to have printed and then been quiet', () => {
    const { send, set, sent, print, pass } = rig();
    set('uart4', 'idle');
    send('uart4', 'x');
    pass(20);
    expect(sent).toEqual([]);
    print('uart4');
    pass(3);
    print('uart4');
    pass(4);
    expect(sent).toEqual([]);
    pass(2);
    expect(sent).toEqual([[28_000, 'uart4', 'x']]);
  });

  it('keeps the order of one device, and lets another go ahead', () => {
    const { send, set, sent, pass } = rig();
    set('ttyRPMSG0', 'listening');
    send('uart4', 'a');
    send('uart4', 'b');
    send('ttyRPMSG0', 'c');
    pass(3);
    expect(sent.map(([, device, text]) => [device, text])).toEqual([['ttyRPMSG0', 'c']]);
    set('uart4', 'listening');
    pass(3);
    expect(sent.map(([, , text]) => text)).toEqual(['c', 'a', 'b']);
  });

  it('sends the next text once the device has read the one before', () => {
    const { send, set, sent, pass } = rig();
    set('uart4', 'listening');
    send('uart4', 'a');
    send('uart4', 'b');
    pass(1);
    set('uart4', 'busy');
    pass(20);
    expect(sent).toHaveLength(1);
    set('uart4', 'listening');
    pass(2);
    expect(sent).toHaveLength(2);
  });

  it('asks nothing of the clock once all is sent', () => {
    const { send, set, pass, queue } = rig();
    set('uart4', 'listening');
    send('uart4', 'a');
    pass(1);
    expect(queue.pending).toEqual([]);
    const before = rig();
    before.pass(10);
    expect(before.sent).toEqual([]);
  });
});
