/** The kernel's mutex: first come first served, one sleeper woken for each unlock, and no lock that is lost with a signal. */
import { beforeEach, describe, expect, it } from 'vitest';
import { EventHub } from '../../src/events.ts';
import { Kernel, type KernelCode, Mutex, sleep } from '../../src/linux/kernel.ts';
import { AddressSpace } from '../../src/memory/bus.ts';
import { Scheduler } from '../../src/time/scheduler.ts';

const US = 1000;

let scheduler: Scheduler;
let kernel: Kernel;
let mutex: Mutex;
let log: string[];

beforeEach(() => {
  scheduler = new Scheduler(1e9);
  kernel = new Kernel({ scheduler, memory: new AddressSpace('linux'), events: new EventHub() });
  mutex = new Mutex('test');
  log = [];
});

/** Fires timers until none is left; how many there were. */
function settle(): number {
  let fired = 0;
  for (; scheduler.nextDeadline !== Number.POSITIVE_INFINITY; fired++) {
    scheduler.advanceTo(scheduler.nextDeadline);
    scheduler.fireDue();
  }
  return fired;
}

function* hold(name: string, ns: number): KernelCode {
  yield* mutex.lock();
  log.push(`${name} has it`);
  yield* sleep(ns);
  log.push(`${name} gives it back`);
  mutex.unlock();
}

function* holdOrDie(name: string): KernelCode {
  const has = yield* mutex.lockInterruptible();
  log.push(has ? `${name} has it` : `${name} was interrupted`);
  if (has) mutex.unlock();
}

describe('Mutex', () => {
  it('is given in the order in which it was asked for, and one task wakes for each time that it is given back', () => {
    const names = Array.from({ length: 40 }, (_, i) => `task ${i}`);
    for (const name of names) kernel.spawn(name, hold(name, 20 * US));
    const moments = settle();
    expect(log).toEqual(names.flatMap((name) => [`${name} has it`, `${name} gives it back`]));
    expect(mutex.locked).toBe(false);
    // Start, the end of the sleep and, for all but the first, the wake: not 40 wakes for each.
    expect(moments).toBeLessThanOrEqual(3 * names.length);
  });

  it('costs no turn where nobody has it', () => {
    kernel.spawn('alone', hold('alone', 0), 0);
    scheduler.fireDue();
    expect(log).toEqual(['alone has it']);
  });

  it('is passed on when a signal interrupts the one that was woken to take it', () => {
    kernel.spawn('holder', hold('holder', 20 * US), 0);
    const victim = kernel.spawn('victim', holdOrDie('victim'), 1 * US);
    kernel.spawn('last', hold('last', 0), 2 * US);
    scheduler.timer('between', () => victim.signal()).armAt(20 * US + 1);
    settle();
    expect(log.slice(0, 2)).toEqual(['holder has it', 'holder gives it back']);
    expect(log).toContain('last has it');
    expect(mutex.locked).toBe(false);
    expect(kernel.tasks.size).toBe(0);
  });

  it('leaves the queue to the others when one is interrupted while somebody has it', () => {
    kernel.spawn('holder', hold('holder', 50 * US), 0);
    const victim = kernel.spawn('victim', holdOrDie('victim'), 1 * US);
    kernel.spawn('last', hold('last', 0), 2 * US);
    scheduler.timer('signal', () => victim.signal()).armAt(20 * US);
    settle();
    expect(log).toEqual(['holder has it', 'victim was interrupted', 'holder gives it back', 'last has it', 'last gives it back']);
  });

  it('is not waited for by one that has a signal already (signal_pending_state), and is taken by it when free', () => {
    kernel.spawn('holder', hold('holder', 50 * US), 0);
    const late = kernel.spawn('late', holdOrDie('late'), 20 * US);
    late.signal();
    scheduler.timer('moment', () => log.push('30 us')).armAt(30 * US);
    settle();
    const free = kernel.spawn('free', holdOrDie('free'), 0);
    free.signal();
    settle();
    expect(log).toEqual(['holder has it', 'late was interrupted', '30 us', 'holder gives it back', 'free has it']);
  });
});
