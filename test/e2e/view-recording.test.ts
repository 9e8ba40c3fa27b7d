/** `imx-sim view` of a recording and of a trace, with the built command and the client that users have. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { WebSocket } from 'ws';
import { decodeRecording } from '../../src/snapshot/recording.ts';
import { toBase64 } from '../../src/view/base64.ts';
import { connectView, type ViewClient } from '../../src/view/client.ts';
import { runCli } from '../support/run-cli.ts';
import { imagePath } from './session.ts';

const directory = mkdtempSync(join(tmpdir(), 'imx-sim-view-'));
const recording = join(directory, 'run.imxrec');
const trace = join(directory, 'trace.jsonl');
/** Cycle at which the recorded run ended. */
let end = 0;
const children: ChildProcess[] = [];
const clients: ViewClient[] = [];

beforeAll(async () => {
  const run = await runCli(['run', imagePath('imx8mp_rpmsg'), '--until', 'goodbye', '--record', recording, '--json']);
  expect(run.status).toBe(0);
  end = (await decodeRecording(readFileSync(recording), recording)).end!.cycle;
  writeFileSync(trace, run.stdout);
  // On a busy machine a run and its recording take longer than a hook is given.
}, 60_000);

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Starts the command; what it has said, and its status when it ends. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [join(inject('dist'), 'command/main.js'), 'view', ...args], {
    env: { ...process.env, NODE_V8_COVERAGE: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  children.push(child);
  const run = { child, said: '', ended: new Promise<number | null>((resolve) => child.on('close', resolve)) };
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    run.said += text;
  });
  return run;
}

/** Starts it on a free port, and connects. */
async function view(...args: string[]) {
  const run = start(...args, '--port', '0');
  const url = await new Promise<string>((resolve, reject) => {
    const look = (): void => {
      const [, found] = /view: (http:\S+\/)\n/.exec(run.said) ?? [];
      if (found) resolve(found);
    };
    run.child.stderr!.on('data', look);
    void run.ended.then((status) => reject(new Error(`it ended with ${status}:\n${run.said}`)));
  });
  const client = await connectView(url, { WebSocket: WebSocket as never, reconnect: false });
  clients.push(client);
  /** The state, once the machine stands at `cycle`. */
  const standsAt = async (cycle: number) => {
    for (;;) {
      const state = await client.request('system.state');
      if (!state.running && state.cycle === cycle) return state;
      if (run.child.exitCode !== null) throw new Error(run.said);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return { ...run, run, url, client, standsAt };
}

/** Cycles of the messages of the run when it was recorded. */
function recordedMessages(): number[] {
  const lines = readFileSync(trace, 'utf8').trim().split('\n');
  const events = lines.map((line) => JSON.parse(line) as { type: string; cycle: number });
  return events.filter(({ type }) => type === 'message').map(({ cycle }) => cycle);
}

describe('a recording', () => {
  it('stands at its end, goes where it is told, and forgets its future when somebody types in its past', async () => {
    const { client, standsAt, child, run } = await view(recording);
    expect(client.hello).toMatchObject({ mode: 'recording', title: 'run.imxrec' });
    await standsAt(end);
    const { events } = await client.request('events.history', { types: ['dmesg'], limit: 10_000 });
    expect(events.some((event) => event.type === 'dmesg' && event.text.includes('goodbye!'))).toBe(true);
    const { events: messages } = await client.request('events.history', { types: ['message'], limit: 10_000 });
    // Nothing was printed behind the line for which the run had waited; what else happened in that cycle did happen.
    const recorded = recordedMessages();
    expect(messages.slice(0, recorded.length).map(({ cycle }) => cycle)).toEqual(recorded);
    expect(messages.slice(recorded.length).every(({ cycle }) => cycle === recorded.at(-1))).toBe(true);
    const half = Math.floor(end / 2);
    const past = await client.request('control.goTo', { cycle: half });
    expect(past).toMatchObject({ running: false });
    expect(past.cycle).toBeGreaterThanOrEqual(half);
    expect(past.cycle).toBeLessThan(end);
    await client.request('control.goTo', { cycle: end });
    await standsAt(end);
    const forgotten = new Promise<{ cycle: number }>((resolve) => client.on('forgotten', resolve));
    const there = await client.request('control.goTo', { cycle: half });
    const consoles = await client.request('consoles.list');
    const { device } = consoles.find(({ kind }) => kind === 'uart')!;
    expect(await client.request('consoles.input', { device, data: toBase64(new TextEncoder().encode('x')) })).toBe(true);
    expect((await forgotten).cycle).toBe(there.cycle);
    const left = await client.request('events.history', { limit: 10_000 });
    expect(left.events.every(({ cycle }) => cycle <= there.cycle)).toBe(true);
    child.kill('SIGINT');
    expect([await run.ended, run.said.includes('internal error')]).toEqual([0, false]);
  });

  it('stands where --at says', async () => {
    const { client, child, run } = await view(recording, '--at', '1ms');
    let state = await client.request('system.state');
    for (; state.running || !state.present; state = await client.request('system.state'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect([state.seconds, state.present.cycle]).toEqual([expect.closeTo(1e-3, 8), end]);
    child.kill('SIGTERM');
    expect(await run.ended).toBe(0);
  });
});

describe('a trace', () => {
  it('has its events, and no machine', async () => {
    const { client, child, run } = await view(trace);
    expect(client.hello).toMatchObject({ mode: 'trace', title: 'trace.jsonl' });
    const { events } = await client.request('events.history', { types: ['message'], limit: 10_000 });
    expect(events.length).toBeGreaterThan(200);
    expect(events.length).toBe(recordedMessages().length);
    await expect(client.request('control.pause')).rejects.toMatchObject({ code: 'E_VIEW_TRACE' });
    child.kill('SIGINT');
    expect(await run.ended).toBe(0);
  });
});

describe('what cannot be shown', () => {
  it('is said, with the remedy', async () => {
    const none = start(join(directory, 'none'), '--port', '0');
    const garbage = join(directory, 'garbage');
    writeFileSync(
      garbage,
      Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) & 255),
    );
    const text = join(directory, 'text.jsonl');
    writeFileSync(text, '{"what": "is this?"}\n');
    const runs = [none, start(garbage, '--port', '0'), start(text, '--port', '0')];
    const statuses = await Promise.all(runs.map(({ ended }) => ended));
    expect(statuses.every((status) => status !== 0 && status !== null)).toBe(true);
    for (const { said } of runs) expect(said).toMatch(/^imx-sim: .*\n(.*\n)*? +remedy: /);
    const { url } = await view(trace);
    const taken = start(trace, '--port', new URL(url).port);
    expect(await taken.ended).not.toBe(0);
    expect(taken.said).toMatch(/port \d+ is taken/);
    expect(taken.said).toContain('give --port another port');
  });
});
