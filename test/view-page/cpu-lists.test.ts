import { describe, expect, it } from 'vitest';
import { reveal, visibleRows } from '../../view/src/components/virtual-rows.ts';
import { ChangeTracker } from '../../view/src/panes/cpu/changes.ts';

describe('rows of long lists', () => {
  it('draws what can be seen and a little more', () => {
    expect(visibleRows(0, 200, 20, 1000, 5)).toEqual({ from: 0, to: 15 });
    expect(visibleRows(2010, 200, 20, 1000, 5)).toEqual({ from: 95, to: 116 });
    expect(visibleRows(19_900, 200, 20, 1000, 5)).toEqual({ from: 990, to: 1000 });
    expect(visibleRows(50_000, 200, 20, 10, 5)).toEqual({ from: 10, to: 10 });
    expect(visibleRows(0, 200, 20, 0)).toEqual({ from: 0, to: 0 });
  });

  it('scrolls as little as it can, and to the upper third when it is far', () => {
    const count = 1000;
    expect(reveal(5, 0, 200, 20, count)).toBe(0);
    expect(reveal(8, 0, 200, 20, count)).toBe(9 * 20 - 200 + 60);
    expect(reveal(50, 1000, 200, 20, count)).toBe(1000 - 60);
    expect(reveal(500, 0, 200, 20, count)).toBeCloseTo(500 * 20 - 200 / 3);
    expect(reveal(0, 5000, 200, 20, count)).toBe(0);
    expect(reveal(999, 0, 200, 20, count)).toBe(20_000 - 200);
    // Nothing to scroll.
    expect(reveal(3, 0, 200, 20, 5)).toBe(0);
  });
});

describe('changes since the halt before', () => {
  it('marks what is different, until the next halt', () => {
    const tracker = new ChangeTracker();
    tracker.settle('1', [
      ['r0', 1],
      ['r1', 2],
    ]);
    expect(tracker.before('r0')).toBeUndefined();
    tracker.settle('2', [
      ['r0', 5],
      ['r1', 2],
    ]);
    expect(tracker.before('r0')).toBe(1);
    expect(tracker.before('r1')).toBeUndefined();
    // Written by the user within the same halt: still compared with the halt before.
    tracker.settle('2', [
      ['r0', 5],
      ['r1', 9],
    ]);
    expect(tracker.before('r0')).toBe(1);
    expect(tracker.before('r1')).toBe(2);
    tracker.settle('3', [
      ['r0', 5],
      ['r1', 9],
    ]);
    expect(tracker.before('r0')).toBeUndefined();
    expect(tracker.before('r1')).toBeUndefined();
    tracker.clear();
    tracker.settle('4', [['r0', 7]]);
    expect(tracker.before('r0')).toBeUndefined();
  });
});
