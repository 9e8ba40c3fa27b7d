/** The way back in runs with everything that may come into one: faults, text, U-Boot, a shell, a snapshot at the beginning. */
import { describe, expect, it } from 'vitest';
import { runShell } from '../../src/session/run-shell.ts';
import { debugged, sessionOf, stateOf, straight, turns } from './support.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

type Options = Parameters<typeof debugged>[1];

/** Runs for a while, goes back half of the way and to the beginning, and lets the run end; it ends as the straight one does. */
async function thereAndBack(image: string, options: Options, ns: number): Promise<void> {
  const alone = await straight(image, options);
  const { debug, machine, session, status, result, shown, events } = debugged(image, options);
  const { scheduler } = machine;
  const timer = machine.watchers.timer('test', () => void debug.halt());
  timer.armAt(scheduler.cyclesFromNs(ns));
  await debug.resume({ kind: 'continue' });
  const { cycle } = debug.position();
  await debug.goTo({ cycle: Math.floor(cycle / 2) });
  const half = stateOf(machine);
  await debug.goTo({ cycle: 0 });
  await debug.goTo({ cycle: Math.floor(cycle / 2) });
  expect(stateOf(machine)).toBe(half);
  expect(await debug.resume({ kind: 'continue' })).toEqual({ kind: 'history-end' });
  await debug.goTo({ cycle: Math.floor(cycle / 3) });
  debug.detach('test');
  expect([await status, result()['trace'], result()['cycle']]).toEqual([alone.status, alone.result()['trace'], alone.result()['cycle']]);
  expect(shown).toEqual(alone.shown);
  expect(events).toEqual(alone.events);
  session.dispose();
}

describe('the way back', () => {
  it('has faults again', () =>
    thereAndBack(
      'imx8mp_rpmsg',
      { timeout: 60e6, seed: 3, faults: ['doorbell-delay:by=1ms@doorbell#3', 'core-pause:for=3ms@20ms', 'ram-bit-flip@symbol=rpmsg_poll'] },
      40e6,
    ));

  it('has text again that waits for its console', () =>
    thereAndBack(
      'imx8mp_rpmsg',
      {
        timeout: 80e6,
        send: [
          { device: 'ttyRPMSG30', bytes: bytes('one') },
          { device: 'ttyRPMSG30', bytes: bytes('two') },
        ],
      },
      50e6,
    ));

  it('has U-Boot again', () => thereAndBack('imx8mp_hello', { boot: 'uboot', timeout: 4e9 }, 2e9));

  it('ends at the snapshot with which the run began', async () => {
    const first = sessionOf('imx8mp_rpmsg', { timeout: 12e6, snapshots: true });
    await first.session.run();
    const saved = first.session.save();
    first.session.dispose();
    const options = { until: /goodbye/, snapshots: true };
    const alone = sessionOf('imx8mp_rpmsg', options);
    await alone.session.restore(saved);
    const end = [await alone.session.run(), alone.result()['trace']];
    alone.session.dispose();
    const run = debugged('imx8mp_rpmsg', options, undefined, {}, (session) => session.restore(saved));
    await run.begun;
    const { debug, machine, session, status, result } = run;
    const start = debug.position();
    await Promise.race([debug.resume({ kind: 'continue' }), turns(2)]);
    await debug.halt();
    expect(await debug.resume({ kind: 'reverse-continue' })).toEqual({ kind: 'history-start' });
    expect(debug.position()).toEqual(start);
    expect(machine.scheduler.now).toBeGreaterThan(0);
    await expect(debug.goTo({ cycle: 0 })).rejects.toThrow(/before the beginning/);
    debug.detach('test');
    expect([await status, result()['trace']]).toEqual(end);
    session.dispose();
  });

  it('has a shell on Linux again, whose output is not shown twice', async () => {
    const run = debugged('imx8mp_rpmsg', { timeout: 1e12 });
    const { debug, machine, session, status, inputs } = run;
    let shown = '';
    runShell(machine).onOutput = (output) => {
      shown += new TextDecoder().decode(output);
    };
    void debug.resume({ kind: 'continue' });
    const until = async (text: string): Promise<void> => {
      // The shell's parts have to be loaded first, which takes the host as long as it takes.
      for (let i = 0; i < 5000 && !shown.includes(text); i++) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    await turns(4);
    inputs.perform('shell.keys', bytes('\r'));
    await until('# ');
    expect(shown).toContain('# ');
    inputs.perform('shell.keys', bytes('echo $((6*7))-there; cat /sys/class/remoteproc/remoteproc0/state\r'));
    await until('running');
    await debug.halt();
    const before = shown;
    expect(before).toContain('42-there');
    const { cycle } = debug.position();
    const here = stateOf(machine);
    await debug.goTo({ cycle: Math.floor(cycle / 4) });
    expect(await debug.resume({ kind: 'continue' })).toEqual({ kind: 'history-end' });
    expect(stateOf(machine)).toBe(here);
    expect(shown).toBe(before);
    void debug.resume({ kind: 'continue' });
    await turns(2);
    inputs.perform('shell.keys', bytes('echo $((7*7))-more\r'));
    await until('49-more\r\n');
    expect(shown.slice(before.length)).toContain('49-more');
    session.stop(130);
    expect(await status).toBe(130);
    session.dispose();
  });
});
