import { describe, expect, it } from 'vitest';
import { InvariantViolation } from '../../src/errors.ts';
import { Scheduler } from '../../src/time/scheduler.ts';

const fresh = () => {
  const scheduler = new Scheduler(800_000_000);
  const log: string[] = [];
  const timer = (name: string, then?: () => void) =>
    scheduler.timer(name, () => {
      log.push(`${name}@${scheduler.now}`);
      then?.();
    });
  return { scheduler, log, timer };
};

describe('Scheduler', () => {
  it('fires in order of time, ties in order of arming', () => {
    const { scheduler, log, timer } = fresh();
    const [a, b, c] = [timer('a'), timer('b'), timer('c')];
    b.armAt(50);
    c.armAt(20);
    a.armAt(50);
    expect(scheduler.nextDeadline).toBe(20);
    expect(scheduler.nextName).toBe('c');
    scheduler.advanceTo(100);
    scheduler.fireDue();
    expect(log).toEqual(['c@100', 'b@100', 'a@100']);
    expect(scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(a.armed).toBe(false);
  });

  it('re-arms, cancels, and never fires early', () => {
    const { scheduler, log, timer } = fresh();
    const [a, b] = [timer('a'), timer('b')];
    a.armAt(10);
    a.armAt(30);
    b.armIn(20);
    b.cancel();
    b.cancel();
    scheduler.advanceTo(29);
    scheduler.fireDue();
    expect(log).toEqual([]);
    scheduler.advanceTo(30);
    scheduler.fireDue();
    expect(log).toEqual(['a@30']);
  });

  it('rounds up to whole cycles and brings the past to now', () => {
    const { scheduler, timer } = fresh();
    const a = timer('a');
    scheduler.advanceTo(100);
    a.armIn(0.25);
    expect(a.deadline).toBe(101);
    a.armAt(5);
    expect(a.deadline).toBe(100);
  });

  it('fires what a timer arms for now, in the same round', () => {
    const { scheduler, log, timer } = fresh();
    const b = timer('b');
    const a = timer('a', () => b.armIn(0));
    a.armAt(1);
    scheduler.advanceTo(1);
    scheduler.fireDue();
    expect(log).toEqual(['a@1', 'b@1']);
  });

  it('follows the running core and tells it when something comes earlier than planned', () => {
    const { scheduler, timer } = fresh();
    let elapsed = 0;
    let moved = 0;
    const a = timer('a');
    const core = { elapsed: () => elapsed, deadlineMoved: () => moved++ };
    const took = scheduler.runSlice(core, 1000, () => {
      elapsed = 400;
      expect(scheduler.now).toBe(400);
      a.armIn(700);
      expect(moved).toBe(0);
      a.armIn(100);
      expect(moved).toBe(1);
      expect(a.deadline).toBe(500);
      elapsed = 450;
    });
    expect(took).toBe(450);
    expect(scheduler.now).toBe(0);
    scheduler.advanceTo(took);
    expect(scheduler.now).toBe(450);
  });

  it('is usable after a slice that throws', () => {
    const { scheduler } = fresh();
    const core = { elapsed: () => 7, deadlineMoved: () => undefined };
    expect(() =>
      scheduler.runSlice(core, 10, () => {
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(scheduler.now).toBe(0);
    scheduler.advanceTo(9);
    expect(scheduler.now).toBe(9);
  });

  it('refuses what would break the clock', () => {
    const { scheduler } = fresh();
    const core = { elapsed: () => 0, deadlineMoved: () => undefined };
    expect(() => new Scheduler(0)).toThrow(InvariantViolation);
    expect(() => new Scheduler(1.5)).toThrow(InvariantViolation);
    scheduler.runSlice(core, 1, () => {
      expect(() => scheduler.advanceTo(5)).toThrow(InvariantViolation);
      expect(() => scheduler.fireDue()).toThrow(InvariantViolation);
      expect(() => scheduler.runSlice(core, 1, () => undefined)).toThrow(InvariantViolation);
    });
  });

  it('converts nanoseconds', () => {
    const { scheduler } = fresh();
    expect(scheduler.cyclesFromNs(1)).toBe(1);
    expect(scheduler.cyclesFromNs(1250)).toBe(1000);
    expect(scheduler.nsFromCycles(800_000_000)).toBe(1_000_000_000);
    scheduler.advanceTo(400_000_000);
    expect(scheduler.seconds).toBe(0.5);
  });

  it('keeps its order over thousands of random arms and cancels', () => {
    const { scheduler } = fresh();
    let state = 12345;
    const random = (limit: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % limit;
    };
    const fired: { cycle: number; index: number }[] = [];
    const timers = Array.from({ length: 200 }, (_, index) =>
      scheduler.timer(`t${index}`, () => fired.push({ cycle: timersDue[index]!, index })),
    );
    const timersDue: number[] = [];
    const order: number[] = [];
    for (let round = 0; round < 2000; round++) {
      const index = random(200);
      const at = order.indexOf(index);
      if (at >= 0) order.splice(at, 1);
      if (random(4) === 0) timers[index]!.cancel();
      else {
        timersDue[index] = random(500);
        timers[index]!.armAt(timersDue[index]!);
        order.push(index);
      }
    }
    const expected = order.map((index, sequence) => ({ cycle: timersDue[index]!, index, sequence }));
    expected.sort((a, b) => a.cycle - b.cycle || a.sequence - b.sequence);
    scheduler.advanceTo(1000);
    scheduler.fireDue();
    expect(fired.map(({ index }) => index)).toEqual(expected.map(({ index }) => index));
  });
});
