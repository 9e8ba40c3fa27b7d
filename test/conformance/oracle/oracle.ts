/** One step of the machine: fetch, decode through the table, condition, execute, advance. */
import { type CompiledEncoding, type Feature, isWide, match } from '../../../src/cpu/encodings/index.ts';
import { STOP } from '../../../src/cpu/engine.ts';
import { bits, ConditionHolds } from './bits.ts';
import { CONTROL } from './control.ts';
import { DSP } from './dsp.ts';
import { FLOATING_POINT } from './floating-point.ts';
import { INTEGER } from './integer.ts';
import { COUNTED, type Machine, Stop } from './machine.ts';
import { MEMORY } from './memory.ts';
import { Instruction, type Operations } from './operation.ts';
import { unpredictable, unpredictableInIt } from './unpredictable.ts';
import { V8M } from './v8m.ts';

/** Every operation by the `op` of the encoding table. */
export const OPERATIONS: Operations = { ...INTEGER, ...DSP, ...MEMORY, ...CONTROL, ...FLOATING_POINT, ...V8M };

/** Coprocessor instructions (111x110x..., 111x1110...) of coprocessors 10 and 11. */
const inFpuSpace = (word: number): boolean =>
  bits(word, 31, 29) === 7n && bits(word, 27, 26) === 3n && bits(word, 25, 24) !== 3n && bits(word, 11, 9) === 5n;

/** How a step ended: undefined when the next instruction may execute; `counted` tells whether this one has. */
export interface StepEnd {
  readonly stop: Stop | undefined;
  readonly counted: boolean;
  readonly encoding: CompiledEncoding | undefined;
  /** The condition of the instruction held. */
  readonly passed: boolean;
}

/** These two are the core's business whether or not there is access. */
const LAZY = /^(VLSTM|VLLDM)$/;

/** Executes the instruction at the PC; `fetch` gives the halfword at an address. */
export function step(m: Machine, features: ReadonlySet<Feature>, fetch: (address: number) => number): StepEnd {
  const first = fetch(m.pc);
  const wide = isWide(first);
  const instruction = wide ? first * 0x1_0000 + fetch(m.pc + 2) : first;
  const encoding = match(instruction, wide ? 4 : 2, features);
  const undefinedHere = (): StepEnd => ({ stop: new Stop(STOP.UNDEFINED), counted: false, encoding, passed: true });
  if (!m.t) return { ...undefinedHere(), stop: new Stop(STOP.INVALID_STATE) };
  m.size = wide ? 4 : 2;
  m.branched = false;
  const inIt = m.inItBlock;
  // What fails its condition is a NOP, whatever it is; BKPT and SG have no condition.
  const unconditional = encoding !== undefined && /^(BKPT|SG)$/.test(encoding.encoding.op);
  if (inIt && !unconditional && !ConditionHolds(m.it >> 4, m)) {
    m.pc += m.size;
    m.advanceIt();
    return { stop: undefined, counted: true, encoding, passed: false };
  }
  const i = encoding && new Instruction(encoding, instruction, inIt);
  if (i && inIt && features.has(i.compiled.encoding.feature) && unpredictableInIt(i)) return undefinedHere();
  // Access to the FPU is checked before anything in its space is found to be undefined.
  if (m.fpTrap && wide && inFpuSpace(instruction) && !(m.v8m && LAZY.test(encoding?.encoding.op ?? '')))
    return { ...undefinedHere(), stop: new Stop(STOP.FP_ACCESS) };
  if (!i || !encoding || !features.has(encoding.encoding.feature) || unpredictable(i)) return undefinedHere();
  const { op } = encoding.encoding;
  const passed = op !== 'B_COND' || ConditionHolds(i.f('c'), m);
  let stop: Stop | undefined;
  if (passed) {
    try {
      OPERATIONS[op]!(m, i);
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      stop = error;
    }
  }
  const counted = !stop || COUNTED.has(stop.code);
  if (counted) {
    if (!m.branched) m.pc += m.size;
    if (inIt) m.advanceIt();
  }
  return { stop, counted, encoding, passed };
}
