/** Inputs of runs: what is noted of them, and when a script does them again. */
import { describe, expect, it } from 'vitest';
import type { InputEntry } from '../../src/history/inputs.ts';
import { type RunHost, RunScript, runInputs } from '../../src/session/run-inputs.ts';

/** A run at a moment of its own choosing, which writes down what reaches it. */
function fakeRun() {
  const done: unknown[][] = [];
  const scheduler = { now: 0, inSlice: false };
  const machine = {
    scheduler,
    linuxTurns: 0,
    core: { entries: 0, instructions: 0 },
    hasConsole: (name: string) => name === 'uart4',
    send: (device: string, bytes: Uint8Array) => void done.push(['send', device, ...bytes]),
  };
  const input = { send: (device: string, bytes: Uint8Array) => void done.push(['queue', device, ...bytes]) };
  const session = { machine, input, stop: (...args: unknown[]) => void done.push(['stop', ...args]) };
  const host = { session, bridge: (...args: unknown[]) => void done.push(['bridge', ...args]) } as unknown as RunHost;
  return { host, machine, scheduler, done };
}

const key = (cycle: number, byte: number, fired = 0): InputEntry => ({
  cycle,
  fired,
  kind: 'console.send',
  args: ['uart4', Uint8Array.of(byte)],
});

describe('inputs of a run', () => {
  it('are noted with cycle and turns of Linux, and a script does them again', () => {
    const { host, machine, scheduler, done } = fakeRun();
    const inputs = runInputs(host);
    inputs.perform('console.queue', 'uart4', Uint8Array.of(1));
    Object.assign(scheduler, { now: 50 });
    machine.linuxTurns = 3;
    inputs.perform('console.send', 'uart4', Uint8Array.of(2));
    inputs.perform('bridge', 'ttyRPMSG0', 'room', undefined, 7);
    inputs.perform('stop', 130, true);
    expect(inputs.entries.map(({ cycle, fired, kind }) => [cycle, fired, kind])).toEqual([
      [0, 0, 'console.queue'],
      [50, 3, 'console.send'],
      [50, 3, 'bridge'],
      [50, 3, 'stop'],
    ]);
    const other = fakeRun();
    const script = new RunScript(other.host, inputs.entries, 60);
    expect(script.due()).toBe(50);
    Object.assign(other.scheduler, { now: 50 });
    other.machine.linuxTurns = 3;
    expect(script.due()).toBe(60);
    expect(other.done).toEqual(done);
  });

  it('are refused when they make no sense', () => {
    const { host } = fakeRun();
    const inputs = runInputs(host);
    for (const args of [
      ['uart4', 'text'],
      ['uart9', Uint8Array.of(1)],
      [3, Uint8Array.of(1)],
    ] as const)
      expect(() => inputs.apply('console.send', args)).toThrow(expect.objectContaining({ code: 'E_SNAPSHOT_DAMAGED' }));
    for (const [kind, args] of [
      ['stop', ['x', true]],
      ['stop', [1, 1]],
      ['bridge', [1, 'open']],
      ['bridge', ['tty', 'data', 'text']],
      ['bridge', ['tty', 'room', undefined, 'x']],
    ] as const)
      expect(() => inputs.apply(kind, args)).toThrow(expect.objectContaining({ code: 'E_SNAPSHOT_DAMAGED' }));
  });
});

describe('a script', () => {
  it('waits in one cycle for the turn of Linux at which an input came', () => {
    const { host, machine, scheduler, done } = fakeRun();
    const script = new RunScript(host, [key(10, 65, 2), key(10, 66, 4)], 20);
    scheduler.now = 10;
    machine.linuxTurns = 1;
    expect([script.due(), done.length]).toEqual([10, 0]);
    machine.linuxTurns = 2;
    expect([script.due(), done.length]).toEqual([10, 1]);
    machine.linuxTurns = 4;
    expect([script.due(), done.length]).toEqual([20, 2]);
  });

  it('says so when the moment of an input was missed, the end was, or nothing comes nearer', () => {
    const diverged = expect.objectContaining({ code: 'E_SNAPSHOT_DIVERGED' });
    const missed = fakeRun();
    missed.scheduler.now = 11;
    expect(() => new RunScript(missed.host, [key(10, 65)], 20).due()).toThrow(diverged);
    const over = fakeRun();
    over.scheduler.now = 21;
    expect(() => new RunScript(over.host, [], 20).due()).toThrow(/that ended at cycle 20, and this one goes on/);
    const stuck = fakeRun();
    stuck.scheduler.now = 20;
    const script = new RunScript(stuck.host, [], 20);
    const looks = () => {
      for (let look = 0; look < 2000; look++) script.due();
    };
    expect(looks).toThrow(diverged);
  });

  it('without an end goes on for ever', () => {
    const { host, scheduler, done } = fakeRun();
    const script = new RunScript(host, [key(10, 65)], Number.POSITIVE_INFINITY);
    expect(script.due()).toBe(10);
    scheduler.now = 10;
    expect(script.due()).toBe(Number.POSITIVE_INFINITY);
    expect(done).toEqual([['send', 'uart4', 65]]);
  });
});
