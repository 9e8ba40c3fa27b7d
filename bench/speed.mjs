/**
 * How many instructions per second does each engine execute, on which kind of program, and how do the engines compare?
 *
 * All engines take turns at one program, round after round, so that whatever else the machine does hits all of them. Our engines and raw
 * libunicorn run inside this process and are timed without the construction of the machine; translation is part of their time. QEMU
 * is a process of its own: the time of a run that only starts and ends is subtracted.
 */
import { engines, runInProcess, socOf } from './in-process.mjs';
import { geometricMean, programs, spread, whenRunAlone } from './measure.mjs';
import { qemuVersion, runQemu } from './qemu.mjs';
import { rawAvailable, runRaw } from './unicorn-raw.mjs';

/** Work of an engine, where it is not that of the others: these are slow, and as fast in a short run as in a long one. */
const SHARES = { interpreter: 0.1, unicorn: 0.5, 'unicorn-raw': 0.5 };
export const RAW = 'unicorn-raw';

function peersOf(program) {
  return [
    ...Object.keys(engines),
    ...(rawAvailable && program.group === 'integer' ? [RAW] : []),
    ...(qemuVersion && !program.virtualTime ? ['qemu'] : []),
  ];
}

async function runOnce(engine, program, soc, repeat) {
  if (engine === RAW) return runRaw(program, { repeat });
  if (engine !== 'qemu') return runInProcess(engine, program, { soc, repeat });
  const idle = runQemu(program, { soc, repeat: 0 });
  const busy = runQemu(program, { soc, repeat });
  return { wall: busy.wall - idle.wall, cpu: busy.cpu === undefined ? undefined : busy.cpu - idle.cpu, start: idle.wall };
}

/** Measures of one program, to which rounds are added. */
class Measurement {
  constructor(program, soc, target, without) {
    this.program = program;
    this.soc = soc;
    const engines = peersOf(program).filter((engine) => engine !== without);
    this.runs = Object.fromEntries(engines.map((engine) => [engine, []]));
    const repeat = (engine) => Math.max(1, Math.round((target * (SHARES[engine] ?? 1)) / program.each));
    this.repeats = Object.fromEntries(engines.map((engine) => [engine, repeat(engine)]));
    /** Instructions by repetitions, as our engines count them. */
    this.counts = new Map();
  }

  /** Instructions of a run of `engine`; QEMU and raw libunicorn do not count theirs, and do the work of one that does. */
  instructions(engine) {
    return this.counts.get(this.repeats[engine]);
  }

  async round() {
    const names = Object.keys(this.runs);
    // Every engine comes first as often as the others.
    const turn = this.runs[names[0]].length % names.length;
    for (const engine of [...names.slice(turn), ...names.slice(0, turn)]) {
      const repeat = this.repeats[engine];
      const run = await runOnce(engine, this.program, this.soc, repeat);
      this.runs[engine].push(run);
      if (run.instructions !== undefined) this.count(engine, repeat, run);
    }
  }

  /** Engines must count the same instructions, and execute them all. */
  count(engine, repeat, { instructions, skipped }) {
    const { name, each } = this.program;
    if (skipped > 0) throw new Error(`${name} on ${engine}: loops were skipped, not executed`);
    const counted = this.counts.get(repeat) ?? instructions;
    if (counted !== instructions) throw new Error(`${name}: ${engine} counts ${instructions} instructions, another engine ${counted}`);
    if (!(Math.abs(instructions / (repeat * each) - 1) < 0.05)) throw new Error(`${name}: ${instructions} is not ${repeat} times ${each}`);
    this.counts.set(repeat, instructions);
  }

  result() {
    const of = (engine, runs) => {
      const speeds = (clock) => spread(runs.map((run) => (run[clock] > 0 ? this.instructions(engine) / run[clock] : undefined)));
      const { translation } = runs.at(-1);
      return {
        instructions: this.instructions(engine),
        runs: runs.length,
        perSecond: speeds('wall'),
        perCpuSecond: speeds('cpu'),
        ...(engine === 'qemu' ? { start: spread(runs.map(({ start }) => start)) } : {}),
        ...(translation ? { translation } : {}),
      };
    };
    const { name, title, group } = this.program;
    const measured = Object.entries(this.runs).filter(([, runs]) => runs.length > 0);
    return {
      name,
      title,
      group,
      soc: this.soc,
      repeats: this.repeats,
      engines: Object.fromEntries(measured.map(([engine, runs]) => [engine, of(engine, runs)])),
    };
  }
}

/**
 * For every pair of engines, the geometric mean over the integer programs of how much faster the first is, by the medians.
 * `unit` is the clock. A pair of which one is missing has no ratio.
 */
export function ratiosOf(results, unit = 'perSecond') {
  const integer = results.filter(({ group }) => group === 'integer');
  const names = [...new Set(integer.flatMap(({ engines: measured }) => Object.keys(measured)))];
  const ratios = {};
  for (const a of names) {
    for (const b of names) {
      const pairs = integer.map(({ engines: measured }) => [measured[a]?.[unit]?.median, measured[b]?.[unit]?.median]);
      if (a === b || pairs.some((pair) => pair.includes(undefined))) continue;
      ratios[`${a}/${b}`] = geometricMean(pairs.map(([x, y]) => x / y));
    }
  }
  return ratios;
}

/** Programs that are measured together, round after round. */
export class Comparison {
  constructor(measurements) {
    this.measurements = measurements;
  }

  /** The programs of a group, on one core. `target` is the number of instructions of a run, `without` an engine that is left out. */
  static of({ group, only = /./, soc, target, without }) {
    const measurements = [];
    for (const program of programs) {
      const on = program.group === group && only.test(program.name) ? socOf(program, soc) : undefined;
      if (on) measurements.push(new Measurement(program, on, target, without));
    }
    return new Comparison(measurements);
  }

  async round() {
    for (const measurement of this.measurements) await measurement.round();
  }

  results() {
    return this.measurements.map((measurement) => measurement.result());
  }
}

/** Some rounds of a comparison. */
export async function compare(what, rounds) {
  const comparison = Comparison.of(what);
  for (let round = 0; round < rounds; round++) await comparison.round();
  return comparison.results();
}

await whenRunAlone(import.meta.url, async () => {
  const results = await compare({ group: 'integer', target: 200e6 }, 3);
  return { question: 'speed', ratios: ratiosOf(results), programs: results };
});
