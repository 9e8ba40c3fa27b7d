/**
 * The first place where two long texts differ, for people: some lines before it, what each side has there, where they meet again, and how
 * much more there is. Traces have thousands of lines; a diff of all of them says less than this.
 */

/** Lines shown before the first difference. */
const BEFORE = 4;
/** Lines shown of each side of a difference. */
const SIDE = 8;
/** Differences shown. */
const PLACES = 3;
/** How far behind a difference the two are looked at for lines that they share again, and how many must be equal there. */
const WINDOW = 200;
const EQUAL = 2;

/** What is shown of a line beside its text: when it came. */
export type Annotate = (line: number) => string;

/** A stretch in which the two differ. */
export interface Place {
  /** First differing line of each side, and the first behind the stretch. */
  readonly expected: readonly [number, number];
  readonly received: readonly [number, number];
}

/** Where both sides go on alike behind `e` and `r`: the nearest place at which `EQUAL` lines agree, or the ends. */
function meet(expected: readonly string[], received: readonly string[], e: number, r: number): [number, number] {
  const alike = (i: number, j: number): boolean => {
    for (let k = 0; k < EQUAL; k++) {
      // Both ending together is agreement, too.
      if (i + k === expected.length && j + k === received.length) return true;
      if (i + k >= expected.length || j + k >= received.length || expected[i + k] !== received[j + k]) return false;
    }
    return true;
  };
  for (let distance = 1; distance <= WINDOW; distance++) {
    for (let skip = 0; skip <= distance; skip++) {
      const i = e + distance - skip;
      const j = r + skip;
      if (i <= expected.length && j <= received.length && alike(i, j)) return [i, j];
    }
  }
  return [expected.length, received.length];
}

/** All stretches in which the two differ; what lies behind a difference without a meeting point is one stretch. */
export function places(expected: readonly string[], received: readonly string[]): Place[] {
  const found: Place[] = [];
  let e = 0;
  let r = 0;
  while (e < expected.length || r < received.length) {
    if (e < expected.length && r < received.length && expected[e] === received[r]) {
      e++;
      r++;
      continue;
    }
    const [nextE, nextR] = meet(expected, received, e, r);
    found.push({ expected: [e, nextE], received: [r, nextR] });
    e = nextE;
    r = nextR;
  }
  return found;
}

function side(sign: string, lines: readonly string[], [from, to]: readonly [number, number], annotate?: Annotate): string[] {
  const shown = lines.slice(from, Math.min(to, from + SIDE)).map((line, index) => `${sign} ${annotate?.(from + index) ?? ''}${line}`);
  return to - from > SIDE ? [...shown, `${sign} ... ${to - from - SIDE} more`] : shown;
}

/** Lines with `-` (expected) and `+` (received); empty when the two are equal. `when` gives what stands before received lines. */
export function lineDifference(expected: readonly string[], received: readonly string[], when?: Annotate): string[] {
  const all = places(expected, received);
  const blank = when ? ' '.repeat(when(0).length) : '';
  const lines = all.slice(0, PLACES).flatMap(({ expected: e, received: r }) => {
    const before = Array.from({ length: Math.min(BEFORE, r[0]) }, (_, index) => r[0] - Math.min(BEFORE, r[0]) + index);
    return [
      `@@ line ${e[0] + 1} of the file, line ${r[0] + 1} of this run @@`,
      ...before.map((index) => `  ${when?.(index) ?? ''}${received[index]}`),
      ...side('-', expected, e, when && (() => blank)),
      ...side('+', received, r, when),
    ];
  });
  if (all.length > PLACES) lines.push(`... and ${all.length - PLACES} more ${all.length - PLACES === 1 ? 'place' : 'places'}`);
  return lines;
}
