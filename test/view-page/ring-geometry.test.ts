/** A vring as a circle, and what of it lies where in memory. */
import { describe, expect, test } from 'vitest';
import type { Vring } from '../../src/view/protocol.ts';
import { availStates, cellAt, descriptorFlags, usedStates, violationsByCell } from '../../view/src/panes/vrings/decode.ts';
import { ahead, arcPath, occupancy, slotAt, slotPath, slotPoint } from '../../view/src/panes/vrings/ring-geometry.ts';

describe('indices', () => {
  test('run freely over 65536', () => {
    expect(ahead(65_535, 1)).toBe(2);
    expect(occupancy({ size: 256, availIndex: 2, usedIndex: 65_534 })).toEqual({
      offered: { from: 254, length: 4 },
      returned: { from: 254, length: 0 },
      broken: false,
    });
  });

  test('say who has what', () => {
    const { offered, returned, broken } = occupancy({ size: 8, availIndex: 13, usedIndex: 10, lastUsedIndex: 9 });
    expect(offered).toEqual({ from: 2, length: 3 });
    expect(returned).toEqual({ from: 1, length: 1 });
    expect(broken).toBe(false);
  });

  test('that cannot be are called broken, and stay drawable', () => {
    const used = occupancy({ size: 8, availIndex: 3, usedIndex: 4 });
    expect(used.broken).toBe(true);
    expect(used.offered.length).toBe(8);
    expect(occupancy({ size: 0, availIndex: 1, usedIndex: 0 }).offered).toEqual({ from: 0, length: 0 });
  });
});

describe('circle', () => {
  test('slot 0 is at the top, and it goes clockwise', () => {
    expect(slotPoint(0, 4, 10)).toEqual({ x: 0, y: -10 });
    expect(slotPoint(1, 4, 10)).toEqual({ x: 10, y: 0 });
    expect(slotPoint(2, 4, 10)).toEqual({ x: 0, y: 10 });
  });

  test('the slot under a point is the one drawn there', () => {
    for (const size of [1, 2, 7, 256]) {
      for (let slot = 0; slot < size; slot++) {
        const { x, y } = slotPoint(slot + 0.5, size, 100);
        expect(slotAt(x, y, size)).toBe(slot);
      }
    }
  });

  test('arcs: none, some, more than half, all', () => {
    expect(arcPath({ from: 0, length: 0 }, 4, 10)).toBe('');
    expect(arcPath({ from: 0, length: 1 }, 4, 10)).toBe('M0 -10A10 10 0 0 1 10 0');
    expect(arcPath({ from: 0, length: 3 }, 4, 10)).toContain('10 10 0 1 1');
    expect(arcPath({ from: 3, length: 4 }, 4, 10).match(/A/g)).toHaveLength(2);
  });

  test('no slot has a coordinate that is no number', () => {
    for (const size of [1, 2, 256, 1024]) expect(slotPath(size - 1, size, 5, 10)).not.toMatch(/NaN|Infinity/);
  });
});

const ring = { descAddress: 0x1000, availAddress: 0x2000, usedAddress: 0x3000, size: 4 };

describe('cells', () => {
  test('of the three parts', () => {
    expect(cellAt(ring, 0x1010)).toEqual({ part: 'desc', index: 1, field: 'addr' });
    expect(cellAt(ring, 0x1018)).toEqual({ part: 'desc', index: 1, field: 'len' });
    expect(cellAt(ring, 0x101c)).toEqual({ part: 'desc', index: 1, field: 'flags' });
    expect(cellAt(ring, 0x101e)).toEqual({ part: 'desc', index: 1, field: 'next' });
    expect(cellAt(ring, 0x2002)).toEqual({ part: 'avail', field: 'idx' });
    expect(cellAt(ring, 0x2008)).toEqual({ part: 'avail', index: 2, field: 'ring' });
    expect(cellAt(ring, 0x3004)).toEqual({ part: 'used', index: 0, field: 'id' });
    expect(cellAt(ring, 0x3010)).toEqual({ part: 'used', index: 1, field: 'len' });
  });

  test('end where the ring ends', () => {
    for (const address of [0, 0xfff, 0x1040, 0x200c, 0x3024, 0xffff_ffff]) expect(cellAt(ring, address)).toBeUndefined();
  });

  test('have their violations', () => {
    const problem = { id: 1, rule: 'r', text: 't', consequence: 'c', remedy: 'm', address: 0x3004, size: 4 };
    const cells = violationsByCell({ ...ring, problems: [problem, { ...problem, id: 2, address: 0x9000 }] } as unknown as Vring);
    expect([...cells]).toEqual([['used 0 id', problem]]);
  });

  test('states of entries wrap around', () => {
    expect(availStates({ size: 4, availIndex: 6, usedIndex: 3 })).toEqual(['open', 'open', 'old', 'open']);
    expect(usedStates({ size: 4, usedIndex: 5, linux: { lastUsedIndex: 4, free: 0 } })).toEqual(['returned', 'old', 'old', 'old']);
    expect(availStates({ size: 4, availIndex: 2, usedIndex: 3 })).toEqual(['open', 'open', 'open', 'open']);
  });
});

describe('contents', () => {
  test('flags by name, with what has none', () => {
    expect(descriptorFlags(0)).toBe('—');
    expect(descriptorFlags(3)).toBe('NEXT WRITE');
    expect(descriptorFlags(0x8002)).toBe('WRITE 0x8000');
  });
});
