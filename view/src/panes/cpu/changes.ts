/** What has changed since the moment before: a halt, or a sample while it runs. What the user writes within one counts as changes of it. No DOM. */

/** Values by name, compared with those of the moment before. */
export class ChangeTracker {
  #moment: string | undefined;
  #current = new Map<string, number>();
  #previous: Map<string, number> | undefined;

  /** `moment` tells moments apart; values within the same one replace each other. */
  settle(moment: string, values: Iterable<readonly [string, number]>): void {
    const next = new Map(values);
    if (this.#moment !== undefined && moment !== this.#moment) this.#previous = this.#current;
    if (this.#moment === undefined) this.#previous = undefined;
    this.#moment = moment;
    this.#current = next;
  }

  /** Forgets everything: another core was chosen. */
  clear(): void {
    this.#moment = undefined;
    this.#current = new Map();
    this.#previous = undefined;
  }

  /** The value at the moment before, if it was another. */
  before(name: string): number | undefined {
    const old = this.#previous?.get(name);
    return old === this.#current.get(name) ? undefined : old;
  }
}
