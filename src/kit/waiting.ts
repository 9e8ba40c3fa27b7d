/**
 * How a test waits: for a time, a line, a condition, an event, the end. The part of a simulation that is about that.
 */
import { UsageError } from '../errors.ts';
import type { MachineEvent } from '../events.ts';
import type { Machine } from '../machine.ts';
import { type Duration, nanoseconds } from '../time/duration.ts';
import { Driver, type DriverHost } from './driver.ts';
import { conditionGoal, eventGoal, type FoundLine, type Goal, LineGoal } from './goals.ts';
import type { SimulationLog } from './log.ts';
import { sourceName } from './sources.ts';

/** Virtual time of a wait when nothing is said, in ns. */
const DEFAULT_WITHIN_NS = 10e9;

/** How a wait is made. */
export interface WaitOptions {
  /** Virtual time that it may take, as `'500ms'` or in ns; 10 s unless given. */
  readonly within?: Duration;
}

/** How lines are looked for. */
export interface UntilOptions extends WaitOptions {
  /** Only lines that are printed from now on count. */
  readonly fromNow?: boolean;
  /** All lines count, also those that were awaited already. */
  readonly fromStart?: boolean;
}

/** How a condition is looked at. */
export interface ConditionOptions extends WaitOptions {
  /** For errors. */
  readonly name?: string;
  /** Virtual time between two looks when no event comes; 5 ms unless given. */
  readonly every?: Duration;
}

/** How the core failed. */
export interface CoreFailure {
  readonly text: string;
  /** Registers, fault status, backtrace. */
  readonly report: readonly string[];
  readonly faults: ReturnType<Machine['core']['faults']>;
}

/** Somebody who waits. */
export abstract class Waiting {
  /** What happened so far. */
  abstract readonly log: SimulationLog;
  abstract readonly machine: Machine;
  protected readonly driver = new Driver(() => this.driven());
  /** Virtual time that each wait was given, for its error. */
  private readonly limits = new WeakMap<Goal, number>();

  /** Resolves when the machine is there. */
  abstract ready(): Promise<void>;
  protected abstract driven(): DriverHost;

  /** Lets time pass; what happens meanwhile, happens. Rejects when the core fails. */
  async advance(time: Duration): Promise<void> {
    const ns = nanoseconds(time, 'advance');
    await this.ready();
    const { scheduler } = this.machine;
    const deadline = scheduler.now + scheduler.cyclesFromNs(ns);
    const check = () => (scheduler.now >= deadline ? { value: undefined } : undefined);
    await this.wait({ awaited: `${time} of virtual time`, deadline, kind: 'time', check });
  }

  /**
   * Runs until `source` (a UART, a tty of Linux, `linux` for dmesg, `console` for the core's UART, `any`) has a line that matches, and gives that
   * line; also an unfinished one, once its console has been quiet for 10 ms. It looks from behind the line that was awaited there last, so that
   * nothing is missed between two waits. Or until a condition holds, which is looked at after every event.
   */
  until(source: string, pattern: RegExp | string, options?: UntilOptions): Promise<FoundLine>;
  until<T>(condition: () => T, options?: ConditionOptions): Promise<NonNullable<T>>;
  async until(what: string | (() => unknown), how?: RegExp | string | ConditionOptions, options: UntilOptions = {}): Promise<unknown> {
    await this.ready();
    if (typeof what === 'function') return this.untilCondition(what, how as ConditionOptions | undefined);
    if (!(how instanceof RegExp) && typeof how !== 'string')
      throw new UsageError(`until('${what}'): no pattern`, 'give the expression or text that a line has', 'until');
    const from = options.fromNow ? 'now' : options.fromStart ? 'start' : 'cursor';
    const { log } = this;
    const source = sourceName(this.machine, what);
    return this.wait(
      new LineGoal({ log, hz: this.machine.scheduler.hz, source, pattern: how, from, deadline: this.deadline(options) }),
      options,
    );
  }

  /** Runs until an event comes that `filter` accepts, and gives it. It hears events in the middle of a run: it must not change anything. */
  async untilEvent(filter: (event: MachineEvent) => boolean, options: ConditionOptions = {}): Promise<MachineEvent> {
    await this.ready();
    return this.wait(eventGoal(options.name ?? 'an event', filter, this.deadline(options)), options);
  }

  /** Runs until the firmware ends the run through semihosting; its status. */
  async untilExit(options: WaitOptions = {}): Promise<number> {
    await this.ready();
    const check = () => (this.log.failure?.kind === 'exit' ? { value: this.log.failure.status ?? 0 } : undefined);
    return this.wait({ awaited: 'the end of the firmware', deadline: this.deadline(options), kind: 'end', check }, options);
  }

  /** Runs until the core fails (a fault that it cannot recover from, a lockup), for tests that want it to. */
  async untilFailure(options: WaitOptions = {}): Promise<CoreFailure> {
    await this.ready();
    const check = () => {
      const { failure } = this.log;
      if (failure?.kind !== 'crashed' && failure?.kind !== 'fault') return undefined;
      this.log.failure = { ...failure, told: true };
      return { value: { text: failure.text, report: failure.report, faults: this.machine.core.faults() } };
    };
    return this.wait({ awaited: 'a failure of the core', deadline: this.deadline(options), kind: 'end', check }, options);
  }

  private untilCondition(condition: () => unknown, options: ConditionOptions = {}): Promise<unknown> {
    const { name = 'a condition', every = '5ms' } = options;
    const cycles = this.machine.scheduler.cyclesFromNs(Math.max(1, nanoseconds(every, 'every')));
    return this.wait(conditionGoal({ name, condition, deadline: this.deadline(options), every: cycles }), options);
  }

  protected deadline({ within = DEFAULT_WITHIN_NS }: WaitOptions): number {
    const ns = nanoseconds(within, 'within');
    const { scheduler } = this.machine;
    return Number.isFinite(ns) ? scheduler.now + scheduler.cyclesFromNs(ns) : ns;
  }

  protected wait<T>(goal: Goal<T>, { within = DEFAULT_WITHIN_NS }: WaitOptions = {}): Promise<T> {
    this.limits.set(goal, nanoseconds(within, 'within'));
    return this.driver.await(goal);
  }

  /** Virtual time that a wait was given, in ns. */
  protected limitOf(goal: Goal): number {
    return this.limits.get(goal) ?? DEFAULT_WITHIN_NS;
  }
}
