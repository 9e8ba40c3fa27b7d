import { afterEach, describe, expect, it } from 'vitest';
import { jitFactory } from '../../src/cpu/jit/index.ts';
import { Debugger } from '../../src/debug/debugger.ts';
import { encodeRun, recordedRun, replayOptions } from '../../src/session/recorded-run.ts';
import { RunScript, runInputs } from '../../src/session/run-inputs.ts';
import { runShell } from '../../src/session/run-shell.ts';
import { Session } from '../../src/session/session.ts';
import { decodeRecording } from '../../src/snapshot/recording.ts';
import { fromBase64, toBase64 } from '../../src/view/base64.ts';
import type { MachineState } from '../../src/view/protocol.ts';
import { viewOfRun } from '../../src/view/run-view.ts';
import { sessionOf } from '../debug/support.ts';
import { FakeClient } from './support.ts';

const open: { session: Session; status: Promise<number> }[] = [];
afterEach(async () => {
  for (const { session, status } of open.splice(0)) {
    session.stop(0);
    await status.catch(() => {});
    session.dispose();
  }
});

const keys = (text: string): string => toBase64(new TextEncoder().encode(text));
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** A run of an image with a view and a client, which stands before its first instruction. */
function viewed(image: string, options: Partial<ConstructorParameters<typeof Session>[0]> = {}) {
  const parts = sessionOf(image, { timeout: Number.POSITIVE_INFINITY, ...options });
  const { session } = parts;
  const inputs = runInputs({ session });
  const debug = new Debugger({ session, inputs, wait: true });
  const failures: unknown[] = [];
  let now = 0;
  const hub = viewOfRun({
    machine: session.machine,
    inputs,
    debugger: debug,
    title: image,
    version: '0',
    host: { now: () => (now += 20), internal: (error) => void failures.push(error) },
  });
  const client = new FakeClient(hub);
  const status = session.run(true, 'a test');
  open.push({ session, status });
  /** The answer to a call, whenever it comes. */
  const ask = async (method: string, params: object = {}): Promise<never> => {
    const before = client.messages.length;
    const id = 1000 + before;
    client.handle!.receive(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    for (;;) {
      const answer = client.messages.find((message) => message.id === id);
      if (answer?.error) throw Object.assign(new Error(answer.error.message), answer.error);
      if (answer) return answer.result as never;
      await turn();
    }
  };
  /** Lets it run until `done`. */
  const until = async (done: () => boolean): Promise<void> => {
    for (let i = 0; i < 5000 && !done(); i++) {
      hub.tick();
      await turn();
    }
    expect(done()).toBe(true);
  };
  const output = (device: string): string => {
    const log = (client.call('consoles.history', { device }).result as { data: string } | undefined)?.data ?? '';
    return new TextDecoder().decode(fromBase64(log));
  };
  return { ...parts, inputs, debug, hub, client, status, ask, until, output, failures, machine: session.machine };
}

it('break- and watchpoints have a bound, and all changes of a turn are told at once', async () => {
  const { ask, client, debug, hub } = viewed('imx8mp_hello');
  const told = client.heard('stoppers').length;
  for (let address = 0; address < 2000; address += 2) debug.add({ kind: 'breakpoint', core: 'm7', address }, 'view');
  await expect(ask('stoppers.add', { at: 0x2000_0000 })).rejects.toThrow('there are 1000 break- and watchpoints already');
  expect(debug.stoppers).toHaveLength(1000);
  client.unsent = 2 * 1024 * 1024;
  hub.tick();
  expect(client.heard('stoppers')).toHaveLength(told);
  client.unsent = 0;
  hub.tick();
  hub.tick();
  expect(client.heard('stoppers').slice(told)).toEqual([debug.stoppers.map(({ id }) => expect.objectContaining({ id }))]);
  for (const { id } of debug.stoppers) debug.remove(id);
  hub.tick();
  expect(client.heard('stoppers').slice(told + 1)).toEqual([[]]);
});

describe('the view of a run', () => {
  it('shows what happens, pauses, steps by instruction and line, and stops at what it is told to', async () => {
    const { ask, client, until, failures, machine, hub } = viewed('imx8mp_pingpong');
    client.call('subscribe', { events: ['message', 'dmesg'] });
    expect(client.heard('state')[0]).toMatchObject({ running: false, halt: { kind: 'start' }, cycle: 0 });
    const added: { id: number; place: { symbol?: string } } = await ask('stoppers.add', { at: 'main', temporary: true });
    expect(added.place.symbol).toBe('main');
    hub.tick();
    expect(client.heard('stoppers').at(-1)).toMatchObject([{ id: added.id, kind: 'breakpoint', owner: 'view' }]);
    expect(await ask('control.resume')).toMatchObject({ running: true });
    await until(() => client.heard('state').at(-1)!.halt?.kind === 'breakpoint');
    expect(client.heard('state').at(-1)!.halt).toMatchObject({ ids: [added.id], place: { symbol: 'main' } });
    await until(() => client.heard('stoppers').at(-1)!.length === 0);
    const before = machine.core.instructions;
    expect(await ask('control.step', { what: 'instruction' })).toMatchObject({ running: false, halt: { kind: 'step' } });
    expect(machine.core.instructions).toBe(before + 1);
    await expect(ask('stoppers.add', { at: 'no_such_symbol' })).rejects.toThrow('no symbol no_such_symbol');
    await expect(ask('control.resume').then(() => ask('control.resume'))).rejects.toMatchObject({ data: { code: 'E_DEBUGGER' } });
    await until(() =>
      client.heard('events').some(({ events }) => events.some((event) => event.type === 'message' && event.nameService !== undefined)),
    );
    const paused: MachineState = await ask('control.pause');
    expect(paused).toMatchObject({ running: false, halt: { kind: 'request' } });
    expect(await ask('system.state')).toMatchObject({ cycle: paused.cycle, running: false });
    expect(failures).toEqual([]);
  });

  it('shows interrupts while somebody wants them', async () => {
    const { ask, client, until, failures } = viewed('imx8mp_pingpong');
    await ask('control.resume');
    client.call('subscribe', { events: ['interrupt'] });
    const seen = () => client.heard('events').flatMap(({ events }) => events);
    await until(() => seen().length > 6);
    expect(seen().slice(0, 2)).toMatchObject([{ type: 'interrupt', core: 'm7', phase: 'enter' }, { phase: 'exit' }]);
    expect(failures).toEqual([]);
  });

  it('gives keys to consoles, and only to those that take them', async () => {
    const { ask, client, until, output } = viewed('imx8mp_rpmsg');
    client.call('subscribe', { consoles: true });
    await ask('control.resume');
    await until(() =>
      client.heard('consoles').some((list) => list.some(({ device, input }) => /^ttyRPMSG/.test(device) && input !== 'absent')),
    );
    const tty = client
      .heard('consoles')
      .at(-1)!
      .find(({ device }) => /^ttyRPMSG/.test(device))!.device;
    expect(await ask('consoles.input', { device: tty, data: keys('hello\n') })).toBe(true);
    await until(() => output(tty).includes('hello'));
    expect(await ask('consoles.input', { device: 'nothing', data: keys('x') })).toBe(false);
    expect(await ask('consoles.input', { device: 'linux', data: keys('x') })).toBe(false);
    expect(output('linux')).toMatch(/\] remoteproc remoteproc0: remote processor .* is now up\r\n/);
  });

  it('has a shell on its Linux, which a recording has, too', async () => {
    const { ask, client, until, output, session, inputs, machine, status } = viewed('imx8mp_pingpong', { timeout: 3e9 });
    client.call('subscribe', { consoles: true });
    const list: { device: string; input: string }[] = await ask('consoles.list');
    expect(list.find(({ device }) => device === 'shell')).toMatchObject({ kind: 'shell', input: 'idle' });
    await ask('control.resume');
    await ask('consoles.resize', { device: 'shell', columns: 100, rows: 30 });
    await ask('consoles.input', { device: 'shell', data: keys('\r') });
    await until(() => output('shell').endsWith('# '));
    await ask('consoles.input', { device: 'shell', data: keys('cat /sys/class/remoteproc/remoteproc0/st\t\r') });
    await until(() => /(offline|running)\r\nroot@imx8mp-evk:~# $/.test(output('shell')));
    await ask('consoles.input', { device: 'shell', data: keys('sleep 100\r') });
    await until(() => runShell(machine).state === 'busy');
    await ask('consoles.input', { device: 'shell', data: keys('\u0003') });
    await until(() => /\^C.*# $/s.test(output('shell')));
    await ask('consoles.input', { device: 'shell', data: keys('echo $?; exit\r') });
    await until(() => output('shell').includes('a key opens another'));
    const shown = output('shell');
    expect(shown).toContain('\r\n130\r\n');
    session.stop(0);
    await status;
    const cycle = machine.scheduler.now;
    const options = { ...(session as unknown as { options: Parameters<typeof encodeRun>[0] }).options };
    const file = await encodeRun(options, { cycle, reason: 'interrupted', status: 0 }, { inputs: inputs.entries, awaited: 'a test' });
    const parts = await decodeRecording(file, 'run');
    expect(recordedRun(parts, 'run').awaited).toBe('a test');
    const again = new Session(replayOptions(parts, 'run', jitFactory), {
      renderer: { line() {}, event() {}, note() {}, diagnostic() {}, finding() {}, report() {}, finish() {} },
      disassemble: async () => [],
      now: () => 0,
      pause: turn,
    });
    let replayed = '';
    runShell(again.machine).onOutput = (bytes) => {
      replayed += new TextDecoder().decode(bytes);
    };
    again.follow(new RunScript({ session: again }, parts.inputs, Number.POSITIVE_INFINITY));
    const over = again.run(true);
    for (let i = 0; i < 3000 && again.machine.scheduler.now < cycle; i++) await turn();
    again.stop(0);
    await over;
    expect(replayed).toBe(shown);
    again.dispose();
  });

  it('goes back and forth, and a key in the past begins another future', async () => {
    const { ask, client, until, output, failures, debug } = viewed('imx8mp_pingpong');
    client.call('subscribe', { events: ['dmesg', 'message', 'mu'], consoles: true });
    await ask('control.resume');
    await ask('consoles.input', { device: 'shell', data: keys('\r') });
    await until(() => output('shell').endsWith('# '));
    const middle: MachineState = await ask('control.pause');
    await ask('control.resume');
    await ask('consoles.input', { device: 'shell', data: keys('echo one\r') });
    await until(() => output('shell').includes('\r\none\r\n'));
    const late: MachineState = await ask('control.pause');
    expect(late.noWayBack).toBeUndefined();
    const events = client.call('events.history', { limit: 10_000 }).result;
    const back: MachineState = await ask('control.goTo', { cycle: middle.cycle });
    expect(back).toMatchObject({ cycle: middle.cycle, running: false, present: { cycle: late.cycle } });
    expect(client.heard('moved').at(-1)).toEqual({ cycle: middle.cycle });
    expect(client.call('events.history', { limit: 10_000 }).result).toEqual(events);
    // What follows is known, and not told again.
    await ask('control.goTo', { cycle: late.cycle });
    expect(client.call('events.history', { limit: 10_000 }).result).toEqual(events);
    expect(debug.present).toBeUndefined();
    expect(output('shell').match(/one/g)!.length).toBe(2);
    await ask('control.goTo', { cycle: middle.cycle });
    await ask('consoles.input', { device: 'shell', data: keys('echo two\r') });
    await ask('control.resume');
    await until(() => output('shell').includes('\r\ntwo\r\n'));
    expect(output('shell')).not.toContain('one');
    expect(client.heard('forgotten').length).toBe(1);
    expect(client.heard('console').some(({ device, reset }) => device === 'shell' && reset)).toBe(true);
    const seqs = client.call<'events.history'>('events.history', { limit: 10_000 }).result!.events;
    expect(seqs.map(({ seq }) => seq)).toEqual(seqs.map((_, index) => index));
    expect(failures).toEqual([]);
  });
});
