/**
 * CPU load: in which thread or exception handler a core executed how many instructions, and for how long it slept. Exact, not sampled.
 *
 * Every change of context is an exception entry or return; in between an instruction is a cycle, and the rest of the time the core slept. What a thread
 * does before and after a switch belongs to the thread that was current when its handler returned.
 */

/** A row of the table. */
export interface LoadRow {
  /** `main`, `SysTick`, `MU1 (97)`; `asleep`. */
  readonly name: string;
  readonly kind: 'thread' | 'exception' | 'asleep';
  /** Core cycles. */
  readonly cycles: number;
  /** Of all cycles since the beginning. */
  readonly share: number;
  /** Times that it was entered, or went on. */
  readonly times: number;
}

/** What is asked of the core. */
export interface LoadSource {
  /** Cycles of the core since power-on. */
  readonly cycle: number;
  /** Instructions executed since then, one cycle each. */
  readonly instructions: number;
  /** Address of the current thread's control block; undefined where nothing schedules threads. */
  thread(): number | undefined;
}

interface Context {
  readonly kind: 'thread' | 'exception';
  /** Exception number, or address of the thread. */
  readonly id: number;
  cycles: number;
  times: number;
}

/** Collects the load of one core. */
export class LoadTable {
  private readonly source: LoadSource;
  private readonly contexts = new Map<string, Context>();
  private readonly stack: Context[] = [];
  private current: Context;
  private cycle: number;
  private instructions: number;
  private asleep = 0;
  private naps = 0;
  private total = 0;

  constructor(source: LoadSource) {
    this.source = source;
    this.cycle = source.cycle;
    this.instructions = source.instructions;
    this.current = this.thread();
  }

  /** Threads that were current at a change of context. */
  get threads(): number[] {
    return [...this.contexts.values()].filter(({ kind, id }) => kind === 'thread' && id !== 0).map(({ id }) => id);
  }

  entered(id: number): void {
    this.settle();
    this.stack.push(this.current);
    this.current = this.context('exception', id);
    this.current.times++;
  }

  left(): void {
    this.settle();
    const outer = this.stack.pop();
    if (outer?.kind === 'exception') this.current = outer;
    else {
      const before = outer;
      this.current = this.thread();
      if (this.current !== before) this.current.times++;
    }
  }

  /** The core was reset or held: nobody was interrupted, and what follows begins anew. */
  restarted(): void {
    this.settle();
    this.stack.length = 0;
    this.current = this.thread();
  }

  /** The table, the busiest first, sleep at the end. */
  rows(exceptionName: (id: number) => string, threadName: (id: number) => string): LoadRow[] {
    this.settle();
    const { total } = this;
    const share = (cycles: number): number => (total === 0 ? 0 : cycles / total);
    const busy = [...this.contexts.values()]
      .filter(({ cycles }) => cycles > 0)
      .sort((a, b) => b.cycles - a.cycles)
      .map(({ kind, id, cycles, times }): LoadRow => {
        const name = kind === 'thread' ? threadName(id) : exceptionName(id);
        return { name, kind, cycles, share: share(cycles), times };
      });
    return [...busy, { name: 'asleep', kind: 'asleep', cycles: this.asleep, share: share(this.asleep), times: this.naps }];
  }

  /** Charges what passed since the last change to the context that is being left. */
  private settle(): void {
    const { cycle, instructions } = this.source;
    const passed = Math.max(0, cycle - this.cycle);
    const busy = Math.min(passed, Math.max(0, instructions - this.instructions));
    this.current.cycles += busy;
    this.asleep += passed - busy;
    if (passed > busy) this.naps++;
    this.total += passed;
    this.cycle = cycle;
    this.instructions = instructions;
  }

  private thread(): Context {
    return this.context('thread', this.source.thread() ?? 0);
  }

  private context(kind: Context['kind'], id: number): Context {
    const key = `${kind}${id}`;
    let context = this.contexts.get(key);
    if (!context) {
      context = { kind, id, cycles: 0, times: 0 };
      this.contexts.set(key, context);
    }
    return context;
  }
}
