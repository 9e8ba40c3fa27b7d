/** Matchers that give a promise: a test that forgets to await one would pass whatever comes of it. */

const pending = new WeakMap<object, Set<string>>();

/** Notes that `matcher` of `m` is awaited until `result` is there. */
export async function noted<T>(m: object, matcher: string, result: Promise<T>): Promise<T> {
  const waits = pending.get(m) ?? new Set<string>();
  pending.set(m, waits);
  waits.add(matcher);
  try {
    return await result;
  } finally {
    waits.delete(matcher);
  }
}

/** Fails when the test has ended before one of its matchers. @throws {Error} */
export function forgotten(m: object): void {
  const [matcher] = pending.get(m) ?? [];
  if (matcher) throw new Error(`${matcher} was not awaited: write await expect(m).${matcher}(...)`);
}
