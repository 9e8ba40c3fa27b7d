/** Every bench in one run, and what is printed of it. */
import { cpus, loadavg, totalmem } from 'node:os';
import { coldStart } from './cold-start.mjs';
import { conditionsOf } from './conditions.mjs';
import { costs } from './costs.mjs';
import { echoes } from './echo.mjs';
import { forkFigures } from './forks.mjs';
import { SOC_NAMES } from './in-process.mjs';
import { mainJob } from './main-job.mjs';
import { Deadline, rounded } from './measure.mjs';
import { memory } from './memory.mjs';
import { qemuVersion } from './qemu.mjs';
import { ratiosOf } from './ratios.mjs';
import { Comparison, compare } from './speed.mjs';
import { say, tables } from './tables.mjs';
import { FREE, RAW } from './unicorn-raw.mjs';
import { viewCosts } from './view.mjs';

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
/** The program that compares the cores with each other; not in a quick run. */
const ON_EVERY_CORE = /^blend$/;

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

/** What is asked beside the speed of programs, by the key in the JSON. */
function questionsOf({ quick, rounds, target }) {
  const onEveryCore = () => SOC_NAMES.flatMap((soc) => compare({ only: ON_EVERY_CORE, group: 'integer', soc, target }, rounds));
  return {
    mainJob: () => mainJob({ rounds }),
    echo: () => echoes({ rounds, quick }),
    coldStart: () => coldStart({ rounds }),
    memory: () => memory(),
    costs: () => costs({ rounds, quick }),
    ...(quick ? {} : { forks: () => forkFigures({ rounds }) }),
    ...(quick ? {} : { view: () => viewCosts({ rounds: 3 * rounds }) }),
    ...(quick ? {} : { cores: onEveryCore }),
  };
}

/** Answers of `questions`. A quick run leaves out what it has no time for, and says so. */
function answersOf(questions, deadline) {
  const answers = { skipped: [] };
  for (const [name, question] of Object.entries(questions)) {
    if (deadline.left > LEAST) answers[name] = question();
    else answers.skipped.push(name);
  }
  return answers;
}

function measure({ quick = false, only, soc, rounds, millions, note }) {
  const { rounds: usual, seconds, target: long } = quick ? QUICK : FULL;
  const target = millions ? millions * 1e6 : long;
  const wanted = rounds ?? usual;
  const few = rounds ?? (quick ? 1 : usual);
  const deadline = new Deadline(seconds);
  const some = { only, soc, without: quick ? [RAW, FREE] : [] };
  const integer = Comparison.of({ ...some, group: 'integer', target });
  const float = Comparison.of({ ...some, group: 'float', target: target * FLOAT_SHARE });
  const { mainJob: demanded, ...others } = only === undefined ? questionsOf({ quick, rounds: few, target: target * CORES_SHARE }) : {};
  // What is demanded comes first: a busy machine leaves a quick run no time for the rest.
  const job = demanded ? { mainJob: demanded() } : {};
  if (quick) integer.firstRound(deadline, RESERVE);
  else integer.round();
  const rest = answersOf(others, deadline);
  if (quick) float.firstRound(deadline, 0);
  else for (let done = 0; done < few; done++) float.round();
  for (let done = 1; done < wanted; done++) {
    if (quick) integer.roundUntil(deadline);
    else integer.round();
  }
  const programs = [...integer.results(), ...float.results()];
  return {
    ratios: ratiosOf(programs),
    ratiosByCpuTime: ratiosOf(programs, 'perCpuSecond'),
    ratiosSteady: ratiosOf(programs, 'steadyPerSecond', 'perSecond'),
    host: host(),
    ...(note ? { note } : {}),
    instructionsPerRun: target,
    roundsWanted: wanted,
    ...job,
    ...rest,
    programs,
  };
}

/** Measures, and prints JSON or tables. */
export function print(options) {
  const start = performance.now();
  const measured = measure(options);
  const { quick = false, json = false } = options;
  const answers = rounded({ ...measured, conditions: conditionsOf(measured), quick, seconds: (performance.now() - start) / 1000 });
  if (json) console.log(JSON.stringify(answers));
  else for (const line of tables(answers)) say(line);
}
