/** What belongs together: the way of a message, latencies, the sequence diagram, events in words. */
import { describe, expect, it } from 'vitest';
import type { ViewEvent } from '../../src/view/protocol.ts';
import { dump } from '../../view/src/format.ts';
import { chainOf, chainOfMessage } from '../../view/src/panes/timeline/correlate.ts';
import { detailOf, lineOf, muMeaning, toneOf, visible } from '../../view/src/panes/timeline/describe.ts';
import { EventLog } from '../../view/src/panes/timeline/event-log.ts';
import { histogram, Latencies, percentile, samplesOf } from '../../view/src/panes/timeline/latency.ts';
import { rowOf, SequenceIndex, type SequenceOptions } from '../../view/src/panes/timeline/sequence.ts';
import { HZ, makeRun, Script } from './timeline-run.ts';

function logOf(events: readonly ViewEvent[]): { log: EventLog; latencies: Latencies } {
  const log = new EventLog();
  const latencies = new Latencies(log);
  log.listen(latencies);
  for (const event of events) log.append(event);
  return { log, latencies };
}

const messages = (events: readonly ViewEvent[]): number[] => events.flatMap((event, id) => (event.type === 'message' ? [id] : []));

describe('the way of a message', () => {
  const script = new Script();
  script.toCore(0x400, 0x1e, 'ping', 4);
  script.at += 5000;
  script.toLinux(0x1e, 0x400, 'pong', 9);
  script.put({ type: 'vring', device: 'virtio0', queue: 0, action: 'kick', id: 0, length: 0 });
  const { log } = logOf(script.events);
  const [tx, rx] = messages(script.events) as [number, number];
  const roles = (id: number) =>
    chainOfMessage(log, id)!.links.map(({ role, id: at }) => `${role}: ${lineOf(log.event(at)).split('  ')[0]}`);

  it('to the core: buffer, message, doorbell, interrupt, the core’s look', () => {
    expect(roles(tx)).toEqual([
      'buffer given: virtio0 vring1 avail',
      'message: virtio0 tx',
      'doorbell rung: virtio0 vring1 kick',
      'MU transmit: MU1 A transmit',
      'interrupt: m7 enters MU1_M7',
      'MU receive: MU1 B receive',
      'answer: virtio0 rx',
    ]);
    expect(chainOfMessage(log, tx)!.missing).toEqual([]);
  });

  it('to Linux: the core’s doorbell, Linux’s look, the buffer and its return', () => {
    expect(roles(rx)).toEqual([
      'answers: virtio0 tx',
      'MU transmit: MU1 B transmit',
      'MU receive: MU1 A receive',
      'buffer taken: virtio0 vring0 used',
      'message: virtio0 rx',
      'buffer returned: virtio0 vring0 avail',
      'doorbell rung: virtio0 vring0 kick',
    ]);
  });

  it('is found from any of its events', () => {
    for (const id of [tx, rx]) {
      for (const link of chainOfMessage(log, id)!.links) {
        if (link.role.startsWith('answer')) continue;
        expect(chainOf(log, link.id)!.message, `${link.role} ${link.id}`).toBe(id);
      }
    }
    expect(chainOf(log, 99)).toBeUndefined();
  });

  it('is that of the right message in a whole run, whichever side Linux has', () => {
    const events = makeRun(2000);
    const { log: long } = logOf(events);
    for (const id of messages(events)) {
      const event = long.event(id) as Extract<ViewEvent, { type: 'message' }>;
      if (event.dst === 0x401) continue;
      const chain = chainOfMessage(long, id)!;
      expect(chain.missing).toEqual([]);
      const cycles = chain.links.map((link) => long.cycle(link.id));
      expect(cycles).toEqual([...cycles].sort((a, b) => a - b));
      const way = chain.links.filter(({ role }) => !role.startsWith('answer'));
      expect(way.length).toBe(event.direction === 'tx' ? 6 : 5);
      expect(long.cycle(way.at(-1)!.id) - long.cycle(way[0]!.id)).toBeLessThan(12_000);
    }
    const other = chainOfMessage(log, tx, () => 'B')!;
    expect(other.links.find(({ role }) => role === 'MU transmit')?.id).not.toBe(
      chainOfMessage(log, tx)!.links.find(({ role }) => role === 'MU transmit')?.id,
    );
  });

  it('says what is not there', () => {
    const quiet = new Script();
    quiet.put({ type: 'vring', device: 'virtio0', queue: 1, action: 'avail', id: 0, length: 20 });
    quiet.put({ type: 'message', device: 'virtio0', direction: 'tx', src: 1, dst: 2, length: 4, data: btoa('abcd') });
    const chain = chainOfMessage(logOf(quiet.events).log, 1)!;
    expect(chain.links.map(({ role }) => role)).toEqual(['buffer given', 'message']);
    expect(chain.missing[0]).toContain('a doorbell');
    const lost = new Script().toCore(1, 2, 'lost').events.slice(0, 5);
    expect(chainOfMessage(logOf(lost).log, 1)!.missing).toEqual(['the core’s look at the word: it has not read it']);
  });
});

describe('latencies', () => {
  const script = new Script();
  for (let index = 0; index < 100; index++) {
    script.toCore(0x400, 0x1e, 'ping');
    script.at += (index + 1) * 1000;
    script.toLinux(0x1e, 0x400, 'pong');
  }
  const { log, latencies } = logOf(script.events);
  const series = (key: string) => latencies.series.get(key)!;

  it('measure round trips, doorbells and handlers', () => {
    expect([...latencies.series.keys()].sort()).toEqual([
      'doorbell/MU1/A/1',
      'doorbell/MU1/B/1',
      'interrupt/m7/113',
      'round trip/virtio0/1024/30',
    ]);
    const trips = samplesOf([series('round trip/virtio0/1024/30')], log);
    // From the message: interrupt 346, the core's work, 5600 to Linux.
    expect(trips.map(({ cycles }) => cycles)).toEqual(Array.from({ length: 100 }, (_, index) => 346 + (index + 1) * 1000 + 5600));
    expect(samplesOf([series('doorbell/MU1/A/1')], log).every(({ cycles }) => cycles === 36)).toBe(true);
    expect(samplesOf([series('doorbell/MU1/B/1')], log).every(({ cycles }) => cycles === 1600)).toBe(true);
    expect(samplesOf([series('interrupt/m7/113')], log)[0]!.cycles).toBe(334);
    expect(samplesOf([series('interrupt/m7/113')], log, log.cycle(0), log.cycle(700)).length).toBeLessThan(100);
  });

  it('have percentiles by nearest rank', () => {
    const samples = samplesOf([series('round trip/virtio0/1024/30')], log);
    const at = (part: number) => (percentile(samples, part) - 5946) / 1000;
    expect([0.5, 0.9, 0.99, 1, 0].map(at)).toEqual([50, 90, 99, 100, 1]);
    expect(percentile([], 0.5)).toBeNaN();
  });

  it.each(['log', 'linear'] as const)('have each sample in one bin, %s', (scale) => {
    const samples = samplesOf([series('round trip/virtio0/1024/30')], log);
    const bins = histogram(samples, 20, scale);
    expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(100);
    for (const [index, bin] of bins.entries()) {
      for (const { cycles } of samples.slice(bin.first, bin.first + bin.count)) {
        expect(cycles).toBeGreaterThanOrEqual(bin.from - 1e-6);
        expect(cycles).toBeLessThanOrEqual(bin.to + 1e-6);
      }
      if (index > 0) expect(bin.from).toBeCloseTo(bins[index - 1]!.to);
    }
    const one = histogram([{ cycles: 0, from: 0, to: 1 }], 5, scale);
    expect(one.reduce((sum, bin) => sum + bin.count, 0)).toBe(1);
    expect(histogram([], 5, scale)).toEqual([]);
  });

  it('measure nothing across events that are missing', () => {
    const broken = new Script();
    broken.put({ type: 'message', device: 'virtio0', direction: 'tx', src: 1, dst: 2, length: 0, data: '' });
    broken.drop(3).put({ type: 'message', device: 'virtio0', direction: 'rx', src: 2, dst: 1, length: 0, data: '' }, 100);
    expect(logOf(broken.events).latencies.series.size).toBe(0);
  });
});

describe('the sequence diagram', () => {
  const options = (more: Partial<SequenceOptions> = {}): SequenceOptions => ({
    doorbells: true,
    rings: false,
    interrupts: false,
    lines: false,
    folded: new Set(),
    linuxSide: () => 'A',
    coreOf: () => 'm7',
    ...more,
  });
  const { events } = new Script().toCore(0x400, 0x1e, 'ping').toLinux(0x1e, 0x400, 'pong');
  const drawn = (more?: Partial<SequenceOptions>) => {
    const index = new SequenceIndex(options(more));
    for (const [id, event] of events.entries()) index.added(id, event);
    const rows = Array.from({ length: index.ids.length }, (_, at) => rowOf(events[index.ids.id(at)]!, index.options, index.lines));
    return { lines: index.lines.list.map(({ key }) => key), rows: rows.map(({ from, to }) => `${from} > ${to}`) };
  };

  it('has endpoints outside, kernel and core at the messaging unit', () => {
    expect(drawn()).toEqual({
      lines: ['linux/1024', 'linux', 'mu/MU1', 'core/m7', 'core/m7/30'],
      rows: [
        'linux/1024 > core/m7/30',
        'linux > mu/MU1',
        'mu/MU1 > core/m7',
        'core/m7 > mu/MU1',
        'mu/MU1 > linux',
        'core/m7/30 > linux/1024',
      ],
    });
  });

  it('folds groups, and leaves out what is not asked for', () => {
    expect(drawn({ folded: new Set(['linux', 'core']), doorbells: false })).toEqual({
      lines: ['linux', 'core/m7'],
      rows: ['linux > core/m7', 'core/m7 > linux'],
    });
    expect(drawn({ folded: new Set(['mu']) }).rows).toContain('linux > core/m7');
    expect(drawn({ rings: true, interrupts: true, lines: true }).rows.length).toBe(events.length - 1);
  });
});

describe('events in words', () => {
  it('say what happened', () => {
    const lines = new Script().toCore(0x400, 0x1e, 'ping\n').events.map(lineOf);
    expect(lines).toEqual([
      'virtio0 vring1 avail  buffer 0, 21 B',
      'virtio0 tx  0x400 → 0x1e, 5 B: “ping”',
      'virtio0 vring1 kick',
      'MU1 A transmit  channel 1, 0x00010000',
      'm7 enters MU1_M7  exception 113',
      'MU1 B receive  channel 1, 0x00010000',
      'm7 leaves MU1_M7  exception 113',
    ]);
    expect(
      detailOf({
        seq: 0,
        cycle: 0,
        type: 'message',
        device: 'v',
        direction: 'tx',
        src: 1,
        dst: 2,
        length: 9,
        data: btoa('\0\x01\x02\x03\x04\x05\x06\x07\x08'),
      }),
    ).toBe('0x1 → 0x2, 9 B: 00 01 02 03 04 05 06 07 …');
    const counter = {
      seq: 0,
      cycle: 0,
      type: 'message',
      device: 'v',
      direction: 'rx',
      src: 1,
      dst: 2,
      length: 4,
      data: btoa(')\0\0\0'),
      text: ')',
    } as const;
    expect(detailOf(counter)).toBe('0x1 → 0x2, 4 B: 29 00 00 00');
    expect(visible('a\tb\x1b[0m\x7f\r\n')).toBe('a b␛[0m␡');
  });

  it('explain what a word in the messaging unit means', () => {
    const event = { seq: 0, cycle: 0, type: 'mu', mu: 'MU1', side: 'A', action: 'transmit', channel: 1, value: 0x10000 } as const;
    expect(muMeaning(event)).toBe(
      'Side A writes TR1: side B finds it in RR1, and its RF1 flag rises. As RPMsg’s doorbell, 0x00010000 says: look at virtqueue 1.'.replaceAll(
        '’',
        "'",
      ),
    );
    expect(muMeaning({ ...event, value: 0x1234 })).not.toContain('virtqueue');
    for (const action of ['receive', 'general', 'acknowledge', 'flags', 'reset'])
      expect(muMeaning({ ...event, action })).toContain('Side A');
  });

  it('are red when something is wrong', () => {
    const tone = (level: number) => toneOf({ seq: 0, cycle: 0, type: 'dmesg', level, text: '', seconds: 0 });
    expect([3, 4, 6].map(tone)).toEqual(['error', 'warning', 'linux']);
    expect(dump(new TextEncoder().encode('hello world, and more\n'))).toEqual([
      { offset: '0000', hex: '68 65 6c 6c 6f 20 77 6f 72 6c 64 2c 20 61 6e 64', text: 'hello world, and' },
      { offset: '0010', hex: '20 6d 6f 72 65 0a', text: ' more·' },
    ]);
    expect(HZ).toBeGreaterThan(0);
  });
});
