/** The bridge between promises and virtual time. */
import { describe, expect, it } from 'vitest';
import { LinuxError, LinuxTimeout, MachineEnded } from '../../src/errors.ts';
import { type KernelCode, sleep, WaitQueue } from '../../src/linux/kernel.ts';
import { type Clockwork, type ClockworkStop, UserSpace } from '../../src/linux/user-space.ts';
import { kernelFixture } from './kernel-fixture.ts';

function fixture() {
  const board = kernelFixture();
  const { kernel, scheduler } = board;
  let wanted = false;
  const state: { stop: ClockworkStop | undefined; runs: number } = { stop: undefined, runs: 0 };
  const clockwork: Clockwork = {
    scheduler,
    requestStop: () => {
      wanted = true;
    },
    run(limit) {
      state.runs++;
      for (;;) {
        scheduler.fireDue();
        if (wanted) {
          wanted = false;
          return { kind: 'requested' };
        }
        if (state.stop) return state.stop;
        if (scheduler.now >= limit) return { kind: 'limit' };
        if (scheduler.nextDeadline === Number.POSITIVE_INFINITY) return { kind: 'deadlock' };
        scheduler.advanceTo(Math.min(scheduler.nextDeadline, limit));
      }
    },
  };
  const userSpace = new UserSpace({ kernel, clockwork, waitingFor: () => ['the core sleeps'] });
  return { ...board, clockwork, userSpace, state };
}

function* rest<T>(ns: number, value: T): KernelCode<T> {
  yield* sleep(ns);
  return value;
}

function* forever(queue: WaitQueue): KernelCode<string> {
  return (yield { queue, interruptible: true }) === 'signal' ? 'interrupted' : 'woken';
}

/** Lets the host do other things for some turns. */
async function hostDelay(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve));
}

describe('call', () => {
  it('runs kernel code in virtual time and stops the machine at its end', async () => {
    const { scheduler, userSpace } = fixture();
    expect(await userSpace.call('nap', rest(2_000_000, 'rested'))).toBe('rested');
    // The program's time before a call, the nap, and waking up.
    expect(scheduler.now).toBe(50_000 + 2_000_000 + 5_000);
    await hostDelay(1);
    expect(userSpace.busy).toBe(false);
  });

  it('runs calls side by side', async () => {
    const { scheduler, userSpace } = fixture();
    const order: string[] = [];
    await Promise.all([3, 1, 2].map((ms) => userSpace.call('nap', rest(ms * 1e6, ms)).then((value) => order.push(`${value}`))));
    expect(order).toEqual(['1', '2', '3']);
    expect(scheduler.now).toBeLessThan(3.2e6);
  });

  it('rejects with what the code throws, and lets the others go on', async () => {
    const { userSpace } = fixture();
    const other = userSpace.call('nap', rest(1e6, 1));
    const failing = userSpace.call(
      'fail',
      (function* (): KernelCode {
        throw new TypeError('a mistake in a program');
      })(),
    );
    await expect(failing).rejects.toThrow('a mistake in a program');
    expect(await other).toBe(1);
  });

  it('is interrupted by a signal when its time is over', async () => {
    const { kernel, scheduler, userSpace } = fixture();
    const queue = new WaitQueue('a tty');
    const results: string[] = [];
    const code = (function* (): KernelCode {
      results.push(yield* forever(queue));
    })();
    const error = await userSpace.call('read /dev/ttyRPMSG0', code).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LinuxTimeout);
    expect(error).toMatchObject({
      code: 'E_LINUX_TIMEOUT',
      message: 'read /dev/ttyRPMSG0: not done after 10 s of virtual time, waiting for a tty',
      waitingFor: 'a tty',
      waits: ['the core sleeps'],
    });
    expect(scheduler.seconds).toBeCloseTo(10, 3);
    await userSpace.call('nap', rest(1e6, 0));
    expect(results).toEqual(['interrupted']);
    expect([queue.length, kernel.tasks.size]).toEqual([0, 0]);
  });

  it.each<[ClockworkStop, string]>([
    [{ kind: 'crashed', core: 'm7', reason: 'lockup' }, 'the machine ended: crashed: m7: lockup'],
    [{ kind: 'exit', status: 3 }, 'the machine ended: exit: status 3'],
    [{ kind: 'system-reset', block: 'WDOG1', cause: 'timeout' }, 'the machine ended: system-reset: WDOG1: timeout'],
    [{ kind: 'difference', report: ['the engines differ'] }, 'the machine ended: difference: the engines differ'],
    [{ kind: 'host-memory', text: 'full' }, 'the machine ended: host-memory: full'],
  ])('rejects when the machine ends: %o', async (stop, message) => {
    const { state, userSpace } = fixture();
    const waiting = userSpace.call('read', forever(new WaitQueue('a tty')));
    state.stop = stop;
    const error = await waiting.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MachineEnded);
    expect(error).toMatchObject({ code: 'E_MACHINE_ENDED', kind: stop.kind, message, waits: ['the core sleeps'] });
    // The machine may be used again.
    state.stop = undefined;
    expect(await userSpace.call('nap', rest(1e6, 'on'))).toBe('on');
  });

  it('rejects when nothing can happen any more and it has no time limit', async () => {
    const { userSpace } = fixture();
    const waiting = userSpace.call('read', forever(new WaitQueue('a tty')), { timeoutNs: Number.POSITIVE_INFINITY });
    await expect(waiting).rejects.toMatchObject({ code: 'E_MACHINE_ENDED', kind: 'deadlock' });
  });

  it('rejects with a bug of ours', async () => {
    const { scheduler, userSpace } = fixture();
    scheduler
      .timer('bug', () => {
        throw new RangeError('internal');
      })
      .armIn(1000);
    await expect(userSpace.call('nap', rest(1e6, 0))).rejects.toThrow(RangeError);
  });
});

describe('flows', () => {
  it('let virtual time stand still while they compute, however long the host takes', async () => {
    const { kernel, userSpace, scheduler } = fixture();
    let ticks = 0;
    const ticking = userSpace.call(
      'tick',
      (function* (): KernelCode {
        for (; ticks < 100; ticks++) yield* sleep(1e5);
      })(),
    );
    const flow = userSpace.enter('sh');
    await hostDelay(20);
    expect([ticks, scheduler.now]).toEqual([0, 0]);
    await flow.call('nap', rest(1e6, 0));
    const [now, seen] = [scheduler.now, ticks];
    expect(seen).toBeGreaterThan(5);
    await hostDelay(20);
    expect([ticks, scheduler.now]).toEqual([seen, now]);
    flow.leave();
    await ticking;
    expect(ticks).toBe(100);
    expect(kernel.tasks.size).toBe(0);
  });

  it('make a run independent of how fast each of them is', async () => {
    const run = async (delays: readonly number[]): Promise<string[]> => {
      const { scheduler, userSpace } = fixture();
      const log: string[] = [];
      const program = async (index: number): Promise<void> => {
        const flow = userSpace.enter(`program ${index}`);
        for (let i = 0; i < 5; i++) {
          await hostDelay(delays[index]!);
          await flow.call('step', rest(index === 2 ? 3e5 : 1e5, 0));
          log.push(`${index} ${scheduler.now}`);
        }
        flow.leave();
      };
      await Promise.all(delays.map((_, index) => program(index)));
      return log.sort();
    };
    const reference = await run([0, 0, 0]);
    expect(reference).toHaveLength(15);
    for (const delays of [
      [0, 3, 7],
      [9, 1, 0],
      [2, 0, 5],
    ])
      expect(await run(delays)).toEqual(reference);
  });

  it('begin their calls in the order of the flows', async () => {
    const { userSpace } = fixture();
    const order: string[] = [];
    const code = (name: string) =>
      (function* (): KernelCode {
        order.push(name);
      })();
    const [first, second] = [userSpace.enter('first'), userSpace.enter('second')];
    await Promise.all([
      second.call('b', code('b')).then(() => second.leave()),
      hostDelay(3).then(async () => {
        await first.call('a', code('a'));
        first.leave();
      }),
    ]);
    expect(order).toEqual(['a', 'b']);
  });
});

describe('a driver', () => {
  it('runs the machine instead, and waits for what is settled', async () => {
    const { clockwork, scheduler, state, userSpace } = fixture();
    const release = userSpace.takeOver();
    const results: number[] = [];
    const program = (async () => {
      for (let i = 0; i < 3; i++) results.push(await userSpace.call('nap', rest(1e6, i)));
    })();
    await hostDelay(3);
    expect([state.runs, results.length]).toEqual([0, 0]);
    while (userSpace.busy) {
      await userSpace.settled();
      clockwork.run(scheduler.now + 1e8);
    }
    await program;
    expect(results).toEqual([0, 1, 2]);
    const last = userSpace.call('nap', rest(1e6, 9));
    await hostDelay(2);
    expect(userSpace.busy).toBe(true);
    release();
    expect(await last).toBe(9);
  });

  it('tells when the machine has ended', async () => {
    const { userSpace } = fixture();
    const release = userSpace.takeOver();
    const waiting = userSpace.call('read', forever(new WaitQueue('a tty')));
    userSpace.ended({ kind: 'timeout' });
    release();
    await expect(waiting).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('a call that was queued when the machine ended never begins', async () => {
    const { clockwork, scheduler, userSpace } = fixture();
    const release = userSpace.takeOver();
    const [waits, computes] = [userSpace.enter('waits'), userSpace.enter('computes')];
    let begun = false;
    const queued = waits.call(
      'write',
      (function* (): KernelCode {
        begun = true;
      })(),
    );
    userSpace.ended({ kind: 'timeout' });
    await expect(queued).rejects.toMatchObject({ kind: 'timeout' });
    waits.leave();
    computes.leave();
    await userSpace.settled();
    clockwork.run(scheduler.now + 1e6);
    expect(begun).toBe(false);
    release();
  });
});

describe('errors of system calls', () => {
  it('look as programs print them', () => {
    const error = new LinuxError('open /dev/rpmsg0', -16, 'EBUSY', 'Device or resource busy');
    expect(String(error)).toBe('EBUSY: open /dev/rpmsg0: Device or resource busy');
    expect(error).toMatchObject({ code: 'E_ERRNO', errno: -16, name: 'EBUSY' });
  });
});
