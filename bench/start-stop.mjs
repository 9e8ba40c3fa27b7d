/**
 * Is the thousandth start of a core like the first? Linux starts images/imx8mp_echo8.elf, exchanges messages with its eight endpoints, and stops it
 * while more are under way, over and over. One JSON line; status 1 when a message was lost, came twice or changed, when two cycles differ, or when anything grows.
 *
 *   node bench/start-stop.mjs [--cycles 1000] [--engine jit] [--verbose]
 *
 * A cycle begins when `start` is written to the state file and ends when Linux has nothing left to do after `stop`. Its trace hash is that of
 * `--trace-hash`, with cycles counted from its beginning.
 */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { getHeapSpaceStatistics } from 'node:v8';
import { CHANNELS, EchoMachine, FIRMWARE } from './echo-machine.mjs';
import { collect } from './garbage.mjs';
import { engines } from './in-process.mjs';
import { dist } from './measure.mjs';

const { TraceHash } = await import(pathToFileURL(join(dist, 'session/trace-hash.js')).href);

/** Messages on each endpoint, and bytes of the first and of each one after that. */
const MESSAGES = 6;
const LENGTH = (i) => [1, 496, 2, 117, 12, 255][i % MESSAGES];
/** Virtual time that Linux has for a command, and after which nothing is left to do. */
const COMMAND_NS = 1e9;
const QUIET_NS = 50e6;
/** Cycles after which everything has the size that it keeps: the buffer of dmesg is full by then. */
const SETTLED = 200;
/** Bytes by which the heap, without machine code, may differ from then on: what V8 keeps beside that code comes and goes at its own pace. */
const ALLOWED_HEAP = 3 << 19;

function message(i) {
  return new Uint8Array(LENGTH(i)).map((_, at) => 7 * i + at);
}

/** What must not grow, counted. */
function sizes({ machine, kernel }) {
  return {
    guestBytes: machine.arena.used,
    timers: machine.scheduler.pending,
    tasks: kernel.tasks.size,
    listeners: machine.events.listening,
    findings: machine.diagnostics.all.length,
    channels: machine.linux.modules.rpmsgBus.devices.length,
  };
}

class Cycles {
  failures = [];
  hashes = new Map();
  /** Of the present cycle. */
  trace = undefined;
  base = 0;

  constructor(engine) {
    this.echo = new EchoMachine(engine, { autostart: false });
    this.machine = this.echo.machine;
    this.machine.events.subscribe((event) => this.trace?.add({ ...event, cycle: event.cycle - this.base }));
    this.quiet(COMMAND_NS);
  }

  /** Lets time pass until Linux and the core have nothing left to do, `ns` at most. */
  quiet(ns) {
    const { machine } = this;
    const { scheduler } = machine;
    const end = scheduler.now + scheduler.cyclesFromNs(ns);
    const stop = machine.run(end);
    if (stop.kind === 'deadlock') scheduler.advanceTo(end);
    else if (stop.kind !== 'limit') throw new Error(`the run ended: ${JSON.stringify(stop)}`);
  }

  command(command) {
    const { machine } = this;
    const { scheduler } = machine;
    const end = scheduler.now + scheduler.cyclesFromNs(COMMAND_NS);
    this.echo.runUntil(() => command.result !== undefined || scheduler.now >= end);
    if (command.result !== 0) throw new Error(`${command.text} gave ${command.result}`);
  }

  cycle(number) {
    const { machine, echo } = this;
    const { linux, scheduler } = machine;
    this.base = scheduler.now;
    this.trace = new TraceHash();
    this.command(linux.start(0, FIRMWARE));
    echo.online();
    const before = echo.echoes;
    echo.exchange(CHANNELS, MESSAGES, message);
    const done = echo.echoes - before;
    if (done !== CHANNELS * MESSAGES) this.failures.push(`cycle ${number}: ${done} echoes of ${CHANNELS * MESSAGES}`);
    // More of them, which the stop cuts short: whatever is left of them in the rings must not be heard of after the next start.
    const cut = echo.talk(CHANNELS, MESSAGES, message);
    this.command(linux.stop(0));
    this.quiet(QUIET_NS);
    if (cut.pending > 0) this.failures.push(`cycle ${number}: ${cut.pending} tasks still wait for an echo after the stop`);
    for (const failure of echo.failures.splice(0)) this.failures.push(`cycle ${number}: ${failure}`);
    const digest = this.trace.digest();
    this.trace = undefined;
    this.hashes.set(digest, [...(this.hashes.get(digest) ?? []), number]);
  }
}

/** Bytes of the heap that somebody refers to, without those of machine code. */
async function heapUsed() {
  await collect();
  const spaces = getHeapSpaceStatistics().filter(({ space_name: name }) => !name.startsWith('code'));
  return spaces.reduce((sum, { space_used_size: used }) => sum + used, 0);
}

/** Runs the cycles and says how it went. */
export async function startStop({ cycles = 1000, engine = 'jit', progress = () => {} } = {}) {
  if (!engines[engine]) throw new Error(`no engine ${engine}`);
  const run = new Cycles(engines[engine]);
  const start = performance.now();
  let settled;
  let heapThen = 0;
  for (let number = 1; number <= cycles; number++) {
    run.cycle(number);
    if (number === Math.min(SETTLED, cycles)) [settled, heapThen] = [sizes(run.echo), await heapUsed()];
    progress(number, run);
  }
  const now = sizes(run.echo);
  const heapGrowth = (await heapUsed()) - heapThen;
  for (const [name, size] of Object.entries(now)) if (size !== settled[name]) run.failures.push(`${name}: ${settled[name]} became ${size}`);
  if (heapGrowth > ALLOWED_HEAP) run.failures.push(`the heap grew by ${heapGrowth} bytes`);
  const [[trace] = [], ...others] = [...run.hashes].sort(([, a], [, b]) => b.length - a.length);
  for (const [digest, numbers] of others) run.failures.push(`trace ${digest} in ${numbers.length} cycles, the first ${numbers[0]}`);
  const result = {
    question: 'start-stop',
    engine,
    cycles,
    echoes: run.echo.echoes,
    trace,
    virtualSeconds: run.machine.scheduler.seconds,
    wallSeconds: (performance.now() - start) / 1000,
    ...now,
    heapGrowth,
    failures: run.failures.slice(0, 20),
  };
  run.machine.dispose();
  return result;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      cycles: { type: 'string', default: '1000' },
      engine: { type: 'string', default: 'jit' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const progress = (number, { failures }) => {
    if (values.verbose && number % 100 === 0) console.error(`${number} cycles, ${failures.length} failures`);
  };
  const result = await startStop({ cycles: Number(values.cycles), engine: values.engine, progress });
  console.log(JSON.stringify(result));
  process.exitCode = result.failures.length > 0 ? 1 : 0;
}
