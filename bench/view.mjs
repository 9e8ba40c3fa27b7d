/**
 * What does the view cost the machine that is looked at: with nobody there, and with a client that gets 10,000 events per second?
 *
 * Messages go to images/imx8mp_echo8.elf and come back, as in echo.mjs, without a view, with one that has no client, and with one whose client, another
 * process on a real socket, hears of events, consoles and the whole system. The same machine's time goes to all three in turns; figures are CPU time of this process
 * for each round trip, as ratios to the run without.
 *
 *   node bench/view.mjs [--rounds 7] [--messages 30000] [--length 16]      one JSON line
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { EchoMachine } from './echo-machine.mjs';
import { engines } from './in-process.mjs';
import { clock, dist, spread, whenRunAlone } from './measure.mjs';

const load = (file) => import(pathToFileURL(join(dist, file)).href);

/** Events per second of the client. */
const RATE = 10_000;
/** Milliseconds of the host between two turns of its event loop, as in `imx-sim run`. */
const TURN_MS = 4;
const CHANNELS = 1;

/** The client: counts what it gets, and says so when it is asked to end. */
const CLIENT = `
import { WebSocket } from ${JSON.stringify(import.meta.resolve('ws'))};
const socket = new WebSocket(process.argv[2]);
let events = 0, dropped = 0, bytes = 0;
socket.on('message', (data) => {
  bytes += data.length;
  const { method, params, id } = JSON.parse(data.toString());
  if (method === 'events') { events += params.events.length; dropped += params.dropped; }
  if (id === 1) process.stdout.write('ready\\n');
});
socket.on('open', () => socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribe', params: { consoles: true, overview: true, rate: ${RATE}, events: ['console', 'dmesg', 'mu', 'vring', 'message', 'core', 'fault', 'finding'] } })));
process.stdin.on('data', () => { process.stdout.write(JSON.stringify({ events, dropped, bytes }) + '\\n'); events = dropped = bytes = 0; });
process.stdin.on('end', () => process.exit(0));
`;

/** One machine in one of the three situations. */
class Situation {
  constructor(name) {
    this.name = name;
    this.costs = [];
    this.echo = new EchoMachine(engines.jit);
  }

  async begin(directory) {
    if (this.name !== 'none') {
      const [{ viewOfRun }, { openViewListener }] = [await load('view/run-view.js'), await load('cli/view-listener.js')];
      const { machine } = this.echo;
      const host = { now: () => performance.now(), internal: (error) => console.error(error) };
      this.hub = viewOfRun({ machine, inputs: undefined, title: 'bench', version: '', host });
      this.listener = await openViewListener({ hub: this.hub, port: 0, pageDirectory: directory });
    }
    if (this.name === 'client') {
      const script = join(directory, 'client.mjs');
      writeFileSync(script, CLIENT);
      this.child = spawn(process.execPath, [script, this.listener.url.replace('http', 'ws') + 'ws'], { stdio: ['pipe', 'pipe', 'inherit'] });
      await this.line();
    }
    this.echo.online();
  }

  /** The next line of the client. */
  line() {
    return new Promise((resolve) => this.child.stdout.once('data', (data) => resolve(data.toString().trim())));
  }

  /** `count` round trips; seconds of CPU time for each. */
  async run(count, length) {
    const { echo } = this;
    const state = echo.talk(CHANNELS, count / CHANNELS, (i) => new Uint8Array(length).fill(i));
    const begin = clock();
    const { scheduler } = echo.machine;
    const chunk = scheduler.cyclesFromNs(1e6);
    let last = performance.now();
    while (state.pending > 0) {
      echo.machine.run(scheduler.now + chunk);
      if (performance.now() - last < TURN_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      last = performance.now();
    }
    const { cpu, wall } = clock(begin);
    this.costs.push(cpu / count);
    this.wall = (this.wall ?? 0) + wall;
  }

  async end() {
    const heard = this.child && (this.child.stdin.write('?\n'), JSON.parse(await this.line()));
    this.child?.stdin.end();
    this.hub?.close('over');
    await this.listener?.close();
    this.echo.machine.dispose();
    return heard;
  }
}

export async function viewCosts({ rounds = 7, messages = 30_000, length = 16 } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'imx-sim-view-'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html>');
  const situations = ['none', 'alone', 'client'].map((name) => new Situation(name));
  try {
    for (const each of situations) await each.begin(directory);
    for (const each of situations) await each.run(messages, length);
    for (const each of situations) each.costs = [];
    const client = situations[2];
    client.wall = 0;
    client.child.stdin.write('?\n');
    await client.line();
    for (let round = 0; round < rounds; round++) for (const each of round % 2 ? situations.toReversed() : situations) await each.run(messages, length);
    const [none, alone, watched] = situations.map(({ costs }) => Math.min(...costs));
    const [, , heard] = [await situations[0].end(), await situations[1].end(), await client.end()];
    return {
      roundTrips: Object.fromEntries(situations.map(({ name, costs }) => [name, spread(costs.map((cost) => 1 / cost))])),
      slowerAlone: alone / none - 1,
      slowerWithClient: watched / none - 1,
      eventsPerSecond: heard.events / client.wall,
      droppedPerSecond: heard.dropped / client.wall,
      bytesPerSecond: heard.bytes / client.wall,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await whenRunAlone(import.meta.url, async () => {
  const { values } = parseArgs({ options: { rounds: { type: 'string' }, messages: { type: 'string' }, length: { type: 'string' } } });
  const options = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
  return { question: 'view', ...(await viewCosts(options)) };
});
