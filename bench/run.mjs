/**
 * All benches: a table for people, or with `--json` one object with every figure. `npm run bench` builds first what is out of date.
 *
 *   npm run bench                        the table; five rounds, several minutes
 *   npm run -s bench -- --quick          fewer and shorter rounds, within 50 s
 *   npm run -s bench -- --json           one JSON object; `ratios` compares the engines over the integer programs
 *   ... --only '^alu$'  --rounds 3  --soc cortex-m4     some programs, another number of rounds, another core
 *
 * Each question is a file of its own, which can also be run alone and then prints its answer as one JSON line.
 */
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { coldStart } from './cold-start.mjs';
import { costs } from './costs.mjs';
import { runInProcess, SOC_NAMES } from './in-process.mjs';
import { mainJob } from './main-job.mjs';
import { Deadline, program, rounded } from './measure.mjs';
import { memory } from './memory.mjs';
import { qemuVersion } from './qemu.mjs';
import { Comparison, compare, RAW, ratiosOf } from './speed.mjs';
import { say, tables } from './tables.mjs';

/** Instructions of one run, and rounds. A quick run is shortened further on a slow or busy machine. */
const FULL = { target: 400e6, rounds: 5, seconds: Number.POSITIVE_INFINITY };
const QUICK = { target: 200e6, rounds: 5, seconds: 40 };
/** How much shorter the runs of floating-point programs are, which are slower. */
const FLOAT_SHARE = 8;
/** Seconds that must be left for a question of a quick run. */
const RESERVE = 10;
/** Seconds that the interpreter takes for its first run of `alu` on the machine for which QUICK was chosen. */
const USUAL = 0.5;
/** The program that compares the cores with each other. */
const ON_EVERY_CORE = /^blend$/;

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    soc: { type: 'string' },
    rounds: { type: 'string' },
  },
});

function host() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${process.platform}-${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
    ...(qemuVersion ? { qemu: qemuVersion } : {}),
    loadAverage: loadavg()[0],
  };
}

/** What is run of the whole, and how long. */
async function plan() {
  const { target, rounds, seconds } = options.quick ? QUICK : FULL;
  const { wall } = await runInProcess('interpreter', program('alu'));
  return {
    target: options.quick ? target * Math.min(1, Math.max(0.2, USUAL / wall)) : target,
    rounds: Number(options.rounds ?? rounds),
    few: Number(options.rounds ?? (options.quick ? 1 : rounds)),
    deadline: new Deadline(seconds),
  };
}

async function onEveryCore(target, rounds) {
  const results = [];
  for (const soc of SOC_NAMES) results.push(...(await compare({ only: ON_EVERY_CORE, group: 'integer', soc, target }, rounds)));
  return results;
}

/** Everything beside the speed of programs. A quick run leaves out what it has no time for, and says so. */
async function others({ few, target, deadline }) {
  const { quick } = options;
  const questions = {
    mainJob: () => mainJob({ rounds: few }),
    coldStart: () => coldStart({ rounds: few }),
    costs: () => costs({ rounds: few, quick }),
    memory: () => memory(),
    ...(quick ? {} : { cores: () => onEveryCore(target, few) }),
  };
  const answers = { skipped: [] };
  for (const [name, question] of Object.entries(questions)) {
    if (deadline.left > RESERVE) answers[name] = await question();
    else answers.skipped.push(name);
  }
  return answers;
}

async function measure() {
  const { target, rounds, few, deadline } = await plan();
  const some = { only: new RegExp(options.only ?? '.'), soc: options.soc, without: options.quick ? RAW : undefined };
  const integer = Comparison.of({ ...some, group: 'integer', target });
  const start = deadline.left;
  await integer.round();
  const round = start - deadline.left;
  const float = await compare({ ...some, group: 'float', target: target / FLOAT_SHARE }, few);
  const rest = options.only === undefined ? await others({ few, target, deadline }) : {};
  for (let done = 1; done < rounds && deadline.left > round; done++) await integer.round();
  const programs = [...integer.results(), ...float];
  return { ratios: ratiosOf(programs), ratiosByCpuTime: ratiosOf(programs, 'perCpuSecond'), host: host(), ...rest, programs };
}

const start = performance.now();
const answers = rounded({ ...(await measure()), quick: options.quick, seconds: (performance.now() - start) / 1000 });
if (options.json) console.log(JSON.stringify(answers));
else for (const line of tables(answers)) say(line);
