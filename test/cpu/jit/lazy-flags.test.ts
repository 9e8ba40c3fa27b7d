/**
 * Flags that stay operands: every way to set them, two in a row, and every way on which they are asked for later: in the same block, where ways
 * meet, behind an instruction that may be skipped, in another region, behind a call, behind the end of a run.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { CELL } from '../../../src/cpu/core-registers.ts';
import { type Engine, STOP } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { Jit } from '../../../src/cpu/jit/jit.ts';
import { bareCore } from '../../differential/bare-core.ts';

/** Operands in R0 and R1; results go to R2. */
const SETTERS: Readonly<Record<string, readonly number[]>> = {
  'CMP R0, R1': [0x4288],
  'CMN R0, R1': [0x42c8],
  'ADDS R2, R0, R1': [0x1842],
  'SUBS R2, R0, R1': [0x1a42],
  'ADDS R2, #200': [0x32c8],
  'SUBS R2, #200': [0x3ac8],
  'RSBS.W R2, R0, #0': [0xf1d0, 0x0200],
  'ADCS R2, R1': [0x414a],
  'SBCS R2, R1': [0x418a],
  'MOVS R2, #0': [0x2200],
  'MOVS R2, R0': [0x0002],
  'LSLS R2, R0, #1': [0x0042],
  'LSRS R2, R0, #32': [0x0802],
  'ASRS R2, R0, #3': [0x10c2],
  'LSLS R2, R1': [0x408a],
  'RORS R2, R1': [0x41ca],
  'TST R0, R1': [0x4208],
  'ANDS R2, R0, #0x80000000': [0xf010, 0x4200],
  'CMP R0, R1, LSL #4': [0xebb0, 0x1f01],
};
const BEFORE: Readonly<Record<string, readonly number[]>> = {
  'CMP R0, R1': [0x4288],
  'ADDS R3, R0, R1': [0x1843],
  'LSRS R3, R0, #1': [0x0843],
  'SBCS R3, R1': [0x418b],
};

/** Adds a bit to R3 or R4 for each condition that holds. */
const ASK = Array.from({ length: 14 }, (_, condition) => [
  0xbf08 | (condition << 4),
  condition < 7 ? 0x3300 | (1 << condition) : 0x3400 | (1 << (condition - 7)),
]).flat();
/** ADCS R3, R3; SBCS R4, R4; BKPT */
const END = [0x415b, 0x41a4, 0xbe00];
const BX_R5 = 0x4728;
const BLX_R5 = 0x47a8;

/** What stands between setting and asking; `target` is where R5 points, in halfwords. */
const WAYS: Readonly<Record<string, (setter: readonly number[]) => { readonly code: readonly number[]; readonly target: number }>> = {
  'in the same block': (setter) => ({ code: [...setter, ...ASK, ...END], target: 0 }),
  // CBZ R6 goes round the setter.
  'where two ways meet': (setter) => ({ code: [0xb106 | ((setter.length - 1) << 3), ...setter, ...ASK, ...END], target: 0 }),
  // IT CS, in which only comparisons and wide instructions set flags: ADDS.W R2, R0, R1 in place of the others.
  'behind one that may be skipped': (setter) => {
    const sets = setter.length === 2 || setter[0]! >>> 8 === 0x42;
    return { code: [0xbf28, ...(sets ? setter : [0xeb10, 0x0201]), ...ASK, ...END], target: 0 };
  },
  // A loop of two rounds (R7), which asks before it sets: SUB.W R7, R7, #1; CBZ R7, out; B back.
  'in a loop': (setter) => {
    const body = [...ASK, ...setter, 0xf1a7, 0x0701];
    return { code: [...body, 0xb107, 0xe000 | (-(body.length + 3) & 0x7ff), ...ASK, ...END], target: 0 };
  },
  'in another region': (setter) => ({ code: [...setter, BX_R5, ...ASK, ...END], target: setter.length + 1 }),
  'behind a call': (setter) => {
    const caller = [...setter, BLX_R5, ...ASK, ...END];
    return { code: [...caller, 0x4770], target: caller.length };
  },
  'in a function that is called': (setter) => {
    const caller = [...setter, BLX_R5, ...ASK, ...END];
    return { code: [...caller, ...ASK, 0x4770], target: caller.length };
  },
};

const OPERANDS = [
  [0, 0],
  [1, 2],
  [0x8000_0000, 1],
  [0x7fff_ffff, 0xffff_ffff],
  [0xffff_ffff, 1],
  [0x8000_0000, 0x8000_0000],
] as const;
const FLAGS = [0xa000_0000, 0x5000_0000] as const;
/** R6, which goes round the setter when it is 0, and the length of runs. */
const RUNS = [
  [0, 1_000],
  [1, 1_000],
  [1, 7],
] as const;

let jit: Jit | undefined;
const sides = [
  bareCore((host) => {
    jit = new Jit(host, { threshold: 0 });
    return jit;
  }),
  bareCore((host) => interpreterFactory.create(host)),
];
afterAll(() => {
  for (const side of sides) side.dispose();
});

let next = 0x1000;

/** The cells after the code at `at` has run in runs of `budget`, on both engines. */
function outcomes(
  at: number,
  target: number,
  [r0, r1]: readonly [number, number],
  flags: number,
  taken: number,
  budget: number,
): number[][] {
  return sides.map(({ engine, host, jump }) => {
    const { registers } = host;
    for (const [r, value] of [r0, r1, 77, 0, 0, at + 2 * target + 1, taken, 2].entries()) registers.setR(r, value);
    registers.cells[CELL.APSR] = flags | 0;
    jump(at);
    let stop = engine.run(budget);
    for (let runs = 0; stop === STOP.BUDGET && runs < 300; runs++) stop = (engine as Engine).run(budget);
    expect(stop).toBe(STOP.BKPT);
    return [...registers.cells];
  });
}

/** Each setter by itself, and behind one of the others in turn. */
const PROGRAMS = Object.entries(SETTERS).flatMap(([name, setter], i) => {
  const [before, head] = Object.entries(BEFORE)[i % Object.keys(BEFORE).length]!;
  return [
    { name, setter, head: [] },
    { name: `${before}; ${name}`, setter, head },
  ];
});

describe('flags that are asked for', { timeout: 120_000 }, () => {
  it.each(Object.keys(WAYS))('%s are those that were set last', (way) => {
    const { executed } = jit!.statistics;
    for (const { name, setter, head } of PROGRAMS) {
      const made = WAYS[way]!(setter);
      const at = next;
      next = (next + 2 * (head.length + made.code.length + 2) + 3) & ~3;
      for (const side of sides) side.program(at, ...head, ...made.code);
      for (const operands of OPERANDS)
        for (const flags of FLAGS)
          for (const [taken, budget] of RUNS) {
            const [first, second] = outcomes(at, head.length + made.target, operands, flags, taken, budget);
            if (first!.some((cell, i) => cell !== second![i]))
              expect(first, `${name}, R0 and R1 ${operands}, flags ${flags >>> 28}, R6 ${taken}, runs of ${budget}`).toEqual(second);
          }
    }
    expect(jit!.statistics.executed - executed).toBeGreaterThan(PROGRAMS.length * OPERANDS.length * FLAGS.length * ASK.length);
  });
});
