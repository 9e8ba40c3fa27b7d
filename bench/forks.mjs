/**
 * What does a fork of a booted system cost, and how long do 200 tests take of which each has one? One JSON line; status 1 when a test fails or when anything
 * stays behind of forks that are gone.
 *
 *   node bench/forks.mjs [--rounds 5] [--only-costs]
 *
 * `suite`: a project outside of the repository, 200 tests in two files, `vitest run` on two workers from the start of the process to its end. `costs`: one
 * process, images/imx8mp_echo.elf with its tty open; milliseconds, and bytes of one more fork (JavaScript's heap and what belongs to it; resident set).
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeProject, runProject } from './forks/project.mjs';
import { collect } from './garbage.mjs';
import { clock, dist, image, root, rounded, spreads, timed } from './measure.mjs';

const FORKS = 1000;
/** Forks that have a machine at the same time. */
const IN_USE = 24;
/** Bytes by which the heap may grow from the thousandth fork to the two thousandth: V8 keeps notes of its own beside machine code. */
const ALLOWED = 3 << 20;

/** Median, the value that one in a hundred exceeds, and the median of CPU time, which a busy machine disturbs less. */
function distribution(times) {
  const sorted = (of) => times.map(of).sort((a, b) => a - b);
  const wall = sorted((time) => time.wall);
  const middle = times.length >> 1;
  return { median: wall[middle], p99: wall[Math.floor(times.length * 0.99)], cpu: sorted((time) => time.cpu)[middle] };
}

/** Milliseconds that `work` takes. */
function clocked(work) {
  const start = clock();
  work();
  const { wall, cpu } = clock(start);
  return { wall: wall * 1000, cpu: cpu * 1000 };
}

async function memoryUse() {
  await collect();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss };
}

/** Bytes of each of `count` things that `make` makes and that stay: the greater of what the heap says and the resident set, where memories of machines are. */
async function bytesOfEach(count, make) {
  const before = await memoryUse();
  const kept = Array.from({ length: count }, make);
  const after = await memoryUse();
  for (const each of kept) each.dispose();
  return Math.max(after.heap - before.heap, after.rss - before.rss) / count;
}

/** What keeps a process alive or grows unseen: timers, ports, listeners. */
function resources(machine) {
  const active = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap' && name !== 'TTYWrap').length;
  return { active, listeners: machine.events.listening, timers: machine.scheduler.pending };
}

/** In this process: what forks of one snapshot cost. */
async function costs() {
  const { createMachine } = await import(new URL(`file://${dist}/node.js`).href);
  const started = performance.now();
  const m = await createMachine({ firmware: { name: 'imx8mp_echo.elf', bytes: new Uint8Array(readFileSync(image('imx8mp_echo'))) } });
  await m.until('uart4', /hello world!/);
  await m.advance('5ms');
  const boot = performance.now() - started;
  let snapshot;
  const snapshotMs = clocked(() => (snapshot = m.snapshot()));
  /** Used, run for a while, gone. */
  const life = async (use) => {
    const fork = snapshot.fork();
    use.push(clocked(() => fork.cycle));
    await fork.advance('100us');
    fork.dispose();
  };
  const cold = [];
  for (let i = 0; i < 10; i++) await life(cold);
  const firstUse = [];
  const used = await bytesOfEach(IN_USE, () => {
    const made = snapshot.fork();
    firstUse.push(clocked(() => made.cycle));
    return made;
  });
  const fork = [];
  const unused = await bytesOfEach(FORKS, () => {
    let made;
    fork.push(clocked(() => (made = snapshot.fork())));
    return made;
  });
  const recycled = [];
  for (let i = 0; i < FORKS; i++) await life(recycled);
  const settled = { ...(await memoryUse()), ...resources(m.machine) };
  for (let i = 0; i < FORKS; i++) await life([]);
  const end = { ...(await memoryUse()), ...resources(m.machine) };
  const grown = { heap: end.heap - settled.heap, active: end.active - settled.active, listeners: end.listeners - settled.listeners };
  const leaks = grown.heap > ALLOWED || grown.active > 0 || grown.listeners > 0;
  const milliseconds = {
    boot,
    snapshot: snapshotMs.wall,
    fork: distribution(fork),
    first: cold[0].wall,
    recycled: distribution(recycled),
    fresh: distribution(firstUse),
  };
  return { milliseconds, bytes: { unused, used }, forks: FORKS, grown, leaks };
}

/** The suite, `rounds` times. */
async function suite(rounds) {
  const project = makeProject({ root, dist, files: 2 });
  try {
    const runs = [];
    for (let round = 0; round < rounds; round++) {
      const run = await runProject(project, { workers: 2, filter: 'echo' });
      if (run.status !== 0 || run.tests.length !== 200) throw new Error(`${run.tests.length} tests, status ${run.status}\n${run.output}`);
      runs.push(run);
    }
    return { tests: 200, workers: 2, ...spreads(runs) };
  } finally {
    project.dispose();
  }
}

/** All of it, in a process of its own. */
export function forkFigures({ rounds }) {
  const { stdout, stderr } = timed(process.execPath, [fileURLToPath(import.meta.url), '--rounds', String(rounds)]);
  if (stdout === '') throw new Error(stderr);
  const { question: _, ...figures } = JSON.parse(stdout);
  return figures;
}

/** What is printed of the figures: rows of a name, a median, p99 or the longest, and CPU time. */
export function forkRows({ suite, costs: { milliseconds, bytes } }) {
  const ms = (value) => `${value.toPrecision(3)} ms`;
  const all = ({ median, p99, cpu }) => [ms(median), ms(p99), ms(cpu)];
  const kib = (value) => (value < 1024 ? 'below 1 KiB' : `${Math.round(value / 1024)} KiB`);
  return [
    ...(suite
      ? [
          [
            `${suite.tests} tests, vitest on ${suite.workers} workers, start to end`,
            `${suite.wall.median.toFixed(2)} s`,
            `${suite.wall.max.toFixed(2)} s`,
            `${suite.cpu?.median.toFixed(2)} s`,
          ],
        ]
      : []),
    ['fork, which nobody uses yet', ...all(milliseconds.fork)],
    ['its first use, in a machine that another fork left', ...all(milliseconds.recycled)],
    ['its first use, in a new machine', ...all(milliseconds.fresh)],
    ['snapshot', ms(milliseconds.snapshot), '', ''],
    ['memory of a fork that nobody uses yet', kib(bytes.unused), '', ''],
    ['memory of one that is used, until it writes', kib(bytes.used), '', ''],
  ];
}

/** All of it. */
export async function forks({ rounds = 5, onlyCosts = false } = {}) {
  const { status, stdout, stderr } = timed(process.execPath, [fileURLToPath(import.meta.url), '--in-process']);
  if (status !== 0) throw new Error(stderr);
  return { ...(onlyCosts ? {} : { suite: await suite(rounds) }), costs: JSON.parse(stdout) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = { rounds: { type: 'string', default: '5' }, 'only-costs': { type: 'boolean' }, 'in-process': { type: 'boolean' } };
  const { values } = parseArgs({ options });
  if (values['in-process']) {
    console.log(JSON.stringify(rounded(await costs())));
    process.exit();
  }
  const answer = await forks({ rounds: Number(values.rounds), onlyCosts: values['only-costs'] });
  console.log(JSON.stringify(rounded({ question: 'forks', ...answer })));
  if (answer.costs.leaks) process.exitCode = 1;
}
