/**
 * Machines that were booted once and are forked for each test. A worker keeps a few: a file that uses more kinds, or the next file in the same
 * worker (`isolate: false`), evicts those that were not used for longest. An evicted one boots again when it is asked for.
 */

/** Something that can be let go. */
export interface Kept {
  dispose(): void;
}

interface Entry<T> {
  readonly value: Promise<T>;
  /** Forks that are in use. */
  users: number;
}

/** Values by key, made when first asked for; at most `limit` are kept, and those in use. */
export class Boots<K extends object, T extends Kept> {
  private readonly limit: number;
  /** Least recently used first. */
  private readonly entries = new Map<K, Entry<T>>();

  constructor(limit: number) {
    this.limit = limit;
  }

  /**
   * Gives `use` the value of `key`, which `make` makes unless there is one; it stays until `use` is done. A `make` that failed is not tried again:
   * every test gets the same error, at once.
   */
  async with<R>(key: K, make: () => Promise<T>, use: (value: T) => Promise<R> | R): Promise<R> {
    const entry = this.entries.get(key) ?? { value: make(), users: 0 };
    this.entries.delete(key);
    this.entries.set(key, entry);
    entry.users++;
    try {
      return await use(await entry.value);
    } finally {
      entry.users--;
      this.evict();
    }
  }

  /** Keys that are kept, least recently used first. */
  get keys(): readonly K[] {
    return [...this.entries.keys()];
  }

  private evict(): void {
    for (const [key, { value, users }] of this.entries) {
      if (this.entries.size <= this.limit) return;
      if (users > 0) continue;
      this.entries.delete(key);
      value.then(
        (kept) => kept.dispose(),
        () => {},
      );
    }
  }
}
