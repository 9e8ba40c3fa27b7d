/**
 * From a plan that makes a run fail to the smallest that still does: fewer faults, the usual parameters or smaller ones, earlier and rounder moments.
 *
 * Every step is tried by a run, so the result is a plan that fails; which steps are tried depends on the plan alone.
 */
import { COMMON_PARAMETERS, parametersOf } from './catalogue.ts';
import { type Fault, faultText, parseFault, type Trigger } from './grammar.ts';

/** Runs that are made for one failure, at most. */
const MOST_RUNS = 120;
const UNITS = [100e6, 10e6, 1e6, 100e3, 10e3, 1e3];

/** The smallest plan for which `fails` gives true that was found, and how many runs that took. */
export async function shrinkPlan(
  plan: readonly string[],
  fails: (plan: readonly string[]) => Promise<boolean>,
): Promise<{ readonly plan: readonly string[]; readonly runs: number }> {
  let best = [...plan];
  let runs = 0;
  const tried = new Set([best.join('\n')]);
  const attempt = async (candidate: readonly string[]): Promise<boolean> => {
    const key = candidate.join('\n');
    if (tried.has(key) || runs >= MOST_RUNS) return false;
    tried.add(key);
    runs++;
    if (!(await fails(candidate))) return false;
    best = [...candidate];
    return true;
  };
  for (let index = best.length - 1; index >= 0 && best.length > 1; index--) await attempt(best.filter((_, at) => at !== index));
  for (let better = true; better && runs < MOST_RUNS; ) {
    better = false;
    for (let index = 0; index < best.length; index++) {
      for (const candidate of simpler(parseFault(best[index]!))) {
        const next = best.map((each, at) => (at === index ? faultText(candidate) : each));
        if (!(await attempt(next))) continue;
        better = true;
        break;
      }
    }
  }
  return { plan: best, runs };
}

/** Faults that are simpler than `fault` by one step, the simplest first. */
function* simpler(fault: Fault): Generator<Fault> {
  const { name, parameters } = fault;
  for (const [key, spec] of Object.entries(parametersOf(name))) {
    const value = parameters[key];
    const change = (to: number | string): Fault => ({ ...fault, parameters: { ...parameters, [key]: to } });
    const usual = spec.fallback !== undefined && spec.fallback !== 'seed' && value !== spec.fallback;
    if (usual && (spec.kind !== 'time' || key in COMMON_PARAMETERS)) yield change(spec.fallback);
    if (typeof value !== 'number' || key in COMMON_PARAMETERS) continue;
    if (spec.kind === 'time') for (const unit of [...UNITS].reverse()) if (unit < value) yield change(unit);
    if (spec.kind === 'number' && spec.fallback === 'seed') for (const small of [0, 1]) if (value > small) yield change(small);
  }
  for (const when of earlier(fault.when)) yield { ...fault, when };
}

/** Earlier moments, or rounder ones at about the same time. */
function* earlier(when: Trigger): Generator<Trigger> {
  if (when.kind === 'doorbell' || when.kind === 'message') {
    for (const number of [1, 2, 3, when.number >> 2, when.number >> 1, when.number - 1])
      if (number > 0 && number < when.number) yield { ...when, number };
  } else if (when.kind === 'time') {
    for (const unit of UNITS) {
      const round = Math.floor(when.ns / unit) * unit;
      // Not much later, or it is not the same moment any more.
      for (const ns of [round, round + unit]) {
        if (ns > 0 && ns <= 1.25 * when.ns && ns !== when.ns && rounder(ns, when.ns)) yield { kind: 'time', ns };
      }
    }
  }
}

/** True when `a` ends in more zeros than `b`, or in as many and is less. */
function rounder(a: number, b: number): boolean {
  const zeros = (ns: number): number => UNITS.findIndex((unit) => ns % unit === 0);
  const [first, second] = [zeros(a), zeros(b)].map((at) => (at < 0 ? UNITS.length : at)) as [number, number];
  return first < second || (first === second && a < b);
}
