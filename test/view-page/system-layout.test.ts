/** The system diagram: where things stand, what moves between them. */
import { describe, expect, test } from 'vitest';
import type { ViewEvent } from '../../src/view/protocol.ts';
import { along, type Box, layoutSystem, type Parts, wirePath } from '../../view/src/panes/system/layout.ts';
import { carveOutRows, vdevState, vdevStatus } from '../../view/src/panes/system/parts.ts';
import { Pulses, TRAVEL } from '../../view/src/panes/system/pulses.ts';

const one: Parts = {
  linux: true,
  cores: ['m7'],
  mus: [{ name: 'MU1', channels: 4, cores: ['m7'], linux: true }],
  vrings: [
    { id: 'virtio0/to-linux/0', core: 'm7' },
    { id: 'virtio0/to-core/1', core: 'm7' },
  ],
  carveOuts: 5,
};
const many: Parts = {
  linux: true,
  cores: ['m4_0', 'm4_1', 'dsp'],
  mus: ['a', 'b', 'c', 'd', 'e'].map((name, index) => ({
    name,
    channels: 4,
    cores: [['m4_0', 'm4_1', 'dsp'][index % 3]!],
    linux: index < 4,
  })),
  vrings: Array.from({ length: 6 }, (_, queue) => ({ id: `virtio${queue >> 1}/x/${queue}`, core: ['m4_0', 'm4_1', 'dsp'][queue >> 1]! })),
  carveOuts: 12,
};
const SIZES = [
  { width: 1215, height: 590, rem: 13 },
  { width: 700, height: 590, rem: 13 },
  { width: 2080, height: 1950, rem: 22 },
];

function overlap(a: Box, b: Box): boolean {
  const slack = 0.01;
  return a.x + slack < b.x + b.width && b.x + slack < a.x + a.width && a.y + slack < b.y + b.height && b.y + slack < a.y + a.height;
}

describe.each(SIZES)('layout in $width x $height', (size) => {
  test.each([
    ['one core', one],
    ['many of all', many],
    ['no Linux', { ...one, linux: false, vrings: [], mus: one.mus.map((mu) => ({ ...mu, linux: false })) }],
    ['nothing but a core', { linux: false, cores: ['m4'], mus: [], vrings: [], carveOuts: 0 }],
  ] as [string, Parts][])('%s: all inside, nothing over anything but vrings over the memory', (_, parts) => {
    const layout = layoutSystem(parts, size);
    expect(layout.width).toBeGreaterThanOrEqual(size.width - 0.5);
    for (const box of layout.boxes) {
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.y).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(layout.width + 0.01);
      expect(box.y + box.height, box.id).toBeLessThanOrEqual(layout.height + 0.01);
      expect(box.width).toBeGreaterThan(0);
      expect(box.height).toBeGreaterThan(0);
    }
    for (const [index, a] of layout.boxes.entries()) {
      for (const b of layout.boxes.slice(index + 1)) {
        if (a.kind === 'memory' && b.kind === 'vring') {
          expect(b.y + b.height, `${b.id} in the memory`).toBeLessThanOrEqual(a.y + a.height);
          continue;
        }
        expect(overlap(a, b), `${a.id} and ${b.id}`).toBe(false);
      }
    }
  });

  test('every wire begins and ends at its boxes', () => {
    const { wires, boxes } = layoutSystem(many, size);
    expect(wires).toHaveLength(4 + 5 + 2 * 6);
    for (const wire of wires) {
      const from = boxes.find(({ id }) => id === wire.from)!;
      const to = boxes.find(({ id }) => id === wire.to)!;
      const first = wire.points[0]!;
      const last = wire.points.at(-1)!;
      expect(first.x).toBeCloseTo(from.x + from.width, 3);
      expect(last.x).toBeCloseTo(to.x, 3);
      expect(last.y).toBeGreaterThanOrEqual(to.y);
      expect(last.y).toBeLessThanOrEqual(to.y + to.height);
      expect(along(wire, 0)).toEqual(first);
      expect(along(wire, 1).x).toBeCloseTo(last.x, 3);
      expect(wirePath(wire.points)).toMatch(/^M[-\d. ]+/);
    }
  });
});

describe('parts', () => {
  test('carve-outs by address, the largest full, the purpose by name', () => {
    const rows = carveOutRows([
      { name: 'vdevbuffer', base: 0x2000, size: 0x10_0000, from: '' },
      { name: 'vdev0vring0', base: 0x1000, size: 0x800, from: '' },
    ]);
    expect(rows.map(({ region, hue }) => [region.name, hue])).toEqual([
      ['vdev0vring0', 'vring'],
      ['vdevbuffer', 'message'],
    ]);
    expect(rows[1]!.share).toBe(1);
    expect(rows[0]!.share).toBeGreaterThan(0);
    expect(rows[1]!.gap).toBe(0x800);
  });

  test('status of a vdev in the words of virtio', () => {
    expect(vdevStatus(15)).toBe('ACKNOWLEDGE DRIVER FEATURES_OK DRIVER_OK');
    expect(vdevState(7)).toBe('DRIVER_OK');
    expect(vdevState(0)).toBe('RESET');
    expect(vdevState(0x87)).toBe('FAILED');
  });
});

describe('pulses', () => {
  const { wires } = layoutSystem(one, SIZES[0]!);
  const start = () => {
    const pulses = new Pulses();
    pulses.setWires(wires);
    return pulses;
  };
  const mu = (side: 'A' | 'B', action: string): ViewEvent => ({
    seq: 0,
    cycle: 0,
    type: 'mu',
    mu: 'MU1',
    side,
    action,
    channel: 1,
    value: 0,
  });
  const message = (direction: 'tx' | 'rx'): ViewEvent => ({
    seq: 0,
    cycle: 0,
    type: 'message',
    device: 'virtio0',
    direction,
    src: 1,
    dst: 2,
    length: 0,
    data: '',
  });

  test('a doorbell goes from the side that rings to the unit, and on to the one that reads', () => {
    const pulses = start();
    expect(pulses.add(mu('A', 'transmit'), 0)).toBe(true);
    expect(pulses.add(mu('B', 'receive'), 0)).toBe(true);
    expect(pulses.list.map(({ wire, forward }) => [wire.from, wire.to, forward])).toEqual([
      ['linux', 'mu:MU1', true],
      ['mu:MU1', 'core:m7', true],
    ]);
    expect(start().add(mu('A', 'flags'), 0)).toBe(false);
  });

  test('a message takes the ring of its direction, both wires one after the other', () => {
    const pulses = start();
    pulses.add(message('rx'), 100);
    expect(pulses.list.map(({ wire, forward, start: at }) => [wire.id, forward, at])).toEqual([
      ['vring:virtio0/to-linux/0>core:m7', false, 100],
      ['linux>vring:virtio0/to-linux/0', false, 100 + TRAVEL],
    ]);
  });

  test('many in a moment are one, and the next one stands for those', () => {
    const pulses = start();
    for (let time = 0; time < 100; time++) pulses.add(mu('A', 'transmit'), time);
    expect(pulses.list).toHaveLength(1);
    pulses.add(mu('A', 'transmit'), 300);
    expect(pulses.list.map(({ count }) => count)).toEqual([1, 100]);
  });

  test('end when they have arrived, and are bounded', () => {
    const pulses = start();
    for (let time = 0; time < 60_000; time += 100) pulses.add(message('tx'), time);
    expect(pulses.list.length).toBeLessThanOrEqual(80);
    expect(pulses.advance(1_000_000)).toBe(false);
    expect(pulses.list).toEqual([]);
  });
});
