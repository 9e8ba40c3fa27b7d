/**
 * What does it cost to be looked at: with a view or a GDB server that nobody has come to, and with a client that gets 10,000 events in a second?
 *
 * The hardest work there is for a view: messages go to images/imx8mp_echo8.elf and come back as fast as they can, as in echo.mjs, which makes half a million
 * events in a second of the host. Sessions as of `imx-sim run` do so in turns, in one process: without anything, with --gdb, with --view, and with --view and
 * a client, another process on a real socket. Figures are CPU time for each round trip, as ratios to the session without anything of the same round.
 *
 * Sessions differ by some per cent in the code that was made for them. What events alone cost while nobody is there is therefore measured in one machine, too,
 * to which the view's recorder listens in every other chunk (`recorder`).
 *
 *   node bench/view.mjs [--rounds 15] [--messages 20000] [--rate 10000]      one JSON line
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { clock, dist, image, rounded, spread, timed, whenRunAlone } from './measure.mjs';

/** Those load the built library, which whoever only prints figures does not need. */
let parts;

const load = (file) => import(pathToFileURL(join(dist, file)).href);

/** Events per second that are demanded. */
const WANTED = 10_000;
/** Events per second that the client asks for: with those that it may have at once after each pause it gets about as many as are demanded. */
const RATE = 8000;
/** Milliseconds of the host between two turns of its event loop, as in `imx-sim run`. */
const TURN_MS = 4;
/** Bytes of a message, and how many are on their way at a time. */
const LENGTH = 16;
const ENDPOINTS = 1;
/** Rounds that are not counted: what is hot is translated then, and the view's memory is as large as it gets. */
const WARM_UP = 3;
/** Types of events that a page asks for, without those for which the core is watched. */
const EVENTS = ['console', 'dmesg', 'mu', 'vring', 'message', 'core', 'fault', 'finding'];

/** Of `recorder`: messages of a chunk, and chunks of either kind that are not counted. */
const CHUNK = 4000;
const WARM_CHUNKS = 30;
/** Four chunks for each, in rounds: as many as bring the median to half a per cent on a busy machine. */
const RECORDER_ROUNDS = 4;

/** What is compared, by the words of the tables. */
const SITUATIONS = {
  nothing: {},
  '--gdb, nobody there': { gdb: true },
  '--view, nobody there': { view: true },
  '--view, a client': { view: true, client: true },
};

/** The client: counts what it gets, and says so when it is asked. */
const CLIENT = `
import { WebSocket } from ${JSON.stringify(import.meta.resolve('ws'))};
const [, , url, params] = process.argv;
const socket = new WebSocket(url);
let events = 0, dropped = 0, bytes = 0;
socket.on('message', (data) => {
  bytes += data.length;
  const { method, params, id } = JSON.parse(data.toString());
  if (method === 'events') { events += params.events.length; dropped += params.dropped; }
  if (id === 1) process.stdout.write('ready\\n');
});
socket.on('open', () => socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribe', params: JSON.parse(params) })));
process.stdin.on('data', () => { process.stdout.write(JSON.stringify({ events, dropped, bytes }) + '\\n'); events = dropped = bytes = 0; });
process.stdin.on('end', () => process.exit(0));
`;

const RENDERER = Object.fromEntries(['line', 'event', 'note', 'diagnostic', 'finding', 'report', 'finish'].map((name) => [name, () => {}]));

/** A session that runs when it is its turn. */
class Situation {
  constructor(name, wanted, { rate, directory }) {
    this.name = name;
    this.wanted = wanted;
    this.rate = rate;
    this.directory = directory;
    this.runs = [];
    this.turn = performance.now();
  }

  async begin() {
    const { CHANNELS, EchoMachine, FIRMWARE, MODULES, engines, firmwareOf } = parts;
    const [{ Session }, { chooseTarget }] = [await load('session/session.js'), await load('session/target.js')];
    const firmware = firmwareOf(image(FIRMWARE.replace('.elf', '')));
    const options = {
      firmware,
      target: chooseTarget(firmware, {}),
      engine: engines.jit,
      modules: MODULES,
      timeout: Number.POSITIVE_INFINITY,
    };
    const host = { renderer: RENDERER, disassemble: async () => [], now: () => performance.now(), pause: () => this.pause() };
    this.session = new Session(options, host);
    this.echo = new EchoMachine(engines.jit, { machine: this.session.machine });
    const { gdb, view, client } = this.wanted;
    if (gdb || view) await this.serve(gdb);
    this.over = this.session.run(true);
    await this.until(() => this.echo.channels.length === CHANNELS);
    if (client) await this.join();
  }

  async serve(gdb) {
    const [{ Debugger }, { runInputs }] = [await load('debug/debugger.js'), await load('session/run-inputs.js')];
    const { session } = this;
    const inputs = runInputs({ session });
    const debug = new Debugger({ session, inputs });
    if (gdb) {
      const { openGdbListener } = await load('cli/gdb-listener.js');
      this.listener = await openGdbListener({ debugger: debug, session, port: 0, note: () => {} });
      return;
    }
    const [{ viewOfRun }, { openViewListener }] = [await load('view/run-view.js'), await load('cli/view-listener.js')];
    const host = { now: () => performance.now(), internal: (error) => console.error(error) };
    this.hub = viewOfRun({ machine: session.machine, inputs, debugger: debug, title: 'bench', version: '', host });
    this.listener = await openViewListener({ hub: this.hub, port: 0, pageDirectory: this.directory });
  }

  async join() {
    const script = join(this.directory, 'client.mjs');
    writeFileSync(script, CLIENT);
    const params = JSON.stringify({ consoles: true, overview: true, rate: this.rate, events: EVENTS });
    const args = [script, `${this.listener.url.replace('http', 'ws')}ws`, params];
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    await this.line();
  }

  /** The next line of the client. */
  line() {
    return new Promise((resolve) => this.child.stdout.once('data', (data) => resolve(data.toString().trim())));
  }

  /** What the client has got since it was asked last. */
  heard() {
    this.child.stdin.write('?\n');
    return this.line().then(JSON.parse);
  }

  /** Between slices: the event loop gets its turns, and whoever is not on waits. */
  async pause() {
    if (this.goal?.()) {
      this.goal = undefined;
      this.reached();
    }
    if (!this.goal) {
      await new Promise((resolve) => {
        this.goOn = resolve;
      });
    } else if (performance.now() - this.turn >= TURN_MS) await new Promise((resolve) => setImmediate(resolve));
    else return;
    this.turn = performance.now();
  }

  /** Lets it run until `goal` holds. */
  until(goal) {
    return new Promise((resolve) => {
      this.goal = goal;
      this.reached = resolve;
      this.goOn?.();
    });
  }

  /** `count` round trips: seconds of CPU and wall time for each. */
  async run(count) {
    const state = this.echo.talk(ENDPOINTS, count / ENDPOINTS, (i) => new Uint8Array(LENGTH).fill(i));
    const begin = clock();
    await this.until(() => state.pending === 0);
    const { cpu, wall } = clock(begin);
    this.runs.push({ cpu: cpu / count, wall: wall / count });
    if (this.echo.failures.length > 0) throw new Error(this.echo.failures.slice(0, 3).join(', '));
  }

  async end() {
    this.child?.stdin.end();
    this.session.stop(0);
    this.goal = () => false;
    this.goOn?.();
    await this.over;
    this.hub?.close('over');
    await this.listener?.close();
    this.session.dispose();
  }
}

/**
 * CPU time with the recorder to that without it, of one machine: chunks without, with, with, without, and the other way round in the next round, so that neither
 * a machine that becomes slower nor the chunk before matters. `none` compares the two chunks without, which says what the machine's noise is.
 */
async function recorderCost({ rounds, messages }) {
  const { CHANNELS, EchoMachine, FIRMWARE, MODULES, engines, firmwareOf } = parts;
  const [{ Session }, { chooseTarget }] = [await load('session/session.js'), await load('session/target.js')];
  const { Recorder } = await load('view/recorder.js');
  const firmware = firmwareOf(image(FIRMWARE.replace('.elf', '')));
  const options = {
    firmware,
    target: chooseTarget(firmware, {}),
    engine: engines.jit,
    modules: MODULES,
    timeout: Number.POSITIVE_INFINITY,
  };
  const host = { renderer: RENDERER, disassemble: async () => [], now: () => performance.now(), pause: async () => {} };
  const session = new Session(options, host);
  const { machine } = session;
  const echo = new EchoMachine(engines.jit, { machine });
  const until = (goal) => {
    while (!goal()) machine.run(machine.scheduler.now + machine.scheduler.cyclesFromNs(1e6));
  };
  until(() => echo.channels.length === CHANNELS);
  const recorder = new Recorder(machine.soc.baseHz, machine);
  const chunk = (kept) => {
    const end = kept ? machine.events.subscribe(recorder.add) : () => {};
    const state = echo.talk(ENDPOINTS, Math.min(messages, CHUNK), (i) => new Uint8Array(LENGTH).fill(i));
    const begin = clock();
    until(() => state.pending === 0);
    const { cpu } = clock(begin);
    end();
    return cpu;
  };
  try {
    for (let count = 0; count < WARM_CHUNKS; count++) for (const kept of [false, true]) chunk(kept);
    const [ratios, noise] = [[], []];
    for (let round = 0; round < rounds * RECORDER_ROUNDS; round++) {
      const order = round % 2 === 0 ? [false, true, true, false] : [true, false, false, true];
      const cpu = order.map((kept) => chunk(kept));
      const of = (kept) => cpu.filter((_, index) => order[index] === kept);
      const [[first, second], [one, other]] = [of(false), of(true)];
      ratios.push((one + other) / (first + second));
      noise.push(second / first);
    }
    return { rounds: ratios.length, events: recorder.log.next, kept: quartiles(ratios), none: quartiles(noise) };
  } finally {
    session.dispose();
  }
}

/** Median and the two quartiles. */
function quartiles(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return { low: sorted[sorted.length >> 2], median: spread(values).median, high: sorted[(3 * sorted.length) >> 2] };
}

async function figures({ rounds, messages, rate }) {
  parts = { ...(await import('./echo-machine.mjs')), ...(await import('./in-process.mjs')) };
  const directory = mkdtempSync(join(tmpdir(), 'imx-sim-view-'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html>');
  const situations = Object.entries(SITUATIONS).map(([name, wanted]) => new Situation(name, wanted, { rate, directory }));
  try {
    for (const each of situations) await each.begin();
    const [plain] = situations;
    const client = situations.at(-1);
    for (let round = -WARM_UP; round < rounds; round++) {
      // There and back again, so that nobody is always the one after somebody.
      for (const each of round % 2 === 0 ? situations : situations.toReversed()) await each.run(messages);
      if (round >= 0) continue;
      for (const each of situations) each.runs = [];
      await client.heard();
    }
    const heard = await client.heard();
    const seconds = client.runs.reduce((sum, { wall }) => sum + wall * messages, 0);
    const events = plain.session.machine.events.count / (plain.runs.length + WARM_UP) / messages;
    const ratio = (each, unit) => spread(each.runs.map((run, round) => run[unit] / plain.runs[round][unit]));
    return {
      recorder: await recorderCost({ rounds, messages }),
      eventsPerRoundTrip: events,
      rate,
      client: { events: heard.events / seconds, dropped: heard.dropped / seconds, bytes: heard.bytes / seconds },
      situations: Object.fromEntries(
        situations.map((each) => [
          each.name,
          {
            runs: each.runs.length,
            perSecond: spread(each.runs.map(({ wall }) => 1 / wall)),
            perCpuSecond: spread(each.runs.map(({ cpu }) => 1 / cpu)),
            ...(each === plain ? {} : { cpuRatio: ratio(each, 'cpu'), wallRatio: ratio(each, 'wall') }),
          },
        ]),
      ),
    };
  } finally {
    for (const each of situations) await each.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** All of it, in a process of its own. */
export function viewCosts({ rounds = 15, messages = 20_000 } = {}) {
  const args = [fileURLToPath(import.meta.url), '--rounds', String(rounds), '--messages', String(messages)];
  const { stdout, stderr } = timed(process.execPath, args);
  if (stdout === '') throw new Error(stderr);
  const { question: _, ...answer } = JSON.parse(stdout);
  return answer;
}

/**
 * Per cent by which a run with `WANTED` events in a second is slower, by the clock or by CPU time. Without a client all of the cost is that of events, of which
 * there were many more; a client's is charged with all the events that were left out for it, too.
 */
export function viewPerCent({ eventsPerRoundTrip, client, situations }, name, unit) {
  const { nothing, [name]: looked } = situations;
  const speed = unit === 'cpu' ? 'perCpuSecond' : 'perSecond';
  const slower = looked[unit === 'cpu' ? 'cpuRatio' : 'wallRatio'].median - 1;
  return (
    100 * slower * (SITUATIONS[name].client ? Math.max(1, WANTED / client.events) : WANTED / (nothing[speed].median * eventsPerRoundTrip))
  );
}

/** Headings of `viewRows`. */
export const VIEW_HEADING = ['', 'by the clock', 'by CPU time', 'slower by the clock', 'slower by CPU time'];

/** What is printed of the figures: rows of a name, round trips in a second, and by how much the emulator is slower. */
export function viewRows({ situations }) {
  const percent = (ratio) => (ratio === undefined ? '' : `${((ratio - 1) * 100).toFixed(1)} %`);
  return Object.entries(situations).map(([name, { perSecond, perCpuSecond, cpuRatio, wallRatio }]) => [
    name,
    Math.round(perSecond.median).toLocaleString('en-US'),
    Math.round(perCpuSecond.median).toLocaleString('en-US'),
    percent(wallRatio?.median),
    percent(cpuRatio?.median),
  ]);
}

await whenRunAlone(import.meta.url, async () => {
  const { values } = parseArgs({ options: { rounds: { type: 'string' }, messages: { type: 'string' }, rate: { type: 'string' } } });
  const given = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
  return rounded({ question: 'view', ...(await figures({ rounds: 15, messages: 20_000, rate: RATE, ...given })) });
});
