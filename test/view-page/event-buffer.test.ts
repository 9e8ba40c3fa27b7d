/** The events that the page keeps. */
import { describe, expect, test } from 'vitest';
import type { ViewEvent } from '../../src/view/protocol.ts';
import { LastLines, LastMessages, plain, Rates } from '../../view/src/activity.ts';
import { EventBuffer } from '../../view/src/event-buffer.ts';
import { EventLog } from '../../view/src/panes/timeline/event-log.ts';

const interrupt = (seq: number): ViewEvent => ({
  seq,
  cycle: seq * 10,
  type: 'interrupt',
  core: 'm7',
  phase: 'enter',
  number: 16,
  name: 'x',
});
const mu = (seq: number): ViewEvent => ({
  seq,
  cycle: seq * 10,
  type: 'mu',
  mu: 'mu',
  side: 'A',
  action: 'transmit',
  channel: 1,
  value: 0,
});
const fault = (seq: number): ViewEvent => ({ seq, cycle: seq * 10, type: 'fault', fault: 'f', text: 't' });
const message = (seq: number, text?: string): ViewEvent & { type: 'message' } => ({
  seq,
  cycle: seq * 10,
  type: 'message',
  device: 'virtio0',
  direction: 'tx',
  src: 0x400,
  dst: 30,
  length: 4,
  data: '',
  ...(text === undefined ? {} : { text }),
});
const seqs = (buffer: EventBuffer) => buffer.list.map(({ seq }) => seq);

describe('event buffer', () => {
  test('keeps the order, leaves out what it has, counts what was dropped', () => {
    const buffer = new EventBuffer();
    buffer.push([mu(3), mu(4)]);
    buffer.push([mu(4), mu(5)], 7);
    expect(seqs(buffer)).toEqual([3, 4, 5]);
    expect(buffer.dropped).toBe(7);
    expect(buffer.generation).toBe(0);
  });

  test('takes older events in front, without those it has', () => {
    const buffer = new EventBuffer();
    buffer.push([mu(3)]);
    buffer.insert([mu(1), mu(2), mu(3)]);
    expect(seqs(buffer)).toEqual([1, 2, 3]);
    expect(buffer.generation).toBe(1);
    buffer.insert([mu(2)]);
    expect(buffer.generation).toBe(1);
    buffer.push([mu(9)]);
    expect(buffer.insert([mu(7), mu(8), mu(9)]).map(({ seq }) => seq)).toEqual([7, 8]);
    expect(buffer.list.map(({ seq }) => seq).slice(-3)).toEqual([7, 8, 9]);
    expect(buffer.generation).toBe(2);
  });

  test('forgets a future that does not happen, whose numbers are given again', () => {
    const buffer = new EventBuffer();
    buffer.push([mu(1), mu(2), mu(3)]);
    buffer.forgetFrom(2);
    expect(seqs(buffer)).toEqual([1]);
    buffer.push([fault(2)]);
    expect(buffer.list.at(-1)).toEqual(fault(2));
    const before = buffer.generation;
    buffer.forgetFrom(10);
    expect(buffer.generation).toBe(before);
  });

  test('is bounded: interrupts go first, from the oldest on, and the newest stay whole', () => {
    const buffer = new EventBuffer(100);
    for (let seq = 0; seq < 101; seq++) buffer.push([seq % 2 ? interrupt(seq) : message(seq)]);
    const kept = seqs(buffer);
    expect(kept.length).toBe(75);
    expect(kept.filter((seq) => seq % 2 === 0)).toHaveLength(51);
    expect(kept.slice(-10)).toEqual([91, 92, 93, 94, 95, 96, 97, 98, 99, 100]);
    expect(buffer.forgotten).toBe(26);
    expect([...kept].sort((a, b) => a - b)).toEqual(kept);
  });

  test('is bounded when nothing of it is of a busy kind', () => {
    const buffer = new EventBuffer(100);
    buffer.push(Array.from({ length: 1000 }, (_, seq) => fault(seq)));
    expect(buffer.list.length).toBeLessThanOrEqual(100);
    expect(buffer.list.at(-1)!.seq).toBe(999);
  });

  test('keeps 200,000 without taking long for twice as many', () => {
    const buffer = new EventBuffer();
    const event = mu(0);
    for (let batch = 0; batch < 400; batch++)
      buffer.push(Array.from({ length: 1000 }, (_, index) => ({ ...event, seq: batch * 1000 + index })));
    expect(buffer.list.length).toBeLessThanOrEqual(200_000);
    expect(buffer.list.length).toBeGreaterThanOrEqual(150_000);
    expect(buffer.forgotten + buffer.list.length).toBe(400_000);
  });
});

test('history that fills a hole and also reaches beyond the end reaches those who follow the list', () => {
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => mu(from + index));
  const buffer = new EventBuffer();
  const log = new EventLog();
  // As the timeline does before each painting.
  let generation = 0;
  const look = () => {
    log.follow(buffer.list);
    if (generation !== buffer.generation) log.absorb(buffer.list);
    generation = buffer.generation;
  };
  buffer.push(range(0, 10));
  buffer.push(range(15, 20));
  look();
  expect(log.gaps.map(({ count }) => count)).toEqual([5]);
  buffer.insert(range(8, 25));
  look();
  expect(buffer.list.map(({ seq }) => seq)).toEqual(range(0, 25).map(({ seq }) => seq));
  expect(log.gaps).toEqual([]);
  expect(log.length).toBe(25);
});

describe('activity', () => {
  test('rates count the last second only, totals everything', () => {
    const rates = new Rates(800);
    for (let cycle = 0; cycle < 1600; cycle += 100) rates.add('tx', cycle);
    expect(rates.total('tx')).toBe(16);
    expect(rates.recent('tx', 1599)).toBe(8);
    expect(rates.recent('tx', 10_000)).toBe(0);
    expect(rates.recent('rx', 1599)).toBe(0);
  });

  test('last lines are the last ones, without what a terminal would have made of them', () => {
    const lines = new LastLines(2);
    for (const text of ['one', '\x1b[32mtwo\x1b[0m\r', 'three\x07'])
      lines.add({ seq: 0, cycle: 0, type: 'console', device: 'uart4', text, since: 0 });
    expect(lines.of('uart4')).toEqual(['two', 'three']);
    lines.add({ seq: 0, cycle: 0, type: 'dmesg', level: 6, text: 'booted', seconds: 1.5 });
    expect(lines.of('dmesg')).toEqual(['1.500 booted']);
    expect(lines.devices).toEqual(['uart4', 'dmesg']);
  });

  test('an escape sequence without an end is no trap', () => {
    expect(plain('a\x1b[')).toBe('a');
    expect(plain('a\x1b[12;')).toBe('a');
  });

  test('last messages say what they are', () => {
    const messages = new LastMessages(2);
    messages.add(message(1, 'text'));
    expect(messages.of('virtio0', 'tx').map(({ text }) => text)).toEqual(['“text”']);
    messages.add(message(2));
    messages.add({ ...message(3), nameService: { name: 'rpmsg-tty', address: 0x1e, flags: 'create' } });
    expect(messages.of('virtio0', 'tx').map(({ text }) => text)).toEqual(['announces rpmsg-tty at 0x1e', '4 bytes']);
    expect(messages.of('virtio0', 'rx')).toEqual([]);
  });
});
