/**
 * Plans of faults out of a seed: which, with which parameters, when; all of it explicit, so that a plan can be written down and made smaller.
 */
import { type FaultName, faultSpec, type ParameterSpec, parametersOf } from './catalogue.ts';
import { type Fault, faultText, givenParameters, type ParameterValue, parseFaults, splitFaults, type Trigger } from './grammar.ts';
import { Random } from './random.ts';
import type { TrialResult } from './trial.ts';

/** A fault to choose from: what is said of it stays, the seed decides the rest. */
export interface FaultTemplate {
  readonly fault: Fault;
  readonly fixed: ReadonlySet<string>;
  readonly moment: boolean;
}

/** Times that are tried, in ns. */
const TIMES = [10e3, 100e3, 1e6, 10e6, 100e6];
/** Numbers that are tried, where not every one makes sense. */
const NUMBERS: Readonly<Record<string, readonly number[]>> = {
  buffers: [1, 8, 0],
  characters: [33, 48, 200],
  vring: [0, 1],
  offset: [0x1000, 0x8000, 0x1_0000],
};

/** Faults to choose from, as `--faults` has them. @throws {UsageError} */
export function parseTemplates(text: string): FaultTemplate[] {
  return splitFaults(text).map((part) => ({
    fault: parseFaults(part)[0]!,
    fixed: new Set(givenParameters(part)),
    moment: part.includes('@'),
  }));
}

/** The plan of `seed`: 1 to `most` of the faults, in the order of their moments. */
export function generatePlan(templates: readonly FaultTemplate[], seed: number, most: number, baseline: TrialResult): string[] {
  const random = new Random(seed);
  const count = random.between(1, most);
  return Array.from({ length: count }, () => faultText(concrete(random.pick(templates), random, baseline)));
}

function concrete({ fault, fixed, moment }: FaultTemplate, random: Random, baseline: TrialResult): Fault {
  const { name } = fault;
  const parameters: Record<string, ParameterValue> = { ...fault.parameters };
  for (const [key, spec] of Object.entries(parametersOf(name))) {
    if (fixed.has(key) || key === 'count' || key === 'every' || key === 'period') continue;
    const value = choose(key, spec, random);
    if (value !== undefined) parameters[key] = value;
  }
  return { name, parameters, when: moment && fault.when.kind !== 'random' ? fault.when : momentOf(name, fault.when, random, baseline) };
}

function choose(key: string, spec: ParameterSpec, random: Random): ParameterValue | undefined {
  if (spec.kind === 'time') return spec.fallback === 0 ? 0 : random.pick(TIMES);
  if (spec.kind === 'choice') return random.pick(spec.choices);
  if (spec.kind === 'number' && key in NUMBERS) return random.pick(NUMBERS[key]!);
  if (spec.fallback === 'seed') return key === 'bit' ? random.below(8) : key === 'byte' ? random.below(256) : random.u32();
  return undefined;
}

/** Mostly while there is traffic: a time, a doorbell, a message. */
function momentOf(name: FaultName, given: Trigger, random: Random, { from, to, ns, doorbells, messages }: TrialResult): Trigger {
  const { when } = faultSpec(name);
  if (given.kind === 'random') return { kind: 'time', ns: us(random, given.from, given.to) };
  // What is there from the beginning, or not at all.
  if (when === '0ns') return given;
  const dice = random.below(10);
  if (dice < 3 && doorbells > 0) return { kind: 'doorbell', number: random.between(1, doorbells) };
  if (dice < 5 && messages > 0) return { kind: 'message', number: random.between(1, messages) };
  if (dice < 9 && doorbells > 0) return { kind: 'time', ns: us(random, from, to) };
  return { kind: 'time', ns: us(random, 0, ns) };
}

/** A time in whole us. */
function us(random: Random, from: number, to: number): number {
  const first = Math.ceil(from / 1e3);
  return random.between(first, Math.max(first, Math.floor(to / 1e3))) * 1e3;
}
