import { describe, expect, it } from 'vitest';
import { ConsoleLog, ConsoleLogs, KEPT_OUTPUT, MOST_CONSOLES } from '../../src/view/console-log.ts';
import { EventLog, KEPT_BYTES, KEPT_EVENTS } from '../../src/view/event-log.ts';

const PLAIN = 2;
const TEXT = 5;
const log = () => new EventLog(1 << TEXT);

describe('the log of events', () => {
  it('gives back what was put in, whatever the cycle', () => {
    const events = log();
    const mu = events.nameNumber('MU1');
    for (const cycle of [0, 5, 2 ** 32 + 7, 2 ** 45 + 3, 2 ** 46 + 9, 2 ** 50 + 1])
      events.add(cycle, PLAIN, 11, mu, 0xffff_ffff, cycle % 1000);
    events.addText(2 ** 50 + 2, TEXT, 3, 'linux', 'größer', 0xdead_beef, 7);
    expect(events.next).toBe(7);
    expect(events.at(2)).toMatchObject({ seq: 2, type: PLAIN, detail: 11, name: 'MU1', a: 0xffff_ffff, b: (2 ** 32 + 7) % 1000 });
    const { payload, ...rest } = events.at(6);
    expect(rest).toEqual({ seq: 6, cycle: 2 ** 50 + 2, type: TEXT, detail: 3, name: 'linux', a: 0xdead_beef, b: 7 });
    expect(new TextDecoder().decode(payload)).toBe('größer');
  });

  it('knows each cycle of a run of days', () => {
    const events = log();
    const day = 2 ** 46;
    for (let i = 0; i < 100; i++) {
      events.add(day * 3 - 50 + i, PLAIN, 0, 0, i, 0);
      expect(events.cycleOf(events.next - 1)).toBe(day * 3 - 50 + i);
    }
    for (let i = 0; i < 100; i++) expect(events.cycleOf(i)).toBe(day * 3 - 50 + i);
  });

  it('keeps the last of them, and never more', () => {
    const events = log();
    const total = KEPT_EVENTS * 2 + 500;
    for (let i = 0; i < total; i++) events.add(i, PLAIN, i & 7, 0, i, 0);
    expect(events.next).toBe(total);
    expect(total - events.oldest).toBeLessThanOrEqual(KEPT_EVENTS);
    expect(total - events.oldest).toBeGreaterThan(KEPT_EVENTS - 2048);
    for (const seq of [events.oldest, events.oldest + 12_345, total - 1])
      expect(events.at(seq)).toMatchObject({ seq, cycle: seq, a: seq, detail: seq & 7 });
  });

  it('forgets events whose payload is gone, and shows none of them wrong', () => {
    const events = log();
    const line = 'x'.repeat(1000);
    const count = Math.ceil((KEPT_BYTES / 1008) * 1.5);
    for (let i = 0; i < count; i++) {
      events.addText(i, TEXT, 0, 'uart4', `${i} ${line}`);
      events.add(i, PLAIN, 0, 0, i, 0);
    }
    const { oldest, next } = events;
    expect(next).toBe(2 * count);
    expect(oldest).toBeGreaterThan(0);
    expect(next - oldest).toBeGreaterThan(count / 2);
    const first = oldest + (oldest % 2);
    for (const seq of [first, first + 1000, next - 2]) expect(new TextDecoder().decode(events.at(seq).payload)).toBe(`${seq / 2} ${line}`);
  });

  it('is shorter when the future is forgotten, and goes on from there', () => {
    const events = log();
    for (let i = 0; i < 3000; i++) events.add(i * 10, PLAIN, 0, 0, i, 0);
    expect(events.forget(20_005)).toBe(2001);
    events.add(20_007, PLAIN, 0, 0, 42, 0);
    expect(events.next).toBe(2002);
    expect(events.at(2001)).toMatchObject({ cycle: 20_007, a: 42 });
    expect(events.forget(-1)).toBe(0);
  });

  it('has names for as many devices as firmware likes', () => {
    const events = log();
    for (let i = 0; i < 5000; i++) events.add(i, PLAIN, 0, events.nameNumber(`tty${i}`), 0, 0);
    expect(events.at(17).name).toBe('tty17');
    expect(events.at(4999).name).toMatch(/^tty\d+$/);
  });
});

describe('the log of a console', () => {
  it('keeps the last 256 KiB, read from any place', () => {
    const log = new ConsoleLog('uart4');
    for (let i = 0; i < KEPT_OUTPUT + 1000; i++) log.add(i & 0xff, i);
    expect([log.start, log.end]).toEqual([1000, KEPT_OUTPUT + 1000]);
    expect([...log.read(5000, 3)]).toEqual([5000 & 0xff, 5001 & 0xff, 5002 & 0xff]);
    expect(log.read(0).length).toBe(KEPT_OUTPUT);
    expect([...log.read(KEPT_OUTPUT + 998)]).toEqual([(KEPT_OUTPUT + 998) & 0xff, (KEPT_OUTPUT + 999) & 0xff]);
    expect(log.read(KEPT_OUTPUT + 1000).length).toBe(0);
  });

  it('loses exactly what came after a cycle', () => {
    const log = new ConsoleLog('uart4');
    for (let i = 0; i < 100; i++) log.add(i, i * 2);
    expect(log.forget(198)).toBe(false);
    expect(log.forget(51)).toBe(true);
    expect([log.end, log.generation]).toEqual([26, 1]);
    log.add(7, 52);
    expect([...log.read(24)]).toEqual([24, 25, 7]);
  });

  it('has lost for good what was written over, also when output is taken away', () => {
    const log = new ConsoleLog('uart4');
    for (let i = 0; i < KEPT_OUTPUT + 1000; i++) log.add(i & 0xff, i);
    expect(log.forget(KEPT_OUTPUT - 1)).toBe(true);
    expect([log.start, log.end]).toEqual([1000, KEPT_OUTPUT]);
    log.add(7, KEPT_OUTPUT);
    expect([log.start, log.end]).toEqual([1000, KEPT_OUTPUT + 1]);
    expect([...log.read(0, 2)]).toEqual([1000 & 0xff, 1001 & 0xff]);
    expect([...log.read(KEPT_OUTPUT - 1)]).toEqual([(KEPT_OUTPUT - 1) & 0xff, 7]);
  });

  it('shares its memory with the others: six are kept in full', () => {
    const logs = new ConsoleLogs();
    const fill = (device: string): number => {
      const log = logs.of(device)!;
      const bytes = Uint8Array.from({ length: KEPT_OUTPUT }, (_, i) => i % 251);
      log.addAll(bytes, 1);
      expect([...log.read(log.end - 3)]).toEqual([...bytes.subarray(-3)]);
      expect(log.read(0).length).toBe(log.end - log.start);
      return log.end - log.start;
    };
    const kept = Array.from({ length: 10 }, (_, i) => fill(`ttyRPMSG${i}`));
    expect(kept.slice(0, 6)).toEqual(new Array(6).fill(KEPT_OUTPUT));
    expect(kept.slice(7).every((length) => length >= 1024 && length < KEPT_OUTPUT)).toBe(true);
    for (let i = 10; i < MOST_CONSOLES; i++) logs.of(`ttyRPMSG${i}`)!.add(1, 1);
    expect(logs.of('one more')).toBeUndefined();
  });
});
