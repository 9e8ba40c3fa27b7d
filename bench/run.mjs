/**
 * All benches: a table for people, or with `--json` one object with every figure. `npm run bench` builds first what is out of date.
 *
 *   npm run bench                        the table; five rounds, several minutes
 *   npm run -s bench -- --quick          fewer and shorter rounds, within 50 s
 *   npm run -s bench -- --json           one JSON object; `ratios` compares the engines over the integer programs
 *   ... --only '^alu$'  --rounds 3  --soc cortex-m4     some programs, another number of rounds, another core
 *   ... --millions 200  --note 'on battery'             runs of another length; words that are kept with the figures
 *
 * Each question is a file of its own, which can also be run alone and then prints its answer as one JSON line.
 */
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { coldStart } from './cold-start.mjs';
import { conditionsOf } from './conditions.mjs';
import { costs } from './costs.mjs';
import { SOC_NAMES } from './in-process.mjs';
import { mainJob } from './main-job.mjs';
import { Deadline, rounded } from './measure.mjs';
import { memory } from './memory.mjs';
import { qemuVersion } from './qemu.mjs';
import { ratiosOf } from './ratios.mjs';
import { Comparison, compare } from './speed.mjs';
import { say, tables } from './tables.mjs';
import { FREE, RAW } from './unicorn-raw.mjs';

/**
 * Instructions of one run of the translating engine and of QEMU, and rounds. A user's run of seconds: translation is a part of it, and not most of
 * it. A quick run has shorter ones, for which translation weighs more.
 */
const FULL = { target: 1.5e9, rounds: 5, seconds: Number.POSITIVE_INFINITY };
const QUICK = { target: 7e8, rounds: 5, seconds: 45 };
/** How much shorter the runs of floating-point programs are, which are slower, and of one program on every core. */
const FLOAT_SHARE = 0.25;
const CORES_SHARE = 0.25;
/** Seconds that a quick run keeps for what comes after the integer programs, and that must be left for any one question. */
const RESERVE = 15;
const LEAST = 4;
/** The program that compares the cores with each other. */
const ON_EVERY_CORE = /^blend$/;

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    soc: { type: 'string' },
    rounds: { type: 'string' },
    millions: { type: 'string' },
    note: { type: 'string' },
  },
});
const { quick } = options;
const { rounds: usual, seconds } = quick ? QUICK : FULL;
const target = options.millions ? Number(options.millions) * 1e6 : (quick ? QUICK : FULL).target;
const rounds = Number(options.rounds ?? usual);
const few = Number(options.rounds ?? (quick ? 1 : usual));
const deadline = new Deadline(seconds);
const load = loadavg()[0];

function host() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${process.platform}-${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
    ...(qemuVersion ? { qemu: qemuVersion } : {}),
    loadAverage: load,
  };
}

function onEveryCore() {
  return SOC_NAMES.flatMap((soc) => compare({ only: ON_EVERY_CORE, group: 'integer', soc, target: target * CORES_SHARE }, few));
}

/** Everything beside the speed of programs. A quick run leaves out what it has no time for, and says so. */
function others() {
  const questions = {
    mainJob: () => mainJob({ rounds: few }),
    coldStart: () => coldStart({ rounds: few }),
    memory: () => memory(),
    costs: () => costs({ rounds: few, quick }),
    ...(quick ? {} : { cores: onEveryCore }),
  };
  const answers = { skipped: [] };
  for (const [name, question] of Object.entries(questions)) {
    if (deadline.left > LEAST) answers[name] = question();
    else answers.skipped.push(name);
  }
  return answers;
}

function measure() {
  const some = { only: new RegExp(options.only ?? '.'), soc: options.soc, without: quick ? [RAW, FREE] : [] };
  const integer = Comparison.of({ ...some, group: 'integer', target });
  const float = Comparison.of({ ...some, group: 'float', target: target * FLOAT_SHARE });
  if (quick) integer.firstRound(deadline, RESERVE);
  else integer.round();
  const rest = options.only === undefined ? others() : {};
  if (quick) float.firstRound(deadline, 0);
  else for (let done = 0; done < few; done++) float.round();
  for (let done = 1; done < rounds; done++) {
    if (quick) integer.roundUntil(deadline);
    else integer.round();
  }
  const programs = [...integer.results(), ...float.results()];
  return {
    ratios: ratiosOf(programs),
    ratiosByCpuTime: ratiosOf(programs, 'perCpuSecond'),
    ratiosSteady: ratiosOf(programs, 'steadyPerSecond', 'perSecond'),
    host: host(),
    ...(options.note ? { note: options.note } : {}),
    instructionsPerRun: target,
    roundsWanted: rounds,
    ...rest,
    programs,
  };
}

const start = performance.now();
const measured = measure();
const answers = rounded({ ...measured, conditions: conditionsOf(measured), quick, seconds: (performance.now() - start) / 1000 });
if (options.json) console.log(JSON.stringify(answers));
else for (const line of tables(answers)) say(line);
