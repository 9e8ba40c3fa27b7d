/**
 * What every layout of the MU must do on every channel, in both directions, through registers only.
 */
import { describe, expect, it } from 'vitest';
import { Diagnostics } from '../../src/diagnostics.ts';
import { EventHub } from '../../src/events.ts';
import type { BusDevice } from '../../src/memory/bus.ts';
import { MessagingUnit } from '../../src/mu/messaging-unit.ts';
import { MU_LAYOUTS, type MuLayoutName, type MuSignal } from '../../src/mu/mu-layout.ts';

/** Reads and writes a signal's bit of one channel wherever the layout has it. */
class Side {
  readonly device: BusDevice;
  private readonly layout: (typeof MU_LAYOUTS)[MuLayoutName];

  constructor(layout: MuLayoutName, device: BusDevice) {
    this.layout = MU_LAYOUTS[layout];
    this.device = device;
  }

  private place(signal: MuSignal, channel: number): { offset: number; mask: number } {
    for (const { offset, fields } of this.layout.registers) {
      const field = fields.find((candidate) => candidate.signal === signal);
      if (!field) continue;
      const bit = field.descending ? field.lsb + field.width - 1 - channel : field.lsb + channel;
      return { offset, mask: (1 << bit) >>> 0 };
    }
    throw new Error(`no ${signal}`);
  }

  test(signal: MuSignal, channel: number): boolean {
    const { offset, mask } = this.place(signal, channel);
    return (this.device.read(offset, 4) & mask) !== 0;
  }

  set(signal: MuSignal, channel: number): void {
    const { offset, mask } = this.place(signal, channel);
    this.device.write(offset, (this.device.read(offset, 4) | mask) >>> 0, 4);
  }

  clear(signal: MuSignal, channel: number): void {
    const { offset, mask } = this.place(signal, channel);
    this.device.write(offset, (this.device.read(offset, 4) & ~mask) >>> 0, 4);
  }

  acknowledge(channel: number): void {
    const { offset, mask } = this.place('GIP', channel);
    this.device.write(offset, mask, 4);
  }

  send(channel: number, value: number): void {
    this.device.write(this.layout.transmit + 4 * channel, value, 4);
  }

  receive(channel: number): number {
    return this.device.read(this.layout.receive + 4 * channel, 4);
  }
}

const LAYOUTS = Object.keys(MU_LAYOUTS) as MuLayoutName[];
const DIRECTIONS = ['A to B', 'B to A'] as const;
const CHANNELS = [0, 1, 2, 3];

describe.each(LAYOUTS)('MU layout %s', (layout) => {
  const build = (direction: (typeof DIRECTIONS)[number]) => {
    const levels = { A: false, B: false };
    const diagnostics = new Diagnostics({ now: () => 0, pc: () => undefined });
    const unit = new MessagingUnit({
      name: 'MU',
      layout: MU_LAYOUTS[layout],
      now: () => 0,
      diagnostics,
      events: new EventHub(),
      interruptA: (level) => {
        levels.A = level;
      },
      interruptB: (level) => {
        levels.B = level;
      },
    });
    const [from, to] = direction === 'A to B' ? [unit.a, unit.b] : [unit.b, unit.a];
    const [near, far] = direction === 'A to B' ? (['A', 'B'] as const) : (['B', 'A'] as const);
    return { from: new Side(layout, from), to: new Side(layout, to), near: () => levels[near], far: () => levels[far], diagnostics };
  };

  describe.each(DIRECTIONS)('%s', (direction) => {
    it.each(CHANNELS)('carries a word on channel %i with its flags and interrupts', (channel) => {
      const { from, to, near, far, diagnostics } = build(direction);
      const value = 0x8000_0001 + channel * 0x1111;
      to.set('RIE', channel);
      expect([from.test('TE', channel), to.test('RF', channel), far()]).toEqual([true, false, false]);
      from.send(channel, value);
      expect([from.test('TE', channel), to.test('RF', channel), far()]).toEqual([false, true, true]);
      for (const other of CHANNELS) if (other !== channel) expect([from.test('TE', other), to.test('RF', other)]).toEqual([true, false]);
      from.set('TIE', channel);
      expect(near()).toBe(false);
      expect(to.receive(channel)).toBe(value);
      expect([from.test('TE', channel), to.test('RF', channel), far(), near()]).toEqual([true, false, false, true]);
      from.clear('TIE', channel);
      expect(near()).toBe(false);
      expect(diagnostics.all).toEqual([]);
    });

    it.each(CHANNELS)('hands over general interrupt %i and takes the acknowledgement back', (channel) => {
      const { from, to, near, far, diagnostics } = build(direction);
      from.set('GIR', channel);
      expect([from.test('GIR', channel), to.test('GIP', channel), far()]).toEqual([true, true, false]);
      to.set('GIE', channel);
      expect(far()).toBe(true);
      to.acknowledge(channel);
      expect([from.test('GIR', channel), to.test('GIP', channel), far(), near()]).toEqual([false, false, false, false]);
      expect(diagnostics.all).toEqual([]);
    });

    it('holds words of all channels at once and empties in any order', () => {
      const { from, to } = build(direction);
      for (const channel of CHANNELS) from.send(channel, 100 + channel);
      for (const channel of [2, 0, 3, 1]) expect(to.receive(channel)).toBe(100 + channel);
      for (const channel of CHANNELS) expect(from.test('TE', channel)).toBe(true);
    });

    it('shows all combinations of flags', () => {
      const { from, to } = build(direction);
      for (let flags = 0; flags < 8; flags++) {
        for (const bit of [0, 1, 2]) {
          if (flags & (1 << bit)) from.set('F', bit);
          else from.clear('F', bit);
        }
        expect([0, 1, 2].map((bit) => to.test('PF', bit))).toEqual([0, 1, 2].map((bit) => (flags & (1 << bit)) !== 0));
      }
    });

    it('keeps the line high until every cause is gone', () => {
      const { from, to, far } = build(direction);
      for (const channel of CHANNELS) to.set('RIE', channel);
      to.set('GIE', 3);
      from.send(0, 1);
      from.send(3, 1);
      from.set('GIR', 3);
      to.receive(0);
      expect(far()).toBe(true);
      to.acknowledge(3);
      expect(far()).toBe(true);
      to.receive(3);
      expect(far()).toBe(false);
    });

    it('starts anew after MUR from this side', () => {
      const { from, to, far } = build(direction);
      to.set('RIE', 1);
      from.send(1, 5);
      from.set('GIR', 0);
      from.set('MUR', 0);
      expect(far()).toBe(false);
      for (const channel of CHANNELS) {
        expect([from.test('TE', channel), to.test('RF', channel), to.test('GIP', channel), to.test('RIE', channel)]).toEqual([
          true,
          false,
          false,
          false,
        ]);
      }
    });
  });
});
