/** The events that the timeline keeps, and its rows: nothing is lost without being counted. */
import { describe, expect, it } from 'vitest';
import type { ViewEvent } from '../../src/view/protocol.ts';
import { CatchUp } from '../../view/src/panes/timeline/catch-up.ts';
import { EventLog } from '../../view/src/panes/timeline/event-log.ts';
import { Lanes } from '../../view/src/panes/timeline/lanes.ts';
import { OrderedIds } from '../../view/src/panes/timeline/ordered-ids.ts';
import { rowAt, rowOfLane, rowsOf } from '../../view/src/panes/timeline/rows.ts';
import { SpanTrack } from '../../view/src/panes/timeline/span-track.ts';
import { makeRun, random, Script } from './timeline-run.ts';

function logOf(events: readonly ViewEvent[], capacity?: number): { log: EventLog; lanes: Lanes } {
  const log = new EventLog(capacity);
  const lanes = new Lanes(log);
  log.listen(lanes);
  for (const event of events) log.append(event);
  return { log, lanes };
}

describe('OrderedIds', () => {
  it('sorts what comes a little late, and finds by bisection what a scan finds', () => {
    const ids = new OrderedIds();
    const next = random(7);
    const all: { id: number; cycle: number }[] = [];
    for (let id = 0; id < 500; id++) {
      const cycle = Math.floor(id / 3) * 10 + Math.floor(next() * 25);
      all.push({ id, cycle });
      ids.push(id, cycle);
    }
    all.sort((a, b) => a.cycle - b.cycle || a.id - b.id);
    expect(Array.from({ length: ids.length }, (_, index) => ids.id(index))).toEqual(all.map(({ id }) => id));
    let near = 0;
    for (let cycle = -5; cycle < 1800; cycle += 7) {
      const expected = all.filter((each) => each.cycle < cycle).length;
      expect(ids.lowerBound(cycle)).toBe(expected);
      near = ids.advance(cycle, near);
      expect(near).toBe(expected);
    }
    expect(all.every(({ id, cycle }) => ids.id(ids.indexOf(id, cycle)) === id)).toBe(true);
    expect(ids.indexOf(3, 1e9)).toBe(-1);
    ids.keep(100, 200);
    expect(ids.length).toBe(100);
  });
});

describe('SpanTrack', () => {
  it('covers as much as its stretches are long', () => {
    const track = new SpanTrack();
    track.begin(1, 100);
    track.finish(2, 150);
    track.begin(3, 200);
    track.finish(4, 300);
    track.begin(5, 400);
    expect(track.covered(120, 1000)).toBe(20);
    expect(track.covered(250, 1000)).toBe(100);
    expect(track.covered(350, 1000)).toBe(150);
    expect(track.covered(500, 1000)).toBe(250);
    expect(track.covered(5000, 1000)).toBe(750);
    expect([99, 100, 150, 299, 399, 9999].map((cycle) => track.indexAt(cycle))).toEqual([-1, 0, -1, 1, -1, 2]);
    expect(track.end(2)).toBe(Number.POSITIVE_INFINITY);
    track.keep(1, 4);
    expect([track.length, track.isOpen, track.endId(1)]).toEqual([2, true, -1]);
    track.finish(9, 260);
    expect(track.covered(1000, 1000)).toBe(110);
  });
});

describe('EventLog', () => {
  it('notes what is missing between events, and before the first', () => {
    const script = new Script().drop(12);
    script.dmesg('first').drop(5).dmesg('second', 6, 100);
    const { log } = logOf(script.events);
    expect(log.gaps).toEqual([
      { from: 0, to: 800, count: 12, kind: 'before', next: 0 },
      { from: 800, to: 900, count: 5, kind: 'dropped', next: 1 },
    ]);
  });

  it('lets the oldest go when there are too many, says how many, and keeps the numbers of the others', () => {
    const events = makeRun(2600);
    const { log, lanes } = logOf(events, 1000);
    expect(log.length).toBeLessThanOrEqual(1000);
    expect(log.gaps[0]).toMatchObject({ kind: 'trimmed', from: 0, count: log.first, next: log.first });
    expect(log.first + log.length).toBe(events.length);
    expect(log.event(log.first)).toBe(events[log.first]);
    expect(log.bySeq(events.at(-1)!.seq)).toBe(log.end - 1);
    expect(log.bySeq(0)).toBe(-1);
    expect(lanes.all.length).toBe(log.length);
    expect(lanes.list.reduce((sum, lane) => sum + lane.ids.length, 0)).toBe(log.length);
  });

  it('follows a list that grows, loses its beginning, is cut and goes on otherwise', () => {
    const events = makeRun(400);
    const { log, lanes } = logOf([]);
    expect(log.follow(events.slice(0, 100))).toBe(true);
    expect(log.follow(events.slice(0, 100))).toBe(false);
    log.follow(events.slice(50, 250));
    expect(log.length).toBe(250);
    // The page forgot the future from event 200 on, and other things happened.
    const other = new Script();
    other.at = events[199]!.cycle;
    const fresh = Array.from({ length: 30 }, (_, index) => ({
      ...other.dmesg(`another future ${index}`).events.at(-1)!,
      seq: 200 + index,
    }));
    log.follow([...events.slice(80, 200), ...fresh]);
    expect(log.length).toBe(230);
    expect(log.event(200)).toBe(fresh[0]);
    expect(log.lastCycle).toBe(fresh.at(-1)!.cycle);
    expect(lanes.all.length).toBe(230);
    expect(log.gaps).toEqual([]);
    // What was before came later, and what was in between.
    const late = logOf([]).log;
    late.follow([...events.slice(100, 150), ...events.slice(170)]);
    late.follow(events);
    expect(late.absorb(events)).toBe(true);
    expect(late.absorb(events)).toBe(false);
    expect([late.length, late.gaps.length]).toEqual([events.length, 0]);
  });

  it('starts again with a number that is given again', () => {
    const script = new Script().dmesg('a').dmesg('b').dmesg('c');
    const { log } = logOf(script.events);
    const again: ViewEvent = { seq: 1, cycle: 900, type: 'dmesg', level: 6, text: 'B', seconds: 0 };
    log.append(again);
    expect([log.length, log.event(1), log.lastCycle]).toEqual([2, again, 900]);
  });
});

describe('Lanes', () => {
  it('has a row for each thing that was heard of, from findings over Linux to the core', () => {
    const { lanes } = logOf(makeRun(6000));
    expect(lanes.list.map(({ key }) => key)).toEqual([
      'finding',
      'dmesg',
      'message/virtio0/tx',
      'message/virtio0/rx',
      'vring/virtio0/0',
      'vring/virtio0/1',
      'mu/MU1/A',
      'mu/MU1/B',
      'core/m7',
      'interrupt/m7',
      'thread/m7',
      'console/uart4',
    ]);
    const side = lanes.lane('mu/MU1/A')!;
    expect([...side.parts.keys()]).toEqual(['receive 1', 'transmit 1']);
    expect([...side.parts.values()].reduce((sum, part) => sum + part.ids.length, 0)).toBe(side.ids.length);
    expect(lanes.lane('mu/MU1/A#transmit 1')!.ids.length).toBeGreaterThan(100);
    const { log } = logOf([]);
    expect(new Lanes(log).list).toEqual([]);
  });

  it('nests interrupts, and ends those whose end was not seen', () => {
    const script = new Script();
    script.interrupt('SysTick', 15, 200, () => script.interrupt('UART4', 45, 90));
    script.put({ type: 'interrupt', core: 'm7', phase: 'enter', number: 15, name: 'SysTick' }, 1000);
    script.put({ type: 'interrupt', core: 'm7', phase: 'enter', number: 45, name: 'UART4' }, 10);
    script.put({ type: 'interrupt', core: 'm7', phase: 'exit', number: 15, name: 'SysTick' }, 50);
    script.put({ type: 'interrupt', core: 'm7', phase: 'exit', number: 99, name: 'never entered' }, 50);
    const { lanes } = logOf(script.events);
    const lane = lanes.lane('interrupt/m7')!;
    expect(lane.tracks.map((track) => Array.from({ length: track.length }, (_, index) => [track.start(index), track.end(index)]))).toEqual([
      [
        [10, 310],
        [1310, 1370],
      ],
      [
        [20, 110],
        [1320, 1370],
      ],
    ]);
    expect(lane.parts.get('UART4')!.tracks[0]!.length).toBe(2);
  });

  it('does not let a stretch go on over events that are missing', () => {
    const script = new Script();
    script.thread('app', 1).put({ type: 'interrupt', core: 'm7', phase: 'enter', number: 15, name: 'SysTick' }, 10);
    script.drop(9);
    script.at += 1000;
    script.dmesg('later');
    const { lanes } = logOf(script.events);
    expect(lanes.lane('interrupt/m7')!.tracks[0]!.end(0)).toBe(50);
    expect(lanes.lane('thread/m7')!.tracks[0]!.end(0)).toBe(50);
  });

  it('shows threads one after the other, and none while the core is stopped', () => {
    const script = new Script();
    script.put({ type: 'core', core: 'm7', state: 'started', detail: '' });
    script.thread('a', 1, 10).thread('b', 2, 10).thread('a', 1, 10);
    script.put({ type: 'core', core: 'm7', state: 'crashed', detail: 'lockup' }, 100);
    const { lanes } = logOf(script.events);
    const track = lanes.lane('thread/m7')!.tracks[0]!;
    expect([0, 1, 2].map((index) => [track.start(index), track.end(index)])).toEqual([
      [10, 20],
      [20, 30],
      [30, 130],
    ]);
    expect(lanes.lane('thread/m7#b')!.tracks[0]!.end(0)).toBe(30);
    expect(lanes.alarms.length).toBe(1);
  });
});

describe('CatchUp', () => {
  it('has a latecomer hear what the others heard, and what comes meanwhile', () => {
    const events = makeRun(3000, [4]);
    const { log, lanes } = logOf(events.slice(0, 2000));
    const late = new Lanes(log);
    const catching = new CatchUp(log, late);
    expect(catching.step(() => true)).toBe(false);
    expect(catching.fraction).toBeGreaterThan(0);
    for (const event of events.slice(2000)) log.append(event);
    while (!catching.step(() => true));
    const picture = (of: Lanes) =>
      of.list.map((lane) => [lane.key, lane.ids.length, lane.tracks.map((track) => [track.length, track.covered(1e12, 1e10)])]);
    expect(picture(late)).toEqual(picture(lanes));
    log.append({ seq: events.at(-1)!.seq + 1, cycle: 1e10, type: 'dmesg', level: 6, text: 'live', seconds: 0 });
    expect(late.all.length).toBe(log.length);
    catching.dispose();
    log.append({ seq: events.at(-1)!.seq + 2, cycle: 1e10, type: 'dmesg', level: 6, text: 'unheard', seconds: 0 });
    expect(late.all.length).toBe(log.length - 1);
  });
});

describe('rows', () => {
  it('stand one below the other; parts and groups open and close', () => {
    const { lanes } = logOf(makeRun(1000));
    const sizes = { group: 20, lane: 24, part: 18, nested: 6 };
    const closed = rowsOf(lanes.list, new Set(), new Set(['core']), sizes);
    const open = rowsOf(lanes.list, new Set(['mu/MU1/A']), new Set(), sizes);
    for (const { list, height } of [closed, open]) {
      let y = 0;
      for (const row of list) {
        expect(row.y).toBe(y);
        y += row.height;
      }
      expect(height).toBe(y);
    }
    expect(open.list.map(({ key }) => key)).toContain('mu/MU1/A#transmit 1');
    expect(closed.list.some(({ key }) => key === 'interrupt/m7')).toBe(false);
    expect(open.list.find(({ key }) => key === 'interrupt/m7')!.height).toBe(30);
    expect(rowAt(open, 21)!.key).toBe(open.list[1]!.key);
    expect(rowAt(open, open.height + 1)).toBeUndefined();
    expect(rowOfLane(open, 'mu/MU1/A', 'transmit 1', 'mu')!.key).toBe('mu/MU1/A#transmit 1');
    expect(rowOfLane(closed, 'mu/MU1/A', 'transmit 1', 'mu')!.key).toBe('mu/MU1/A');
    expect(rowOfLane(closed, 'interrupt/m7', 'SysTick', 'core')!.key).toBe('core');
  });
});
