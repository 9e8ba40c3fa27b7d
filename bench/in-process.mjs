/**
 * Runs programs on our engines inside this process, from the built library: no start of a process is in the figures, and the native
 * engine and the translating one live in the same Node.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { clock, dist, root } from './measure.mjs';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** Virtual time of one call of `run`, and how long the event loop waits at least for its turn: as under `imx-sim run`. */
const CHUNK_NS = 5e6;
const TURN_MS = 4;
/** Milliseconds between two looks at the clocks, which cost some 20 us. */
const MARK_MS = 20;

const newest = (directory) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((time, entry) => Math.max(time, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0);

/** Makes dist/ when it is missing or older than src/; a build named by IMX_SIM_DIST is taken as it is. */
function build() {
  const entry = join(dist, 'node.js');
  if (process.env.IMX_SIM_DIST || (existsSync(entry) && statSync(entry).mtimeMs >= newest(join(root, 'src')))) return;
  const { status, stdout } = spawnSync('npm', ['run', '-s', 'build'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm run build failed:\n${stdout}`);
}

build();
await import(pathToFileURL(join(dist, 'cli/patience.js')).href);
const library = await import(pathToFileURL(join(dist, 'node.js')).href);
const { findSoc, Machine, parseFirmware, SOCS } = library;

/** Our engines that work here, the default first. */
export const engines = {
  jit: library.jitFactory,
  interpreter: library.interpreterFactory,
  ...(library.unicornAvailable() ? { unicorn: library.unicornFactory } : {}),
};

/** Bare cores that this build has. */
export const SOC_NAMES = SOCS.map(({ name }) => name).filter((name) => name.startsWith('cortex-'));

/** The core on which a program runs: the one that is asked for, or the last of its list that this build has. */
export function socOf({ socs }, wanted) {
  const known = socs.filter((name) => SOC_NAMES.includes(name));
  return wanted ? known.find((name) => name === wanted) : known.at(-1);
}

export function firmwareOf(file) {
  return parseFirmware(new Uint8Array(readFileSync(file)), file.split('/').at(-1));
}

/** Runs until the program ends; `marks` get the clock and the instructions now and then, and at the end. */
async function toTheEnd(machine, marks) {
  const chunk = machine.scheduler.cyclesFromNs(CHUNK_NS);
  const [core] = machine.cores;
  const mark = () => marks.push({ ...clock(), instructions: core.instructions });
  let turn = performance.now();
  for (;;) {
    const stop = machine.run(machine.scheduler.now + chunk);
    if (stop.kind !== 'limit') {
      mark();
      return stop;
    }
    const now = performance.now();
    if (now - turn < TURN_MS) continue;
    if (now - marks.at(-1).wall * 1000 > MARK_MS) mark();
    await new Promise((resolve) => setImmediate(resolve));
    turn = performance.now();
  }
}

/** The second half of a run, by instructions: what is hot has long been translated. */
function secondHalf(marks) {
  const end = marks.at(-1);
  const from = marks.findLast(({ instructions }) => instructions <= end.instructions / 2);
  return { wall: end.wall - from.wall, cpu: end.cpu - from.cpu, instructions: end.instructions - from.instructions };
}

/**
 * Runs a bench program to its end, checks what it printed, and tells how long that took: without the construction of the machine, with all
 * translation. `steady` is the second half of it, `events` what the program counted, `translation` what the engine says of its own work.
 */
export async function runInProcess(
  engine,
  program,
  { soc = socOf(program), repeat = 1, plain = false, fastForward = true, counted = false } = {},
) {
  collectGarbage();
  let text = '';
  let instance;
  const machine = new Machine({
    soc: findSoc(soc),
    engine: { name: engine, create: (host) => (instance = engines[engine].create(host)) },
    firmware: firmwareOf(program.file),
    hostMemory: 64 << 20,
    fastForward,
    semihosting: {
      write: (_fd, bytes) => (text += String.fromCharCode(...bytes)),
      read: () => new Uint8Array(),
      readable: true,
      commandLine: `${program.name} repeat=${repeat}${plain ? ' plain' : ''}`,
    },
  });
  if (counted) machine.cores[0].count(true);
  try {
    const marks = [{ ...clock(), instructions: 0 }];
    const stop = await toTheEnd(machine, marks);
    const [start, end] = [marks[0], marks.at(-1)];
    if (stop.kind !== 'exit' || stop.status !== 0 || !program.until.test(text))
      throw new Error(`${program.name} on ${engine}: ${JSON.stringify(stop)}, it printed ${JSON.stringify(text)}`);
    const [core] = machine.cores;
    return {
      wall: end.wall - start.wall,
      cpu: end.cpu - start.cpu,
      instructions: core.instructions,
      steady: secondHalf(marks),
      skipped: core.skipped,
      events: Number(/^events (\d+)$/m.exec(text)?.[1] ?? 0),
      translation: instance.statistics,
    };
  } finally {
    machine.dispose();
  }
}
