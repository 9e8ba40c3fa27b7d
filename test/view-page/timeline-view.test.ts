/** What of the timeline is on the screen: zoom, columns that sum up, bars, the axis, what is under the pointer. */
import { describe, expect, it } from 'vitest';
import { barsOf, columnsOf, density, makeColumns } from '../../view/src/panes/timeline/columns.ts';
import { EventLog } from '../../view/src/panes/timeline/event-log.ts';
import { hitTest } from '../../view/src/panes/timeline/hit-test.ts';
import { Lanes } from '../../view/src/panes/timeline/lanes.ts';
import { OrderedIds } from '../../view/src/panes/timeline/ordered-ids.ts';
import { ratesOf } from '../../view/src/panes/timeline/rates.ts';
import { rowsOf } from '../../view/src/panes/timeline/rows.ts';
import { SpanTrack } from '../../view/src/panes/timeline/span-track.ts';
import { axisOf, formatDuration, formatInteger, formatTime, nanoseconds } from '../../view/src/panes/timeline/time-format.ts';
import {
  busyOf,
  clamp,
  cycleAt,
  endOf,
  followed,
  pan,
  reveal,
  show,
  spanOf,
  wholeOf,
  xOf,
  zoomAt,
} from '../../view/src/panes/timeline/viewport.ts';
import { HZ, makeRun, random } from './timeline-run.ts';

const extent = { first: 0, last: 1_000_000 };

describe('viewport', () => {
  it('keeps what is under the pointer where it is', () => {
    let view = wholeOf(extent, 800);
    for (const factor of [0.5, 0.3, 0.9, 0.1]) {
      const cycle = cycleAt(view, 300);
      view = zoomAt(view, 300, factor, extent);
      expect(cycleAt(view, 300)).toBeCloseTo(cycle, 3);
    }
    expect(zoomAt(view, 0, 1e9, extent).perPixel).toBeCloseTo(wholeOf(extent, 800).perPixel);
    expect(zoomAt(view, 0, 1e-12, extent).perPixel).toBeGreaterThan(0);
  });

  it('shows all of the run from edge to edge, and never nothing of it', () => {
    const whole = wholeOf(extent, 800);
    expect(xOf(whole, 0)).toBeGreaterThan(0);
    expect(xOf(whole, 1_000_000)).toBeLessThan(800);
    const near = show(500, 600, 800, extent);
    expect([near.start < 500, endOf(near) > 600]).toEqual([true, true]);
    for (const pixels of [-1e9, 1e9]) {
      const view = pan(near, pixels, extent);
      expect(endOf(view) >= extent.first && view.start <= extent.last).toBe(true);
    }
    expect(clamp(whole, extent).start).toBeCloseTo(whole.start);
  });

  it('leaves the idle end of a run out, and nothing else', () => {
    expect(busyOf({ first: 0, last: 10_000 }, 1000)).toEqual({ first: 0, last: 1150 });
    expect(busyOf({ first: 200, last: 1100 }, 1000)).toEqual({ first: 200, last: 1100 });
    // Nothing has happened yet, or only in the first moment.
    expect(busyOf(extent, 0)).toEqual(extent);
  });

  it('brings an event into sight only when it is not', () => {
    const view = show(500_000, 500_100, 800, extent);
    expect(reveal(view, 500_050, extent)).toBe(view);
    const moved = reveal(view, 700_000, extent);
    expect(xOf(moved, 700_000)).toBeCloseTo(400);
    expect(spanOf(moved)).toBe(spanOf(view));
    const tail = followed(view, 900_000);
    expect(xOf(tail, 900_000)).toBeGreaterThan(770);
    expect(xOf(tail, 900_000)).toBeLessThan(800);
  });
});

describe('columns', () => {
  it('count every event that is in sight, at every zoom', () => {
    const ids = new OrderedIds();
    const next = random(3);
    const cycles = Array.from({ length: 20_000 }, () => Math.floor(next() ** 2 * 1e6)).sort((a, b) => a - b);
    for (const [id, cycle] of cycles.entries()) ids.push(id, cycle);
    const into = makeColumns(4);
    for (const width of [137, 800]) {
      let view = wholeOf(extent, width);
      for (let zoom = 0; zoom < 8; zoom++) {
        const { length, total, count, first, x, max } = columnsOf(ids, view, 3, Number.POSITIVE_INFINITY, into);
        // Without a hole from the first event in sight, or one in its column, to the last.
        expect(first[0]).toBeLessThanOrEqual(ids.lowerBound(view.start));
        let next = first[0]!;
        for (let index = 0; index < length; index++) {
          if (first[index] !== next || count[index]! > max || (index > 0 && x[index]! <= x[index - 1]! - 3))
            throw new Error(`column ${index}`);
          next += count[index]!;
        }
        expect(next).toBeGreaterThanOrEqual(ids.lowerBound(endOf(view)));
        expect(next - ids.lowerBound(endOf(view) + 3 * view.perPixel)).toBeLessThanOrEqual(0);
        expect(total).toBe(next - first[0]!);
        view = zoomAt(view, width / 4, 0.4, extent);
      }
    }
  });

  it('do not show what is beyond the moment at which the display stands', () => {
    const ids = new OrderedIds();
    for (let id = 0; id < 100; id++) ids.push(id, id * 10);
    const view = wholeOf({ first: 0, last: 1000 }, 50);
    expect(columnsOf(ids, view, 3, 495, makeColumns()).total).toBe(50);
  });

  it('are the higher the more they have, and one event is seen', () => {
    expect(density(1, 1)).toBe(1);
    expect(density(1, 1000)).toBeCloseTo(0.3);
    expect(density(1000, 1000)).toBeCloseTo(1);
    expect(density(10, 1000)).toBeGreaterThan(density(2, 1000));
  });
});

describe('bars', () => {
  it('cover together what the stretches cover', () => {
    const track = new SpanTrack();
    const next = random(5);
    let cycle = 0;
    for (let id = 0; id < 3000; id++) {
      cycle += Math.floor(next() * 300);
      track.begin(id, cycle);
      cycle += Math.floor(next() * (id % 40 === 0 ? 4000 : 60));
      track.finish(id, cycle);
    }
    const view = wholeOf({ first: 0, last: cycle }, 600);
    const bars = barsOf(track, view, 3, cycle);
    const covered = bars.reduce((sum, bar) => sum + bar.covered * (bar.index < 0 || bar.width <= 3 ? 3 : bar.width), 0) * view.perPixel;
    expect(Math.abs(covered - track.covered(cycle, cycle)) / track.covered(cycle, cycle)).toBeLessThan(0.1);
    expect(bars.length).toBeLessThan(500);
    const near = barsOf(track, show(track.start(40), track.end(40), 600, { first: 0, last: cycle }), 3, cycle);
    expect(near.some((bar) => bar.index === 40 && bar.width > 400)).toBe(true);
  });
});

describe('time', () => {
  it('is exact to the nanosecond, also after days', () => {
    expect(nanoseconds(1_612_807_208, HZ)).toBe('2016009010');
    expect(nanoseconds(HZ * 86_400 * 100 + 8, HZ)).toBe('8640000000000010');
    expect(nanoseconds(0, HZ)).toBe('0');
    expect(formatTime(1_612_807_208, HZ).replaceAll('\u2009', ' ')).toBe('2.016 009 010 s');
    expect(formatInteger(-1234567).replaceAll('\u2009', ' ')).toBe('−1 234 567');
    expect([1, 800, 8e5, 8e8, 0, -80].map((cycles) => formatDuration(cycles, HZ))).toEqual([
      '1.250 ns',
      '1.000 µs',
      '1.000 ms',
      '1.000 s',
      '0 s',
      '−100.0 ns',
    ]);
  });

  it('has marks at round times, apart from each other, with labels that tell them apart', () => {
    for (const [start, perPixel] of [
      [0, 1e6],
      [0, 10],
      [1.6e9, 0.02],
      [1.6e9, 1000],
      [8e11, 3],
    ] as const) {
      const axis = axisOf(start, perPixel, 1000, HZ);
      const labels = axis.ticks.flatMap((tick) => tick.label ?? []);
      expect(labels.length).toBeGreaterThan(2);
      expect(new Set(labels).size).toBe(labels.length);
      const at = axis.ticks.filter((tick) => tick.label !== undefined).map((tick) => (tick.cycle - start) / perPixel);
      for (let index = 1; index < at.length; index++) expect(at[index]! - at[index - 1]!).toBeGreaterThan(100);
      if (axis.base) expect(axis.base.cycle).toBeLessThanOrEqual(start);
    }
    expect(axisOf(0, 1e6, 1000, HZ).ticks.flatMap((tick) => tick.label ?? [])[1]).toBe('200 ms');
    expect(axisOf(1.6e9, 0.02, 1000, HZ).base?.label).toBe('2.0000000 s');
  });
});

describe('what is under the pointer', () => {
  const log = new EventLog();
  const lanes = new Lanes(log);
  log.listen(lanes);
  for (const event of makeRun(800)) log.append(event);
  const rows = rowsOf(lanes.list, new Set(), new Set(), { group: 20, lane: 24, part: 18, nested: 6 });
  const middle = (key: string): number => {
    const row = rows.list.find((each) => each.key === key)!;
    return row.y + row.height / 2;
  };

  it('is the nearest event, or all that cannot be told apart', () => {
    const { ids } = lanes.lane('message/virtio0/tx')!;
    const id = ids.id(5);
    const view = show(log.cycle(id) - 2000, log.cycle(id) + 2000, 800, { first: 0, last: log.lastCycle });
    const hit = hitTest(rows, view, xOf(view, log.cycle(id)) + 3, middle('message/virtio0/tx'), Number.POSITIVE_INFINITY);
    expect(hit).toMatchObject({ id, count: 1, near: [id] });
    const whole = wholeOf({ first: 0, last: log.lastCycle }, 60);
    const many = hitTest(rows, whole, 30, middle('vring/virtio0/1'), Number.POSITIVE_INFINITY)!;
    expect(many.count).toBeGreaterThan(many.near.length);
    expect(many.near).toContain(many.id);
    expect(hitTest(rows, whole, 30, middle('vring/virtio0/1'), 0)).toBeUndefined();
    expect(hitTest(rows, whole, 30, 5, Number.POSITIVE_INFINITY)).toBeUndefined();
  });

  it('is the handler that runs at that time, the innermost where the pointer is low', () => {
    const outer = lanes.lane('interrupt/m7')!.tracks[0]!;
    const inner = lanes.lane('interrupt/m7')!.tracks[1]!;
    const at = (inner.start(0) + inner.end(0)) / 2;
    const view = show(at - 2000, at + 2000, 800, { first: 0, last: log.lastCycle });
    const row = rows.list.find((each) => each.key === 'interrupt/m7')!;
    expect(hitTest(rows, view, xOf(view, at), row.y + row.height - 4, Number.POSITIVE_INFINITY)!.id).toBe(inner.id(0));
    expect(hitTest(rows, view, xOf(view, at), row.y + 4, Number.POSITIVE_INFINITY)!.span).toEqual({
      start: outer.start(outer.indexAt(at)),
      end: outer.end(outer.indexAt(at)),
    });
  });
});

describe('rates', () => {
  it('add up to the number of events', () => {
    const ids = new OrderedIds();
    for (let id = 0; id < 1000; id++) ids.push(id, id * id);
    const rates = ratesOf([[ids], [ids, ids]], 0, 1e6, 50, HZ);
    const sum = (series: Float64Array): number => series.reduce((total, rate) => total + rate * rates.step, 0);
    expect(sum(rates.series[0]!)).toBeCloseTo(1000);
    expect(sum(rates.series[1]!)).toBeCloseTo(2000);
    expect(rates.at[0]).toBeCloseTo(1e4 / HZ);
  });
});
