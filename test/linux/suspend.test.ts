/** System sleep: kernel/power/main.c and suspend.c, and what imx_mu and remoteproc do in it. */
import { describe, expect, it } from 'vitest';
import { files } from '../remoteproc/files.ts';
import { bootedBoard } from './board-fixture.ts';

const STATE = '/sys/power/state';

function asleep(state: 'freeze' | 'mem' | undefined, options: Parameters<typeof bootedBoard>[0] = {}) {
  const up = bootedBoard(options);
  const { board } = up;
  const command = state && board.linux.suspend(state);
  if (state) board.settle();
  return { ...up, command, ...files(board) };
}

const ENTRY = [
  'Filesystems sync: 0.000 seconds',
  'Freezing user space processes ... (elapsed 0.001 seconds) done.',
  'OOM killer disabled.',
  'Freezing remaining freezable tasks ... (elapsed 0.000 seconds) done.',
  'printk: Suspending console(s) (use no_console_suspend to debug)',
];
const EXIT = ['OOM killer enabled.', 'Restarting tasks ... done.', 'PM: suspend exit'];

describe('/sys/power', () => {
  it('shows and takes the states (state_show, state_store, mem_sleep_store)', () => {
    const { cat, echo } = asleep(undefined);
    expect([cat(STATE), cat('/sys/power/mem_sleep')]).toEqual(['freeze mem\n', 's2idle [deep]\n']);
    expect(echo(STATE, 'disk')).toBe(-22);
    expect(echo(STATE, 'memory')).toBe(-22);
    expect(echo('/sys/power/mem_sleep', 'shallow')).toBe(-22);
    expect(echo('/sys/power/mem_sleep', 's2idle\n')).toBe(7);
    expect(cat('/sys/power/mem_sleep')).toBe('[s2idle] deep\n');
  });
});

describe('deep sleep (mem)', () => {
  it('says what it does, and ends with the power key', () => {
    const { board, since, command } = asleep('mem');
    expect(since()).toEqual(['PM: suspend entry (deep)', ...ENTRY, 'Disabling non-boot CPUs ...']);
    expect([command?.result, board.kernel.pm.sleeping]).toEqual([undefined, true]);
    expect(board.linux.waitingFor()[0]).toContain('Linux sleeps until something wakes it');
    board.linux.resume();
    board.settle();
    expect(since()).toEqual(['Enabling non-boot CPUs ...', ...EXIT]);
    expect([command?.result, board.kernel.pm.sleeping]).toEqual([0, false]);
  });

  it('a key that was pressed before it began does not end it (pm_wakeup_clear)', () => {
    const { board } = asleep(undefined);
    board.linux.resume();
    board.settle();
    const command = board.linux.suspend('mem');
    board.settle();
    expect([command.result, board.kernel.pm.sleeping]).toEqual([undefined, true]);
  });

  it('a message of the core does not wake it, and is there afterwards', () => {
    const { board, since } = asleep('mem', { services: [['rpmsg-openamp-demo-channel', 0x1e]] });
    const { kernel, core } = board;
    since();
    const served = kernel.interrupts[0]!.count;
    core.send(0x1e, 53, new Uint8Array(40));
    board.settle(5);
    expect([kernel.interrupts[0]!.count, kernel.pm.sleeping]).toEqual([served, true]);
    board.linux.resume();
    board.settle();
    expect(kernel.interrupts[0]!.count).toBeGreaterThan(served);
    expect(board.dmesg().some((line) => line.includes('creating channel'))).toBe(true);
  });
});

describe('s2idle (freeze)', () => {
  it('a doorbell wakes it (imx_mu_isr: pm_system_wakeup)', () => {
    const { board, since, command } = asleep('freeze');
    expect(since()).toEqual(['PM: suspend entry (s2idle)', ...ENTRY]);
    board.core.kick(0);
    board.settle();
    expect(since()).toEqual(EXIT);
    expect(command?.result).toBe(0);
  });

  it('pm_suspend: a second one meanwhile is refused', () => {
    const { board } = asleep('freeze');
    expect(board.run(board.kernel.pm.suspend('mem'))).toBe(-16);
  });

  it('mem is s2idle when mem_sleep says so', () => {
    const { board, echo, since } = asleep(undefined);
    echo('/sys/power/mem_sleep', 's2idle');
    expect(echo(STATE, 'mem\n')).toBeUndefined();
    expect(since()[0]).toBe('PM: suspend entry (s2idle)');
    board.core.kick(0);
    board.settle();
    expect(since()).toEqual(expect.arrayContaining(EXIT));
  });

  it('a doorbell on the way there ends it with -EBUSY (suspend_enter: pm_wakeup_pending)', () => {
    const { board, since, command } = (() => {
      const made = asleep(undefined);
      return { ...made, command: made.board.linux.suspend('mem') };
    })();
    board.later(6_600_000, () => board.core.kick(0));
    board.settle();
    expect(command.result).toBe(-16);
    expect(since()).toEqual(['PM: suspend entry (deep)', ...ENTRY, 'Disabling non-boot CPUs ...', 'Enabling non-boot CPUs ...', ...EXIT]);
  });

  it('a doorbell of a 7ULP does not wake it (skip_suspend_flag)', () => {
    const { board } = asleep(undefined);
    Object.assign(board.kernel.flavour.imxMailbox, { skipsSuspendFlag: ['imx6sx'] });
    try {
      board.linux.suspend('freeze');
      board.settle();
      board.core.kick(0);
      board.settle();
      expect(board.kernel.pm.sleeping).toBe(true);
    } finally {
      Object.assign(board.kernel.flavour.imxMailbox, { skipsSuspendFlag: ['imx7ulp'] });
    }
  });
});

describe('what stands still', () => {
  it('processes, until the system is awake; the core goes on', () => {
    const { board, process } = asleep('mem');
    let woken = 0;
    process.start(function* (self) {
      yield* self.sleep(1e6);
      woken = board.scheduler.seconds;
      return 0;
    }, []);
    board.settle(3);
    expect(woken).toBe(0);
    const awake = board.scheduler.seconds;
    board.linux.resume();
    board.settle();
    expect(woken).toBeGreaterThan(awake);
  });

  it('the recovery of a core, as its workqueue is freezable', () => {
    const { board, rproc, since } = asleep('freeze');
    since();
    rproc.reportCrash('watchdog');
    board.settle();
    expect(since()).toEqual(['remoteproc remoteproc0: crash detected in imx-rproc: type watchdog']);
    board.linux.resume();
    board.settle();
    expect(since()).toEqual(expect.arrayContaining(['remoteproc remoteproc0: remote processor imx-rproc is now up']));
  });
});

describe('/sys/class/rtc/rtc0/wakealarm (wakealarm_store)', () => {
  const ALARM = '/sys/class/rtc/rtc0/wakealarm';
  const POWER_ON = 1_759_820_340;

  it('wakes the system from deep sleep', () => {
    const { board, echo, cat, since } = asleep(undefined);
    expect(echo(ALARM, '+5\n')).toBe(3);
    expect(cat(ALARM)).toBe(`${POWER_ON + Math.floor(board.scheduler.seconds) + 5}\n`);
    const command = board.linux.suspend('mem');
    since();
    board.settle(3);
    expect(command.result).toBeUndefined();
    board.settle(3);
    expect([command.result, since().at(-1), cat(ALARM)]).toEqual([0, 'PM: suspend exit', '']);
  });

  it('refuses a second alarm, moves one, takes it away', () => {
    const { echo, cat } = asleep(undefined);
    expect(echo(ALARM, '+=5')).toBe(-22);
    expect(echo(ALARM, 'soon')).toBe(-22);
    expect(echo(ALARM, `${POWER_ON + 100}`)).toBe(10);
    expect(echo(ALARM, '+200')).toBe(-16);
    expect(echo(ALARM, '+=50')).toBe(4);
    expect(cat(ALARM)).toBe(`${POWER_ON + 150}\n`);
    expect(echo(ALARM, '0')).toBe(1);
    expect(cat(ALARM)).toBe('');
    expect(cat('/sys/class/rtc/rtc0/time')).toMatch(/^06:59:0\d\n$/);
    expect([cat('/sys/class/rtc/rtc0/since_epoch'), cat('/sys/class/rtc/rtc0/date')]).toEqual([
      expect.stringMatching(/^\d+\n$/),
      '2025-10-07\n',
    ]);
  });

  it('knows months and leap years', () => {
    const { board, cat } = asleep(undefined);
    for (const [days, date] of [
      [1, '2025-10-08'],
      [85, '2025-12-31'],
      [86, '2026-01-01'],
      [874, '2028-02-28'],
      [875, '2028-02-29'],
      [876, '2028-03-01'],
    ] as const) {
      board.scheduler.advanceTo(days * 86_400 * board.scheduler.hz);
      expect(cat('/sys/class/rtc/rtc0/date')).toBe(`${date}\n`);
    }
  });
});
