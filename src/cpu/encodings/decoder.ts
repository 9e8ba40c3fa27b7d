/**
 * Finds the encoding of a Thumb instruction word: built from the table at import, bucketed by the first halfword.
 *
 * Of all rows that match, the one with most fixed bits applies (the table's way of saying the manual's "SEE"). A word that no row
 * takes, whose feature the core lacks, or that a row's constraints refuse, is UNDEFINED.
 */
import type { CoreProfile } from '../profile.ts';
import { compileConstraints } from './constraints.ts';
import type { Encoding, Feature } from './encoding.ts';
import { FLOATING_POINT } from './floating-point.ts';
import { type CompiledEncoding, compile, expandUnpredictable, field } from './operands.ts';
import { THUMB16 } from './thumb16.ts';
import { THUMB32 } from './thumb32.ts';
import { V8M } from './v8m.ts';

/** Every encoding of ARMv7E-M and ARMv8-M Mainline with their floating-point extensions. */
export const ENCODINGS: readonly Encoding[] = [...THUMB16, ...THUMB32, ...FLOATING_POINT, ...V8M];

interface Row extends CompiledEncoding {
  readonly checks: ReturnType<typeof compileConstraints>;
}

const ROWS: readonly Row[] = ENCODINGS.map((encoding) => {
  const compiled = compile(encoding);
  return { ...compiled, checks: compileConstraints(compiled) };
}).sort((a, b) => b.fixed - a.fixed);

/** Rows for each value of the first halfword's upper twelve bits, found when they are first asked for: all of them take 20 ms. */
const BUCKETS: (readonly Row[] | undefined)[] = new Array(1 << 12);

function rowsOf(high: number): readonly Row[] {
  const size = isWide(high << 4) ? 4 : 2;
  return ROWS.filter((row) => {
    if (row.size !== size) return false;
    const shift = size === 4 ? 20 : 4;
    return ((high ^ (row.value >>> shift)) & (row.mask >>> shift) & 0xfff) === 0;
  });
}

/** True when a halfword is the first of two. */
export function isWide(halfword: number): boolean {
  return halfword >>> 11 >= 0x1d;
}

/** The features that a core has. */
export function featuresOf(profile: Pick<CoreProfile, 'fpu'> & Partial<Pick<CoreProfile, 'architecture'>>): ReadonlySet<Feature> {
  const features: Feature[] = ['base', 'dsp'];
  if (profile.architecture === 'armv8-m') features.push('v8m');
  if (profile.fpu !== 'none') features.push('fpsp');
  if (profile.fpu === 'fpv5-sp' || profile.fpu === 'fpv5-dp') features.push('v5');
  if (profile.fpu === 'fpv5-dp') features.push('fpdp');
  return new Set(features);
}

/**
 * The encoding that `word` matches (16 bits, or 32 with the first half on top), whatever its constraints and the core's features; with
 * `features` rows of ARMv8-M only where it is one of them.
 */
export function match(word: number, size: 2 | 4, features?: ReadonlySet<Feature>): CompiledEncoding | undefined {
  const high = size === 4 ? word >>> 20 : word >>> 4;
  BUCKETS[high] ??= rowsOf(high);
  for (const row of BUCKETS[high]) {
    if (((word ^ row.value) & row.mask) !== 0) continue;
    if (row.encoding.feature !== 'v8m' || !features || features.has('v8m')) return row;
  }
  return undefined;
}

/** True when no constraint of the encoding speaks against `word`. */
export function predictable(compiled: CompiledEncoding, word: number): boolean {
  if (compiled.encoding.imm === 'expand' && expandUnpredictable(field(compiled, word, 'i'))) return false;
  return (compiled as Row).checks.every((check) => check(compiled, word));
}

/** The encoding of `word` on a core with `features`, or undefined when it is UNDEFINED there. */
export function decode(word: number, size: 2 | 4, features: ReadonlySet<Feature>): CompiledEncoding | undefined {
  const compiled = match(word, size, features);
  if (!compiled) return undefined;
  if (!features.has(compiled.encoding.feature)) return undefined;
  return predictable(compiled, word) ? compiled : undefined;
}

/** Every encoding with its pattern worked out, most specific first. */
export const COMPILED: readonly CompiledEncoding[] = ROWS;
