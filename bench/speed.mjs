/**
 * How many instructions per second does each engine execute, on which kind of program, and how do the engines compare?
 *
 * All engines take turns at one program, round after round, so that whatever else the machine does hits all of them. Our engines and raw
 * libunicorn share a Node process, a new one each round, in which the translating engine comes first and so starts as cold as for a user;
 * its translation is part of its time. QEMU is a process of its own: the time of a run that only starts and ends is subtracted.
 */
import { engines, socOf } from './in-process.mjs';
import { programs, spread, whenRunAlone } from './measure.mjs';
import { qemuVersion, runQemu } from './qemu.mjs';
import { ratiosOf } from './ratios.mjs';
import { sample } from './sample.mjs';
import { FREE, RAW, rawAvailable } from './unicorn-raw.mjs';

/**
 * Work of an engine, where it is not that of the others. These are slow, and as fast in a short run as in a long one; only QEMU gets as much as the
 * translating engine, for both translate.
 */
const SHARES = { interpreter: 0.03, unicorn: 0.1, [RAW]: 0.1, [FREE]: 0.1 };

/** How much shorter a run may become on a slow or busy machine. */
const SHORTEST = 0.5;

function peersOf(program) {
  return [
    ...Object.keys(engines),
    ...(rawAvailable && program.group === 'integer' ? [RAW, FREE] : []),
    ...(qemuVersion && !program.virtualTime ? ['qemu'] : []),
  ];
}

/** One program on one core: the runs of every engine, by rounds. */
class Measurement {
  /** Seconds of the last round. */
  seconds = 0;
  rounds = [];
  /** Instructions by repetitions, as our engines count them. */
  counts = new Map();

  constructor(program, soc, target, without) {
    this.program = program;
    this.soc = soc;
    this.engines = peersOf(program).filter((engine) => !without.includes(engine));
    this.aim(target);
  }

  /** Chooses the repetitions that come to about `target` instructions; before the first round. */
  aim(target) {
    this.target = target;
    const repeat = (engine) => Math.max(1, Math.round((target * (SHARES[engine] ?? 1)) / this.program.each));
    this.repeats = Object.fromEntries(this.engines.map((engine) => [engine, repeat(engine)]));
  }

  /** Instructions of a run of `engine`; QEMU and raw libunicorn do not count theirs, and do the work of one that does. */
  instructions(engine) {
    return this.counts.get(this.repeats[engine]);
  }

  round() {
    const start = performance.now();
    const round = {};
    const here = this.engines.filter((engine) => engine !== 'qemu');
    const { name } = this.program;
    const inProcess = () => {
      const runs = sample(here.map((engine) => ({ engine, program: name, soc: this.soc, repeat: this.repeats[engine] })));
      for (const [i, engine] of here.entries()) round[engine] = runs[i];
    };
    const qemu = () => {
      if (this.engines.includes('qemu')) round.qemu = this.qemu();
    };
    const turns = [inProcess, qemu];
    if (this.rounds.length % 2 === 1) turns.reverse();
    for (const turn of turns) turn();
    for (const engine of here) if (round[engine].instructions !== undefined) this.count(engine, round[engine]);
    this.rounds.push(round);
    this.seconds = (performance.now() - start) / 1000;
  }

  qemu() {
    const { program, soc } = this;
    const idle = runQemu(program, { soc, repeat: 0 });
    const busy = runQemu(program, { soc, repeat: this.repeats.qemu });
    return { wall: busy.wall - idle.wall, cpu: busy.cpu === undefined ? undefined : busy.cpu - idle.cpu, start: idle.wall };
  }

  /** Engines must count the same instructions, and execute them all. */
  count(engine, { instructions, skipped }) {
    const { name, each } = this.program;
    const repeat = this.repeats[engine];
    if (skipped > 0) throw new Error(`${name} on ${engine}: loops were skipped, not executed`);
    const counted = this.counts.get(repeat) ?? instructions;
    if (counted !== instructions) throw new Error(`${name}: ${engine} counts ${instructions} instructions, another engine ${counted}`);
    if (!(Math.abs(instructions / (repeat * each) - 1) < 0.05)) throw new Error(`${name}: ${instructions} is not ${repeat} times ${each}`);
    this.counts.set(repeat, instructions);
  }

  resultOf(engine) {
    const runs = this.rounds.map((round) => round[engine]);
    const instructions = this.instructions(engine);
    const speeds = (unit) => runs.map((run) => (run[unit] > 0 ? instructions / run[unit] : undefined));
    const steady = runs.map(({ steady: half }) => (half?.wall > 0 ? half.instructions / half.wall : undefined));
    const { translation } = runs.at(-1);
    return {
      instructions,
      runs: runs.length,
      perSecond: spread(speeds('wall')),
      perCpuSecond: spread(speeds('cpu')),
      ...(runs[0].steady ? { steadyPerSecond: spread(steady) } : {}),
      rounds: { perSecond: speeds('wall'), perCpuSecond: speeds('cpu'), ...(runs[0].steady ? { steadyPerSecond: steady } : {}) },
      ...(engine === 'qemu' ? { start: spread(runs.map(({ start }) => start)) } : {}),
      ...(translation ? { translation } : {}),
    };
  }

  result() {
    const { name, title, group } = this.program;
    const { soc, repeats } = this;
    return { name, title, group, soc, repeats, engines: Object.fromEntries(this.engines.map((engine) => [engine, this.resultOf(engine)])) };
  }
}

/** Programs that are measured together, round after round. */
export class Comparison {
  constructor(measurements) {
    this.measurements = measurements;
  }

  /** The programs of a group, on one core. `target` is the number of instructions of a run, `without` engines that are left out. */
  static of({ group, only = /./, soc, target, without = [] }) {
    const measurements = [];
    for (const program of programs) {
      const on = program.group === group && only.test(program.name) ? socOf(program, soc) : undefined;
      if (on) measurements.push(new Measurement(program, on, target, without));
    }
    return new Comparison(measurements);
  }

  /** One round of every program. */
  round() {
    for (const measurement of this.measurements) measurement.round();
  }

  /** The first round, with runs as much shorter as it takes to be done at `deadline` with `reserve` seconds left. */
  firstRound(deadline, reserve) {
    let perInstruction = 0;
    for (const [i, measurement] of this.measurements.entries()) {
      const seconds = (deadline.left - reserve) / (this.measurements.length - i);
      const { target } = measurement;
      if (perInstruction > 0) measurement.aim(Math.min(target, Math.max(target * SHORTEST, seconds / perInstruction)));
      measurement.round();
      perInstruction = Math.max(perInstruction, measurement.seconds / measurement.target);
    }
  }

  /** Another round of as many programs as there is time for. */
  roundUntil(deadline) {
    for (const measurement of this.measurements) if (deadline.left > 1.2 * measurement.seconds) measurement.round();
  }

  results() {
    return this.measurements.map((measurement) => measurement.result());
  }
}

/** Some rounds of a comparison. */
export function compare(what, rounds) {
  const comparison = Comparison.of(what);
  for (let round = 0; round < rounds; round++) comparison.round();
  return comparison.results();
}

await whenRunAlone(import.meta.url, () => {
  const results = compare({ group: 'integer', target: 1e9 }, 3);
  return { question: 'speed', ratios: ratiosOf(results), programs: results };
});
