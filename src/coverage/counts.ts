/**
 * How often instructions were executed and branches went where: what coverage is worked out from.
 *
 * Addresses are without the Thumb bit. Counts are of whole runs, exact on every engine, and add up.
 */

/** Counts of one program, over one run or several. */
export interface ProgramCounts {
  /** How often the instruction at `address` was executed, whether its condition held or not. */
  executed(address: number): number;
  /** How often it stood in an IT block and its condition failed. */
  failed(address: number): number;
  /** How often the branch at `address` was taken, of those that have a condition. */
  taken(address: number): number;
  /** Where the table branch at `address` went: target to count. Empty for others. */
  targets(address: number): Iterable<readonly [target: number, count: number]>;
}

/** What a core counted; `Core` has it. */
export interface CountedCore {
  executionCounts(): Iterable<{ readonly address: number; readonly executed: number; readonly failed: number }>;
  branchCounts(): Iterable<{
    readonly address: number;
    readonly kind: 'conditional' | 'table';
    readonly targets: readonly { readonly address: number; readonly count: number }[];
  }>;
}

/** Counts that others can be added to. */
export class CountTable implements ProgramCounts {
  private readonly executions = new Map<number, number>();
  private readonly failures = new Map<number, number>();
  private readonly branches = new Map<number, number>();
  private readonly tables = new Map<number, Map<number, number>>();

  executed(address: number): number {
    return this.executions.get(address) ?? 0;
  }

  failed(address: number): number {
    return this.failures.get(address) ?? 0;
  }

  taken(address: number): number {
    return this.branches.get(address) ?? 0;
  }

  targets(address: number): Iterable<readonly [number, number]> {
    return this.tables.get(address) ?? [];
  }

  /** True when nothing was executed. */
  get empty(): boolean {
    return this.executions.size === 0;
  }

  /** Adds what a core counted; `since` is what it had counted before and is left out. */
  addCore(core: CountedCore, since?: ProgramCounts): void {
    for (const { address, executed, failed } of core.executionCounts()) {
      add(this.executions, address, executed - (since?.executed(address) ?? 0));
      add(this.failures, address, failed - (since?.failed(address) ?? 0));
    }
    for (const { address, kind, targets } of core.branchCounts()) {
      if (kind === 'conditional') add(this.branches, address, (targets[0]?.count ?? 0) - (since?.taken(address) ?? 0));
      else {
        const before = new Map(since?.targets(address));
        for (const target of targets) this.addTarget(address, target.address, target.count - (before.get(target.address) ?? 0));
      }
    }
  }

  /** Adds what another run counted. */
  add(other: CountTable): void {
    for (const [address, count] of other.executions) add(this.executions, address, count);
    for (const [address, count] of other.failures) add(this.failures, address, count);
    for (const [address, count] of other.branches) add(this.branches, address, count);
    for (const [address, targets] of other.tables) for (const [target, count] of targets) this.addTarget(address, target, count);
  }

  /** Everything as numbers, for files and messages between processes. */
  toData(): CountData {
    const flat = (map: ReadonlyMap<number, number>): number[] => [...map].flat();
    const tables = [...this.tables].flatMap(([address, targets]) => [...targets].flatMap(([target, count]) => [address, target, count]));
    return { executed: flat(this.executions), failed: flat(this.failures), taken: flat(this.branches), tables };
  }

  /** Adds what `toData` gave. */
  addData({ executed, failed, taken, tables }: CountData): void {
    for (let i = 0; i + 1 < executed.length; i += 2) add(this.executions, executed[i]!, executed[i + 1]!);
    for (let i = 0; i + 1 < failed.length; i += 2) add(this.failures, failed[i]!, failed[i + 1]!);
    for (let i = 0; i + 1 < taken.length; i += 2) add(this.branches, taken[i]!, taken[i + 1]!);
    for (let i = 0; i + 2 < tables.length; i += 3) this.addTarget(tables[i]!, tables[i + 1]!, tables[i + 2]!);
  }

  private addTarget(address: number, target: number, count: number): void {
    let targets = this.tables.get(address);
    if (!targets) {
      targets = new Map();
      this.tables.set(address, targets);
    }
    add(targets, target, count);
  }
}

/** Counts as plain numbers: pairs of address and count; of tables address, target and count. */
export interface CountData {
  readonly executed: readonly number[];
  readonly failed: readonly number[];
  readonly taken: readonly number[];
  readonly tables: readonly number[];
}

function add(map: Map<number, number>, key: number, count: number): void {
  if (count > 0) map.set(key, (map.get(key) ?? 0) + count);
}
