/**
 * Does memory stay flat? Many hours of virtual time of images/imx8mp_soak.elf: a tick, messages, code that rewrites itself every five
 * seconds, and Linux that stops the core and loads and starts it again every few minutes. One JSON line; status 1 when it is not flat, or wrong.
 *
 *   node bench/soak.mjs [--hours 24] [--restart 5] [--engine jit] [--verbose]      --restart in minutes of virtual time
 *
 * Flat: from the first third to the last, the JavaScript heap (after a collection), array buffers, guest memory and translated code in use
 * grow by no more than a small share; the resident set, which the system and V8's own compilation blur, by no more than a larger one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { collect } from './garbage.mjs';
import { dist, image } from './measure.mjs';

const MIB = 2 ** 20;
/** How much may be added between the first third and the last: share of what there was, and bytes. */
const ALLOWED = {
  heapUsed: { share: 0.02, bytes: MIB },
  arrayBuffers: { share: 0.02, bytes: MIB },
  guest: { share: 0, bytes: 0 },
  liveBytes: { share: 0.1, bytes: MIB },
  rss: { share: 0.1, bytes: 16 * MIB },
};
/** Samples from which a trend can be read. */
const FEWEST_SAMPLES = 6;
const TTY = 'ttyRPMSG0';

const load = (file) => import(pathToFileURL(join(dist, file)).href);

/** The firmware, its Linux, and what is heard of them. */
class Soak {
  counts = { restarts: 0, messages: 0, ttyBytes: 0, dmesg: 0, console: 0 };
  failures = [];
  line = '';
  engine = undefined;

  constructor({ Machine, findSoc }, { readFirmware, TraceHash }, factory) {
    this.trace = new TraceHash();
    const engine = {
      name: factory.name,
      create: (host) => {
        this.engine = factory.create(host);
        return this.engine;
      },
    };
    this.machine = new Machine({ soc: findSoc('imx8mp'), engine, firmware: readFirmware(image('imx8mp_soak')) });
    this.machine.events.subscribe((event) => this.hear(event));
    // The second file makes Linux read and load another one; its bytes are the same.
    this.files = ['imx8mp_soak.elf', 'again.elf'];
    this.machine.linux.firmwareFiles.set(this.files[1], new Uint8Array(readFileSync(image('imx8mp_soak'))));
  }

  hear(event) {
    this.trace.add(event);
    if (event.type === 'message') this.counts.messages++;
    else if (event.type === 'dmesg') this.counts.dmesg++;
    else if (event.type === 'console' && event.device === TTY) this.counts.ttyBytes++;
    else if (event.type === 'console') {
      this.counts.console++;
      this.line += String.fromCharCode(event.byte);
      if (event.byte !== 10) return;
      if (this.line.includes('wrong')) this.fail(this.line.trim());
      this.line = '';
    }
  }

  fail(text) {
    this.failures.push(`${this.machine.scheduler.seconds.toFixed(3)} s: ${text}`);
  }

  seconds(count) {
    const { machine } = this;
    const end = machine.scheduler.now + machine.scheduler.cyclesFromNs(count * 1e9);
    const stop = machine.run(end);
    // A core that Linux has stopped has nothing to do, and neither has Linux.
    if (stop.kind === 'deadlock' && machine.core.halted) machine.scheduler.advanceTo(end);
    else if (stop.kind !== 'limit') throw new Error(`the run ended: ${JSON.stringify(stop)}`);
  }

  /** Waits for a command of the user; what it gives must be 0. */
  command(command) {
    for (let i = 0; i < 100 && command.result === undefined; i++) this.seconds(0.01);
    if (command.result !== 0) this.fail(`${command.text} gave ${command.result}`);
  }

  restart() {
    const { linux } = this.machine;
    this.command(linux.stop(0));
    this.seconds(1);
    this.command(linux.start(0, this.files[++this.counts.restarts % 2]));
  }

  /** A text to the firmware through Linux's tty, which gives it back. */
  talk() {
    const before = this.counts.ttyBytes;
    const text = new TextEncoder().encode(`restart ${this.counts.restarts}, and so on\n`);
    this.machine.send(TTY, text);
    this.seconds(1);
    if (this.counts.ttyBytes - before < text.length) this.fail(`the tty gave back ${this.counts.ttyBytes - before} bytes`);
  }

  async sample() {
    await collect();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    const { machine, engine } = this;
    const translated = engine?.statistics ?? { modules: 0, live: 0, liveBytes: 0 };
    const { modules, live, liveBytes } = translated;
    return { hour: machine.scheduler.seconds / 3600, rss, heapUsed, arrayBuffers, guest: machine.arena.used, modules, live, liveBytes };
  }
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What each quantity was in the first third, without the first sample, and in the last; and whether the growth is allowed. */
function trend(samples) {
  const third = Math.floor(samples.length / 3);
  const rows = Object.entries(ALLOWED).map(([name, { share, bytes }]) => {
    const from = mean(samples.slice(1, 1 + third).map((sample) => sample[name]));
    const to = mean(samples.slice(-third).map((sample) => sample[name]));
    return [name, { from: Math.round(from), to: Math.round(to), flat: to - from <= from * share + bytes }];
  });
  return Object.fromEntries(rows);
}

/** Runs a soak and says how it went. */
export async function soak({ hours = 24, restart = 5, engine = 'jit', progress = () => {} } = {}) {
  const library = await load('index.js');
  const node = await load('node.js');
  const factory = { jit: library.jitFactory, interpreter: library.interpreterFactory, unicorn: node.unicornFactory }[engine];
  if (!factory) throw new Error(`no engine ${engine}`);
  const run = new Soak(library, node, factory);
  const start = performance.now();
  const samples = [];
  const every = Math.max(1, Math.round((hours * 60) / restart / 24));
  run.seconds(2);
  for (let i = 1; i * restart <= hours * 60; i++) {
    run.talk();
    run.seconds(i * restart * 60 - run.machine.scheduler.seconds - 4);
    run.restart();
    if (i % every !== 0) continue;
    samples.push(await run.sample());
    await progress(samples.at(-1));
  }
  const { machine, counts, failures } = run;
  const growth = samples.length >= FEWEST_SAMPLES ? trend(samples) : undefined;
  const flat = growth && Object.values(growth).every(({ flat: is }) => is);
  const result = {
    question: 'soak',
    engine,
    virtualHours: machine.scheduler.seconds / 3600,
    wallSeconds: (performance.now() - start) / 1000,
    instructions: machine.core.instructions,
    ...counts,
    lostMessages: machine.kernel.lostMessages,
    findings: machine.diagnostics.all.length,
    failures: failures.slice(0, 20),
    trace: run.trace.digest(),
    flat,
    growth,
    samples,
  };
  machine.dispose();
  return result;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      hours: { type: 'string', default: '24' },
      restart: { type: 'string', default: '5' },
      engine: { type: 'string', default: 'jit' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const progress = values.verbose ? (sample) => console.error(JSON.stringify(sample)) : undefined;
  const options = { hours: Number(values.hours), restart: Number(values.restart), engine: values.engine };
  const result = await soak({ ...options, ...(progress ? { progress } : {}) });
  console.log(JSON.stringify(result));
  process.exitCode = result.failures.length > 0 || result.flat === false ? 1 : 0;
}
