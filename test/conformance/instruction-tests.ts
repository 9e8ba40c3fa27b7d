/**
 * The tests of a core: every encoding of the table on every engine, against an oracle that is written from the ARM ARM (`oracle/`).
 *
 * `IMX_SIM_CONFORMANCE` multiplies the number of cases, `IMX_SIM_SEED` draws others (default 1), `IMX_SIM_ROW` picks rows by name.
 */
import { afterAll, expect, it } from 'vitest';
import { COMPILED, type CompiledEncoding, featuresOf } from '../../src/cpu/encodings/index.ts';
import type { CoreProfile } from '../../src/cpu/profile.ts';
import { ACCELERATED } from '../support/accelerated.ts';
import { Conformance, type RowResult } from './instructions.ts';
import { Instruction } from './oracle/operation.ts';
import { unpredictableInIt } from './oracle/unpredictable.ts';

const SEED = Number(process.env['IMX_SIM_SEED'] ?? 1);
const TIMES = Number(process.env['IMX_SIM_CONFORMANCE'] ?? 1);
/** Starting states of a word, and words of a row that are compiled. */
const SETUPS = Math.ceil(4 * TIMES);
const COMPILED_WORDS = Math.ceil(36 * TIMES);
const TIMEOUT = 300_000 * Math.max(1, TIMES);
const ONLY = process.env['IMX_SIM_ROW'];

/** Rows of the table by what they are, so that a failing test says where. */
const GROUPS: readonly (readonly [string, (c: CompiledEncoding) => boolean])[] = [
  ['16-bit', (c) => c.size === 2 && c.encoding.feature === 'base'],
  ['32-bit integer', (c) => c.size === 4 && c.encoding.feature === 'base' && !/^(LD|ST)/.test(c.encoding.op)],
  ['32-bit loads and stores', (c) => c.size === 4 && c.encoding.feature === 'base' && /^(LD|ST)/.test(c.encoding.op)],
  ['DSP', (c) => c.encoding.feature === 'dsp'],
  ['floating point', (c) => /^(fpsp|fpdp|v5)$/.test(c.encoding.feature)],
  ['ARMv8-M', (c) => c.encoding.feature === 'v8m'],
];

/** Instructions that translated code always leaves to the interpreter: they stop the core. */
const NEVER_TRANSLATED = /^(UDF|SVC|BKPT|COPROCESSOR|BXNS|BLXNS|VLSTM|VLLDM|SG)$/;

/** Executed whatever the condition of an IT block. */
const UNCONDITIONAL = /^(BKPT|SG)$/;

/**
 * True when the row's cases have executed it (or found it UNDEFINED on a core without it) outside an IT block and, where it may stand in one,
 * inside with conditions that hold and conditions that do not.
 */
function covers(compiled: CompiledEncoding, present: boolean, { passed, failed }: RowResult): boolean {
  if (!passed.has(0)) return false;
  if (!present || unpredictableInIt(new Instruction(compiled, compiled.value, false))) return true;
  const inside = [1, 2, 3, 4];
  return inside.some((at) => passed.has(at)) && (UNCONDITIONAL.test(compiled.encoding.op) || inside.some((at) => failed.has(at)));
}

/** Declares them. */
export function instructionTests(profile: CoreProfile): void {
  const features = featuresOf(profile);
  const covered = new Set<string>();
  let cases = 0;
  let refused = 0;

  afterAll(() => {
    const share = ((100 * covered.size) / COMPILED.length).toFixed(0);
    const absent = COMPILED.filter(({ encoding }) => !features.has(encoding.feature)).length;
    console.log(
      `${profile.name}: encodings covered: ${covered.size} of ${COMPILED.length} (${share} %), ${absent} of them UNDEFINED on this core; ` +
        `${cases} cases, ${refused} UNPREDICTABLE words refused, seed ${SEED}; ${ACCELERATED.map(({ name }) => name).join(', ')}`,
    );
  });

  it.each(GROUPS)('%s', { timeout: TIMEOUT }, (_name, keep) => {
    const conformance = new Conformance(profile, ACCELERATED, COMPILED_WORDS);
    const differences: string[] = [];
    const disputed: string[] = [];
    const interpreted: string[] = [];
    for (const [index, compiled] of COMPILED.entries()) {
      const { name, op, feature } = compiled.encoding;
      if (!keep(compiled) || (ONLY && !name.includes(ONLY))) continue;
      const result = conformance.row(compiled, SEED * 1000 + index, SETUPS);
      cases += result.cases;
      refused += result.refused;
      differences.push(...result.differences);
      disputed.push(...result.disputed.map((word) => `${name}: ${word.toString(16)}`));
      if (covers(compiled, features.has(feature), result)) covered.add(name);
      if (features.has(feature) && !NEVER_TRANSLATED.test(op) && !result.accelerated.has('jit')) interpreted.push(name);
    }
    conformance.dispose();
    expect(differences.slice(0, 5).join('\n'), `${differences.length} differences, seed ${SEED}`).toBe('');
    expect(disputed, 'words on which the table and the manual disagree').toEqual([]);
    expect(interpreted, 'rows that the translating engine left to the interpreter').toEqual([]);
  });

  it.skipIf(ONLY)('all of the table', () => {
    expect(COMPILED.filter(({ encoding }) => !covered.has(encoding.name)).map(({ encoding }) => encoding.name)).toEqual([]);
  });
}
