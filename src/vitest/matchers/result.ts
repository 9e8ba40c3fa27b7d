/** What a matcher gives vitest, and how messages of matchers look: vitest's own hint, colours and diffs. */
import type { MatcherState } from 'vitest';

/** The outcome of a matcher; vitest prints a diff of `actual` and `expected` behind the message. */
export interface MatcherOutcome {
  readonly pass: boolean;
  readonly message: () => string;
  readonly actual?: unknown;
  readonly expected?: unknown;
}

/** What `this` is in a matcher, as far as it is used. */
export type Matching = Pick<MatcherState, 'isNot' | 'utils'> & { readonly task?: unknown };

/** `expect(uart4).not.toHaveSent("ready")`, coloured. */
export function hint(matching: Matching, matcher: string, received: string, expected: string): string {
  return matching.utils.matcherHint(matcher, received, expected, { isNot: matching.isNot });
}

/** The argument of a matcher as a test would write it. */
export function written(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `Uint8Array(${value.length})`;
  return String(value);
}

/** The last `count` of `lines`, with a word about those before. */
export function lastLines(lines: readonly string[], count: number): string[] {
  const hidden = lines.length - count;
  return hidden > 0 ? [`... ${hidden} before`, ...lines.slice(hidden)] : [...lines];
}

/** Lines indented by two. */
export function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}
