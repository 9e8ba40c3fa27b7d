/**
 * How long a shell keeps the trees that others execute by name: as long as what names them can still be executed. Those of a line until the next
 * line, those of an `eval` until it is executed again, those of a function's body until the shell ends.
 */
import type { Kept } from './transform.ts';
import type { UserLand } from './user-land.ts';

/** What one execution of an `eval` or `source` made. */
interface Fill {
  /** Calls of functions around it. */
  readonly depth: number;
  readonly ids: string[];
}

/** The trees of one shell. */
export class KeptTrees {
  private readonly land: UserLand;
  private readonly line: string[] = [];
  private readonly lasting: string[] = [];
  private readonly fills = new Map<string, Fill[]>();
  private current = this.line;

  constructor(land: UserLand) {
    this.land = land;
  }

  /** `lasting`: a function's body names it. */
  keep(tree: Kept, lasting: boolean): string {
    const id = this.land.keep(tree);
    (lasting ? this.lasting : this.current).push(id);
    return id;
  }

  /** `make` transforms what the `eval` of that name executes next; its earlier executions are over, except in functions that called this one. */
  refill<T>(holder: string, depth: number, make: () => T): T {
    const fills = this.fills.get(holder) ?? [];
    while (fills.length > 0 && fills.at(-1)!.depth >= depth) this.drop(fills.pop()!.ids);
    const fill = { depth, ids: [] };
    this.fills.set(holder, [...fills, fill]);
    const outer = this.current;
    this.current = fill.ids;
    try {
      return make();
    } finally {
      this.current = outer;
    }
  }

  /** The line was executed. */
  endLine(): void {
    this.drop(this.line.splice(0));
  }

  /** The shell has ended. */
  end(): void {
    this.endLine();
    this.drop(this.lasting.splice(0));
  }

  private drop(ids: readonly string[]): void {
    for (const id of ids) {
      this.land.drop(id);
      const fills = this.fills.get(id);
      this.fills.delete(id);
      for (const fill of fills ?? []) this.drop(fill.ids);
    }
  }
}
