/** Searches of memory: every place of a pattern, however the bytes are cut, in a time that no pattern can make long. */
import { expect, it } from 'vitest';
import { ByteFinder } from '../../src/debug/find-bytes.ts';

/** The obvious way. */
function everywhere(bytes: readonly number[], pattern: readonly number[]): number[] {
  return bytes.flatMap((_, at) => (at + pattern.length <= bytes.length && pattern.every((byte, n) => bytes[at + n] === byte) ? [at] : []));
}

it('finds all places, those that overlap and those over a cut as well', () => {
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let places = 0;
  for (let round = 0; round < 500; round++) {
    const pattern = Array.from({ length: 1 + random(6) }, () => random(2));
    const bytes = Array.from({ length: random(60) }, () => random(2));
    const finder = new ByteFinder(Uint8Array.from(pattern));
    finder.restart(1000);
    const found: number[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = 1 + random(9);
      found.push(...finder.feed(Uint8Array.from(bytes.slice(at, at + length))));
      at += length;
    }
    const expected = everywhere(bytes, pattern);
    expect(found, `${pattern} in ${bytes}`).toEqual(expected.map((at) => 1000 + at));
    places += expected.length;
  }
  expect(places).toBeGreaterThan(1000);
});

it('starts anew behind a gap', () => {
  const finder = new ByteFinder(Uint8Array.of(1, 2));
  expect([...finder.feed(Uint8Array.of(0, 1))]).toEqual([]);
  finder.restart(100);
  expect([...finder.feed(Uint8Array.of(2, 1, 2))]).toEqual([101]);
});

it('takes no longer for a pattern that fits almost everywhere', () => {
  const bytes = new Uint8Array(8 * 1024 * 1024);
  const pattern = new Uint8Array(8000).fill(0, 0, 7999);
  pattern[7999] = 1;
  // Trying each place anew would compare 6 * 10^10 bytes, which takes longer than any test may.
  expect([...new ByteFinder(pattern).feed(bytes)]).toEqual([]);
  bytes[7_000_000] = 1;
  expect([...new ByteFinder(pattern).feed(bytes)]).toEqual([7_000_000 - 7999]);
});
